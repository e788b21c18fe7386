//! Requests and messages that are made to hurt: cut off, nested, repeated, with long names. Each is an event, nothing
//! known, or malformed, within a time that grows with its length.

mod common;

use std::time::{Duration, Instant};

use camhook_ingest::{Adapter, MqttDialect, MqttMessage, Parsed};
use camhook_instar::{InstarHttp, InstarMqtt};

/// Far above what a linear parser needs in a debug build, far below what a quadratic one does.
const PATIENCE: Duration = Duration::from_secs(20);

const DIALECTS: [&str; 3] = ["cloud", "camera-v1", "camera-v2"];

/// What a request becomes in each dialect: the number of its events, or the code of its reason.
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the time that a parser takes is what is tested")]
fn outcomes(query: &str, body: &str) -> [Result<usize, &'static str>; 3] {
    DIALECTS.map(|dialect| {
        let source = common::source(&format!("dialect = \"{dialect}\"\nfaces = \"drop\""));
        let request = common::request(&source, query, body.as_bytes());
        let started = Instant::now();
        let _ = InstarHttp.notice(&request);
        let outcome = match InstarHttp.parse(&request) {
            Ok(Parsed::Events(drafts)) => Ok(drafts.len()),
            Ok(_) => Ok(0),
            Err(malformed) => {
                assert!(malformed.detail.len() < 2000, "a reason is short");
                Err(malformed.code)
            }
        };
        assert!(
            started.elapsed() < PATIENCE,
            "{} bytes took {:?}",
            query.len() + body.len(),
            started.elapsed()
        );
        outcome
    })
}

#[test]
fn a_parameter_that_is_repeated_ten_thousand_times() {
    for query in ["trigger=1&", "active=1&", "cam=1&", "&", "x=1&"] {
        let many = query.repeat(10_000);
        let outcomes = outcomes(&many, "");
        let expected = if query == "&" { "no_" } else { "too_many_parameters" };
        assert!(
            outcomes.iter().all(|outcome| outcome.is_err_and(|code| code.starts_with(expected))),
            "{outcomes:?}"
        );
    }
}

#[test]
fn names_and_values_of_a_megabyte() {
    let long = "n".repeat(1024 * 1024);
    assert_eq!(
        outcomes(&format!("{long}=1"), ""),
        [Err("no_parameters"), Err("no_trigger"), Err("no_trigger")]
    );
    assert_eq!(outcomes(&format!("trigger={long}&active=1"), ""), [Ok(1), Ok(1), Ok(1)]);
    assert_eq!(outcomes("", &format!("{long}=1")), [Err("body_too_long"); 3]);
    let digits = "1".repeat(1024 * 1024);
    assert!(outcomes(&format!("active={digits}"), "").iter().all(Result::is_err));
}

#[test]
fn json_that_is_cut_off_or_nested() {
    let whole = r#"{"cam":"7","trigger":"17","active":"7","object":1}"#;
    assert_eq!(outcomes("", whole), [Ok(1), Ok(1), Ok(1)]);
    for end in 1..whole.len() {
        assert!(outcomes("", &whole[..end]).iter().all(Result::is_err), "{end}");
    }
    for depth in [5, 127, 5000] {
        let nested = format!("{}1{}", r#"{"trigger":"#.repeat(depth), "}".repeat(depth));
        assert!(outcomes("", &nested).iter().all(Result::is_err), "{depth}");
    }
}

#[test]
fn payloads_without_quotes_that_are_cut_off_repeated_or_long() {
    let toml = "timezone = \"UTC\"\n[[source]]\nid = \"yard\"\nvendor = \"instar\"\ntopic = \"cameras\"\n";
    let (site, _) = camhook_site::read(toml, "test").unwrap();
    let source = site.source("yard").unwrap();
    let topic = "cameras/115/status/alarm/triggered";
    let camera = InstarMqtt.device(source, topic).unwrap();
    let is_malformed = |payload: &str| {
        let received_at = jiff::Timestamp::UNIX_EPOCH;
        let message = MqttMessage { topic, payload: payload.as_bytes(), received_at, id: "1" };
        InstarMqtt.read(source, &camera, &message).is_err()
    };
    assert!(!is_malformed("{val:1}") && !is_malformed(r#"{"{val:1}"}"#));
    for end in 1.."{val:1}".len() {
        assert!(is_malformed(&"{val:1}"[..end]), "{end}");
    }
    for payload in ["{val:1}".repeat(10_000), "{".repeat(4000), format!("{{{}:1}}", "v".repeat(1024 * 1024))]
    {
        assert!(is_malformed(&payload), "{} bytes", payload.len());
    }
}

#[test]
fn multipart_forms_that_are_cut_off_repeated_or_long() {
    let text = |name: &str, value: &str| {
        format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = "--X\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a.jpg\"\r\n\r\n\0\r\n";
    let whole = format!("{}{}--X--", text("active", "1"), text("trigger", "1"));
    assert_eq!(outcomes("", &whole), [Ok(1); 3]);
    for end in 1..whole.len() {
        // What is left of an alarm may be one; nothing panics.
        let _ = outcomes("", &whole[..end]);
    }
    assert_eq!(outcomes("", &text("active", "1").repeat(10_000)), [Err("too_many_parameters"); 3]);
    assert_eq!(outcomes("", &file.repeat(20_000)), [Err("unread_parts"); 3]);
    assert_eq!(
        outcomes("", &format!("--X\ncontent-type: a\n{}", "--X\n".repeat(1_000_000))),
        [Err("unread_parts"); 3]
    );
    let long = "n".repeat(1024 * 1024);
    assert_eq!(outcomes("", &text(&long, "1")), [Err("no_parameters"), Err("no_trigger"), Err("no_trigger")]);
    assert_eq!(outcomes("", &text("active", &long)), [Err("unread_parts"); 3]);
}

/// The events of a request and the code of what is in the quarantine beside them.
#[cfg(test)]
fn partly(query: &str, body: &[u8]) -> (usize, Option<&'static str>) {
    let source = common::source("dialect = \"camera-v1\"");
    match InstarHttp.parse(&common::request(&source, query, body)) {
        Ok(Parsed::Events(drafts)) => (drafts.len(), None),
        Ok(Parsed::Partly { events, remainder: camhook_ingest::Remainder::Quarantine(malformed) }) => {
            (events.len(), Some(malformed.code))
        }
        Ok(other) => panic!("{other:?}"),
        Err(malformed) => (0, Some(malformed.code)),
    }
}

#[test]
fn no_body_costs_an_alarm_that_stands_in_the_query() {
    let jpeg = [b"\xff\xd8\xff\xe0\0\x10JFIF\0".as_slice(), &[7; 70_000]].concat();
    let file = [
        b"--X\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\r\n\r\n",
        jpeg.as_slice(),
        b"\r\n--X--\r\n",
    ]
    .concat();
    let long = "a=1&".repeat(20_000);
    for (body, code) in [
        (jpeg.as_slice(), "body_too_long"),
        (&jpeg[..20], "not_parameters"),
        (&file, "unread_parts"),
        (b"{\"object\":", "not_json"),
        (b"[1]", "not_parameters"),
        (b"<alarm/>", "not_parameters"),
        (long.as_bytes(), "body_too_long"),
    ] {
        assert_eq!(partly("active=1&object=1", body), (1, Some(code)));
        assert_eq!(partly("active=0", body), (0, Some(code)), "the alarm may stand in the body");
        assert_eq!(partly("", body).0, 0);
    }
    assert_eq!(partly("active=1", b"object=1"), (1, None));
}
