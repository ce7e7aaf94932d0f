//! Every row of the rotation's table and every edge of it. Times are milliseconds, `exp`s seconds.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// 2026-01-01T00:00:00Z.
const NOW: u64 = 1_767_225_600_000;
const FAMILY_SECONDS: u64 = 2_592_000;
const GRACE: Rules = Rules { grace_ms: 10_000, idle_seconds: None };

/// A family whose current token is number `seq`, made at `NOW`.
fn family(seq: u64) -> Family {
    Family { version: 7, seq, ..begin(&Marks::default(), NOW, &GRACE, FAMILY_SECONDS, "k1") }
}

fn token(seq: u64) -> Presented {
    Presented { seq, exp: NOW / 1000 + FAMILY_SECONDS }
}

/// The verdict on token `seq` of `family`, `now_ms` milliseconds after `NOW`.
fn judged(family: &Family, seq: u64, now_ms: u64) -> Verdict {
    judge(Some(family), &Marks::default(), &token(seq), None, NOW + now_ms, &GRACE, "k1")
}

fn rotated(verdict: Verdict) -> Family {
    match verdict {
        Verdict::Rotate(family) => family,
        other => panic!("{other:?}"),
    }
}

#[test]
fn begins_with_the_first_token() {
    let idle = Rules { grace_ms: 0, idle_seconds: Some(3_600) };
    let marks = Marks { user: Mark { epoch: 3, not_before: 5 }, tenant: Mark { epoch: 4, not_before: 6 } };
    assert_eq!(
        begin(&marks, NOW, &idle, FAMILY_SECONDS, "k1"),
        Family {
            version: 1,
            seq: 1,
            created_at: NOW,
            rotated_at: NOW,
            successor_exp: NOW / 1000 + 3_600,
            absolute_exp: NOW / 1000 + FAMILY_SECONDS,
            idle_exp: Some(NOW / 1000 + 3_600),
            kid: "k1".to_owned(),
            revoked_at: None,
            user_epoch: 3,
            tenant_epoch: 4,
        }
    );
}

#[test]
fn begins_after_a_mark_that_a_clock_ahead_has_set() {
    for (user, tenant) in [(NOW + 5_000, 0), (0, NOW + 5_000), (NOW + 5_000, NOW)] {
        let marks = Marks { user: Mark { epoch: 1, not_before: user }, tenant: Mark { epoch: 1, not_before: tenant } };
        let family = begin(&marks, NOW, &GRACE, FAMILY_SECONDS, "k1");
        assert_eq!(family.created_at, NOW + 5_001);
        // Its life is not the longer for it.
        assert_eq!(family.absolute_exp, NOW / 1000 + FAMILY_SECONDS);
        let verdict = judge(Some(&family), &marks, &token(1), None, NOW, &GRACE, "k1");
        assert!(matches!(verdict, Verdict::Rotate(_)));
    }
}

#[test]
fn rotates_the_current_token() {
    let before = family(5);
    let after = rotated(judge(Some(&before), &Marks::default(), &token(5), None, NOW + 1_999, &GRACE, "k2"));
    assert_eq!(after, Family { version: 8, seq: 6, rotated_at: NOW + 1_999, kid: "k2".to_owned(), ..before.clone() });
    // Whatever was seen before, what is current is current.
    let verdict = judge(Some(&before), &Marks::default(), &token(5), Some(5), NOW + 1_999, &GRACE, "k2");
    assert_eq!(verdict, Verdict::Rotate(after));
}

#[test]
fn a_family_ends_when_it_was_to_end_however_often_it_is_rotated() {
    let idle = Rules { grace_ms: 10_000, idle_seconds: Some(1_000) };
    let mut family = begin(&Marks::default(), NOW, &idle, 2_500, "k1");
    for (at, exp) in [(0, 1_000), (900_000, 1_900), (1_499_999, 2_499), (1_500_000, 2_500), (2_000_000, 2_500)] {
        family = rotated(judge(
            Some(&family),
            &Marks::default(),
            &Presented { seq: family.seq, exp: family.successor_exp },
            None,
            NOW + at,
            &idle,
            "k1",
        ));
        assert_eq!(family.successor_exp, NOW / 1000 + exp);
        assert_eq!(family.absolute_exp, NOW / 1000 + 2_500);
        assert_eq!(family.created_at, NOW);
    }
}

