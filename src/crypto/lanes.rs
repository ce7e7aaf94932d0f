//! Two numbers side by side: the operations that the vector kernels are written in. Holds no arithmetic of its own.
//!
//! A kernel is generic over [`Lanes`] and inlined whole. [`Portable`] is plain Rust: it is what the tests, the fuzzers
//! and the oracles run natively. [`Relaxed`] is the wasm vector type; the functions that instantiate a kernel for it
//! carry `#[target_feature]`, so only they need an engine with relaxed SIMD.

/// Two `f64` side by side: what SIMD128 has. Every method works lane by lane unless it says otherwise.
pub(crate) trait Floats: Copy {
    /// Two `f64`.
    type F: Copy;

    fn load_f(from: &[f64; 2]) -> Self::F;
    fn store_f(from: Self::F) -> [f64; 2];
    /// The same number in both lanes.
    fn both_f(number: f64) -> Self::F;
    fn add_f(a: Self::F, b: Self::F) -> Self::F;
    fn sub_f(a: Self::F, b: Self::F) -> Self::F;
    fn mul_f(a: Self::F, b: Self::F) -> Self::F;
    /// (a₁, b₀)
    fn high_low(a: Self::F, b: Self::F) -> Self::F;
}

/// And fused multiply-add, and their encodings as integers.
pub(crate) trait Lanes: Floats {
    /// Two `u64`, wrapping.
    type I: Copy;

    fn load_i(from: &[u64; 2]) -> Self::I;
    /// Two numbers from two places.
    fn load_two(low: &u64, high: &u64) -> Self::I;
    fn store_i(from: Self::I) -> [u64; 2];
    /// The same number in both lanes.
    fn both_i(number: u64) -> Self::I;

    /// a·b + c, rounded once. An engine may round twice; the known-answer check refuses it.
    fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// c − a·b, rounded once.
    fn fnma(a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// The IEEE 754 encoding.
    fn bits(a: Self::F) -> Self::I;
    /// The number so encoded.
    fn float(a: Self::I) -> Self::F;

    fn add_i(a: Self::I, b: Self::I) -> Self::I;
    fn sub_i(a: Self::I, b: Self::I) -> Self::I;
    fn and(a: Self::I, b: Self::I) -> Self::I;
    fn or(a: Self::I, b: Self::I) -> Self::I;
    fn shl<const BITS: u32>(a: Self::I) -> Self::I;
    /// Logical: zeros come in.
    fn shr<const BITS: u32>(a: Self::I) -> Self::I;
}

/// [`Lanes`] in plain Rust.
#[cfg(any(test, not(target_family = "wasm")))]
#[derive(Clone, Copy)]
pub(crate) struct Portable;

#[cfg(any(test, not(target_family = "wasm")))]
impl Lanes for Portable {
    type I = [u64; 2];

