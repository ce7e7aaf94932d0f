//! What a host is told that forwards by itself.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::tests::{NOW, Sample, allowed, code, sample};
use super::*;

#[test]
fn a_host_that_forwards_is_told_what_the_origin_is_and_one_with_no_origin_nothing() {
    let (alone, forwarding) =
        (sample(serde_json::json!({})), sample(serde_json::json!({ "upstream": { "service": "ORDERS" } })));
    let of = |sample: &Sample, claims| {
        let bearer = format!("Bearer {}", sample.token(claims));
        let headers = [("authorization", bearer.as_str())];
        let request = Request { method: "GET", url: "https://acme.api.example.com/orders", headers: &headers };
        let forwarding = sample.gate.check_forwarding(&request, NOW, Try::Last).unwrap();
        [sample.gate.check(&request, NOW, Try::Last), forwarding]
    };
    let good = || serde_json::json!({});
    let [full, told] = of(&forwarding, good()).map(|checked| allowed(checked.decision));
    assert_eq!(Allow { principal: None, ..full }, told);
    let [full, told] = of(&alone, good()).map(|checked| (checked.issuer, allowed(checked.decision)));
    let nothing = Allow { principal: None, set_headers: Vec::new(), remove_headers: Vec::new(), ..full.1 };
    assert_eq!((full.0, nothing), told);
    // What could not be told is refused only where somebody is to be told.
    let unsendable = || serde_json::json!({ "sub": "u\u{7}1" });
    for checked in of(&forwarding, unsendable()) {
        assert_eq!(code(checked.decision), (403, "unsendable_identity".to_owned()));
    }
    let [refused, passed] = of(&alone, unsendable()).map(|checked| checked.decision);
    assert_eq!(code(refused).0, 403);
    allowed(passed);
    // Every other refusal is the same.
    for checked in of(&alone, serde_json::json!({ "tenant_id": "globex" })) {
        assert_eq!(code(checked.decision), (403, "tenant_mismatch".to_owned()));
    }
}
