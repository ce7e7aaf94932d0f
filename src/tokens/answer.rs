//! What the client is told. Of a refused token only that it was refused: unknown, expired, revoked and replayed are the same
//! bytes. No body but that of a success holds a token, and with cookies not even that.

use crate::cors::Headers;
use crate::credentials::REFRESH_COOKIE;
use crate::decision::Decision;
use crate::error::Error;
use crate::json::write::{Write, Writer};
use crate::limits::{KEY_SET_CACHE_SECONDS, MAX_SET_COOKIE_BYTES, UNAVAILABLE_RETRY_SECONDS};

/// A complete answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The response headers.
    pub headers: Vec<(String, String)>,
    /// The response body; may be empty.
    pub body: String,
}

/// Why a request is not served, as far as the client learns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    InvalidRequest,
    /// Another method than the one named.
    MethodNotAllowed(&'static str),
    BodyTooLarge,
    TargetTooLong,
    HeadersTooLarge,
    InvalidClient,
    UnauthorizedClient,
    UnsupportedGrantType,
    InvalidScope,
    InvalidGrant,
    CrossSite,
    Unavailable,
}

/// How a client wants its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Manner {
    /// Tokens come and go in cookies.
    pub(super) cookies: bool,
    /// The headers that let a browser page read the answer.
    pub(super) cors: Headers,
}

/// A pair of tokens that was just made.
pub(super) struct Pair {
    pub(super) access_token: String,
    pub(super) expires_in: u64,
    pub(super) refresh_token: String,
    pub(super) refresh_expires_in: u64,
}

impl Problem {
    /// Status and code (RFC 6749 section 5.2). The codes of a 5xx are those of section 4.1.2.1.
    const fn public(self) -> (u16, &'static str) {
        match self {
            Self::InvalidRequest => (400, "invalid_request"),
            Self::MethodNotAllowed(_) => (405, "invalid_request"),
            Self::BodyTooLarge => (413, "invalid_request"),
            Self::TargetTooLong => (414, "invalid_request"),
            Self::HeadersTooLarge => (431, "invalid_request"),
            Self::InvalidClient => (401, "invalid_client"),
            Self::UnauthorizedClient => (400, "unauthorized_client"),
            Self::UnsupportedGrantType => (400, "unsupported_grant_type"),
            Self::InvalidScope => (400, "invalid_scope"),
            Self::InvalidGrant => (400, "invalid_grant"),
            Self::CrossSite => (403, "cross_site"),
            Self::Unavailable => (503, "temporarily_unavailable"),
        }
    }

    /// What an error of the request's form comes to.
    pub(super) const fn of(error: &Error) -> Self {
        match error {
            Error::HeaderFieldsTooLarge => Self::HeadersTooLarge,
            Error::TargetTooLong => Self::TargetTooLong,
            Error::CrossSite => Self::CrossSite,
            _ => Self::InvalidRequest,
        }
    }
}

impl Manner {
    /// The answer to a request that is not served. `cookie` is the access cookie's name.
    pub(super) fn problem(&self, problem: Problem, cookie: Option<&str>) -> Reply {
        let (status, code) = problem.public();
        if problem == Problem::CrossSite
            && let Decision::Deny(answer) = Decision::refuse(&Error::CrossSite, None, None, self.cors.clone())
        {
            // The gate's own answer, word for word.
            let mut reply = Reply { status: answer.status, headers: answer.headers, body: answer.body };
            reply.header("pragma", "no-cache");
            return reply;
        }
        let mut body = Writer::default();
        body.object();
        body.member("error", code);
        body.end_object();
        let mut reply = self.json(status, body.finish());
        match problem {
            Problem::MethodNotAllowed(allowed) => reply.header("allow", allowed),
            Problem::InvalidClient => reply.header("www-authenticate", "Basic realm=\"tollgate\""),
            Problem::Unavailable => reply.header("retry-after", &UNAVAILABLE_RETRY_SECONDS.to_string()),
            // The session is over, so its cookies go. Whatever else is wrong may be over soon.
            Problem::InvalidGrant => self.clear(&mut reply, cookie),
            _ => {}
        }
        reply
    }

