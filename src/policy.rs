//! What a rule asks of a principal: its kind, plan, permissions, groups, scopes. Exact set membership, never
//! substring, and no order among plans.

use crate::claims::{PrincipalRef, Texts, is_scope};
use crate::config::{self, PrincipalKind};
use crate::error::Error;
use crate::texts::TextSet;

/// The compiled policy of one rule.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) public: bool,
    pub(crate) any_tenant: bool,
    pub(crate) principals: Vec<PrincipalKind>,
    pub(crate) plans: Option<TextSet>,
    pub(crate) permissions: Option<Requirement>,
    pub(crate) groups: Option<Requirement>,
    pub(crate) scopes: Option<Requirement>,
}

/// What a principal must hold: all of some texts, and one of others.
#[derive(Debug)]
pub(crate) struct Requirement {
    pub(crate) all: Vec<String>,
    pub(crate) any: TextSet,
}

impl Policy {
    /// Compiles the policy members of `rules[index]`.
    pub(crate) fn compile(index: usize, rule: &config::Rule) -> Result<Self, Error> {
        let asks = rule.tenant.is_some()
            || rule.principals.is_some()
            || rule.plans.is_some()
            || rule.permissions.is_some()
            || rule.groups.is_some()
            || rule.scopes.is_some();
        if asks {
            return Self::compile_asking(index, rule);
        }
        Ok(Self {
            public: rule.public,
            any_tenant: false,
            principals: vec![PrincipalKind::User],
            plans: None,
            permissions: None,
            groups: None,
            scopes: None,
        })
    }

    /// For a rule that asks for more than a user. Out of line, because many ask for nothing.
    #[inline(never)]
    fn compile_asking(index: usize, rule: &config::Rule) -> Result<Self, Error> {
        let fault = |member: &str, problem| Err(config::fault(format_args!("rules[{index}].{member}"), problem));
        if rule.public {
            return fault("public", "a public rule reads no credential, so it can ask for nothing else");
        }
        if rule.plans.as_ref().is_some_and(|plans| plans.is_empty() || plans.iter().any(String::is_empty)) {
            return fault("plans", "expected at least one plan; leave the member out for all");
        }
        if rule.principals.as_ref().is_some_and(Vec::is_empty) {
            return fault("principals", "expected \"user\", \"client\" or both");
        }
        for (member, requirement) in
            [("permissions", &rule.permissions), ("groups", &rule.groups), ("scopes", &rule.scopes)]
        {
            if let Some(requirement) = requirement
                && let Err(problem) = Requirement::check(requirement, member == "scopes")
            {
                return fault(member, problem);
            }
        }
        Ok(Self {
            public: false,
            any_tenant: rule.tenant == Some(config::TenantRule::Any),
            principals: rule.principals.clone().unwrap_or_else(|| vec![PrincipalKind::User]),
            plans: rule.plans.clone().map(TextSet::new),
            permissions: rule.permissions.as_ref().map(Requirement::compile),
            groups: rule.groups.as_ref().map(Requirement::compile),
            scopes: rule.scopes.as_ref().map(Requirement::compile),
        })
    }

    /// Checks the kind of principal.
    pub(crate) fn check_kind(&self, principal: &PrincipalRef<'_>) -> Result<(), Error> {
        if self.principals.contains(&principal.kind) { Ok(()) } else { Err(Error::PrincipalKind) }
    }

    /// Checks plan, then permissions, groups and scopes.
    pub(crate) fn check(&self, principal: &PrincipalRef<'_>) -> Result<(), Error> {
        if let Some(plans) = &self.plans
            && !principal.plan.is_some_and(|plan| plans.contains(plan))
        {
            return Err(Error::PlanRequired);
        }
        if !meets(self.permissions.as_ref(), &principal.permissions) {
            return Err(Error::PermissionRequired);
        }
        if !meets(self.groups.as_ref(), &principal.groups) {
            return Err(Error::GroupRequired);
        }
        if !meets(self.scopes.as_ref(), &principal.scopes) {
            return Err(Error::InsufficientScope);
        }
        Ok(())
    }
}

impl Requirement {
    #[inline(never)]
    fn check(requirement: &config::Requirement, of_scopes: bool) -> Result<(), &'static str> {
        let mut texts = requirement.all.iter().chain(&requirement.any).peekable();
        if texts.peek().is_none() {
            return Err("expected all, any or both with at least one text");
        }
        if texts.any(|text| text.is_empty() || (of_scopes && !is_scope(text))) {
            return Err("expected texts that a token can hold");
        }
        Ok(())
    }

    #[inline(never)]
    fn compile(requirement: &config::Requirement) -> Self {
        Self { all: requirement.all.clone(), any: TextSet::new(requirement.any.clone()) }
    }

    /// Every text that is named.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.all.iter().chain(self.any.as_slice()).map(String::as_str)
    }
}

