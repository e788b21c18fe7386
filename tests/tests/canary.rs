//! Posts full of marked secrets, names, plates and bodies, of every vendor and with every failure, and requests to the
//! console and to `control` alike. Afterwards everything that was written is searched for the marks: logs and metrics of
//! all functions, the bucket, the queues and that of the event bus, the table, the event index, and what channels and
//! relays received.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeMap;

use camhook_end_to_end::fault_proxy::Fault;
use camhook_end_to_end::gateway::{self, BodyForm};
use camhook_end_to_end::lambda_runtime::Function;
use camhook_end_to_end::own_stack::OwnStack;
use camhook_end_to_end::post::Post;
use camhook_end_to_end::stack::Stack;
use camhook_end_to_end::wait;
use camhook_picture::SamplePost;
use serde_json::{Value, json};

/// What only camhook.toml and the sender know. It is written nowhere.
const SECRETS: [&str; 11] = [
    "canary-token-viewtron-0001",
    "canary-token-ivsec-000002",
    "canary-token-instar-00003",
    "canary-hmac-xprotect-0004",
    "canary-token-dropped-0005",
    "canary-password-basic-006",
    "canary-password-relay-007",
    "Y2FuYXJ5IHdlYmhvb2sgc2VjcmV0IDAwMDg=",
    "canary-token-wrong-000009",
    "canary-token-control-0010",
    "canary-cookie-forged-0011",
];

/// The plate of an event. It is part of the event, and of messages about it.
const PLATE: &str = "CANARYPL8";

/// The name of a person. It is part of the event, and of messages about it, where the source keeps faces.
const NAME: &str = "Canary Person Kept";

/// The same at a source that does not.
const DROPPED_NAME: &str = "Canary Person Dropped";

/// A value in a body that no parser understands. It is part of the quarantine where the source keeps faces.
const BODY: &str = "canary-raw-body-value";

/// The same at a source that does not.
const DROPPED_BODY: &str = "canary-raw-body-dropped";

/// What somebody types into the filters of the console, or sends there. It is written nowhere.
const QUERY: &str = "canary-query-value-0012";

const SITE: &str = r#"
timezone = "Europe/Berlin"
alert_channel = "caretaker"

[[source]]
id = "camera"
vendor = "viewtron"
area = "yard"
auth = { token = "canary-token-viewtron-0001" }

[[source]]
id = "dropped"
vendor = "viewtron"
faces = "drop"
auth = { token = "canary-token-dropped-0005" }

[[source]]
id = "recorder"
vendor = "ivsec"
auth = { token = "canary-token-ivsec-000002" }

[[source]]
id = "recorder-basic"
vendor = "ivsec"
auth = { basic = { user = "nvr", password = "canary-password-basic-006" } }

[[source]]
id = "cloud"
vendor = "instar"
dialect = "cloud"
auth = { token = "canary-token-instar-00003" }

[[source]]
id = "vms"
vendor = "xprotect"
auth = { hmac = "canary-hmac-xprotect-0004" }

[[source]]
id = "phone"
vendor = "control"
area = "yard"
auth = { token = "canary-token-control-0010" }

[[source]]
id = "bridged"
vendor = "instar"
topic = "cameras"

[[channel]]
id = "automation"
kind = "webhook"
url = "{{devices}}/webhook/automation"
network = "loopback"
secret = "whsec_Y2FuYXJ5IHdlYmhvb2sgc2VjcmV0IDAwMDg="

[[channel]]
id = "broken"
kind = "webhook"
url = "{{devices}}/nowhere"
network = "loopback"

[[channel]]
id = "caretaker"
kind = "webhook"
url = "{{devices}}/webhook/caretaker"
network = "loopback"

[lists]
residents = [{ plate = "CANARYPL8", name = "Canary Resident" }]

[[relay]]
id = "gate"
driver = "shelly-gen2"
url = "{{devices}}"
network = "loopback"
password = "canary-password-relay-007"

