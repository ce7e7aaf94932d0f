//! Catalogue section K, the parts that are decided here: what is used, when a fetch is due, and what a flood of unknown
//! key ids can cause. `NOW` is 2026-01-01T00:00:00Z.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::testing::{BOTH, Signer, jwks};

const NOW: f64 = 1_767_225_600.0;
const ES: Algorithm = Algorithm::Es256;

fn set_of(signers: &[&Signer]) -> Jwks {
    Jwks::parse(jwks(signers).as_bytes(), BOTH).unwrap()
}

fn empty() -> Jwks {
    set_of(&[])
}

/// A remote set that was fetched at `at`.
fn fetched(at: f64, signers: &[&Signer]) -> KeySet {
    let mut set = KeySet::remote("https://issuer.example");
    let fetch = set.begin_fetch(at).unwrap();
    assert!(set.fetch_succeeded(fetch.id, at, at, set_of(signers)));
    set
}

/// Fails a fetch and gives back the pause, in seconds.
fn fail(set: &mut KeySet, now: f64) -> f64 {
    let fetch = set.begin_fetch(now).unwrap();
    set.fetch_failed(fetch.id, now, None);
    set.remote.as_ref().unwrap().pause.as_ref().unwrap().seconds
}

/// The kid found for `kid`, or the name of the answer.
fn first_try(set: &KeySet, kid: &str, now: f64) -> String {
    shown(set.find(Some(kid), ES, now, false))
}

fn last_try(set: &KeySet, kid: &str, now: f64) -> String {
    shown(set.find(Some(kid), ES, now, true))
}

fn shown(lookup: Lookup<'_>) -> String {
    match lookup {
        Lookup::Key(key) => format!("key {}", key.kid().unwrap_or("-")),
        Lookup::Due => "due".to_owned(),
        Lookup::Unknown => "unknown".to_owned(),
        Lookup::Ambiguous => "ambiguous".to_owned(),
        Lookup::KidRequired => "kid required".to_owned(),
        Lookup::Unavailable { retry_after_seconds } => format!("unavailable {retry_after_seconds}"),
    }
}

#[test]
fn a_configured_set_is_never_due() {
    let signer = Signer::es256("a");
    let mut set = KeySet::fixed(set_of(&[&signer])).unwrap();
    for now in [0.0, NOW, 1e12, f64::NAN] {
        assert_eq!(first_try(&set, "a", now), "key a");
        assert_eq!(first_try(&set, "b", now), "unknown");
        assert!(!set.background_due(now));
        assert_eq!(set.begin_fetch(now), None);
        assert!(!set.fetch_succeeded(1, now, now, set_of(&[&signer])));
        set.fetch_failed(1, now, None);
    }
    assert_eq!(KeySet::fixed(empty()).unwrap_err(), Error::JwksNoUsableKey);
}

#[test]
fn ages_from_fresh_to_background_to_due_to_unusable() {
    let set = fetched(NOW, &[&Signer::es256("a")]);
    for (age, first, last, background) in [
        (0.0, "key a", "key a", false),
        (299.9, "key a", "key a", false),
        (300.0, "key a", "key a", true),
        (599.9, "key a", "key a", true),
        (600.0, "due", "key a", true),
        (3_599.9, "due", "key a", true),
        (3_600.0, "due", "unavailable 1", true),
        (86_400.0, "due", "unavailable 1", true),
    ] {
        assert_eq!(
            (first_try(&set, "a", NOW + age), last_try(&set, "a", NOW + age)),
            (first.into(), last.into()),
            "{age}"
        );
        assert_eq!(set.background_due(NOW + age), background, "{age}");
    }
}

// catalogue: K08
#[test]
fn starts_one_fetch_however_many_ask() {
    let mut set = KeySet::remote("https://issuer.example");
    let fetch = set.begin_fetch(NOW).unwrap();
    assert_eq!(fetch.cached_since, Some(NOW - 300.0));
    for _ in 0..1_000 {
        assert_eq!(first_try(&set, "a", NOW), "due");
        assert_eq!(set.begin_fetch(NOW), None);
        assert!(!set.background_due(NOW));
    }
    assert!(set.fetch_succeeded(fetch.id, NOW + 1.0, NOW + 1.0, set_of(&[&Signer::es256("a")])));
    assert_eq!(last_try(&set, "a", NOW + 1.0), "key a");
}

