//! The filters in the URL of the timeline.

use camhook_event::{Kind, PlateList, TargetClass};
use camhook_operations::events::{CameraRef, Cursor, Filter, PlatePattern};
use camhook_site::Site;
use camhook_state::person::Person;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde_json::Value;

use crate::error::PageError;
use crate::format::bounds;

/// The maximum length of a text in a filter, in bytes.
const TEXT_LIMIT: usize = 200;

/// The names of the filters.
const NAMES: [&str; 13] = [
    "day", "area", "camera", "kind", "target", "plate", "face", "list", "text", "reviewed", "from", "to",
    "cursor",
];

/// Whether reviewed events are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reviewed {
    Yes,
    No,
}

impl Reviewed {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
        }
    }
}

/// The filters in the URL of the timeline. An absent one matches everything.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct TimelineQuery {
    /// The events of one day of the site's time zone.
    pub(crate) day: Option<Date>,
    pub(crate) area: Option<String>,
    /// A `[[camera]]`, a source, or `source/camera`.
    pub(crate) camera: Option<String>,
    pub(crate) kind: Option<Kind>,
    pub(crate) target: Option<TargetClass>,
    pub(crate) plate: Option<String>,
    pub(crate) face: Option<String>,
    pub(crate) list: Option<PlateList>,
    pub(crate) text: Option<String>,
    pub(crate) reviewed: Option<Reviewed>,
    /// Local times of the site.
    pub(crate) from: Option<DateTime>,
    pub(crate) to: Option<DateTime>,
    /// Where the list continues.
    pub(crate) cursor: Option<Cursor>,
}

/// Every class of targets, as it is named in a query.
pub(crate) const TARGETS: [(TargetClass, &str, &str); 7] = [
    (TargetClass::Person, "person", "Person"),
    (TargetClass::Vehicle, "vehicle", "Vehicle"),
    (TargetClass::MotorcycleBicycle, "motorcycle_bicycle", "Motorcycle or bicycle"),
    (TargetClass::Animal, "animal", "Animal"),
    (TargetClass::Face, "face", "Face"),
    (TargetClass::Plate, "plate", "Plate"),
    (TargetClass::Other, "other", "Other"),
];

/// Every list of a device, as it is named in a query.
pub(crate) const LISTS: [(PlateList, &str, &str); 5] = [
    (PlateList::Allow, "allow", "Allow list"),
    (PlateList::Deny, "deny", "Block list"),
    (PlateList::Temporary, "temporary", "Temporary list"),
    (PlateList::Stranger, "stranger", "On no list"),
    (PlateList::Unlisted, "unlisted", "Not compared"),
];

impl TimelineQuery {
    /// Reads a query. Empty values count as absent: a form sends every field.
    pub(crate) fn parse(query: &str) -> Result<Self, PageError> {
        Self::from_pairs(form_urlencoded::parse(query.as_bytes()))
    }

    /// Reads the pairs of a query.
    pub(crate) fn from_pairs<N: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, PageError> {
        let mut query = Self::default();
        for (name, value) in pairs {
            let (name, value) = (name.as_ref(), value.as_ref().trim());
            if !NAMES.contains(&name) {
                return Err(PageError::invalid("The timeline has no such filter."));
            }
            if !value.is_empty() {
                query.set(name, value)?;
            }
        }
        Ok(query)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), PageError> {
        let wrong = || PageError::invalid(format!("The filter “{name}” has a value that it cannot have."));
        if value.len() > TEXT_LIMIT {
            return Err(wrong());
        }
        let text = Some(value.to_owned());
        match name {
            "day" => self.day = Some(value.parse().map_err(|_| wrong())?),
            "area" => self.area = text,
            "camera" => self.camera = text,
            "kind" => self.kind = Some(kind(value).ok_or_else(wrong)?),
            "target" => self.target = Some(named(TARGETS, value).ok_or_else(wrong)?),
            "plate" => {
                value.parse::<PlatePattern>().map_err(|_| wrong())?;
                self.plate = text;
            }
            "face" => self.face = text,
            "list" => self.list = Some(named(LISTS, value).ok_or_else(wrong)?),
            "text" => self.text = text,
            "reviewed" => {
                let choices = [Reviewed::Yes, Reviewed::No];
                let chosen = choices.into_iter().find(|choice| choice.name() == value);
                self.reviewed = Some(chosen.ok_or_else(wrong)?);
            }
            "from" => self.from = Some(value.parse().map_err(|_| wrong())?),
            "to" => self.to = Some(value.parse().map_err(|_| wrong())?),
            "cursor" => self.cursor = Some(value.parse().map_err(|_| wrong())?),
            _ => return Err(wrong()),
        }
        Ok(())
    }

