//! Shared by the tests of the relay function: a site, its events, and scripted devices.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use camhook_event::{
    Clock, Correlation, Data, Event, EventId, Kind, Report, State, Text, Time, Vendor, VendorData,
};
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{Clock as _, Queue, QueueRecord};
use camhook_relay::{DeviceCommand, DeviceTimer, Devices, SendOutcome};
use camhook_site::{Relay, Site};
use jiff::Timestamp;

pub(crate) const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

pub(crate) fn at(seconds: f64) -> Timestamp {
    NOW + jiff::SignedDuration::from_secs_f64(seconds)
}

pub(crate) fn text(value: &str) -> Text {
    Text::new(value).unwrap()
}

/// Relays whose id begins with `bare-` have no timer in these tests; the others as by their driver.
pub(crate) fn timer(relay: &Relay) -> DeviceTimer {
    if relay.id.as_str().starts_with("bare-") { DeviceTimer::None } else { DeviceTimer::Own }
}

pub(crate) const HEAD: &str = r#"
timezone = "Europe/Berlin"
alert_channel = "family"

[[source]]
id = "gate"
vendor = "viewtron"
area = "yard"
auth = { token_sha256 = "0000000000000000000000000000000000000000000000000000000000000000" }

[[channel]]
id = "family"
kind = "ntfy"
url = "https://ntfy.example.org/family"
"#;

pub(crate) fn relay(id: &str, more: &str) -> String {
    format!(
        "\n[[relay]]\nid = \"{id}\"\ndriver = \"shelly-gen2\"\nurl = \"http://relay.example.org\"\n{more}\n"
    )
}

pub(crate) fn rule(id: &str, when: &str, then: &str, more: &str) -> String {
    format!("\n[[rule]]\nid = \"{id}\"\nwhen = {when}\nthen = [{then}]\n{more}\n")
}

pub(crate) fn site(parts: &[String]) -> Site {
    let text = format!("{HEAD}{}", parts.concat());
    match camhook_site::read(&text, "test") {
        Ok((site, _)) => site,
        Err(problems) => panic!("{problems:#?}"),
    }
}

/// An event that happened and was received at `time`; `number` makes its id.
pub(crate) fn event(number: u32, kind: Kind, time: Timestamp) -> Event {
    let data = Data {
        vendor: Vendor::Viewtron,
        source: text("gate"),
        area: Some(text("yard")),
        camera: None,
        kind,
        vendor_kind: None,
        name: None,
        report: Report::Detection,
        state: None,
        received_at: Time::new(time),
        device_time: None,
        clock: Clock::Server,
        lag_s: None,
        device: None,
        correlation: None,
        targets: vec![],
        zone: None,
        plate: None,
        face: None,
        counts: None,
        images: vec![],
        vendor_data: VendorData::default(),
        truncated: false,
        record: None,
    };
    Event::new(event_id(number), Time::new(time), data)
}

pub(crate) fn event_id(number: u32) -> EventId {
    format!("{number:032x}").parse().unwrap()
}

pub(crate) fn with_state(mut event: Event, state: State) -> Event {
    event.data.state = Some(state);
    event
}

pub(crate) fn with_key(mut event: Event, key: &str) -> Event {
    event.data.correlation = Some(Correlation { key: text(key), event_ids: vec![], target_ids: vec![] });
    event
}

pub(crate) fn record(event: &Event, receive_count: u32) -> QueueRecord {
    record_of(&event.id.to_string(), serde_json::to_string(event).unwrap(), receive_count)
}

pub(crate) fn record_of(id: &str, body: String, receive_count: u32) -> QueueRecord {
    QueueRecord {
        message_id: format!("message-{id}"),
        receipt_handle: format!("receipt-{id}"),
        body,
        receive_count,
        replay: None,
    }
}

/// Devices that give these answers in order, and then confirm everything.
#[derive(Debug, Default)]
pub(crate) struct ScriptedDevices {
    answers: Mutex<VecDeque<SendOutcome>>,
    asked: Mutex<Vec<(String, DeviceCommand)>>,
}

impl ScriptedDevices {
    pub(crate) fn answering(answers: impl IntoIterator<Item = SendOutcome>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() }
    }

    /// What was asked of which relay.
    pub(crate) fn asked(&self) -> Vec<(String, DeviceCommand)> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn commands(&self) -> Vec<DeviceCommand> {
        self.asked().into_iter().map(|(_, command)| command).collect()
    }
}

impl Devices for ScriptedDevices {
    fn timer(&self, relay: &Relay) -> DeviceTimer {
        timer(relay)
    }

    async fn send(&self, relay: &Relay, command: DeviceCommand, _left: Duration) -> SendOutcome {
        self.asked.lock().unwrap().push((relay.id.as_str().to_owned(), command));
        let answer = self.answers.lock().unwrap().pop_front();
        if answer == Some(SendOutcome::Unconfirmed("panic".to_owned())) {
            panic!("a scripted panic");
        }
        answer.unwrap_or_else(|| SendOutcome::Confirmed(r#"{"was_on":false}"#.to_owned()))
    }
}

/// The releases of a queue, as SQS keeps them: hidden until their time, and delivered again until they are deleted.
#[derive(Debug, Default)]
pub(crate) struct ReleaseQueue {
    messages: Mutex<Vec<(QueueRecord, Timestamp)>>,
}

impl ReleaseQueue {
    /// Takes what was sent, at the time at which it was.
    pub(crate) fn take(&self, ports: &MemoryPorts, queue: Queue) {
        let now = ports.clock.now();
        let mut messages = self.messages.lock().unwrap();
        for sent in ports.queues.take(queue) {
            let id = format!("release-{}", messages.len());
            messages.push((record_of(&id, sent.body, 0), now + sent.delay));
        }
    }

    /// In how many seconds each message is delivered again.
    pub(crate) fn delays(&self, ports: &MemoryPorts) -> Vec<u64> {
        let now = ports.clock.now();
        let messages = self.messages.lock().unwrap();
        messages.iter().map(|(_, at)| at.duration_since(now).as_secs().try_into().unwrap_or(0)).collect()
    }

    /// The messages whose time has come.
    pub(crate) fn due(&self, ports: &MemoryPorts) -> Vec<QueueRecord> {
        let now = ports.clock.now();
        let mut messages = self.messages.lock().unwrap();
        let due = messages.iter_mut().filter(|(_, at)| *at <= now);
        due.map(|(record, _)| {
            record.receive_count += 1;
            record.clone()
        })
        .collect()
    }

    /// Deletes a message that was processed, or hides it for as long as was asked.
    pub(crate) fn settle(&self, ports: &MemoryPorts, record: &QueueRecord, is_deleted: bool) {
        let mut messages = self.messages.lock().unwrap();
        if is_deleted {
            messages.retain(|(other, _)| other.message_id != record.message_id);
            return;
        }
        let retried = ports.queues.retried();
        let asked = retried.iter().rev().find(|(_, receipt, _)| *receipt == record.receipt_handle);
        let delay = asked.map_or(Duration::from_secs(60), |(_, _, delay)| *delay);
        let message = messages.iter_mut().find(|(other, _)| other.message_id == record.message_id);
        message.unwrap().1 = ports.clock.now() + delay;
    }
}
