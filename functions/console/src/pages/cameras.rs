//! Cameras: when each had its last contact, what it last reported, and what was refused.

mod chart;

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use axum::response::Html;
use camhook_description::printable;
use camhook_operations::events::{self, Filter, Summary};
use camhook_operations::sources::{self, AgentStatus, SourceState, SourceStatus};
use camhook_ports::{DayCount, IndexPorts};
use camhook_site::Source;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::SignedDuration;
use jiff::civil::Date;
use maud::{Markup, html};

use self::chart::chart;
use super::layout::{Section, layout};
use crate::app::App;
use crate::error::PageError;
use crate::format::{ago, counted, day_of, duration, full_time};
use crate::headline::describe_summary;
use crate::query::TimelineQuery;
use crate::visit::Visit;

/// The number of days of a chart.
const DAYS: i64 = 14;

/// Whether there are more than were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    Exactly,
    AtLeast,
}

/// The number of sources whose last event is read at the same time.
const AT_ONCE: usize = 16;

/// The cameras.
pub(crate) async fn page<P: IndexPorts>(
    State(app): State<App<P>>,
    visit: Visit,
) -> Result<Html<String>, PageError> {
    let site = &visit.context.site;
    let is_visible = |source: &&std::sync::Arc<Source>| {
        let area = source.area.as_ref().map(camhook_event::Text::as_str);
        source.vendor.sends_events() && visit.visitor.person.may_see(area)
    };
    let mut sources: Vec<&Source> = site.sources().filter(is_visible).map(AsRef::as_ref).collect();
    sources.sort_by(|left, right| left.id.cmp(&right.id));
    let listed = sources::list(app.ports, site).await?;
    let statuses: BTreeMap<&str, &SourceStatus> =
        listed.sources.iter().map(|status| (status.id.as_str(), status)).collect();
    let names: Vec<String> = sources.iter().map(|source| source.id.to_string()).collect();
    let last = names.into_iter().map(|source| last_event(app.clone(), visit.clone(), source));
    let last: Vec<Option<Summary>> = stream::iter(last).buffered(AT_ONCE).try_collect().await?;
    let quarantine = if listed.more_quarantined { Counted::AtLeast } else { Counted::Exactly };
    let days = days(&visit);
    let counts = counts(&app, &days).await?;
    let content = html! {
        div.heading { h1 { "Cameras" } p.quiet { (counted(sources.len() as u64, "source", "sources")) } }
        @if sources.is_empty() {
            section.empty {
                h2 { "No sources" }
                p { "A source is a camera or recorder in camhook.toml. Write a first one with:" }
                pre { code { "camhook init" } }
            }
        }
        div.grid {
            @for (source, last) in sources.iter().zip(&last) {
                @let status = statuses.get(source.id.as_str()).copied();
                (card(&visit, source, status, last.as_ref(), &of_source(&counts, source), &days, quarantine))
            }
        }
        (agents(&visit, &listed.agents))
    };
    Ok(layout(&visit, Section::Cameras, "Cameras", &content))
}

/// The agents on site, for people who see the whole site.
fn agents(visit: &Visit, agents: &[AgentStatus]) -> Markup {
    html! {
        @if !agents.is_empty() && visit.visitor.person.areas.is_empty() {
            section.panel {
                h2 { "Agents on site" }
                ul.plain {
                    @for agent in agents {
                        li data-agent=(agent.name) {
                            strong { (agent.name) } " "
                            @if agent.online { span.state.good { "online" } } @else { span.state.bad { "offline" } }
                            ", last report " (moment(visit, agent.contact))
                        }
                    }
                }
            }
        }
    }
}

/// The newest event of a source. Owned arguments: the futures of all sources run together.
async fn last_event<P: IndexPorts>(
    app: App<P>,
    visit: Visit,
    source: String,
) -> Result<Option<Summary>, PageError> {
    let areas = visit.visitor.person.areas.clone();
    let filter = Filter { source: Some(source), areas, ..Filter::default() };
    let page = events::query(app.ports.index(), &filter, None, 1, visit.context.now).await?;
    Ok(page.events.into_iter().next())
}

/// The days of the charts, oldest first.
fn days(visit: &Visit) -> Vec<Date> {
    let today = day_of(visit.context.now, visit.context.site.timezone());
    let before = |days: i64| today.checked_sub(SignedDuration::from_hours(24 * days)).ok();
    (0..DAYS).rev().filter_map(before).collect()
}

async fn counts<P: IndexPorts>(app: &App<P>, days: &[Date]) -> Result<Vec<DayCount>, PageError> {
    let months: BTreeSet<Date> = days.iter().map(|day| day.first_of_month()).collect();
    let mut counts = Vec::new();
    for month in months {
        counts.extend(app.counts(month).await?.iter().filter(|count| days.contains(&count.key.day)).cloned());
    }
    Ok(counts)
}

