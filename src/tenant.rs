//! The tenant a request asks for against the tenant a token holds. Ids are compared byte for byte and refused when
//! they are malformed, never normalised; there is no default tenant.

use std::collections::BTreeMap;

use regex_lite::Regex;

use crate::config;
use crate::error::Error;
use crate::identity::{folded, is_reserved};
use crate::request::{Judged, is_token};

/// The configured tenant rules.
#[derive(Debug)]
pub(crate) struct TenantRules {
    required: bool,
    pattern: Pattern,
    source: Option<Source>,
}

/// What a tenant id looks like.
#[derive(Debug)]
enum Pattern {
    /// [`is_default_id`]: an expression would have to be compiled at each start.
    Default,
    Own(Regex),
}

/// Where the request says which tenant it asks for.
#[derive(Debug)]
enum Source {
    Host { template: Option<HostTemplate>, hosts: BTreeMap<String, String> },
    Path,
    Header(String),
}

/// A host with one variable label.
#[derive(Debug)]
struct HostTemplate {
    before: String,
    after: String,
}

/// Which tenant a token must hold.
pub(crate) enum Asked<'r> {
    /// That of the request.
    Of(&'r str),
    /// That of the request, which does not say which.
    Unknown,
    /// Any, but one.
    Any,
    /// Any or none.
    Nothing,
}

impl TenantRules {
    /// Compiles the `tenant` member.
    pub(crate) fn compile(tenant: &config::Tenant, rules: &[config::Rule]) -> Result<Self, Error> {
        let pattern = tenant.pattern.as_deref().map_or(Ok(Pattern::Default), Pattern::compile)?;
        let mut compiled = Self { required: tenant.required, pattern, source: None };
        if let Some(from) = &tenant.from {
            compiled.source = Some(compiled.compile_source(from, rules)?);
        }
        Ok(compiled)
    }

    fn compile_source(&self, from: &config::TenantFrom, rules: &[config::Rule]) -> Result<Source, Error> {
        let by_host = from.host.is_some() || !from.hosts.is_empty();
        if [by_host, from.path, from.header.is_some()].iter().filter(|given| **given).count() != 1 {
            return Err(config::fault(format_args!("tenant.from"), "expected one of host/hosts, path: true, header"));
        }
        if from.path {
            return Source::path(rules);
        }
        if let Some(header) = &from.header {
            return Source::header(header);
        }
        let template = from.host.as_deref().map(HostTemplate::parse).transpose()?;
        let hosts = if from.hosts.is_empty() { BTreeMap::new() } else { self.checked_hosts(&from.hosts)? };
        Ok(Source::Host { template, hosts })
    }

    #[inline(never)]
    fn checked_hosts(&self, hosts: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Error> {
        for (host, tenant) in hosts {
            let fault = |problem| config::fault(format_args!("tenant.from.hosts[\"{host}\"]"), problem);
            if !is_plain_host(host) {
                return Err(fault("expected a lower-case host without port"));
            }
            if !self.is_id(tenant) {
                return Err(fault("expected a tenant id of the configured pattern"));
            }
        }
        Ok(hosts.clone())
    }

    /// Whether a text is a tenant id.
    pub(crate) fn is_id(&self, text: &str) -> bool {
        match &self.pattern {
            Pattern::Default => is_default_id(text),
            Pattern::Own(pattern) => pattern.is_match(text),
        }
    }

    /// What every tenant id must match, whole.
    pub(crate) fn pattern(&self) -> &str {
        match &self.pattern {
            Pattern::Default => "[a-z0-9][a-z0-9_-]{0,63}",
            // Between the anchors.
            Pattern::Own(pattern) => {
                pattern.as_str().strip_prefix("^(?:").and_then(|rest| rest.strip_suffix(")$")).unwrap_or_default()
            }
        }
    }

    /// What [`TenantRules::check`] compares the token's tenant with.
    pub(crate) fn asked<'r>(&'r self, request: &'r Judged<'_>, segment: Option<&'r str>, any: bool) -> Asked<'r> {
        match &self.source {
            Some(source) if !any => source.tenant(request, segment).ok().flatten().map_or(Asked::Unknown, Asked::Of),
            _ if self.required => Asked::Any,
            _ => Asked::Nothing,
        }
    }

    /// Checks the token's tenant, and that it is the one asked for unless the rule says `any`.
    pub(crate) fn check(
        &self,
        token_tenant: Option<&str>,
        request: &Judged<'_>,
        segment: Option<&str>,
        any: bool,
    ) -> Result<(), Error> {
        if token_tenant.is_some_and(|tenant| !self.is_id(tenant)) {
            return Err(Error::TenantMalformed);
        }
        if self.required && token_tenant.is_none() {
            return Err(Error::TenantMissing);
        }
        if any {
            return Ok(());
        }
        let Some(source) = &self.source else { return Ok(()) };
        let asked = source.tenant(request, segment)?.ok_or(Error::TenantNotRequested)?;
        match token_tenant {
            None => Err(Error::TenantMissing),
            Some(tenant) if tenant == asked => Ok(()),
            Some(_) => Err(Error::TenantMismatch),
        }
    }
}

impl Pattern {
    #[inline(never)]
    fn compile(pattern: &str) -> Result<Self, Error> {
        // Compiled on its own first: `a)|(b` is an expression only within the anchors, which it would undo.
        let pattern = Regex::new(pattern).and_then(|_| Regex::new(&format!("^(?:{pattern})$"))).map_err(|error| {
            config::fault(format_args!("tenant.pattern"), &format!("expected a regular expression: {error}"))
        })?;
        if pattern.is_match("") {
            return Err(config::fault(format_args!("tenant.pattern"), "matches the empty text, which names no tenant"));
        }
        Ok(Self::Own(pattern))
    }
}

/// What a tenant id looks like unless the configuration says otherwise: `[a-z0-9][a-z0-9_-]{0,63}`.
fn is_default_id(text: &str) -> bool {
    let is_first = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 64
        && text.as_bytes().first().is_some_and(is_first)
        && text.bytes().all(|byte| is_first(&byte) || byte == b'_' || byte == b'-')
}

impl Source {
    #[inline(never)]
    fn path(rules: &[config::Rule]) -> Result<Self, Error> {
        let without = |rule: &config::Rule| {
            !rule.public && rule.tenant.is_none() && !rule.path.split('/').any(|segment| segment == "{tenant}")
        };
        match rules.iter().position(without) {
            Some(index) => Err(config::fault(
                format_args!("rules[{index}].path"),
                "expected a {tenant} segment, because tenant.from is path; or \"tenant\": \"any\" on this rule",
            )),
            None => Ok(Self::Path),
        }
    }

