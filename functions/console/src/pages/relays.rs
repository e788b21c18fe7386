//! Relays and modes: whether relays may be switched, what each was last asked for, and the mode of each area.

mod actions;

use axum::extract::State;
use axum::response::Html;
use camhook_ports::IndexPorts;
use camhook_site::{DEFAULT_MODE, Relay, Switching, Via};
use camhook_state::control::{self, ModeRecord, StopRecord, StopSwitch};
use camhook_state::relay::{self, LastAction, RelayRecord};
use futures_util::future::try_join_all;
use maud::{Markup, html};

use self::actions::LastActions;
use super::layout::{Section, layout};
use crate::app::App;
use crate::error::PageError;
use crate::format::{ago, full_time};
use crate::visit::Visit;

/// The relays and modes. A person who is limited to areas sees the modes of those.
pub(crate) async fn page<P: IndexPorts>(
    State(app): State<App<P>>,
    visit: Visit,
) -> Result<Html<String>, PageError> {
    let site = &visit.place.site;
    let state = app.ports.state();
    let areas: Vec<String> = site.areas().into_iter().map(str::to_owned).collect();
    let areas: Vec<String> =
        areas.into_iter().filter(|area| visit.visitor.person.may_see(Some(area))).collect();
    let modes: Vec<_> = areas.iter().map(|area| control::mode_record(state, area)).collect();
    let modes = try_join_all(modes).await?;
    let is_everywhere = visit.visitor.person.areas.is_empty();
    let relays: Vec<&Relay> = if is_everywhere { site.relays().iter().collect() } else { Vec::new() };
    let records: Vec<_> = relays.iter().map(|one| relay::read(state, one.id.as_str())).collect();
    let records = try_join_all(records).await?;
    let ids: Vec<String> = relays.iter().map(|relay| relay.id.to_string()).collect();
    let actions = actions::of_relays(&app, &visit, &ids).await?;
    let stop = if is_everywhere { control::stop_record(state).await? } else { None };
    let content = html! {
        h1 { "Relays and modes" }
        @if is_everywhere {
            (stop_switch(&visit, stop.as_ref()))
            @if relays.is_empty() { section.empty { h2 { "No relays" } p { "camhook.toml has no " code { "[[relay]]" } "." } } }
            div.grid {
                @for (one, record) in relays.iter().zip(&records) { (card(&visit, one, record.record(), &actions)) }
            }
        }
        section.panel {
            h2 { "Modes" }
            @if areas.is_empty() { p.quiet { "No rule and no source uses modes." } }
            ul.plain {
                @for (area, mode) in areas.iter().zip(&modes) { (mode_line(&visit, area, mode.as_ref())) }
            }
            @if let Some(area) = areas.first() {
                p.quiet { "Set a mode:" }
                pre { code { "camhook arm " (area) " away" } }
            }
        }
    };
    Ok(layout(&visit, Section::Relays, "Relays and modes", &content))
}

fn stop_switch(visit: &Visit, stop: Option<&StopRecord>) -> Markup {
    let is_stopped = stop.is_some_and(|stop| stop.switch == StopSwitch::Stopped);
    html! {
        section.panel {
            h2 { "Stop switch" }
            p {
                @if is_stopped { span.state.bad { "All relays are disabled" } } @else { span.state.good { "Relays are enabled" } }
                @if let Some(stop) = stop {
                    ", since " (full_time(stop.since, visit.place.site.timezone()))
                    @if let Some(by) = &stop.by { ", by " (by) }
                }
            }
            pre { code { @if is_stopped { "camhook relays on" } @else { "camhook relays off" } } }
        }
    }
}

fn card(visit: &Visit, relay: &Relay, record: &RelayRecord, actions: &LastActions) -> Markup {
    let (now, zone) = (visit.place.now, visit.place.site.timezone());
    html! {
        section.panel data-relay=(relay.id) {
            div.heading {
                h2 { (relay.id) }
                @match (&record.release_failures, record.on_until) {
                    (Some(_), _) => span.state.bad { "May be on" },
                    (None, Some(until)) if until > now => span.state.waiting { "On until " (full_time(until, zone)) },
                    _ => span.state.good { (record.last_action.map_or("Never switched", |_| "Idle")) },
                }
            }
            p.quiet {
                (relay.driver.name())
                @match relay.via { Via::Cloud => {}, Via::Agent => { " · by the agent on site" } }
                @match relay.switching { Switching::Real => {}, Switching::DryRun => { " · dry run" } }
            }
            dl.facts-list {
                @if let Some(action) = record.last_action {
                    div {
                        dt { "Last action" }
                        dd { (words(action)) @if let Some(at) = record.last_actuation { ", " span title=(full_time(at, zone)) { (ago(at, now)) } } }
                    }
                }
                @if let Some(failures) = &record.release_failures {
                    div {
                        dt { "Not confirmed off" }
                        dd { (failures.count) " attempts since " (full_time(failures.since, zone)) ", next at " (full_time(failures.next, zone)) }
                    }
                }
            }
            (actions.list(visit, relay.id.as_str()))
            @if record.release_failures.is_some() {
                p.quiet { "When you have seen that it is off:" }
                pre { code { "camhook relays confirm-off " (relay.id) } }
            }
        }
    }
}

fn words(action: LastAction) -> &'static str {
    match action {
        LastAction::On => "on",
        LastAction::Off => "off",
        LastAction::Pulse => "on for a time",
        LastAction::Hold => "on until some time after the last event",
        LastAction::Toggle => "toggled",
        LastAction::Release => "off, as its time was over",
        LastAction::ConfirmedOff => "off, as a person confirmed",
    }
}

fn mode_line(visit: &Visit, area: &str, mode: Option<&ModeRecord>) -> Markup {
    html! {
        li data-area=(area) {
            strong { (area) } ": "
            span.state { (mode.map_or(DEFAULT_MODE, |record| record.mode.as_str())) }
            @match mode {
                Some(record) => {
                    span.quiet {
                        ", since " (full_time(record.since, visit.place.site.timezone()))
                        @if let Some(by) = &record.by { ", by " (by.to_string()) }
                    }
                }
                None => span.quiet { ", never set" },
            }
        }
    }
}
