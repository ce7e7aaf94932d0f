//! Digits of 23 or 24 bits in `f64` lanes, where every sum of products is small enough to be exact. Asks for SIMD128.
//!
//! V8 has no vector product of 64-bit integers that is as fast as its product of doubles, so the integers are doubles.
//! Nothing is ever rounded but on purpose, by a large number that is added and taken away again.
//!
//! Bounds, with B = 2^bits. A digit that is read is at most B/2 + 2^7 in size, so a product is at most
//! (B/2)^2·(1 + 2^-14). A column has at most 2M of them, plus one digit: with 24 bits and 2M <= 126, less than
//! 2^52.99 + 2^24; with 23 bits and 2M <= 180, less than 2^51.6. Integers up to 2^53 are exact.
//!
//! A total t is brought to digits in two steps. t = uB + d with |d| <= B/2 and |u| <= 2^29; u goes up one digit, and
//! d + u = vB + w with |w| <= B/2 and |v| <= 2^6; v goes up one digit, so a digit ends within B/2 + 2^6 + 1.

use core::hint::black_box;
#[cfg(any(test, not(target_family = "wasm")))]
use core::marker::PhantomData;

use super::columns::{self, Digits, Modulus, Product};
use super::power::Engine;
use crate::crypto::lanes::Floats;

/// Bits in a digit for a modulus of so many bits: 2·bits·63 is what 24 bits allow, 4 less for R >= 16n.
const fn bits(modulus_bits: u32) -> u32 {
    if modulus_bits <= 24 * 126 - 4 { 24 } else { 23 }
}

#[derive(Clone, Copy)]
struct Exact<L: Floats> {
    /// 3·2^51·B: adding it rounds to a multiple of B.
    rounding: L::F,
    /// 1/B
    shift: L::F,
}

impl<L: Floats> Exact<L> {
    #[inline(always)]
    fn new(bits: u32) -> Self {
        let base = (1u64 << bits) as f64;
        Self {
            rounding: L::both_f(black_box(3.0 * (1u64 << 51) as f64 * base)),
            shift: L::both_f(black_box(1.0 / base)),
        }
    }

    /// What lies within B/2, and what stands above it.
    #[inline(always)]
    fn split(&self, sum: L::F) -> (L::F, L::F) {
        let above = L::sub_f(L::add_f(sum, self.rounding), self.rounding);
        (L::sub_f(sum, above), L::mul_f(above, self.shift))
    }
}

/// Column pairs c and c + 1 of a product: digits 2c to 2c + 3.
#[derive(Clone, Copy)]
struct Sums<F> {
    /// Digits 2c and 2c + 1.
    even: F,
    /// Digits 2c + 1 and 2c + 2.
    odd: F,
    /// 2c + 2 and 2c + 3.
    even_above: F,
    /// 2c + 3 and 2c + 4.
    odd_above: F,
}

/// What goes from one column pair to the next.
struct Stream<F> {
    /// Sums of the column below, of which the upper belongs to this one.
    odd: F,
    /// u and v of the digits below.
    first: F,
    second: F,
}

impl<L: Floats> Digits for Exact<L> {
    type Limb = f64;
    type Held = [f64; 2];
    type Sums = Sums<L::F>;
    type Total = L::F;
    type Stream = Stream<L::F>;

    #[inline(always)]
    fn stream(&self, _: usize) -> Stream<L::F> {
        let zero = L::both_f(0.0);
        Stream { odd: zero, first: zero, second: zero }
    }

    #[inline(always)]
    fn nothing(&self) -> Sums<L::F> {
        let zero = L::both_f(0.0);
        Sums { even: zero, odd: zero, even_above: zero, odd_above: zero }
    }

    #[inline(always)]
    fn lower(&self, mut sums: Sums<L::F>, a: &[f64; 2], b: &[f64; 2]) -> Sums<L::F> {
        let b = L::load_f(b);
        sums.even = L::add_f(sums.even, L::mul_f(L::both_f(a[0]), b));
        sums.odd = L::add_f(sums.odd, L::mul_f(L::both_f(a[1]), b));
        sums
    }

    #[inline(always)]
    fn upper(&self, mut sums: Sums<L::F>, a: &[f64; 2], b: &[f64; 2]) -> Sums<L::F> {
        let b = L::load_f(b);
        sums.even_above = L::add_f(sums.even_above, L::mul_f(L::both_f(a[0]), b));
        sums.odd_above = L::add_f(sums.odd_above, L::mul_f(L::both_f(a[1]), b));
        sums
    }

    #[inline(always)]
    fn doubled(&self, sums: Sums<L::F>) -> Sums<L::F> {
        Sums {
            even: L::add_f(sums.even, sums.even),
            odd: L::add_f(sums.odd, sums.odd),
            even_above: L::add_f(sums.even_above, sums.even_above),
            odd_above: L::add_f(sums.odd_above, sums.odd_above),
        }
    }

    #[inline(always)]
    fn close<const RISING: bool>(&self, stream: &mut Stream<L::F>, sums: Sums<L::F>) -> L::F {
        let total = L::add_f(sums.even, L::high_low(stream.odd, sums.odd));
        stream.odd = sums.odd;
        total
    }

    #[inline(always)]
    fn close_two<const RISING: bool>(&self, stream: &mut Stream<L::F>, sums: Sums<L::F>) -> [L::F; 2] {
        let first = self.close::<RISING>(stream, sums);
        let second = self.close::<RISING>(stream, Sums { even: sums.even_above, odd: sums.odd_above, ..sums });
        [first, second]
    }

