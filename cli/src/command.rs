//! The commands, one module each.

mod agent;
mod arm;
mod check;
mod dlq;
mod events;
mod explain;
mod pump;
mod relays;
mod send;
mod setup;
mod test;
mod token;

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
}

/// Runs the command.
pub(crate) async fn run(arguments: Arguments, output: &Output) -> Result<Outcome, Error> {
    let (stack, form) = (arguments.stack.as_deref(), arguments.form());
    match arguments.command {
        Command::Check(check) => check::run(&check, output),
        Command::Setup(setup) => setup::run(&setup, stack, output).await,
        Command::Send(send) => send::run(&send, stack, output).await,
        Command::Events(events) => events::run(&events, stack, output).await,
        Command::Token(token) => token::run(&token, stack, output),
        Command::Test(test) => test::run(&test, stack, output).await,
        Command::Explain(explain) => explain::run(&explain, stack, output).await,
        Command::Arm(arm) => arm::run(&arm, stack, output).await,
        Command::Relays(relays) => relays::run(&relays, stack, output).await,
        Command::Dlq(dlq) => dlq::run(&dlq, stack, output).await,
        Command::Agent(agent) => Box::pin(agent::run(&agent, stack, form, output)).await,
        Command::Pump(pump) => pump::run(&pump, stack, output).await,
    }
}