// catalogue: K09
#[test]
fn a_fetch_whose_host_went_away_is_taken_for_lost() {
    let mut set = KeySet::remote("https://issuer.example");
    let lost = set.begin_fetch(NOW).unwrap();
    assert_eq!(set.begin_fetch(NOW + 5.0), None);
    let second = set.begin_fetch(NOW + 5.1).unwrap();
    assert_ne!(lost.id, second.id);
    // The lost one comes back after all: it neither replaces nor fails the other.
    assert!(!set.fetch_succeeded(lost.id, NOW + 6.0, NOW + 6.0, set_of(&[&Signer::es256("old")])));
    set.fetch_failed(lost.id, NOW + 6.0, None);
    assert!(set.fetch_succeeded(second.id, NOW + 6.0, NOW + 6.0, set_of(&[&Signer::es256("new")])));
    assert_eq!(
        (last_try(&set, "new", NOW + 6.0), last_try(&set, "old", NOW + 6.0)),
        ("key new".into(), "unknown".into())
    );
}

// catalogue: K06
#[test]
fn a_flood_of_unknown_kids_costs_two_fetches_and_one_more_each_30_seconds() {
    let signer = Signer::es256("a");
    let mut set = fetched(NOW, &[&signer]);
    let mut fetches = Vec::new();
    for tenth in 0..3_000 {
        let now = NOW + f64::from(tenth) / 10.0;
        assert_eq!(first_try(&set, "a", now), "key a", "a good token is not held up");
        if first_try(&set, &format!("bogus {tenth}"), now) == "due" {
            let fetch = set.begin_fetch(now).unwrap();
            assert_eq!(fetch.cached_since, None, "a copy may be as old as the set at hand");
            assert!(set.fetch_succeeded(fetch.id, now, now, set_of(&[&signer])));
            fetches.push(f64::from(tenth) / 10.0);
            assert_eq!(last_try(&set, &format!("bogus {tenth}"), now), "unknown");
        }
    }
    assert!((10..=12).contains(&fetches.len()), "{fetches:?}");
    assert!(fetches[1] < 1.0 && fetches[2] >= 29.9, "{fetches:?}");
}

// catalogue: K07
#[test]
fn a_real_rotation_is_seen_within_30_seconds_of_a_flood() {
    let (old, new) = (Signer::es256("old"), Signer::es256("new"));
    let mut set = fetched(NOW, &[&old]);
    for _ in 0..2 {
        let fetch = set.begin_fetch(NOW + 1.0).unwrap();
        assert!(set.fetch_succeeded(fetch.id, NOW + 1.0, NOW + 1.0, set_of(&[&old])));
    }
    // The bucket is empty; the issuer rotates now.
    assert_eq!(first_try(&set, "new", NOW + 2.0), "unknown");
    assert_eq!(set.begin_fetch(NOW + 2.0), None);
    assert_eq!(first_try(&set, "new", NOW + 30.9), "unknown");
    assert_eq!(first_try(&set, "new", NOW + 31.0), "due");
    let fetch = set.begin_fetch(NOW + 31.0).unwrap();
    assert!(set.fetch_succeeded(fetch.id, NOW + 31.0, NOW + 31.0, set_of(&[&old, &new])));
    assert_eq!(
        (first_try(&set, "new", NOW + 31.0), first_try(&set, "old", NOW + 31.0)),
        ("key new".into(), "key old".into())
    );
}

#[test]
fn an_unknown_kid_joins_the_fetch_under_way() {
    let mut set = fetched(NOW, &[&Signer::es256("a")]);
    let first = set.begin_fetch(NOW + 1.0).unwrap();
    assert!(set.fetch_succeeded(first.id, NOW + 1.0, NOW + 1.0, set_of(&[&Signer::es256("a")])));
    set.begin_fetch(NOW + 2.0).unwrap();
    // The bucket is empty, but an answer is on its way.
    assert_eq!(first_try(&set, "b", NOW + 2.0), "due");
    assert_eq!(last_try(&set, "b", NOW + 2.0), "unknown");
}

