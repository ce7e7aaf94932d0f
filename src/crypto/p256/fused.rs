//! The relaxed-SIMD kernel's field: six limbs of 44 bits in doubles, two elements at once, fused multiply-add.
//!
//! An element's value is Σ limb·2^(44·i) times 1/R, R = 2^264. Limbs are integers held in doubles, signed, so that a
//! difference needs no borrow; 44 bits, so that sums need no carry either. Bounds, on every limb but the highest, which the
//! value bounds (|value| ≤ 8p is |limb 5| ≤ 2^40):
//! - a *product*: in [−2^43, 2^43);
//! - *loose*: |limb| ≤ 2^44 (a sum or difference of products; unpacked: in [0, 2^44));
//! - *slack*, *carried*: |limb| ≤ 2^46.

use super::pair::Pair;
use super::words::{self, Words};
use crate::crypto::lanes::Lanes;
#[cfg(not(target_family = "wasm"))]
use crate::crypto::lanes::Portable;
#[cfg(target_family = "wasm")]
use crate::crypto::lanes::Relaxed;

const BITS: u32 = 44;
const LIMBS: usize = 6;
const COLUMNS: usize = 2 * LIMBS;
const MASK: u64 = (1 << BITS) - 1;

/// 3·2^95. A sum with |x| ≤ 2^95 stays between 2^96 and 2^97, where doubles are 2^44 apart: it rounds x to a multiple of
/// 2^44, and its encoding is that of 3·2^95 plus the multiple.
const HIGH: f64 = (3_u128 << 95) as f64;
/// 3·2^51. A sum with an integer |x| ≤ 2^51 stays between 2^52 and 2^53, where doubles are 1 apart: its encoding is that of
/// 3·2^51 plus x.
const LOW: f64 = (3_u64 << 51) as f64;
/// 2^52: its encoding with an integer below 2^52 in place of the zero mantissa is that of the sum.
const UNIT: f64 = (1_u64 << 52) as f64;

/// Keeps a column from being negative when it is shifted right.
const BIAS: u64 = 1 << 56;

/// What each column starts from (all modulo 2^64):
/// - the encodings of `LOW` and `HIGH` taken away: a column gets the low part of its own products, and the high part of
///   those below;
/// - `BIAS`, and −`BIAS`/2^44, because the column below hands its `BIAS` up;
/// - −p·2^263, in the columns 5, 8, 10 and 11: a multiple of p that moves the result, which is a·b/R + q·p/R with
///   0 ≤ q < R, from [x, x + p) to [x − p/2, x + p/2);
/// - in the columns 6 to 10, 2^43, that the result's limbs come out in [−2^43, 2^43), and in column 11 the encoding of `LOW`:
///   `finish` takes them away.
const START: [[u64; 2]; COLUMNS] = {
    let mut start = [[0; 2]; COLUMNS];
    let mut k = 0;
    while k < COLUMNS {
        let low = if k < 11 { BIAS.wrapping_sub(LOW.to_bits()) } else { 0 };
        let high = if k > 0 { HIGH.to_bits().wrapping_add(BIAS >> BITS) } else { 0 };
        // −p·2^263 = −2^519 + 2^487 − 2^455 − 2^359 + 2^263, and column k weighs 2^(44·k).
        let offset = match k {
            5 => 1_u64 << 43,
            8 => 0_u64.wrapping_sub(1 << 7),
            10 => 0_u64.wrapping_sub(1 << 15),
            11 => (1_u64 << 3).wrapping_sub(1 << 35),
            _ => 0,
        };
        let end = match k {
            6..=10 => 1 << 43,
            11 => LOW.to_bits(),
            _ => 0,
        };
        start[k] = [low.wrapping_sub(high).wrapping_add(offset).wrapping_add(end); 2];
        k += 1;
    }
    start
};

/// What the expression gives for each limb. Written out, like everything in this file: a closure that is not inlined would
/// make a call of each instruction.
macro_rules! limbs {
    ($i:ident => $limb:expr) => {
        [limbs!(@ $i 0 $limb), limbs!(@ $i 1 $limb), limbs!(@ $i 2 $limb), limbs!(@ $i 3 $limb), limbs!(@ $i 4 $limb),
            limbs!(@ $i 5 $limb)]
    };
    (@ $i:ident $index:literal $limb:expr) => {{
        let $i = $index;
        $limb
    }};
}

