//! Each endpoint over HTTP: what it takes, what it answers, and every row of the table of errors.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const SESSION: &str = "grant_type=urn:tollgate:session&user=u-1&tenant=acme";
const OWN_PAGE: [(&str, &str); 2] = [("origin", ISSUER), ("sec-fetch-site", "same-origin")];

#[test]
fn passes_what_is_not_its_own() {
    let mut host = Host::new();
    for path in [
        "/",
        "/auth",
        "/auth/",
        "/auth/tokens",
        "/auth/token/",
        "/auth//token",
        "/AUTH/token",
        "/auth/%74oken",
        "/x/auth/token",
        "/authtoken",
        "/.well-known/jwks.json/",
        "/.well-known/openid-configuration",
    ] {
        assert_eq!(host.begin("POST", path, &[FORM], b"a=1"), json!({ "do": "pass" }), "{path}");
    }
    let random = host.random();
    let raw = Request { method: "POST", url: "/auth/token", headers: &[("host", "api.example.com"), FORM] };
    assert_ne!(host.tokens.begin(&raw, b"", host.now, &random), Step::Pass, "a raw target is one too");
    assert!(host.tokens.serves(raw.url));
    // What is no target is the gate's to refuse.
    for url in
        ["", "*", "auth/token", "ftp://a.example/auth/token", "https:/a.example/auth/token", "https://a?/auth/token"]
    {
        assert_eq!(host.tokens.begin(&Request { url, ..raw }, b"", host.now, &random), Step::Pass, "{url:?}");
        assert!(!host.tokens.serves(url), "{url:?}");
    }
}

#[test]
fn has_the_prefix_that_is_configured() {
    let mut config = config();
    config["tokens"]["prefix"] = json!("/v1/session");
    let mut host = Host::with(&config);
    assert_eq!(host.asked(("web", WEB), "/v1/session/token", SESSION).status, 200);
    assert_eq!(host.begin("POST", "/auth/token", &[FORM], b""), json!({ "do": "pass" }));
}

#[test]
fn publishes_its_keys() {
    let mut host = Host::new();
    for path in ["/.well-known/jwks.json", "/.well-known/jwks.json?v=1"] {
        let answer = Answer::of(&host.begin("GET", path, &[], b""));
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body, host.tokens.key_set(host.now));
        assert_eq!(answer.json()["keys"].as_array().unwrap().len(), 1);
        assert_eq!(answer.all("cache-control"), ["public, max-age=300"]);
        assert_eq!(answer.all("content-type"), ["application/jwk-set+json"]);
        assert_eq!(answer.all("access-control-allow-origin"), ["*"]);
        assert_eq!(answer.headers.len(), 3);
        let head = Answer::of(&host.begin("HEAD", path, &[], b""));
        assert_eq!((head.status, head.body.as_str(), &head.headers), (200, "", &answer.headers));
    }
    let post = Answer::of(&host.begin("POST", "/.well-known/jwks.json", &[], b""));
    post.is(405, "invalid_request");
    assert_eq!(post.all("allow"), ["GET, HEAD"]);
}

// catalogue: Q15
#[test]
fn refuses_every_method_but_post() {
    let mut host = Host::new();
    for path in ["/auth/token", "/auth/refresh", "/auth/revoke", "/auth/revoke-all"] {
        for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "post", "PATCH"] {
            let answer = Answer::of(&host.begin(method, path, &[FORM], b""));
            answer.is(405, "invalid_request");
            assert_eq!(answer.all("allow"), ["POST"]);
        }
    }
    assert_eq!(host.done.iter().filter(|done| *done != "answer").count(), 0);
}

