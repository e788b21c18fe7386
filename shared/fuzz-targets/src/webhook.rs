use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use camhook_event::Vendor;
use camhook_ingest::{Adapter, Headers, Instance, Method, Parsed, Parts, Request, handle};
use camhook_invocation::HttpApiEvent;
use camhook_ports::memory::MemoryPorts;
use camhook_site::{Site, Source};
use camhook_vendors::DIALECTS;
use jiff::Timestamp;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

/// When everything is received.
const RECEIVED_AT: Timestamp = Timestamp::constant(1_795_420_800, 0);

/// A source of a vendor for each settings.
fn sources(vendor: &str, settings: &[&str]) -> Vec<Arc<Source>> {
    let source = |settings: &&str| {
        let site = super::site(&format!(
            "[[source]]\nid = \"gate\"\nvendor = \"{vendor}\"\nauth = {{ token = \"token\" }}\n{settings}\n"
        ));
        site.source("gate").expect("the source is there").clone()
    };
    settings.iter().map(source).collect()
}

fn adapter(vendor: Vendor) -> &'static dyn Adapter {
    camhook_vendors::adapter(vendor).expect("every vendor of devices has a dialect")
}

/// How many events a verified post with this query and body becomes; none when it becomes something else.
fn events(source: &Arc<Source>, query: &str, body: &[u8]) -> usize {
    let adapter = adapter(source.vendor);
    let request = Request::new(Parts {
        method: Method::Post,
        path: format!("/{}/gate/token", adapter.vendor()),
        query: query.to_owned(),
        headers: Headers::default(),
        body: Bytes::copy_from_slice(body),
        source_ip: None,
        request_id: "fuzz".to_owned(),
        received_at: RECEIVED_AT,
    });
    let request = Request::assume_verified(request, source.clone(), Vec::new());
    let drafts = match adapter.parse(&request) {
        Ok(Parsed::Events(events) | Parsed::Partly { events, .. }) => events,
        Ok(Parsed::Heartbeat | Parsed::Ignored(_)) | Err(_) => return 0,
    };
    assert!(!drafts.is_empty(), "a post of events has at least one");
    for draft in &drafts {
        let is_there = |image: usize| image < draft.images.len();
        assert!(
            draft.targets.iter().all(|target| target.image.is_none_or(is_there)),
            "a target's picture is there"
        );
    }
    drafts.len()
}

const DROPS: &str = "faces = \"drop\"\noverview = \"drop\"";

static VIEWTRON: LazyLock<Vec<Arc<Source>>> =
    LazyLock::new(|| sources("viewtron", &["", &format!("tracking = \"1s\"\n{DROPS}")]));

static XPROTECT: LazyLock<Vec<Arc<Source>>> = LazyLock::new(|| sources("xprotect", &["", DROPS]));

static IVSEC: LazyLock<Vec<Arc<Source>>> = LazyLock::new(|| sources("ivsec", &["", DROPS]));

static INSTAR: LazyLock<Vec<Arc<Source>>> = LazyLock::new(|| {
    sources(
        "instar",
        &["dialect = \"cloud\"", "dialect = \"camera-v1\"\nfaces = \"drop\"", "dialect = \"camera-v2\""],
    )
});

/// No body of a Viewtron post makes its parser panic or hang, whatever the source's settings.
pub(crate) fn viewtron_parse(body: &[u8]) {
    for source in VIEWTRON.iter() {
        events(source, "", body);
    }
}

/// No body of an XProtect post makes its parser panic or hang, whatever the source's settings.
pub(crate) fn xprotect_parse(body: &[u8]) {
    for source in XPROTECT.iter() {
        events(source, "", body);
    }
}

/// No query or body of an iVSEC post makes its parser panic or hang, whatever the source's settings. The input is the
/// body; an input without a line feed is also read as a query.
pub(crate) fn ivsec_parse(input: &[u8]) {
    for source in IVSEC.iter() {
        events(source, "", input);
        if !input.contains(&b'\n') {
            events(source, &String::from_utf8_lossy(input), b"");
        }
    }
}

/// No request of the INSTAR Cloud or a camera makes its parser panic or hang, whatever the dialect. The input is the
/// query, an empty line, and the body.
pub(crate) fn instar_http_parse(input: &[u8]) {
    let end = input.windows(2).position(|pair| pair == b"\n\n").unwrap_or(input.len());
    let (query, body) = input.split_at(end);
    for source in INSTAR.iter() {
        let events = events(source, &String::from_utf8_lossy(query), body);
        assert!(events <= 1, "a request is one event");
    }
}

/// A source for each kind of credentials, and one for each dialect with its name as the id.
static SITE: LazyLock<Site> = LazyLock::new(|| {
    let dialects = DIALECTS.iter().map(|dialect| {
        let setting = dialect.setting.map(|setting| format!("dialect = \"{setting}\"\n")).unwrap_or_default();
        let id = dialect.setting.unwrap_or(dialect.vendor.name());
        format!(
            "[[source]]\nid = \"{id}\"\nvendor = \"{}\"\nauth = {{ token = \"token\" }}\n{setting}",
            dialect.vendor
        )
    });
    let dialects: String = dialects.collect();
    super::site(&format!(
        r#"
[[source]]
id = "gate"
vendor = "viewtron"
auth = {{ token = "token" }}

[[source]]
id = "vms"
vendor = "xprotect"
auth = {{ hmac = "key", basic = {{ user = "camera", password = "local" }} }}

[[source]]
id = "nvr"
vendor = "ivsec"
auth = {{ basic = {{ user = "camera", password = "local" }} }}

[[source]]
id = "house"
vendor = "instar"
dialect = "cloud"
auth = {{ allow = ["203.0.113.0/24"] }}

{dialects}"#
    ))
});

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime can be built"));

/// No event of API Gateway makes its conversion, a verifier or the pipeline panic, and unverified requests store
/// nothing. The input is the event's JSON.
pub(crate) fn webhook_handle(input: &[u8]) {
    let Ok(event) = serde_json::from_slice::<HttpApiEvent>(input) else { return };
    let ports = MemoryPorts::new(RECEIVED_AT);
    let instance = Instance::default();
    let request = event.into_request(RECEIVED_AT, None);
    // The gateway's routes choose the function by the path.
    let routed: Value = serde_json::from_slice(input).unwrap_or_default();
    let vendor = routed["rawPath"].as_str().and_then(|path| path.split('/').nth(1)).unwrap_or_default();
    let vendor = vendor.parse().ok().filter(|vendor: &Vendor| vendor.sends_events()).unwrap_or(Vendor::Ivsec);
    let adapter = adapter(vendor);
    let reply = RUNTIME.block_on(handle(&ports, &SITE, adapter, &instance, request));
    let status = reply.status;
    assert!(
        [200, 400, 401, 413].contains(&status),
        "nothing else is answered while S3 and SQS work: {status}"
    );
    if status == 401 {
        assert!(ports.objects.keys().is_empty(), "what was refused is stored");
    }
}