/// Two field elements, limb by limb.
#[derive(Clone, Copy)]
pub(super) struct Fused<L: Lanes>([L::F; LIMBS]);

/// The products of one column, summed: high + low − `HIGH`.
#[derive(Clone, Copy)]
struct Column<L: Lanes> {
    high: L::F,
    low: L::F,
}

impl<L: Lanes> Column<L> {
    #[inline(always)]
    fn new() -> Self {
        Self { high: L::both_f(HIGH), low: L::both_f(0.0) }
    }

    /// Adds a·b. The sum of the magnitudes of all products stays within 2^95, so `high` stays where doubles are 2^44 apart.
    /// Then the difference of two of them is exact, so is what of a·b it leaves out, at most 2^43, and so is the sum of
    /// up to 2^8 of those.
    #[inline(always)]
    fn add(&mut self, a: L::F, b: L::F) {
        let high = L::fma(a, b, self.high);
        self.low = L::add_f(self.low, L::fma(a, b, L::sub_f(self.high, high)));
        self.high = high;
    }

    /// Takes a·b away.
    #[inline(always)]
    fn sub(&mut self, a: L::F, b: L::F) {
        let high = L::fnma(a, b, self.high);
        self.low = L::add_f(self.low, L::fnma(a, b, L::sub_f(self.high, high)));
        self.high = high;
    }
}

/// From the columns of a product to the product divided by R: Montgomery reduction. p ≡ −1 modulo 2^44, so the digit that
/// clears a column is the column itself, and q·p = −q + q·2^96 + q·2^192 − q·2^224 + q·2^256, where 2^96 = 2^(88+8),
/// 2^192 = 2^(176+16), 2^224 = 2^(220+4), 2^256 = 2^(220+36).
///
/// A column holds, beside its start of about 2^56, a high part of 2^51, a low part of 2^51, and from digits q < 2^44:
/// 2^52 + 2^60 + 2^44 + 2^44 at most, −2^48 at least, and a carry below 2^17. So it is never negative and never wraps.
#[inline(always)]
fn reduce<L: Lanes>(columns: [Column<L>; COLUMNS - 1]) -> Fused<L> {
    // Read from memory: as constants in the code they would cost three instructions each.
    let start = core::hint::black_box(&START);
    let low = L::both_f(LOW);
    // What comes from below starts with the column's own constant.
    let mut from_below = L::load_i(&start[0]);
    macro_rules! column {
        ($k:literal) => {{
            let column = L::add_i(from_below, L::bits(L::add_f(columns[$k].low, low)));
            from_below = L::add_i(L::load_i(&start[$k + 1]), L::bits(columns[$k].high));
            column
        }};
    }
    let mut t = [
        column!(0),
        column!(1),
        column!(2),
        column!(3),
        column!(4),
        column!(5),
        column!(6),
        column!(7),
        column!(8),
        column!(9),
        column!(10),
        from_below,
    ];
    let (mask, byte) = (L::both_i(MASK), L::both_i(0xff));
    let _ = limbs! { i => {
        let q = L::and(t[i], mask);
        t[i + 1] = L::add_i(t[i + 1], L::shr::<BITS>(t[i]));
        t[i + 2] = L::add_i(t[i + 2], L::shl::<8>(q));
        t[i + 4] = L::add_i(t[i + 4], L::shl::<16>(q));
        t[i + 5] = L::sub_i(t[i + 5], L::shl::<4>(q));
        t[i + 5] = L::add_i(t[i + 5], L::shl::<36>(L::and(q, byte)));
        t[i + 6] = L::add_i(t[i + 6], L::shr::<8>(q));
    } };
    // The columns 6 to 10 hold their limb plus 2^43 plus the carry from below; what is left after them fits column 11.
    let (unit, offset) = (L::both_i(UNIT.to_bits()), L::both_f(UNIT + (1_u64 << 43) as f64));
    let mut carry = L::both_i(0);
    let limbs = limbs! { i => {
        let column = L::add_i(t[LIMBS + i], carry);
        carry = L::shr::<BITS>(column);
        if i + 1 < LIMBS {
            L::sub_f(L::float(L::or(L::and(column, mask), unit)), offset)
        } else {
            L::sub_f(L::float(column), low)
        }
    } };
    // The highest limb is all that is left.
    let _ = carry;
    Fused(limbs)
}