[[relay]]
id = "board"
driver = "http"
url = "{{devices}}"
network = "loopback"
bearer = "canary-password-relay-007"
on = { path = "/board/on" }
off = { path = "/board/off" }

[[rule]]
id = "all"
when = {}
then = [{ notify = "automation", title = "{{ kind }} {{ plate }} {{ person }}" }, { notify = "broken" }]

[[rule]]
id = "open"
when = { plate = "@residents" }
then = [{ relay = "gate", action = "pulse", seconds = 1 }, { relay = "board", action = "on" }]
"#;

/// The functions that handle posts and requests, and those that handle their events.
const FUNCTIONS: [&str; 11] = [
    "viewtron", "xprotect", "ivsec", "instar", "mqtt", "control", "console", "notify", "relay", "index",
    "watchdog",
];

struct Canary {
    stack: OwnStack,
    functions: BTreeMap<&'static str, Function>,
    posts: usize,
}

impl Canary {
    async fn start() -> Self {
        let stack = OwnStack::create(SITE).await;
        let mut functions = BTreeMap::new();
        for name in FUNCTIONS {
            functions.insert(name, stack.start(name).await);
        }
        Self { stack, functions, posts: 0 }
    }

    /// Posts a request, as text.
    async fn post(&mut self, vendor: &'static str, head: &str, body: &[u8]) -> u64 {
        let request = [head.as_bytes(), b"\n\n", body].concat();
        let post = SamplePost::parse(&request).unwrap();
        self.posts += 1;
        let event = gateway::event(&post, BodyForm::Text, &format!("canary-{}", self.posts));
        self.functions[vendor].call(&event).await["statusCode"].as_u64().unwrap()
    }

    /// Posts a fixture to a path, with these texts replaced.
    async fn fixture(&mut self, vendor: &'static str, path: &str, fixture: &str, texts: &[(&str, &str)]) {
        let mut template = fixture.to_owned();
        for (from, to) in texts {
            assert!(template.contains(from), "{from}");
            template = template.replace(from, to);
        }
        let post = Post::new(&template, path);
        let request = post.request();
        let mut head = format!("{} {} HTTP/1.1", request.method, request.target);
        for (name, value) in &request.headers {
            head.push_str(&format!("\n{name}: {value}"));
        }
        if vendor == "xprotect" {
            let signature = camhook_xprotect::sign(SECRETS[3], request.body);
            head.push_str(&format!("\n{}: {signature}", camhook_xprotect::SIGNATURE_FIELD));
        }
        let body = request.body.to_vec();
        let status = self.post(vendor, &head, &body).await;
        assert!(status < 500, "{vendor} answered {status}");
    }

    async fn mqtt(&self, payload: &str) {
        let data = base64_simd::STANDARD.encode_to_string(payload);
        let topic = "cameras/115/status/alarm/triggered";
        let message = json!({ "data": data, "topic": topic, "ts": 1_795_420_800_123_i64, "trace": "canary" });
        self.stack.mqtt.send(&message.to_string()).await;
        self.stack.work_off(&self.stack.mqtt, &self.functions["mqtt"]).await;
    }

    /// Delivers some of what the queues hold, twice each: channels that fail leave messages behind, which are read too.
    async fn consume(&self, most: i32) {
        for (queue, function) in [
            (&self.stack.relay, "relay"),
            (&self.stack.releases, "relay"),
            (&self.stack.notify, "notify"),
            (&self.stack.alerts, "notify"),
        ] {
            for taken in queue.receive(most, 0).await {
                self.functions[function].invoke(&taken.event()).await;
                self.functions[function].invoke(&taken.event()).await;
            }
        }
        self.functions["watchdog"].call(&json!({})).await;
    }

    /// Asks the console, with this cookie.
    async fn ask(&self, method: &str, path: &str, cookie: &str, form: &str) -> Value {
        self.functions["console"].call(&gateway::console(method, path, cookie, form)).await
    }

