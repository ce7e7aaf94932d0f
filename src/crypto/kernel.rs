//! Which arithmetic runs: plain integers, wasm vectors, or wasm vectors with fused multiply-add. Checks no signature.

use core::cell::Cell;

#[cfg(feature = "js")]
use super::{p256, rsa};

/// A way to do the arithmetic. All of them give the same answers; only their speed and what they ask of the engine differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kernel {
    /// 64-bit integers: runs everywhere.
    Scalar,
    /// SIMD128.
    Simd,
    /// Relaxed SIMD, whose multiply-add must be fused.
    Relaxed,
}

impl Kernel {
    /// The name that `kernel()` gives.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Simd => "simd",
            Self::Relaxed => "relaxed-simd",
        }
    }

    /// The kernel of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Scalar, Self::Simd, Self::Relaxed].into_iter().find(|kernel| kernel.name() == name)
    }
}

thread_local! {
    static CHOSEN: Cell<Option<Kernel>> = const { Cell::new(None) };
}

/// Chooses the best kernel up to `best` that gives the known answers, for keys imported from now on; the first choice
/// stands. `None` when not even plain integers give them. The engine has to have what `best` asks for.
#[cfg(feature = "js")]
pub(crate) fn choose(best: Kernel) -> Option<Kernel> {
    if CHOSEN.get().is_none() {
        let order = [Kernel::Relaxed, Kernel::Simd, Kernel::Scalar];
        let up_to_best = order.into_iter().skip_while(|kernel| *kernel != best);
        CHOSEN.set(up_to_best.into_iter().find(|kernel| gives_known_answers(*kernel)));
    }
    CHOSEN.get()
}

#[cfg(feature = "js")]
fn gives_known_answers(kernel: Kernel) -> bool {
    p256::known_answer(kernel) && rsa::known_answer(kernel)
}

/// The kernel that keys imported from now on use: plain integers, where nobody chose.
pub(crate) fn current() -> Kernel {
    CHOSEN.get().unwrap_or(Kernel::Scalar)
}
