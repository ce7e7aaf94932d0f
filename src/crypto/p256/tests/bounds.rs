//! How large numbers get within the point formulas, by interval arithmetic: no limb and no value leaves what the kernels
//! take. And two kernels that only tests have: one that counts its products, and one whose engine does not fuse.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use core::cell::Cell;

use super::super::curve::Unfused;
use super::super::fused::{self, Fused, Products};
use super::super::limbs::Limbs;
use super::super::pair::Pair;
use super::super::point::{self, Points};
use super::super::{known, known_answer};
use super::*;
use crate::crypto::lanes::{Floats, Lanes, Portable};

/// What is known of both elements of a pair: where the values lie, and how large the limbs but the highest may be.
#[derive(Clone, Copy, Debug)]
struct Within<const RELAXED: bool> {
    /// In multiples of p.
    least: f64,
    most: f64,
    limb: i128,
}

impl<const RELAXED: bool> Within<RELAXED> {
    const LIMBS: i32 = if RELAXED { 6 } else { 9 };
    const BITS: i32 = if RELAXED { 44 } else { 29 };
    const PRODUCT: i128 = if RELAXED { 1 << 43 } else { (1 << 29) - 1 };
    const LOOSE: i128 = if RELAXED { 1 << 44 } else { 1 << 30 };
    const CARRIED: i128 = if RELAXED { 1 << 46 } else { (1 << 29) - 1 };
    const SLACK: i128 = if RELAXED { 1 << 46 } else { 1 << 32 };
    /// What the magnitudes of a column's products may sum up to: half of what doubles are exact for; or 2^63, less 2^55 for
    /// the digits that the reduction adds.
    const COLUMN: i128 = if RELAXED { 1 << 95 } else { (1 << 63) - (1 << 55) };

    const UNPACKED: Self = Self {
        least: 0.0,
        most: 1.0 + 1.0 / (1_u64 << 31) as f64,
        limb: if RELAXED { (1 << 44) - 1 } else { (1 << 29) - 1 },
    };

    /// Above the magnitude of every limb.
    fn largest(&self) -> i128 {
        // What of the value the highest limb stands for, and what the lower ones take off it when they are not carried.
        let highest = self.magnitude() * 2_f64.powi(256 - Self::BITS * (Self::LIMBS - 1));
        self.limb.max(highest as i128 + 2 * (self.limb >> Self::BITS) + 2)
    }

    fn magnitude(&self) -> f64 {
        self.most.max(-self.least)
    }

    fn is(&self, limb: i128) -> bool {
        self.limb <= limb && self.magnitude() <= 8.0
    }

    /// What the reduction makes of products whose values sum up to this, in multiples of p².
    fn reduced(sum: [f64; 2]) -> Self {
        // p/R is below this, and the result lies within p/2 of the sum's part of R.
        let ratio = 2_f64.powi(256 - Self::BITS * Self::LIMBS);
        Self { least: sum[0] * ratio - 0.5, most: sum[1] * ratio + 0.5, limb: Self::PRODUCT }
    }

    fn values_times(&self, other: &Self) -> [f64; 2] {
        let ends = [self.least * other.least, self.least * other.most, self.most * other.least, self.most * other.most];
        [ends.into_iter().fold(f64::INFINITY, f64::min), ends.into_iter().fold(f64::NEG_INFINITY, f64::max)]
    }

    fn column(&self, other: &Self) -> i128 {
        i128::from(Self::LIMBS) * self.largest() * other.largest()
    }

    fn hull(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), most: self.most.max(other.most), limb: self.limb.max(other.limb) }
    }

    fn contains(&self, other: &Self) -> bool {
        self.least <= other.least && other.most <= self.most && other.limb <= self.limb
    }
}

/// Each method takes what `Pair` says that it takes, and no more.
impl<const RELAXED: bool> Pair for Within<RELAXED> {
    type Stored = Self;
    const RADIX_BITS: u32 = (Self::BITS * Self::LIMBS) as u32;

