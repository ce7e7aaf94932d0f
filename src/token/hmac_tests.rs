//! Key confusion: an HMAC keyed with the public key in every spelling that an attacker has of it. The HMAC is made here;
//! the core has none.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use base64ct::{Base64, Encoding};

use super::*;
use crate::testing::{Signer, encode, jwks};

const CLAIMS: &str = r#"{"iss":"https://issuer.example","sub":"u"}"#;

// catalogue: B03
#[test]
fn refuses_an_hmac_keyed_with_any_spelling_of_the_public_key() {
    for signer in [Signer::es256("k"), Signer::rs256("k")] {
        for (index, key) in spellings(&signer).iter().enumerate() {
            for (alg, block) in [("HS256", 64), ("HS384", 128), ("HS512", 128), (signer.algorithm().name(), 64)] {
                let input = format!("{}.{}", encode(format!(r#"{{"alg":"{alg}","kid":"k"}}"#)), encode(CLAIMS));
                let mac = match alg {
                    "HS384" => hmac::<sha2::Sha384>(block, key, input.as_bytes()),
                    "HS512" => hmac::<sha2::Sha512>(block, key, input.as_bytes()),
                    _ => hmac::<sha2::Sha256>(block, key, input.as_bytes()),
                };
                let expected = if alg.starts_with("HS") { "alg_not_allowed" } else { "signature_invalid" };
                assert_eq!(verdict(&signer, &format!("{input}.{}", encode(mac))), expected, "{alg}, spelling {index}");
            }
        }
    }
}

/// RFC 2104. The core has none: a test that could not forge would prove nothing.
fn hmac<D: sha2::Digest>(block: usize, key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut key = if key.len() > block { D::digest(key).to_vec() } else { key.to_vec() };
    key.resize(block, 0);
    let pad = |with: u8| key.iter().map(|byte| byte ^ with).collect::<Vec<u8>>();
    let inner = D::digest([pad(0x36), message.to_vec()].concat()).to_vec();
    D::digest([pad(0x5c), inner].concat()).to_vec()
}

#[test]
fn the_hmac_of_these_tests_is_one() {
    // RFC 4231 section 4.3.
    let mac = hmac::<sha2::Sha256>(64, b"Jefe", b"what do ya want for nothing?");
    assert_eq!(mac[..4], [0x5b, 0xdc, 0xc1, 0x46]);
}

/// What an attacker has of a public key: JSON, DER, PEM, its numbers, its id, and nothing.
fn spellings(signer: &Signer) -> Vec<Vec<u8>> {
    let jwk: serde_json::Value = serde_json::from_str(&signer.jwk()).unwrap();
    let number = |member: &str| base64url::decode(jwk[member].as_str().unwrap()).unwrap();
    let tlv = |tag: u8, content: &[u8]| {
        let length = content.len();
        let length = if length < 128 { vec![length as u8] } else { vec![0x82, (length >> 8) as u8, length as u8] };
        [&[tag][..], &length, content].concat()
    };
    let bits = |content: &[u8]| tlv(3, &[&[0], content].concat());
    let (der, mut keys) = match signer.algorithm() {
        Algorithm::Es256 => {
            let (x, y) = (number("x"), number("y"));
            let point = [&[4], &x[..], &y].concat();
            let id = [0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
            let der = tlv(0x30, &[tlv(0x30, &id), bits(&point)].concat());
            (der, vec![x.clone(), y.clone(), [x, y].concat(), point])
        }
        Algorithm::Rs256 => {
            let (n, e) = (number("n"), number("e"));
            let pkcs1 = tlv(0x30, &[tlv(2, &[&[0], &n[..]].concat()), tlv(2, &e)].concat());
            let id = [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 0x05, 0];
            (tlv(0x30, &[tlv(0x30, &id), bits(&pkcs1)].concat()), vec![n, e, pkcs1])
        }
    };
    let base64 = Base64::encode_string(&der);
    let lines: Vec<&str> = base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", lines.join("\n"));
    keys.extend(
        ["", "k", &pem, &format!("{pem}\n"), &format!(" {pem}"), &pem.replace('\n', "\r\n"), &base64].map(Vec::from),
    );
    keys.extend([signer.jwk(), jwks(&[signer]), format!("{{{}}}", signer.jwk_members())].map(Vec::from));
    keys.extend(["x", "n"].iter().filter_map(|member| Some(jwk[member].as_str()?.into())));
    keys.push(der);
    keys
}

fn verdict(signer: &Signer, token: &str) -> &'static str {
    let verified = UntrustedToken::parse(token).and_then(|token| token.verify(&signer.key()));
    verified.map_or_else(|error| error.code(), |_| "verified")
}
