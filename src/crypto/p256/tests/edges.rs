//! Sums that go wrong when anything about them is taken for granted: multipliers at their ends, partial sums that collide,
//! results beyond the order. The verdicts are the `p256` crate's.

use super::super::PublicKey;
use super::super::verify::{holds, holds_for};
use super::super::words::{ONE, ZERO, negated_mod_p};
use super::*;

for_each_kernel! {
    every_digit_in_every_place_counts
    partial_sums_that_collide_are_summed_all_the_same
    multipliers_that_cancel_or_coincide_are_right
    hashes_and_signatures_at_their_ends_are_right
    x_beyond_the_order_is_taken_and_nothing_else_is
    keys_with_tiny_coordinates_are_right
}

/// The pair of multipliers gives exactly the x that the oracle finds, by these means.
fn check<C: Tested>(g: &Key<C>, q: &Key<C>, u1: &Words, u2: &Words, means: &[[bool; 2]]) {
    let sum = times(&g.oracle, u1) + times(&q.oracle, u2);
    let x = coordinates(&sum).map(|[x, _]| words(&(big(&x) % order())));
    for [of_g, of_q] in means {
        let found = |r: Words| holds_for::<C>([(g.base(*of_g), *u1), (q.base(*of_q), *u2)], r);
        let what = || format!("{u1:x?} {u2:x?} {:x?}, windows {of_g} {of_q}", coordinates(&q.oracle));
        match x {
            Some(x) => {
                if x != ZERO {
                    assert!(found(x), "{}", what());
                }
                assert!(
                    !found(sum_mod_n(&x, if x == words(&(order() - 1u8)) { &[2, 0, 0, 0] } else { &ONE })),
                    "{}",
                    what()
                );
            }
            // The point at infinity has no x.
            None => {
                for r in [ONE, small(2), words(&(order() - 1u8)), words(&(prime() - order()))] {
                    assert!(!found(r), "{}", what());
                }
            }
        }
    }
}

/// digit·2^place modulo n.
fn digit(digit: i64, place: usize) -> Words {
    let number = words(&((power_of_two(place) * digit.unsigned_abs()) % order()));
    if digit < 0 && number != ZERO { negated_mod_n(&number) } else { number }
}

/// The key d·G.
fn key<C: Tested>(d: &Words) -> Key<C> {
    Key::new(times(&ProjectivePoint::GENERATOR, d))
}

fn every_digit_in_every_place_counts<C: Tested>() {
    let mut random = Sequence::new();
    let g = Key::<C>::new(ProjectivePoint::GENERATOR);
    let q = key::<C>(&random.scalar());
    let mut numbers = vec![ZERO, ONE, words(&(order() - 1u8)), words(&(order() - 2u8)), words(&(order() / 2u8))];
    for place in (0..256).step_by(8) {
        // Where 8 bits end, and where the digit turns negative: odd numbers, and even ones that are taken as their negatives.
        for multiple in [1, 127, 128, 129, 255] {
            numbers.push(digit(multiple, place));
        }
        for multiple in [-1, -128] {
            numbers.push(digit(multiple, place));
        }
    }
    for place in (0..256).step_by(3) {
        for multiple in [1, 4, 7] {
            numbers.push(digit(multiple, place));
        }
    }
    // The same byte everywhere: the digits of 8 bits −255, −1, 1 and 255; and those of three bits that go with them.
    for byte in [0x7f_u64, 0x80, 0x81, 0x00, 0xff, 0x77, 0x78, 0x88, 0x87, 0x08, 0xf0, 0x0f] {
        let repeated = [byte * 0x0101_0101_0101_0101; 4];
        for last in [0, 1] {
            let number = [repeated[0] | last, repeated[1], repeated[2], repeated[3]];
            numbers.push(words(&(big(&number) % order())));
            numbers.push(words(&((big(&repeated) + last) % order())));
        }
    }
    for half in [[u64::MAX, u64::MAX, 0, 0], [0, 0, u64::MAX, u64::MAX >> 32], [0, 1 << 63, 0, 0], [0, 0, 1, 0]] {
        numbers.push(words(&(big(&half) % order())));
    }
    for (i, number) in numbers.iter().enumerate() {
        let other = random.scalar();
        let means = MEANS[i % 4];
        check::<C>(&g, &q, number, &other, &[means, MEANS[0]]);
        check::<C>(&g, &q, &other, number, &[means, MEANS[3]]);
        check::<C>(&g, &q, number, &numbers[(7 * i + 5) % numbers.len()], &[means]);
        check::<C>(&g, &q, number, &ZERO, &[means]);
        check::<C>(&g, &q, &ZERO, number, &[means]);
    }
}

