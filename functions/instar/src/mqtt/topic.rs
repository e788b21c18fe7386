//! Which camera a topic names, and what it is about.

use camhook_event::{MacAddress, Text};
use camhook_ingest::MqttDevice;
use camhook_site::Source;

/// What a topic is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// The code of an alarm.
    Code,
    /// The bit mask of an alarm.
    Mask,
    /// What was recognized.
    Objects,
    /// Whether the camera is connected: its last will.
    Connection,
    /// Nothing that is known, but by its name it may be an alarm.
    MaybeAlarm,
    /// Nothing that is known, but by its name it may be a last will.
    MaybeConnection,
    /// A setting, or anything else that cameras publish about themselves.
    Other,
}

/// The camera that a topic of the source names: the segment before `status`.
///
/// `None` for a topic that is no status: a command, for one.
pub(super) fn camera<'a>(source: &Source, topic: &'a str) -> Option<MqttDevice<'a>> {
    let prefix = source.topic.as_ref()?.as_str().trim_matches('/');
    let below = topic.strip_prefix(prefix)?;
    // The prefix may be the camera's own.
    let (between, path) = below.split_once("/status/")?;
    let base = if between.is_empty() { prefix } else { between };
    let id = Text::new(base.rsplit('/').next()?)?;
    let mac = (id.as_str().len() == 12).then(|| MacAddress::parse(id.as_str())).flatten();
    Some(MqttDevice { id, mac, path })
}

/// What the part of a topic below `status` is about.
pub(super) fn subject(path: &str, source: &Source) -> Subject {
    // Commands may end with `/raw`, where the value stands bare; that a status does is not documented.
    let path = path.strip_suffix("/raw").unwrap_or(path);
    let testament = source.parameters.get("testament").map(String::as_str);
    match path {
        "alarm/triggered" => Subject::Code,
        "alarm/triggered/triggers" => Subject::Mask,
        "alarm/triggered/object" | "alarm/triggered/objects" => Subject::Objects,
        _ if testament.is_some_and(|name| name.trim_matches('/') == path) => Subject::Connection,
        "testament" | "connection" if testament.is_none() => Subject::Connection,
        _ if may_be_alarm(path) => Subject::MaybeAlarm,
        // The topic of the last will is a setting of the camera; it has one level in what was seen.
        _ if testament.is_none() && !path.contains('/') => Subject::MaybeConnection,
        _ => Subject::Other,
    }
}

/// Settings stand two and more levels below `alarm` (`alarm/actions/email/enable`), the echo of a command one level.
fn may_be_alarm(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let is_directly_below = |name: &str| !name.contains('/') && name != "pushalarm";
    path.starts_with("alarm/trigger") || path.strip_prefix("alarm/").is_some_and(is_directly_below)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(prefix: &str, topic: &'static str) -> Option<MqttDevice<'static>> {
        let toml = format!(
            "timezone = \"UTC\"\n[[source]]\nid = \"yard\"\nvendor = \"instar\"\ntopic = \"{prefix}\"\n"
        );
        let (site, _) = camhook_site::read(&toml, "test").unwrap();
        camera(site.source("yard").unwrap(), topic)
    }

    #[test]
    fn both_grammars_name_their_camera() {
        for (prefix, topic, id, path) in [
            ("cameras/115", "cameras/115/status/alarm/triggered", "115", "alarm/triggered"),
            ("cameras", "cameras/116/status/testament", "116", "testament"),
            (
                "instar",
                "instar/10D1DC228582/status/alarm/triggered/object",
                "10D1DC228582",
                "alarm/triggered/object",
            ),
            ("instar", "instar/local/status/alarm/triggered", "local", "alarm/triggered"),
            ("garden/cams/", "garden/cams/7/status/a/status/b", "7", "a/status/b"),
        ] {
            let camera = found(prefix, topic).unwrap();
            assert_eq!((camera.id.as_str(), camera.path), (id, path), "{topic}");
        }
        let mac = found("instar", "instar/10D1DC228582/status/x").unwrap().mac;
        assert_eq!(mac.unwrap().to_string(), "10:d1:dc:22:85:82");
    }

    #[test]
    fn an_unknown_topic_that_may_be_an_alarm_is_told_from_a_setting() {
        let toml =
            "timezone = \"UTC\"\n[[source]]\nid = \"yard\"\nvendor = \"instar\"\ntopic = \"cameras\"\n";
        let (site, _) = camhook_site::read(toml, "test").unwrap();
        let source = site.source("yard").unwrap();
        for path in ["alarm/triggered/zones", "alarm/Trigger", "alarm/fired"] {
            assert_eq!(subject(path, source), Subject::MaybeAlarm, "{path}");
        }
        assert_eq!(subject("lastwill", source), Subject::MaybeConnection);
        for path in ["alarm/actions/email/enable", "alarm/area1/enable", "alarm/pushalarm", "system/version"]
        {
            assert_eq!(subject(path, source), Subject::Other, "{path}");
        }
    }

    #[test]
    fn a_command_names_no_camera() {
        for topic in ["cameras/115", "cameras/115/", "cameras/115/alarm/pushalarm", "cameras/115/status"] {
            assert_eq!(found("cameras/115", topic), None, "{topic}");
        }
    }
}