// catalogue: Q15
#[test]
fn refuses_bodies_that_are_no_form() {
    let mut host = Host::new();
    let (name, value) = basic("web", WEB);
    let json = r#"{"grant_type":"urn:tollgate:session","user":"u-1","tenant":"acme"}"#;
    let own = (name, value.as_str());
    for (headers, body) in [
        (vec![own], SESSION),
        (vec![own, ("content-type", "application/json")], json),
        (vec![own, ("content-type", "application/json")], SESSION),
        (vec![own, ("content-type", "text/plain")], SESSION),
        (vec![own, FORM, FORM], SESSION),
        (vec![own, FORM], json),
        (vec![own, FORM], ""),
        (vec![own, FORM], "grant_type=urn:tollgate:session&user=u-1&user=u-2&tenant=acme"),
        (vec![own, FORM], "grant_type=urn:tollgate:session&user=u-1&tenant=acme&x=1&x=2"),
        (vec![own, FORM], "grant_type=urn:tollgate:session&user=u-%1&tenant=acme"),
        (vec![own, FORM], "grant_type=urn:tollgate:session&user=u-%ff&tenant=acme"),
    ] {
        host.post("/auth/token", &headers, body).is(400, "invalid_request");
    }
    host.post("/auth/token?user=u-1", &[own, FORM], SESSION).is(400, "invalid_request");
    host.post("/auth/token?", &[own, FORM], SESSION).is(400, "invalid_request");
    assert_eq!(host.post("/auth/token", &[own, FORM], SESSION).status, 200);
}

// catalogue: Q15
#[test]
fn bounds_the_body_and_the_header_fields() {
    let mut host = Host::new();
    let fits = format!("{SESSION}&x={}", "x".repeat(16 * 1024 - SESSION.len() - 3));
    assert_eq!(host.asked(("web", WEB), "/auth/token", &fits).status, 200);
    for body in [format!("{fits}x"), "x".repeat(1024 * 1024)] {
        host.asked(("web", WEB), "/auth/token", &body).is(413, "invalid_request");
    }
    let line = format!("__Host-refresh_token={}", "x".repeat(16 * 1024));
    let cookie = [OWN_PAGE[0], OWN_PAGE[1], ("cookie", line.as_str())];
    host.post("/auth/refresh", &cookie, "").is(431, "invalid_request");
    let many = vec![("x", "y"); 129];
    host.post("/auth/token", &many, SESSION).is(431, "invalid_request");
    host.post(&format!("/auth/token?{}", "x".repeat(9_000)), &[], SESSION).is(414, "invalid_request");
    host.post("/auth/token", &[("a b", "c")], SESSION).is(400, "invalid_request");
    host.post("/auth/token", &[("host", "other.example")], SESSION).is(400, "invalid_request");
}

// catalogue: Q12
#[test]
fn asks_every_client_for_its_proof() {
    let mut host = Host::new();
    let mut wrong: Vec<Option<(&str, String)>> = vec![None, Some(basic("web", JOBS)), Some(basic("nobody", WEB))];
    wrong.push(Some(("authorization", "Basic !!!".to_owned())));
    wrong.push(Some(("authorization", format!("Bearer {WEB}"))));
    for path in ["/auth/token", "/auth/revoke-all", "/auth/revoke"] {
        for proof in &wrong {
            let mut headers = vec![FORM];
            headers.extend(proof.as_ref().map(|(name, value)| (*name, value.as_str())));
            // Without a proof but with a token, `/revoke` is no cookie form.
            let answer =
                host.post(path, &[&headers[..], &OWN_PAGE].concat(), "token=x&user=u-1&grant_type=refresh_token");
            answer.is(401, "invalid_client");
            assert_eq!(answer.all("www-authenticate"), ["Basic realm=\"tollgate\""]);
        }
    }
}

