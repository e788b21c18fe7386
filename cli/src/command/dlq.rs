//! `camhook dlq`

mod letter;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use camhook_aws::AwsPorts;
use camhook_ports::{Clock, EventQueue, Message, Ports, Queue};
use camhook_state::{cooldown, dead_letter};
use futures_util::future::try_join_all;

use self::letter::Letter;
use super::Outcome;
use crate::arguments::{Dlq, DlqAction};
use crate::error::Error;
use crate::output::Output;
use crate::stack::Stack;

/// How long a queue is asked to wait for a message: a shorter question may miss some.
const WAIT: Duration = Duration::from_secs(1);

/// The stack, and the same with the dead letters in the places of the queues.
struct Queues {
    live: AwsPorts,
    dead: AwsPorts,
}

pub(super) async fn run(arguments: &Dlq, stack: Option<&Path>, output: &Output) -> Result<Outcome, Error> {
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
                output.note("nothing was given up");
            }
            ports.give_back(&letters, output).await;
            Ok(Outcome::Done)
        }
        Some(DlqAction::Send(send)) => {
            let chosen = ports.choose(&letters, (!send.all).then_some(&send.ids), output).await?;
            ports.send(&chosen, output).await
        }
        Some(DlqAction::Drop(drop)) => {
            let chosen = ports.choose(&letters, Some(&drop.ids), output).await?;
            ports.drop(&chosen, output).await
        }
    }
}

impl Queues {
    /// All dead letters of a queue. They are out of sight until they are given back, or for the queue's time.
    async fn read(&self, queue: Queue) -> Result<Vec<Letter>, Error> {
        let mut letters = Vec::new();
        let mut seen = BTreeSet::new();
        loop {
            let received = self.dead.queues().receive(queue, WAIT).await?;
            let mut any_new = false;
            for message in received {
                if seen.insert(message.message_id.clone()) {
                    any_new = true;
                    let reason = dead_letter::find(self.live.state(), queue, &message.message_id).await?;
                    letters.push(Letter::read(self.live.state(), queue, message, reason).await?);
                }
            }
            if !any_new {
                return Ok(letters);
            }
        }
    }

    /// Those that were asked for; all others are given back.
    async fn choose<'a>(
        &self,
        letters: &'a [Letter],
        ids: Option<&Vec<String>>,
        output: &Output,
    ) -> Result<Vec<&'a Letter>, Error> {
        let Some(ids) = ids else { return Ok(letters.iter().collect()) };
        if let Some(unknown) = ids.iter().find(|id| !letters.iter().any(|letter| letter.is(id))) {
            self.give_back(letters, output).await;
            return Err(Error::NoDeadLetter(unknown.clone()));
        }
        let (chosen, others): (Vec<&Letter>, Vec<&Letter>) =
            letters.iter().partition(|letter| ids.iter().any(|id| letter.is(id)));
        self.give_back(others, output).await;
        Ok(chosen)
    }

    /// Makes messages that were only looked at visible again at once.
    async fn give_back(&self, letters: impl IntoIterator<Item = &Letter>, output: &Output) {
        for letter in letters {
            let back =
                self.dead.queues().retry_after(letter.queue, letter.receipt_handle(), Duration::ZERO).await;
            if let Err(error) = back {
                output.note(format_args!("{} is out of sight for a while: {error}", letter.message));
            }
        }
    }

    /// Sends messages again. One leaves the dead letters only when its queue has taken it; should that fail, it
    /// is in both, which the claims make harmless.
    async fn send(&self, letters: &[&Letter], output: &Output) -> Result<Outcome, Error> {
        let mut outcome = Outcome::Done;
        for letter in letters {
            if let Some(rule) = self.resting_rule(letter).await? {
                output.note(format_args!(
                    "{} stays: a later event charged the cooldown of the rule {rule}, which would swallow it now",
                    letter.message
                ));
                self.give_back([*letter], output).await;
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
            dead_letter::remove(self.live.state(), letter.queue, &letter.message).await?;
            output.result(letter, format_args!("{}  {}  sent again", letter.queue, letter.message));
        }
        if letters.is_empty() {
            output.note("nothing was given up");
        }
        Ok(outcome)
    }

    /// A rule that owes a message about the event of a notification, and rests since a later event acted.
    async fn resting_rule(&self, letter: &Letter) -> Result<Option<String>, Error> {
        let Some((event, source)) = letter.notification() else { return Ok(None) };
        let now = self.live.clock().now();
        for rule in letter.owing_rules() {
            let key = cooldown::CooldownKey { rule, source };
            if cooldown::is_charged(self.live.state(), key, event, now).await? {
                return Ok(Some(rule.to_owned()));
            }
        }
        Ok(None)
    }

    async fn drop(&self, letters: &[&Letter], output: &Output) -> Result<Outcome, Error> {
        for letter in letters {
            self.dead.queues().delete(letter.queue, letter.receipt_handle()).await?;
            dead_letter::remove(self.live.state(), letter.queue, &letter.message).await?;
            output.result(letter, format_args!("{}  {}  dropped", letter.queue, letter.message));
        }
        Ok(Outcome::Done)
    }
}
