//! Conditions.

use camhook_event::{Fraction, Report, State, TargetClass, Text};

use super::{Names, camera_reference, scalar};
use crate::problem::{Notes, Path, instead};
use crate::raw::{Many, RawCondition, RawScalar};
use crate::{CameraChoice, Condition, ListId, NamedCamera, PlateChoice, PlateText, Test};

/// What conditions refer to.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) names: &'a Names,
    pub(super) cameras: &'a [NamedCamera],
    pub(super) tolerance: Tolerance,
}

/// Whether a rule may match a plate by tolerance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tolerance {
    /// It may.
    Allowed,
    /// It moves a relay or sets a mode, and does not say `tolerant = true`.
    Missing,
}

/// The condition of a rule, with the defaults of what it names nowhere.
pub(super) fn of_rule(
    raw: Option<&RawCondition>,
    known: Known<'_>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Condition {
    let mut all = Vec::new();
    let written = raw.map(|raw| condition(raw, known, path, notes));
    let names = |is: fn(&Test) -> bool| written.as_ref().is_some_and(|condition| mentions(condition, is));
    if !names(|test| matches!(test, Test::Report(_))) {
        all.push(Condition::Test(Test::Report(vec![Report::Detection])));
    }
    if !names(|test| matches!(test, Test::State(_))) {
        all.push(Condition::Test(Test::NoStop));
    }
    match written {
        Some(Condition::All(written)) => all.extend(written),
        Some(written) => all.push(written),
        None => {}
    }
    if all.iter().any(Condition::has_vacant_any) {
        // The whole rule, since within `not` a condition that nothing meets would let more events match, not none.
        all.push(Condition::Any(Vec::new()));
    }
    Condition::All(all)
}

/// Whether such a test stands anywhere in a condition.
fn mentions(condition: &Condition, is: fn(&Test) -> bool) -> bool {
    match condition {
        Condition::All(conditions) | Condition::Any(conditions) => {
            conditions.iter().any(|condition| mentions(condition, is))
        }
        Condition::Not(condition) => mentions(condition, is),
        Condition::Test(test) => is(test),
    }
}

