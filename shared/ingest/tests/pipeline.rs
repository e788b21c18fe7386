//! The pipeline of a webhook with in-memory services: what is accepted, what is stored, what the sender gets.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use camhook_event::{Event, Image, ImageRole, Kind, RejectedReason, Report, Text, Vendor, VendorData};
use camhook_ingest::{
    Adapter, BODY_LIMIT, Draft, DraftImage, DraftTarget, EVENTS_LIMIT, FixedContent, FixedPath, Headers,
    Identity, Ignored, Instance, Malformed, Method, Outcome, Parsed, Parts, Pending, QuarantinedPost,
    Reading, Reason, Remainder, Reply, Request, Verified, handle, store_replayed,
};
use camhook_ports::Queue;
use camhook_ports::memory::MemoryPorts;
use camhook_site::Site;
use camhook_state::alert::Alert;
use camhook_state::presence;
use jiff::Timestamp;

const NOW: &str = "2026-11-23T08:00:00Z";
const TOKEN: &str = "AAAAAAAAAAAAAAAAAAAAAA";
const OTHER_TOKEN: &str = "BBBBBBBBBBBBBBBBBBBBBB";

/// A dialect of one word: what the body begins with says what it is.
struct Words;

impl Adapter for Words {
    fn vendor(&self) -> Vendor {
        Vendor::Viewtron
    }

    fn parser_version(&self) -> &'static str {
        "words 1"
    }

    fn parse<'a>(&self, request: &'a Request<Verified>) -> Result<Parsed<'a>, Malformed> {
        let text = std::str::from_utf8(request.body()).map_err(|_| Malformed::new("not_text", "no UTF-8"))?;
        let mut words = text.split(' ');
        match words.next() {
            Some("heartbeat" | "") => Ok(Parsed::Heartbeat),
            Some("many") => {
                let drafts = (0..70).map(|_| Draft::new(Kind::Motion, Identity::Content));
                Ok(Parsed::Events(drafts.collect()))
            }
            Some("partly") => Ok(Parsed::Partly {
                events: vec![Draft::new(Kind::Motion, Identity::Content)],
                remainder: Remainder::Quarantine(Malformed::new("unknown_level", "it has `zone`")),
            }),
            Some("note") => {
                let mut draft = Draft::new(Kind::Motion, Identity::Content);
                draft.name = words.next().and_then(Text::new);
                draft.vendor_data.insert("url", text);
                Ok(Parsed::Events(vec![draft]))
            }
            Some("nothing") => Ok(Parsed::Ignored(Ignored::NoAlarm)),
            Some("event") => Ok(Parsed::Events(vec![draft(words)])),
            Some("track") => {
                let mut draft = Draft::new(Kind::Tracking, Identity::Delivery);
                draft.report = Report::Tracking;
                let target = |id| DraftTarget { id: Text::new(id), ..DraftTarget::default() };
                draft.targets = words.map(target).collect();
                Ok(Parsed::Events(vec![draft]))
            }
            _ => Err(Malformed::new("no_word", "the first word is not known")),
        }
    }

    fn signature(&self, headers: &Headers) -> Option<[u8; 32]> {
        base64_simd::STANDARD.decode_to_vec(headers.get("x-signature")?).ok()?.try_into().ok()
    }

    fn fixed_paths(&self) -> &'static [FixedPath] {
        &[
            FixedPath { path: "/keep/live", content: FixedContent::Heartbeats },
            FixedPath { path: "/api/push", content: FixedContent::Posts },
        ]
    }

    fn reply(&self, outcome: Outcome<'_>) -> Reply {
        Reply::common(outcome).unwrap_or_else(|| Reply::empty(200))
    }
}

/// The same dialect under the name of a vendor whose sources can come over MQTT.
struct Instar;

impl Adapter for Instar {
    fn vendor(&self) -> Vendor {
        Vendor::Instar
    }

    fn parser_version(&self) -> &'static str {
        Words.parser_version()
    }

    fn parse<'a>(&self, request: &'a Request<Verified>) -> Result<Parsed<'a>, Malformed> {
        Words.parse(request)
    }

    fn reply(&self, outcome: Outcome<'_>) -> Reply {
        Words.reply(outcome)
    }
}

fn draft<'a>(words: std::str::Split<'a, char>) -> Draft<'a> {
    let mut draft = Draft::new(Kind::Intrusion, Identity::Content);
    draft.images = words
        .map(|word| {
            let (role, base64) = match word.split_once('=') {
                Some(("face", base64)) => (ImageRole::Face, base64),
                _ => (ImageRole::Overview, word),
            };
            DraftImage { role, base64: Cow::Borrowed(base64.as_bytes()) }
        })
        .collect();
    draft
}

/// 16 x 8 pixels: the smallest thing whose markers are those of a picture.
fn picture() -> String {
    let mut jpeg = vec![0xFF, 0xD8, 0xFF, 0xC0, 0, 8, 8, 0, 8, 0, 16, 1];
    jpeg.extend([0xFF, 0xDA, 0, 2, 1, 2, 3, 0xFF, 0xD9]);
    base64_simd::STANDARD.encode_to_string(jpeg)
}

