//! The quarantine, on a bucket and queues in memory.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::sync::Arc;

use bytes::Bytes;
use camhook_event::{Event, Kind, Vendor};
use camhook_ingest::{
    Adapter, DeviceTime, Draft, Identity, Ignored, Malformed, Outcome, Parsed, Received, Reply, Request,
    Transport, Verified, quarantine as put_into_quarantine,
};
use camhook_operations::quarantine::{
    Filter, NotReplayable, ReplayOutcome, Replayer, Status, body, counts, find, list,
};
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{Ports, Queue};
use camhook_site::Site;
use jiff::Timestamp;

/// A dialect of lines: `motion TIME`, `idle`, `!word` for what cannot be read beside events.
struct Lines;

impl Adapter for Lines {
    fn vendor(&self) -> Vendor {
        Vendor::Viewtron
    }

    fn parser_version(&self) -> &'static str {
        "lines-2"
    }

    fn parse<'a>(&self, request: &'a Request<Verified>) -> Result<Parsed<'a>, Malformed> {
        let text = std::str::from_utf8(request.body())
            .map_err(|error| Malformed::new("not_utf8", error.to_string()))?;
        let mut events = Vec::new();
        let mut unknown = None;
        for line in text.lines() {
            match line.split_once(' ') {
                Some(("motion", at)) => {
                    let mut draft = Draft::new(Kind::Motion, Identity::SenderId(at.to_owned()));
                    draft.device_time = at
                        .parse()
                        .ok()
                        .zip(camhook_event::Text::new(at))
                        .map(|(at, text)| DeviceTime { text, at: Some(at) });
                    events.push(draft);
                }
                None if line == "idle" => return Ok(Parsed::Ignored(Ignored::NoAlarm)),
                _ => unknown = Some(Malformed::new("unknown_line", line.len().to_string())),
            }
        }
        match unknown {
            None => Ok(Parsed::Events(events)),
            Some(unknown) if events.is_empty() => Err(unknown),
            Some(unknown) => {
                Ok(Parsed::Partly { events, remainder: camhook_ingest::Remainder::Quarantine(unknown) })
            }
        }
    }

    fn reply(&self, _: Outcome<'_>) -> Reply {
        Reply::empty(200)
    }
}

fn lines(_: Vendor) -> Option<&'static dyn Adapter> {
    Some(&Lines)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn site() -> Site {
    let toml = "timezone = \"UTC\"\n\
        [[source]]\nid = \"gate\"\nvendor = \"viewtron\"\nauth = { token = \"AAAAAAAAAAAAAAAAAAAAAA\" }\n\
        [[source]]\nid = \"hall\"\nvendor = \"viewtron\"\nfaces = \"drop\"\nauth = { token = \"AAAAAAAAAAAAAAAAAAAAAA\" }\n";
    camhook_site::read(toml, "camhook.toml").unwrap().0
}

async fn put(ports: &MemoryPorts, site: &Site, source: &str, id: &str, received_at: &str, text: &str) {
    let received = Received {
        source: Arc::clone(site.source(source).unwrap()),
        received_at: at(received_at),
        id: id.to_owned(),
        body: Bytes::copy_from_slice(text.as_bytes()),
        query: String::new(),
        credentials: camhook_ingest::Credentials::default(),
        replay: None,
    };
    let rest = ["alarm".to_owned()];
    let transport = Transport::Http { method: "POST", rest: &rest, content_type: Some("text/plain") };
    let malformed = Malformed::new("unknown_line", "line 1");
    put_into_quarantine(ports.objects(), &received, transport, &malformed, "lines-1").await.unwrap();
}

fn filter() -> Filter {
    Filter { source: None, since: at("2026-11-20T00:00:00Z"), until: at("2026-11-24T00:00:00Z") }
}

fn ports() -> MemoryPorts {
    MemoryPorts::new(at("2026-11-23T12:00:00Z"))
}

fn replayer<'a>(ports: &'a MemoryPorts, site: &'a Site) -> Replayer<'a, MemoryPorts> {
    Replayer { ports, site, adapters: lines, run: "quarantine/1" }
}

