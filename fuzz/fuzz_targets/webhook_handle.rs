//! No event of API Gateway makes its conversion, a verifier or the pipeline panic, and unverified requests store
//! nothing. The input is the event's JSON.

#![no_main]

use std::sync::LazyLock;

use camhook_fuzz::{RECEIVED_AT, site};
use camhook_ingest::{Adapter, Instance, handle};
use camhook_instar::InstarHttp;
use camhook_invocation::HttpApiEvent;
use camhook_ivsec::Ivsec;
use camhook_ports::memory::MemoryPorts;
use camhook_site::Site;
use camhook_viewtron::Viewtron;
use camhook_xprotect::Xprotect;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

static SITE: LazyLock<Site> = LazyLock::new(|| {
    site(
        r#"
[[source]]
id = "gate"
vendor = "viewtron"
auth = { token = "token" }

[[source]]
id = "vms"
vendor = "xprotect"
auth = { hmac = "key", basic = { user = "camera", password = "local" } }

[[source]]
id = "nvr"
vendor = "ivsec"
auth = { basic = { user = "camera", password = "local" } }

[[source]]
id = "house"
vendor = "instar"
dialect = "cloud"
auth = { allow = ["203.0.113.0/24"] }
"#,
    )
});

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime can be built"));

fuzz_target!(|input: &[u8]| {
    let Ok(event) = serde_json::from_slice::<HttpApiEvent>(input) else { return };
    let ports = MemoryPorts::new(RECEIVED_AT);
    let instance = Instance::default();
    let request = event.into_request(RECEIVED_AT, None);
    // The gateway's routes choose the function by the path.
    let routed: Value = serde_json::from_slice(input).unwrap_or_default();
    let vendor = routed["rawPath"].as_str().and_then(|path| path.split('/').nth(1)).unwrap_or_default();
    let adapter: &dyn Adapter = match vendor {
        "xprotect" => &Xprotect,
        "instar" => &InstarHttp,
        "viewtron" => &Viewtron,
        _ => &Ivsec,
    };
    let handled = RUNTIME.block_on(handle(&ports, &SITE, adapter, &instance, request));
    let status = handled.reply.status;
    assert!(
        [200, 400, 401, 413].contains(&status),
        "nothing else is answered while S3 and SQS work: {status}"
    );
    if status == 401 {
        assert!(ports.objects.keys().is_empty(), "what was refused is stored");
    }
});
