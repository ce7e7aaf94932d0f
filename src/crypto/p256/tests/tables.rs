//! Which points get tables, when, and how much is kept; and how many products a call makes for them at most.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::curve::Counting;
use super::super::multiples::{Comb, WINDOW_PRODUCTS, WINDOWS};
use super::super::tables::{IDLE_CHECKS, State, limit, state, with};
use super::super::{PublicKey, known, on_curve};
use super::*;
use crate::limits::TABLE_BYTES;

/// Tables as a new thread has them: in wasm all tests share one.
fn fresh(tables: usize) {
    limit(0);
    limit(tables * Windows::BYTES);
}

/// Points that need not be on the curve: nothing is computed with those that are only looked up.
fn affine(number: u64) -> Affine {
    let point = times(&ProjectivePoint::GENERATOR, &small(number));
    entered::<Scalar>(&coordinates(&point).unwrap())
}

/// G with all its windows: until then no key gets a place.
fn complete() -> Affine {
    let g = affine(1);
    for _ in 0..=WINDOWS {
        check([&g, &g]);
    }
    g
}

/// A check of the two points, and which of them had their windows.
fn check(points: [&Affine; 2]) -> [bool; 2] {
    with::<Scalar, _>(points, |windows| windows.map(|windows| windows.is_some()))
}

/// How many windows are known of a point that has a place.
fn windows(point: &Affine) -> Option<usize> {
    state().into_iter().find(|table| table.point == *point).map(|table| table.windows)
}

#[test]
fn a_window_a_check_is_made_of_g_first_and_then_of_the_key() {
    fresh(4);
    let (g, q) = (affine(1), affine(7));
    // The first check gives both their place.
    assert_eq!(check([&g, &q]), [false; 2]);
    assert_eq!((windows(&g), windows(&q)), (Some(0), Some(0)));
    for made in 1..=WINDOWS {
        assert_eq!(check([&g, &q]), [false; 2]);
        assert_eq!((windows(&g), windows(&q)), (Some(made), Some(0)));
    }
    for made in 1..=WINDOWS {
        assert_eq!(check([&g, &q]), [true, false]);
        assert_eq!((windows(&g), windows(&q)), (Some(WINDOWS), Some(made)));
    }
    for _ in 0..3 {
        assert_eq!(check([&g, &q]), [true; 2]);
        assert_eq!((windows(&g), windows(&q)), (Some(WINDOWS), Some(WINDOWS)));
    }
    limit(TABLE_BYTES);
}

#[test]
fn a_key_seen_once_costs_nothing_and_one_imported_again_finds_its_table() {
    fresh(8);
    let g = complete();
    check([&g, &affine(3)]);
    for once in 10..13 {
        check([&g, &affine(once)]);
        assert_eq!(windows(&affine(once)), Some(0));
    }
    let key = affine(3);
    for _ in 0..WINDOWS {
        check([&g, &key]);
    }
    let [x, y] = coordinates(&times(&ProjectivePoint::GENERATOR, &small(3))).unwrap();
    let again = on_curve::<Scalar>(&[x, y]).unwrap();
    assert_eq!(check([&g, &again]), [true; 2]);
    limit(TABLE_BYTES);
}

#[test]
fn with_no_memory_there_are_no_tables() {
    fresh(0);
    let (g, q) = (affine(1), affine(5));
    for _ in 0..2 * WINDOWS + 4 {
        assert_eq!(check([&g, &q]), [false; 2]);
    }
    assert!(state().is_empty());
    limit(TABLE_BYTES);
}

#[test]
fn memory_stays_within_its_limit_and_a_lower_one_drops_the_oldest_at_once() {
    assert_eq!(Windows::BYTES, WINDOWS * 128 * 64);
    fresh(3);
    let g = complete();
    let points = [2, 3, 4, 5].map(affine);
    for round in 0..3 {
        for point in &points {
            check([&g, point]);
            let bytes: usize = state().iter().map(|table| table.bytes).sum();
            assert!(state().len() <= 3 && bytes <= 3 * Windows::BYTES, "{round}");
        }
    }
    // The first two got their places, and the others wait.
    assert_eq!(points.map(|point| windows(&point).is_some()), [true, true, false, false]);
    check([&g, &points[0]]);
    limit(2 * Windows::BYTES + Windows::BYTES / 2);
    assert_eq!(
        (windows(&g).is_some(), points.map(|point| windows(&point).is_some())),
        (true, [true, false, false, false])
    );
    limit(Windows::BYTES - 1);
    assert!(state().is_empty());
    limit(TABLE_BYTES);
}

