//! Digits of 51 bits in `f64` lanes, multiplied with fused multiply-add. Wrong where the engine does not fuse, which the
//! known answer shows.
//!
//! A product p = ab of two digits is split at 2^51 with two roundings, both exact in what they drop:
//!
//! - hi = fma(a, b, C) with C = 3·2^102. For |p| <= 2^102, hi is in [2^103, 2^104], where doubles stand 2^51 apart, so
//!   hi = C + h·2^51 with |p - h·2^51| <= 2^50, and its encoding is that of C plus h.
//! - lo = fma(a, b, (C + S) - hi) with S = 3·2^51. C + S and the difference S - h·2^51 are multiples of 2^51 below 2^104,
//!   so they are exact. lo = S + (p - h·2^51) is an integer in [2^52 + 2^50, 2^53 - 2^50], where doubles stand 1 apart, so it is
//!   exact, and its encoding is that of S plus the low part.
//!
//! Encodings are added as 64-bit integers. What C and S bring in is known from the number of products and taken away
//! at the end of a column, modulo 2^64.
//!
//! Bounds. A digit that is read is at most 2^50 + 2^9 in size, so |p| < 2^101. A low part is at most 2^50, and h less than
//! 2^50. A column of digits has at most 82 of each, whether one by one or, in a square, half as many and doubled: less than
//! 2^57.4. With the held half less than 2^58.4, far from the 2^62 that keeps a total positive; what goes up a digit is less
//! than 2^8.

use core::hint::black_box;
#[cfg(any(test, not(target_family = "wasm")))]
use core::marker::PhantomData;

use super::columns::{self, Digits, Modulus, Product};
use super::power::Engine;
use crate::crypto::lanes::Lanes;

/// Bits in a digit.
const BITS: u32 = 51;

const C: f64 = 3.0 * (1u128 << 102) as f64;
const S: f64 = 3.0 * (1u64 << 51) as f64;
/// Keeps totals positive, so that a logical shift will do, and rounds to the nearest digit.
const BIAS: u64 = (1 << 62) + (1 << 50);
/// What `BIAS` becomes in the number sent up.
const BIAS_UP: u64 = 1 << (62 - BITS);
/// What the encodings of C and S in the four vectors of products of two pairs bring into the total of their own column:
/// S of the first low part, for digit 2c + 1 also C and S of a high and a low part.
const OWN: [u64; 2] = {
    let (c, s) = (C.to_bits(), S.to_bits());
    [s, s.wrapping_mul(2).wrapping_add(c)]
};
/// And into the total of the column above: the other halves of those, and C of the second high part.
const ABOVE: [u64; 2] = {
    let (c, s) = (C.to_bits(), S.to_bits());
    [c.wrapping_mul(2).wrapping_add(s), c]
};
/// A double whose encoding plus i is that of 2^52 + i.
const TWO_52: f64 = (1u64 << 52) as f64;

/// The lanes, and the numbers that every step needs: as constants in the code they would be built anew at each use.
#[derive(Clone, Copy)]
pub(super) struct Fused<L: Lanes> {
    c: L::F,
    c_and_s: L::F,
    s: L::F,
    two_52: L::F,
    /// What stands above 0 in a digit before it is made a signed one.
    centre: L::F,
    mask: L::I,
    /// What the encodings of a column's products bring into its own total, and that and what they bring into the total
    /// of the column above.
    own: L::I,
    rise: L::I,
}

impl<L: Lanes> Fused<L> {
    #[inline(always)]
    fn new() -> Self {
        let own = L::load_i(black_box(&OWN));
        Self {
            c: L::load_f(black_box(&[C; 2])),
            c_and_s: L::load_f(black_box(&[C + S; 2])),
            s: L::load_f(black_box(&[S; 2])),
            two_52: L::load_f(black_box(&[TWO_52; 2])),
            centre: L::load_f(black_box(&[TWO_52 + (1u64 << 50) as f64 + BIAS_UP as f64; 2])),
            mask: L::load_i(black_box(&[(1 << BITS) - 1; 2])),
            own,
            rise: L::add_i(own, L::load_i(black_box(&ABOVE))),
        }
    }

    /// h and the low part of ab, each with what its encoding adds.
    #[inline(always)]
    fn product(&self, a: L::F, b: L::F) -> (L::I, L::I) {
        let high = L::fma(a, b, self.c);
        let low = L::fma(a, b, L::sub_f(self.c_and_s, high));
        (L::bits(high), L::bits(low))
    }

    /// (a₁, b₀)
    #[inline(always)]
    fn across(a: L::I, b: L::I) -> L::I {
        L::bits(L::high_low(L::float(a), L::float(b)))
    }
}

/// Column pairs c and c + 1 of a product: digits 2c to 2c + 3.
#[derive(Clone, Copy)]
pub(super) struct Sums<I> {
    /// Digits 2c and 2c + 1.
    even: I,
    /// Digits 2c + 1 and 2c + 2.
    odd: I,
    /// 2c + 2 and 2c + 3.
    even_above: I,
    /// 2c + 3 and 2c + 4.
    odd_above: I,
    /// 2c + 4 and 2c + 5.
    next: I,
}