    /// Signs a person in: the secrets of the link and of the session, which are written nowhere.
    async fn sign_in(&self) -> [String; 2] {
        let invited =
            self.stack.run("people", &["invite", "Ann", "--role", "admin", "--json"]).await.join("\n");
        let (_, link) = invited.split_once("/sign-in/").unwrap();
        let link: String = link.chars().take_while(|letter| !"\"\\ \n".contains(*letter)).collect();
        let signed_in = self.ask("POST", &format!("/console/sign-in/{link}"), "", "").await;
        assert_eq!(signed_in["statusCode"], 303, "{signed_in}");
        let cookie = signed_in["cookies"][0].as_str().unwrap();
        let session = cookie.split(';').next().unwrap().trim_start_matches("camhook=").to_owned();
        [link, session]
    }

    /// Asks for pages of the console, and for what it does not have, signed in and with forged cookies and links.
    async fn visit(&self, secrets: &[String; 2]) {
        let [link, session] = secrets;
        let encoded = NAME.replace(' ', "%20");
        let mut event = "0".repeat(32);
        if let Some(key) = self.stack.bucket.record_keys("camera").await.first() {
            event = self.stack.bucket.json(key).await["id"].as_str().unwrap().to_owned();
        }
        // The same secret with another last character.
        let mut forged = session.clone();
        forged.pop();
        for cookie in [session.clone(), forged, SECRETS[10].to_owned(), format!("{}{link}", SECRETS[10])] {
            let cookie = format!("camhook={cookie}");
            for path in [
                "/console".to_owned(),
                format!("/console?plate={PLATE}&face={encoded}&text={QUERY}"),
                format!("/console?camera={QUERY}&area={QUERY}"),
                format!("/console?q=\"<{QUERY}"),
                format!("/console?{QUERY}={BODY}"),
                format!("/console/live?day={QUERY}"),
                format!("/console/events/{event}"),
                format!("/console/pictures/{event}/0"),
                format!("/console/events/{QUERY}"),
                format!("/console/{QUERY}/%2e%2e/{BODY}"),
                "/console/cameras".to_owned(),
                "/console/relays".to_owned(),
                "/console/problems".to_owned(),
                "/console/site".to_owned(),
                format!("/console/sign-in/{}", SECRETS[10]),
                format!("/console/sign-in/{link}"),
            ] {
                self.ask("GET", &path, &cookie, "").await;
            }
            for (path, form) in [
                (format!("/console/sign-in/{}", SECRETS[10]), String::new()),
                (format!("/console/sign-in/{link}"), String::new()),
                ("/console/reviewed".to_owned(), format!("event={event}&reviewed=yes&{QUERY}={BODY}")),
                ("/console/reviewed".to_owned(), format!("event={event}&reviewed={QUERY}")),
                ("/console/reviewed".to_owned(), format!("event={event}&reviewed=yes")),
            ] {
                self.ask("POST", &path, &cookie, &form).await;
            }
        }
    }

