//! RS256: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3). Refuses small, large and malformed keys, and parses
//! no padding: the encoded message is rebuilt and compared whole (RFC 8017 section 8.2.2).

use sha2::{Digest, Sha256};

use super::kernel::Kernel;
use super::roca;
use super::rsa::PublicKey;
use crate::error::Error;
use crate::limits::{MAX_RSA_BITS, MIN_RSA_BITS};

/// DER of the DigestInfo up to the hash itself, for SHA-256 with the NULL parameters (RFC 8017 section 9.2 note 1).
/// The form without NULL is refused.
const DIGEST_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];
const SHA256_BYTES: usize = 32;

/// An RSA public key that passed every check that can be made on one cheaply.
#[derive(Clone, PartialEq)]
pub(crate) struct VerifyingKey {
    key: PublicKey,
}

impl VerifyingKey {
    /// `n` and `e` are big-endian with no leading zero byte (RFC 7518 section 2, Base64urlUInt).
    ///
    /// That the modulus is a product of two secret primes can't be seen from outside; size, parity and the ROCA
    /// fingerprint are all that is checked.
    ///
    /// # Errors
    /// [`Error::KeyNotUsable`].
    #[inline(never)]
    pub(crate) fn from_components(n: &[u8], e: &[u8]) -> Result<Self, Error> {
        if n.first().is_none_or(|byte| *byte == 0) || e.first().is_none_or(|byte| *byte == 0) {
            return Err(Error::KeyNotUsable("n and e must be minimal octets"));
        }
        // Length first: what follows costs time in proportion to it.
        if n.len() > MAX_RSA_BITS / 8 {
            return Err(Error::KeyNotUsable("n must have at most 4096 bits"));
        }
        let leading_zeros = n.first().map_or(0, |byte| byte.leading_zeros() as usize);
        if 8 * n.len() - leading_zeros < MIN_RSA_BITS {
            return Err(Error::KeyNotUsable("n must have at least 2048 bits"));
        }
        if n.last().is_some_and(|byte| byte % 2 == 0) {
            return Err(Error::KeyNotUsable("n must be odd"));
        }
        // With e = 1 every padded text is its own signature; an even e has no inverse.
        let exponent = e.iter().take(4).fold(0, |exponent, byte| exponent << 8 | u32::from(*byte));
        if e.len() > 4 || exponent == 1 || exponent % 2 == 0 {
            return Err(Error::KeyNotUsable("e must be odd, at least 3 and below 2^32"));
        }
        if roca::has_fingerprint(n) {
            return Err(Error::KeyNotUsable("n must not come from a ROCA-weak generator (CVE-2017-15361)"));
        }
        Ok(Self { key: PublicKey::new(Kernel::preferred(), n, exponent) })
    }

