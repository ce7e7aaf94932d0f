//! Writes JSON: what the core answers, in as few steps as it takes. Reads none, and invents no member.

use std::borrow::Cow;

use super::{Value, plain};

/// JSON in the making.
#[derive(Debug, Default)]
pub(crate) struct Writer(String);

/// What can be written as JSON.
pub(crate) trait Write {
    /// Writes the value.
    fn write(&self, to: &mut Writer);
}

impl Writer {
    /// Starts in `buffer`, whose text is thrown away and whose memory is used again.
    #[cfg(feature = "js")]
    pub(crate) fn reuse(mut buffer: String) -> Self {
        buffer.clear();
        Self(buffer)
    }

    /// What was written.
    pub(crate) fn finish(self) -> String {
        self.0
    }

    /// One value, as text.
    pub(crate) fn text_of(value: &(impl Write + ?Sized)) -> String {
        let mut writer = Self::default();
        value.write(&mut writer);
        writer.finish()
    }

    /// Opens an object; [`Writer::end_object`] closes it.
    pub(crate) fn object(&mut self) {
        self.separate();
        self.0.push('{');
    }

    /// Closes an object.
    pub(crate) fn end_object(&mut self) {
        self.0.push('}');
    }

    /// Opens an array; [`Writer::end_array`] closes it.
    pub(crate) fn array(&mut self) {
        self.separate();
        self.0.push('[');
    }

    /// Closes an array.
    pub(crate) fn end_array(&mut self) {
        self.0.push(']');
    }

    /// A member's name, which needs no escape. Its value comes next.
    pub(crate) fn name(&mut self, name: &str) {
        self.separate();
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
    }

    /// A member of an object.
    pub(crate) fn member(&mut self, name: &str, value: &(impl Write + ?Sized)) {
        self.name(name);
        value.write(self);
    }

    /// A value that is JSON already.
    pub(crate) fn json(&mut self, json: &str) {
        self.separate();
        self.0.push_str(json);
    }

    /// A string (RFC 8259 section 7).
    pub(crate) fn string(&mut self, text: &str) {
        self.separate();
        self.0.push('"');
        let mut rest = text;
        // Both ends of what is plain are at ASCII bytes or the text's.
        while let Some((run, special)) = rest.split_at_checked(plain(rest.as_bytes())) {
            self.0.push_str(run);
            let Some(byte) = special.bytes().next() else { break };
            match byte {
                b'\n' => self.0.push_str("\\n"),
                b'\r' => self.0.push_str("\\r"),
                b'\t' => self.0.push_str("\\t"),
                b'"' | b'\\' => {
                    self.0.push('\\');
                    self.0.push(char::from(byte));
                }
                _ => {
                    self.0.push_str(if byte < 0x10 { "\\u000" } else { "\\u001" });
                    self.0.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
                }
            }
            rest = special.get(1..).unwrap_or_default();
        }
        self.0.push('"');
    }

    /// A member's name, whatever it is.
    #[cfg(feature = "mint")]
    pub(crate) fn any_name(&mut self, name: &str) {
        self.string(name);
        self.0.push(':');
    }

    /// A value.
    #[cfg(feature = "mint")]
    pub(crate) fn value(&mut self, value: &(impl Write + ?Sized)) {
        value.write(self);
    }

    fn integer(&mut self, integer: u64) {
        self.separate();
        self.digits(integer);
    }

    fn digits(&mut self, mut integer: u64) {
        // 2^64 has 20 digits.
        let mut digits = [b'0'; 20];
        let mut count = 0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (integer % 10) as u8;
            integer /= 10;
            count += 1;
            if integer == 0 {
                break;
            }
        }
        let text = digits.get(digits.len() - count..).unwrap_or_default();
        self.0.push_str(std::str::from_utf8(text).unwrap_or_default());
    }

    /// Two values are kept apart by a comma; nothing opens with one.
    fn separate(&mut self) {
        if !matches!(self.0.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.0.push(',');
        }
    }
}

impl Write for str {
    fn write(&self, to: &mut Writer) {
        to.string(self);
    }
}

impl Write for String {
    fn write(&self, to: &mut Writer) {
        to.string(self);
    }
}

impl Write for bool {
    fn write(&self, to: &mut Writer) {
        to.json(if *self { "true" } else { "false" });
    }
}

impl Write for u32 {
    fn write(&self, to: &mut Writer) {
        to.integer(u64::from(*self));
    }
}

