//! Strict JSON (RFC 8259): refuses duplicate members at any depth, a byte-order mark, invalid UTF-8, lone surrogates,
//! deep nesting, and numbers that a double can't hold.
//!
//! Two readers that disagree about one document are an attack: a duplicate `"sub"` that one takes first and the other
//! last, an integer that one rounds. What could be read in two ways is therefore refused, never resolved.
//!
//! A document is one list of nodes over its own text: no value is copied unless it holds an escape, and there is one
//! allocation for all of them.

mod mark;
mod number;
pub(crate) mod write;

use std::collections::BinaryHeap;

use crate::error::Error;
use crate::limits::MAX_JSON_DEPTH;

use mark::{bit, bit_number, mark};
pub(crate) use number::Number;

/// Objects of more members look for duplicates by sorting; in smaller ones, comparing each mark with each is faster.
const FEW_MEMBERS: usize = 16;

/// A document that was read whole.
#[derive(Clone, PartialEq, Default)]
pub(crate) struct Document {
    text: String,
    /// The strings that hold escapes, unescaped, end to end.
    unescaped: String,
    /// In the order of the text. The members of an object are names and values in turn.
    nodes: Vec<Node>,
    /// The [`bit`]s of all members' names.
    names: u64,
    /// For each bit, where the first member of the outermost object with that bit stands; 0 for none.
    members: Members,
}

/// Nodes further on than a byte can say are looked for.
#[derive(Clone, PartialEq)]
struct Members([u8; 64]);

impl Default for Members {
    fn default() -> Self {
        Self([0; 64])
    }
}

#[derive(Clone, Copy, PartialEq)]
struct Node {
    kind: Kind,
    /// Where the value stands in the text; one that was unescaped, among the unescaped ones.
    span: Span,
    /// The [`mark`] of a string.
    mark: u32,
    /// The first node after this one and what is inside it.
    next: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Null,
    Bool(bool),
    Number,
    String,
    Unescaped,
    Array,
    Object,
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
        if document.nodes.first().is_some_and(|node| node.kind == Kind::Object) {
            Ok(document)
        } else {
            Err(Error::MalformedJson("a JSON object"))
        }
    }

    /// Parses a document, and says where the first fault is.
    pub(crate) fn parse_text(text: String) -> Result<Self, Fault> {
        // A claims set has a node for every eight bytes or so.
        let nodes = Vec::with_capacity(text.len() / 8 + 8);
        let members = Members::default();
        let mut reader = Reader { text: &text, at: 0, nodes, unescaped: String::new(), names: 0, members };
        let read = reader.document();
        let Reader { at, nodes, unescaped, names, members, .. } = reader;
        match read {
            Ok(()) => Ok(Self { text, unescaped, nodes, names, members }),
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

    /// What the document takes in memory, in bytes, beside itself.
    pub(crate) fn bytes(&self) -> usize {
        self.text.capacity() + self.unescaped.capacity() + self.nodes.capacity() * size_of::<Node>()
    }

    fn value_at(&self, at: usize) -> Value<'_> {
        let Some(node) = self.nodes.get(at) else { return Value::Null };
        let inside = Nodes { document: self, at: at + 1, end: node.next };
        match node.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(value),
            Kind::Number => Value::Number(Number::of_text(node.span.of(&self.text))),
            Kind::String | Kind::Unescaped => Value::String(node.string(&self.text, &self.unescaped)),
            Kind::Array => Value::Array(Array(inside)),
            Kind::Object => Value::Object(Object(inside)),
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
}

impl Node {
    /// A string's text.
    fn string<'d>(&self, text: &'d str, unescaped: &'d str) -> &'d str {
        self.span.of(if self.kind == Kind::Unescaped { unescaped } else { text })
    }
}

impl<'d> Nodes<'d> {
    fn next_value(&mut self) -> Option<Value<'d>> {
        if self.at >= self.end {
            return None;
        }
        let at = self.at;
        self.at = self.document.nodes.get(at)?.next;
        Some(self.document.value_at(at))
    }
}

