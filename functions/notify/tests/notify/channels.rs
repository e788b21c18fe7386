//! Deliveries to simulated services, which check what their published APIs require.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use camhook_notify::{Accepted, Caveat, DeliveryError, Notification, Picture, Subject, channel};
use camhook_outbound::test_server::{Received, Reply, TestServer};
use camhook_ports::memory::MemoryPorts;
use serde_json::{Value, json};

use crate::form::{fields, only_file, text};
use crate::support::{NOW, client, header, json_body, picture, receiver, receiver_by, site};

const LINK: &str = "https://bucket.example/p.jpg?a=1&b=2";

/// A notification with a picture, about an event at the gate.
fn notification<'a>(subject: Subject<'a>) -> Notification<'a> {
    Notification {
        id: "0123-people-0".to_owned(),
        title: "Person: Tür <1>".to_owned(),
        text: "Intrusion · *yard* & more\n2026-11-23 12:00:00".to_owned(),
        picture: Some(Picture {
            bytes: Some(picture()),
            link: Some(LINK.to_owned()),
            file_name: "gate-overview.jpg".to_owned(),
        }),
        detail: None,
        page: None,
        subject,
    }
}

fn without_bytes(mut notification: Notification<'_>) -> Notification<'_> {
    notification.picture = notification.picture.map(|picture| Picture { bytes: None, ..picture });
    notification
}

/// Delivers by the one channel of a site, with the secrets that the tests know.
async fn deliver(
    settings: &str,
    server: &TestServer,
    notification: &Notification<'_>,
) -> Result<Accepted, DeliveryError> {
    let ports = MemoryPorts::new(NOW);
    let base = server.url("").unwrap();
    let base = base.as_str().trim_end_matches('/');
    for (name, secret) in [
        ("env:TOKEN", "123456:AA-bot_token".to_owned()),
        ("env:USER", "user-key".to_owned()),
        ("env:HOOK", format!("{base}/hooks/T1/B1/secret")),
        ("env:THREAD", format!("{base}/hooks/T1/B1/secret?thread_id=42")),
        ("env:HOME", format!("{base}/api/webhook/secret-id")),
        ("env:SERVICE", format!("{base}/api/services/notify/mobile_app_ann")),
    ] {
        ports.secrets.set(name, &secret);
    }
    let text = format!(
        "[[channel]]\nid = \"family\"\nnetwork = \"loopback\"\n{settings}\n[[rule]]\nthen = {{ notify = \"family\" }}\n"
    );
    let site = site(&text, &[("SERVER", server)]);
    channel::deliver(&ports, &client(), site.channel("family").unwrap(), notification).await
}

fn reply_json(status: u16, body: &Value) -> Reply {
    let headers = vec![("content-type", "application/json".to_owned())];
    Reply::Answer { status, headers, body: body.to_string().into() }
}

// ---- Telegram

const TELEGRAM: &str =
    "kind = \"telegram\"\ntoken = \"env:TOKEN\"\nchat = -100123\nthread = 7\nserver = \"SERVER\"";

/// A Bot API server: checks what its documentation asks for.
fn telegram(request: &Received) -> Reply {
    let refused = |description: &str| {
        reply_json(400, &json!({ "ok": false, "error_code": 400, "description": description }))
    };
    let Some(method) = request.target.strip_prefix("/bot123456:AA-bot_token/") else {
        return reply_json(404, &json!({ "ok": false, "error_code": 404, "description": "Not Found" }));
    };
    match method {
        "sendPhoto" | "sendDocument" => {
            let form = fields(request);
            if text(&form, "chat_id").is_none() {
                return refused("Bad Request: chat_id is empty");
            }
            let caption = text(&form, "caption").unwrap_or_default();
            if caption.encode_utf16().count() > 1024 {
                return refused("Bad Request: message caption is too long");
            }
            let wanted = if method == "sendPhoto" { "photo" } else { "document" };
            if only_file(&form).name != wanted {
                return refused("Bad Request: there is no photo in the request");
            }
        }
        "sendMessage" => {
            let body = json_body(request);
            let length = body["text"].as_str().unwrap_or_default().encode_utf16().count();
            if !(1..=4096).contains(&length) || body["chat_id"].is_null() {
                return refused("Bad Request: message text is empty or too long");
            }
        }
        _ => return reply_json(404, &json!({ "ok": false, "error_code": 404, "description": "Not Found" })),
    }
    reply_json(200, &json!({ "ok": true, "result": { "message_id": 1 } }))
}

#[tokio::test]
async fn telegram_gets_the_picture_with_its_caption() {
    let server = receiver_by(telegram).await;
    deliver(TELEGRAM, &server, &notification(Subject::Test)).await.unwrap();
    let received = server.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].method, "POST");
    let form = fields(&received[0]);
    assert_eq!(text(&form, "chat_id").as_deref(), Some("-100123"));
    assert_eq!(text(&form, "message_thread_id").as_deref(), Some("7"));
    let caption = "Person: Tür <1>\nIntrusion · *yard* & more\n2026-11-23 12:00:00";
    assert_eq!(text(&form, "caption").as_deref(), Some(caption));
    let entities: Value = serde_json::from_str(&text(&form, "caption_entities").unwrap()).unwrap();
    assert_eq!(entities, json!([{ "type": "bold", "offset": 0, "length": 15 }]));
    assert_eq!(only_file(&form).content, picture());
    assert_eq!(only_file(&form).file_name.as_deref(), Some("gate-overview.jpg"));
}

