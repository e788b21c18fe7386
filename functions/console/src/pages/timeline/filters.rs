//! The form of filters.

use std::collections::BTreeSet;

use camhook_event::Kind;
use maud::{Markup, html};

use crate::query::{LISTS, Reviewed, TARGETS, TimelineQuery, local, word};
use crate::visit::Visit;

/// The form of filters. It is open when a filter is set.
pub(super) fn form(visit: &Visit, query: &TimelineQuery) -> Markup {
    let areas = areas(visit);
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let is_set = query.is_narrow() || query.area.is_some();
    html! {
        div.quick role="group" aria-label="Reviewed" {
            @for (name, reviewed) in [("All", None), ("Not reviewed", Some(Reviewed::No)), ("Reviewed", Some(Reviewed::Yes))] {
                a.button href=(visit.context.base.link(TimelineQuery { reviewed, cursor: None, ..query.clone() }.to_url()))
                    aria-current=[(query.reviewed == reviewed).then_some("true")] { (name) }
            }
        }
        details.filters open[is_set] {
            summary { "Filters" @if is_set { " (active)" } }
            form method="get" action=(visit.context.base.link("")) {
                @if let Some(day) = query.day { input type="hidden" name="day" value=(day); }
                @if let Some(reviewed) = query.reviewed { input type="hidden" name="reviewed" value=(reviewed.name()); }
                @if areas.len() > 1 {
                    (select("area", "Area", query.area.as_deref(), areas.iter().map(|area| (area.clone(), area.clone()))))
                }
                (select("camera", "Camera", query.camera.as_deref(), cameras(visit)))
                (select("kind", "Kind", query.kind.map(Kind::name), kinds()))
                @let target = query.target.map(|target| word(&target).replace(' ', "_"));
                (select("target", "Target", target.as_deref(), TARGETS.map(|(_, name, title)| (name.to_owned(), title.to_owned()))))
                @let list = query.list.map(|list| word(&list));
                (select("list", "List", list.as_deref(), LISTS.map(|(_, name, title)| (name.to_owned(), title.to_owned()))))
                label { "Plate" input name="plate" value=(text(&query.plate)) placeholder="B AB 12 or *12" autocapitalize="characters" autocomplete="off" maxlength="64"; }
                label { "Face" input name="face" value=(text(&query.face)) autocomplete="off" maxlength="100"; }
                label { "Text" input name="text" value=(text(&query.text)) type="search" maxlength="100"; }
                label { "From" input name="from" type="datetime-local" value=[query.from.map(local)]; }
                label { "To" input name="to" type="datetime-local" value=[query.to.map(local)]; }
                div.actions {
                    button.primary { "Show" }
                    a.button href=(visit.context.base.link("")) { "Clear" }
                }
            }
        }
    }
}

fn select(
    name: &str,
    label: &str,
    chosen: Option<&str>,
    options: impl IntoIterator<Item = (String, String)>,
) -> Markup {
    let options: Vec<(String, String)> = options.into_iter().collect();
    let is_unlisted = chosen.is_some_and(|chosen| options.iter().all(|(value, _)| value != chosen));
    html! {
        label {
            (label)
            select name=(name) {
                option value="" { "Any" }
                @if let Some(chosen) = chosen.filter(|_| is_unlisted) { option value=(chosen) selected { (chosen) } }
                @for (value, title) in &options {
                    option value=(value) selected[chosen == Some(value.as_str())] { (title) }
                }
            }
        }
    }
}

/// The areas that the person may see.
fn areas(visit: &Visit) -> BTreeSet<String> {
    let areas =
        visit.context.site.sources().filter_map(|source| source.area.as_ref()).map(ToString::to_string);
    areas.filter(|area| visit.visitor.person.may_see(Some(area))).collect()
}

/// The cameras and sources that the person may see.
fn cameras(visit: &Visit) -> Vec<(String, String)> {
    let site = &visit.context.site;
    let is_visible = |source: &str| {
        let area =
            site.source(source).and_then(|source| source.area.as_ref()).map(camhook_event::Text::as_str);
        visit.visitor.person.may_see(area)
    };
    let named = site
        .cameras()
        .iter()
        .filter(|camera| camera.sources.iter().any(|one| is_visible(one.source.as_str())));
    let named = named.map(|camera| (camera.id.to_string(), camera.id.to_string()));
    let sources = site.sources().filter(|source| is_visible(source.id.as_str()));
    let sources = sources.map(|source| (source.id.to_string(), format!("{} (source)", source.id)));
    named.chain(sources).collect()
}

fn kinds() -> impl Iterator<Item = (String, String)> {
    Kind::ALL.iter().map(|kind| {
        let name = kind.name();
        let mut title = name.replace('_', " ");
        if let Some(first) = title.get_mut(0..1) {
            first.make_ascii_uppercase();
        }
        (name.to_owned(), title)
    })
}