// catalogue: K10
#[test]
fn an_older_set_never_replaces_a_newer_one() {
    let (old, new) = (Signer::es256("old"), Signer::es256("new"));
    let mut set = fetched(NOW, &[&new]);
    let fetch = set.begin_fetch(NOW + 301.0).unwrap();
    assert_eq!(fetch.cached_since, Some(NOW + 1.0));
    assert!(!set.fetch_succeeded(fetch.id, NOW + 301.0, NOW - 10.0, set_of(&[&old])));
    assert_eq!(
        (last_try(&set, "new", NOW + 302.0), last_try(&set, "old", NOW + 302.0)),
        ("key new".into(), "unknown".into())
    );
    assert_eq!(set.generation(), 1);
}

#[test]
fn a_set_from_a_shared_cache_is_as_old_as_it_says() {
    let mut set = KeySet::remote("https://issuer.example");
    let fetch = set.begin_fetch(NOW).unwrap();
    assert!(set.fetch_succeeded(fetch.id, NOW, NOW - 250.0, set_of(&[&Signer::es256("a")])));
    assert_eq!(first_try(&set, "a", NOW + 349.0), "key a");
    assert_eq!(first_try(&set, "a", NOW + 350.0), "due");
    assert!(set.background_due(NOW + 50.0) && !set.background_due(NOW + 49.0));
    // Too old, no time at all, or a time to come.
    for (fetched_at, taken) in
        [(NOW - 3_600.0, false), (f64::NAN, false), (f64::NEG_INFINITY, false), (NOW + 1e9, true)]
    {
        let mut set = KeySet::remote("https://issuer.example");
        let fetch = set.begin_fetch(NOW).unwrap();
        assert_eq!(set.fetch_succeeded(fetch.id, NOW, fetched_at, set_of(&[&Signer::es256("a")])), taken);
        assert_eq!(last_try(&set, "a", NOW) == "key a", taken);
        assert_eq!(last_try(&set, "a", NOW + 3_600.0), "unavailable 1");
    }
}

// catalogue: K11, K02
#[test]
fn a_failed_fetch_keeps_the_last_good_set() {
    let mut set = fetched(NOW, &[&Signer::es256("a")]);
    assert!(fail(&mut set, NOW + 600.0) <= 1.0);
    assert_eq!(first_try(&set, "a", NOW + 600.1), "key a", "backing off: the old set is used without waiting");
    assert!(!set.background_due(NOW + 600.1));
    assert_eq!(set.begin_fetch(NOW + 600.1), None);
    assert_eq!(first_try(&set, "a", NOW + 601.0), "due");
    // A set without a usable key is a failure too.
    let fetch = set.begin_fetch(NOW + 601.0).unwrap();
    assert!(!set.fetch_succeeded(fetch.id, NOW + 601.0, NOW + 601.0, empty()));
    assert_eq!(first_try(&set, "a", NOW + 601.1), "key a");
    assert_eq!(set.begin_fetch(NOW + 601.5), None);
    assert_eq!(set.generation(), 1);
}

// catalogue: K02
#[test]
fn pauses_double_to_60_seconds_with_jitter_and_end_with_a_success() {
    let mut set = KeySet::remote("https://issuer.example");
    let mut now = NOW;
    for nominal in [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0] {
        let pause = fail(&mut set, now);
        assert!(pause > nominal * 0.75 - 0.001 && pause <= nominal, "{pause} for {nominal}");
        assert_eq!(first_try(&set, "a", now), format!("unavailable {}", pause.ceil()));
        assert_eq!(set.begin_fetch(now + pause - 0.001), None);
        now += pause + 0.001;
        assert_eq!(first_try(&set, "a", now), "due");
    }
    let fetch = set.begin_fetch(now).unwrap();
    assert!(set.fetch_succeeded(fetch.id, now, now, set_of(&[&Signer::es256("a")])));
    assert!(fail(&mut set, now + 700.0) <= 1.0);
    // Two issuers do not come back in step.
    let (mut one, mut two) = (KeySet::remote("https://one.example"), KeySet::remote("https://two.example"));
    assert_ne!(fail(&mut one, NOW).to_bits(), fail(&mut two, NOW).to_bits());
}

#[test]
fn a_thousand_failures_do_not_overflow_the_pause() {
    let mut set = KeySet::remote("https://issuer.example");
    for n in 0..1_000 {
        let pause = fail(&mut set, NOW + f64::from(n) * 100.0);
        assert!(pause > 0.7 && pause <= 60.0, "{pause}");
    }
}

