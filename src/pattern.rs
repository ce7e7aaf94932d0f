//! Regular expressions for tenant ids: whole matches only, in time linear in the text. Refuses word boundaries, Unicode
//! classes, back references, look-around, and all flags but `i` and `s`.
//!
//! A full engine was an eighth of the wasm. What is left here is what ids need; a test compares the two.

/// Instructions in one pattern. An id of 64 characters takes two hundred.
const MAX_INSTRUCTIONS: usize = 4_096;
/// Parentheses within parentheses.
const MAX_DEPTH: usize = 50;

const DIGITS: &[(char, char)] = &[('0', '9')];
const WORD: &[(char, char)] = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
const SPACE: &[(char, char)] = &[('\t', '\r'), (' ', ' ')];

/// The classes of POSIX, as in `[[:alpha:]]`.
const NAMED: &[(&str, &[(char, char)])] = &[
    ("alnum", &[('0', '9'), ('A', 'Z'), ('a', 'z')]),
    ("alpha", &[('A', 'Z'), ('a', 'z')]),
    ("ascii", &[('\0', '\x7f')]),
    ("blank", &[('\t', '\t'), (' ', ' ')]),
    ("cntrl", &[('\0', '\x1f'), ('\x7f', '\x7f')]),
    ("digit", DIGITS),
    ("graph", &[('!', '~')]),
    ("lower", &[('a', 'z')]),
    ("print", &[(' ', '~')]),
    ("punct", &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')]),
    ("space", SPACE),
    ("upper", &[('A', 'Z')]),
    ("word", WORD),
    ("xdigit", &[('0', '9'), ('A', 'F'), ('a', 'f')]),
];

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Pattern(Vec<Instruction>);

/// Jumps are relative, so that a repeated part can be copied.
#[derive(Debug, Clone)]
enum Instruction {
    /// One character of these ranges, or of none.
    Class {
        ranges: Vec<(char, char)>,
        negated: bool,
    },
    /// Go on at the next instruction, and there too.
    Fork(isize),
    Jump(isize),
    Start,
    End,
}

/// What is wrong with a pattern.
type Problem = &'static str;

impl Pattern {
    /// Compiles a pattern. It need not be anchored.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn new(pattern: &str) -> Result<Self, Problem> {
        let mut parser = Parser { rest: pattern.chars(), depth: 0, flags: Flags::default() };
        let code = parser.alternatives()?;
        match parser.rest.next() {
            None => Ok(Self(code)),
            Some(_) => Err("a parenthesis that nothing opens"),
        }
    }

    /// Whether the pattern matches the whole text. Each instruction is looked at once a character at most.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let mut threads = Threads { code: &self.0, seen: vec![usize::MAX; self.0.len() + 1], waiting: Vec::new() };
        threads.add(0, 0, text.is_empty());
        let mut rest = text.chars();
        let mut position = 0;
        while let Some(character) = rest.next() {
            position += 1;
            let is_end = rest.as_str().is_empty();
            for at in std::mem::take(&mut threads.waiting) {
                if let Some(Instruction::Class { ranges, negated }) = self.0.get(at)
                    && contains(ranges, character) != *negated
                {
                    threads.add(at + 1, position, is_end);
                }
            }
            if threads.waiting.is_empty() && threads.seen.last() != Some(&position) {
                return false;
            }
        }
        threads.seen.last() == Some(&position)
    }
}

fn contains(ranges: &[(char, char)], character: char) -> bool {
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&character))
}

/// Where a match may be at one position of the text.
struct Threads<'p> {
    code: &'p [Instruction],
    /// The last position at which each instruction was looked at; that after the last is the match.
    seen: Vec<usize>,
    /// The classes that wait for the next character.
    waiting: Vec<usize>,
}

