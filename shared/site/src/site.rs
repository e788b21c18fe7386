//! A whole site, and how its parts are found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camhook_event::{Event, Text, Vendor};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::{Action, CameraId, Channel, ChannelId, List, NamedCamera, PlateText, Relay, Rule, Source};

/// The modes that every area has.
pub(crate) const STANDARD_MODES: [&str; 3] = ["home", "away", "off"];

/// A whole site. Whatever its rules name is there.
#[derive(Debug, Clone)]
pub struct Site {
    pub(crate) version: Option<String>,
    pub(crate) timezone: TimeZone,
    pub(crate) alert_channel: Option<ChannelId>,
    pub(crate) sources: BTreeMap<String, Arc<Source>>,
    pub(crate) modes: Vec<String>,
    pub(crate) cameras: Vec<NamedCamera>,
    pub(crate) lists: Vec<List>,
    pub(crate) relays: Vec<Relay>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) rules: Vec<Rule>,
}

impl Default for Site {
    /// A site without sources, channels, relays and rules.
    fn default() -> Self {
        Self {
            version: None,
            timezone: TimeZone::UTC,
            alert_channel: None,
            sources: BTreeMap::new(),
            modes: Vec::new(),
            cameras: Vec::new(),
            lists: Vec::new(),
            relays: Vec::new(),
            channels: Vec::new(),
            rules: Vec::new(),
        }
    }
}

impl Site {
    /// The id of the configuration's version in the bucket; `None` for a file of the machine.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The site, known to be of this version of the configuration.
    #[must_use]
    pub fn with_version(self, version: Option<String>) -> Self {
        Self { version, ..self }
    }

    /// The site's time zone.
    #[must_use]
    pub fn timezone(&self) -> &TimeZone {
        &self.timezone
    }

    /// The channel that gets alerts.
    #[must_use]
    pub fn alert_channel(&self) -> Option<&Channel> {
        self.alert_channel.as_ref().and_then(|id| self.channel(id.as_str()))
    }

    /// The source with this id.
    #[must_use]
    pub fn source(&self, id: &str) -> Option<&Arc<Source>> {
        self.sources.get(id)
    }

    /// All sources, by id.
    pub fn sources(&self) -> impl Iterator<Item = &Arc<Source>> {
        self.sources.values()
    }

    /// The sources of a vendor, by id.
    pub fn sources_of(&self, vendor: Vendor) -> impl Iterator<Item = &Arc<Source>> {
        self.sources().filter(move |source| source.vendor == vendor)
    }

    /// The areas of the sources that send events.
    ///
    /// ```
    /// let text = r#"
    ///     timezone = "UTC"
    ///     source = [{ id = "gate", vendor = "viewtron", area = "yard", auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" } }]
    /// "#;
    /// let (site, _) = camhook_site::read(text, "camhook.toml").unwrap();
    /// assert!(site.areas().into_iter().eq(["yard"]));
    /// ```
    #[must_use]
    pub fn areas(&self) -> BTreeSet<&str> {
        let sources = self.sources().filter(|source| source.vendor.sends_events());
        sources.filter_map(|source| source.area.as_ref()).map(Text::as_str).collect()
    }

    /// The modes that an area may have: `home`, `away`, `off`, those of `modes`, and those that rules require or set.
    #[must_use]
    pub fn modes(&self) -> BTreeSet<&str> {
        let declared = STANDARD_MODES.into_iter().chain(self.modes.iter().map(String::as_str));
        declared.chain(self.modes_of_rules()).collect()
    }

    /// The modes that rules require or set.
    pub fn modes_of_rules(&self) -> impl Iterator<Item = &str> {
        let required = self.rules.iter().filter_map(|rule| rule.mode.as_ref()).flat_map(|mode| &mode.any_of);
        let set = self.rules.iter().flat_map(|rule| &rule.then).filter_map(|action| match action {
            Action::Mode { mode, .. } => Some(mode),
            Action::Notify { .. } | Action::Relay { .. } => None,
        });
        required.chain(set).map(Text::as_str)
    }