    fn load(from: &Self) -> Self {
        *from
    }
    fn store(self) -> Self {
        self
    }
    fn merge(low: &Self, high: &Self) -> Self {
        low.hull(*high)
    }
    fn unpack(_: &Words, _: &Words) -> Self {
        Self::UNPACKED
    }
    fn pack(self) -> [Words; 2] {
        assert!(self.is(Self::CARRIED), "{self:?}");
        [[0; 4]; 2]
    }
    fn mul(self, other: Self) -> Self {
        let beside = |a: &Self, b: &Self| a.is(Self::LOOSE) && b.is(Self::PRODUCT);
        let carried = self.is(Self::CARRIED) && other.is(Self::CARRIED);
        assert!(carried || beside(&self, &other) || beside(&other, &self), "{self:?} {other:?}");
        assert!(self.column(&other) <= Self::COLUMN, "{self:?} {other:?}");
        Self::reduced(self.values_times(&other))
    }
    fn mul_sub(self, other: Self, a: Self, b: Self) -> Self {
        assert!(self.is(Self::CARRIED) && other.is(Self::CARRIED), "{self:?} {other:?}");
        assert!(a.is(Self::LOOSE) && b.is(Self::PRODUCT) || b.is(Self::LOOSE) && a.is(Self::PRODUCT), "{a:?} {b:?}");
        assert!(self.column(&other) + a.column(&b) <= Self::COLUMN, "{self:?} {other:?} {a:?} {b:?}");
        let ([least, most], [less, more]) = (self.values_times(&other), a.values_times(&b));
        Self::reduced([least - more, most - less])
    }
    fn square(self) -> Self {
        assert!(self.is(Self::CARRIED), "{self:?}");
        assert!(self.column(&self) <= Self::COLUMN, "{self:?}");
        Self::reduced(self.values_times(&self))
    }
    fn add(self, other: Self) -> Self {
        Self { least: self.least + other.least, most: self.most + other.most, limb: self.limb + other.limb }
    }
    fn sub(self, other: Self) -> Self {
        Self { least: self.least - other.most, most: self.most - other.least, limb: self.limb + other.limb }
    }
    fn carried(self) -> Self {
        assert!(self.is(Self::SLACK), "{self:?}");
        if RELAXED { self } else { Self { limb: Self::CARRIED, ..self } }
    }
    fn negate_where(self, _: [bool; 2]) -> Self {
        self.hull(Self { least: -self.most, most: -self.least, limb: self.limb })
    }
    fn swapped(self) -> Self {
        self
    }
}

/// X, Y, ZZ and ZZZ of any point that the formulas make from affine ones, however often they are applied.
fn reachable<const RELAXED: bool>() -> [Within<RELAXED>; 4] {
    type Bounds<const RELAXED: bool> = Points<Within<RELAXED>>;
    let entry: Affine = [[0; 4]; 2];
    let added = |mut points: Bounds<RELAXED>| {
        point::add::<Within<RELAXED>>(&mut points, &entry, &entry, [false; 2]);
        points
    };
    let doubled = |mut points: Bounds<RELAXED>| {
        point::double::<Within<RELAXED>>(&mut points);
        points
    };
    let members = |points: &Bounds<RELAXED>| [points.x, points.y, points.zz, points.zzz];
    let points = |[x, y, zz, zzz]: [Within<RELAXED>; 4]| Points { x, y, zz, zzz };
    let hulls = |a: &[Within<RELAXED>; 4], b: &[Within<RELAXED>; 4]| core::array::from_fn(|i| a[i].hull(b[i]));
    // As `lift` makes them.
    let mut reached = [Within::UNPACKED.carried(); 4];
    for _ in 0..50 {
        reached = hulls(&reached, &hulls(&members(&added(points(reached))), &members(&doubled(points(reached)))));
    }
    // A little more, so that rounding above and the last steps towards the limit are within: these bounds are closed.
    let closed =
        reached.map(|within| Within { least: within.least - 1.0 / 1024.0, most: within.most + 1.0 / 1024.0, ..within });
    for next in [members(&added(points(closed))), members(&doubled(points(closed)))] {
        for (member, next) in closed.iter().zip(&next) {
            assert!(member.contains(next), "{member:?} {next:?}");
        }
    }
    // What else is computed with points: their sum, their affine form, and x against r.
    let (x, zz) = point::sum_of_both::<Within<RELAXED>>(&points(closed));
    let unpacked = Within::UNPACKED.carried();
    x.hull(zz.swapped()).mul(unpacked).pack();
    let product = closed[3].mul(unpacked).mul(closed[3]);
    product.mul(product.swapped()).pack();
    let inverse = unpacked.mul(product.swapped()).mul(closed[3]);
    inverse.mul(product).mul(closed[2]).square().mul(closed[0]).pack();
    inverse.mul(product).mul(closed[1]).pack();
    for member in closed {
        member.pack();
    }
    closed
}

