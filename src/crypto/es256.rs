//! ES256: ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4). Refuses DER, points off the curve and values out of range.
//! High `s` is accepted: JWS has no low-`s` rule, so a token's text is no identity for a replay list.

use sha2::{Digest, Sha256};

use super::kernel::Kernel;
use super::p256::PublicKey;
use crate::error::Error;

/// Octets of one coordinate, and of `r` and of `s`.
const FIELD_BYTES: usize = 32;

/// A point on P-256.
#[derive(Clone, PartialEq)]
pub(crate) struct VerifyingKey(PublicKey);

impl VerifyingKey {
    /// `x` and `y` are big-endian, exactly 32 bytes each (RFC 7518 section 6.2.1.2).
    ///
    /// # Errors
    /// [`Error::KeyNotUsable`] when the length is another, a coordinate is not below p, or the point is not on the curve.
    #[inline(never)]
    pub(crate) fn from_coordinates(x: &[u8], y: &[u8]) -> Result<Self, Error> {
        let (Ok(x), Ok(y)) = (x.try_into(), y.try_into()) else {
            return Err(Error::KeyNotUsable("x and y must have 32 bytes each"));
        };
        let kernel =
            Kernel::preferred().for_p256().ok_or(Error::KeyNotUsable("no kernel computes right in this engine"))?;
        PublicKey::new(kernel, x, y).map(Self).ok_or(Error::KeyNotUsable("x and y must be a point on P-256"))
    }

    /// `signature` is `r` then `s`, big-endian, 32 bytes each, never DER.
    ///
    /// # Errors
    /// [`Error::SignatureInvalid`].
    // Out of line: engines compile a function when it is first called, and most gates have one algorithm.
    #[inline(never)]
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        let ([r, s], []) = signature.as_chunks::<FIELD_BYTES>() else { return Err(Error::SignatureInvalid) };
        let hash = Sha256::digest(message).into();
        // Refuses r or s that is 0 or not below n, too.
        if self.0.verifies(&hash, r, s) { Ok(()) } else { Err(Error::SignatureInvalid) }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use p256::ecdsa::{self, Signature};

    use super::*;
    use crate::testing::Signer;

    /// The order n of P-256 (FIPS 186-5; SEC 2 section 2.4.2).
    const N: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
        0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    const MESSAGE: &[u8] = b"message";

    fn plus(number: [u8; 32], addend: i8) -> [u8; 32] {
        let mut sum = number;
        sum[31] = sum[31].checked_add_signed(addend).unwrap();
        sum
    }

    /// n - s.
    fn negated(s: &[u8]) -> [u8; 32] {
        let mut difference = [0; 32];
        let mut borrow = 0;
        for i in (0..32).rev() {
            let digit = i16::from(N[i]) - i16::from(s[i]) - borrow;
            borrow = i16::from(digit < 0);
            difference[i] = digit.rem_euclid(256) as u8;
        }
        difference
    }

    fn refused(signer: &Signer, signature: &[u8]) {
        let key = signer.key();
        assert_eq!(key.verify(MESSAGE, signature), Err(Error::SignatureInvalid), "{} bytes", signature.len());
    }

    // catalogue: D01, D02
    #[test]
    fn refuses_r_or_s_of_zero_or_out_of_range() {
        let signer = Signer::es256("k");
        let good = signer.sign(MESSAGE);
        let (r, s) = good.split_at(32);
        for bad in [[0; 32], N, plus(N, 1), [0xff; 32]] {
            refused(&signer, &[&bad, s].concat());
            refused(&signer, &[r, &bad].concat());
            refused(&signer, &[bad, bad].concat());
        }
        // In range, and wrong.
        refused(&signer, &[&plus(N, -1), s].concat());
        refused(&signer, &[r, &plus(N, -1)].concat());
        assert_eq!(signer.key().verify(MESSAGE, &good), Ok(()));
    }

    // catalogue: D03
    #[test]
    fn refuses_every_length_but_64() {
        let signer = Signer::es256("k");
        let good = signer.sign(MESSAGE);
        for length in [0, 1, 31, 32, 63, 65, 66, 96, 128, 514] {
            let mut signature = good.clone();
            signature.resize(length, 0);
            refused(&signer, &signature);
            // The same with zeros in front, as a big integer would be padded.
            let mut signature = vec![0; length.saturating_sub(64)];
            signature.extend_from_slice(&good[64usize.saturating_sub(length)..]);
            refused(&signer, &signature);
        }
    }

    // catalogue: D04
    #[test]
    fn refuses_a_der_signature() {
        let signer = Signer::es256("k");
        let good = signer.sign(MESSAGE);
        let der = Signature::from_slice(&good).unwrap().to_der();
        refused(&signer, der.as_bytes());
    }

    // catalogue: D05, D06
    #[test]
    fn accepts_both_high_and_low_s() {
        let signer = Signer::es256("k");
        let good = signer.sign(MESSAGE);
        let (r, s) = good.split_at(32);
        let twin = [r, &negated(s)].concat();
        assert_ne!(twin, good);
        assert_eq!(signer.key().verify(MESSAGE, &twin), Ok(()));
    }

