//! Whole verifications against the `p256` crate: signatures that hold and altered ones, by every means.

use p256::ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};

use super::super::PublicKey;
use super::super::tables;
use super::super::verify::{holds, holds_for};
use super::super::words::{G, ONE, ZERO, less};
use super::*;
use crate::limits::TABLE_BYTES;

for_each_kernel! {
    random_signatures_get_the_oracles_verdict_by_every_means
    random_signatures_get_the_oracles_verdict_through_the_tables
    random_multipliers_of_every_length_are_right
}

/// A signature of a hash.
#[derive(Clone, Copy, Debug)]
struct Signed {
    e: Words,
    r: Words,
    s: Words,
}

/// A signature with the private key `d`.
fn signed(random: &mut Sequence, d: &Words) -> Signed {
    let (e, k) = (random.words(), random.scalar());
    let [x, _] = coordinates(&times(&ProjectivePoint::GENERATOR, &k)).unwrap();
    let r = words(&(big(&x) % order()));
    let reduced = words(&(big(&e) % order()));
    let s = product_mod_n(&inverse_mod_n(&k), &sum_mod_n(&reduced, &product_mod_n(&r, d)));
    Signed { e, r, s }
}

/// The oracle's verdict; false too where a number is out of range.
fn verdict(key: &ProjectivePoint, signed: &Signed) -> bool {
    let key = VerifyingKey::from_affine(key.to_affine()).unwrap();
    let signature = Signature::from_scalars(bytes(&signed.r), bytes(&signed.s));
    signature.is_ok_and(|signature| key.verify_prehash(&bytes(&signed.e), &signature).is_ok())
}

/// The same, or with one thing about it changed. r and s stay in [1, n).
fn altered(random: &mut Sequence, good: &Signed) -> Signed {
    let mut altered = *good;
    let bit = random.below(256);
    let flip = |number: &mut Words| number[bit as usize / 64] ^= 1 << (bit % 64);
    match random.below(12) {
        0 => flip(&mut altered.e),
        1 => flip(&mut altered.r),
        2 => flip(&mut altered.s),
        3 => core::mem::swap(&mut altered.r, &mut altered.s),
        // As good as the first.
        4 => altered.s = negated_mod_n(&good.s),
        5 => altered.r = negated_mod_n(&good.r),
        // The same number: e only counts modulo n.
        6 if good.e[3] == 0 => altered.e = words(&(big(&good.e) + order())),
        _ => {}
    }
    let in_range = |number: &Words| *number != ZERO && less(*number, N);
    if in_range(&altered.r) && in_range(&altered.s) { altered } else { *good }
}

fn random_signatures_get_the_oracles_verdict_by_every_means<C: Tested>() {
    let mut random = Sequence::new();
    let g = Key::<C>::new(ProjectivePoint::GENERATOR);
    let [mut accepted, mut refused] = [0_u64; 2];
    // Four means each: 10,000 verifications.
    let (rounds, of_each) = (4, long_cases(2_500) / 4);
    for _ in 0..rounds {
        let d = random.scalar();
        let key = Key::<C>::new(times(&ProjectivePoint::GENERATOR, &d));
        for _ in 0..of_each {
            random.next_case();
            let good = signed(&mut random, &d);
            let case = altered(&mut random, &good);
            let expected = verdict(&key.oracle, &case);
            for [of_g, of_q] in MEANS {
                let found = holds::<C>(g.base(of_g), key.base(of_q), case.e, case.r, case.s);
                assert_eq!(found, expected, "{random}: {case:x?}, d = {d:x?}, windows {of_g} {of_q}");
            }
            *if expected { &mut accepted } else { &mut refused } += 1;
        }
    }
    // Both verdicts, many of each.
    assert!(accepted * 3 > refused && refused * 3 > accepted, "{accepted} accepted, {refused} refused");
}

fn random_signatures_get_the_oracles_verdict_through_the_tables<C: Tested>() {
    let mut random = Sequence::new();
    tables::limit(0);
    // Fewer tables than keys, so that some never get one, and all stages of a table are passed through.
    tables::limit(TABLE_BYTES / 8);
    let privates: Vec<Words> = (0..6).map(|_| random.scalar()).collect();
    let keys: Vec<_> = privates
        .iter()
        .map(|d| {
            let oracle = times(&ProjectivePoint::GENERATOR, d);
            let [x, y] = coordinates(&oracle).unwrap().map(|number| bytes(&number).into());
            (oracle, PublicKey::new(C::KERNEL, &x, &y).unwrap())
        })
        .collect();
    for _ in 0..long_cases(600) {
        random.next_case();
        // The first keys come up more often.
        let which = random.below(6).min(random.below(6)) as usize;
        let good = signed(&mut random, &privates[which]);
        let case = altered(&mut random, &good);
        let signer = if random.one_in(8) { random.below(6) as usize } else { which };
        let (oracle, key) = &keys[signer];
        let [e, r, s] = [case.e, case.r, case.s].map(|number| bytes(&number).into());
        assert_eq!(key.verifies(&e, &r, &s), verdict(oracle, &case), "{random}: {case:x?}");
    }
    tables::limit(TABLE_BYTES);
}

/// u₁ and u₂ with few bits, many, and all but few; R's x, and its neighbours.
fn random_multipliers_of_every_length_are_right<C: Tested>() {
    let mut random = Sequence::new();
    let g = Key::<C>::new(ProjectivePoint::GENERATOR);
    let key = Key::<C>::new(random.point());
    for _ in 0..long_cases(600) {
        random.next_case();
        let [u1, u2] = [0, 1].map(|_| {
            let short = big(&random.words()) >> random.below(257) as usize;
            let number = words(&(short % order()));
            if number != ZERO && random.one_in(2) { negated_mod_n(&number) } else { number }
        });
        let sum = times(&g.oracle, &u1) + times(&key.oracle, &u2);
        let x = coordinates(&sum).map(|[x, _]| words(&(big(&x) % order())));
        let [by_g, by_q] = *random.choose(&MEANS);
        let found = |r: Words| holds_for::<C>([(g.base(by_g), u1), (key.base(by_q), u2)], r);
        let what = format!("{random}: {u1:x?} {u2:x?}, windows {by_g} {by_q}");
        if let Some(x) = x.filter(|x| *x != ZERO) {
            assert!(found(x), "{what}");
        }
        let others = [sum_mod_n(&x.unwrap_or(ZERO), &ONE), random.scalar(), G[0]];
        for other in others.into_iter().filter(|other| Some(*other) != x && *other != ZERO) {
            assert!(!found(other), "{what}");
        }
    }
}
