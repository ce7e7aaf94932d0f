//! Signature checks over public data, one file an algorithm. Nothing here signs or holds a secret.

pub(crate) mod es256;
pub(crate) mod kernel;
pub(crate) mod lanes;
mod roca;
pub(crate) mod rs256;
mod rsa;
