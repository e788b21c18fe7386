//! Relays and modes: whether relays may be switched, what each was last asked for, and the mode of each area.

mod actions;

use axum::extract::State;
use axum::response::Html;
use camhook_operations::modes::{self, AreaMode};
use camhook_operations::relays::{self, RelayExecutor, RelayStatus, Relays};
use camhook_ports::IndexPorts;
use camhook_site::DeviceTimer;
use camhook_state::control::StopSwitch;
use camhook_state::relay::LastAction;
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
    let (site, state) = (&visit.context.site, app.ports.state());
    let modes = modes::list(state, site).await?;
    let modes: Vec<AreaMode> =
        modes.into_iter().filter(|mode| visit.visitor.person.may_see(Some(&mode.area))).collect();
    let relays = if visit.sees_relays() { Some(relays::list(state, site).await?) } else { None };
    let ids: Vec<String> =
        relays.iter().flat_map(|relays| &relays.relays).map(|relay| relay.id.clone()).collect();
    let actions = actions::of_relays(&app, &visit, &ids).await?;
    let content = html! {
        h1 { "Relays and modes" }
        @if let Some(relays) = &relays {
            (stop_switch(&visit, relays))
            @if relays.relays.is_empty() { section.empty { h2 { "No relays" } p { "camhook.toml has no " code { "[[relay]]" } "." } } }
            div.grid {
                @for relay in &relays.relays { (card(&visit, relay, &actions)) }
            }
        }
        section.panel {
            h2 { "Modes" }
            @if modes.is_empty() { p.quiet { "No rule and no source uses modes." } }
            ul.plain {
                @for mode in &modes { (mode_line(&visit, mode)) }
            }
            @if let Some(mode) = modes.first() {
                p.quiet { "Set a mode:" }
                pre { code { "camhook arm " (mode.area) " away" } }
            }
        }
    };
    Ok(layout(&visit, Section::Relays, "Relays and modes", &content))
}

fn stop_switch(visit: &Visit, relays: &Relays) -> Markup {
    let is_stopped = relays.switch == StopSwitch::Stopped;
    html! {
        section.panel {
            h2 { "Stop switch" }
            p {
                @if is_stopped { span.state.bad { "All relays are disabled" } } @else { span.state.good { "Relays are enabled" } }
                @if let Some(since) = relays.since {
                    ", since " (full_time(since, visit.context.site.timezone()))
                    @if let Some(by) = &relays.by { ", by " (by) }
                }
            }
            pre { code { @if is_stopped { "camhook relays on" } @else { "camhook relays off" } } }
        }
    }
}

fn card(visit: &Visit, relay: &RelayStatus, actions: &LastActions) -> Markup {
    let (now, zone) = (visit.context.now, visit.context.site.timezone());
    html! {
        section.panel data-relay=(relay.id) {
            div.heading {
                h2 { (relay.id) }
                @let (tone, text) = condition(visit, relay);
                span class={ "state " (tone) } { (text) }
            }
            p.quiet {
                (relay.driver)
                @match relay.executor { RelayExecutor::Function => {}, RelayExecutor::Agent => { " · by the agent on site" } }
                @if relay.dry_run { " · dry run" }
            }
            dl.facts-list {
                @if let Some(action) = relay.last_action {
                    div {
                        dt { "Last action" }
                        dd { (words(action)) @if let Some(at) = relay.last_actuation { ", " span title=(full_time(at, zone)) { (ago(at, now)) } } }
                    }
                }
                @if let Some(failures) = &relay.release_failures {
                    div {
                        dt { "Not confirmed off" }
                        dd { (failures.count) " attempts since " (full_time(failures.since, zone)) ", next at " (full_time(failures.next, zone)) }
                    }
                }
            }
            (actions.list(visit, &relay.id))
            @if relay.release_failures.is_some() {
                p.quiet { "When you have seen that it is off:" }
                pre { code { "camhook relays confirm-off " (relay.id) } }
            }
        }
    }
}

/// What is known of a relay now, with the class of its colour.
fn condition(visit: &Visit, relay: &RelayStatus) -> (&'static str, String) {
    let (now, zone) = (visit.context.now, visit.context.site.timezone());
    if relay.release_failures.is_some() {
        return ("bad", "May be on".to_owned());
    }
    if let Some(until) = relay.on_until {
        let time = full_time(until, zone);
        let mut relays = visit.context.site.relays().iter();
        let has_timer =
            relays.any(|one| one.id.as_str() == relay.id && one.driver.timer() == DeviceTimer::Own);
        return match (until > now, has_timer) {
            (true, _) => ("waiting", format!("On until {time}")),
            (false, true) => ("good", format!("Off by its timer since {time}")),
            (false, false) => ("waiting", format!("To be switched off since {time}")),
        };
    }
    let (tone, text) = match relay.last_action {
        None => ("good", "Never switched"),
        Some(LastAction::On) => ("waiting", "On, without an end"),
        Some(LastAction::Toggle) => ("waiting", "Toggled, on or off"),
        Some(LastAction::Pulse | LastAction::Hold) => ("good", "Off by its timer"),
        Some(LastAction::Off | LastAction::Release | LastAction::ConfirmedOff) => ("good", "Off"),
    };
    (tone, text.to_owned())
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

fn mode_line(visit: &Visit, mode: &AreaMode) -> Markup {
    html! {
        li data-area=(mode.area) {
            strong { (mode.area) } ": "
            span.state { (mode.mode) }
            @match mode.since {
                Some(since) => {
                    span.quiet {
                        ", since " (full_time(since, visit.context.site.timezone()))
                        @if let Some(by) = &mode.by { ", by " (by.to_string()) }
                    }
                }
                None => span.quiet { ", never set" },
            }
        }
    }
}
