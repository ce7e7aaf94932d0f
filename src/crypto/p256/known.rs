//! One signature that is known to hold, so that a kernel that answers wrong is never used. Proves nothing about right ones.

use super::PublicKey;
use super::words::Words;
use crate::crypto::kernel::Kernel;

/// RFC 6979 appendix A.2.5: the public key, and its signature with SHA-256 of the text "sample".
pub(super) const KEY: [Words; 2] = [
    [0xe669_622e_60f2_9fb6, 0xc049_b892_3b61_fa6c, 0xc961_eb74_c635_6d68, 0x60fe_d4ba_255a_9d31],
    [0x77a3_c294_d446_2299, 0xf2f1_b20c_2d7e_9f51, 0xa41a_e9e9_5628_bc64, 0x7903_fe10_08b8_bc99],
];
pub(super) const HASH: Words =
    [0x6211_3d8a_62ad_d1bf, 0x1a83_1d02_68e9_8915, 0xe2ad_e1d6_94f4_1fc7, 0xaf2b_dbe1_aa9b_6ec1];
pub(super) const R: Words =
    [0xc34d_0ea8_4eaf_3716, 0x9d2c_877b_56aa_f991, 0x1140_dd9c_d45e_81d6, 0xefd4_8b2a_acb6_a8fd];
pub(super) const S: Words =
    [0x4dc4_ab2f_843a_cda8, 0xf3e9_00db_b9af_f406, 0xd436_c7a1_b6e2_9f65, 0xf7cb_1c94_2d65_7c41];

/// Whether `kernel` finds that the key is a point and that the signature holds, by doublings and additions alike. An engine
/// that rounds twice where a fused multiply-add rounds once gets nearly every product wrong.
pub(crate) fn known_answer(kernel: Kernel) -> bool {
    PublicKey::from_words(kernel, KEY).is_some_and(|key| key.holds(HASH, R, S))
}
