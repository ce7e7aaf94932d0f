//! Signature checks over public data, one file an algorithm. Nothing here signs or holds a secret.

pub(crate) mod es256;
#[cfg(fuzzing)]
pub mod fuzzing;
pub(crate) mod kernel;
mod lanes;
mod p256;
mod roca;
pub(crate) mod rs256;
mod rsa;

/// Which arithmetic this thread uses: `"scalar"`, `"simd"` or `"relaxed-simd"`.
pub fn kernel_name() -> &'static str {
    kernel::current().name()
}

/// Sets how many bytes the tables of ES256 keys may take in this thread, in all; [`TABLE_BYTES`](crate::limits::TABLE_BYTES)
/// where nobody set it. A table is 256 KiB, one goes to the curve's base point, and what does not fit is not kept: those
/// keys are verified without, about five times slower. 0 keeps none.
pub fn limit_tables(bytes: usize) {
    p256::limit_tables(bytes);
}
