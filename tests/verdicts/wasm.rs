//! The verdicts in wasm: the same code as in the native tests, behind two functions. Refuses nothing and expects nothing.
//!
//! Build: `cargo build --release --example verdicts --features js --target wasm32-unknown-unknown`, then `wasm-bindgen`.
// An index into JSON that is not there gives null.
#![allow(missing_docs, unreachable_pub, clippy::indexing_slicing)]

#[path = "mod.rs"]
mod verdicts;

use serde_json::{Value, json};
use wasm_bindgen::prelude::wasm_bindgen;

/// Every suite: `[{"file":…,"cases":…,"accepted":…}]`. A file that ends in a slash is a folder.
#[wasm_bindgen]
pub fn suites() -> String {
    let suites = verdicts::SUITES.iter();
    let suites = suites.map(|suite| json!({"file": suite.file, "cases": suite.cases, "accepted": suite.accepted}));
    Value::from_iter(suites).to_string()
}

/// The verdicts that a kernel gives on one vector file: `[["case",true]…]`. `text` is the file's; for a folder, a JSON object of file path to
/// content in hexadecimal.
#[wasm_bindgen]
pub fn verdicts(kernel: &str, file: &str, text: &str) -> String {
    let chosen = tollgate::Kernel::named(kernel).and_then(tollgate::Kernel::choose);
    if chosen.is_none_or(|chosen| chosen.name() != kernel) {
        return json!({ "error": format!("{kernel} is not what runs: {chosen:?}") }).to_string();
    }
    json!(verdicts::verdicts(file, text)).to_string()
}
