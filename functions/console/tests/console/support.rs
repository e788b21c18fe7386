//! A console on the in-memory ports, and browsers that use it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use camhook_console::{Address, App, Deployment, Retention, router};
use camhook_event::{CONFIG_KEY, Event};
use camhook_operations::events::Summary;
use camhook_operations::people::{self, InviteRequest, InvitedAreas};
use camhook_ports::memory::{MemoryMonitor, MemoryPorts};
use camhook_ports::{Clock, EventIndex, IndexPorts, Object, ObjectStore, Ports, Precondition};
use camhook_site::Site;
use camhook_state::person::Role;
use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// A Sunday, 13:00 in Berlin.
pub(crate) const NOW: Timestamp = Timestamp::constant(1_795_953_600, 0);

const RETENTION: Retention = Retention { events_days: 90, images_days: 30 };

pub(crate) const HOST_NAME: &str = "hooks.example.org";

pub(crate) const SITE: &str = r#"
    timezone = "Europe/Berlin"
    [[source]]
    id = "gate"
    vendor = "viewtron"
    area = "yard"
    auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }
    [[source]]
    id = "desk"
    vendor = "viewtron"
    area = "office"
    auth = { token = "BBBBBBBBBBBBBBBBBBBBBB" }
    [[source]]
    id = "free"
    vendor = "viewtron"
    auth = { token = "CCCCCCCCCCCCCCCCCCCCCC" }
    [[camera]]
    id = "drive"
    sources = ["gate/3"]
    [[channel]]
    id = "family"
    kind = "webhook"
    url = "https://example.org"
    [[relay]]
    id = "barrier"
    driver = "shelly-gen2"
    url = "https://gate.example.org"
"#;

/// A console with its ports.
pub(crate) struct Console {
    pub(crate) ports: &'static MemoryPorts,
    pub(crate) monitor: &'static MemoryMonitor,
    router: Router,
    site: Arc<Site>,
}

/// What a page answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: impl http::header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> &str {
        self.header(LOCATION)
    }

    /// The cookie that it sets, as the browser sends it back.
    pub(crate) fn cookie(&self) -> String {
        self.header(SET_COOKIE).split(';').next().unwrap().to_owned()
    }
}

impl Console {
    pub(crate) fn new() -> Self {
        Self::of(SITE)
    }

    /// A console of a site.
    pub(crate) fn of(site: &str) -> Self {
        // The router keeps its ports for as long as the process lives.
        let ports: &'static MemoryPorts = Box::leak(Box::new(MemoryPorts::new(NOW)));
        let monitor: &'static MemoryMonitor = Box::leak(Box::default());
        let site = Arc::new(camhook_site::read(site, "test").unwrap().0);
        Self { ports, monitor, router: router(App::new(ports, Deployment::Aws, RETENTION), monitor), site }
    }

    /// A console whose bucket has the camhook.toml of the site, too.
    pub(crate) async fn deployed() -> Self {
        let console = Self::new();
        console.push(SITE).await;
        console
    }

    /// Puts a new version of camhook.toml, and returns its id.
    pub(crate) async fn push(&self, text: &str) -> String {
        let object = Object { bytes: Bytes::from(text.to_owned()), content_type: "application/toml" };
        let objects = self.ports.objects();
        objects.put(CONFIG_KEY, object, Precondition::None).await.unwrap();
        objects.versions(CONFIG_KEY, 1).await.unwrap().remove(0).id
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        request.extensions_mut().insert(Arc::clone(&self.site));
        request.extensions_mut().insert(Address("203.0.113.17".to_owned()));
        let response: Response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Sends a request of the console's own pages.
    pub(crate) async fn ask(&self, method: Method, path: &str, cookie: &str, form: &str) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, HOST_NAME)
            .header(ORIGIN, format!("https://{HOST_NAME}"))
            .header(USER_AGENT, "Test <b>browser</b>")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(COOKIE, cookie);
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.ask(Method::GET, path, cookie, "").await
    }

    pub(crate) async fn post(&self, path: &str, cookie: &str, form: &str) -> Answer {
        self.ask(Method::POST, path, cookie, form).await
    }

    /// The path of a new sign-in link.
    pub(crate) async fn link(&self, name: &str, role: Role, areas: &[&str]) -> String {
        let areas = match areas {
            [] => InvitedAreas::All,
            areas => InvitedAreas::Only(areas.iter().map(|area| (*area).to_owned()).collect()),
        };
        let request = InviteRequest { name: name.to_owned(), role: Some(role), areas };
        let plan = people::plan_invitation(self.ports, &request).await.unwrap();
        let invitation = people::invite(self.ports, plan).await.unwrap();
        format!("/console/sign-in/{}", invitation.secret.expose())
    }

    /// The cookie of a person who is signed in.
    pub(crate) async fn sign_in(&self, name: &str, role: Role, areas: &[&str]) -> String {
        let link = self.link(name, role, areas).await;
        let answer = self.post(&link, "", "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        answer.cookie()
    }

    /// Stores an event as the pipeline and the index function do.
    pub(crate) async fn store(&self, event: &Event) {
        let summary = Summary::of(event);
        let object =
            Object { bytes: serde_json::to_vec(event).unwrap().into(), content_type: "application/json" };
        self.ports.objects().put(&summary.record_key(), object, Precondition::None).await.unwrap();
        let (item, keys) = summary.item(90).unwrap();
        self.ports.index().put(item, &keys).await.unwrap();
        let key = camhook_operations::events::count_key(&summary, self.site.timezone());
        self.ports.index().add(&key, 1, summary.expires(90)).await.unwrap();
    }

    /// Stores an event of a source some minutes ago, and returns its id.
    pub(crate) async fn event(&self, source: &str, area: Option<&str>, minutes: i64) -> String {
        let event = event(source, area, minutes, &json!({}));
        self.store(&event).await;
        event.id.to_string()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.ports.clock.advance(std::time::Duration::from_secs(seconds));
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.ports.clock().now()
    }
}

/// An event of a source some minutes ago, with further fields of its data.
pub(crate) fn event(source: &str, area: Option<&str>, minutes: i64, more: &Value) -> Event {
    let time = NOW.checked_sub(jiff::SignedDuration::from_mins(minutes)).unwrap();
    let id = format!("{:08x}{:024x}", source.bytes().map(u32::from).sum::<u32>(), minutes);
    let picture = |role: &str, index: usize| {
        let day = time.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y/%m/%d").to_string();
        let key = format!("images/{source}/{day}/{id}/{index}-{role}.jpg");
        json!({ "role": role, "bucket": "b", "key": key, "bytes": 120_000 - index * 90_000, "width": 1280, "height": 720 })
    };
    let mut data = json!({
        "vendor": "viewtron", "source": source, "camera": { "id": "3" }, "kind": "intrusion",
        "report": "detection", "received_at": time, "clock": "device",
        "targets": [{ "class": "person", "confidence": 0.9, "box": { "x1": 0.25, "y1": 0.25, "x2": 0.5, "y2": 0.75 } }],
        "zone": { "shape": "area", "name": "Lawn", "points": [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]] },
        "images": [picture("overview", 0), picture("target", 1)],
    });
    let fields = data.as_object_mut().unwrap();
    if let Some(area) = area {
        fields.insert("area".to_owned(), area.into());
    }
    fields.extend(more.as_object().unwrap().clone());
    serde_json::from_value(json!({
        "specversion": "1.0", "id": id, "source": format!("/viewtron/{source}"), "type": "camhook.event.v1",
        "subject": "intrusion", "time": time, "datacontenttype": "application/json", "data": data,
    }))
    .unwrap()
}
