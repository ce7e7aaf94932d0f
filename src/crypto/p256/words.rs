//! 256-bit integers as four 64-bit words, the least significant first; p and n. Only what is needed once a signature.

/// Σ words[i]·2^(64·i).
pub(super) type Words = [u64; 4];

pub(super) const ZERO: Words = [0; 4];
pub(super) const ONE: Words = [1, 0, 0, 0];

/// The prime p = 2^256 − 2^224 + 2^192 + 2^96 − 1 (FIPS 186-5; SEC 2 section 2.4.2).
pub(super) const P: Words = [0xffff_ffff_ffff_ffff, 0x0000_0000_ffff_ffff, 0, 0xffff_ffff_0000_0001];
/// The order n of the base point, a prime.
pub(super) const N: Words =
    [0xf3b9_cac2_fc63_2551, 0xbce6_faad_a717_9e84, 0xffff_ffff_ffff_ffff, 0xffff_ffff_0000_0000];
/// The curve is y² = x³ − 3x + b.
pub(super) const B: Words =
    [0x3bce_3c3e_27d2_604b, 0x651d_06b0_cc53_b0f6, 0xb3eb_bd55_7698_86bc, 0x5ac6_35d8_aa3a_93e7];
/// The base point G.
pub(super) const G: [Words; 2] = [
    [0xf4a1_3945_d898_c296, 0x7703_7d81_2deb_33a0, 0xf8bc_e6e5_63a4_40f2, 0x6b17_d1f2_e12c_4247],
    [0xcbb6_4068_37bf_51f5, 0x2bce_3357_6b31_5ece, 0x8ee7_eb4a_7c0f_9e16, 0x4fe3_42e2_fe1a_7f9b],
];

/// Big-endian octets.
pub(super) fn from_bytes(bytes: &[u8; 32]) -> Words {
    let (chunks, _) = bytes.as_chunks::<8>();
    let mut words = ZERO;
    for (word, chunk) in words.iter_mut().rev().zip(chunks) {
        *word = u64::from_be_bytes(*chunk);
    }
    words
}

/// a < b.
pub(super) const fn less(a: Words, b: Words) -> bool {
    sub(a, b).1
}

/// a + b mod 2^256, and whether that is a + b − 2^256.
pub(super) const fn add(a: Words, b: Words) -> (Words, bool) {
    add_with(a, b, 0)
}

/// a + b + carry, as [`add`].
const fn add_with(a: Words, b: Words, mut carry: u128) -> (Words, bool) {
    let mut sum = ZERO;
    let mut i = 0;
    while i < 4 {
        let wide = a[i] as u128 + b[i] as u128 + carry;
        sum[i] = wide as u64;
        carry = wide >> 64;
        i += 1;
    }
    (sum, carry == 1)
}

/// a − b mod 2^256, and whether that is a − b + 2^256.
pub(super) const fn sub(a: Words, b: Words) -> (Words, bool) {
    let (sum, carry) = add_with(a, [!b[0], !b[1], !b[2], !b[3]], 1);
    (sum, !carry)
}

/// a + b mod p, of numbers below p.
pub(super) const fn add_mod_p(a: Words, b: Words) -> Words {
    let (sum, over) = add(a, b);
    let (reduced, below) = sub(sum, P);
    if over || !below { reduced } else { sum }
}

/// −a mod p, of a number below p.
pub(super) const fn negated_mod_p(a: Words) -> Words {
    if is_zero(a) { a } else { sub(P, a).0 }
}

const fn is_zero(a: Words) -> bool {
    a[0] | a[1] | a[2] | a[3] == 0
}

/// 2^exponent mod `modulus`, which is above 2^255. For constants: it doubles so often.
pub(super) const fn power_of_two(exponent: u32, modulus: Words) -> Words {
    let mut power = ONE;
    let mut i = 0;
    while i < exponent {
        // Below 2·modulus before the subtraction.
        let (double, over) = add(power, power);
        let (reduced, below) = sub(double, modulus);
        power = if over || !below { reduced } else { double };
        i += 1;
    }
    power
}

/// Σ limbs[i]·2^(bits·i) modulo p, in [0, p). Limbs are signed; the value is within ±8p; the highest limb starts in the
/// highest word.
pub(super) fn canonical<const LIMBS: usize>(limbs: [i64; LIMBS], bits: u32) -> Words {
    let mut words = ZERO;
    let mut carry = 0;
    let mut position = 0;
    let mut high = 0;
    for (i, limb) in limbs.iter().enumerate() {
        let limb = limb + carry;
        let (digit, shift) = (limb & ((1 << bits) - 1), position % 64);
        carry = limb >> bits;
        let word = position as usize / 64;
        if i + 1 == LIMBS {
            // The rest of the number, with its sign: value = high·2^256 + words.
            words[word] |= (limb as u64) << shift;
            high = limb >> (64 - shift);
        } else {
            words[word] |= (digit as u64) << shift;
            if shift + bits > 64 {
                words[word + 1] |= digit as u64 >> (64 - shift);
            }
        }
        position += bits;
    }
    while high < 0 {
        let (sum, over) = add(words, P);
        words = sum;
        high += i64::from(over);
    }
    while high > 0 || !less(words, P) {
        let (difference, below) = sub(words, P);
        words = difference;
        high -= i64::from(below);
    }
    words
}