#[test]
fn answers_each_fault_of_a_request_for_tokens() {
    let mut host = Host::new();
    let long = format!("grant_type=urn:tollgate:session&tenant=acme&user={}", "u".repeat(257));
    for (body, error) in [
        ("user=u-1&tenant=acme", "invalid_request"),
        ("grant_type=&user=u-1&tenant=acme", "invalid_request"),
        ("grant_type=password&username=u&password=p", "unsupported_grant_type"),
        ("grant_type=client_credentials", "unsupported_grant_type"),
        ("grant_type=authorization_code&code=x", "unsupported_grant_type"),
        ("grant_type=refresh_token", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=x&tenant=acme", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=x&user=u-1", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=x&scope=a", "invalid_scope"),
        ("grant_type=refresh_token&refresh_token=x&scope=", "invalid_grant"),
        ("grant_type=refresh_token&refresh_token=x&client_secret=y", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=x&client_id=jobs", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=x&client_id=web", "invalid_grant"),
        ("grant_type=refresh_token&refresh_token=x&resource=y", "invalid_grant"),
        ("grant_type=urn:tollgate:session&user=u-1", "invalid_request"),
        ("grant_type=urn:tollgate:session&tenant=acme", "invalid_request"),
        ("grant_type=urn:tollgate:session&user=u-1&tenant=Acme", "invalid_request"),
        ("grant_type=urn:tollgate:session&user=u-1&tenant=a%00", "invalid_request"),
        ("grant_type=urn:tollgate:session&user=u%0A&tenant=acme", "invalid_request"),
        ("grant_type=urn:tollgate:session&user=u%7F&tenant=acme", "invalid_request"),
        ("grant_type=urn:tollgate:session&user=web&tenant=acme", "invalid_request"),
        ("grant_type=urn:tollgate:session&user=u-1&tenant=acme&scope=a", "invalid_scope"),
        (long.as_str(), "invalid_request"),
    ] {
        host.did();
        host.asked(("web", WEB), "/auth/token", body).is(400, error);
        assert_eq!(host.did(), "answer", "{body}");
    }
    let longest = long.replacen('u', "", 0).replace(&"u".repeat(257), &"u".repeat(256));
    assert_eq!(host.asked(("web", WEB), "/auth/token", &longest).status, 200);
    host.asked(("acme-admin", JOBS), "/auth/token", &SESSION.replace("acme", "globex")).is(400, "unauthorized_client");
    assert_eq!(host.asked(("acme-admin", JOBS), "/auth/token", SESSION).status, 200);
}

#[test]
fn a_client_that_may_not_have_the_tenant_any_more_refreshes_nothing() {
    let jwks = [private_jwk(), private_jwk()];
    let keys = keys_document(&[(NOW - 3_600, &jwks[0])], &[(NOW - 3_600, &jwks[1])]);
    let mut before = Host::with_keys(&config(), &keys);
    let token = before.log_in().refresh_token();
    let mut narrowed = config();
    narrowed["tokens"]["clients"][0]["tenants"] = json!(["globex"]);
    let mut host = Host::with_keys(&narrowed, &keys);
    host.store = before.store.clone();
    host.refresh(&token).is(400, "unauthorized_client");
    host.by_cookie("/auth/refresh", &token).is(400, "unauthorized_client");
    let mut gone = config();
    gone["tokens"]["clients"][0]["id"] = json!("web-2");
    let mut host = Host::with_keys(&gone, &keys);
    host.store = before.store;
    host.by_cookie("/auth/refresh", &token).is(400, "invalid_grant");
    assert_eq!(host.told_why(), why("session_refused", "unknown_client"));
}

#[test]
fn revokes_a_family_for_its_client_and_says_the_same_to_everyone() {
    let mut host = Host::new();
    let token = host.log_in().refresh_token();
    let body = format!("token={token}&token_type_hint=access_token");
    host.did();
    host.told();
    let foreign = host.asked(("jobs", JOBS), "/auth/revoke", &body);
    assert_eq!((host.did().as_str(), host.told().len()), ("answer", 0), "another client's token is not touched");
    let unknown = host.asked(("web", WEB), "/auth/revoke", "token=x");
    let first = host.asked(("web", WEB), "/auth/revoke", &body);
    assert_eq!((host.told(), host.did().as_str()), (vec!["session_revoked".to_owned()], "answer revoke answer"));
    let second = host.asked(("web", WEB), "/auth/revoke", &body);
    assert_eq!(host.told(), Vec::<String>::new());
    for answer in [&foreign, &unknown, &first, &second] {
        assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
        assert_eq!(*answer, first);
        assert_eq!(answer.all("set-cookie"), Vec::<&str>::new());
    }
    host.refresh(&token).is(400, "invalid_grant");
    host.asked(("web", WEB), "/auth/revoke", "token=").is(400, "invalid_request");
    host.asked(("web", WEB), "/auth/revoke", "x=y").is(400, "invalid_request");
}

#[test]
fn revokes_all_for_clients_that_may() {
    let mut host = Host::new();
    for (client, secret, body, status, error) in [
        ("jobs", JOBS, "user=u-1", 200, ""),
        ("jobs", JOBS, "tenant=acme", 200, ""),
        ("acme-admin", JOBS, "tenant=acme", 200, ""),
        ("acme-admin", JOBS, "tenant=globex", 400, "unauthorized_client"),
        ("acme-admin", JOBS, "user=u-1", 400, "unauthorized_client"),
        ("web", WEB, "user=u-1", 400, "unauthorized_client"),
        ("web", WEB, "tenant=acme", 400, "unauthorized_client"),
        ("jobs", JOBS, "user=u-1&tenant=acme", 400, "invalid_request"),
        ("jobs", JOBS, "x=y", 400, "invalid_request"),
        ("jobs", JOBS, "user=", 400, "invalid_request"),
        ("jobs", JOBS, "user=a%0Ab", 400, "invalid_request"),
        ("jobs", JOBS, "tenant=A", 400, "invalid_request"),
    ] {
        host.did();
        let answer = host.asked((client, secret), "/auth/revoke-all", body);
        if status == 200 {
            assert_eq!((answer.status, answer.body.as_str()), (200, "{}"), "{client} {body}");
            assert_eq!(host.did(), "revokeAll answer");
        } else {
            answer.is(status, error);
            assert_eq!(host.did(), "answer");
        }
    }
}

// catalogue: P08
#[test]
fn refreshes_by_cookie_and_keeps_tokens_out_of_the_body() {
    let mut host = Host::new();
    let token = host.log_in().refresh_token();
    let answer = host.by_cookie("/auth/refresh", &token);
    assert_eq!((answer.status, answer.json()), (200, json!({ "expires_in": 900 })));
    let (access, attributes) = answer.cookie(ACCESS_COOKIE).unwrap();
    assert_eq!(attributes, "Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=900");
    assert_eq!(claims(access)["plan"], "pro");
    let (refresh, attributes) = answer.cookie("__Host-refresh_token").unwrap();
    assert_eq!(attributes, "Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=2592000");
    assert_eq!(claims(refresh)["seq"], 2);
    assert_eq!(answer.all("access-control-allow-origin"), Vec::<&str>::new(), "its own page needs none");
    assert_eq!(answer.all("vary"), ["Origin"]);
    let again = host.by_cookie("/auth/refresh", refresh);
    assert_eq!(again.status, 200);
    // As a form, with parameters that nobody knows.
    let cookie = format!("__Host-refresh_token={}", again.cookie("__Host-refresh_token").unwrap().0);
    let headers = [OWN_PAGE[0], FORM, ("cookie", cookie.as_str()), ("authorization", "Bearer x")];
    assert_eq!(host.post("/auth/refresh", &headers, "a=b").status, 200);
}

// catalogue: P09
#[test]
fn a_refused_cookie_is_cleared_and_an_open_question_leaves_it() {
    let mut host = Host::new();
    let token = host.log_in().refresh_token();
    let cleared = |answer: &Answer| {
        for (name, same_site) in [(ACCESS_COOKIE, "Lax"), ("__Host-refresh_token", "Strict")] {
            let (value, attributes) = answer.cookie(name).unwrap();
            assert_eq!(value, "");
            assert_eq!(attributes, format!("Path=/; Secure; HttpOnly; SameSite={same_site}; Max-Age=0"));
        }
        assert_eq!(answer.all("set-cookie").len(), 2);
    };
    for rubbish in ["x", ""] {
        let answer = host.by_cookie("/auth/refresh", rubbish);
        answer.is(400, "invalid_grant");
        cleared(&answer);
    }
    let none = host.post("/auth/refresh", &OWN_PAGE, "");
    none.is(400, "invalid_grant");
    cleared(&none);
    host.hook = None;
    let down = host.by_cookie("/auth/refresh", &token);
    down.is(503, "temporarily_unavailable");
    assert_eq!((down.all("set-cookie").len(), down.all("retry-after")), (0, vec!["1"]));
    host.hook = Some(Json::Null);
    let lost = host.by_cookie("/auth/refresh", &token);
    lost.is(400, "invalid_grant");
    cleared(&lost);
}

#[test]
fn refuses_cookies_from_elsewhere_as_the_gate_does() {
    let mut host = Host::new();
    let token = host.log_in().refresh_token();
    let cookie = format!("__Host-refresh_token={token}");
    let own = ("cookie", cookie.as_str());
    for path in ["/auth/refresh", "/auth/revoke"] {
        for elsewhere in [
            vec![],
            vec![("origin", "https://evil.example")],
            vec![("origin", "https://acme.api.example.com"), ("sec-fetch-site", "same-site")],
            vec![("sec-fetch-site", "cross-site")],
            vec![("sec-fetch-site", "none")],
            vec![("origin", "null")],
        ] {
            host.did();
            let answer = host.post(path, &[&[own], &elsewhere[..]].concat(), "");
            assert_eq!((answer.status, answer.json()["type"].as_str()), (403, Some("urn:tollgate:cross_site")));
            assert_eq!(answer.all("content-type"), ["application/problem+json"]);
            assert_eq!((answer.all("cache-control"), answer.all("pragma")), (vec!["no-store"], vec!["no-cache"]));
            assert_eq!((answer.all("set-cookie").len(), host.did().as_str()), (0, "answer"));
        }
    }
    // A listed origin may.
    let answer = host.post("/auth/refresh", &[own, ("origin", "https://app.example.com")], "");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.all("access-control-allow-origin"), ["https://app.example.com"]);
    assert_eq!(answer.all("access-control-allow-credentials"), ["true"]);
    assert_eq!(answer.all("vary"), ["Origin"]);
}

