//! What goes wrong outside: rubbish for tokens, stores that fail or hold what nobody reads, states that are none.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

// catalogue: Q14
#[test]
fn rubbish_reaches_no_store() {
    let mut host = Host::new();
    let mut other = Host::new();
    let (good, foreign) = (host.log_in(), other.log_in().refresh_token());
    let (token, access) = (good.refresh_token(), good.json()["access_token"].as_str().unwrap().to_owned());
    let half = token.len() / 2;
    let claims_of = |seq: u64| {
        let mut claims = claims(&token);
        claims["seq"] = json!(seq);
        let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
        parts[1] = encode(claims.to_string());
        parts.join(".")
    };
    let too_long = "a".repeat(9_000);
    let rubbish = [
        "x",
        "..",
        "a.b.c",
        &foreign,
        &access,
        &token[..half],
        &token[1..],
        &format!("{token}A"),
        &claims_of(2),
        &too_long,
    ];
    for rubbish in rubbish {
        host.did();
        host.told();
        host.refresh(rubbish).is(400, "invalid_grant");
        assert_eq!(host.did(), "answer", "{rubbish}");
        let event = host.events.pop().unwrap();
        assert_eq!(event["type"], "session_refused");
        assert_eq!((&event["client"], event.get("user"), event.get("family")), (&json!("web"), None, None), "{event}");
        let revoked = host.asked(("web", WEB), "/auth/revoke", &format!("token={rubbish}"));
        assert_eq!((revoked.status, host.did().as_str()), (200, "answer"));
        let cleared = host.by_cookie("/auth/refresh", rubbish);
        assert_eq!((cleared.status, host.did().as_str()), (400, "answer"));
    }
    assert_eq!(host.refresh(&token).status, 200, "nobody was revoked");
}

// catalogue: Q14
#[test]
fn a_token_with_any_character_changed_reaches_no_store() {
    let mut host = Host::new();
    let token = host.log_in().refresh_token();
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        host.did();
        host.refresh(std::str::from_utf8(&bytes).unwrap()).is(400, "invalid_grant");
        assert_eq!(host.did(), "answer", "{at}");
    }
}

// catalogue: R01, R03
#[test]
fn a_store_that_fails_costs_a_503_and_a_retry_works() {
    let session = "grant_type=urn:tollgate:session&user=u-1&tenant=acme";
    for kind in ["load", "create"] {
        let mut host = Host::new();
        let step = host.ask(("web", WEB), "/auth/token", session);
        let step = host.until(step, kind);
        let answer = host.next(&step, &json!({ "failed": "store" }));
        Answer::of(&answer).is(503, "temporarily_unavailable");
        assert_eq!(host.told(), Vec::<String>::new(), "the host tells");
        assert_eq!(host.log_in().status, 200);
    }
    for (kind, failure, applied) in
        [("load", "store", false), ("load", "busy", false), ("rotate", "store", false), ("rotate", "store", true)]
    {
        let mut host = Host::new();
        let token = host.log_in().refresh_token();
        let step = host.begin_refresh(&token);
        let step = host.until(step, kind);
        if applied {
            host.store.perform(&step);
        }
        let answer = host.next(&step, &json!({ "failed": failure }));
        let answer = Answer::of(&answer);
        answer.is(503, "temporarily_unavailable");
        assert_eq!(answer.all("retry-after"), ["1"]);
        assert_eq!(claims(&host.refresh(&token).refresh_token())["seq"], 2, "{kind} {failure} {applied}");
    }
}

#[test]
fn a_revocation_that_cannot_be_written_is_not_claimed() {
    let mut host = Host::new();
    let token = host.log_in().refresh_token();
    host.refresh(&token);
    host.now += 10.0;
    let replayed = host.begin_refresh(&token);
    let replayed = host.until(replayed, "revoke");
    let asked = host.ask(("web", WEB), "/auth/revoke", &format!("token={token}"));
    let all = host.ask(("jobs", JOBS), "/auth/revoke-all", "user=u-1");
    let leaked = host.ask(("jobs", JOBS), "/auth/token", &format!("grant_type=refresh_token&refresh_token={token}"));
    host.told();
    for step in [replayed, asked, all, leaked] {
        for outcome in [
            json!({ "failed": "store" }),
            json!({ "revoked": {} }),
            json!({ "revoked": { "first": 1 } }),
            json!({ "marked": {} }),
            json!({ "marked": null }),
            json!({ "loaded": null }),
        ] {
            let answer = host.next(&step, &outcome);
            Answer::of(&answer).is(503, "temporarily_unavailable");
        }
    }
    assert_eq!(host.told(), Vec::<String>::new());
}

