//! Catalogue section J: what a key set may hold. Keys are made at run time.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::testing::{BOTH, Signer, encode, jwks, rsa_private_key};

/// The reason for which a JWK with these members is refused; empty when it is taken.
fn reason(members: &str) -> &'static str {
    reason_allowing(members, BOTH)
}

fn reason_allowing(members: &str, allowed: &[Algorithm]) -> &'static str {
    match Key::parse(format!("{{{members}}}").as_bytes(), allowed) {
        Ok(_) => "",
        Err(Error::KeyNotUsable(reason)) => reason,
        Err(other) => panic!("{members}: {other:?}"),
    }
}

/// A P-256 JWK's members with these coordinates.
fn ec(x: &[u8], y: &[u8]) -> String {
    format!(r#""kty":"EC","crv":"P-256","x":"{}","y":"{}""#, encode(x), encode(y))
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn malformed(body: &[u8]) {
    let shown = String::from_utf8_lossy(body).chars().take(60).collect::<String>();
    assert_eq!(parse_jwks(body, BOTH).unwrap_err().code(), "jwks_malformed", "{shown}");
}

// catalogue: J01, J22
#[test]
fn refuses_what_is_no_key_set() {
    for body in [
        "<html></html>",
        "",
        " ",
        "null",
        "[]",
        "{}",
        "{\"keys\":{}}",
        "{\"keys\":null}",
        "{\"keys\":\"x\"}",
        "{\"Keys\":[]}",
        "{\"keys\":[]} x",
        "\u{feff}{\"keys\":[]}",
    ] {
        malformed(body.as_bytes());
    }
    malformed(b"\xff\xfe{\0}\0");
    assert_eq!(parse_jwks(b"{\"keys\":[]}", BOTH).unwrap(), Jwks { keys: vec![], skipped: vec![] });
    let set = parse_jwks(b"{\"keys\":[null,1,\"x\",[],true]}", BOTH).unwrap();
    assert_eq!((set.keys.len(), set.skipped.len()), (0, 5));
    assert_eq!(set.skipped[4], SkippedKey { index: 4, reason: "a key must be an object" });
}

// catalogue: J02, J17
#[test]
fn skips_a_bad_key_among_good_ones_and_says_which() {
    let (one, two) = (Signer::es256("one"), Signer::rs256("two"));
    let body = format!(
        r#"{{"x":1,"keys":[{},{{"kty":"AKP"}},{{"kty":"oct","k":"AyM1"}},{{"kid":"no kty"}},{{"kty":7}},{}]}}"#,
        one.jwk(),
        two.jwk()
    );
    let set = parse_jwks(body.as_bytes(), BOTH).unwrap();
    assert_eq!(set.keys, [one.key(), two.key()]);
    let skipped: Vec<_> = set.skipped.iter().map(|skipped| (skipped.index, skipped.reason)).collect();
    let expected = [
        (1, "kty must be EC or RSA"),
        (2, "private or symmetric members must not be published"),
        (3, "kty must be EC or RSA"),
        (4, "kty must be a string"),
    ];
    assert_eq!(skipped, expected);
}

// catalogue: J04
#[test]
fn skips_keys_meant_for_anything_but_verifying() {
    let members = Signer::es256("k").jwk_members();
    for purpose in [r#""enc""#, r#""Sig""#, r#""""#] {
        assert_eq!(reason(&format!(r#"{members},"use":{purpose}"#)), "use must be sig", "{purpose}");
    }
    for purpose in ["null", "1", r#"["sig"]"#] {
        assert_eq!(reason(&format!(r#"{members},"use":{purpose}"#)), "use must be a string", "{purpose}");
    }
    for operations in [
        "[]",
        r#"["sign"]"#,
        r#"["verify","verify"]"#,
        r#"["verify","encrypt"]"#,
        r#"["verify","sign","sign"]"#,
        r#"["Verify"]"#,
        r#"["verify",1]"#,
        r#"[["verify"]]"#,
    ] {
        let found = reason(&format!(r#"{members},"key_ops":{operations}"#));
        assert_eq!(found, "key_ops must hold verify, at most sign beside it, and each once", "{operations}");
    }
    for operations in [r#""verify""#, "null", "{}"] {
        assert_eq!(reason(&format!(r#"{members},"key_ops":{operations}"#)), "key_ops must be an array", "{operations}");
    }
    // One member that is right does not save the other.
    assert_eq!(reason(&format!(r#"{members},"use":"enc","key_ops":["verify"]"#)), "use must be sig");
    for good in [r#""use":"sig""#, r#""key_ops":["verify"]"#, r#""use":"sig","key_ops":["sign","verify"]"#] {
        assert_eq!(reason(&format!("{members},{good}")), "");
    }
}

// catalogue: J05, B04, B05
#[test]
fn without_alg_the_key_type_decides_and_the_list_of_the_issuer_allows() {
    for signer in [Signer::es256("k"), Signer::rs256("k")] {
        let members = signer.jwk_members();
        assert_eq!(signer.key().algorithm(), signer.algorithm());
        assert_eq!(reason_allowing(&members, &[signer.algorithm()]), "");
        let other = if signer.algorithm() == Algorithm::Es256 { Algorithm::Rs256 } else { Algorithm::Es256 };
        assert_eq!(reason_allowing(&members, &[other]), "the key's algorithm must be one of the issuer's");
        assert_eq!(reason_allowing(&members, &[]), "the key's algorithm must be one of the issuer's");
    }
}

// catalogue: B07
#[test]
fn alg_may_only_agree_with_the_key_type() {
    for signer in [Signer::es256("k"), Signer::rs256("k")] {
        let members = signer.jwk_members();
        assert_eq!(reason(&format!(r#"{members},"alg":"{}""#, signer.algorithm().name())), "");
        let other = if signer.algorithm() == Algorithm::Es256 { "RS256" } else { "ES256" };
        for alg in [other, "PS256", "RS512", "ES384", "HS256", "none", "", "es256", "ES256 ", "RSA-OAEP"] {
            assert_eq!(reason(&format!(r#"{members},"alg":"{alg}""#)), "alg must be that of the key type", "{alg}");
        }
        assert_eq!(reason(&format!(r#"{members},"alg":null"#)), "alg must be a string");
        assert_eq!(reason(&format!(r#"{members},"alg":["ES256"]"#)), "alg must be a string");
    }
}

// catalogue: J06, J08, J09, E07
#[test]
fn skips_rsa_keys_of_the_wrong_size_or_exponent() {
    // The edges are tested in crypto/rs256.rs.
    let n = rsa_private_key_modulus();
    let rsa = |n: &[u8], e: &[u8]| reason(&format!(r#""kty":"RSA","n":"{}","e":"{}""#, encode(n), encode(e)));
    assert_eq!(rsa(&n, &[1, 0, 1]), "");
    assert_eq!(rsa(&n, &[1]), "e must be odd, at least 3 and below 2^32");
    assert_eq!(rsa(&n[..128], &[1, 0, 1]), "n must have at least 2048 bits");
    assert_eq!(rsa(&n.repeat(4), &[1, 0, 1]), "n must have at most 4096 bits");
    assert_eq!(rsa(&[], &[1, 0, 1]), "n and e must be minimal octets");
}

fn rsa_private_key_modulus() -> Vec<u8> {
    use rsa::traits::PublicKeyParts;
    rsa_private_key().n().to_bytes_be()
}

// catalogue: J10
#[test]
fn skips_integers_that_are_not_minimal_base64url_text() {
    let n = encode(rsa_private_key_modulus());
    let e = |e: &str| reason(&format!(r#""kty":"RSA","n":"{n}","e":{e}"#));
    assert_eq!(e(r#""AQAB""#), "");
    assert_eq!(e(r#""AAEAAQ""#), "n and e must be minimal octets");
    assert_eq!(e(r#""""#), "n and e must be minimal octets");
    for text in [r#""AQAB=""#, r#""AQ AB""#, r#""AQA+""#, r#""AQABA""#] {
        assert_eq!(e(text), "coordinates and integers must be base64url", "{text}");
    }
    for other in ["65537", "null", "[1,0,1]", "{}"] {
        assert_eq!(e(other), "x and y, or n and e, must be strings", "{other}");
    }
    assert_eq!(reason(&format!(r#""kty":"RSA","n":"{n}""#)), "x and y, or n and e, must be strings");
    assert_eq!(reason(&format!(r#""kty":"RSA","n":"{n}\n","e":"AQAB""#)), "coordinates and integers must be base64url");
}

// catalogue: J11, J12, J13
#[test]
fn skips_points_that_are_not_on_the_curve_or_out_of_range() {
    const OFF: &str = "x and y must be a point on P-256";
    // x = 0 has a point: y = sqrt(b).
    let zero_x = hex("66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4");
    let p = hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    assert_eq!(reason(&ec(&[0; 32], &zero_x)), "");
    assert_eq!(reason(&ec(&p, &zero_x)), OFF);
    assert_eq!(reason(&ec(&[0xff; 32], &zero_x)), OFF);
    assert_eq!(reason(&ec(&[0; 32], &[0; 32])), OFF);
    let mut near = zero_x.clone();
    near[31] ^= 1;
    assert_eq!(reason(&ec(&[0; 32], &near)), OFF);
    assert_eq!(reason(&ec(&[0; 32], &p)), OFF);
}

// catalogue: J14
#[test]
fn skips_coordinates_of_another_length() {
    const LENGTH: &str = "x and y must have 32 bytes each";
    let y = hex("66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4");
    assert_eq!(reason(&ec(&[0; 31], &y)), LENGTH);
    assert_eq!(reason(&ec(&[0; 33], &y)), LENGTH);
    assert_eq!(reason(&ec(&[], &y)), LENGTH);
    assert_eq!(reason(&ec(&[0; 32], &y[1..])), LENGTH);
    assert_eq!(reason(&ec(&[0; 32], &[&[0], &y[..]].concat())), LENGTH);
    assert_eq!(reason(&ec(&[0; 32], &[&y[..], &y[..]].concat())), LENGTH);
    // Swapped.
    assert_eq!(reason(&ec(&y, &[0; 32])), "x and y must be a point on P-256");
    assert_eq!(reason(r#""kty":"EC","crv":"P-256","x":"AA""#), "x and y, or n and e, must be strings");
    assert_eq!(reason(r#""kty":"EC","crv":"P-256""#), "x and y, or n and e, must be strings");
}

// catalogue: J15
#[test]
fn skips_other_curves_and_mixtures_of_types() {
    let (ec, rsa) = (Signer::es256("k").jwk_members(), Signer::rs256("k").jwk_members());
    for curve in ["P-384", "P-521", "secp256k1", "Ed25519", "p-256", "P-256K", ""] {
        assert_eq!(reason(&ec.replace("P-256", curve)), "crv must be P-256", "{curve}");
    }
    assert_eq!(reason(&ec.replace(r#""crv":"P-256","#, "")), "crv must be P-256");
    assert_eq!(reason(&ec.replace(r#""P-256""#, "256")), "crv must be a string");
    assert_eq!(reason(&ec.replace(r#""EC""#, r#""OKP""#)), "kty must be EC or RSA");
    assert_eq!(reason(&ec.replace(r#""EC""#, r#""RSA""#)), "a key must not mix the members of EC and RSA");
    assert_eq!(reason(&format!(r#"{rsa},"crv":"P-256""#)), "a key must not mix the members of EC and RSA");
    assert_eq!(reason(&format!(r#"{ec},"n":"AQAB""#)), "a key must not mix the members of EC and RSA");
    assert_eq!(reason(&rsa.replace(r#""RSA""#, r#""EC""#)), "crv must be P-256");
}

// catalogue: J16
#[test]
fn skips_keys_with_private_members_and_repeats_none_of_them() {
    for signer in [Signer::es256("k"), Signer::rs256("k")] {
        for member in PRIVATE_MEMBERS {
            let found = reason(&format!(r#"{},"{member}":"c2VjcmV0""#, signer.jwk_members()));
            assert_eq!(found, "private or symmetric members must not be published");
        }
        assert_eq!(
            reason(&format!(r#"{},"d":null"#, signer.jwk_members())),
            "private or symmetric members must not be published"
        );
    }
    let key = Signer::es256("shown nowhere").key();
    assert_eq!(format!("{key:?}"), "Key { algorithm: Es256, .. }");
}

// catalogue: J07, J18
#[test]
fn caps_the_bytes_the_keys_the_key_id_and_the_depth() {
    let padded = |length: usize| {
        let start = r#"{"keys":[],"x":""#;
        format!("{start}{}\"}}", "a".repeat(length - start.len() - 2))
    };
    assert!(parse_jwks(padded(MAX_JWKS_BYTES).as_bytes(), BOTH).is_ok());
    for length in [MAX_JWKS_BYTES + 1, 1 << 20, 100 << 20] {
        assert_eq!(parse_jwks(padded(length).as_bytes(), BOTH), Err(Error::JwksMalformed("at most 65536 bytes")));
    }
    let signer = Signer::es256("k");
    let repeated = |count: usize| jwks(&vec![&signer; count]);
    assert_eq!(parse_jwks(repeated(MAX_JWKS_KEYS).as_bytes(), BOTH).unwrap().keys.len(), MAX_JWKS_KEYS);
    assert_eq!(parse_jwks(repeated(MAX_JWKS_KEYS + 1).as_bytes(), BOTH), Err(Error::JwksMalformed("at most 100 keys")));
    let tiny = format!("{{\"keys\":[{}0]}}", "0,".repeat(9_999));
    assert_eq!(parse_jwks(tiny.as_bytes(), BOTH), Err(Error::JwksMalformed("at most 100 keys")));

    let members = signer.jwk_members();
    let with_kid = |length: usize| reason(&format!(r#"{members},"kid":"{}""#, "k".repeat(length)));
    assert_eq!(with_kid(MAX_KID_BYTES), "");
    assert_eq!(with_kid(MAX_KID_BYTES + 1), "kid must have at most 256 bytes");
    assert_eq!(with_kid(10 * 1024), "kid must have at most 256 bytes");
    for kid in ["1", "null", "[]", "{}", "true"] {
        assert_eq!(reason(&format!(r#"{members},"kid":{kid}"#)), "kid must be a string", "{kid}");
    }
    malformed(format!("{{\"keys\":{}{}}}", "[".repeat(60), "]".repeat(60)).as_bytes());
    assert_eq!(Key::parse(padded(MAX_JWKS_BYTES + 1).as_bytes(), BOTH).unwrap_err().code(), "key_not_usable");
}

// catalogue: J19
#[test]
fn refuses_a_set_with_duplicate_members_anywhere() {
    let signer = Signer::es256("k");
    let jwk = signer.jwk();
    malformed(format!(r#"{{"keys":[{jwk}],"keys":[{jwk}]}}"#).as_bytes());
    malformed(format!(r#"{{"keys":[{{"kty":"EC",{}}}]}}"#, signer.jwk_members()).as_bytes());
    malformed(format!(r#"{{"keys":[{jwk}],"k\u0065ys":[]}}"#).as_bytes());
    malformed(format!(r#"{{"keys":[{{{},"n":"AQAB"}}]}}"#, Signer::rs256("k").jwk_members()).as_bytes());
}

// catalogue: J20
#[test]
fn ignores_certificates_and_unknown_members() {
    let signer = Signer::es256("k");
    let more = r#""x5c":["not a certificate",1],"x5u":"http://169.254.169.254/","x5t":7,"exp":1,"ext":{"a":[]}"#;
    let key = Key::parse(format!("{{{},\"kid\":\"k\",{more}}}", signer.jwk_members()).as_bytes(), BOTH).unwrap();
    assert_eq!(key, signer.key());
}

// catalogue: J21
#[test]
fn key_ids_that_mean_something_to_javascript_are_ordinary_text() {
    for kid in ["__proto__", "constructor", "toString", "", " ", "../../etc/passwd", "\u{1f511}"] {
        let signer = Signer::es256(kid);
        assert_eq!(signer.key().kid(), Some(kid));
    }
    assert_eq!(Key::parse(format!("{{{}}}", Signer::es256("k").jwk_members()).as_bytes(), BOTH).unwrap().kid(), None);
}

#[test]
fn the_same_key_under_another_id_has_the_same_material() {
    let signer = Signer::rs256("one");
    let (one, two) = (signer.key(), Signer::rs256("two").key());
    assert!(one.same_material(&two) && one != two);
    assert!(!one.same_material(&Signer::es256("one").key()));
    assert!(!Signer::es256("one").key().same_material(&Signer::es256("one").key()));
}

#[test]
fn names_are_compared_exactly() {
    assert_eq!(Algorithm::from_name("ES256"), Some(Algorithm::Es256));
    assert_eq!(Algorithm::from_name("RS256"), Some(Algorithm::Rs256));
    for name in ["", "es256", " ES256", "ES256\0", "ES256,RS256", "ES256K", "ES384", "PS256", "HS256", "none", "EdDSA"]
    {
        assert_eq!(Algorithm::from_name(name), None, "{name:?}");
    }
}