    /// A pair of tokens. None when a browser would drop one of the cookies: half a log-in is worse than none.
    pub(super) fn tokens(&self, pair: &Pair, cookie: Option<&str>) -> Option<Reply> {
        let mut body = Writer::default();
        body.object();
        if self.cookies {
            body.member("expires_in", &pair.expires_in);
        } else {
            body.member("access_token", &pair.access_token);
            body.member("token_type", "Bearer");
            body.member("expires_in", &pair.expires_in);
            body.member("refresh_token", &pair.refresh_token);
            body.member("refresh_expires_in", &pair.refresh_expires_in);
        }
        body.end_object();
        let mut reply = self.json(200, body.finish());
        if self.cookies {
            let cookies = [
                access_cookie(cookie?, &pair.access_token, pair.expires_in)?,
                set_cookie(REFRESH_COOKIE, &pair.refresh_token, "Strict", pair.refresh_expires_in)?,
            ];
            for cookie in cookies {
                reply.header("set-cookie", &cookie);
            }
        }
        Some(reply)
    }

    /// Something was revoked, or there was nothing to revoke.
    pub(super) fn done(&self, cookie: Option<&str>) -> Reply {
        let mut reply = self.json(200, "{}".to_owned());
        self.clear(&mut reply, cookie);
        reply
    }

    /// A preflight, answered.
    pub(super) fn preflight(headers: Headers) -> Reply {
        let mut reply = Reply { status: 204, headers, body: String::new() };
        reply.store_nowhere();
        reply
    }

    /// The published keys.
    pub(super) fn key_set(json: String) -> Reply {
        let mut reply = Reply { status: 200, headers: Vec::new(), body: json };
        reply.header("content-type", "application/jwk-set+json");
        reply.header("cache-control", &format!("public, max-age={KEY_SET_CACHE_SECONDS}"));
        reply.header("access-control-allow-origin", "*");
        reply
    }

    fn json(&self, status: u16, body: String) -> Reply {
        let mut reply = Reply { status, headers: Vec::new(), body };
        reply.header("content-type", "application/json");
        reply.store_nowhere();
        reply.headers.extend(self.cors.iter().cloned());
        reply
    }

    /// Takes both cookies away.
    fn clear(&self, reply: &mut Reply, cookie: Option<&str>) {
        if !self.cookies {
            return;
        }
        let cleared = [cookie.and_then(|name| access_cookie(name, "", 0)), set_cookie(REFRESH_COOKIE, "", "Strict", 0)];
        for cookie in cleared.into_iter().flatten() {
            reply.header("set-cookie", &cookie);
        }
    }
}

/// Whether an access token fits into its cookie.
pub(super) fn fits_cookie(name: &str, access_token: &str, expires_in: u64) -> bool {
    access_cookie(name, access_token, expires_in).is_some()
}

/// `Lax`, so that a link from elsewhere finds its reader logged in.
fn access_cookie(name: &str, value: &str, max_age: u64) -> Option<String> {
    set_cookie(name, value, "Lax", max_age)
}

/// A cookie that only this host gets, only over TLS, and no page can read.
fn set_cookie(name: &str, value: &str, same_site: &str, max_age: u64) -> Option<String> {
    let cookie = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite={same_site}; Max-Age={max_age}");
    (cookie.len() <= MAX_SET_COOKIE_BYTES).then_some(cookie)
}

impl Reply {
    fn header(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    fn store_nowhere(&mut self) {
        self.header("cache-control", "no-store");
        self.header("pragma", "no-cache");
    }
}

impl Write for Reply {
    fn write(&self, to: &mut Writer) {
        to.object();
        to.member("status", &u32::from(self.status));
        to.member("headers", &self.headers);
        to.member("body", &self.body);
        to.end_object();
    }
}