    /// The event's source where its address alone proves it: its events move no relay and set no mode.
    #[must_use]
    pub fn unproved_source(&self, event: &Event) -> Option<&Source> {
        let source = self.source(event.data.source.as_str())?;
        source.is_proved_by_address_alone().then_some(source.as_ref())
    }

    /// The cameras with a name over all sources, as they stand in the file.
    #[must_use]
    pub fn cameras(&self) -> &[NamedCamera] {
        &self.cameras
    }

    /// The lists of plates, by id.
    #[must_use]
    pub fn lists(&self) -> &[List] {
        &self.lists
    }

    /// The list with this id.
    #[must_use]
    pub fn list(&self, id: &str) -> Option<&List> {
        self.lists.iter().find(|list| list.id.as_str() == id)
    }

    /// The relays, as they stand in the file.
    #[must_use]
    pub fn relays(&self) -> &[Relay] {
        &self.relays
    }

    /// The relay with this id.
    #[must_use]
    pub fn relay(&self, id: &str) -> Option<&Relay> {
        self.relays.iter().find(|relay| relay.id.as_str() == id)
    }

    /// The channels, as they stand in the file.
    #[must_use]
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// The channel with this id.
    #[must_use]
    pub fn channel(&self, id: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id.as_str() == id)
    }

    /// The rules, as they stand in the file.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule with this id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id.as_str() == id)
    }

    /// The name over all sources of the camera that an event came from.
    #[must_use]
    pub fn camera(&self, event: &Event) -> Option<&CameraId> {
        let is = |named: &&NamedCamera| {
            named.sources.iter().any(|camera| camera.matches(&event.data.source, event.data.camera.as_ref()))
        };
        self.cameras.iter().find(is).map(|named| &named.id)
    }

    /// Who an event is about: the name beside its plate on a list of the site on that day, else the name that
    /// the device gives the face.
    #[must_use]
    pub fn person<'a>(&'a self, event: &'a Event) -> Option<&'a Text> {
        let plate = event.data.plate.as_ref();
        let listed = plate.and_then(|plate| self.name_of_plate(plate.text.as_str(), event.time.timestamp()));
        listed.or_else(|| event.data.face.as_ref().and_then(|face| face.name.as_ref()))
    }

    /// The name beside a plate on a list of the site that has it on the day of a time.
    #[must_use]
    pub fn name_of_plate(&self, plate: &str, time: Timestamp) -> Option<&Text> {
        let plate = PlateText::new(plate)?;
        let day = time.to_zoned(self.timezone.clone()).date();
        let entries = self.lists.iter().flat_map(|list| &list.entries);
        entries
            .filter(|entry| entry.plate == plate && entry.is_valid_on(day))
            .find_map(|entry| entry.name.as_ref())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn areas_and_modes_are_those_of_sources_and_rules() {
        let toml = r#"
            timezone = "UTC"
            modes = ["vacation"]
            [[source]]
            id = "gate"
            vendor = "viewtron"
            area = "yard"
            auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }
            [[source]]
            id = "phone"
            vendor = "control"
            auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }
            [[channel]]
            id = "family"
            kind = "webhook"
            url = "https://example.org"
            [[rule]]
            id = "notify-at-night"
            mode = { area = "yard", is = ["night", "away"] }
            then = [{ notify = "family" }]
            [[rule]]
            id = "leave"
            when = { kind = "manual" }
            then = [{ mode = "empty" }]
        "#;
        let (site, _) = crate::read(toml, "test").unwrap();
        assert_eq!(site.areas().into_iter().collect::<Vec<_>>(), ["yard"]);
        assert_eq!(site.modes_of_rules().collect::<Vec<_>>(), ["night", "away", "empty"]);
        let modes: Vec<_> = site.modes().into_iter().collect();
        assert_eq!(modes, ["away", "empty", "home", "night", "off", "vacation"]);
    }
}
