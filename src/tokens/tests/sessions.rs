//! Sessions: issued, rotated, replayed, repeated, revoked, and what each step between sees of a revocation.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn issues_a_session_after_marks_and_hook_and_tells_of_it_once() {
    let mut host = Host::new();
    host.hook = Some(json!({
        "member": true, "plan": "pro", "permissions": ["orders:read"], "groups": ["ops"], "email": "a@b.example",
        "claims": { "https://x.example/n": 1.50 },
    }));
    let answer = host.log_in();
    assert_eq!(host.did(), "load entitle create answer");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.all("cache-control"), ["no-store"]);
    let body = answer.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!((&body["expires_in"], &body["refresh_expires_in"]), (&json!(900), &json!(2_592_000)));
    assert_eq!(body.as_object().unwrap().len(), 5);
    let (access, refresh) = (answer.access_claims(), claims(&answer.refresh_token()));
    for (name, value) in [
        ("sub", json!("u-1")),
        ("tid", json!("acme")),
        ("client_id", json!("web")),
        ("auth_time", json!(NOW)),
        ("plan", json!("pro")),
        ("permissions", json!(["orders:read"])),
        ("groups", json!(["ops"])),
        ("email", json!("a@b.example")),
        ("https://x.example/n", json!(1.5)),
        ("sid", refresh["fam"].clone()),
    ] {
        assert_eq!(access[name], value, "{name}");
    }
    assert_eq!(refresh["seq"], 1);
    let told = json!({
        "type": "session_issued", "time": NOW as f64, "family": refresh["fam"], "user": "u-1", "tenant": "acme",
        "client": "web", "seq": 1,
    });
    assert_eq!(host.events, [told]);
}

// catalogue: Q01
#[test]
fn rotates_and_reads_the_entitlements_again() {
    let mut host = Host::new();
    let first = host.log_in();
    host.did();
    host.told();
    host.now += 60.0;
    host.hook = Some(json!({ "member": true, "plan": "free" }));
    let second = host.refresh(&first.refresh_token());
    assert_eq!(host.did(), "load entitle rotate answer");
    assert_eq!(host.told(), ["session_rotated"]);
    let (before, after) = (first.access_claims(), second.access_claims());
    assert_eq!((&before["plan"], &after["plan"]), (&json!("pro"), &json!("free")));
    assert_eq!((&before["sid"], &before["auth_time"]), (&after["sid"], &after["auth_time"]));
    assert_ne!(before["jti"], after["jti"]);
    let refresh = claims(&second.refresh_token());
    assert_eq!(refresh["seq"], 2);
    // Rotation never extends the end.
    assert_eq!(refresh["exp"], claims(&first.refresh_token())["exp"]);
    assert_eq!(second.json()["refresh_expires_in"], 2_592_000 - 60);
}

// catalogue: Q02
#[test]
fn a_replay_after_the_window_ends_the_family_for_both() {
    let mut host = Host::new();
    let stolen = host.log_in().refresh_token();
    let current = host.refresh(&stolen).refresh_token();
    host.now += 10.0;
    host.did();
    host.told();
    host.refresh(&stolen).is(400, "invalid_grant");
    assert_eq!(host.did(), "load revoke answer");
    assert_eq!(host.told_why(), why("session_replayed", "after_grace"));
    for token in [&stolen, &current] {
        host.refresh(token).is(400, "invalid_grant");
        assert_eq!(host.told_why(), why("session_refused", "revoked"));
    }
}

// catalogue: Q05
#[test]
fn a_grandparent_ends_the_family_within_the_window_too() {
    let mut host = Host::new();
    let first = host.log_in().refresh_token();
    let second = host.refresh(&first).refresh_token();
    let third = host.refresh(&second).refresh_token();
    host.told();
    host.refresh(&first).is(400, "invalid_grant");
    assert_eq!(host.told_why(), why("session_replayed", "ancestor"));
    host.refresh(&third).is(400, "invalid_grant");
}