#[tokio::test]
async fn telegram_gets_long_texts_cut_and_a_link_without_the_picture() {
    let server = receiver_by(telegram).await;
    let mut long = notification(Subject::Test);
    long.text = "🚗".repeat(2000);
    deliver(TELEGRAM, &server, &long).await.unwrap();
    assert!(text(&fields(&server.received()[0]), "caption").unwrap().ends_with('…'));

    deliver(TELEGRAM, &server, &without_bytes(notification(Subject::Test))).await.unwrap();
    let body = json_body(&server.received()[1]);
    assert_eq!((&body["chat_id"], &body["message_thread_id"]), (&json!("-100123"), &json!(7)));
    let entity = &body["entities"][1];
    assert_eq!((&entity["type"], &entity["url"]), (&json!("text_link"), &json!(LINK)));
    let units: Vec<u16> = body["text"].as_str().unwrap().encode_utf16().collect();
    let offset = usize::try_from(entity["offset"].as_u64().unwrap()).unwrap();
    assert_eq!(String::from_utf16(&units[offset..]).unwrap(), "📷");
}

#[tokio::test]
async fn a_picture_that_telegram_refuses_goes_as_a_document_and_then_as_a_link() {
    let refusing = |methods: &'static [&'static str]| {
        receiver_by(move |request| {
            if methods.iter().any(|method| request.target.ends_with(method)) {
                let description = "Bad Request: PHOTO_INVALID_DIMENSIONS";
                return reply_json(
                    400,
                    &json!({ "ok": false, "error_code": 400, "description": description }),
                );
            }
            telegram(request)
        })
    };
    let server = refusing(&["/sendPhoto"]).await;
    deliver(TELEGRAM, &server, &notification(Subject::Test)).await.unwrap();
    assert_eq!(only_file(&fields(&server.received()[1])).content, picture());
    let server = refusing(&["/sendPhoto", "/sendDocument"]).await;
    deliver(TELEGRAM, &server, &notification(Subject::Test)).await.unwrap();
    assert!(server.received()[2].target.ends_with("/sendMessage"));
}