#[test]
fn answers_a_preflight_where_origins_are_configured() {
    let mut host = Host::new();
    let asks = [("origin", "https://app.example.com"), ("access-control-request-method", "POST")];
    let answer = Answer::of(&host.begin("OPTIONS", "/auth/refresh", &asks, b""));
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    assert_eq!(answer.all("access-control-allow-origin"), ["https://app.example.com"]);
    assert_eq!(answer.all("access-control-allow-methods"), ["POST"]);
    assert_eq!(answer.all("cache-control"), ["no-store"]);
    let evil = [("origin", "https://evil.example"), ("access-control-request-method", "POST")];
    let answer = Answer::of(&host.begin("OPTIONS", "/auth/refresh", &evil, b""));
    assert_eq!((answer.status, answer.all("access-control-allow-origin").len()), (204, 0));
    let mut config = config();
    config.as_object_mut().unwrap().remove("cors");
    let mut host = Host::with(&config);
    Answer::of(&host.begin("OPTIONS", "/auth/refresh", &asks, b"")).is(405, "invalid_request");
}

#[test]
fn answers_each_fault_of_the_cookie_form() {
    let mut host = Host::new();
    let token = host.log_in().refresh_token();
    let cookie = format!("__Host-refresh_token={token}");
    let own = [OWN_PAGE[0], ("cookie", cookie.as_str())];
    let form = [OWN_PAGE[0], ("cookie", cookie.as_str()), FORM];
    host.did();
    host.post("/auth/refresh", &own, "a=b").is(400, "invalid_request");
    for (body, error) in [
        ("user=u-1", "invalid_request"),
        ("tenant=acme", "invalid_request"),
        ("refresh_token=x", "invalid_request"),
        ("client_secret=x", "invalid_request"),
        ("a=1&a=1", "invalid_request"),
        ("scope=x", "invalid_scope"),
    ] {
        host.post("/auth/refresh", &form, body).is(400, error);
    }
    let two = format!("{cookie}; __Host-refresh_token=x");
    host.post("/auth/refresh", &[OWN_PAGE[0], ("cookie", two.as_str())], "").is(400, "invalid_request");
    host.post("/auth/refresh?x", &own, "").is(400, "invalid_request");
    assert!(!host.did().contains("load"));
    let jobs = host.asked(("jobs", JOBS), "/auth/token", SESSION).refresh_token();
    let refused = host.by_cookie("/auth/refresh", &jobs);
    refused.is(400, "unauthorized_client");
    assert_eq!(refused.all("set-cookie").len(), 0);
    assert_eq!(host.post("/auth/refresh", &own, "").status, 200);
}

