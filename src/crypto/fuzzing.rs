//! The arithmetic by itself, for the fuzzers and the deep tests in fuzz/, in any kernel. Checks nothing about a key or a
//! signature that its caller should, and is in no build but those with `--cfg fuzzing`.

use super::kernel::Kernel;
use super::{p256, rsa};
use crate::limits::TABLE_BYTES;

/// The kernels of ES256.
pub const ES256_KERNELS: &[&str] = &["scalar", "relaxed-simd"];
/// The kernels of RS256.
pub const RS256_KERNELS: &[&str] = &["scalar", "simd", "relaxed-simd"];

/// The kernel that is called so; any other name is the scalar one's.
fn kernel(name: &str) -> Kernel {
    match name {
        "relaxed-simd" => Kernel::Relaxed,
        "simd" => Kernel::Simd,
        _ => Kernel::Scalar,
    }
}

/// Whether the kernel gives the answers that it has to before it is used.
pub fn gives_known_answers(kernel_name: &str) -> bool {
    p256::known_answer(kernel(kernel_name)) && rsa::known_answer(kernel(kernel_name))
}

/// Forgets every table of this thread, and sets whether there are any from now on.
pub fn keep_tables(keep: bool) {
    p256::limit_tables(0);
    p256::limit_tables(if keep { TABLE_BYTES } else { 0 });
}

/// A point on P-256.
pub struct Es256Key(p256::PublicKey);

impl Es256Key {
    /// `None` when the coordinates are no point's.
    pub fn new(kernel_name: &str, x: &[u8; 32], y: &[u8; 32]) -> Option<Self> {
        p256::PublicKey::new(kernel(kernel_name), x, y).map(Self)
    }

    /// Whether (r, s) is a signature of the hash, by the tables that there are.
    pub fn verifies(&self, hash: &[u8; 32], r: &[u8; 32], s: &[u8; 32]) -> bool {
        self.0.verifies(hash, r, s)
    }
}

/// A modulus and an exponent.
pub struct Rs256Key(rsa::PublicKey);

impl Rs256Key {
    /// `n` has no leading zero byte, is odd and has 2048 to 4096 bits; `e` is odd and at least 3.
    pub fn new(kernel_name: &str, n: &[u8], e: u32) -> Self {
        Self(rsa::PublicKey::new(kernel(kernel_name), n, e))
    }

    /// Whether s^e = m modulo n, both in as many bytes as n.
    pub fn power_equals(&self, s: &[u8], m: &[u8]) -> bool {
        self.0.power_equals(s, m)
    }
}
