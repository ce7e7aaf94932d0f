//! Prints the JSON Schema of the configuration and of what the gate answers. It is generated from the Rust types, and
//! the TypeScript types are generated from it, so that no shape is written twice.

use schemars::generate::SchemaSettings;
use tollgate::{Config, Decision, Principal, VerifierConfig};

fn main() {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    generator.subschema_for::<VerifierConfig>();
    generator.subschema_for::<Principal>();
    generator.subschema_for::<Decision>();
    let mut schema = generator.into_root_schema_for::<Config>();
    schema.insert("$id".to_owned(), "urn:tollgate:config".into());
    println!("{}", serde_json::to_string_pretty(&schema).unwrap_or_default());
}