// catalogue: R12
#[test]
fn a_record_that_nobody_reads_is_a_503_for_that_family_only() {
    for (name, value) in [
        ("schema", json!(2)),
        ("version", json!("1")),
        ("kid", Json::Null),
        ("user", json!("u-2")),
        ("tenant", json!("globex")),
        ("client", json!("jobs")),
        ("revoked_at", json!(false)),
    ] {
        let mut host = Host::new();
        let (token, other) = (host.log_in().refresh_token(), host.log_in().refresh_token());
        host.store.families.get_mut(claims(&token)["fam"].as_str().unwrap()).unwrap()[name] = value;
        host.told();
        host.refresh(&token).is(503, "temporarily_unavailable");
        assert_eq!(host.told_why(), why("record_unreadable", ""), "{name}");
        assert_eq!(host.refresh(&other).status, 200);
    }
}

// catalogue: R14
#[test]
fn a_store_that_was_restored_ends_the_family() {
    let mut host = Host::new();
    let first = host.log_in().refresh_token();
    let backup = host.store.clone();
    let second = host.refresh(&first).refresh_token();
    host.store = backup;
    host.told();
    host.refresh(&second).is(400, "invalid_grant");
    assert_eq!(host.told_why(), why("session_replayed", "ahead"));
}

#[test]
fn a_key_that_is_gone_is_a_503() {
    let mut host = Host::new();
    let first = host.log_in().refresh_token();
    host.refresh(&first);
    let family = claims(&first)["fam"].as_str().unwrap().to_owned();
    host.store.families.get_mut(&family).unwrap()["kid"] = json!("gone");
    host.told();
    host.refresh(&first).is(503, "temporarily_unavailable");
    assert_eq!(host.told_why(), why("signing_keys_failed", "missing"));
    // Before any key's time.
    host.now = (NOW - 4_000) as f64;
    host.log_in().is(503, "temporarily_unavailable");
    assert!(host.told().contains(&"signing_keys_failed".to_owned()));
}

#[test]
fn a_clock_that_is_off_is_a_503_and_clears_no_cookie() {
    let mut host = Host::new();
    let token = host.log_in().refresh_token();
    let step = host.begin_refresh(&token);
    let outcome = host.outcome(&step);
    for now in [f64::NAN, f64::INFINITY, 0.0, -1.0, NOW as f64 * 1000.0] {
        host.now = now;
        let answer = host.by_cookie("/auth/refresh", &token);
        answer.is_unavailable();
        host.refresh(&token).is(503, "temporarily_unavailable");
        let next = host.next(&step, &outcome);
        Answer::of(&next).is(503, "temporarily_unavailable");
        let keys = host.begin("GET", "/.well-known/jwks.json", &[], b"");
        Answer::of(&keys).is(503, "temporarily_unavailable");
    }
}

impl Answer {
    #[track_caller]
    fn is_unavailable(&self) {
        self.is(503, "temporarily_unavailable");
        assert_eq!(self.all("set-cookie"), Vec::<&str>::new());
    }
}

