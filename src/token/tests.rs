//! Catalogue sections A, B, C and F: what a token may look like before anything in it counts. Tokens are signed at run
//! time, with the signature good wherever the form is bad, so that the form alone is what is refused.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::testing::{Signer, encode};

const CLAIMS: &str = r#"{"iss":"https://issuer.example","sub":"u"}"#;

fn code(token: &str) -> &'static str {
    UntrustedToken::parse(token).map_or_else(|error| error.code(), |_| "parsed")
}

/// What becomes of a token at `signer`'s key.
fn verdict(signer: &Signer, token: &str) -> &'static str {
    let verified = UntrustedToken::parse(token).and_then(|token| token.verify(&signer.key()));
    verified.map_or_else(|error| error.code(), |_| "verified")
}

/// The verdict on a token with this header and a good signature.
fn with_header(header: impl AsRef<[u8]>) -> &'static str {
    let signer = Signer::es256("k");
    verdict(&signer, &signer.token_with(header, CLAIMS))
}

/// The verdict on a token with this payload and a good signature.
fn with_payload(payload: impl AsRef<[u8]>) -> &'static str {
    let signer = Signer::es256("k");
    verdict(&signer, &signer.token_with(signer.header(), payload))
}

#[test]
fn a_good_token_gives_its_header_and_claims_as_they_were_signed() {
    for signer in [Signer::es256("k1"), Signer::rs256("k1")] {
        let header = format!(r#"{{"typ":"at+jwt", "alg":"{}","kid":"k1"}}"#, signer.algorithm().name());
        let text = signer.token_with(&header, CLAIMS);
        let token = UntrustedToken::parse(&text).unwrap();
        assert_eq!(token.asserted_issuer(), Ok("https://issuer.example"));
        assert_eq!(
            (token.kid(), token.algorithm(), token.typ()),
            (Some("k1"), Some(signer.algorithm()), Some("at+jwt"))
        );
        let verified = token.verify(&signer.key()).unwrap();
        assert_eq!(
            (verified.header_json(), verified.claims_json(), verified.typ()),
            (&*header, CLAIMS, Some("at+jwt"))
        );
        assert_eq!(verified.claims().get("sub"), Some(Value::String("u")));
    }
}

#[test]
fn a_jws_may_carry_any_bytes() {
    let signer = Signer::es256("k");
    let token = signer.token_with(signer.header(), b"\xff\x00 not JSON");
    let jws = Jws::parse(&token).unwrap();
    assert_eq!((jws.kid(), jws.algorithm()), (Some("k"), Some(Algorithm::Es256)));
    let verified = jws.verify(&signer.key()).unwrap();
    assert_eq!((verified.payload(), verified.header_json()), (&b"\xff\x00 not JSON"[..], &*signer.header()));
}

#[test]
fn the_asserted_issuer_must_be_a_string() {
    let issuer = |claims: &str| {
        let text = Signer::es256("k").token(claims);
        let token = UntrustedToken::parse(&text).unwrap();
        token.asserted_issuer().map(str::to_owned).map_err(|error| error.code())
    };
    assert_eq!(issuer(CLAIMS), Ok("https://issuer.example".to_owned()));
    assert_eq!(issuer("{}"), Err("claim_missing"));
    for claims in [r#"{"iss":null}"#, r#"{"iss":1}"#, r#"{"iss":["a"]}"#, r#"{"iss":{"a":1}}"#] {
        assert_eq!(issuer(claims), Err("claim_malformed"), "{claims}");
    }
}

// catalogue: A01
#[test]
fn refuses_every_number_of_parts_but_three() {
    let good = Signer::es256("k").token(CLAIMS);
    let (input, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = input.split_once('.').unwrap();
    for token in ["", header, input, ".", "..", "...", "a", "a.b", "a.b.c.d", "a.b.c.d.e.f", "a..", "..a", ".a."] {
        assert_eq!(code(token), "malformed_token", "{token}");
    }
    let parts = [
        format!(".{good}"),
        format!("{good}."),
        format!(".{payload}.{signature}"),
        format!("{header}..{signature}"),
        format!("{header}.{payload}."),
        format!("..{signature}"),
        format!("{header}..{payload}.{signature}"),
    ];
    for token in parts {
        assert_eq!(code(&token), "malformed_token", "{token}");
    }
}

// catalogue: A02, A03
#[test]
fn refuses_long_tokens_before_anything_is_decoded() {
    let signer = Signer::es256("k");
    let sized = |length: usize| {
        let token = |filler: usize| signer.token(&format!("{{\"f\":\"{}\"}}", "a".repeat(filler)));
        let fits = (0..length).rev().skip_while(|filler| token(*filler).len() > length);
        token(fits.take(1).next().unwrap())
    };
    let longest = sized(MAX_TOKEN_BYTES);
    assert!(longest.len() > MAX_TOKEN_BYTES - 3 && longest.len() <= MAX_TOKEN_BYTES);
    assert_eq!(verdict(&signer, &longest), "verified");
    for length in [MAX_TOKEN_BYTES + 1, 1 << 20, 100 << 20] {
        assert_eq!(code(&"a".repeat(length)), "token_too_large");
    }
    assert_eq!(code(&"a".repeat(MAX_TOKEN_BYTES)), "malformed_token");
    assert_eq!(code(&".".repeat(1_000_000)), "token_too_large");
    assert_eq!(code(&".".repeat(MAX_TOKEN_BYTES)), "malformed_token");
}

// catalogue: C06, C14
#[test]
fn refuses_a_header_part_over_2_kib() {
    let sized = |length: usize| {
        // Whole groups: three bytes give four characters.
        let start = r#"{"alg":"ES256","x":""#;
        with_header(format!("{start}{}\"}}", "a".repeat(length / 4 * 3 - start.len() - 2)))
    };
    assert_eq!(sized(MAX_HEADER_PART_BYTES), "verified");
    assert_eq!(sized(MAX_HEADER_PART_BYTES + 4), "header_too_large");
}

// catalogue: A04, A05, A06, A07, A08
#[test]
fn refuses_every_other_spelling_of_a_part_even_when_it_is_what_was_signed() {
    let signer = Signer::es256("k");
    // Lengths that leave one and two bytes over, so that padding and trailing bits exist.
    let (header, payload) = (encode(r#"{"alg":"ES256" }"#), encode("{\"iss\":\"?>?>\" }"));
    assert_eq!((header.len() % 4, payload.len() % 4), (2, 0));
    assert_eq!(verdict(&signer, &signer.sealed(&format!("{header}.{payload}"))), "verified");
    for bad in ["=", "==", " ", "\t", "\r", "\n", "\r\n", "\0", "?", "#", "\u{a0}", "\u{ff21}", "A"] {
        for input in [format!("{header}{bad}.{payload}"), format!("{bad}{header}.{payload}")] {
            let expected = if bad == "A" { "malformed" } else { "malformed_base64url" };
            assert!(verdict(&signer, &signer.sealed(&input)).starts_with(expected), "{input:?}");
        }
        let input = format!("{header}.{payload}{bad}");
        assert_eq!(verdict(&signer, &signer.sealed(&input)), "malformed_base64url", "{input:?}");
        let token = signer.sealed(&format!("{header}.{payload}")) + bad;
        // One more character than 86 can be the canonical form of 65 bytes.
        let is_base64url = bad == "A" && verdict(&signer, &token) == "signature_invalid";
        assert!(is_base64url || verdict(&signer, &token) == "malformed_base64url", "{token:?}");
    }
    // The last character of two carries four bits that must be zero; of three, two.
    let mut other = header.clone();
    other.pop();
    assert_eq!(verdict(&signer, &signer.sealed(&format!("{other}R.{payload}"))), "malformed_base64url");
    for (claims, last, same) in [(r#"{"iss":"joe"}"#, 'Q', "RSTUVWXYZabcdef"), (r#"{"iss":"joey"}"#, '0', "123")] {
        let mut canonical = encode(claims);
        assert_eq!(verdict(&signer, &signer.sealed(&format!("{header}.{canonical}"))), "verified");
        assert_eq!(canonical.pop(), Some(last));
        for last in same.chars() {
            let input = format!("{header}.{canonical}{last}");
            assert_eq!(verdict(&signer, &signer.sealed(&input)), "malformed_base64url", "{input}");
        }
    }
    let good = signer.sealed(&format!("{header}.{payload}"));
    assert_eq!(good.len() - good.rfind('.').unwrap() - 1, 86);
    for last in "BCDEFGHIJKLMNOP".chars() {
        // 64 bytes leave four bits over: of sixteen neighbours one is canonical.
        let mut token = good.clone();
        let was = token.pop().unwrap();
        token.push(if was == 'A' { last } else { (was as u8 + 1) as char });
        assert_eq!(verdict(&signer, &token), "malformed_base64url");
    }
    // Both letters in both parts, and in the signature as it comes.
    let (header, payload) = (encode("{\"alg\":\"ES256\",\"x\":\"?>?>??~~\"}"), encode("{\"a\":\"?>?>??~~>>\"}"));
    assert_eq!(verdict(&signer, &signer.sealed(&format!("{header}.{payload}"))), "verified");
    let standard = |part: &str| part.replace('-', "+").replace('_', "/");
    for (header, payload) in [(standard(&header), payload.clone()), (header, standard(&payload))] {
        assert!(format!("{header}{payload}").contains(['+', '/']), "{header} {payload}");
        assert_eq!(verdict(&signer, &signer.sealed(&format!("{header}.{payload}"))), "malformed_base64url");
    }
    let (input, signature) = good.rsplit_once('.').unwrap();
    for wrong in ["+", "/"] {
        assert_eq!(verdict(&signer, &format!("{input}.{wrong}{}", &signature[1..])), "malformed_base64url");
    }
    assert_eq!(code(&format!("\u{feff}{good}")), "malformed_base64url");
}

// catalogue: A09
#[test]
fn refuses_symmetric_tokens_whatever_their_label_says() {
    assert_eq!(with_header(r#"{"alg":"HS256"}"#), "alg_not_allowed");
    let signer = Signer::es256("k");
    assert_eq!(
        verdict(&signer, &signer.sealed(&format!("{}.a?b", encode(r#"{"alg":"HS256"}"#)))),
        "malformed_base64url"
    );
}

// catalogue: A10
#[test]
fn refuses_the_json_serialisations_and_polyglots() {
    let good = Signer::es256("k").token(CLAIMS);
    let parts: Vec<&str> = good.split('.').collect();
    let flat = format!(r#"{{"protected":"{}","payload":"{}","signature":"{}"}}"#, parts[0], parts[1], parts[2]);
    assert_eq!(code(&flat), "malformed_token");
    let general = format!(
        r#"{{"payload":"{}","signatures":[{{"protected":"{}","signature":"{}"}}]}}"#,
        parts[1], parts[0], parts[2]
    );
    assert_eq!(code(&general), "malformed_token");
    // Both at once: compact to who splits at dots, JSON to who parses.
    let polyglot =
        format!(r#"{{"  {good}":"","protected":"{}","payload":"{}","signature":"{}"}}"#, parts[0], parts[1], parts[2]);
    assert_eq!(code(&polyglot), "malformed_base64url");
}

// catalogue: A11
#[test]
fn refuses_encrypted_tokens() {
    let good = Signer::es256("k").token(CLAIMS);
    for token in [
        format!("{good}.AA.AA"),
        format!("{}..AA.AA.AA", encode(r#"{"alg":"dir","enc":"A128GCM"}"#)),
        "....".to_owned(),
    ] {
        assert_eq!(code(&token), "jwe_not_supported", "{token}");
    }
}

// catalogue: A12
#[test]
fn refuses_a_detached_payload_in_a_jwt_and_takes_an_empty_one_in_a_jws() {
    let signer = Signer::es256("k");
    let empty = signer.sealed(&format!("{}.", encode(signer.header())));
    let empty = Jws::parse(&empty).unwrap();
    assert_eq!(empty.verify(&signer.key()).unwrap().payload(), b"");
    assert_eq!(verdict(&signer, &signer.sealed(&format!("{}.", encode(signer.header())))), "malformed_token");
}

// catalogue: A13
#[test]
fn refuses_the_scheme_or_quotes_inside_the_token() {
    let good = Signer::es256("k").token(CLAIMS);
    for token in [
        format!("Bearer {good}"),
        format!("bearer:{good}"),
        format!("\"{good}\""),
        format!("'{good}'"),
        format!(" {good}"),
    ] {
        assert_eq!(code(&token), "malformed_base64url", "{token}");
    }
}

// catalogue: B01
#[test]
fn refuses_none_in_every_spelling_and_with_every_signature() {
    let signer = Signer::es256("k");
    for alg in ["none", "None", "NONE", "nOnE"] {
        let input = format!("{}.{}", encode(format!(r#"{{"alg":"{alg}"}}"#)), encode(CLAIMS));
        assert_eq!(verdict(&signer, &format!("{input}.")), "malformed_token");
        assert_eq!(verdict(&signer, &format!("{input}.AAAA")), "alg_not_allowed");
        assert_eq!(verdict(&signer, &signer.sealed(&input)), "alg_not_allowed");
    }
}

// catalogue: B02
#[test]
fn compares_alg_exactly_and_wants_a_string() {
    assert_eq!(with_header(r#"{"alg":"ES256"}"#), "verified");
    assert_eq!(with_header(r#"{"alg":"\u0045S256"}"#), "verified");
    for header in [
        "{}",
        r#"{"alg":null}"#,
        r#"{"alg":256}"#,
        r#"{"alg":["ES256"]}"#,
        r#"{"alg":{"ES256":1}}"#,
        r#"{"ALG":"ES256"}"#,
    ] {
        assert_eq!(with_header(header), "malformed_header", "{header}");
    }
    for alg in ["", " ES256", "ES256 ", "ES256\\u0000", "es256", "Es256", "ES256,RS256", "\u{ff25}S256"] {
        assert_eq!(with_header(format!(r#"{{"alg":"{alg}"}}"#)), "alg_not_allowed", "{alg}");
    }
}

// catalogue: B03
#[test]
fn refuses_symmetric_algorithms_under_public_keys() {
    for signer in [Signer::es256("k"), Signer::rs256("k")] {
        for alg in ["HS256", "HS384", "HS512"] {
            let token = signer.token_with(format!(r#"{{"alg":"{alg}","kid":"k"}}"#), CLAIMS);
            assert_eq!(verdict(&signer, &token), "alg_not_allowed");
        }
    }
}

// catalogue: B06
#[test]
fn the_key_chooses_the_algorithm_and_the_header_may_only_agree() {
    let (ec, rsa) = (Signer::es256("k"), Signer::rs256("k"));
    assert_eq!(verdict(&rsa, &ec.token(CLAIMS)), "alg_not_allowed");
    assert_eq!(verdict(&ec, &rsa.token(CLAIMS)), "alg_not_allowed");
    for alg in ["RS256", "ES256K", "ES384", "ES512", "PS256", "RS384", "RS512", "EdDSA", "Ed25519", "ML-DSA-44"] {
        assert_eq!(verdict(&ec, &ec.token_with(format!(r#"{{"alg":"{alg}"}}"#), CLAIMS)), "alg_not_allowed", "{alg}");
    }
    for alg in ["ES256", "PS256", "PS512", "RS384", "RS512", "RS1"] {
        assert_eq!(verdict(&rsa, &rsa.token_with(format!(r#"{{"alg":"{alg}"}}"#), CLAIMS)), "alg_not_allowed", "{alg}");
    }
    // A second key of the same algorithm does not help.
    assert_eq!(verdict(&ec, &Signer::es256("k").token(CLAIMS)), "signature_invalid");
}

// catalogue: B08, B09
#[test]
fn there_is_no_reading_without_a_key_and_no_empty_key() {
    // `Verified` comes from `UntrustedToken::verify` alone, which takes a `Key`; a `Key` comes from a JWK alone.
    for jwk in ["", "{}", "null", "\"\"", r#"{"kty":"oct","k":""}"#, r#"{"kty":"EC","crv":"P-256","x":"","y":""}"#] {
        assert!(Key::parse(jwk.as_bytes(), &[Algorithm::Es256]).is_err(), "{jwk}");
    }
    let text = Signer::es256("k").token(CLAIMS);
    let token = UntrustedToken::parse(&text).unwrap();
    assert_eq!(format!("{token:?}"), "UntrustedToken { .. }");
}

// catalogue: C01, C02, C03
#[test]
fn never_reads_a_key_or_an_address_from_the_header() {
    let (ours, theirs) = (Signer::es256("k"), Signer::es256("k"));
    let headers = [
        format!(r#"{{"alg":"ES256","jwk":{}}}"#, theirs.jwk()),
        r#"{"alg":"ES256","jku":"http://169.254.169.254/latest"}"#.to_owned(),
        r#"{"alg":"ES256","jku":"file:///etc/passwd","x5u":"https://issuer.example@evil.example/#x"}"#.to_owned(),
        r#"{"alg":"ES256","x5c":["MIIB"],"x5t":"AA","x5t#S256":"AA"}"#.to_owned(),
        r#"{"alg":"ES256","jwk":null,"jku":7,"x5c":{}}"#.to_owned(),
    ];
    for header in headers {
        assert_eq!(verdict(&ours, &theirs.token_with(&header, CLAIMS)), "signature_invalid", "{header}");
        // Without effect either way: our own signature still counts.
        assert_eq!(verdict(&ours, &ours.token_with(&header, CLAIMS)), "verified", "{header}");
    }
}

// catalogue: C04
#[test]
fn kid_is_a_string_or_absent() {
    assert_eq!(with_header(r#"{"alg":"ES256","kid":""}"#), "verified");
    for kid in ["1", "null", "[]", "[\"k\"]", "{}", "true"] {
        assert_eq!(with_header(format!(r#"{{"alg":"ES256","kid":{kid}}}"#)), "malformed_header", "{kid}");
    }
}

// catalogue: C06
#[test]
fn kid_has_at_most_256_bytes_and_is_kept_byte_for_byte() {
    let kid = |kid: &str| {
        let token = Signer::es256("k").token_with(format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#), CLAIMS);
        Jws::parse(&token).map(|jws| jws.kid().map(str::to_owned))
    };
    assert_eq!(kid(&"k".repeat(MAX_KID_BYTES)).unwrap().map(|kid| kid.len()), Some(MAX_KID_BYTES));
    assert_eq!(kid(&"k".repeat(MAX_KID_BYTES + 1)).unwrap_err(), Error::MalformedHeader { member: "kid" });
    for length in [10 * 1024, 1 << 20] {
        assert_eq!(kid(&"k".repeat(length)).unwrap_err().code(), "token_too_large");
    }
    assert_eq!(kid(&"k".repeat(4 * 1024)).unwrap_err(), Error::HeaderTooLarge);
    for (written, read) in [
        ("../../etc/passwd", "../../etc/passwd"),
        ("' OR 1=1 --", "' OR 1=1 --"),
        ("__proto__", "__proto__"),
        ("constructor", "constructor"),
        ("a\\u0000b", "a\0b"),
        ("a\\r\\nb", "a\r\nb"),
        ("\u{1f511}", "\u{1f511}"),
        ("e\u{301}", "e\u{301}"),
        ("k ", "k "),
        ("K", "K"),
    ] {
        assert_eq!(kid(written).unwrap().as_deref(), Some(read));
    }
}

// catalogue: C07
#[test]
fn refuses_duplicate_header_members() {
    for header in [
        r#"{"alg":"ES256","alg":"ES256"}"#,
        r#"{"alg":"none","alg":"ES256"}"#,
        r#"{"alg":"ES256","\u0061lg":"none"}"#,
        r#"{"alg":"ES256","x":{"y":1,"y":2}}"#,
    ] {
        assert_eq!(with_header(header), "malformed_json", "{header}");
    }
}

// catalogue: C08
#[test]
fn refuses_crit_in_every_form() {
    for crit in [
        r#"["exp"]"#,
        r#"["http://example.com/x"]"#,
        r#"["missing"]"#,
        "[]",
        r#""exp""#,
        "null",
        "{}",
        "1",
        r#"[1]"#,
        r#"["exp","exp"]"#,
        r#"["alg"]"#,
        "true",
        "false",
    ] {
        assert_eq!(with_header(format!(r#"{{"alg":"ES256","exp":1,"crit":{crit}}}"#)), "crit_not_supported", "{crit}");
    }
}

// catalogue: C09, C10, C13
#[test]
fn refuses_unencoded_compressed_and_encrypted_payloads() {
    assert_eq!(with_header(r#"{"alg":"ES256","b64":false,"crit":["b64"]}"#), "crit_not_supported");
    for member in [
        r#""b64":false"#,
        r#""b64":true"#,
        r#""b64":null"#,
        r#""b64":"false""#,
        r#""zip":"DEF""#,
        r#""zip":null"#,
        r#""zip":"none""#,
        r#""enc":"A128GCM""#,
        r#""enc":null"#,
    ] {
        assert_eq!(with_header(format!(r#"{{"alg":"ES256",{member}}}"#)), "header_not_supported", "{member}");
    }
}

// catalogue: C11
#[test]
fn refuses_a_nested_token() {
    let signer = Signer::es256("k");
    let nested = signer.token_with(r#"{"alg":"ES256","cty":"JWT"}"#, signer.token(CLAIMS));
    assert_eq!(verdict(&signer, &nested), "malformed_json");
}

// catalogue: C12
#[test]
fn typ_is_a_string_or_absent() {
    for typ in [r#""JWT""#, r#""at+jwt""#, r#""""#] {
        assert_eq!(with_header(format!(r#"{{"alg":"ES256","typ":{typ}}}"#)), "verified", "{typ}");
    }
    for typ in ["1", "null", "[]", "{}", "true"] {
        assert_eq!(with_header(format!(r#"{{"alg":"ES256","typ":{typ}}}"#)), "malformed_header", "{typ}");
    }
}

// catalogue: C14
#[test]
fn the_header_is_exactly_one_object() {
    for header in [
        "[]",
        r#"["alg","ES256"]"#,
        r#""ES256""#,
        "null",
        "7",
        " ",
        r#"{"alg":"ES256"}{}"#,
        r#"{"alg":"ES256"} x"#,
        r#"{"alg":"ES256"}"#.trim_end_matches('}'),
        "\u{feff}{\"alg\":\"ES256\"}",
    ] {
        assert_eq!(with_header(header), "malformed_json", "{header}");
    }
    assert_eq!(with_header("{}"), "malformed_header");
    assert_eq!(with_header(format!(r#"{{"alg":"ES256","x":{}{}}}"#, "[".repeat(32), "]".repeat(32))), "malformed_json");
    assert_eq!(with_header(format!(r#"{{"alg":"ES256","x":{}{}}}"#, "[".repeat(31), "]".repeat(31))), "verified");
    assert_eq!(with_header("[".repeat(100_000)), "token_too_large");
    assert_eq!(with_header(b"{\"alg\":\"ES256\",\"x\":\"\xff\"}"), "malformed_json");
}

// catalogue: C15, F11
#[test]
fn accepts_unknown_header_members_and_white_space() {
    let members: Vec<String> = (0..10).map(|n| format!("\"x{n}\" :\r\n {{\"deep\":[{n},null]}}")).collect();
    assert_eq!(with_header(format!(" {{\t\"alg\":\"ES256\",{}}}\n", members.join(","))), "verified");
    assert_eq!(
        with_payload(b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n\t\"http://example.com/is_root\":true}"),
        "verified"
    );
}

// catalogue: F01, F02, F03, F10
#[test]
fn the_payload_is_exactly_one_strict_object() {
    assert_eq!(with_payload("{}"), "verified");
    for payload in [
        "[]",
        "[{}]",
        "\"x\"",
        "1",
        "null",
        "true",
        " ",
        "{}{}",
        "{} x",
        "{",
        r#"{"exp":1e400}"#,
        r#"{"exp":NaN}"#,
        r#"{"exp":01}"#,
    ] {
        assert_eq!(with_payload(payload), "malformed_json", "{payload}");
    }
    assert_eq!(with_payload(""), "malformed_token");
    for payload in
        [r#"{"sub":"a","sub":"b"}"#, r#"{"sub":"a","s\u0075b":"a"}"#, r#"{"a":{"b":1,"b":1}}"#, r#"{"sub":"\ud800"}"#]
    {
        assert_eq!(with_payload(payload), "malformed_json", "{payload}");
    }
    assert_eq!(with_payload(b"{\"sub\":\"\xff\"}"), "malformed_json");
    assert_eq!(with_payload(b"\xef\xbb\xbf{}"), "malformed_json");
}

// catalogue: F07, F08
#[test]
fn deep_and_wide_payloads_are_bounded() {
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    assert_eq!(with_payload(nested(10)), "verified");
    assert_eq!(with_payload(nested(32)), "verified");
    for depth in [33, 64, 65, 1_000] {
        assert_eq!(with_payload(nested(depth)), "malformed_json", "{depth}");
    }
    assert_eq!(with_payload(nested(110_000)), "token_too_large");
    assert_eq!(with_payload("[".repeat(100_000)), "token_too_large");
    let members: Vec<String> = (0..100_000).map(|n| format!("\"{n}\":0")).collect();
    for wide in [format!("{{{}}}", members.join(",")), format!("{{\"a\":[{}0]}}", "0,".repeat(99_999))] {
        assert_eq!(with_payload(wide), "token_too_large");
    }
    assert_eq!(with_payload(format!("{{\"a\":\"{}\"}}", "a".repeat(1 << 20))), "token_too_large");
    assert_eq!(with_payload(format!("{{\"a\":{}}}", "9".repeat(10 * 1024))), "token_too_large");
    // As wide as a token can be.
    assert_eq!(with_payload(format!("{{{}}}", members[..600].join(","))), "verified");
    assert_eq!(with_payload(format!("{{\"a\":[{}0]}}", "0,".repeat(2_000))), "verified");
    assert_eq!(with_payload(format!("{{\"a\":{}}}", "9".repeat(4 * 1024))), "malformed_json");
}

// catalogue: D11
#[test]
fn refuses_every_single_bit_flip_of_a_good_token() {
    let signer = Signer::es256("k");
    let token = signer.token(CLAIMS);
    let key = signer.key();
    let signed = token.rfind('.').unwrap();
    let signature = base64url::decode(&token[signed + 1..]).unwrap();
    for bit in 0..8 * signature.len() {
        let mut flipped = signature.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let forged = format!("{}.{}", &token[..signed], encode(flipped));
        assert_eq!(UntrustedToken::parse(&forged).unwrap().verify(&key).unwrap_err(), Error::SignatureInvalid, "{bit}");
    }
    for bit in 0..8 * signed {
        let mut bytes = token.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        // A byte over 127 is no text, and text is all that a token can be.
        if let Ok(forged) = String::from_utf8(bytes) {
            assert_ne!(verdict_of(&forged, &key), "verified", "{bit}");
        }
    }
}

fn verdict_of(token: &str, key: &Key) -> &'static str {
    UntrustedToken::parse(token).and_then(|token| token.verify(key)).map_or_else(|error| error.code(), |_| "verified")
}