fn meets(requirement: Option<&Requirement>, held: &Texts<'_>) -> bool {
    let Some(requirement) = requirement else { return true };
    requirement.all.iter().all(|text| held.iter().any(|held| held == text))
        && (requirement.any.is_empty() || held.iter().any(|text| requirement.any.contains(text)))
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::claims::Principal;

    fn policy(rule: serde_json::Value) -> Result<Policy, Error> {
        let mut rule = rule;
        rule["path"] = "/x".into();
        Policy::compile(0, &crate::config::from_value(rule).unwrap())
    }

    fn principal(plan: Option<&str>, permissions: &[&str]) -> Principal {
        Principal {
            kind: PrincipalKind::User,
            user_id: Some("u1".to_owned()),
            client_id: None,
            tenant_id: Some("acme".to_owned()),
            plan: plan.map(str::to_owned),
            email: None,
            groups: vec!["staff".to_owned()],
            permissions: permissions.iter().map(|p| (*p).to_owned()).collect(),
            scopes: vec!["read".to_owned()],
            issuer: "https://issuer.example".to_owned(),
            expires_at: 1_767_225_600.0,
        }
    }

    // catalogue: I05
    #[test]
    fn plans_are_names_without_order() {
        let pro = policy(serde_json::json!({ "plans": ["pro", "enterprise"] })).unwrap();
        assert_eq!(pro.check(&principal(Some("pro"), &[]).borrowed()), Ok(()));
        assert_eq!(pro.check(&principal(Some("enterprise"), &[]).borrowed()), Ok(()));
        for plan in [None, Some(""), Some("free"), Some("Pro"), Some("pro "), Some("platinum")] {
            assert_eq!(pro.check(&principal(plan, &[]).borrowed()), Err(Error::PlanRequired), "{plan:?}");
        }
    }

    // catalogue: I07
    #[test]
    fn permissions_are_exact_members() {
        let all = policy(serde_json::json!({ "permissions": { "all": ["admin", "read"] } })).unwrap();
        assert_eq!(all.check(&principal(None, &["read", "admin", "admin"]).borrowed()), Ok(()));
        assert_eq!(all.check(&principal(None, &["admin"]).borrowed()), Err(Error::PermissionRequired));
        let any = policy(serde_json::json!({ "permissions": { "any": ["admin", "owner"] } })).unwrap();
        assert_eq!(any.check(&principal(None, &["owner"]).borrowed()), Ok(()));
        for held in [&["superadmin"][..], &["admin "], &["Admin"], &["*"], &["admin:read"], &["read admin"], &[]] {
            assert_eq!(any.check(&principal(None, held).borrowed()), Err(Error::PermissionRequired), "{held:?}");
        }
        let both = policy(serde_json::json!({ "permissions": { "all": ["a"], "any": ["b", "c"] } })).unwrap();
        assert_eq!(both.check(&principal(None, &["a", "c"]).borrowed()), Ok(()));
        assert_eq!(both.check(&principal(None, &["b", "c"]).borrowed()), Err(Error::PermissionRequired));
        assert_eq!(both.check(&principal(None, &["a"]).borrowed()), Err(Error::PermissionRequired));
    }

    #[test]
    fn groups_and_scopes_have_errors_of_their_own() {
        let groups = policy(serde_json::json!({ "groups": { "all": ["owners"] } })).unwrap();
        assert_eq!(groups.check(&principal(None, &[]).borrowed()), Err(Error::GroupRequired));
        let scopes = policy(serde_json::json!({ "scopes": { "all": ["write"] } })).unwrap();
        assert_eq!(scopes.check(&principal(None, &[]).borrowed()), Err(Error::InsufficientScope));
        let held =
            policy(serde_json::json!({ "groups": { "any": ["staff"] }, "scopes": { "any": ["read"] } })).unwrap();
        assert_eq!(held.check(&principal(None, &[]).borrowed()), Ok(()));
    }

    #[test]
    fn clients_pass_only_where_they_are_named() {
        let mut client = principal(None, &[]);
        client.kind = PrincipalKind::Client;
        let open = policy(serde_json::json!({})).unwrap();
        assert_eq!(open.check_kind(&client.borrowed()), Err(Error::PrincipalKind));
        assert_eq!(open.check_kind(&principal(None, &[]).borrowed()), Ok(()));
        let jobs = policy(serde_json::json!({ "principals": ["client"] })).unwrap();
        assert_eq!(jobs.check_kind(&client.borrowed()), Ok(()));
        assert_eq!(jobs.check_kind(&principal(None, &[]).borrowed()), Err(Error::PrincipalKind));
    }

    #[test]
    fn refuses_rules_that_ask_for_nothing_or_too_much() {
        for (rule, member) in [
            (serde_json::json!({ "public": true, "plans": ["pro"] }), "rules[0].public"),
            (serde_json::json!({ "public": true, "tenant": "any" }), "rules[0].public"),
            (serde_json::json!({ "plans": [] }), "rules[0].plans"),
            (serde_json::json!({ "plans": [""] }), "rules[0].plans"),
            (serde_json::json!({ "principals": [] }), "rules[0].principals"),
            (serde_json::json!({ "permissions": {} }), "rules[0].permissions"),
            (serde_json::json!({ "groups": { "all": [], "any": [] } }), "rules[0].groups"),
            (serde_json::json!({ "scopes": { "all": ["a b"] } }), "rules[0].scopes"),
        ] {
            match policy(rule.clone()) {
                Err(Error::Config { member: named, .. }) => assert_eq!(named, member),
                other => panic!("{rule}: {other:?}"),
            }
        }
    }
}
