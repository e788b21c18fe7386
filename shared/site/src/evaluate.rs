//! Whether a rule matches an event, and if not, why.

use std::collections::BTreeMap;
use std::fmt;

use camhook_event::{
    Direction, Event, Face, Fraction, Kind, Plate, PlateList, State, Target, TargetClass, Text, Zone,
};
use jiff::Timestamp;
use serde_json::Value;

use crate::plate_match::{ListVerdict, exact, tolerant};
use crate::rule::DEFAULT_MODE;
use crate::{Condition, CountClass, Counter, ListId, PlateChoice, PlateMatch, PlateText, Rule, Site, Test};

/// The current mode of each area.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modes(BTreeMap<String, String>);

impl Modes {
    /// The mode of an area; [`DEFAULT_MODE`] for an area whose mode was never set.
    #[must_use]
    pub fn get(&self, area: &str) -> &str {
        self.0.get(area).map_or(DEFAULT_MODE, String::as_str)
    }

    /// The areas whose mode was set, each with its mode.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(area, mode)| (area.as_str(), mode.as_str()))
    }
}

impl<A: Into<String>, M: Into<String>> FromIterator<(A, M)> for Modes {
    fn from_iter<T: IntoIterator<Item = (A, M)>>(modes: T) -> Self {
        Self(modes.into_iter().map(|(area, mode)| (area.into(), mode.into())).collect())
    }
}

/// What a rule is evaluated against, beside the event.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The site.
    pub site: &'a Site,
    /// The time that `during` and the days of lists are compared with: when the event happened.
    pub at: Timestamp,
    /// The current mode of each area.
    pub modes: &'a Modes,
}

/// Whether a rule matches an event. The reasons are written only when they are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Verdict<'a> {
    rule: &'a Rule,
    event: &'a Event,
    context: Context<'a>,
    is_match: bool,
}

/// Evaluates a rule for an event.
#[must_use]
pub fn evaluate<'a>(rule: &'a Rule, event: &'a Event, context: &Context<'a>) -> Verdict<'a> {
    let is_match = rule.when.passes(event, context) == Passes::Yes
        && is_scheduled(rule, context)
        && mode_obstacle(rule, event, context).is_none();
    Verdict { rule, event, context: *context, is_match }
}

impl Verdict<'_> {
    /// Whether the rule matches.
    #[must_use]
    pub fn is_match(&self) -> bool {
        self.is_match
    }

    /// The plates that matched a list of the rule only by tolerance; none when the rule does not match.
    #[must_use]
    pub fn plate_matches(&self) -> Vec<PlateMatch> {
        let Self { rule, event, context, is_match } = self;
        if *is_match { plate_matches(rule, event, context) } else { Vec::new() }
    }

    /// Why the rule does not match: every reason; none when it matches.
    #[must_use]
    pub fn explain(&self) -> Vec<Reason> {
        let Self { rule, event, context, is_match } = self;
        if *is_match {
            return Vec::new();
        }
        let mut reasons = rule.when.explain(event, context);
        if !is_scheduled(rule, context) {
            reasons.push(Reason::OutsideSchedule);
        }
        reasons.extend(mode_obstacle(rule, event, context).map(ModeObstacle::reason));
        reasons
    }
}

/// The plates by which an event matches lists of a rule only by tolerance, whatever else the rule wants.
#[must_use]
pub fn plate_matches(rule: &Rule, event: &Event, context: &Context<'_>) -> Vec<PlateMatch> {
    let mut matches: Vec<PlateMatch> = Vec::new();
    for test in rule.when.tests() {
        let Test::Plate(any_of) = test else { continue };
        if let PlateVerdict::Tolerant(found) = plate(any_of, event, context)
            && !matches.contains(&found)
        {
            matches.push(found);
        }
    }
    matches
}

/// Whether an event passes a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Passes {
    /// It does not.
    No,
    /// Nobody can tell: the device does not say whose face it is, on which list a plate or face is, or whether a face
    /// matched, or a plate was not read, or is like those of several lists. Neither the condition nor its opposite holds, so that no rule accepts such a
    /// plate or face.
    Unknown,
    /// It does.
    Yes,
}

impl From<bool> for Passes {
    fn from(passes: bool) -> Self {
        if passes { Self::Yes } else { Self::No }
    }
}

impl std::ops::Not for Passes {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
            Self::Yes => Self::No,
        }
    }
}

