//! An event that stands in the query: what a plug-in sends whose user chose GET or DELETE, which have no body.
//!
//! The names of the parameters are the user's own, so these are the obvious ones; all others are kept under theirs.

use camhook_ingest::{Malformed, describe_names};
use camhook_json::{Json, Object};

use crate::message::{Carrier, Message, Origin, OriginKind, event_id};

/// More parameters than anybody types; what has more is not read.
const LIMIT: usize = 512;

/// Decodes a query.
pub(crate) fn parameters(query: &str) -> Result<Object<'static>, Malformed> {
    let mut parameters = Object::default();
    let pairs = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| !name.is_empty());
    for (number, (name, value)) in pairs.enumerate() {
        if number == LIMIT {
            return Err(Malformed::new(
                "too_many_parameters",
                format!("the query has more than {LIMIT} parameters"),
            ));
        }
        parameters.push(name.into_owned(), Json::Text(value.into_owned().into()));
    }
    Ok(parameters)
}

/// The message of a query.
///
/// # Errors
///
/// When no parameter names an event.
pub(crate) fn message(mut parameters: Object<'static>) -> Result<Message<'static>, Malformed> {
    let found = describe_names(parameters.iter().map(|(name, _)| name));
    let name = parameters.take_text(&["event", "eventname", "event_name", "name", "alarm"]);
    let message = parameters.take_text(&["message", "text", "description"]);
    let subclass = parameters.take_text(&["type", "eventtype", "event_type"]);
    if name.is_none() && message.is_none() && subclass.is_none() {
        return Err(Malformed::new("no_event", format!("no parameter of the query names an event; {found}")));
    }
    let camera = parameters.take_text(&["camera", "cameraname", "camera_name"]);
    let camera_id = parameters.take_text(&["cameraid", "camera_id"]);
    let source = parameters.take_text(&["source", "sourcename", "source_name", "device"]);
    let origin = match (camera, camera_id, source) {
        (None, None, name) => Origin { kind: OriginKind::Other, name, id: None },
        (name, id, source) => {
            source
                .into_iter()
                .for_each(|source| parameters.push("source", Json::Text(source.to_string().into())));
            Origin { kind: OriginKind::Camera, name, id }
        }
    };
    let id = parameters.take_text(&["id", "eventid", "event_id"]);
    Ok(Message {
        id: id.and_then(|id| event_id(&id)),
        timestamp: parameters.take_text(&["timestamp", "time"]),
        name,
        message,
        subclass,
        origin,
        carrier: Carrier::Query,
        custom: parameters,
        ..Message::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: &str) -> Result<Message<'static>, Malformed> {
        message(parameters(query).unwrap())
    }

    #[test]
    fn the_obvious_names_are_read_and_the_others_kept() {
        let message = of("&event=Intrusion&camera=Camera%204&zone=back+door").unwrap();
        assert_eq!(message.name.unwrap().as_str(), "Intrusion");
        assert_eq!(
            (message.origin.kind, message.origin.name.unwrap().as_str()),
            (OriginKind::Camera, "Camera 4")
        );
        assert_eq!(message.custom.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["zone"]);
        assert_eq!(of("TYPE=motion&source=Gate").unwrap().origin.name.unwrap().as_str(), "Gate");
    }

    #[test]
    fn a_query_that_names_no_event_says_what_it_has() {
        let malformed = of("trigger=17&object=1&event=").unwrap_err();
        assert_eq!(malformed.code, "no_event");
        assert!(malformed.detail.ends_with("it has `trigger`, `object`, `event`"), "{}", malformed.detail);
        let many = "a=1&".repeat(LIMIT + 1);
        assert_eq!(parameters(&many).unwrap_err().code, "too_many_parameters");
    }
}