// catalogue: Q04
#[test]
fn a_lost_answer_is_repeated_to_the_byte_within_the_window() {
    let mut host = Host::new();
    let first = host.log_in().refresh_token();
    let second = host.refresh(&first).refresh_token();
    for later in [0.0, 9.999] {
        host.now = NOW as f64 + later;
        host.did();
        host.told();
        assert_eq!(host.refresh(&first).refresh_token(), second);
        assert_eq!(host.did(), "load entitle load answer");
        let told = host.events[0].clone();
        assert_eq!((&told["type"], &told["seq"]), (&json!("session_repeated"), &json!(2)));
    }
    assert_eq!(claims(&host.refresh(&second).refresh_token())["seq"], 3);
}

// catalogue: Q04
#[test]
fn repeats_to_the_byte_when_the_signing_key_changed_in_between() {
    let jwks = [private_jwk(), private_jwk(), private_jwk(), private_jwk()];
    let keys =
        keys_document(&[(NOW - 3_600, &jwks[0]), (NOW + 5, &jwks[1])], &[(NOW - 3_600, &jwks[2]), (NOW + 5, &jwks[3])]);
    let mut host = Host::with_keys(&config(), &keys);
    let first = host.log_in().refresh_token();
    let second = host.refresh(&first).refresh_token();
    host.now += 5.0;
    assert_eq!(host.refresh(&first).refresh_token(), second);
    let header = |token: &str| token.split('.').next().unwrap().to_owned();
    let third = host.refresh(&second).refresh_token();
    assert_eq!(header(&first), header(&second));
    assert_ne!(header(&second), header(&third));
}

// catalogue: Q04
#[test]
fn a_slow_hook_does_not_close_the_window() {
    let mut host = Host::new();
    let first = host.log_in().refresh_token();
    let second = host.refresh(&first).refresh_token();
    host.now += 9.0;
    let step = host.begin_refresh(&first);
    let step = host.until(step, "entitle");
    host.now += 8.0;
    assert_eq!(host.finish(step).refresh_token(), second);
}

// catalogue: Q09
#[test]
fn a_clock_that_steps_back_logs_nobody_out() {
    let mut host = Host::new();
    let first = host.log_in().refresh_token();
    host.now -= 3_000.0;
    let second = host.refresh(&first).refresh_token();
    host.now -= 500.0;
    assert_eq!(host.refresh(&first).refresh_token(), second);
    assert_eq!(claims(&host.refresh(&second).refresh_token())["seq"], 3);
}

// catalogue: Q08
#[test]
fn without_a_window_nothing_is_repeated() {
    let mut config = config();
    config["tokens"]["graceSeconds"] = json!(0);
    let mut host = Host::with(&config);
    let first = host.log_in().refresh_token();
    host.refresh(&first);
    host.told();
    host.refresh(&first).is(400, "invalid_grant");
    assert_eq!(host.told_why(), why("session_replayed", "after_grace"));
}

// catalogue: Q03
#[test]
fn of_two_that_read_one_token_one_writes_and_the_other_repeats() {
    let mut host = Host::new();
    let first = host.log_in().refresh_token();
    let step = host.begin_refresh(&first);
    let slow = host.until(step, "rotate");
    let fast = host.refresh(&first).refresh_token();
    assert_eq!(host.finish(slow).refresh_token(), fast);
    assert_eq!(host.told(), ["session_issued", "session_rotated", "session_repeated"]);
}

// catalogue: Q03
#[test]
fn who_lost_a_race_replays_nothing_however_late() {
    let mut host = Host::new();
    let first = host.log_in().refresh_token();
    for more in [0, 1] {
        let step = host.begin_refresh(&first);
        // The record as it was before anyone else came.
        let slow = host.until(step, "rotate");
        let before = host.store.clone();
        let mut current = host.refresh(&first).refresh_token();
        for _ in 0..more {
            current = host.refresh(&current).refresh_token();
        }
        host.now += 11.0;
        host.told();
        host.finish(slow).is(503, "temporarily_unavailable");
        assert_eq!(host.told(), Vec::<String>::new());
        assert_eq!(host.refresh(&current).status, 200, "the family lives");
        host.store = before;
    }
}

