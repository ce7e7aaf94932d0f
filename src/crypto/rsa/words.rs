//! Integers as rows of 32-bit words, least significant first: what a key needs once, at import, slow and plain. And the digits
//! of big-endian bytes, which each check needs.

use crate::limits::MAX_RSA_BITS;

/// From big-endian bytes.
pub(super) fn from_bytes(bytes: &[u8]) -> Vec<u32> {
    bytes.rchunks(4).map(|word| word.iter().fold(0, |word, byte| word << 8 | u32::from(*byte))).collect()
}

/// `count` digits of `bits` bits each, at most 52, least significant first. What stands above them is left out.
pub(super) fn to_digits(words: &[u32], bits: u32, count: usize) -> Vec<i64> {
    let mask = (1u64 << bits) - 1;
    let word = |place: usize| u64::from(words.get(place).copied().unwrap_or(0));
    let digit = |number: usize| {
        let start = number * bits as usize;
        let (place, shift) = (start / 32, start as u32 % 32);
        let two = (word(place) | word(place + 1) << 32) >> shift;
        // Shifted by 64 it is not part of the digit.
        let three = word(place + 2).checked_shl(64 - shift).unwrap_or(0);
        ((two | three) & mask) as i64
    };
    (0..count).map(digit).collect()
}

/// [`to_digits`] of big-endian bytes, at most as many as the longest modulus has.
pub(super) fn bytes_to_digits(bytes: &[u8], bits: u32, count: usize) -> Vec<i64> {
    // Zeros before the number: what the highest digits are read from, and the eight bytes of the last.
    let mut padded = [0; MAX_RSA_BITS / 8 + 32];
    for (to, byte) in padded.iter_mut().rev().zip(bytes.iter().rev()) {
        *to = *byte;
    }
    let mask = (1u64 << bits) - 1;
    let digit = |number: usize| {
        let start = number * bits as usize;
        let from = padded.len().checked_sub(start / 8 + 8);
        let eight =
            from.and_then(|from| padded.get(from..)?.first_chunk()).map_or(0, |eight| u64::from_be_bytes(*eight));
        // A digit has at most 52 bits, and 7 stand below it at most.
        (eight >> (start % 8) & mask) as i64
    };
    (0..count).map(digit).collect()
}

/// The length of `words` in bits.
pub(super) fn bits(words: &[u32]) -> u32 {
    let top = words.iter().rposition(|word| *word != 0);
    top.map_or(0, |top| 32 * top as u32 + 32 - words.get(top).map_or(32, |word| word.leading_zeros()))
}

/// 2^exponent mod n.
pub(super) fn power_of_two(exponent: u32, modulus: &[u32]) -> Vec<u32> {
    let start = exponent.min(bits(modulus).saturating_sub(1));
    let mut power = vec![0; modulus.len()];
    if let Some(word) = power.get_mut(start as usize / 32) {
        *word = 1 << (start % 32);
    }
    let mut less = vec![0; modulus.len()];
    for _ in start..exponent {
        // power < n, so 2·power - n < n.
        let (mut carry, mut borrow) = (0u32, false);
        for ((power, less), modulus) in power.iter_mut().zip(&mut less).zip(modulus) {
            let twice = *power << 1 | carry;
            carry = *power >> 31;
            let (difference, under) = twice.overflowing_sub(*modulus);
            let (difference, under_again) = difference.overflowing_sub(u32::from(borrow));
            borrow = under | under_again;
            (*power, *less) = (twice, difference);
        }
        if carry == 1 || !borrow {
            core::mem::swap(&mut power, &mut less);
        }
    }
    power
}

/// -1/n modulo 2^(32·count), for odd n.
pub(super) fn negative_inverse(modulus: &[u32], count: usize) -> Vec<u32> {
    // Newton's step x(2 - nx) doubles how many of the low bits are right. An odd number is its own inverse modulo 8.
    let mut inverse = vec![modulus.first().copied().unwrap_or(1)];
    let mut right = 3;
    while right < 32 * count {
        right *= 2;
        let length = right.div_ceil(32).min(count);
        let mut correction = product(modulus, &inverse, length);
        // 2 - nx as 1 + not(nx) + 2, modulo 2^(32·length).
        negate(&mut correction);
        add_small(&mut correction, 2);
        inverse = product(&inverse, &correction, length);
    }
    negate(&mut inverse);
    inverse
}

/// ab modulo 2^(32·count).
fn product(a: &[u32], b: &[u32], count: usize) -> Vec<u32> {
    let mut product = vec![0; count];
    for (place, a) in a.iter().enumerate().take(count) {
        let mut carry = 0;
        for (sum, b) in product.iter_mut().skip(place).zip(b.iter().chain(core::iter::repeat(&0))) {
            // (2^32 - 1)^2 + 2(2^32 - 1) = 2^64 - 1.
            let wide = u64::from(*a) * u64::from(*b) + u64::from(*sum) + carry;
            *sum = wide as u32;
            carry = wide >> 32;
        }
    }
    product
}

/// -a.
fn negate(a: &mut [u32]) {
    for word in a.iter_mut() {
        *word = !*word;
    }
    add_small(a, 1);
}

fn add_small(a: &mut [u32], small: u32) {
    let mut carry = small;
    for word in a {
        let (sum, over) = word.overflowing_add(carry);
        *word = sum;
        carry = u32::from(over);
    }
}
