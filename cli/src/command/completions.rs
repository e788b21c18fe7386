//! `camhook completions`

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use super::Outcome;
use crate::arguments::{Arguments, CompletionShell, Completions};
use crate::output::Output;

pub(super) fn run(arguments: &Completions, output: &Output) -> Outcome {
    output.line(script(arguments.shell).trim_end());
    Outcome::Done
}

fn script(shell: CompletionShell) -> String {
    let shell = match shell {
        CompletionShell::Bash => Shell::Bash,
        CompletionShell::Zsh => Shell::Zsh,
        CompletionShell::Fish => Shell::Fish,
        CompletionShell::PowerShell => Shell::PowerShell,
    };
    let mut script = Vec::new();
    generate(shell, &mut Arguments::command(), "camhook", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;
    use crate::output::multi_line;

    #[test]
    fn each_shell_completes_commands_and_options() {
        for shell in CompletionShell::value_variants() {
            let script = script(*shell);
            for word in ["quarantine", "dry-run", "stack"] {
                assert!(script.contains(word), "{shell:?}: {word}");
            }
            assert_eq!(multi_line(&script), script, "{shell:?}: printed as it is");
        }
    }
}
