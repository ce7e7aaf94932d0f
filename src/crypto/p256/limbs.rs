//! The scalar kernel's field: nine limbs of 29 bits in 64-bit integers, one element after the other.
//!
//! An element's value is Σ limb·2^(29·i) times 1/R, R = 2^261. Limbs are signed, so that a difference needs no borrow.
//! Bounds, on every limb but the highest, which the value bounds (|value| ≤ 8p is |limb 8| ≤ 2^28):
//! - *carried*, and unpacked: in [0, 2^29);
//! - *loose*: |limb| ≤ 2^30;
//! - *slack*: |limb| ≤ 2^32.

use core::num::Wrapping;

use super::pair::Pair;
use super::words::{self, Words};

const BITS: usize = 29;
const LIMBS: usize = 9;
const MASK: Wrapping<i64> = Wrapping((1 << BITS) - 1);

/// Nothing wraps, by the bounds below; what the type says is that the machine need not look each time.
type Element = [Wrapping<i64>; LIMBS];
type Columns = [Wrapping<i64>; 2 * LIMBS];

/// The statement for each limb, written out: what the compiler leaves a loop is four times slower.
macro_rules! each {
    ($i:ident => $statement:expr) => {
        each!(@ $i $statement; 0 1 2 3 4 5 6 7 8)
    };
    (@ $i:ident $statement:expr; $($index:literal)*) => {
        $({
            let $i = $index;
            $statement;
        })*
    };
}

/// Two field elements.
#[derive(Clone, Copy)]
pub(super) struct Limbs([Element; 2]);

/// Montgomery reduction, column by column. p ≡ −1 modulo 2^29, so the digit that clears a column is the column itself, and
/// q·p = −q + q·2^96 + q·2^192 − q·2^224 + q·2^256, where 2^96 = 2^(87+9), 2^192 = 2^(174+18), 2^224 = 2^(203+21),
/// 2^256 = 2^(232+24).
///
/// A column of a product holds at most 9 terms of 2^29·2^30, which is below 2^62.2; digits shifted by at most 24 are below
/// 2^53, and a carry below 2^34: nothing reaches 2^63.
#[inline(always)]
fn reduce(mut t: Columns) -> Element {
    each! { i => {
        let q = t[i] & MASK;
        t[i + 1] += t[i] >> BITS;
        t[i + 3] += q << 9;
        t[i + 6] += q << 18;
        t[i + 7] -= q << 21;
        t[i + 8] += q << 24;
    } }
    let [_, _, _, _, _, _, _, _, _, limbs @ ..] = t;
    carry(limbs)
}

#[inline(always)]
fn carry(mut limbs: Element) -> Element {
    each! { i => if i + 1 < LIMBS {
        limbs[(i + 1) % LIMBS] += limbs[i] >> BITS;
        limbs[i] &= MASK;
    } }
    limbs
}

/// What each column starts from: −p·2^260 = −2^516 + 2^484 − 2^452 − 2^356 + 2^260, column k weighing 2^(29·k). It is a
/// multiple of p that moves the result, which is x + q·p/R with 0 ≤ q < R, from [x, x + p) to [x − p/2, x + p/2).
const START: Columns = {
    let mut start = [Wrapping(0); 2 * LIMBS];
    start[8] = Wrapping(1 << 28);
    start[12] = Wrapping(-(1 << 8));
    start[15] = Wrapping(-(1 << 17));
    start[16] = Wrapping(1 << 20);
    start[17] = Wrapping(-(1 << 23));
    start
};

#[inline(always)]
fn add_product(t: &mut Columns, a: &Element, b: &Element) {
    each! { i => each! { j => t[i + j] += a[i] * b[j] } }
}

#[inline(never)]
fn mul(a: &Element, b: &Element) -> Element {
    let mut t = START;
    add_product(&mut t, a, b);
    reduce(t)
}

/// a·b − c·d
#[inline(never)]
fn mul_sub(a: &Element, b: &Element, c: &Element, d: &Element) -> Element {
    let mut t = START;
    add_product(&mut t, a, b);
    each! { i => each! { j => t[i + j] -= c[i] * d[j] } }
    reduce(t)
}

#[inline(never)]
fn square(a: &Element) -> Element {
    let mut t = START;
    each! { i => each! { j => if i < j {
        t[i + j] += a[i] * (a[j] + a[j]);
    } else if i == j {
        t[i + j] += a[i] * a[j];
    } } }
    reduce(t)
}

impl Limbs {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(Wrapping<i64>, Wrapping<i64>) -> Wrapping<i64>) -> Self {
        Self([0, 1].map(|lane| core::array::from_fn(|i| f(self.0[lane][i], other.0[lane][i]))))
    }
}

impl Pair for Limbs {
    type Stored = [Element; 2];
    const RADIX_BITS: u32 = (BITS * LIMBS) as u32;

    #[inline(always)]
    fn load(from: &Self::Stored) -> Self {
        Self(*from)
    }

    #[inline(always)]
    fn store(self) -> Self::Stored {
        self.0
    }

    fn merge(low: &Self::Stored, high: &Self::Stored) -> Self::Stored {
        [low[0], high[1]]
    }

    #[inline(always)]
    fn unpack(low: &Words, high: &Words) -> Self {
        Self([low, high].map(|words| {
            core::array::from_fn(|i| {
                let (word, shift) = (BITS * i / 64, BITS * i % 64);
                let mut bits = words[word] >> shift;
                if shift + BITS > 64 && word < 3 {
                    bits |= words[word + 1] << (64 - shift);
                }
                Wrapping(bits as i64) & MASK
            })
        }))
    }

    #[inline(always)]
    fn pack(self) -> [Words; 2] {
        self.0.map(|element| words::canonical(element.map(|limb| limb.0), BITS as u32))
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self([mul(&self.0[0], &other.0[0]), mul(&self.0[1], &other.0[1])])
    }

    #[inline(always)]
    fn mul_sub(self, other: Self, a: Self, b: Self) -> Self {
        let difference = |lane: usize| mul_sub(&self.0[lane], &other.0[lane], &a.0[lane], &b.0[lane]);
        Self([difference(0), difference(1)])
    }

    #[inline(always)]
    fn square(self) -> Self {
        Self([square(&self.0[0]), square(&self.0[1])])
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(always)]
    fn carried(self) -> Self {
        Self(self.0.map(carry))
    }

    #[inline(always)]
    fn negate_where(self, negative: [bool; 2]) -> Self {
        let sign = negative.map(|negative| Wrapping(if negative { -1 } else { 1 }));
        Self([0, 1].map(|lane| self.0[lane].map(|limb| limb * sign[lane])))
    }

    #[inline(always)]
    fn swapped(self) -> Self {
        Self([self.0[1], self.0[0]])
    }
}
