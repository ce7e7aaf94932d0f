//! What tokens say, to the byte, and who takes them.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::collections::HashSet;

use p256::ecdsa::SigningKey;

use super::*;
use crate::config::from_value;
use crate::jwk::{Algorithm, Jwks};
use crate::rotation::{Marks, Rules, begin};
use crate::testing::{encode, keys_document, private_jwk, private_jwk_of};
use crate::token::Jws;
use crate::verifier::{Try, Verifier};

/// 2026-01-01T00:00:00Z.
const NOW: u64 = 1_767_225_600;
const NOW_MS: u64 = NOW * 1000;
const ISSUER: &str = "https://api.example.com";
const SESSION: Session<'_> =
    Session { family: "AAECAwQFBgcICQoLDA0ODw", user: "user-1", tenant: "acme", client: "web" };
const RANDOM: [u8; 16] = [0xab; 16];

fn config() -> serde_json::Value {
    serde_json::json!({
        "issuer": ISSUER, "audience": "orders-api", "entitlements": null,
        "clients": [{ "id": "web", "secretHashes": [format!("sha256:{}", encode([7; 32]))] }],
    })
}

fn mint_with(config: serde_json::Value, keys: &str) -> Mint {
    Mint::new(&from_value(config).unwrap(), keys).unwrap()
}

/// A mint with new keys, active since an hour.
fn mint() -> Mint {
    let (access, refresh) = (private_jwk(), private_jwk());
    mint_with(config(), &keys_document(&[(NOW - 3_600, &access)], &[(NOW - 3_600, &refresh)]))
}

fn family(kid: &str) -> Family {
    begin(&Marks::default(), NOW_MS, &Rules { grace_ms: 10_000, idle_seconds: None }, 2_592_000, kid)
}

fn family_of(mint: &Mint) -> Family {
    family(mint.refresh_kid(NOW_MS).unwrap())
}

fn part(token: &str, index: usize) -> String {
    String::from_utf8(base64url::decode(token.split('.').nth(index).unwrap()).unwrap()).unwrap()
}

fn claims(token: &str) -> serde_json::Value {
    serde_json::from_str(&part(token, 1)).unwrap()
}

fn access_token(mint: &Mint, entitlements: &Entitlements) -> Result<AccessToken, Error> {
    mint.access_token(&SESSION, &family_of(mint), entitlements, NOW_MS, &RANDOM)
}

/// A verifier of everything that this issuer publishes, as lax as the configuration lets it be.
fn verifier(mint: &Mint) -> Verifier {
    let jwks: serde_json::Value = serde_json::from_str(&mint.key_set(NOW_MS)).unwrap();
    let issuer = serde_json::json!({
        "issuer": ISSUER, "audience": ["orders-api", format!("{ISSUER}/auth/token")], "algorithms": ["ES256"],
        "types": ["at+jwt", "refresh+jwt", "JWT", null], "jwks": jwks, "claims": { "tenant": "tid" },
    });
    Verifier::from_json(&serde_json::json!({ "issuers": [issuer] }).to_string()).unwrap()
}

