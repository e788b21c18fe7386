//! Posts that are refused, cannot be read or are too large: reply, quarantine, metric, and what they cost.

use camhook_end_to_end::gateway::{self, BodyForm};
use camhook_end_to_end::own_stack::OwnStack;
use camhook_end_to_end::post::{INTRUSION, Post, with_gif};
use camhook_picture::SamplePost;
use serde_json::{Value, json};

use crate::{PATH, SITE, TOKEN, event, intrusion, status};

/// A request of the source `gate` with this body, as text and as base64.
fn both_forms(body: &[u8]) -> [Value; 2] {
    let request =
        [format!("POST {PATH} HTTP/1.1\ncontent-type: application/xml\n\n").as_bytes(), body].concat();
    let post = SamplePost::parse(&request).unwrap();
    [BodyForm::Text, BodyForm::Base64].map(|form| gateway::event(&post, form, "request-1"))
}

#[tokio::test]
async fn what_is_refused_makes_no_call_but_a_note_and_looks_alike() {
    let stack = OwnStack::create(SITE).await;
    let viewtron = stack.start("viewtron").await;
    let mut replies = Vec::new();
    for path in ["/viewtron/nowhere/AAAAAAAAAAAAAAAAAAAAAA", "/viewtron/gate/BBBBBBBBBBBBBBBBBBBBBB"] {
        replies.push(viewtron.call(&event(&Post::new(INTRUSION, path))).await);
    }
    assert_eq!(replies[0], replies[1]);
    assert_eq!(status(&replies[0]), 401);
    assert!(replies[0]["headers"].get("www-authenticate").is_none());
    viewtron.has_counted("Refusals", &[("Vendor", "viewtron"), ("Reason", "unknown_source")], 1.0).await;
    viewtron.has_counted("Refusals", &[("Vendor", "viewtron"), ("Reason", "token")], 1.0).await;
    assert!(!viewtron.log().contains("BBBBBBBBBBBBBBBBBBBBBB"), "what was tried is not logged");
    assert!(!viewtron.log().contains("nowhere"), "an unknown name is not logged");

    for path in ["/viewtron/nowhere", "/viewtron/gate"] {
        let reply = viewtron.call(&event(&Post::new(INTRUSION, path))).await;
        assert_eq!(status(&reply), 401);
        assert_eq!(reply["headers"]["www-authenticate"], "Basic realm=\"camhook\"");
    }
    let calls = stack.proxy.calls();
    let others: Vec<_> = calls
        .iter()
        .filter(|call| !call.is("GetObject", "config/") && !call.is("UpdateItem", "presence"))
        .collect();
    assert!(others.is_empty(), "{others:?}");
    assert_eq!(
        stack.proxy.count("UpdateItem", "presence"),
        0,
        "a refusal is written with the next accepted post"
    );
    assert_eq!(stack.bucket.keys("").await, ["config/camhook.toml"]);
}

#[tokio::test]
async fn an_unknown_source_costs_no_call() {
    let stack = OwnStack::create(SITE).await;
    let viewtron = stack.start("viewtron").await;
    for path in
        ["/viewtron/nowhere", "/viewtron/nowhere/AAAAAAAAAAAAAAAAAAAAAA", "/viewtron/", "/viewtron/%00"]
    {
        assert_eq!(status(&viewtron.call(&event(&Post::new(INTRUSION, path))).await), 401);
    }
    let calls = stack.proxy.calls();
    assert_eq!(calls.len(), 1, "the site alone is read: {calls:?}");
}

#[tokio::test]
async fn what_cannot_be_read_is_acknowledged_and_kept_in_the_quarantine() {
    let intrusion = intrusion();
    let whole = intrusion.request().body.to_vec();
    let doctype = b"<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"c\">]><config>&b;</config>".to_vec();
    for (reason, body) in [
        ("truncated_xml", whole[..whole.len() / 2].to_vec()),
        ("not_xml", b"{\"not\": \"xml\"}".to_vec()),
        ("doctype", doctype),
    ] {
        let stack = OwnStack::create(SITE).await;
        let viewtron = stack.start("viewtron").await;
        for (n, event) in both_forms(&body).into_iter().enumerate() {
            let reply = viewtron.call(&event).await;
            assert_eq!(status(&reply), 200, "{reason}");
            assert!(reply["body"].as_str().unwrap().contains("<status>success</status>"), "{reason}");
            let quarantined = [("Vendor", "viewtron"), ("Reason", reason)];
            viewtron.has_counted("Quarantined", &quarantined, (n + 1) as f64).await;
        }
        // Both have the same request id, so that the second lies where the first lay.
        let keys = stack.bucket.keys("quarantine/").await;
        assert_eq!(keys.len(), 2, "{keys:?}");
        let [kept, why] = [&keys[1], &keys[0]];
        assert!(kept.ends_with("/gate/request-1/request.bin"), "{kept}");
        assert!(stack.bucket.bytes(kept).await == body, "{reason}: what is kept is what was sent");
        let why = stack.bucket.json(why).await;
        assert_eq!((&why["reason"], &why["source"]), (&json!(reason), &json!("gate")));
        assert!(stack.bucket.keys("events/").await.is_empty());
        assert_eq!(stack.proxy.count("SendMessage", ""), 1, "the alert about the first of a day");
    }
}