fn partial_sums_that_collide_are_summed_all_the_same<C: Tested>() {
    let g = Key::<C>::new(ProjectivePoint::GENERATOR);
    // Small multiples of G, powers of the windows' and the teeth's base, and their opposites and inverses.
    let mut multiples = vec![ONE, small(2), small(3), small(127), small(128), small(129)];
    multiples.extend([3, 8, 16, 33, 66, 128, 231, 248].map(|place| digit(1, place)));
    let inverses = [small(2), digit(1, 8), digit(1, 33)].map(|number| inverse_mod_n(&number));
    multiples.extend(inverses);
    let opposites: Vec<Words> = multiples.iter().step_by(2).map(negated_mod_n).collect();
    multiples.extend(opposites);
    let small_numbers = [0, 1, 2, 3, 5, 8, 16, 127, 128, 129, 256, 257].map(small);
    let every = if cfg!(target_family = "wasm") { 3 } else { 1 };
    for d in multiples.into_iter().step_by(every) {
        let q = key::<C>(&d);
        for (i, u1) in small_numbers.iter().enumerate() {
            for (j, u2) in small_numbers[1..].iter().enumerate() {
                // Equal windows at the same place, and one after the other.
                check::<C>(&g, &q, u1, u2, &[MEANS[(i + j) % 4]]);
            }
        }
        for place in [3, 8, 16, 33, 36, 66, 248] {
            for (u1, u2) in [(digit(1, place), ONE), (ONE, digit(1, place)), (digit(5, place), digit(5, place))] {
                check::<C>(&g, &q, &u1, &u2, &MEANS[1..]);
                check::<C>(&g, &q, &u1, &negated_mod_n(&u2), &MEANS[1..]);
            }
        }
    }
}

fn multipliers_that_cancel_or_coincide_are_right<C: Tested>() {
    let mut random = Sequence::new();
    let g = Key::<C>::new(ProjectivePoint::GENERATOR);
    for round in 0..3 {
        let d = random.scalar();
        let q = key::<C>(&d);
        for u2 in
            [random.scalar(), random.scalar(), ONE, words(&(order() - 1u8)), digit(1, 8 * round), inverse_mod_n(&d)]
        {
            // u₁·G = ±u₂·Q: both lanes hold the same point, or opposite ones.
            let same = product_mod_n(&u2, &d);
            check::<C>(&g, &q, &same, &u2, &MEANS);
            check::<C>(&g, &q, &negated_mod_n(&same), &u2, &MEANS);
            // Beside them.
            check::<C>(&g, &q, &sum_mod_n(&same, &ONE), &u2, &MEANS);
            check::<C>(&g, &q, &sum_mod_n(&negated_mod_n(&same), &ONE), &u2, &MEANS);
        }
        // Nothing of one, nothing of the other, nothing at all.
        check::<C>(&g, &q, &ZERO, &d, &MEANS);
        check::<C>(&g, &q, &d, &ZERO, &MEANS);
        check::<C>(&g, &q, &ZERO, &ZERO, &MEANS);
    }
}

