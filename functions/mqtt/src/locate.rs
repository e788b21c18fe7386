//! Which source a topic belongs to.

use std::cmp::Reverse;
use std::sync::Arc;

use camhook_site::{Site, Source};

/// The source whose `topic` a topic begins with, segment by segment; the longest where several do, and of two that differ
/// in a slash at the beginning the one that has the message's.
#[must_use]
pub fn locate<'a>(site: &'a Site, topic: &str) -> Option<&'a Arc<Source>> {
    let fits = |source: &'a Arc<Source>| {
        let below = source.below_topic(topic)?;
        let own = source.topic.as_ref()?.as_str();
        Some((source, (Reverse(below.len()), own.starts_with('/') == topic.starts_with('/'))))
    };
    let (source, _) = site.sources().filter_map(fits).max_by_key(|(_, fit)| *fit)?;
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

    #[test]
    fn a_slash_at_the_beginning_may_be_written_or_left_out() {
        let site = site(&[("with", "/house"), ("both", "/cams/"), ("without", "cams"), ("one", "cams/7")]);
        for (topic, expected) in [
            ("/house/cam1/status/testament", Some("with")),
            ("house/cam1/status/testament", Some("with")),
            ("/cams/115/status/testament", Some("both")),
            ("cams/115/status/testament", Some("without")),
            ("/cams/7/status/testament", Some("one")),
            ("/houses/cam1/status/testament", None),
            ("/house", None),
        ] {
            let found = locate(&site, topic).map(|source| source.id.as_str());
            assert_eq!(found, expected, "{topic}");
        }
    }
}
