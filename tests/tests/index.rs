//! The event index on the deployed template: from a post to `camhook events`, and made again from the bucket.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use camhook_end_to_end::cloud::Cloud;
use camhook_end_to_end::commands::run as camhook;
use camhook_end_to_end::stack::Stack;
use camhook_end_to_end::wait;
use serde_json::Value;

/// The events that a command lists.
async fn events(stack: &Stack, arguments: &[&str]) -> Vec<Value> {
    let output = camhook(stack, &[&["events", "--json", "--since", "2h"], arguments].concat()).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_posted_event_is_listed_from_the_index_and_a_rebuild_makes_a_deleted_item_again() {
    let stack = Stack::given();
    let sent = camhook(&stack, &["send", "indexed", "intrusion"]).await;
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));

    let listed =
        async || events(&stack, &["--camera", "indexed", "--kind", "intrusion"]).await.into_iter().next();
    let event = wait::until("the event in the index", listed).await;
    let id = event["id"].as_str().unwrap();
    assert!(event.get("vendor_data").is_none(), "{event}");
    assert_eq!(event["source"], "indexed");
    let camera = format!("indexed/{}", event["camera"]["id"].as_str().unwrap());
    assert_eq!(events(&stack, &["--camera", &camera]).await[0]["id"], id);
    assert!(events(&stack, &["--source", "indexed", "--kind", "motion"]).await.is_empty());

    let cloud = Cloud::of(&stack);
    let thumbnail = event["thumbnail"].as_str().unwrap();
    let stored = async || {
        let head = cloud.s3.head_object().bucket(&stack.bucket).key(thumbnail).send().await;
        head.ok().and_then(|head| head.content_length())
    };
    let bytes = wait::until("the thumbnail", stored).await;
    assert!(bytes < 40_000, "{bytes}");

    let pictures = tempfile::tempdir().unwrap();
    let shown = camhook(&stack, &["event", id, "--pictures", pictures.path().to_str().unwrap()]).await;
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    assert_eq!(
        std::fs::read_dir(pictures.path()).unwrap().count() as u64,
        event["pictures"].as_u64().unwrap()
    );

    for part in ["0", "1", "2"] {
        let delete = cloud.dynamodb.delete_item().table_name(&stack.index_table);
        let key = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
        delete.key("pk", key(&format!("event#{id}"))).key("sk", key(part)).send().await.unwrap();
    }
    let is_listed =
        async || events(&stack, &["--source", "indexed"]).await.iter().any(|event| event["id"] == id);
    assert!(!is_listed().await);
    let dry_run = camhook(&stack, &["index", "rebuild", "--since", "1d", "--dry-run"]).await;
    assert!(dry_run.status.success(), "{}", String::from_utf8_lossy(&dry_run.stderr));
    assert!(!is_listed().await, "a dry run writes nothing");
    let rebuilt = camhook(&stack, &["index", "rebuild", "--since", "1d"]).await;
    assert!(rebuilt.status.success(), "{}", String::from_utf8_lossy(&rebuilt.stderr));
    assert!(is_listed().await);
}

#[tokio::test]
async fn arguments_that_name_nothing_end_with_two() {
    let stack = Stack::given();
    for wrong in [
        &["events", "--source", "nope"][..],
        &["events", "--camera", "nope"],
        &["events", "--area", "nope"],
        &["events", "--limit", "0"],
        &["events", "--since", "yesterday"],
        &["events", "--since", "1h", "--until", "2h"],
        &["events", "--kind", "nope"],
        &["events", "--plate", "*"],
        &["event", "nope"],
        &["index", "rebuild", "--since", "nope"],
    ] {
        let output = camhook(&stack, wrong).await;
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(!output.stderr.is_empty() && output.stdout.is_empty(), "{wrong:?}");
    }
}