/// What goes from one column pair to the next.
pub(super) struct Stream<I> {
    /// Sums of the column below that belong to this one.
    odd: I,
    even: I,
    /// What takes the encodings away, and adds the bias.
    offset: I,
    /// What the digits of the column below send up, each with `BIAS_UP`.
    carries: I,
    /// The same for held totals: what the low half sends up, without the bias.
    pending: I,
}

impl<L: Lanes> Digits for Fused<L> {
    type Limb = f64;
    type Held = [u64; 2];
    type Sums = Sums<L::I>;
    type Total = L::I;
    type Stream = Stream<L::I>;

    #[inline(always)]
    fn stream(&self, column: usize) -> Stream<L::I> {
        let (now, before) = (column as u64 + 1, column as u64);
        let offset =
            |own: u64, above: u64| BIAS.wrapping_sub(own.wrapping_mul(now)).wrapping_sub(above.wrapping_mul(before));
        let zero = L::both_i(0);
        Stream {
            odd: zero,
            even: zero,
            offset: L::load_i(&[offset(OWN[0], ABOVE[0]), offset(OWN[1], ABOVE[1])]),
            carries: L::both_i(BIAS_UP),
            pending: zero,
        }
    }

    #[inline(always)]
    fn nothing(&self) -> Sums<L::I> {
        let zero = L::both_i(0);
        Sums { even: zero, odd: zero, even_above: zero, odd_above: zero, next: zero }
    }

    #[inline(always)]
    fn lower(&self, mut sums: Sums<L::I>, a: &[f64; 2], b: &[f64; 2]) -> Sums<L::I> {
        let b = L::load_f(b);
        let (high, low) = self.product(L::both_f(a[0]), b);
        sums.even = L::add_i(sums.even, low);
        sums.odd = L::add_i(sums.odd, high);
        let (high, low) = self.product(L::both_f(a[1]), b);
        sums.odd = L::add_i(sums.odd, low);
        sums.even_above = L::add_i(sums.even_above, high);
        sums
    }

    #[inline(always)]
    fn upper(&self, mut sums: Sums<L::I>, a: &[f64; 2], b: &[f64; 2]) -> Sums<L::I> {
        let b = L::load_f(b);
        let (high, low) = self.product(L::both_f(a[0]), b);
        sums.even_above = L::add_i(sums.even_above, low);
        sums.odd_above = L::add_i(sums.odd_above, high);
        let (high, low) = self.product(L::both_f(a[1]), b);
        sums.odd_above = L::add_i(sums.odd_above, low);
        sums.next = L::add_i(sums.next, high);
        sums
    }

    #[inline(always)]
    fn doubled(&self, sums: Sums<L::I>) -> Sums<L::I> {
        Sums {
            even: L::shl::<1>(sums.even),
            odd: L::shl::<1>(sums.odd),
            even_above: L::shl::<1>(sums.even_above),
            odd_above: L::shl::<1>(sums.odd_above),
            next: L::shl::<1>(sums.next),
        }
    }

    #[inline(always)]
    fn close<const RISING: bool>(&self, stream: &mut Stream<L::I>, sums: Sums<L::I>) -> L::I {
        let even = L::add_i(L::add_i(stream.even, sums.even), stream.offset);
        let total = L::add_i(even, Self::across(stream.odd, sums.odd));
        stream.offset = if RISING { L::sub_i(stream.offset, self.rise) } else { L::add_i(stream.offset, self.rise) };
        stream.even = sums.even_above;
        stream.odd = sums.odd;
        total
    }

    #[inline(always)]
    fn close_two<const RISING: bool>(&self, stream: &mut Stream<L::I>, sums: Sums<L::I>) -> [L::I; 2] {
        let first = self.close::<RISING>(stream, sums);
        let rest = Sums { even: L::both_i(0), odd: sums.odd_above, even_above: sums.next, ..sums };
        let second = self.close::<RISING>(stream, rest);
        [first, second]
    }

    #[inline(always)]
    fn turn(&self, stream: &mut Stream<L::I>, held: bool) {
        // The column above has M - 1 products of each kind, not M + 1.
        stream.offset = L::add_i(stream.offset, L::shl::<1>(self.own));
        if held {
            stream.offset = L::sub_i(stream.offset, L::both_i(BIAS));
            let carry = L::sub_i(stream.carries, L::both_i(BIAS_UP));
            stream.pending = Self::across(carry, L::both_i(0));
        }
    }

    #[inline(always)]
    fn digits(&self, stream: &mut Stream<L::I>, total: L::I) -> [f64; 2] {
        let carries = L::shr::<BITS>(total);
        let digits = L::add_i(L::and(total, self.mask), Self::across(stream.carries, carries));
        stream.carries = carries;
        // Below 2^51 + 2^12, so it fits under the leading bit of 2^52.
        L::store_f(L::sub_f(L::float(L::or(digits, L::bits(self.two_52))), self.centre))
    }

