//! From the document's JSON to the types of the configuration. Refuses unknown members, wrong types and a wrong
//! spelling, and names the member each time. What a value means is not judged here.

mod fields;

use std::collections::BTreeMap;

use super::{
    AlgorithmName, ClaimNames, Config, Cookie, Cors, Credentials, CrossSite, EncodedSlash, GateIssuers, Identity,
    Issuer, KeySetText, Observe, OneOrMany, OwnIssuer, OwnPreset, Preset, PrincipalKind, Requirement, Rule, Sent,
    ServiceNames, Tenant, TenantFrom, TenantRule, Upstream, VerifiedTokenCache, VerifierConfig, default_cache_bytes,
    default_cache_entries, default_cache_seconds, default_preflight, default_send, default_tolerance,
};
use crate::error::Error;
use crate::json::{Document, Fault, Object, Value};
use crate::limits::MAX_CONFIG_BYTES;
pub(crate) use fields::{Defaulted, Field, Stated};

/// Reads a configuration document.
///
/// # Errors
/// [`Error::Config`] with the path of the member that is unknown, missing or of the wrong type, or at which the text
/// stops being JSON.
pub(crate) fn parse<T: Read>(json: &str) -> Result<T, Error> {
    if json.len() > MAX_CONFIG_BYTES {
        return Err(Error::config("", "expected at most 8 MiB of JSON"));
    }
    let document = Document::parse_text(json.to_owned()).map_err(|fault| not_json(&fault))?;
    let mut faults = Faults(None);
    let read = T::read(document.value(), &Path::Document, &mut faults);
    match faults.0 {
        None => Ok(read),
        Some(first) => Err(first),
    }
}

/// The first fault. Reading goes on after it, with something in the place of what could not be read, and what was read is
/// thrown away at the end: one way out, where a hundred would be most of the code.
pub(crate) struct Faults(Option<Error>);

impl Faults {
    fn note(&mut self, at: &Path<'_>, problem: &[&str]) {
        if self.0.is_none() {
            self.0 = Some(Error::config(at.text(), problem.concat()));
        }
    }

    fn expected(&mut self, at: &Path<'_>, what: &str, value: Value<'_>) {
        let found = match value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "this number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        self.note(at, &["expected ", what, ", not ", found]);
    }
}

/// Names the place at which a text stops being JSON: by line and column, and by the member that was being read.
fn not_json(fault: &Fault) -> Error {
    // What stands before the fault is the beginning of good JSON, so brackets and strings are all there is to look for.
    let before = fault.text.get(..fault.at).unwrap_or_default();
    let mut open: Vec<Step<'_>> = Vec::new();
    let (mut last, mut string) = ("", None);
    let mut is_escaped = false;
    for (at, byte) in before.bytes().enumerate() {
        match (byte, string) {
            (b'"', None) => string = Some(at + 1),
            (b'"', Some(from)) if !is_escaped => {
                last = before.get(from..at).unwrap_or_default();
                string = None;
            }
            (_, Some(_)) => is_escaped = byte == b'\\' && !is_escaped,
            (b'{', None) => open.push(Step::Object(None)),
            (b'[', None) => open.push(Step::Array(0)),
            (b'}' | b']', None) => drop(open.pop()),
            (b':', None) => drop(open.last_mut().map(|step| *step = Step::Object(Some(last)))),
            (b',', None) => match open.last_mut() {
                Some(Step::Array(index)) => *index += 1,
                Some(step) => *step = Step::Object(None),
                None => {}
            },
            _ => {}
        }
    }
    let mut member = String::new();
    for step in &open {
        match step {
            Step::Array(index) => member.push_str(&format!("[{index}]")),
            Step::Object(Some(name)) => {
                member.push_str(if member.is_empty() { "" } else { "." });
                member.push_str(name);
            }
            Step::Object(None) => {}
        }
    }
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.bytes().rev().take_while(|byte| *byte != b'\n').count() + 1;
    Error::config(member, format!("{} at line {line} column {column}", fault.error))
}

/// An open bracket before a fault.
enum Step<'t> {
    /// The name of the member whose value began.
    Object(Option<&'t str>),
    Array(usize),
}

