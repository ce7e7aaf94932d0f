//! RS256's powers against the `rsa` crate's integers.

use rsa::BigUint;
use tollgate::fuzzing::{RS256_KERNELS, Rs256Key};

use crate::Mismatch;
use crate::sequence::Sequence;

/// Sizes about which something changes in some kernel; the smallest is what most keys have.
const SIZES: [usize; 8] = [2048, 2048, 2049, 2057, 3020, 3072, 4095, 4096];
/// Cases that share a modulus.
const BASES: u32 = 50;

fn power_of_two(exponent: usize) -> BigUint {
    BigUint::from(1_u8) << exponent
}

/// s^e modulo n, for exponents of 32 bits: by squaring.
fn power(s: &BigUint, e: u32, n: &BigUint) -> BigUint {
    let mut power = s % n;
    for bit in (0..e.ilog2()).rev() {
        power = &power * &power % n;
        if e >> bit & 1 == 1 {
            power = power * s % n;
        }
    }
    power
}

fn padded(number: &BigUint, size: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    [vec![0; size - bytes.len()], bytes].concat()
}

/// [`crate::Suite`] of RS256.
pub fn group(kernel: &str, seed: u64, group: u32, cases: u32) -> Result<(), Mismatch> {
    let mut random = Sequence::new(seed ^ 0x5253_3235, group);
    let one = BigUint::from(1_u8);
    let mut case = 0;
    while case < cases {
        let bits = SIZES[random.below(8).min(random.below(8)) as usize];
        let mut n = power_of_two(bits - 1) + random.number(bits - 2) * 2_u8 + &one;
        match random.below(16) {
            0 => n = power_of_two(bits - 1) + &one + random.number(8) * 2_u8,
            1 => n = power_of_two(bits) - &one - random.number(8) * 2_u8,
            _ => {}
        }
        // The larger an exponent, the longer the oracle takes.
        let e = match random.below(16) {
            0 => 65_537,
            1 => [17, 5, u32::MAX, random.word() as u32 | 0x8000_0001][random.below(4) as usize],
            _ => 3,
        };
        let size = bits.div_ceil(8);
        let key = Rs256Key::new(kernel, &padded(&n, size), e);
        for _ in 0..if e == 3 { BASES } else { BASES / 5 } {
            if case == cases {
                break;
            }
            let s = match random.below(32) {
                0 => &n - &one - random.number(8),
                1 => {
                    let few = 1 + random.below(bits as u64 - 1) as usize;
                    random.number(few)
                }
                _ => random.number(bits) % &n,
            };
            let expected = power(&s, e, &n);
            let (s, m) = (padded(&s, size), padded(&expected, size));
            let mut right = key.power_equals(&s, &m);
            if random.one_in(4) {
                // Nothing near it is, nor its opposite.
                let others = [&expected + &one, &expected + &n - &one, &n - &expected, &expected + power_of_two(51)];
                let other = &others[random.below(4) as usize] % &n;
                right &= other == expected || !key.power_equals(&s, &padded(&other, size));
            }
            if !right {
                return Err(Mismatch { case, what: format!("{:x}^{e} mod {n:x}", BigUint::from_bytes_be(&s)) });
            }
            case += 1;
        }
    }
    Ok(())
}

/// What the two sides say to a fuzzer's input: the exponent in four bytes, the size of n beyond 256 bytes in two, then n,
/// s and m, each of that size; what is missing is zeros. n is made odd and long enough.
///
/// # Panics
/// When they differ.
pub fn compare(data: &[u8]) {
    let Some((head, rest)) = data.split_first_chunk::<6>() else { return };
    let e = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) | 1;
    let e = e.max(3);
    let size = 256 + usize::from(u16::from_be_bytes([head[4], head[5]]) % 257);
    let number = |place: usize| -> Vec<u8> {
        (0..size).map(|i| rest.get(place * size + i).copied().unwrap_or_default()).collect()
    };
    let (mut n, s, m) = (number(0), number(1), number(2));
    n[0] |= if size == 256 { 0x80 } else { 1 };
    n[size - 1] |= 1;
    let modulus = BigUint::from_bytes_be(&n);
    let [s_number, m_number] = [&s, &m].map(|bytes| BigUint::from_bytes_be(bytes));
    let in_range = s_number < modulus && m_number < modulus;
    let expected = power(&s_number, e, &modulus);
    let right = padded(&expected, size);
    for kernel in RS256_KERNELS {
        let key = Rs256Key::new(kernel, &n, e);
        assert_eq!(
            key.power_equals(&s, &m),
            in_range && m_number == expected,
            "{kernel}: {s_number:x}^{e} mod {modulus:x}"
        );
        assert_eq!(key.power_equals(&s, &right), s_number < modulus, "{kernel}: {s_number:x}^{e} mod {modulus:x}");
    }
}
