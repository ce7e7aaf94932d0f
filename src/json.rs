//! Strict JSON (RFC 8259): refuses duplicate members at any depth, a byte-order mark, invalid UTF-8, lone surrogates,
//! deep nesting, and numbers that a double can't hold.
//!
//! Two readers that disagree about one document are an attack: a duplicate `"sub"` that one takes first and the other
//! last, an integer that one rounds. What could be read in two ways is therefore refused, never resolved.
//!
//! A document is one list of nodes over its own text: no value is copied unless it holds an escape, and there is one
//! allocation for all of them.

mod number;
pub(crate) mod write;

use std::collections::BinaryHeap;

use crate::error::Error;
use crate::limits::MAX_JSON_DEPTH;

pub(crate) use number::Number;

/// Objects of more members look for duplicates by sorting; in smaller ones, comparing each with each is faster.
const FEW_MEMBERS: usize = 16;

/// A document that was read whole.
#[derive(Clone, PartialEq, Default)]
pub(crate) struct Document {
    text: String,
    /// The strings that hold escapes, unescaped, end to end.
    unescaped: String,
    /// In the order of the text. The members of an object are names and values in turn.
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, PartialEq)]
enum Node {
    Null,
    Bool(bool),
    /// Where the number stands in the text.
    Number(Span),
    /// Where the string stands in the text.
    String(Span),
    /// Where the string stands among the unescaped ones.
    Unescaped(Span),
    /// Where the array stands in the text, and the first node after its own.
    Array {
        span: Span,
        next: usize,
    },
    Object {
        span: Span,
        next: usize,
    },
}

#[derive(Clone, Copy, PartialEq)]
struct Span {
    from: usize,
    to: usize,
}

/// A JSON value, as it stands in a [`Document`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'d> {
    Null,
    Bool(bool),
    Number(Number<'d>),
    String(&'d str),
    Array(Array<'d>),
    Object(Object<'d>),
}

/// A JSON array.
#[derive(Clone, Copy)]
pub(crate) struct Array<'d>(Nodes<'d>);

/// A JSON object. No two of its members have the same name.
#[derive(Clone, Copy)]
pub(crate) struct Object<'d>(Nodes<'d>);

/// The nodes from `at` up to `end`.
#[derive(Clone, Copy)]
struct Nodes<'d> {
    document: &'d Document,
    at: usize,
    end: usize,
}

impl Document {
    /// Parses a document: one value, with nothing but white space around it.
    ///
    /// # Errors
    /// [`Error::MalformedJson`].
    pub(crate) fn parse(document: Vec<u8>) -> Result<Self, Error> {
        Self::parse_text(text(document)?).map_err(|fault| fault.error)
    }

    /// Parses a document that must be an object.
    ///
    /// # Errors
    /// [`Error::MalformedJson`].
    pub(crate) fn parse_object(document: Vec<u8>) -> Result<Self, Error> {
        let document = Self::parse(document)?;
        if matches!(document.nodes.first(), Some(Node::Object { .. })) {
            Ok(document)
        } else {
            Err(Error::MalformedJson("a JSON object"))
        }
    }

    /// Parses a document, and says where the first fault is.
    pub(crate) fn parse_text(text: String) -> Result<Self, Fault> {
        // A claims set has a node for every eight bytes or so.
        let nodes = Vec::with_capacity(text.len() / 8 + 8);
        let mut reader = Reader { text: &text, at: 0, nodes, unescaped: String::new() };
        let read = reader.document();
        let Reader { at, nodes, unescaped, .. } = reader;
        match read {
            Ok(()) => Ok(Self { text, unescaped, nodes }),
            Err(error) => Err(Fault { error, at, text }),
        }
    }

    /// The value that the document is.
    pub(crate) fn value(&self) -> Value<'_> {
        self.value_at(0)
    }

    /// The object that the document is; an empty one when it is none.
    pub(crate) fn object(&self) -> Object<'_> {
        match self.value() {
            Value::Object(object) => object,
            _ => Object(Nodes { document: self, at: 0, end: 0 }),
        }
    }

    /// The document as it was parsed.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    fn value_at(&self, at: usize) -> Value<'_> {
        let inside = |next| Nodes { document: self, at: at + 1, end: next };
        match self.nodes.get(at) {
            Some(Node::Bool(value)) => Value::Bool(*value),
            Some(Node::Number(span)) => Value::Number(Number::of_text(span.of(&self.text))),
            Some(Node::String(span)) => Value::String(span.of(&self.text)),
            Some(Node::Unescaped(span)) => Value::String(span.of(&self.unescaped)),
            Some(Node::Array { next, .. }) => Value::Array(Array(inside(*next))),
            Some(Node::Object { next, .. }) => Value::Object(Object(inside(*next))),
            Some(Node::Null) | None => Value::Null,
        }
    }
}

/// Text that is no JSON, and where that shows.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) error: Error,
    /// In bytes from the start. What stands before is the beginning of good JSON.
    pub(crate) at: usize,
    pub(crate) text: String,
}

