//! The programs that may ask for tokens, and how they prove themselves: HTTP Basic (RFC 6749 section 2.3.1), with secrets
//! that are stored hashed. Tells nobody whether the name or the secret was wrong.
//!
//! A secret is 256 random bits, so SHA-256 is enough: a salt and a slow function are for what people can remember. A shorter
//! text is refused before it is hashed, so that the hash of a password is of no use in the configuration.

use std::hint::black_box;

use sha2::{Digest, Sha256};

use super::form::decoded;
use crate::base64url;
use crate::config::TokenService;
use crate::credentials::scheme;
use crate::limits::MIN_CLIENT_SECRET_BYTES;
use crate::request::Judged;

/// The configured clients.
#[derive(Debug)]
pub(super) struct Clients(Vec<Client>);

/// A configured client.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) id: String,
    hashes: Vec<[u8; 32]>,
    /// Its families may be refreshed by cookie.
    pub(super) cookies: bool,
    revoke_all: bool,
    tenants: Option<Vec<String>>,
}

impl Clients {
    pub(super) fn compile(service: &TokenService) -> Self {
        let clients = service.clients.iter().map(|client| Client {
            id: client.id.clone(),
            hashes: client.hashes().collect(),
            cookies: client.cookies,
            revoke_all: client.revoke_all,
            tenants: client.tenants.clone(),
        });
        Self(clients.collect())
    }

    /// The client of this name. Proves nothing.
    pub(super) fn find(&self, id: &str) -> Option<&Client> {
        self.0.iter().find(|client| client.id == id)
    }

    /// The client that the request proves to come from.
    ///
    /// Every hash of every client is compared to its end, so that the time taken tells nothing of a hash or a name.
    pub(super) fn authenticate(&self, request: &Judged<'_>) -> Option<&Client> {
        let (id, secret) = credentials(request.single("authorization")?)?;
        if secret.len() < MIN_CLIENT_SECRET_BYTES {
            return None;
        }
        let hash = Sha256::digest(secret).into();
        let mut found = None;
        for client in &self.0 {
            let is_proven = client.hashes.iter().fold(false, |proven, known| proven | is_same(known, &hash));
            if is_proven & (client.id == id) {
                found = Some(client);
            }
        }
        found
    }
}

impl Client {
    /// Whether it may ask for tokens of a tenant.
    pub(super) fn is_for(&self, tenant: &str) -> bool {
        self.tenants.as_ref().is_none_or(|tenants| tenants.iter().any(|one| one == tenant))
    }

    /// Whether it may end all families of a user, who may be a member of any tenant.
    pub(super) fn may_end_users(&self) -> bool {
        self.revoke_all && self.tenants.is_none()
    }

    /// Whether it may end all families of a tenant.
    pub(super) fn may_end(&self, tenant: &str) -> bool {
        self.revoke_all && self.is_for(tenant)
    }
}

/// The id and the secret of an `Authorization` value. Both are form-encoded inside; some libraries leave that out, which
/// comes to the same, because no other characters are allowed than those that mean themselves.
fn credentials(value: &str) -> Option<(String, String)> {
    let scheme = scheme(value);
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = base64(value.strip_prefix(scheme)?.strip_prefix(' ')?)?;
    let at = pair.iter().position(|byte| *byte == b':')?;
    let id = decoded(pair.get(..at)?)?;
    let secret = decoded(pair.get(at + 1..)?)?;
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte));
    (is_plain(&id) && is_plain(&secret)).then_some((id, secret))
}

/// Base64 with its padding (RFC 4648 section 4), as RFC 7617 asks for.
fn base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - digits.len() > 2 || text.contains(['-', '_']) {
        return None;
    }
    base64url::decode(&digits.replace('+', "-").replace('/', "_")).ok()
}