    #[inline(always)]
    fn hold(&self, stream: &mut Stream<L::I>, total: L::I) -> [u64; 2] {
        let held = L::add_i(total, stream.pending);
        stream.pending = L::both_i(0);
        L::store_i(held)
    }

    #[inline(always)]
    fn with_held(&self, total: L::I, held: &[u64; 2]) -> L::I {
        L::add_i(total, L::load_i(held))
    }

    #[inline(always)]
    fn carry_of_low_halves(&self, stream: &mut Stream<L::I>, total: L::I, digits: &[f64; 2]) {
        let digits = L::sub_i(L::bits(L::add_f(L::load_f(digits), self.s)), L::bits(self.s));
        stream.carries = L::shr::<BITS>(L::add_i(total, digits));
    }
}

/// Digits lie around 0; the row of a constant is made so too.
const SIGNED: bool = true;

/// The kernel in lanes of any kind.
#[cfg(any(test, not(target_family = "wasm")))]
#[derive(Clone)]
pub(super) struct Over<L>(PhantomData<L>);

#[cfg(any(test, not(target_family = "wasm")))]
impl<L: Lanes> Engine for Over<L> {
    type Limb = f64;
    type Held = [u64; 2];
    const SIGNED: bool = SIGNED;

    fn bits(_: u32) -> u32 {
        BITS
    }
    fn limb(digit: i64) -> f64 {
        digit as f64
    }
    fn number(limb: f64) -> i64 {
        limb as i64
    }
    #[cfg(test)]
    fn sums(held: [u64; 2]) -> [i64; 2] {
        held.map(|sum| sum as i64)
    }
    fn multiply(_: Modulus<'_, f64>, product: &mut Product<f64, [u64; 2]>, x: &[[f64; 2]], y: &[[f64; 2]]) {
        columns::multiply(&Fused::<L>::new(), product, x, y);
    }
    fn square(_: Modulus<'_, f64>, product: &mut Product<f64, [u64; 2]>, x: &[[f64; 2]]) {
        columns::square(&Fused::<L>::new(), product, x);
    }
    fn reduce(modulus: Modulus<'_, f64>, product: &mut Product<f64, [u64; 2]>, to: &mut [[f64; 2]]) {
        columns::reduce(&Fused::<L>::new(), modulus, product, to);
    }
}

/// The kernel.
#[cfg(not(target_family = "wasm"))]
pub(super) type Relaxed = Over<crate::crypto::lanes::Portable>;
#[cfg(target_family = "wasm")]
pub(super) use wasm::Relaxed;

#[cfg(target_family = "wasm")]
mod wasm {
    use super::*;
    use crate::crypto::lanes;

    /// The kernel. The engine has to have relaxed SIMD.
    #[derive(Clone)]
    pub(in super::super) struct Relaxed;

    impl Engine for Relaxed {
        type Limb = f64;
        type Held = [u64; 2];
        const SIGNED: bool = SIGNED;

        fn bits(_: u32) -> u32 {
            BITS
        }
        fn limb(digit: i64) -> f64 {
            digit as f64
        }
        fn number(limb: f64) -> i64 {
            limb as i64
        }
        #[cfg(test)]
        fn sums(held: [u64; 2]) -> [i64; 2] {
            held.map(|sum| sum as i64)
        }
        fn multiply(_: Modulus<'_, f64>, product: &mut Product<f64, [u64; 2]>, x: &[[f64; 2]], y: &[[f64; 2]]) {
            multiply(product, x, y);
        }
        fn square(_: Modulus<'_, f64>, product: &mut Product<f64, [u64; 2]>, x: &[[f64; 2]]) {
            square(product, x);
        }
        fn reduce(modulus: Modulus<'_, f64>, product: &mut Product<f64, [u64; 2]>, to: &mut [[f64; 2]]) {
            reduce(modulus, product, to);
        }
    }

    #[target_feature(enable = "simd128,relaxed-simd")]
    #[inline(never)]
    fn multiply(product: &mut Product<f64, [u64; 2]>, x: &[[f64; 2]], y: &[[f64; 2]]) {
        columns::multiply(&Fused::<lanes::Relaxed>::new(), product, x, y);
    }

    #[target_feature(enable = "simd128,relaxed-simd")]
    #[inline(never)]
    fn square(product: &mut Product<f64, [u64; 2]>, x: &[[f64; 2]]) {
        columns::square(&Fused::<lanes::Relaxed>::new(), product, x);
    }

    #[target_feature(enable = "simd128,relaxed-simd")]
    #[inline(never)]
    fn reduce(modulus: Modulus<'_, f64>, product: &mut Product<f64, [u64; 2]>, to: &mut [[f64; 2]]) {
        columns::reduce(&Fused::<lanes::Relaxed>::new(), modulus, product, to);
    }
}
