//! From a request to a message.

use camhook_event::Text;
use camhook_ingest::{Malformed, describe_names};
use camhook_json::{Json, Object, Reading, read_most, text};

use crate::message::{Carrier, Message, Origin, OriginKind, event_id, is_given};
use crate::query;

/// Reads a request: the event of its body, else one that its query describes.
///
/// # Errors
///
/// When there is neither an event header nor a query that describes an event. The reason holds the names that were
/// found.
pub(crate) fn parse<'a>(body: &'a [u8], query: &str) -> Result<Message<'a>, Malformed> {
    let parameters = query::parameters(query)?;
    let text = text(body)?;
    if text.is_empty() && !parameters.is_empty() {
        return query::message(parameters);
    }
    let Reading { value, passed_over } = read_most(text)?;
    let mut message = match (message(value), passed_over) {
        (Ok(message), passed_over) => Message { passed_over, ..message },
        // What is missing may be among what was not read.
        (Err(_), Some(passed_over)) => return Err(passed_over),
        (Err(malformed), None) => return Err(malformed),
    };
    message.custom.append(parameters);
    Ok(message)
}

/// The event of a body. All that it needs is an event header with something in it.
fn message(body: Json<'_>) -> Result<Message<'_>, Malformed> {
    let mut custom =
        body.into_object().ok_or_else(|| Malformed::new("not_an_object", "the body is not a JSON object"))?;
    let mut event = take_last(&mut custom, "Event", |event| event.get("EventHeader").is_some())
        .ok_or_else(|| missing("no_event", "`Event` is not an object", &custom))?;
    let mut header = take_last(&mut event, "EventHeader", |header| !header.is_empty())
        .ok_or_else(|| missing("no_event_header", "`Event.EventHeader` is not an object", &event))?;
    if header.is_empty() {
        return Err(missing("empty_event_header", "`Event.EventHeader` has no members", &event));
    }
    let mut source = take_last(&mut header, "Source", |source| !source.is_empty()).unwrap_or_default();
    let origin = origin(&mut source);
    let mut site = take_last(&mut custom, "Site", |site| !site.is_empty()).unwrap_or_default();
    Ok(Message {
        id: take_last_text(&mut header, "ID").and_then(|id| event_id(&id)),
        timestamp: take_last_text(&mut header, "Timestamp"),
        name: take_last_text(&mut header, "Name"),
        message: take_last_text(&mut header, "Message"),
        subclass: take_last_text(&mut header, "Type"),
        class: take_last_text(&mut header, "Class"),
        origin,
        carrier: Carrier::Body,
        passed_over: None,
        // The documents spell it `ServerHostName` too.
        server: take_last_text(&mut site, "ServerHostname"),
        source,
        header,
        event,
        site,
        custom,
    })
}

fn missing(code: &'static str, what: &str, object: &Object<'_>) -> Malformed {
    Malformed::new(code, format!("{what}; {}", describe_names(object.iter().map(|(name, _)| name))))
}

/// The object under a name that occurs more than once: the last one that looks like it, else the last one. A plug-in
/// appends its `Event` to whatever its user wrote, who may have a key of that name. The others stay.
fn take_last<'a>(
    object: &mut Object<'a>,
    name: &'static str,
    looks_right: impl Fn(&Object<'_>) -> bool,
) -> Option<Object<'a>> {
    let mut values = object.take_all(name);
    let is_object = |value: &Json<'_>| matches!(value, Json::Object(_));
    let at = values
        .iter()
        .rposition(|value| matches!(value, Json::Object(object) if looks_right(object)))
        .or_else(|| values.iter().rposition(is_object));
    let found = at.map(|at| values.remove(at)).and_then(Json::into_object);
    values.into_iter().for_each(|value| object.push(name, value));
    found
}

/// The text under a name, the last one where it occurs more than once. What is no text stays.
fn take_last_text(object: &mut Object<'_>, name: &'static str) -> Option<Text> {
    let mut values = object.take_all(name);
    let at = values.iter().rposition(|value| value.to_text().is_some());
    let found = at.map(|at| values.remove(at)).and_then(|value| value.to_text());
    values.into_iter().for_each(|value| object.push(name, value));
    found
}

