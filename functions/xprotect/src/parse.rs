//! From bytes to a message.

use camhook_event::Text;
use camhook_ingest::Malformed;
use camhook_json::{Json, Object, read, text};

use crate::message::{Message, Origin, OriginKind};

/// The id of events that nobody numbered: no two of them would be told apart.
const NO_ID: &str = "00000000-0000-0000-0000-000000000000";

/// Reads a post. All that is asked of it is an event header with an id.
///
/// # Errors
///
/// When it is no JSON, or holds no such header.
pub(crate) fn parse(body: &[u8]) -> Result<Message<'_>, Malformed> {
    let mut custom = object(read(text(body)?)?, "not_an_object", "the body")?;
    let mut event = object(member(&mut custom, "Event"), "no_event", "`Event`")?;
    let mut header = object(member(&mut event, "EventHeader"), "no_event_header", "`Event.EventHeader`")?;
    let id = header
        .take_text(&["ID"])
        .and_then(|id| Text::new(&id.as_str().to_lowercase()))
        .filter(|id| id.as_str() != NO_ID)
        .ok_or_else(|| {
            Malformed::new("no_event_id", "`Event.EventHeader.ID` is missing, empty or all zeros")
        })?;

    let mut source = header.take_object("Source");
    let origin = origin(&mut source);
    let mut site = custom.take_object("Site");
    Ok(Message {
        id,
        timestamp: header.take_text(&["Timestamp"]),
        name: header.take_text(&["Name"]),
        message: header.take_text(&["Message"]),
        subclass: header.take_text(&["Type"]),
        class: header.take_text(&["Class"]),
        origin,
        // The documents spell it `ServerHostName` too.
        server: site.take_text(&["ServerHostname"]),
        source,
        header,
        event,
        site,
        custom,
    })
}

fn member<'a>(object: &mut Object<'a>, name: &str) -> Json<'a> {
    object.take(name).unwrap_or(Json::Null)
}

fn object<'a>(value: Json<'a>, code: &'static str, what: &str) -> Result<Object<'a>, Malformed> {
    value.into_object().ok_or_else(|| Malformed::new(code, format!("{what} is no object")))
}

/// Takes what raised the event out of `Source`. Of anything but a camera the ids stay: they have no other place.
fn origin(source: &mut Object<'_>) -> Origin {
    let mut fqid = source.take_object("FQID");
    let guid = fqid.get("Kind").and_then(Json::to_text);
    let kind = guid.map_or(OriginKind::Other, |guid| OriginKind::of_guid(guid.as_str()));
    let id = match kind {
        OriginKind::Camera => fqid.take_text(&["ObjectId", "ObjectIdString"]),
        _ => None,
    };
    if !fqid.is_empty() {
        source.push("FQID", Json::Object(fqid));
    }
    Origin { kind, name: source.take_text(&["Name"]), id }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_event_says_what_is_missing() {
        for (body, code) in [
            ("", "no_body"),
            ("\0\0", "no_body"),
            ("<config/>", "not_json"),
            ("{\"Event\":{", "truncated_json"),
            ("[1]", "not_an_object"),
            ("{}", "no_event"),
            ("{\"Event\":\"x\"}", "no_event"),
            ("{\"Event\":{}}", "no_event_header"),
            ("{\"Event\":{\"EventHeader\":{}}}", "no_event_id"),
            ("{\"Event\":{\"EventHeader\":{\"ID\":\"\"}}}", "no_event_id"),
            (
                "{\"Event\":{\"EventHeader\":{\"ID\":\"00000000-0000-0000-0000-000000000000\"}}}",
                "no_event_id",
            ),
        ] {
            assert_eq!(parse(body.as_bytes()).unwrap_err().code, code, "{body}");
        }
    }

    #[test]
    fn an_id_is_enough() {
        let message = parse(br#"{"Event":{"EventHeader":{"ID":"2388F93D"}}}"#).unwrap();
        assert_eq!(message.id.as_str(), "2388f93d");
        assert_eq!(message.origin.kind, OriginKind::Other);
    }

    #[test]
    fn the_server_is_found_by_either_spelling() {
        for name in ["ServerHostname", "ServerHostName"] {
            let body = format!(r#"{{"Event":{{"EventHeader":{{"ID":"1"}}}},"Site":{{"{name}":"acs"}}}}"#);
            assert_eq!(parse(body.as_bytes()).unwrap().server.unwrap().as_str(), "acs");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }
    }
}