impl<'d> Object<'d> {
    /// The member called `name`, compared after unescaping.
    pub(crate) fn get(self, name: &str) -> Option<Value<'d>> {
        let Nodes { document, mut at, end } = self.0;
        let mark = mark(name);
        // Most names that are looked for are absent, and most of those from the whole document.
        if document.names & bit(mark) == 0 {
            return None;
        }
        // In the outermost object, which alone begins there, none with this bit stands before the first.
        if at == 1
            && let Some(first @ 1..) = document.members.0.get(bit_number(mark) as usize)
        {
            at = usize::from(*first);
        }
        while at < end {
            let [own, value] = document.nodes.get(at..)?.first_chunk()?;
            // Most names differ in their marks, which costs no look at the text.
            if own.mark == mark && own.string(&document.text, &document.unescaped) == name {
                return Some(document.value_at(at + 1));
            }
            at = value.next;
        }
        None
    }

    /// The object as it was written.
    pub(crate) fn text(self) -> &'d str {
        let Nodes { document, at, .. } = self.0;
        match at.checked_sub(1).and_then(|own| document.nodes.get(own)) {
            Some(node) => node.span.of(&document.text),
            None => "{}",
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
    names: u64,
    members: Members,
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
        match self.peek() {
            Some(b'{') => self.object(inside(depth)?),
            Some(b'[') => self.array(inside(depth)?),
            Some(b'"') => self.string(),
            Some(b't') => self.literal("true", Kind::Bool(true)),
            Some(b'f') => self.literal("false", Kind::Bool(false)),
            Some(b'n') => self.literal("null", Kind::Null),
            Some(b'-' | b'0'..=b'9') => {
                let from = self.at;
                self.at = number::end(self.text.as_bytes(), from)?;
                self.push(Kind::Number, Span { from, to: self.at }, 0);
                Ok(())
            }
            _ => Err(Error::MalformedJson("a JSON value")),
        }
    }

    /// Adds a node with nothing inside.
    fn push(&mut self, kind: Kind, span: Span, mark: u32) {
        let next = self.nodes.len() + 1;
        self.nodes.push(Node { kind, span, mark, next });
    }

    fn literal(&mut self, word: &str, kind: Kind) -> Result<(), Error> {
        let end = self.at + word.len();
        if self.text.get(self.at..end) != Some(word) {
            return Err(Error::MalformedJson("true, false or null"));
        }
        self.push(kind, Span { from: self.at, to: end }, 0);
        self.at = end;
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), Error> {
        let start = self.open(Kind::Object);
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
            self.string()?;
            self.note_name(depth);
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

    /// Notes the name that was just read, of an object at `depth`.
    fn note_name(&mut self, depth: usize) {
        let Some(name) = self.nodes.last() else { return };
        self.names |= bit(name.mark);
        if depth == 1
            && let Some(member @ 0) = self.members.0.get_mut(bit_number(name.mark) as usize)
        {
            *member = u8::try_from(self.nodes.len() - 1).unwrap_or_default();
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), Error> {
        let start = self.open(Kind::Array);
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
    fn open(&mut self, kind: Kind) -> usize {
        let start = self.nodes.len();
        self.push(kind, Span { from: self.at, to: self.at }, 0);
        self.at += 1;
        self.skip_white_space();
        start
    }

    fn close(&mut self, start: usize) {
        let end = self.nodes.len();
        if let Some(node) = self.nodes.get_mut(start) {
            node.span.to = self.at;
            node.next = end;
        }
    }

    /// Whether two of the `members` of the object at `start` have the same name: n log n, whatever the names.
    fn has_duplicates(&self, start: usize, members: usize) -> bool {
        if members <= FEW_MEMBERS && self.has_different_marks(start) {
            return false;
        }
        self.has_same_names(start)
    }

    #[inline(never)]
    fn has_same_names(&self, start: usize) -> bool {
        // Sorts as well as any, in the least code.
        let names = self.names(start).map(|name| name.string(self.text, &self.unescaped));
        let names = BinaryHeap::from(names.collect::<Vec<&str>>()).into_sorted_vec();
        names.windows(2).any(|pair| matches!(pair, [one, other] if one == other))
    }

    /// Whether all names of the object at `start` differ in their marks, and so differ. Looks at [`FEW_MEMBERS`] of them.
    fn has_different_marks(&self, start: usize) -> bool {
        let mut marks = [0; FEW_MEMBERS];
        let mut names = self.names(start).zip(0..FEW_MEMBERS);
        names.all(|(name, position)| {
            let (before, rest) = marks.split_at_mut(position);
            if let [own, ..] = rest {
                *own = name.mark;
            }
            !before.contains(&name.mark)
        })
    }

    fn names(&self, start: usize) -> impl Iterator<Item = &Node> {
        let mut at = start + 1;
        std::iter::from_fn(move || {
            let [name, value] = self.nodes.get(at..)?.first_chunk()?;
            at = value.next;
            Some(name)
        })
    }

    fn string(&mut self) -> Result<(), Error> {
        self.at += 1;
        let from = self.at;
        self.skip_plain();
        if self.take(b'"') {
            let span = Span { from, to: self.at - 1 };
            self.push(Kind::String, span, mark(span.of(self.text)));
            return Ok(());
        }
        self.escaped_string(from)
    }

    /// The rest of a string that begins at `from` and holds an escape, or something that should be one.
    #[inline(never)]
    fn escaped_string(&mut self, from: usize) -> Result<(), Error> {
        let start = self.unescaped.len();
        let mut run = from;
        loop {
            self.skip_plain();
            let plain = Span { from: run, to: self.at }.of(self.text);
            self.unescaped.push_str(plain);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    let span = Span { from: start, to: self.unescaped.len() };
                    self.push(Kind::Unescaped, span, mark(span.of(&self.unescaped)));
                    return Ok(());
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
        self.at += plain(self.text.as_bytes().get(self.at..).unwrap_or_default());
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

/// How many bytes at the start of a text stand for themselves in a string (RFC 8259 section 7).
fn plain(text: &[u8]) -> usize {
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0x00..=0x1f);
    text.iter().position(is_special).unwrap_or(text.len())
}

/// The depth inside one more container.
fn inside(depth: usize) -> Result<usize, Error> {
    if depth < MAX_JSON_DEPTH { Ok(depth + 1) } else { Err(Error::MalformedJson("nesting of at most 32 levels")) }
}

#[cfg(test)]
mod tests;