// catalogue: Q03
#[test]
fn a_repeat_that_was_overtaken_replays_nothing() {
    let mut host = Host::new();
    let first = host.log_in().refresh_token();
    let second = host.refresh(&first).refresh_token();
    let step = host.begin_refresh(&first);
    let slow = host.until(step, "entitle");
    let third = host.refresh(&second).refresh_token();
    host.finish(slow).is(503, "temporarily_unavailable");
    assert_eq!(claims(&host.refresh(&third).refresh_token())["seq"], 4);
}

// catalogue: Q03
#[test]
fn tries_three_times_to_write_and_then_gives_up() {
    let mut host = Host::new();
    let first = host.log_in().refresh_token();
    let family = claims(&first)["fam"].as_str().unwrap().to_owned();
    host.did();
    let mut step = host.begin_refresh(&first);
    while step["do"] != "answer" {
        if step["do"] == "rotate" {
            // Someone else writes each time, and rotates nothing.
            let record = host.store.families.get_mut(&family).unwrap();
            record["version"] = json!(record["version"].as_u64().unwrap() + 1);
        }
        step = host.advance(&step);
    }
    Answer::of(&step).is(503, "temporarily_unavailable");
    assert_eq!(host.did(), "load entitle rotate rotate rotate answer");
    assert_eq!(host.refresh(&first).status, 200);
}

// catalogue: R02
#[test]
fn knows_its_own_write_again() {
    let mut host = Host::new();
    let first = host.log_in().refresh_token();
    let step = host.begin_refresh(&first);
    let step = host.until(step, "rotate");
    let record = step["record"].clone();
    assert_eq!(record["write"].as_str().unwrap().len(), 16);
    host.store.perform(&step);
    // The same request to the store once more, as a client library repeats it.
    let answer = host.finish(step);
    assert_eq!(claims(&answer.refresh_token())["seq"], 2);
    assert_eq!(host.told(), ["session_issued", "session_rotated"]);

    let step = host.ask(("web", WEB), "/auth/token", "grant_type=urn:tollgate:session&user=u-1&tenant=acme");
    let step = host.until(step, "create");
    host.store.perform(&step);
    assert_eq!(host.finish(step).status, 200);
}

#[test]
fn does_not_take_another_familys_record_for_its_own() {
    let mut host = Host::new();
    let step = host.ask(("web", WEB), "/auth/token", "grant_type=urn:tollgate:session&user=u-1&tenant=acme");
    let step = host.until(step, "create");
    let mut other = step["record"].clone();
    other["write"] = json!("oooooooooooooooo");
    host.store.families.insert(other["fam"].as_str().unwrap().to_owned(), other);
    host.finish(step).is(503, "temporarily_unavailable");
}

type Revocation = Box<dyn Fn(&mut Store)>;

