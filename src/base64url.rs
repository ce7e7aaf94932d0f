//! Base64url as JOSE writes it: refuses padding, the standard alphabet, white space and non-zero trailing bits,
//! so that one value has one spelling.

use base64ct::{Base64UrlUnpadded, Encoding};

use crate::error::Error;

/// Decodes canonical, unpadded base64url (RFC 7515 section 2, RFC 4648 section 3.5).
///
/// # Errors
/// [`Error::MalformedBase64url`] for anything else, the length 1 modulo 4 included.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Error> {
    Base64UrlUnpadded::decode_vec(text).map_err(|_| Error::MalformedBase64url)
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn refused(text: &str) {
        assert_eq!(decode(text), Err(Error::MalformedBase64url), "{text:?}");
    }

    #[test]
    fn decodes_every_byte_value_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        for length in 0..bytes.len() {
            let text = Base64UrlUnpadded::encode_string(&bytes[..length]);
            assert_eq!(decode(&text).unwrap(), &bytes[..length]);
        }
    }

    // catalogue: A04
    #[test]
    fn refuses_padding() {
        for text in ["TQ==", "TQ=", "TWE=", "TWFu=", "=", "===="] {
            refused(text);
        }
        assert_eq!(decode("TQ").unwrap(), b"M");
    }

    // catalogue: A05
    #[test]
    fn refuses_every_other_spelling_of_the_trailing_bits() {
        const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        for (position, last) in ALPHABET.chars().enumerate() {
            // Two characters carry 12 bits for 8: the last four must be zero. Three carry 18 for 16.
            assert_eq!(decode(&format!("T{last}")).is_ok(), position % 16 == 0, "T{last}");
            assert_eq!(decode(&format!("TW{last}")).is_ok(), position % 4 == 0, "TW{last}");
        }
    }

    // catalogue: A06
    #[test]
    fn refuses_the_standard_alphabet() {
        assert_eq!(decode("-_-_").unwrap(), [0xfb, 0xff, 0xbf]);
        for text in ["+/+/", "-_-/", "+_-_"] {
            refused(text);
        }
    }

    // catalogue: A07
    #[test]
    fn refuses_white_space_and_every_character_outside_the_alphabet() {
        for bad in [" ", "\t", "\r", "\n", "\r\n", "\0", "?", "#", "\u{a0}", "\u{ff21}", "\u{feff}", "."] {
            for text in [format!("{bad}TWFu"), format!("TW{bad}Fu"), format!("TWFu{bad}"), bad.to_owned()] {
                refused(&text);
            }
        }
    }

    // catalogue: A08
    #[test]
    fn refuses_a_length_of_one_modulo_four() {
        for text in ["A", "AAAAA", "AAAAAAAAA"] {
            refused(text);
        }
    }
}
