//! The raw path against the rules: a segment trie, judged byte for byte. The bytes judged are the bytes
//! forwarded: nothing is decoded or normalised for the match, and a path that an origin might read as another
//! one is refused. Order of rules means nothing; shape decides.

mod letters;

use std::collections::BTreeMap;
use std::fmt;

use crate::config;
use crate::error::Error;
use crate::texts::fnv1a;
use letters::fold;

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
            // `?` and `#` end a segment for an origin that decodes before it splits off the query.
            if decoded.split(['/', '?', '#']).any(|part| part == "." || part == "..") {
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
    let mut folded = Vec::new();
    for segment in trimmed.split('/') {
        let decoded = decode(segment).unwrap_or_else(|_| segment.to_owned());
        for part in decoded.split('/') {
            folded.push(fold(part));
        }
    }
    folded
}

/// What is left of folded segments for an origin that decodes before it splits off the query; none when that changes nothing.
fn cut_at_query<'s>(folded: &[&'s str]) -> Option<Vec<&'s str>> {
    let is_cut = |segment: &&str| segment.bytes().any(|byte| byte == b'?' || byte == b'#');
    folded.iter().position(is_cut).map(|at| cut_at(folded, at))
}

#[inline(never)]
fn cut_at<'s>(folded: &[&'s str], at: usize) -> Vec<&'s str> {
    let mut cut = folded.get(..=at).unwrap_or_default().to_vec();
    let last = cut.pop().and_then(|last| last.split(['?', '#']).next()).unwrap_or_default();
    if !last.is_empty() {
        cut.push(last);
    }
    cut
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
    tenant_segment: Option<usize>,
    encoded_slash: bool,
    by_method: Vec<(Option<Vec<String>>, usize)>,
}

#[derive(Debug, Default)]
struct Node {
    /// By the hash of the segment, and a number where two hash alike: of many neighbours only one text is looked at.
    literals: BTreeMap<(u64, u32), Box<(String, Node)>>,
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
            let member = format_args!("rules[{index}]");
            let parts = parse_template(&rule.path).map_err(|why| config::fault(format_args!("{member}.path"), &why))?;
            let methods = methods(rule).map_err(|why| config::fault(format_args!("{member}.methods"), &why))?;
            if rule.encoded_slash.is_some() && parts.last() != Some(&Part::Rest) {
                return Err(config::fault(
                    format_args!("{member}.encodedSlash"),
                    "expected a path that ends in {*rest}, because a decoded slash makes another segment",
                ));
            }
            let shape = router.shape(member, rule, &parts)?;
            let overlap = shape.by_method.iter().find(|(other, _)| overlap(other.as_deref(), methods.as_deref()));
            if let Some((_, first)) = overlap {
                return Err(overlapping(member, *first));
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
    /// of a slash, `?` or `#` would meet a different rule.
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
        let differs = |reading: &[&str]| exact != self.folded.walk(reading);
        if differs(&folded) || cut_at_query(&folded).is_some_and(|cut| differs(&cut)) {
            return Err(Error::BadPath(
                "letter case, a final slash or an encoded slash, ? or # would make it meet another rule",
            ));
        }
        let shape = exact.and_then(|id| self.shapes.get(id)).ok_or(Error::NoRule)?;
        if path.has_encoded_slash && !shape.encoded_slash {
            return Err(Error::BadPath("an encoded slash"));
        }
        Ok((shape, segments))
    }

    /// The shape of a template, made when it is new.
    fn shape(
        &mut self,
        member: fmt::Arguments<'_>,
        rule: &config::Rule,
        parts: &[Part<'_>],
    ) -> Result<&mut Shape, Error> {
        let tenant_segment = parts.iter().position(|part| *part == Part::Any("tenant"));
        let new = self.shapes.len();
        // Two templates are the same that stand at one place: names are left out.
        let id = *self.exact.place(&spelt(parts, str::to_owned)).get_or_insert(new);
        if id == new {
            let mut folded = spelt(parts, |text| fold(&decode(text).unwrap_or_else(|_| text.to_owned())));
            folded.pop_if(|last| last.as_deref() == Some(""));
            if self.folded.place(&folded).replace(id).is_some() {
                return Err(config::fault(
                    format_args!("{member}.path"),
                    "only letter case or a final slash tells it from another rule; many origins ignore both",
                ));
            }
            self.shapes.push(Shape { tenant_segment, encoded_slash: false, by_method: Vec::new() });
        }
        match self.shapes.get_mut(id) {
            Some(shape) if shape.tenant_segment == tenant_segment => Ok(shape),
            _ => Err(otherwise_named(member, &rule.path)),
        }
    }
}

impl Node {
    /// The place of a shape, which may be taken.
    fn place(&mut self, parts: &[Option<String>]) -> &mut Option<usize> {
        let mut node = self;
        for part in parts {
            node = match part {
                Some(literal) if literal == REST => return &mut node.rest,
                Some(literal) => node.made(literal),
                None => node.any.get_or_insert_default(),
            };
        }
        &mut node.here
    }

