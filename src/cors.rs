//! Which browser origins may call (Fetch standard, CORS protocol). An origin is compared whole; none is reflected
//! that is not configured.

use crate::config;
use crate::error::Error;
use crate::request::{Judged, is_origin, is_token};
use crate::texts::TextSet;

/// The compiled `cors` member.
#[derive(Debug)]
pub(crate) struct Cors {
    origins: TextSet,
    any: bool,
    credentials: bool,
    expose: Option<String>,
    max_age_seconds: u32,
}

/// Response headers, in their order.
pub(crate) type Headers = Vec<(String, String)>;

impl Cors {
    /// Compiles the `cors` member.
    #[inline(never)]
    pub(crate) fn compile(cors: &config::Cors) -> Result<Self, Error> {
        let any = cors.origins.iter().any(|origin| origin == "*");
        if any && (cors.origins.len() > 1 || cors.credentials) {
            return Err(config::fault(format_args!("cors.origins"), "expected \"*\" alone and without credentials"));
        }
        if cors.origins.is_empty() {
            return Err(config::fault(
                format_args!("cors.origins"),
                "expected at least one origin; leave cors out for none",
            ));
        }
        if let Some(index) = cors.origins.iter().position(|origin| !any && !is_origin(origin)) {
            return Err(config::fault(
                format_args!("cors.origins[{index}]"),
                "expected an origin such as https://app.example.com, without a path",
            ));
        }
        if let Some(index) = cors.expose_headers.iter().position(|name| !is_token(name)) {
            return Err(config::fault(format_args!("cors.exposeHeaders[{index}]"), "expected a header name"));
        }
        if cors.max_age_seconds > 86_400 {
            return Err(config::fault(format_args!("cors.maxAgeSeconds"), "expected 0 to 86400"));
        }
        let expose = (!cors.expose_headers.is_empty()).then(|| cors.expose_headers.join(", "));
        Ok(Self {
            origins: TextSet::new(cors.origins.clone()),
            any,
            credentials: cors.credentials,
            expose,
            max_age_seconds: cors.max_age_seconds,
        })
    }

    /// The headers that let an allowed origin read an answer. Every answer varies by `Origin`.
    #[inline(never)]
    pub(crate) fn headers(&self, request: &Judged<'_>) -> Headers {
        let mut headers = self.allow_origin(request);
        if let (false, Some(expose)) = (headers.is_empty(), &self.expose) {
            headers.push(field("access-control-expose-headers", expose));
        }
        headers.push(field("vary", "Origin"));
        headers
    }

    /// The headers of a preflight answer: the method and headers asked for, to an allowed origin.
    #[inline(never)]
    pub(crate) fn preflight(&self, request: &Judged<'_>) -> Headers {
        let mut headers = self.allow_origin(request);
        if !headers.is_empty() {
            if let Some(method) = request.single("access-control-request-method").filter(|method| is_token(method)) {
                headers.push(field("access-control-allow-methods", method));
            }
            let asked = request.single("access-control-request-headers");
            if let Some(asked) = asked.filter(|asked| asked.split(',').all(|name| is_token(name.trim()))) {
                headers.push(field("access-control-allow-headers", asked));
            }
            headers.push(field("access-control-max-age", &self.max_age_seconds.to_string()));
        }
        headers.push(field("vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"));
        headers
    }

    fn allow_origin(&self, request: &Judged<'_>) -> Headers {
        let Some(origin) = request.single("origin") else { return Vec::new() };
        if self.any {
            return vec![field("access-control-allow-origin", "*")];
        }
        if !self.origins.contains(origin) {
            return Vec::new();
        }
        let mut headers = vec![field("access-control-allow-origin", origin)];
        if self.credentials {
            headers.push(field("access-control-allow-credentials", "true"));
        }
        headers
    }
}

/// Whether a request is a preflight: `OPTIONS` with `Origin` and `Access-Control-Request-Method`.
pub(crate) fn is_preflight(request: &Judged<'_>) -> bool {
    request.method == "OPTIONS" && request.has("origin") && request.has("access-control-request-method")
}

fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::Request;

    fn cors(value: serde_json::Value) -> Result<Cors, Error> {
        Cors::compile(&crate::config::from_value(value).unwrap())
    }

    fn with<T>(headers: &[(&str, &str)], f: impl FnOnce(&Judged<'_>) -> T) -> T {
        f(&Request { method: "OPTIONS", url: "/", headers }.judge().unwrap())
    }

    fn value<'h>(headers: &'h Headers, name: &str) -> Option<&'h str> {
        headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn allows_exact_origins_only() {
        let cors = cors(serde_json::json!({ "origins": ["https://app.example.com"], "credentials": true })).unwrap();
        let allowed = |origin: &str| {
            with(&[("origin", origin)], |r| value(&cors.headers(r), "access-control-allow-origin").map(str::to_owned))
        };
        assert_eq!(allowed("https://app.example.com").as_deref(), Some("https://app.example.com"));
        for origin in [
            "https://app.example.com.evil.example",
            "https://evil.example",
            "http://app.example.com",
            "https://app.example.com:8443",
            "https://APP.example.com",
            "null",
            "*",
            "",
        ] {
            assert_eq!(allowed(origin), None, "{origin:?}");
        }
        assert_eq!(with(&[], |r| value(&cors.headers(r), "vary").map(str::to_owned)).as_deref(), Some("Origin"));
    }

    // catalogue: L13
    #[test]
    fn answers_a_preflight_with_what_was_asked() {
        let cors = cors(serde_json::json!({ "origins": ["https://app.example.com"] })).unwrap();
        let asked = [
            ("origin", "https://app.example.com"),
            ("access-control-request-method", "DELETE"),
            ("access-control-request-headers", "authorization,x-a"),
        ];
        let headers = with(&asked, |r| cors.preflight(r));
        assert_eq!(value(&headers, "access-control-allow-methods"), Some("DELETE"));
        assert_eq!(value(&headers, "access-control-allow-headers"), Some("authorization,x-a"));
        assert_eq!(value(&headers, "access-control-max-age"), Some("600"));
        assert_eq!(value(&headers, "access-control-allow-credentials"), None);
        let foreign = [("origin", "https://evil.example"), ("access-control-request-method", "DELETE")];
        assert_eq!(with(&foreign, |r| cors.preflight(r)).len(), 1, "only Vary");
        let odd = [("origin", "https://app.example.com"), ("access-control-request-method", "DE LETE")];
        assert_eq!(value(&with(&odd, |r| cors.preflight(r)), "access-control-allow-methods"), None);
    }

    #[test]
    fn knows_a_preflight_from_a_plain_options() {
        assert!(with(&[("origin", "x"), ("access-control-request-method", "GET")], is_preflight));
        assert!(!with(&[("origin", "x")], is_preflight));
        assert!(!with(&[("access-control-request-method", "GET")], is_preflight));
        let get =
            Request { method: "GET", url: "/", headers: &[("origin", "x"), ("access-control-request-method", "GET")] };
        assert!(!is_preflight(&get.judge().unwrap()));
    }

    #[test]
    fn refuses_settings_that_can_not_be_right() {
        for (value, member) in [
            (serde_json::json!({ "origins": [] }), "cors.origins"),
            (serde_json::json!({ "origins": ["*"], "credentials": true }), "cors.origins"),
            (serde_json::json!({ "origins": ["*", "https://a.example"] }), "cors.origins"),
            (serde_json::json!({ "origins": ["https://a.example", "https://b.example/"] }), "cors.origins[1]"),
            (serde_json::json!({ "origins": ["null"] }), "cors.origins[0]"),
            (serde_json::json!({ "origins": ["*"], "exposeHeaders": ["a b"] }), "cors.exposeHeaders[0]"),
            (serde_json::json!({ "origins": ["*"], "maxAgeSeconds": 86401 }), "cors.maxAgeSeconds"),
        ] {
            match cors(value.clone()) {
                Err(Error::Config { member: named, .. }) => assert_eq!(named, member),
                other => panic!("{value}: {other:?}"),
            }
        }
    }
}