#[test]
fn only_a_table_that_was_idle_for_long_goes_and_of_those_the_least_recently_used() {
    fresh(3);
    let g = complete();
    let [first, second, third, fourth] = [2, 3, 4, 5].map(affine);
    check([&g, &first]);
    check([&g, &second]);
    check([&g, &first]);
    // `second` was checked with one check before the last: two more and it is idle for one check less than it takes.
    for _ in 0..IDLE_CHECKS - 3 {
        check([&g, &first]);
    }
    check([&g, &third]);
    assert_eq!((windows(&second).is_some(), windows(&third)), (true, None));
    check([&g, &third]);
    assert_eq!((windows(&second), windows(&third)), (None, Some(0)));
    assert!(windows(&g).is_some() && windows(&first).is_some());
    // Both are idle now; `first` for longer.
    for _ in 0..IDLE_CHECKS + 2 {
        check([&g, &g]);
    }
    check([&g, &fourth]);
    assert_eq!((windows(&first), windows(&third).is_some(), windows(&fourth)), (None, true, Some(0)));
    limit(TABLE_BYTES);
}

/// More keys than places, one after the other: the first keep theirs.
#[test]
fn keys_that_take_turns_do_not_take_the_tables_from_one_another() {
    fresh(3);
    let g = complete();
    let points = [2, 3, 4, 5, 6].map(affine);
    for _ in 0..40 {
        for point in &points {
            check([&g, point]);
        }
    }
    assert_eq!(check([&g, &points[0]]), [true; 2]);
    assert_eq!(check([&g, &points[1]]), [true; 2]);
    assert_eq!(state().len(), 3);
    limit(TABLE_BYTES);
}

#[test]
fn a_key_that_is_g_itself_has_one_table() {
    fresh(3);
    let g = complete();
    assert_eq!(check([&g, &g]), [true; 2]);
    assert_eq!(state().len(), 1);
    limit(TABLE_BYTES);
}

#[test]
fn a_place_taken_for_g_leaves_the_key_its_own() {
    fresh(3);
    let [a, b, c] = [2, 3, 4].map(affine);
    check([&a, &b]);
    for _ in 0..IDLE_CHECKS + 1 {
        check([&b, &c]);
    }
    // G comes back where another point was dropped, and the key's place moved.
    let g = affine(1);
    let before = windows(&c);
    check([&g, &c]);
    assert_eq!((windows(&g), windows(&a)), (Some(0), None));
    assert_eq!(windows(&c), before);
    let entries: Vec<State> = state();
    assert_eq!(entries.iter().filter(|table| table.point == c).count(), 1);
    limit(TABLE_BYTES);
}

#[test]
fn no_call_makes_more_products_for_tables_than_are_stated() {
    fresh(4);
    let g = *Counting::generator();
    let _ = Counting::generator_comb();
    let [x, y] = coordinates(&times(&ProjectivePoint::GENERATOR, &small(11))).unwrap();
    let q = on_curve::<Counting>(&[x, y]).unwrap();
    let mut most = 0;
    for call in 0..2 * WINDOWS + 6 {
        Counted::reset();
        with::<Counting, _>([&g, &q], |_| ());
        let expected = if (1..=2 * WINDOWS).contains(&call) { WINDOW_PRODUCTS } else { 0 };
        assert_eq!(Counted::products(), expected, "call {call}");
        most = most.max(Counted::products());
    }
    assert_eq!(most, WINDOW_PRODUCTS);
    // And no whole call makes more than that beside its own sum, which is the most where there is no table.
    fresh(4);
    let key = PublicKey { kernel: Kernel::Scalar, point: q, comb: std::sync::OnceLock::new() };
    for call in 0..2 * WINDOWS + 6 {
        Counted::reset();
        assert!(!key.holds_by::<Counting>(x, y, known::SUM));
        let table_work = if (1..=2 * WINDOWS).contains(&call) { WINDOW_PRODUCTS } else { 0 };
        let comb = if call == 0 { Comb::PRODUCTS } else { 0 };
        // What compares x, and the additions of pairs but the first: with windows 16 a point and no doubling, with combs
        // 44 a point and 30 doublings for both.
        let (by_windows, doublings) = match call {
            0..=WINDOWS => (0, 30),
            _ if call <= 2 * WINDOWS => (1, 30),
            _ => (2, 0),
        };
        let additions = 16 * by_windows + 44 * (2 - by_windows) - 1;
        assert_eq!(Counted::products() - table_work - comb, 10 * additions + 9 * doublings + 9, "call {call}");
    }
    limit(TABLE_BYTES);
}
