//! Cameras, relays and modes, problems, site.

use bytes::Bytes;
use camhook_operations::events::Summary;
use camhook_ports::{ActiveAlarm, EventIndex, Object, ObjectStore, Ports, Precondition, Queue, QueueDepth};
use camhook_state::channel_status::{self, ChannelStatus};
use camhook_state::configuration::{self, ValidVersion};
use camhook_state::control::{self, StopSwitch};
use camhook_state::dead_letter::{self, DeadLetter};
use camhook_state::person::Role;
use camhook_state::presence;
use camhook_state::relay::{self, LastAction, RelayRecord, ReleaseFailures};
use http::StatusCode;
use serde_json::json;

use crate::support::{Console, NOW, SITE, event};

const EVERY: [&str; 4] = ["/console/cameras", "/console/relays", "/console/problems", "/console/site"];

#[tokio::test]
async fn a_page_is_shown_to_the_roles_that_it_is_for() {
    let console = Console::new();
    let allowed = |role: Role, areas: &'static [&'static str]| match (role, areas) {
        (Role::Admin, []) => 4,
        (Role::Operator, []) => 3,
        _ => 2,
    };
    for role in Role::ALL {
        for areas in [&[][..], &["yard"][..]] {
            let cookie = console.sign_in("Anna", role, areas).await;
            let home = console.get("/console", &cookie).await;
            for (index, path) in EVERY.into_iter().enumerate() {
                let is_allowed = index < allowed(role, areas);
                let page = console.get(path, &cookie).await;
                let expected = if is_allowed { StatusCode::OK } else { StatusCode::FORBIDDEN };
                assert_eq!(page.status, expected, "{role} {areas:?} {path}");
                assert_eq!(home.text().contains(&format!("href=\"{}\"", &path[1..])), is_allowed, "{path}");
                assert_eq!(console.get(path, "").await.status, StatusCode::UNAUTHORIZED);
            }
        }
    }
}

#[tokio::test]
async fn cameras_show_the_last_contact_of_each_source() {
    let console = Console::new();
    let state = console.ports.state();
    let last = event("gate", Some("yard"), 30, &json!({ "lag_s": 120.0 }));
    console.store(&last).await;
    presence::record_contact(state, "gate", NOW).await.unwrap();
    presence::record_refusal(state, "desk", NOW, "wrong <token>").await.unwrap();
    let object = Object { bytes: Bytes::from_static(b"{}"), content_type: "application/json" };
    let key = "quarantine/2026/11/29/gate/r-1/reason.json";
    console.ports.objects().put(key, object, Precondition::None).await.unwrap();
    let cookie = console.sign_in("Anna", Role::Viewer, &[]).await;
    let page = console.get("/console/cameras", &cookie).await;
    for part in [
        "data-source=\"gate\"",
        "30 min ago",
        "2 min</span> behind",
        "wrong &lt;token&gt;",
        "No contact yet",
        "1 post</span> not understood",
        "29 Nov: 1",
        "camhook setup gate",
        &format!("thumbnails/{}", last.id),
    ] {
        assert!(page.text().contains(part), "{part} in {}", page.text());
    }
    let limited = console.sign_in("Ben", Role::Admin, &["office"]).await;
    let page = console.get("/console/cameras", &limited).await;
    assert!(page.text().contains("data-source=\"desk\""));
    for hidden in ["gate", "\"free\"", "29 Nov: 1"] {
        assert!(!page.text().contains(hidden), "{hidden}");
    }
}

#[tokio::test]
async fn relays_show_the_stop_switch_and_modes_are_limited_to_areas() {
    let console = Console::new();
    let state = console.ports.state();
    control::set_stop_switch(state, StopSwitch::Stopped, NOW, "<b>Anna</b>").await.unwrap();
    let admin = console.sign_in("Anna", Role::Admin, &[]).await;
    let page = console.get("/console/relays", &admin).await;
    for part in [
        "All relays are disabled",
        "&lt;b&gt;Anna",
        "camhook relays on",
        "data-area=\"yard\"",
        "data-area=\"office\"",
    ] {
        assert!(page.text().contains(part), "{part}");
    }
    let limited = console.sign_in("Ben", Role::Admin, &["yard"]).await;
    let page = console.get("/console/relays", &limited).await;
    assert!(page.text().contains("data-area=\"yard\""));
    assert!(!page.text().contains("office") && !page.text().contains("Stop switch"));
}