    #[inline(never)]
    fn header(name: &str) -> Result<Self, Error> {
        let name = name.to_ascii_lowercase();
        if !is_token(&name) || is_reserved(&name) {
            return Err(config::fault(
                format_args!("tenant.from.header"),
                "expected a header name that the gate does not strip",
            ));
        }
        Ok(Self::Header(name))
    }

    /// The tenant that the request asks for.
    fn tenant<'r>(&'r self, request: &'r Judged<'_>, segment: Option<&'r str>) -> Result<Option<&'r str>, Error> {
        match self {
            Self::Path => Ok(segment),
            Self::Header(name) => Ok(single_spelling(request, name)),
            Self::Host { template, hosts } => {
                let host = request.host().ok_or(Error::BadHost("expected a host, which names the tenant"))?;
                let listed = hosts.get(host).map(String::as_str);
                Ok(listed.or_else(|| template.as_ref().and_then(|template| template.tenant(host))))
            }
        }
    }
}

/// The value of a header field. Two spellings of its name that an origin may fold together are two answers.
#[inline(never)]
fn single_spelling<'r>(request: &'r Judged<'_>, name: &str) -> Option<&'r str> {
    let spellings = request.names().filter(|other| folded(other).eq(folded(name))).count();
    request.single(name).filter(|_| spellings == 1)
}

impl HostTemplate {
    fn parse(template: &str) -> Result<Self, Error> {
        let problem =
            || config::fault(format_args!("tenant.from.host"), "expected a lower-case host with one label {tenant}");
        let (before, rest) = template.split_once('{').ok_or_else(problem)?;
        let after = rest.strip_prefix("tenant}").ok_or_else(problem)?;
        let whole_label = (before.is_empty() || before.ends_with('.')) && after.starts_with('.');
        if !whole_label || !is_plain_host(&[before, "t", after].concat()) {
            return Err(problem());
        }
        Ok(Self { before: before.to_owned(), after: after.to_owned() })
    }

    fn tenant<'h>(&self, host: &'h str) -> Option<&'h str> {
        let label = host.strip_prefix(self.before.as_str())?.strip_suffix(self.after.as_str())?;
        (!label.is_empty() && !label.contains('.')).then_some(label)
    }
}

