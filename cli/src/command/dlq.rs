//! `camhook dlq`

mod dead_letter;

use std::collections::BTreeSet;
use std::time::Duration;

use camhook_aws::AwsPorts;
use camhook_ports::{Clock, EventQueue, Message, Ports, Queue};
use camhook_state::{cooldown, dead_letter as reasons};
use futures_util::future::try_join_all;

use self::dead_letter::DeadLetter;
use super::Outcome;
use crate::arguments::{Dlq, DlqAction};
use crate::error::Error;
use crate::output::Output;
use crate::stack::{Selection, Stack};

/// The wait time of a long poll; short polls may miss messages.
const WAIT: Duration = Duration::from_secs(1);

/// The stack's queues and their dead-letter queues.
struct Queues {
    live: AwsPorts,
    dead: AwsPorts,
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
    let ports = Queues { live: stack.connect().await, dead: stack.connect_dead_letters().await };
    let letters = try_join_all(queues.iter().map(|queue| ports.read(*queue))).await?.concat();
    match &arguments.action {
        None | Some(DlqAction::List) => {
            let now = ports.live.clock().now();
            for letter in &letters {
                output.result(letter, letter.text(now));
            }
            if letters.is_empty() {
                output.note("No dead letters.");
            }
            ports.release(&letters, output).await;
            Ok(Outcome::Done)
        }
        Some(DlqAction::Send(send)) => {
            let selected = ports.select(&letters, (!send.all).then_some(&send.ids), output).await?;
            if let Err(error) = stack.confirm(&format!("send {} dead letters again", selected.len()), output)
            {
                ports.release(&letters, output).await;
                return Err(error);
            }
            ports.send(&selected, output).await
        }
        Some(DlqAction::Drop(drop)) => {
            let selected = ports.select(&letters, Some(&drop.ids), output).await?;
            if let Err(error) = stack.confirm(&format!("delete {} dead letters", selected.len()), output) {
                ports.release(&letters, output).await;
                return Err(error);
            }
            ports.drop(&selected, output).await
        }
    }
}

impl Queues {
    /// All dead letters of a queue. They stay invisible until [`Queues::release`], or for the visibility timeout.
    async fn read(&self, queue: Queue) -> Result<Vec<DeadLetter>, Error> {
        let mut letters = Vec::new();
        let mut seen = BTreeSet::new();
        loop {
            let received = self.dead.queues().receive(queue, WAIT).await?;
            let mut any_new = false;
            for message in received {
                if seen.insert(message.message_id.clone()) {
                    any_new = true;
                    let reason = reasons::find(self.live.state(), queue, &message.message_id).await?;
                    letters.push(DeadLetter::read(self.live.state(), queue, message, reason).await?);
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
            self.release(letters, output).await;
            return Err(Error::NoDeadLetter(unknown.clone()));
        }
        let (selected, others): (Vec<&DeadLetter>, Vec<&DeadLetter>) =
            letters.iter().partition(|letter| ids.iter().any(|id| letter.is(id)));
        self.release(others, output).await;
        Ok(selected)
    }

    /// Makes messages visible again.
    async fn release(&self, letters: impl IntoIterator<Item = &DeadLetter>, output: &Output) {
        for letter in letters {
            let released =
                self.dead.queues().retry_after(letter.queue, letter.receipt_handle(), Duration::ZERO).await;
            if let Err(error) = released {
                output.note(format_args!(
                    "failed to release {}; it stays invisible until its visibility timeout ends: {error}",
                    letter.message
                ));
            }
        }
    }

    /// Sends messages again. A message is deleted from the dead-letter queue only after its queue accepted it. If
    /// the deletion fails it is in both; claims make the second delivery harmless.
    async fn send(&self, letters: &[&DeadLetter], output: &Output) -> Result<Outcome, Error> {
        let mut outcome = Outcome::Done;
        for letter in letters {
            if let Some(rule) = self.rule_in_cooldown(letter).await? {
                output.note(format_args!(
                    "not sent: {}; the rule {rule} is in the cooldown of a later event and would drop it",
                    letter.message
                ));
                self.release([*letter], output).await;
                outcome = Outcome::Refused;
                continue;
            }
            let message = Message {
                body: letter.body().to_owned(),
                group: letter.group().to_owned(),
                delay: Duration::ZERO,
                replay: letter.replay().map(str::to_owned),
            };
            self.live.queues().send(letter.queue, message).await?;
            self.dead.queues().delete(letter.queue, letter.receipt_handle()).await?;
            reasons::remove(self.live.state(), letter.queue, &letter.message).await?;
            output.result(letter, format_args!("{}  {}  sent again", letter.queue, letter.message));
        }
        if letters.is_empty() {
            output.note("No dead letters.");
        }
        Ok(outcome)
    }

    /// A rule with a pending action for the letter's event that is in the cooldown of a later event.
    async fn rule_in_cooldown(&self, letter: &DeadLetter) -> Result<Option<String>, Error> {
        let Some((event, source)) = letter.notification() else { return Ok(None) };
        let now = self.live.clock().now();
        for rule in letter.rules_with_pending_actions() {
            let key = cooldown::CooldownKey { rule, scope: source };
            if cooldown::is_charged(self.live.state(), key, event, now).await? {
                return Ok(Some(rule.to_owned()));
            }
        }
        Ok(None)
    }

    async fn drop(&self, letters: &[&DeadLetter], output: &Output) -> Result<Outcome, Error> {
        for letter in letters {
            self.dead.queues().delete(letter.queue, letter.receipt_handle()).await?;
            reasons::remove(self.live.state(), letter.queue, &letter.message).await?;
            output.result(letter, format_args!("{}  {}  deleted", letter.queue, letter.message));
        }
        Ok(Outcome::Done)
    }
}
