//! Digits of 28 bits in `u32`, multiplied into 64-bit sums. Asks nothing of the engine; slower than the others.
//!
//! Bounds. Every digit is in [0, 2^28). A column of digits has at most 2M <= 148 products below 2^56: less than 2^63.3.
//! With a held digit, below 2^28, and a carry, below 2^36, that is less than 2^64.

use super::columns::{self, Digits, Modulus, Product};
use super::power::Engine;

/// Bits in a digit.
const BITS: u32 = 28;
const MASK: u64 = (1 << BITS) - 1;

#[derive(Clone, Copy)]
struct Integers;

/// sum + ab. Neither overflows, as is said above; checking that all the same would take most of the time.
#[inline(always)]
fn add(sum: u64, a: u32, b: u32) -> u64 {
    sum.wrapping_add(u64::from(a).wrapping_mul(u64::from(b)))
}

/// What goes from one column pair to the next.
pub(super) struct Stream {
    /// Products of the column below that belong to this one.
    next: u64,
    /// What stood above the last digit.
    carry: u64,
}

impl Digits for Integers {
    type Limb = u32;
    type Held = [u32; 2];
    /// Digits 2c to 2c + 4.
    type Sums = [u64; 5];
    type Total = [u64; 2];
    type Stream = Stream;

    #[inline(always)]
    fn stream(&self, _: usize) -> Stream {
        Stream { next: 0, carry: 0 }
    }

    #[inline(always)]
    fn nothing(&self) -> [u64; 5] {
        [0; 5]
    }

    #[inline(always)]
    fn lower(&self, [s0, s1, s2, s3, s4]: [u64; 5], &[a0, a1]: &[u32; 2], &[b0, b1]: &[u32; 2]) -> [u64; 5] {
        [add(s0, a0, b0), add(add(s1, a0, b1), a1, b0), add(s2, a1, b1), s3, s4]
    }

    #[inline(always)]
    fn upper(&self, [s0, s1, s2, s3, s4]: [u64; 5], &[a0, a1]: &[u32; 2], &[b0, b1]: &[u32; 2]) -> [u64; 5] {
        [s0, s1, add(s2, a0, b0), add(add(s3, a0, b1), a1, b0), add(s4, a1, b1)]
    }

    #[inline(always)]
    fn doubled(&self, sums: [u64; 5]) -> [u64; 5] {
        sums.map(
            #[inline(always)]
            |sum| sum << 1,
        )
    }

    #[inline(always)]
    fn close<const RISING: bool>(&self, stream: &mut Stream, sums: [u64; 5]) -> [u64; 2] {
        let total = [sums[0] + stream.next, sums[1]];
        stream.next = sums[2];
        total
    }

    #[inline(always)]
    fn close_two<const RISING: bool>(&self, stream: &mut Stream, sums: [u64; 5]) -> [[u64; 2]; 2] {
        let totals = [[sums[0] + stream.next, sums[1]], [sums[2], sums[3]]];
        stream.next = sums[4];
        totals
    }

    #[inline(always)]
    fn turn(&self, _: &mut Stream, _: bool) {}

    #[inline(always)]
    fn digits(&self, stream: &mut Stream, total: [u64; 2]) -> [u32; 2] {
        total.map(
            #[inline(always)]
            |total| {
                let sum = total + stream.carry;
                stream.carry = sum >> BITS;
                (sum & MASK) as u32
            },
        )
    }

    #[inline(always)]
    fn hold(&self, stream: &mut Stream, total: [u64; 2]) -> [u32; 2] {
        self.digits(stream, total)
    }

    #[inline(always)]
    fn with_held(&self, total: [u64; 2], held: &[u32; 2]) -> [u64; 2] {
        [total[0] + u64::from(held[0]), total[1] + u64::from(held[1])]
    }

    #[inline(always)]
    fn carry_of_low_halves(&self, stream: &mut Stream, total: [u64; 2], digits: &[u32; 2]) {
        let total = self.with_held(total, digits);
        // The two halves add up to a multiple of R: cR. Digits 2M - 2 and 2M - 1 alone give cB less what the digits
        // below send up, less than 2^8, and less what the shift drops, less than 1. Half of B more, and the floor is c.
        stream.carry = (total[1] + (total[0] >> BITS) + (1 << (BITS - 1))) >> BITS;
    }
}

/// The kernel.
#[derive(Clone)]
pub(super) struct Scalar;

impl Engine for Scalar {
    type Limb = u32;
    type Held = [u32; 2];
    const SIGNED: bool = false;

    fn bits(_: u32) -> u32 {
        BITS
    }
    fn limb(digit: i64) -> u32 {
        digit as u32
    }
    fn number(limb: u32) -> i64 {
        i64::from(limb)
    }
    #[cfg(test)]
    fn sums(held: [u32; 2]) -> [i64; 2] {
        held.map(i64::from)
    }
    #[inline(never)]
    fn multiply(_: Modulus<'_, u32>, product: &mut Product<u32, [u32; 2]>, x: &[[u32; 2]], y: &[[u32; 2]]) {
        columns::multiply(&Integers, product, x, y);
    }
    #[inline(never)]
    fn square(_: Modulus<'_, u32>, product: &mut Product<u32, [u32; 2]>, x: &[[u32; 2]]) {
        columns::square(&Integers, product, x);
    }
    #[inline(never)]
    fn reduce(modulus: Modulus<'_, u32>, product: &mut Product<u32, [u32; 2]>, to: &mut [[u32; 2]]) {
        columns::reduce(&Integers, modulus, product, to);
    }
}
