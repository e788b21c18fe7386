//! Whether a rule fires, and if not, why.

use std::collections::BTreeMap;
use std::fmt;

use camhook_event::{Event, Fraction, State, Target, TargetClass, Text};
use jiff::Timestamp;
use serde_json::Value;

use crate::rule::DEFAULT_MODE;
use crate::{Condition, CountClass, Counter, PlateChoice, PlateText, Rule, Site, Test};

/// In which mode each area is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modes(BTreeMap<String, String>);

impl Modes {
    /// The mode of an area; [`DEFAULT_MODE`] when nobody has set one.
    #[must_use]
    pub fn get(&self, area: &str) -> &str {
        self.0.get(area).map_or(DEFAULT_MODE, String::as_str)
    }
}

impl<A: Into<String>, M: Into<String>> FromIterator<(A, M)> for Modes {
    fn from_iter<T: IntoIterator<Item = (A, M)>>(modes: T) -> Self {
        Self(modes.into_iter().map(|(area, mode)| (area.into(), mode.into())).collect())
    }
}

/// What a rule is judged by, beside the event.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The site.
    pub site: &'a Site,
    /// The moment that `during` and the days of lists are about: when the event happened.
    pub at: Timestamp,
    /// In which mode each area is.
    pub modes: &'a Modes,
}

/// Whether a rule fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Fires,
    /// It does not, for each of these reasons.
    Rests(Vec<Reason>),
}

impl Verdict {
    /// Whether the rule fires.
    #[must_use]
    pub fn is_match(&self) -> bool {
        *self == Self::Fires
    }
}

/// Why a rule does not fire. Its text is for the person who wrote the rule; it may hold a plate or a name and
/// stays out of logs, where [`Reason::key`] says enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The event has another value.
    Differs {
        /// The key of the rule.
        key: String,
        /// What the rule asks for.
        wanted: String,
        /// What the event has.
        found: String,
    },
    /// The event has no such value.
    Absent {
        /// The key of the rule.
        key: String,
        /// What the rule asks for.
        wanted: String,
    },
    /// The plate is on the list, but not on this day.
    NotThatDay {
        /// The list.
        list: String,
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
    /// The rule asks for the mode of the event's area, and the event has no area.
    NoArea,
}

impl Reason {
    /// The key of the rule that stands against it.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Differs { key, .. } | Self::Absent { key, .. } => key,
            Self::NotThatDay { .. } => "plate",
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
                write!(formatter, "{key} is {found}, the rule asks for {wanted}")
            }
            Self::Absent { key, wanted } => {
                write!(formatter, "the event has no {key}, the rule asks for {wanted}")
            }
            Self::NotThatDay { list } => write!(formatter, "the plate is on @{list}, but not on this day"),
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
                write!(formatter, "the mode of {area} is {found}, the rule asks for {wanted}")
            }
            Self::NoArea => {
                formatter.write_str("the rule asks for a mode, and the event's source has no area")
            }
        }
    }
}

/// Whether a rule fires for an event.
#[must_use]
pub fn evaluate(rule: &Rule, event: &Event, context: &Context<'_>) -> Verdict {
    let mut reasons = unmet(&rule.when, event, context);
    let timezone = context.site.timezone();
    if !rule.during.is_empty() && !rule.during.iter().any(|schedule| schedule.contains(context.at, timezone))
    {
        reasons.push(Reason::OutsideSchedule);
    }
    if let Some(mode) = &rule.mode {
        match mode.area(event) {
            None => reasons.push(Reason::NoArea),
            Some(area) => {
                let found = context.modes.get(area.as_str());
                if !mode.any_of.iter().any(|mode| mode.as_str() == found) {
                    reasons.push(Reason::OtherMode {
                        area: area.as_str().to_owned(),
                        wanted: alternatives(&mode.any_of),
                        found: found.to_owned(),
                    });
                }
            }
        }
    }
    if reasons.is_empty() { Verdict::Fires } else { Verdict::Rests(reasons) }
}

