//! What the gate sees of a request: method, raw target, host and header fields. It judges their form and reads no body.

use crate::error::Error;
use crate::limits::{MAX_HEADER_COUNT, MAX_TARGET_BYTES};

/// One request, as a host hands it over. Nothing in it has been decoded or normalised.
///
/// ```
/// let request = tollgate::Request {
///     method: "GET",
///     url: "https://acme.api.example.com/orders?page=2",
///     headers: &[("authorization", "Bearer …")],
/// };
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The method, in its own letter case.
    pub method: &'a str,
    /// An absolute URL, or the raw target (`/path?query`); then `Host` gives the host.
    pub url: &'a str,
    /// Header fields, in their order, a repeated one repeated.
    pub headers: &'a [(&'a str, &'a str)],
}

/// A request whose form has been judged: the target is split, the host is known or absent.
#[derive(Debug)]
pub(crate) struct Judged<'a> {
    pub(crate) method: &'a str,
    /// Everything before the first `?`, raw.
    pub(crate) path: &'a str,
    /// `http` or `https`, when the URL was absolute.
    pub(crate) scheme: Option<&'static str>,
    /// Lower-cased, with its port, without user information.
    pub(crate) authority: Option<String>,
    headers: &'a [(&'a str, &'a str)],
}

impl<'a> Request<'a> {
    /// Judges the form of the request: sizes, method, header fields, target, host.
    pub(crate) fn judge(&self) -> Result<Judged<'a>, Error> {
        if self.headers.len() > MAX_HEADER_COUNT {
            return Err(Error::HeaderFieldsTooLarge);
        }
        if !is_token(self.method) {
            return Err(Error::BadRequest("expected a method of token characters"));
        }
        for (name, value) in self.headers {
            if !is_token(name) {
                return Err(Error::BadRequest("expected header names of token characters"));
            }
            // Without an early end: so several bytes are looked at in a step, and most values are good.
            if value.bytes().fold(false, |bad, byte| bad | matches!(byte, b'\r' | b'\n' | 0)) {
                return Err(Error::BadRequest("expected header values without CR, LF and NUL"));
            }
        }
        let (scheme, authority, target) = split_url(self.url)?;
        if target.len() > MAX_TARGET_BYTES {
            return Err(Error::TargetTooLong);
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if !query.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'#') {
            return Err(Error::BadPath("a byte outside the query characters"));
        }
        let mut judged = Judged { method: self.method, path, scheme, authority: None, headers: self.headers };
        judged.authority = judged.resolve_authority(authority)?;
        Ok(judged)
    }
}

impl<'a> Judged<'a> {
    /// The values of a header field, in their order. `name` is lower-case.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// The value of a header field that must not be repeated: none when absent or repeated.
    pub(crate) fn single(&self, name: &str) -> Option<&'a str> {
        let mut values = self.values(name);
        let first = values.next()?;
        values.next().is_none().then_some(first)
    }

    /// Whether a header field is present.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// Every header name, as it came.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.headers.iter().map(|(name, _)| *name)
    }

    /// The host without port and final dot.
    pub(crate) fn host(&self) -> Option<&str> {
        self.authority.as_deref().map(|authority| split_port(authority).0)
    }

    /// Whether the request asks for a WebSocket (RFC 6455 section 4.1).
    pub(crate) fn is_websocket(&self) -> bool {
        self.values("upgrade").any(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case("websocket")))
    }

    /// The request's own origin, as a browser would write it. A raw target leaves the scheme open:
    /// `https`, except on loopback.
    pub(crate) fn own_origin(&self) -> Option<String> {
        let authority = self.authority.as_deref()?;
        let (host, port) = split_port(authority);
        let scheme = self.scheme.unwrap_or(if is_loopback(host) { "http" } else { "https" });
        let port = match (scheme, port) {
            (_, None) | ("https", Some("443")) | ("http", Some("80")) => String::new(),
            (_, Some(port)) => format!(":{port}"),
        };
        Some(format!("{scheme}://{host}{port}"))
    }

    /// The authority of the URL and of `Host`, which must agree.
    fn resolve_authority(&self, from_url: Option<&str>) -> Result<Option<String>, Error> {
        let mut resolved = from_url.map(canonical_authority).transpose()?;
        for value in self.values("host") {
            let host = canonical_authority(value)?;
            match &resolved {
                Some(known) if !same_authority(known, &host, self.scheme) => {
                    return Err(Error::BadHost("the URL and the Host fields disagree"));
                }
                Some(_) => {}
                None => resolved = Some(host),
            }
        }
        Ok(resolved)
    }
}

