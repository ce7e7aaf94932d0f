//! Which arithmetic runs: plain integers, wasm vectors, or wasm vectors with fused multiply-add. Checks no signature.

use core::cell::Cell;

use super::{p256, rsa};

/// A way to do the arithmetic. All of them give the same answers; only their speed and what they ask of the engine differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kernel {
    /// 64-bit integers: runs everywhere.
    Scalar,
    /// SIMD128. ES256 gains nothing from it and runs on integers.
    Simd,
    /// Relaxed SIMD, whose multiply-add must be fused. Outside wasm it runs too, over plain Rust, and is slow.
    Relaxed,
}

thread_local! {
    /// What was asked for, and what was chosen.
    static CHOICE: Cell<Option<(Kernel, Kernel)>> = const { Cell::new(None) };
}

impl Kernel {
    const ALL: [Self; 3] = [Self::Relaxed, Self::Simd, Self::Scalar];

    /// `"scalar"`, `"simd"` or `"relaxed-simd"`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Simd => "simd",
            Self::Relaxed => "relaxed-simd",
        }
    }

    /// The kernel of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kernel| kernel.name() == name)
    }

    /// The kernel that keys imported in this thread use: plain integers, where nobody chose another.
    pub fn current() -> Self {
        CHOICE.get().map_or(Self::Scalar, |(_, chosen)| chosen)
    }

    /// Chooses, for keys imported in this thread from now on, the best kernel up to this one that gives the known answers.
    /// `None`, and nothing is chosen, when not even plain integers give them. The engine must have what this kernel asks for.
    ///
    /// ```
    /// assert_eq!(tollgate::Kernel::Scalar.choose(), Some(tollgate::Kernel::Scalar));
    /// assert_eq!(tollgate::Kernel::current().name(), "scalar");
    /// ```
    pub fn choose(self) -> Option<Self> {
        if let Some((asked, chosen)) = CHOICE.get()
            && asked == self
        {
            return Some(chosen);
        }
        let chosen =
            Self::ALL.into_iter().filter(|kernel| *kernel <= self).find(|kernel| kernel.gives_known_answers())?;
        CHOICE.set(Some((self, chosen)));
        Some(chosen)
    }

    fn gives_known_answers(self) -> bool {
        p256::known_answer(self) && rsa::known_answer(self)
    }
}
