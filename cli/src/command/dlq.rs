//! `camhook dlq`

mod text;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use camhook_aws::{AwsPorts, ReceivedMessage};
use camhook_operations::dead_letters::{DeadLetter, ReceivedLetter, Retrying, retrying};
use camhook_ports::{Clock, EventQueue, Message, Ports, Queue};
use camhook_site::Site;
use camhook_state::dead_letter as reasons;
use futures_util::future::try_join_all;
use serde::Serialize;

use self::text::{letter_text, retrying_text};
use super::Outcome;
use crate::arguments::{Dlq, DlqAction};
use crate::error::Error;
use crate::output::{Output, counted};
use crate::stack::{Selection, Stack};

/// The wait time of a long poll; short polls may miss messages.
const WAIT: Duration = Duration::from_secs(1);

/// A message of the list.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum Listed<'a> {
    DeadLetter(&'a DeadLetter),
    Retrying(&'a Retrying),
}

/// The stack's queues and their dead-letter queues.
struct Queues {
    live: AwsPorts,
    dead: AwsPorts,
    /// The dead letters that this command has received and not deleted: others do not see them meanwhile.
    held: Mutex<BTreeMap<String, HeldLetter>>,
}

/// What makes a dead letter visible again.
struct HeldLetter {
    queue: Queue,
    receipt_handle: String,
}

pub(super) async fn run(arguments: &Dlq, stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    let stack = Stack::find(stack)?;
    let mut queues = stack.queues_with_dead_letters();
    if let Some(only) = arguments.queue {
        queues.retain(|queue| *queue == only);
    }
    if queues.is_empty() {
        let which = arguments.queue.map(|queue| format!(" of {queue}")).unwrap_or_default();
        return Err(Error::NoDeadLetterQueue(which));
    }
    let ports = Queues {
        live: stack.connect().await,
        dead: stack.connect_dead_letters().await,
        held: Mutex::default(),
    };
    let result = work(arguments, &stack, &ports, &queues, output).await;
    // Whatever failed, what is left can be listed and sent at once.
    ports.release_held(output).await;
    result
}

async fn work(
    arguments: &Dlq,
    stack: &Stack,
    ports: &Queues,
    queues: &[Queue],
    output: &Output,
) -> Result<Outcome, Error> {
    let letters = try_join_all(queues.iter().map(|queue| ports.read(*queue))).await?.concat();
    match &arguments.action {
        None | Some(DlqAction::List) => {
            let now = ports.live.clock().now();
            for letter in &letters {
                output.result(&Listed::DeadLetter(letter), letter_text(letter, now));
            }
            ports.release_held(output).await;
            let times = Stack::times(&ports.live).await;
            let retried = retrying(ports.live.state(), queues, now).await?;
            for message in &retried {
                output.result(&Listed::Retrying(message), retrying_text(message, now, &times));
            }
            if letters.is_empty() {
                output.note("No dead letters.");
            }
            Ok(Outcome::Done)
        }
        Some(DlqAction::Send(send)) => {
            let selected = ports.select(&letters, (!send.all).then_some(&send.ids), output).await?;
            let change = format!("send {} again", named(&selected));
            if !stack.agrees(&change, send.dry_run.run(), output)? {
                return Ok(Outcome::Done);
            }
            let site = stack.site().await?;
            ports.send(&selected, &site, output).await
        }
        Some(DlqAction::Drop(drop)) => {
            let selected = ports.select(&letters, Some(&drop.ids), output).await?;
            let change = format!("delete {}", named(&selected));
            if !stack.agrees(&change, drop.dry_run.run(), output)? {
                return Ok(Outcome::Done);
            }
            ports.drop(&selected, output).await
        }
    }
}

/// How many dead letters are named one by one before a change.
const NAMED: usize = 5;

/// The number of dead letters, and the first of them by queue and message.
fn named(letters: &[&DeadLetter]) -> String {
    let count = counted(letters.len(), "dead letter", "dead letters");
    if letters.is_empty() {
        return count;
    }
    let names = letters.iter().take(NAMED).map(|letter| format!("{} {}", letter.queue, letter.message));
    let names: Vec<String> = names.collect();
    let more = if letters.len() > NAMED { ", …" } else { "" };
    format!("{count} ({}{more})", names.join(", "))
}

impl Queues {
    fn held(&self) -> MutexGuard<'_, BTreeMap<String, HeldLetter>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All dead letters of a queue. They stay invisible until they are released, or for the visibility timeout.
    async fn read(&self, queue: Queue) -> Result<Vec<DeadLetter>, Error> {
        let mut letters: Vec<DeadLetter> = Vec::new();
        loop {
            let received = self.dead.queues().receive(queue, WAIT).await?;
            let mut any_new = false;
            self.held().extend(received.iter().map(|message| {
                let receipt_handle = message.receipt_handle.clone();
                (message.message_id.clone(), HeldLetter { queue, receipt_handle })
            }));
            for message in received {
                // Only the newest receipt of a message is sure to delete it.
                match letters.iter_mut().find(|letter| letter.message == message.message_id) {
                    Some(known) => known.received.receipt_handle = message.receipt_handle,
                    None => {
                        any_new = true;
                        letters.push(DeadLetter::read(self.live.state(), letter(queue, message)).await?);
                    }
                }
            }
            if !any_new {
                return Ok(letters);
            }
        }
    }

    /// Selects dead letters by id and releases the others.
    async fn select<'a>(
        &self,
        letters: &'a [DeadLetter],
        ids: Option<&Vec<String>>,
        output: &Output,
    ) -> Result<Vec<&'a DeadLetter>, Error> {
        let Some(ids) = ids else { return Ok(letters.iter().collect()) };
        if let Some(unknown) = ids.iter().find(|id| !letters.iter().any(|letter| letter.is(id))) {
            return Err(Error::NoDeadLetter(unknown.clone()));
        }
        let (selected, others): (Vec<&DeadLetter>, Vec<&DeadLetter>) =
            letters.iter().partition(|letter| ids.iter().any(|id| letter.is(id)));
        self.release(others, output).await;
        Ok(selected)
    }

    /// Makes dead letters visible again.
    async fn release(&self, letters: impl IntoIterator<Item = &DeadLetter>, output: &Output) {
        for letter in letters {
            let held = self.held().remove(&letter.message);
            if let Some(held) = held {
                self.make_visible(&letter.message, &held, output).await;
            }
        }
    }

    /// Makes all dead letters visible again that were neither deleted nor released.
    async fn release_held(&self, output: &Output) {
        let held = std::mem::take(&mut *self.held());
        for (message, held) in &held {
            self.make_visible(message, held, output).await;
        }
    }

    async fn make_visible(&self, message: &str, held: &HeldLetter, output: &Output) {
        let HeldLetter { queue, receipt_handle } = held;
        let released = self.dead.queues().retry_after(*queue, receipt_handle, Duration::ZERO).await;
        if let Err(error) = released {
            output.note(format_args!(
                "failed to release {message}; it stays invisible until its visibility timeout ends: {error}"
            ));
        }
    }

    /// Deletes a dead letter, and the reason that is recorded for it.
    async fn delete(&self, letter: &DeadLetter) -> Result<(), Error> {
        self.dead.queues().delete(letter.queue, &letter.received.receipt_handle).await?;
        self.held().remove(&letter.message);
        Ok(reasons::remove(self.live.state(), letter.queue, &letter.message).await?)
    }

    /// Sends messages again. A message is deleted from the dead-letter queue only after its queue accepted it. If
    /// the deletion fails it is in both; claims make the second delivery harmless.
    async fn send(&self, letters: &[&DeadLetter], site: &Site, output: &Output) -> Result<Outcome, Error> {
        let mut outcome = Outcome::Done;
        let now = self.live.clock().now();
        for letter in letters {
            if let Some(rule) = letter.rule_in_cooldown(self.live.state(), site, now).await? {
                output.note(format_args!(
                    "not sent: {}; the rule {rule} is in the cooldown of a later event and would drop it",
                    letter.message
                ));
                outcome = Outcome::Refused;
                continue;
            }
            let message = Message {
                body: letter.received.body.clone(),
                group: letter.group().to_owned(),
                delay: Duration::ZERO,
                replay: letter.replay().map(str::to_owned),
            };
            self.live.queues().send(letter.queue, message).await?;
            self.delete(letter).await?;
            output.result(letter, format_args!("{}  {}  sent again", letter.queue, letter.message));
        }
        if letters.is_empty() {
            output.note("No dead letters.");
        }
        Ok(outcome)
    }

    async fn drop(&self, letters: &[&DeadLetter], output: &Output) -> Result<Outcome, Error> {
        for letter in letters {
            self.delete(letter).await?;
            output.result(letter, format_args!("{}  {}  deleted", letter.queue, letter.message));
        }
        Ok(Outcome::Done)
    }
}

fn letter(queue: Queue, message: ReceivedMessage) -> ReceivedLetter {
    let ReceivedMessage { message_id, receipt_handle, body, attributes, message_attributes } = message;
    ReceivedLetter { queue, message_id, receipt_handle, body, attributes, message_attributes }
}