fn full() -> Entitlements {
    Entitlements {
        plan: Some("pro".to_owned()),
        permissions: vec!["orders:read".to_owned(), "orders:write".to_owned()],
        groups: vec!["staff".to_owned()],
        email: Some("user@example.com".to_owned()),
        claims: vec![("https://example.com/region".to_owned(), r#"{"eu":[1,null,"\"x"]}"#.to_owned())],
    }
}

/// The private key of RFC 6979 appendix A.2.5, which everyone knows: good for vectors, and for nothing else.
fn rfc_6979_key() -> SigningKey {
    let x = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721";
    SigningKey::from_slice(&from_hex(x)).unwrap()
}

fn from_hex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

// RFC 6979 appendix A.2.5, with SHA-256: r, then s.
#[test]
fn signs_as_rfc_6979_does() {
    let jwk = private_jwk_of(&rfc_6979_key());
    let keys = Keys::from_json(&keys_document(&[(0, &jwk)], &[(0, &private_jwk())]), 900, 2_592_000).unwrap();
    for (message, signature) in [
        (
            "sample",
            "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716\
             F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
        ),
        (
            "test",
            "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367\
             019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083",
        ),
    ] {
        assert_eq!(keys.active_access(0).unwrap().signer().sign(message.as_bytes()), from_hex(signature), "{message}");
    }
}

const GOLDEN_HEADER: &str =
    r#"{"alg":"ES256","typ":"refresh+jwt","kid":"DOvxvJiAdIqVWIkFt5hDtCunXLF0BV4-JGv4f-ALSm0"}"#;
const GOLDEN_CLAIMS: &str = concat!(
    r#"{"iss":"https://api.example.com","aud":"https://api.example.com/auth/token","client_id":"web","#,
    r#""sub":"user-1","tid":"acme","fam":"AAECAwQFBgcICQoLDA0ODw","seq":7,"jti":"AAECAwQFBgcICQoLDA0ODw.7","iat":1767225600,"exp":1769817600}"#,
);
const GOLDEN_SIGNATURE: &str = "zPVmyo1bFdKpKGWNC_UjHgUzt4kv4Dn4rRFolqm_h34eKxy2bSVYO6VY4CBFAklnLdR7Y30VPos3VZkHjSJkYw";

// The successor that a lost answer is answered with again must be the same to the byte, from each version of this code on
// each host. Made by another implementation of RFC 6979 (Python's `cryptography`), from these very claims.
#[test]
fn a_refresh_token_has_these_very_bytes() {
    let refresh = private_jwk_of(&rfc_6979_key());
    let keys = keys_document(&[(0, &private_jwk())], &[(0, &refresh)]);
    let mint = mint_with(config(), &keys);
    let mut family = family_of(&mint);
    (family.seq, family.rotated_at) = (7, NOW_MS + 999);
    let token = mint.refresh_token(&SESSION, &family).unwrap();
    assert_eq!(part(&token, 0), GOLDEN_HEADER);
    assert_eq!(part(&token, 1), GOLDEN_CLAIMS);
    assert_eq!(token.split('.').nth(2).unwrap(), GOLDEN_SIGNATURE);
    // Whatever else the record says, and whichever key is active by now.
    let next = private_jwk();
    let keys = keys.replacen(r#""refresh":["#, &format!(r#""refresh":[{{"from":{NOW},"jwk":{next}}},"#), 1);
    let later = mint_with(config(), &keys);
    assert_ne!(later.refresh_kid(NOW_MS).unwrap(), family.kid);
    (family.version, family.user_epoch, family.revoked_at) = (9, 9, Some(9));
    assert_eq!(later.refresh_token(&SESSION, &family).unwrap(), token);
}

// 10,000 signatures: r is the nonce's, so no r twice is no nonce twice. 64 bytes, leading zeros and all.
#[test]
fn ten_thousand_signatures_have_64_bytes_and_no_r_twice() {
    let mint = mint();
    let key = mint.keys.active_access(NOW_MS).unwrap().signer();
    let public = Jwks::parse(mint.key_set(NOW_MS).as_bytes(), &[Algorithm::Es256]).unwrap().keys.remove(0);
    let mut seen = HashSet::new();
    for count in 0..10_000u32 {
        let message = count.to_be_bytes();
        let signature = key.sign(&message);
        assert_eq!(signature.len(), 64);
        if count % 100 == 0 || signature[0] == 0 || signature[32] == 0 {
            public.verify(&message, &signature).unwrap();
        }
        assert!(seen.insert(signature[..32].to_vec()), "{count}");
    }
}

#[test]
fn an_access_token_says_who_for_whom_and_how_long() {
    let mint = mint();
    let made = access_token(&mint, &full()).unwrap();
    assert_eq!(made.expires_in, 900);
    let key = mint.keys.active_access(NOW_MS).unwrap();
    assert_eq!(part(&made.token, 0), format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":"{}"}}"#, key.kid));
    let expected = concat!(
        r#"{"iss":"https://api.example.com","aud":"orders-api","sub":"user-1","client_id":"web","iat":1767225600,"#,
        r#""exp":1767226500,"jti":"q6urq6urq6urq6urq6urqw","auth_time":1767225600,"sid":"AAECAwQFBgcICQoLDA0ODw","#,
        r#""tid":"acme","plan":"pro","permissions":["orders:read","orders:write"],"groups":["staff"],"#,
        r#""email":"user@example.com","https://example.com/region":{"eu":[1,null,"\"x"]}}"#,
    );
    assert_eq!(part(&made.token, 1), expected);
    // Nothing is said of what there is nothing of.
    let bare = claims(&access_token(&mint, &Entitlements::default()).unwrap().token);
    let names: Vec<&String> = bare.as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 10, "{names:?}");
    assert!(!format!("{made:?}").contains(&made.token));
}

#[test]
fn writes_several_audiences_as_several() {
    let mut config = config();
    config["audience"] = serde_json::json!(["orders-api", "billing-api"]);
    config["accessTokenSeconds"] = 60.into();
    let mint = mint_with(config, &keys_document(&[(0, &private_jwk())], &[(0, &private_jwk())]));
    let made = access_token(&mint, &Entitlements::default()).unwrap();
    assert_eq!(claims(&made.token)["aud"], serde_json::json!(["orders-api", "billing-api"]));
    assert_eq!((made.expires_in, claims(&made.token)["exp"].as_u64()), (60, Some(NOW + 60)));
}

#[test]
fn an_access_token_does_not_outlive_the_family() {
    let mint = mint();
    let ending = |seconds| Family { absolute_exp: NOW + seconds, ..family_of(&mint) };
    let made = |seconds| mint.access_token(&SESSION, &ending(seconds), &Entitlements::default(), NOW_MS + 999, &RANDOM);
    for (left, life) in [(901, 900), (900, 900), (899, 899), (1, 1)] {
        let token = made(left).unwrap();
        assert_eq!((token.expires_in, claims(&token.token)["exp"].as_u64()), (life, Some(NOW + life)));
    }
    assert_eq!(made(0).map(|token| token.expires_in), Err(Error::Expired));
}

#[test]
fn a_session_keeps_its_start_through_rotations() {
    let mint = mint();
    let family = Family { rotated_at: NOW_MS + 60_000, seq: 9, ..family_of(&mint) };
    let token = mint.access_token(&SESSION, &family, &Entitlements::default(), NOW_MS + 60_000, &RANDOM).unwrap();
    let claims = claims(&token.token);
    assert_eq!((claims["auth_time"].as_u64(), claims["iat"].as_u64()), (Some(NOW), Some(NOW + 60)));
    assert_eq!(claims["sid"], SESSION.family);
}

#[test]
fn no_extra_claim_overrides_one_that_means_something() {
    let mint = mint();
    let extra = |name: &str, json: &str| Entitlements {
        claims: vec![("x".to_owned(), "1".to_owned()), (name.to_owned(), json.to_owned())],
        ..Entitlements::default()
    };
    for claim in RESERVED {
        assert_eq!(access_token(&mint, &extra(claim, "1")).map(|_| ()), Err(Error::ClaimReserved { claim }));
    }
    for name in ["ISS", "iss ", "tenant_id", "", "a\"b", "\u{e9}"] {
        let token = access_token(&mint, &extra(name, r#""v""#)).unwrap();
        assert_eq!(claims(&token.token)[name], "v");
        assert_eq!(claims(&token.token)["iss"], ISSUER);
    }
    // Once more the same name, and texts that go on after their value.
    for (name, json) in [
        ("x", "2"),
        ("y", r#"1,"sub":"admin""#),
        ("y", r#"1,"nbf":1"#),
        ("y", r#"1}.{"a":1"#),
        ("y", ""),
        ("y", "{"),
        ("y", r#"{"a":1,"a":2}"#),
        ("y", "nul"),
        ("y", "1 2"),
    ] {
        let code = access_token(&mint, &extra(name, json)).map(|_| ()).unwrap_err().code();
        assert_eq!(code, "malformed_json", "{name} {json}");
    }
    // As deep as a verifier takes, within the claims.
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let token = access_token(&mint, &extra("y", &nested(31))).unwrap().token;
    assert!(verifier(&mint).verify(&token, NOW as f64, Try::Last).is_ok());
    assert_eq!(access_token(&mint, &extra("y", &nested(32))).map(|_| ()).unwrap_err().code(), "malformed_json");
}

#[test]
fn refuses_to_make_a_token_that_is_too_long() {
    let mint = mint();
    let with = |length: usize| Entitlements { plan: Some("p".repeat(length)), ..Entitlements::default() };
    let mut length = 5_000;
    while access_token(&mint, &with(length)).is_ok() {
        length += 1;
    }
    assert_eq!(access_token(&mint, &with(length)).map(|_| ()), Err(Error::TokenTooLarge));
    let longest = access_token(&mint, &with(length - 1)).unwrap().token;
    assert!((MAX_TOKEN_BYTES - 2..=MAX_TOKEN_BYTES).contains(&longest.len()));
    assert!(verifier(&mint).verify(&longest, NOW as f64, Try::Last).is_ok());
    let user = "u".repeat(8_192);
    let session = Session { user: &user, ..SESSION };
    assert_eq!(mint.refresh_token(&session, &family_of(&mint)), Err(Error::TokenTooLarge));
}

#[test]
fn our_verifier_takes_access_tokens() {
    let mint = mint();
    let token = access_token(&mint, &full()).unwrap().token;
    let principal = verifier(&mint).verify(&token, NOW as f64, Try::Last).unwrap().principal;
    assert_eq!(principal.user_id.as_deref(), Some("user-1"));
    assert_eq!(principal.client_id.as_deref(), Some("web"));
    assert_eq!(principal.tenant_id.as_deref(), Some("acme"));
    assert_eq!(principal.plan.as_deref(), Some("pro"));
    assert_eq!(principal.permissions, ["orders:read", "orders:write"]);
    assert_eq!(principal.groups, ["staff"]);
    assert_eq!(principal.email.as_deref(), Some("user@example.com"));
    assert_eq!(principal.expires_at, (NOW + 900) as f64);
    let late = verifier(&mint).verify(&token, (NOW + 930) as f64, Try::Last).map(|_| ());
    assert_eq!(late, Err(Error::Expired));
}

#[test]
fn no_verifier_with_the_published_keys_takes_a_refresh_token() {
    let mint = mint();
    let token = mint.refresh_token(&SESSION, &family_of(&mint)).unwrap();
    let refused = |token: &str| verifier(&mint).verify(token, NOW as f64, Try::Last).map(|_| ()).unwrap_err();
    assert_eq!(refused(&token), Error::UnknownKey);
    // Nor one that names the access key, or no key.
    let rest = token.split_once('.').unwrap().1;
    let kid = &mint.keys.active_access(NOW_MS).unwrap().kid;
    let header = |header: &str| format!("{}.{rest}", encode(header));
    assert_eq!(
        refused(&header(&format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":"{kid}"}}"#))),
        Error::SignatureInvalid
    );
    assert_eq!(refused(&header(r#"{"alg":"ES256","typ":"at+jwt"}"#)), Error::SignatureInvalid);
}

#[test]
fn knows_its_refresh_tokens_again() {
    let mint = mint();
    let family = Family { seq: 3, ..family_of(&mint) };
    let token = mint.refresh_token(&SESSION, &family).unwrap();
    let known = RefreshToken {
        family: SESSION.family.to_owned(),
        user: "user-1".to_owned(),
        tenant: "acme".to_owned(),
        client: "web".to_owned(),
        presented: Presented { seq: 3, exp: NOW + 2_592_000 },
    };
    assert_eq!(mint.verify_refresh(&token, NOW_MS), Ok(known.clone()));
    // There is no tolerance after the end, and none is needed before the beginning.
    assert_eq!(mint.verify_refresh(&token, (NOW + 2_592_000) * 1000 - 1), Ok(known.clone()));
    assert_eq!(mint.verify_refresh(&token, (NOW + 2_592_000) * 1000), Err(Error::Expired));
    assert_eq!(mint.verify_refresh(&token, NOW_MS - 86_400_000), Ok(known));
}

#[test]
fn refuses_every_refresh_token_with_a_bit_or_a_character_changed() {
    let mint = mint();
    let token = mint.refresh_token(&SESSION, &family_of(&mint)).unwrap();
    for at in 0..token.len() {
        assert!(mint.verify_refresh(&token[..at], NOW_MS).is_err(), "cut at {at}");
        for bit in 0..7 {
            let mut flipped = token.clone().into_bytes();
            flipped[at] ^= 1 << bit;
            let flipped = String::from_utf8(flipped).unwrap();
            assert!(mint.verify_refresh(&flipped, NOW_MS).is_err(), "bit {bit} of {at}");
        }
    }
    assert_eq!(mint.verify_refresh(&"a".repeat(1 << 20), NOW_MS), Err(Error::TokenTooLarge));
}

#[test]
fn refuses_refresh_tokens_of_others() {
    let (access, refresh) = (private_jwk(), private_jwk());
    let keys = keys_document(&[(NOW, &access)], &[(NOW, &refresh)]);
    let ours = mint_with(config(), &keys);
    let refused = |token: &str| ours.verify_refresh(token, NOW_MS).map(|_| ()).unwrap_err();
    let other = mint();
    assert_eq!(refused(&other.refresh_token(&SESSION, &family_of(&other)).unwrap()), Error::UnknownKey);
    // An access token of ours, and the same key in another service of ours.
    assert_eq!(refused(&access_token(&ours, &Entitlements::default()).unwrap().token), Error::UnknownKey);
    let of = |member: &str, value: &str| {
        let mut config = config();
        config[member] = value.into();
        let mint = mint_with(config, &keys);
        mint.refresh_token(&SESSION, &family_of(&mint)).unwrap()
    };
    assert_eq!(refused(&of("issuer", "https://other.example.com")), Error::UnknownIssuer);
    assert_eq!(refused(&of("prefix", "/other")), Error::AudienceMismatch);
    // Signed by the refresh key, but something else.
    let key = ours.keys.refresh(ours.refresh_kid(NOW_MS).unwrap()).unwrap();
    let claims = part(&ours.refresh_token(&SESSION, &family_of(&ours)).unwrap(), 1);
    for typ in ["at+jwt", "JWT", "Refresh+JWT", "application/refresh+jwt", ""] {
        assert_eq!(refused(&key.sign(typ, &claims).unwrap()), Error::TypNotAllowed, "{typ}");
    }
    for claim in ["iss", "aud", "client_id", "sub", "tid", "fam", "seq", "exp"] {
        let mut changed: serde_json::Value = serde_json::from_str(&claims).unwrap();
        for (value, error) in [
            (serde_json::json!([]), Error::ClaimMalformed { claim }),
            (serde_json::json!(""), Error::ClaimMalformed { claim }),
            (serde_json::json!(1.5), Error::ClaimMalformed { claim }),
            (serde_json::json!(-1), Error::ClaimMalformed { claim }),
            (serde_json::json!(null), Error::ClaimMalformed { claim }),
        ] {
            changed[claim] = value;
            assert_eq!(refused(&key.sign(REFRESH_TYPE, &changed.to_string()).unwrap()), error, "{claim}");
        }
        changed.as_object_mut().unwrap().remove(claim);
        let token = key.sign(REFRESH_TYPE, &changed.to_string()).unwrap();
        assert_eq!(refused(&token), Error::ClaimMissing { claim });
    }
}

#[test]
fn a_key_that_is_gone_signs_nothing() {
    let mint = mint();
    let family = family("gone");
    assert_eq!(mint.refresh_token(&SESSION, &family), Err(Error::SigningKeyMissing));
    let early = mint.access_token(&SESSION, &family, &Entitlements::default(), (NOW - 3_601) * 1000, &RANDOM);
    assert_eq!(early.map(|_| ()), Err(Error::SigningKeyMissing));
    assert!(Jws::parse(&mint.refresh_token(&SESSION, &family_of(&mint)).unwrap()).is_ok());
}