impl Threads<'_> {
    fn add(&mut self, start: usize, position: usize, is_end: bool) {
        let mut open = vec![start];
        while let Some(at) = open.pop() {
            match self.seen.get_mut(at) {
                Some(seen) if *seen != position => *seen = position,
                _ => continue,
            }
            match self.code.get(at) {
                Some(Instruction::Class { .. }) => self.waiting.push(at),
                Some(Instruction::Fork(there)) => open.extend([at.wrapping_add_signed(*there), at + 1]),
                Some(Instruction::Jump(there)) => open.push(at.wrapping_add_signed(*there)),
                Some(Instruction::Start) if position == 0 => open.push(at + 1),
                Some(Instruction::End) if is_end => open.push(at + 1),
                _ => {}
            }
        }
    }
}

struct Parser<'p> {
    rest: std::str::Chars<'p>,
    depth: usize,
    flags: Flags,
}

/// What a group may turn on for the rest of it.
#[derive(Clone, Copy, Default)]
struct Flags {
    /// `i`: ASCII letters of either case.
    any_case: bool,
    /// `s`: a dot is a line feed too.
    dot_is_all: bool,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    fn take(&mut self, expected: &str) -> bool {
        let rest = self.rest.as_str().strip_prefix(expected);
        if let Some(rest) = rest {
            self.rest = rest.chars();
        }
        rest.is_some()
    }

    fn alternatives(&mut self) -> Result<Vec<Instruction>, Problem> {
        let mut code = self.sequence()?;
        while self.take("|") {
            let other = self.sequence()?;
            let mut both = vec![Instruction::Fork(offset(code.len() + 2))];
            both.append(&mut code);
            both.push(Instruction::Jump(offset(other.len() + 1)));
            both.extend(other);
            code = limited(both)?;
        }
        Ok(code)
    }

    fn sequence(&mut self) -> Result<Vec<Instruction>, Problem> {
        let mut code = Vec::new();
        while let Some(next) = self.peek() {
            if matches!(next, '|' | ')') {
                break;
            }
            let mut part = self.part()?;
            while let Some((least, most)) = self.repetition()? {
                part = repeated(&part, least, most)?;
                // Laziness chooses among matches; whether there is one is all that is asked.
                self.take("?");
            }
            code.append(&mut part);
            code = limited(code)?;
        }
        Ok(code)
    }