/// Where a value stands, from the inside out.
pub(crate) enum Path<'p> {
    Document,
    Member(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

/// What can be read from a value of the document.
pub(crate) trait Read: Sized {
    /// Reads the value that stands at `at`. What is returned beside a fault means nothing.
    fn read(value: Value<'_>, at: &Path<'_>, faults: &mut Faults) -> Self;

    /// Whether a member of this type must be there, unless it has a default.
    const IS_COMPULSORY: bool = true;

    /// What stands for a member that is not there.
    fn stand_in() -> Self {
        Self::read(Value::Null, &Path::Document, &mut Faults(None))
    }
}

impl Path<'_> {
    /// As in `issuers[0].audience`.
    fn text(&self) -> String {
        match self {
            Self::Document => String::new(),
            Self::Member(outer, name) => {
                let mut text = outer.text();
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
                text
            }
            Self::Item(outer, index) => format!("{}[{index}]", outer.text()),
        }
    }
}

/// An object whose members all have a known name.
pub(crate) struct Members<'d, 'p> {
    object: Option<Object<'d>>,
    at: &'p Path<'p>,
}

impl<'d, 'p> Members<'d, 'p> {
    pub(crate) fn of(value: Value<'d>, at: &'p Path<'p>, known: &[&str], faults: &mut Faults) -> Self {
        let Value::Object(object) = value else {
            faults.expected(at, "an object", value);
            return Self { object: None, at };
        };
        if let Some((name, _)) = object.iter().find(|(name, _)| !known.contains(name)) {
            faults.note(&Path::Member(at, name), &["unknown member, expected ", &listed(known)]);
        }
        Self { object: Some(object), at }
    }

    /// An object of which someone else reads the other members.
    fn among_others(value: Value<'d>, at: &'p Path<'p>, faults: &mut Faults) -> Self {
        let Value::Object(object) = value else {
            faults.expected(at, "an object", value);
            return Self { object: None, at };
        };
        Self { object: Some(object), at }
    }

    fn get(&self, name: &str) -> Option<Value<'d>> {
        self.object.and_then(|object| object.get(name))
    }

    /// Reads the members called `names` into `fields`, in their order.
    pub(crate) fn fill(&self, names: &[&str], fields: &mut [&mut dyn Field], faults: &mut Faults) {
        for (name, field) in names.iter().zip(fields) {
            match self.get(name) {
                Some(value) => field.fill(value, &Path::Member(self.at, name), faults),
                None if field.is_compulsory() => faults.note(self.at, &["expected a member ", name]),
                None => {}
            }
        }
    }

    /// One member.
    pub(crate) fn take<T: Read>(&self, name: &str, faults: &mut Faults) -> T {
        let mut field = T::stand_in();
        self.fill(&[name], &mut [&mut field], faults);
        field
    }
}

/// The words as a text says them.
fn listed(words: &[&str]) -> String {
    let mut text = String::new();
    for (position, word) in words.iter().enumerate() {
        if position > 0 {
            text.push_str(if position + 1 == words.len() { " or " } else { ", " });
        }
        text.push_str(word);
    }
    text
}

impl Read for bool {
    fn read(value: Value<'_>, at: &Path<'_>, faults: &mut Faults) -> Self {
        if let Value::Bool(value) = value {
            return value;
        }
        faults.expected(at, "true or false", value);
        false
    }

    fn stand_in() -> Self {
        false
    }
}

impl Read for u32 {
    fn read(value: Value<'_>, at: &Path<'_>, faults: &mut Faults) -> Self {
        let number = if let Value::Number(number) = value { number.to_u32() } else { None };
        number.unwrap_or_else(|| {
            faults.expected(at, "an integer from 0 to 4294967295", value);
            0
        })
    }

    fn stand_in() -> Self {
        0
    }
}

impl Read for String {
    fn read(value: Value<'_>, at: &Path<'_>, faults: &mut Faults) -> Self {
        if let Value::String(text) = value {
            return text.to_owned();
        }
        faults.expected(at, "a string", value);
        Self::new()
    }

    fn stand_in() -> Self {
        Self::new()
    }
}

/// Absent and null are one, except where a member's type says otherwise.
impl<T: Read> Read for Option<T> {
    fn read(value: Value<'_>, at: &Path<'_>, faults: &mut Faults) -> Self {
        if matches!(value, Value::Null) { None } else { Some(T::read(value, at, faults)) }
    }

    const IS_COMPULSORY: bool = false;

    fn stand_in() -> Self {
        None
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: Value<'_>, at: &Path<'_>, faults: &mut Faults) -> Self {
        let Value::Array(items) = value else {
            faults.expected(at, "an array", value);
            return Self::new();
        };
        let mut read = Self::new();
        for (index, item) in items.iter().enumerate() {
            read.push(T::read(item, &Path::Item(at, index), faults));
        }
        read
    }

    fn stand_in() -> Self {
        Self::new()
    }
}