/// What can be revoked between two steps of a refresh.
fn revocations(user: &str, tenant: &str, family: &str) -> [(&'static str, Revocation); 3] {
    let (user, tenant, family) = (format!("u#{user}"), format!("t#{tenant}"), family.to_owned());
    let now_ms = NOW * 1000;
    [
        ("revoked", Box::new(move |store| assert!(store.revoke(&family, &json!(now_ms))))),
        ("user_revoked", Box::new(move |store| drop(store.revoke_all(user.clone(), now_ms)))),
        ("tenant_revoked", Box::new(move |store| drop(store.revoke_all(tenant.clone(), now_ms)))),
    ]
}

// catalogue: Q10
#[test]
fn a_revocation_before_the_last_reading_lets_no_token_out() {
    // A rotation loads, asks and writes; a repeat loads, asks and loads once more.
    for (is_repeat, count) in [(false, 3), (true, 3)] {
        for before in 0..count {
            for which in 0..3 {
                let mut host = Host::new();
                let first = host.log_in().refresh_token();
                let family = claims(&first)["fam"].as_str().unwrap().to_owned();
                if is_repeat {
                    host.refresh(&first);
                }
                let mut step = host.begin_refresh(&first);
                for _ in 0..before {
                    step = host.advance(&step);
                }
                let [one, two, three] = revocations("u-1", "acme", &family);
                let (reason, revoke) = [one, two, three].into_iter().nth(which).unwrap();
                revoke(&mut host.store);
                host.told();
                host.finish(step).is(400, "invalid_grant");
                assert_eq!(host.told_why(), why("session_refused", reason), "{is_repeat} {before}");
            }
        }
    }
}

// catalogue: Q10
#[test]
fn a_session_that_was_revoked_while_it_began_is_not_handed_out() {
    for before in 1..3 {
        for which in 1..3 {
            let mut host = Host::new();
            let mut step =
                host.ask(("web", WEB), "/auth/token", "grant_type=urn:tollgate:session&user=u-1&tenant=acme");
            for _ in 0..before {
                step = host.advance(&step);
            }
            let (reason, revoke) = revocations("u-1", "acme", "").into_iter().nth(which).unwrap();
            revoke(&mut host.store);
            host.finish(step).is(400, "invalid_grant");
            assert_eq!(host.told_why(), why("session_refused", reason), "{before}");
        }
    }
}

// catalogue: Q11
#[test]
fn revoking_all_ends_what_there_is_and_nothing_that_begins_later() {
    let mut host = Host::new();
    let old = host.log_in().refresh_token();
    host.told();
    for (target, told) in [("user=u-1", "user"), ("tenant=acme", "tenant")] {
        let answer = host.asked(("jobs", JOBS), "/auth/revoke-all", target);
        assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
        let event = host.events.pop().unwrap();
        assert_eq!((&event["type"], &event["client"]), (&json!("sessions_revoked"), &json!("jobs")));
        assert_eq!(event[told], target.split_once('=').unwrap().1);
        assert_eq!(event.as_object().unwrap().len(), 4, "{event}");
    }
    host.refresh(&old).is(400, "invalid_grant");
    // Even by a host whose clock is behind.
    host.now -= 5.0;
    let new = host.log_in().refresh_token();
    assert_eq!(host.refresh(&new).status, 200);
}

#[test]
fn a_family_of_a_host_whose_clock_is_ahead_does_not_outlive_a_revocation() {
    let mut host = Host::new();
    host.now += 5.0;
    let early = host.log_in().refresh_token();
    host.now -= 5.0;
    host.asked(("jobs", JOBS), "/auth/revoke-all", "user=u-1");
    host.now += 10.0;
    host.refresh(&early).is(400, "invalid_grant");
}

// catalogue: Q12
#[test]
fn a_token_in_another_clients_hands_ends_its_family() {
    let mut host = Host::new();
    let token = host.log_in().refresh_token();
    host.did();
    host.told();
    let body = format!("grant_type=refresh_token&refresh_token={token}");
    for expected in ["session_revoked", "session_refused"] {
        host.asked(("jobs", JOBS), "/auth/token", &body).is(400, "invalid_grant");
        assert_eq!(host.did(), "revoke answer");
        assert_eq!(host.told_why(), why(expected, "other_client"));
    }
    host.refresh(&token).is(400, "invalid_grant");
}

// catalogue: Q13
#[test]
fn who_is_no_member_any_more_gets_nothing_and_nothing_is_written() {
    for answer in [json!(null), json!({ "member": false })] {
        let mut host = Host::new();
        let token = host.log_in().refresh_token();
        let before = host.store.families.clone();
        host.hook = Some(answer.clone());
        host.did();
        host.told();
        host.refresh(&token).is(400, "invalid_grant");
        assert_eq!(
            (host.did().as_str(), host.told_why()),
            ("load entitle answer", why("session_refused", "not_a_member"))
        );
        host.log_in().is(400, "invalid_grant");
        assert_eq!(host.store.families, before);
        // Asked again each time.
        host.hook = Some(json!({ "member": true }));
        assert_eq!(host.refresh(&token).status, 200);
    }
}

// catalogue: Q13
#[test]
fn a_hook_that_is_down_or_says_nonsense_costs_a_503_and_nothing_else() {
    let long = json!({ "member": true, "permissions": ["x".repeat(7_000)] });
    for (answer, reason) in [
        (None, "unavailable"),
        (Some(json!({})), "unreadable"),
        (Some(json!({ "member": true, "roles": [] })), "unreadable"),
        (Some(json!({ "member": true, "claims": { "sub": "admin" } })), "claim_reserved"),
        (Some(json!({ "member": true, "claims": { "sid": null } })), "claim_reserved"),
        (Some(long), "token_too_large"),
    ] {
        let mut host = Host::new();
        let token = host.log_in().refresh_token();
        let before = host.store.families.clone();
        host.hook = answer;
        host.told();
        let refused = host.refresh(&token);
        refused.is(503, "temporarily_unavailable");
        assert_eq!(refused.all("retry-after"), ["1"]);
        assert_eq!(host.told_why(), why("entitlements_failed", reason));
        host.log_in().is(503, "temporarily_unavailable");
        assert_eq!(host.store.families, before, "{reason}");
        host.hook = Some(json!({ "member": true }));
        assert_eq!(host.refresh(&token).status, 200);
    }
}

#[test]
fn without_a_hook_everyone_is_a_member() {
    let mut config = config();
    config["tokens"]["entitlements"] = Json::Null;
    let mut host = Host::with(&config);
    let first = host.log_in();
    assert_eq!(host.did(), "load create answer");
    assert!(first.access_claims().get("plan").is_none());
    let second = host.refresh(&first.refresh_token()).refresh_token();
    assert_eq!(host.did(), "load rotate answer");
    assert_eq!(host.refresh(&first.refresh_token()).refresh_token(), second);
    assert_eq!(host.did(), "load load answer");
}

// catalogue: Q07
#[test]
fn ends_with_its_time_and_when_it_was_idle() {
    let mut config = config();
    config["tokens"]["idleSeconds"] = json!(1_000);
    config["tokens"]["familySeconds"] = json!(1_500);
    let mut host = Host::with(&config);
    let first = host.log_in().refresh_token();
    host.now += 1_000.0;
    host.told();
    host.did();
    host.refresh(&first).is(400, "invalid_grant");
    assert_eq!((host.did().as_str(), host.told_why()), ("answer", why("session_refused", "token_expired")));
    host.now -= 1.0;
    let second = host.refresh(&first);
    assert_eq!(second.json()["refresh_expires_in"], 501);
    // It ends while the hook is asked.
    host.now = NOW as f64 + 1_499.0;
    let step = host.begin_refresh(&second.refresh_token());
    let step = host.until(step, "entitle");
    host.now += 1.0;
    host.told();
    host.finish(step).is(400, "invalid_grant");
    assert_eq!(host.told_why(), why("session_refused", "expired"));
}

// catalogue: Q19
#[test]
fn unknown_expired_revoked_and_replayed_look_the_same() {
    let mut host = Host::new();
    let first = host.log_in().refresh_token();
    let unknown = host.log_in().refresh_token();
    host.store.families.remove(claims(&unknown)["fam"].as_str().unwrap());
    host.refresh(&first);
    host.now += 10.0;
    let replayed = host.refresh(&first);
    let revoked = host.refresh(&first);
    let unknown = host.refresh(&unknown);
    let forged = host.refresh("eyJ.eyJ.x");
    host.now += 2_592_000.0;
    let expired = host.refresh(&first);
    for other in [revoked, unknown, forged, expired] {
        assert_eq!(other, replayed);
    }
    replayed.is(400, "invalid_grant");
}