impl Span {
    /// Spans end where an ASCII byte or the text does, so the slice is always there.
    fn of(self, text: &str) -> &str {
        text.get(self.from..self.to).unwrap_or_default()
    }

    const fn len(self) -> usize {
        self.to - self.from
    }
}

impl Node {
    /// The node after the one at `at`, what is inside left out.
    fn after(self, at: usize) -> usize {
        match self {
            Self::Array { next, .. } | Self::Object { next, .. } => next,
            _ => at + 1,
        }
    }
}

impl<'d> Nodes<'d> {
    fn next_value(&mut self) -> Option<Value<'d>> {
        if self.at >= self.end {
            return None;
        }
        let at = self.at;
        self.at = self.document.nodes.get(at)?.after(at);
        Some(self.document.value_at(at))
    }
}

impl<'d> Object<'d> {
    /// The member called `name`, compared after unescaping.
    pub(crate) fn get(self, name: &str) -> Option<Value<'d>> {
        let Nodes { document, mut at, end } = self.0;
        while at < end {
            let is_it = match document.nodes.get(at)? {
                // Most names differ in length, which costs no look at the text.
                Node::String(span) => span.len() == name.len() && span.of(&document.text) == name,
                Node::Unescaped(span) => span.of(&document.unescaped) == name,
                _ => false,
            };
            if is_it {
                return Some(document.value_at(at + 1));
            }
            at = document.nodes.get(at + 1)?.after(at + 1);
        }
        None
    }

    /// The object as it was written.
    pub(crate) fn text(self) -> &'d str {
        let Nodes { document, at, .. } = self.0;
        match at.checked_sub(1).and_then(|own| document.nodes.get(own)) {
            Some(Node::Object { span, .. }) => span.of(&document.text),
            _ => "{}",
        }
    }

    /// The members, in the order of the text.
    pub(crate) fn iter(self) -> impl Iterator<Item = (&'d str, Value<'d>)> {
        let mut nodes = self.0;
        std::iter::from_fn(move || match (nodes.next_value()?, nodes.next_value()?) {
            (Value::String(name), value) => Some((name, value)),
            _ => None,
        })
    }
}

impl<'d> Array<'d> {
    /// The items, in their order.
    pub(crate) fn iter(self) -> impl Iterator<Item = Value<'d>> {
        let mut nodes = self.0;
        std::iter::from_fn(move || nodes.next_value())
    }

    /// How many items there are.
    pub(crate) fn len(self) -> usize {
        self.iter().count()
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0.at >= self.0.end
    }
}

impl PartialEq for Array<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl PartialEq for Object<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().count() == other.iter().count() && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

// Opaque, so that no log holds an unverified claim.
macro_rules! opaque_debug {
    ($($name:ty),*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("JSON")
            }
        }
    )*};
}
opaque_debug!(Document, Array<'_>, Object<'_>);