#[tokio::test]
async fn a_refusal_of_telegram_has_a_reason_and_a_delay() {
    let server = receiver_by(|_| {
        let body = json!({
            "ok": false, "error_code": 429, "description": "Too Many Requests: retry after 17",
            "parameters": { "retry_after": 17 },
        });
        reply_json(429, &body)
    });
    let error = deliver(TELEGRAM, &server.await, &notification(Subject::Test)).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(17)));
    assert!(!error.needs_a_person());

    let server = receiver_by(|_| {
        reply_json(
            400,
            &json!({ "ok": false, "error_code": 400, "description": "Bad Request: chat not found" }),
        )
    });
    let server = server.await;
    let error = deliver(TELEGRAM, &server, &notification(Subject::Test)).await.unwrap_err();
    assert_eq!(error.to_string(), "refused with status 400: Bad Request: chat not found");
    assert!(error.needs_a_person());
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn telegram_shows_two_pictures_in_one_message() {
    let server = receiver_by(|request| {
        let is_album = request.target.ends_with("/sendMediaGroup");
        if is_album { reply_json(200, &json!({ "ok": true, "result": [] })) } else { telegram(request) }
    });
    let server = server.await;
    let mut two = notification(Subject::Test);
    two.detail = Some(Picture { file_name: "gate-face.jpg".to_owned(), ..two.picture.clone().unwrap() });
    deliver(TELEGRAM, &server, &two).await.unwrap();
    let form = fields(&server.received()[0]);
    let media: Value = serde_json::from_str(&text(&form, "media").unwrap()).unwrap();
    assert_eq!(media[0]["media"], "attach://photo0");
    assert!(media[0]["caption"].as_str().unwrap().starts_with("Person: Tür"));
    assert_eq!((&media[1]["media"], media[1].get("caption")), (&json!("attach://photo1"), None));
    let files: Vec<_> =
        form.iter().filter_map(|it| Some((it.name.as_str(), it.file_name.as_deref()?))).collect();
    assert_eq!(files, [("photo0", "gate-face.jpg"), ("photo1", "gate-overview.jpg")]);
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn the_text_reaches_a_telegram_chat_that_takes_no_media() {
    for (status, reason) in [
        (400, "Bad Request: not enough rights to send photos to the chat"),
        (400, "Bad Request: CHAT_SEND_MEDIA_FORBIDDEN"),
        (403, "Forbidden: sending media is not allowed here"),
        (413, "Request Entity Too Large"),
    ] {
        let server = receiver_by(move |request| {
            if request.target.ends_with("/sendMessage") {
                return telegram(request);
            }
            reply_json(status, &json!({ "ok": false, "error_code": status, "description": reason }))
        });
        let server = server.await;
        let accepted = deliver(TELEGRAM, &server, &notification(Subject::Test)).await.unwrap();
        let expected = format!("refused with status {status}: {reason}");
        assert_eq!(accepted.caveats, [Caveat::PictureRefused { reason: expected }]);
        let received = server.received();
        let posted = json_body(received.last().unwrap());
        assert!(posted["text"].as_str().unwrap().starts_with("Person: Tür"), "{posted}");
        assert_eq!(posted["entities"][1]["url"], LINK);
    }
}

#[tokio::test]
async fn a_telegram_chat_that_moved_gets_the_message_under_its_new_id() {
    let server = receiver_by(|request| {
        let chat = if header(request, "content-type") == Some("application/json") {
            json_body(request)["chat_id"].as_str().unwrap().to_owned()
        } else {
            text(&fields(request), "chat_id").unwrap()
        };
        if chat == "-1009876" {
            return telegram(request);
        }
        let moved = json!({
            "ok": false, "error_code": 400, "parameters": { "migrate_to_chat_id": -1_009_876_i64 },
            "description": "Bad Request: group chat was upgraded to a supergroup chat",
        });
        reply_json(400, &moved)
    });
    let server = server.await;
    for message in [notification(Subject::Test), without_bytes(notification(Subject::Test))] {
        let accepted = deliver(TELEGRAM, &server, &message).await.unwrap();
        let moved = Caveat::ChatMoved { from: "-100123".to_owned(), to: "-1009876".to_owned() };
        assert_eq!(accepted.caveats, [moved]);
    }
    assert_eq!(server.received().len(), 4);
}

// ---- ntfy

const NTFY: &str = "kind = \"ntfy\"\nurl = \"SERVER/family\"";

#[tokio::test]
async fn the_reason_of_a_refusal_is_kept() {
    let answer = json!({ "code": 40301, "http": 403, "error": "forbidden: topic is reserved" });
    let server = receiver_by(move |_| reply_json(403, &answer)).await;
    let error = deliver(NTFY, &server, &without_bytes(notification(Subject::Test))).await.unwrap_err();
    assert_eq!(error.to_string(), "refused with status 403: forbidden: topic is reserved");
}

#[tokio::test]
async fn ntfy_messages_are_cut_at_4096_bytes() {
    let server = receiver(Reply::status(200)).await;
    let mut long = notification(Subject::Test);
    long.text = "門".repeat(1900);
    deliver(NTFY, &server, &without_bytes(long.clone())).await.unwrap();
    let body = server.received()[0].body.clone();
    assert!(body.len() <= 4096, "{}", body.len());
    assert!(std::str::from_utf8(&body).unwrap().ends_with('…'));
    deliver(NTFY, &server, &long).await.unwrap();
    let received = server.received();
    let words = header(&received[1], "message").unwrap().split(' ');
    let length: usize = words.map(|word| (word.len() - "=?UTF-8?B??=".len()) / 4 * 3).sum();
    assert!(length <= 4096 + 180, "{length}");
}

#[tokio::test]
async fn the_text_reaches_an_ntfy_server_that_takes_no_attachment() {
    for status in [400, 403, 413, 507] {
        let server = receiver_by(move |request| {
            let is_plain = header(request, "content-type").is_some_and(|it| it.starts_with("text/plain"));
            let has_link = header(request, "attach").is_some();
            Reply::status(if is_plain && !has_link { 200 } else { status })
        });
        let server = server.await;
        let accepted = deliver(NTFY, &server, &notification(Subject::Test)).await.unwrap();
        let expected = format!("refused with status {status}");
        assert_eq!(accepted.caveats, [Caveat::PictureRefused { reason: expected }]);
        assert_eq!(server.received().len(), 3);
    }
    // A wrong token or a rate limit is not about the picture.
    for status in [401, 429] {
        let server = receiver(Reply::status(status)).await;
        assert!(deliver(NTFY, &server, &notification(Subject::Test)).await.is_err());
        assert_eq!(server.received().len(), 1);
    }
}

// ---- Discord

const DISCORD: &str = "kind = \"discord\"\nurl = \"env:HOOK\"";

/// A webhook of Discord: checks what its documentation asks for.
fn discord(request: &Received) -> Reply {
    let message: Value = if header(request, "content-type") == Some("application/json") {
        json_body(request)
    } else {
        let form = fields(request);
        let message: Value = serde_json::from_str(&text(&form, "payload_json").unwrap()).unwrap();
        let file = only_file(&form);
        let known = &message["attachments"][0];
        let is_file = file.name == "files[0]" && known["id"] == 0;
        if !is_file || known["filename"] != file.file_name.clone().unwrap() {
            return reply_json(400, &json!({ "code": 50035, "message": "Invalid Form Body" }));
        }
        message
    };
    let length = message["content"].as_str().unwrap_or_default().encode_utf16().count();
    if !(1..=2000).contains(&length) {
        return reply_json(400, &json!({ "code": 50035, "message": "Invalid Form Body" }));
    }
    reply_json(200, &json!({ "id": "1" }))
}

#[tokio::test]
async fn discord_gets_the_picture_and_mentions_nobody() {
    let server = receiver_by(discord).await;
    let mut mentioning = notification(Subject::Test);
    mentioning.text.push_str(" @everyone");
    deliver(DISCORD, &server, &mentioning).await.unwrap();
    let received = server.received();
    assert_eq!(
        (received[0].method.as_str(), received[0].target.as_str()),
        ("POST", "/hooks/T1/B1/secret?wait=true")
    );
    let form = fields(&received[0]);
    let message: Value = serde_json::from_str(&text(&form, "payload_json").unwrap()).unwrap();
    let content = "**Person: Tür \\<1\\>**\nIntrusion · \\*yard\\* & more\n2026-11-23 12:00:00 @everyone";
    assert_eq!(message["content"], content);
    assert_eq!(message["allowed_mentions"], json!({ "parse": [] }));
    assert_eq!(only_file(&form).content, picture());
}

#[tokio::test]
async fn discord_gets_a_link_where_the_picture_is_too_large_and_texts_that_fit() {
    let server = receiver_by(|request| {
        let is_form = header(request, "content-type").is_some_and(|it| it.starts_with("multipart"));
        let too_large = json!({ "code": 40005, "message": "Request entity too large" });
        if is_form { reply_json(413, &too_large) } else { discord(request) }
    });
    let server = server.await;
    let mut long = notification(Subject::Test);
    long.text = "*".repeat(2000);
    deliver(DISCORD, &server, &long).await.unwrap();
    let content = json_body(&server.received()[1])["content"].as_str().unwrap().to_owned();
    assert!(content.ends_with(LINK), "{content}");
}

#[tokio::test]
async fn a_long_link_reaches_discord_and_the_text_is_cut_for_it() {
    let server = receiver_by(|request| {
        let is_form = header(request, "content-type").is_some_and(|it| it.starts_with("multipart"));
        if is_form { Reply::status(413) } else { discord(request) }
    });
    let server = server.await;
    // As long as one that is signed by a role.
    let link = format!("https://bucket.example/p.jpg?token={}", "a".repeat(1500));
    let mut long = notification(Subject::Test);
    long.text = "*".repeat(2000);
    long.picture = long.picture.map(|picture| Picture { link: Some(link.clone()), ..picture });
    deliver(DISCORD, &server, &long).await.unwrap();
    let content = json_body(&server.received()[1])["content"].as_str().unwrap().to_owned();
    assert!(content.ends_with(&link), "{content}");
}

#[tokio::test]
async fn the_text_reaches_a_discord_channel_that_takes_no_files() {
    for status in [400, 403, 413] {
        let server = receiver_by(move |request| {
            let is_form = header(request, "content-type").is_some_and(|it| it.starts_with("multipart"));
            if is_form { reply_json(status, &json!({ "message": "no files" })) } else { discord(request) }
        });
        let server = server.await;
        let mut two = notification(Subject::Test);
        two.detail = two.picture.clone();
        let accepted = deliver(DISCORD, &server, &two).await.unwrap();
        let expected = format!("without the picture: refused with status {status}: no files");
        assert_eq!(accepted.caveats[0].to_string(), expected);
    }
}

#[tokio::test]
async fn a_refusal_of_discord_has_a_reason_and_a_delay() {
    let server = receiver_by(|_| {
        reply_json(
            429,
            &json!({ "message": "You are being rate limited.", "retry_after": 64.57, "global": false }),
        )
    });
    let error = deliver(DISCORD, &server.await, &notification(Subject::Test)).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_millis(64_570)));
    let server =
        receiver_by(|_| reply_json(404, &json!({ "message": "Unknown Webhook", "code": 10015 }))).await;
    let error = deliver(DISCORD, &server, &notification(Subject::Test)).await.unwrap_err();
    assert_eq!(error.to_string(), "refused with status 404: Unknown Webhook");
    assert!(!error.to_string().contains("secret"));
}

