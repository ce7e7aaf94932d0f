//! JSON numbers, kept as their text: JavaScript reads the same text, and only dates are ever read as numbers here. Refuses
//! what a double can't hold, and integers that it would round.

use crate::error::Error;

/// Integers beyond this lose their last digit in a double, and so in every JavaScript reader (RFC 7493 section 2.2).
const MAX_SAFE_INTEGER: &[u8] = b"9007199254740991";

/// 2^1024 - 2^970: from here on, rounding to the nearest double gives infinity. All 309 digits.
const INFINITE: &[u8] = b"179769313486231580793728971405303415079934132710037826936173778980444968\
2927647509466490179775872070963302864166928879109465555478519404026306574886715058206819089020007083836762738548458177\
1153176447573027006985557136695962284291481986083493647529271907416844436551070434271155969950809304288017790417449779\
2";

/// Digits before the point of the largest [`Number::to_f64`].
const MAX_INTEGER_DIGITS: i32 = 12;
/// Digits after the point that are looked at one by one; 10^26 is below 2^87.
const MAX_FRACTION_DIGITS: i32 = 26;

/// A number that a double can hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Number<'d>(&'d str);

impl<'d> Number<'d> {
    /// `text` is what [`end`] found to be a number.
    pub(crate) const fn of_text(text: &'d str) -> Self {
        Self(text)
    }

    /// The number when it is written as a plain integer from 0 to 2^32 - 1.
    pub(crate) fn to_u32(self) -> Option<u32> {
        if self.0.len() > 10 {
            return None;
        }
        let value = self.0.bytes().try_fold(0u64, |value, byte| {
            let digit = char::from(byte).to_digit(10)?;
            // Ten digits: below 10^10.
            Some(value * 10 + u64::from(digit))
        });
        u32::try_from(value?).ok()
    }

    /// The nearest double; none beyond ±10^12, which no date is.
    ///
    /// Of the digits after the point, those from the 27th on only say whether there is more. So a number that is this close
    /// to the middle between two doubles may be given the other one, and one below 10^-26 any as small.
    pub(crate) fn to_f64(self) -> Option<f64> {
        if self.0.len() <= MAX_INTEGER_DIGITS as usize && self.0.bytes().all(|byte| byte.is_ascii_digit()) {
            // Below 10^12, so every step is exact.
            return Some(self.0.bytes().fold(0.0, |value, byte| value * 10.0 + f64::from(byte - b'0')));
        }
        let parts = Parts::of(self.0.as_bytes());
        // 10^at is what the next digit counts ten of.
        let mut at = parts.point;
        let (mut integer, mut fraction, mut unit, mut more) = (0u64, 0u128, 1u128, false);
        for _ in at.max(-MAX_FRACTION_DIGITS)..0 {
            unit *= 10;
        }
        for digit in parts.digits() {
            if at > MAX_INTEGER_DIGITS && digit != 0 {
                return None;
            } else if at > 0 {
                // Twelve digits: below 10^12.
                integer = integer * 10 + u64::from(digit);
            } else if at > -MAX_FRACTION_DIGITS {
                unit *= 10;
                fraction = fraction * 10 + u128::from(digit);
            } else {
                more |= digit != 0;
            }
            at = at.saturating_sub(1);
        }
        if integer != 0 {
            // A first digit that is none of the twelve was refused above, so this ends below 10^12 too.
            for _ in 0..at {
                integer *= 10;
            }
        }
        let magnitude = nearest(integer, fraction, unit, more);
        Some(if parts.negative { -magnitude } else { magnitude })
    }
}

#[cfg(feature = "mint")]
impl Number<'_> {
    /// The number when it is written as a plain integer. It is below 2^53, because larger ones are no good JSON here.
    pub(crate) fn to_u64(self) -> Option<u64> {
        let digits = self.0.bytes().all(|byte| byte.is_ascii_digit());
        if digits { self.0.parse().ok() } else { None }
    }
}

impl<'d> Number<'d> {
    /// The number as it was written.
    pub(crate) const fn text(self) -> &'d str {
        self.0
    }
}