    /// The query as the part of a URL from its `?` on; empty without filters.
    pub(crate) fn to_url(&self) -> String {
        let mut serializer = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.pairs() {
            serializer.append_pair(name, &value);
        }
        let query = serializer.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }

    fn pairs(&self) -> Vec<(&'static str, String)> {
        let text = |text: &Option<String>| text.clone();
        let pairs = [
            ("day", self.day.map(|day| day.to_string())),
            ("area", text(&self.area)),
            ("camera", text(&self.camera)),
            ("kind", self.kind.map(|kind| kind.name().to_owned())),
            ("target", self.target.and_then(|target| name_of(TARGETS, target))),
            ("plate", text(&self.plate)),
            ("face", text(&self.face)),
            ("list", self.list.and_then(|list| name_of(LISTS, list))),
            ("text", text(&self.text)),
            ("reviewed", self.reviewed.map(|reviewed| reviewed.name().to_owned())),
            ("from", self.from.map(local)),
            ("to", self.to.map(local)),
            ("cursor", self.cursor.as_ref().map(ToString::to_string)),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Whether events are left out by more than their time and the area.
    pub(crate) fn is_narrow(&self) -> bool {
        let rest = Self { day: None, area: None, reviewed: None, cursor: None, ..self.clone() };
        rest != Self::default()
    }

    /// Whether new events can appear: the query has no end in the past.
    pub(crate) fn is_open(&self, today: Date) -> bool {
        self.to.is_none() && self.cursor.is_none() && self.day.is_none_or(|day| day == today)
    }

    /// The filter on the index, limited to what a person may see.
    pub(crate) fn filter(&self, site: &Site, person: &Person) -> Result<Filter, PageError> {
        if let Some(area) = &self.area
            && !person.may_see(Some(area))
        {
            return Err(PageError::invalid("There is no such area."));
        }
        let plate = self.plate.as_deref().map(str::parse::<PlatePattern>).transpose();
        let mut filter = Filter {
            area: self.area.clone(),
            areas: person.areas.clone(),
            kind: self.kind,
            target: self.target,
            plate: plate.map_err(|_| PageError::invalid("The plate cannot be searched for."))?,
            face: self.face.clone(),
            list: self.list,
            text: self.text.clone(),
            cameras: self.camera.as_deref().map(|name| cameras(site, name)).unwrap_or_default(),
            ..Filter::default()
        };
        let zone = site.timezone();
        let out_of_range = || PageError::invalid("The day or time is outside of the range of times.");
        let moment = |local: Option<DateTime>| {
            let zoned = local.map(|local| local.to_zoned(zone.clone())).transpose();
            zoned.map(|zoned| zoned.map(|zoned| zoned.timestamp())).map_err(|_| out_of_range())
        };
        let day = self.day.map(|day| bounds(day, zone).ok_or_else(out_of_range)).transpose()?;
        filter.since = later(moment(self.from)?, day.map(|(start, _)| start));
        filter.until = earlier(moment(self.to)?, day.map(|(_, end)| end));
        Ok(filter)
    }
}

fn later(left: Option<Timestamp>, right: Option<Timestamp>) -> Option<Timestamp> {
    left.max(right)
}

fn earlier(left: Option<Timestamp>, right: Option<Timestamp>) -> Option<Timestamp> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (left, right) => left.or(right),
    }
}

/// A local time as the field of a form writes it.
pub(crate) fn local(time: DateTime) -> String {
    time.strftime("%Y-%m-%dT%H:%M").to_string()
}

fn kind(name: &str) -> Option<Kind> {
    Kind::ALL.iter().copied().find(|kind| kind.name() == name)
}

fn named<T: Copy, const N: usize>(all: [(T, &str, &str); N], name: &str) -> Option<T> {
    all.into_iter().find(|(_, known, _)| *known == name).map(|(value, ..)| value)
}

fn name_of<T: Copy + PartialEq, const N: usize>(all: [(T, &str, &str); N], value: T) -> Option<String> {
    all.into_iter().find(|(known, ..)| *known == value).map(|(_, name, _)| name.to_owned())
}

