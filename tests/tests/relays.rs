//! Relays of the deployed stack, over real HTTP: what a plate opens and closes again, and a relay that is dead.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use camhook_end_to_end::commands::run_well;
use camhook_end_to_end::device_log::received;
use camhook_end_to_end::post::{INTRUSION, Post};
use camhook_end_to_end::process::Process;
use camhook_end_to_end::source::Source;
use camhook_end_to_end::wait;
use camhook_ports::{Clock, SystemClock};
use jiff::tz::TimeZone;
use serde_json::Value;

/// A plate that the site knows, with two pictures.
const PLATE: &str = include_str!("../../functions/viewtron/samples/plate.http");

/// How old an event of a lively relay may be when that was switched, in seconds. Nobody waits for a dead one for
/// longer than 4 s.
const NOT_DELAYED: f64 = 20.0;

/// A post of a device that no other post is of: rules act once for each thing.
fn of_a_new_device(source: &Source, template: &str) -> Post {
    let octets = getrandom::u64().unwrap().to_be_bytes();
    let [a, b, c, ..] = octets.map(|octet| format!("{octet:02x}"));
    let mut template = template.to_owned();
    for mac in ["58:5b:69:5a:84:bb", "58:5b:69:11:22:33"] {
        template = template.replace(mac, &format!("58:5b:69:{a}:{b}:{c}"));
    }
    source.fill_in(&template)
}

/// The levels that an output of the recorder received, in order.
fn levels(source: &Source, channel: u8) -> Vec<&'static str> {
    let asked = received(&source.stack, &format!("/ManualAlarmOut/{channel}"));
    let level = |body: Vec<u8>| {
        let body = String::from_utf8(body).unwrap();
        if body.contains("<status>true</status>") { "on" } else { "off" }
    };
    asked.iter().filter(|request| request.status == 200).map(|request| level(request.body())).collect()
}

/// What the WebRelay was asked of one of its relays.
fn pulses(source: &Source, relay: u8) -> Vec<String> {
    let asked = received(&source.stack, "/state").into_iter();
    let wanted = format!("relay{relay}State=");
    asked.filter(|request| request.path.contains(&wanted)).map(|request| request.path).collect()
}

/// The audit records of a relay.
async fn audit(source: &Source, relay: &str) -> Vec<Value> {
    let mut records = Vec::new();
    for key in source.bucket.keys("audit/").await {
        if key.contains(&format!("/{relay}/")) {
            records.push(source.bucket.json(&key).await);
        }
    }
    records
}

