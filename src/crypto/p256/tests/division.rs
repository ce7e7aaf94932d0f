//! Division, the two multipliers and their digits against big integers.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use rsa::BigUint;

use super::super::inverse::Modulus;
use super::super::multiples::{TEETH, TOOTH_BITS, TOOTH_DIGITS, WINDOW_BITS};
use super::super::scalar::{multipliers, odd_digits};
use super::*;

/// Numbers below `modulus` with a long run, a single bit, or an end in them.
fn edges(modulus: &BigUint) -> Vec<BigUint> {
    let mut edges: Vec<BigUint> = (1..=8u8).flat_map(|i| [BigUint::from(i), modulus - i, modulus / i]).collect();
    for bit in 0..256 {
        edges.extend([power_of_two(bit), power_of_two(bit) - 1u8, power_of_two(bit) + 1u8]);
        edges.push(power_of_two(256) - power_of_two(bit));
        edges.push(modulus - power_of_two(bit) % modulus);
    }
    // Alternating bits, bytes, words and limbs of 30 bits.
    for width in [1, 8, 30, 60, 64] {
        let ones = power_of_two(width) - 1u8;
        let alternating = (0..256 / width).step_by(2).fold(BigUint::from(0u8), |sum, _| (sum << (2 * width)) + &ones);
        edges.extend([alternating.clone() % power_of_two(256), (alternating << width) % power_of_two(256)]);
    }
    edges.retain(|edge| *edge < *modulus && *edge != BigUint::from(0u8));
    edges.sort();
    edges.dedup();
    edges
}

#[test]
fn quotients_are_right_at_random_and_at_the_edges_for_both_moduli() {
    let mut random = Sequence::new();
    for words_of_modulus in [P, N] {
        let (modulus, number) = (Modulus::new(words_of_modulus), big(&words_of_modulus));
        let check = |start: &BigUint, divisor: &BigUint, what: &dyn Display| {
            let quotient = big(&modulus.divide(words(start), words(divisor)));
            assert!(quotient < number, "{start:x} by {divisor:x}, {what}");
            assert_eq!(quotient * divisor % &number, *start, "{start:x} by {divisor:x}, {what}");
        };
        let edges = edges(&number);
        for divisor in &edges {
            for start in [BigUint::from(1u8), BigUint::from(0u8), &number - 1u8, divisor.clone()] {
                check(&start, divisor, &"edges");
            }
        }
        for _ in 0..cases(2_000) {
            random.next_case();
            let [start, divisor] = [0, 1].map(|_| big(&random.words()) % (&number - 1u8) + 1u8);
            check(&start, &divisor, &random);
            check(random.choose(&edges), &divisor, &random);
        }
    }
}

#[test]
fn multipliers_are_the_hash_and_r_over_s() {
    let mut random = Sequence::new();
    let edges: Vec<Words> = edges(&order()).iter().step_by(23).map(words).collect();
    let ones = [u64::MAX; 4];
    let check = |e: Words, r: Words, s: Words, what: &dyn Display| {
        let (u1, u2) = multipliers(e, r, s);
        assert!(big(&u1) < order() && big(&u2) < order(), "{what}");
        assert_eq!(product_mod_n(&u1, &s), words(&(big(&e) % order())), "{e:x?} {r:x?} {s:x?}, {what}");
        assert_eq!(product_mod_n(&u2, &s), r, "{e:x?} {r:x?} {s:x?}, {what}");
    };
    for (i, s) in edges.iter().enumerate() {
        let r = edges[(7 * i + 3) % edges.len()];
        let beyond = [0u8, 1, 2].map(|more| words(&(order() + more)));
        for e in [small(0), small(1), N, beyond[1], beyond[2], ones, words(&(order() - 1u8)), P] {
            check(e, r, *s, &"edges");
        }
    }
    for _ in 0..cases(2_000) {
        random.next_case();
        let (e, r, s) = (random.words(), random.scalar(), random.scalar());
        check(e, r, s, &random);
    }
}

#[test]
fn digits_make_up_their_number_and_stay_in_range() {
    let mut random = Sequence::new();
    let mut numbers: Vec<Words> = edges(&order()).iter().map(words).collect();
    numbers.push(small(0));
    // The most negative digit everywhere, the largest one, and those beside it, in the lower half of the numbers and above.
    for byte in [0x7f_u64, 0x80, 0x81, 0x77, 0x78, 0x88, 0x87] {
        let repeated = [byte * 0x0101_0101_0101_0101; 4];
        numbers.extend([repeated, [repeated[0] + 1, repeated[1], repeated[2], repeated[3]]]);
    }
    let half = power_of_two(255);
    numbers.extend([&half - 1u8, half.clone(), half + 1u8].map(|number| words(&number)));
    numbers.extend((0..cases(1_000)).map(|_| random.scalar()));
    for number in numbers {
        holds::<WINDOW_BITS>(&odd_digits::<WINDOW_BITS, WINDOWS>(number), &number);
        holds::<TOOTH_BITS>(&odd_digits::<TOOTH_BITS, { TEETH * TOOTH_DIGITS }>(number), &number);
    }
}

fn holds<const BITS: usize>(digits: &[i16], number: &Words) {
    let bound = 1 << BITS;
    assert!(digits.iter().all(|digit| digit % 2 != 0 && (-bound..bound).contains(digit)), "{digits:?} of {number:x?}");
    let mut sums = [BigUint::from(0u8), BigUint::from(0u8)];
    for (i, digit) in digits.iter().enumerate() {
        sums[usize::from(*digit < 0)] += BigUint::from(digit.unsigned_abs()) << (BITS * i);
    }
    // Modulo n.
    assert_eq!((&sums[0] + order() - &sums[1]) % order(), big(number), "{digits:?}");
}
