//! What a request asks of the token service: its endpoint, its form, its credentials. Reads no store and judges no session;
//! whatever is wrong with the request itself is found here, before anything else is touched.

use super::Tokens;
use super::answer::{Manner, Problem};
use super::client::Client;
use super::form::Form;
use crate::credentials::{Credential, REFRESH_COOKIE, cookie_line, cookie_token};
use crate::limits::{MAX_FORM_BYTES, MAX_USER_BYTES};
use crate::request::{Judged, Request, split_url};

/// The grant type by which a client vouches for a user.
const SESSION_GRANT: &str = "urn:tollgate:session";

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Token,
    Refresh,
    Revoke,
    RevokeAll,
    KeySet,
}

/// What a request asks for.
#[derive(Debug)]
pub(super) enum Asked<'t> {
    /// A new session.
    Session { client: &'t Client, user: String, tenant: String },
    /// A token's successor, asked by a client that proved itself, or by a browser.
    Refresh { client: Option<&'t Client>, token: Option<String> },
    /// The end of a token's family.
    Revoke { client: Option<&'t Client>, token: Option<String> },
    /// The end of all families of a user or a tenant; the other is empty.
    RevokeAll { client: &'t Client, user: String, tenant: String },
}

impl Tokens {
    /// The endpoint of a URL, none when it is someone else's. Paths are compared as they came: an endpoint has one spelling.
    pub(super) fn endpoint(&self, url: &str) -> Option<Endpoint> {
        let (_, _, target) = split_url(url).ok()?;
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        if path == "/.well-known/jwks.json" {
            return Some(Endpoint::KeySet);
        }
        match path.strip_prefix(self.prefix.as_str())? {
            "/token" => Some(Endpoint::Token),
            // Without a cookie there is no cookie form.
            "/refresh" if self.cookie.is_some() => Some(Endpoint::Refresh),
            "/revoke" => Some(Endpoint::Revoke),
            "/revoke-all" => Some(Endpoint::RevokeAll),
            _ => None,
        }
    }

    /// Whether the answer's tokens, or their end, go into cookies.
    pub(super) fn is_cookie_form(&self, endpoint: Endpoint, request: &Judged<'_>) -> bool {
        match endpoint {
            Endpoint::Refresh => true,
            Endpoint::Revoke => self.cookie.is_some() && !request.has("authorization"),
            _ => false,
        }
    }

    /// Reads a request whose method is `POST`.
    pub(super) fn asked(
        &self,
        endpoint: Endpoint,
        url: &str,
        request: &Judged<'_>,
        body: &[u8],
        manner: &Manner,
    ) -> Result<Asked<'_>, Problem> {
        if body.len() > MAX_FORM_BYTES {
            return Err(Problem::BodyTooLarge);
        }
        // A query is logged where a body is not, so nothing is read from one, and nobody may think that it was.
        if url.contains('?') {
            return Err(Problem::InvalidRequest);
        }
        if manner.cookies {
            return self.asked_by_cookie(endpoint, request, body);
        }
        let form = Form::read(request, body).ok_or(Problem::InvalidRequest)?;
        if form.get("client_secret").is_some() {
            return Err(Problem::InvalidRequest);
        }
        let client = self.clients.authenticate(request).ok_or(Problem::InvalidClient)?;
        if form.get("client_id").is_some_and(|id| id != client.id) {
            return Err(Problem::InvalidRequest);
        }
        match endpoint {
            Endpoint::Revoke => {
                let token = form.get("token").ok_or(Problem::InvalidRequest)?.to_owned();
                Ok(Asked::Revoke { client: Some(client), token: Some(token) })
            }
            Endpoint::RevokeAll => self.asked_to_revoke_all(client, &form),
            _ => self.asked_for_tokens(client, &form),
        }
    }

    fn asked_for_tokens<'t>(&self, client: &'t Client, form: &Form) -> Result<Asked<'t>, Problem> {
        match form.get("grant_type") {
            None => Err(Problem::InvalidRequest),
            Some("refresh_token") => {
                check_refresh(form)?;
                let token = form.get("refresh_token").ok_or(Problem::InvalidRequest)?.to_owned();
                Ok(Asked::Refresh { client: Some(client), token: Some(token) })
            }
            Some(SESSION_GRANT) => {
                check_scope(form)?;
                let user = form.get("user").filter(|user| is_id(user)).ok_or(Problem::InvalidRequest)?;
                let tenant =
                    form.get("tenant").filter(|tenant| self.is_tenant(tenant)).ok_or(Problem::InvalidRequest)?;
                // A gate takes a token whose `sub` is its `client_id` for the client's own.
                if user == client.id {
                    return Err(Problem::InvalidRequest);
                }
                if !client.is_for(tenant) {
                    return Err(Problem::UnauthorizedClient);
                }
                Ok(Asked::Session { client, user: user.to_owned(), tenant: tenant.to_owned() })
            }
            Some(_) => Err(Problem::UnsupportedGrantType),
        }
    }

    fn asked_to_revoke_all<'t>(&self, client: &'t Client, form: &Form) -> Result<Asked<'t>, Problem> {
        let (user, tenant) = match (form.get("user"), form.get("tenant")) {
            (Some(user), None) if is_id(user) => (user, ""),
            (None, Some(tenant)) if self.is_tenant(tenant) => ("", tenant),
            _ => return Err(Problem::InvalidRequest),
        };
        let may = if tenant.is_empty() { client.may_end_users() } else { client.may_end(tenant) };
        if !may {
            return Err(Problem::UnauthorizedClient);
        }
        Ok(Asked::RevokeAll { client, user: user.to_owned(), tenant: tenant.to_owned() })
    }

    /// The cookie form: the browser sends the cookie by itself, so the page must prove where it is from.
    fn asked_by_cookie(&self, endpoint: Endpoint, request: &Judged<'_>, body: &[u8]) -> Result<Asked<'_>, Problem> {
        let ambient = Credential { token: String::new(), ambient: true };
        self.places.check_cross_site(&ambient, request).map_err(|error| Problem::of(&error))?;
        let form = Form::read_any(request, body).ok_or(Problem::InvalidRequest)?;
        let cookie = || {
            let line = cookie_line(request).map_err(|error| Problem::of(&error))?;
            cookie_token(&line, REFRESH_COOKIE).map_err(|_| Problem::InvalidRequest)
        };
        if endpoint == Endpoint::Revoke {
            // A client that forgot to prove itself must not believe that its token was revoked.
            if form.get("token").is_some() {
                return Err(Problem::InvalidClient);
            }
            return Ok(Asked::Revoke { client: None, token: cookie()? });
        }
        check_refresh(&form)?;
        if form.get("refresh_token").is_some() || form.get("client_secret").is_some() {
            return Err(Problem::InvalidRequest);
        }
        Ok(Asked::Refresh { client: None, token: cookie()? })
    }

    fn is_tenant(&self, text: &str) -> bool {
        is_id(text) && self.tenants.is_id(text)
    }
}

/// Judges the method and the fields of a request.
pub(super) fn judged<'r>(request: &Request<'r>) -> Result<Judged<'r>, Problem> {
    request.judge().map_err(|error| Problem::of(&error))
}

/// A session's user, tenant and rights are its own: none can be asked for when it is refreshed.
fn check_refresh(form: &Form) -> Result<(), Problem> {
    if form.get("user").is_some() || form.get("tenant").is_some() {
        return Err(Problem::InvalidRequest);
    }
    check_scope(form)
}

/// There are no scopes.
fn check_scope(form: &Form) -> Result<(), Problem> {
    if form.get("scope").is_some() { Err(Problem::InvalidScope) } else { Ok(()) }
}

/// Whether a text can be a store's key and a line of a log.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_USER_BYTES && !text.chars().any(char::is_control)
}
