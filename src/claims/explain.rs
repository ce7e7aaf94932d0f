//! What the claim rules ask for, and what verified claims hold. Judges nothing.

#[cfg(all(feature = "js", not(any(feature = "js-tokens", feature = "worker"))))]
use super::ClaimPath;
use super::ClaimRules;
use crate::explain::{ANYTHING, Checks, NOTHING, Step, joined, named};
use crate::json::write::Writer;
use crate::json::{Object, Value};
use crate::texts::TextSet;

/// What a rule asks for.
#[derive(Clone, Copy)]
enum Asked<'r> {
    Text(&'static str),
    /// One of these; anything where there is no list.
    OneOf(Option<&'r [String]>),
    After(f64),
    AtMost(f64),
}

impl ClaimRules {
    /// Notes what each rule asks for and, where there are verified claims, what they hold.
    pub(crate) fn explain(&self, claims: Option<Object<'_>>, now: f64, tolerance: f64, checks: &mut Checks) {
        let latest = Asked::AtMost(now + tolerance);
        let age = self.max_age_seconds.map_or(Asked::OneOf(None), |age| Asked::After(now - age - tolerance));
        let dates = &["exp", "nbf", "iat"];
        let client: &[_] = if self.cognito { &["client_id", "azp", "token_use", "aud"] } else { &["client_id", "azp"] };
        let others = &["plan", "email", "email_verified", "groups", "permissions", "scope"];
        let rows: [(Step, Asked<'_>, &[&str]); 14] = [
            (Step::Dates, Asked::Text("numbers; nbf and iat may be absent"), dates),
            (Step::Expiry, Asked::After(now - tolerance), &["exp"]),
            (Step::DateOrder, Asked::Text("nbf and iat not after exp"), dates),
            (Step::NotBefore, latest, &["nbf"]),
            (Step::IssuedAt, latest, &["iat"]),
            (Step::Age, age, &["iat"]),
            (Step::Audience, Asked::one_of(self.audience.as_ref()), &["aud"]),
            (Step::Client, Asked::one_of(self.client_ids.as_ref()), client),
            (Step::TokenUse, Asked::OneOf(self.token_use.as_deref()), &["token_use"]),
            (Step::SenderConstrained, Asked::Text("no cnf"), &["cnf"]),
            (Step::TokenId, Asked::Text("a text, or no jti"), &["jti"]),
            (Step::Subject, Asked::Text("sub, a text; gty, a text or absent"), &["sub", "gty"]),
            (Step::IssuerTenants, Asked::one_of(self.tenants.as_ref()), &["tenant"]),
            (Step::Claims, Asked::Text("each of its type, or absent"), others),
        ];
        for (step, asked, names) in rows {
            let found = claims.map(|claims| self.found(claims, names));
            checks.note(step, &asked.said(), found.as_deref());
        }
    }

    /// Writes what js/checks.ts words: what is asked for, and where the claims are that have roles.
    #[cfg(all(feature = "js", not(any(feature = "js-tokens", feature = "worker"))))]
    pub(crate) fn write_asked(&self, to: &mut Writer) {
        to.member("age", &self.max_age_seconds);
        to.member("cognito", &self.cognito);
        let list = |set: &Option<TextSet>| set.as_ref().map(|set| named(set.as_slice()));
        to.member("audience", &list(&self.audience));
        to.member("client", &list(&self.client_ids));
        to.member("tokenUse", &self.token_use.as_deref().map(named));
        to.member("tenants", &list(&self.tenants));
        to.name("roles");
        to.array();
        for path in [&self.tenant, &self.plan, &self.email, &self.groups, &self.permissions] {
            to.array();
            match path {
                ClaimPath::Usual(name) => to.string(name),
                ClaimPath::Own(path) => path.iter().for_each(|name| to.string(name)),
            }
            to.end_array();
        }
        to.end_array();
    }

    /// Whether `token_use` is read to find out which client asked for the token.
    pub(crate) const fn finds_client_by_use(&self) -> bool {
        self.cognito
    }

    /// One claim as it is, with JSON for what is no text; several as a JSON object of those that are there.
    fn found(&self, claims: Object<'_>, names: &[&str]) -> String {
        if let [name] = names {
            return match self.named(claims, name) {
                None => NOTHING.to_owned(),
                Some(Value::String(text)) if !text.is_empty() => text.to_owned(),
                Some(value) => Writer::text_of(&value),
            };
        }
        let mut found = Writer::default();
        found.object();
        for name in names {
            if let Some(value) = self.named(claims, name) {
                found.member(name, &value);
            }
        }
        found.end_object();
        found.finish()
    }

    /// A claim by its name, or by the name of its role.
    fn named<'c>(&self, claims: Object<'c>, name: &str) -> Option<Value<'c>> {
        match name {
            "tenant" => self.tenant.find(claims),
            "plan" => self.plan.find(claims),
            "email" => self.email.find(claims),
            "groups" => self.groups.find(claims),
            "permissions" => self.permissions.find(claims),
            _ => claims.get(name),
        }
    }
}

impl<'r> Asked<'r> {
    fn one_of(set: Option<&'r TextSet>) -> Self {
        Self::OneOf(set.map(TextSet::as_slice))
    }

    fn said(self) -> String {
        match self {
            Self::Text(text) => text.to_owned(),
            Self::OneOf(None) => ANYTHING.to_owned(),
            Self::OneOf(Some(list)) => named(list),
            // Rounded down, which makes no difference to a date in whole seconds.
            Self::After(time) => joined(&["after ", &Writer::text_of(&time.floor())]),
            Self::AtMost(time) => joined(&["at most ", &Writer::text_of(&time.floor())]),
        }
    }
}
