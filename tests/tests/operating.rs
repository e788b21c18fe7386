//! Operating a stack: posts that could not be read are replayed, a token is rotated while posts arrive, a person is
//! erased.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::process::Output;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use camhook_end_to_end::cloud::Cloud;
use camhook_end_to_end::fault_proxy::{Call, Fault};
use camhook_end_to_end::gateway::{self, BodyForm};
use camhook_end_to_end::lambda_runtime::Function;
use camhook_end_to_end::own_stack::OwnStack;
use camhook_end_to_end::post::{INTRUSION, Post};
use camhook_end_to_end::source::Source;
use camhook_end_to_end::stack::Stack;
use camhook_end_to_end::wait;
use camhook_picture::SamplePost;
use serde_json::Value;
use tokio::process::Command;

const CONFIGURATION: &str = "config/camhook.toml";

/// A source of an INSTAR device in this dialect.
fn instar(dialect: &str) -> String {
    format!(
        "timezone = \"Europe/Berlin\"\n[[source]]\nid = \"hall\"\nvendor = \"instar\"\ndialect = \"{dialect}\"\n\
         auth = {{ token = \"AAAAAAAAAAAAAAAAAAAAAA\" }}\n"
    )
}

#[tokio::test]
async fn a_post_in_another_dialect_becomes_an_event_when_camhook_toml_is_corrected_and_it_is_replayed() {
    let stack = OwnStack::create(&instar("camera-v2")).await;
    let function = stack.start("instar").await;
    let request =
        "GET /instar/hall/AAAAAAAAAAAAAAAAAAAAAA?cam=4711&face=Ann%20Example HTTP/1.1\nHost: test\n\n";
    let post = SamplePost::parse(request.as_bytes()).unwrap();
    function.call(&gateway::event(&post, BodyForm::Text, "request-1")).await;
    let listed = stack.run("quarantine", &["list", "--json"]).await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    let entry: Value = serde_json::from_str(&listed[0]).unwrap();
    assert_eq!(
        (entry["id"].as_str(), entry["status"]["state"].as_str()),
        (Some("request-1"), Some("waiting"))
    );

    let same = stack.run("quarantine", &["replay", "request-1"]).await.join("\n");
    assert!(same.contains("still cannot be read"), "{same}");
    stack.bucket.put(CONFIGURATION, instar("cloud")).await;
    let dry_run = stack.run("quarantine", &["replay", "--all", "--dry-run"]).await.join("\n");
    assert!(dry_run.contains("1 event to store"), "{dry_run}");
    assert!(stack.bucket.records("hall").await.is_empty());
    let replayed = stack.run("quarantine", &["replay", "--all"]).await.join("\n");
    assert!(replayed.contains("1 event stored"), "{replayed}");
    let [event] = stack.bucket.records("hall").await.try_into().unwrap();
    assert_eq!(event["data"]["face"]["name"], "Ann Example");
    let sent = stack.notify.take().await.unwrap();
    assert!(sent.record["messageAttributes"]["replay"]["stringValue"].is_string(), "{}", sent.record);
    sent.delete().await;

    let again = stack.run("quarantine", &["replay", "--all"]).await.join("\n");
    assert!(again.contains("No quarantined posts to replay"), "{again}");
    let sent = stack.run("replay", &["--since", "1h", "--source", "hall"]).await.join("\n");
    assert!(sent.contains("1 event sent again"), "{sent}");
    assert_eq!(stack.notify.holds().await, 1);
}

/// The pace of the device.
const BETWEEN_POSTS: Duration = Duration::from_millis(200);

const OLD: &str = "OLDAAAAAAAAAAAAAAAAAAA";
const NEW: &str = "NEWAAAAAAAAAAAAAAAAAAA";

fn viewtron(tokens: &[&str]) -> String {
    let tokens: Vec<String> = tokens.iter().map(|token| format!("\"{token}\"")).collect();
    format!(
        "timezone = \"Europe/Berlin\"\n[[source]]\nid = \"gate\"\nvendor = \"viewtron\"\nauth = {{ token = [{}] }}\n",
        tokens.join(", ")
    )
}

/// Posts an intrusion with a token: the status of the answer.
async fn post(function: &Function, token: &str, number: u32) -> u64 {
    let post = Post::new(INTRUSION, &format!("/viewtron/gate/{token}"));
    let event = gateway::event(&post.request(), BodyForm::Text, &format!("request-{number}"));
    function.call(&event).await["statusCode"].as_u64().unwrap()
}

