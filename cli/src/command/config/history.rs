//! `camhook config history`

use camhook_event::CONFIG_KEY;
use camhook_ports::{ObjectStore, Ports};
use camhook_state::configuration::{self, ConfigurationVerdict, Validation};
use jiff::Timestamp;
use serde::Serialize;

use crate::arguments::ConfigHistory;
use crate::command::Outcome;
use crate::error::Error;
use crate::moment::Times;
use crate::output::Output;
use crate::stack::Stack;

/// One version.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Entry {
    version: String,
    stored_at: Timestamp,
    size: u64,
    verdict: Verdict,
    /// The version that functions use.
    in_force: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<String>,
}

/// The watchdog's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Valid,
    Invalid,
    Unchecked,
}

pub(super) async fn run<P: Ports>(
    ports: &P,
    arguments: &ConfigHistory,
    output: &Output,
) -> Result<Outcome, Error> {
    let entries = entries(ports, arguments.limit).await?;
    if entries.is_empty() {
        output.note("No versions.");
    }
    let times = Stack::times(ports).await;
    for entry in entries {
        output.result(&entry, text(&entry, &times));
    }
    Ok(Outcome::Done)
}

async fn entries<P: Ports>(ports: &P, limit: usize) -> Result<Vec<Entry>, Error> {
    let valid = configuration::valid_version(ports.state()).await?;
    let mut entries = Vec::new();
    for version in ports.objects().versions(CONFIG_KEY, limit).await? {
        let (verdict, errors) = match configuration::validation(ports.state(), &version.id).await? {
            None => (Verdict::Unchecked, Vec::new()),
            Some(Validation { verdict: ConfigurationVerdict::Valid, errors, .. }) => (Verdict::Valid, errors),
            Some(Validation { verdict: ConfigurationVerdict::Invalid, errors, .. }) => {
                (Verdict::Invalid, errors)
            }
        };
        let in_force = valid.as_ref().is_some_and(|valid| valid.version == version.id);
        let (stored_at, size) = (version.stored_at, version.size);
        entries.push(Entry { version: version.id, stored_at, size, verdict, in_force, errors });
    }
    Ok(entries)
}

fn text(entry: &Entry, times: &Times) -> String {
    let verdict = match (entry.verdict, entry.in_force) {
        (Verdict::Valid, true) => "valid, in force",
        (Verdict::Valid, false) => "valid",
        (Verdict::Invalid, _) => "invalid",
        (Verdict::Unchecked, _) => "not checked yet",
    };
    let mut text =
        format!("{}  {}  {} bytes  {verdict}", times.show(entry.stored_at), entry.version, entry.size);
    for error in &entry.errors {
        text += &format!("\n    {error}");
    }
    text
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryPorts;
    use camhook_ports::{Object, Precondition};
    use camhook_state::configuration::{AlertState, ValidVersion};

    use super::*;

    #[tokio::test]
    async fn each_version_has_its_verdict_newest_first() {
        let now: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
        let ports = MemoryPorts::new(now);
        for text in ["first", "second", "third"] {
            let object = Object { bytes: text.into(), content_type: "application/toml" };
            ports.objects.put(CONFIG_KEY, object, Precondition::None).await.unwrap();
        }
        let valid = ValidVersion { version: "1".to_owned(), since: now, sources: 1 };
        configuration::record_valid_version(&ports.state, &valid).await.unwrap();
        for (version, verdict, errors) in [
            ("1", ConfigurationVerdict::Valid, vec![]),
            ("2", ConfigurationVerdict::Invalid, vec!["camhook.toml:1:1: wrong: mend it".to_owned()]),
        ] {
            let validation = Validation { verdict, at: now, errors, alert: AlertState::Queued };
            configuration::record_validation(&ports.state, version, &validation).await.unwrap();
        }
        let entries = entries(&ports, 10).await.unwrap();
        let lines: Vec<String> = entries.iter().map(|entry| text(entry, &Times::UTC)).collect();
        assert_eq!(
            lines,
            [
                "1970-01-01 00:00:03+00:00  3  5 bytes  not checked yet",
                "1970-01-01 00:00:02+00:00  2  6 bytes  invalid\n    camhook.toml:1:1: wrong: mend it",
                "1970-01-01 00:00:01+00:00  1  5 bytes  valid, in force",
            ]
        );
    }
}