/// An object of strings.
impl Read for BTreeMap<String, String> {
    fn read(value: Value<'_>, at: &Path<'_>, faults: &mut Faults) -> Self {
        let Value::Object(object) = value else {
            faults.expected(at, "an object", value);
            return Self::new();
        };
        let mut members = Self::new();
        for (name, value) in object.iter() {
            members.insert(name.to_owned(), String::read(value, &Path::Member(at, name), faults));
        }
        members
    }
}

impl Read for OneOrMany {
    fn read(value: Value<'_>, at: &Path<'_>, faults: &mut Faults) -> Self {
        match value {
            Value::String(one) => return Self::One(one.to_owned()),
            Value::Array(_) => return Self::Many(Read::read(value, at, faults)),
            _ => faults.expected(at, "a string or an array of strings", value),
        }
        Self::stand_in()
    }

    fn stand_in() -> Self {
        Self::Many(Vec::new())
    }
}

impl Read for KeySetText {
    fn read(value: Value<'_>, at: &Path<'_>, faults: &mut Faults) -> Self {
        if let Value::Object(set) = value {
            return Self(set.text().to_owned());
        }
        faults.expected(at, "an object with an array called keys", value);
        Self(String::new())
    }
}

/// The preset tells the service of the same host from all others, and with it which members there are.
impl Read for GateIssuers {
    fn read(value: Value<'_>, at: &Path<'_>, faults: &mut Faults) -> Self {
        let mut issuers = Self::stand_in();
        let Value::Array(items) = value else {
            faults.expected(at, "an array", value);
            return issuers;
        };
        for (index, item) in items.iter().enumerate() {
            let at = Path::Item(at, index);
            let preset = if let Value::Object(object) = item { object.get("preset") } else { None };
            match preset {
                Some(Value::String("tollgate")) if issuers.own.is_none() => {
                    issuers.own = Some((index, Read::read(item, &at, faults)));
                }
                Some(Value::String("tollgate")) => {
                    faults.note(&Path::Member(&at, "preset"), &["is an earlier issuer's too"]);
                }
                Some(Value::String(name)) if !["cognito", "auth0"].contains(&name) => {
                    faults.note(&Path::Member(&at, "preset"), &["expected cognito, auth0 or tollgate"]);
                }
                _ => issuers.others.push(Read::read(item, &at, faults)),
            }
        }
        issuers
    }

    fn stand_in() -> Self {
        Self { own: None, others: Vec::new() }
    }
}

impl Read for ServiceNames {
    fn read(value: Value<'_>, at: &Path<'_>, faults: &mut Faults) -> Self {
        let members = Members::among_others(value, at, faults);
        Self { issuer: members.take("issuer", faults), audience: members.take("audience", faults) }
    }
}

/// Lists the members of an object: field, name, and what an absent one means where its type does not say.
macro_rules! read_members {
    ($($name:ident { $($field:ident: $member:literal $($absent:ident $($default:expr)?)?,)* })*) => {$(
        impl Read for $name {
            fn read(value: Value<'_>, at: &Path<'_>, faults: &mut Faults) -> Self {
                let names = [$($member),*];
                let mut read = Self::stand_in();
                let fields: &mut [&mut dyn $crate::config::Field] = &mut [$(read_members!(@field read.$field $($absent)?)),*];
                Members::of(value, at, &names, faults).fill(&names, fields, faults);
                read
            }

            fn stand_in() -> Self {
                Self { $($field: read_members!(@stand_in $($absent $($default)?)?),)* }
            }
        }

        #[cfg(all(test, feature = "schema"))]
        impl crate::config::Listed for $name {
            const MEMBERS: &'static [&'static str] = &[$($member),*];
        }
    )*};
    (@field $read:ident.$field:ident) => { &mut $read.$field };
    (@field $read:ident.$field:ident or) => { &mut $crate::config::Defaulted(&mut $read.$field) };
    (@field $read:ident.$field:ident stated) => { &mut $crate::config::Stated(&mut $read.$field) };
    (@stand_in) => { Read::stand_in() };
    (@stand_in or $default:expr) => { $default };
    (@stand_in stated) => { None };
}

#[cfg(feature = "mint")]
pub(crate) use read_members;

/// Lists the spellings of an enumeration. The first variant stands in for what could not be read.
macro_rules! read_words {
    ($($name:ident { $first:ident: $word:literal, $($variant:ident: $more:literal,)* })*) => {$(
        impl Read for $name {
            fn read(value: Value<'_>, at: &Path<'_>, faults: &mut Faults) -> Self {
                match value {
                    Value::String($word) => return Self::$first,
                    $(Value::String($more) => return Self::$variant,)*
                    Value::String(_) => faults.note(at, &["expected ", &listed(&[$word $(, $more)*])]),
                    _ => faults.expected(at, "a string", value),
                }
                Self::$first
            }

            fn stand_in() -> Self {
                Self::$first
            }
        }
    )*};
}