    /// `signature` is a big-endian integer below n, in exactly as many bytes as n.
    ///
    /// # Errors
    /// [`Error::SignatureInvalid`].
    // Out of line: engines compile a function when it is first called, and most gates have one algorithm.
    #[inline(never)]
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        // Refuses every other length, and s >= n.
        let valid = self.key.power_equals(signature, &self.encoded(message));
        if valid { Ok(()) } else { Err(Error::SignatureInvalid) }
    }

    /// EMSA-PKCS1-v1_5: 00 01 FF … FF 00 DigestInfo hash, as long as the modulus. Comparing it as an integer is
    /// comparing it whole, because it is below n, and the power is brought below n.
    fn encoded(&self, message: &[u8]) -> Vec<u8> {
        // At least 2048 bits are 256 bytes, so the padding has at least 202 of the 8 that RFC 8017 asks for.
        let padding = self.key.size().saturating_sub(3 + DIGEST_INFO.len() + SHA256_BYTES);
        let mut encoded = Vec::with_capacity(self.key.size());
        encoded.extend_from_slice(&[0, 1]);
        encoded.resize(2 + padding, 0xff);
        encoded.push(0);
        encoded.extend_from_slice(&DIGEST_INFO);
        encoded.extend_from_slice(&Sha256::digest(message));
        encoded
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use rsa::traits::PublicKeyParts;
    use rsa::{BigUint, Pkcs1v15Sign, Pss};
    use sha2::{Sha384, Sha512};

    use super::*;
    use crate::testing::{Signer, rsa_private_key};

    const MESSAGE: &[u8] = b"message";

    fn refused(signature: &[u8]) {
        let key = Signer::rs256("k").key();
        assert_eq!(key.verify(MESSAGE, signature), Err(Error::SignatureInvalid), "{} bytes", signature.len());
    }

    /// Applies the private key to `encoded` with no padding of its own.
    fn raw_signature(encoded: &[u8]) -> Vec<u8> {
        let key = rsa_private_key();
        let exponent = rsa::traits::PrivateKeyParts::d(key);
        padded(&BigUint::from_bytes_be(encoded).modpow(exponent, key.n()))
    }

    fn padded(number: &BigUint) -> Vec<u8> {
        let bytes = number.to_bytes_be();
        [vec![0; 256 - bytes.len()], bytes].concat()
    }

    /// 00 01 FF … 00, then `tail`, 256 bytes in all.
    fn framed(tail: &[u8]) -> Vec<u8> {
        let mut encoded = vec![0, 1];
        encoded.resize(255 - tail.len(), 0xff);
        encoded.push(0);
        encoded.extend_from_slice(tail);
        encoded
    }

    fn digest_info(message: &[u8]) -> Vec<u8> {
        [&DIGEST_INFO[..], &Sha256::digest(message)].concat()
    }

    #[test]
    fn accepts_a_signature_made_by_hand_so_that_the_refusals_below_mean_something() {
        let signature = raw_signature(&framed(&digest_info(MESSAGE)));
        assert_eq!(signature, Signer::rs256("k").sign(MESSAGE));
        assert_eq!(Signer::rs256("k").key().verify(MESSAGE, &signature), Ok(()));
        assert_eq!(Signer::rs256("k").key().verify(b"massage", &signature), Err(Error::SignatureInvalid));
    }

    // catalogue: E01
    #[test]
    fn refuses_every_length_but_that_of_the_modulus() {
        let good = Signer::rs256("k").sign(MESSAGE);
        refused(&[]);
        refused(&good[1..]);
        refused(&good[..255]);
        refused(&[&[0], &good[..]].concat());
        refused(&[&good[..], &[0]].concat());
        refused(&[&good[..], &good[..]].concat());
    }

    // catalogue: E01
    #[test]
    fn refuses_a_signature_with_its_leading_zero_stripped() {
        let signer = Signer::rs256("k");
        let key = signer.key();
        // One signature in 256 starts with a zero byte.
        for n in 0..5_000u32 {
            let message = n.to_be_bytes();
            let good = signer.sign(&message);
            if good[0] == 0 {
                assert_eq!(key.verify(&message, &good), Ok(()));
                assert_eq!(key.verify(&message, &good[1..]), Err(Error::SignatureInvalid));
                return;
            }
        }
        panic!("no signature with a leading zero byte");
    }

    // catalogue: E02
    #[test]
    fn refuses_degenerate_and_out_of_range_signatures() {
        let n = rsa_private_key().n().clone();
        let one = BigUint::from(1u8);
        for number in [BigUint::from(0u8), one.clone(), &n - &one, n.clone(), &n + &one] {
            refused(&padded(&number));
        }
        // s + n says the same modulo n; find a message whose s leaves room for it in 256 bytes.
        let signer = Signer::rs256("k");
        let limit = BigUint::from(1u8) << 2048;
        for message in 0..1_000u32 {
            let message = message.to_be_bytes();
            let shifted = BigUint::from_bytes_be(&signer.sign(&message)) + &n;
            if shifted < limit {
                assert_eq!(signer.key().verify(&message, &padded(&shifted)), Err(Error::SignatureInvalid));
                return;
            }
        }
        panic!("no signature small enough to add the modulus to");
    }

    // catalogue: E03
    #[test]
    fn refuses_forged_encodings_of_the_padding_and_of_the_digest_info() {
        let hash = Sha256::digest(MESSAGE);
        let info = digest_info(MESSAGE);
        // Long-form and indefinite lengths, and garbage within the parameters.
        let long_form = [&[0x30, 0x81, 0x31], &info[2..]].concat();
        let indefinite = [&[0x30, 0x80], &info[2..], &[0, 0]].concat();
        let parameters = [
            &[0x30, 0x33, 0x30, 0x0f],
            &DIGEST_INFO[4..17],
            &[0x05, 0x00][..0],
            &[0xab, 0xcd],
            &[0x04, 0x20],
            &hash[..],
        ]
        .concat();
        for tail in [long_form, indefinite, parameters] {
            refused(&raw_signature(&framed(&tail)));
        }
        // Bleichenbacher 2006: short padding, garbage after the hash.
        let mut garbage = framed(&info);
        garbage.drain(2..102);
        garbage.extend_from_slice(&[0xaa; 100]);
        refused(&raw_signature(&garbage));
        // Block types 00 and 02, no separator, a zero within the padding, a non-zero first byte is out of range.
        for (position, byte) in [(1, 0), (1, 2), (100, 0), (100, 0xfe), (255 - info.len(), 1)] {
            let mut encoded = framed(&info);
            encoded[position] = byte;
            refused(&raw_signature(&encoded));
        }
    }

    // catalogue: E04
    #[test]
    fn refuses_a_digest_info_without_null() {
        let hash = Sha256::digest(MESSAGE);
        let tail = [&[0x30, 0x2f, 0x30, 0x0b], &DIGEST_INFO[4..15], &[0x04, 0x20], &hash[..]].concat();
        refused(&raw_signature(&framed(&tail)));
    }

    // catalogue: E05
    #[test]
    fn refuses_right_padding_a_bare_hash_and_other_hashes() {
        let hash = Sha256::digest(MESSAGE);
        refused(&raw_signature(&framed(&hash)));
        let mut right = [&[0, 1, 0][..], &digest_info(MESSAGE)].concat();
        right.resize(256, 0xff);
        refused(&raw_signature(&right));
        // The object identifiers of SHA-384, SHA-512 and SHA-224 end in 2, 3 and 4.
        let named = |oid: u8, hash: &[u8]| {
            let length = hash.len() as u8;
            let mut info = DIGEST_INFO.to_vec();
            (info[1], info[14], info[18]) = (length + 17, oid, length);
            [info, hash.to_vec()].concat()
        };
        assert_eq!(named(1, &hash), digest_info(MESSAGE));
        refused(&raw_signature(&framed(&named(2, &Sha384::digest(MESSAGE)))));
        refused(&raw_signature(&framed(&named(3, &Sha512::digest(MESSAGE)))));
        refused(&raw_signature(&framed(&named(4, &hash[..28]))));
        refused(&raw_signature(&framed(&named(2, &hash))));
        // SHA-1.
        let sha1 = [0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14];
        refused(&raw_signature(&framed(&[&sha1[..], &hash[..20]].concat())));
    }

    // catalogue: E06
    #[test]
    fn refuses_a_pss_signature() {
        let hash = Sha256::digest(MESSAGE);
        let pss =
            rsa_private_key().sign_with_rng(&mut rand::rngs::OsRng, Pss::new::<rsa::sha2::Sha256>(), &hash).unwrap();
        refused(&pss);
        let unprefixed = rsa_private_key().sign(Pkcs1v15Sign::new_unprefixed(), &hash).unwrap();
        refused(&unprefixed);
    }

    // catalogue: E07, J08
    #[test]
    fn takes_odd_exponents_from_3_to_2_pow_32() {
        let n = rsa_private_key().n().to_bytes_be();
        let made = |e: &[u8]| VerifyingKey::from_components(&n, e).map(|_| ());
        for e in [&[3][..], &[17], &[1, 0, 1], &[0x49, 0xd2, 0xa1], &[0xff, 0xff, 0xff, 0xff]] {
            assert_eq!(made(e), Ok(()), "{e:?}");
        }
        let range = Err(Error::KeyNotUsable("e must be odd, at least 3 and below 2^32"));
        for e in
            [&[1][..], &[2], &[4], &[1, 0, 0], &[1, 0, 0, 0, 1], &[1, 0xff, 0xff, 0xff, 0xff], &[2, 0, 0, 0, 1], &n]
        {
            assert_eq!(made(e), range, "{e:?}");
        }
        for e in [&[][..], &[0], &[0, 3], &[0, 1, 0, 1]] {
            assert_eq!(made(e), Err(Error::KeyNotUsable("n and e must be minimal octets")), "{e:?}");
        }
    }

    // catalogue: J06, J07, J09, J10
    #[test]
    fn takes_odd_moduli_of_2048_to_4096_bits() {
        // Not products of two primes, which nobody can tell; only the size and the parity count here.
        let modulus = |bits: usize| {
            let mut n = vec![0xa7; bits.div_ceil(8)];
            n[0] = 0x80 >> ((8 - bits % 8) % 8);
            n
        };
        let made = |n: &[u8]| VerifyingKey::from_components(n, &[1, 0, 1]).map(|_| ());
        for bits in [2048, 2049, 3072, 4095, 4096] {
            assert_eq!(made(&modulus(bits)), Ok(()), "{bits}");
        }
        for bits in [8, 512, 1024, 2040, 2047] {
            assert_eq!(made(&modulus(bits)), Err(Error::KeyNotUsable("n must have at least 2048 bits")), "{bits}");
        }
        for bits in [4097, 8192, 8193, 16384, 65536] {
            assert_eq!(made(&modulus(bits)), Err(Error::KeyNotUsable("n must have at most 4096 bits")), "{bits}");
        }
        let mut even = modulus(2048);
        even[255] = 0xa6;
        assert_eq!(made(&even), Err(Error::KeyNotUsable("n must be odd")));
        let minimal = Err(Error::KeyNotUsable("n and e must be minimal octets"));
        for n in [vec![], vec![0], [vec![0], modulus(2048)].concat()] {
            assert_eq!(made(&n), minimal, "{} bytes", n.len());
        }
    }
}
