//! What the configuration's reader takes, and that it names what it refuses.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn refused<T: Read>(json: &str) -> (String, String) {
    match parse::<T>(json) {
        Err(Error::Config { member, problem }) => (member, problem),
        Err(other) => panic!("{json}: {other}"),
        Ok(_) => panic!("{json} was read"),
    }
}

fn says<T: Read>(json: &str, member: &str, problem: &str) {
    assert_eq!(refused::<T>(json), (member.to_owned(), problem.to_owned()), "{json}");
}

#[test]
fn names_the_member_and_says_what_was_expected() {
    says::<Config>("[]", "", "expected an object, not an array");
    says::<Config>("{}", "", "expected a member issuers");
    says::<VerifierConfig>(r#"{"issuers":[{},1]}"#, "issuers[1]", "expected an object, not this number");
    says::<VerifierConfig>(
        r#"{"issuers":[],"rules":[]}"#,
        "rules",
        "unknown member, expected issuers, clockToleranceSeconds or verifiedTokenCache",
    );
    says::<Rule>(r#"{"path":null}"#, "path", "expected a string, not null");
    says::<Rule>(r#"{"path":"/","public":1}"#, "public", "expected true or false, not this number");
    says::<Rule>(r#"{"path":"/","tenant":"none"}"#, "tenant", "expected any");
    says::<Cors>(r#"{"origins":{}}"#, "origins", "expected an array, not an object");
    says::<Issuer>(r#"{"types":[null,"a",true]}"#, "types[2]", "expected a string, not a boolean");
    says::<Issuer>(r#"{"audience":{}}"#, "audience", "expected a string or an array of strings, not an object");
    says::<Issuer>(r#"{"jwks":[]}"#, "jwks", "expected an object with an array called keys, not an array");
    says::<Issuer>(r#"{"preset":"okta"}"#, "preset", "expected cognito or auth0");
    says::<Tenant>(
        r#"{"from":{"hosts":{"a.example":1}}}"#,
        "from.hosts.a.example",
        "expected a string, not this number",
    );
}

#[test]
fn reads_only_plain_integers_in_range() {
    let seconds = |text: &str| parse::<VerifierConfig>(&format!(r#"{{"issuers":[],"clockToleranceSeconds":{text}}}"#));
    for (text, value) in [("0", 0), ("30", 30), ("4294967295", u32::MAX)] {
        assert_eq!(seconds(text).unwrap().clock_tolerance_seconds, value);
    }
    for text in ["-1", "-0", "30.0", "3e1", "4294967296", "9007199254740991", "\"30\"", "null", "true", "[]"] {
        let Err(Error::Config { member, .. }) = seconds(text) else { panic!("{text} was read") };
        assert_eq!(member, "clockToleranceSeconds", "{text}");
    }
}

#[test]
fn tells_a_stated_null_from_an_absent_member_where_it_matters() {
    let secret = |json: &str| parse::<Upstream>(json).unwrap().secret;
    assert_eq!(secret("{}"), None);
    assert_eq!(secret(r#"{"secret":null}"#), Some(None));
    assert_eq!(secret(r#"{"secret":"PROOF"}"#), Some(Some("PROOF".to_owned())));
    assert!(parse::<Issuer>(r#"{"issuer":null,"jwks":null,"algorithms":null}"#).is_ok());
}

#[test]
fn keeps_a_key_set_as_it_is_written() {
    let issuer: Issuer = parse(r#"{ "jwks" : {"keys": [ {"kty":"\u0045C"} ]} , "issuer":"a" }"#).unwrap();
    assert_eq!(issuer.jwks.unwrap().0, r#"{"keys": [ {"kty":"\u0045C"} ]}"#);
}

#[test]
fn says_where_a_text_stops_being_json() {
    let cases = [
        ("", "", "expected a JSON value at line 1 column 1"),
        ("{\n  \"a\": {\"b\": [1, \"]},\\\\\\\"[\", x", "a.b[2]", "expected a JSON value at line 2 column 30"),
        (r#"{"a":[[],{"b":1}],"c":tru}"#, "c", "expected true, false or null at line 1 column 23"),
        (r#"{"a":{"b":1,"b":2}}"#, "a", "expected members with different names at line 1 column 19"),
        ("{} x", "", "expected one JSON document at line 1 column 4"),
    ];
    for (json, member, problem) in cases {
        says::<VerifierConfig>(json, member, problem);
    }
}

/// The schema is derived from the types, the reader is written by hand: this holds them together.
#[cfg(feature = "schema")]
#[test]
fn reads_the_very_members_that_the_schema_describes() {
    use crate::config::{EntitlementsHook, StoreBinding, TokenClient, TokenService};

    fn check<T: Listed + schemars::JsonSchema>() {
        let schema = schemars::schema_for!(T).to_value();
        let described: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut listed = T::MEMBERS.to_vec();
        listed.sort_unstable();
        assert_eq!(described, listed);
    }
    check::<Config>();
    check::<VerifierConfig>();
    check::<Issuer>();
    check::<OwnIssuer>();
    check::<ClaimNames>();
    check::<Credentials>();
    check::<Cookie>();
    check::<Tenant>();
    check::<TenantFrom>();
    check::<Cors>();
    check::<Rule>();
    check::<Requirement>();
    check::<Identity>();
    check::<Upstream>();
    check::<TokenService>();
    check::<StoreBinding>();
    check::<EntitlementsHook>();
    check::<TokenClient>();
}

#[test]
fn a_configuration_may_have_8_mib_and_no_byte_more() {
    let text = |bytes: usize| format!(r#"{{"issuers":[]{}}}"#, " ".repeat(bytes - r#"{"issuers":[]}"#.len()));
    assert!(parse::<VerifierConfig>(&text(MAX_CONFIG_BYTES)).is_ok());
    let (member, problem) = refused::<VerifierConfig>(&text(MAX_CONFIG_BYTES + 1));
    assert_eq!((member.as_str(), problem.as_str()), ("", "expected at most 8 MiB of JSON"));
}