#[test]
fn drops_the_idle_limit_with_the_configuration() {
    let before = Family { idle_exp: Some(NOW / 1000 + 60), successor_exp: NOW / 1000 + 60, ..family(2) };
    let after = rotated(judged(&before, 2, 0));
    assert_eq!((after.idle_exp, after.successor_exp), (None, after.absolute_exp));
}

#[test]
fn repeats_the_successor_within_the_grace_and_revokes_from_its_end_on() {
    for elapsed in [0, 1, 4_000, 9_999] {
        assert_eq!(judged(&family(5), 4, elapsed), Verdict::Repeat, "{elapsed}");
    }
    for elapsed in [10_000, 10_001, 86_400_000] {
        assert_eq!(judged(&family(5), 4, elapsed), Verdict::Revoke(Replay::AfterGrace), "{elapsed}");
    }
}

#[test]
fn the_grace_is_as_long_as_configured() {
    for grace_ms in [0, 60_000] {
        let rules = Rules { grace_ms, idle_seconds: None };
        let at = |elapsed| judge(Some(&family(5)), &Marks::default(), &token(4), None, NOW + elapsed, &rules, "k1");
        if grace_ms > 0 {
            assert_eq!(at(grace_ms - 1), Verdict::Repeat);
        }
        assert_eq!(at(grace_ms), Verdict::Revoke(Replay::AfterGrace));
    }
}

#[test]
fn repeating_does_not_move_the_window() {
    // The first rotation opened it; two repeats later it closes when it was to close.
    let family = family(5);
    for elapsed in [4_000, 8_000] {
        assert_eq!(judged(&family, 4, elapsed), Verdict::Repeat);
    }
    assert_eq!(judged(&family, 4, 12_000), Verdict::Revoke(Replay::AfterGrace));
}

#[test]
fn a_clock_that_stepped_back_finds_no_time_passed() {
    let judged_at = |now, grace_ms| {
        let rules = Rules { grace_ms, idle_seconds: None };
        judge(Some(&family(5)), &Marks::default(), &token(4), None, now, &rules, "k1")
    };
    for now in [NOW - 1, NOW - 3_600_000, 0] {
        assert_eq!(judged_at(now, 10_000), Verdict::Repeat, "{now}");
        assert_eq!(judged_at(now, 0), Verdict::Revoke(Replay::AfterGrace), "{now}");
        let after = rotated(judge(Some(&family(5)), &Marks::default(), &token(5), None, now, &GRACE, "k1"));
        assert_eq!((after.rotated_at, after.absolute_exp), (now, family(5).absolute_exp));
    }
}

#[test]
fn an_ancestor_is_a_replay_within_the_grace_too() {
    for (presented, current) in [(3, 5), (1, 5), (1, 3), (0, 2)] {
        for elapsed in [0, 10_000] {
            let verdict = judged(&family(current), presented, elapsed);
            assert_eq!(verdict, Verdict::Revoke(Replay::Ancestor), "{presented} of {current}");
        }
    }
}

#[test]
fn a_token_that_was_never_made_ends_the_family() {
    for (presented, current) in [(6, 5), (7, 5), (u64::MAX, 5), (2, 1)] {
        assert_eq!(judged(&family(current), presented, 0), Verdict::Revoke(Replay::Ahead), "{presented}");
    }
}

#[test]
fn a_lost_race_is_never_a_replay() {
    let at = |presented, seen, elapsed| {
        judge(Some(&family(5)), &Marks::default(), &token(presented), seen, NOW + elapsed, &GRACE, "k1")
    };
    assert_eq!(at(4, Some(4), 9_999), Verdict::Repeat);
    assert_eq!(at(4, Some(4), 10_000), Verdict::Retry);
    // What an earlier reading did not find current is a replay.
    for seen in [None, Some(3), Some(5)] {
        assert_eq!(at(4, seen, 10_000), Verdict::Revoke(Replay::AfterGrace), "{seen:?}");
    }
    assert_eq!(at(3, Some(3), 0), Verdict::Revoke(Replay::Ancestor));
    assert_eq!(at(6, Some(6), 0), Verdict::Revoke(Replay::Ahead));
}

#[test]
fn refuses_what_it_does_not_know() {
    let verdict = judge(None, &Marks::default(), &token(1), None, NOW, &GRACE, "k1");
    assert_eq!(verdict, Verdict::Refuse(Refusal::Unknown));
}

/// Everything that could be presented: current, predecessor in and after the grace, ancestor, one that was never made.
const EVERY: [(u64, u64); 5] = [(5, 0), (4, 0), (4, 10_000), (3, 0), (6, 0)];

