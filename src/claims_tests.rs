//! Claims at their edges. `NOW` is fixed; nothing here reads a clock.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// 2026-01-01T00:00:00Z.
const NOW: f64 = 1_767_225_600.0;
const TOLERANCE: f64 = 30.0;

fn rules(extra: serde_json::Value) -> ClaimRules {
    let mut issuer = serde_json::json!({ "audience": "api" });
    issuer.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let mut issuer: config::Issuer = crate::config::from_value(issuer).unwrap();
    ClaimRules::compile("issuers[0]", "https://issuer.example".to_owned(), &mut issuer).unwrap()
}

fn check_with(rules: &ClaimRules, claims: serde_json::Value) -> Result<Principal, Error> {
    let mut all = serde_json::json!({ "exp": NOW + 60.0, "aud": "api", "sub": "u1", "tenant_id": "acme" });
    for (name, value) in claims.as_object().unwrap() {
        all.as_object_mut().unwrap().insert(name.clone(), value.clone());
    }
    all.as_object_mut().unwrap().retain(|_, value| value != "<absent>");
    let claims = Document::parse_object(all.to_string().into_bytes()).unwrap();
    rules.check(claims.object(), NOW, TOLERANCE).map(PrincipalRef::into_owned)
}

fn check(claims: serde_json::Value) -> Result<Principal, Error> {
    check_with(&rules(serde_json::json!({})), claims)
}

fn code(claims: serde_json::Value) -> &'static str {
    check(claims).map_or_else(|error| error.code(), |_| "ok")
}