/// Why a rule does not match. Its text is for the person who wrote the rule; it may hold a plate or a name and
/// stays out of logs, where [`Reason::key`] is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The event has another value.
    Differs {
        /// The key of the rule.
        key: String,
        /// What the rule wants.
        wanted: String,
        /// What the event has.
        found: String,
    },
    /// The event has no such value.
    Absent {
        /// The key of the rule.
        key: String,
        /// What the rule wants.
        wanted: String,
    },
    /// The device does not say what the rule depends on, here or within `not`.
    Unknown {
        /// The key of the rule.
        key: String,
    },
    /// The plate is on the list, but not on this day.
    NotThatDay {
        /// The list.
        list: String,
    },
    /// The plate is within the tolerance of a list, and other lists have it or a plate within the tolerance.
    AmbiguousPlate {
        /// The list that the rule names.
        list: String,
        /// The other lists.
        others: String,
    },
    /// It meets none of several alternatives, each with its own reasons.
    NoAlternative(Vec<Vec<Reason>>),
    /// It meets what the rule excludes.
    Excluded,
    /// It happened outside the hours, days and dates of the rule.
    OutsideSchedule,
    /// The area is in another mode.
    OtherMode {
        /// The area.
        area: String,
        /// In which modes the rule is in force.
        wanted: String,
        /// In which mode the area is.
        found: String,
    },
    /// The rule wants a mode of the event's area, and the event has no area.
    NoArea,
}

impl Reason {
    /// The key of the rule that is not met.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Differs { key, .. } | Self::Absent { key, .. } | Self::Unknown { key } => key,
            Self::NotThatDay { .. } | Self::AmbiguousPlate { .. } => "plate",
            Self::NoAlternative(_) => "any",
            Self::Excluded => "not",
            Self::OutsideSchedule => "during",
            Self::OtherMode { .. } | Self::NoArea => "mode",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs { key, wanted, found } => {
                write!(formatter, "{key} is {found}, the rule wants {wanted}")
            }
            Self::Absent { key, wanted } => {
                write!(formatter, "the event has no {key}, the rule wants {wanted}")
            }
            Self::Unknown { key } => match key.as_str() {
                "matched" => formatter.write_str("the device does not say whether the face matched"),
                "face" => formatter.write_str("the device does not say whose face it is"),
                "face_list" => formatter.write_str("the device does not say on which list the face is"),
                "plate" => formatter.write_str("the plate was not read"),
                _ => formatter.write_str("the device does not say on which list the plate is"),
            },
            Self::NotThatDay { list } => write!(formatter, "the plate is on @{list}, but not on this day"),
            Self::AmbiguousPlate { list, others } => write!(
                formatter,
                "the plate is almost one on @{list}, and also one or almost one on {others}"
            ),
            Self::NoAlternative(alternatives) => {
                formatter.write_str("none of `any` is met: ")?;
                for (index, reasons) in alternatives.iter().enumerate() {
                    if index > 0 {
                        formatter.write_str("; or ")?;
                    }
                    let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
                    formatter.write_str(&reasons.join(" and "))?;
                }
                Ok(())
            }
            Self::Excluded => formatter.write_str("the event meets what `not` excludes"),
            Self::OutsideSchedule => formatter.write_str("it happened outside `during`"),
            Self::OtherMode { area, wanted, found } => {
                write!(formatter, "the mode of {area} is {found}, the rule wants {wanted}")
            }
            Self::NoArea => formatter.write_str("the rule wants a mode, and the event's source has no area"),
        }
    }
}

fn is_scheduled(rule: &Rule, context: &Context<'_>) -> bool {
    let timezone = context.site.timezone();
    rule.during.is_empty() || rule.during.iter().any(|schedule| schedule.contains(context.at, timezone))
}

/// Why the mode that a rule wants is not the current one.
enum ModeObstacle<'a> {
    NoArea,
    Other { area: &'a Text, wanted: &'a [Text], found: &'a str },
}

impl ModeObstacle<'_> {
    fn reason(self) -> Reason {
        match self {
            Self::NoArea => Reason::NoArea,
            Self::Other { area, wanted, found } => Reason::OtherMode {
                area: area.as_str().to_owned(),
                wanted: alternatives(wanted),
                found: found.to_owned(),
            },
        }
    }
}