/// The device posts all the time. It gets the new token when that is accepted, and the old one is removed then.
#[tokio::test]
async fn no_post_is_lost_while_a_token_is_rotated() {
    let stack = OwnStack::create(&viewtron(&[OLD])).await;
    let (device, other) = (stack.start("viewtron").await, stack.start("viewtron").await);
    // 0: the old token; 1: the new one; 2: the end.
    let phase = AtomicU8::new(0);
    let posting = async {
        let mut posted = 0;
        let mut pace = tokio::time::interval(BETWEEN_POSTS);
        loop {
            pace.tick().await;
            let token = match phase.load(Ordering::SeqCst) {
                0 => OLD,
                1 => NEW,
                _ => return posted,
            };
            assert_eq!(post(&device, token, posted).await, 200, "post {posted}");
            posted += 1;
        }
    };
    let rotating = async {
        stack.bucket.put(CONFIGURATION, viewtron(&[OLD, NEW])).await;
        let mut number = 1_000_000;
        // Both have asked for a newer version when the one that began later has.
        wait::until_deadline("the new token", wait::REDELIVERY_DEADLINE, async || {
            number += 1;
            (post(&other, NEW, number).await == 200).then_some(())
        })
        .await;
        phase.store(1, Ordering::SeqCst);
        stack.bucket.put(CONFIGURATION, viewtron(&[NEW])).await;
        wait::until_deadline("the end of the old token", wait::REDELIVERY_DEADLINE, async || {
            number += 1;
            (post(&other, OLD, number).await != 200).then_some(number)
        })
        .await;
        phase.store(2, Ordering::SeqCst);
    };
    let (posted, ()) = tokio::join!(posting, rotating);
    assert!(posted > 10, "{posted}");
    // Each post has pictures of its own, and so an event of its own; `other` has posted, too.
    let stored = stack.bucket.record_keys("gate").await.len();
    assert!(stored > usize::try_from(posted).unwrap(), "{stored} events of {posted} posts");
}

