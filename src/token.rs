//! The compact form: `UntrustedToken` becomes `Verified` by a signature and in no other way. Refuses everything but three
//! parts of canonical base64url, a strict JSON header and no extension; keys in a header are never read.

use std::fmt;

use crate::base64url;
use crate::error::Error;
use crate::json::{Document, Object, Value};
use crate::jwk::{Algorithm, Key};
use crate::limits::{MAX_HEADER_PART_BYTES, MAX_KID_BYTES, MAX_TOKEN_BYTES};

/// A JSON Web Signature in compact form, not yet verified. Its payload can't be read.
pub struct Jws<'t> {
    /// The bytes that are signed: the first two parts as they came.
    signing_input: &'t str,
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

struct Header {
    document: Document,
    /// `None`: a name that is not known here, so that no key can agree with it.
    algorithm: Option<Algorithm>,
}

impl<'t> Jws<'t> {
    /// Takes a token apart and judges its header; the signature is not checked yet.
    ///
    /// # Errors
    /// In this order: [`Error::TokenTooLarge`]; [`Error::JweNotSupported`] or [`Error::MalformedToken`];
    /// [`Error::HeaderTooLarge`]; [`Error::MalformedBase64url`]; [`Error::MalformedJson`]; [`Error::CritNotSupported`],
    /// [`Error::HeaderNotSupported`] or [`Error::MalformedHeader`].
    ///
    /// ```
    /// assert_eq!(tollgate::Jws::parse("a.b").unwrap_err().code(), "malformed_token");
    /// ```
    pub fn parse(token: &'t str) -> Result<Self, Error> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Error::TokenTooLarge);
        }
        let (signing_input, header, payload, signature) = split(token)?;
        if header.len() > MAX_HEADER_PART_BYTES {
            return Err(Error::HeaderTooLarge);
        }
        let header = Header::parse(base64url::decode(header)?)?;
        let payload = base64url::decode(payload)?;
        let signature = base64url::decode(signature)?;
        Ok(Self { signing_input, header, payload, signature })
    }

    /// The algorithm that the token asserts, to look up a key with; `None` when its name is not known here. The key
    /// decides: [`Jws::verify`] refuses every other algorithm than the key's.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.header.algorithm
    }

    /// The key id that the token asserts, to look up a key with.
    pub fn kid(&self) -> Option<&str> {
        self.header.text("kid")
    }

    /// Verifies with `key`, which the caller chose from those it trusts.
    ///
    /// # Errors
    /// [`Error::AlgNotAllowed`] when the header's `alg` is not the key's; [`Error::SignatureInvalid`].
    ///
    /// ```
    /// use tollgate::{Algorithm, Jws, Key};
    /// // RFC 7515 appendix A.3.
    /// let key = Key::parse(br#"{"kty":"EC","crv":"P-256",
    ///     "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    ///     "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#, &[Algorithm::Es256])?;
    /// let jws = Jws::parse(concat!("eyJhbGciOiJFUzI1NiJ9.",
    ///     "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
    ///     "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"))?;
    /// assert!(jws.verify(&key)?.payload().starts_with(br#"{"iss":"joe""#));
    /// # Ok::<(), tollgate::Error>(())
    /// ```
    pub fn verify(self, key: &Key) -> Result<VerifiedJws, Error> {
        if self.header.algorithm != Some(key.algorithm()) {
            return Err(Error::AlgNotAllowed);
        }
        key.verify(self.signing_input.as_bytes(), &self.signature)?;
        Ok(VerifiedJws { header: self.header, payload: self.payload })
    }
}

/// A JSON Web Signature whose signature holds. Only [`Jws::verify`] makes one.
pub struct VerifiedJws {
    header: Header,
    payload: Vec<u8>,
}

impl VerifiedJws {
    /// The header, as the JSON text that was signed.
    pub fn header_json(&self) -> &str {
        self.header.document.text()
    }

    /// The payload: any bytes, not necessarily JSON.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }
}

/// A JSON Web Token whose form is right and whose claims can't be read yet.
pub struct UntrustedToken<'t> {
    jws: Jws<'t>,
    claims: Document,
}

impl<'t> UntrustedToken<'t> {
    /// Takes a token apart; the signature is not checked yet.
    ///
    /// # Errors
    /// Those of [`Jws::parse`]; [`Error::MalformedToken`] when the payload is empty, and [`Error::MalformedJson`] when it is
    /// not one strict JSON object.
    ///
    /// ```
    /// assert_eq!(tollgate::UntrustedToken::parse("").unwrap_err().code(), "malformed_token");
    /// ```
    pub fn parse(token: &'t str) -> Result<Self, Error> {
        let mut jws = Jws::parse(token)?;
        let payload = std::mem::take(&mut jws.payload);
        // A detached payload (RFC 7515 appendix F) is no claims set.
        if payload.is_empty() {
            return Err(Error::MalformedToken);
        }
        Ok(Self { jws, claims: Document::parse_object(payload)? })
    }

    /// Verifies with `key`, which the caller chose from those it trusts.
    ///
    /// # Errors
    /// [`Error::AlgNotAllowed`] when the header's `alg` is not the key's; [`Error::SignatureInvalid`].
    pub fn verify(self, key: &Key) -> Result<Verified, Error> {
        let VerifiedJws { header, .. } = self.jws.verify(key)?;
        Ok(Verified { header, claims: self.claims })
    }