#[tokio::test]
async fn a_relay_is_shown_as_what_is_known_of_it() {
    let site = format!(
        "{SITE}\n[[relay]]\nid = \"siren\"\ndriver = \"viewtron\"\nurl = \"https://siren.example.org\"\n"
    );
    let console = Console::of(&site);
    let cookie = console.sign_in("Anna", Role::Admin, &[]).await;
    let minutes = |minutes: i64| NOW.checked_add(jiff::SignedDuration::from_mins(minutes)).ok();
    let failures = || ReleaseFailures { count: 3, since: NOW, alerted: None, next: NOW };
    let known = |last_action, on_until, release_failures| RelayRecord {
        last_action: Some(last_action),
        last_actuation: minutes(-5),
        on_until,
        release_failures,
        ..RelayRecord::default()
    };
    for (relay, record, shown) in [
        ("barrier", None, "Never switched"),
        ("barrier", Some(known(LastAction::On, None, None)), "On, without an end"),
        ("barrier", Some(known(LastAction::Off, None, None)), ">Off<"),
        ("barrier", Some(known(LastAction::Toggle, None, None)), "Toggled, on or off"),
        ("barrier", Some(known(LastAction::Pulse, minutes(5), None)), "On until"),
        ("barrier", Some(known(LastAction::Pulse, minutes(-1), None)), "Off by its timer since"),
        ("siren", Some(known(LastAction::Pulse, minutes(-1), None)), "To be switched off since"),
        ("siren", Some(known(LastAction::Release, None, None)), ">Off<"),
        ("siren", Some(known(LastAction::Pulse, minutes(-1), Some(failures()))), "May be on"),
    ] {
        if let Some(record) = record {
            let read = relay::read(console.ports.state(), relay).await.unwrap();
            relay::write(console.ports.state(), &read, record, NOW).await.unwrap().unwrap();
        }
        let page = console.get("/console/relays", &cookie).await;
        let card = page.text().split(&format!("data-relay=\"{relay}\"")).nth(1).unwrap();
        let card = card.split("</section>").next().unwrap();
        assert!(card.contains(shown), "{shown} in {card}");
    }
}

#[tokio::test]
async fn problems_list_what_fails_and_what_was_not_understood() {
    let console = Console::deployed().await;
    let cookie = console.sign_in("Anna", Role::Operator, &[]).await;
    assert!(console.get("/console/problems", &cookie).await.text().contains("No problems"));
    let failing =
        ChannelStatus { failed: Some(NOW), reason: Some("<i>no</i>".to_owned()), ..ChannelStatus::default() };
    channel_status::record(console.ports.state(), "family", &failing).await.unwrap();
    presence::record_refusal(console.ports.state(), "desk", NOW, "<i>token</i>").await.unwrap();
    let put = async |key: &str, bytes: Vec<u8>| {
        let object = Object { bytes: Bytes::from(bytes), content_type: "application/json" };
        console.ports.objects().put(key, object, Precondition::None).await.unwrap();
    };
    let reason = json!({ "reason": "not_xml", "detail": "<b>here</b>", "source": "gate", "received_at": NOW, "request_id": "r-1" });
    put("quarantine/2026/11/29/gate/r-1/reason.json", serde_json::to_vec(&reason).unwrap()).await;
    put("pending/0123456789abcdef0123456789abcdef.json", b"{}".to_vec()).await;
    let letter = DeadLetter { reasons: vec!["no <answer>".to_owned()], at: NOW };
    dead_letter::record(console.ports.state(), Queue::Notify, "m-1", &letter).await.unwrap();
    let page = console.get("/console/problems", &cookie).await;
    for part in [
        "1 post is in quarantine",
        "no &lt;answer&gt;",
        "m-1",
        "Channel family fails",
        "&lt;i&gt;no",
        "Source desk is refused",
        "1 event or alert waits for a queue",
        "not_xml",
        "&lt;b&gt;here",
        "r-1",
    ] {
        assert!(page.text().contains(part), "{part} in {}", page.text());
    }
}

