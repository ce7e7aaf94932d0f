//! The raw path against the rules: a segment trie, judged byte for byte. The bytes judged are the bytes
//! forwarded: nothing is decoded or normalised for the match, and a path that an origin might read as another
//! one is refused. Order of rules means nothing; shape decides.

use std::collections::HashMap;

use crate::config;
use crate::error::Error;

/// A path whose every byte has been judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Path<'a> {
    raw: &'a str,
    has_encoded_slash: bool,
}

impl<'a> Path<'a> {
    /// Judges a raw path.
    ///
    /// # Errors
    /// [`Error::BadPath`] for whatever an origin may read differently: an empty segment, a dot segment (raw or
    /// encoded), an encoded `\`, `%`, control or unreserved character (RFC 3986 section 2.3), `;`, a byte outside
    /// `pchar`, an invalid escape, non-UTF-8.
    pub(crate) fn judge(raw: &'a str) -> Result<Self, Error> {
        let Some(rest) = raw.strip_prefix('/') else { return Err(Error::BadPath("expected a leading slash")) };
        let mut has_encoded_slash = false;
        let mut segments = rest.split('/').peekable();
        while let Some(segment) = segments.next() {
            if segment.is_empty() && segments.peek().is_some() {
                return Err(Error::BadPath("an empty segment"));
            }
            let decoded = decode(segment)?;
            if decoded.contains('/') {
                has_encoded_slash = true;
                if decoded.split('/').any(str::is_empty) {
                    return Err(Error::BadPath("an empty segment"));
                }
            }
            if decoded.split('/').any(|part| part == "." || part == "..") {
                return Err(Error::BadPath("a dot segment"));
            }
        }
        Ok(Self { raw, has_encoded_slash })
    }

    /// The raw segments; a final slash shows as an empty last one.
    fn segments(&self) -> Vec<&'a str> {
        self.raw.strip_prefix('/').unwrap_or(self.raw).split('/').collect()
    }

    /// The segments as an origin that ignores letter case and a final slash reads them.
    fn folded(&self) -> Vec<String> {
        fold_segments(self.raw)
    }
}

/// Decodes one segment, and refuses the escapes that have no business in a path.
fn decode(segment: &str) -> Result<String, Error> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            if !is_pchar(byte) {
                return Err(Error::BadPath(if byte == b';' {
                    "a semicolon"
                } else {
                    "a byte outside the path characters"
                }));
            }
            decoded.push(byte);
            continue;
        }
        let digits = bytes.next().zip(bytes.next());
        let Some(value) = digits.and_then(|(high, low)| Some(hex(high)? << 4 | hex(low)?)) else {
            return Err(Error::BadPath("an invalid escape"));
        };
        match value {
            b'\\' | b'%' => return Err(Error::BadPath("an encoded backslash or percent sign")),
            0..=0x1f | 0x7f => return Err(Error::BadPath("an encoded control character")),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
                return Err(Error::BadPath("an encoded unreserved character"));
            }
            b'.' => return Err(Error::BadPath("an encoded dot")),
            b';' => return Err(Error::BadPath("a semicolon")),
            _ => decoded.push(value),
        }
    }
    String::from_utf8(decoded).map_err(|_| Error::BadPath("escapes that are not UTF-8"))
}

/// `pchar` of RFC 3986 section 3.3, less `;`, which some origins read as the start of parameters.
fn is_pchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@".contains(&byte)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Splits a judged path as an origin reads it that decodes escapes, slashes among them, and ignores letter case
/// and a final slash.
fn fold_segments(raw: &str) -> Vec<String> {
    let trimmed = raw.strip_prefix('/').unwrap_or(raw);
    let trimmed = trimmed.strip_suffix('/').unwrap_or(trimmed);
    if trimmed.is_empty() {
        return Vec::new();
    }
    trimmed
        .split('/')
        .flat_map(|segment| {
            let decoded = decode(segment).unwrap_or_else(|_| segment.to_owned());
            decoded.split('/').map(fold).collect::<Vec<_>>()
        })
        .collect()
}

/// Folds letter case as the most generous origin does: up, then down, so that `ſ` meets `s` and the Kelvin sign `k`.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// Which rule a path meets, and what its named segments hold.
#[derive(Debug)]
pub(crate) struct Match<'a> {
    /// Position in the configuration.
    pub(crate) rule: usize,
    /// The raw bytes of the `{tenant}` segment.
    pub(crate) tenant: Option<&'a str>,
}

