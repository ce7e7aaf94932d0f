//! The kernels against the `p256` crate and against big integers: what the parts of these tests share. Nothing here is
//! random: every number can be made again from the seed that a failure prints, with TOLLGATE_SEED; TOLLGATE_CASES changes
//! how many there are.

mod bounds;
mod division;
mod edges;
mod field;
mod points;
mod tables;
mod verification;

use core::fmt::{self, Display, Formatter};
use core::num::Wrapping;

use p256::elliptic_curve::group::ff::PrimeField;
use p256::elliptic_curve::sec1::{FromSec1Point, ToSec1Point};
use p256::{AffinePoint, FieldBytes, ProjectivePoint, Sec1Point};
use rsa::BigUint;

use super::curve::{Curve, Relaxed, Scalar};
use super::multiples::{Comb, WINDOWS, Windows, entered};
use super::point::Affine;
use super::verify::{Base, Means};
use super::words::{N, P, Words, from_bytes};
use crate::crypto::kernel::Kernel;

pub(super) use bounds::{Counted, UnfusedLanes};

/// Each test once for either kernel.
macro_rules! for_each_kernel {
    ($($(#[$attribute:meta])* $name:ident)*) => {
        mod scalar {
            #[cfg(target_family = "wasm")]
            use wasm_bindgen_test::wasm_bindgen_test as test;
            $($(#[$attribute])* #[test] fn $name() { super::$name::<crate::crypto::p256::curve::Scalar>() })*
        }
        mod relaxed {
            #[cfg(target_family = "wasm")]
            use wasm_bindgen_test::wasm_bindgen_test as test;
            $($(#[$attribute])* #[test] fn $name() { super::$name::<crate::crypto::p256::curve::Relaxed>() })*
        }
    };
}
use for_each_kernel;

/// A kernel, with its limbs in the open.
trait Tested: Curve {
    const KERNEL: Kernel;
    /// R is 2^(BITS·LIMBS).
    const BITS: usize;
    const LIMBS: usize;
    /// The limbs of a product lie from the first to the last of these, but for the highest.
    const PRODUCT: [i64; 2];
    /// Those of a loose, and of a carried element.
    const LOOSE: i64;
    const CARRIED: [i64; 2];

    fn stored(limbs: [&[i64]; 2]) -> Self::Stored;
    fn limbs(pair: &Self::Stored) -> [Vec<i64>; 2];
}

impl Tested for Scalar {
    const KERNEL: Kernel = Kernel::Scalar;
    const BITS: usize = 29;
    const LIMBS: usize = 9;
    const PRODUCT: [i64; 2] = [0, (1 << 29) - 1];
    const LOOSE: i64 = 1 << 30;
    const CARRIED: [i64; 2] = [0, (1 << 29) - 1];

    fn stored(limbs: [&[i64]; 2]) -> [[Wrapping<i64>; 9]; 2] {
        limbs.map(|limbs| core::array::from_fn(|i| Wrapping(limbs[i])))
    }

    fn limbs(pair: &[[Wrapping<i64>; 9]; 2]) -> [Vec<i64>; 2] {
        pair.map(|element| element.iter().map(|limb| limb.0).collect())
    }
}

impl Tested for Relaxed {
    const KERNEL: Kernel = Kernel::Relaxed;
    const BITS: usize = 44;
    const LIMBS: usize = 6;
    const PRODUCT: [i64; 2] = [-(1 << 43), (1 << 43) - 1];
    const LOOSE: i64 = 1 << 44;
    const CARRIED: [i64; 2] = [-(1 << 46), 1 << 46];

    fn stored(limbs: [&[i64]; 2]) -> [[f64; 2]; 6] {
        core::array::from_fn(|i| limbs.map(|limbs| limbs[i] as f64))
    }

    fn limbs(pair: &[[f64; 2]; 6]) -> [Vec<i64>; 2] {
        [0, 1].map(|lane| {
            let limbs = pair.iter().map(|limb| limb[lane]);
            limbs
                .inspect(|limb| assert!(limb.fract() == 0.0 && limb.abs() < 9e15, "{limb}"))
                .map(|limb| limb as i64)
                .collect()
        })
    }
}

/// xorshift64*: the same numbers from the same seed.
struct Sequence {
    seed: u64,
    state: u64,
    case: u64,
}

/// What a failure has to say to be made again.
impl Display for Sequence {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "TOLLGATE_SEED={} at case {}", self.seed, self.case)
    }
}

impl Sequence {
    fn new() -> Self {
        let seed = setting("TOLLGATE_SEED").unwrap_or(0x1f83_d9ab_fb41_bd6b).max(1);
        Self { seed, state: seed, case: 0 }
    }

    /// The next case, whose number a failure prints.
    fn next_case(&mut self) {
        self.case += 1;
    }

    fn word(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.word() % bound
    }

    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    fn choose<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len() as u64) as usize]
    }

    /// Below 2^256; one in four is made of runs of equal bits.
    fn words(&mut self) -> Words {
        let mut words = core::array::from_fn(|_| self.word());
        if self.one_in(4) {
            let mut bit = 0;
            while bit < 256 {
                let (length, ones) = (1 + self.below(96) as usize, self.one_in(2));
                for bit in bit..256.min(bit + length) {
                    words[bit / 64] = words[bit / 64] & !(1 << (bit % 64)) | u64::from(ones) << (bit % 64);
                }
                bit += length + self.below(16) as usize;
            }
        }
        words
    }

    /// In [0, p).
    fn element(&mut self) -> Words {
        words(&(big(&self.words()) % prime()))
    }

    /// In [1, n).
    fn scalar(&mut self) -> Words {
        words(&(big(&self.words()) % (order() - 1u8) + 1u8))
    }

    fn point(&mut self) -> ProjectivePoint {
        times(&ProjectivePoint::GENERATOR, &self.scalar())
    }
}

/// In wasm there is no environment when the tests run.
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// How many random cases a test has, when it usually has so many.
fn cases(usual: u64) -> u64 {
    setting("TOLLGATE_CASES").unwrap_or(usual)
}

/// The same where a case takes long: in wasm a tenth, because Chrome gives up on a test that keeps it busy for 30 s.
fn long_cases(usual: u64) -> u64 {
    cases(if cfg!(target_family = "wasm") { usual / 10 } else { usual })
}

fn big(words: &Words) -> BigUint {
    words.iter().rev().fold(BigUint::from(0u8), |number, word| (number << 64usize) + *word)
}

/// Of a number below 2^256.
fn words(number: &BigUint) -> Words {
    let bytes = number.to_bytes_be();
    let mut padded = [0; 32];
    padded[32 - bytes.len()..].copy_from_slice(&bytes);
    from_bytes(&padded)
}

fn small(number: u64) -> Words {
    [number, 0, 0, 0]
}

fn power_of_two(exponent: usize) -> BigUint {
    BigUint::from(1u8) << exponent
}

fn prime() -> BigUint {
    big(&P)
}

fn order() -> BigUint {
    big(&N)
}

/// Modulo n.
fn sum_mod_n(a: &Words, b: &Words) -> Words {
    words(&((big(a) + big(b)) % order()))
}

/// Modulo n.
fn product_mod_n(a: &Words, b: &Words) -> Words {
    words(&(big(a) * big(b) % order()))
}

/// Modulo n, of a number that is not 0.
fn negated_mod_n(a: &Words) -> Words {
    words(&(order() - big(a)))
}

/// Modulo n, of a number that is not 0.
fn inverse_mod_n(a: &Words) -> Words {
    words(&big(a).modpow(&(order() - 2u8), &order()))
}

fn bytes(words: &Words) -> FieldBytes {
    let mut bytes = FieldBytes::default();
    for (bytes, word) in bytes.chunks_mut(8).zip(words.iter().rev()) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}

/// The oracle's multiple of a point.
fn times(point: &ProjectivePoint, scalar: &Words) -> ProjectivePoint {
    let reduced = words(&(big(scalar) % order()));
    *point * p256::Scalar::from_repr(bytes(&reduced)).unwrap()
}

/// The oracle's x and y; `None` for the point at infinity.
fn coordinates(point: &ProjectivePoint) -> Option<[Words; 2]> {
    let encoded = point.to_affine().to_sec1_point(false);
    let ([x, y], []) = encoded.as_bytes()[1..].as_chunks() else { return None };
    Some([from_bytes(x), from_bytes(y)])
}

/// The oracle's point, if it is one.
fn point(x: &Words, y: &Words) -> Option<ProjectivePoint> {
    let encoded = Sec1Point::from_affine_coordinates(&bytes(x), &bytes(y), false);
    Option::<AffinePoint>::from(AffinePoint::from_sec1_point(&encoded)).map(ProjectivePoint::from)
}

/// The two points with this x, if they exist.
fn with_x(x: &Words) -> Option<ProjectivePoint> {
    let compressed = Sec1Point::from_bytes([&[2], &bytes(x)[..]].concat()).unwrap();
    Option::<AffinePoint>::from(AffinePoint::from_sec1_point(&compressed)).map(ProjectivePoint::from)
}

/// A point and everything that its multiples may be made of.
struct Key<C: Curve> {
    oracle: ProjectivePoint,
    point: Affine,
    comb: Comb,
    windows: Windows,
    _kernel: core::marker::PhantomData<C>,
}

impl<C: Curve> Key<C> {
    fn new(oracle: ProjectivePoint) -> Self {
        let point = entered::<C>(&coordinates(&oracle).unwrap());
        let mut windows = Windows::new(point);
        for _ in 0..WINDOWS {
            windows.grow::<C>();
        }
        assert!(windows.is_complete());
        Self { oracle, point, comb: Comb::new::<C>(&point), windows, _kernel: core::marker::PhantomData }
    }

    /// By its windows, or by its comb.
    fn base(&self, by_windows: bool) -> Base<'_> {
        let means = if by_windows { Means::Windows(&self.windows) } else { Means::Comb(&self.comb) };
        Base { point: &self.point, means }
    }
}

/// Whether G and the key are taken by their windows.
const MEANS: [[bool; 2]; 4] = [[true, true], [true, false], [false, true], [false, false]];

#[test]
fn a_key_and_its_comb_take_no_more_than_they_are_counted_as() {
    assert!(size_of::<super::PublicKey>() + size_of::<Comb>() <= crate::limits::KEY_BYTES);
}
