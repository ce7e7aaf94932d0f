//! Signature checks over public data, one file an algorithm. Nothing here signs or holds a secret.

pub(crate) mod es256;
#[cfg(fuzzing)]
pub mod fuzzing;
mod kernel;
mod lanes;
mod p256;
mod roca;
pub(crate) mod rs256;
mod rsa;

pub use kernel::Kernel;
pub use p256::limit_tables;
#[cfg(feature = "js")]
pub(crate) use p256::tables_made;