/// e, r and s as they come in: 0 and n and all ones as the hash, the least and the largest s.
fn hashes_and_signatures_at_their_ends_are_right<C: Tested>() {
    let mut random = Sequence::new();
    let g = Key::<C>::new(ProjectivePoint::GENERATOR);
    let d = random.scalar();
    let q = key::<C>(&d);
    let ends = [ONE, small(2), words(&(order() - 1u8)), words(&(order() - 2u8)), words(&(order() / 2u8))];
    let held = |e: Words, r: Words, s: Words| MEANS.map(|[of_g, of_q]| holds::<C>(g.base(of_g), q.base(of_q), e, r, s));
    let r_of = |t: &Words| {
        let [x, _] = coordinates(&times(&ProjectivePoint::GENERATOR, t)).unwrap();
        words(&(big(&x) % order()))
    };
    let one_more = |number: &Words| words(&(big(number) + 1u8));
    for e in [ZERO, ONE, words(&(order() - 1u8)), N, one_more(&N), P, words(&(power_of_two(256) - 2u8)), [u64::MAX; 4]]
    {
        // R = t·G, and s is what makes it so.
        let t = random.scalar();
        let r = r_of(&t);
        let reduced = words(&(big(&e) % order()));
        let s = product_mod_n(&sum_mod_n(&reduced, &product_mod_n(&r, &d)), &inverse_mod_n(&t));
        assert_eq!(held(e, r, s), [true; 4], "{e:x?}");
        assert_eq!(held(e, r, negated_mod_n(&s)), [true; 4], "{e:x?}");
        assert_eq!(held(if e[0] == u64::MAX { ZERO } else { one_more(&e) }, r, s), [false; 4], "{e:x?}");
    }
    for s in ends {
        // R = t·G, and e is what makes it so.
        let t = random.scalar();
        let r = r_of(&t);
        let e = sum_mod_n(&product_mod_n(&s, &t), &negated_mod_n(&product_mod_n(&r, &d)));
        assert_eq!(held(e, r, s), [true; 4], "{s:x?}");
        assert_eq!(held(e, r, random.scalar()), [false; 4], "{s:x?}");
        for wrong in ends {
            assert_eq!(held(e, wrong, s), [false; 4], "{s:x?} {wrong:x?}");
        }
    }
    // An r or s that is too large by n is another spelling of one that holds, and refused.
    let [x, y] = coordinates(&q.oracle).unwrap().map(|number| bytes(&number).into());
    let public = PublicKey::new(C::KERNEL, &x, &y).unwrap();
    let verifies = |e: &Words, r: &Words, s: &Words| {
        let [e, r, s] = [e, r, s].map(|number| bytes(number).into());
        public.verifies(&e, &r, &s)
    };
    let beyond = |number: &Words| words(&(big(number) + order()));
    let t = random.scalar();
    let r = r_of(&t);
    for s in [ONE, small(2)] {
        let e = sum_mod_n(&product_mod_n(&s, &t), &negated_mod_n(&product_mod_n(&r, &d)));
        assert!(verifies(&e, &r, &s) && !verifies(&e, &r, &beyond(&s)), "{s:x?}");
    }
    let tiny = (1..20).find_map(|t| Some((small(t), with_x(&small(t))?)));
    let (r, sum) = tiny.unwrap();
    // u₁ = 1 and u₂ = 1: e = s = r, and the key is what is left of R.
    let [x, y] = coordinates(&(sum - ProjectivePoint::GENERATOR)).unwrap().map(|number| bytes(&number).into());
    let public = PublicKey::new(C::KERNEL, &x, &y).unwrap();
    let [number, larger] = [r, beyond(&r)].map(|number| bytes(&number).into());
    assert!(public.verifies(&number, &number, &number), "{r:x?}");
    assert!(!public.verifies(&number, &larger, &number) && !public.verifies(&number, &number, &larger), "{r:x?}");
}

/// Multipliers and a key whose sum is this point.
fn summing_to<C: Tested>(random: &mut Sequence, sum: &ProjectivePoint) -> (Words, Words, Key<C>) {
    let (u1, u2) = (random.scalar(), random.scalar());
    let rest = *sum - times(&ProjectivePoint::GENERATOR, &u1);
    (u1, u2, Key::new(times(&rest, &inverse_mod_n(&u2))))
}

fn x_beyond_the_order_is_taken_and_nothing_else_is<C: Tested>() {
    let mut random = Sequence::new();
    let g = Key::<C>::new(ProjectivePoint::GENERATOR);
    // The points whose x is so much above 0, n, or below p.
    let (mut beyond, mut tiny, mut last) = (0, 0, 0);
    for t in 0..24_u8 {
        let next = words(&(order() + t));
        if let Some(sum) = with_x(&next) {
            let (u1, u2, q) = summing_to::<C>(&mut random, &sum);
            for [of_g, of_q] in MEANS {
                let found = |r: Words| holds_for::<C>([(g.base(of_g), u1), (q.base(of_q), u2)], r);
                if t > 0 {
                    assert!(found(small(t.into())), "x = n + {t}");
                }
                assert!(!found(small(u64::from(t) + 1)), "x = n + {t}");
            }
            beyond += 1;
        }
        if let Some(sum) = with_x(&small(t.into())) {
            let (u1, u2, q) = summing_to::<C>(&mut random, &sum);
            for [of_g, of_q] in MEANS {
                let found = |r: Words| holds_for::<C>([(g.base(of_g), u1), (q.base(of_q), u2)], r);
                if t > 0 {
                    assert!(found(small(t.into())), "x = {t}");
                }
                assert!(!found(small(u64::from(t) + 1)), "x = {t}");
                // r + n is p + t, or 2^256 + t: neither counts as t.
                assert!(!found(words(&(prime() - order() + t))), "x = {t}, r + n = p + {t}");
                assert!(!found(words(&(power_of_two(256) - order() + t))), "x = {t}, r + n = 2^256 + {t}");
            }
            tiny += 1;
        }
        let x = words(&(prime() - 1u8 - t));
        if let Some(sum) = with_x(&x) {
            let (u1, u2, q) = summing_to::<C>(&mut random, &sum);
            for [of_g, of_q] in MEANS {
                let found = |r: BigUint| holds_for::<C>([(g.base(of_g), u1), (q.base(of_q), u2)], words(&r));
                assert!(found(big(&x) - order()), "x = p − 1 − {t}");
                assert!(!found(big(&x) - order() + 1u8), "x = p − 1 − {t}");
            }
            last += 1;
        }
    }
    assert!(beyond > 5 && tiny > 5 && last > 5, "{beyond} {tiny} {last}");
    // Just below n, where r + n is far beyond p.
    for t in 1..12_u8 {
        let x = words(&(order() - t));
        let Some(sum) = with_x(&x) else { continue };
        let (u1, u2, q) = summing_to::<C>(&mut random, &sum);
        for [of_g, of_q] in MEANS {
            let found = |r: Words| holds_for::<C>([(g.base(of_g), u1), (q.base(of_q), u2)], r);
            assert!(found(x), "x = n − {t}");
            assert!(!found(words(&(order() - t - 1u8))) && !found(ONE), "x = n − {t}");
        }
    }
}

