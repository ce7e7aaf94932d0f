//! Routing: which rule a path meets, and which paths are refused because an origin could read them as another one.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn rule(path: &str, methods: Option<&[&str]>) -> config::Rule {
    let mut rule = serde_json::json!({ "path": path });
    if let Some(methods) = methods {
        rule["methods"] = methods.to_vec().into();
    }
    crate::config::from_value(rule).unwrap()
}

fn router(paths: &[&str]) -> Router {
    Router::compile(&paths.iter().map(|path| rule(path, None)).collect::<Vec<_>>()).unwrap()
}

fn find(router: &Router, path: &str) -> Result<usize, Error> {
    router.find("GET", &Path::judge(path)?).map(|found| found.rule)
}

#[test]
fn prefers_literal_then_name_then_rest_whatever_the_order() {
    let router = router(&["/{*rest}", "/orders/{id}", "/orders/latest", "/orders/{id}/lines/{*rest}"]);
    assert_eq!(find(&router, "/orders/latest"), Ok(2));
    assert_eq!(find(&router, "/orders/7"), Ok(1));
    assert_eq!(find(&router, "/orders/7/lines"), Ok(3));
    assert_eq!(find(&router, "/orders/7/lines/"), Ok(3));
    assert_eq!(find(&router, "/orders/7/lines/1/x"), Ok(3));
    assert_eq!(find(&router, "/orders/7/other"), Ok(0));
    assert_eq!(find(&router, "/"), Ok(0));
}

#[test]
fn rest_matches_nothing_too() {
    let router = router(&["/reports/{*rest}"]);
    assert_eq!(find(&router, "/reports"), Ok(0));
    assert_eq!(find(&router, "/reports/"), Ok(0));
    assert_eq!(find(&router, "/reports/x/"), Ok(0));
    assert_eq!(find(&router, "/"), Err(Error::NoRule));
    assert_eq!(find(&router, "/reportsx"), Err(Error::NoRule));
}

// catalogue: L14
#[test]
fn refuses_paths_that_an_origin_may_read_as_another_rule() {
    let router = router(&["/health", "/reports/{*rest}", "/orders/{id}", "/{*rest}"]);
    for path in [
        "/Health",
        "/health/",
        "/HEALTH/",
        "/Reports",
        "/REPORTS/x",
        "/rePorts/",
        "/orders/7/",
        "/Orders/7",
        "/%E2%84%AAx/../y",
        "/report%C5%BF/x",
        "/reports%3F",
        "/reports%3Fx",
        "/Reports%23x",
        "/health%3f/x",
        "/orders/%23",
    ] {
        assert_eq!(find(&router, path).unwrap_err().code(), "bad_path", "{path}");
    }
    assert_eq!(find(&router, "/reports/X"), Ok(1));
    assert_eq!(find(&router, "/orders/A7"), Ok(2));
    assert_eq!(find(&router, "/other/"), Ok(3));
    // An encoded `?` or `#` that leads nowhere else is an ordinary character.
    assert_eq!(find(&router, "/orders/C%23"), Ok(2));
    assert_eq!(find(&router, "/reports/what%3F/x"), Ok(1));
    assert_eq!(find(&router, "/other/a%3Fb"), Ok(3));
}

// catalogue: L14
#[test]
fn folds_letter_case_as_any_origin_does() {
    let router = router(&["/pass", "/kiss/{id}", "/caf%C3%A9", "/{*rest}"]);
    for path in [
        "/pa%C3%9F",
        "/pa%E1%BA%9E",
        "/PA%E1%BA%9E",
        "/pa%C5%BFs",
        "/%E2%84%AAiss/1",
        "/ki%C3%9F/1",
        "/caf%C3%89",
        "/CAF%C3%A9",
    ] {
        assert_eq!(find(&router, path).unwrap_err().code(), "bad_path", "{path}");
    }
    assert_eq!(find(&router, "/caf%C3%A9"), Ok(2));
    assert_eq!(find(&router, "/cafe%CC%81"), Ok(3), "another character sequence; nothing here normalises");
}

// catalogue: L14
#[test]
fn refuses_paths_that_can_not_be_judged() {
    for path in [
        "",
        "x",
        "//",
        "//x",
        "/a//b",
        "/.",
        "/..",
        "/./a",
        "/a/..",
        "/a/../b",
        "/%2e",
        "/%2E%2e/a",
        "/.%2e/a",
        "/a/%2e",
        "/a%2e",
        "/%72eports",
        "/a;v=1",
        "/;",
        "/a%3bv",
        "/a%5cb",
        "/a\\b",
        "/a%25b",
        "/a%2572",
        "/a b",
        "/a\tb",
        "/a<b",
        "/a\"b",
        "/a^b",
        "/a|b",
        "/a`b",
        "/a{b",
        "/a}b",
        "/a[b",
        "/a]b",
        "/a#b",
        "/a%",
        "/a%2",
        "/a%zz",
        "/a%00",
        "/a%0a",
        "/a%7f",
        "/%ff",
        "/%c0%af",
        "/%ed%a0%80",
        "/é",
        "/a%2f%2fb",
        "/x/..%2freports/y",
        "/%2f",
        "/a/..%3Fx",
        "/a/.%23",
    ] {
        assert_eq!(Path::judge(path).unwrap_err().code(), "bad_path", "{path:?}");
    }
    for path in ["/", "/a", "/a/", "/a/b", "/a.b", "/...", "/a%20b", "/%C3%A9", "/a:b@c!$&'()*+,=", "/~a_-"] {
        assert!(Path::judge(path).is_ok(), "{path:?}");
    }
}