    #[inline(always)]
    fn turn(&self, _: &mut Stream<L::F>, _: bool) {}

    #[inline(always)]
    fn digits(&self, stream: &mut Stream<L::F>, total: L::F) -> [f64; 2] {
        let (rest, first) = self.split(total);
        let (rest, second) = self.split(L::add_f(rest, L::high_low(stream.first, first)));
        let digits = L::add_f(rest, L::high_low(stream.second, second));
        (stream.first, stream.second) = (first, second);
        L::store_f(digits)
    }

    #[inline(always)]
    fn hold(&self, stream: &mut Stream<L::F>, total: L::F) -> [f64; 2] {
        self.digits(stream, total)
    }

    #[inline(always)]
    fn with_held(&self, total: L::F, held: &[f64; 2]) -> L::F {
        L::add_f(total, L::load_f(held))
    }

    #[inline(always)]
    fn carry_of_low_halves(&self, stream: &mut Stream<L::F>, total: L::F, digits: &[f64; 2]) {
        // u and v of digit 2M - 1 follow from digits 2M - 2 and 2M - 1 alone.
        self.digits(stream, self.with_held(total, digits));
    }
}

/// Digits lie around 0; the row of a constant is made so too.
const SIGNED: bool = true;

/// The kernel in lanes of any kind.
#[cfg(any(test, not(target_family = "wasm")))]
#[derive(Clone)]
pub(super) struct Over<L>(PhantomData<L>);

#[cfg(any(test, not(target_family = "wasm")))]
impl<L: Floats> Engine for Over<L> {
    type Limb = f64;
    type Held = [f64; 2];
    const SIGNED: bool = SIGNED;

    fn bits(modulus_bits: u32) -> u32 {
        bits(modulus_bits)
    }
    fn limb(digit: i64) -> f64 {
        digit as f64
    }
    fn number(limb: f64) -> i64 {
        limb as i64
    }
    #[cfg(test)]
    fn sums(held: [f64; 2]) -> [i64; 2] {
        held.map(|sum| sum as i64)
    }
    fn multiply(modulus: Modulus<'_, f64>, product: &mut Product<f64, [f64; 2]>, x: &[[f64; 2]], y: &[[f64; 2]]) {
        columns::multiply(&Exact::<L>::new(modulus.bits), product, x, y);
    }
    fn square(modulus: Modulus<'_, f64>, product: &mut Product<f64, [f64; 2]>, x: &[[f64; 2]]) {
        columns::square(&Exact::<L>::new(modulus.bits), product, x);
    }
    fn reduce(modulus: Modulus<'_, f64>, product: &mut Product<f64, [f64; 2]>, to: &mut [[f64; 2]]) {
        columns::reduce(&Exact::<L>::new(modulus.bits), modulus, product, to);
    }
}

/// The kernel.
#[cfg(not(target_family = "wasm"))]
pub(super) type Simd = Over<crate::crypto::lanes::Portable>;
#[cfg(target_family = "wasm")]
pub(super) use wasm::Simd;

#[cfg(target_family = "wasm")]
mod wasm {
    use super::*;
    use crate::crypto::lanes;

    /// The kernel. The engine has to have SIMD128.
    #[derive(Clone)]
    pub(in super::super) struct Simd;

    impl Engine for Simd {
        type Limb = f64;
        type Held = [f64; 2];
        const SIGNED: bool = SIGNED;

        fn bits(modulus_bits: u32) -> u32 {
            bits(modulus_bits)
        }
        fn limb(digit: i64) -> f64 {
            digit as f64
        }
        fn number(limb: f64) -> i64 {
            limb as i64
        }
        #[cfg(test)]
        fn sums(held: [f64; 2]) -> [i64; 2] {
            held.map(|sum| sum as i64)
        }
        fn multiply(modulus: Modulus<'_, f64>, product: &mut Product<f64, [f64; 2]>, x: &[[f64; 2]], y: &[[f64; 2]]) {
            multiply(modulus.bits, product, x, y);
        }
        fn square(modulus: Modulus<'_, f64>, product: &mut Product<f64, [f64; 2]>, x: &[[f64; 2]]) {
            square(modulus.bits, product, x);
        }
        fn reduce(modulus: Modulus<'_, f64>, product: &mut Product<f64, [f64; 2]>, to: &mut [[f64; 2]]) {
            reduce(modulus, product, to);
        }
    }

    #[target_feature(enable = "simd128")]
    #[inline(never)]
    fn multiply(bits: u32, product: &mut Product<f64, [f64; 2]>, x: &[[f64; 2]], y: &[[f64; 2]]) {
        columns::multiply(&Exact::<lanes::Simd>::new(bits), product, x, y);
    }

    #[target_feature(enable = "simd128")]
    #[inline(never)]
    fn square(bits: u32, product: &mut Product<f64, [f64; 2]>, x: &[[f64; 2]]) {
        columns::square(&Exact::<lanes::Simd>::new(bits), product, x);
    }

    #[target_feature(enable = "simd128")]
    #[inline(never)]
    fn reduce(modulus: Modulus<'_, f64>, product: &mut Product<f64, [f64; 2]>, to: &mut [[f64; 2]]) {
        columns::reduce(&Exact::<lanes::Simd>::new(modulus.bits), modulus, product, to);
    }
}
