//! A kernel: the field arithmetic and the point formulas as functions over memory. Chooses nothing.

use std::sync::OnceLock;

use super::fused::Fused;
use super::limbs::Limbs;
use super::multiples::{Comb, entered};
use super::pair::Pair;
use super::point::{self, Affine, Points};
use super::words::{G, Words};

/// One kernel's arithmetic, two elements or points side by side. See [`Pair`] for the magnitudes.
pub(super) trait Curve {
    /// Two elements in memory.
    type Stored: Copy;
    /// See [`Pair::ONE`].
    const ONE: Words;
    /// See [`Pair::ENTRY`].
    const ENTRY: Words;

    /// G in Montgomery form.
    fn generator() -> &'static Affine;
    /// G's comb.
    fn generator_comb() -> &'static Comb;
    /// Takes numbers below 2^256. Carried.
    fn unpack(low: &Words, high: &Words) -> Self::Stored;
    fn pack(pair: &Self::Stored) -> [Words; 2];
    fn mul(a: &Self::Stored, b: &Self::Stored) -> Self::Stored;
    #[cfg(test)]
    fn mul_sub(a: &Self::Stored, b: &Self::Stored, c: &Self::Stored, d: &Self::Stored) -> Self::Stored;
    fn square(a: &Self::Stored) -> Self::Stored;
    fn swapped(a: &Self::Stored) -> Self::Stored;
    /// See [`Pair::merge`].
    fn merge(low: &Self::Stored, high: &Self::Stored) -> Self::Stored;
    /// See [`point::add`].
    fn add(points: &mut Points<Self::Stored>, low: &Affine, high: &Affine, negative: [bool; 2]);
    /// See [`point::double`].
    fn double(points: &mut Points<Self::Stored>);
    /// See [`point::sum_of_both`].
    fn sum_of_both(points: &Points<Self::Stored>) -> (Self::Stored, Self::Stored);
}

/// Implements [`Curve`] by the generic code for one type of pair; with a feature, for engines that have it. Such a function is
/// only called where the loader said so: in another engine it has been taken out of the module (js/kernel.ts).
macro_rules! curve {
    ($name:ty, $pair:ty, $($feature:literal)?) => {
        impl Curve for $name {
            type Stored = <$pair as Pair>::Stored;
            const ONE: Words = <$pair as Pair>::ONE;
            const ENTRY: Words = <$pair as Pair>::ENTRY;

            fn generator() -> &'static Affine {
                static GENERATOR: OnceLock<Affine> = OnceLock::new();
                GENERATOR.get_or_init(|| entered::<Self>(&G))
            }

            fn generator_comb() -> &'static Comb {
                static COMB: OnceLock<Comb> = OnceLock::new();
                COMB.get_or_init(|| Comb::of_generator::<Self>())
            }

            fn merge(low: &<$pair as Pair>::Stored, high: &<$pair as Pair>::Stored) -> <$pair as Pair>::Stored {
                <$pair>::merge(low, high)
            }

            curve! { @function $pair, $($feature)?; unpack(low: &Words, high: &Words) -> <$pair as Pair>::Stored {
                <$pair>::unpack(low, high).carried().store() } }
            curve! { @function $pair, $($feature)?; pack(pair: &<$pair as Pair>::Stored) -> [Words; 2] {
                <$pair>::load(pair).pack() } }
            curve! { @function $pair, $($feature)?;
                mul(a: &<$pair as Pair>::Stored, b: &<$pair as Pair>::Stored) -> <$pair as Pair>::Stored {
                    <$pair>::load(a).mul(<$pair>::load(b)).store() } }
            #[cfg(test)]
            curve! { @function $pair, $($feature)?; mul_sub(a: &<$pair as Pair>::Stored, b: &<$pair as Pair>::Stored,
                c: &<$pair as Pair>::Stored, d: &<$pair as Pair>::Stored) -> <$pair as Pair>::Stored {
                    <$pair>::load(a).mul_sub(<$pair>::load(b), <$pair>::load(c), <$pair>::load(d)).store() } }
            curve! { @function $pair, $($feature)?;
                square(a: &<$pair as Pair>::Stored) -> <$pair as Pair>::Stored { <$pair>::load(a).square().store() } }
            curve! { @function $pair, $($feature)?;
                swapped(a: &<$pair as Pair>::Stored) -> <$pair as Pair>::Stored { <$pair>::load(a).swapped().store() } }
            curve! { @function $pair, $($feature)?;
                add(points: &mut Points<<$pair as Pair>::Stored>, low: &Affine, high: &Affine, negative: [bool; 2]) -> () {
                    point::add::<$pair>(points, low, high, negative) } }
            curve! { @function $pair, $($feature)?; double(points: &mut Points<<$pair as Pair>::Stored>) -> () {
                point::double::<$pair>(points) } }
            curve! { @function $pair, $($feature)?; sum_of_both(points: &Points<<$pair as Pair>::Stored>)
                -> (<$pair as Pair>::Stored, <$pair as Pair>::Stored) { point::sum_of_both::<$pair>(points) } }
        }
    };
    (@function $pair:ty, ; $name:ident($($argument:ident: $type:ty),*) -> $result:ty $body:block) => {
        #[inline(never)]
        fn $name($($argument: $type),*) -> $result $body
    };
    (@function $pair:ty, $feature:literal; $name:ident($($argument:ident: $type:ty),*) -> $result:ty $body:block) => {
        #[inline]
        fn $name($($argument: $type),*) -> $result {
            #[target_feature(enable = $feature)]
            fn featured($($argument: $type),*) -> $result $body
            featured($($argument),*)
        }
    };
}

/// The kernel that runs everywhere.
pub(super) struct Scalar;
curve!(Scalar, Limbs,);

/// The kernel for fused multiply-add, over plain Rust: what the tests and the fuzzers run natively.
#[cfg(not(target_family = "wasm"))]
pub(super) struct Relaxed;
#[cfg(not(target_family = "wasm"))]
curve!(Relaxed, Fused<crate::crypto::lanes::Portable>,);

/// The kernel for relaxed SIMD.
#[cfg(target_family = "wasm")]
pub(super) struct Relaxed;
#[cfg(target_family = "wasm")]
curve!(Relaxed, Fused<crate::crypto::lanes::Relaxed>, "simd128,relaxed-simd");

/// The scalar kernel, which counts its products.
#[cfg(test)]
pub(super) struct Counting;
#[cfg(test)]
curve!(Counting, super::tests::Counted,);

/// The kernel for fused multiply-add on an engine that rounds some of them twice.
#[cfg(test)]
pub(super) struct Unfused<const MADD: bool, const NMADD: bool>;
#[cfg(test)]
curve!(Unfused<false, false>, Fused<super::tests::UnfusedLanes<false, false>>,);
#[cfg(test)]
curve!(Unfused<true, false>, Fused<super::tests::UnfusedLanes<true, false>>,);
#[cfg(test)]
curve!(Unfused<false, true>, Fused<super::tests::UnfusedLanes<false, true>>,);
