//! Where a request carries its token: the `Authorization` header, one named cookie. Never the query, never the body.
//! Two different credentials are refused rather than ranked.

use crate::config;
use crate::error::Error;
use crate::limits::{MAX_COOKIE_BYTES, MAX_TOKEN_BYTES};
use crate::request::{Judged, is_origin, is_token};
use crate::texts::TextSet;

/// The cookie that holds a refresh token. It is never forwarded, wherever it turns up.
pub(crate) const REFRESH_COOKIE: &str = "__Host-refresh_token";

/// The configured places.
#[derive(Debug)]
pub(crate) struct Places {
    header: bool,
    cookie: Option<CookiePlace>,
}

#[derive(Debug)]
struct CookiePlace {
    name: String,
    cross_site: config::CrossSite,
    origins: TextSet,
}

/// A token, and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credential {
    pub(crate) token: String,
    /// From the cookie alone: a browser may have sent it without the page's knowledge.
    pub(crate) ambient: bool,
}

impl Places {
    /// Compiles the `credentials` member.
    pub(crate) fn compile(credentials: &config::Credentials) -> Result<Self, Error> {
        if !credentials.header && credentials.cookie.is_none() {
            return Err(config::fault(format_args!("credentials"), "expected the header, a cookie or both"));
        }
        let cookie = credentials.cookie.as_ref().map(CookiePlace::compile).transpose()?;
        Ok(Self { header: credentials.header, cookie })
    }

    /// Whether `Authorization` is read, and the name of the cookie that is.
    pub(crate) fn named(&self) -> (bool, Option<&str>) {
        (self.header, self.cookie.as_ref().map(|place| place.name.as_str()))
    }

    /// Whether the cookie is refused on what another site may have caused.
    pub(crate) fn refuses_cross_site(&self) -> bool {
        self.cookie.as_ref().is_some_and(|place| place.cross_site == config::CrossSite::Refuse)
    }

    /// Finds the credential of a request.
    ///
    /// # Errors
    /// [`Error::NoCredential`], [`Error::MalformedCredential`], [`Error::SeveralCredentials`],
    /// [`Error::HeaderFieldsTooLarge`] for a cookie line or token that is too long.
    pub(crate) fn find(&self, request: &Judged<'_>) -> Result<Credential, Error> {
        let from_header = if self.header { header_token(request)? } else { HeaderToken::Absent };
        let from_cookie = match &self.cookie {
            Some(place) => place.token(request)?,
            None => None,
        };
        let credential = match (from_header, from_cookie) {
            (HeaderToken::Bearer(header), Some(cookie)) if header != cookie => return Err(Error::SeveralCredentials),
            (HeaderToken::Bearer(token), _) => Credential { token: token.to_owned(), ambient: false },
            // Another scheme is no credential here, and it never falls back to the cookie.
            (HeaderToken::OtherScheme, _) | (HeaderToken::Absent, None) => return Err(Error::NoCredential),
            (HeaderToken::Absent, Some(token)) => Credential { token, ambient: true },
        };
        if credential.token.len() > MAX_TOKEN_BYTES {
            return Err(Error::HeaderFieldsTooLarge);
        }
        if !is_b64token(&credential.token) {
            return Err(Error::MalformedCredential);
        }
        Ok(credential)
    }

    /// Refuses a cookie credential on a request that another site may have caused. Tenant subdomains are same-site
    /// with each other, so `SameSite` alone does not help.
    pub(crate) fn check_cross_site(&self, credential: &Credential, request: &Judged<'_>) -> Result<(), Error> {
        match &self.cookie {
            Some(place) if credential.ambient => place.check_cross_site(request),
            _ => Ok(()),
        }
    }