read_members! {
    Config {
        issuers: "issuers",
        clock_tolerance_seconds: "clockToleranceSeconds" or default_tolerance(),
        verified_token_cache: "verifiedTokenCache",
        credentials: "credentials" or Credentials::default(),
        tenant: "tenant" or Tenant::default(),
        cors: "cors",
        rules: "rules",
        identity: "identity" or Identity::default(),
        upstream: "upstream",
        observe: "observe" or Observe::default(),
        tokens: "tokens",
    }
    VerifierConfig {
        issuers: "issuers",
        clock_tolerance_seconds: "clockToleranceSeconds" or default_tolerance(),
        verified_token_cache: "verifiedTokenCache",
    }
    VerifiedTokenCache {
        entries: "entries" or default_cache_entries(),
        bytes: "bytes" or default_cache_bytes(),
        seconds: "seconds" or default_cache_seconds(),
    }
    Issuer {
        preset: "preset",
        region: "region",
        user_pool_id: "userPoolId",
        domain: "domain",
        issuer: "issuer",
        algorithms: "algorithms",
        jwks: "jwks",
        jwks_uri: "jwksUri",
        audience: "audience",
        client_ids: "clientIds",
        types: "types",
        token_use: "tokenUse",
        tenants: "tenants",
        max_age_seconds: "maxAgeSeconds",
        claims: "claims" or ClaimNames::default(),
    }
    OwnIssuer {
        preset: "preset",
        client_ids: "clientIds",
        tenants: "tenants",
    }
    ClaimNames {
        tenant: "tenant",
        plan: "plan",
        groups: "groups",
        permissions: "permissions",
        email: "email",
    }
    Credentials {
        header: "header" or true,
        cookie: "cookie",
    }
    Cookie {
        name: "name",
        cross_site: "crossSite" or CrossSite::default(),
        origins: "origins" or Vec::new(),
    }
    Tenant {
        required: "required" or true,
        from: "from",
        pattern: "pattern",
    }
    TenantFrom {
        host: "host",
        hosts: "hosts" or BTreeMap::new(),
        path: "path" or false,
        header: "header",
    }
    Cors {
        origins: "origins",
        credentials: "credentials" or false,
        expose_headers: "exposeHeaders" or Vec::new(),
        max_age_seconds: "maxAgeSeconds" or default_preflight(),
    }
    Rule {
        path: "path",
        methods: "methods",
        public: "public" or false,
        tenant: "tenant",
        principals: "principals",
        plans: "plans",
        permissions: "permissions",
        groups: "groups",
        scopes: "scopes",
        encoded_slash: "encodedSlash",
    }
    Requirement {
        all: "all" or Vec::new(),
        any: "any" or Vec::new(),
    }
    Identity {
        send: "send" or default_send(),
    }
    Observe {
        server_timing: "serverTiming" or false,
        analytics: "analytics",
    }
    Upstream {
        service: "service",
        url: "url",
        secret: "secret" stated,
        forward_credentials: "forwardCredentials" or false,
    }
}

read_words! {
    Preset {
        Cognito: "cognito",
        Auth0: "auth0",
    }
    OwnPreset {
        Tollgate: "tollgate",
    }
    AlgorithmName {
        ES256: "ES256",
        RS256: "RS256",
    }
    CrossSite {
        Refuse: "refuse",
        Allow: "allow",
    }
    TenantRule {
        Any: "any",
    }
    EncodedSlash {
        Pass: "pass",
    }
    PrincipalKind {
        User: "user",
        Client: "client",
    }
    Sent {
        User: "user",
        Tenant: "tenant",
        Plan: "plan",
        Permissions: "permissions",
        Email: "email",
        Groups: "groups",
    }
}

/// A number of seconds that may be a date.
#[cfg(feature = "mint")]
impl Read for u64 {
    fn read(value: Value<'_>, at: &Path<'_>, faults: &mut Faults) -> Self {
        let number = if let Value::Number(number) = value { number.to_u64() } else { None };
        number.unwrap_or_else(|| {
            faults.expected(at, "an integer from 0 to 9007199254740991", value);
            0
        })
    }
}

/// What a configuration says in a unit test.
#[cfg(test)]
pub(crate) fn from_value<T: Read>(value: serde_json::Value) -> Result<T, Error> {
    parse(&value.to_string())
}

#[cfg(all(test, feature = "schema"))]
pub(crate) trait Listed {
    const MEMBERS: &'static [&'static str];
}

#[cfg(test)]
mod tests;