fn condition(raw: &RawCondition, known: Known<'_>, path: &Path<'_>, notes: &mut Notes) -> Condition {
    let RawCondition {
        source,
        camera,
        area,
        vendor,
        kind,
        vendor_kind,
        name,
        report,
        state,
        target,
        zone,
        plate,
        plate_list,
        face_list,
        matched,
        direction,
        face,
        count,
        min_confidence,
        vendor_data,
        any,
        all,
        not,
    } = raw;
    let names = known.names;
    let mut tests: Vec<Test> = Vec::new();
    if let Some(any_of) = source {
        let path = path.key("source");
        for (index, id) in any_of.as_slice().iter().enumerate() {
            scalar::reference("source", id, &names.sources, &path.index(index), notes);
        }
        tests.push(Test::Source(texts(any_of, &path, notes)));
    }
    if let Some(any_of) = camera {
        tests.push(Test::Camera(cameras(any_of, known, &path.key("camera"), notes)));
    }
    if let Some(any_of) = area {
        let path = path.key("area");
        for (index, area) in any_of.as_slice().iter().enumerate() {
            scalar::reference("area of a source", area, &names.areas, &path.index(index), notes);
        }
        tests.push(Test::Area(texts(any_of, &path, notes)));
    }
    tests.extend(vendor.as_ref().map(|any_of| Test::Vendor(any_of.as_slice().to_vec())));
    tests.extend(
        kind.as_ref().map(|any_of| Test::Kind(any_of.as_slice().iter().map(|kind| kind.0).collect())),
    );
    tests.extend(
        vendor_kind.as_ref().map(|any_of| Test::VendorKind(texts(any_of, &path.key("vendor_kind"), notes))),
    );
    tests.extend(name.as_ref().map(|any_of| Test::Name(texts(any_of, &path.key("name"), notes))));
    tests.extend(report.as_ref().map(|any_of| Test::Report(any_of.as_slice().to_vec())));
    tests.extend(state.as_ref().map(|any_of: &Many<State>| Test::State(any_of.as_slice().to_vec())));
    let classes: Vec<TargetClass> =
        target.as_ref().map_or(&[][..], Many::as_slice).iter().map(|class| class.0).collect();
    if target.is_some() {
        tests.push(Test::Target(classes.clone()));
    }
    tests.extend(zone.as_ref().map(|any_of| Test::Zone(texts(any_of, &path.key("zone"), notes))));
    tests.extend(plate.as_ref().map(|any_of| Test::Plate(plates(any_of, known, &path.key("plate"), notes))));
    tests.extend(plate_list.as_ref().map(|any_of| Test::PlateList(any_of.as_slice().to_vec())));
    tests.extend(face_list.as_ref().map(|any_of| Test::FaceList(any_of.as_slice().to_vec())));
    tests.extend(matched.map(Test::Matched));
    tests.extend(direction.as_ref().map(|any_of| Test::Direction(any_of.as_slice().to_vec())));
    tests.extend(face.as_ref().map(|any_of| Test::Face(texts(any_of, &path.key("face"), notes))));
    tests.extend(count.as_ref().map(|count| Test::Count {
        class: count.class,
        counter: count.counter,
        above: count.above,
    }));
    if let Some(value) = min_confidence {
        tests.extend(confidence(*value, classes, &path.key("min_confidence"), notes));
    }
    tests.extend(vendor_data.iter().map(|(name, values)| Test::VendorData {
        name: name.clone(),
        values: values.as_slice().iter().map(RawScalar::value).collect(),
    }));

    let mut conditions: Vec<Condition> = tests.into_iter().map(Condition::Test).collect();
    let several = |raw: &[RawCondition], path: &Path<'_>, notes: &mut Notes| -> Vec<Condition> {
        let conditions = raw.iter().enumerate();
        conditions.map(|(index, raw)| condition(raw, known, &path.index(index), notes)).collect()
    };
    if let Some(any) = any {
        let path = path.key("any");
        let alternatives = several(any, &path, notes);
        check_alternatives(&alternatives, &path, notes);
        conditions.push(Condition::Any(alternatives));
    }
    conditions.extend(several(all, &path.key("all"), notes));
    if let Some(not) = not {
        let path = path.key("not");
        let inner = condition(not, known, &path, notes);
        let has_no_part = match &inner {
            Condition::All(conditions) => {
                conditions.is_empty() || not.any.as_ref().is_some_and(Vec::is_empty) && conditions.len() == 1
            }
            _ => false,
        };
        if has_no_part {
            notes.problem(&path, "this excludes everything", "name what is to be excluded");
        }
        conditions.push(Condition::Not(Box::new(inner)));
    }
    Condition::All(conditions)
}

/// Notes an `any` without a condition, and conditions in it that ask for nothing. Either would match every event, and
/// let every event switch a relay: a rule with one matches nothing.
fn check_alternatives(alternatives: &[Condition], path: &Path<'_>, notes: &mut Notes) {
    if alternatives.is_empty() {
        notes.strict(
            path,
            "there is no condition in this `any`, so that the rule matches nothing",
            "name at least one condition, or leave `any` out to match every event",
        );
    }
    // One with an empty `any` of its own is noted there.
    let asks_nothing = |alternative: &Condition| alternative.asks_nothing() && !alternative.has_vacant_any();
    for (index, _) in alternatives.iter().enumerate().filter(|(_, alternative)| asks_nothing(alternative)) {
        notes.strict(
            &path.index(index),
            "this condition asks for nothing, so that the rule matches nothing",
            "name a key and its values, or leave the condition out",
        );
    }
}

fn texts(any_of: &Many<String>, path: &Path<'_>, notes: &mut Notes) -> Vec<Text> {
    let texts = any_of.as_slice().iter().enumerate();
    texts.filter_map(|(index, text)| scalar::text(text, &path.index(index), notes)).collect()
}

