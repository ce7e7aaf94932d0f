//! JWK to key: the algorithm is fixed here, by the key type and the issuer's list, never by a token. Refuses private and
//! symmetric members, weak RSA, other curves, and keys meant for anything but verifying.

use std::fmt;

use crate::base64url;
use crate::crypto::{es256, rs256};
use crate::error::Error;
use crate::json::{Array, Document, Object, Value};
use crate::limits::{MAX_JWKS_BYTES, MAX_JWKS_KEYS, MAX_KID_BYTES};

/// What only the holder of a private or shared key should have (RFC 7518 sections 6.2.2, 6.3.2 and 6.4).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A signature algorithm. There are two; every other name is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// The name as in a header's `alg` (RFC 7518 section 3.1).
    ///
    /// ```
    /// assert_eq!(tollgate::Algorithm::Es256.name(), "ES256");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    /// The algorithm called exactly `name`, case and all; `None` for every other name.
    ///
    /// ```
    /// use tollgate::Algorithm;
    /// assert_eq!(Algorithm::from_name("RS256"), Some(Algorithm::Rs256));
    /// assert_eq!(Algorithm::from_name("none"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Es256, Self::Rs256].into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// A public key bound to one algorithm.
#[derive(Clone, PartialEq)]
pub struct Key {
    kid: Option<String>,
    material: Material,
}

#[derive(Clone, PartialEq)]
enum Material {
    Es256(es256::VerifyingKey),
    Rs256(rs256::VerifyingKey),
}

impl Key {
    /// Reads one JWK: `jwk` is its JSON text, `allowed` the algorithms that its issuer may use.
    ///
    /// # Errors
    /// [`Error::MalformedJson`]; [`Error::KeyNotUsable`] with the reason.
    ///
    /// ```
    /// use tollgate::{Algorithm, Key};
    /// let jwk = br#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMko"}"#;
    /// assert_eq!(Key::parse(jwk, &[Algorithm::Es256]).unwrap_err().code(), "key_not_usable");
    /// ```
    pub fn parse(jwk: &[u8], allowed: &[Algorithm]) -> Result<Self, Error> {
        if jwk.len() > MAX_JWKS_BYTES {
            return Err(Error::KeyNotUsable("a key must have at most 65536 bytes"));
        }
        Self::from_jwk(Document::parse_object(jwk.to_vec())?.object(), allowed)
    }

    /// # Errors
    /// [`Error::KeyNotUsable`] with the reason.
    pub(crate) fn from_jwk(jwk: Object<'_>, allowed: &[Algorithm]) -> Result<Self, Error> {
        if PRIVATE_MEMBERS.iter().any(|member| jwk.get(member).is_some()) {
            return Err(Error::KeyNotUsable("private or symmetric members must not be published"));
        }
        let algorithm = algorithm_of(jwk)?;
        if !allowed.contains(&algorithm) {
            return Err(Error::KeyNotUsable("the key's algorithm must be one of the issuer's"));
        }
        check_purpose(jwk)?;
        let kid = string(jwk, "kid", "kid must be a string")?;
        if kid.is_some_and(|kid| kid.len() > MAX_KID_BYTES) {
            return Err(Error::KeyNotUsable("kid must have at most 256 bytes"));
        }
        // A key of one type with the members of another has two readings.
        let foreign = match algorithm {
            Algorithm::Es256 => ["n", "e", "e"],
            Algorithm::Rs256 => ["crv", "x", "y"],
        };
        if foreign.iter().any(|member| jwk.get(member).is_some()) {
            return Err(Error::KeyNotUsable("a key must not mix the members of EC and RSA"));
        }
        let material = match algorithm {
            Algorithm::Es256 => {
                es256::VerifyingKey::from_coordinates(&octets(jwk, "x")?, &octets(jwk, "y")?).map(Material::Es256)
            }
            Algorithm::Rs256 => {
                rs256::VerifyingKey::from_components(&octets(jwk, "n")?, &octets(jwk, "e")?).map(Material::Rs256)
            }
        }?;
        Ok(Self { kid: kid.map(str::to_owned), material })
    }

    /// The key id, if the key has one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The one algorithm that this key verifies.
    pub const fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Es256(_) => Algorithm::Es256,
            Material::Rs256(_) => Algorithm::Rs256,
        }
    }

    /// Checks `signature` over `message` (bytes as they are; SHA-256 is part of the algorithm). ES256 wants `r` then
    /// `s` in 64 bytes, RS256 as many bytes as the modulus has.
    ///
    /// # Errors
    /// [`Error::SignatureInvalid`].
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        match &self.material {
            Material::Es256(key) => key.verify(message, signature),
            Material::Rs256(key) => key.verify(message, signature),
        }
    }

    /// Whether both are the same key, whatever their ids.
    pub(crate) fn same_material(&self, other: &Self) -> bool {
        self.material == other.material
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("algorithm", &self.algorithm()).finish_non_exhaustive()
    }
}

/// The usable keys of a JWK set, and what was passed over.
#[derive(Debug, Clone, PartialEq)]
pub struct Jwks {
    /// The keys that can be used, in the set's order. May be empty.
    pub keys: Vec<Key>,
    /// The others (RFC 7517 section 5 asks to ignore what is not understood).
    pub skipped: Vec<SkippedKey>,
}