    /// What the origin may see of the credential fields: header names to remove, and the `Cookie` line that stays.
    /// The access cookie and a bearer token go, on public paths too; the refresh cookie goes whatever `forward` says.
    pub(crate) fn cleaned(&self, request: &Judged<'_>, forward: bool) -> Result<Cleaned, Error> {
        let mut cleaned = Cleaned { remove_authorization: false, cookie: CookieLine::Unchanged };
        if self.header && !forward {
            cleaned.remove_authorization =
                request.values("authorization").any(|value| scheme(value).eq_ignore_ascii_case("bearer"));
        }
        if request.has("cookie") {
            let line = cookie_line(request)?;
            let access = self.cookie.as_ref().filter(|_| !forward).map(|place| place.name.as_str());
            let goes = |name: &str| name == REFRESH_COOKIE || Some(name) == access;
            if line.split(';').any(|pair| cookie_pair(pair).is_some_and(|(name, _)| goes(name))) {
                let kept: Vec<&str> =
                    line.split(';').filter(|pair| !cookie_pair(pair).is_some_and(|(name, _)| goes(name))).collect();
                let kept = kept.join(";");
                let kept = kept.trim_matches([' ', '\t']);
                cleaned.cookie = if kept.is_empty() { CookieLine::Gone } else { CookieLine::Kept(kept.to_owned()) };
            }
        }
        Ok(cleaned)
    }
}

impl CookiePlace {
    #[inline(never)]
    fn compile(cookie: &config::Cookie) -> Result<Self, Error> {
        if !is_token(&cookie.name) || cookie.name == REFRESH_COOKIE {
            return Err(config::fault(
                format_args!("credentials.cookie.name"),
                "expected a cookie name that is not the refresh cookie's",
            ));
        }
        if let Some(index) = cookie.origins.iter().position(|origin| !is_origin(origin)) {
            return Err(config::fault(
                format_args!("credentials.cookie.origins[{index}]"),
                "expected an origin such as https://app.example.com, without a path",
            ));
        }
        Ok(Self {
            name: cookie.name.clone(),
            cross_site: cookie.cross_site,
            origins: TextSet::new(cookie.origins.clone()),
        })
    }

    #[inline(never)]
    fn check_cross_site(&self, request: &Judged<'_>) -> Result<(), Error> {
        let safe = matches!(request.method, "GET" | "HEAD" | "OPTIONS") && !request.is_websocket();
        if self.cross_site == config::CrossSite::Allow || safe {
            return Ok(());
        }
        let same_origin = request.single("sec-fetch-site") == Some("same-origin");
        let origin = request.single("origin");
        let listed = origin
            .is_some_and(|origin| self.origins.contains(origin) || request.own_origin().as_deref() == Some(origin));
        if same_origin || listed { Ok(()) } else { Err(Error::CrossSite) }
    }

    #[inline(never)]
    fn token(&self, request: &Judged<'_>) -> Result<Option<String>, Error> {
        cookie_token(&cookie_line(request)?, &self.name)
    }
}

/// What is left of the credential fields.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cleaned {
    pub(crate) remove_authorization: bool,
    pub(crate) cookie: CookieLine,
}

/// What becomes of the `Cookie` line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CookieLine {
    Unchanged,
    Gone,
    Kept(String),
}

enum HeaderToken<'a> {
    Absent,
    OtherScheme,
    Bearer(&'a str),
}

/// Reads `Authorization` (RFC 6750 section 2.1): `Bearer`, in any letter case, one space, a token.
fn header_token<'a>(request: &Judged<'a>) -> Result<HeaderToken<'a>, Error> {
    let mut values = request.values("authorization");
    let Some(value) = values.next() else { return Ok(HeaderToken::Absent) };
    if values.next().is_some() {
        return Err(Error::SeveralCredentials);
    }
    let scheme = scheme(value);
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(HeaderToken::OtherScheme);
    }
    match value.strip_prefix(scheme).and_then(|rest| rest.strip_prefix(' ')) {
        Some(token) if !token.is_empty() => Ok(HeaderToken::Bearer(token)),
        _ => Err(Error::MalformedCredential),
    }
}

/// The scheme of an `Authorization` value: its leading token characters.
pub(crate) fn scheme(value: &str) -> &str {
    let end = value.find(|c: char| !c.is_ascii() || !is_token(c.encode_utf8(&mut [0; 4]))).unwrap_or(value.len());
    value.split_at_checked(end).map_or("", |(scheme, _)| scheme)
}

/// `b64token` of RFC 6750 section 2.1.
fn is_b64token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let is_one =
        |byte| matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    // Without a way out before the end, the compiler takes many bytes at once.
    !body.is_empty() && body.bytes().fold(true, |all, byte| all & is_one(byte))
}