#[tokio::test]
async fn a_secret_in_the_query_or_the_path_is_not_kept_in_the_quarantine() {
    let stack = OwnStack::create(SITE).await;
    let viewtron = stack.start("viewtron").await;
    let request = format!("POST {PATH}/echo-{TOKEN}/end?a={TOKEN}&b=1 HTTP/1.1\n\nnot XML");
    let post = SamplePost::parse(request.as_bytes()).unwrap();
    let reply = viewtron.call(&gateway::event(&post, BodyForm::Text, "request-1")).await;
    assert_eq!(status(&reply), 200);
    let keys = stack.bucket.keys("quarantine/").await;
    let why = stack.bucket.json(&keys[0]).await;
    assert_eq!(why["rest"], json!(["echo-[redacted]", "end"]));
    assert_eq!(why["query"], "a=[redacted]&b=1");
    for key in keys {
        let kept = stack.bucket.bytes(&key).await;
        assert!(!String::from_utf8_lossy(&kept).contains(TOKEN), "{key} has the token");
    }
}

#[tokio::test]
async fn a_body_above_the_cap_is_413_and_its_beginning_is_kept() {
    let stack = OwnStack::create(SITE).await;
    let viewtron = stack.start("viewtron").await;
    let cap = 4 * 1024 * 1024;
    let body: Vec<u8> = (0..=cap).map(|n| b'a' + u8::try_from(n % 23).unwrap()).collect();
    for event in both_forms(&body) {
        assert_eq!(status(&viewtron.call(&event).await), 413);
    }
    viewtron.has_counted("Quarantined", &[("Vendor", "viewtron"), ("Reason", "too_large")], 2.0).await;
    let keys = stack.bucket.keys("quarantine/").await;
    assert!(stack.bucket.bytes(&keys[1]).await == body[..64 * 1024]);
    let why = stack.bucket.json(&keys[0]).await;
    assert_eq!((&why["reason"], &why["length"]), (&json!("too_large"), &json!(cap + 1)));
    assert!(stack.bucket.keys("events/").await.is_empty());
}

#[tokio::test]
async fn a_picture_that_is_none_is_named_and_not_stored() {
    let stack = OwnStack::create(SITE).await;
    let viewtron = stack.start("viewtron").await;
    // The GIF of one pixel, in the place of the target's picture.
    let template = with_gif(INTRUSION, 1);
    assert_ne!(template, INTRUSION);
    let post = Post::new(&template, PATH);
    assert_eq!(status(&viewtron.call(&event(&post)).await), 200);
    viewtron.has_counted("PicturesRejected", &[("Vendor", "viewtron"), ("Reason", "not_jpeg")], 1.0).await;
    let records = stack.bucket.records("gate").await;
    let images = records[0]["data"]["images"].as_array().unwrap();
    assert_eq!(images[1], json!({ "role": "target", "rejected": "not_jpeg" }));
    assert_eq!(stack.bucket.keys("images/").await, [images[0]["key"].as_str().unwrap()]);
}

#[tokio::test]
async fn a_heartbeat_makes_one_call_and_then_none() {
    let stack = OwnStack::create(SITE).await;
    let viewtron = stack.start("viewtron").await;
    for times in 1..=3 {
        let reply = viewtron.call(&both_forms(b"")[1]).await;
        assert_eq!(status(&reply), 200);
        viewtron.has_counted("Heartbeats", &[("Vendor", "viewtron")], f64::from(times)).await;
    }
    let calls = stack.proxy.calls();
    assert_eq!(calls.len(), 2, "the site is read and the presence noted, once: {calls:?}");
    assert_eq!(stack.proxy.count("UpdateItem", "presence"), 1);
}