/// Checked once and whole, so that every slice between two ASCII bytes is text.
fn text(document: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(document).map_err(|_| Error::MalformedJson("UTF-8"))
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    nodes: Vec<Node>,
    unescaped: String,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), Error> {
        self.value(0)?;
        self.skip_white_space();
        if self.at == self.text.len() { Ok(()) } else { Err(Error::MalformedJson("one JSON document")) }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Takes `byte` if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        let taken = self.peek() == Some(byte);
        self.at += usize::from(taken);
        taken
    }

    fn skip_white_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Recursion is bounded by [`MAX_JSON_DEPTH`]: `depth` containers are open around this value.
    fn value(&mut self, depth: usize) -> Result<(), Error> {
        self.skip_white_space();
        let node = match self.peek() {
            Some(b'{') => return self.object(inside(depth)?),
            Some(b'[') => return self.array(inside(depth)?),
            Some(b'"') => self.string()?,
            Some(b't') => self.literal("true", Node::Bool(true))?,
            Some(b'f') => self.literal("false", Node::Bool(false))?,
            Some(b'n') => self.literal("null", Node::Null)?,
            Some(b'-' | b'0'..=b'9') => {
                let from = self.at;
                self.at = number::end(self.text.as_bytes(), from)?;
                Node::Number(Span { from, to: self.at })
            }
            _ => return Err(Error::MalformedJson("a JSON value")),
        };
        self.nodes.push(node);
        Ok(())
    }

    fn literal(&mut self, word: &str, node: Node) -> Result<Node, Error> {
        let end = self.at + word.len();
        if self.text.get(self.at..end) != Some(word) {
            return Err(Error::MalformedJson("true, false or null"));
        }
        self.at = end;
        Ok(node)
    }

    fn object(&mut self, depth: usize) -> Result<(), Error> {
        let start = self.open(|span, next| Node::Object { span, next });
        if self.take(b'}') {
            self.close(start);
            return Ok(());
        }
        let mut members = 0;
        loop {
            self.skip_white_space();
            if self.peek() != Some(b'"') {
                return Err(Error::MalformedJson("a member name"));
            }
            let name = self.string()?;
            self.nodes.push(name);
            self.skip_white_space();
            if !self.take(b':') {
                return Err(Error::MalformedJson("a colon after a member name"));
            }
            self.value(depth)?;
            members += 1;
            self.skip_white_space();
            if self.take(b',') {
                continue;
            }
            if !self.take(b'}') {
                return Err(Error::MalformedJson("a comma or the end of an object"));
            }
            self.close(start);
            return if self.has_duplicates(start, members) {
                Err(Error::MalformedJson("members with different names"))
            } else {
                Ok(())
            };
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), Error> {
        let start = self.open(|span, next| Node::Array { span, next });
        if self.take(b']') {
            self.close(start);
            return Ok(());
        }
        loop {
            self.value(depth)?;
            self.skip_white_space();
            if self.take(b',') {
                continue;
            }
            if !self.take(b']') {
                return Err(Error::MalformedJson("a comma or the end of an array"));
            }
            self.close(start);
            return Ok(());
        }
    }

    /// Steps over the bracket, and answers where its node is; [`Reader::close`] fills that in.
    fn open(&mut self, node: impl FnOnce(Span, usize) -> Node) -> usize {
        let start = self.nodes.len();
        self.nodes.push(node(Span { from: self.at, to: self.at }, start + 1));
        self.at += 1;
        self.skip_white_space();
        start
    }

    fn close(&mut self, start: usize) {
        let end = self.nodes.len();
        if let Some(Node::Array { span, next } | Node::Object { span, next }) = self.nodes.get_mut(start) {
            span.to = self.at;
            *next = end;
        }
    }

    /// Whether two of the `members` of the object at `start` have the same name: n log n, whatever the names.
    fn has_duplicates(&self, start: usize, members: usize) -> bool {
        if members <= FEW_MEMBERS {
            let mut few = [""; FEW_MEMBERS];
            let names = self.names(start);
            for (position, name) in names.enumerate() {
                if few.iter().take(position).any(|other| *other == name) {
                    return true;
                }
                if let Some(slot) = few.get_mut(position) {
                    *slot = name;
                }
            }
            return false;
        }
        // Sorts as well as any, in the least code.
        let names = BinaryHeap::from(self.names(start).collect::<Vec<&str>>()).into_sorted_vec();
        names.windows(2).any(|pair| matches!(pair, [one, other] if one == other))
    }

    fn names(&self, start: usize) -> impl Iterator<Item = &str> {
        let mut at = start + 1;
        std::iter::from_fn(move || {
            let name = match self.nodes.get(at)? {
                Node::String(span) => span.of(self.text),
                Node::Unescaped(span) => span.of(&self.unescaped),
                _ => return None,
            };
            at = self.nodes.get(at + 1)?.after(at + 1);
            Some(name)
        })
    }

    fn string(&mut self) -> Result<Node, Error> {
        self.at += 1;
        let from = self.at;
        self.skip_plain();
        if self.take(b'"') {
            return Ok(Node::String(Span { from, to: self.at - 1 }));
        }
        let start = self.unescaped.len();
        let mut run = from;
        loop {
            self.skip_plain();
            let plain = Span { from: run, to: self.at }.of(self.text);
            self.unescaped.push_str(plain);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Node::Unescaped(Span { from: start, to: self.unescaped.len() }));
                }
                Some(b'\\') => {
                    self.at += 1;
                    let character = self.escape()?;
                    self.unescaped.push(character);
                    run = self.at;
                }
                Some(_) => return Err(Error::MalformedJson("control characters escaped")),
                None => return Err(Error::MalformedJson("the end of a string")),
            }
        }
    }

    /// Steps over what stands for itself in a string.
    fn skip_plain(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0x00..=0x1f);
        self.at += rest.iter().position(special).unwrap_or(rest.len());
    }

    /// What follows a backslash. A surrogate stands only as half of a pair: a lone one is no character, and readers
    /// differ on what becomes of it.
    fn escape(&mut self) -> Result<char, Error> {
        let escaped = self.peek();
        self.at += usize::from(escaped.is_some());
        let character = match escaped {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.four_hex_digits()?;
                let scalar = match first {
                    0xd800..=0xdbff if self.take(b'\\') && self.take(b'u') => match self.four_hex_digits()? {
                        // 0x10000 + ten bits and ten bits: at most 0x10ffff.
                        second @ 0xdc00..=0xdfff => 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00),
                        _ => first,
                    },
                    _ => first,
                };
                char::from_u32(scalar).ok_or(Error::MalformedJson("surrogates in pairs"))?
            }
            _ => return Err(Error::MalformedJson("an escape of RFC 8259 section 7")),
        };
        Ok(character)
    }

    fn four_hex_digits(&mut self) -> Result<u32, Error> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            value = value * 16 + digit.ok_or(Error::MalformedJson("four hexadecimal digits"))?;
            self.at += 1;
        }
        Ok(value)
    }
}

/// The depth inside one more container.
fn inside(depth: usize) -> Result<usize, Error> {
    if depth < MAX_JSON_DEPTH { Ok(depth + 1) } else { Err(Error::MalformedJson("nesting of at most 32 levels")) }
}

#[cfg(test)]
mod tests;
