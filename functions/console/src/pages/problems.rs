//! Problems: what was not delivered or not understood, and what does not answer.

mod messages;
mod quarantine;

use axum::extract::State;
use axum::response::Html;
use camhook_description::printable;
use camhook_event::{CONFIG_KEY, PENDING_PREFIX};
use camhook_operations::sources::{self, SourceState, SourceStatus};
use camhook_ports::{IndexPorts, ObjectStore as _};
use camhook_state::channel_status::{self, ChannelStatus};
use camhook_state::configuration::{self, ConfigurationVerdict, Validation};
use camhook_state::person::Role;
use camhook_state::relay;
use futures_util::future::try_join_all;
use maud::{Markup, html};

use super::layout::{Section, layout};
use crate::app::App;
use crate::error::PageError;
use crate::format::{ago, counted};
use crate::visit::Visit;

/// The number of pending events that are counted.
const COUNTED: usize = 999;

/// A problem: what is wrong, since when, and the command that says more or mends it.
struct Problem {
    title: String,
    detail: Markup,
    command: String,
}

/// The problems: for operators who see the whole site.
pub(crate) async fn page<P: IndexPorts>(
    State(app): State<App<P>>,
    visit: Visit,
) -> Result<Html<String>, PageError> {
    visit.require_everywhere(Role::Operator)?;
    let mut problems = Vec::new();
    problems.extend(configuration(&app).await?);
    problems.extend(pending(&app).await?);
    problems.extend(relays(&app, &visit).await?);
    problems.extend(channels(&app, &visit).await?);
    problems.extend(sources(&app, &visit).await?);
    let entries = quarantine::newest(&app, &visit).await?;
    let messages = messages::failed(&app, &visit).await?;
    let content = html! {
        h1 { "Problems" }
        @if problems.is_empty() {
            section.empty { h2 { "No problems" } p { "Every source, channel and relay that was heard of answers, and nothing waits." } }
        }
        div.grid {
            @for problem in &problems {
                section.panel {
                    h2 { (problem.title) }
                    p { (problem.detail) }
                    pre { code { (problem.command) } }
                }
            }
        }
        (quarantine::section(&visit, &entries))
        (messages::section(&visit, &messages))
    };
    Ok(layout(&visit, Section::Problems, "Problems", &content))
}

async fn configuration<P: IndexPorts>(app: &App<P>) -> Result<Option<Problem>, PageError> {
    let newest = app.ports.objects().versions(CONFIG_KEY, 1).await?.into_iter().next();
    let Some(newest) = newest else { return Ok(None) };
    let verdict = configuration::validation(app.ports.state(), &newest.id).await?;
    let Some(Validation { verdict: ConfigurationVerdict::Invalid, errors, .. }) = verdict else {
        return Ok(None);
    };
    Ok(Some(Problem {
        title: "The newest camhook.toml is rejected".to_owned(),
        detail: html! {
            "The last valid version stays in force. "
            (errors.first().map(|error| printable(error)).unwrap_or_default())
        },
        command: "camhook config history".to_owned(),
    }))
}

async fn pending<P: IndexPorts>(app: &App<P>) -> Result<Option<Problem>, PageError> {
    let waiting = app.ports.objects().list(PENDING_PREFIX, COUNTED).await?.len();
    Ok((waiting > 0).then(|| Problem {
        title: format!("{} for a queue", counted(waiting as u64, "event waits", "events wait")),
        detail: html! { "They are stored. The watchdog delivers them within minutes once the queue accepts messages." },
        command: "camhook events --since 1h".to_owned(),
    }))
}

async fn relays<P: IndexPorts>(app: &App<P>, visit: &Visit) -> Result<Vec<Problem>, PageError> {
    let relays = visit.place.site.relays();
    let records: Vec<_> = relays.iter().map(|one| relay::read(app.ports.state(), one.id.as_str())).collect();
    let records = try_join_all(records).await?;
    let failing = relays.iter().zip(records).filter_map(|(one, state)| {
        let failures = state.record().release_failures.clone()?;
        Some(Problem {
            title: format!("Relay {} may still be on", one.id),
            detail: html! {
                "Its device has not confirmed that it is off, since " (ago(failures.since, visit.place.now)) "; "
                (failures.count) " attempts."
            },
            command: format!("camhook relays confirm-off {}", one.id),
        })
    });
    Ok(failing.collect())
}

async fn channels<P: IndexPorts>(app: &App<P>, visit: &Visit) -> Result<Vec<Problem>, PageError> {
    let failing = channel_status::all(app.ports.state()).await?;
    let failing = failing
        .into_iter()
        .filter(|(id, status)| status.is_failing() && visit.place.site.channel(id).is_some());
    let problem = |(id, status): (String, ChannelStatus)| Problem {
        title: format!("Channel {id} fails"),
        detail: html! {
            (printable(&status.reason.unwrap_or_default())) " "
            @if let Some(failed) = status.failed { span.quiet { (ago(failed, visit.place.now)) } }
        },
        command: format!("camhook test {id}"),
    };
    Ok(failing.map(problem).collect())
}

async fn sources<P: IndexPorts>(app: &App<P>, visit: &Visit) -> Result<Vec<Problem>, PageError> {
    let now = visit.place.now;
    let problem = |source: SourceStatus| {
        let command = format!("camhook setup {}", source.id);
        match source.state {
            SourceState::Ok | SourceState::Never => None,
            SourceState::Refused => source.refusal.map(|refusal| Problem {
                title: format!("Source {} is refused", source.id),
                detail: html! { (printable(&refusal.reason)) ", " (ago(refusal.at, now)) },
                command,
            }),
            SourceState::Offline => source.contact.map(|contact| Problem {
                title: format!("Source {} is offline", source.id),
                detail: html! { "Last heard of " (ago(contact, now)) "." },
                command,
            }),
        }
    };
    let sources = sources::list(app.ports, &visit.place.site).await?.sources;
    Ok(sources.into_iter().filter_map(problem).collect())
}
