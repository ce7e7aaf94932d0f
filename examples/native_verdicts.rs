//! The verdicts of the native build, to be compared with those of the wasm builds: reads a JSON object of vector file to
//! text, and prints one of vector file to verdicts. Expects nothing.
// The suites themselves are asked of the wasm build.
#![allow(missing_docs, unreachable_pub, dead_code, clippy::indexing_slicing)]

#[path = "../tests/verdicts/mod.rs"]
mod verdicts;

use std::collections::BTreeMap;
use std::io::{Error, stdin};

fn main() -> Result<(), Error> {
    let files: BTreeMap<String, String> = serde_json::from_reader(stdin().lock())?;
    let judged: BTreeMap<_, _> = files.iter().map(|(file, text)| (file, verdicts::verdicts(file, text))).collect();
    println!("{}", serde_json::to_string(&judged)?);
    Ok(())
}
