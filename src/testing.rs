//! Keys and tokens for unit tests, made at run time: the repository holds no private key. Never in a build.

#[cfg(feature = "mint")]
use std::fmt::Display;
use std::sync::OnceLock;

use base64ct::{Base64UrlUnpadded, Encoding};
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use rand::RngCore;
use rand::rngs::OsRng;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};

use crate::jwk::{Algorithm, Key};

/// Both algorithms.
pub(crate) const BOTH: &[Algorithm] = &[Algorithm::Es256, Algorithm::Rs256];

/// The RSA key of this test process: 2048 bits, made on first use.
pub(crate) fn rsa_private_key() -> &'static RsaPrivateKey {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| RsaPrivateKey::new(&mut OsRng, 2048).unwrap())
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

/// An issuer's signing key with its id.
pub(crate) struct Signer {
    pub(crate) kid: String,
    secret: Secret,
}

enum Secret {
    Es256(SigningKey),
    Rs256(&'static RsaPrivateKey),
}

impl Signer {
    /// A new P-256 key.
    pub(crate) fn es256(kid: &str) -> Self {
        Self { kid: kid.to_owned(), secret: Secret::Es256(new_p256_key()) }
    }

    /// The RSA key of this process.
    pub(crate) fn rs256(kid: &str) -> Self {
        Self { kid: kid.to_owned(), secret: Secret::Rs256(rsa_private_key()) }
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match self.secret {
            Secret::Es256(_) => Algorithm::Es256,
            Secret::Rs256(_) => Algorithm::Rs256,
        }
    }

    /// The members of the public JWK that depend on the key: `"kty":…`, without braces.
    pub(crate) fn jwk_members(&self) -> String {
        match &self.secret {
            Secret::Es256(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let (x, y) = point.as_bytes()[1..].split_at(32);
                format!(r#""kty":"EC","crv":"P-256","x":"{}","y":"{}""#, encode(x), encode(y))
            }
            Secret::Rs256(key) => {
                let (n, e) = (encode(key.n().to_bytes_be()), encode(key.e().to_bytes_be()));
                format!(r#""kty":"RSA","n":"{n}","e":"{e}""#)
            }
        }
    }

    /// The public JWK, as JSON text.
    pub(crate) fn jwk(&self) -> String {
        format!(r#"{{"kid":"{}",{}}}"#, self.kid, self.jwk_members())
    }

    pub(crate) fn key(&self) -> Key {
        Key::parse(self.jwk().as_bytes(), BOTH).unwrap()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.secret {
            Secret::Es256(key) => {
                let signature: Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
            Secret::Rs256(key) => {
                use rsa::sha2::Digest;
                let hash = rsa::sha2::Sha256::digest(message);
                key.sign(Pkcs1v15Sign::new::<rsa::sha2::Sha256>(), &hash).unwrap()
            }
        }
    }

    /// The header that goes with this key, as JSON text.
    pub(crate) fn header(&self) -> String {
        format!(r#"{{"alg":"{}","kid":"{}"}}"#, self.algorithm().name(), self.kid)
    }

    /// A token with this key's header.
    pub(crate) fn token(&self, claims: &str) -> String {
        self.token_with(self.header(), claims)
    }

    /// A token with any header and payload; the signature is good.
    pub(crate) fn token_with(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        self.sealed(&format!("{}.{}", encode(header), encode(payload)))
    }

    /// Any text with a good signature over it.
    pub(crate) fn sealed(&self, signing_input: &str) -> String {
        format!("{signing_input}.{}", encode(self.sign(signing_input.as_bytes())))
    }
}

fn new_p256_key() -> SigningKey {
    let mut bytes = [0; 32];
    loop {
        OsRng.fill_bytes(&mut bytes);
        // Zero and what is not below n are refused: try again.
        if let Ok(key) = SigningKey::from_slice(&bytes) {
            return key;
        }
    }
}

/// A new private JWK, as JSON text.
#[cfg(feature = "mint")]
pub(crate) fn private_jwk() -> String {
    private_jwk_of(&new_p256_key())
}

/// The private JWK of a P-256 key, as JSON text.
#[cfg(feature = "mint")]
pub(crate) fn private_jwk_of(key: &SigningKey) -> String {
    let point = key.verifying_key().to_sec1_point(false);
    let (x, y) = point.as_bytes()[1..].split_at(32);
    let (x, y, d) = (encode(x), encode(y), encode(key.to_bytes()));
    format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}","d":"{d}"}}"#)
}

/// A keys document: dates and private JWKs of access keys, then of refresh keys.
#[cfg(feature = "mint")]
pub(crate) fn keys_document(access: &[(u64, impl Display)], refresh: &[(u64, impl Display)]) -> String {
    format!(r#"{{"access":[{}],"refresh":[{}]}}"#, dated(access), dated(refresh))
}

#[cfg(feature = "mint")]
fn dated(keys: &[(u64, impl Display)]) -> String {
    let keys: Vec<String> = keys.iter().map(|(from, jwk)| format!(r#"{{"from":{from},"jwk":{jwk}}}"#)).collect();
    keys.join(",")
}

/// A JWK set of these keys, as JSON text.
pub(crate) fn jwks(signers: &[&Signer]) -> String {
    let keys: Vec<String> = signers.iter().map(|signer| signer.jwk()).collect();
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}
