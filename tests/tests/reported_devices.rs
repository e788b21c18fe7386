//! Relays and messengers that answer as public reports say, before the functions' real bootstraps: what is decided, what
//! people learn, and what is asked again.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use camhook_end_to_end::http_server::{HttpServer, Reply, header};
use camhook_end_to_end::own_stack::{Delivery, OwnStack};
use camhook_end_to_end::post::INTRUSION;
use http::Request;
use serde_json::{Value, json};

/// The webhook's path of the source `gate`.
const PATH: &str = "/viewtron/gate/AAAAAAAAAAAAAAAAAAAAAA";

/// A request that a simulated device or service received.
#[derive(Debug, Clone)]
struct Asked {
    target: String,
    content_type: String,
    authorization: String,
    attached: bool,
    body: Bytes,
}

impl Asked {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn has_picture(&self) -> bool {
        self.attached
            || self.content_type.starts_with("multipart/")
            || self.content_type.starts_with("image/")
    }
}

/// The outcome of an intrusion at a site with one relay or channel.
struct Story {
    stack: OwnStack,
    asked: Vec<Asked>,
    decisions: Vec<String>,
    alerts: Vec<String>,
}

impl Story {
    /// Requests whose path holds a word.
    fn to(&self, word: &str) -> Vec<&Asked> {
        self.asked.iter().filter(|asked| asked.target.contains(word)).collect()
    }
}

/// For how long the event is delivered.
enum Until {
    /// Until the function is done with it.
    Done,
    /// Once: the function wants it again, much later.
    FirstFailure,
}

/// Posts an intrusion to a site with this table, where `{{server}}` is the address of a server that answers so; the
/// answer depends on what was asked before.
async fn story(
    function: &str,
    until: Until,
    table: &str,
    action: &str,
    answer: impl Fn(&Asked, &[Asked]) -> Reply + Send + Sync + 'static,
) -> Story {
    let log: Arc<Mutex<Vec<Asked>>> = Arc::default();
    let kept = Arc::clone(&log);
    let server = HttpServer::start(move |request: Request<Bytes>| {
        let field = |name| header(request.headers(), name).to_owned();
        let asked = Asked {
            target: request.uri().to_string(),
            content_type: field("content-type"),
            authorization: field("authorization"),
            attached: request.headers().contains_key("attach"),
            body: request.body().clone(),
        };
        let mut log = kept.lock().unwrap();
        let reply = answer(&asked, &log);
        log.push(asked);
        async move { reply }
    });
    let server = server.await;
    let site = format!(
        "timezone = \"Europe/Berlin\"\nalert_channel = \"caretaker\"\n\
         [[source]]\nid = \"gate\"\nvendor = \"viewtron\"\nauth = {{ token = \"AAAAAAAAAAAAAAAAAAAAAA\" }}\n\
         [[channel]]\nid = \"caretaker\"\nkind = \"ntfy\"\nurl = \"{{{{devices}}}}/ntfy/caretaker\"\nnetwork = \"loopback\"\n\
         {table}\nnetwork = \"loopback\"\n\
         [[rule]]\nid = \"act\"\nwhen = {{ kind = \"intrusion\" }}\nthen = [{action}]\n"
    );
    let stack = OwnStack::create(&site.replace("{{server}}", &server.url())).await;
    assert_eq!(stack.post("viewtron", INTRUSION, PATH).await, 200);
    let consumer = stack.start(function).await;
    let queue = if function == "relay" { &stack.relay } else { &stack.notify };
    match until {
        Until::Done => stack.work_off(queue, &consumer).await,
        Until::FirstFailure => assert_eq!(stack.deliver(queue, &consumer).await, Delivery::Again),
    }
    let records = stack.bucket.jsons("audit/").await;
    let decisions = records.iter().map(|record| record["decision"].as_str().unwrap().to_owned()).collect();
    let alerts = stack.messages(&stack.alerts).await;
    let alerts = alerts.iter().map(|alert| alert["text"].as_str().unwrap_or_default().to_owned()).collect();
    let asked = log.lock().unwrap().clone();
    Story { stack, asked, decisions, alerts }
}

/// The same for a relay that is pulsed for five seconds.
async fn pulse(table: &str, answer: impl Fn(&Asked, &[Asked]) -> Reply + Send + Sync + 'static) -> Story {
    let table = format!("[[relay]]\nid = \"light\"\nurl = \"{{{{server}}}}\"\n{table}");
    story("relay", Until::Done, &table, "{ relay = \"light\", action = \"pulse\", seconds = 5 }", answer)
        .await
}

/// The same for a channel that notifies.
async fn message(table: &str, answer: impl Fn(&Asked, &[Asked]) -> Reply + Send + Sync + 'static) -> Story {
    message_until(Until::Done, table, answer).await
}

