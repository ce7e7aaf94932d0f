//! P-256 for verification alone: public data, variable time, no signing. docs/ARITHMETIC.md has the bounds.
//!
//! `words` and `inverse` are plain integers; `pair` says what a kernel's field can do, `limbs` and `fused` do it; `point`
//! adds and doubles with it, `curve` makes functions of that, for each kernel; `multiples` and `tables` prepare what
//! `verify` adds up.

#![expect(clippy::indexing_slicing, reason = "indices are constants, or loop over the array's own length")]

mod curve;
mod fused;
mod inverse;
mod known;
mod limbs;
mod multiples;
mod pair;
mod point;
mod scalar;
mod tables;
mod verify;
mod words;

use std::sync::OnceLock;

use curve::{Curve, Relaxed, Scalar};
pub(crate) use known::known_answer;
use multiples::{Comb, entered};
use point::Affine;
pub use tables::limit as limit_tables;
#[cfg(feature = "js")]
pub(crate) use tables::made as tables_made;
use verify::{Base, Means, holds};
use words::{B, N, P, Words, ZERO, add_mod_p, from_bytes, less, negated_mod_p};

use super::kernel::Kernel;

/// A point on the curve, and how signatures are checked with it.
#[derive(Clone)]
pub(crate) struct PublicKey {
    kernel: Kernel,
    /// In the kernel's Montgomery form.
    point: Affine,
    /// From the first check that has no table.
    comb: OnceLock<Box<Comb>>,
}

impl PublicKey {
    /// The point with these coordinates, big-endian; `None` when one is not below p or the point is not on the curve.
    pub(crate) fn new(kernel: Kernel, x: &[u8; 32], y: &[u8; 32]) -> Option<Self> {
        Self::from_words(kernel, [from_bytes(x), from_bytes(y)])
    }

    fn from_words(kernel: Kernel, point: [Words; 2]) -> Option<Self> {
        if !point.iter().all(|coordinate| less(*coordinate, P)) {
            return None;
        }
        let point = match kernel {
            Kernel::Relaxed => on_curve::<Relaxed>(&point),
            Kernel::Simd | Kernel::Scalar => on_curve::<Scalar>(&point),
        }?;
        Some(Self { kernel, point, comb: OnceLock::new() })
    }

    /// Whether (r, s), big-endian, is a signature of this SHA-256 hash. r and s outside [1, n) are none.
    pub(crate) fn verifies(&self, hash: &[u8; 32], r: &[u8; 32], s: &[u8; 32]) -> bool {
        let [e, r, s] = [hash, r, s].map(from_bytes);
        let in_range = |number| number != ZERO && less(number, N);
        in_range(r) && in_range(s) && self.holds(e, r, s)
    }

    fn holds(&self, e: Words, r: Words, s: Words) -> bool {
        match self.kernel {
            Kernel::Relaxed => self.holds_by::<Relaxed>(e, r, s),
            Kernel::Simd | Kernel::Scalar => self.holds_by::<Scalar>(e, r, s),
        }
    }

    // Out of line, as each kernel's work is: an engine compiles a function when it is first called, and calls one kernel's.
    #[inline(never)]
    fn holds_by<C: Curve>(&self, e: Words, r: Words, s: Words) -> bool {
        let g = C::generator();
        tables::with::<C, _>([g, &self.point], |[g_windows, q_windows]| {
            let g_means = g_windows.map_or_else(|| Means::Comb(C::generator_comb()), Means::Windows);
            let q_means = q_windows.map_or_else(
                || Means::Comb(self.comb.get_or_init(|| Box::new(Comb::new::<C>(&self.point)))),
                Means::Windows,
            );
            holds::<C>(Base { point: g, means: g_means }, Base { point: &self.point, means: q_means }, e, r, s)
        })
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        (self.kernel, &self.point) == (other.kernel, &other.point)
    }
}

/// The point in the kernel's Montgomery form, if y² = x³ − 3·x + b.
#[inline(never)]
fn on_curve<C: Curve>(point: &[Words; 2]) -> Option<Affine> {
    let point = entered::<C>(point);
    let xy = C::unpack(&point[0], &point[1]);
    let [xx, yy] = C::pack(&C::square(&xy));
    let three = add_mod_p(C::ONE, add_mod_p(C::ONE, C::ONE));
    let factor = add_mod_p(xx, negated_mod_p(three));
    let [right, _] = C::pack(&C::mul(&C::unpack(&factor, &factor), &xy));
    let [b, _] = entered::<C>(&[B, B]);
    (add_mod_p(right, b) == yy).then_some(point)
}

#[cfg(test)]
mod tests;