struct Stack {
    ports: MemoryPorts,
    site: Site,
    instance: Instance,
}

impl Stack {
    fn new(settings: &str) -> Self {
        let toml =
            format!("timezone = \"UTC\"\n[[source]]\nid = \"gate\"\nvendor = \"viewtron\"\n{settings}\n");
        let (site, _) = camhook_site::read(&toml, "test").unwrap();
        let ports = MemoryPorts::new(NOW.parse().unwrap());
        Self { ports, site, instance: Instance::default() }
    }

    fn with_token() -> Self {
        Self::new(&format!("auth = {{ token = \"{TOKEN}\" }}"))
    }

    async fn send(&self, parts: Parts) -> Reply {
        handle(&self.ports, &self.site, &Words, &self.instance, Request::new(parts)).await
    }

    async fn post(&self, body: &str) -> Reply {
        self.send(post(&format!("/viewtron/gate/{TOKEN}"), body)).await
    }

    fn events(&self) -> Vec<Event> {
        let keys = self.ports.objects.keys().into_iter().filter(|key| key.starts_with("events/"));
        keys.map(|key| serde_json::from_slice(&self.ports.objects.object(&key).unwrap().bytes).unwrap())
            .collect()
    }

    fn json<T: serde::de::DeserializeOwned>(&self, prefix: &str, suffix: &str) -> T {
        let keys = self.ports.objects.keys();
        let key = keys.iter().find(|key| key.starts_with(prefix) && key.ends_with(suffix));
        let key = key.unwrap_or_else(|| panic!("nothing like {prefix}…{suffix} in {keys:?}"));
        serde_json::from_slice(&self.ports.objects.object(key).unwrap().bytes).unwrap()
    }
}