/// Every step of a log-in, a refresh, a repeat, a replay and both revocations, with what became of each.
fn every_step(host: &mut Host) -> Vec<(Json, Json)> {
    let token = host.log_in().refresh_token();
    let bodies = [
        ("web", WEB, "/auth/token", "grant_type=urn:tollgate:session&user=u-1&tenant=acme".to_owned()),
        ("web", WEB, "/auth/token", format!("grant_type=refresh_token&refresh_token={token}")),
        ("web", WEB, "/auth/token", format!("grant_type=refresh_token&refresh_token={token}")),
        ("jobs", JOBS, "/auth/token", format!("grant_type=refresh_token&refresh_token={token}")),
        ("web", WEB, "/auth/revoke", format!("token={token}")),
        ("jobs", JOBS, "/auth/revoke-all", "user=u-1".to_owned()),
    ];
    let mut steps = Vec::new();
    for (id, secret, path, body) in bodies {
        let mut step = host.ask((id, secret), path, &body);
        while step["do"] != "answer" {
            let outcome = host.outcome(&step);
            steps.push((step.clone(), outcome.clone()));
            step = host.next(&step, &outcome);
        }
    }
    let waits: Vec<Json> = steps
        .iter()
        .map(|(step, _)| serde_json::from_str::<Json>(step["state"].as_str().unwrap()).unwrap()["wait"].clone())
        .collect();
    for (_, name) in state::WAITS {
        assert!(waits.contains(&json!(name)), "{name} is not among the steps");
    }
    steps
}

#[test]
fn a_state_that_is_none_is_a_503_and_never_a_panic() {
    let mut host = Host::new();
    for (step, outcome) in every_step(&mut host) {
        let state = step["state"].as_str().unwrap().to_owned();
        let (outcome, random) = (outcome.to_string(), host.random());
        let next = |state: &str| {
            let step = host.tokens.next(state, &outcome, host.now, &random);
            Writer::text_of(&step)
        };
        let refused = |text: &str, what: &str| {
            let step: Json = serde_json::from_str(text).unwrap();
            assert_eq!((&step["do"], &step["answer"]["status"]), (&json!("answer"), &json!(503)), "{what}");
        };
        for length in 0..state.len() {
            let cut = state.get(..length).unwrap();
            refused(&next(cut), cut);
        }
        let members: Json = serde_json::from_str(&state).unwrap();
        for name in members.as_object().unwrap().keys() {
            for wrong in [json!(true), json!(-1), json!({}), json!([1])] {
                // An empty list and a yes are good values of these.
                if name == "cookies" && wrong == true {
                    continue;
                }
                let mut changed = members.clone();
                changed[name] = wrong;
                refused(&next(&changed.to_string()), &changed.to_string());
            }
            if name != "marks" {
                let mut changed = members.clone();
                changed.as_object_mut().unwrap().remove(name);
                refused(&next(&changed.to_string()), &changed.to_string());
            }
        }
        for (name, wrong) in [("v", json!(2)), ("wait", json!("x")), ("breach", json!("x")), ("cors", json!([["a"]]))] {
            let mut changed = members.clone();
            changed[name] = wrong;
            refused(&next(&changed.to_string()), &changed.to_string());
        }
        // Any byte of it another: whatever that means, it is an answer or a step, and no panic.
        for at in 0..state.len() {
            let mut bytes = state.clone().into_bytes();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            next(std::str::from_utf8(&bytes).unwrap());
        }
    }
}

#[test]
fn an_outcome_of_another_step_is_a_503() {
    let mut host = Host::new();
    let steps = every_step(&mut host);
    let outcomes: Vec<Json> = steps.iter().map(|(_, outcome)| outcome.clone()).collect();
    let name = |outcome: &Json| outcome.as_object().unwrap().keys().next().unwrap().clone();
    for (step, own) in &steps {
        let mut wrong: Vec<String> =
            outcomes.iter().filter(|other| name(other) != name(own)).map(Json::to_string).collect();
        let mut two = own.clone();
        two["failed"] = json!("store");
        let mut nothing = own.clone();
        nothing[name(own)] = json!(true);
        wrong.extend([two.to_string(), nothing.to_string(), "{}".to_owned(), "null".to_owned(), String::new()]);
        wrong.push(format!("{own}x"));
        for wrong in wrong {
            let random = host.random();
            let answer = host.tokens.next(step["state"].as_str().unwrap(), &wrong, host.now, &random);
            let answer: Json = serde_json::from_str(&Writer::text_of(&answer)).unwrap();
            assert_eq!(answer["answer"]["status"], 503, "{wrong} for {step}");
        }
    }
}