#[test]
fn logs_out_by_cookie() {
    let mut host = Host::new();
    let token = host.log_in().refresh_token();
    for (value, done) in
        [(token.as_str(), "revoke answer"), (token.as_str(), "revoke answer"), ("x", "answer"), ("", "answer")]
    {
        host.did();
        let answer = host.by_cookie("/auth/revoke", value);
        assert_eq!((answer.status, answer.body.as_str(), host.did().as_str()), (200, "{}", done));
        assert_eq!(answer.cookie(ACCESS_COOKIE).unwrap().0, "");
        assert_eq!(answer.cookie("__Host-refresh_token").unwrap().0, "");
    }
    assert_eq!(host.told(), ["session_issued", "session_revoked"]);
    host.refresh(&token).is(400, "invalid_grant");
}

#[test]
fn has_no_cookie_form_without_a_cookie() {
    let mut config = config();
    config["credentials"] = json!({});
    let mut host = Host::with(&config);
    let token = host.log_in().refresh_token();
    assert_eq!(host.begin("POST", "/auth/refresh", &OWN_PAGE, b""), json!({ "do": "pass" }));
    let cookie = format!("__Host-refresh_token={token}");
    let headers = [OWN_PAGE[0], FORM, ("cookie", cookie.as_str())];
    host.post("/auth/revoke", &headers, "a=b").is(401, "invalid_client");
    assert_eq!(host.refresh(&token).status, 200);
}

#[test]
fn sets_no_cookie_that_a_browser_would_drop() {
    let mut host = Host::new();
    let token = host.log_in().refresh_token();
    let before = host.store.families.clone();
    host.told();
    host.hook = Some(json!({ "member": true, "permissions": ["x".repeat(3_000)] }));
    let answer = host.by_cookie("/auth/refresh", &token);
    answer.is(503, "temporarily_unavailable");
    assert_eq!(answer.all("set-cookie").len(), 0);
    assert_eq!(host.told_why(), why("entitlements_failed", "cookie_too_large"));
    assert_eq!(host.store.families, before, "nothing was written");
    assert_eq!(host.refresh(&token).status, 200, "a body has room for it");
}

#[test]
fn a_tenants_id_looks_as_configured_wherever_the_gate_reads_it() {
    let mut config = config();
    config["tenant"] = json!({ "pattern": "T[0-9]+", "from": { "path": true } });
    config["rules"] = json!([{ "path": "/x" }]);
    let mut host = Host::with(&config);
    assert_eq!(host.asked(("web", WEB), "/auth/token", &SESSION.replace("acme", "T1")).status, 200);
    host.asked(("web", WEB), "/auth/token", SESSION).is(400, "invalid_request");
}