    fn part(&mut self) -> Result<Vec<Instruction>, Problem> {
        let flags = self.flags;
        let one = |ranges: Vec<(char, char)>, negated| Ok(vec![flags.class(ranges, negated)]);
        match self.rest.next() {
            Some('(') => {
                if self.take("?P<") || self.take("?<") {
                    while self.rest.next().ok_or("a group whose name does not end")? != '>' {}
                } else if self.take("?") && self.set_flags()? {
                    // The flags hold for the rest of the group that is open.
                    return Ok(Vec::new());
                }
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err("more than 50 parentheses within parentheses");
                }
                let code = self.alternatives()?;
                self.depth -= 1;
                self.flags = flags;
                if self.take(")") { Ok(code) } else { Err("a parenthesis that nothing closes") }
            }
            Some('[') => self.class().map(|class| vec![class]),
            Some('.') if flags.dot_is_all => one(Vec::new(), true),
            Some('.') => one(vec![('\n', '\n')], true),
            Some('^') => Ok(vec![Instruction::Start]),
            Some('$') => Ok(vec![Instruction::End]),
            Some('\\') => match self.escape()? {
                Escaped::Character(character) => one(vec![(character, character)], false),
                Escaped::Class(ranges, negated) => one(ranges.to_vec(), negated),
                Escaped::Start => Ok(vec![Instruction::Start]),
                Escaped::End => Ok(vec![Instruction::End]),
            },
            Some('*' | '+' | '?' | '{') => Err("a repetition of nothing"),
            Some(character) => one(vec![(character, character)], false),
            None => Err("a part that is missing"),
        }
    }

    /// Flags such as `i-s`, up to `:`, after which a group begins, or to `)`, which is `true`.
    fn set_flags(&mut self) -> Result<bool, Problem> {
        let mut on = true;
        loop {
            match self.rest.next() {
                Some('i') => self.flags.any_case = on,
                Some('s') => self.flags.dot_is_all = on,
                Some('-') if on => on = false,
                Some(':') => return Ok(false),
                Some(')') => return Ok(true),
                _ => return Err("look-around or a flag that is not supported"),
            }
        }
    }

    /// `*`, `+`, `?`, `{n}`, `{n,}` or `{n,m}`.
    fn repetition(&mut self) -> Result<Option<(usize, Option<usize>)>, Problem> {
        const FORM: Problem = "a repetition that is not {n}, {n,} or {n,m}";
        let range = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                let (range, rest) = self.rest.as_str().get(1..).and_then(|rest| rest.split_once('}')).ok_or(FORM)?;
                self.rest = rest.chars();
                let number = |text: &str| text.trim().parse::<usize>().map_err(|_| FORM);
                return match range.split_once(',') {
                    None => number(range).map(|count| Some((count, Some(count)))),
                    Some((least, "")) => Ok(Some((number(least)?, None))),
                    Some((least, most)) => match (number(least)?, number(most)?) {
                        (least, most) if least <= most => Ok(Some((least, Some(most)))),
                        _ => Err("a repetition whose least is above its most"),
                    },
                };
            }
            _ => return Ok(None),
        };
        self.rest.next();
        Ok(Some(range))
    }

    /// What follows an opening bracket.
    fn class(&mut self) -> Result<Instruction, Problem> {
        const OPEN: Problem = "a class that nothing closes";
        let negated = self.take("^");
        let mut ranges: Vec<(char, char)> = Vec::new();
        let mut is_first = true;
        loop {
            if !is_first && self.take("]") {
                return Ok(self.flags.class(ranges, negated));
            }
            is_first = false;
            if self.take("[:") {
                let (name, rest) = self.rest.as_str().split_once(":]").ok_or("a class in a class is not supported")?;
                self.rest = rest.chars();
                let (name, outside) = name.strip_prefix('^').map_or((name, false), |name| (name, true));
                let known = NAMED.iter().find(|(known, _)| *known == name).ok_or("a class name that is not known")?;
                extend(&mut ranges, known.1, outside);
                continue;
            }
            if ["&&", "--", "~~"].iter().any(|operator| self.rest.as_str().starts_with(operator)) {
                return Err("set operations are not supported");
            }
            let first = match self.rest.next().ok_or(OPEN)? {
                '[' => return Err("a class in a class is not supported"),
                '\\' => match self.escape()? {
                    Escaped::Character(character) => character,
                    Escaped::Class(class, outside) => {
                        extend(&mut ranges, class, outside);
                        continue;
                    }
                    Escaped::Start | Escaped::End => return Err("an anchor in a class"),
                },
                character => character,
            };
            let is_range =
                self.peek() == Some('-') && !["-]", "--"].iter().any(|end| self.rest.as_str().starts_with(end));
            let mut last = first;
            if is_range {
                self.rest.next();
                last = match self.rest.next().ok_or(OPEN)? {
                    '\\' => match self.escape()? {
                        Escaped::Character(character) => character,
                        _ => return Err("a range that ends in a class"),
                    },
                    '[' => return Err("a class in a class is not supported"),
                    character => character,
                };
            }
            if last < first {
                return Err("a range whose first is above its last");
            }
            ranges.push((first, last));
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<Escaped, Problem> {
        Ok(match self.rest.next().ok_or("a backslash at the end")? {
            'd' => Escaped::Class(DIGITS, false),
            'D' => Escaped::Class(DIGITS, true),
            'w' => Escaped::Class(WORD, false),
            'W' => Escaped::Class(WORD, true),
            's' => Escaped::Class(SPACE, false),
            'S' => Escaped::Class(SPACE, true),
            'A' => Escaped::Start,
            'z' => Escaped::End,
            'n' => Escaped::Character('\n'),
            'r' => Escaped::Character('\r'),
            't' => Escaped::Character('\t'),
            // Every mark may be escaped. A letter or digit may come to mean something.
            mark if mark.is_ascii_punctuation() && !matches!(mark, '<' | '>') => Escaped::Character(mark),
            _ => return Err("an escape that is not supported"),
        })
    }
}

impl Flags {
    fn class(self, mut ranges: Vec<(char, char)>, negated: bool) -> Instruction {
        if self.any_case {
            for at in 0..ranges.len() {
                let Some((first, last)) = ranges.get(at).copied() else { break };
                for (from, to, shift) in [('a', 'z', -32), ('A', 'Z', 32)] {
                    let shifted = |letter: char| u32::from(letter).checked_add_signed(shift).and_then(char::from_u32);
                    let (first, last) = (first.max(from), last.min(to));
                    if let (true, Some(first), Some(last)) = (first <= last, shifted(first), shifted(last)) {
                        ranges.push((first, last));
                    }
                }
            }
        }
        Instruction::Class { ranges, negated }
    }
}

/// What an escape stands for.
enum Escaped {
    Character(char),
    /// The ranges, and whether what is outside of them is meant.
    Class(&'static [(char, char)], bool),
    Start,
    End,
}

/// Adds a class, or what is outside of it: `class` is sorted, and no two ranges of it touch.
fn extend(ranges: &mut Vec<(char, char)>, class: &[(char, char)], outside: bool) {
    if !outside {
        return ranges.extend_from_slice(class);
    }
    // All of them are ASCII, so one above and one below is a character too.
    let mut next = '\0';
    for (first, last) in class {
        if let Some(before) = u32::from(*first).checked_sub(1).and_then(char::from_u32)
            && next <= before
        {
            ranges.push((next, before));
        }
        next = char::from_u32(u32::from(*last) + 1).unwrap_or(*last);
    }
    ranges.push((next, char::MAX));
}

/// `code` at least `least` times, and at most `most` where there is a most.
fn repeated(code: &[Instruction], least: usize, most: Option<usize>) -> Result<Vec<Instruction>, Problem> {
    let length = code.len() + 2;
    if most.unwrap_or(least).max(least).saturating_add(1).saturating_mul(length) > MAX_INSTRUCTIONS {
        return Err("too large when it is spelt out");
    }
    let mut spelt = Vec::new();
    for _ in 0..least {
        spelt.extend_from_slice(code);
    }
    match most {
        None => {
            spelt.push(Instruction::Fork(offset(code.len() + 2)));
            spelt.extend_from_slice(code);
            spelt.push(Instruction::Jump(-offset(code.len() + 1)));
        }
        Some(most) => {
            for left in (1..=most - least).rev() {
                spelt.push(Instruction::Fork(offset((code.len() + 1) * left)));
                spelt.extend_from_slice(code);
            }
        }
    }
    Ok(spelt)
}

fn limited(code: Vec<Instruction>) -> Result<Vec<Instruction>, Problem> {
    if code.len() > MAX_INSTRUCTIONS { Err("too large when it is spelt out") } else { Ok(code) }
}

/// Programs are short, so a distance in one fits.
fn offset(distance: usize) -> isize {
    isize::try_from(distance).unwrap_or(isize::MAX)
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use regex_lite::Regex;

    use super::*;

    /// What another engine says about a whole match.
    fn other(pattern: &str) -> Option<Regex> {
        Regex::new(pattern).and_then(|_| Regex::new(&format!("^(?:{pattern})$"))).ok()
    }

    const TEXTS: [&str; 22] = [
        "", "a", "b", "ab", "ba", "aab", "aaaa", "abc", "a-b", "-", "_", "A", "Z9", "0", "9", "t1", "root", "a\nb",
        " ", "\u{e9}", "a]", "\\",
    ];

    #[track_caller]
    fn agrees(pattern: &str) {
        let (ours, theirs) = (Pattern::new(pattern), other(pattern));
        assert_eq!(ours.is_ok(), theirs.is_some(), "{pattern:?}: {ours:?}");
        let (Ok(ours), Some(theirs)) = (ours, theirs) else { return };
        for text in TEXTS {
            assert_eq!(ours.matches(text), theirs.is_match(text), "{pattern:?} on {text:?}");
        }
    }

    #[test]
    fn agrees_with_another_engine_on_what_ids_need() {
        for pattern in [
            "",
            "a",
            "ab",
            "a|b",
            "a|",
            "|a",
            "()",
            "(a|b)*",
            "(?:ab)+",
            "(?P<x>a)b",
            "(?<y>a)b",
            "a*b",
            "a+",
            "a?",
            "a??b",
            "a{2}",
            "a{2,}",
            "a{1,3}b",
            "a{0}",
            "(a{2}){2}",
            "a**",
            "(a*)*",
            "(a+)+b",
            "[a-z0-9][a-z0-9_-]{0,63}",
            "t[0-9]+|root",
            ".",
            "..",
            "^a$",
            "^^a",
            "a^",
            "$a",
            "\\Aab\\z",
            "\\d",
            "\\D",
            "\\w+",
            "\\W",
            "\\s",
            "\\S\\S",
            "\\.",
            "\\-",
            "\\\\",
            "[^a]",
            "[^a-z]+",
            "[]a]+",
            "[^]]",
            "[-a]",
            "[a-]",
            "[\\]a]+",
            "[\\d_]",
            "[\\D]",
            "[^\\W]",
            "[[:alpha:]]+",
            "[[:^digit:]a]",
            "[a\\-z]+",
            "]",
            "}",
            "a}",
            "\\n",
            "(a|ab)(c|bcd)?",
            "[a-a]",
            "\u{e9}",
            "[\u{e0}-\u{ff}]",
            "[ -~]+",
            "(?i)AB",
            "(?i:a)B|(?s).*",
            "a(?i)b|A",
            "((?i)a)A",
            "(?i-s:[A-C]+)",
            "(?is).+",
            "(?i)[^a]",
        ] {
            agrees(pattern);
        }
    }

    #[test]
    fn refuses_what_another_engine_refuses() {
        for pattern in [
            "(",
            ")",
            "a)|(b",
            "[",
            "[a",
            "[]",
            "[^]",
            "*",
            "+a",
            "a|*",
            "{2}",
            "a{",
            "a{2",
            "a{,2}",
            "a{3,1}",
            "a{x}",
            "\\",
            "[z-a]",
            "[a-\\d]",
            "[[a]]",
            "[a&&b]",
            "[a--b]",
            "(?=a)",
            "(?!a)",
            "\\1",
            "\\y",
            "[[:alphabet:]]",
            "\\p{L}",
            "(?P<x",
        ] {
            agrees(pattern);
            assert!(Pattern::new(pattern).is_err(), "{pattern:?}");
        }
    }

    #[test]
    fn refuses_other_flags_and_word_boundaries_which_ids_do_not_need() {
        for pattern in ["(?m)a", "(?x:a)", "a{99999}", "\\ba", "\\Ba", "\\x41", "\\b{start}a"] {
            assert!(Pattern::new(pattern).is_err(), "{pattern:?}");
        }
    }

    #[test]
    fn bounds_the_work_of_any_pattern() {
        assert!(Pattern::new(&"(".repeat(51)).is_err());
        assert!(Pattern::new(&format!("{}a{}", "(".repeat(50), ")".repeat(50))).is_ok());
        assert!(Pattern::new("((a{50}){50}){50}").is_err());
        assert!(Pattern::new(&"a".repeat(5_000)).is_err());
        assert!(!Pattern::new("(a*)*b").unwrap().matches(&"a".repeat(10_000)));
    }
}
