//! Signature checks over public data, one file an algorithm. Nothing here signs or holds a secret.

pub(crate) mod es256;
pub(crate) mod kernel;
mod lanes;
pub(crate) mod p256;
mod roca;
pub(crate) mod rs256;
pub(crate) mod rsa;
