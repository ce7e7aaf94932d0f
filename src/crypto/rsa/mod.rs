//! RSA public-key arithmetic: is s^e = m modulo n? For verifying only: variable time, and no secret is ever given to it.

use std::sync::OnceLock;

mod columns;
mod exact;
mod fused;
mod known;
mod power;
mod scalar;
mod words;

use self::exact::Simd;
use self::fused::Relaxed;
pub(crate) use self::known::known_answer;
use self::power::Constants;
use self::scalar::Scalar;
use super::kernel::Kernel;

/// n and e, with what the kernel needs of them.
#[derive(Clone)]
pub(crate) struct PublicKey {
    kernel: Kernel,
    modulus: Box<[u8]>,
    exponent: u32,
    /// From the first check on: many a key is published and never used. `None` where no kernel computes right.
    constants: OnceLock<Option<PerKernel>>,
}

#[derive(Clone)]
enum PerKernel {
    Scalar(Constants<Scalar>),
    Simd(Constants<Simd>),
    Relaxed(Constants<Relaxed>),
}

/// The same n and e, whatever the kernels.
impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.modulus == other.modulus && self.exponent == other.exponent
    }
}

impl PublicKey {
    /// `n` is big-endian with no leading zero byte, odd, of 2048 to 4096 bits; `e` is odd and at least 3. `kernel` is the best
    /// that may be used.
    pub(crate) fn new(kernel: Kernel, n: &[u8], e: u32) -> Self {
        Self { kernel, modulus: n.into(), exponent: e, constants: OnceLock::new() }
    }

    /// Bytes in n.
    pub(crate) fn size(&self) -> usize {
        self.modulus.len()
    }

    /// Whether s^e = m modulo n. Both are big-endian, in as many bytes as n, and below n: all else is refused.
    pub(crate) fn power_equals(&self, s: &[u8], m: &[u8]) -> bool {
        let below = |number: &[u8]| number.len() == self.modulus.len() && *number < *self.modulus;
        if !below(s) || !below(m) {
            return false;
        }
        match self.constants.get_or_init(|| self.compute()) {
            Some(PerKernel::Scalar(constants)) => constants.power_equals(s, self.exponent, m),
            Some(PerKernel::Simd(constants)) => constants.power_equals(s, self.exponent, m),
            Some(PerKernel::Relaxed(constants)) => constants.power_equals(s, self.exponent, m),
            None => false,
        }
    }

    fn compute(&self) -> Option<PerKernel> {
        let n = &self.modulus;
        Some(match self.kernel.for_rsa()? {
            Kernel::Scalar => PerKernel::Scalar(Constants::new(n)),
            Kernel::Simd => PerKernel::Simd(Constants::new(n)),
            Kernel::Relaxed => PerKernel::Relaxed(Constants::new(n)),
        })
    }
}

#[cfg(test)]
mod tests;