    /// Sets and shows modes, and sends what is no request for one.
    async fn control(&mut self) {
        let phone = format!("/control/phone/{}", SECRETS[9]);
        for (method, rest, body) in [
            ("GET", "", ""),
            ("GET", QUERY, ""),
            ("POST", "away", ""),
            ("POST", QUERY, ""),
            ("POST", "", QUERY),
            ("POST", "", format!(r#"{{"mode":"away","{QUERY}":"{PLATE}"}}"#).as_str()),
            ("POST", "", format!("mode=away&area={QUERY}").as_str()),
            ("DELETE", "", ""),
        ] {
            self.post("control", &format!("{method} {phone}/{rest}?note={QUERY} HTTP/1.1"), body.as_bytes())
                .await;
        }
    }

    /// Asks for pages while a service fails.
    async fn look(&self, [_, session]: &[String; 2]) {
        let cookie = format!("camhook={session}");
        let filtered = format!("/console?plate={PLATE}&text={QUERY}");
        for path in [filtered.as_str(), "/console/problems", "/console/relays"] {
            self.ask("GET", path, &cookie, "").await;
        }
        let form = format!("event={}&reviewed=yes&{QUERY}={BODY}", "0".repeat(32));
        self.ask("POST", "/console/reviewed", &cookie, &form).await;
    }

    /// Indexes so many of the events that are stored.
    async fn index(&self, most: usize) {
        for key in self.stack.bucket.keys("events/").await.into_iter().take(most) {
            self.functions["index"].call(&self.stack.stored(&key, 1)).await;
        }
    }

    /// Everything that was written, by where it is.
    async fn written(&self) -> BTreeMap<String, String> {
        let mut written = BTreeMap::new();
        for (name, function) in &self.functions {
            written.insert(format!("log {name}"), function.log());
        }
        for key in self.stack.bucket.keys("").await {
            let bytes = self.stack.bucket.bytes(&key).await;
            written.insert(format!("bucket {key}"), String::from_utf8_lossy(&bytes).into_owned());
        }
        for (number, item) in self.stack.table.items("").await.into_iter().enumerate() {
            written.insert(format!("table {number}"), format!("{item:?}"));
        }
        let given = Stack::given();
        let of_this_test: Vec<String> = self.stack.bucket.keys("events/").await;
        for item in self.stack.cloud.table(&given.index_table).items("event#").await {
            let id = item["pk"].trim_start_matches("event#");
            if of_this_test.iter().any(|key| key.contains(id)) {
                written.insert(format!("index {id} {}", item["sk"]), format!("{item:?}"));
            }
        }
        let queues = [
            ("bus", &self.stack.bus),
            ("notify", &self.stack.notify),
            ("alerts", &self.stack.alerts),
            ("relay", &self.stack.relay),
            ("releases", &self.stack.releases),
            ("mqtt", &self.stack.mqtt),
        ];
        for (name, queue) in queues {
            let messages = self.stack.messages(queue).await;
            for (number, message) in messages.into_iter().enumerate() {
                written.insert(format!("queue {name} {number}"), message.to_string());
            }
        }
        for (number, request) in self.stack.devices.received("").into_iter().enumerate() {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            let name = format!("device {} {number}", request.path);
            written.insert(name, format!("{}?{} {body}", request.path, request.query));
        }
        written
    }
}

/// Fails where a mark stands outside of these places.
fn assert_only_in(written: &BTreeMap<String, String>, mark: &str, places: &[&str]) {
    for (place, text) in written {
        let is_allowed = places.iter().any(|allowed| place.starts_with(allowed));
        assert!(is_allowed || !text.contains(mark), "`{mark}` is in {place}: {}", around(text, mark));
    }
}

fn around(text: &str, mark: &str) -> String {
    let at = text.find(mark).unwrap_or_default();
    let begin = text.floor_char_boundary(at.saturating_sub(300));
    let end = text.floor_char_boundary((at + 300).min(text.len()));
    text[begin..end].to_owned()
}

/// The marks that must be found, so that the search is known to work.
fn assert_in(written: &BTreeMap<String, String>, mark: &str, place: &str) {
    let is_there = written.iter().any(|(name, text)| name.starts_with(place) && text.contains(mark));
    assert!(is_there, "`{mark}` is nowhere in {place}");
}

const VIEWTRON_PLATE: &str = include_str!("../../fixtures/viewtron/plate-on-the-allow-list/request.http");
const VIEWTRON_FACE: &str =
    include_str!("../../fixtures/viewtron/face-match-with-three-pictures/request.http");
const IVSEC_PLATE: &str = include_str!("../../fixtures/ivsec/plate-by-snapid-alone/request.http");
const IVSEC_FACE: &str = include_str!("../../fixtures/ivsec/face-that-is-known/request.http");
const XPROTECT: &str = include_str!("../../fixtures/xprotect/face-with-faces-dropped/request.http");

/// The first value of a quoted member.
fn member<'a>(fixture: &'a str, name: &str) -> &'a str {
    let (_, rest) = fixture.split_once(&format!("\"{name}\":\"")).unwrap();
    rest.split_once('"').unwrap().0
}