/// Runs a command of `camhook` on the deployed stack, with more rights than the template's policies give: nobody whom they
/// allow something may erase.
async fn camhook(stack: &Stack, arguments: &[&str]) -> Output {
    let file = stack.calls.with_file_name("stack.json");
    let mut command = Command::new(stack.bootstrap("camhook"));
    command.args(arguments).arg("--stack").arg(file);
    let output = wait::within("the command to end", command.output()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The keys and ids of all versions of all objects.
async fn versions(cloud: &Cloud, stack: &Stack) -> Vec<(String, String)> {
    let mut versions = Vec::new();
    let mut next = (None, None);
    loop {
        let request = cloud.s3.list_object_versions().bucket(&stack.bucket);
        let page = request.set_key_marker(next.0).set_version_id_marker(next.1).send().await.unwrap();
        let of_page = page.versions().iter();
        versions
            .extend(of_page.map(|one| (one.key().unwrap().to_owned(), one.version_id().unwrap().to_owned())));
        if page.is_truncated() != Some(true) {
            return versions;
        }
        next = (page.next_key_marker, page.next_version_id_marker);
    }
}

/// The keys of all versions of all objects that contain a text, and the items of both tables that do.
async fn places_with(cloud: &Cloud, stack: &Stack, wanted: &str) -> Vec<String> {
    let mut places = Vec::new();
    for (key, id) in versions(cloud, stack).await {
        let object = cloud.s3.get_object().bucket(&stack.bucket).key(&key).version_id(id).send().await;
        let Ok(object) = object else { continue };
        let bytes = object.body.collect().await.unwrap().into_bytes();
        if String::from_utf8_lossy(&bytes).contains(wanted) || key.contains(wanted) {
            places.push(key);
        }
    }
    for table in [&stack.table, &stack.index_table] {
        for item in cloud.table(table).items("").await {
            if item.values().any(|value| value.contains(wanted)) {
                places.push(format!("{table}/{}", item["pk"]));
            }
        }
    }
    places
}

#[tokio::test]
async fn a_person_is_erased_and_a_search_of_everything_finds_only_what_the_report_names() {
    const NAME: &str = "Erasmus Example";
    let stack = Stack::given();
    let cloud = Cloud::of(&stack);
    let mut source = Source::given("erased").await;
    let mut events = Vec::new();
    for name in ["Erasmus%20Example", "Erasmus%20Examples"] {
        let query = format!("cam=4711&object=1&face={name}");
        let reply = source.send("GET", &format!("{}?{query}", source.url), &[], b"").await;
        assert_eq!(reply.status(), 200);
        events.push(source.the_event().await);
    }
    let of = |name: &str| events.iter().find(|event| event["data"]["face"]["name"] == name).unwrap();
    let (id, other) = (of(NAME)["id"].as_str().unwrap(), of("Erasmus Examples")["id"].as_str().unwrap());
    let listed = async || {
        let output = camhook(&stack, &["events", "--json", "--since", "1h", "--source", "erased"]).await;
        (String::from_utf8_lossy(&output.stdout).lines().count() == 2).then_some(())
    };
    wait::until("both events in the index", listed).await;

    let found = camhook(&stack, &["erase", "--person", "erasmus example", "--dry-run"]).await;
    let found = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(found.contains("1 event,"), "{found}");
    assert!(
        !places_with(&cloud, &stack, &format!("\"{NAME}\"")).await.is_empty(),
        "a dry run erases nothing"
    );
    let erased = camhook(&stack, &["erase", "--person", "erasmus example", "--yes"]).await;
    let report = String::from_utf8_lossy(&erased.stdout).into_owned();
    assert!(report.contains("Erased 1 event,") && report.contains("What remains"), "{report}");
    assert_eq!(places_with(&cloud, &stack, &format!("\"{NAME}\"")).await, Vec::<String>::new());
    // Named by the report: claims, the audit, and posts of a source without faces.
    let named = |place: &String| {
        place.starts_with("audit/") || place.contains("/claim#") || place.contains("/presence")
    };
    let left = places_with(&cloud, &stack, id).await;
    assert!(left.iter().all(named), "{left:?}");
    assert!(!places_with(&cloud, &stack, other).await.is_empty(), "another person's event stays");
}

/// The stack.json of a stack that was deleted.
fn gone(stack: &Stack) -> Value {
    let text = std::fs::read_to_string(stack.calls.with_file_name("stack.json")).unwrap();
    let mut file: Value = serde_json::from_str(&text).unwrap();
    for name in ["bucket", "table", "index_table"] {
        file[name] = "camhook-that-is-gone".into();
    }
    for url in file["queues"].as_object_mut().unwrap().values_mut() {
        *url = format!("{}-gone", url.as_str().unwrap()).into();
    }
    file
}

#[tokio::test]
async fn each_command_says_that_its_stack_is_gone() {
    let stack = Stack::given();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stack.json");
    std::fs::write(&file, gone(&stack).to_string()).unwrap();
    for arguments in [
        &["status"][..],
        &["events", "--since", "1h"],
        &["index", "rebuild", "--since", "1d"],
        &["quarantine", "list"],
        &["quarantine", "show", "abc"],
        &["quarantine", "replay", "--all"],
        &["replay", "--since", "1h"],
        &["dlq"],
        &["report", "gate", "--month", "2026-11"],
        &["report", "counts", "--month", "2026-11", "--csv"],
        &["erase", "--plate", "IB 36 NL", "--dry-run"],
        &["tokens"],
        &["people", "list"],
        &["people", "revoke", "Ann", "--dry-run"],
        &["snooze", "--list"],
        &["relays"],
        &["arm"],
        &["config", "show"],
        &["config", "history"],
        &["config", "rollback", "--dry-run"],
    ] {
        let mut command = Command::new(stack.bootstrap("camhook"));
        let output = command.args(arguments).arg("--stack").arg(&file).output();
        let output = wait::within("the command to end", output).await.unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
        assert!(error.contains("hint: the stack may have been deleted"), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

/// The exit code and what was printed as an error, of a command that prints no result.
fn failure(output: &Output) -> (Option<i32>, String) {
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "no result");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn is_of_table(call: &Call) -> bool {
    let operations = ["GetItem", "BatchGetItem", "Query", "Scan", "PutItem", "UpdateItem", "DeleteItem"];
    operations.contains(&call.operation.as_str())
}

/// The bucket without the configuration.
fn is_of_bucket(call: &Call) -> bool {
    let operations = ["ListObjectsV2", "GetObject", "PutObject", "DeleteObject"];
    operations.contains(&call.operation.as_str()) && !call.target.starts_with(CONFIGURATION)
}

const THROTTLED: &str = "hint: AWS limits the rate: repeat the command in a minute";
const DENIED: &str = "hint: your AWS user or role lacks a right";

#[tokio::test]
async fn each_command_says_that_the_table_is_throttled_or_may_not_be_used() {
    let stack = OwnStack::create(&viewtron(&[OLD])).await;
    let commands: [(&str, &[&str]); 14] = [
        ("status", &[]),
        ("events", &["--since", "1h"]),
        ("replay", &["--since", "1h"]),
        ("index", &["rebuild", "--since", "1d"]),
        ("erase", &["--plate", "IB 36 NL"]),
        ("snooze", &["--list"]),
        ("relays", &[]),
        ("tokens", &[]),
        ("snooze", &["gate", "1h"]),
        ("relays", &["on"]),
        ("people", &["list"]),
        ("people", &["invite", "Ann", "--role", "viewer"]),
        ("people", &["revoke", "Ann"]),
        ("config", &["history"]),
    ];
    for (code, hint) in
        [("ProvisionedThroughputExceededException", THROTTLED), ("AccessDeniedException", DENIED)]
    {
        stack.proxy.fail(Fault::Refusal(400, code), is_of_table);
        for (command, arguments) in commands {
            let (exit, error) = failure(&stack.run_behind_proxy(command, arguments).await);
            assert_eq!(exit, Some(1), "{command}: {error}");
            assert!(error.contains(code) && error.contains(hint), "{command}: {error}");
        }
        stack.proxy.heal();
    }
    stack.proxy.fail(Fault::Refusal(403, "AccessDenied"), is_of_bucket);
    let of_bucket = ["status", "replay", "erase"];
    for (command, arguments) in commands.into_iter().filter(|(command, _)| of_bucket.contains(command)) {
        let (exit, error) = failure(&stack.run_behind_proxy(command, arguments).await);
        assert_eq!(exit, Some(1), "{command}: {error}");
        assert!(error.contains(DENIED), "{command}: {error}");
    }
}

/// The second message is refused, and the command is repeated: the run is the same, and so no channel gets a message
/// twice.
#[tokio::test]
async fn a_replay_that_was_refused_in_the_middle_is_continued_as_the_same_run() {
    let stack = OwnStack::create(&viewtron(&[OLD])).await;
    let function = stack.start("viewtron").await;
    for number in 0..2 {
        assert_eq!(post(&function, OLD, number).await, 200);
    }
    while let Some(taken) = stack.notify.take().await {
        taken.delete().await;
    }
    let notify = stack.notify.url.rsplit('/').next().unwrap().to_owned();
    stack.proxy.fail_nth(2, Fault::Refusal(403, "AccessDeniedException"), move |call| {
        call.is("SendMessage", &notify)
    });
    let (exit, error) = failure(&stack.run_behind_proxy("replay", &["--since", "1h"]).await);
    assert_eq!(exit, Some(1), "{error}");
    assert!(error.contains("repeat the command to continue") && error.contains(DENIED), "{error}");

    let output = stack.run_behind_proxy("replay", &["--since", "1h"]).await;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && printed.contains("2 events sent again"), "{printed}{notes}");
    assert!(notes.contains("Continuing the replay of events since"), "{notes}");
    let mut runs = Vec::new();
    while let Some(taken) = stack.notify.take().await {
        runs.push(taken.record["messageAttributes"]["replay"]["stringValue"].clone());
        taken.delete().await;
    }
    assert_eq!(runs.len(), 3, "one was sent before the failure");
    assert!(runs.iter().all(|run| *run == runs[0] && run.is_string()), "{runs:?}");
}

#[tokio::test]
async fn dead_letters_that_cannot_be_sent_again_can_be_listed_at_once() {
    let stack = OwnStack::create(&viewtron(&[OLD])).await;
    stack.notify_dlq.send("{}").await;
    let (throttled, denied) = ("ProvisionedThroughputExceededException", "AccessDeniedException");
    for (status, code, hint) in [(400, throttled, THROTTLED), (403, denied, DENIED)] {
        stack.proxy.fail(Fault::Refusal(status, code), move |call| {
            if code == throttled { is_of_table(call) } else { call.operation == "SendMessage" }
        });
        let (exit, error) = failure(&stack.run_behind_proxy("dlq", &["send", "--all"]).await);
        assert_eq!(exit, Some(1), "{error}");
        assert!(error.contains(hint), "{error}");
        assert_eq!(stack.proxy.count("DeleteMessage", ""), 0, "it stays in the queue");
        stack.proxy.heal();
        // It would be invisible for 30 s if the command had kept it.
        let visible = stack.notify_dlq.take().await.unwrap();
        visible.give_back().await;
    }
}