fn is_plain_host(host: &str) -> bool {
    !host.is_empty()
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
        })
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::Request;

    fn rules(tenant: serde_json::Value) -> Result<TenantRules, Error> {
        let rules = [crate::config::from_value(serde_json::json!({ "path": "/{tenant}/{*rest}" })).unwrap()];
        TenantRules::compile(&crate::config::from_value(tenant).unwrap(), &rules)
    }

    fn check(rules: &TenantRules, token: Option<&str>, host: &str, header: &[&str]) -> Result<(), Error> {
        let url = format!("https://{host}/");
        let headers: Vec<_> = header.iter().map(|value| ("X-Tenant", *value)).collect();
        let request = Request { method: "GET", url: &url, headers: &headers };
        rules.check(token, &request.judge().unwrap(), Some("acme"), false)
    }

    #[test]
    fn the_default_is_what_its_expression_says() {
        let expression = Regex::new("^(?:[a-z0-9][a-z0-9_-]{0,63})$").unwrap();
        let bytes = (0..=0x7f_u8).map(char::from).chain(['é', '\u{212a}', '\u{660}', '\u{2028}']);
        let texts = bytes.flat_map(|one| [one.to_string(), format!("a{one}"), format!("{one}a"), format!("a{one}a")]);
        let lengths = [0, 1, 2, 63, 64, 65, 128].map(|length| "a".repeat(length));
        let mut accepted = 0;
        for text in texts.chain(lengths) {
            assert_eq!(is_default_id(&text), expression.is_match(&text), "{text:?}");
            accepted += usize::from(is_default_id(&text));
        }
        // 36 that may stand first, alone and before an a; 38 after one and between two; four lengths.
        assert_eq!(accepted, 2 * 36 + 2 * 38 + 4);
    }

    // catalogue: I04
    #[test]
    fn compares_the_host_label_with_the_token() {
        let rules = rules(serde_json::json!({ "from": { "host": "{tenant}.api.example.com" } })).unwrap();
        assert_eq!(check(&rules, Some("acme"), "acme.api.example.com", &[]), Ok(()));
        assert_eq!(check(&rules, Some("acme"), "ACME.api.example.com.:443", &[]), Ok(()));
        assert_eq!(check(&rules, Some("acme"), "globex.api.example.com", &[]), Err(Error::TenantMismatch));
        for host in ["api.example.com", "a.acme.api.example.com", "acme.api.example.org", "acmeapi.example.com"] {
            assert_eq!(check(&rules, Some("acme"), host, &[]), Err(Error::TenantNotRequested), "{host}");
        }
    }

    #[test]
    fn listed_hosts_belong_to_their_tenant() {
        let rules = rules(serde_json::json!({ "from": { "hosts": { "api.acme.com": "acme" } } })).unwrap();
        assert_eq!(check(&rules, Some("acme"), "api.acme.com", &[]), Ok(()));
        assert_eq!(check(&rules, Some("globex"), "api.acme.com", &[]), Err(Error::TenantMismatch));
        assert_eq!(check(&rules, Some("acme"), "api.globex.com", &[]), Err(Error::TenantNotRequested));
    }

    // catalogue: I04
    #[test]
    fn a_header_names_the_tenant_once() {
        let rules = rules(serde_json::json!({ "from": { "header": "x-tenant" } })).unwrap();
        assert_eq!(check(&rules, Some("acme"), "a.example", &["acme"]), Ok(()));
        assert_eq!(check(&rules, Some("acme"), "a.example", &["globex"]), Err(Error::TenantMismatch));
        assert_eq!(check(&rules, Some("acme"), "a.example", &[]), Err(Error::TenantNotRequested));
        assert_eq!(check(&rules, Some("acme"), "a.example", &["acme", "globex"]), Err(Error::TenantNotRequested));
        let spelt = |headers: &[(&str, &str)]| {
            let request = Request { method: "GET", url: "https://a.example/", headers };
            rules.check(Some("acme"), &request.judge().unwrap(), None, false)
        };
        assert_eq!(spelt(&[("X-TENANT", "acme")]), Ok(()));
        assert_eq!(spelt(&[("x-tenant", "acme"), ("x_tenant", "globex")]), Err(Error::TenantNotRequested));
        assert_eq!(spelt(&[("x_tenant", "acme")]), Err(Error::TenantNotRequested));
    }

    // catalogue: I04
    #[test]
    fn the_path_segment_names_the_tenant() {
        let rules = rules(serde_json::json!({ "from": { "path": true } })).unwrap();
        assert_eq!(check(&rules, Some("acme"), "a.example", &[]), Ok(()));
        assert_eq!(check(&rules, Some("globex"), "a.example", &[]), Err(Error::TenantMismatch));
    }

    // catalogue: I01, I02, I03
    #[test]
    fn never_falls_back_to_a_default_tenant() {
        let rules = rules(serde_json::json!({})).unwrap();
        assert_eq!(check(&rules, None, "a.example", &[]), Err(Error::TenantMissing));
        assert_eq!(check(&rules, Some("default"), "a.example", &[]), Ok(()), "a word like any other");
        for id in [
            "",
            "*",
            "Acme",
            "acme ",
            " acme",
            "acme\0",
            "%2e",
            "../b",
            "a,b",
            "ac\u{200d}me",
            "\u{430}cme",
            "cafe\u{301}",
            "caf\u{e9}",
            "acme\n",
            "-a",
            "_a",
        ] {
            assert_eq!(check(&rules, Some(id), "a.example", &[]), Err(Error::TenantMalformed), "{id:?}");
        }
        let longest = "a".repeat(64);
        assert_eq!(check(&rules, Some(&longest), "a.example", &[]), Ok(()));
        let over = "a".repeat(65);
        assert_eq!(check(&rules, Some(&over), "a.example", &[]), Err(Error::TenantMalformed));
    }

    // catalogue: H09
    #[test]
    fn a_configured_pattern_covers_the_whole_id_in_linear_time_and_keeps_no_state() {
        let numbered = rules(serde_json::json!({ "pattern": "t[0-9]+|root" })).unwrap();
        for _ in 0..1_000 {
            assert_eq!(check(&numbered, Some("t1"), "a.example", &[]), Ok(()));
            assert_eq!(check(&numbered, Some("root"), "a.example", &[]), Ok(()));
        }
        for id in ["t1x", "xt1", "t1\n", "\nt1", "t1\nt2", "rooted", "T1", "t\u{661}", ""] {
            assert_eq!(check(&numbered, Some(id), "a.example", &[]), Err(Error::TenantMalformed), "{id:?}");
        }
        // A backtracking engine would take longer than the universe has.
        let nested = rules(serde_json::json!({ "pattern": "(a+)+b" })).unwrap();
        let hostile = "a".repeat(5_000);
        assert_eq!(check(&nested, Some(&hostile), "a.example", &[]), Err(Error::TenantMalformed));
        for pattern in ["(a)\\1", "(?=a)a", "(?m)^a$|)("] {
            let config = serde_json::json!({ "pattern": pattern });
            assert!(
                matches!(rules(config), Err(Error::Config { member, .. }) if member == "tenant.pattern"),
                "{pattern}"
            );
        }
        // The dot of a host template and of a listed host is a dot.
        let hosts =
            serde_json::json!({ "from": { "host": "{tenant}.api.example.com", "hosts": { "api.acme.com": "acme" } } });
        let hosts = rules(hosts).unwrap();
        for host in ["acme.apixexample.com", "apixacme.com", "acmexapi.example.com"] {
            assert_eq!(check(&hosts, Some("acme"), host, &[]), Err(Error::TenantNotRequested), "{host}");
        }
    }

    #[test]
    fn a_tenant_that_is_not_required_is_still_compared() {
        let open = rules(serde_json::json!({ "required": false })).unwrap();
        assert_eq!(check(&open, None, "a.example", &[]), Ok(()));
        let asked = rules(serde_json::json!({ "required": false, "from": { "host": "{tenant}.example" } })).unwrap();
        assert_eq!(check(&asked, None, "acme.example", &[]), Err(Error::TenantMissing));
    }

    #[test]
    fn refuses_settings_that_can_not_be_right() {
        for (tenant, member) in [
            (serde_json::json!({ "from": {} }), "tenant.from"),
            (serde_json::json!({ "from": { "path": true, "header": "x" } }), "tenant.from"),
            (serde_json::json!({ "from": { "host": "api.example.com" } }), "tenant.from.host"),
            (serde_json::json!({ "from": { "host": "x{tenant}.example.com" } }), "tenant.from.host"),
            (serde_json::json!({ "from": { "host": "{tenant}.{tenant}.com" } }), "tenant.from.host"),
            (serde_json::json!({ "from": { "host": "{tenant}" } }), "tenant.from.host"),
            (serde_json::json!({ "from": { "header": "x tenant" } }), "tenant.from.header"),
            (serde_json::json!({ "from": { "header": "X_Tollgate_Tenant" } }), "tenant.from.header"),
            (serde_json::json!({ "from": { "hosts": { "A.com": "acme" } } }), "tenant.from.hosts[\"A.com\"]"),
            (serde_json::json!({ "from": { "hosts": { "a.com": "Acme" } } }), "tenant.from.hosts[\"a.com\"]"),
            (serde_json::json!({ "pattern": "(" }), "tenant.pattern"),
            (serde_json::json!({ "pattern": "acme)|(globex" }), "tenant.pattern"),
            (serde_json::json!({ "pattern": ".*" }), "tenant.pattern"),
        ] {
            match rules(tenant.clone()) {
                Err(Error::Config { member: named, .. }) => assert_eq!(named, member),
                other => panic!("{tenant}: {other:?}"),
            }
        }
        let bare = [crate::config::from_value(serde_json::json!({ "path": "/x" })).unwrap()];
        let tenant = crate::config::from_value(serde_json::json!({ "from": { "path": true } })).unwrap();
        assert_eq!(TenantRules::compile(&tenant, &bare).unwrap_err().code(), "config_invalid");
    }
}