/// The reasons why an event does not meet a condition; none when it does.
fn unmet(condition: &Condition, event: &Event, context: &Context<'_>) -> Vec<Reason> {
    match condition {
        Condition::All(conditions) => {
            conditions.iter().flat_map(|condition| unmet(condition, event, context)).collect()
        }
        Condition::Any(conditions) => {
            let mut all = Vec::new();
            for condition in conditions {
                let reasons = unmet(condition, event, context);
                if reasons.is_empty() {
                    return reasons;
                }
                all.push(reasons);
            }
            vec![Reason::NoAlternative(all)]
        }
        Condition::Not(condition) => {
            if unmet(condition, event, context).is_empty() {
                vec![Reason::Excluded]
            } else {
                Vec::new()
            }
        }
        Condition::Test(test) => failed(test, event, context).into_iter().collect(),
    }
}

/// Why an event fails a test; `None` when it passes.
fn failed(test: &Test, event: &Event, context: &Context<'_>) -> Option<Reason> {
    let data = &event.data;
    let key = test.key();
    let one = |wanted: String, found: Option<String>, passes: bool| {
        if passes {
            return None;
        }
        let key = key.to_owned();
        Some(match found {
            Some(found) => Reason::Differs { key, wanted, found },
            None => Reason::Absent { key, wanted },
        })
    };
    match test {
        Test::Source(any_of) => {
            one(alternatives(any_of), Some(data.source.to_string()), any_of.contains(&data.source))
        }
        Test::Camera(any_of) => {
            let camera = data.camera.as_ref();
            let is =
                any_of.iter().flat_map(|choice| &choice.any_of).any(|one| one.matches(&data.source, camera));
            let found = match camera {
                Some(camera) => format!("{}/{}", data.source, camera.id),
                None => data.source.to_string(),
            };
            one(alternatives(any_of.iter().map(|choice| &choice.written)), Some(found), is)
        }
        Test::Area(any_of) => optional(any_of, data.area.as_ref(), one),
        Test::Vendor(any_of) => {
            one(alternatives(any_of), Some(data.vendor.to_string()), any_of.contains(&data.vendor))
        }
        Test::Kind(any_of) => {
            one(alternatives(any_of), Some(data.kind.to_string()), any_of.contains(&data.kind))
        }
        Test::VendorKind(any_of) => optional(any_of, data.vendor_kind.as_ref(), one),
        Test::Name(any_of) => {
            let found = data.name.as_ref();
            one(alternatives(any_of), found.map(ToString::to_string), any_alike(any_of, found))
        }
        Test::Report(any_of) => one(
            alternatives(any_of.iter().map(name_of)),
            Some(name_of(&data.report)),
            any_of.contains(&data.report),
        ),
        Test::State(any_of) => one(
            alternatives(any_of.iter().map(name_of)),
            data.state.as_ref().map(name_of),
            data.state.is_some_and(|state| any_of.contains(&state)),
        ),
        Test::NoStop => {
            one("anything but stop".to_owned(), Some("stop".to_owned()), data.state != Some(State::Stop))
        }
        Test::Target(any_of) => {
            let classes: Vec<TargetClass> = data.targets.iter().filter_map(|target| target.class).collect();
            let found = (!classes.is_empty()).then(|| together(classes.iter().map(name_of)));
            let passes = classes.iter().any(|class| any_of.contains(class));
            one(alternatives(any_of.iter().map(name_of)), found, passes)
        }
        Test::Zone(any_of) => {
            let (id, name) = match &data.zone {
                Some(zone) => (zone.id.as_ref(), zone.name.as_ref()),
                None => (None, None),
            };
            let found = name.or(id).map(ToString::to_string);
            one(alternatives(any_of), found, any_alike(any_of, id) || any_alike(any_of, name))
        }
        Test::Plate(any_of) => plate(any_of, event, context),
        Test::PlateList(any_of) => {
            let found = data.plate.as_ref().and_then(|plate| plate.list);
            one(
                alternatives(any_of.iter().map(name_of)),
                found.as_ref().map(name_of),
                found.is_some_and(|list| any_of.contains(&list)),
            )
        }
        Test::FaceList(any_of) => {
            let found = data.face.as_ref().and_then(|face| face.list);
            one(
                alternatives(any_of.iter().map(name_of)),
                found.as_ref().map(name_of),
                found.is_some_and(|list| any_of.contains(&list)),
            )
        }
        Test::Direction(any_of) => {
            let found = data.plate.as_ref().and_then(|plate| plate.direction);
            one(
                alternatives(any_of.iter().map(name_of)),
                found.as_ref().map(name_of),
                found.is_some_and(|direction| any_of.contains(&direction)),
            )
        }
        Test::Face(any_of) => {
            let found = data.face.as_ref().and_then(|face| face.name.as_ref());
            one(alternatives(any_of), found.map(ToString::to_string), any_alike(any_of, found))
        }
        Test::Count { class, counter, above } => {
            let found = count(event, *class, *counter);
            one(
                format!("more than {above}"),
                found.map(|count| count.to_string()),
                found.is_some_and(|count| count > *above),
            )
        }
        Test::MinConfidence { at_least, classes } => {
            let found = confidence(event, classes);
            one(
                format!("at least {}", at_least.value()),
                found.map(|confidence| confidence.to_string()),
                found.is_some_and(|confidence| confidence >= at_least.value()),
            )
        }
        Test::VendorData { name, values } => {
            let found = data.vendor_data.get(name);
            let passes = match found {
                Some(Value::Array(several)) => several.iter().any(|value| any_same(values, value)),
                Some(value) => any_same(values, value),
                None => false,
            };
            one(alternatives(values.iter().map(scalar_text)), found.map(scalar_text), passes)
        }
    }
}

