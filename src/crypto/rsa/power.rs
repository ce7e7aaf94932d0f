//! Powers of public numbers modulo public numbers, in variable time. Holds no secret and must be given none.

use super::columns::{MAX_PAIRS, Modulus, Product};
use super::words;

/// A kernel: Montgomery products, and how numbers become its digits and back.
pub(super) trait Engine {
    /// A digit in memory.
    type Limb: Copy + Default;
    /// A pair of sums of T's high half in memory.
    type Held: Copy + Default;
    /// Digits lie around 0.
    const SIGNED: bool;

    /// Bits in a digit, for a modulus of so many bits.
    fn bits(modulus_bits: u32) -> u32;
    fn limb(digit: i64) -> Self::Limb;
    fn number(limb: Self::Limb) -> i64;
    /// The sums that a pair of T's high half stands for.
    #[cfg(test)]
    fn sums(held: Self::Held) -> [i64; 2];
    /// T = xy. |x|, |y| <= 1.25n.
    fn multiply(
        modulus: Modulus<'_, Self::Limb>,
        product: &mut Product<Self::Limb, Self::Held>,
        x: &[[Self::Limb; 2]],
        y: &[[Self::Limb; 2]],
    );
    /// T = xx. |x| <= 1.25n.
    fn square(modulus: Modulus<'_, Self::Limb>, product: &mut Product<Self::Limb, Self::Held>, x: &[[Self::Limb; 2]]);
    /// T/R mod n, at most 1.25n in size.
    fn reduce(
        modulus: Modulus<'_, Self::Limb>,
        product: &mut Product<Self::Limb, Self::Held>,
        to: &mut [[Self::Limb; 2]],
    );
}

/// What a modulus needs, computed once.
#[derive(Clone)]
pub(super) struct Constants<E: Engine> {
    bits: u32,
    /// n.
    modulus: Box<[[E::Limb; 2]]>,
    /// -1/n mod R.
    inverse: Box<[[E::Limb; 2]]>,
    /// R² mod n.
    square: Box<[[E::Limb; 2]]>,
}

impl<E: Engine> Constants<E> {
    /// `n`, big-endian, is odd and has 2048 to 4096 bits.
    #[inline(never)]
    pub(super) fn new(n: &[u8]) -> Self {
        let n = words::from_bytes(n);
        let modulus_bits = words::bits(&n);
        let bits = E::bits(modulus_bits);
        // R >= 16n.
        let pairs = (modulus_bits + 4).div_ceil(2 * bits) as usize;
        let width = 2 * bits * pairs as u32;
        let inverse = words::negative_inverse(&n, width.div_ceil(32) as usize);
        // R = 2^width. From 2^start·R a squaring gives 2^(2·start)·R, and five of them 2^(32·start)·R, with 32·start a
        // little more than width. A product with 2^(width - excess) takes the excess away and leaves R·R.
        let start = width.div_ceil(32);
        let excess = 32 * start - width;
        let less = row::<E>(&words::power_of_two(width - excess, &n), bits, pairs);
        let mut constants = Self {
            bits,
            modulus: row::<E>(&n, bits, pairs),
            inverse: row::<E>(&inverse, bits, pairs),
            square: row::<E>(&words::power_of_two(width + start, &n), bits, pairs),
        };
        let mut square = constants.square.clone();
        let mut product = Product::new();
        for _ in 0..5 {
            E::square(constants.modulus(), &mut product, &square);
            E::reduce(constants.modulus(), &mut product, &mut square);
        }
        E::multiply(constants.modulus(), &mut product, &square, &less);
        E::reduce(constants.modulus(), &mut product, &mut square);
        constants.square = square;
        constants
    }

    fn modulus(&self) -> Modulus<'_, E::Limb> {
        Modulus { bits: self.bits, modulus: &self.modulus, inverse: &self.inverse }
    }

    /// Whether base^exponent = expected modulo n. `base` and `expected` are big-endian and below n; `exponent` is odd.
    #[inline(never)]
    pub(super) fn power_equals(&self, base: &[u8], exponent: u32, expected: &[u8]) -> bool {
        let pairs = self.modulus.len();
        let modulus = self.modulus();
        let base = paired::<E>(words::bytes_to_digits(base, self.bits, 2 * pairs), self.bits);
        let mut product = Product::new();
        let mut rows = [[[E::Limb::default(); 2]; MAX_PAIRS]; 2];
        let [start, power] = &mut rows;
        let (Some(start), Some(power)) = (start.get_mut(..pairs), power.get_mut(..pairs)) else { return false };
        // xR, where x is the base. The exponent's last bit is 1, and there the factor is x itself, which takes R away.
        E::multiply(modulus, &mut product, &base, &self.square);
        E::reduce(modulus, &mut product, start);
        power.copy_from_slice(start);
        for bit in (0..exponent.ilog2()).rev() {
            E::square(modulus, &mut product, power);
            E::reduce(modulus, &mut product, power);
            if exponent >> bit & 1 == 1 {
                E::multiply(modulus, &mut product, power, if bit == 0 { &base } else { start });
                E::reduce(modulus, &mut product, power);
            }
        }
        self.stands_for(power, expected)
    }

    /// Whether x = expected modulo n. |x| <= 1.25n, and 0 <= expected < n, so the difference is 0, n, or -n.
    fn stands_for(&self, x: &[[E::Limb; 2]], expected: &[u8]) -> bool {
        let expected = words::bytes_to_digits(expected, self.bits, 2 * x.len());
        [0, 1, -1].into_iter().any(|times| {
            let modulus = self.modulus.as_flattened().iter();
            let mut carry = 0;
            // Below 2^53 in size, all of them together and with the carry.
            for ((x, n), expected) in x.as_flattened().iter().zip(modulus).zip(&expected) {
                let difference = E::number(*x) - expected + times * E::number(*n) + carry;
                if difference & ((1 << self.bits) - 1) != 0 {
                    return false;
                }
                carry = difference >> self.bits;
            }
            carry == 0
        })
    }
}

/// A number as pairs of digits.
pub(super) fn row<E: Engine>(number: &[u32], bits: u32, pairs: usize) -> Box<[[E::Limb; 2]]> {
    paired::<E>(words::to_digits(number, bits, 2 * pairs), bits)
}

fn paired<E: Engine>(mut digits: Vec<i64>, bits: u32) -> Box<[[E::Limb; 2]]> {
    if E::SIGNED {
        let mut carry = 0;
        for digit in &mut digits {
            *digit += carry;
            carry = (*digit + (1 << (bits - 1))) >> bits;
            *digit -= carry << bits;
        }
    }
    digits.as_chunks::<2>().0.iter().map(|pair| pair.map(E::limb)).collect()
}