async fn message_until(
    until: Until,
    table: &str,
    answer: impl Fn(&Asked, &[Asked]) -> Reply + Send + Sync + 'static,
) -> Story {
    let table = format!("[[channel]]\nid = \"family\"\n{table}");
    let action = format!("{{ notify = \"family\", body = \"{}\" }}", "門".repeat(1900));
    story("notify", until, &table, &action, answer).await
}

#[tokio::test]
async fn a_board_that_switches_and_answers_404_is_asked_once_and_its_release_stays_pending() {
    let table = "driver = \"http\"\non = { path = \"/FF0101\" }\noff = { path = \"/FF0100\" }";
    let story = pulse(table, |_, _| Reply::text(404, "<html><body>Not found</body></html>")).await;
    assert_eq!((story.to("/FF0101").len(), story.decisions.as_slice()), (1, &["unknown".to_owned()][..]));
    assert_eq!(story.stack.releases.holds().await, 1, "what switches it off");
    assert_eq!(story.alerts.len(), 1, "{:?}", story.alerts);
}

#[tokio::test]
async fn a_module_that_ignores_the_command_and_shows_its_page_is_not_taken_for_switched() {
    let page =
        "<?xml version=\"1.0\"?><datavalues><relay1>0</relay1><relay2>0</relay2><vin>24.1</vin></datavalues>";
    let table = "driver = \"webrelay\"\nrelay = 1\npage = \"state.xml\"";
    let story =
        pulse(table, move |_, _| Reply::text(200, page).with_header("content-type", "text/xml")).await;
    assert_eq!(story.decisions, ["unknown"]);
    assert_eq!(story.asked.len(), 1);
    assert_eq!(story.alerts.len(), 1, "{:?}", story.alerts);
}

/// A challenge of HTTP Digest as a Shelly sends it.
fn challenge(nonce: &str, stale: &str) -> Reply {
    let value = format!(
        "Digest realm=\"shellywalldisplay-0008220000AB\", nonce=\"{nonce}\", opaque=\"\", qop=\"auth\", \
         algorithm=SHA-256{stale}"
    );
    Reply::text(401, "").with_header("www-authenticate", &value)
}

#[tokio::test]
async fn a_shelly_that_is_out_of_nonces_is_asked_again() {
    let table = "driver = \"shelly-gen2\"\npassword = \"simulated-shelly\"";
    let story = pulse(table, |asked, before| match (asked.authorization.is_empty(), before.len()) {
        (true, 0) => Reply::text(429, ""),
        (true, _) => challenge("Zm9vYmFy", ""),
        (false, _) => Reply::json(200, &json!({ "was_on": false })),
    })
    .await;
    assert_eq!(story.decisions, ["done"]);
    assert_eq!(story.asked.iter().filter(|asked| !asked.authorization.is_empty()).count(), 1);
}

#[tokio::test]
async fn a_nonce_with_equals_signs_and_an_empty_opaque_come_back_as_they_are() {
    const FIRST: &str = "Zm9vYmFyLW5vbmNlLTE3OTU0MjA4MDA==";
    const SECOND: &str = "c2Vjb25kLW5vbmNl==";
    let table = "driver = \"shelly-gen2\"\npassword = \"simulated-shelly\"";
    let story = pulse(table, |asked, _| {
        let has = |text: &str| asked.authorization.contains(text);
        let is_exact = has("opaque=\"\"") && has("nc=00000001") && has("algorithm=SHA-256");
        if is_exact && has(&format!("nonce=\"{SECOND}\"")) {
            return Reply::json(200, &json!({ "was_on": false }));
        }
        if is_exact && has(&format!("nonce=\"{FIRST}\"")) {
            return challenge(SECOND, ", stale=true");
        }
        challenge(FIRST, "")
    })
    .await;
    assert_eq!((story.decisions.as_slice(), story.asked.len()), (&["done".to_owned()][..], 3));
}

#[tokio::test]
async fn an_intercom_that_refuses_with_status_200_has_failed() {
    let table = "driver = \"2n\"\nswitch = 1\nmode = \"monostable\"\nlength = \"5s\"\nbasic = { user = \"camhook\", password = \"simulated\" }";
    let body = "{\n  \"success\" : false,\n  \"error\" : {\n    \"code\" : 14,\n    \"description\" : \"action failed\"\n  }\n}";
    let story =
        pulse(table, move |_, _| Reply::text(200, body).with_header("content-type", "application/json"));
    let story = story.await;
    assert_eq!(story.decisions, ["failed"]);
}