    /// The `iss` that the token asserts. Good for one thing: to choose whose keys must verify it.
    pub(crate) fn asserted_issuer(&self) -> Result<&str, Error> {
        match self.claims.object().get("iss") {
            Some(Value::String(issuer)) => Ok(issuer),
            Some(_) => Err(Error::ClaimMalformed { claim: "iss" }),
            None => Err(Error::ClaimMissing { claim: "iss" }),
        }
    }

    pub(crate) fn kid(&self) -> Option<&str> {
        self.jws.kid()
    }

    pub(crate) fn algorithm(&self) -> Option<Algorithm> {
        self.jws.algorithm()
    }

    /// The header, as JSON text.
    #[cfg(all(feature = "js", not(any(feature = "js-tokens", feature = "worker"))))]
    pub(crate) fn header_json(&self) -> &str {
        self.jws.header.document.text()
    }

    /// The name that the header gives the algorithm, known here or not.
    pub(crate) fn alg(&self) -> Option<&str> {
        self.jws.header.text("alg")
    }

    pub(crate) fn typ(&self) -> Option<&str> {
        self.jws.header.text("typ")
    }
}

/// A JSON Web Token whose signature holds. Its claims are the issuer's words; whether they suffice here is another
/// question. Only [`UntrustedToken::verify`] makes one.
pub struct Verified {
    header: Header,
    claims: Document,
}

impl Verified {
    /// The header, as the JSON text that was signed.
    pub fn header_json(&self) -> &str {
        self.header.document.text()
    }

    /// The claims, as the JSON text that was signed: one strict object, no duplicate members.
    pub fn claims_json(&self) -> &str {
        self.claims.text()
    }

    pub(crate) fn claims(&self) -> Object<'_> {
        self.claims.object()
    }

    /// The header's `typ`, if there is one.
    pub fn typ(&self) -> Option<&str> {
        self.header.text("typ")
    }

    pub(crate) fn kid(&self) -> Option<&str> {
        self.header.text("kid")
    }

    pub(crate) fn algorithm(&self) -> Option<Algorithm> {
        self.header.algorithm
    }

    /// What the token's header and claims take in memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.header.document.bytes() + self.claims.bytes()
    }
}

/// The signing input, the header, the payload and the signature. Stops counting at the fifth dot and allocates nothing.
fn split(token: &str) -> Result<(&str, &str, &str, &str), Error> {
    let mut parts = token.split('.');
    let (Some(header), Some(payload), Some(signature)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Error::MalformedToken);
    };
    match parts.take(3).count() {
        0 => {}
        2 => return Err(Error::JweNotSupported),
        _ => return Err(Error::MalformedToken),
    }
    // An empty signature is `none`. An empty payload is a good JWS and no JWT.
    if header.is_empty() || signature.is_empty() {
        return Err(Error::MalformedToken);
    }
    let signing_input = token.get(..header.len() + 1 + payload.len()).ok_or(Error::MalformedToken)?;
    Ok((signing_input, header, payload, signature))
}

/// Whether a token is of three parts, and the first of them a header that is taken, whatever the others are.
pub(crate) fn has_good_header(token: &str) -> bool {
    let header = split(token).ok().map(|(_, header, ..)| header).filter(|header| header.len() <= MAX_HEADER_PART_BYTES);
    header.and_then(|header| base64url::decode(header).ok()).is_some_and(|header| Header::parse(header).is_ok())
}

impl Header {
    fn parse(json: Vec<u8>) -> Result<Self, Error> {
        let document = Document::parse_object(json)?;
        let members = document.object();
        // No extension is understood, so none may be critical, however the list is written.
        if members.get("crit").is_some() {
            return Err(Error::CritNotSupported);
        }
        // An unencoded payload (RFC 7797), a compressed one, and the mark of an encrypted token.
        for member in ["b64", "zip", "enc"] {
            if members.get(member).is_some() {
                return Err(Error::HeaderNotSupported { member });
            }
        }
        let algorithm = string(members, "alg")?.ok_or(Error::MalformedHeader { member: "alg" })?;
        let algorithm = Algorithm::from_name(algorithm);
        if string(members, "kid")?.is_some_and(|kid| kid.len() > MAX_KID_BYTES) {
            return Err(Error::MalformedHeader { member: "kid" });
        }
        string(members, "typ")?;
        Ok(Self { document, algorithm })
    }

    /// A member that [`Header::parse`] found to be a text or absent.
    fn text(&self, member: &'static str) -> Option<&str> {
        string(self.document.object(), member).unwrap_or_default()
    }
}

/// A member that may be absent but not of another type.
fn string<'a>(members: Object<'a>, member: &'static str) -> Result<Option<&'a str>, Error> {
    match members.get(member) {
        None => Ok(None),
        Some(Value::String(value)) => Ok(Some(value)),
        Some(_) => Err(Error::MalformedHeader { member }),
    }
}

// Opaque, so that no log holds a token or an unverified claim.
macro_rules! opaque_debug {
    ($($name:ident $(<$lifetime:lifetime>)?),*) => {$(
        impl fmt::Debug for $name $(<$lifetime>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}
opaque_debug!(Jws<'_>, VerifiedJws, UntrustedToken<'_>, Verified);

#[cfg(test)]
mod hmac_tests;
#[cfg(test)]
mod tests;