fn records(ports: &MemoryPorts) -> Vec<Event> {
    let keys = ports.objects.keys();
    let records = keys.iter().filter(|key| key.starts_with("events/"));
    records.map(|key| serde_json::from_slice(&ports.objects.object(key).unwrap().bytes).unwrap()).collect()
}

#[tokio::test]
async fn posts_are_listed_newest_first_counted_and_found_by_their_ids() {
    let (ports, site) = (ports(), site());
    put(&ports, &site, "gate", "Aa1=", "2026-11-21T08:00:00Z", "one").await;
    put(&ports, &site, "gate", "Bb1=", "2026-11-23T07:00:00Z", "two").await;
    put(&ports, &site, "hall", "Bb2=", "2026-11-23T09:00:00Z", "a=Ada").await;
    put(&ports, &site, "gate", "Cc1=", "2026-11-19T09:00:00Z", "before").await;
    let ids = async |filter: &Filter, limit| {
        let listed = list(ports.objects(), filter, limit).await.unwrap();
        listed.into_iter().map(|entry| entry.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&filter(), 10).await, ["Bb2=", "Bb1=", "Aa1="]);
    assert_eq!(ids(&filter(), 2).await, ["Bb2=", "Bb1="]);
    let of_gate = Filter { source: Some("gate".to_owned()), ..filter() };
    assert_eq!(ids(&of_gate, 10).await, ["Bb1=", "Aa1="]);
    let later = Filter { since: at("2026-11-23T08:00:00Z"), ..filter() };
    assert_eq!(ids(&later, 10).await, ["Bb2="]);
    let counted = counts(ports.objects(), &filter()).await.unwrap();
    assert_eq!(counted.into_iter().collect::<Vec<_>>(), [("gate".to_owned(), 2), ("hall".to_owned(), 1)]);
    assert_eq!(find(ports.objects(), &filter(), "Bb").await.unwrap().len(), 2);
    let found = find(ports.objects(), &filter(), "Aa").await.unwrap();
    assert_eq!(body(ports.objects(), &found[0]).await.unwrap().unwrap(), "one");
}

#[tokio::test]
async fn a_replayed_post_becomes_the_events_that_it_would_have_been_and_is_not_replayed_again() {
    let (ports, site) = (ports(), site());
    put(&ports, &site, "gate", "Aa1=", "2026-11-21T08:00:01Z", "motion 2026-11-21T08:00:00Z\n").await;
    let entry = list(ports.objects(), &filter(), 10).await.unwrap().remove(0);
    let replayer = replayer(&ports, &site);
    let preview = replayer.preview(&entry).await.unwrap();
    assert!(records(&ports).is_empty(), "a preview stores nothing");
    let replayed = replayer.replay(&entry).await.unwrap();
    assert_eq!(preview, replayed);
    let [event] = records(&ports).try_into().unwrap();
    assert_eq!(event.time.timestamp(), at("2026-11-21T08:00:00Z"));
    assert_eq!(event.data.received_at.timestamp(), at("2026-11-21T08:00:01Z"));
    for queue in [Queue::Notify, Queue::Relay] {
        let [message] = ports.queues.sent(queue).try_into().unwrap();
        assert_eq!(message.replay.as_deref(), Some("quarantine/1"), "{queue}");
    }
    let entry = list(ports.objects(), &filter(), 10).await.unwrap().remove(0);
    assert!(matches!(&entry.status, Status::Replayed { events, .. } if events == &[event.id]));
    let again = replayer.replay(&entry).await.unwrap();
    assert_eq!(again, ReplayOutcome::NotReplayable { why: NotReplayable::Replayed });
    assert_eq!(ports.queues.sent(Queue::Notify).len(), 1);
}

