//! Which arithmetic runs: plain integers, wasm vectors, or wasm vectors with fused multiply-add. Checks no signature.

use core::cell::Cell;

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
    /// The name that `tollgate.kernel()` gives.
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

std::thread_local! {
    static CURRENT: Cell<Kernel> = const { Cell::new(Kernel::Scalar) };
}

/// Takes the best kernel up to `best` that gives the known answers, for keys imported from now on; `None` when not even
/// plain integers do. The engine has to have what `best` asks for.
pub(crate) fn choose(best: Kernel) -> Option<Kernel> {
    let order = [Kernel::Relaxed, Kernel::Simd, Kernel::Scalar];
    let kernel = order.into_iter().skip_while(|kernel| *kernel != best).find(|kernel| gives_known_answers(*kernel))?;
    set(kernel);
    Some(kernel)
}

fn gives_known_answers(kernel: Kernel) -> bool {
    p256::known_answer(kernel) && rsa::known_answer(kernel)
}

/// The kernel that keys imported from now on use.
pub(crate) fn current() -> Kernel {
    CURRENT.get()
}

/// The engine has to have what `kernel` asks for.
pub(crate) fn set(kernel: Kernel) {
    CURRENT.set(kernel);
}