fn mode_obstacle<'a>(rule: &'a Rule, event: &'a Event, context: &Context<'a>) -> Option<ModeObstacle<'a>> {
    let mode = rule.mode.as_ref()?;
    let Some(area) = mode.area(event) else { return Some(ModeObstacle::NoArea) };
    let found = context.modes.get(area.as_str());
    let is_current = mode.any_of.iter().any(|mode| mode.as_str() == found);
    (!is_current).then_some(ModeObstacle::Other { area, wanted: &mode.any_of, found })
}

impl Condition {
    fn passes(&self, event: &Event, context: &Context<'_>) -> Passes {
        match self {
            Self::All(conditions) => {
                let mut passes = Passes::Yes;
                for condition in conditions {
                    passes = passes.min(condition.passes(event, context));
                    if passes == Passes::No {
                        break;
                    }
                }
                passes
            }
            Self::Any(conditions) => {
                let mut passes = Passes::No;
                for condition in conditions {
                    passes = passes.max(condition.passes(event, context));
                    if passes == Passes::Yes {
                        break;
                    }
                }
                passes
            }
            Self::Not(condition) => !condition.passes(event, context),
            Self::Test(test) => test.passes(event, context),
        }
    }

    /// The reasons why an event does not pass; none when it does.
    fn explain(&self, event: &Event, context: &Context<'_>) -> Vec<Reason> {
        if self.passes(event, context) == Passes::Yes {
            return Vec::new();
        }
        match self {
            Self::All(conditions) => {
                conditions.iter().flat_map(|condition| condition.explain(event, context)).collect()
            }
            Self::Any(conditions) => {
                let reasons = conditions.iter().map(|condition| condition.explain(event, context));
                vec![Reason::NoAlternative(reasons.collect())]
            }
            Self::Not(condition) if condition.passes(event, context) == Passes::Unknown => {
                let tests = condition.tests().into_iter();
                let unknown = tests.filter(|test| test.passes(event, context) == Passes::Unknown);
                let mut reasons: Vec<Reason> = unknown.map(|test| test.explain(event, context)).collect();
                reasons.dedup();
                reasons
            }
            Self::Not(_) => vec![Reason::Excluded],
            Self::Test(test) => vec![test.explain(event, context)],
        }
    }
}

impl Test {
    fn passes(&self, event: &Event, context: &Context<'_>) -> Passes {
        let data = &event.data;
        match self {
            Self::PlateList(any_of) => plate_list(any_of, event),
            Self::FaceList(any_of) => face_list(any_of, event),
            Self::Matched(wanted) => matched(*wanted, event),
            Self::Plate(any_of) => plate(any_of, event, context).passes(),
            Self::Source(any_of) => any_of.contains(&data.source).into(),
            Self::Camera(any_of) => {
                let mut cameras = any_of.iter().flat_map(|choice| &choice.any_of);
                cameras.any(|one| one.matches(&data.source, data.camera.as_ref())).into()
            }
            Self::Area(any_of) => data.area.as_ref().is_some_and(|area| any_of.contains(area)).into(),
            Self::Vendor(any_of) => any_of.contains(&data.vendor).into(),
            Self::Kind(any_of) => any_of.contains(&data.kind).into(),
            Self::VendorKind(any_of) => {
                data.vendor_kind.as_ref().is_some_and(|kind| any_of.contains(kind)).into()
            }
            Self::Name(any_of) => any_alike(any_of, data.name.as_ref()).into(),
            Self::Report(any_of) => any_of.contains(&data.report).into(),
            Self::State(any_of) => data.state.is_some_and(|state| any_of.contains(&state)).into(),
            Self::NoStop => (data.state != Some(State::Stop)).into(),
            Self::Target(any_of) => {
                let mut classes = data.targets.iter().filter_map(|target| target.class);
                classes.any(|class| any_of.contains(&class)).into()
            }
            Self::Zone(any_of) => {
                let (id, name) = zone(event);
                let mut numbers = data.zone.iter().flat_map(Zone::numbers);
                let is_number = |number: &str| any_of.iter().any(|wanted| wanted.as_str() == number);
                (any_alike(any_of, id) || any_alike(any_of, name) || numbers.any(is_number)).into()
            }
            Self::Direction(any_of) => {
                let found = data.plate.as_ref().and_then(|plate| plate.direction);
                found.is_some_and(|found| any_of.iter().any(|wanted| is_direction(*wanted, found))).into()
            }
            Self::Face(any_of) => face(any_of, event),
            Self::Count { class, counter, above } => {
                count(event, *class, *counter).is_some_and(|count| count > *above).into()
            }
            Self::MinConfidence { at_least, classes } => {
                confidence(event, classes).is_some_and(|confidence| confidence >= at_least.value()).into()
            }
            Self::VendorData { name, values } => match data.vendor_data.get(name) {
                Some(Value::Array(several)) => several.iter().any(|value| any_same(values, value)).into(),
                Some(value) => any_same(values, value).into(),
                None => Passes::No,
            },
        }
    }