// catalogue: K02
#[test]
fn retry_after_lengthens_the_pause_up_to_ten_minutes() {
    for (asked, pause) in [(Some(120.0), 120.0), (Some(1e9), 600.0), (Some(f64::INFINITY), 600.0)] {
        let mut set = KeySet::remote("https://issuer.example");
        let fetch = set.begin_fetch(NOW).unwrap();
        set.fetch_failed(fetch.id, NOW, asked);
        assert_eq!(first_try(&set, "a", NOW), format!("unavailable {pause}"));
        assert_eq!(first_try(&set, "a", NOW + pause), "due");
    }
    for asked in [None, Some(0.0), Some(-5.0), Some(f64::NAN)] {
        let mut set = KeySet::remote("https://issuer.example");
        let fetch = set.begin_fetch(NOW).unwrap();
        set.fetch_failed(fetch.id, NOW, asked);
        assert_eq!(first_try(&set, "a", NOW), "unavailable 1", "{asked:?}");
        assert_eq!(first_try(&set, "a", NOW + 1.0), "due", "{asked:?}");
    }
}

#[test]
fn while_backing_off_an_unknown_kid_is_unknown() {
    let mut set = fetched(NOW, &[&Signer::es256("a")]);
    fail(&mut set, NOW + 1.0);
    assert_eq!(first_try(&set, "b", NOW + 1.1), "unknown");
    assert_eq!(first_try(&set, "a", NOW + 1.1), "key a");
    assert_eq!(first_try(&set, "b", NOW + 3.0), "due");
}

// catalogue: K05
#[test]
fn with_no_set_and_no_answer_the_set_is_unavailable_and_never_unknown() {
    let mut set = KeySet::remote("https://issuer.example");
    assert_eq!((first_try(&set, "a", NOW), last_try(&set, "a", NOW)), ("due".into(), "unavailable 1".into()));
    fail(&mut set, NOW);
    assert_eq!((first_try(&set, "a", NOW), last_try(&set, "a", NOW)), ("unavailable 1".into(), "unavailable 1".into()));
}

// catalogue: K12, K17
#[test]
fn a_removed_key_is_refused_once_a_fetch_has_shown_it_gone() {
    let (stays, goes) = (Signer::es256("stays"), Signer::es256("goes"));
    let mut set = fetched(NOW, &[&stays, &goes]);
    let before = set.generation();
    assert_eq!(first_try(&set, "goes", NOW + 599.0), "key goes");
    let fetch = set.begin_fetch(NOW + 599.0).unwrap();
    assert!(set.fetch_succeeded(fetch.id, NOW + 599.0, NOW + 599.0, set_of(&[&stays])));
    assert_eq!(last_try(&set, "goes", NOW + 599.0), "unknown");
    assert_eq!(first_try(&set, "stays", NOW + 599.0), "key stays");
    assert_ne!(set.generation(), before);
    // The same set again is the same generation, also when it is fetched anew.
    let (again, fetch) = (set.generation(), set.begin_fetch(NOW + 1_300.0).unwrap());
    assert!(set.fetch_succeeded(fetch.id, NOW + 1_300.0, NOW + 1_300.0, set_of(&[&stays])));
    assert_eq!(set.generation(), again);
}

// catalogue: K13
#[test]
fn an_issuer_that_is_down_is_served_from_the_last_set_for_an_hour_and_no_longer() {
    let mut set = fetched(NOW, &[&Signer::es256("a")]);
    let mut now = NOW + 300.0;
    while now < NOW + 3_600.0 {
        if set.background_due(now) || first_try(&set, "a", now) == "due" {
            fail(&mut set, now);
        }
        assert_eq!(last_try(&set, "a", now), "key a", "{}", now - NOW);
        now += 0.5;
    }
    for age in [3_600.0, 3_700.0, 86_400.0] {
        assert!(last_try(&set, "a", NOW + age).starts_with("unavailable"), "{age}");
    }
    // It comes back.
    let fetch = set.begin_fetch(NOW + 90_000.0).unwrap();
    assert!(set.fetch_succeeded(fetch.id, NOW + 90_000.0, NOW + 90_000.0, set_of(&[&Signer::es256("a")])));
    assert_eq!(first_try(&set, "a", NOW + 90_000.0), "key a");
}