async fn decisions(source: &Source, relay: &str) -> Vec<String> {
    let records = audit(source, relay).await;
    records.iter().map(|record| record["decision"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_plate_opens_the_gate_and_the_barrier_and_both_close_again() {
    let source = Source::given("estate").await;
    let (levels_before, pulses_before) = (levels(&source, 1).len(), pulses(&source, 1).len());
    let (gate_before, barrier_before) =
        (decisions(&source, "estate-gate").await.len(), decisions(&source, "estate-barrier").await.len());
    let file = source.stack.file();
    let arguments = ["tail", "--json", "--source", "estate", "--stack", file.to_str().unwrap()];
    let tail = Process::start_with(source.stack.bootstrap("camhook"), arguments, Vec::new());
    wait::until("`camhook tail` to wait", async || {
        tail.output().iter().any(|line| line.contains("waiting for events")).then_some(())
    })
    .await;
    let post = of_a_new_device(&source, PLATE);
    assert_eq!(source.post(&post, &[]).await.status(), 200);

    // The device itself ends the pulse of the gate; the release that the queue held lowers the barrier.
    wait::until("the barrier up and down", async || {
        (levels(&source, 1).split_off(levels_before) == ["on", "off"]).then_some(())
    })
    .await;
    wait::until("the pulse of the gate", async || {
        (pulses(&source, 1).split_off(pulses_before) == ["/state.xml?relay1State=2&pulseTime1=2"])
            .then_some(())
    })
    .await;
    let notified = wait::until("the notification", async || {
        let notified = received(&source.stack, "/ntfy/estate");
        notified.into_iter().find(|request| post.pictures().contains(&request.body()))
    })
    .await;
    assert_eq!(notified.header("title"), "Ann at the gate");

    let barrier = wait::until("the audit of the barrier", async || {
        let decided = decisions(&source, "estate-barrier").await.split_off(barrier_before);
        (decided.len() == 2).then_some(decided)
    })
    .await;
    assert_eq!(barrier, ["done", "released"]);
    assert_eq!(decisions(&source, "estate-gate").await.split_off(gate_before), ["done"]);

    // A person sees it happen: the event, both relays and the message.
    let id = wait::until("the event and its three decisions in `camhook tail`", async || {
        let lines = tail.output();
        let happened: Vec<Value> = lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let event =
            happened.iter().map(|line| &line["event"]).find(|event| event["plate"]["text"] == "IB36NL")?;
        let decided = happened.iter().filter(|line| line["decision"]["event"] == event["id"]);
        (decided.count() >= 3).then(|| event["id"].as_str().unwrap().to_owned())
    })
    .await;
    tail.kill_switch().terminate().await;

    // And who opened the gate, at the end of the month.
    let now = SystemClock::start().now().to_zoned(TimeZone::get("Europe/Berlin").unwrap());
    let month = now.strftime("%Y-%m").to_string();
    let arguments = ["report", "gate", "--month", &month, "--relay", "estate-gate", "--csv"];
    let report = run_well(&source.stack, &arguments).await;
    let report = String::from_utf8(report.stdout).unwrap();
    let mut lines = report.lines();
    assert_eq!(lines.next(), Some("time,relay,action,decision,plate,matched_plate,person,source,rule,event"));
    let opening = lines.find(|line| line.ends_with(&id)).unwrap_or_else(|| panic!("{report}"));
    assert!(opening.starts_with(&month) && opening.contains(",estate-gate,pulse,done,IB36NL,"), "{opening}");
    assert!(opening.contains(",Ann,estate,estate,"), "{opening}");
}

#[tokio::test]
async fn one_event_delivered_ten_times_moves_each_relay_once() {
    let mut source = Source::given("tenfold").await;
    let (levels_before, pulses_before) = (levels(&source, 2).len(), pulses(&source, 2).len());
    let post = of_a_new_device(&source, PLATE);
    for _ in 0..10 {
        assert_eq!(source.post(&post, &[]).await.status(), 200);
    }
    assert_eq!(source.news().await.len(), 1, "one event");
    wait::until("the barrier up and down", async || {
        (levels(&source, 2).split_off(levels_before) == ["on", "off"]).then_some(())
    })
    .await;
    source.consumers_are_done().await;
    assert_eq!(levels(&source, 2).split_off(levels_before), ["on", "off"]);
    let pulse = "/stateFull.xml?relay2State=2&pulseTime2=2";
    assert_eq!(pulses(&source, 2).split_off(pulses_before), [pulse]);
    let decided = decisions(&source, "tenfold-barrier").await;
    assert!(decided.contains(&"duplicate".to_owned()), "{decided:?}");
}

#[tokio::test]
async fn a_dead_relay_delays_no_other() {
    let (dead, lively) = (Source::given("dead").await, Source::given("lively").await);
    let before = audit(&lively, "lively").await.len();
    let switched_before = received(&lively.stack, "/webhook/lively").len();
    for number in 0..30 {
        if number % 10 == 0 {
            assert_eq!(dead.post(&of_a_new_device(&dead, INTRUSION), &[]).await.status(), 200);
        }
        assert_eq!(lively.post(&of_a_new_device(&lively, INTRUSION), &[]).await.status(), 200);
        wait::until("the lively relay", async || {
            (received(&lively.stack, "/webhook/lively").len() > switched_before + number).then_some(())
        })
        .await;
    }
    let records = wait::until("thirty decisions", async || {
        let records = audit(&lively, "lively").await.split_off(before);
        (records.len() == 30).then_some(records)
    })
    .await;
    for record in &records {
        assert_eq!(record["decision"], "done");
        assert!(record["age_s"].as_f64().unwrap() < NOT_DELAYED, "{record}");
    }
    dead.consumers_are_done().await;
    let decided = decisions(&dead, "dead").await;
    // One that waited for its turn at the dead relay may have become too old.
    assert!(decided.iter().all(|decision| decision == "unknown" || decision == "late"), "{decided:?}");
    let unknown = decided.iter().filter(|decision| *decision == "unknown").count();
    let asked = received(&dead.stack, "/silent/dead").len();
    assert!(asked >= 1, "the relay was spoken to");
    assert_eq!(asked, unknown, "what says nothing is asked once for each event");
}
