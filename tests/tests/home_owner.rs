//! What a home owner does: writes a camhook.toml with `camhook init`, is notified of a person after sunset while away,
//! with text and picture in a Telegram chat; not by day, not at home, and not while the camera is snoozed. A phone sets
//! the mode.
//!
//! Whatever the time is, it is night at one place and noon at the opposite one.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use camhook_end_to_end::device_log::{Logged, received};
use camhook_end_to_end::gateway::{self, BodyForm};
use camhook_end_to_end::lambda_runtime::Function;
use camhook_end_to_end::own_stack::{Delivery, OwnStack};
use camhook_end_to_end::post::{INTRUSION, Post};
use camhook_end_to_end::process::Process;
use camhook_end_to_end::stack::Stack;
use camhook_end_to_end::wait;
use camhook_ports::{Clock, SystemClock};
use jiff::tz::TimeZone;
use serde_json::Value;

/// The token of the simulated Telegram (infra/local/messengers.py).
const TELEGRAM_TOKEN: &str = "110201543:simulated-telegram-token-0000000000";

/// A time of day at a place.
#[derive(Clone, Copy)]
enum TimeOfDay {
    Midnight,
    Noon,
}

impl TimeOfDay {
    /// The longitude where it is this time of day now, by the sun.
    fn longitude(self) -> f64 {
        let now = SystemClock::start().now().to_zoned(TimeZone::UTC);
        let degrees = f64::from(now.hour()) * 15.0 + f64::from(now.minute()) / 4.0;
        let noon = 180.0 - degrees;
        match self {
            Self::Noon => noon,
            Self::Midnight if noon > 0.0 => noon - 180.0,
            Self::Midnight => noon + 180.0,
        }
    }
}

/// The stack of a home, from `camhook init`.
struct Home {
    stack: OwnStack,
    camera: String,
    phone: String,
    /// The chat, which no other home has.
    chat: u32,
}

impl Home {
    /// A home on the equator where it is this time of day.
    async fn at(time: TimeOfDay) -> Self {
        let given = Stack::given();
        let chat = getrandom::u32().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("camhook.toml");
        let channel = format!("telegram:{chat}");
        let arguments = [
            "init",
            file.to_str().unwrap(),
            "--source=viewtron:garden",
            "--source=control:phone",
            "--channel",
            &channel,
            "--timezone=UTC",
            "--api-url=https://hooks.example.org",
            "--yes",
            "--json",
        ];
        let command = Process::start_with(given.bootstrap("camhook"), arguments, Vec::new());
        wait::within("`camhook init` to end", command.kill_switch().ended()).await;
        let output = command.output().join("\n");
        let written: Value = serde_json::from_str(&output).unwrap_or_else(|_| panic!("{output}"));
        let path = |index: usize| {
            let url = written["sources"][index]["url"].as_str().unwrap();
            url.strip_prefix("https://hooks.example.org").unwrap().to_owned()
        };
        let place = format!("latitude = 0.0\nlongitude = {:.2}\n", time.longitude());
        let telegram = format!(
            "server = \"{}/telegram\"\nnetwork = \"loopback\"\ntoken = \"{TELEGRAM_TOKEN}\"",
            given.devices.url
        );
        let night = "during = { from = \"sunset\", to = \"sunrise\" }\nthen = ";
        let site = std::fs::read_to_string(&file).unwrap();
        let site = replaced(&site, "token = \"ssm:/camhook/channels/telegram\"", &telegram);
        let site = replaced(&site, "mode = \"away\"\nthen = ", &format!("mode = \"away\"\n{night}"));
        let stack = OwnStack::create(&format!("{place}{site}")).await;
        Self { stack, camera: path(0), phone: path(1), chat }
    }

    /// The phone sends a request.
    async fn phone(&self, method: &str, rest: &str) -> Value {
        let control = self.stack.start("control").await;
        let template = format!("{method} {{{{path}}}}{rest} HTTP/1.1\nHost: hooks.example.org\n\n");
        let request = Post::new(&template, &self.phone);
        control.call(&gateway::event(&request.request(), BodyForm::Text, "request-phone")).await
    }