fn post(path: &str, body: &str) -> Parts {
    Parts {
        method: Method::Post,
        path: path.to_owned(),
        query: String::new(),
        headers: Headers::default(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        source_ip: "203.0.113.7".parse().ok(),
        request_id: "request-1".to_owned(),
        received_at: NOW.parse().unwrap(),
    }
}

fn with_basic(mut parts: Parts, credentials: &str) -> Parts {
    let field = format!("Basic {}", base64_simd::STANDARD.encode_to_string(credentials));
    parts.headers = [("Authorization".to_owned(), field)].into_iter().collect();
    parts
}

fn challenge(reply: &Reply) -> Option<&str> {
    reply.headers.iter().find(|(name, _)| *name == "www-authenticate").map(|(_, value)| value.as_ref())
}

#[tokio::test]
async fn an_event_is_stored_with_its_pictures_and_sent_to_both_queues() {
    let stack = Stack::with_token();
    let handled = stack.post(&format!("event {} {}", picture(), picture())).await;
    assert_eq!(handled.status, 200);
    assert_eq!(stack.ports.metrics.counted("Events"), 1);
    assert_eq!(stack.ports.metrics.counted("PicturesStored"), 2);
    let [event] = stack.events().try_into().unwrap();
    for image in &event.data.images {
        let image = image.stored().unwrap();
        let object = stack.ports.objects.object(image.key.as_str()).unwrap();
        assert_eq!((object.bytes.len() as u64, object.content_type), (image.bytes, "image/jpeg"));
        assert_eq!((image.width, image.height), (16, 8));
    }
    for queue in [Queue::Notify, Queue::Relay] {
        let [message] = stack.ports.queues.sent(queue).try_into().unwrap();
        assert_eq!(serde_json::from_str::<Event>(&message.body).unwrap(), event);
        assert_eq!(message.group, "gate/-");
    }
}

#[tokio::test]
async fn the_same_post_twice_is_one_record_under_one_id() {
    let stack = Stack::with_token();
    for _ in 0..2 {
        assert_eq!(stack.post(&format!("event {}", picture())).await.status, 200);
    }
    assert_eq!(stack.events().len(), 1);
    let messages = stack.ports.queues.sent(Queue::Notify);
    assert_eq!(messages[0].body, messages[1].body, "consumers see one id");
    assert_eq!(stack.post("event").await.status, 200);
    assert_eq!(stack.events().len(), 2, "another post is another event");
}

#[tokio::test]
async fn a_wrong_token_and_an_unknown_source_look_alike_and_cost_no_call() {
    let stack = Stack::with_token();
    let unknown = stack.send(post(&format!("/viewtron/nobody/{TOKEN}"), "event")).await;
    assert_eq!(stack.ports.state.calls(), 0);
    let wrong = stack.send(post(&format!("/viewtron/gate/{OTHER_TOKEN}"), "event")).await;
    assert_eq!(unknown, wrong);
    assert_eq!(wrong.status, 401);
    assert_eq!(challenge(&wrong), None);
    let missing = stack.send(post("/viewtron/gate", "event")).await;
    let unknown = stack.send(post("/viewtron/nobody", "event")).await;
    assert_eq!(missing, unknown);
    assert_eq!(challenge(&missing), Some("Basic realm=\"camhook\""));
    assert_eq!(stack.ports.metrics.counted("Refusals"), 4);
    assert!(stack.ports.objects.keys().is_empty(), "nothing is stored of a sender that nobody knows");
}

#[tokio::test]
async fn another_vendors_path_and_other_forms_of_the_path_are_refused() {
    let stack = Stack::with_token();
    for path in [
        "",
        "/",
        "/viewtron",
        "/viewtron/",
        "/xprotect/gate/AAAAAAAAAAAAAAAAAAAAAA",
        "/viewtron/GATE/AAAAAAAAAAAAAAAAAAAAAA",
        "/viewtron/gate/AAAAAAAAAAAAAAAAAAAAA",
        "/viewtron/gate/AAAAAAAAAAAAAAAAAAAAAA%2F",
    ] {
        assert_eq!(stack.send(post(path, "event")).await.status, 401, "{path}");
    }
    let below = format!("/viewtron/gate/{TOKEN}/SendAlarmData/more");
    assert_eq!(stack.send(post(&below, "event")).await.status, 200);
}

#[tokio::test]
async fn any_token_of_a_list_is_good_and_a_hash_needs_no_secret() {
    let hash = sha256_hex(OTHER_TOKEN);
    let stack =
        Stack::new(&format!("auth = {{ token = [\"{TOKEN}\", \"ssm:/gate\"], token_sha256 = \"{hash}\" }}"));
    stack.ports.secrets.set("ssm:/gate", "CCCCCCCCCCCCCCCCCCCCCC");
    for token in [TOKEN, OTHER_TOKEN, "CCCCCCCCCCCCCCCCCCCCCC"] {
        let handled = stack.send(post(&format!("/viewtron/gate/{token}"), "heartbeat")).await;
        assert_eq!(handled.status, 200, "{token}");
    }
}

fn sha256_hex(text: &str) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn every_kind_of_credential_that_is_named_must_hold() {
    let stack = Stack::new(&format!(
        "auth = {{ token = \"{TOKEN}\", basic = {{ user = \"cam\", password = \"pw\" }}, allow = [\"203.0.113.0/24\"] }}"
    ));
    let path = format!("/viewtron/gate/{TOKEN}");
    let good = with_basic(post(&path, "heartbeat"), "cam:pw");
    assert_eq!(stack.send(good.clone()).await.status, 200);

    let without_password = stack.send(post(&path, "heartbeat")).await;
    assert_eq!(without_password.status, 401);
    assert!(challenge(&without_password).is_some(), "who has the token is asked for the password");
    for credentials in ["cam:no", "Cam:pw", "cam:", ":pw", "cam"] {
        let handled = stack.send(with_basic(post(&path, "heartbeat"), credentials)).await;
        assert_eq!(handled.status, 401, "{credentials}");
    }
    for address in [Some("203.0.114.7".parse().unwrap()), None] {
        let elsewhere = Parts { source_ip: address, ..good.clone() };
        assert_eq!(stack.send(elsewhere).await.status, 401);
    }
    let mapped = Parts { source_ip: "::ffff:203.0.113.9".parse().ok(), ..good };
    assert_eq!(stack.send(mapped).await.status, 200);
}

#[tokio::test]
async fn a_source_without_a_token_takes_what_follows_it_as_the_devices_own_path() {
    let stack = Stack::new("auth = { basic = { user = \"cam\", password = \"pw\" } }");
    let parts = with_basic(post("/viewtron/gate/SendAlarmStatus", "heartbeat"), "cam:pw");
    assert_eq!(stack.send(parts).await.status, 200);
    let unasked = stack.send(post("/viewtron/gate/SendAlarmStatus", "heartbeat")).await;
    assert!(challenge(&unasked).is_some());
    // What looks like a token is answered as below a source that is not there.
    for source in ["gate", "nowhere"] {
        let refused = stack.send(post(&format!("/viewtron/{source}/{TOKEN}"), "heartbeat")).await;
        assert_eq!((refused.status, challenge(&refused)), (401, None), "{source}");
    }
}

#[tokio::test]
async fn the_messages_of_a_replayed_post_name_its_run() {
    let stack = Stack::with_token();
    stack.post("nonsense").await;
    let reason: Reason = stack.json("quarantine/", "reason.json");
    let body = Bytes::from_static(b"event");
    let source = stack.site.source("gate").unwrap();
    let post = QuarantinedPost { source, reason: &reason, body: &body };
    let read = post.read(&Words, &Text::new("bucket").unwrap()).unwrap();
    let Reading::Events { events, .. } = read else { panic!("{read:?}") };
    let [event] = events.try_into().unwrap();
    store_replayed(&stack.ports, event, "run-1").await.unwrap();
    for queue in [Queue::Notify, Queue::Relay] {
        let runs: Vec<_> =
            stack.ports.queues.sent(queue).into_iter().filter_map(|message| message.replay).collect();
        assert_eq!(runs, ["run-1"], "{queue}");
    }
}

#[tokio::test]
async fn a_missing_secret_does_not_refuse_the_others_of_its_list() {
    let stack = Stack::new(&format!("auth = {{ token = [\"ssm:/missing\", \"{TOKEN}\", \"ssm:/gone\"] }}"));
    assert_eq!(stack.post("heartbeat").await.status, 200);
    let other = stack.send(post(&format!("/viewtron/gate/{OTHER_TOKEN}"), "heartbeat")).await;
    assert_eq!(other.status, 503, "it could be the token that cannot be read");

    let basic = "[{ user = \"old\", password = \"ssm:/missing\" }, { user = \"cam\", password = \"pw\" }]";
    let stack = Stack::new(&format!("auth = {{ basic = {basic} }}"));
    let known = stack.send(with_basic(post("/viewtron/gate", "heartbeat"), "cam:pw")).await;
    assert_eq!(known.status, 200);
}

#[tokio::test]
async fn a_missing_key_does_not_refuse_what_another_key_signed() {
    let stack = Stack::new("auth = { hmac = [\"ssm:/missing\", \"old key\"] }");
    // printf 'event {"a":1.0}' | openssl dgst -sha256 -hmac KEY -binary | base64
    let by_old = "/ixLa3RW7gIn9foIShzTyAF7gEH6nmMb6/o952YEipM=";
    let by_new = "3npjtZP44WZlShFjzwieXAHPM3u3aDZXKm5fcFUByNw=";
    for (signature, status) in [(by_old, 200), (by_new, 503)] {
        let field = ("x-signature".to_owned(), signature.to_owned());
        let headers = [field].into_iter().collect();
        let parts = Parts { headers, ..post("/viewtron/gate", "event {\"a\":1.0}") };
        assert_eq!(stack.send(parts).await.status, status, "{signature}");
    }
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_is_no_refusal() {
    let stack = Stack::new("auth = { token = \"ssm:/gate\" }");
    let handled = stack.post("event").await;
    assert_eq!(handled.status, 503);
    assert_eq!(stack.ports.metrics.counted("Unavailable"), 1);
}

#[tokio::test]
async fn the_record_decides_whether_an_event_is_acknowledged() {
    let stack = Stack::with_token();
    stack.ports.objects.fail("events/");
    let handled = stack.post(&format!("event {}", picture())).await;
    assert_eq!(handled.status, 503);
    assert!(stack.ports.queues.sent(Queue::Notify).is_empty(), "nobody hears of what is not stored");
}

#[tokio::test]
async fn an_event_goes_on_without_a_picture_that_cannot_be_stored() {
    let stack = Stack::with_token();
    stack.ports.objects.fail("images/");
    let handled = stack.post(&format!("event {}", picture())).await;
    assert_eq!(handled.status, 200);
    assert_eq!(stack.ports.metrics.counted("PicturesRejected"), 1);
    let [event] = stack.events().try_into().unwrap();
    let Image::Rejected(image) = &event.data.images[0] else { panic!("the record promises a picture") };
    assert_eq!(image.rejected, RejectedReason::StoreFailed);
    let [message] = stack.ports.queues.sent(Queue::Relay).try_into().unwrap();
    assert_eq!(serde_json::from_str::<Event>(&message.body).unwrap(), event);
}

#[tokio::test]
async fn what_a_queue_refuses_is_owed_to_it() {
    for (failing, queues) in [
        (vec![Queue::Notify], vec![Queue::Notify]),
        (vec![Queue::Notify, Queue::Relay], vec![Queue::Notify, Queue::Relay]),
    ] {
        let stack = Stack::with_token();
        for queue in failing {
            stack.ports.queues.fail(queue);
        }
        assert_eq!(stack.post("event").await.status, 200);
        let pending: Pending = stack.json("pending/", ".json");
        assert_eq!(pending.queues, queues);
        let event: Event = serde_json::from_value(pending.message).unwrap();
        assert_eq!(event, stack.events()[0]);
    }
}

#[tokio::test]
async fn what_is_neither_in_a_queue_nor_owed_is_not_acknowledged() {
    let stack = Stack::with_token();
    stack.ports.queues.fail(Queue::Relay);
    stack.ports.objects.fail("pending/");
    assert_eq!(stack.post("event").await.status, 503);
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_whole_with_its_reason() {
    let stack = Stack::with_token();
    let handled = stack.post("gibberish").await;
    assert_eq!(handled.status, 200);
    assert_eq!(stack.ports.metrics.counted("Quarantined"), 1);
    let reason: Reason = stack.json("quarantine/2026/11/23/gate/request-1/", "reason.json");
    assert_eq!((reason.reason.as_str(), reason.parser.as_str()), ("no_word", "words 1"));
    assert_eq!((reason.length, reason.kept, reason.received_at), (9, 9, NOW.parse::<Timestamp>().unwrap()));
    let raw = stack.ports.objects.object("quarantine/2026/11/23/gate/request-1/request.bin").unwrap();
    assert_eq!(raw.bytes, "gibberish");
    assert!(!format!("{reason:?}").contains(TOKEN), "the token is not kept");

    stack.ports.objects.fail("quarantine/");
    assert_eq!(stack.post("gibberish").await.status, 503, "what is not kept is not acknowledged");
}

fn alerts(stack: &Stack) -> Vec<String> {
    let messages = stack.ports.queues.take(Queue::Alerts).into_iter();
    messages.map(|message| serde_json::from_str::<Alert>(&message.body).unwrap().text).collect()
}

#[tokio::test]
async fn the_first_quarantined_post_of_a_reason_in_a_day_sends_an_alert() {
    let stack = Stack::with_token();
    assert_eq!(stack.post("gibberish").await.status, 200);
    let [alert] = alerts(&stack).try_into().unwrap();
    assert!(alert.contains("source gate (viewtron)") && alert.contains("no_word"), "{alert}");
    assert!(!alert.contains("gibberish"), "{alert}");
    assert_eq!(stack.post("nonsense").await.status, 200);
    assert!(alerts(&stack).is_empty(), "once");
    assert_eq!(stack.post("partly").await.status, 200);
    let [alert] = alerts(&stack).try_into().unwrap();
    assert!(alert.contains("unknown_level"), "{alert}");

    // Another instance finds what this one sent.
    let other = Stack { instance: Instance::default(), ..stack };
    assert_eq!(other.post("gibberish").await.status, 200);
    assert!(alerts(&other).is_empty());
    other.ports.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(other.post("gibberish").await.status, 200);
    assert_eq!(alerts(&other).len(), 1, "again after a day");
}

#[tokio::test]
async fn an_alert_that_cannot_be_sent_never_costs_the_post() {
    let stack = Stack::with_token();
    stack.ports.queues.fail(Queue::Alerts);
    stack.ports.objects.fail("pending/");
    assert_eq!(stack.post("gibberish").await.status, 200);
    stack.ports.objects.heal();
    stack.ports.queues.heal();
    assert_eq!(stack.post("gibberish").await.status, 200);
    assert_eq!(alerts(&stack).len(), 1, "it is tried again with the next post");
    assert_eq!(stack.ports.metrics.counted("AlertsFailed"), 1);
}

#[tokio::test]
async fn an_alert_that_the_queue_refuses_is_pending_once() {
    let stack = Stack::with_token();
    stack.ports.queues.fail(Queue::Alerts);
    for _ in 0..2 {
        assert_eq!(stack.post("gibberish").await.status, 200);
    }
    let pending: Vec<String> =
        stack.ports.objects.keys().into_iter().filter(|key| key.starts_with("pending/")).collect();
    let [key] = pending.try_into().unwrap();
    let object = stack.ports.objects.object(&key).unwrap();
    let pending: Pending = serde_json::from_slice(&object.bytes).unwrap();
    assert_eq!(pending.queues, [Queue::Alerts]);
    let alert: Alert = serde_json::from_value(pending.message).unwrap();
    assert!(alert.text.contains("no_word"), "{}", alert.text);
    assert_eq!(stack.ports.metrics.counted("AlertsFailed"), 0);
}

#[tokio::test]
async fn an_alert_is_sent_by_each_instance_when_the_table_does_not_say_whether_it_was() {
    let stack = Stack::with_token();
    stack.ports.state.fail("alert#");
    for _ in 0..2 {
        assert_eq!(stack.post("gibberish").await.status, 200);
    }
    assert_eq!(alerts(&stack).len(), 1);
}

#[tokio::test]
async fn a_post_gives_at_most_sixty_four_events() {
    let stack = Stack::with_token();
    assert_eq!(stack.post("many").await.status, 200);
    assert_eq!(stack.events().len(), EVENTS_LIMIT);
    let reason: Reason = stack.json("quarantine/", "reason.json");
    assert_eq!((reason.reason.as_str(), reason.kept), ("too_many_events", 4));
}

#[tokio::test]
async fn a_query_whose_question_mark_was_encoded_is_refused_and_quarantined() {
    for segment in ["%3Falarm=1", "?alarm=1", "%3falarm=1"] {
        let stack = Stack::with_token();
        let mut parts = post(&format!("/viewtron/gate/{TOKEN}/{segment}"), "");
        parts.method = Method::Get;
        assert_eq!(stack.send(parts).await.status, 400, "{segment}");
        let reason: Reason = stack.json("quarantine/", "reason.json");
        assert_eq!(reason.reason, "query_in_path");
    }
}

#[tokio::test]
async fn the_sources_own_token_is_not_stored_where_a_post_repeats_it() {
    let stack = Stack::with_token();
    let url = format!("http://host/viewtron/gate/{TOKEN}");
    assert_eq!(stack.post(&format!("note {url}")).await.status, 200);
    let [event] = stack.events().try_into().unwrap();
    assert_eq!(event.data.name.as_ref().map(Text::as_str), Some("http://host/viewtron/gate/[redacted]"));
    assert!(!serde_json::to_string(&event).unwrap().contains(TOKEN));
}

#[tokio::test]
async fn nor_is_it_stored_percent_encoded() {
    let stack = Stack::with_token();
    let encoded: String = TOKEN.bytes().map(|octet| format!("%{octet:02X}")).collect();
    assert_eq!(stack.post(&format!("note {encoded}")).await.status, 200);
    let [event] = stack.events().try_into().unwrap();
    assert_eq!(event.data.name.as_ref().map(Text::as_str), Some("[redacted]"));
}

#[tokio::test]
async fn a_refusal_costs_no_call_and_is_recorded_with_the_next_accepted_post() {
    let stack = Stack::with_token();
    let path = format!("/viewtron/gate/{OTHER_TOKEN}");
    for _ in 0..3 {
        assert_eq!(stack.send(post(&path, "heartbeat")).await.status, 401);
    }
    assert_eq!(stack.ports.state.calls(), 0);
    assert_eq!(stack.post("heartbeat").await.status, 200);
    let presence = presence::find(&stack.ports.state, "gate").await.unwrap().unwrap();
    assert_eq!(presence.refusal.unwrap().reason, "token");
}

#[tokio::test]
async fn the_presence_has_the_token_that_each_post_used_at_no_extra_call() {
    let stack = Stack::new(&format!("auth = {{ token = [\"{TOKEN}\", \"{OTHER_TOKEN}\"] }}"));
    let (old, new) = ("token:literal-1", "token:literal-2");
    let uses = async || presence::find(&stack.ports.state, "gate").await.unwrap().unwrap().uses;
    for _ in 0..3 {
        assert_eq!(stack.post("heartbeat").await.status, 200);
    }
    assert_eq!(stack.ports.state.calls(), 1);
    let first = uses().await;
    assert!(first.of(old).is_some() && first.of(new).is_none());
    stack.ports.clock.advance(Duration::from_secs(10));
    // The change of token is recorded at once, though a contact was recorded 10 s ago.
    let path = format!("/viewtron/gate/{OTHER_TOKEN}");
    assert_eq!(stack.send(post(&path, "heartbeat")).await.status, 200);
    let second = uses().await;
    assert_eq!(second.of(old), first.of(old));
    assert!(second.of(new) > second.of(old));
    let calls = stack.ports.state.calls();
    stack.ports.clock.advance(Duration::from_secs(10));
    assert_eq!(stack.send(post(&path, "nothing")).await.status, 200);
    assert_eq!(stack.ports.state.calls(), calls);
    assert!(!format!("{second:?}").contains(OTHER_TOKEN));
}

#[tokio::test]
async fn a_body_above_the_cap_is_refused_and_its_beginning_kept() {
    let stack = Stack::with_token();
    let handled = stack.post(&"x".repeat(BODY_LIMIT + 1)).await;
    assert_eq!(handled.status, 413);
    let reason: Reason = stack.json("quarantine/", "reason.json");
    assert_eq!((reason.reason.as_str(), reason.length, reason.kept), ("too_large", BODY_LIMIT + 1, 65_536));
}

#[tokio::test]
async fn faces_that_are_not_kept_are_kept_nowhere() {
    let stack = Stack::new(&format!("faces = \"drop\"\nauth = {{ token = \"{TOKEN}\" }}"));
    assert_eq!(stack.post(&format!("event face={} {}", picture(), picture())).await.status, 200);
    let [event] = stack.events().try_into().unwrap();
    let Image::Rejected(face) = &event.data.images[0] else { panic!("a face was stored") };
    assert_eq!((face.role, face.rejected), (ImageRole::Face, RejectedReason::Dropped));
    assert!(event.data.images[1].stored().is_some(), "the frame is kept, under its own index");

    assert_eq!(stack.post(&format!("gibberish {}", "QUJD".repeat(500))).await.status, 200);
    let reason: Reason = stack.json("quarantine/", "reason.json");
    assert_eq!(reason.length, 2010);
    let kept = stack.ports.objects.keys().into_iter().find(|key| key.ends_with("request.bin")).unwrap();
    let kept = stack.ports.objects.object(&kept).unwrap().bytes;
    assert_eq!((kept.as_ref(), reason.kept), (b"text(2010)".as_slice(), 10));
}

#[tokio::test]
async fn more_pictures_than_sixteen_are_named_and_not_kept() {
    let stack = Stack::with_token();
    let pictures = vec![picture(); 18].join(" ");
    assert_eq!(stack.post(&format!("event {pictures}")).await.status, 200);
    let [event] = stack.events().try_into().unwrap();
    let rejected = event.data.images.iter().filter(|image| image.stored().is_none()).count();
    assert_eq!((event.data.images.len(), rejected), (18, 2));
}

#[tokio::test]
async fn a_heartbeat_costs_one_call_in_a_while() {
    let stack = Stack::new(&format!("offline_after = \"8m\"\nauth = {{ token = \"{TOKEN}\" }}"));
    for (seconds, calls) in [(0, 1), (1, 1), (118, 1), (2, 2), (1, 2)] {
        stack.ports.clock.advance(Duration::from_secs(seconds));
        assert_eq!(stack.post("heartbeat").await.status, 200);
        assert_eq!(stack.ports.state.calls(), calls, "after another {seconds} s");
    }
    assert_eq!(stack.post("").await.status, 200, "a heartbeat without a body");
    assert_eq!(stack.post("nothing").await.status, 200);
    assert!(stack.ports.objects.keys().is_empty());
}

#[tokio::test]
async fn a_failing_table_keeps_no_event_back() {
    let stack = Stack::with_token();
    stack.ports.state.fail("");
    assert_eq!(stack.post("event").await.status, 200);
    assert_eq!(stack.post("heartbeat").await.status, 200);
    assert_eq!(stack.events().len(), 1);
}

#[tokio::test]
async fn tracking_is_dropped_or_passed_on_at_its_rate() {
    let dropping = Stack::with_token();
    assert_eq!(dropping.post("track 1").await.status, 200);
    assert!(dropping.ports.objects.keys().is_empty());

    let stack = Stack::new(&format!("tracking = \"1s\"\nauth = {{ token = \"{TOKEN}\" }}"));
    let mut passed_on = Vec::new();
    for (milliseconds, body) in [(0, "track 1"), (150, "track 1"), (150, "track 1 2"), (800, "track 1")] {
        stack.ports.clock.advance(Duration::from_millis(milliseconds));
        assert_eq!(stack.post(body).await.status, 200);
        passed_on.push(stack.ports.queues.take(Queue::Relay).len());
    }
    assert_eq!(passed_on, [1, 0, 1, 1], "a new target at once, a known one once a second");
}

#[tokio::test]
async fn a_browser_is_told_that_the_source_is_ready() {
    let stack = Stack::with_token();
    let look = || Parts { method: Method::Get, ..post(&format!("/viewtron/gate/{TOKEN}"), "") };
    let before = stack.send(look()).await;
    assert_eq!(before.status, 200);
    assert!(before.body.contains("has sent no event yet"), "{}", before.body);
    assert_eq!(stack.post("event").await.status, 200);
    let after = stack.send(look()).await;
    assert!(after.body.contains("2026-11-23T08:00:00Z"), "{}", after.body);
    let wrong = Parts { method: Method::Get, ..post("/viewtron/gate", "") };
    assert_eq!(stack.send(wrong).await.status, 401);
}

#[tokio::test]
async fn what_no_queue_takes_never_reaches_one() {
    let mut data = VendorData::default();
    data.insert("name", "a\u{FFFF}b\u{FFFE}");
    assert_eq!(data.get("name"), Some(&"ab".into()));
}

#[tokio::test]
async fn a_signature_is_checked_over_the_very_bytes() {
    let stack = Stack::new("auth = { hmac = [\"old key\", \"ssm:/vms\"] }");
    stack.ports.secrets.set("ssm:/vms", "new key");
    // printf 'event {"a":1.0}' | openssl dgst -sha256 -hmac KEY -binary | base64
    let by_new = "3npjtZP44WZlShFjzwieXAHPM3u3aDZXKm5fcFUByNw=";
    let by_old = "/ixLa3RW7gIn9foIShzTyAF7gEH6nmMb6/o952YEipM=";
    for (signature, body, status) in [
        (Some(by_new), "event {\"a\":1.0}", 200),
        (Some(by_old), "event {\"a\":1.0}", 200),
        (Some(by_new), "event {\"a\":1}", 401),
        (Some("AAAA"), "event {\"a\":1.0}", 401),
        (None, "event {\"a\":1.0}", 401),
    ] {
        let field = signature.map(|signature| ("x-signature".to_owned(), signature.to_owned()));
        let parts = Parts { headers: field.into_iter().collect(), ..post("/viewtron/gate", body) };
        assert_eq!(stack.send(parts).await.status, status, "{signature:?} {body}");
    }
}

#[tokio::test]
async fn a_heartbeat_at_a_fixed_path_counts_for_the_source_whose_credentials_it_has() {
    let stack = Stack::new("auth = { basic = { user = \"cam\", password = \"pw\" } }");
    let nobodys = stack.send(post("/keep/live", "")).await;
    assert_eq!((nobodys.status, stack.ports.state.calls()), (200, 0));
    assert_eq!(stack.ports.metrics.counted("HeartbeatsOfNobody"), 1);
    let wrong = stack.send(with_basic(post("/keep/live", ""), "cam:no")).await;
    assert_eq!((wrong.status, stack.ports.state.calls()), (200, 0));
    stack.send(with_basic(post("/keep/live", ""), "cam:pw")).await;
    assert_eq!(stack.ports.metrics.counted("Heartbeats"), 1);
    assert_eq!(stack.ports.state.calls(), 1);

    let by_address = Stack::new("auth = { allow = [\"203.0.113.0/24\"] }");
    by_address.send(post("/keep/live", "")).await;
    assert_eq!(by_address.ports.metrics.counted("Heartbeats"), 1);
}

#[tokio::test]
async fn a_post_at_a_fixed_path_needs_every_credential_that_its_source_names() {
    let here = "203.0.113.0/24";
    let basic = "basic = { user = \"cam\", password = \"pw\" }";
    for (auth, user_password, is_attributed) in [
        (format!("allow = [\"{here}\"]"), None, true),
        (basic.to_owned(), Some("cam:pw"), true),
        (format!("{basic}, allow = [\"{here}\"]"), Some("cam:pw"), true),
        (format!("{basic}, allow = [\"{here}\"]"), None, false),
        (format!("{basic}, allow = [\"{here}\"]"), Some("cam:no"), false),
        (format!("{basic}, allow = [\"198.51.100.0/24\"]"), Some("cam:pw"), false),
        (format!("token = \"{TOKEN}\", allow = [\"{here}\"]"), None, false),
        (format!("token = \"{TOKEN}\", {basic}"), Some("cam:pw"), false),
    ] {
        let stack = Stack::new(&format!("auth = {{ {auth} }}"));
        let sent = |path, body| match user_password {
            Some(user_password) => with_basic(post(path, body), user_password),
            None => post(path, body),
        };
        let heartbeat = stack.send(sent("/keep/live", "heartbeat")).await;
        assert_eq!(heartbeat.status, 200, "{auth}");
        assert_eq!(stack.ports.metrics.counted("Heartbeats"), usize::from(is_attributed), "{auth}");
        let event = stack.send(sent("/api/push", "event")).await;
        let expected = if is_attributed { (200, 1) } else { (401, 0) };
        assert_eq!((event.status, stack.events().len()), expected, "{auth}");
    }
}

#[tokio::test]
async fn a_post_at_a_fixed_path_of_two_sources_is_refused() {
    let other = |auth: &str| {
        Stack::new(&format!(
            "auth = {{ allow = [\"203.0.113.0/24\"] }}\n\
             [[source]]\nid = \"other\"\nvendor = \"viewtron\"\nauth = {{ {auth} }}"
        ))
    };
    let both = other("allow = [\"203.0.113.7/32\"]");
    let refused = both.send(post("/api/push", "event")).await;
    assert_eq!((refused.status, both.ports.objects.keys().len()), (401, 0));
    assert_eq!(refused.headers, [("www-authenticate", "Basic realm=\"camhook\"".into())]);
    // User and password say more than an address does.
    let by_password = other("basic = { user = \"cam\", password = \"pw\" }");
    let accepted = by_password.send(with_basic(post("/api/push", "event"), "cam:pw")).await;
    assert_eq!(accepted.status, 200);
    assert_eq!(by_password.events()[0].data.source.as_str(), "other");
}

#[tokio::test]
async fn a_password_that_cannot_be_read_at_a_fixed_path_concerns_its_own_user_only() {
    let sources = "auth = { basic = { user = \"cam\", password = \"ssm:/missing\" } }\n\
         [[source]]\nid = \"other\"\nvendor = \"viewtron\"\nauth = { basic = { user = \"other\", password = \"pw\" } }\n\
         [[source]]\nid = \"near\"\nvendor = \"viewtron\"\nauth = { allow = [\"203.0.113.0/24\"] }";
    for (user_password, status, source) in [
        (Some("other:pw"), 200, Some("other")),
        // The source `near` takes what has the credentials of no other source.
        (None, 200, Some("near")),
        (Some("other:no"), 200, Some("near")),
        // It may be the password of `cam`: nobody can say.
        (Some("cam:pw"), 503, None),
    ] {
        let stack = Stack::new(sources);
        let event = post("/api/push", "event");
        let event = match user_password {
            Some(user_password) => with_basic(event, user_password),
            None => event,
        };
        assert_eq!(stack.send(event).await.status, status, "{user_password:?}");
        let events = stack.events();
        let sources: Vec<&str> = events.iter().map(|event| event.data.source.as_str()).collect();
        assert_eq!(sources, source.into_iter().collect::<Vec<_>>(), "{user_password:?}");
    }
}

#[tokio::test]
async fn an_alarm_at_the_fixed_path_of_heartbeats_is_an_event_and_what_cannot_be_read_there_is_quarantined() {
    let stack = Stack::new("auth = { allow = [\"203.0.113.0/24\"] }");
    assert_eq!(stack.send(post("/keep/live", "event")).await.status, 200);
    assert_eq!((stack.events().len(), stack.ports.metrics.counted("Heartbeats")), (1, 0));
    assert_eq!(stack.send(post("/keep/live", "what")).await.status, 200);
    let reason: Reason = stack.json("quarantine/", "reason.json");
    assert_eq!((reason.reason.as_str(), reason.source.as_str()), ("no_word", "gate"));
}

#[tokio::test]
async fn what_cannot_be_read_at_a_fixed_path_is_quarantined() {
    let stack = Stack::new("auth = { allow = [\"203.0.113.0/24\"] }");
    assert_eq!(stack.send(post("/api/push", "what")).await.status, 200);
    let reason: Reason = stack.json("quarantine/", "reason.json");
    assert_eq!((reason.reason.as_str(), reason.source.as_str()), ("no_word", "gate"));
}

#[tokio::test]
async fn a_source_that_comes_over_mqtt_takes_nothing_over_http() {
    let toml = "timezone = \"UTC\"\n[[source]]\nid = \"gate\"\nvendor = \"instar\"\ntopic = \"cameras\"\n";
    let (site, _) = camhook_site::read(toml, "test").unwrap();
    let ports = MemoryPorts::new(NOW.parse().unwrap());
    let request = Request::new(post("/instar/gate", "event"));
    let handled = handle(&ports, &site, &Instar, &Instance::default(), request).await;
    assert_eq!((handled.status, ports.objects.keys().len()), (401, 0));
}