/// Telegram's answer.
fn telegram(status: u16, description: &str, parameters: &Value) -> Reply {
    let answer = json!({
        "ok": status == 200, "result": { "message_id": 1 }, "error_code": status, "description": description,
        "parameters": parameters,
    });
    Reply::json(status, &answer)
}

const TELEGRAM: &str =
    "kind = \"telegram\"\nserver = \"{{server}}\"\ntoken = \"110201543:simulated\"\nchat = -100123";

#[tokio::test]
async fn a_telegram_chat_without_media_rights_gets_the_text() {
    let story = message(TELEGRAM, |asked, _| {
        if asked.target.ends_with("/sendMessage") {
            return telegram(200, "", &json!({}));
        }
        telegram(400, "Bad Request: not enough rights to send photos to the chat", &json!({}))
    })
    .await;
    let texts = story.to("/sendMessage");
    assert_eq!(texts.len(), 1, "{:?}", story.asked.iter().map(|asked| &asked.target).collect::<Vec<_>>());
    assert!(texts[0].text().contains("門"));
}

#[tokio::test]
async fn a_telegram_chat_that_moved_gets_the_message_and_people_learn_its_new_id() {
    let story = message(TELEGRAM, |asked, _| {
        if asked.text().contains("-1001234567890") {
            return telegram(200, "", &json!({}));
        }
        let moved = json!({ "migrate_to_chat_id": -1_001_234_567_890_i64 });
        telegram(400, "Bad Request: group chat was upgraded to a supergroup chat", &moved)
    })
    .await;
    assert!(story.asked.last().unwrap().text().contains("-1001234567890"));
    assert!(story.alerts.iter().any(|alert| alert.contains("-1001234567890")), "{:?}", story.alerts);
}

#[tokio::test]
async fn pushover_gets_the_text_when_its_limit_refuses_the_picture() {
    let table = "kind = \"pushover\"\nserver = \"{{server}}\"\ntoken = \"simulated\"\nuser = \"simulated\"";
    let story = message(table, |asked, _| {
        if !asked.text().contains("attachment") {
            return Reply::json(200, &json!({ "status": 1, "request": "1" }));
        }
        let reason = "attachment is too large (3145728 bytes is more than 2621440 limit)";
        Reply::json(400, &json!({ "status": 0, "attachment": "is too large", "errors": [reason] }))
    })
    .await;
    let delivered: Vec<_> = story.asked.iter().filter(|asked| !asked.text().contains("attachment")).collect();
    assert_eq!(delivered.len(), 1);
}

#[tokio::test]
async fn slack_gets_the_text_where_the_bot_may_not_share_the_picture() {
    let table = "kind = \"slack\"\nserver = \"{{server}}/api\"\ntoken = \"xoxb-simulated\"\nchannel = \"C0123456789\"";
    let story = message(table, |asked, _| {
        if asked.target.contains("chat.postMessage") {
            return Reply::json(200, &json!({ "ok": true, "ts": "1.2" }));
        }
        Reply::json(200, &json!({ "ok": false, "error": "not_in_channel" }))
    })
    .await;
    assert_eq!(story.to("chat.postMessage").len(), 1);
}

#[tokio::test]
async fn ntfy_without_attachments_gets_a_text_of_at_most_4096_bytes() {
    let story = message("kind = \"ntfy\"\nurl = \"{{server}}/family\"", |asked, _| {
        if asked.has_picture() {
            return Reply::json(413, &json!({ "code": 41301, "http": 413, "error": "attachment too large" }));
        }
        Reply::json(200, &json!({ "id": "1", "event": "message" }))
    })
    .await;
    let text = story.asked.last().unwrap();
    assert!(!text.has_picture() && text.text().contains('門'), "{text:?}");
    assert!(text.body.len() <= 4096, "{} bytes", text.body.len());
}

#[tokio::test]
async fn a_discord_forum_keeps_its_thread_and_names_what_is_missing_without_one() {
    let channel = |thread: &str| {
        format!("kind = \"discord\"\nurl = \"{{{{server}}}}/api/webhooks/1234567890/simulated{thread}\"")
    };
    let story = message(&channel("?thread_id=42"), |_, _| Reply::json(200, &json!({ "id": "1" }))).await;
    assert!(story.asked[0].target.contains("thread_id=42") && story.asked[0].target.contains("wait=true"));
    let story = message_until(Until::FirstFailure, &channel(""), |_, _| {
        let message = "Webhooks posted to forum channels must have a thread_name or thread_id";
        Reply::json(400, &json!({ "message": message, "code": 220_001 }))
    })
    .await;
    let claims = story.stack.table.items("claim#").await;
    assert!(claims.iter().any(|claim| claim.values().any(|value| value.contains("thread_id"))), "{claims:?}");
}