#[test]
fn passes_an_encoded_slash_only_where_the_rule_says_so() {
    let mut pass = rule("/files/{*rest}", None);
    pass.encoded_slash = Some(config::EncodedSlash::Pass);
    let router =
        Router::compile(&[pass.clone(), rule("/files/private/{*rest}", None), rule("/{*rest}", None)]).unwrap();
    assert_eq!(find(&router, "/files/a%2Fb"), Ok(0));
    assert_eq!(find(&router, "/files/a%2fb"), Ok(0));
    for path in ["/x/a%2Fb", "/files/private%2Fx", "/files/..%2Fx", "/files%2Fx", "/files/a%2F%2Fb"] {
        assert_eq!(find(&router, path).unwrap_err().code(), "bad_path", "{path}");
    }
    pass.path = "/files/{name}".to_owned();
    assert_eq!(Router::compile(&[pass]).unwrap_err().code(), "config_invalid");
}

#[test]
fn tells_rules_of_one_shape_apart_by_method() {
    let rules = [rule("/a", Some(&["GET"])), rule("/a", Some(&["POST", "PUT"])), rule("/{*rest}", None)];
    let router = Router::compile(&rules).unwrap();
    let a = Path::judge("/a").unwrap();
    assert_eq!(router.find("GET", &a).unwrap().rule, 0);
    assert_eq!(router.find("HEAD", &a).unwrap().rule, 0);
    assert_eq!(router.find("PUT", &a).unwrap().rule, 1);
    // A method that the shape leaves out is denied; it never falls through to a wider shape.
    assert_eq!(router.find("DELETE", &a).unwrap_err(), Error::NoRule);
    assert_eq!(router.find("get", &a).unwrap_err(), Error::NoRule);
}

#[test]
fn refuses_rules_that_can_not_be_told_apart() {
    let clash = |a: (&str, Option<&[&str]>), b: (&str, Option<&[&str]>)| {
        Router::compile(&[rule(a.0, a.1), rule(b.0, b.1)]).unwrap_err().code()
    };
    assert_eq!(clash(("/a", None), ("/a", None)), "config_invalid");
    assert_eq!(clash(("/a", Some(&["GET"])), ("/a", Some(&["HEAD"]))), "config_invalid");
    assert_eq!(clash(("/{a}", None), ("/{b}", Some(&["GET"]))), "config_invalid");
    assert_eq!(clash(("/a", None), ("/A", None)), "config_invalid");
    assert_eq!(clash(("/a", None), ("/a/", None)), "config_invalid");
    assert_eq!(clash(("/{tenant}/x", Some(&["GET"])), ("/{id}/x", Some(&["PUT"]))), "config_invalid");
}

#[test]
fn refuses_templates_that_no_request_can_match() {
    for path in [
        "",
        "a",
        "//a",
        "/a//",
        "/../a",
        "/%61",
        "/a;b",
        "/{}",
        "/{a b}",
        "/{a}/{a}",
        "/{*rest}/a",
        "/{*other}",
        "/a%2fb",
        "/é",
    ] {
        assert_eq!(Router::compile(&[rule(path, None)]).unwrap_err().code(), "config_invalid", "{path:?}");
    }
}

#[test]
fn names_the_tenant_segment() {
    let router = router(&["/t/{tenant}/{*rest}"]);
    let path = Path::judge("/t/acme/x").unwrap();
    assert_eq!(router.find("GET", &path).unwrap().tenant, Some("acme"));
}

#[test]
fn ten_thousand_rules_are_told_apart() {
    let rules: Vec<_> = (0..10_000)
        .map(|index| {
            crate::config::from_value(serde_json::json!({ "path": format!("/api/service-{index}/{{id}}") })).unwrap()
        })
        .collect();
    let router = Router::compile(&rules).unwrap();
    for index in [0, 1, 4_999, 9_999] {
        let raw = format!("/api/service-{index}/7");
        assert_eq!(router.find("GET", &Path::judge(&raw).unwrap()).unwrap().rule, index);
    }
    for raw in ["/api/service-10000/7", "/api/service-/7", "/api/service-1", "/api/Service-1/7"] {
        assert!(router.find("GET", &Path::judge(raw).unwrap()).is_err(), "{raw}");
    }
}

#[test]
fn segments_that_hash_alike_are_told_apart() {
    // As if both did.
    let mut node = Node::default();
    node.literals.insert((fnv1a(b"one"), 0), Box::new(("other".to_owned(), Node::default())));
    assert!(node.child("one").is_none());
    node.made("one").here = Some(7);
    assert_eq!(node.child("one").and_then(|child| child.here), Some(7));
    node.made("one").rest = Some(8);
    assert_eq!(node.literals.len(), 2);
    assert_eq!(node.child("one").and_then(|child| child.rest), Some(8));
}