/// The cameras behind a name: those of a `[[camera]]`, one of a source, or all of a source.
fn cameras(site: &Site, name: &str) -> Vec<CameraRef> {
    if let Some(camera) = site.cameras().iter().find(|camera| camera.id.as_str() == name) {
        let of_source = |one: &camhook_site::CameraReference| CameraRef {
            source: one.source.to_string(),
            camera: one.camera.as_ref().map(ToString::to_string),
        };
        return camera.sources.iter().map(of_source).collect();
    }
    let (source, camera) = match name.split_once('/') {
        Some((source, camera)) => (source, Some(camera.to_owned())),
        None => (name, None),
    };
    vec![CameraRef { source: source.to_owned(), camera }]
}

/// The name of an enumeration's value in JSON.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word.replace('_', " "),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use camhook_state::person::Role;

    use super::*;

    fn site() -> Site {
        let toml = r#"
            timezone = "Europe/Berlin"
            [[source]]
            id = "gate"
            vendor = "viewtron"
            area = "yard"
            auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }
            [[camera]]
            id = "drive"
            sources = ["gate/3"]
        "#;
        camhook_site::read(toml, "test").unwrap().0
    }

    fn person(areas: &[&str]) -> Person {
        let areas: BTreeSet<String> = areas.iter().map(|area| (*area).to_owned()).collect();
        Person { name: "Anna".to_owned(), role: Role::Viewer, areas, invited_at: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn a_query_is_written_as_it_is_read() {
        let url = "?day=2026-11-29&area=yard&camera=gate%2F3&kind=plate&target=vehicle&plate=B*12&face=Ann\
                   &list=deny&text=a%26b&reviewed=no&from=2026-11-29T08%3A00&to=2026-11-29T09%3A00\
                   &cursor=1795420800123-0123456789abcdef0123456789abcdef";
        assert_eq!(TimelineQuery::parse(&url[1..]).unwrap().to_url(), url);
        assert_eq!(TimelineQuery::parse("kind=&plate=&day=").unwrap(), TimelineQuery::default());
        assert_eq!(TimelineQuery::default().to_url(), "");
    }

    #[test]
    fn values_that_a_filter_cannot_have_are_refused() {
        for wrong in [
            "q=%22%3C",
            "kind=%3Cb%3E",
            "day=today",
            "plate=*",
            "list=x",
            "target=x",
            "reviewed=maybe",
            "from=x",
            "to=25:00",
            "cursor=x",
        ] {
            assert!(matches!(TimelineQuery::parse(wrong), Err(PageError::Invalid(_))), "{wrong}");
        }
        let long = format!("text={}", "a".repeat(201));
        assert!(TimelineQuery::parse(&long).is_err());
    }

    #[test]
    fn a_filter_is_limited_to_the_areas_of_the_person() {
        let parse = |query: &str| TimelineQuery::parse(query).unwrap();
        let filter = parse("camera=drive").filter(&site(), &person(&["yard"])).unwrap();
        assert_eq!(filter.areas, person(&["yard"]).areas);
        let camera = CameraRef { source: "gate".to_owned(), camera: Some("3".to_owned()) };
        assert_eq!(filter.cameras, [camera]);
        assert!(parse("area=office").filter(&site(), &person(&["yard"])).is_err());
        assert!(parse("area=office").filter(&site(), &person(&[])).is_ok());
    }

    #[test]
    fn a_day_outside_of_the_range_of_times_is_refused_and_not_ignored() {
        for query in ["day=9999-12-31", "day=-9999-01-01", "from=9999-12-31T23:59", "to=-9999-01-01T00:00"] {
            let filter = TimelineQuery::parse(query).and_then(|query| query.filter(&site(), &person(&[])));
            assert!(matches!(filter, Err(PageError::Invalid(_))), "{query}: {filter:?}");
        }
        for query in ["day=0001-01-01", "day=9999-12-29", "day=1970-01-01"] {
            let filter = TimelineQuery::parse(query).and_then(|query| query.filter(&site(), &person(&[])));
            assert!(filter.is_ok_and(|filter| filter.since < filter.until), "{query}");
        }
    }

    #[test]
    fn a_day_is_one_of_the_sites_time_zone() {
        let filter = TimelineQuery::parse("day=2026-11-29&from=2026-11-29T08:00").unwrap();
        let filter = filter.filter(&site(), &person(&[])).unwrap();
        assert_eq!(filter.since.unwrap().to_string(), "2026-11-29T07:00:00Z");
        assert_eq!(filter.until.unwrap().to_string(), "2026-11-29T23:00:00Z");
    }
}