    /// Why an event does not pass this test.
    fn explain(&self, event: &Event, context: &Context<'_>) -> Reason {
        if let Self::Plate(any_of) = self
            && let Some(reason) = plate(any_of, event, context).obstacle()
        {
            return reason;
        }
        let key = self.key().to_owned();
        if self.passes(event, context) == Passes::Unknown {
            return Reason::Unknown { key };
        }
        let wanted = self.wanted();
        match self.found(event) {
            Some(found) => Reason::Differs { key, wanted, found },
            None => Reason::Absent { key, wanted },
        }
    }

    /// What the rule wants, in words.
    pub(crate) fn wanted(&self) -> String {
        match self {
            Self::Source(any_of)
            | Self::Area(any_of)
            | Self::VendorKind(any_of)
            | Self::Name(any_of)
            | Self::Zone(any_of)
            | Self::Face(any_of) => alternatives(any_of),
            Self::Camera(any_of) => alternatives(any_of.iter().map(|choice| &choice.written)),
            Self::Vendor(any_of) => alternatives(any_of),
            Self::Kind(any_of) => alternatives(any_of),
            Self::Report(any_of) => alternatives(any_of.iter().map(name_of)),
            Self::State(any_of) => alternatives(any_of.iter().map(name_of)),
            Self::NoStop => "anything but stop".to_owned(),
            Self::Target(any_of) => alternatives(any_of.iter().map(name_of)),
            Self::Plate(any_of) => alternatives(any_of.iter().map(|choice| match choice {
                PlateChoice::Plate(plate) => plate.as_str().to_owned(),
                PlateChoice::List(list) => format!("@{list}"),
                PlateChoice::Tolerant(list) => format!("@{list}~1"),
            })),
            Self::PlateList(any_of) | Self::FaceList(any_of) => alternatives(any_of.iter().map(name_of)),
            Self::Matched(wanted) => wanted.to_string(),
            Self::Direction(any_of) => alternatives(any_of.iter().map(name_of)),
            Self::Count { above, .. } => format!("more than {above}"),
            Self::MinConfidence { at_least, .. } => format!("at least {}", at_least.value()),
            Self::VendorData { values, .. } => alternatives(values.iter().map(scalar_text)),
        }
    }

    /// What the event has instead, in words; `None` when it has no such value.
    fn found(&self, event: &Event) -> Option<String> {
        let data = &event.data;
        match self {
            Self::Source(_) => Some(data.source.to_string()),
            Self::Camera(_) => Some(match &data.camera {
                Some(camera) => format!("{}/{}", data.source, camera.id),
                None => data.source.to_string(),
            }),
            Self::Area(_) => data.area.as_ref().map(ToString::to_string),
            Self::Vendor(_) => Some(data.vendor.to_string()),
            Self::Kind(_) => Some(data.kind.to_string()),
            Self::VendorKind(_) => data.vendor_kind.as_ref().map(ToString::to_string),
            Self::Name(_) => data.name.as_ref().map(ToString::to_string),
            Self::Report(_) => Some(name_of(&data.report)),
            Self::State(_) | Self::NoStop => data.state.as_ref().map(name_of),
            Self::Target(_) => {
                let classes = data.targets.iter().filter_map(|target| target.class.as_ref());
                Some(together(classes.map(name_of))).filter(|classes| !classes.is_empty())
            }
            Self::Zone(_) => {
                let (id, name) = zone(event);
                name.or(id).map(ToString::to_string)
            }
            Self::Plate(_) => plate_text(event).map(|plate| plate.as_str().to_owned()),
            Self::PlateList(_) => data.plate.as_ref()?.list.as_ref().map(name_of),
            Self::FaceList(_) => data.face.as_ref()?.list.as_ref().map(name_of),
            Self::Matched(_) => Some(data.face.as_ref()?.matched?.to_string()),
            Self::Direction(_) => data.plate.as_ref()?.direction.as_ref().map(name_of),
            Self::Face(_) => face_name(event).map(ToString::to_string),
            Self::Count { class, counter, .. } => {
                count(event, *class, *counter).map(|count| count.to_string())
            }
            Self::MinConfidence { classes, .. } => {
                confidence(event, classes).map(|confidence| confidence.to_string())
            }
            Self::VendorData { name, .. } => data.vendor_data.get(name).map(scalar_text),
        }
    }
}

