//! The kernels against the `rsa` crate's integers, at random and at the edges. TOLLGATE_CASES and TOLLGATE_SEED
//! change how many random cases there are, and which.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use rsa::BigUint;

use super::columns::{Modulus, Product};
use super::exact::{self, Simd};
use super::fused::{self, Relaxed};
use super::power::Engine;
use super::scalar::Scalar;
use super::{PublicKey, known, known_answer};
use crate::crypto::kernel::Kernel;
use crate::crypto::lanes::{Floats, Lanes, Portable};

const KERNELS: [Kernel; 3] = [Kernel::Scalar, Kernel::Simd, Kernel::Relaxed];

/// Sizes about which something changes: the least and the most, whole and broken bytes, and the last with 24-bit digits.
const SIZES: [usize; 10] = [2048, 2049, 2056, 2057, 3020, 3021, 3072, 4088, 4095, 4096];

/// xorshift64: numbers that anybody can make again from the seed that is printed.
struct Sequence(u64);

impl Sequence {
    fn new() -> Self {
        let seed = setting("TOLLGATE_SEED").unwrap_or(0x9e37_79b9_7f4a_7c15).max(1);
        println!("TOLLGATE_SEED={seed}");
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Below 2^bits; one in four is made of runs of equal bits.
    fn number(&mut self, bits: usize) -> BigUint {
        let runs = self.next().is_multiple_of(4);
        let mut bytes: Vec<u8> = (0..bits.div_ceil(8)).map(|_| self.next() as u8).collect();
        if runs {
            let mut place = 0;
            while place < bytes.len() {
                let (length, value) =
                    (1 + self.next() as usize % 12, if self.next().is_multiple_of(2) { 0 } else { 0xff });
                bytes.iter_mut().skip(place).take(length).for_each(|byte| *byte = value);
                place += length + self.next() as usize % 3;
            }
        }
        BigUint::from_bytes_be(&bytes) % power_of_two(bits)
    }

    /// Odd, of exactly so many bits.
    fn modulus(&mut self, bits: usize) -> BigUint {
        let middle = self.number(bits - 2) * 2u8;
        power_of_two(bits - 1) + middle + 1u8
    }
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn power_of_two(exponent: usize) -> BigUint {
    BigUint::from(1u8) << exponent
}

fn bytes(number: &BigUint, size: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    [vec![0; size - bytes.len()], bytes].concat()
}

/// The power is what the oracle says.
fn check(key: &PublicKey, n: &BigUint, e: u32, s: &BigUint) -> BigUint {
    let expected = s.modpow(&BigUint::from(e), n);
    assert!(key.power_equals(&bytes(s, key.size()), &bytes(&expected, key.size())), "{s:x}^{e} mod {n:x}");
    expected
}

/// And it is nothing near that, nor its opposite.
fn check_alone(key: &PublicKey, n: &BigUint, e: u32, s: &BigUint) {
    let expected = check(key, n, e, s);
    let one = BigUint::from(1u8);
    for other in [&expected + &one, &expected + n - &one, n - &expected, &expected + (&one << 51), &expected + (n >> 1)]
    {
        let other = other % n;
        let equals = key.power_equals(&bytes(s, key.size()), &bytes(&other, key.size()));
        assert_eq!(equals, other == expected, "{s:x}^{e} mod {n:x}");
    }
}

fn random_powers(kernel: Kernel) {
    let mut random = Sequence::new();
    // Fewer in wasm, where tests are slow and only the instructions differ.
    let cases = setting("TOLLGATE_CASES").unwrap_or(if cfg!(target_family = "wasm") { 500 } else { 10_000 });
    let (mut done, mut moduli) = (0, 0);
    while done < cases {
        // The small sizes come up more often: they are what is used, and take less time.
        let size = SIZES[(random.next() % 10).min(random.next() % 10) as usize];
        let n = random.modulus(size);
        let exponents = [3, 3, [17, 65_537, u32::MAX, random.next() as u32 | 3][moduli % 4]];
        for (e, bases) in exponents.into_iter().zip([50, 49, 1]) {
            let key = PublicKey::new(kernel, &n.to_bytes_be(), e);
            check_alone(&key, &n, e, &(random.number(size) % &n));
            for _ in 1..bases {
                check(&key, &n, e, &(random.number(size) % &n));
            }
        }
        moduli += 1;
        done += 100;
    }
}

#[test]
fn the_scalar_kernel_agrees_with_rsa_on_random_powers() {
    random_powers(Kernel::Scalar);
}

#[test]
fn the_simd_kernel_agrees_with_rsa_on_random_powers() {
    random_powers(Kernel::Simd);
}

#[test]
fn the_relaxed_kernel_agrees_with_rsa_on_random_powers() {
    random_powers(Kernel::Relaxed);
}

/// Numbers below 2^bits whose words, or whose digits in some kernel, are at an edge.
fn edges(bits: usize) -> Vec<BigUint> {
    let all = power_of_two(bits) - BigUint::from(1u8);
    let mut edges = vec![all.clone(), power_of_two(bits - 1), &all - power_of_two(bits - 1)];
    for width in [23, 24, 28, 32, 51, 64] {
        let digit = |value: BigUint| {
            (0..bits.div_ceil(width)).fold(BigUint::from(0u8), |sum, _| (sum << width) + &value) % power_of_two(bits)
        };
        let half = power_of_two(width - 1);
        edges.push(digit(BigUint::from(1u8)));
        edges.push(digit(&half - BigUint::from(1u8)));
        edges.push(digit(&half + BigUint::from(1u8)));
        edges.push(digit(half));
        // All-ones and all-zero digits in turn, from either.
        let ones = power_of_two(width) - BigUint::from(1u8);
        let alternating = (0..bits.div_ceil(2 * width)).fold(BigUint::from(0u8), |sum, _| (sum << (2 * width)) + &ones);
        edges.push((alternating.clone() << width) % power_of_two(bits));
        edges.push(alternating % power_of_two(bits));
    }
    edges
}

#[test]
fn powers_at_the_edges_of_moduli_and_bases_are_right() {
    let (one, two) = (BigUint::from(1u8), BigUint::from(2u8));
    for kernel in KERNELS {
        for bits in [2048, 2049, 3021, 4096] {
            let (low, high) = (power_of_two(bits - 1), power_of_two(bits));
            let mut moduli = vec![&low + &one, &low + BigUint::from(3u8), &high - &one, &high - BigUint::from(3u8)];
            // The top bit and the lowest make an edge a modulus of the right size.
            moduli.extend(edges(bits - 1).into_iter().map(|edge| (edge >> 1usize << 1usize) + &low + &one));
            for n in moduli {
                assert_eq!(n.bits(), bits);
                let key = PublicKey::new(kernel, &n.to_bytes_be(), 3);
                for s in [BigUint::from(0u8), one.clone(), two.clone(), &n - &one, &n - &two, &n / &two] {
                    check_alone(&key, &n, 3, &s);
                }
                for s in edges(bits - 1).into_iter().step_by(4) {
                    check(&key, &n, 3, &(s % &n));
                }
            }
        }
    }
}

#[test]
fn digits_of_bytes_are_those_of_their_words() {
    use super::words::{bytes_to_digits, from_bytes, to_digits};
    let mut state = 1u32;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(512)
    .collect();
    for bytes in [&bytes[..], &[0xff; 512], &bytes[..256], &bytes[..257], &bytes[..511], &[0x80], &[]] {
        for bits in 20..=52 {
            // Up to what stands above the number, as for the longest modulus.
            for count in [0, 1, 2, (8 * bytes.len() + 4).div_ceil(2 * bits as usize) * 2] {
                assert_eq!(bytes_to_digits(bytes, bits, count), to_digits(&from_bytes(bytes), bits, count), "{bits}");
            }
        }
    }
}

#[test]
fn every_kind_of_exponent_is_taken() {
    let mut random = Sequence::new();
    for kernel in KERNELS {
        for size in [2048, 4096] {
            let n = random.modulus(size);
            for e in [3, 5, 7, 17, 257, 65_537, 0x8000_0001, 0xffff_fffd, u32::MAX] {
                let key = PublicKey::new(kernel, &n.to_bytes_be(), e);
                check_alone(&key, &n, e, &(random.number(size) % &n));
            }
        }
    }
}

#[test]
fn numbers_that_are_not_below_the_modulus_or_not_as_long_are_refused() {
    let mut random = Sequence::new();
    for kernel in KERNELS {
        let n = random.modulus(2048);
        let key = PublicKey::new(kernel, &n.to_bytes_be(), 3);
        let (zero, one) = (vec![0; 256], bytes(&BigUint::from(1u8), 256));
        assert!(key.power_equals(&zero, &zero));
        assert!(key.power_equals(&one, &one));
        // n is 0 and n + 1 is 1, but neither is written so.
        let (n, more) = (bytes(&n, 256), bytes(&(n + 1u8), 256));
        assert!(!key.power_equals(&n, &zero));
        assert!(!key.power_equals(&zero, &n));
        assert!(!key.power_equals(&more, &one));
        assert!(!key.power_equals(&one, &more));
        assert!(!key.power_equals(&[0xff; 256], &zero));
        assert!(!key.power_equals(&one[1..], &one));
        assert!(!key.power_equals(&one, &one[1..]));
        assert!(!key.power_equals(&[&[0], &one[..]].concat(), &one));
        assert!(!key.power_equals(&[], &[]));
    }
}

/// Sum of digit·2^(bits·place), as what is added less what is taken away.
fn value(digits: impl Iterator<Item = i64>, bits: u32) -> [BigUint; 2] {
    let mut value = [BigUint::from(0u8), BigUint::from(0u8)];
    for (place, digit) in digits.enumerate() {
        value[usize::from(digit < 0)] += BigUint::from(digit.unsigned_abs()) << (place * bits as usize);
    }
    value
}

fn equal([a, less_a]: &[BigUint; 2], [b, less_b]: &[BigUint; 2]) -> bool {
    a + less_b == b + less_a
}

fn product_of([a, less_a]: &[BigUint; 2], [b, less_b]: &[BigUint; 2]) -> [BigUint; 2] {
    [a * b + less_a * less_b, a * less_b + less_a * b]
}

fn number<E: Engine>(row: &[[E::Limb; 2]], bits: u32) -> [BigUint; 2] {
    value(row.as_flattened().iter().map(|limb| E::number(*limb)), bits)
}

/// T exactly, with every digit as large as it may get; then T/R with the largest digits in q and n and the largest sums.
fn extremes<E: Engine>(modulus_bits: u32, bits: u32, pairs: usize, most: i64) {
    assert_eq!(E::bits(modulus_bits), bits);
    assert_eq!((modulus_bits + 4).div_ceil(2 * bits) as usize, pairs);
    let least = if E::SIGNED { -most } else { 0 };
    let rows: [Vec<[E::Limb; 2]>; 4] =
        [[most, most], [least, least], [most, least], [least, most]].map(|pair| vec![pair.map(E::limb); pairs]);
    let unused = Modulus { bits, modulus: &[], inverse: &[] };
    let mut product = Product::new();
    for x in &rows {
        E::square(unused, &mut product, x);
        let expected = product_of(&number::<E>(x, bits), &number::<E>(x, bits));
        assert!(equal(&total::<E>(&product, bits, pairs), &expected), "{bits} bits, square");
        for y in &rows {
            E::multiply(unused, &mut product, x, y);
            let expected = product_of(&number::<E>(x, bits), &number::<E>(y, bits));
            assert!(equal(&total::<E>(&product, bits, pairs), &expected), "{bits} bits, product");
        }
    }
    // n with the largest digits, but short enough for U to fit beside the largest sums of T's high half.
    let r = power_of_two(2 * bits as usize * pairs);
    let digit = if E::SIGNED { (1 << (bits - 1)) - 1 } else { (1 << bits) - 1 };
    let n = value(core::iter::repeat_n(digit, 2 * pairs - 2), bits);
    let words = super::words::from_bytes(&n[0].to_bytes_be());
    let inverse = super::words::negative_inverse(&words, (2 * bits as usize * pairs).div_ceil(32));
    let row = |number: &[u32]| super::power::row::<E>(number, bits, pairs);
    let (modulus, inverse) = (row(&words), row(&inverse));
    assert_eq!(number::<E>(&modulus, bits), n);
    let modulus = Modulus { bits, modulus: &modulus, inverse: &inverse };
    let mut short = rows[0].clone();
    short[pairs - 1] = [E::limb(0); 2];
    let lowest = if E::SIGNED { -digit - 1 } else { 0 };
    for quotient in [[digit, digit], [lowest, lowest], [digit, lowest], [lowest, digit]] {
        let quotient = value(quotient.into_iter().cycle().take(2 * pairs), bits);
        // T's low half that makes q this: -qn mod R.
        let [positive, negative] = product_of(&quotient, &n);
        let low = (negative % &r + &r - positive % &r) % &r;
        E::multiply(modulus, &mut product, &short, &short);
        let low = row(&super::words::from_bytes(&low.to_bytes_be()));
        product.low[..pairs].copy_from_slice(&low);
        let [total, taken] = total::<E>(&product, bits, pairs);
        let [added, less] = product_of(&quotient, &n);
        let expected = [total + added, taken + less];
        let mut to = vec![[E::limb(0); 2]; pairs];
        E::reduce(modulus, &mut product, &mut to);
        // q is one of two numbers that are R apart, so U is one of two that are n apart.
        let found = |more: [u8; 2]| {
            let [u, less] = number::<E>(&to, bits);
            equal(&[(u + &n[0] * more[0]) * &r, (less + &n[0] * more[1]) * &r], &expected)
        };
        assert!(found([0, 0]) || found([1, 0]) || found([0, 1]), "{bits} bits, reduction");
    }
}

fn total<E: Engine>(product: &Product<E::Limb, E::Held>, bits: u32, pairs: usize) -> [BigUint; 2] {
    let low = product.low[..pairs].as_flattened().iter().map(|limb| E::number(*limb));
    value(low.chain(product.high[..pairs].iter().flat_map(|held| E::sums(*held))), bits)
}

#[test]
fn digits_as_large_as_they_get_overflow_nothing() {
    extremes::<Scalar>(4096, 28, 74, (1 << 28) - 1);
    extremes::<Simd>(3020, 24, 63, (1 << 23) + (1 << 7));
    extremes::<Simd>(4096, 23, 90, (1 << 22) + (1 << 7));
    extremes::<Relaxed>(4096, 51, 41, (1 << 50) + (1 << 9));
    extremes::<fused::Over<Portable>>(4096, 51, 41, (1 << 50) + (1 << 9));
    extremes::<exact::Over<Portable>>(3020, 24, 63, (1 << 23) + (1 << 7));
}

#[test]
fn every_kernel_gives_the_known_answer() {
    for kernel in KERNELS {
        assert!(known_answer(kernel), "{kernel:?}");
    }
}

/// Lanes of an engine whose relaxed multiply-add rounds twice.
#[derive(Clone, Copy)]
struct Unfused;

/// The methods of [`Portable`], named one by one.
macro_rules! as_portable {
    ($($name:ident$(<const $bits:ident>)?($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {$(
        fn $name$(<const $bits: u32>)?($($argument: $kind),*) -> $result {
            Portable::$name$(::<$bits>)?($($argument),*)
        }
    )*};
}

impl Floats for Unfused {
    type F = [f64; 2];

    as_portable! {
        load_f(from: &[f64; 2]) -> [f64; 2];
        store_f(from: [f64; 2]) -> [f64; 2];
        both_f(number: f64) -> [f64; 2];
        add_f(a: [f64; 2], b: [f64; 2]) -> [f64; 2];
        sub_f(a: [f64; 2], b: [f64; 2]) -> [f64; 2];
        mul_f(a: [f64; 2], b: [f64; 2]) -> [f64; 2];
        high_low(a: [f64; 2], b: [f64; 2]) -> [f64; 2];
    }
}

impl Lanes for Unfused {
    type I = [u64; 2];

    fn fma(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> [f64; 2] {
        [a[0] * b[0] + c[0], a[1] * b[1] + c[1]]
    }

    fn fnma(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> [f64; 2] {
        [c[0] - a[0] * b[0], c[1] - a[1] * b[1]]
    }

    as_portable! {
        load_i(from: &[u64; 2]) -> [u64; 2];
        load_two(low: &u64, high: &u64) -> [u64; 2];
        store_i(from: [u64; 2]) -> [u64; 2];
        both_i(number: u64) -> [u64; 2];
        bits(a: [f64; 2]) -> [u64; 2];
        float(a: [u64; 2]) -> [f64; 2];
        add_i(a: [u64; 2], b: [u64; 2]) -> [u64; 2];
        sub_i(a: [u64; 2], b: [u64; 2]) -> [u64; 2];
        and(a: [u64; 2], b: [u64; 2]) -> [u64; 2];
        or(a: [u64; 2], b: [u64; 2]) -> [u64; 2];
        shl<const BITS>(a: [u64; 2]) -> [u64; 2];
        shr<const BITS>(a: [u64; 2]) -> [u64; 2];
    }
}

#[test]
fn an_engine_that_does_not_fuse_fails_the_known_answer() {
    assert!(known::right::<fused::Over<Portable>>());
    assert!(!known::right::<fused::Over<Unfused>>());
}

#[test]
fn keys_are_equal_when_their_numbers_are_whatever_the_kernel() {
    let n = Sequence::new().modulus(2048).to_bytes_be();
    let scalar = PublicKey::new(Kernel::Scalar, &n, 3);
    assert!(scalar == PublicKey::new(Kernel::Relaxed, &n, 3));
    assert!(scalar != PublicKey::new(Kernel::Scalar, &n, 5));
}