#[test]
fn a_revoked_family_is_refused_whatever_is_presented() {
    for revoked_at in [0, NOW, NOW + 3_600_000] {
        let family = Family { revoked_at: Some(revoked_at), ..family(5) };
        for (seq, elapsed) in EVERY {
            assert_eq!(judged(&family, seq, elapsed), Verdict::Refuse(Refusal::Revoked), "{seq}");
        }
    }
}

#[test]
fn a_mark_ends_the_families_that_began_before_it() {
    let ended = |epoch, not_before| Mark { epoch, not_before };
    let cases = [
        (ended(0, 0), false),
        (ended(0, NOW - 1), false),
        (ended(0, NOW), true),
        (ended(0, NOW + 1), true),
        // Another epoch, whatever the clocks say: the next, and one of a restored backup.
        (ended(1, 0), true),
        (ended(1, NOW - 1), true),
    ];
    for (mark, is_over) in cases {
        for (seq, elapsed) in EVERY {
            for (marks, refusal) in [
                (Marks { user: mark, ..Marks::default() }, Refusal::UserRevoked),
                (Marks { tenant: mark, ..Marks::default() }, Refusal::TenantRevoked),
                (Marks { user: mark, tenant: mark }, Refusal::UserRevoked),
            ] {
                let verdict = judge(Some(&family(5)), &marks, &token(seq), None, NOW + elapsed, &GRACE, "k1");
                assert_eq!(verdict == Verdict::Refuse(refusal), is_over, "{mark:?} {seq}");
            }
        }
    }
    let later = Family { user_epoch: 2, tenant_epoch: 2, ..family(5) };
    let marks = Marks { user: ended(2, NOW - 1), tenant: ended(2, NOW - 1) };
    assert!(matches!(judge(Some(&later), &marks, &token(5), None, NOW, &GRACE, "k1"), Verdict::Rotate(_)));
    let older = Marks { user: ended(1, 0), ..marks };
    let verdict = judge(Some(&later), &older, &token(5), None, NOW, &GRACE, "k1");
    assert_eq!(verdict, Verdict::Refuse(Refusal::UserRevoked));
}

#[test]
fn what_has_expired_is_refused_and_revokes_nothing() {
    let end = NOW / 1000 + 100;
    let over = Family { absolute_exp: end, ..family(5) };
    let idle = Family { idle_exp: Some(end), ..family(5) };
    let cases = [
        (over, token(5).exp, Refusal::Expired),
        (idle, token(5).exp, Refusal::Idle),
        (family(5), end, Refusal::Expired),
    ];
    for (family, exp, refusal) in cases {
        let at =
            |seq, now_ms| judge(Some(&family), &Marks::default(), &Presented { seq, exp }, None, now_ms, &GRACE, "k1");
        for seq in [3, 4, 5, 6] {
            for now_ms in [end * 1000, end * 1000 + 1, end * 1000 + 86_400_000] {
                assert_eq!(at(seq, now_ms), Verdict::Refuse(refusal), "{seq} {now_ms}");
            }
            let last = at(seq, end * 1000 - 1);
            assert!(!matches!(last, Verdict::Refuse(_)), "{seq}: {last:?}");
        }
    }
}

#[test]
fn what_ends_a_family_is_named_in_this_order() {
    let marks = Marks { user: Mark { epoch: 9, not_before: 0 }, tenant: Mark { epoch: 9, not_before: 0 } };
    let end = NOW / 1000;
    let mut family = Family { revoked_at: Some(NOW), absolute_exp: end, idle_exp: Some(end), ..family(5) };
    let refusal = |family: &Family, marks: &Marks, exp| {
        judge(Some(family), marks, &Presented { seq: 5, exp }, None, NOW, &GRACE, "k1")
    };
    assert_eq!(refusal(&family, &marks, end), Verdict::Refuse(Refusal::Revoked));
    family.revoked_at = None;
    assert_eq!(refusal(&family, &marks, end), Verdict::Refuse(Refusal::UserRevoked));
    family.user_epoch = 9;
    assert_eq!(refusal(&family, &marks, end), Verdict::Refuse(Refusal::TenantRevoked));
    family.tenant_epoch = 9;
    assert_eq!(refusal(&family, &marks, end), Verdict::Refuse(Refusal::Expired));
    family.absolute_exp = end + 1;
    assert_eq!(refusal(&family, &marks, end), Verdict::Refuse(Refusal::Idle));
    family.idle_exp = None;
    assert_eq!(refusal(&family, &marks, end), Verdict::Refuse(Refusal::Expired));
    assert!(matches!(refusal(&family, &marks, end + 1), Verdict::Rotate(_)));
}