#[test]
fn values_and_limbs_stay_within_what_the_kernels_take() {
    // X is R² − PPP − 2·Q, or M² − 2·S: four times half of p, and what the products' own size adds.
    for [x, y, zz, zzz] in
        [reachable::<true>().map(|within| within.magnitude()), reachable::<false>().map(|within| within.magnitude())]
    {
        println!("|X| <= {x:.3}p, |Y| <= {y:.3}p, |ZZ| <= {zz:.3}p, |ZZZ| <= {zzz:.3}p");
        assert!(x < 2.25 && y < 1.01 && zz < 1.01 && zzz < 1.01, "{x} {y} {zz} {zzz}");
    }
}

std::thread_local! {
    static PRODUCTS: Cell<usize> = const { Cell::new(0) };
}

/// The scalar kernel's pairs, counting the products of pairs that are made; a difference of products is two.
#[derive(Clone, Copy)]
pub(crate) struct Counted(Limbs);

impl Counted {
    pub(super) fn reset() {
        PRODUCTS.set(0);
    }

    pub(super) fn products() -> usize {
        PRODUCTS.get()
    }

    fn count(products: usize) {
        PRODUCTS.set(PRODUCTS.get() + products);
    }
}

impl Pair for Counted {
    type Stored = <Limbs as Pair>::Stored;
    const RADIX_BITS: u32 = Limbs::RADIX_BITS;

    fn load(from: &Self::Stored) -> Self {
        Self(Limbs::load(from))
    }
    fn store(self) -> Self::Stored {
        self.0.store()
    }
    fn merge(low: &Self::Stored, high: &Self::Stored) -> Self::Stored {
        Limbs::merge(low, high)
    }
    fn unpack(low: &Words, high: &Words) -> Self {
        Self(Limbs::unpack(low, high))
    }
    fn pack(self) -> [Words; 2] {
        self.0.pack()
    }
    fn mul(self, other: Self) -> Self {
        Self::count(1);
        Self(self.0.mul(other.0))
    }
    fn mul_sub(self, other: Self, a: Self, b: Self) -> Self {
        Self::count(2);
        Self(self.0.mul_sub(other.0, a.0, b.0))
    }
    fn square(self) -> Self {
        Self::count(1);
        Self(self.0.square())
    }
    fn add(self, other: Self) -> Self {
        Self(self.0.add(other.0))
    }
    fn sub(self, other: Self) -> Self {
        Self(self.0.sub(other.0))
    }
    fn carried(self) -> Self {
        Self(self.0.carried())
    }
    fn negate_where(self, negative: [bool; 2]) -> Self {
        Self(self.0.negate_where(negative))
    }
    fn swapped(self) -> Self {
        Self(self.0.swapped())
    }
}

