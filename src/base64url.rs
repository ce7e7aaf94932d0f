//! Base64url as JOSE writes it: refuses padding, the standard alphabet, white space and non-zero trailing bits,
//! so that one value has one spelling.
//!
//! What is decoded is public: a token that its bearer sent, a key that its issuer publishes. So this looks values up in a
//! table, which takes a fifth of the time of a decoder that must not let its own time tell anything. The private keys of a
//! token service are decoded here too, once, as it starts: before anyone could ask it for something and take the time.

use crate::error::Error;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Marks what is no character of the alphabet. No value has this bit, so one test after a bitwise or of several
/// finds it.
const NONE: u8 = 0x80;
/// The value of each character, or [`NONE`].
const VALUES: [u8; 256] = values();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses what is out of bounds")]
const fn values() -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < ALPHABET.len() {
        values[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    values
}

/// Decodes canonical, unpadded base64url (RFC 7515 section 2, RFC 4648 section 3.5).
///
/// # Errors
/// [`Error::MalformedBase64url`] for anything else, the length 1 modulo 4 included.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Error> {
    let (fours, tail) = text.as_bytes().as_chunks::<4>();
    let mut decoded = vec![0; fours.len() * 3 + tail.len() * 3 / 4];
    let (threes, end) = decoded.as_chunks_mut::<3>();
    // What is wrong anywhere shows once, at the end.
    let mut seen = 0;
    for ([a, b, c, d], three) in fours.iter().zip(threes) {
        let (a, b, c, d) = (value(*a), value(*b), value(*c), value(*d));
        seen |= a | b | c | d;
        *three = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
    }
    match (tail, end) {
        ([], []) => {}
        // Two characters carry 12 bits for 8, three carry 18 for 16: the rest must be zero.
        ([a, b], [one]) => {
            let (a, b) = (value(*a), value(*b));
            seen |= a | b | (b & 0x0f).min(1) << 7;
            *one = a << 2 | b >> 4;
        }
        ([a, b, c], [one, other]) => {
            let (a, b, c) = (value(*a), value(*b), value(*c));
            seen |= a | b | c | (c & 0x03).min(1) << 7;
            (*one, *other) = (a << 2 | b >> 4, b << 4 | c >> 2);
        }
        _ => return Err(Error::MalformedBase64url),
    }
    if seen & NONE == 0 { Ok(decoded) } else { Err(Error::MalformedBase64url) }
}

#[expect(clippy::indexing_slicing, reason = "the table has an entry for every byte")]
const fn value(character: u8) -> u8 {
    VALUES[character as usize]
}

/// Encodes, without padding. Like [`decode`], for what is public.
#[cfg(feature = "mint")]
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = three.iter().chain(&[0; 2]).take(3).fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        // One byte takes two characters, two take three, three take four.
        for shift in [18, 12, 6, 0].into_iter().take(three.len() + 1) {
            text.push(character(bits >> shift & 0x3f));
        }
    }
    text
}

#[cfg(feature = "mint")]
#[expect(clippy::indexing_slicing, reason = "six bits, and the alphabet has 64 characters")]
const fn character(six_bits: u32) -> char {
    ALPHABET[(six_bits & 0x3f) as usize] as char
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use base64ct::{Base64UrlUnpadded, Encoding};

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

    #[cfg(feature = "mint")]
    #[test]
    fn encodes_as_another_encoder_does() {
        let bytes: Vec<u8> = (0..=255).rev().collect();
        for length in 0..bytes.len() {
            assert_eq!(encode(&bytes[..length]), Base64UrlUnpadded::encode_string(&bytes[..length]));
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

    #[test]
    fn agrees_with_another_decoder_on_every_text_of_up_to_three_characters_and_on_every_last_four() {
        let bytes: Vec<u8> = (0x20..0x80).collect();
        let agrees = |text: &[u8]| {
            let text = std::str::from_utf8(text).unwrap();
            assert_eq!(decode(text).ok(), Base64UrlUnpadded::decode_vec(text).ok(), "{text:?}");
        };
        for a in &bytes {
            agrees(&[*a]);
            agrees(&[b'T', b'W', b'F', b'u', *a]);
            for b in &bytes {
                agrees(&[*a, *b]);
                agrees(&[b'T', b'W', b'F', b'u', *a, *b]);
                agrees(&[b'_', *a, *b, b'-']);
                agrees(&[*b, b'9', b'Z', *a]);
                for c in &bytes {
                    agrees(&[*a, *b, *c]);
                }
            }
        }
    }
}
