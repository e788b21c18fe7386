//! Which source a topic belongs to.

use std::sync::Arc;

use camhook_site::{Site, Source};

/// The source whose `topic` a topic begins with, segment by segment; the longest where several do.
#[must_use]
pub fn locate<'a>(site: &'a Site, topic: &str) -> Option<&'a Arc<Source>> {
    let prefix = |source: &'a Arc<Source>| {
        let prefix = source.topic.as_ref()?.as_str().trim_matches('/');
        topic.strip_prefix(prefix)?.starts_with('/').then_some((source, prefix.len()))
    };
    let (source, _) = site.sources().filter_map(prefix).max_by_key(|(_, length)| *length)?;
    Some(source)
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
    fn the_longest_topic_wins() {
        let site =
            site(&[("one", "cameras/115"), ("all", "cameras"), ("old", "instar"), ("deep", "garden/cams/")]);
        for (topic, expected) in [
            ("cameras/115/status/alarm/triggered", Some("one")),
            ("cameras/116/status/testament", Some("all")),
            ("cameras/1150/status/testament", Some("all")),
            ("instar/10D1DC228582/status/alarm/triggered/object", Some("old")),
            ("garden/cams/7/status/a/status/b", Some("deep")),
            ("xcameras/115/status/alarm/triggered", None),
            ("cameras", None),
            ("", None),
        ] {
            let found = locate(&site, topic).map(|source| source.id.as_str());
            assert_eq!(found, expected, "{topic}");
        }
    }
}