/// What every vendor sends, and fails to send.
async fn post_everything(canary: &mut Canary) {
    let camera = format!("/viewtron/camera/{}", SECRETS[0]);
    let dropped = format!("/viewtron/dropped/{}", SECRETS[4]);
    let recorder = format!("/ivsec/recorder/{}", SECRETS[1]);
    let cloud = format!("/instar/cloud/{}", SECRETS[2]);
    // A token of ours in a name that a device sends back.
    let echo = format!("http://host{camera}");
    canary
        .fixture(
            "viewtron",
            &camera,
            VIEWTRON_PLATE,
            &[("IB36NL", PLATE), ("[CDATA[Drive]", &format!("[CDATA[{echo}]"))],
        )
        .await;
    canary.fixture("viewtron", &camera, VIEWTRON_FACE, &[("Ann Example", NAME)]).await;
    canary.fixture("viewtron", &dropped, VIEWTRON_FACE, &[("Ann Example", DROPPED_NAME)]).await;
    let plate = member(IVSEC_PLATE, "SnapId");
    canary.fixture("ivsec", &recorder, IVSEC_PLATE, &[(plate, PLATE)]).await;
    canary.fixture("ivsec", &recorder, IVSEC_FACE, &[("\"Ann\"", &format!("\"{NAME}\""))]).await;
    canary.fixture("xprotect", "/xprotect/vms", XPROTECT, &[("Ann at the gate", NAME)]).await;
    let parameters = format!("cam=1&object=1&face={}&plate={PLATE}", NAME.replace(' ', "%20"));
    canary.post("instar", &format!("GET {cloud}?{parameters} HTTP/1.1"), b"").await;
    canary.mqtt(r#"{"val":"1"}"#).await;

    // What cannot be read.
    let unreadable = |mark: &str| format!("<?xml version=\"1.0\"?><config><unknown>{mark}</unknown>");
    for (path, mark) in [(&camera, BODY), (&dropped, DROPPED_BODY)] {
        let head = format!("POST {path}?note={mark} HTTP/1.1\ncontent-type: application/xml");
        canary.post("viewtron", &head, unreadable(mark).as_bytes()).await;
    }
    let json = format!(r#"{{"data":{{"unknown":"{BODY}"#);
    canary.post("ivsec", &format!("POST {recorder} HTTP/1.1"), json.as_bytes()).await;
    canary.post("instar", &format!("POST {cloud}/{BODY} HTTP/1.1"), unreadable(BODY).as_bytes()).await;
    let cut_off = format!(
        "POST {{{{path}}}} HTTP/1.1

{{\"Event\":\"{BODY}"
    );
    canary.fixture("xprotect", "/xprotect/vms", &cut_off, &[]).await;
    canary.mqtt(&format!(r#"{{"val":"{BODY}"#)).await;
    let large = BODY.repeat(4 * 1024 * 1024 / BODY.len() + 1);
    canary.post("viewtron", &format!("POST {camera} HTTP/1.1"), large.as_bytes()).await;

    // Wrong and missing credentials, secrets in odd places.
    let wrong = SECRETS[8];
    for (vendor, source) in [
        ("viewtron", "camera"),
        ("ivsec", "recorder"),
        ("instar", "cloud"),
        ("xprotect", "vms"),
        ("ivsec", "nobody"),
        ("control", "phone"),
    ] {
        for head in [
            format!("POST /{vendor}/{source}/{wrong} HTTP/1.1"),
            format!("POST /{vendor}/{source}?token={wrong} HTTP/1.1"),
            format!("POST /{vendor}/{source} HTTP/1.1\nauthorization: Bearer {wrong}"),
            format!("POST /{vendor}/{source} HTTP/1.1\nx-hub-signature-256: sha256={wrong}"),
        ] {
            let status = canary.post(vendor, &head, BODY.as_bytes()).await;
            assert!((400..500).contains(&status), "{head}: {status}");
        }
    }
    let basic = base64_simd::STANDARD.encode_to_string(format!("nvr:{}", SECRETS[5]));
    let head = format!("POST /ivsec/recorder-basic HTTP/1.1\nauthorization: Basic {basic}");
    canary.post("ivsec", &head, json.as_bytes()).await;
    let head =
        format!("POST /ivsec/recorder-basic?echo={} HTTP/1.1\nauthorization: Basic {basic}", SECRETS[5]);
    canary.post("ivsec", &head, json.as_bytes()).await;
}

#[tokio::test]
async fn marks_are_written_only_where_they_belong() {
    let mut canary = Canary::start().await;
    post_everything(&mut canary).await;
    canary.control().await;
    let secrets = canary.sign_in().await;
    canary.index(usize::MAX).await;
    canary.visit(&secrets).await;
    canary.consume(10).await;

    // The same with each service failing.
    for (operation, target) in [
        ("PutObject", "events/"),
        ("PutObject", "images/"),
        ("PutObject", "quarantine/"),
        ("PutObject", "audit/"),
        ("SendMessage", ""),
        ("PutItem", ""),
        ("UpdateItem", ""),
        ("GetItem", ""),
        ("BatchGetItem", ""),
        ("Query", ""),
        ("GetObject", ""),
    ] {
        canary.stack.proxy.fail(Fault::Status(500), move |call| call.is(operation, target));
        let camera = format!("/viewtron/camera/{}", SECRETS[0]);
        for fixture in [VIEWTRON_PLATE, VIEWTRON_FACE] {
            let text = fixture.replace("IB36NL", PLATE).replace("Ann Example", NAME);
            let post = Post::new(&text, &camera);
            let event = gateway::event(&post.request(), BodyForm::Text, &format!("canary-{operation}"));
            canary.functions["viewtron"].call(&event).await;
        }
        let head = format!("POST {camera} HTTP/1.1");
        canary.post("viewtron", &head, BODY.as_bytes()).await;
        let phone = format!("POST /control/phone/{}/{QUERY} HTTP/1.1", SECRETS[9]);
        canary.post("control", &phone, PLATE.as_bytes()).await;
        canary.look(&secrets).await;
        canary.index(1).await;
        canary.consume(1).await;
        canary.stack.proxy.heal();
        canary.consume(1).await;
    }
    let logged = || canary.functions["notify"].log().contains("delivered notification");
    wait::until("a delivered notification in the log", async || logged().then_some(())).await;

    canary.index(usize::MAX).await;
    let written = canary.written().await;
    let known = ["bucket config/"];
    for secret in &secrets {
        assert_only_in(&written, secret, &[]);
    }
    assert_only_in(&written, QUERY, &[]);
    for secret in SECRETS {
        assert_only_in(&written, secret, &known);
        let encoded = base64_simd::STANDARD.encode_to_string(secret);
        assert_only_in(&written, &encoded, &known);
    }
    let event = [
        "bucket events/",
        "bucket pending/",
        "queue notify",
        "queue relay",
        "queue bus",
        "index ",
        "device /webhook/automation",
        "device /nowhere",
    ];
    assert_in(&written, PLATE, "bucket events/");
    assert_in(&written, PLATE, "device /webhook/automation");
    assert_in(&written, PLATE, "queue bus");
    assert_in(&written, PLATE, "index ");
    assert_only_in(&written, PLATE, &[&event[..], &known].concat());
    assert_in(&written, NAME, "bucket events/");
    assert_only_in(&written, NAME, &[&event[..], &["bucket quarantine/"]].concat());
    assert_only_in(&written, DROPPED_NAME, &[]);
    assert_in(&written, BODY, "bucket quarantine/");
    assert_only_in(&written, BODY, &["bucket quarantine/"]);
    assert_only_in(&written, DROPPED_BODY, &[]);
    // Metrics and the table have no value of a device in them at all, not even in lower case.
    for mark in [PLATE, NAME] {
        let folded = mark.to_lowercase();
        for (place, text) in &written {
            let is_private = place.starts_with("log ") || place.starts_with("table ");
            assert!(!is_private || !text.to_lowercase().contains(&folded), "{mark} is in {place}");
        }
    }
}
