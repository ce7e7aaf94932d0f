//! Which arithmetic runs: plain integers, wasm vectors, or wasm vectors with fused multiply-add. Checks no signature.

use core::cell::Cell;

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

thread_local! {
    static CURRENT: Cell<Kernel> = const { Cell::new(Kernel::Scalar) };
}

/// The kernel that keys imported from now on use.
pub(crate) fn current() -> Kernel {
    CURRENT.get()
}

/// The engine has to have what `kernel` asks for.
pub(crate) fn set(kernel: Kernel) {
    CURRENT.set(kernel);
}