/// Values of every type but number.
fn not_numbers() -> Vec<serde_json::Value> {
    serde_json::from_str(r#"["9999999999", "", true, null, [], [9999999999], {}, {"a": 1}]"#).unwrap()
}

// catalogue: G01, G03, G09
#[test]
fn exp_is_compulsory_and_holds_to_the_second() {
    assert_eq!(code(serde_json::json!({ "exp": "<absent>" })), "claim_missing");
    assert_eq!(code(serde_json::json!({ "exp": NOW - TOLERANCE + 1.0 })), "ok");
    assert_eq!(code(serde_json::json!({ "exp": NOW - TOLERANCE + 0.5 })), "ok");
    assert_eq!(code(serde_json::json!({ "exp": NOW - TOLERANCE })), "token_expired");
    assert_eq!(code(serde_json::json!({ "exp": 0 })), "token_expired");
    assert_eq!(code(serde_json::json!({ "exp": -1 })), "token_expired");
    let at = |exp: f64| {
        let claims = Document::parse_object(format!(r#"{{"exp":{exp},"aud":"api","sub":"u"}}"#).into_bytes()).unwrap();
        rules(serde_json::json!({})).check(claims.object(), NOW, 0.0).map(|_| ())
    };
    assert_eq!(at(NOW + 1.0), Ok(()));
    assert_eq!(at(NOW), Err(Error::Expired));
    assert_eq!(at(NOW - 1.0), Err(Error::Expired));
}

// catalogue: G02
#[test]
fn times_of_the_wrong_type_are_never_absent() {
    for claim in ["exp", "nbf", "iat"] {
        for value in not_numbers() {
            assert_eq!(code(serde_json::json!({ claim: value })), "claim_malformed", "{claim}");
        }
    }
}

// catalogue: G04, G07
#[test]
fn nbf_and_iat_may_lie_ahead_by_the_tolerance_only() {
    for (claim, refused) in [("nbf", "token_not_yet_valid"), ("iat", "issued_in_future")] {
        assert_eq!(code(serde_json::json!({ claim: NOW })), "ok");
        assert_eq!(code(serde_json::json!({ claim: NOW + TOLERANCE })), "ok");
        assert_eq!(code(serde_json::json!({ claim: NOW + TOLERANCE + 1.0 })), refused);
        assert_eq!(code(serde_json::json!({ claim: "<absent>" })), "ok");
    }
    let exact = |nbf: f64| {
        let claims = format!(r#"{{"exp":{},"nbf":{nbf},"aud":"api","sub":"u"}}"#, NOW + 60.0);
        rules(serde_json::json!({}))
            .check(Document::parse_object(claims.as_bytes().to_vec()).unwrap().object(), NOW, 0.0)
            .map(|_| ())
    };
    assert_eq!((exact(NOW), exact(NOW + 1.0)), (Ok(()), Err(Error::NotYetValid)));
}

/// What [`crate::verifier`] rests on where a host was told about a token before.
#[test]
fn of_claims_that_met_the_rules_once_time_can_change_nothing_but_what_the_times_say() {
    let texts = [
        r#""aud":"api""#,
        r#""aud":["b","api"],"client_id":"c1","scope":"a b","groups":"[\"g\"]""#,
        r#""aud":"api","azp":"c1","tenant_id":"acme","permissions":["p"],"email":"a@example.com","email_verified":false"#,
    ];
    let times = [
        r#""exp":1000"#,
        r#""exp":1000.5,"iat":400"#,
        r#""exp":1000,"nbf":500,"iat":450.25"#,
        r#""exp":1e3,"nbf":-5,"iat":1000"#,
    ];
    let settings = [
        serde_json::json!({}),
        serde_json::json!({ "maxAgeSeconds": 300 }),
        serde_json::json!({ "clientIds": ["c1"], "tenants": ["acme"] }),
    ];
    let moments: Vec<f64> = (0..5_000).map(|at| f64::from(at) / 4.0).collect();
    let (mut met, mut refused) = (0, 0);
    for rules in settings.into_iter().map(rules) {
        for (text, times) in texts.iter().flat_map(|text| times.iter().map(move |times| (text, times))) {
            let claims = Document::parse_object(format!(r#"{{"sub":"u",{text},{times}}}"#).into_bytes()).unwrap();
            for tolerance in [0.0, 5.0] {
                let check = |now: f64| rules.check(claims.object(), now, tolerance).map(|principal| principal.times());
                let Some(times) = moments.iter().find_map(|now| check(*now).ok()) else { continue };
                for now in &moments {
                    let whole = check(*now).map(|_| ());
                    *(if whole.is_ok() { &mut met } else { &mut refused }) += 1;
                    assert_eq!(whole, rules.check_times(times, *now, tolerance), "{now}");
                }
            }
        }
    }
    assert!(met > 50_000 && refused > 50_000, "{met} {refused}");
}

// catalogue: G05
#[test]
fn fractions_and_exponents_are_compared_without_rounding_up() {
    let parse = |exp: &str| {
        let claims = Document::parse_object(format!(r#"{{"exp":{exp},"aud":"api","sub":"u"}}"#).into_bytes()).unwrap();
        rules(serde_json::json!({})).check(claims.object(), NOW, 0.0).map(|principal| principal.times().exp)
    };
    assert_eq!(parse("1767225600.5"), Ok(NOW + 0.5));
    assert_eq!(parse("1767225599.9"), Err(Error::Expired));
    assert_eq!(parse("1e10"), Ok(1e10));
    assert_eq!(parse("1234.5"), Err(Error::Expired));
}

// catalogue: G06
#[test]
fn dates_beyond_the_year_9999_are_refused() {
    for value in ["253402300800", "1e30", "1767225600000", "-253402300800"] {
        for claim in ["exp", "nbf", "iat"] {
            let exp = if claim == "exp" { value.to_owned() } else { (NOW + 60.0).to_string() };
            let other = if claim == "exp" { String::new() } else { format!(r#""{claim}":{value},"#) };
            let claims = format!(r#"{{{other}"exp":{exp},"aud":"api","sub":"u"}}"#);
            let claims = Document::parse_object(claims.as_bytes().to_vec()).unwrap();
            let error = rules(serde_json::json!({})).check(claims.object(), NOW, TOLERANCE).unwrap_err();
            assert_eq!(error, Error::ClaimMalformed { claim }, "{value}");
        }
    }
    assert_eq!(code(serde_json::json!({ "exp": MAX_UNIX_TIME_SECONDS })), "ok");
    for value in ["9007199254740993", "9223372036854775808", "18446744073709551616", "-9223372036854775809", "1e400"] {
        assert_eq!(
            Document::parse_object(format!(r#"{{"exp":{value}}}"#).into_bytes()).unwrap_err().code(),
            "malformed_json"
        );
    }
}

// catalogue: G08
#[test]
fn times_that_contradict_are_refused() {
    assert_eq!(code(serde_json::json!({ "nbf": NOW + 61.0 })), "times_contradict");
    assert_eq!(code(serde_json::json!({ "iat": NOW - 5.0, "exp": NOW - 6.0 })), "times_contradict");
    assert_eq!(code(serde_json::json!({ "iat": NOW - 6.0, "exp": NOW - 6.0 })), "ok");
}

// catalogue: G07, G08
#[test]
fn the_maximum_age_needs_iat_and_holds_to_the_second() {
    let aged = rules(serde_json::json!({ "maxAgeSeconds": 100 }));
    assert!(check_with(&aged, serde_json::json!({ "iat": NOW - 129.0 })).is_ok());
    assert_eq!(check_with(&aged, serde_json::json!({ "iat": NOW - 130.0 })), Err(Error::TooOld));
    assert_eq!(check_with(&aged, serde_json::json!({})), Err(Error::ClaimMissing { claim: "iat" }));
    // However long the token says that it lives.
    let long = serde_json::json!({ "iat": NOW - 130.0, "exp": NOW + 1e9 });
    assert_eq!(check_with(&aged, long), Err(Error::TooOld));
    assert_eq!(check_with(&aged, serde_json::json!({ "iat": NOW + 31.0 })), Err(Error::IssuedInFuture));
}

// catalogue: H04, H05
#[test]
fn aud_must_hold_the_configured_audience() {
    for aud in [serde_json::json!("api"), serde_json::json!(["api"]), serde_json::json!(["other", "api"])] {
        assert_eq!(code(serde_json::json!({ "aud": aud })), "ok");
    }
    for (aud, expected) in [
        (serde_json::json!("<absent>"), "claim_missing"),
        (serde_json::json!(null), "claim_malformed"),
        (serde_json::json!([]), "claim_malformed"),
        (serde_json::json!([["api"]]), "claim_malformed"),
        (serde_json::json!(5), "claim_malformed"),
        (serde_json::json!({ "api": true }), "claim_malformed"),
        (serde_json::json!(["api", 5]), "claim_malformed"),
        (serde_json::json!(""), "claim_malformed"),
        (serde_json::json!("ap"), "audience_mismatch"),
        (serde_json::json!("api,other"), "audience_mismatch"),
        (serde_json::json!("API"), "audience_mismatch"),
        (serde_json::json!("api/"), "audience_mismatch"),
        (serde_json::json!(["other"]), "audience_mismatch"),
    ] {
        assert_eq!(code(serde_json::json!({ "aud": aud })), expected, "{aud}");
    }
}

// catalogue: H06
#[test]
fn an_issuer_without_audience_and_clients_does_not_start() {
    for issuer in [
        serde_json::json!({}),
        serde_json::json!({ "audience": null }),
        serde_json::json!({ "audience": [] }),
        serde_json::json!({ "audience": "" }),
        serde_json::json!({ "clientIds": [] }),
    ] {
        let mut issuer: config::Issuer = crate::config::from_value(issuer).unwrap();
        assert_eq!(ClaimRules::compile("issuers[0]", String::new(), &mut issuer).unwrap_err().code(), "config_invalid");
    }
}

// catalogue: H07
#[test]
fn text_claims_of_the_wrong_type_are_refused() {
    for claim in ["sub", "jti", "client_id", "azp", "token_use", "gty", "plan", "email"] {
        for value in [
            serde_json::json!(1),
            serde_json::json!(null),
            serde_json::json!([]),
            serde_json::json!({}),
            serde_json::json!(""),
        ] {
            assert_eq!(code(serde_json::json!({ claim: value })), "claim_malformed", "{claim}: {value}");
        }
    }
    for value in [serde_json::json!(1), serde_json::json!(null), serde_json::json!(["read"]), serde_json::json!({})] {
        assert_eq!(code(serde_json::json!({ "scope": value })), "claim_malformed");
    }
    assert_eq!(code(serde_json::json!({ "sub": "<absent>" })), "claim_missing");
}

// catalogue: H08
#[test]
fn clients_must_be_listed_and_agree() {
    let listed = rules(serde_json::json!({ "clientIds": ["web"] }));
    for (claims, expected) in [
        (serde_json::json!({ "client_id": "web" }), Ok(())),
        (serde_json::json!({ "azp": "web" }), Ok(())),
        (serde_json::json!({ "client_id": "web", "azp": "web" }), Ok(())),
        (serde_json::json!({ "client_id": "web", "azp": "other" }), Err(Error::ClientMismatch)),
        (serde_json::json!({ "client_id": "other" }), Err(Error::ClientMismatch)),
        (serde_json::json!({ "azp": "other" }), Err(Error::ClientMismatch)),
        (serde_json::json!({}), Err(Error::ClaimMissing { claim: "client_id" })),
    ] {
        assert_eq!(check_with(&listed, claims).map(|_| ()), expected);
    }
}

// catalogue: H08
#[test]
fn cognito_tells_access_from_id_tokens() {
    let cognito = rules(
        serde_json::json!({ "preset": "cognito", "audience": null, "clientIds": ["web"], "tokenUse": ["access"] }),
    );
    assert!(check_with(&cognito, serde_json::json!({ "token_use": "access", "client_id": "web" })).is_ok());
    let id = serde_json::json!({ "token_use": "id", "aud": "web" });
    assert_eq!(check_with(&cognito, id.clone()), Err(Error::TokenUseMismatch));
    assert_eq!(
        check_with(&cognito, serde_json::json!({ "client_id": "web" })),
        Err(Error::ClaimMissing { claim: "token_use" })
    );
    let both = rules(
        serde_json::json!({ "preset": "cognito", "audience": null, "clientIds": ["web"], "tokenUse": ["access", "id"] }),
    );
    assert_eq!(check_with(&both, id).unwrap().client_id.as_deref(), Some("web"));
    let other = serde_json::json!({ "token_use": "id", "aud": "mobile" });
    assert_eq!(check_with(&both, other), Err(Error::ClientMismatch));
    // An access token's aud never stands in for its client.
    let access = serde_json::json!({ "token_use": "access", "aud": "web" });
    assert_eq!(check_with(&both, access), Err(Error::ClaimMissing { claim: "client_id" }));
}

#[test]
fn a_client_is_never_a_user() {
    let client = check(serde_json::json!({ "sub": "job", "client_id": "job" })).unwrap();
    assert_eq!((client.kind, client.user_id, client.client_id.as_deref()), (PrincipalKind::Client, None, Some("job")));
    let auth0 = check(serde_json::json!({ "sub": "job@clients", "azp": "job", "gty": "client-credentials" })).unwrap();
    assert_eq!((auth0.kind, auth0.user_id, auth0.client_id.as_deref()), (PrincipalKind::Client, None, Some("job")));
    let user = check(serde_json::json!({ "sub": "u1", "client_id": "web" })).unwrap();
    assert_eq!(
        (user.kind, user.user_id.as_deref(), user.client_id.as_deref()),
        (PrincipalKind::User, Some("u1"), Some("web"))
    );
}

#[test]
fn sender_constrained_tokens_are_refused() {
    for cnf in [serde_json::json!({ "jkt": "x" }), serde_json::json!(null), serde_json::json!(1)] {
        assert_eq!(code(serde_json::json!({ "cnf": cnf })), "sender_constrained");
    }
}

// catalogue: I01
#[test]
fn a_tenant_of_the_wrong_type_is_refused() {
    assert_eq!(check(serde_json::json!({ "tenant_id": "<absent>" })).unwrap().tenant_id, None);
    for tenant in [
        serde_json::json!(null),
        serde_json::json!(""),
        serde_json::json!(7),
        serde_json::json!(["acme"]),
        serde_json::json!({}),
    ] {
        assert_eq!(code(serde_json::json!({ "tenant_id": tenant })), "tenant_malformed");
    }
}

// catalogue: I02
#[test]
fn an_issuer_speaks_for_its_own_tenants_only() {
    let globex = rules(serde_json::json!({ "tenants": ["globex"] }));
    assert!(check_with(&globex, serde_json::json!({ "tenant_id": "globex" })).is_ok());
    assert_eq!(check_with(&globex, serde_json::json!({ "tenant_id": "acme" })), Err(Error::TenantNotOfIssuer));
    assert_eq!(check_with(&globex, serde_json::json!({ "tenant_id": "<absent>" })).unwrap().tenant_id, None);
    // No word is a wildcard, neither here nor there.
    for word in ["default", "*", "null", "undefined"] {
        assert_eq!(check_with(&globex, serde_json::json!({ "tenant_id": word })), Err(Error::TenantNotOfIssuer));
        let listed = rules(serde_json::json!({ "tenants": [word] }));
        assert_eq!(check_with(&listed, serde_json::json!({ "tenant_id": "acme" })), Err(Error::TenantNotOfIssuer));
        assert!(check_with(&listed, serde_json::json!({ "tenant_id": word })).is_ok());
    }
}

// catalogue: I05
#[test]
fn a_plan_of_the_wrong_type_is_refused() {
    assert_eq!(check(serde_json::json!({})).unwrap().plan, None);
    for plan in [serde_json::json!(null), serde_json::json!(""), serde_json::json!(3), serde_json::json!(["pro"])] {
        assert_eq!(code(serde_json::json!({ "plan": plan })), "claim_malformed");
    }
}

// catalogue: I06, I07
#[test]
fn permissions_have_three_forms() {
    let held = |value: serde_json::Value| {
        check(serde_json::json!({ "permissions": value })).map(|principal| principal.permissions)
    };
    let ab = Ok(vec!["a".to_owned(), "b".to_owned()]);
    assert_eq!(held(serde_json::json!(["a", "b"])), ab);
    assert_eq!(held(serde_json::json!("a b")), ab);
    assert_eq!(held(serde_json::json!("[\"a\",\"b\"]")), ab);
    assert_eq!(held(serde_json::json!([])), Ok(Vec::new()));
    assert_eq!(held(serde_json::json!("")), Ok(Vec::new()));
    assert_eq!(held(serde_json::json!("superadmin")), Ok(vec!["superadmin".to_owned()]));
    assert_eq!(held(serde_json::json!("{\"admin\":true}")), Ok(vec!["{\"admin\":true}".to_owned()]));
    assert_eq!(held(serde_json::json!(["a", "a", "a ", "*"])).unwrap(), ["a", "a", "a ", "*"]);
    let many: Vec<String> = (0..10_000).map(|n| format!("p{n}")).collect();
    assert_eq!(held(serde_json::json!(many)), Ok(many));
    for value in [
        serde_json::json!(["a", 1]),
        serde_json::json!(["a", ["b"]]),
        serde_json::json!(["a", null]),
        serde_json::json!(["a", ""]),
        serde_json::json!({ "admin": true }),
        serde_json::json!(null),
        serde_json::json!(7),
        serde_json::json!(true),
        serde_json::json!("a  b"),
        serde_json::json!(" a"),
        serde_json::json!("a "),
        serde_json::json!("[\"a\",1]"),
        serde_json::json!("[\"a\""),
        serde_json::json!("[\"a\"] x"),
        serde_json::json!("[\"a\",[\"b\"]]"),
        serde_json::json!("[\"a\",\"\"]"),
    ] {
        assert_eq!(held(value.clone()), Err(Error::ClaimMalformed { claim: "permissions" }), "{value}");
    }
}

// catalogue: I08
#[test]
fn scope_is_split_at_single_spaces() {
    let held = |scope: &str| check(serde_json::json!({ "scope": scope })).map(|principal| principal.scopes);
    assert_eq!(held("read write"), Ok(vec!["read".to_owned(), "write".to_owned()]));
    assert_eq!(held(""), Ok(Vec::new()));
    assert_eq!(held("Read read"), Ok(vec!["Read".to_owned(), "read".to_owned()]));
    assert_eq!(held(&vec!["read"; 10_000].join(" ")).map(|scopes| scopes.len()), Ok(10_000));
    for scope in ["read  write", " read", "read ", "read\twrite", "re\"ad", "re\\ad", "r\u{e9}ad"] {
        assert_eq!(held(scope), Err(Error::ClaimMalformed { claim: "scope" }), "{scope:?}");
    }
}

// catalogue: I09
#[test]
fn claims_are_read_at_the_configured_path_only() {
    let claims = serde_json::json!({ "app.tenant": "dotted", "app": { "tenant": "nested" }, "https://acme/t": "url" });
    let tenant = |path: serde_json::Value| {
        let rules = rules(serde_json::json!({ "claims": { "tenant": path } }));
        check_with(&rules, claims.clone()).unwrap().tenant_id
    };
    assert_eq!(tenant(serde_json::json!("app.tenant")).as_deref(), Some("dotted"));
    assert_eq!(tenant(serde_json::json!(["app", "tenant"])).as_deref(), Some("nested"));
    assert_eq!(tenant(serde_json::json!("https://acme/t")).as_deref(), Some("url"));
    assert_eq!(tenant(serde_json::json!(["app", "tenant", "x"])), None);
    assert_eq!(tenant(serde_json::json!("constructor")), None);
    assert_eq!(tenant(serde_json::json!("__proto__")), None);
    // A member that is not on the way, or not an object on it, is absent; one of another type at its end is not.
    assert_eq!(tenant(serde_json::json!(["app", "constructor"])), None);
    assert_eq!(tenant(serde_json::json!(["app.tenant", "length"])), None);
    let rules = rules(serde_json::json!({ "claims": { "tenant": "app" } }));
    assert_eq!(check_with(&rules, claims.clone()), Err(Error::TenantMalformed));
}

#[test]
fn an_unverified_email_is_left_out() {
    let email = |verified: serde_json::Value| {
        check(serde_json::json!({ "email": "a@b.example", "email_verified": verified }))
            .map(|principal| principal.email)
    };
    assert_eq!(email(serde_json::json!(true)), Ok(Some("a@b.example".to_owned())));
    assert_eq!(email(serde_json::json!("<absent>")), Ok(Some("a@b.example".to_owned())));
    assert_eq!(email(serde_json::json!(false)), Ok(None));
    assert_eq!(email(serde_json::json!("false")), Ok(None));
    assert_eq!(email(serde_json::json!(1)), Err(Error::ClaimMalformed { claim: "email_verified" }));
}
