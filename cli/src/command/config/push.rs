//! `camhook config push` and `camhook config rollback`

use std::time::Duration;

use camhook_event::CONFIG_KEY;
use camhook_ports::{Object, ObjectStore, Ports, Precondition, PutError, StoredObject};
use camhook_state::configuration::{self, ConfigurationVerdict, Validation};
use serde::Serialize;

use super::{deployed, difference, find_version, read_version};
use crate::arguments::{ConfigPush, ConfigRollback, EmptyFile, Run};
use crate::command::Outcome;
use crate::command::check::{File, Report};
use crate::error::Error;
use crate::output::Output;

/// How long the watchdog's verdict is waited for; it checks every minute.
const VERDICT_LIMIT: Duration = Duration::from_secs(90);

/// Between two looks at the table.
const VERDICT_INTERVAL: Duration = Duration::from_secs(1);

/// How a file is pushed.
#[derive(Debug, Clone, Copy)]
struct Manner {
    empty: EmptyFile,
    run: Run,
    /// How long the verdict is waited for.
    limit: Duration,
}

/// The result of a push.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Pushed {
    /// The id of the new version; absent in a bucket without versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Valid,
    Invalid,
    /// The watchdog has not checked the version in time.
    Unknown,
}

pub(super) async fn run<P: Ports>(
    ports: &P,
    arguments: &ConfigPush,
    output: &Output,
) -> Result<Outcome, Error> {
    let file = File::read(&arguments.file, output)?;
    let manner = Manner { empty: arguments.empty(), run: arguments.dry_run.run(), limit: VERDICT_LIMIT };
    push(ports, &file, manner, output).await
}

pub(super) async fn roll_back<P: Ports>(
    ports: &P,
    arguments: &ConfigRollback,
    output: &Output,
) -> Result<Outcome, Error> {
    let version = match &arguments.version {
        Some(version) => find_version(ports, version).await?.id,
        None => version_before(ports).await?,
    };
    let object = read_version(ports, &version).await?;
    let text = String::from_utf8(object.bytes.to_vec()).map_err(|_| Error::NotText(version.clone()))?;
    let file = File { text, name: format!("version {version}") };
    let manner = Manner { empty: EmptyFile::Refused, run: arguments.dry_run.run(), limit: VERDICT_LIMIT };
    push(ports, &file, manner, output).await
}

/// The last valid version before the newest one.
async fn version_before<P: Ports>(ports: &P) -> Result<String, Error> {
    let newest = deployed(ports).await?.and_then(|object| object.version);
    let valid = configuration::valid_version(ports.state()).await?.map(|valid| valid.version);
    if let Some(valid) = valid.filter(|valid| Some(valid) != newest.as_ref()) {
        return Ok(valid);
    }
    let versions = ports.objects().versions(CONFIG_KEY, super::SEARCHED_VERSIONS).await?;
    for version in versions.into_iter().filter(|version| Some(&version.id) != newest.as_ref()) {
        let validation = configuration::validation(ports.state(), &version.id).await?;
        if validation.is_some_and(|validation| validation.verdict == ConfigurationVerdict::Valid) {
            return Ok(version.id);
        }
    }
    Err(Error::NoEarlierVersion)
}

async fn push<P: Ports>(
    ports: &P,
    file: &File,
    Manner { empty, run, limit }: Manner,
    output: &Output,
) -> Result<Outcome, Error> {
    let inspection = file.inspect();
    let report = Report::of(&inspection);
    if !report.is_accepted() {
        output.styled_result(&report, report.render(file));
        return Ok(Outcome::Found);
    }
    if !inspection.warnings.is_empty() {
        output.styled_note(report.render(file));
    }
    let deployed = deployed(ports).await?;
    let has_sources = inspection.site.is_some_and(|site| site.sources().next().is_some());
    if !has_sources && replaces_sources(ports, deployed.as_ref()).await? {
        if empty == EmptyFile::Refused {
            return Err(Error::EmptyConfiguration(file.name.clone()));
        }
        if run == Run::Real {
            configuration::approve_empty(ports.state(), file.text.as_bytes()).await?;
        }
    }
    let difference = difference(deployed.as_ref(), file);
    match deployed.as_ref().filter(|_| difference.is_empty()) {
        None => output.note(&difference),
        // A version has one verdict. What it was refused for may be allowed now: a file without sources, for one.
        Some(deployed) if is_rejected(ports, deployed).await? => {
            output
                .note("no difference, but the deployed version is rejected: a new version is checked again");
        }
        Some(_) if run == Run::Dry => {
            output.plan("change nothing: the deployed version is the same");
            return Ok(Outcome::Done);
        }
        Some(deployed) => {
            output.note("no difference: the deployed version stays");
            return wait_for_verdict(ports, deployed.version.clone(), limit, output).await;
        }
    }
    if run == Run::Dry {
        output.plan(&format!("push {} as camhook.toml", file.name));
        return Ok(Outcome::Done);
    }
    upload(ports, file, deployed.as_ref()).await?;
    let stored = super::deployed(ports).await?.filter(|object| object.bytes == file.text.as_bytes());
    let stored = stored.ok_or(Error::ConfigurationChanged)?;
    wait_for_verdict(ports, stored.version, limit, output).await
}

