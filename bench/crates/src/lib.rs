//! The `p256`, `rsa` and `jsonwebtoken` crates behind the least glue that can call them. Adds no cleverness of its own.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use p256::ecdsa::signature::Verifier as _;
use rsa::pkcs1v15;
use rsa::sha2::Sha256;
use rsa::signature::Verifier as _;
use rsa::{BigUint, RsaPublicKey};
use serde_json::Value;
use wasm_bindgen::prelude::*;

fn failure(error: impl core::fmt::Display) -> JsError {
    JsError::new(&error.to_string())
}

/// A P-256 key of the `p256` crate.
#[wasm_bindgen]
pub struct P256(p256::ecdsa::VerifyingKey);

#[wasm_bindgen]
impl P256 {
    /// `point`: 65 bytes, uncompressed.
    #[wasm_bindgen(constructor)]
    pub fn new(point: &[u8]) -> Result<P256, JsError> {
        p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self).map_err(failure)
    }

    /// `signature`: r then s, 32 bytes each.
    pub fn verify(&self, input: &[u8], signature: &[u8]) -> bool {
        p256::ecdsa::Signature::from_slice(signature).is_ok_and(|signature| self.0.verify(input, &signature).is_ok())
    }
}

/// An RSA key of the `rsa` crate, for PKCS #1 v1.5 with SHA-256.
#[wasm_bindgen]
pub struct Rsa(pkcs1v15::VerifyingKey<Sha256>);

#[wasm_bindgen]
impl Rsa {
    /// `modulus`, `exponent`: big-endian.
    #[wasm_bindgen(constructor)]
    pub fn new(modulus: &[u8], exponent: &[u8]) -> Result<Rsa, JsError> {
        let (n, e) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent));
        RsaPublicKey::new(n, e).map(|key| Self(pkcs1v15::VerifyingKey::new(key))).map_err(failure)
    }

    /// `signature`: as long as the modulus.
    pub fn verify(&self, input: &[u8], signature: &[u8]) -> bool {
        pkcs1v15::Signature::try_from(signature).is_ok_and(|signature| self.0.verify(input, &signature).is_ok())
    }
}

/// A key and the rules of the `jsonwebtoken` crate.
#[wasm_bindgen]
pub struct Jwt {
    key: DecodingKey,
    validation: Validation,
}

#[wasm_bindgen]
impl Jwt {
    /// `jwk`: JSON text. Issuer and audience are checked and must be there.
    #[wasm_bindgen(constructor)]
    pub fn new(algorithm: &str, jwk: &str, issuer: &str, audience: &str) -> Result<Jwt, JsError> {
        let jwk = serde_json::from_str(jwk).map_err(failure)?;
        let key = DecodingKey::from_jwk(&jwk).map_err(failure)?;
        let mut validation = Validation::new(algorithm.parse::<Algorithm>().map_err(failure)?);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        Ok(Self { key, validation })
    }

    /// The claims as JSON text.
    pub fn verify(&self, token: &str) -> Result<String, JsError> {
        decode::<Value>(token, &self.key, &self.validation).map(|data| data.claims.to_string()).map_err(failure)
    }
}