// catalogue: K14
#[test]
fn overlapping_keys_are_both_live() {
    let (old, new) = (Signer::es256("old"), Signer::es256("new"));
    let set = fetched(NOW, &[&old, &new]);
    assert_eq!((first_try(&set, "old", NOW), first_try(&set, "new", NOW)), ("key old".into(), "key new".into()));
}

// catalogue: C05
#[test]
fn without_a_kid_exactly_one_key_must_fit() {
    let (a, b, rsa) = (Signer::es256("a"), Signer::es256("b"), Signer::rs256("r"));
    let without = |signers: &[&Signer], algorithm| {
        shown(KeySet::fixed(set_of(signers)).unwrap().find(None, algorithm, NOW, false))
    };
    assert_eq!(without(&[&a], ES), "key a");
    assert_eq!(without(&[&a, &rsa], ES), "key a");
    assert_eq!(without(&[&a, &rsa], Algorithm::Rs256), "key r");
    assert_eq!(without(&[&a, &b], ES), "kid required");
    assert_eq!(without(&[&a, &b, &rsa], ES), "kid required");
    assert_eq!(without(&[&a, &a], ES), "key a");
    assert_eq!(without(&[&rsa], ES), "unknown");
}

// catalogue: J03, B06
#[test]
fn one_kid_means_one_key_of_one_algorithm_whatever_the_order() {
    let (a, b, rsa) = (Signer::es256("k"), Signer::es256("k"), Signer::rs256("k"));
    let found = |signers: &[&Signer], algorithm| {
        shown(KeySet::fixed(set_of(signers)).unwrap().find(Some("k"), algorithm, NOW, false))
    };
    assert_eq!(found(&[&a, &a], ES), "key k");
    assert_eq!(found(&[&a, &rsa], ES), "key k");
    assert_eq!(found(&[&rsa, &a], Algorithm::Rs256), "key k");
    for order in [[&a, &b], [&b, &a]] {
        assert_eq!(found(&order, ES), "ambiguous");
    }
    for order in [[&a, &b, &rsa], [&rsa, &b, &a], [&a, &rsa, &b]] {
        assert_eq!((found(&order, ES), found(&order, Algorithm::Rs256)), ("ambiguous".into(), "key k".into()));
    }
    // An EC id asked for with RS256 is unknown: the key's algorithm is part of what is looked up.
    assert_eq!(found(&[&a], Algorithm::Rs256), "unknown");
}

// catalogue: C06, J21
#[test]
fn kids_are_compared_byte_for_byte() {
    let set = KeySet::fixed(set_of(&[&Signer::es256("k\u{e9}y"), &Signer::es256("__proto__")])).unwrap();
    assert_eq!(first_try(&set, "k\u{e9}y", NOW), "key k\u{e9}y");
    for kid in ["", "K\u{e9}y", "ke\u{301}y", "k\u{e9}y ", "k\u{e9}y\0", "k", "constructor", "toString", "../k\u{e9}y"]
    {
        assert_eq!(first_try(&set, kid, NOW), "unknown", "{kid:?}");
    }
    assert_eq!(first_try(&set, "__proto__", NOW), "key __proto__");
}

// catalogue: G10
#[test]
fn a_clock_that_steps_back_or_stops_making_sense_never_keeps_a_set_young() {
    let mut set = fetched(NOW, &[&Signer::es256("a")]);
    assert_eq!(first_try(&set, "a", NOW - 5.0), "key a");
    assert_eq!(first_try(&set, "a", NOW - 700.0), "due");
    assert_eq!(last_try(&set, "a", NOW - 7_200.0), "unavailable 1");
    assert_eq!(last_try(&set, "a", f64::NAN), "unavailable 1");
    assert_eq!(set.begin_fetch(f64::NAN), None);
    assert_eq!(set.begin_fetch(f64::INFINITY), None);
    // A set that was fetched before the step gives way to one fetched after it.
    let fetch = set.begin_fetch(NOW - 7_200.0).unwrap();
    assert!(set.fetch_succeeded(fetch.id, NOW - 7_200.0, NOW - 7_200.0, set_of(&[&Signer::es256("b")])));
    assert_eq!(first_try(&set, "b", NOW - 7_200.0), "key b");
    // And a pause does not outlast its length because the clock went back.
    fail(&mut set, NOW);
    assert_eq!(set.begin_fetch(NOW - 100_000.0).map(|fetch| fetch.id > 0), Some(true));
}