/// All rules, by shape.
#[derive(Debug)]
pub(crate) struct Router {
    exact: Node,
    folded: Node,
    shapes: Vec<Shape>,
}

/// One path template and the rules that share it, told apart by method.
#[derive(Debug)]
struct Shape {
    /// The key under which two templates are the same: names left out.
    key: String,
    tenant_segment: Option<usize>,
    encoded_slash: bool,
    by_method: Vec<(Option<Vec<String>>, usize)>,
}

#[derive(Debug, Default)]
struct Node {
    literals: HashMap<String, Node>,
    any: Option<Box<Node>>,
    here: Option<usize>,
    rest: Option<usize>,
}

/// A segment of a template.
#[derive(Debug, PartialEq)]
enum Part<'a> {
    Literal(&'a str),
    Any(&'a str),
    Rest,
}

impl Router {
    /// Builds the trie.
    ///
    /// # Errors
    /// [`Error::Config`] for a template that is none, for two rules of one shape with overlapping methods, and for
    /// two shapes that only letter case or a final slash tells apart.
    pub(crate) fn compile(rules: &[config::Rule]) -> Result<Self, Error> {
        let mut router = Self { exact: Node::default(), folded: Node::default(), shapes: Vec::new() };
        for (index, rule) in rules.iter().enumerate() {
            let member = format!("rules[{index}]");
            let parts = parse_template(&rule.path).map_err(|why| Error::config(format!("{member}.path"), why))?;
            let methods = methods(rule).map_err(|why| Error::config(format!("{member}.methods"), why))?;
            if rule.encoded_slash.is_some() && parts.last() != Some(&Part::Rest) {
                return Err(Error::config(
                    format!("{member}.encodedSlash"),
                    "expected a path that ends in {*rest}, because a decoded slash makes another segment",
                ));
            }
            let shape = router.shape(&member, rule, &parts)?;
            let overlap = shape.by_method.iter().find(|(other, _)| overlap(other.as_deref(), methods.as_deref()));
            if let Some((_, first)) = overlap {
                return Err(Error::config(
                    format!("{member}.methods"),
                    format!(
                        "covers a method that rules[{first}] of the same shape covers; give each rule its own methods"
                    ),
                ));
            }
            shape.encoded_slash |= rule.encoded_slash.is_some();
            shape.by_method.push((methods, index));
        }
        Ok(router)
    }

    /// Finds the rule for a method and path.
    ///
    /// # Errors
    /// [`Error::NoRule`]; [`Error::BadPath`] when an origin that ignores letter case, a final slash or the encoding
    /// of a slash would meet a different rule.
    pub(crate) fn find<'p>(&self, method: &str, path: &Path<'p>) -> Result<Match<'p>, Error> {
        let (shape, segments) = self.shape_of(path)?;
        let rule = shape
            .by_method
            .iter()
            .find(|(methods, _)| covers(methods.as_deref(), method))
            .map(|(_, rule)| *rule)
            .ok_or(Error::NoRule)?;
        let tenant = shape.tenant_segment.and_then(|at| segments.get(at).copied());
        Ok(Match { rule, tenant })
    }

    /// Whether a path meets any rule, whatever the method: what a preflight needs.
    pub(crate) fn knows(&self, path: &Path<'_>) -> Result<(), Error> {
        self.shape_of(path).map(|_| ())
    }

    fn shape_of<'p>(&self, path: &Path<'p>) -> Result<(&Shape, Vec<&'p str>), Error> {
        let segments = path.segments();
        let exact = self.exact.walk(&segments);
        let folded = path.folded();
        let folded: Vec<&str> = folded.iter().map(String::as_str).collect();
        if exact != self.folded.walk(&folded) {
            return Err(Error::BadPath(
                "letter case, a final slash or an encoded slash would make it meet another rule",
            ));
        }
        let shape = exact.and_then(|id| self.shapes.get(id)).ok_or(Error::NoRule)?;
        if path.has_encoded_slash && !shape.encoded_slash {
            return Err(Error::BadPath("an encoded slash"));
        }
        Ok((shape, segments))
    }

    /// The shape of a template, made when it is new.
    fn shape(&mut self, member: &str, rule: &config::Rule, parts: &[Part<'_>]) -> Result<&mut Shape, Error> {
        let key: String = parts
            .iter()
            .map(|part| match part {
                Part::Literal(text) => format!("/{text}"),
                Part::Any(_) => "/{}".to_owned(),
                Part::Rest => "/{*}".to_owned(),
            })
            .collect();
        let id = match self.shapes.iter().position(|shape| shape.key == key) {
            Some(id) => id,
            None => {
                let id = self.shapes.len();
                if !self.folded.insert(&folded_parts(parts), id) || !self.exact.insert(&literal_parts(parts), id) {
                    return Err(Error::config(
                        format!("{member}.path"),
                        "only letter case or a final slash tells it from another rule; many origins ignore both",
                    ));
                }
                let tenant_segment = parts.iter().position(|part| *part == Part::Any("tenant"));
                self.shapes.push(Shape { key, tenant_segment, encoded_slash: false, by_method: Vec::new() });
                id
            }
        };
        let tenant_segment = parts.iter().position(|part| *part == Part::Any("tenant"));
        match self.shapes.get_mut(id) {
            Some(shape) if shape.tenant_segment == tenant_segment => Ok(shape),
            _ => Err(Error::config(
                format!("{member}.path"),
                format!("names other segments than a rule of the same shape ({})", rule.path),
            )),
        }
    }
}