/// The columns of a product: what the expression adds to column `K` for its limbs `i` and `j`. Written out column by column,
/// so that few are open at once and those lie in registers.
macro_rules! columns {
    ($column:ident, $i:ident, $j:ident => $add:expr) => {
        [
            columns!(@ $column $i $j $add; (0 0)),
            columns!(@ $column $i $j $add; (0 1) (1 0)),
            columns!(@ $column $i $j $add; (0 2) (1 1) (2 0)),
            columns!(@ $column $i $j $add; (0 3) (1 2) (2 1) (3 0)),
            columns!(@ $column $i $j $add; (0 4) (1 3) (2 2) (3 1) (4 0)),
            columns!(@ $column $i $j $add; (0 5) (1 4) (2 3) (3 2) (4 1) (5 0)),
            columns!(@ $column $i $j $add; (1 5) (2 4) (3 3) (4 2) (5 1)),
            columns!(@ $column $i $j $add; (2 5) (3 4) (4 3) (5 2)),
            columns!(@ $column $i $j $add; (3 5) (4 4) (5 3)),
            columns!(@ $column $i $j $add; (4 5) (5 4)),
            columns!(@ $column $i $j $add; (5 5)),
        ]
    };
    (@ $column:ident $i:ident $j:ident $add:expr; $(($first:literal $second:literal))*) => {{
        let mut $column = Column::new();
        $({
            let $i = $first;
            let $j = $second;
            $add;
        })*
        $column
    }};
}

/// The products, as functions of their own: within a formula, ten at once, they would be ten times the code, and slower,
/// because no engine has registers for them all.
pub(super) trait Products: Lanes {
    fn mul(a: &Fused<Self>, b: &Fused<Self>) -> Fused<Self>;
    fn mul_sub(a: &Fused<Self>, b: &Fused<Self>, c: &Fused<Self>, d: &Fused<Self>) -> Fused<Self>;
    fn square(a: &Fused<Self>) -> Fused<Self>;
}

#[cfg(not(target_family = "wasm"))]
impl Products for Portable {
    fn mul(a: &Fused<Self>, b: &Fused<Self>) -> Fused<Self> {
        mul(a, b)
    }

    fn mul_sub(a: &Fused<Self>, b: &Fused<Self>, c: &Fused<Self>, d: &Fused<Self>) -> Fused<Self> {
        mul_sub(a, b, c, d)
    }

    fn square(a: &Fused<Self>) -> Fused<Self> {
        square(a)
    }
}

#[cfg(target_family = "wasm")]
impl Products for Relaxed {
    #[inline(always)]
    fn mul(a: &Fused<Self>, b: &Fused<Self>) -> Fused<Self> {
        #[inline(never)]
        #[target_feature(enable = "simd128,relaxed-simd")]
        fn featured(a: &Fused<Relaxed>, b: &Fused<Relaxed>) -> Fused<Relaxed> {
            mul(a, b)
        }
        featured(a, b)
    }

    #[inline(always)]
    fn mul_sub(a: &Fused<Self>, b: &Fused<Self>, c: &Fused<Self>, d: &Fused<Self>) -> Fused<Self> {
        #[inline(never)]
        #[target_feature(enable = "simd128,relaxed-simd")]
        fn featured(a: &Fused<Relaxed>, b: &Fused<Relaxed>, c: &Fused<Relaxed>, d: &Fused<Relaxed>) -> Fused<Relaxed> {
            mul_sub(a, b, c, d)
        }
        featured(a, b, c, d)
    }

