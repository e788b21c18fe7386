//! The facts of an event.

use camhook_description::{Description, printable};
use camhook_event::{Clock, Event, PlateList, Text};
use camhook_operations::events::Summary;
use jiff::SignedDuration;
use maud::{Markup, html};

use crate::format::{duration, full_time};
use crate::query::{LISTS, TimelineQuery, word};
use crate::visit::Visit;

pub(super) fn table(
    visit: &Visit,
    summary: &Summary,
    event: Option<&Event>,
    description: &Description,
) -> Markup {
    let mut rows = vec![
        ("Camera", html! { (description.place) }),
        ("Source", html! { (source(summary)) }),
        ("Kind", html! { (word(&summary.kind)) @if let Some(state) = summary.state { ", " (word(&state)) } }),
    ];
    let mut text = |name, value: Option<&Text>| {
        if let Some(value) = value {
            rows.push((name, html! { (printable(value.as_str())) }));
        }
    };
    text("Area", summary.area.as_ref());
    text("Name", summary.name.as_ref());
    text("Zone", summary.zone.as_ref());
    if let Some(plate) = &summary.plate {
        let query = TimelineQuery { plate: Some(plate.text.to_string()), ..TimelineQuery::default() };
        rows.push((
            "Plate",
            html! {
                span.plate { (printable(plate.text.as_str())) } " "
                a href=(visit.context.base.link(query.to_url())) { "all events of this plate" }
            },
        ));
        if let Some(list) = plate.list {
            rows.push(("List of the device", html! { (list_title(list)) }));
        }
        if let Some(direction) = plate.direction {
            rows.push(("Direction", html! { (word(&direction)) }));
        }
    }
    if let Some(face) = &summary.face {
        let name = face.name.as_ref().map_or_else(|| "unknown".to_owned(), |name| printable(name.as_str()));
        let similarity =
            face.similarity.map(|similarity| format!(", {:.0} % alike", similarity.value() * 100.0));
        rows.push(("Face", html! { (name) (similarity.unwrap_or_default()) }));
        if let Some(list) = face.list {
            rows.push(("List of the device", html! { (list_title(list)) }));
        }
    }
    let shown = [summary.area.as_ref(), summary.name.as_ref(), summary.zone.as_ref(), Some(&summary.source)];
    let is_shown = |fact: &str| {
        shown.iter().flatten().any(|text| printable(text.as_str()) == fact)
            || word(&summary.kind).eq_ignore_ascii_case(fact)
    };
    let others: Vec<&str> =
        description.facts.iter().map(String::as_str).filter(|fact| !is_shown(fact)).collect();
    if !others.is_empty() {
        rows.push(("Also", html! { (others.join(" · ")) }));
    }
    rows.push((
        "Received",
        html! { (full_time(summary.received_at.timestamp(), visit.context.site.timezone())) },
    ));
    if let Some(event) = event {
        rows.extend(of_record(event));
    }
    html! {
        section {
            h2 { "Facts" }
            dl.facts-list {
                @for (name, value) in rows { div { dt { (name) } dd { (value) } } }
            }
        }
    }
}

fn list_title(list: PlateList) -> &'static str {
    LISTS.iter().find(|(known, ..)| *known == list).map_or("", |(_, _, title)| title)
}

fn source(summary: &Summary) -> String {
    let camera = summary.camera.as_ref().map(|camera| format!(", camera {}", printable(camera.id.as_str())));
    format!("{} ({}){}", summary.source, summary.vendor, camera.unwrap_or_default())
}

/// What only the record has.
fn of_record(event: &Event) -> Vec<(&'static str, Markup)> {
    let data = &event.data;
    let mut rows = Vec::new();
    if let Some(vendor_kind) = &data.vendor_kind {
        rows.push(("Vendor's kind", html! { code { (printable(vendor_kind.as_str())) } }));
    }
    if let Some(lag) = data.lag_s {
        let lag = SignedDuration::try_from_secs_f64(lag).unwrap_or_default();
        let ahead = if lag.is_negative() { " (the device's clock is ahead)" } else { "" };
        rows.push(("Delay", html! { (duration(lag.abs())) (ahead) }));
    }
    let clock = match data.clock {
        Clock::Device => "the device's",
        Clock::Server => "camhook's: the device sent no time, or one that could not be used",
    };
    rows.push(("Clock", html! { (clock) }));
    let colors = data.plate.as_ref().and_then(|plate| plate.vehicle.as_ref());
    if let Some(vehicle) = colors {
        let words = [&vehicle.color, &vehicle.brand, &vehicle.model, &vehicle.vehicle_type];
        let words: Vec<String> = words.into_iter().flatten().map(|text| printable(text.as_str())).collect();
        rows.push(("Vehicle", html! { (words.join(" ")) }));
    }
    if data.truncated {
        rows.push(("Left out", html! { "values of the device that were too long" }));
    }
    rows
}