impl Node {
    /// Puts a shape at its place; false when the place is taken.
    fn insert(&mut self, parts: &[Option<String>], id: usize) -> bool {
        let mut node = self;
        for part in parts {
            node = match part {
                Some(literal) if literal == REST => {
                    return node.rest.replace(id).is_none();
                }
                Some(literal) => node.literals.entry(literal.clone()).or_default(),
                None => node.any.get_or_insert_default(),
            };
        }
        node.here.replace(id).is_none()
    }

    /// The best shape for these segments: a literal beats `{name}`, which beats `{*rest}`, leftmost first.
    /// A node has one parent, so the walk visits none twice.
    fn walk(&self, segments: &[&str]) -> Option<usize> {
        let Some((first, others)) = segments.split_first() else { return self.here.or(self.rest) };
        let literal = self.literals.get(*first).and_then(|node| node.walk(others));
        let named = || if first.is_empty() { None } else { self.any.as_ref().and_then(|node| node.walk(others)) };
        literal.or_else(named).or(self.rest)
    }
}

/// How `{*rest}` stands among the parts of a template; no literal segment can hold a slash.
const REST: &str = "/rest";

fn literal_parts(parts: &[Part<'_>]) -> Vec<Option<String>> {
    parts
        .iter()
        .map(|part| match part {
            Part::Literal(text) => Some((*text).to_owned()),
            Part::Any(_) => None,
            Part::Rest => Some(REST.to_owned()),
        })
        .collect()
}

fn folded_parts(parts: &[Part<'_>]) -> Vec<Option<String>> {
    let mut folded: Vec<Option<String>> = parts
        .iter()
        .map(|part| match part {
            Part::Literal(text) => Some(fold(&decode(text).unwrap_or_else(|_| (*text).to_owned()))),
            Part::Any(_) => None,
            Part::Rest => Some(REST.to_owned()),
        })
        .collect();
    if folded.last() == Some(&Some(String::new())) {
        folded.pop();
    }
    folded
}

/// Reads a template.
fn parse_template(template: &str) -> Result<Vec<Part<'_>>, String> {
    let rest = template.strip_prefix('/').ok_or("expected a path that starts with /")?;
    let mut parts = Vec::new();
    let mut names = Vec::new();
    let count = rest.split('/').count();
    for (at, segment) in rest.split('/').enumerate() {
        let last = at.saturating_add(1) == count;
        if segment == "{*rest}" {
            if !last {
                return Err("expected {*rest} at the end only".to_owned());
            }
            parts.push(Part::Rest);
        } else if let Some(name) = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                return Err(format!("expected {{name}} of letters, digits and _, or {{*rest}}, not {segment}"));
            }
            if names.contains(&name) {
                return Err(format!("names {{{name}}} twice"));
            }
            names.push(name);
            parts.push(Part::Any(name));
        } else {
            let path = format!("/{segment}");
            if segment.is_empty() && !last {
                return Err("expected no empty segment".to_owned());
            }
            match Path::judge(&path) {
                Ok(path) if !path.has_encoded_slash => parts.push(Part::Literal(segment)),
                Ok(_) => return Err("expected no encoded slash".to_owned()),
                Err(Error::BadPath(why)) => return Err(format!("no request can match it: {why}")),
                Err(error) => return Err(error.to_string()),
            }
        }
    }
    Ok(parts)
}

