//! What is done for each command.

mod check;
mod events;
mod pump;
mod send;
mod setup;
mod test;
mod token;

use crate::arguments::{Arguments, Command};
use crate::error::Error;
use crate::output::Output;

/// What came of a command that could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is well.
    Done,
    /// A check found something wrong.
    Found,
    /// The other side refused.
    Refused,
}

/// Does what was asked for.
pub(crate) async fn run(arguments: Arguments, output: &Output) -> Result<Outcome, Error> {
    let stack = arguments.stack.as_deref();
    match arguments.command {
        Command::Check(check) => check::run(&check, output),
        Command::Setup(setup) => setup::run(&setup, stack, output).await,
        Command::Send(send) => send::run(&send, stack, output).await,
        Command::Events(events) => events::run(&events, stack, output).await,
        Command::Token(token) => token::run(&token, stack, output),
        Command::Test(test) => test::run(&test, stack, output).await,
        Command::Pump(pump) => pump::run(&pump, stack, output).await,
    }
}
