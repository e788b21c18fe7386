//! Signing in and out, and who may see what.

use axum::body::Body;
use camhook_operations::people;
use camhook_ports::{ObjectStore, Ports};
use camhook_state::person::Role;
use camhook_state::session::{LINK_LIFETIME, SESSION_LIFETIME};
use http::header::{
    CONTENT_SECURITY_POLICY, COOKIE, HOST, ORIGIN, REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, Request, StatusCode};

use crate::support::{Console, HOST_NAME, NOW};

#[tokio::test]
async fn a_link_signs_in_once_and_looking_at_it_does_not_use_it() {
    let console = Console::new();
    let link = console.link("Anna", Role::Viewer, &[]).await;
    for _ in 0..3 {
        let looked = console.get(&link, "").await;
        assert_eq!(looked.status, StatusCode::OK);
        assert!(looked.text().contains("<button") && looked.headers.get(SET_COOKIE).is_none());
    }
    let redeemed = console.post(&link, "", "").await;
    assert_eq!((redeemed.status, redeemed.location()), (StatusCode::SEE_OTHER, "../../console"));
    let cookie = redeemed.header(SET_COOKIE);
    for attribute in
        ["__Host-camhook=", "; Path=/;", "; Secure", "; HttpOnly", "; SameSite=Lax", "Max-Age=2592000"]
    {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert_eq!(console.get("/console", &redeemed.cookie()).await.status, StatusCode::OK);
    let again = console.post(&link, "", "").await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
    assert!(again.headers.get(SET_COOKIE).is_none() && again.text().contains("does not work"));
}

#[tokio::test]
async fn expired_and_forged_links_do_not_sign_in() {
    let console = Console::new();
    let link = console.link("Anna", Role::Viewer, &[]).await;
    console.advance(LINK_LIFETIME.as_secs());
    assert_eq!(console.post(&link, "", "").await.status, StatusCode::UNAUTHORIZED);
    let other = console.link("Ben", Role::Admin, &[]).await;
    let (anna, ben) = (link.rsplit('/').next().unwrap(), other.rsplit('/').next().unwrap());
    let (id, random) = (anna.split('.').next().unwrap(), ben.split('.').nth(1).unwrap());
    for forged in
        [format!("{id}.{random}"), "x".to_owned(), format!("{id}.{}", "A".repeat(43)), format!("{ben}A")]
    {
        let answer = console.post(&format!("/console/sign-in/{forged}"), "", "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{forged}");
        assert!(answer.headers.get(SET_COOKIE).is_none());
    }
    // None of the attempts used the other link up.
    assert_eq!(console.post(&other, "", "").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn every_page_needs_a_session_and_says_nothing_without_one() {
    let console = Console::new();
    let id = console.event("gate", Some("yard"), 5).await;
    let unknown = "f".repeat(32);
    let link = console.link("Anna", Role::Viewer, &[]).await;
    let unused = link.rsplit('/').next().unwrap();
    for cookie in
        ["", "__Host-camhook=", "__Host-camhook=x", &format!("__Host-camhook={unused}"), "camhook=x"]
    {
        for path in [
            "/console".to_owned(),
            "/console/live?since=1".to_owned(),
            format!("/console/events/{id}"),
            format!("/console/events/{unknown}"),
            format!("/console/pictures/{id}/0"),
            format!("/console/thumbnails/{id}"),
        ] {
            let answer = console.get(&path, cookie).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
            assert!(!answer.text().contains("gate") && answer.location().is_empty(), "{path}");
        }
        let answer = console.post("/console/reviewed", cookie, &format!("event={id}&reviewed=yes")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_signed_out_revoked_or_not_used() {
    let console = Console::new();
    let cookie = console.sign_in("Anna", Role::Viewer, &[]).await;
    let second = console.sign_in("Anna", Role::Viewer, &[]).await;
    assert_ne!(cookie, second);
    assert_eq!(console.post("/console/sign-out", &cookie, "").await.status, StatusCode::OK);
    assert_eq!(console.get("/console", &cookie).await.status, StatusCode::UNAUTHORIZED);
    // Each use prolongs the other one.
    for _ in 0..2 {
        console.advance(SESSION_LIFETIME.as_secs() - 120);
        let prolonged = console.get("/console", &second).await;
        assert_eq!(prolonged.status, StatusCode::OK);
        // The browser keeps its cookie for as long.
        assert_eq!(prolonged.cookie(), second);
        assert!(prolonged.header(SET_COOKIE).contains("Max-Age=2592000"));
        console.advance(60);
        assert!(console.get("/console", &second).await.headers.get(SET_COOKIE).is_none());
    }
    let unused = console.link("Anna", Role::Viewer, &[]).await;
    people::revoke(console.ports, "Anna").await.unwrap();
    assert_eq!(console.get("/console", &second).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(console.post(&unused, "", "").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_that_was_there_before_is_not_taken_over() {
    let console = Console::new();
    let planted = console.sign_in("Mallory", Role::Viewer, &[]).await;
    let link = console.link("Anna", Role::Admin, &[]).await;
    let answer = console.post(&link, &planted, "").await;
    assert_ne!(answer.cookie(), planted);
    assert_eq!(console.get("/console", &planted).await.status, StatusCode::UNAUTHORIZED);
    assert!(console.get("/console", &answer.cookie()).await.text().contains("Anna"));
}

#[tokio::test]
async fn changes_of_other_origins_are_refused_and_change_nothing() {
    let console = Console::new();
    let cookie = console.sign_in("Anna", Role::Admin, &[]).await;
    let id = console.event("gate", Some("yard"), 5).await;
    let link = console.link("Ben", Role::Viewer, &[]).await;
    let form = format!("event={id}&reviewed=yes");
    for origin in [
        None,
        Some("null"),
        Some("https://evil.example"),
        Some("http://hooks.example.org"),
        Some("https://hooks.example.org.evil.example"),
        Some("https://hooks.example.org:8443"),
        Some("hooks.example.org"),
    ] {
        for path in ["/console/reviewed", "/console/reviewed/undo", "/console/sign-out", &link] {
            let mut request = Request::builder()
                .method(Method::POST)
                .uri(path)
                .header(HOST, HOST_NAME)
                .header(COOKIE, &cookie);
            if let Some(origin) = origin {
                request = request.header(ORIGIN, origin);
            }
            let answer = console.send(request.body(Body::from(form.clone())).unwrap()).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin:?} {path}");
            assert!(answer.headers.get(SET_COOKIE).is_none());
        }
    }
    assert!(console.get("/console", &cookie).await.text().contains("data-reviewed=\"no\""));
    assert_eq!(console.post(&link, "", "").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_viewer_of_an_area_sees_that_area_alone() {
    let console = Console::new();
    let own = console.event("gate", Some("yard"), 5).await;
    let foreign = console.event("desk", Some("office"), 6).await;
    let without = console.event("free", None, 7).await;
    let cookie = console.sign_in("Anna", Role::Operator, &["yard"]).await;
    for path in ["/console", "/console/live?since=1", "/console?text=e", "/console?camera=desk"] {
        let page = console.get(path, &cookie).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        for hidden in [&foreign, &without] {
            assert!(!page.text().contains(hidden.as_str()), "{path}");
        }
        assert!(!page.text().contains(">office<") && !page.text().contains("value=\"desk\">desk"), "{path}");
    }
    assert!(console.get("/console", &cookie).await.text().contains(&own));
    assert!(console.get("/console", &cookie).await.text().contains("Today: 1 event, 1 not reviewed"));
    assert_eq!(console.get("/console?area=office", &cookie).await.status, StatusCode::BAD_REQUEST);
    let unknown = "e".repeat(32);
    for id in [&foreign, &without, &unknown] {
        for path in ["events/ID", "pictures/ID/0", "thumbnails/ID"] {
            let answer = console.get(&format!("/console/{}", path.replace("ID", id)), &cookie).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            // The same answer, so that nobody learns which ids exist.
            let other = console.get(&format!("/console/{}", path.replace("ID", &unknown)), &cookie).await;
            assert_eq!(answer.body, other.body);
        }
        let form = format!("event={own}&event={id}&reviewed=yes");
        assert_eq!(console.post("/console/reviewed", &cookie, &form).await.status, StatusCode::NOT_FOUND);
    }
    assert!(console.get("/console", &cookie).await.text().contains("data-reviewed=\"no\""));
    let both = console.sign_in("Ben", Role::Viewer, &["yard", "office"]).await;
    let page = console.get("/console", &both).await;
    assert!(page.text().contains(&own) && page.text().contains(&foreign) && !page.text().contains(&without));
    let everything = console.sign_in("Cleo", Role::Viewer, &[]).await;
    assert!(console.get("/console", &everything).await.text().contains(&without));
}

#[tokio::test]
async fn a_changed_role_counts_at_once() {
    let console = Console::new();
    let id = console.event("gate", Some("yard"), 5).await;
    let cookie = console.sign_in("Anna", Role::Viewer, &[]).await;
    let form = format!("event={id}&reviewed=yes");
    assert!(!console.get("/console", &cookie).await.text().contains("Mark reviewed"));
    assert_eq!(console.post("/console/reviewed", &cookie, &form).await.status, StatusCode::FORBIDDEN);
    console.link("Anna", Role::Operator, &[]).await;
    assert_eq!(console.post("/console/reviewed", &cookie, &form).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn every_answer_forbids_embedding_and_foreign_content() {
    let console = Console::new();
    let cookie = console.sign_in("Anna", Role::Admin, &[]).await;
    let id = console.event("gate", Some("yard"), 5).await;
    for path in [
        "/console",
        "/console/nothing",
        "/console?q=%22%3C",
        &format!("/console/events/{id}"),
        "/console/assets/x",
    ] {
        let answer = console.get(path, &cookie).await;
        let policy = answer.header(CONTENT_SECURITY_POLICY);
        for part in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        assert_eq!(answer.header(REFERRER_POLICY), "same-origin");
        assert_eq!(answer.header(X_CONTENT_TYPE_OPTIONS), "nosniff");
        let html = answer.text();
        assert!(
            !html.contains(" style=") && !html.contains("<style") && !html.contains(" onclick="),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_distribution_for_old_devices_does_not_serve_the_console() {
    let console = Console::new();
    let cookie = console.sign_in("Anna", Role::Admin, &[]).await;
    for path in ["/console", "/console/assets/icon.svg", "/console/sign-in/x"] {
        let request =
            Request::builder().uri(path).header("x-camhook-front", "secret").header(COOKIE, &cookie);
        let answer = console.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::NOT_FOUND, 0), "{path}");
    }
}

#[tokio::test]
async fn sign_ins_are_recorded_without_secrets() {
    let console = Console::new();
    let link = console.link("Anna", Role::Viewer, &["yard"]).await;
    let cookie = console.post(&link, "", "").await.cookie();
    console.post("/console/sign-out", &cookie, "").await;
    let keys = console.ports.objects().list("audit/", 10).await.unwrap();
    assert_eq!(keys.len(), 3, "{keys:?}");
    let mut actions = Vec::new();
    for key in keys {
        assert!(key.starts_with("audit/2026/11/29/@people/"), "{key}");
        let object = console.ports.objects().get(&key).await.unwrap().unwrap();
        let text = String::from_utf8(object.bytes.to_vec()).unwrap();
        let secrets = [link.rsplit('.').next().unwrap(), cookie.rsplit('.').next().unwrap()];
        assert!(secrets.iter().all(|secret| !text.contains(secret)));
        let record: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&record["name"], &record["areas"][0]), (&"Anna".into(), &"yard".into()));
        if record["action"] != "invited" {
            assert_eq!(record["address"], "203.0.113.17");
        }
        actions.push(record["action"].as_str().unwrap().to_owned());
    }
    actions.sort();
    assert_eq!(actions, ["invited", "signed_in", "signed_out"]);
    assert_eq!(console.now(), NOW);
}

#[tokio::test]
async fn nobody_is_signed_in_without_a_record() {
    let console = Console::new();
    let link = console.link("Anna", Role::Viewer, &[]).await;
    console.ports.objects.fail("audit/");
    let answer = console.post(&link, "", "").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.get(SET_COOKIE).is_none());
}