/// The methods of a rule; none for all.
fn methods(rule: &config::Rule) -> Result<Option<Vec<String>>, String> {
    let Some(methods) = &rule.methods else { return Ok(None) };
    if methods.is_empty() {
        return Err("expected at least one method; leave the member out for all".to_owned());
    }
    for method in methods {
        if method.is_empty() || !method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-') {
            return Err(format!("expected methods in capitals, such as GET, not {method:?}"));
        }
    }
    Ok(Some(methods.clone()))
}

/// Whether a rule covers a method; `GET` includes `HEAD` (RFC 9110 section 9.3.2).
fn covers(methods: Option<&[String]>, method: &str) -> bool {
    methods.is_none_or(|list| list.iter().any(|m| m == method || (m == "GET" && method == "HEAD")))
}

fn overlap(a: Option<&[String]>, b: Option<&[String]>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.iter().any(|m| covers(Some(b), m)) || b.iter().any(|m| covers(Some(a), m)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(path: &str, methods: Option<&[&str]>) -> config::Rule {
        let mut rule = serde_json::json!({ "path": path });
        if let Some(methods) = methods {
            rule["methods"] = methods.to_vec().into();
        }
        serde_json::from_value(rule).unwrap()
    }

    fn router(paths: &[&str]) -> Router {
        Router::compile(&paths.iter().map(|path| rule(path, None)).collect::<Vec<_>>()).unwrap()
    }

    fn find(router: &Router, path: &str) -> Result<usize, Error> {
        router.find("GET", &Path::judge(path)?).map(|found| found.rule)
    }

    #[test]
    fn prefers_literal_then_name_then_rest_whatever_the_order() {
        let router = router(&["/{*rest}", "/orders/{id}", "/orders/latest", "/orders/{id}/lines/{*rest}"]);
        assert_eq!(find(&router, "/orders/latest"), Ok(2));
        assert_eq!(find(&router, "/orders/7"), Ok(1));
        assert_eq!(find(&router, "/orders/7/lines"), Ok(3));
        assert_eq!(find(&router, "/orders/7/lines/"), Ok(3));
        assert_eq!(find(&router, "/orders/7/lines/1/x"), Ok(3));
        assert_eq!(find(&router, "/orders/7/other"), Ok(0));
        assert_eq!(find(&router, "/"), Ok(0));
    }

    #[test]
    fn rest_matches_nothing_too() {
        let router = router(&["/reports/{*rest}"]);
        assert_eq!(find(&router, "/reports"), Ok(0));
        assert_eq!(find(&router, "/reports/"), Ok(0));
        assert_eq!(find(&router, "/reports/x/"), Ok(0));
        assert_eq!(find(&router, "/"), Err(Error::NoRule));
        assert_eq!(find(&router, "/reportsx"), Err(Error::NoRule));
    }

    // catalogue: L14
    #[test]
    fn refuses_paths_that_an_origin_may_read_as_another_rule() {
        let router = router(&["/health", "/reports/{*rest}", "/orders/{id}", "/{*rest}"]);
        for path in [
            "/Health",
            "/health/",
            "/HEALTH/",
            "/Reports",
            "/REPORTS/x",
            "/rePorts/",
            "/orders/7/",
            "/Orders/7",
            "/%E2%84%AAx/../y",
            "/report%C5%BF/x",
        ] {
            assert_eq!(find(&router, path).unwrap_err().code(), "bad_path", "{path}");
        }
        assert_eq!(find(&router, "/reports/X"), Ok(1));
        assert_eq!(find(&router, "/orders/A7"), Ok(2));
        assert_eq!(find(&router, "/other/"), Ok(3));
    }

    // catalogue: L14
    #[test]
    fn refuses_paths_that_can_not_be_judged() {
        for path in [
            "",
            "x",
            "//",
            "//x",
            "/a//b",
            "/.",
            "/..",
            "/./a",
            "/a/..",
            "/a/../b",
            "/%2e",
            "/%2E%2e/a",
            "/.%2e/a",
            "/a/%2e",
            "/a%2e",
            "/%72eports",
            "/a;v=1",
            "/;",
            "/a%3bv",
            "/a%5cb",
            "/a\\b",
            "/a%25b",
            "/a%2572",
            "/a b",
            "/a\tb",
            "/a<b",
            "/a\"b",
            "/a^b",
            "/a|b",
            "/a`b",
            "/a{b",
            "/a}b",
            "/a[b",
            "/a]b",
            "/a#b",
            "/a%",
            "/a%2",
            "/a%zz",
            "/a%00",
            "/a%0a",
            "/a%7f",
            "/%ff",
            "/%c0%af",
            "/%ed%a0%80",
            "/é",
            "/a%2f%2fb",
            "/x/..%2freports/y",
            "/%2f",
        ] {
            assert_eq!(Path::judge(path).unwrap_err().code(), "bad_path", "{path:?}");
        }
        for path in ["/", "/a", "/a/", "/a/b", "/a.b", "/...", "/a%20b", "/%C3%A9", "/a:b@c!$&'()*+,=", "/~a_-"] {
            assert!(Path::judge(path).is_ok(), "{path:?}");
        }
    }

    #[test]
    fn passes_an_encoded_slash_only_where_the_rule_says_so() {
        let mut pass = rule("/files/{*rest}", None);
        pass.encoded_slash = Some(config::EncodedSlash::Pass);
        let router =
            Router::compile(&[pass.clone(), rule("/files/private/{*rest}", None), rule("/{*rest}", None)]).unwrap();
        assert_eq!(find(&router, "/files/a%2Fb"), Ok(0));
        assert_eq!(find(&router, "/files/a%2fb"), Ok(0));
        for path in ["/x/a%2Fb", "/files/private%2Fx", "/files/..%2Fx", "/files%2Fx", "/files/a%2F%2Fb"] {
            assert_eq!(find(&router, path).unwrap_err().code(), "bad_path", "{path}");
        }
        pass.path = "/files/{name}".to_owned();
        assert_eq!(Router::compile(&[pass]).unwrap_err().code(), "config_invalid");
    }

    #[test]
    fn tells_rules_of_one_shape_apart_by_method() {
        let rules = [rule("/a", Some(&["GET"])), rule("/a", Some(&["POST", "PUT"])), rule("/{*rest}", None)];
        let router = Router::compile(&rules).unwrap();
        let a = Path::judge("/a").unwrap();
        assert_eq!(router.find("GET", &a).unwrap().rule, 0);
        assert_eq!(router.find("HEAD", &a).unwrap().rule, 0);
        assert_eq!(router.find("PUT", &a).unwrap().rule, 1);
        // A method that the shape leaves out is denied; it never falls through to a wider shape.
        assert_eq!(router.find("DELETE", &a).unwrap_err(), Error::NoRule);
        assert_eq!(router.find("get", &a).unwrap_err(), Error::NoRule);
    }

    #[test]
    fn refuses_rules_that_can_not_be_told_apart() {
        let clash = |a: (&str, Option<&[&str]>), b: (&str, Option<&[&str]>)| {
            Router::compile(&[rule(a.0, a.1), rule(b.0, b.1)]).unwrap_err().code()
        };
        assert_eq!(clash(("/a", None), ("/a", None)), "config_invalid");
        assert_eq!(clash(("/a", Some(&["GET"])), ("/a", Some(&["HEAD"]))), "config_invalid");
        assert_eq!(clash(("/{a}", None), ("/{b}", Some(&["GET"]))), "config_invalid");
        assert_eq!(clash(("/a", None), ("/A", None)), "config_invalid");
        assert_eq!(clash(("/a", None), ("/a/", None)), "config_invalid");
        assert_eq!(clash(("/{tenant}/x", Some(&["GET"])), ("/{id}/x", Some(&["PUT"]))), "config_invalid");
    }

    #[test]
    fn refuses_templates_that_no_request_can_match() {
        for path in [
            "",
            "a",
            "//a",
            "/a//",
            "/../a",
            "/%61",
            "/a;b",
            "/{}",
            "/{a b}",
            "/{a}/{a}",
            "/{*rest}/a",
            "/{*other}",
            "/a%2fb",
            "/é",
        ] {
            assert_eq!(Router::compile(&[rule(path, None)]).unwrap_err().code(), "config_invalid", "{path:?}");
        }
    }

    #[test]
    fn names_the_tenant_segment() {
        let router = router(&["/t/{tenant}/{*rest}"]);
        let path = Path::judge("/t/acme/x").unwrap();
        assert_eq!(router.find("GET", &path).unwrap().tenant, Some("acme"));
    }
}
