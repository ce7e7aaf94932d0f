//! A set of texts, such as the plans of a rule. Compares whole texts only; keeps them in the order in which they were given,
//! too, for answers that name them.

use std::collections::BinaryHeap;

/// Texts among which one is found in as many steps as their number has bits.
#[derive(Debug, Clone, Default)]
pub(crate) struct TextSet {
    given: Vec<String>,
    /// Positions in `given`, by the order of the texts.
    sorted: Vec<u32>,
}

impl TextSet {
    /// Those of a list. One that stands there twice does no harm.
    pub(crate) fn new(given: Vec<String>) -> Self {
        let sorted = match given.len() {
            0 => Vec::new(),
            1 => vec![0],
            _ => sorted(&given),
        };
        Self { given, sorted }
    }

    pub(crate) fn contains(&self, text: &str) -> bool {
        self.sorted.binary_search_by(|at| text_at(&self.given, *at).cmp(text)).is_ok()
    }

    /// The texts as they were given.
    pub(crate) fn as_slice(&self) -> &[String] {
        &self.given
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.given.is_empty()
    }
}

/// Positions in a list, by the order of the texts. Out of line, because most lists hold one.
#[inline(never)]
fn sorted(given: &[String]) -> Vec<u32> {
    // A configuration is shorter than 4 GiB, and so is the list.
    let texts: BinaryHeap<(&str, u32)> = given.iter().map(String::as_str).zip(0..).collect();
    // The standard library's sorts would each be 4 kB of the module.
    texts.into_sorted_vec().into_iter().map(|(_, at)| at).collect()
}

/// FNV-1a: spreads texts, protects nothing. What hashes alike is compared whole by whoever asks.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn text_at(given: &[String], at: u32) -> &str {
    given.get(at as usize).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn finds_whole_texts_whatever_their_order_and_number() {
        for count in [0, 1, 2, 3, 7, 8, 9, 1_000] {
            // Neither sorted nor distinct.
            let given: Vec<String> = (0..count).map(|at| format!("plan-{}", at * 7 % 500)).collect();
            let set = TextSet::new(given.clone());
            assert_eq!(set.as_slice(), given);
            assert_eq!(set.is_empty(), count == 0);
            for text in &given {
                assert!(set.contains(text), "{text}");
                for other in [format!("{text}x"), format!("x{text}"), text.to_uppercase(), text.replace('-', " ")] {
                    assert!(!set.contains(&other), "{other}");
                }
            }
            for absent in ["", "plan-", "plan-501", "plan"] {
                assert!(!set.contains(absent), "{absent}");
            }
        }
    }
}