#[tokio::test]
async fn a_thread_of_a_discord_forum_is_kept_in_the_address_and_one_without_says_what_is_missing() {
    let server = receiver_by(discord).await;
    let thread = DISCORD.replace("env:HOOK", "env:THREAD");
    deliver(&thread, &server, &notification(Subject::Test)).await.unwrap();
    assert_eq!(server.received()[0].target, "/hooks/T1/B1/secret?thread_id=42&wait=true");

    let reason = "Webhooks posted to forum channels must have a thread_name or thread_id";
    let forum = receiver_by(move |_| reply_json(400, &json!({ "message": reason, "code": 220001 }))).await;
    let error = deliver(DISCORD, &forum, &notification(Subject::Test)).await.unwrap_err();
    assert!(error.to_string().contains(reason), "{error}");
    assert_eq!(error.retry_after(), None);
}

// ---- Slack

const SLACK_BOT: &str =
    "kind = \"slack\"\ntoken = \"env:TOKEN\"\nchannel = \"C0123456789\"\nserver = \"SERVER/api\"";

#[tokio::test]
async fn a_slack_webhook_gets_escaped_text_with_a_link() {
    let server = receiver_by(|request| {
        let is_text = json_body(request)["text"].as_str().is_some_and(|text| !text.is_empty());
        let (status, body) = if is_text { (200, "ok") } else { (400, "no_text") };
        Reply::Answer { status, headers: vec![], body: body.into() }
    });
    let server = server.await;
    deliver("kind = \"slack\"\nurl = \"env:HOOK\"", &server, &notification(Subject::Test)).await.unwrap();
    let body = json_body(&server.received()[0]);
    let text = "*Person: Tür &lt;1&gt;*\nIntrusion · *yard* &amp; more\n2026-11-23 12:00:00\n\
                <https://bucket.example/p.jpg?a=1&amp;b=2|📷>";
    assert_eq!(body, json!({ "text": text }));

    let gone =
        receiver_by(|_| Reply::Answer { status: 404, headers: vec![], body: "no_service".into() }).await;
    let error = deliver("kind = \"slack\"\nurl = \"env:HOOK\"", &gone, &notification(Subject::Test))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "refused with status 404: no_service");
}

