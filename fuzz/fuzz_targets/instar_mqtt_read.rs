//! No MQTT message makes its reader panic, and no row of messages makes the history of a camera grow without end. Each
//! line of the input is one message: a digit of seconds, the path below `status/`, a space, the payload.

#![no_main]

use std::sync::LazyLock;

use camhook_instar_mqtt::connection::{Connection, Word};
use camhook_instar_mqtt::history::{Form, Heard, History};
use camhook_instar_mqtt::{Message, locate, read};
use camhook_site::Site;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

static SITE: LazyLock<Site> = LazyLock::new(|| {
    let toml = "timezone = \"UTC\"\n[[source]]\nid = \"yard\"\nvendor = \"instar\"\ntopic = \"cameras\"\n";
    camhook_site::read(toml, "fuzz").expect("the settings are right").0
});

fn said(at: Timestamp, connection: Connection, word: String, topic: &str, number: usize) -> Word {
    Word::new(at, connection, word, topic.to_owned(), number.to_string())
}

fuzz_target!(|input: &[u8]| {
    let mut history = History::default();
    let mut milliseconds = 1_800_000_000_000_i64;
    for (number, line) in input.split(|octet| *octet == b'\n').enumerate() {
        let text = String::from_utf8_lossy(line);
        let seconds = text.chars().next().and_then(|digit| digit.to_digit(10)).unwrap_or(0);
        milliseconds += i64::from(seconds) * 1000;
        let at = Timestamp::from_millisecond(milliseconds).expect("the time is in range");
        let (path, payload) =
            text.trim_start_matches(|first: char| first.is_ascii_digit()).split_once(' ').unwrap_or(("", ""));
        let topic = format!("cameras/115/status/{path}");
        let Some(camera) = locate(&SITE, &topic) else { continue };
        let (form, value) = match read(&camera, payload.as_bytes()) {
            Ok(Message::Code(value, _)) => (Form::Code, value),
            Ok(Message::Mask(value, _)) => (Form::Mask, value),
            Ok(Message::Objects(value, _)) => (Form::Objects, value),
            Ok(Message::Online(word)) => {
                let _ = history.hear_connection(said(at, Connection::Online, word, &topic, number));
                continue;
            }
            Ok(Message::Offline(word)) => {
                let _ = history.hear_connection(said(at, Connection::Offline, word, &topic, number));
                continue;
            }
            Ok(Message::Ignored(_)) | Err(_) => continue,
        };
        let heard = Heard::new(at, form, value, topic.clone(), number.to_string());
        let tellings = history.hear(heard, "115");
        for telling in &tellings {
            assert!(
                !telling.triggers.is_empty() || !telling.objects.is_empty(),
                "nothing is told of nothing"
            );
        }
    }
});
