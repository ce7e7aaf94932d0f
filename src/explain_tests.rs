//! Checks in their order, the errors that end them, and the page that lists both.

use std::collections::BTreeSet;

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// Every error that a verdict can end with; of those about claims, one for each claim.
fn errors() -> Vec<Error> {
    let claims = ["iss", "exp", "nbf", "iat", "aud", "client_id", "azp", "token_use", "jti", "sub", "gty"];
    let missing = ["iss", "exp", "iat", "aud", "client_id", "token_use", "sub"];
    let malformed = claims.into_iter().chain(["plan", "email", "email_verified", "groups", "permissions", "scope"]);
    let of_claims = missing.map(|claim| Error::ClaimMissing { claim }).into_iter();
    let of_claims = of_claims.chain(malformed.map(|claim| Error::ClaimMalformed { claim }));
    let others = [
        Error::TokenTooLarge,
        Error::HeaderTooLarge,
        Error::MalformedToken,
        Error::JweNotSupported,
        Error::MalformedBase64url,
        Error::MalformedJson("a JSON object"),
        Error::MalformedHeader { member: "alg" },
        Error::HeaderNotSupported { member: "zip" },
        Error::CritNotSupported,
        Error::AlgNotAllowed,
        Error::TypNotAllowed,
        Error::UnknownIssuer,
        Error::UnknownKey,
        Error::AmbiguousKey,
        Error::KidRequired,
        Error::SignatureInvalid,
        Error::Expired,
        Error::NotYetValid,
        Error::IssuedInFuture,
        Error::TooOld,
        Error::TimesContradict,
        Error::AudienceMismatch,
        Error::ClientMismatch,
        Error::TokenUseMismatch,
        Error::SenderConstrained,
        Error::ClockInvalid,
        Error::KeysDue { issuer: 0 },
        Error::KeysUnavailable { retry_after_seconds: 1 },
        Error::TargetTooLong,
        Error::HeaderFieldsTooLarge,
        Error::BadRequest("x"),
        Error::BadPath("x"),
        Error::BadHost("x"),
        Error::NoCredential,
        Error::MalformedCredential,
        Error::SeveralCredentials,
        Error::CrossSite,
        Error::NoRule,
        Error::TenantMissing,
        Error::TenantMalformed,
        Error::TenantNotOfIssuer,
        Error::TenantNotRequested,
        Error::TenantMismatch,
        Error::PrincipalKind,
        Error::PlanRequired,
        Error::PermissionRequired,
        Error::GroupRequired,
        Error::InsufficientScope,
        Error::UnsendableIdentity("x"),
    ];
    of_claims.chain(others).collect()
}

/// The codes of each check, from every error and every place that a verdict can have got to.
fn codes_of(step: Step) -> BTreeSet<&'static str> {
    let errors = errors();
    let ends = |error: &Error| Step::ALL.iter().any(|reached| Step::ended_by(error, *reached) == step);
    let codes = errors.iter().filter(|error| ends(error)).map(Error::code);
    codes.chain((step == Step::Preflight).then_some("preflight")).collect()
}

#[test]
fn the_checks_stand_in_their_order_and_each_has_a_name_of_its_own() {
    assert!(Step::ALL.is_sorted_by(|one, other| one < other));
    let names: BTreeSet<&str> = Step::ALL.iter().map(|step| step.name()).collect();
    assert_eq!(names.len(), Step::ALL.len());
}

#[test]
fn the_page_lists_every_check_in_its_order_with_every_code() {
    let page = include_str!("../docs/EXPLAIN.md");
    let (_, table) = page.split_once("| check | what must hold |").unwrap();
    let words = |cell: &'static str| cell.split('`').skip(1).step_by(2).collect::<Vec<&str>>();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let listed: Vec<_> = rows
        .map(|row| {
            let cells: Vec<&str> = row.split('|').collect();
            (words(cells[1])[0], words(cells[3]).into_iter().collect::<BTreeSet<_>>())
        })
        .collect();
    let made: Vec<_> = Step::ALL.iter().map(|step| (step.name(), codes_of(*step))).collect();
    assert_eq!(listed, made);
}

#[test]
fn an_error_of_several_checks_belongs_to_the_first_that_was_not_passed() {
    let at = |error: &Error, reached| Step::ended_by(error, reached);
    for (error, places) in [
        (Error::BadPath("x"), vec![Step::Target, Step::Path, Step::Rule]),
        (Error::BadHost("x"), vec![Step::Host, Step::Tenant]),
        (Error::HeaderFieldsTooLarge, vec![Step::RequestForm, Step::Credential, Step::Identity]),
        (Error::MalformedToken, vec![Step::TokenForm, Step::TokenPayload]),
        (Error::MalformedBase64url, vec![Step::TokenHeader, Step::TokenPayload]),
        (Error::MalformedJson("x"), vec![Step::TokenHeader, Step::TokenPayload]),
        (Error::AlgNotAllowed, vec![Step::Algorithm, Step::IssuerAlgorithm]),
        (Error::TenantMalformed, vec![Step::IssuerTenants, Step::Tenant]),
    ] {
        for reached in Step::ALL {
            let expected = places.iter().find(|place| reached <= **place).or(places.last());
            assert_eq!(Some(&at(&error, reached)), expected, "{error:?} from {reached:?} on");
        }
    }
}

#[test]
fn a_verdict_is_passes_then_at_most_one_failure_then_what_was_not_reached() {
    for end in [None].into_iter().chain(Step::ALL.map(Some)) {
        let end = end.map(|step| End { step, code: "code", reason: Some("reason".to_owned()) });
        let mut checks = Checks::new(&|step| step != Step::Preflight, end.as_ref());
        for step in Step::ALL {
            checks.note(step, "expected", (step != Step::Key).then_some("found"));
        }
        let checks = checks.finish();
        assert_eq!(checks.len(), Step::ALL.len() - 1);
        for (check, step) in checks.iter().zip(Step::ALL.into_iter().filter(|step| *step != Step::Preflight)) {
            let outcome = match end.as_ref().map(|end| step.cmp(&end.step)) {
                None | Some(Ordering::Less) => CheckOutcome::Pass,
                Some(Ordering::Equal) => CheckOutcome::Fail,
                Some(Ordering::Greater) => CheckOutcome::NotReached,
            };
            assert_eq!((check.name, check.outcome), (step.name(), outcome));
            assert_eq!(check.code, (outcome == CheckOutcome::Fail).then_some("code"));
            assert_eq!(check.expected.as_deref(), Some("expected"));
            let found = match outcome {
                CheckOutcome::NotReached => None,
                CheckOutcome::Fail if step == Step::Key => Some("reason"),
                _ => (step != Step::Key).then_some("found"),
            };
            assert_eq!(check.found.as_deref(), found, "{}", step.name());
        }
    }
}

#[test]
fn names_texts_up_to_a_hundred_and_then_counts_them() {
    let said = |count: usize| named(&vec!["a".to_owned(); count]);
    assert_eq!([said(0), said(1), said(3)], ["nothing", "a", "a, a, a"]);
    assert_eq!(said(MAX_NAMED_TEXTS), ["a"; MAX_NAMED_TEXTS].join(", "));
    assert_eq!(said(MAX_NAMED_TEXTS + 1), "101 texts");
}