/// Slack's methods, and the host for uploads; `answer` may stand in for a method's answer.
async fn slack(answer: impl Fn(&str) -> Option<Reply> + Send + Sync + 'static) -> Arc<TestServer> {
    let address = Arc::new(std::sync::OnceLock::<String>::new());
    let known = Arc::clone(&address);
    let server = receiver_by(move |request| {
        let path = request.target.split('?').next().unwrap().to_owned();
        if let Some(reply) = answer(&path) {
            return reply;
        }
        let refused = |error: &str| reply_json(200, &json!({ "ok": false, "error": error }));
        if path != "/upload/v1/abc" && header(request, "authorization") != Some("Bearer 123456:AA-bot_token")
        {
            return refused("invalid_auth");
        }
        match path.as_str() {
            "/api/files.getUploadURLExternal" => {
                // It takes a form alone, no JSON.
                if header(request, "content-type") != Some("application/x-www-form-urlencoded") {
                    return refused("invalid_arguments");
                }
                let body = std::str::from_utf8(&request.body).unwrap();
                if body != format!("filename=gate-overview.jpg&length={}", picture().len()) {
                    return refused("invalid_arguments");
                }
                let upload_url = format!("{}/upload/v1/abc", known.get().unwrap());
                reply_json(200, &json!({ "ok": true, "upload_url": upload_url, "file_id": "F123" }))
            }
            "/upload/v1/abc" => Reply::Answer { status: 200, headers: vec![], body: "OK".into() },
            "/api/files.completeUploadExternal" => {
                let body = json_body(request);
                if body["files"][0]["id"] != "F123" || body["channel_id"] != "C0123456789" {
                    return refused("invalid_arguments");
                }
                reply_json(200, &json!({ "ok": true, "files": [{ "id": "F123" }] }))
            }
            "/api/chat.postMessage" => {
                let body = json_body(request);
                if body["channel"] != "C0123456789" || body["text"].as_str().is_none_or(str::is_empty) {
                    return refused("no_text");
                }
                reply_json(200, &json!({ "ok": true, "ts": "1.2" }))
            }
            _ => refused("unknown_method"),
        }
    });
    let server = server.await;
    address.set(server.url("").unwrap().as_str().trim_end_matches('/').to_owned()).unwrap();
    Arc::new(server)
}

#[tokio::test]
async fn a_slack_bot_posts_the_text_and_shares_the_pictures_below_it() {
    let server = slack(|_| None).await;
    let accepted = deliver(SLACK_BOT, &server, &notification(Subject::Test)).await.unwrap();
    assert_eq!(accepted, Accepted::default());
    let received = server.received();
    let targets: Vec<&str> = received.iter().map(|request| request.target.as_str()).collect();
    let steps = [
        "/api/chat.postMessage",
        "/api/files.getUploadURLExternal",
        "/upload/v1/abc",
        "/api/files.completeUploadExternal",
    ];
    assert_eq!(targets, steps);
    let posted = json_body(&received[0]);
    let text = "*Person: Tür &lt;1&gt;*\nIntrusion · *yard* &amp; more\n2026-11-23 12:00:00\n\
                <https://bucket.example/p.jpg?a=1&amp;b=2|📷>";
    assert_eq!(posted["text"], text);
    assert_eq!(received[2].body, picture());
    assert_eq!(header(&received[2], "authorization"), None);
    assert_eq!(json_body(&received[3])["files"][0]["title"], "Person: Tür <1>");
}

#[tokio::test]
async fn a_slack_bot_delivers_the_text_whatever_becomes_of_the_picture() {
    let refused = |error: &str| reply_json(200, &json!({ "ok": false, "error": error }));
    for (step, reply, expected) in [
        ("getUploadURLExternal", refused("missing_scope"), "missing_scope"),
        ("completeUploadExternal", refused("not_in_channel"), "not_in_channel"),
        ("completeUploadExternal", refused("internal_error"), "internal_error"),
        ("/upload/v1/abc", Reply::status(500), "500"),
        ("/upload/v1/abc", Reply::status(413), "413"),
    ] {
        let server = slack(move |path| path.ends_with(step).then(|| reply.clone())).await;
        let accepted = deliver(SLACK_BOT, &server, &notification(Subject::Test)).await.unwrap();
        assert!(accepted.caveats[0].to_string().contains(expected), "{step}: {accepted:?}");
        let posts = server.received().iter().filter(|it| it.target.ends_with("chat.postMessage")).count();
        assert_eq!(posts, 1, "{step}");
    }
}

