//! Model origins, each laxer than it should be: what they serve for a path is what a gate in front of them must not let
//! through. They refuse nothing, and read a path in every way that real servers are known to.
#![allow(unreachable_pub)]

/// How an origin reads a path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Origin {
    /// How often it decodes percent escapes.
    decodes: u8,
    /// Resolves dot segments, drops parameters and empty segments, takes `\` for `/` and ends at NUL.
    normalises: bool,
    /// Ignores letter case and final slashes.
    ignores_case: bool,
}

/// The first origin that serves a report for the target, if there is one.
pub fn serving_a_report(target: &str) -> Option<Origin> {
    let any = |ignores_case| {
        (0..=2).flat_map(move |decodes| [true, false].map(|normalises| Origin { decodes, normalises, ignores_case }))
    };
    [true, false].into_iter().flat_map(any).find(|origin| origin.serves_a_report(target))
}

impl Origin {
    /// Its routes are `/reports` and everything below it.
    fn serves_a_report(self, target: &str) -> bool {
        let mut path = target.split(['?', '#']).next().unwrap_or_default().to_owned();
        for _ in 0..self.decodes {
            // What an escape of `?` or `#` hid is a query now.
            path = decoded(&path).split(['?', '#']).next().unwrap_or_default().to_owned();
        }
        if self.normalises {
            path = normalised(&path);
        }
        let spellings = if self.ignores_case { folded(path.trim_end_matches('/')) } else { vec![path] };
        spellings.iter().any(|path| path == "/reports" || path.starts_with("/reports/"))
    }
}

/// Percent escapes decoded once, leniently: what is no escape stays.
pub fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let value =
            text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(value.unwrap_or(bytes[at]));
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Dot segments resolved, parameters and empty segments dropped.
fn normalised(path: &str) -> String {
    let path = path.split('\0').next().unwrap_or_default().replace('\\', "/");
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment.split(';').next().unwrap_or_default() {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    format!("/{}", segments.join("/"))
}

/// Letter case ignored in each of the ways that there are.
fn folded(path: &str) -> Vec<String> {
    let lower = path.to_lowercase();
    vec![path.to_ascii_lowercase(), path.to_uppercase().to_lowercase(), lower.to_uppercase().to_lowercase(), lower]
}
