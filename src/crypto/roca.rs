//! The ROCA fingerprint (CVE-2017-15361): refuses RSA moduli from a smart-card library whose keys can be factored.
//!
//! That library took primes of the form k·M + (65537^a mod M), M a product of small primes. Modulo each such prime the
//! modulus is then a power of 65537. A random modulus looks so modulo all of them about once in 2^28.

/// The odd primes up to 167 modulo which the powers of 65537 are not all residues, so that a test says something.
const PRIMES: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

/// Whether the big-endian `modulus` is a power of 65537 modulo every one of [`PRIMES`].
pub(super) fn has_fingerprint(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|prime| is_power_of_65537(residue(modulus, *prime), *prime))
}

/// Below 157·256 + 256 before each reduction.
fn residue(number: &[u8], prime: u32) -> u32 {
    number.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime)
}

fn is_power_of_65537(residue: u32, prime: u32) -> bool {
    let base = 65_537 % prime;
    let mut power = 1;
    loop {
        if power == residue {
            return true;
        }
        power = power * base % prime;
        if power == 1 {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use rsa::BigUint;
    use rsa::traits::PublicKeyParts;

    use super::*;
    use crate::testing::rsa_private_key;

    // catalogue: J09
    #[test]
    fn sees_the_fingerprint_of_the_weak_form_and_not_of_a_random_key() {
        let product = PRIMES.iter().fold(BigUint::from(1u8), |product, prime| product * *prime);
        // 2^2050 / M · M is divisible by M; adding a power of 65537 gives the weak form.
        let multiple = (BigUint::from(1u8) << 2050) / &product * &product;
        let power = BigUint::from(65_537u32).modpow(&BigUint::from(1_234_567u32), &product);
        assert!(has_fingerprint(&(&multiple + &power).to_bytes_be()));
        assert!(!has_fingerprint(&(&multiple + &power + BigUint::from(1u8)).to_bytes_be()));
        assert!(!has_fingerprint(&rsa_private_key().n().to_bytes_be()));
    }

    #[test]
    fn every_prime_of_the_list_tells_some_residues_apart() {
        for prime in PRIMES {
            assert!((1..prime).any(|residue| !is_power_of_65537(residue, prime)), "{prime}");
            assert!(!is_power_of_65537(0, prime), "{prime}");
        }
    }
}