#[tokio::test]
async fn the_picture_is_uploaded_to_hosts_of_slack_only() {
    let elsewhere = receiver(Reply::status(200)).await;
    let url = format!("{}stolen", elsewhere.url("/").unwrap());
    let server = slack(move |path| {
        let body = json!({ "ok": true, "upload_url": url, "file_id": "F123" });
        path.ends_with("getUploadURLExternal").then(|| reply_json(200, &body))
    });
    let server = server.await;
    deliver(SLACK_BOT, &server, &notification(Subject::Test)).await.unwrap();
    assert!(elsewhere.received().is_empty());
}

#[tokio::test]
async fn an_error_in_an_answer_with_status_200_is_a_refusal() {
    for (error, needs_a_person) in [("channel_not_found", true), ("ratelimited", false)] {
        let server = slack(move |_| Some(reply_json(200, &json!({ "ok": false, "error": error })))).await;
        let message = without_bytes(notification(Subject::Test));
        let refusal = deliver(SLACK_BOT, &server, &message).await.unwrap_err();
        assert_eq!(refusal.needs_a_person(), needs_a_person, "{refusal}");
        assert!(refusal.to_string().contains(error), "{refusal}");
    }
    let server = slack(|_| Some(Reply::with_header(429, "retry-after", "30"))).await;
    let refusal = deliver(SLACK_BOT, &server, &notification(Subject::Test)).await.unwrap_err();
    assert_eq!(refusal.retry_after(), Some(Duration::from_secs(30)));
    assert_eq!(server.received().len(), 1);
}

// ---- Pushover

/// Pushover's message API: checks what its documentation asks for.
fn pushover(request: &Received) -> Reply {
    let mut errors = Vec::new();
    if (request.method.as_str(), request.target.as_str()) != ("POST", "/1/messages.json") {
        return Reply::status(404);
    }
    let form = fields(request);
    if text(&form, "token").as_deref() != Some("123456:AA-bot_token") {
        errors.push("application token is invalid");
    }
    if text(&form, "user").as_deref() != Some("user-key") {
        errors.push("user identifier is not a valid user, group, or subscribed user key");
    }
    if !(1..=1024).contains(&text(&form, "message").unwrap_or_default().chars().count()) {
        errors.push("message is too long or blank");
    }
    if text(&form, "title").unwrap_or_default().chars().count() > 250 {
        errors.push("title is too long");
    }
    let number = |name| text(&form, name).and_then(|text| text.parse::<i64>().ok());
    match number("priority") {
        Some(2) => {
            if number("retry").is_none_or(|retry| retry < 30) {
                errors.push("retry must be supplied with priority=2, minimum of 30 seconds");
            }
            if number("expire").is_none_or(|expire| !(1..=10_800).contains(&expire)) {
                errors.push("expire must be supplied with priority=2, maximum of 10800 seconds");
            }
        }
        Some(-2..=1) => {}
        _ => errors.push("priority is invalid"),
    }
    if form.iter().any(|field| field.file_name.is_some()) {
        let file = only_file(&form);
        if file.name != "attachment" || file.content.len() > 5_242_880 {
            errors.push("attachment is too large");
        }
    }
    match errors.is_empty() {
        true => reply_json(200, &json!({ "status": 1, "request": "r" })),
        false => reply_json(400, &json!({ "status": 0, "errors": errors })),
    }
}

const PUSHOVER: &str = "kind = \"pushover\"\ntoken = \"env:TOKEN\"\nuser = \"env:USER\"\nserver = \"SERVER\"";

#[tokio::test]
async fn pushover_gets_the_picture_and_repeats_an_emergency() {
    let server = receiver_by(pushover).await;
    let settings = format!(
        "{PUSHOVER}\npriority = \"emergency\"\nretry = \"45s\"\nexpire = \"2h\"\nsound = \"siren\"\ndevice = \"phone\""
    );
    deliver(&settings, &server, &notification(Subject::Test)).await.unwrap();
    let form = fields(&server.received()[0]);
    for (name, expected) in [
        ("title", "Person: Tür <1>"),
        ("message", "Intrusion · *yard* & more\n2026-11-23 12:00:00"),
        ("priority", "2"),
        ("retry", "45"),
        ("expire", "7200"),
        ("sound", "siren"),
        ("device", "phone"),
    ] {
        assert_eq!(text(&form, name).as_deref(), Some(expected), "{name}");
    }
    assert_eq!(only_file(&form).content, picture());
}

#[tokio::test]
async fn pushover_gets_texts_that_fit_and_no_picture_that_is_too_large() {
    let server = receiver_by(pushover).await;
    let mut large = notification(Subject::Test);
    large.text = "ä".repeat(2000);
    large.picture.as_mut().unwrap().bytes = Some(vec![1; 5_242_881].into());
    deliver(PUSHOVER, &server, &large).await.unwrap();
    let form = fields(&server.received()[0]);
    assert_eq!(text(&form, "message").unwrap().chars().count(), 1024);
    assert_eq!((text(&form, "priority").as_deref(), text(&form, "retry")), (Some("0"), None));
    assert!(form.iter().all(|field| field.file_name.is_none()));
}