/// A test of a text that may be absent and is compared verbatim.
fn optional(
    any_of: &[Text],
    found: Option<&Text>,
    one: impl Fn(String, Option<String>, bool) -> Option<Reason>,
) -> Option<Reason> {
    one(
        alternatives(any_of),
        found.map(ToString::to_string),
        found.is_some_and(|found| any_of.contains(found)),
    )
}

fn plate(any_of: &[PlateChoice], event: &Event, context: &Context<'_>) -> Option<Reason> {
    let wanted = || {
        alternatives(any_of.iter().map(|choice| match choice {
            PlateChoice::Plate(plate) => plate.as_str().to_owned(),
            PlateChoice::List(list) => format!("@{list}"),
        }))
    };
    let key = || "plate".to_owned();
    let Some(plate) = event.data.plate.as_ref().and_then(|plate| PlateText::new(plate.text.as_str())) else {
        return Some(Reason::Absent { key: key(), wanted: wanted() });
    };
    let day = context.at.to_zoned(context.site.timezone().clone()).date();
    let mut another_day = None;
    for choice in any_of {
        match choice {
            PlateChoice::Plate(wanted) if *wanted == plate => return None,
            PlateChoice::Plate(_) => {}
            PlateChoice::List(id) => {
                let entries = context.site.list(id.as_str()).map_or(&[][..], |list| &list.entries);
                let mut listed = entries.iter().filter(|entry| entry.plate == plate).peekable();
                if listed.peek().is_none() {
                    continue;
                }
                if listed.any(|entry| entry.is_valid_on(day)) {
                    return None;
                }
                another_day = Some(Reason::NotThatDay { list: id.as_str().to_owned() });
            }
        }
    }
    Some(another_day.unwrap_or_else(|| Reason::Differs {
        key: key(),
        wanted: wanted(),
        found: plate.as_str().to_owned(),
    }))
}

fn count(event: &Event, class: CountClass, counter: Counter) -> Option<u64> {
    let counts = event.data.counts.as_ref()?;
    let tally = match class {
        CountClass::Person => &counts.person,
        CountClass::Vehicle => &counts.vehicle,
        CountClass::MotorcycleBicycle => &counts.motorcycle_bicycle,
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

fn any_alike(any_of: &[Text], found: Option<&Text>) -> bool {
    let Some(found) = found.map(|found| found.as_str().to_lowercase()) else { return false };
    any_of.iter().any(|wanted| wanted.as_str().to_lowercase() == found)
}

fn any_same(any_of: &[Value], found: &Value) -> bool {
    let found = scalar_text(found);
    any_of.iter().any(|wanted| scalar_text(wanted) == found)
}

/// A scalar as text, so that `1` and `"1"` are the same.
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