/// Whether the watchdog has rejected a version.
async fn is_rejected<P: Ports>(ports: &P, deployed: &StoredObject) -> Result<bool, Error> {
    let Some(version) = &deployed.version else { return Ok(false) };
    let validation = configuration::validation(ports.state(), version).await?;
    Ok(validation.is_some_and(|validation| validation.verdict == ConfigurationVerdict::Invalid))
}

/// Whether the configuration that would be replaced has sources. One that cannot be read counts as if it had.
async fn replaces_sources<P: Ports>(ports: &P, deployed: Option<&StoredObject>) -> Result<bool, Error> {
    let valid = configuration::valid_version(ports.state()).await?;
    let deployed_has_sources = deployed.is_some_and(|object| {
        let text = std::str::from_utf8(&object.bytes).unwrap_or_default();
        camhook_site::read(text, "").is_ok_and(|(site, _)| site.sources().next().is_some())
    });
    Ok(deployed_has_sources || valid.is_some_and(|valid| valid.sources > 0))
}

/// Stores the file, unless the deployed one was changed since it was read.
async fn upload<P: Ports>(ports: &P, file: &File, deployed: Option<&StoredObject>) -> Result<(), Error> {
    let object = Object { bytes: file.text.clone().into(), content_type: "application/toml" };
    let precondition =
        deployed.map_or(Precondition::Absent, |deployed| Precondition::Unchanged(deployed.etag.as_str()));
    match ports.objects().put(CONFIG_KEY, object, precondition).await {
        Ok(()) => Ok(()),
        Err(PutError::Precondition { .. }) => Err(Error::ConfigurationChanged),
        Err(error @ PutError::Failed { .. }) => Err(Error::Put(error)),
    }
}

/// Waits until the watchdog has checked a version.
async fn wait_for_verdict<P: Ports>(
    ports: &P,
    version: Option<String>,
    limit: Duration,
    output: &Output,
) -> Result<Outcome, Error> {
    let Some(id) = version else {
        output.note("the bucket keeps no versions: there is nothing to roll back to");
        return Ok(finish(&Pushed { version, verdict: Verdict::Unknown, errors: Vec::new() }, output));
    };
    output.note(format_args!("version {id}: waiting for the watchdog"));
    let waiting = async {
        loop {
            if let Some(validation) = configuration::validation(ports.state(), &id).await? {
                return Ok::<Validation, Error>(validation);
            }
            tokio::time::sleep(VERDICT_INTERVAL).await;
        }
    };
    let (verdict, errors) = match tokio::time::timeout(limit, waiting).await {
        Ok(validation) => match validation? {
            Validation { verdict: ConfigurationVerdict::Valid, .. } => (Verdict::Valid, Vec::new()),
            Validation { verdict: ConfigurationVerdict::Invalid, errors, .. } => (Verdict::Invalid, errors),
        },
        Err(_) => (Verdict::Unknown, Vec::new()),
    };
    Ok(finish(&Pushed { version: Some(id), verdict, errors }, output))
}

