//! Relays over MQTT against the deployed template: from an event over HTTP to a message that AWS IoT accepted, and to
//! the device's status, which comes back through the IoT rule, the queue and another function.

use camhook_end_to_end::source::Source;

#[tokio::test]
async fn what_a_device_says_of_itself_confirms_a_command_and_nothing_else_does() {
    let mut source = Source::given("switches").await;
    let reply = source.send("GET", &format!("{}?&active=99", source.url), &[], b"").await;
    assert_eq!(reply.status(), 200);
    let event = source.the_event().await;
    let id = event["id"].as_str().unwrap();

    // Its command topic is its status topic: what is published comes back as the device's status.
    let confirmed = source.bucket.audit_record("echo", id).await;
    assert_eq!(confirmed["decision"], "done");
    assert_eq!(confirmed["text"], r#"the device answered: {"val":"1"}"#);
    // The outcome is unconfirmed, and the record says so.
    let published = source.bucket.audit_record("unheard", id).await;
    assert_eq!(published["decision"], "done");
    assert_eq!(published["text"], "the device answered: nothing; the broker has the message");
    // A device that should answer and does not may have done it or not.
    let silent = source.bucket.audit_record("silent", id).await;
    assert_eq!((&silent["decision"], &silent["reason"]), (&"unknown".into(), &"no_word".into()), "{silent}");
    assert!(source.quarantined().await.is_empty());
}