#[tokio::test]
async fn the_text_reaches_pushover_when_the_attachment_is_refused() {
    for (status, reason) in [(400, "attachment is too large (more than 2621440 limit)"), (413, "too large")] {
        let server = receiver_by(move |request| {
            if fields(request).iter().any(|field| field.file_name.is_some()) {
                return reply_json(status, &json!({ "status": 0, "errors": [reason] }));
            }
            pushover(request)
        });
        let server = server.await;
        let accepted = deliver(PUSHOVER, &server, &notification(Subject::Test)).await.unwrap();
        assert!(accepted.caveats[0].to_string().contains(reason), "{accepted:?}");
        assert_eq!(text(&fields(&server.received()[1]), "url").as_deref(), Some(LINK));
    }
}

#[tokio::test]
async fn a_refusal_of_pushover_has_a_reason() {
    let server = receiver_by(pushover).await;
    let settings = PUSHOVER.replace("env:USER", "env:TOKEN");
    let error = deliver(&settings, &server, &notification(Subject::Test)).await.unwrap_err();
    assert!(error.to_string().starts_with("refused with status 400: user identifier is not"), "{error}");
    assert!(error.needs_a_person());
}

// ---- Apprise API

#[tokio::test]
async fn apprise_gets_the_picture_as_an_attachment() {
    let server = receiver_by(|request| {
        let form = fields(request);
        let is_type = text(&form, "type")
            .is_some_and(|it| ["info", "success", "warning", "failure"].contains(&it.as_str()));
        let has_body = text(&form, "body").is_some_and(|body| !body.is_empty());
        Reply::status(if is_type && has_body && request.target == "/notify/family" { 200 } else { 400 })
    });
    let server = server.await;
    let settings = "kind = \"apprise\"\nurl = \"SERVER/notify/family\"\ntags = [\"phones\", \"tv\"]\n\
                    basic = { user = \"ann\", password = \"env:USER\" }";
    deliver(settings, &server, &notification(Subject::Test)).await.unwrap();
    let received = server.received();
    let form = fields(&received[0]);
    for (name, expected) in [
        ("title", "Person: Tür <1>"),
        ("body", "Intrusion · *yard* & more\n2026-11-23 12:00:00"),
        ("type", "info"),
        ("format", "text"),
        ("tag", "phones,tv"),
    ] {
        assert_eq!(text(&form, name).as_deref(), Some(expected), "{name}");
    }
    assert_eq!(only_file(&form).name, "attach");
    assert_eq!(only_file(&form).content, picture());
    assert_eq!(header(&received[0], "authorization"), Some("Basic YW5uOnVzZXIta2V5"));

    deliver(settings, &server, &without_bytes(notification(Subject::Test))).await.unwrap();
    assert!(text(&fields(&server.received()[1]), "body").unwrap().ends_with(LINK));
}

#[tokio::test]
async fn the_text_reaches_apprise_when_the_attachment_is_refused() {
    for status in [400, 413] {
        let server = receiver_by(move |request| {
            let has_file = fields(request).iter().any(|field| field.file_name.is_some());
            Reply::status(if has_file { status } else { 200 })
        });
        let server = server.await;
        let settings = "kind = \"apprise\"\nurl = \"SERVER/notify/family\"";
        let accepted = deliver(settings, &server, &notification(Subject::Test)).await.unwrap();
        let expected = format!("refused with status {status}");
        assert_eq!(accepted.caveats, [Caveat::PictureRefused { reason: expected }]);
        assert!(text(&fields(&server.received()[1]), "body").unwrap().ends_with(LINK));
    }
}

#[tokio::test]
async fn an_apprise_key_without_services_is_a_failure() {
    let settings = "kind = \"apprise\"\nurl = \"SERVER/notify/family\"";
    let error = deliver(settings, &receiver(Reply::status(204)).await, &notification(Subject::Test)).await;
    let error = error.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the value of the channel's `url` names a key under which nothing is configured"
    );
    assert!(error.needs_a_person());
}

#[tokio::test]
async fn an_apprise_message_that_some_services_got_is_not_sent_again() {
    let settings = "kind = \"apprise\"\nurl = \"SERVER/notify/family\"";
    let server = receiver(Reply::status(424)).await;
    let accepted = deliver(settings, &server, &notification(Subject::Test)).await.unwrap();
    assert!(matches!(accepted.caveats.as_slice(), [Caveat::InPart { .. }]), "{accepted:?}");
    assert_eq!(server.received().len(), 1);

    // The picture was refused first: both caveats are kept.
    let server = receiver_by(|request| {
        let has_file = fields(request).iter().any(|field| field.file_name.is_some());
        Reply::status(if has_file { 413 } else { 424 })
    });
    let accepted = deliver(settings, &server.await, &notification(Subject::Test)).await.unwrap();
    let caveats = accepted.caveats.as_slice();
    assert!(matches!(caveats, [Caveat::PictureRefused { .. }, Caveat::InPart { .. }]), "{accepted:?}");
}

// ---- Home Assistant