/// All `Cookie` fields as one line; HTTP/2 may split them (RFC 9113 section 8.2.3).
pub(crate) fn cookie_line(request: &Judged<'_>) -> Result<String, Error> {
    let mut line = String::new();
    for value in request.values("cookie") {
        if !line.is_empty() {
            line.push_str("; ");
        }
        line.push_str(value);
        if line.len() > MAX_COOKIE_BYTES {
            return Err(Error::HeaderFieldsTooLarge);
        }
    }
    Ok(line)
}

/// Splits a cookie pair at its first `=`; a pair without a name is nobody's.
fn cookie_pair(pair: &str) -> Option<(&str, &str)> {
    let (name, value) = pair.trim_matches([' ', '\t']).split_once('=')?;
    (!name.is_empty()).then_some((name, value))
}

/// The value of the named cookie. Empty is absent; two different values are refused.
pub(crate) fn cookie_token(line: &str, name: &str) -> Result<Option<String>, Error> {
    let mut found: Option<&str> = None;
    for (_, value) in line.split(';').filter_map(cookie_pair).filter(|(n, _)| *n == name) {
        match found {
            Some(other) if other != value => return Err(Error::SeveralCredentials),
            _ => found = Some(value),
        }
    }
    Ok(found.filter(|value| !value.is_empty()).map(str::to_owned))
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::Request;

    const COOKIE: &str = "__Host-access_token";

    fn places() -> Places {
        let credentials = serde_json::json!({ "cookie": { "name": COOKIE, "origins": ["https://app.example.com"] } });
        Places::compile(&crate::config::from_value(credentials).unwrap()).unwrap()
    }

    fn with<T>(method: &str, headers: &[(&str, &str)], f: impl FnOnce(&Judged<'_>) -> T) -> T {
        f(&Request { method, url: "https://acme.example/x", headers }.judge().unwrap())
    }

    fn find(headers: &[(&str, &str)]) -> Result<Credential, Error> {
        with("GET", headers, |request| places().find(request))
    }

    fn bearer(token: &str) -> Result<Credential, Error> {
        Ok(Credential { token: token.to_owned(), ambient: false })
    }

    fn cookie(token: &str) -> Result<Credential, Error> {
        Ok(Credential { token: token.to_owned(), ambient: true })
    }

    // catalogue: L01
    #[test]
    fn reads_bearer_in_any_letter_case() {
        for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
            assert_eq!(find(&[("Authorization", &format!("{scheme} a.b.c"))]), bearer("a.b.c"));
        }
    }

    // catalogue: L02, L04, A13
    #[test]
    fn refuses_malformed_bearer_values() {
        for value in [
            "Bearer",
            "Bearer ",
            "Bearer  tok",
            "Bearer\ttok",
            "Bearer tok ",
            "Bearer: tok",
            "Bearer=tok",
            "Bearer,tok",
            "Bearer tok,extra=1",
            "Bearer tok;x",
            "Bearer tok .junk",
            "Bearer \"tok\"",
            "Bearer tök",
            "Bearer =",
            "Bearer Bearer tok",
        ] {
            assert_eq!(find(&[("authorization", value)]), Err(Error::MalformedCredential), "{value:?}");
        }
        for value in ["", " Bearer tok", "Bearertok", "Basic dXNlcjpwYXNz", "tok"] {
            assert_eq!(find(&[("authorization", value)]), Err(Error::NoCredential), "{value:?}");
        }
    }

    // catalogue: L03
    #[test]
    fn refuses_two_authorization_values() {
        let twice = [("authorization", "Bearer a"), ("Authorization", "Bearer a")];
        assert_eq!(find(&twice), Err(Error::SeveralCredentials));
        assert_eq!(find(&[("authorization", "Bearer a, Bearer b")]), Err(Error::MalformedCredential));
        assert_eq!(find(&[("authorization", "Basic x, Bearer y")]), Err(Error::NoCredential));
    }

    // catalogue: L05
    #[test]
    fn header_and_cookie_must_agree() {
        let line = format!("{COOKIE}=a.b.c");
        assert_eq!(find(&[("authorization", "Bearer a.b.c"), ("cookie", &line)]), bearer("a.b.c"));
        assert_eq!(find(&[("authorization", "Bearer x.y.z"), ("cookie", &line)]), Err(Error::SeveralCredentials));
        assert_eq!(find(&[("authorization", "Basic abc"), ("cookie", &line)]), Err(Error::NoCredential));
        assert_eq!(find(&[("cookie", &line)]), cookie("a.b.c"));
    }

    // catalogue: L07, L09, L10, L11
    #[test]
    fn reads_cookies_by_their_exact_grammar() {
        let is = |line: &str, expected: Result<Credential, Error>| {
            assert_eq!(find(&[("cookie", line)]), expected, "{line:?}")
        };
        is(&format!("a=1; {COOKIE}=t.o.k==; b=2"), cookie("t.o.k=="));
        is(&format!("a=1;{COOKIE}=tok;b=2"), cookie("tok"));
        is(&format!("a=1;\t{COOKIE}=tok\t;"), cookie("tok"));
        is(&format!("x{COOKIE}=tok"), Err(Error::NoCredential));
        is(&format!("{COOKIE}x=tok"), Err(Error::NoCredential));
        is("__host-access_token=tok", Err(Error::NoCredential));
        is("__HOST-access_token=tok", Err(Error::NoCredential));
        is(&format!("={COOKIE}=tok"), Err(Error::NoCredential));
        is(&format!("{COOKIE} =tok"), Err(Error::NoCredential));
        is(COOKIE, Err(Error::NoCredential));
        is(&format!("{COOKIE}="), Err(Error::NoCredential));
        is(&format!("{COOKIE}=\"tok\""), Err(Error::MalformedCredential));
        is(&format!("{COOKIE}=%74ok"), Err(Error::MalformedCredential));
        is(&format!("{COOKIE}=\"a;{COOKIE}=b\""), Err(Error::SeveralCredentials));
        is(&format!("{COOKIE}=a%zz"), Err(Error::MalformedCredential));
        is(&format!("a=\"1;2\"; {COOKIE}=tok"), cookie("tok"));
        is(&format!("=x; a; ;;{COOKIE}=tok;;"), cookie("tok"));
        is(&format!("a={COOKIE}=tok"), Err(Error::NoCredential));
        is(&format!("{COOKIE}\t=tok"), Err(Error::NoCredential));
        is(&"a=b; ".repeat(3_000), Err(Error::NoCredential));
        is(&"a=b; ".repeat(10_000), Err(Error::HeaderFieldsTooLarge));
        is(&format!("a={}; {COOKIE}=tok", "b".repeat(64 * 1024)), Err(Error::HeaderFieldsTooLarge));
    }

    // catalogue: L08, L12
    #[test]
    fn refuses_a_cookie_with_two_values() {
        let line = |a: &str, b: &str| format!("{COOKIE}={a}; {COOKIE}={b}");
        assert_eq!(find(&[("cookie", &line("a", "a"))]), cookie("a"));
        assert_eq!(find(&[("cookie", &line("a", "b"))]), Err(Error::SeveralCredentials));
        let (one, two) = (format!("{COOKIE}=a"), format!("{COOKIE}=b"));
        assert_eq!(find(&[("cookie", "x=1"), ("cookie", &one)]), cookie("a"));
        assert_eq!(find(&[("cookie", &one), ("cookie", &two)]), Err(Error::SeveralCredentials));
    }

    // catalogue: L06
    #[test]
    fn never_reads_the_query() {
        let request = Request { method: "GET", url: "https://a.example/x?access_token=a.b.c", headers: &[] };
        assert_eq!(places().find(&request.judge().unwrap()), Err(Error::NoCredential));
    }

    // catalogue: A03, L10
    #[test]
    fn bounds_tokens_and_cookie_lines_to_the_byte() {
        let fits = format!("Bearer {}", "a".repeat(MAX_TOKEN_BYTES));
        assert!(find(&[("authorization", &fits)]).is_ok());
        assert_eq!(find(&[("authorization", &format!("{fits}a"))]), Err(Error::HeaderFieldsTooLarge));
        let line = "a".repeat(MAX_COOKIE_BYTES);
        assert_eq!(find(&[("cookie", &line)]), Err(Error::NoCredential));
        assert_eq!(find(&[("cookie", &format!("{line}a"))]), Err(Error::HeaderFieldsTooLarge));
    }

    #[test]
    fn a_cookie_needs_a_same_origin_or_listed_caller_on_unsafe_methods() {
        let check = |method: &str, headers: &[(&str, &str)]| {
            let credential = cookie("tok").unwrap();
            with(method, headers, |request| places().check_cross_site(&credential, request))
        };
        for method in ["GET", "HEAD", "OPTIONS"] {
            assert_eq!(check(method, &[]), Ok(()), "{method}");
        }
        for method in ["POST", "PUT", "PATCH", "DELETE", "get", "QUERY"] {
            assert_eq!(check(method, &[]), Err(Error::CrossSite), "{method}");
        }
        assert_eq!(check("GET", &[("upgrade", "WebSocket")]), Err(Error::CrossSite));
        assert_eq!(check("GET", &[("upgrade", "websocket"), ("origin", "https://acme.example")]), Ok(()));
        for (name, value, ok) in [
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "same-site", false),
            ("sec-fetch-site", "cross-site", false),
            ("sec-fetch-site", "none", false),
            ("origin", "https://acme.example", true),
            ("origin", "https://app.example.com", true),
            ("origin", "https://globex.example", false),
            ("origin", "http://acme.example", false),
            ("origin", "https://acme.example:8443", false),
            ("origin", "https://acme.example.evil.example", false),
            ("origin", "null", false),
        ] {
            let expected = if ok { Ok(()) } else { Err(Error::CrossSite) };
            assert_eq!(check("POST", &[(name, value)]), expected, "{name}: {value}");
        }
        let twice = [("origin", "https://acme.example"), ("origin", "https://evil.example")];
        assert_eq!(check("POST", &twice), Err(Error::CrossSite));
        let from_header = bearer("tok").unwrap();
        with("POST", &[], |request| assert_eq!(places().check_cross_site(&from_header, request), Ok(())));
    }

    // catalogue: M09
    #[test]
    fn takes_only_the_credential_out_and_keeps_the_rest_byte_for_byte() {
        let cleaned = |line: &str, forward: bool| {
            with("GET", &[("cookie", line)], |r| places().cleaned(r, forward).unwrap().cookie)
        };
        assert_eq!(cleaned("a=1;  b=\"2\" ", false), CookieLine::Unchanged);
        assert_eq!(cleaned(&format!("a=1;  b=\"2\"; {COOKIE}=t"), false), CookieLine::Kept("a=1;  b=\"2\"".to_owned()));
        assert_eq!(cleaned(&format!("{COOKIE}=t; a=%20=1"), false), CookieLine::Kept("a=%20=1".to_owned()));
        assert_eq!(cleaned(&format!("{COOKIE}=t"), false), CookieLine::Gone);
        assert_eq!(cleaned(&format!("{COOKIE}=t; {COOKIE}=t"), false), CookieLine::Gone);
        assert_eq!(cleaned(&format!("{COOKIE}=t"), true), CookieLine::Unchanged);
        assert_eq!(cleaned("__Host-refresh_token=r", true), CookieLine::Gone);
        let authorization = |value: &str, forward: bool| {
            with("GET", &[("authorization", value)], |r| places().cleaned(r, forward).unwrap().remove_authorization)
        };
        assert!(authorization("Bearer tok", false));
        assert!(authorization("bearer", false));
        assert!(!authorization("Bearer tok", true));
        assert!(!authorization("Basic abc", false));
    }

    #[test]
    fn refuses_settings_that_can_not_be_right() {
        for (credentials, member) in [
            (serde_json::json!({ "header": false }), "credentials"),
            (serde_json::json!({ "cookie": { "name": "" } }), "credentials.cookie.name"),
            (serde_json::json!({ "cookie": { "name": "a b" } }), "credentials.cookie.name"),
            (serde_json::json!({ "cookie": { "name": "__Host-refresh_token" } }), "credentials.cookie.name"),
            (
                serde_json::json!({ "cookie": { "name": "a", "origins": ["https://a.example/"] } }),
                "credentials.cookie.origins[0]",
            ),
        ] {
            match Places::compile(&crate::config::from_value(credentials.clone()).unwrap()) {
                Err(Error::Config { member: named, .. }) => assert_eq!(named, member),
                other => panic!("{credentials}: {other:?}"),
            }
        }
    }
}