    #[inline(always)]
    fn square(a: &Fused<Self>) -> Fused<Self> {
        #[inline(never)]
        #[target_feature(enable = "simd128,relaxed-simd")]
        fn featured(a: &Fused<Relaxed>) -> Fused<Relaxed> {
            square(a)
        }
        featured(a)
    }
}

#[inline(always)]
pub(super) fn mul<L: Lanes>(a: &Fused<L>, b: &Fused<L>) -> Fused<L> {
    reduce::<L>(columns! { column, i, j => column.add(a.0[i], b.0[j]) })
}

/// a·b − c·d
#[inline(always)]
pub(super) fn mul_sub<L: Lanes>(a: &Fused<L>, b: &Fused<L>, c: &Fused<L>, d: &Fused<L>) -> Fused<L> {
    reduce::<L>(columns! { column, i, j => {
        column.add(a.0[i], b.0[j]);
        column.sub(c.0[i], d.0[j]);
    } })
}

#[inline(always)]
pub(super) fn square<L: Lanes>(a: &Fused<L>) -> Fused<L> {
    let double = limbs! { i => L::add_f(a.0[i], a.0[i]) };
    reduce::<L>(columns! { column, i, j => if i < j {
        column.add(a.0[i], double[j]);
    } else if i == j {
        column.add(a.0[i], a.0[j]);
    } })
}

impl<L: Products> Pair for Fused<L> {
    type Stored = [[f64; 2]; LIMBS];
    const RADIX_BITS: u32 = BITS * LIMBS as u32;

    #[inline(always)]
    fn load(from: &Self::Stored) -> Self {
        Self(limbs! { i => L::load_f(&from[i]) })
    }

    #[inline(always)]
    fn store(self) -> Self::Stored {
        limbs! { i => L::store_f(self.0[i]) }
    }

    fn merge(low: &Self::Stored, high: &Self::Stored) -> Self::Stored {
        limbs! { i => [low[i][0], high[i][1]] }
    }

    #[inline(always)]
    fn unpack(low: &Words, high: &Words) -> Self {
        let (w0, w1) = (L::load_two(&low[0], &high[0]), L::load_two(&low[1], &high[1]));
        let (w2, w3) = (L::load_two(&low[2], &high[2]), L::load_two(&low[3], &high[3]));
        let mask = L::both_i(MASK);
        let limbs = [
            L::and(w0, mask),
            L::and(L::or(L::shr::<44>(w0), L::shl::<20>(w1)), mask),
            L::and(L::or(L::shr::<24>(w1), L::shl::<40>(w2)), mask),
            L::and(L::shr::<4>(w2), mask),
            L::and(L::or(L::shr::<48>(w2), L::shl::<16>(w3)), mask),
            L::shr::<28>(w3),
        ];
        let (unit_bits, unit) = (L::both_i(UNIT.to_bits()), L::both_f(UNIT));
        Self(limbs! { i => L::sub_f(L::float(L::or(limbs[i], unit_bits)), unit) })
    }

    #[inline(always)]
    fn pack(self) -> [Words; 2] {
        let limbs = self.store();
        [0, 1].map(|lane| words::canonical(limbs.map(|limb| limb[lane] as i64), BITS))
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        L::mul(&self, &other)
    }

    #[inline(always)]
    fn mul_sub(self, other: Self, a: Self, b: Self) -> Self {
        L::mul_sub(&self, &other, &a, &b)
    }

    #[inline(always)]
    fn square(self) -> Self {
        L::square(&self)
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(limbs! { i => L::add_f(self.0[i], other.0[i]) })
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(limbs! { i => L::sub_f(self.0[i], other.0[i]) })
    }

    #[inline(always)]
    fn carried(self) -> Self {
        self
    }

    #[inline(always)]
    fn negate_where(self, negative: [bool; 2]) -> Self {
        let sign = |negative| if negative { -1.0 } else { 1.0 };
        let sign = L::load_f(&[sign(negative[0]), sign(negative[1])]);
        Self(limbs! { i => L::mul_f(self.0[i], sign) })
    }

    #[inline(always)]
    fn swapped(self) -> Self {
        Self(limbs! { i => L::high_low(self.0[i], self.0[i]) })
    }
}