/// Lanes of an engine that fuses a·b + c and c − a·b only where it says so.
#[derive(Clone, Copy)]
pub(crate) struct UnfusedLanes<const MADD: bool, const NMADD: bool>;

/// The methods of [`Portable`], named one by one.
macro_rules! as_portable {
    ($($name:ident$(<const $bits:ident>)?($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {$(
        fn $name$(<const $bits: u32>)?($($argument: $kind),*) -> $result {
            Portable::$name$(::<$bits>)?($($argument),*)
        }
    )*};
}

impl<const MADD: bool, const NMADD: bool> Floats for UnfusedLanes<MADD, NMADD> {
    type F = [f64; 2];

    as_portable! {
        load_f(from: &[f64; 2]) -> [f64; 2];
        store_f(from: [f64; 2]) -> [f64; 2];
        both_f(number: f64) -> [f64; 2];
        add_f(a: [f64; 2], b: [f64; 2]) -> [f64; 2];
        sub_f(a: [f64; 2], b: [f64; 2]) -> [f64; 2];
        mul_f(a: [f64; 2], b: [f64; 2]) -> [f64; 2];
        high_low(a: [f64; 2], b: [f64; 2]) -> [f64; 2];
    }
}

impl<const MADD: bool, const NMADD: bool> Lanes for UnfusedLanes<MADD, NMADD> {
    type I = [u64; 2];

    fn fma(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> [f64; 2] {
        if MADD { <Portable as Lanes>::fma(a, b, c) } else { [a[0] * b[0] + c[0], a[1] * b[1] + c[1]] }
    }

    fn fnma(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> [f64; 2] {
        if NMADD { <Portable as Lanes>::fnma(a, b, c) } else { [c[0] - a[0] * b[0], c[1] - a[1] * b[1]] }
    }

    as_portable! {
        load_i(from: &[u64; 2]) -> [u64; 2];
        load_two(low: &u64, high: &u64) -> [u64; 2];
        store_i(from: [u64; 2]) -> [u64; 2];
        both_i(number: u64) -> [u64; 2];
        bits(a: [f64; 2]) -> [u64; 2];
        float(a: [u64; 2]) -> [f64; 2];
        add_i(a: [u64; 2], b: [u64; 2]) -> [u64; 2];
        sub_i(a: [u64; 2], b: [u64; 2]) -> [u64; 2];
        and(a: [u64; 2], b: [u64; 2]) -> [u64; 2];
        or(a: [u64; 2], b: [u64; 2]) -> [u64; 2];
        shl<const BITS>(a: [u64; 2]) -> [u64; 2];
        shr<const BITS>(a: [u64; 2]) -> [u64; 2];
    }
}

impl<const MADD: bool, const NMADD: bool> Products for UnfusedLanes<MADD, NMADD> {
    fn mul(a: &Fused<Self>, b: &Fused<Self>) -> Fused<Self> {
        fused::mul(a, b)
    }
    fn mul_sub(a: &Fused<Self>, b: &Fused<Self>, c: &Fused<Self>, d: &Fused<Self>) -> Fused<Self> {
        fused::mul_sub(a, b, c, d)
    }
    fn square(a: &Fused<Self>) -> Fused<Self> {
        fused::square(a)
    }
}

#[test]
fn every_kernel_gives_the_known_answer_and_an_engine_that_does_not_fuse_none() {
    let g = ProjectivePoint::GENERATOR;
    let sum = times(&g, &small(3)) + times(&g, &words(&power_of_two(128)));
    assert_eq!(coordinates(&sum).unwrap()[0], known::SUM);
    for kernel in [Kernel::Scalar, Kernel::Simd, Kernel::Relaxed] {
        assert!(known_answer(kernel), "{kernel:?}");
    }
    assert!(!known::right::<Unfused<false, false>>());
    assert!(!known::right::<Unfused<true, false>>());
    assert!(!known::right::<Unfused<false, true>>());
}