/// A key of a set that is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedKey {
    /// Its position in the set.
    pub index: usize,
    /// Why; never a part of the key.
    pub reason: &'static str,
}

impl Jwks {
    /// Reads a JWK set: `body` is its JSON text, at most 64 KiB and 100 keys; `allowed` the algorithms that its issuer
    /// may use. A bad key among good ones is skipped; the set may end up empty.
    ///
    /// # Errors
    /// [`Error::JwksMalformed`] when the document as a whole is not a key set.
    ///
    /// ```
    /// use tollgate::{Algorithm, Jwks};
    /// let set = Jwks::parse(br#"{"keys":[{"kty":"oct","k":"AyM1"}]}"#, &[Algorithm::Rs256])?;
    /// assert_eq!((set.keys.len(), set.skipped.len()), (0, 1));
    /// # Ok::<(), tollgate::Error>(())
    /// ```
    pub fn parse(body: &[u8], allowed: &[Algorithm]) -> Result<Self, Error> {
        parse_jwks(body, allowed)
    }
}

/// [`Jwks::parse`], for the layers above.
///
/// # Errors
/// [`Error::JwksMalformed`].
pub(crate) fn parse_jwks(body: &[u8], allowed: &[Algorithm]) -> Result<Jwks, Error> {
    if body.len() > MAX_JWKS_BYTES {
        return Err(Error::JwksMalformed("at most 65536 bytes"));
    }
    let set = Document::parse_object(body.to_vec()).map_err(|error| match error {
        Error::MalformedJson(expected) => Error::JwksMalformed(expected),
        other => other,
    })?;
    let Some(Value::Array(entries)) = set.object().get("keys") else {
        return Err(Error::JwksMalformed("an array called keys"));
    };
    if entries.len() > MAX_JWKS_KEYS {
        return Err(Error::JwksMalformed("at most 100 keys"));
    }
    let mut jwks = Jwks { keys: Vec::new(), skipped: Vec::new() };
    for (index, entry) in entries.iter().enumerate() {
        let key = match entry {
            Value::Object(jwk) => Key::from_jwk(jwk, allowed),
            _ => Err(Error::KeyNotUsable("a key must be an object")),
        };
        match key {
            Ok(key) => jwks.keys.push(key),
            Err(Error::KeyNotUsable(reason)) => jwks.skipped.push(SkippedKey { index, reason }),
            Err(other) => return Err(other),
        }
    }
    Ok(jwks)
}

/// The algorithm that key type and curve imply; `alg`, when present, may only agree.
fn algorithm_of(jwk: Object<'_>) -> Result<Algorithm, Error> {
    let algorithm = match string(jwk, "kty", "kty must be a string")? {
        Some("EC") => match string(jwk, "crv", "crv must be a string")? {
            Some("P-256") => Algorithm::Es256,
            _ => return Err(Error::KeyNotUsable("crv must be P-256")),
        },
        Some("RSA") => Algorithm::Rs256,
        _ => return Err(Error::KeyNotUsable("kty must be EC or RSA")),
    };
    match string(jwk, "alg", "alg must be a string")? {
        Some(name) if name != algorithm.name() => Err(Error::KeyNotUsable("alg must be that of the key type")),
        _ => Ok(algorithm),
    }
}

/// `use` and `key_ops` must let the key verify, and nothing that contradicts it (RFC 7517 sections 4.2 and 4.3).
fn check_purpose(jwk: Object<'_>) -> Result<(), Error> {
    if string(jwk, "use", "use must be a string")?.is_some_and(|purpose| purpose != "sig") {
        return Err(Error::KeyNotUsable("use must be sig"));
    }
    match jwk.get("key_ops") {
        None => Ok(()),
        Some(Value::Array(operations)) => check_operations(operations),
        Some(_) => Err(Error::KeyNotUsable("key_ops must be an array")),
    }
}

#[inline(never)]
fn check_operations(operations: Array<'_>) -> Result<(), Error> {
    let count = |name: &str| operations.iter().filter(|op| *op == Value::String(name)).count();
    let (verify, sign) = (count("verify"), count("sign"));
    if verify == 1 && sign <= 1 && verify + sign == operations.len() {
        Ok(())
    } else {
        Err(Error::KeyNotUsable("key_ops must hold verify, at most sign beside it, and each once"))
    }
}

/// A member that may be absent but not of another type.
fn string<'a>(jwk: Object<'a>, member: &str, expected: &'static str) -> Result<Option<&'a str>, Error> {
    match jwk.get(member) {
        None => Ok(None),
        Some(Value::String(value)) => Ok(Some(value)),
        Some(_) => Err(Error::KeyNotUsable(expected)),
    }
}

/// A compulsory member of base64url text.
fn octets(jwk: Object<'_>, member: &str) -> Result<Vec<u8>, Error> {
    match jwk.get(member) {
        Some(Value::String(value)) => {
            base64url::decode(value).map_err(|_| Error::KeyNotUsable("coordinates and integers must be base64url"))
        }
        _ => Err(Error::KeyNotUsable("x and y, or n and e, must be strings")),
    }
}

#[cfg(test)]
mod tests;