/// Takes what raised the event out of `Source`. Of anything but a camera the ids stay: they have no other place.
fn origin(source: &mut Object<'_>) -> Origin {
    let mut fqid = take_last(source, "FQID", |fqid| !fqid.is_empty()).unwrap_or_default();
    let guid = fqid.get("Kind").and_then(Json::to_text);
    let kind = guid.map_or(OriginKind::Other, |guid| OriginKind::of_guid(guid.as_str()));
    let id = match kind {
        OriginKind::Camera => ["ObjectId", "ObjectIdString"]
            .into_iter()
            .find_map(|name| take_last_text(&mut fqid, name).filter(is_given)),
        _ => None,
    };
    if !fqid.is_empty() {
        source.push("FQID", Json::Object(fqid));
    }
    Origin { kind, name: take_last_text(source, "Name"), id }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(body: &str) -> &'static str {
        parse(body.as_bytes(), "").unwrap_err().code
    }

    fn id(body: &str) -> Option<String> {
        parse(body.as_bytes(), "").unwrap().id.map(|id| id.to_string())
    }

    #[test]
    fn what_is_no_event_says_what_is_missing() {
        for (body, expected) in [
            ("", "no_body"),
            ("\0\0", "no_body"),
            ("<config/>", "not_json"),
            ("{\"Event\":{", "truncated_json"),
            ("[1]", "not_an_object"),
            ("{}", "no_event"),
            ("{\"Event\":\"x\"}", "no_event"),
            ("{\"Event\":{}}", "no_event_header"),
            ("{\"Event\":{\"EventHeader\":{}}}", "empty_event_header"),
        ] {
            assert_eq!(code(body), expected, "{body}");
        }
        let renamed = parse(br#"{"Evnt":{"EventHeader":{"ID":"1"}},"Site":{}}"#, "").unwrap_err();
        assert!(renamed.detail.ends_with("it has `Evnt`, `Site`"), "{}", renamed.detail);
    }

    #[test]
    fn an_id_is_enough_and_one_of_zeros_is_none() {
        let header = |id: &str| format!(r#"{{"Event":{{"EventHeader":{{"ID":"{id}","Name":"x"}}}}}}"#);
        assert_eq!(id(r#"{"Event":{"EventHeader":{"ID":"2388F93D"}}}"#).unwrap(), "2388f93d");
        for none in
            ["00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}", "0", " "]
        {
            assert_eq!(id(&header(none)), None, "{none}");
        }
        assert_eq!(id(r#"{"Event":{"EventHeader":{"Name":"x"}}}"#), None);
    }

    #[test]
    fn an_object_id_of_zeros_is_none() {
        let zeros = "00000000-0000-0000-0000-000000000000";
        for (ids, expected) in [
            (format!(r#""ObjectId":"{zeros}","ObjectIdString":"cam-7""#), Some("cam-7")),
            (r#""ObjectId":"","ObjectIdString":"cam-7""#.to_owned(), Some("cam-7")),
            (format!(r#""ObjectId":"{zeros}""#), None),
            (r#""ObjectId":"c0","ObjectIdString":"cam-7""#.to_owned(), Some("c0")),
        ] {
            let fqid = format!(r#"{{"Kind":"5135ba21-f1dc-4321-806a-6ce2017343c0",{ids}}}"#);
            let body = format!(r#"{{"Event":{{"EventHeader":{{"ID":"1","Source":{{"FQID":{fqid}}}}}}}}}"#);
            let message = parse(body.as_bytes(), "").unwrap();
            assert_eq!(message.origin.id.as_ref().map(Text::as_str), expected, "{ids}");
        }
    }

    #[test]
    fn of_a_name_that_occurs_twice_the_last_one_that_looks_right_counts() {
        for body in [
            r#"{"Event":"label","Event":{"EventHeader":{"ID":"7"}}}"#,
            r#"{"Event":{"EventHeader":{"ID":"7"}},"Event":"label"}"#,
            r#"{"event":{"note":"x"},"Event":{"EventHeader":{"ID":"7"}}}"#,
            r#"{"Event":{"EventHeader":{"ID":"6"}},"Event":{"EventHeader":{"ID":"7"}}}"#,
            r#"{"Event":{"EventHeader":"label","EventHeader":{"ID":"7"}}}"#,
            r#"{"Event":{"EventHeader":{"ID":"6","ID":"7"}}}"#,
        ] {
            assert_eq!(id(body).unwrap(), "7", "{body}");
        }
        let message =
            parse(br#"{"Event":"label","Site":"north","Event":{"EventHeader":{"ID":"7"}},"Site":{"ServerHostname":"vms"}}"#, "")
                .unwrap();
        assert_eq!(message.custom.get("Event").and_then(Json::to_text).unwrap().as_str(), "label");
        assert_eq!(message.custom.get("Site").and_then(Json::to_text).unwrap().as_str(), "north");
        assert_eq!(message.server.unwrap().as_str(), "vms");
    }

    #[test]
    fn a_member_that_is_no_text_is_kept() {
        let message = parse(br#"{"Event":{"EventHeader":{"ID":"1","Name":{"Text":"Motion"}}}}"#, "").unwrap();
        assert_eq!(message.name, None);
        assert!(message.header.get("Name").is_some());
    }

    #[test]
    fn the_server_is_found_by_either_spelling() {
        for name in ["ServerHostname", "ServerHostName"] {
            let body = format!(r#"{{"Event":{{"EventHeader":{{"ID":"1"}}}},"Site":{{"{name}":"acs"}}}}"#);
            assert_eq!(parse(body.as_bytes(), "").unwrap().server.unwrap().as_str(), "acs");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), query in ".{0,60}") {
            let _ = parse(&bytes, &query);
        }
    }
}