/// Splits an absolute URL into scheme, authority and target; a raw target has only the last.
pub(crate) fn split_url(url: &str) -> Result<(Option<&'static str>, Option<&str>, &str), Error> {
    if url.starts_with('/') {
        return Ok((None, None, url));
    }
    // The first colon ends the scheme (RFC 3986 section 3.1).
    let absolute = url.split_once(':').and_then(|(scheme, rest)| Some((scheme, rest.strip_prefix("//")?)));
    let (scheme, rest) = match absolute {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => ("https", rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => ("http", rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("wss") => ("https", rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ws") => ("http", rest),
        _ => return Err(Error::BadPath("expected an absolute http(s) URL or a target that starts with /")),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at_checked(end).unwrap_or((rest, ""));
    match target.as_bytes().first() {
        None => Ok((Some(scheme), Some(authority), "/")),
        Some(b'/') => Ok((Some(scheme), Some(authority), target)),
        Some(_) => Err(Error::BadPath("expected a path that starts with /")),
    }
}

/// Lower-cases an authority and drops the final dot of its host; refuses what is not `host[:port]`.
fn canonical_authority(authority: &str) -> Result<String, Error> {
    let authority = authority.to_ascii_lowercase();
    let (host, port) = split_port(&authority);
    let plain = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let well_formed = match plain {
        Some(ipv6) => !ipv6.is_empty() && ipv6.bytes().all(|b| b.is_ascii_hexdigit() || b == b':' || b == b'.'),
        None => {
            host.len() <= 253
                && host.split('.').all(|label| {
                    !label.is_empty()
                        && label.len() <= 63
                        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
                })
        }
    };
    if !well_formed {
        return Err(Error::BadHost("expected host or host:port"));
    }
    match port {
        None => Ok(host.to_owned()),
        Some(port) if (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit()) => {
            Ok([host, ":", port].concat())
        }
        Some(_) => Err(Error::BadHost("expected a port of digits")),
    }
}

/// Splits `host:port`; the host loses one final dot.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    (host.strip_suffix('.').unwrap_or(host), port)
}

/// Two authorities are one when their hosts are, and their ports, the scheme's default being filled in.
fn same_authority(a: &str, b: &str, scheme: Option<&str>) -> bool {
    let default = if scheme == Some("http") { "80" } else { "443" };
    let (a_host, a_port) = split_port(a);
    let (b_host, b_port) = split_port(b);
    a_host == b_host && a_port.unwrap_or(default) == b_port.unwrap_or(default)
}

/// Whether a host is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host == "[::1]"
        || host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether a configured URL is `https`, or `http` to this machine, without user information and fragment.
pub(crate) fn is_secure_url(url: &str) -> bool {
    let Ok((scheme, Some(authority), target)) = split_url(url) else { return false };
    let Ok(authority) = canonical_authority(authority) else { return false };
    let clean = target.bytes().all(|b| (0x21..0x7f).contains(&b) && b != b'#' && b != b'\\');
    clean && (scheme == Some("https") || is_loopback(split_port(&authority).0)) && url.starts_with("http")
}

/// Whether a text is an origin as browsers write it: scheme, lower-case host, port unless default, no path.
pub(crate) fn is_origin(text: &str) -> bool {
    let Ok((Some(scheme), Some(authority), "/")) = split_url(text) else { return false };
    let Ok(canonical) = canonical_authority(authority) else { return false };
    let default = if scheme == "https" { Some("443") } else { Some("80") };
    text == format!("{scheme}://{canonical}") && split_port(&canonical).1 != default
}

/// Whether a text is a token (RFC 9110 section 5.6.2).
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn judge<'a>(url: &'a str, headers: &'a [(&'a str, &'a str)]) -> Result<Judged<'a>, Error> {
        Request { method: "GET", url, headers }.judge()
    }

    #[test]
    fn takes_the_host_from_the_url_without_case_port_and_final_dot() {
        let judged = judge("https://Acme.API.example.com.:8443/x", &[]).unwrap();
        assert_eq!(judged.host(), Some("acme.api.example.com"));
        assert_eq!(judged.own_origin().as_deref(), Some("https://acme.api.example.com:8443"));
    }

    #[test]
    fn takes_the_host_from_the_field_for_a_raw_target() {
        let headers = [("Host", "acme.example:8443")];
        assert_eq!(judge("/x", &headers).unwrap().host(), Some("acme.example"));
        assert_eq!(judge("/x", &[]).unwrap().host(), None);
    }

    #[test]
    fn refuses_a_host_field_that_disagrees() {
        let agree = [("host", "a.example:443")];
        assert!(judge("https://a.example/", &agree).is_ok());
        let disagree = [("host", "b.example")];
        assert_eq!(judge("https://a.example/", &disagree).unwrap_err().code(), "bad_host");
        let twice = [("host", "a.example"), ("host", "b.example")];
        assert_eq!(judge("/", &twice).unwrap_err().code(), "bad_host");
    }

    #[test]
    fn refuses_hosts_that_are_not_hosts() {
        for host in ["", "a b", "user@a.example", "a..b", "a.example:x", "a.example:", "[::1", "a/b", "a.example:1:2"] {
            let headers = [("host", host)];
            assert_eq!(judge("/", &headers).unwrap_err().code(), "bad_host", "{host:?}");
        }
    }

    #[test]
    fn refuses_targets_that_are_neither_absolute_nor_raw() {
        for url in ["", "x", "*", "ftp://a/", "https:/a", "https://a?x", "https://a#x", "a.example:443"] {
            assert_eq!(judge(url, &[]).unwrap_err().code(), "bad_path", "{url:?}");
        }
    }

    #[test]
    fn bounds_the_target_to_the_byte() {
        let fits = format!("/{}", "a".repeat(MAX_TARGET_BYTES - 1));
        assert!(judge(&fits, &[]).is_ok());
        let over = format!("/{}", "a".repeat(MAX_TARGET_BYTES));
        assert_eq!(judge(&over, &[]).unwrap_err(), Error::TargetTooLong);
    }

    #[test]
    fn bounds_the_number_of_header_fields() {
        let fits = vec![("x", "y"); MAX_HEADER_COUNT];
        assert!(judge("/", &fits).is_ok());
        let over = vec![("x", "y"); MAX_HEADER_COUNT + 1];
        assert_eq!(judge("/", &over).unwrap_err(), Error::HeaderFieldsTooLarge);
    }

    #[test]
    fn refuses_methods_and_fields_that_are_not_http() {
        let method = Request { method: "GE T", url: "/", headers: &[] };
        assert_eq!(method.judge().unwrap_err().code(), "bad_request");
        for field in [("", "v"), ("a b", "v"), ("a", "v\r\nx: y"), ("a", "v\0")] {
            assert_eq!(judge("/", &[field]).unwrap_err().code(), "bad_request", "{field:?}");
        }
    }

    #[test]
    fn knows_secure_urls_and_origins() {
        for url in ["https://a.example/x", "http://localhost:8080/jwks", "http://127.0.0.1:1/", "http://[::1]:2/"] {
            assert!(is_secure_url(url), "{url}");
        }
        for url in ["http://a.example/", "https://u@a.example/", "https://a.example/#x", "wss://a.example/", "/x"] {
            assert!(!is_secure_url(url), "{url}");
        }
        assert!(is_origin("https://a.example"));
        assert!(is_origin("http://localhost:3000"));
        for origin in ["https://a.example/", "https://A.example", "https://a.example:443", "null", "*", "a.example"] {
            assert!(!is_origin(origin), "{origin}");
        }
    }
}