/// The points with these y, or those of them that exist, by the roots of x³ − 3·x + b − y²: x^p modulo this cubic says
/// which factors it has. Only for a y whose cubic has one root.
pub(super) fn with_y(y: &Words) -> Option<ProjectivePoint> {
    use super::super::words::B;
    let p = prime();
    let minus = |a: &BigUint, b: &BigUint| (a + &p - b) % &p;
    let constant = minus(&big(&B), &(big(y) * big(y) % &p));
    // x³ = 3·x − constant.
    let product = |a: &[BigUint; 3], b: &[BigUint; 3]| {
        let mut wide: [BigUint; 5] = core::array::from_fn(|_| BigUint::from(0u8));
        for (i, a) in a.iter().enumerate() {
            for (j, b) in b.iter().enumerate() {
                wide[i + j] = (&wide[i + j] + a * b) % &p;
            }
        }
        for i in [4, 3] {
            let top = wide[i].clone();
            wide[i - 2] = (&wide[i - 2] + &top * 3u8) % &p;
            wide[i - 3] = minus(&wide[i - 3], &(&top * &constant % &p));
        }
        [wide[0].clone(), wide[1].clone(), wide[2].clone()]
    };
    let x = [0u8, 1, 0].map(BigUint::from);
    let mut power = [1u8, 0, 0].map(BigUint::from);
    for bit in (0..256).rev() {
        power = product(&power, &power);
        if (&p >> bit) % 2u8 == BigUint::from(1u8) {
            power = product(&power, &x);
        }
    }
    // x^p − x = a·x² + b·x + c has exactly the cubic's roots in the field.
    let [c, b, a] = [power[0].clone(), minus(&power[1], &x[1]), power[2].clone()];
    if a == x[0] {
        return None;
    }
    // The cubic modulo that, both made monic, is linear when they share one root: x² = −b·x − c.
    let inverse = a.modpow(&(&p - 2u8), &p);
    let (b, c) = (b * &inverse % &p, c * &inverse % &p);
    // x³ = −b·x² − c·x = (b² − c)·x + b·c.
    let slope = minus(&minus(&(&b * &b % &p), &c), &BigUint::from(3u8));
    let rest = (&b * &c + &constant) % &p;
    let root = minus(&x[0], &(rest * slope.modpow(&(&p - 2u8), &p) % &p));
    point(&words(&root), y)
}

fn keys_with_tiny_coordinates_are_right<C: Tested>() {
    let mut random = Sequence::new();
    let g = Key::<C>::new(ProjectivePoint::GENERATOR);
    let near_p = |t: u64| words(&(prime() - 1u8 - t));
    let by_x = (0..6).flat_map(|t| [with_x(&small(t)), with_x(&near_p(t))]).flatten();
    let by_y = (0..10).filter_map(|t| with_y(&small(t)));
    let mut keys: Vec<ProjectivePoint> = by_x.chain(by_y).collect();
    assert!(keys.len() > 8, "{}", keys.len());
    assert!(keys.iter().any(|key| coordinates(key).unwrap()[0] == ZERO));
    assert!(keys.iter().filter(|key| coordinates(key).unwrap()[1][3] == 0).count() > 2);
    let opposites: Vec<_> = keys.iter().step_by(2).map(|key| -*key).collect();
    keys.extend(opposites);
    for oracle in keys {
        let [x, y] = coordinates(&oracle).unwrap();
        assert_eq!(point(&x, &negated_mod_p(y)), Some(-oracle));
        let q = Key::<C>::new(oracle);
        for (u1, u2) in [(ONE, ONE), (ZERO, ONE), (ZERO, small(2)), (random.scalar(), random.scalar())] {
            check::<C>(&g, &q, &u1, &u2, &MEANS);
        }
    }
}