/// Applies a verdict as a store would.
fn applied(family: &mut Family, verdict: &Verdict, now_ms: u64) {
    match verdict {
        Verdict::Rotate(next) => *family = next.clone(),
        Verdict::Revoke(_) => family.revoked_at = Some(now_ms),
        Verdict::Repeat | Verdict::Refuse(_) | Verdict::Retry => {}
    }
}

#[test]
fn two_tabs_may_share_a_token_once_per_window() {
    let mut family = family(1);
    for (holder, seq, at) in [("A", 1, 0), ("B", 1, 4_000), ("B", 2, 5_000), ("A", 2, 6_000), ("A", 3, 20_000)] {
        let verdict = judged(&family, seq, at);
        assert!(matches!(verdict, Verdict::Rotate(_) | Verdict::Repeat), "{holder} {seq}: {verdict:?}");
        applied(&mut family, &verdict, NOW + at);
    }
    assert_eq!(family.seq, 4);
}

#[test]
fn a_stolen_token_ends_the_family_for_thief_and_victim() {
    let mut family = family(1);
    // The thief is first; the victim comes after the window.
    for (seq, at) in [(1, 0), (1, 60_000)] {
        let verdict = judged(&family, seq, at);
        applied(&mut family, &verdict, NOW + at);
    }
    for seq in [1, 2] {
        assert_eq!(judged(&family, seq, 61_000), Verdict::Refuse(Refusal::Revoked));
    }
}

#[test]
fn a_thousand_turns_with_one_token_give_one_successor_and_no_longer_window() {
    let mut family = family(1);
    let mut repeats = 0;
    for turn in 0..1_000 {
        let now_ms = turn * 20;
        let verdict = judged(&family, 1, now_ms);
        match turn {
            0 => assert!(matches!(verdict, Verdict::Rotate(_))),
            1..500 => assert_eq!(verdict, Verdict::Repeat, "{turn}"),
            500 => assert_eq!(verdict, Verdict::Revoke(Replay::AfterGrace)),
            _ => assert_eq!(verdict, Verdict::Refuse(Refusal::Revoked), "{turn}"),
        }
        repeats += u32::from(verdict == Verdict::Repeat);
        applied(&mut family, &verdict, NOW + now_ms);
        assert_eq!(family.seq, 2);
    }
    assert_eq!(repeats, 499);
}

// Two holders who take turns, each with the newest token it was given. The one behind must come within the window that the
// other's rotation opened, each time; who is late once ends the family. Nothing tells apart two tabs that never are.
#[test]
fn two_holders_live_on_only_while_each_comes_within_the_others_window() {
    for (pause, survives) in [(9_999, true), (10_000, false)] {
        let mut family = family(1);
        let mut held = [1, 1];
        let mut now_ms = 0;
        let mut turns = 0;
        for turn in 0..1_000 {
            let holder = turn % 2;
            let verdict = judged(&family, held[holder], now_ms);
            applied(&mut family, &verdict, NOW + now_ms);
            match verdict {
                // A rotation and a repeat both hand out what is now the current token.
                Verdict::Rotate(_) | Verdict::Repeat => held[holder] = family.seq,
                _ => break,
            }
            turns += 1;
            now_ms += pause;
        }
        assert_eq!(family.revoked_at.is_none(), survives, "{pause}");
        assert_eq!(turns, if survives { 1_000 } else { 1 }, "{pause}");
        if !survives {
            for seq in held {
                assert_eq!(judged(&family, seq, now_ms), Verdict::Refuse(Refusal::Revoked));
            }
        }
        // Each turn made one token at most, and the record did not grow with them.
        assert!(family.seq <= 1_001);
    }
}

#[test]
fn a_record_beyond_all_numbers_traps_nothing() {
    let family = Family { version: u64::MAX, seq: u64::MAX, ..family(5) };
    let after = rotated(judged(&family, u64::MAX, 0));
    assert_eq!((after.version, after.seq), (u64::MAX, u64::MAX));
    let marks = Marks { user: Mark { epoch: 0, not_before: u64::MAX }, ..Marks::default() };
    let idle = Rules { grace_ms: u64::MAX, idle_seconds: Some(u64::MAX) };
    assert_eq!(begin(&marks, u64::MAX, &idle, u64::MAX, "k1").created_at, u64::MAX);
}