#[tokio::test]
async fn home_assistants_webhook_gets_the_event_beside_what_an_action_takes() {
    let server = receiver(Reply::status(200)).await;
    let event = crate::support::plate('a', None);
    let settings = "kind = \"home-assistant\"\nurl = \"env:HOME\"";
    deliver(settings, &server, &notification(Subject::Event(&event))).await.unwrap();
    let received = server.received();
    assert_eq!(
        (received[0].method.as_str(), received[0].target.as_str()),
        ("POST", "/api/webhook/secret-id")
    );
    // Anything else is not parsed as `trigger.json`.
    assert_eq!(header(&received[0], "content-type"), Some("application/json"));
    let expected = json!({
        "title": "Person: Tür <1>",
        "message": "Intrusion · *yard* & more\n2026-11-23 12:00:00",
        "data": { "image": LINK, "tag": "0123-people-0", "group": "camhook" },
        "event": event,
    });
    assert_eq!(json_body(&received[0]), expected);
}

#[tokio::test]
async fn home_assistants_action_gets_no_unknown_key() {
    let server = receiver_by(|request| {
        if header(request, "authorization") != Some("Bearer 123456:AA-bot_token") {
            return Reply::status(401);
        }
        let body = json_body(request);
        let known = ["message", "title", "target", "data"];
        let all_known = body.as_object().unwrap().keys().all(|key| known.contains(&key.as_str()));
        Reply::status(if all_known && body["message"].is_string() { 200 } else { 400 })
    });
    let server = server.await;
    let event = crate::support::plate('a', None);
    let settings = "kind = \"home-assistant\"\nurl = \"env:SERVICE\"\ntoken = \"env:TOKEN\"";
    deliver(settings, &server, &notification(Subject::Event(&event))).await.unwrap();
}

// ---- the event's page

#[tokio::test]
async fn services_that_take_a_link_get_the_events_page() {
    const PAGE: &str = "https://hooks.example.org/console/events/0123";
    let event = crate::support::plate('a', None);
    let with_page = Notification { page: Some(PAGE.to_owned()), ..notification(Subject::Event(&event)) };

    let server = receiver(Reply::status(200)).await;
    deliver(NTFY, &server, &with_page).await.unwrap();
    assert_eq!(header(&server.received()[0], "click"), Some(PAGE));

    let server = receiver_by(pushover).await;
    deliver(PUSHOVER, &server, &with_page).await.unwrap();
    assert_eq!(text(&fields(&server.received()[0]), "url").as_deref(), Some(PAGE));

    let server = receiver(Reply::status(200)).await;
    deliver("kind = \"home-assistant\"\nurl = \"env:HOME\"", &server, &with_page).await.unwrap();
    let data = json_body(&server.received()[0])["data"].clone();
    assert_eq!((&data["url"], &data["clickAction"]), (&json!(PAGE), &json!(PAGE)));

    let server = receiver(Reply::status(200)).await;
    deliver("kind = \"webhook\"\nurl = \"SERVER/hook\"", &server, &with_page).await.unwrap();
    assert_eq!(json_body(&server.received()[0])["data"]["link"], PAGE);

    let server = receiver(Reply::Answer { status: 200, headers: vec![], body: "ok".into() }).await;
    deliver("kind = \"slack\"\nurl = \"env:HOOK\"", &server, &with_page).await.unwrap();
    let body = json_body(&server.received()[0]);
    assert!(body["text"].as_str().unwrap().ends_with(&format!("|📷> <{PAGE}|Open the event>")), "{body}");
}

// ---- all of them

#[tokio::test]
async fn a_secret_that_is_not_a_url_is_not_repeated() {
    let ports = MemoryPorts::new(NOW);
    ports.secrets.set("env:HOOK", "hunter2");
    let text = "[[channel]]\nid = \"family\"\nkind = \"discord\"\nurl = \"env:HOOK\"\n[[rule]]\nthen = { notify = \"family\" }";
    let site = site(text, &[]);
    let (client, notification) = (client(), notification(Subject::Test));
    let delivery = channel::deliver(&ports, &client, site.channel("family").unwrap(), &notification);
    let error = delivery.await.unwrap_err();
    assert!(error.needs_a_person() && !error.to_string().contains("hunter2"), "{error}");
}

#[tokio::test]
async fn a_url_from_a_secret_is_guarded_like_any_other() {
    let server = receiver(Reply::status(200)).await;
    let ports = MemoryPorts::new(NOW);
    ports.secrets.set("env:HOOK", server.url("/x").unwrap().as_str());
    let text = "[[channel]]\nid = \"family\"\nkind = \"discord\"\nurl = \"env:HOOK\"\n[[rule]]\nthen = { notify = \"family\" }";
    let site = site(text, &[]);
    let (client, notification) = (client(), notification(Subject::Test));
    let delivery = channel::deliver(&ports, &client, site.channel("family").unwrap(), &notification);
    assert!(matches!(delivery.await, Err(DeliveryError::NotSent(_))));
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_service_that_recovers_gets_the_message() {
    let attempts = AtomicUsize::new(0);
    let server = receiver_by(move |request| {
        if attempts.fetch_add(1, Ordering::SeqCst) == 0 { Reply::status(503) } else { pushover(request) }
    });
    let server = server.await;
    let message = notification(Subject::Test);
    assert!(!deliver(PUSHOVER, &server, &message).await.unwrap_err().needs_a_person());
    deliver(PUSHOVER, &server, &message).await.unwrap();
}