#[tokio::test]
async fn problems_of_queues_alarms_relays_agents_and_the_configuration_are_listed() {
    let console = Console::deployed().await;
    let cookie = console.sign_in("Anna", Role::Operator, &[]).await;
    let state = console.ports.state();
    let by_agent = "driver = \"shelly-gen2\"\nnetwork = \"lan\"\nvia = \"agent\"";
    let version = console.push(&SITE.replace("driver = \"shelly-gen2\"", by_agent)).await;
    let valid = ValidVersion { version, since: NOW, sources: 3 };
    configuration::record_valid_version(state, &valid).await.unwrap();
    console.push("timezone = \"<i>Nowhere\"").await;
    presence::record_contact(state, &presence::agent("barn"), NOW).await.unwrap();
    control::set_stop_switch(state, StopSwitch::Stopped, NOW, "<b>Anna</b>").await.unwrap();
    let gate = relay::read(state, "barrier").await.unwrap();
    let failures = ReleaseFailures { count: 7, since: NOW, alerted: None, next: NOW };
    let record = RelayRecord { release_failures: Some(failures), ..RelayRecord::default() };
    relay::write(state, &gate, record, NOW).await.unwrap();
    console.monitor.set_depths(vec![QueueDepth {
        queue: Queue::Notify,
        messages: 1,
        oldest_s: Some(1260),
        dead_letters: 2,
    }]);
    let alarm = ActiveAlarm {
        name: "ApiErrorsAlarm".to_owned(),
        description: "A device received a server error; <see>".to_owned(),
        since: Some(NOW),
    };
    console.monitor.set_alarms(vec![alarm]);
    console.advance(3600);
    let page = console.get("/console/problems", &cookie).await;
    for part in [
        "The newest camhook.toml is rejected",
        "The last valid version stays in force. ",
        "&lt;i&gt;Nowhere",
        "Agent barn is offline",
        "Last report 1 h ago",
        "All relays are disabled",
        "&lt;b&gt;Anna",
        "Relay barrier may still be on",
        "since 1 h ago; 7 attempts.",
        "camhook relays confirm-off barrier",
        "2 dead letters of the queue notify",
        "The queue notify is late",
        "has waited for 21 min",
        "Alarm ApiErrorsAlarm",
        "server error; &lt;see&gt;",
    ] {
        assert!(page.text().contains(part), "{part} in {}", page.text());
    }
    console.monitor.fail();
    let page = console.get("/console/problems", &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    for part in
        ["The depths of the queues are unknown", "The alarms are unknown", "Relay barrier may still be on"]
    {
        assert!(page.text().contains(part), "{part} in {}", page.text());
    }
}

#[tokio::test]
async fn the_site_shows_the_changes_of_a_version_without_secrets() {
    let console = Console::new();
    let first = console.push(SITE).await;
    let second = console.push(&SITE.replace("AAAAAAAAAAAAAAAAAAAAAA", "DDDDDDDDDDDDDDDDDDDDDD")).await;
    let third = console.push(&SITE.replace("\"drive\"", "\"driveway\"")).await;
    let cookie = console.sign_in("Anna", Role::Admin, &[]).await;
    let changes = |version: &str| format!("/console/site?version={version}");
    let page = console.get("/console/site", &cookie).await;
    for version in [&second, &third] {
        assert!(page.text().contains(&format!("{}\">Changes", changes(version))), "{}", page.text());
    }
    assert!(!page.text().contains(&changes(&first)), "nothing is before the first version");
    let of_secret = console.get(&changes(&second), &cookie).await;
    for sign in ["removed\">- ", "added\">+ "] {
        let line = format!("{sign}    auth = {{ token = &quot;[redacted]&quot; }}");
        assert!(of_secret.text().contains(&line), "{line} in {}", of_secret.text());
    }
    let of_name = console.get(&changes(&third), &cookie).await;
    for part in ["removed\">-     id = &quot;drive&quot;", "added\">+     id = &quot;driveway&quot;"] {
        assert!(of_name.text().contains(part), "{part} in {}", of_name.text());
    }
    for text in [page.text(), of_secret.text(), of_name.text()] {
        assert!(!text.contains("AAAAAAAA") && !text.contains("DDDDDDDD"), "{text}");
    }
    for unknown in [first.as_str(), "none", "%22%3E%3Cscript%3E"] {
        assert_eq!(console.get(&changes(unknown), &cookie).await.status, StatusCode::NOT_FOUND, "{unknown}");
    }
    let operator = console.sign_in("Ben", Role::Operator, &[]).await;
    assert_eq!(console.get(&changes(&second), &operator).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_site_shows_people_with_their_browsers() {
    let console = Console::new();
    let cookie = console.sign_in("Anna", Role::Admin, &[]).await;
    console.sign_in("Ben <b>", Role::Viewer, &["yard"]).await;
    let page = console.get("/console/site", &cookie).await;
    for part in [
        "3 sources",
        "Europe/Berlin",
        "Ben &lt;b&gt;",
        "viewer, yard",
        "Test &lt;b&gt;browser",
        "camhook people revoke",
    ] {
        assert!(page.text().contains(part), "{part} in {}", page.text());
    }
}

#[tokio::test]
async fn a_failing_table_or_bucket_is_a_page_that_says_so() {
    let console = Console::new();
    let cookie = console.sign_in("Anna", Role::Admin, &[]).await;
    console.ports.state.fail("presence");
    console.ports.state.fail("people");
    for path in ["/console/cameras", "/console/site"] {
        assert_eq!(console.get(path, &cookie).await.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
    }
}

#[tokio::test]
async fn the_audit_of_a_relay_is_shown_with_its_event() {
    let console = Console::new();
    let event = event(
        "gate",
        Some("yard"),
        30,
        &json!({ "kind": "plate", "targets": [], "plate": { "text": "B-AN 4711", "list": "allow" } }),
    );
    console.store(&event).await;
    let audit = json!({
        "type": "camhook.audit.v1", "at": NOW, "decision": "done", "reason": "done", "text": "switched <on>",
        "relay": "barrier", "action": "pulse", "seconds": 1.0, "rule": "open", "event": event.id,
    });
    let key = camhook_event::audit_key("barrier", NOW, &format!("done-{}-open-0", event.id));
    let object = Object { bytes: Bytes::from(audit.to_string()), content_type: "application/json" };
    console.ports.objects().put(&key, object, Precondition::None).await.unwrap();
    let cookie = console.sign_in("Anna", Role::Viewer, &[]).await;
    for path in ["/console/relays".to_owned(), format!("/console/events/{}", event.id)] {
        let page = console.get(&path, &cookie).await;
        for part in ["barrier", "switched &lt;on&gt;", "B-AN 4711"] {
            assert!(page.text().contains(part), "{path}: {part} in {}", page.text());
        }
    }
}

#[tokio::test]
async fn the_newest_posts_of_the_quarantine_are_shown_whichever_source_they_are_of() {
    let console = Console::deployed().await;
    let put = async |source: &str, id: &str, minutes: i64| {
        let received_at = NOW - jiff::SignedDuration::from_mins(minutes);
        let reason = json!({ "reason": "not_xml", "detail": "", "source": source, "received_at": received_at, "request_id": id });
        let object = Object { bytes: Bytes::from(reason.to_string()), content_type: "application/json" };
        let key = format!("quarantine/2026/11/29/{source}/{id}/reason.json");
        console.ports.objects().put(&key, object, Precondition::None).await.unwrap();
    };
    for number in 0..1500_i64 {
        put("desk", &format!("old-{number}"), 600 - number / 10).await;
    }
    put("gate", "newest", 1).await;
    let cookie = console.sign_in("Anna", Role::Operator, &[]).await;
    let before = console.ports.objects.calls();
    let page = console.get("/console/problems", &cookie).await;
    let shown: Vec<usize> = ["newest", "old-1499", "old-1481"]
        .iter()
        .filter_map(|id| page.text().find(&format!(">{id}<")))
        .collect();
    assert!(shown.len() == 3 && shown.is_sorted(), "{shown:?}");
    assert!(!page.text().contains(">old-1480<") && page.text().contains("1501 posts"));
    assert!(console.ports.objects.calls() - before < 50, "20 entries are read, and not all");
}

#[tokio::test]
async fn cameras_read_the_last_event_of_each_source_and_nothing_else_of_it() {
    const SOURCES: usize = 500;
    let mut toml = "timezone = \"Europe/Berlin\"\n".to_owned();
    for number in 0..SOURCES {
        toml += &format!(
            "[[source]]\nid = \"camera-{number}\"\nvendor = \"viewtron\"\nauth = {{ token = \"{number:022}\" }}\n"
        );
    }
    let console = Console::of(&toml);
    for number in 0..SOURCES {
        let last = event(&format!("camera-{number}"), None, 5, &json!({ "lag_s": 120.0 }));
        let mut summary = Summary::of(&last);
        summary.id = format!("{number:032x}").parse().unwrap();
        let (item, keys) = summary.item(90).unwrap();
        console.ports.index.put(item, &keys).await.unwrap();
    }
    let cookie = console.sign_in("Anna", Role::Viewer, &[]).await;
    let (objects, pages) = (console.ports.objects.calls(), console.ports.index.pages_read());
    let page = console.get("/console/cameras", &cookie).await;
    assert_eq!(page.text().matches("2 min</span> behind").count(), SOURCES);
    assert_eq!(console.ports.index.pages_read() - pages, SOURCES);
    assert!(console.ports.objects.calls() - objects < 20, "no record is read");
}