impl Write for usize {
    fn write(&self, to: &mut Writer) {
        to.integer(*self as u64);
    }
}

#[cfg(feature = "mint")]
impl Write for u64 {
    fn write(&self, to: &mut Writer) {
        to.integer(*self);
    }
}

/// As it was read; nesting is bounded by the reader.
impl Write for Value<'_> {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Null => to.json("null"),
            Self::Bool(value) => value.write(to),
            Self::Number(number) => to.json(number.text()),
            Self::String(text) => to.string(text),
            Self::Array(items) => {
                to.array();
                for item in items.iter() {
                    item.write(to);
                }
                to.end_array();
            }
            Self::Object(object) => to.json(object.text()),
        }
    }
}

/// Times and durations. Beyond ±2^53, and where it is no number: null. After the point, as exact as a double of 1 or more
/// is; the digits that a smaller one has beyond 2^-52 are left out.
impl Write for f64 {
    fn write(&self, to: &mut Writer) {
        let magnitude = self.abs();
        if magnitude.is_nan() || magnitude > 9_007_199_254_740_992.0 {
            return to.json("null");
        }
        to.separate();
        if *self < 0.0 {
            to.0.push('-');
        }
        let integer = magnitude as u64;
        to.digits(integer);
        // A multiple of 2^-52 that is below 1, so below 2^52 as an integer; ten times that is below 2^56.
        let mut rest = ((magnitude - integer as f64) * 4_503_599_627_370_496.0) as u64;
        if rest != 0 {
            to.0.push('.');
        }
        while rest != 0 {
            rest *= 10;
            to.0.push(char::from(b'0' + (rest >> 52) as u8));
            rest &= (1 << 52) - 1;
        }
    }
}

impl Write for Cow<'_, str> {
    fn write(&self, to: &mut Writer) {
        to.string(self);
    }
}

impl<T: Write + ?Sized> Write for &T {
    fn write(&self, to: &mut Writer) {
        (**self).write(to);
    }
}

impl<T: Write> Write for Option<T> {
    fn write(&self, to: &mut Writer) {
        match self {
            Some(value) => value.write(to),
            None => to.json("null"),
        }
    }
}

impl<T: Write> Write for [T] {
    fn write(&self, to: &mut Writer) {
        to.array();
        for item in self {
            item.write(to);
        }
        to.end_array();
    }
}

impl<T: Write> Write for Vec<T> {
    fn write(&self, to: &mut Writer) {
        self.as_slice().write(to);
    }
}

/// A pair, as an array of two.
impl Write for (String, String) {
    fn write(&self, to: &mut Writer) {
        to.array();
        to.string(&self.0);
        to.string(&self.1);
        to.end_array();
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn writes_what_another_reader_reads_back() {
        let every: String = (0..0x80).map(char::from).chain("\u{e9}\u{2028}\u{1f600}".chars()).collect();
        for text in ["", "a", "\"", "\\", "\\\\\"\"", "\u{0}x\u{1f}", every.as_str()] {
            assert_eq!(serde_json::from_str::<String>(&Writer::text_of(text)).unwrap(), text);
        }
    }

    #[test]
    fn writes_numbers_to_the_last_bit() {
        for number in [0.0, 1.0, 30.5, 0.25, 1_767_225_600.0, 1_767_225_600.123_456_7, -3.75, 4_503_599_627_370_495.5] {
            assert_eq!(Writer::text_of(&number).parse::<f64>().unwrap(), number);
        }
        for number in [f64::NAN, f64::INFINITY, -f64::INFINITY, 1e300] {
            assert_eq!(Writer::text_of(&number), "null");
        }
        assert_eq!(Writer::text_of(&usize::MAX), usize::MAX.to_string());
        assert_eq!(Writer::text_of(&0u32), "0");
    }

    #[test]
    fn separates_values_wherever_they_stand() {
        let mut writer = Writer::default();
        writer.object();
        writer.member("a", &vec![None, Some("x".to_owned())]);
        writer.member("b", &vec![("k".to_owned(), "v,".to_owned()), ("l".to_owned(), "{".to_owned())]);
        writer.name("c");
        writer.object();
        writer.end_object();
        writer.name("d");
        writer.array();
        writer.end_array();
        writer.member("e", &true);
        writer.end_object();
        assert_eq!(writer.finish(), r#"{"a":[null,"x"],"b":[["k","v,"],["l","{"]],"c":{},"d":[],"e":true}"#);
    }
}
