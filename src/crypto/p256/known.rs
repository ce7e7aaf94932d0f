//! One sum of points that is known, so that a kernel that answers wrong is never used. Proves nothing about right ones.

use super::curve::{Curve, Relaxed, Scalar};
use super::multiples::{entered, lift};
use super::verify::x_is;
use super::words::Words;
use crate::crypto::kernel::Kernel;

/// x of 3·G + 2^128·G, from other arithmetic: a test holds it against the `p256` crate's.
pub(super) const SUM: Words =
    [0x43e1_9380_0bc4_90c6, 0x7045_edfb_fc4b_1e40, 0xc988_69eb_613a_2adb, 0x3346_681a_7467_42ae];

/// 2^128·G.
pub(super) const H: [Words; 2] = [
    [0x57c8_4fc9_d789_bd85, 0xfc35_ff7d_c297_eac3, 0xfb98_2fd5_88c6_766e, 0x447d_739b_eedb_5e67],
    [0x0c7e_33c9_72e2_5b32, 0x3d34_9b95_a7fa_e500, 0xe12e_9d95_3a4a_aff7, 0x2d48_25ab_8341_31ee],
];

/// Whether `kernel` gets one of each operation right: 2·G + G beside 2·H − H, and the sum of the two. An
/// engine that rounds twice where a fused multiply-add rounds once gets nearly every product wrong.
pub(crate) fn known_answer(kernel: Kernel) -> bool {
    match kernel {
        Kernel::Relaxed => right::<Relaxed>(),
        Kernel::Simd | Kernel::Scalar => right::<Scalar>(),
    }
}

#[inline(never)]
pub(super) fn right<C: Curve>() -> bool {
    let (g, h) = (C::generator(), &entered::<C>(&H));
    let mut points = lift::<C>(g, h);
    C::double(&mut points);
    C::add(&mut points, g, h, [false, true]);
    let (x, zz) = C::sum_of_both(&points);
    x_is::<C>(&x, &zz, SUM) == Some(true)
}
