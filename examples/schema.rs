//! Prints the JSON Schema of the configuration and of what the gate answers. It is generated from the Rust types, and
//! the TypeScript types are generated from it, so that no shape is written twice.

use schemars::generate::SchemaSettings;
use tollgate::{Config, Decision, Principal, VerifierConfig};

fn main() {
    // What is answered is described as it is written: an absent value is a null, never a missing member.
    let mut answers = SchemaSettings::draft2020_12().for_serialize().into_generator();
    answers.subschema_for::<Principal>();
    answers.subschema_for::<Decision>();
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    generator.subschema_for::<VerifierConfig>();
    generator.definitions_mut().extend(answers.take_definitions(true));
    let mut schema = generator.into_root_schema_for::<Config>();
    schema.insert("$id".to_owned(), "urn:tollgate:config".into());
    println!("{}", serde_json::to_string_pretty(&schema).unwrap_or_default());
}
