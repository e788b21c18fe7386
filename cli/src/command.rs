//! The commands, one module each.

#[cfg(feature = "aws")]
mod agent;
#[cfg(feature = "aws")]
mod arm;
mod check;
mod completions;
#[cfg(feature = "aws")]
mod config;
#[cfg(feature = "aws")]
mod dlq;
#[cfg(feature = "aws")]
mod doctor;
#[cfg(feature = "aws")]
mod erase;
#[cfg(feature = "aws")]
mod event;
#[cfg(feature = "aws")]
mod events;
#[cfg(feature = "aws")]
mod explain;
#[cfg(feature = "aws")]
mod index;
mod init;
#[cfg(feature = "listen")]
mod listen;
#[cfg(feature = "aws")]
mod people;
#[cfg(feature = "aws")]
mod pump;
#[cfg(feature = "aws")]
mod quarantine;
#[cfg(feature = "aws")]
mod relays;
#[cfg(feature = "aws")]
mod replay;
#[cfg(feature = "aws")]
mod report;
#[cfg(feature = "aws")]
mod send;
#[cfg(feature = "aws")]
mod setup;
#[cfg(feature = "aws")]
pub(crate) mod snooze;
#[cfg(feature = "aws")]
mod stack;
#[cfg(feature = "aws")]
mod status;
#[cfg(feature = "aws")]
mod tail;
#[cfg(feature = "aws")]
mod test;
#[cfg(feature = "aws")]
mod token;
#[cfg(feature = "aws")]
mod tokens;

use crate::arguments::{Arguments, Command};
use crate::error::Error;
use crate::output::Output;

/// The result of a command that ran without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Success.
    Done,
    /// `check` found errors.
    Found,
    /// The request was refused, or some of the work was.
    Refused,
    /// `status` or `doctor` found problems.
    Problems,
}

/// Runs the command.
pub(crate) async fn run(arguments: Arguments, output: &Output) -> Result<Outcome, Error> {
    #[cfg(feature = "aws")]
    let (stack, form) = (arguments.selection(), arguments.form());
    let consent = arguments.consent();
    match &arguments.command {
        #[cfg(feature = "aws")]
        Command::Stack(command) => stack::run(command, output).await,
        Command::Check(check) => check::run(check, output),
        #[cfg(feature = "aws")]
        Command::Config(config) => config::run(config, stack, output).await,
        Command::Completions(completions) => Ok(completions::run(completions, output)),
        Command::Init(init) => init::run(init, consent, output),
        #[cfg(feature = "listen")]
        Command::Listen(listen) => listen::run(listen, output).await,
        #[cfg(feature = "aws")]
        Command::Status => Box::pin(status::run(stack, output)).await,
        #[cfg(feature = "aws")]
        Command::Doctor => Box::pin(doctor::run(stack, output)).await,
        #[cfg(feature = "aws")]
        Command::Tail(tail) => Box::pin(tail::run(tail, stack, output)).await,
        #[cfg(feature = "aws")]
        Command::Setup(setup) => setup::run(setup, stack, output).await,
        #[cfg(feature = "aws")]
        Command::Send(send) => send::run(send, stack, output).await,
        #[cfg(feature = "aws")]
        Command::Events(events) => events::run(events, stack, output).await,
        #[cfg(feature = "aws")]
        Command::Tokens(tokens) => tokens::run(tokens, stack, output).await,
        #[cfg(feature = "aws")]
        Command::Token(token) => token::run(token, stack, output).await,
        #[cfg(feature = "aws")]
        Command::Event(event) => event::run(event, stack, output).await,
        #[cfg(feature = "aws")]
        Command::Index(index) => Box::pin(index::run(index, stack, output)).await,
        #[cfg(feature = "aws")]
        Command::Test(test) => test::run(test, stack, output).await,
        #[cfg(feature = "aws")]
        Command::Explain(explain) => Box::pin(explain::run(explain, stack, output)).await,
        #[cfg(feature = "aws")]
        Command::Arm(arm) => arm::run(arm, stack, output).await,
        #[cfg(feature = "aws")]
        Command::Snooze(snooze) => snooze::run(snooze, stack, output).await,
        #[cfg(feature = "aws")]
        Command::Relays(relays) => relays::run(relays, stack, output).await,
        #[cfg(feature = "aws")]
        Command::Dlq(dlq) => dlq::run(dlq, stack, output).await,
        #[cfg(feature = "aws")]
        Command::People(people) => people::run(people, stack, output).await,
        #[cfg(feature = "aws")]
        Command::Quarantine(quarantine) => quarantine::run(quarantine, stack, output).await,
        #[cfg(feature = "aws")]
        Command::Replay(replay) => replay::run(replay, stack, output).await,
        #[cfg(feature = "aws")]
        Command::Report(report) => report::run(report, stack, output).await,
        #[cfg(feature = "aws")]
        Command::Erase(erase) => Box::pin(erase::run(erase, stack, output)).await,
        #[cfg(feature = "aws")]
        Command::Agent(agent) => Box::pin(agent::run(agent, stack, form, output)).await,
        #[cfg(feature = "aws")]
        Command::Pump(pump) => pump::run(pump, stack, output).await,
    }
}