    /// The camera sees a person, and everything that follows is done.
    async fn person(&self, viewtron: &Function, notify: &Function, target: u32) -> Post {
        let template = INTRUSION.replace(">20</targetId>", &format!(">{target}</targetId>"));
        let post = Post::new(&template, &self.camera);
        let event = gateway::event(&post.request(), BodyForm::Text, &format!("request-{target}"));
        assert_eq!(viewtron.call(&event).await["statusCode"], 200);
        assert_eq!(self.stack.deliver(&self.stack.notify, notify).await, Delivery::Done);
        post
    }

    /// What the chat received.
    fn messages(&self) -> Vec<Logged> {
        let all = received(&Stack::given(), &format!("/telegram/bot{TELEGRAM_TOKEN}/"));
        let chat = self.chat.to_string();
        all.into_iter().filter(|request| request.fields["chat_id"] == chat.as_str()).collect()
    }
}

/// The text of a photo, or of the first photo of an album.
fn caption(message: &Logged) -> String {
    let media = message.fields["media"].as_str();
    let album: Option<Value> = media.map(|media| serde_json::from_str(media).unwrap());
    let caption = album.as_ref().map_or(&message.fields["caption"], |album| &album[0]["caption"]);
    caption.as_str().unwrap_or_else(|| panic!("{message:?}")).to_owned()
}

/// A text with a part of it replaced, which it must have.
fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in\n{text}");
    text.replace(from, to)
}

#[tokio::test]
async fn a_person_after_sunset_is_reported_while_nobody_is_at_home() {
    let home = Home::at(TimeOfDay::Midnight).await;
    let (viewtron, notify) = (home.stack.start("viewtron").await, home.stack.start("notify").await);

    // At home.
    home.person(&viewtron, &notify, 1).await;
    assert!(home.messages().is_empty(), "{:?}", home.messages());

    // A link preview of the URL changes nothing, a request of the phone does.
    assert_eq!(home.phone("GET", "/house/away").await["statusCode"], 405);
    let shown = home.phone("GET", "").await;
    assert!(shown["body"].as_str().unwrap().contains("\"mode\":\"home\""), "{shown}");
    let answered = home.phone("POST", "/house/away").await;
    assert_eq!(answered["statusCode"], 200, "{answered}");
    let shown = home.stack.run("arm", &[]).await.join("\n");
    assert!(shown.starts_with("house: away since ") && shown.ends_with("set by source phone"), "{shown}");

    // Away, but snoozed.
    home.stack.run("snooze", &["garden", "30m"]).await;
    home.person(&viewtron, &notify, 2).await;
    assert!(home.messages().is_empty(), "{:?}", home.messages());

    // Away.
    home.stack.run("snooze", &["garden", "--off"]).await;
    let post = home.person(&viewtron, &notify, 3).await;
    let messages = home.messages();
    let [message] = messages.as_slice() else { panic!("{messages:?}") };
    assert_eq!(message.status, 200);
    let caption = caption(message);
    assert!(caption.starts_with("Person at Drive"), "{caption}");
    let pictures = message.files();
    assert!(!pictures.is_empty() && pictures.iter().all(|picture| post.pictures().contains(picture)));
}

#[tokio::test]
async fn nobody_is_notified_by_day() {
    let home = Home::at(TimeOfDay::Noon).await;
    let (viewtron, notify) = (home.stack.start("viewtron").await, home.stack.start("notify").await);
    assert_eq!(home.phone("POST", "/away").await["statusCode"], 200);
    home.person(&viewtron, &notify, 1).await;
    assert!(home.messages().is_empty(), "{:?}", home.messages());
    let records = home.stack.bucket.records("garden").await;
    let explained = home.stack.run("explain", &[records[0]["id"].as_str().unwrap()]).await.join("\n");
    assert!(explained.contains("notify: not matched") && !explained.contains("the mode of"), "{explained}");
}
