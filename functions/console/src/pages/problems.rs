//! Problems: what was not delivered or not understood, and what does not answer.

mod messages;
mod panel;
mod quarantine;

use axum::response::Html;
use camhook_operations::status;
use camhook_ports::{Alarms, IndexPorts, QueueDepths};
use camhook_state::person::Role;
use futures_util::future::try_join3;
use maud::html;

use self::panel::Panel;
use super::layout::{Section, layout};
use crate::app::App;
use crate::error::PageError;
use crate::visit::Visit;

/// The problems: for operators who see the whole site.
pub(crate) async fn page<P: IndexPorts, M: QueueDepths + Alarms>(
    app: &App<P>,
    visit: &Visit,
    monitor: &M,
) -> Result<Html<String>, PageError> {
    visit.require_everywhere(Role::Operator)?;
    let read_status = async { Ok::<_, PageError>(status::read(app.ports, monitor).await?) };
    let reading = try_join3(read_status, quarantine::newest(app, visit), messages::failed(app, visit));
    let (status, entries, messages) = reading.await?;
    let panels: Vec<Panel> =
        status.problems.iter().map(|problem| panel::of_problem(problem, &status, visit)).collect();
    let content = html! {
        h1 { "Problems" }
        @if panels.is_empty() {
            section.empty { h2 { "No problems" } p { "Nothing that is watched has failed, and nothing waits. A source is watched when it has " code { "offline_after" } "." } }
        }
        div.grid {
            @for panel in &panels {
                section.panel {
                    h2 { (panel.title) }
                    p { (panel.detail) }
                    @if let Some(command) = &panel.command { pre { code { (command) } } }
                }
            }
        }
        (quarantine::section(visit, &entries))
        (messages::section(visit, &messages))
    };
    Ok(layout(visit, Section::Problems, "Problems", &content))
}
