//! Arithmetic modulo the order n: what turns a signature into the two multipliers. Two products and a quotient, once a
//! signature.

use core::num::Wrapping;

use super::inverse::Modulus;
use super::words::{self, N, Words, power_of_two};

static ORDER: Modulus = Modulus::new(N);

/// The lower half of a word.
const LOW: Wrapping<u64> = Wrapping(0xffff_ffff);

/// 2^256 mod n.
const RADIX: Words = power_of_two(256, N);

/// −n⁻¹ modulo 2^32.
const NEGATED_INVERSE: Wrapping<u64> = {
    let lowest = N[0] as u32;
    let mut inverse = lowest;
    let mut i = 0;
    while i < 4 {
        inverse = inverse.wrapping_mul(2_u32.wrapping_sub(lowest.wrapping_mul(inverse)));
        i += 1;
    }
    Wrapping(inverse.wrapping_neg() as u64)
};

/// u₁ = e/s and u₂ = r/s modulo n (FIPS 186-5 section 6.4.2). `r` and `s` are in [1, n), `e` is any 256-bit number.
pub(super) fn multipliers(e: Words, r: Words, s: Words) -> (Words, Words) {
    // 2^256/s, so that the factor 2^−256 of a Montgomery product goes out.
    let quotient = ORDER.divide(RADIX, s);
    let (reduced, below) = words::sub(e, N);
    let e = if below { e } else { reduced };
    (montgomery(e, quotient), montgomery(r, quotient))
}

/// a·b/2^256 modulo n, of numbers below n, with limbs of 32 bits.
fn montgomery(a: Words, b: Words) -> Words {
    let (a, b, n) = (halves(a), halves(b), halves(N));
    // Below 2n after each round: nine limbs.
    let zero = Wrapping(0_u64);
    let mut t = [zero; 9];
    for factor in a {
        // Each sum is at most (2^32 − 1)² + 2·(2^32 − 1) = 2^64 − 1.
        let mut carry = zero;
        for j in 0..8 {
            let sum = factor * b[j] + t[j] + carry;
            t[j] = sum & LOW;
            carry = sum >> 32;
        }
        t[8] += carry;
        let digit = (t[0] * NEGATED_INVERSE) & LOW;
        carry = (digit * n[0] + t[0]) >> 32;
        for j in 1..8 {
            let sum = digit * n[j] + t[j] + carry;
            t[j - 1] = sum & LOW;
            carry = sum >> 32;
        }
        let sum = t[8] + carry;
        t[7] = sum & LOW;
        t[8] = sum >> 32;
    }
    let product = core::array::from_fn(|i| t[2 * i].0 | t[2 * i + 1].0 << 32);
    let (reduced, below) = words::sub(product, N);
    if t[8] == zero && below { product } else { reduced }
}

fn halves(words: Words) -> [Wrapping<u64>; 8] {
    core::array::from_fn(|i| Wrapping(words[i / 2] >> (32 * (i % 2))) & LOW)
}

/// Odd digits that make up the scalar modulo n, the least significant first: Σ digits[i]·2^(BITS·i), each below 2^BITS in
/// magnitude, and none of them 0. The scalar is below n.
///
/// n is odd, so of the scalar and its negative modulo n one is odd: that one's digits, with their signs turned if it is the
/// negative. An odd number is 1 plus twice the number that its higher bits make. Each digit takes BITS of those and is twice
/// that number plus 1, less 2^BITS unless it is the highest; and 1 − 2^BITS times the powers of 2^BITS below the highest sum
/// up to 1 less the highest.
pub(super) fn odd_digits<const BITS: usize, const DIGITS: usize>(scalar: Words) -> [i16; DIGITS] {
    let (odd, sign) = if scalar[0] & 1 == 1 { (scalar, 1) } else { (words::sub(N, scalar).0, -1) };
    let bits = |from: usize| {
        let (word, shift) = (from / 64, from % 64);
        let low = odd.get(word).map_or(0, |word| word >> shift);
        let high = odd.get(word + 1).map_or(0, |word| word << 1 << (63 - shift));
        ((low | high) & ((1 << BITS) - 1)) as i16
    };
    core::array::from_fn(|i| {
        let less = if i + 1 < DIGITS { 1 << BITS } else { 0 };
        sign * (2 * bits(BITS * i + 1) + 1 - less)
    })
}