    fn child(&self, literal: &str) -> Option<&Self> {
        let hash = fnv1a(literal.as_bytes());
        let mut alike = (0..).map_while(|number| self.literals.get(&(hash, number)));
        alike.find(|child| child.0 == literal).map(|child| &child.1)
    }

    /// The child of this name, made when it is new.
    fn made(&mut self, literal: &str) -> &mut Self {
        let hash = fnv1a(literal.as_bytes());
        let is_other = |number: &u32| self.literals.get(&(hash, *number)).is_some_and(|child| child.0 != literal);
        let number = (0..).find(|number| !is_other(number)).unwrap_or_default();
        &mut self.literals.entry((hash, number)).or_insert_with(|| Box::new((literal.to_owned(), Self::default()))).1
    }

    /// The best shape for these segments: a literal beats `{name}`, which beats `{*rest}`, leftmost first.
    /// A node has one parent, so the walk visits none twice.
    fn walk(&self, segments: &[&str]) -> Option<usize> {
        let Some((first, others)) = segments.split_first() else { return self.here.or(self.rest) };
        let literal = self.child(first).and_then(|node| node.walk(others));
        let named = || if first.is_empty() { None } else { self.any.as_ref().and_then(|node| node.walk(others)) };
        literal.or_else(named).or(self.rest)
    }
}

/// How `{*rest}` stands among the parts of a template; no literal segment can hold a slash.
const REST: &str = "/rest";

/// The parts of a template, with their literals in one spelling.
#[inline(never)]
fn spelt(parts: &[Part<'_>], spell: fn(&str) -> String) -> Vec<Option<String>> {
    let mut spelt = Vec::with_capacity(parts.len());
    for part in parts {
        spelt.push(match part {
            Part::Literal(text) => Some(spell(text)),
            Part::Any(_) => None,
            Part::Rest => Some(REST.to_owned()),
        });
    }
    spelt
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
            check_name(name, &names)?;
            names.push(name);
            parts.push(Part::Any(name));
        } else {
            if segment.is_empty() && !last {
                return Err("expected no empty segment".to_owned());
            }
            match Path::judge(&["/", segment].concat()) {
                Ok(path) if !path.has_encoded_slash => parts.push(Part::Literal(segment)),
                judged => return Err(unmatchable(judged.err())),
            }
        }
    }
    Ok(parts)
}

/// Checks the name of a segment; `others` are those before.
#[inline(never)]
fn check_name(name: &str, others: &[&str]) -> Result<(), String> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(format!("expected {{name}} of letters, digits and _, or {{*rest}}, not {{{name}}}"));
    }
    if others.contains(&name) {
        return Err(format!("names {{{name}}} twice"));
    }
    Ok(())
}

/// Why no request can match a literal segment.
#[cold]
#[inline(never)]
fn unmatchable(error: Option<Error>) -> String {
    match error {
        None => "expected no encoded slash".to_owned(),
        Some(Error::BadPath(why)) => format!("no request can match it: {why}"),
        Some(error) => error.to_string(),
    }
}

/// The methods of a rule; none for all.
fn methods(rule: &config::Rule) -> Result<Option<Vec<String>>, String> {
    let Some(methods) = &rule.methods else { return Ok(None) };
    if methods.is_empty() {
        return Err("expected at least one method; leave the member out for all".to_owned());
    }
    for method in methods {
        if method.is_empty() || !method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-') {
            return Err(["expected methods in capitals, such as GET, not \"", method, "\""].concat());
        }
    }
    Ok(Some(methods.clone()))
}

/// Whether a rule covers a method; `GET` includes `HEAD` (RFC 9110 section 9.3.2).
fn covers(methods: Option<&[String]>, method: &str) -> bool {
    methods.is_none_or(|list| list.iter().any(|m| m == method || (m == "GET" && method == "HEAD")))
}

#[cold]
#[inline(never)]
fn overlapping(member: fmt::Arguments<'_>, first: usize) -> Error {
    let problem =
        format!("covers a method that rules[{first}] of the same shape covers; give each rule its own methods");
    config::fault(format_args!("{member}.methods"), &problem)
}

#[cold]
#[inline(never)]
fn otherwise_named(member: fmt::Arguments<'_>, path: &str) -> Error {
    let problem = format!("names other segments than a rule of the same shape ({path})");
    config::fault(format_args!("{member}.path"), &problem)
}

#[inline(never)]
fn overlap(a: Option<&[String]>, b: Option<&[String]>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.iter().any(|m| covers(Some(b), m)) || b.iter().any(|m| covers(Some(a), m)),
        _ => true,
    }
}

#[cfg(test)]
#[path = "route_tests.rs"]
mod tests;