fn finish(pushed: &Pushed, output: &Output) -> Outcome {
    let version = pushed.version.as_deref().unwrap_or("without id");
    let (outcome, text) = match pushed.verdict {
        Verdict::Valid => (Outcome::Done, format!("version {version} is valid and in force")),
        Verdict::Invalid => {
            let errors = pushed.errors.join("\n");
            (
                Outcome::Found,
                format!("version {version} is invalid, the last valid one stays in force\n{errors}"),
            )
        }
        Verdict::Unknown => (
            Outcome::Refused,
            format!(
                "version {version} is stored, but the watchdog has not checked it: see `camhook config history`"
            ),
        ),
    };
    output.result(pushed, text);
    outcome
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryPorts;
    use camhook_state::configuration::{AlertState, ValidVersion};
    use jiff::Timestamp;

    use super::*;
    use crate::arguments::DryRun;
    use crate::output::Form;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn file(text: &str) -> File {
        File { text: text.to_owned(), name: "camhook.toml".to_owned() }
    }

    fn site(source: &str) -> String {
        let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        format!(
            "[[source]]\nid = \"{source}\"\nvendor = \"viewtron\"\nauth = {{ token_sha256 = \"{digest}\" }}\n"
        )
    }

    /// Versions in memory are numbered: the verdict is there before the version is.
    async fn verdict(ports: &MemoryPorts, version: &str, verdict: ConfigurationVerdict) {
        if verdict == ConfigurationVerdict::Valid {
            let valid = ValidVersion { version: version.to_owned(), since: NOW, sources: 1 };
            configuration::record_valid_version(&ports.state, &valid).await.unwrap();
        }
        let errors = vec!["camhook.toml:1:1: wrong: mend it".to_owned()];
        let validation = Validation { verdict, at: NOW, errors, alert: AlertState::NotNeeded };
        configuration::record_validation(&ports.state, version, &validation).await.unwrap();
    }

    async fn pushed(ports: &MemoryPorts, text: &str, empty: EmptyFile) -> Result<Outcome, Error> {
        push(ports, &file(text), manner(empty, Run::Real), &Output::new(Form::Json)).await
    }

    fn manner(empty: EmptyFile, run: Run) -> Manner {
        Manner { empty, run, limit: Duration::ZERO }
    }

    fn rollback(version: &str) -> ConfigRollback {
        ConfigRollback { version: Some(version.to_owned()), dry_run: DryRun::default() }
    }

    async fn in_bucket(ports: &MemoryPorts) -> Option<String> {
        let object = ports.objects.get(CONFIG_KEY).await.unwrap()?;
        Some(String::from_utf8(object.bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_push_ends_with_the_verdict_of_the_watchdog() {
        let ports = MemoryPorts::new(NOW);
        verdict(&ports, "1", ConfigurationVerdict::Valid).await;
        assert_eq!(pushed(&ports, &site("gate"), EmptyFile::Refused).await.unwrap(), Outcome::Done);
        verdict(&ports, "2", ConfigurationVerdict::Invalid).await;
        assert_eq!(pushed(&ports, &site("barn"), EmptyFile::Refused).await.unwrap(), Outcome::Found);
        assert_eq!(pushed(&ports, &site("shed"), EmptyFile::Refused).await.unwrap(), Outcome::Refused);
        assert_eq!(in_bucket(&ports).await, Some(site("shed")));
    }

    #[tokio::test]
    async fn a_file_with_errors_is_not_uploaded() {
        let ports = MemoryPorts::new(NOW);
        let wrong = site("gate").replace("viewtron", "viewtorn");
        assert_eq!(pushed(&ports, &wrong, EmptyFile::Refused).await.unwrap(), Outcome::Found);
        assert_eq!(in_bucket(&ports).await, None);
    }

    #[tokio::test]
    async fn the_same_file_is_not_uploaded_again() {
        let ports = MemoryPorts::new(NOW);
        verdict(&ports, "1", ConfigurationVerdict::Valid).await;
        for _ in 0..2 {
            assert_eq!(pushed(&ports, &site("gate"), EmptyFile::Refused).await.unwrap(), Outcome::Done);
        }
        assert_eq!(ports.objects.versions(CONFIG_KEY, 10).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_file_without_sources_replaces_one_with_sources_only_when_that_is_allowed() {
        let ports = MemoryPorts::new(NOW);
        verdict(&ports, "1", ConfigurationVerdict::Valid).await;
        pushed(&ports, &site("gate"), EmptyFile::Refused).await.unwrap();
        for empty in ["", "# nothing\n", "timezone = \"Europe/Berlin\"\n"] {
            let refused = pushed(&ports, empty, EmptyFile::Refused).await;
            assert!(matches!(refused, Err(Error::EmptyConfiguration(_))), "{empty:?}: {refused:?}");
        }
        assert_eq!(in_bucket(&ports).await, Some(site("gate")));
        pushed(&ports, "# nothing\n", EmptyFile::Allowed).await.unwrap();
        assert_eq!(in_bucket(&ports).await.as_deref(), Some("# nothing\n"));
        assert!(configuration::is_empty_approved(&ports.state, b"# nothing\n").await.unwrap());
    }

    #[tokio::test]
    async fn a_file_that_was_rejected_is_uploaded_again_and_checked_again() {
        let ports = MemoryPorts::new(NOW);
        verdict(&ports, "1", ConfigurationVerdict::Valid).await;
        pushed(&ports, &site("gate"), EmptyFile::Refused).await.unwrap();
        // Somebody uploaded a file without sources by hand: the watchdog rejects it, and an alert says what to do.
        upload(&ports, &file(""), deployed(&ports).await.unwrap().as_ref()).await.unwrap();
        verdict(&ports, "2", ConfigurationVerdict::Invalid).await;
        verdict(&ports, "3", ConfigurationVerdict::Valid).await;
        let refused = pushed(&ports, "", EmptyFile::Refused).await;
        assert!(matches!(refused, Err(Error::EmptyConfiguration(_))), "{refused:?}");
        assert_eq!(pushed(&ports, "", EmptyFile::Allowed).await.unwrap(), Outcome::Done);
        assert_eq!(ports.objects.versions(CONFIG_KEY, 10).await.unwrap().len(), 3);
        assert!(configuration::is_empty_approved(&ports.state, b"").await.unwrap());
        // A version that is valid now stays.
        assert_eq!(pushed(&ports, "", EmptyFile::Allowed).await.unwrap(), Outcome::Done);
        assert_eq!(ports.objects.versions(CONFIG_KEY, 10).await.unwrap().len(), 3);
    }

    #[tokio::test]
    async fn a_dry_run_uploads_and_approves_nothing() {
        let ports = MemoryPorts::new(NOW);
        verdict(&ports, "1", ConfigurationVerdict::Valid).await;
        pushed(&ports, &site("gate"), EmptyFile::Refused).await.unwrap();
        let output = Output::new(Form::Json);
        for (text, empty) in [
            (site("barn"), EmptyFile::Refused),
            (site("gate"), EmptyFile::Refused),
            (String::new(), EmptyFile::Allowed),
        ] {
            let outcome = push(&ports, &file(&text), manner(empty, Run::Dry), &output).await.unwrap();
            assert_eq!(outcome, Outcome::Done, "{text}");
        }
        let refused = push(&ports, &file(""), manner(EmptyFile::Refused, Run::Dry), &output).await;
        assert!(matches!(refused, Err(Error::EmptyConfiguration(_))), "{refused:?}");
        assert_eq!(in_bucket(&ports).await, Some(site("gate")));
        assert!(!configuration::is_empty_approved(&ports.state, b"").await.unwrap());
    }

    #[tokio::test]
    async fn a_file_that_was_changed_meanwhile_is_not_overwritten() {
        let ports = MemoryPorts::new(NOW);
        upload(&ports, &file("first"), None).await.unwrap();
        let read = deployed(&ports).await.unwrap();
        upload(&ports, &file("second"), read.as_ref()).await.unwrap();
        let refused = upload(&ports, &file("third"), read.as_ref()).await;
        assert!(matches!(refused, Err(Error::ConfigurationChanged)), "{refused:?}");
        assert!(matches!(upload(&ports, &file("third"), None).await, Err(Error::ConfigurationChanged)));
        assert_eq!(in_bucket(&ports).await.as_deref(), Some("second"));
    }

    #[tokio::test]
    async fn a_rollback_takes_the_last_valid_version_before_the_newest() {
        let ports = MemoryPorts::new(NOW);
        for (number, source) in [("1", "gate"), ("2", "barn")] {
            verdict(&ports, number, ConfigurationVerdict::Valid).await;
            pushed(&ports, &site(source), EmptyFile::Refused).await.unwrap();
        }
        assert_eq!(version_before(&ports).await.unwrap(), "1");
        upload(&ports, &file("id = gate"), deployed(&ports).await.unwrap().as_ref()).await.unwrap();
        verdict(&ports, "3", ConfigurationVerdict::Invalid).await;
        assert_eq!(version_before(&ports).await.unwrap(), "2");
        verdict(&ports, "4", ConfigurationVerdict::Valid).await;
        let outcome = roll_back(&ports, &rollback("2"), &Output::new(Form::Json)).await;
        assert_eq!(outcome.unwrap(), Outcome::Done);
        assert_eq!(in_bucket(&ports).await, Some(site("barn")));
        let missing = roll_back(&ports, &rollback("9"), &Output::new(Form::Json)).await;
        assert!(matches!(missing, Err(Error::NoVersion(_))), "{missing:?}");
    }
}