#[tokio::test]
async fn events_that_were_stored_with_the_post_are_not_sent_again() {
    let (ports, site) = (ports(), site());
    let text = "motion 2026-11-21T08:00:00Z\nmotion 2026-11-21T08:00:05Z\n";
    put(&ports, &site, "gate", "Aa0=", "2026-11-21T08:00:01Z", "motion 2026-11-21T08:00:00Z\n").await;
    put(&ports, &site, "gate", "Aa1=", "2026-11-21T08:00:06Z", text).await;
    let replayer = replayer(&ports, &site);
    let mut entries = list(ports.objects(), &filter(), 10).await.unwrap();
    replayer.replay(&entries.pop().unwrap()).await.unwrap();
    let outcome = replayer.replay(&entries.pop().unwrap()).await.unwrap();
    let ReplayOutcome::Events { events, stored_before, unreadable } = outcome else { panic!("{outcome:?}") };
    assert_eq!((events.len(), stored_before, unreadable), (1, 1, None));
    assert_eq!(ports.queues.sent(Queue::Notify).len(), 2);
}

#[tokio::test]
async fn a_post_that_still_cannot_be_read_stays_as_it_is() {
    let (ports, site) = (ports(), site());
    put(&ports, &site, "gate", "Aa1=", "2026-11-21T08:00:00Z", "!what").await;
    put(&ports, &site, "gate", "Aa2=", "2026-11-21T07:00:00Z", "idle").await;
    let replayer = replayer(&ports, &site);
    let entries = list(ports.objects(), &filter(), 10).await.unwrap();
    let before = ports.objects.keys();
    let unreadable = replayer.replay(&entries[0]).await.unwrap();
    assert!(matches!(unreadable, ReplayOutcome::Unreadable { .. }), "{unreadable:?}");
    let ignored = replayer.replay(&entries[1]).await.unwrap();
    assert_eq!(ignored, ReplayOutcome::Ignored { reason: Ignored::NoAlarm.name() });
    assert_eq!(ports.objects.keys(), before);
}

#[tokio::test]
async fn what_is_kept_without_values_or_belongs_to_no_source_is_not_replayed() {
    let (ports, whole) = (ports(), site());
    put(&ports, &whole, "hall", "Aa1=", "2026-11-21T08:00:00Z", "motion 2026-11-21T08:00:00Z").await;
    put(&ports, &whole, "gate", "Aa2=", "2026-11-21T07:00:00Z", "motion 2026-11-21T07:00:00Z").await;
    let (without, _) = camhook_site::read("timezone = \"UTC\"\n", "camhook.toml").unwrap();
    let entries = list(ports.objects(), &filter(), 10).await.unwrap();
    assert_eq!(entries[0].status, Status::StructureOnly);
    let not = async |site, entry| replayer(&ports, site).replay(entry).await.unwrap();
    let why = |why| ReplayOutcome::NotReplayable { why };
    assert_eq!(not(&whole, &entries[0]).await, why(NotReplayable::StructureOnly));
    assert_eq!(not(&without, &entries[1]).await, why(NotReplayable::NoSource));
}

#[tokio::test]
async fn an_interrupted_replay_continues_as_the_same_run() {
    let (ports, site) = (ports(), site());
    let text = "motion 2026-11-21T08:00:00Z\nmotion 2026-11-21T08:00:05Z\n";
    put(&ports, &site, "gate", "Aa1=", "2026-11-21T08:00:06Z", text).await;
    let entry = list(ports.objects(), &filter(), 10).await.unwrap().remove(0);
    ports.objects.fail("events/2026/11/21/gate/");
    assert!(replayer(&ports, &site).replay(&entry).await.is_err());
    ports.objects.heal();
    ports.queues.fail(Queue::Notify);
    ports.objects.fail("pending/");
    let entry = list(ports.objects(), &filter(), 10).await.unwrap().remove(0);
    assert!(replayer(&ports, &site).replay(&entry).await.is_err(), "stored, but in no queue");
    ports.objects.heal();
    ports.queues.heal();
    let entry = list(ports.objects(), &filter(), 10).await.unwrap().remove(0);
    assert!(matches!(entry.status, Status::Interrupted { .. }), "{:?}", entry.status);
    let later = Replayer { run: "quarantine/2", ..replayer(&ports, &site) };
    let outcome = later.replay(&entry).await.unwrap();
    let ReplayOutcome::Events { events, stored_before, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!((events.len(), stored_before), (2, 0), "what the interrupted replay stored is sent, too");
    let sent = ports.queues.sent(Queue::Notify);
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|message| message.replay.as_deref() == Some("quarantine/1")), "{sent:?}");
}
