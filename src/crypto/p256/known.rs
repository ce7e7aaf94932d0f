//! One sum of points that is known, so that a kernel that answers wrong is never used. Proves nothing about right ones.

use super::curve::{Curve, Relaxed, Scalar};
use super::multiples::lift;
use super::verify::x_is;
use super::words::Words;
use crate::crypto::kernel::Kernel;

/// x of 3·G + 2^128·G, from other arithmetic: a test holds it against the `p256` crate's.
pub(super) const SUM: Words =
    [0x43e1_9380_0bc4_90c6, 0x7045_edfb_fc4b_1e40, 0xc988_69eb_613a_2adb, 0x3346_681a_7467_42ae];

/// Whether `kernel` gets one of each operation right: 2·G + G beside 2·H − H, and the sum of the two, H being 2^128·G. An
/// engine that rounds twice where a fused multiply-add rounds once gets nearly every product wrong.
pub(crate) fn known_answer(kernel: Kernel) -> bool {
    match kernel {
        Kernel::Relaxed => right::<Relaxed>(),
        Kernel::Simd | Kernel::Scalar => right::<Scalar>(),
    }
}

pub(super) fn right<C: Curve>() -> bool {
    let [g, half] = C::generator();
    let mut points = lift::<C>(g, half);
    C::double(&mut points);
    C::add(&mut points, g, half, [false, true]);
    let (x, zz) = C::sum_of_both(&points);
    x_is::<C>(&x, &zz, SUM) == Some(true)
}