fn of_source<'a>(counts: &'a [DayCount], source: &Source) -> Vec<&'a DayCount> {
    counts.iter().filter(|count| count.key.source == source.id.as_str()).collect()
}

fn card(
    visit: &Visit,
    source: &Source,
    status: Option<&SourceStatus>,
    last: Option<&Summary>,
    counts: &[&DayCount],
    days: &[Date],
    quarantine: Counted,
) -> Markup {
    let base = visit.context.base;
    let id = source.id.as_str();
    let timeline =
        base.link(TimelineQuery { camera: Some(id.to_owned()), ..TimelineQuery::default() }.to_url());
    html! {
        section.panel data-source=(id) {
            div.heading {
                h2 { (id) }
                (state(status))
            }
            p.quiet { (source.vendor) @if let Some(area) = &source.area { " · " (area) } }
            @if let Some(last) = last { (last_picture(visit, last)) }
            dl.facts-list {
                (row("Last contact", &moment(visit, status.and_then(|status| status.contact))))
                (row("Last event", &moment(visit, last.map(|last| last.time.timestamp()))))
                @if let Some(lag) = last.and_then(|last| last.lag_s) {
                    (row("Clock", &clock(source, lag)))
                }
                @if let Some(refusal) = status.and_then(|status| status.refusal.as_ref()) {
                    (row("Last refusal", &html! {
                        span.state.bad { (printable(&refusal.reason)) } ", " (ago(refusal.at, visit.context.now))
                    }))
                }
                @if let Some(status) = status.filter(|status| status.quarantined > 0) {
                    (row("Quarantine", &html! {
                        span.state.bad {
                            @if quarantine == Counted::AtLeast { "at least " }
                            (counted(status.quarantined as u64, "post", "posts"))
                        } " not understood"
                    }))
                }
            }
            @for (camera, of_camera) in by_camera(counts) {
                @let total: u64 = of_camera.iter().map(|count| count.events).sum();
                p.quiet {
                    @if let Some(camera) = camera { "Camera " (camera) ": " }
                    (counted(total, "event", "events")) " in " (days.len()) " days"
                }
                (chart(&of_camera, days))
            }
            p { a href=(timeline) { "All events" } }
            details { summary { "Settings to enter in the device" } pre { code { "camhook setup " (id) } } }
        }
    }
}

fn row(name: &str, value: &Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

fn moment(visit: &Visit, time: Option<jiff::Timestamp>) -> Markup {
    match time {
        Some(time) => html! {
            time datetime=(time) title=(full_time(time, visit.context.site.timezone())) { (ago(time, visit.context.now)) }
        },
        None => html! { "never" },
    }
}

/// Whether the source is in contact.
fn state(status: Option<&SourceStatus>) -> Markup {
    match status.map_or(SourceState::Never, |status| status.state) {
        SourceState::Ok => html! { span.state.good { "OK" } },
        SourceState::Offline => html! { span.state.bad { "Offline" } },
        SourceState::Refused => html! { span.state.bad { "Refused" } },
        SourceState::Never => html! { span.state.waiting { "No contact yet" } },
    }
}

fn last_picture(visit: &Visit, summary: &Summary) -> Markup {
    let base = visit.context.base;
    let description = describe_summary(&visit.context.site, summary);
    html! {
        a.shot href=(base.link(format_args!("events/{}", summary.id))) aria-label=(description.headline()) {
            @if summary.thumbnail.is_some() {
                img src=(base.link(format_args!("thumbnails/{}", summary.id))) alt=(description.headline())
                    loading="lazy" decoding="async" width="320" height="180";
            } @else {
                span.no-picture { (description.headline()) }
            }
        }
    }
}

/// How far a device's clock is from camhook's. Beyond the source's tolerance its times are not used.
fn clock(source: &Source, lag: f64) -> Markup {
    let lag = SignedDuration::try_from_secs_f64(lag).unwrap_or_default();
    let class = if lag.unsigned_abs() > source.clock_tolerance { "state bad" } else { "state good" };
    html! {
        span class=(class) { (duration(lag.abs())) } @if lag.is_negative() { " ahead" } @else { " behind, including the transfer" }
    }
}

/// The counts of each camera of a source. One camera needs no name.
fn by_camera<'a>(counts: &[&'a DayCount]) -> Vec<(Option<String>, Vec<&'a DayCount>)> {
    let mut by_camera: BTreeMap<Option<&str>, Vec<&DayCount>> = BTreeMap::new();
    for count in counts {
        by_camera.entry(count.key.camera.as_deref()).or_default().push(count);
    }
    let is_one = by_camera.len() <= 1;
    let name = |camera: Option<&str>| if is_one { None } else { camera.map(printable) };
    by_camera.into_iter().map(|(camera, counts)| (name(camera), counts)).collect()
}