/// Whether the event's plate is on one of these lists of the device. An event about a plate that does not say so is
/// unknown, also when the plate was not read at all.
fn plate_list(any_of: &[PlateList], event: &Event) -> Passes {
    match &event.data.plate {
        Some(Plate { list: Some(list), .. }) => is_listed(any_of, *list),
        Some(_) => Passes::Unknown,
        None if event.data.kind == Kind::Plate => Passes::Unknown,
        None => Passes::No,
    }
}

/// Whether the event's face is on one of these lists of the device. A face that the device did not find in its album
/// is on none of the lists of the album, whatever stands beside it.
fn face_list(any_of: &[PlateList], event: &Event) -> Passes {
    match &event.data.face {
        Some(Face { matched: Some(false), list: Some(list), .. }) if *list != PlateList::Stranger => {
            Passes::Unknown
        }
        Some(Face { list: Some(list), .. }) => is_listed(any_of, *list),
        Some(_) => Passes::Unknown,
        None if is_about_a_face(event) => Passes::Unknown,
        None => Passes::No,
    }
}

fn is_listed(any_of: &[PlateList], list: PlateList) -> Passes {
    if any_of.contains(&list) {
        return Passes::Yes;
    }
    // The device says nothing of a list.
    if list == PlateList::Unlisted { Passes::Unknown } else { Passes::No }
}

/// Whether the device found the event's face in its album, as wanted.
fn matched(wanted: bool, event: &Event) -> Passes {
    match &event.data.face {
        Some(Face { matched: Some(matched), .. }) => (*matched == wanted).into(),
        Some(_) => Passes::Unknown,
        None if is_about_a_face(event) => Passes::Unknown,
        None => Passes::No,
    }
}

/// Whether the event's face bears one of these names. A face without a name may be anybody's, unless the device looked for
/// it in its album and found nobody.
fn face(any_of: &[Text], event: &Event) -> Passes {
    match &event.data.face {
        Some(Face { name: Some(name), .. }) => any_alike(any_of, Some(name)).into(),
        Some(Face { matched: Some(false), .. }) => Passes::No,
        Some(_) => Passes::Unknown,
        None if is_about_a_face(event) => Passes::Unknown,
        None => Passes::No,
    }
}

fn is_about_a_face(event: &Event) -> bool {
    matches!(event.data.kind, Kind::Face | Kind::FaceMatch)
}

/// How a plate compares with those that a rule names.
enum PlateVerdict<'a> {
    /// It is one of them.
    Named,
    /// It is within the tolerance of one of them.
    Tolerant(PlateMatch),
    /// It is none of them.
    Other,
    /// It is on this list, but not on this day.
    OtherDay(&'a str),
    /// It is within the tolerance of this list, and of others.
    Ambiguous { list: &'a str, others: Vec<ListId> },
    /// The event is about a plate that was not read.
    Unread,
}

impl PlateVerdict<'_> {
    fn passes(&self) -> Passes {
        match self {
            Self::Named | Self::Tolerant(_) => Passes::Yes,
            Self::Other | Self::OtherDay(_) => Passes::No,
            Self::Ambiguous { .. } | Self::Unread => Passes::Unknown,
        }
    }

    /// What a list has against a plate that is on it, or almost.
    fn obstacle(&self) -> Option<Reason> {
        match self {
            Self::OtherDay(list) => Some(Reason::NotThatDay { list: (*list).to_owned() }),
            Self::Ambiguous { list, others } => {
                let others = alternatives(others.iter().map(|other| format!("@{other}")));
                Some(Reason::AmbiguousPlate { list: (*list).to_owned(), others })
            }
            Self::Named | Self::Tolerant(_) | Self::Other | Self::Unread => None,
        }
    }
}

