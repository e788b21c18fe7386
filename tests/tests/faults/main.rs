//! The functions' real bootstraps, each test with a stack of its own on the local cloud: calls of AWS that fail,
//! functions that are killed in the middle of their work, posts and messages that come twice.
//!
//! A sender posts once: what is lost after that is lost for good.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

mod ingest;
mod mqtt;
mod notify;
mod refusals;
mod relay;
mod secrets;

use camhook_end_to_end::gateway::{self, BodyForm};
use camhook_end_to_end::lambda_runtime::Function;
use camhook_end_to_end::post::{INTRUSION, Post};
use serde_json::Value;

/// The token of the source `gate`.
const TOKEN: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// The webhook's path of the source `gate`.
const PATH: &str = "/viewtron/gate/AAAAAAAAAAAAAAAAAAAAAA";

/// The key that webhooks are signed with.
const SIGNING_KEY: &[u8] = b"a key of the end to end tests";

/// A site with one camera, two channels beside the one for trouble, and one relay.
const SITE: &str = r#"
timezone = "Europe/Berlin"
alert_channel = "caretaker"

[[source]]
id = "gate"
vendor = "viewtron"
area = "yard"
auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }

[[channel]]
id = "family"
kind = "ntfy"
url = "{{devices}}/ntfy/family"
network = "loopback"

[[channel]]
id = "automation"
kind = "webhook"
url = "{{devices}}/webhook/automation"
network = "loopback"
secret = "whsec_YSBrZXkgb2YgdGhlIGVuZCB0byBlbmQgdGVzdHM="

[[channel]]
id = "caretaker"
kind = "ntfy"
url = "{{devices}}/ntfy/caretaker"
network = "loopback"

[[relay]]
id = "light"
driver = "shelly-gen2"
url = "{{devices}}"
network = "loopback"
password = "simulated-shelly"

[[rule]]
id = "tell"
when = { source = "gate" }
then = [{ notify = "family", title = "{{ kind }} at {{ camera }}" }, { notify = "automation" }]

[[rule]]
id = "light-up"
when = { source = "gate", kind = "intrusion" }
then = [{ relay = "light", action = "pulse", seconds = 5 }]
"#;

/// An intrusion at the source `gate` that happens now.
fn intrusion() -> Post {
    Post::new(INTRUSION, PATH)
}

/// Posts it once and says what the sender gets: the status.
async fn post(function: &Function, post: &Post) -> u64 {
    let reply = function.call(&event(post)).await;
    status(&reply)
}

fn event(post: &Post) -> Value {
    gateway::event(&post.request(), BodyForm::Text, "request-1")
}

fn status(reply: &Value) -> u64 {
    reply["statusCode"].as_u64().unwrap_or_else(|| panic!("no status in {reply}"))
}