    // catalogue: D07
    #[test]
    fn refuses_swapped_reversed_and_shortened_halves() {
        let signer = Signer::es256("k");
        let good = signer.sign(MESSAGE);
        let (r, s) = good.split_at(32);
        refused(&signer, &[s, r].concat());
        let reversed = |half: &[u8]| half.iter().rev().copied().collect::<Vec<u8>>();
        refused(&signer, &[reversed(r), reversed(s)].concat());
        let hex: String = good.iter().map(|byte| format!("{byte:02x}")).collect();
        refused(&signer, hex.as_bytes());
        refused(&signer, &[&r[1..], s].concat());
        refused(&signer, &[r, &s[1..]].concat());
    }

    // catalogue: D08
    #[test]
    fn accepts_leading_zero_bytes_and_refuses_the_signature_without_them() {
        // One signature in 128 has a leading zero byte in r or s.
        let signer = Signer::es256("k");
        let mut seen = 0;
        for n in 0..2_000u32 {
            let message = n.to_be_bytes();
            let good = signer.sign(&message);
            for start in [0, 32] {
                if good[start] == 0 {
                    seen += 1;
                    assert_eq!(signer.key().verify(&message, &good), Ok(()));
                    let mut short = good.clone();
                    short.remove(start);
                    assert_eq!(signer.key().verify(&message, &short), Err(Error::SignatureInvalid));
                }
            }
            if seen >= 4 {
                return;
            }
        }
        panic!("only {seen} signatures with a leading zero byte");
    }

    /// The key under which this signature holds: public key recovery (SEC 1 section 4.1.6) makes any `r` and `s` one.
    fn key_that_signed(signature: &[u8], x_is_reduced: bool) -> Option<VerifyingKey> {
        let id = ecdsa::RecoveryId::new(false, x_is_reduced);
        let signature = Signature::from_slice(signature).unwrap();
        let key = ecdsa::VerifyingKey::recover_from_msg(MESSAGE, &signature, id).ok()?;
        let point = key.to_sec1_point(false);
        let (x, y) = point.as_bytes()[1..].split_at(32);
        Some(VerifyingKey::from_coordinates(x, y).unwrap())
    }

    /// A number with so many leading zero bytes, and `last` at its end.
    fn small(zeros: usize, last: u8) -> [u8; 32] {
        let mut number = [0x5a; 32];
        number[..zeros].fill(0);
        number[31] = last;
        number
    }

    // catalogue: D08
    #[test]
    fn accepts_one_to_three_leading_zero_bytes_in_r_and_in_s() {
        for (r_zeros, s_zeros) in [(1, 0), (2, 0), (3, 0), (0, 1), (0, 2), (0, 3), (3, 3)] {
            // Every other x is that of a point.
            let (key, signature) = (0..=255)
                .map(|last| [small(r_zeros, last), small(s_zeros, 1)].concat())
                .find_map(|signature| Some((key_that_signed(&signature, false)?, signature)))
                .unwrap();
            assert_eq!(key.verify(MESSAGE, &signature), Ok(()), "{r_zeros} and {s_zeros}");
            let short = [&signature[r_zeros..32], &signature[32 + s_zeros..]].concat();
            assert_eq!(key.verify(MESSAGE, &short), Err(Error::SignatureInvalid));
        }
    }

    // catalogue: D02, D09
    #[test]
    fn accepts_r_of_an_x_beyond_the_order_and_refuses_that_x_itself() {
        let s = small(0, 1);
        let mut seen = 0;
        for addend in 1..=100 {
            // r = x - n, where x = n + addend is still below p.
            let mut r = [0; 32];
            r[31] = addend;
            let Some(key) = key_that_signed(&[r, s].concat(), true) else { continue };
            assert_eq!(key.verify(MESSAGE, &[r, s].concat()), Ok(()), "{addend}");
            let unreduced = plus(N, i8::try_from(addend).unwrap());
            assert_eq!(key.verify(MESSAGE, &[unreduced, s].concat()), Err(Error::SignatureInvalid), "{addend}");
            seen += 1;
        }
        assert!(seen > 20, "{seen}");
    }

    // catalogue: D10
    #[test]
    fn accepts_a_hash_with_leading_zero_bytes() {
        use sha2::{Digest, Sha256};
        let signer = Signer::es256("k");
        let zeros = (0..10_000_000u32).map(u32::to_be_bytes).find(|message| Sha256::digest(message)[..2] == [0, 0]);
        let message = zeros.unwrap();
        assert_eq!(signer.key().verify(&message, &signer.sign(&message)), Ok(()));
        assert_eq!(signer.key().verify(MESSAGE, &signer.sign(&message)), Err(Error::SignatureInvalid));
    }

    // catalogue: D11
    #[test]
    fn refuses_every_single_bit_flip_of_the_signature_and_of_the_message() {
        let signer = Signer::es256("k");
        let (key, good) = (signer.key(), signer.sign(MESSAGE));
        for bit in 0..512 {
            let mut signature = good.clone();
            signature[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.verify(MESSAGE, &signature), Err(Error::SignatureInvalid), "signature bit {bit}");
        }
        for bit in 0..8 * MESSAGE.len() {
            let mut message = MESSAGE.to_vec();
            message[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.verify(&message, &good), Err(Error::SignatureInvalid), "message bit {bit}");
        }
    }
}
