//! Whose topic it is, and what it is about.

use std::sync::Arc;

use camhook_event::{MacAddress, Text, Vendor};
use camhook_site::{Site, Source};

/// A topic of one of the site's cameras.
#[derive(Debug, Clone)]
pub struct Camera<'a> {
    /// The source whose `topic` it begins with.
    pub source: Arc<Source>,
    /// The segment before `status`: the client id, a MAC address, or `local`.
    pub id: Text,
    /// The camera's MAC address, where that is its id.
    pub mac: Option<MacAddress>,
    /// What stands below `status/`.
    pub path: &'a str,
}

/// What a topic is about, told by what stands below `status/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// The code of an alarm.
    Code,
    /// The bit mask of an alarm.
    Mask,
    /// What was recognized.
    Objects,
    /// Whether the camera is connected.
    Testament,
    /// Anything else that cameras say of themselves.
    Other,
}

/// Finds the source whose `topic` a topic begins with, the longest where several do.
///
/// `None` for a topic of nobody, and for one that is no status: a command, for one.
#[must_use]
pub fn locate<'a>(site: &Site, topic: &'a str) -> Option<Camera<'a>> {
    let topics = site.sources_of(Vendor::Instar).filter_map(|source| {
        let prefix = source.topic.as_ref()?.as_str().trim_matches('/');
        let below = topic.strip_prefix(prefix)?.strip_prefix('/')?;
        Some((source, prefix, below))
    });
    let (source, prefix, below) = topics.max_by_key(|(_, prefix, _)| prefix.len())?;
    let (between, path) = match below.strip_prefix("status/") {
        Some(path) => ("", path),
        None => below.split_once("/status/")?,
    };
    let base = if between.is_empty() { prefix } else { between };
    let id = Text::new(base.rsplit('/').next()?)?;
    let mac = (id.as_str().len() == 12).then(|| MacAddress::parse(id.as_str())).flatten();
    Some(Camera { source: Arc::clone(source), id, mac, path })
}

/// What is said about a camera below this path of it.
pub(crate) fn about(path: &str, source: &Source) -> About {
    // Commands may end with `/raw`, where the value stands bare; that a status does is not documented.
    let path = path.strip_suffix("/raw").unwrap_or(path);
    let testament = source.parameters.get("testament").map(String::as_str);
    match path {
        "alarm/triggered" => About::Code,
        "alarm/triggered/triggers" => About::Mask,
        "alarm/triggered/object" | "alarm/triggered/objects" => About::Objects,
        _ if testament.is_some_and(|name| name.trim_matches('/') == path) => About::Testament,
        "testament" | "connection" if testament.is_none() => About::Testament,
        _ => About::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(topics: &[(&str, &str)]) -> Site {
        let sources = topics.iter().map(|(id, topic)| {
            format!("[[source]]\nid = \"{id}\"\nvendor = \"instar\"\ntopic = \"{topic}\"\n")
        });
        let toml = format!("timezone = \"UTC\"\n{}", sources.collect::<String>());
        camhook_site::read(&toml, "test").unwrap().0
    }

    #[test]
    fn both_grammars_name_their_camera() {
        let site =
            site(&[("one", "cameras/115"), ("all", "cameras"), ("old", "instar"), ("deep", "garden/cams/")]);
        let expected = [
            ("cameras/115/status/alarm/triggered", "one", "115", "alarm/triggered"),
            ("cameras/116/status/testament", "all", "116", "testament"),
            (
                "instar/10D1DC228582/status/alarm/triggered/object",
                "old",
                "10D1DC228582",
                "alarm/triggered/object",
            ),
            ("instar/local/status/alarm/triggered", "old", "local", "alarm/triggered"),
            ("garden/cams/7/status/a/status/b", "deep", "7", "a/status/b"),
        ];
        for (topic, source, id, path) in expected {
            let camera = locate(&site, topic).unwrap();
            assert_eq!(
                (camera.source.id.as_str(), camera.id.as_str(), camera.path),
                (source, id, path),
                "{topic}"
            );
        }
        let mac = locate(&site, "instar/10D1DC228582/status/x").unwrap().mac;
        assert_eq!(mac.unwrap().to_string(), "10:d1:dc:22:85:82");
    }

    #[test]
    fn a_topic_of_nobody_and_a_command_name_no_camera() {
        let site = site(&[("one", "cameras/115")]);
        for topic in [
            "",
            "cameras",
            "cameras/115",
            "cameras/115/",
            "cameras/1150/status/alarm/triggered",
            "xcameras/115/status/alarm/triggered",
            "cameras/115/alarm/pushalarm",
            "cameras/115/status",
        ] {
            assert!(locate(&site, topic).is_none(), "{topic}");
        }
    }
}