/// The double nearest to `integer` + `fraction` / `unit`, and a little more where `more` says so. `integer` < 10^12, and
/// `fraction` < `unit` <= 10^26.
fn nearest(integer: u64, fraction: u128, unit: u128, more: bool) -> f64 {
    if fraction == 0 && !more {
        return integer as f64;
    }
    let (mut bits, mut rest, mut scale) = (integer, fraction, 0);
    while bits < 1 << 54 && scale < 150 {
        // rest < unit < 2^87, so twice that fits.
        rest *= 2;
        let one = rest >= unit;
        if one {
            rest -= unit;
        }
        bits = bits << 1 | u64::from(one);
        scale += 1;
    }
    // 55 bits, of which a double has 53. What is left weighs less than the last of them: one more bit, which only breaks
    // ties, stands for it.
    let bits = bits << 1 | u64::from(rest != 0 || more);
    // `as` rounds to the nearest, ties to even; multiplying by 2^-(scale + 1) is exact.
    bits as f64 * f64::from_bits((1022 - scale) << 52)
}

/// A number taken apart: 0.d1d2d3… · 10^point.
struct Parts<'d> {
    negative: bool,
    integer: &'d [u8],
    fraction: &'d [u8],
    point: i32,
}

impl<'d> Parts<'d> {
    fn of(text: &'d [u8]) -> Self {
        let (negative, text) = match text.split_first() {
            Some((b'-', rest)) => (true, rest),
            _ => (false, text),
        };
        let (digits, exponent) = split_at_byte(text, |byte| byte | 0x20 == b'e');
        let (integer, fraction) = split_at_byte(digits, |byte| byte == b'.');
        let point = (integer.len() as i32).saturating_add(exponent_of(exponent));
        Self { negative, integer, fraction, point }
    }

    fn digits(&self) -> impl Iterator<Item = u8> {
        self.integer.iter().chain(self.fraction).map(|byte| byte - b'0')
    }

    /// Whether the nearest double is infinity.
    fn is_infinite(&self) -> bool {
        let mut digits = self.digits().skip_while(|digit| *digit == 0).peekable();
        if digits.peek().is_none() {
            return false;
        }
        let zeros = self.digits().take_while(|digit| *digit == 0).count();
        // The digits before the point, less the zeros in front.
        let length = i64::from(self.point) - zeros as i64;
        match length.cmp(&(INFINITE.len() as i64)) {
            std::cmp::Ordering::Equal => {
                let limit = INFINITE.iter().map(|byte| byte - b'0');
                digits.chain(std::iter::repeat(0)).take(INFINITE.len()).ge(limit)
            }
            order => order.is_gt(),
        }
    }
}

/// What stands before the first byte that fits, and what after it.
fn split_at_byte(text: &[u8], fits: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let at = text.iter().position(|byte| fits(*byte)).unwrap_or(text.len());
    (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default())
}

/// At most a million either way: a text that made up for more with zeros would be longer than any that is read.
fn exponent_of(text: &[u8]) -> i32 {
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let value = digits.iter().fold(0, |value: i32, byte| (value * 10 + i32::from(byte - b'0')).min(1_000_000));
    if negative { -value } else { value }
}

/// Where the number that starts at `from` ends.
///
/// # Errors
/// [`Error::MalformedJson`].
pub(super) fn end(text: &[u8], from: usize) -> Result<usize, Error> {
    let byte = |at: usize| text.get(at).copied();
    let digits = |mut at: usize| {
        let start = at;
        while let Some(b'0'..=b'9') = byte(at) {
            at += 1;
        }
        if at > start { Ok(at) } else { Err(Error::MalformedJson("a digit")) }
    };
    let start = from + usize::from(byte(from) == Some(b'-'));
    let mut at = if byte(start) == Some(b'0') { start + 1 } else { digits(start)? };
    if !matches!(byte(at), Some(b'.' | b'e' | b'E')) {
        let integer = text.get(start..at).unwrap_or_default();
        let length = integer.len().cmp(&MAX_SAFE_INTEGER.len());
        if length.then_with(|| integer.cmp(MAX_SAFE_INTEGER)).is_gt() {
            return Err(Error::MalformedJson("integers of at most 2^53-1"));
        }
        return Ok(at);
    }
    if byte(at) == Some(b'.') {
        at = digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = byte(at) {
        at += 1;
        at = digits(at + usize::from(matches!(byte(at), Some(b'+' | b'-'))))?;
    }
    if Parts::of(text.get(from..at).unwrap_or_default()).is_infinite() {
        return Err(Error::MalformedJson("numbers that a double can hold"));
    }
    Ok(at)
}