fn plate<'a>(any_of: &'a [PlateChoice], event: &Event, context: &Context<'_>) -> PlateVerdict<'a> {
    let Some(plate) = plate_text(event) else {
        let has_plate = event.data.plate.is_some() || event.data.kind == Kind::Plate;
        return if has_plate { PlateVerdict::Unread } else { PlateVerdict::Other };
    };
    let day = context.at.to_zoned(context.site.timezone().clone()).date();
    let mut obstacle = None;
    let mut by_tolerance = None;
    for choice in any_of {
        let (list, verdict) = match choice {
            PlateChoice::Plate(wanted) if *wanted == plate => return PlateVerdict::Named,
            PlateChoice::Plate(_) => continue,
            PlateChoice::List(list) => (list, exact(context.site, list, &plate, day)),
            PlateChoice::Tolerant(list) => (list, tolerant(context.site, list, &plate, day)),
        };
        match verdict {
            ListVerdict::Exact => return PlateVerdict::Named,
            ListVerdict::Tolerant(found) => by_tolerance = by_tolerance.or(Some(found)),
            ListVerdict::OtherDay => {
                obstacle = obstacle.or(Some(PlateVerdict::OtherDay(list.as_str())));
            }
            // Whatever the other lists say: it is not known to be on none of them.
            ListVerdict::Ambiguous(others) => {
                obstacle = Some(PlateVerdict::Ambiguous { list: list.as_str(), others });
            }
            ListVerdict::No => {}
        }
    }
    match by_tolerance {
        Some(found) => PlateVerdict::Tolerant(found),
        None => obstacle.unwrap_or(PlateVerdict::Other),
    }
}

fn plate_text(event: &Event) -> Option<PlateText> {
    event.data.plate.as_ref().and_then(|plate| PlateText::new(plate.text.as_str()))
}

fn face_name(event: &Event) -> Option<&Text> {
    event.data.face.as_ref().and_then(|face| face.name.as_ref())
}

/// Id and name of the event's zone.
fn zone(event: &Event) -> (Option<&Text>, Option<&Text>) {
    match &event.data.zone {
        Some(zone) => (zone.id.as_ref(), zone.name.as_ref()),
        None => (None, None),
    }
}

fn count(event: &Event, class: CountClass, counter: Counter) -> Option<u64> {
    let counts = event.data.counts.as_ref()?;
    let tally = match class {
        CountClass::Person => &counts.person,
        CountClass::Vehicle => &counts.vehicle,
        CountClass::MotorcycleBicycle => &counts.motorcycle_bicycle,
        CountClass::Total => &counts.total,
    };
    match counter {
        Counter::Enter => tally.enter,
        Counter::Leave => tally.leave,
        Counter::Inside => tally.inside,
    }
}

/// How sure the device is: of the plate, else of the face's likeness, else of the target that it is surest of.
fn confidence(event: &Event, classes: &[TargetClass]) -> Option<f64> {
    let data = &event.data;
    let plate = data.plate.as_ref().and_then(|plate| plate.confidence);
    let face = data.face.as_ref().and_then(|face| face.similarity);
    if let Some(confidence) = plate.or(face) {
        return Some(confidence.value());
    }
    let of_class =
        |target: &&Target| classes.is_empty() || target.class.is_some_and(|class| classes.contains(&class));
    let confidences =
        data.targets.iter().filter(of_class).filter_map(|target| target.confidence).map(Fraction::value);
    confidences.max_by(f64::total_cmp)
}

/// Whether a text is one of these, ignoring case.
fn any_alike(any_of: &[Text], found: Option<&Text>) -> bool {
    fn lowercase(text: &Text) -> impl Iterator<Item = char> {
        text.as_str().chars().flat_map(char::to_lowercase)
    }
    found.is_some_and(|found| any_of.iter().any(|wanted| lowercase(wanted).eq(lowercase(found))))
}

/// Whether a scalar is one of these; `1` and `"1"` are the same.
fn any_same(any_of: &[Value], found: &Value) -> bool {
    any_of.iter().any(|wanted| match (wanted, found) {
        (Value::String(wanted), Value::String(found)) => wanted == found,
        (wanted, found) => scalar_text(wanted) == scalar_text(found),
    })
}

/// Whether a vehicle moves in a wanted direction: one that leaves the picture moves away, too.
fn is_direction(wanted: Direction, found: Direction) -> bool {
    wanted == found || (wanted == Direction::Away && found == Direction::Leave)
}

fn scalar_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The name that a value has in events.
fn name_of<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => name,
        other => format!("{other:?}"),
    }
}

fn alternatives<T: fmt::Display>(values: impl IntoIterator<Item = T>) -> String {
    let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    values.join(" or ")
}

fn together<T: fmt::Display>(values: impl IntoIterator<Item = T>) -> String {
    let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    values.join(", ")
}
