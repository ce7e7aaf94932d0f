//! What a host is told that forwards by itself, and when an answer is the one before.

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
        let forwarding = sample.gate.check_forwarding(&request, NOW, Try::Last, &mut None);
        [sample.gate.check(&request, NOW, Try::Last), forwarding.unwrap()]
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

#[test]
fn an_answer_is_not_worded_again_where_it_rests_on_the_error_alone_and_that_is_the_same() {
    let sample = sample(serde_json::json!({}));
    let token = |claims| format!("Bearer {}", sample.token(claims));
    let good = token(serde_json::json!({}));
    let (expired, late) =
        (token(serde_json::json!({ "exp": NOW - 60.0 })), token(serde_json::json!({ "exp": NOW - 90.0 })));
    let elsewhere = token(serde_json::json!({ "tenant_id": "globex" }));
    let mut last = None;
    let mut is_worded = |token: Option<&str>| {
        let headers: Vec<_> = token.map(|token| ("authorization", token)).into_iter().collect();
        let request = Request { method: "GET", url: "https://acme.api.example.com/orders", headers: &headers };
        let answered = sample.gate.check_forwarding(&request, NOW, Try::Last, &mut last);
        // What is answered is always what a check says.
        let checked = sample.gate.check(&request, NOW, Try::Last);
        if let Some(answered) = &answered {
            assert_eq!(matches!(answered.decision, Decision::Deny(_)), matches!(checked.decision, Decision::Deny(_)));
        }
        assert!(answered.is_some() || matches!(checked.decision, Decision::Deny(_)));
        answered.is_some()
    };
    // The first of a kind, and the first after another one.
    assert!(is_worded(Some(&expired)));
    assert!(!is_worded(Some(&late)) && !is_worded(Some(&expired)));
    assert!(is_worded(None) && !is_worded(None));
    assert!(is_worded(Some(&expired)));
    // What is let through is worded each time, and so is what a tenant or a rule refuses.
    assert!(is_worded(Some(&good)) && is_worded(Some(&good)));
    assert!(is_worded(Some(&expired)) && is_worded(Some(&elsewhere)) && is_worded(Some(&elsewhere)));
    assert!(is_worded(Some(&expired)));
}

#[test]
fn an_answer_for_an_origin_or_with_keys_due_is_worded_each_time() {
    let cors = sample(serde_json::json!({ "cors": { "origins": ["https://app.example.com"] } }));
    let url = "https://acme.api.example.com/orders";
    let mut last = None;
    for origin in ["https://app.example.com", "https://evil.example.com", "https://app.example.com"] {
        let headers = [("origin", origin)];
        let request = Request { method: "GET", url, headers: &headers };
        let answered = cors.gate.check_forwarding(&request, NOW, Try::Last, &mut last).unwrap();
        assert_eq!(answered.decision, cors.gate.check(&request, NOW, Try::Last).decision);
    }
}
