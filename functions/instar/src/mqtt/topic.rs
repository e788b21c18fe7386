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
    let below = source.below_topic(topic)?;
    let (between, path) = at_status(below, source)?;
    // The source's topic may be the camera's own.
    let base = if between.is_empty() { topic.strip_suffix(below)? } else { between };
    let id = Text::new(base.rsplit('/').next()?)?;
    let mac = (id.as_str().len() == 12).then(|| MacAddress::parse(id.as_str())).flatten();
    Some(MqttDevice { id, mac, path })
}

/// What stands before and behind the segment `status`: the first one, since what follows is the camera's to choose, and a
/// camera must not speak for another one.
///
/// Where that one follows the source's topic at once, it may be a part of the prefix or a client id, and a later one counts
/// if what follows it is read.
fn at_status<'a>(below: &'a str, source: &Source) -> Option<(&'a str, &'a str)> {
    let mut parts = below
        .match_indices('/')
        .filter_map(|(at, _)| Some((below.get(..at)?, below.get(at..)?.strip_prefix("/status/")?)));
    let (between, path) = parts.next()?;
    let is_read = |path: &str| known_subject(path, source).is_some();
    let later =
        if between.is_empty() && !is_read(path) { parts.find(|(_, path)| is_read(path)) } else { None };
    Some(later.unwrap_or((between, path)))
}

/// What the part of a topic below `status` is about.
pub(super) fn subject(path: &str, source: &Source) -> Subject {
    known_subject(path, source).unwrap_or_else(|| {
        if may_be_alarm(path) {
            Subject::MaybeAlarm
        } else if source.parameters.contains_key("testament") {
            Subject::Other
        } else {
            // The topic of the last will is a setting of the camera.
            Subject::MaybeConnection
        }
    })
}

/// What a path that is read is about.
fn known_subject(path: &str, source: &Source) -> Option<Subject> {
    let testament = source.parameters.get("testament").map(String::as_str);
    match without_raw(path) {
        "alarm/triggered" => Some(Subject::Code),
        "alarm/triggered/triggers" => Some(Subject::Mask),
        "alarm/triggered/object" | "alarm/triggered/objects" => Some(Subject::Objects),
        path if testament.is_some_and(|name| name.trim_matches('/') == path) => Some(Subject::Connection),
        "testament" | "connection" if testament.is_none() => Some(Subject::Connection),
        _ => None,
    }
}

/// Commands may end with `/raw`, where the value stands bare; that a status does is not documented.
fn without_raw(path: &str) -> &str {
    path.strip_suffix("/raw").unwrap_or(path)
}

/// Whether a path that is not read may be an alarm: something that triggered, or whatever stands directly below `alarm`.
/// Settings stand two and more levels below it (`alarm/actions/email/enable`), the echo of a command one level, and the
/// test of the Alarm Server is called by what it sends.
fn may_be_alarm(path: &str) -> bool {
    let path = without_raw(path).to_ascii_lowercase();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    // A prefix may have a segment `status`, too.
    match segments.rsplit(|segment| *segment == "status").next().unwrap_or_default() {
        ["smarthome", "alarmserver", "test", ..] | ["alarm", "pushalarm"] => false,
        ["alarm"] | ["alarm", _] => true,
        _ => segments.iter().any(|segment| segment.starts_with("trigger")),
    }
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
            ("/cameras", "/cameras/115/status/testament", "115", "testament"),
            ("/cameras/115", "cameras/115/status/testament", "115", "testament"),
            ("cameras/115", "/cameras/115/status/testament", "115", "testament"),
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
        for path in [
            "alarm/triggered/zones",
            "alarm/Trigger",
            "alarm/fired",
            "alarm",
            "/alarm/triggered",
            "alarm/triggered/",
            "alarm/areas/red/triggered",
            "alarm/area1/triggered",
            "alarm/pir/triggers/raw",
            "task/alarm/triggered",
            "cam1/status/alarm/fired",
        ] {
            assert_eq!(subject(path, source), Subject::MaybeAlarm, "{path}");
        }
        for path in [
            "lastwill",
            "state/connection",
            "alarm/actions/email/enable",
            "alarm/area1/enable",
            "alarm/pushalarm",
            "alarm/pushalarm/raw",
            "smarthome/alarmserver/test/http/trigger",
            "features/ptz/position",
            "system/version",
        ] {
            assert_eq!(subject(path, source), Subject::MaybeConnection, "{path}");
        }
    }

    #[test]
    fn a_prefix_or_a_client_id_may_be_called_status() {
        for (prefix, topic, id, path) in [
            ("house", "house/status/cam1/status/alarm/triggered", "cam1", "alarm/triggered"),
            ("house", "house/status/cam1/status/testament", "cam1", "testament"),
            ("house/status", "house/status/cam1/status/alarm/triggered", "cam1", "alarm/triggered"),
            ("cameras", "cameras/status/status/alarm/triggered", "status", "alarm/triggered"),
            ("cameras/status", "cameras/status/status/alarm/triggered", "status", "alarm/triggered"),
            ("cameras/115", "cameras/115/status/system/version", "115", "system/version"),
        ] {
            let camera = found(prefix, topic).unwrap();
            assert_eq!((camera.id.as_str(), camera.path), (id, path), "{topic}");
        }
    }

    #[test]
    fn what_a_camera_publishes_below_its_status_is_its_own() {
        let camera = found("cameras", "cameras/115/status/116/status/alarm/triggered").unwrap();
        assert_eq!(camera.id.as_str(), "115");
    }

    #[test]
    fn a_command_names_no_camera() {
        for topic in ["cameras/115", "cameras/115/", "cameras/115/alarm/pushalarm", "cameras/115/status"] {
            assert_eq!(found("cameras/115", topic), None, "{topic}");
        }
    }
}
