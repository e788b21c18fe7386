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

#[cfg(feature = "aws")]
#[cfg(test)]
mod tests {
    use camhook_event::CONFIG_KEY;
    use camhook_ports::memory::MemoryPorts;
    use camhook_ports::{Item, Object, ObjectStore, Precondition};
    use camhook_relay::stop;
    use camhook_state::control::{self, StopSwitch};
    use clap::Parser as _;
    use jiff::Timestamp;

    use super::{Arguments, Command, Error, Outcome, arm, relays, snooze};
    use crate::output::{Form, Output};
    use crate::stack::Stack;

    /// A stack whose only source, `gate`, has these further lines.
    pub(super) async fn deployed(lines: &str) -> MemoryPorts {
        let ports = MemoryPorts::new(Timestamp::constant(1_800_000_000, 0));
        let toml = format!(
            "timezone = \"UTC\"\n[[source]]\nid = \"gate\"\nvendor = \"viewtron\"\n\
             auth = {{ token = \"AAAAAAAAAAAAAAAAAAAAAA\" }}\n{lines}\n"
        );
        let object = Object { bytes: toml.into(), content_type: "application/toml" };
        ports.objects.put(CONFIG_KEY, object, Precondition::None).await.unwrap();
        ports
    }

    /// Everything in the table.
    pub(super) fn of_table(ports: &MemoryPorts) -> Vec<Item> {
        ports.state.items()
    }

    async fn run(ports: &MemoryPorts, arguments: &[&str]) -> Result<Outcome, Error> {
        let (stack, output) = (Stack::for_test(), Output::new(Form::Json));
        let arguments = ["camhook"].iter().chain(arguments).copied();
        match Arguments::parse_from(arguments).command {
            Command::Arm(command) => arm::work(&command, &stack, ports, &output).await,
            Command::Snooze(command) => snooze::work(&command, &stack, ports, &output).await,
            Command::Relays(command) => relays::work(&command, &stack, ports, &output).await,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_dry_run_changes_nothing_and_the_same_command_without_it_does() {
        let ports = deployed("area = \"yard\"").await;
        for command in [
            &["arm", "yard", "away"][..],
            &["snooze", "gate", "2h"],
            &["snooze", "gate", "--off"],
            &["relays", "off"],
            &["relays", "on"],
        ] {
            let before = of_table(&ports);
            run(&ports, &[command, &["--dry-run"]].concat()).await.unwrap();
            assert_eq!(of_table(&ports), before, "{command:?}");
            run(&ports, command).await.unwrap();
            assert_ne!(of_table(&ports), before, "{command:?}");
        }
    }

    #[tokio::test]
    async fn a_dry_run_is_refused_what_the_command_would_be_refused() {
        let ports = deployed("area = \"yard\"").await;
        for command in [&["arm", "barn", "away", "--dry-run"][..], &["snooze", "barn", "2h", "--dry-run"]] {
            assert!(run(&ports, command).await.is_err(), "{command:?}");
        }
        stop::stop(&ports, "ann").await.unwrap();
        run(&ports, &["relays", "on", "--dry-run"]).await.unwrap();
        let record = control::stop_record(&ports.state).await.unwrap().unwrap();
        assert_eq!(record.switch, StopSwitch::Stopped);
    }
}