fn cameras(any_of: &Many<String>, known: Known<'_>, path: &Path<'_>, notes: &mut Notes) -> Vec<CameraChoice> {
    let Known { names, cameras, tolerance: _ } = known;
    let mut choices = Vec::new();
    for (index, text) in any_of.as_slice().iter().enumerate() {
        let path = path.index(index);
        let Some(written) = scalar::text(text, &path, notes) else { continue };
        let any_of = if let Some(named) = cameras.iter().find(|camera| camera.id.as_str() == text) {
            named.sources.clone()
        } else if names.cameras.contains(text) {
            // The camera's own error is reported where it stands.
            Vec::new()
        } else if text.contains('/') || names.sources.contains(text) {
            camera_reference(text, names, &path, notes).into_iter().collect()
        } else if scalar::is_named_in_other_case(text, &names.cameras)
            || scalar::is_named_in_other_case(text, &names.sources)
        {
            Vec::new()
        } else {
            let known = names.cameras.iter().chain(&names.sources).map(String::as_str);
            notes.problem(&path, format!("`{text}` is no camera"), instead(text, known));
            continue;
        };
        choices.push(CameraChoice { written, any_of });
    }
    choices
}

fn plates(any_of: &Many<String>, known: Known<'_>, path: &Path<'_>, notes: &mut Notes) -> Vec<PlateChoice> {
    let mut choices = Vec::new();
    for (index, text) in any_of.as_slice().iter().enumerate() {
        let path = path.index(index);
        if let Some(list) = text.strip_prefix('@') {
            choices.extend(list_choice(list, known, &path, notes));
        } else if let Some(plate) = PlateText::new(text) {
            scalar::check_plate(text, &plate, &path, notes);
            let lists = &known.names.lists;
            if let Some(list) = lists.iter().find(|list| list.eq_ignore_ascii_case(text.trim())) {
                notes.warning(
                    &path,
                    format!("this is the plate {plate}, and there is a list `{list}`"),
                    format!("write @{list} for the plates of the list"),
                );
            }
            choices.push(PlateChoice::Plate(plate));
        } else {
            notes.problem(
                &path,
                "a plate has at least one letter or digit",
                "write the plate, or @ and a list",
            );
        }
    }
    choices
}

/// `list`, or `list~1`.
fn list_choice(text: &str, known: Known<'_>, path: &Path<'_>, notes: &mut Notes) -> Option<PlateChoice> {
    let (list, tolerated) = match text.split_once('~') {
        Some((list, tolerated)) => (list, Some(tolerated)),
        None => (text, None),
    };
    scalar::reference("list", list, &known.names.lists, path, notes);
    let id = ListId::new(list)?;
    match tolerated {
        None => Some(PlateChoice::List(id)),
        Some("1") if known.tolerance == Tolerance::Allowed => Some(PlateChoice::Tolerant(id)),
        Some("1") => {
            notes.strict(
                path,
                format!("this rule does more than notify, so that `@{list}~1` is compared exactly"),
                "add tolerant = true to the rule if one misread character may do that, or leave ~1 out",
            );
            Some(PlateChoice::List(id))
        }
        Some(tolerated) => {
            notes.problem(
                path,
                format!("`~{tolerated}` is no tolerance"),
                format!("write @{list}~1: one character may be misread or missing"),
            );
            None
        }
    }
}

fn confidence(value: f64, classes: Vec<TargetClass>, path: &Path<'_>, notes: &mut Notes) -> Option<Test> {
    if !(0.0..=1.0).contains(&value) {
        let fix = if (2.0..=100.0).contains(&value) {
            format!("write {} for {value} percent", value / 100.0)
        } else {
            "use a number from 0 to 1".to_owned()
        };
        notes.problem(path, format!("{value} is not within 0 and 1"), fix);
        return None;
    }
    Some(Test::MinConfidence { at_least: Fraction::new(value)?, classes })
}