    #[inline(always)]
    fn load_i(from: &[u64; 2]) -> [u64; 2] {
        *from
    }
    #[inline(always)]
    fn load_two(low: &u64, high: &u64) -> [u64; 2] {
        [*low, *high]
    }
    #[inline(always)]
    fn store_i(from: [u64; 2]) -> [u64; 2] {
        from
    }
    #[inline(always)]
    fn both_i(number: u64) -> [u64; 2] {
        [number; 2]
    }
    #[inline(always)]
    fn fma(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> [f64; 2] {
        [a[0].mul_add(b[0], c[0]), a[1].mul_add(b[1], c[1])]
    }
    #[inline(always)]
    fn fnma(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> [f64; 2] {
        [(-a[0]).mul_add(b[0], c[0]), (-a[1]).mul_add(b[1], c[1])]
    }
    #[inline(always)]
    fn bits(a: [f64; 2]) -> [u64; 2] {
        a.map(f64::to_bits)
    }
    #[inline(always)]
    fn float(a: [u64; 2]) -> [f64; 2] {
        a.map(f64::from_bits)
    }
    #[inline(always)]
    fn add_i(a: [u64; 2], b: [u64; 2]) -> [u64; 2] {
        [a[0].wrapping_add(b[0]), a[1].wrapping_add(b[1])]
    }
    #[inline(always)]
    fn sub_i(a: [u64; 2], b: [u64; 2]) -> [u64; 2] {
        [a[0].wrapping_sub(b[0]), a[1].wrapping_sub(b[1])]
    }
    #[inline(always)]
    fn and(a: [u64; 2], b: [u64; 2]) -> [u64; 2] {
        [a[0] & b[0], a[1] & b[1]]
    }
    #[inline(always)]
    fn or(a: [u64; 2], b: [u64; 2]) -> [u64; 2] {
        [a[0] | b[0], a[1] | b[1]]
    }
    #[inline(always)]
    fn shl<const BITS: u32>(a: [u64; 2]) -> [u64; 2] {
        [a[0] << BITS, a[1] << BITS]
    }
    #[inline(always)]
    fn shr<const BITS: u32>(a: [u64; 2]) -> [u64; 2] {
        [a[0] >> BITS, a[1] >> BITS]
    }
}

#[cfg(any(test, not(target_family = "wasm")))]
impl Floats for Portable {
    type F = [f64; 2];

    #[inline(always)]
    fn load_f(from: &[f64; 2]) -> [f64; 2] {
        *from
    }
    #[inline(always)]
    fn store_f(from: [f64; 2]) -> [f64; 2] {
        from
    }
    #[inline(always)]
    fn both_f(number: f64) -> [f64; 2] {
        [number; 2]
    }
    #[inline(always)]
    fn add_f(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
        [a[0] + b[0], a[1] + b[1]]
    }
    #[inline(always)]
    fn sub_f(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
        [a[0] - b[0], a[1] - b[1]]
    }
    #[inline(always)]
    fn mul_f(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
        [a[0] * b[0], a[1] * b[1]]
    }
    #[inline(always)]
    fn high_low(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
        [a[1], b[0]]
    }
}

#[cfg(target_family = "wasm")]
pub(crate) use relaxed::{Relaxed, Simd};

#[cfg(target_family = "wasm")]
#[expect(unsafe_code, reason = "16 bytes are read or written through a reference to two numbers, which are 16 bytes")]
mod relaxed {
    use core::arch::wasm32::*;

    use super::{Floats, Lanes};

    /// [`Lanes`] as wasm vectors, with the fused multiply-add of relaxed SIMD.
    #[derive(Clone, Copy)]
    pub(crate) struct Relaxed;

    impl Lanes for Relaxed {
        type I = v128;

        #[inline(always)]
        fn load_i(from: &[u64; 2]) -> v128 {
            unsafe { v128_load(from.as_ptr().cast()) }
        }
        #[inline(always)]
        fn load_two(low: &u64, high: &u64) -> v128 {
            unsafe { v128_load64_lane::<1>(v128_load64_zero(low), high) }
        }
        #[inline(always)]
        fn store_i(from: v128) -> [u64; 2] {
            let mut to = [0; 2];
            unsafe { v128_store(to.as_mut_ptr().cast(), from) };
            to
        }
        #[inline(always)]
        fn both_i(number: u64) -> v128 {
            u64x2_splat(number)
        }
        #[inline(always)]
        fn fma(a: v128, b: v128, c: v128) -> v128 {
            f64x2_relaxed_madd(a, b, c)
        }
        #[inline(always)]
        fn fnma(a: v128, b: v128, c: v128) -> v128 {
            f64x2_relaxed_nmadd(a, b, c)
        }
        #[inline(always)]
        fn bits(a: v128) -> v128 {
            a
        }
        #[inline(always)]
        fn float(a: v128) -> v128 {
            a
        }
        #[inline(always)]
        fn add_i(a: v128, b: v128) -> v128 {
            u64x2_add(a, b)
        }
        #[inline(always)]
        fn sub_i(a: v128, b: v128) -> v128 {
            u64x2_sub(a, b)
        }
        #[inline(always)]
        fn and(a: v128, b: v128) -> v128 {
            v128_and(a, b)
        }
        #[inline(always)]
        fn or(a: v128, b: v128) -> v128 {
            v128_or(a, b)
        }
        #[inline(always)]
        fn shl<const BITS: u32>(a: v128) -> v128 {
            u64x2_shl(a, BITS)
        }
        #[inline(always)]
        fn shr<const BITS: u32>(a: v128) -> v128 {
            u64x2_shr(a, BITS)
        }
    }

    /// [`Floats`] as wasm vectors.
    #[derive(Clone, Copy)]
    pub(crate) struct Simd;

    macro_rules! floats {
        ($lanes:ty) => {
            impl Floats for $lanes {
                type F = v128;

                #[inline(always)]
                fn load_f(from: &[f64; 2]) -> v128 {
                    unsafe { v128_load(from.as_ptr().cast()) }
                }
                #[inline(always)]
                fn store_f(from: v128) -> [f64; 2] {
                    let mut to = [0.0; 2];
                    unsafe { v128_store(to.as_mut_ptr().cast(), from) };
                    to
                }
                #[inline(always)]
                fn both_f(number: f64) -> v128 {
                    f64x2_splat(number)
                }
                #[inline(always)]
                fn add_f(a: v128, b: v128) -> v128 {
                    f64x2_add(a, b)
                }
                #[inline(always)]
                fn sub_f(a: v128, b: v128) -> v128 {
                    f64x2_sub(a, b)
                }
                #[inline(always)]
                fn mul_f(a: v128, b: v128) -> v128 {
                    f64x2_mul(a, b)
                }
                #[inline(always)]
                fn high_low(a: v128, b: v128) -> v128 {
                    u64x2_shuffle::<1, 2>(a, b)
                }
            }
        };
    }
    floats!(Simd);
    floats!(Relaxed);
}