/// Compares to the end.
fn is_same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    black_box(a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b))) == 0
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use base64ct::{Base64, Encoding};

    use super::*;
    use crate::Request;

    const OLD: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const NEW: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb~.";

    fn clients() -> Clients {
        let client = |id: &str, secrets: &[&str]| Client {
            id: id.to_owned(),
            hashes: secrets.iter().map(|secret| Sha256::digest(secret).into()).collect(),
            cookies: false,
            revoke_all: true,
            tenants: None,
        };
        Clients(vec![client("web", &[OLD, NEW]), client("jobs", &["ccccccccccccccccccccccccccccccccccccccccccc"])])
    }

    fn who(values: &[&str]) -> Option<String> {
        let headers: Vec<(&str, &str)> = values.iter().map(|value| ("authorization", *value)).collect();
        let request = Request { method: "POST", url: "/", headers: &headers };
        clients().authenticate(&request.judge().unwrap()).map(|client| client.id.clone())
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", Base64::encode_string(pair.as_bytes()))
    }

    // catalogue: Q12
    #[test]
    fn knows_a_client_by_each_of_its_secrets_and_by_no_other() {
        for secret in [OLD, NEW] {
            assert_eq!(who(&[&basic(&format!("web:{secret}"))]).as_deref(), Some("web"));
            assert_eq!(who(&[&basic(&format!("jobs:{secret}"))]), None);
            assert_eq!(who(&[&basic(&format!("other:{secret}"))]), None);
        }
        for wrong in ["", "a", &OLD[1..], &format!("{OLD}a"), &OLD.to_uppercase()] {
            assert_eq!(who(&[&basic(&format!("web:{wrong}"))]), None, "{wrong}");
        }
    }

    #[test]
    fn takes_credentials_that_were_encoded_as_a_form() {
        let encoded: String = NEW.bytes().map(|byte| format!("%{byte:02X}")).collect();
        assert_eq!(who(&[&basic(&format!("w%65b:{encoded}"))]).as_deref(), Some("web"));
        assert_eq!(who(&[&basic(&format!("web:{OLD}")).replace("Basic", "bAsIc")]).as_deref(), Some("web"));
    }

    #[test]
    fn refuses_what_is_no_basic_credential() {
        let good = basic(&format!("web:{OLD}"));
        let encoded = good.strip_prefix("Basic ").unwrap();
        assert_eq!(who(&[]), None);
        assert_eq!(who(&[&good, &good]), None);
        let short = Base64::encode_string(format!("web:{}", &OLD[..42]).as_bytes());
        for value in [
            "",
            "Basic",
            "Basic ",
            encoded,
            &format!("Basic  {encoded}"),
            &format!("Bearer {encoded}"),
            &format!("Basic {encoded} "),
            &format!("Basic {}", encoded.trim_end_matches('=')),
            &format!("Basic {encoded}===="),
            &format!("Basic {short}"),
            &basic(OLD),
            &basic(&format!("web: {OLD}")),
            &basic(&format!("web:{OLD}:")),
            &basic(&format!("web:%{OLD}")),
            &basic(&format!("web:+{OLD}")),
        ] {
            assert_eq!(who(&[value]), None, "{value}");
        }
    }

    #[test]
    fn refuses_the_secret_whose_hash_is_configured_when_it_is_too_short() {
        let mut clients = clients();
        let password = &OLD[..MIN_CLIENT_SECRET_BYTES - 1];
        clients.0[0].hashes = vec![Sha256::digest(password).into()];
        let value = basic(&format!("web:{password}"));
        let headers = [("authorization", value.as_str())];
        let request = Request { method: "POST", url: "/", headers: &headers };
        assert!(clients.authenticate(&request.judge().unwrap()).is_none());
    }

    #[test]
    fn a_client_of_some_tenants_ends_no_user() {
        let mut client = clients().0.remove(0);
        assert!(client.may_end_users() && client.may_end("acme") && client.is_for("acme"));
        client.tenants = Some(vec!["acme".to_owned()]);
        assert!(!client.may_end_users() && client.may_end("acme") && !client.may_end("globex"));
        client.revoke_all = false;
        assert!(!client.may_end("acme") && client.is_for("acme") && !client.is_for("globex"));
    }
}
