//! Which texts a cache knows, and what it drops. What a hit is worth is tested with the verifier. `NOW` is 2026-01-01T00:00:00Z.

use std::collections::VecDeque;

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::Verifier;
use crate::limits::{DEFAULT_CACHE_BYTES, DEFAULT_CACHE_ENTRIES, DEFAULT_CACHE_SECONDS, MAX_TOKEN_BYTES};
use crate::testing::Signer;
use crate::token::UntrustedToken;

const NOW: f64 = 1_767_225_600.0;

fn cache(entries: u32, bytes: u32, seconds: u32) -> Cache {
    Cache::compile(&VerifiedTokenCache { entries, bytes, seconds }).unwrap()
}

/// A verified token of about so many bytes of claims. The cache looks at none.
fn verified(bytes: usize) -> Arc<Verified> {
    let signer = Signer::es256("k");
    let text = signer.token(&format!(r#"{{"exp":1,"sub":"{}"}}"#, "u".repeat(bytes)));
    Arc::new(UntrustedToken::parse(&text).unwrap().verify(&signer.key()).unwrap())
}

/// Texts as long as tokens, whose ends differ.
fn text(number: usize) -> String {
    format!("{}{number:016}", "t".repeat(300))
}

fn passed(issuer: usize, generation: u64, token: &Arc<Verified>) -> Passed {
    Passed { issuer, generation, times: Times::of(token.claims()).unwrap(), token: Arc::clone(token) }
}

fn keep(cache: &mut Cache, text: &str, verified: &Arc<Verified>, now: f64) -> Option<Slot> {
    let kept = cache.keep(text.as_bytes(), passed(0, 1, verified), now);
    check(cache);
    kept
}

fn has(cache: &mut Cache, text: &str, now: f64) -> bool {
    let found = cache.find(text.as_bytes(), now).is_some();
    check(cache);
    found
}

/// What must hold between the parts at any time.
fn check(cache: &Cache) {
    let entries: Vec<(usize, &Entry)> =
        cache.slots.iter().enumerate().filter_map(|(slot, entry)| Some((slot, entry.as_ref()?))).collect();
    assert_eq!(cache.len(), entries.len());
    assert!(entries.len() <= cache.max_entries && cache.slots.len() <= cache.max_entries);
    assert_eq!(cache.bytes, entries.iter().map(|(_, entry)| entry.bytes).sum::<usize>());
    assert!(cache.bytes <= cache.max_bytes);
    let mut chained = 0;
    for first in &cache.buckets {
        let (mut slot, mut length) = (*first, 0);
        while let Some(entry) = cache.entry(slot) {
            (slot, length) = (entry.next, length + 1);
            assert!(length <= MAX_CACHE_CHAIN);
        }
        assert_eq!(slot, NONE);
        chained += length;
    }
    assert_eq!(chained, entries.len());
    assert_eq!(cache.order.len(), cache.slots.len());
    let (mut slot, mut newer, mut listed) = (cache.newest, NONE, 0);
    while cache.entry(slot).is_some() && listed < entries.len() {
        let own = cache.order[slot as usize];
        assert_eq!(own.newer, newer);
        (newer, slot, listed) = (slot, own.older, listed + 1);
    }
    assert_eq!((slot, newer, listed), (NONE, cache.oldest, entries.len()));
}

#[test]
fn knows_a_text_by_every_byte() {
    let (mut cache, token) = (cache(10, MIN_CACHE_BYTES, 60), verified(1));
    // Of each length of the rest that is compared apart.
    for length in 100..116 {
        let held: String = (0..length).map(|at| char::from(b'a' + (at % 26) as u8)).collect();
        keep(&mut cache, &held, &token, NOW);
        assert!(has(&mut cache, &held, NOW));
        for at in 0..length {
            let mut other = held.clone().into_bytes();
            for bit in 0..7 {
                other[at] ^= 1 << bit;
                assert!(
                    !has(&mut cache, std::str::from_utf8(&other).unwrap(), NOW),
                    "byte {at} of {length}, bit {bit}"
                );
                other[at] ^= 1 << bit;
            }
        }
        for other in [&held[1..], &held[..length - 1], &format!("x{held}"), &format!("{held}x")] {
            assert!(!has(&mut cache, other, NOW), "{length}");
        }
        cache.remove(0);
    }
    assert!(!has(&mut cache, "", NOW));
}

#[test]
fn texts_that_agree_in_hash_and_beginning_are_told_apart_by_length() {
    let (mut cache, token) = (cache(10, MIN_CACHE_BYTES, 60), verified(1));
    let repeated = |times: usize| "abcdefgh".repeat(times);
    keep(&mut cache, &repeated(20), &token, NOW);
    for times in [19, 21, 40] {
        assert_eq!(hash(repeated(times).as_bytes()), hash(repeated(20).as_bytes()));
        assert!(!has(&mut cache, &repeated(times), NOW), "{times}");
    }
    assert!(has(&mut cache, &repeated(20), NOW));
}

#[test]
fn texts_that_agree_in_hash_and_differ_in_the_last_bytes_alone_are_told_apart() {
    let (mut cache, token) = (cache(10, MIN_CACHE_BYTES, 60), verified(1));
    // Seven bytes are left of whole words. Among so many hashes of 32 bits some are alike.
    let text = |number: u64| {
        let mixed = (number ^ 0x5555_5555).wrapping_mul(0xd134_2543_de82_ef95);
        let mixed = (mixed ^ mixed >> 31).wrapping_mul(0x94d0_49bb_1331_11eb) >> 8;
        let last: String = (0..7).map(|at| char::from((mixed >> (7 * at)) as u8 & 0x7f)).collect();
        "t".repeat(80) + &last
    };
    let mut hashes: Vec<(u32, u64)> = (0..600_000).map(|number| (hash(text(number).as_bytes()), number)).collect();
    hashes.sort_unstable();
    let twins: Vec<_> = hashes.windows(2).filter(|pair| pair[0].0 == pair[1].0).collect();
    assert!(!twins.is_empty());
    for pair in twins {
        keep(&mut cache, &text(pair[0].1), &token, NOW);
        assert!(has(&mut cache, &text(pair[0].1), NOW) && !has(&mut cache, &text(pair[1].1), NOW));
    }
}

#[test]
fn a_hash_only_says_where_to_look() {
    let (mut cache, token) = (cache(100, MIN_CACHE_BYTES, 60), verified(1));
    let twin = |number: usize| format!("{number:08}{}", text(7));
    for number in 0..MAX_CACHE_CHAIN {
        assert_eq!(hash(twin(number).as_bytes()), hash(twin(0).as_bytes()));
        keep(&mut cache, &twin(number), &token, NOW);
    }
    assert!((0..MAX_CACHE_CHAIN).all(|number| has(&mut cache, &twin(number), NOW)));
    assert!(!has(&mut cache, &twin(MAX_CACHE_CHAIN), NOW));
    // One more than a chain may have: the first of them goes, and none of another.
    keep(&mut cache, &text(1), &token, NOW);
    keep(&mut cache, &twin(MAX_CACHE_CHAIN), &token, NOW);
    assert!(!has(&mut cache, &twin(0), NOW));
    assert!((1..=MAX_CACHE_CHAIN).all(|number| has(&mut cache, &twin(number), NOW)) && has(&mut cache, &text(1), NOW));
    // From the middle, the end and the start of a chain.
    let slot = |cache: &mut Cache, number| cache.find(twin(number).as_bytes(), NOW).unwrap().slot;
    for number in [4, 1, 8] {
        let slot = slot(&mut cache, number);
        cache.remove(slot);
        check(&cache);
        assert!(!has(&mut cache, &twin(number), NOW));
    }
    assert!([2, 3, 5, 6, 7].iter().all(|number| has(&mut cache, &twin(*number), NOW)));
}

#[test]
fn hashes_of_signatures_spread() {
    let mut counts = [0; 64];
    let signer = Signer::es256("k");
    for number in 0..640 {
        counts[hash(signer.token(&number.to_string()).as_bytes()) as usize % 64] += 1;
    }
    // Ten on average; the chance of an honest 40 is below one in a billion.
    assert!(counts.iter().all(|count| *count < 40), "{counts:?}");
    assert_eq!(hash(b"short"), 0);
}

#[test]
fn a_token_is_old_after_so_many_seconds_and_before_it_was_verified() {
    let token = verified(1);
    for seconds in [1, 60, MAX_CACHE_SECONDS] {
        let at = |age: f64| {
            let mut cache = cache(10, MIN_CACHE_BYTES, seconds);
            // Another one is looked at by the sweep.
            keep(&mut cache, &text(0), &token, NOW + age);
            keep(&mut cache, &text(1), &token, NOW);
            (has(&mut cache, &text(1), NOW + age), cache.len())
        };
        let life = f64::from(seconds);
        assert_eq!([at(0.0), at(0.001), at(life - 0.001)], [(true, 2); 3], "{seconds}");
        assert_eq!(
            [at(life), at(life + 1.0), at(-0.001), at(-life), at(f64::NAN)],
            [(false, 1), (false, 1), (false, 1), (false, 1), (false, 0)]
        );
    }
}

#[test]
fn a_hit_makes_no_token_younger_and_keeping_it_again_does() {
    let (mut cache, token) = (cache(10, MIN_CACHE_BYTES, 60), verified(1));
    let slot = keep(&mut cache, &text(1), &token, NOW).unwrap();
    cache.set_known(slot);
    assert!(cache.find(text(1).as_bytes(), NOW + 59.0).unwrap().is_known);
    assert!(!has(&mut cache, &text(1), NOW + 60.0));
    keep(&mut cache, &text(1), &token, NOW + 60.0);
    assert!(has(&mut cache, &text(1), NOW + 119.0));
    // Twice in a row, too: one entry, of which the host knows nothing yet.
    cache.set_known(slot);
    cache.keep(text(1).as_bytes(), passed(3, 4, &token), NOW + 110.0);
    assert_eq!(cache.len(), 1);
    let Found { passed, is_known, .. } = cache.find(text(1).as_bytes(), NOW + 169.0).unwrap();
    assert_eq!((passed.issuer, passed.generation, is_known), (3, 4, false));
}

#[test]
fn what_is_too_old_goes_while_others_are_asked_for() {
    let (mut cache, token) = (cache(100, MAX_CACHE_BYTES, 60), verified(1));
    for number in 0..100 {
        keep(&mut cache, &text(number), &token, NOW);
    }
    keep(&mut cache, &text(0), &token, NOW + 50.0);
    // Also after it has looked at all of them.
    for _ in 0..101 {
        assert!(has(&mut cache, &text(0), NOW + 50.0));
    }
    assert_eq!(cache.len(), 100);
    for _ in 0..100 {
        assert!(has(&mut cache, &text(0), NOW + 70.0));
    }
    assert_eq!(cache.len(), 1);
}

#[test]
fn drops_what_was_used_longest_ago_when_entries_are_full() {
    let token = verified(1);
    for entries in [1, 2, 3, 64, 100] {
        let mut cache = cache(entries, MAX_CACHE_BYTES, 60);
        let mut order: VecDeque<usize> = VecDeque::new();
        for number in 0..3 * entries as usize {
            if order.len() == entries as usize {
                let dropped = order.pop_front().unwrap();
                keep(&mut cache, &text(number), &token, NOW);
                assert!(!has(&mut cache, &text(dropped), NOW), "{dropped} of {entries}");
            } else {
                keep(&mut cache, &text(number), &token, NOW);
            }
            order.push_back(number);
            // The one in the middle is used again.
            let used = order.remove(order.len() / 2).unwrap();
            assert!(has(&mut cache, &text(used), NOW));
            order.push_back(used);
            assert_eq!(cache.len(), order.len());
        }
        for number in order {
            assert!(has(&mut cache, &text(number), NOW));
        }
    }
}

#[test]
fn drops_what_was_used_longest_ago_when_bytes_are_full() {
    let (mut cache, token) = (cache(MAX_CACHE_ENTRIES, MIN_CACHE_BYTES, 60), verified(1_000));
    keep(&mut cache, &text(0), &token, NOW);
    let each = cache.bytes;
    let fit = MIN_CACHE_BYTES as usize / each;
    for number in 1..fit {
        keep(&mut cache, &text(number), &token, NOW);
    }
    assert!(cache.len() == fit && has(&mut cache, &text(0), NOW));
    keep(&mut cache, &text(fit), &token, NOW);
    assert_eq!((cache.len(), has(&mut cache, &text(1), NOW), has(&mut cache, &text(0), NOW)), (fit, false, true));
    // To the byte: what fills it whole is kept, and nothing else is left; one byte more is not, and drops nothing.
    let whole = "t".repeat(MIN_CACHE_BYTES as usize - (each - text(0).len()));
    assert!(keep(&mut cache, &format!("{whole}t"), &token, NOW).is_none());
    assert_eq!(cache.len(), fit);
    assert!(keep(&mut cache, &whole, &token, NOW).is_some());
    assert_eq!((cache.len(), cache.bytes), (1, MIN_CACHE_BYTES as usize));
}

#[test]
fn the_smallest_cache_has_room_for_a_longest_token() {
    // A quarter is lost to base64url, and 200 bytes to the rest of the token.
    let (mut cache, token) = (cache(1, MIN_CACHE_BYTES, 1), verified(MAX_TOKEN_BYTES * 3 / 4 - 200));
    assert!(keep(&mut cache, &"t".repeat(MAX_TOKEN_BYTES), &token, NOW).is_some());
}

#[test]
fn shows_nothing_of_what_it_holds() {
    let mut cache = cache(1, MIN_CACHE_BYTES, 1);
    keep(&mut cache, &text(1), &verified(1), NOW);
    assert_eq!(format!("{cache:?}"), "Cache { .. }");
}

#[test]
fn each_bound_is_configured_within_its_range_and_has_a_default() {
    let config = |cache: &str| {
        let issuer =
            r#"{"issuer":"https://a.example","audience":"a","algorithms":["ES256"],"jwksUri":"https://a.example/k"}"#;
        Verifier::from_json(&format!(r#"{{"issuers":[{issuer}],"verifiedTokenCache":{cache}}}"#))
    };
    for good in [
        "null",
        "{}",
        r#"{"entries":1,"bytes":65536,"seconds":1}"#,
        r#"{"entries":100000,"bytes":33554432,"seconds":3600}"#,
    ] {
        assert!(config(good).is_ok(), "{good}");
    }
    let refused = |cache: &str| match config(cache) {
        Err(Error::Config { member, problem }) => (member, problem),
        other => panic!("{cache}: {other:?}"),
    };
    for (member, expected, values) in [
        ("entries", "expected 1 to 100000", ["0", "100001"]),
        ("bytes", "expected 65536 to 33554432", ["65535", "33554433"]),
        ("seconds", "expected 1 to 3600", ["0", "3601"]),
    ] {
        let member = |value: &str| refused(&format!(r#"{{"{member}":{value}}}"#));
        for value in values {
            let (at, problem) = member(value);
            assert!(at.starts_with("verifiedTokenCache.") && problem == expected, "{at} {value}: {problem}");
        }
        for value in ["-1", "1.5", "1e3", "\"60\"", "true", "null", "[]", "{}", "4294967296"] {
            assert!(member(value).1.starts_with("expected an integer from 0 to 4294967295"), "{value}");
        }
    }
    let unknown =
        ("verifiedTokenCache.size".to_owned(), "unknown member, expected entries, bytes or seconds".to_owned());
    assert_eq!(refused(r#"{"size":1}"#), unknown);
    for wrong in ["true", "1", "[]", "\"on\""] {
        assert_eq!(refused(wrong).0, "verifiedTokenCache", "{wrong}");
    }
    let read: VerifiedTokenCache = crate::config::from_value(serde_json::json!({})).unwrap();
    let defaults = (DEFAULT_CACHE_ENTRIES, DEFAULT_CACHE_BYTES, DEFAULT_CACHE_SECONDS);
    assert_eq!((read.entries, read.bytes, read.seconds), defaults);
    assert_eq!(defaults, (1_000, 4_194_304, 60));
}
