//! Which arithmetic runs: plain integers, wasm vectors, or wasm vectors with fused multiply-add. Checks no signature.

use std::cell::Cell;

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

/// What was seen of each kernel, in the order of the variants: whether it gave the known answer.
type Answers = [Option<bool>; 3];

thread_local! {
    /// The best that keys may use.
    static BEST: Cell<Kernel> = const { Cell::new(Kernel::Scalar) };
    static P256: Cell<Answers> = const { Cell::new([None; 3]) };
    static RSA: Cell<Answers> = const { Cell::new([None; 3]) };
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

    /// Has keys that are imported in this thread from now on use the best kernel up to this one that gives the known answer of
    /// their algorithm, which is asked for before its first use. The engine must have what this kernel asks for.
    pub fn prefer(self) {
        BEST.set(self);
    }

    /// The kernel that is preferred: plain integers, where nobody preferred another.
    pub(crate) fn preferred() -> Self {
        BEST.get()
    }

    /// Prefers this kernel, and answers which one is used: the best up to it that gives the known answers of both algorithms.
    /// `None` when not even plain integers give them; every key is refused then, or every signature.
    ///
    /// ```
    /// assert_eq!(tollgate::Kernel::Scalar.choose(), Some(tollgate::Kernel::Scalar));
    /// ```
    pub fn choose(self) -> Option<Self> {
        self.prefer();
        Some(self.for_p256()?.min(self.for_rsa()?))
    }

    /// The best kernel up to this one that may be used for ES256.
    pub(super) fn for_p256(self) -> Option<Self> {
        let mut answers = P256.get();
        let right = self.first_right(&mut answers, p256::known_answer);
        P256.set(answers);
        right
    }

    /// The best kernel up to this one that may be used for RS256.
    pub(super) fn for_rsa(self) -> Option<Self> {
        let mut answers = RSA.get();
        let right = self.first_right(&mut answers, rsa::known_answer);
        RSA.set(answers);
        right
    }

    fn first_right(self, answers: &mut Answers, mut known_answer: impl FnMut(Self) -> bool) -> Option<Self> {
        Self::ALL.into_iter().filter(|kernel| *kernel <= self).find(|kernel| {
            let answer = answers.get_mut(*kernel as usize);
            answer.is_some_and(|answer| *answer.get_or_insert_with(|| known_answer(*kernel)))
        })
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_kernel_that_answers_wrong_gives_way_to_the_next_and_is_asked_once() {
        let (mut answers, mut asked) = ([None; 3], 0);
        // As in an engine that does not fuse.
        let mut chosen = |kernel: Kernel| {
            kernel.first_right(&mut answers, |kernel| {
                asked += 1;
                kernel != Kernel::Relaxed
            })
        };
        assert_eq!(chosen(Kernel::Relaxed), Some(Kernel::Simd));
        assert_eq!((chosen(Kernel::Relaxed), chosen(Kernel::Simd)), (Some(Kernel::Simd), Some(Kernel::Simd)));
        assert_eq!(chosen(Kernel::Scalar), Some(Kernel::Scalar));
        assert_eq!(asked, 3);
    }

    #[test]
    fn where_every_kernel_answers_wrong_there_is_none() {
        assert_eq!(Kernel::Relaxed.first_right(&mut [None; 3], |_| false), None);
    }

    #[test]
    fn what_is_preferred_is_what_is_chosen_where_it_computes_right() {
        for kernel in Kernel::ALL {
            assert_eq!((kernel.choose(), Kernel::preferred()), (Some(kernel), kernel));
        }
    }
}
