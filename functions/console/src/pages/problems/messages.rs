//! Messages whose last attempt failed, and those that are tried again.

use camhook_description::printable;
use camhook_operations::dead_letters::{self, RecordedLetter, Retrying};
use camhook_ports::{IndexPorts, Queue};
use maud::{Markup, html};

use crate::app::App;
use crate::error::PageError;
use crate::format::full_time;
use crate::visit::Visit;

/// The number of messages of each kind that are shown.
const SHOWN: usize = 20;

/// What failed.
pub(super) struct Failed {
    dead: Vec<RecordedLetter>,
    retrying: Vec<Retrying>,
}

/// Reads what the table has of failed messages: one query of each for each queue.
pub(super) async fn failed<P: IndexPorts>(app: &App<P>, visit: &Visit) -> Result<Failed, PageError> {
    let (state, now) = (app.ports.state(), visit.context.now);
    let dead = dead_letters::recorded(state, &Queue::ALL, now).await?;
    let retrying = dead_letters::retrying(state, &Queue::ALL, now).await?;
    Ok(Failed { dead, retrying })
}

pub(super) fn section(visit: &Visit, failed: &Failed) -> Markup {
    let zone = visit.context.site.timezone();
    html! {
        section.panel {
            h2 { "Messages that failed" }
            @if failed.dead.is_empty() { p.quiet { "No function recorded a dead letter." } }
            ul.outcomes {
                @for letter in failed.dead.iter().take(SHOWN) {
                    li.bad {
                        strong { (letter.queue.name()) } " " (printable(&letter.reasons.join("; "))) " "
                        span.quiet { (full_time(letter.at, zone)) " " code { (printable(&letter.message)) } }
                    }
                }
                @for message in failed.retrying.iter().take(SHOWN) {
                    li.waiting {
                        strong { (message.queue.name()) } " " (printable(&message.reasons.join("; "))) " "
                        span.quiet {
                            "attempt " (message.attempt) " failed at " (full_time(message.at, zone))
                            @if let Some(next) = message.next_at { ", next at " (full_time(next, zone)) }
                        }
                    }
                }
            }
            p.quiet { "List dead letters, and send them again:" }
            pre { code { "camhook dlq\ncamhook dlq send ID" } }
        }
    }
}
