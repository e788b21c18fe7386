//! `camhook config push` and `camhook config rollback`

use std::time::Duration;

use camhook_event::CONFIG_KEY;
use camhook_ports::{Object, ObjectStore, Ports, Precondition, PutError, StoredObject};
use camhook_state::configuration::{self, ConfigurationVerdict, Validation};
use serde::Serialize;

use super::{deployed, difference, find_version, read_version};
use crate::arguments::{ConfigPush, ConfigRollback, EmptyFile, Run};
use crate::command::Outcome;
use crate::command::check::{File, Need, Report};
use crate::error::Error;
use crate::output::Output;
use crate::stack::{MqttReception, Stack};

/// How long the watchdog's verdict is waited for; it checks every minute.
const VERDICT_LIMIT: Duration = Duration::from_secs(90);

/// Between two looks at the table.
const VERDICT_INTERVAL: Duration = Duration::from_secs(1);

/// How a file is pushed.
#[derive(Debug, Clone, Copy)]
struct Manner {
    origin: Origin,
    /// Whether the stack receives MQTT messages, as far as is known.
    mqtt: Option<MqttReception>,
    empty: EmptyFile,
    run: Run,
    /// How long the verdict is waited for.
    limit: Duration,
}

/// Where a text comes from, which decides what is an error in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// A file. What `camhook check` reports as an error is one.
    File,
    /// An earlier version of the stack. It was in force, or could have been, so that a check that came later is a warning:
    /// what functions load can always be restored.
    Version(EarlierVerdict),
}

/// The watchdog's verdict on an earlier version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EarlierVerdict {
    Valid,
    /// Invalid, or none.
    NotValid,
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
    stack: &Stack,
    ports: &P,
    arguments: &ConfigPush,
    output: &Output,
) -> Result<Outcome, Error> {
    let file = File::read(&arguments.file, output)?;
    let manner = Manner {
        origin: Origin::File,
        mqtt: stack.mqtt,
        empty: arguments.empty(),
        run: arguments.dry_run.run(),
        limit: VERDICT_LIMIT,
    };
    let agree = || stack.confirm(&format!("push {} as camhook.toml", arguments.file.display()), output);
    push(ports, &file, manner, agree, output).await
}

pub(super) async fn roll_back<P: Ports>(
    stack: &Stack,
    ports: &P,
    arguments: &ConfigRollback,
    output: &Output,
) -> Result<Outcome, Error> {
    let version = match &arguments.version {
        Some(version) => find_version(ports, version).await?.id,
        None => version_before(ports).await?,
    };
    let object = read_version(ports, &version).await?;
    let verdict = earlier_verdict(ports, &version).await?;
    // What a file without sources was approved for once is not asked for again.
    let is_approved = verdict == EarlierVerdict::Valid
        || configuration::is_empty_approved(ports.state(), &object.bytes).await?;
    let text = String::from_utf8(object.bytes.to_vec()).map_err(|_| Error::NotText(version.clone()))?;
    let file = File::new(text, format!("version {version}"));
    let manner = Manner {
        origin: Origin::Version(verdict),
        mqtt: stack.mqtt,
        empty: if is_approved { EmptyFile::Allowed } else { EmptyFile::Refused },
        run: arguments.dry_run.run(),
        limit: VERDICT_LIMIT,
    };
    let agree = || stack.confirm(&format!("roll camhook.toml back to version {version}"), output);
    push(ports, &file, manner, agree, output).await
}

async fn earlier_verdict<P: Ports>(ports: &P, version: &str) -> Result<EarlierVerdict, Error> {
    let validation = configuration::validation(ports.state(), version).await?;
    let is_valid = validation.is_some_and(|validation| validation.verdict == ConfigurationVerdict::Valid);
    Ok(if is_valid { EarlierVerdict::Valid } else { EarlierVerdict::NotValid })
}

/// The last valid version before the newest one.
async fn version_before<P: Ports>(ports: &P) -> Result<String, Error> {
    let newest = deployed(ports).await?.and_then(|object| object.version);
    let versions = ports.objects().versions(CONFIG_KEY, super::SEARCHED_VERSIONS).await?;
    let valid = configuration::valid_version(ports.state()).await?.map(|valid| valid.version);
    let is_stored = |id: &String| versions.iter().any(|version| version.id == *id);
    // A version that was deleted by its id cannot be restored.
    if let Some(valid) = valid.filter(|valid| Some(valid) != newest.as_ref() && is_stored(valid)) {
        return Ok(valid);
    }
    for version in versions.into_iter().filter(|version| Some(&version.id) != newest.as_ref()) {
        let validation = configuration::validation(ports.state(), &version.id).await?;
        if validation.is_some_and(|validation| validation.verdict == ConfigurationVerdict::Valid) {
            return Ok(version.id);
        }
    }
    Err(Error::NoEarlierVersion)
}

/// Checks a text, shows what it would change, asks with `agree`, uploads it, and waits for the watchdog's verdict.
async fn push<P: Ports>(
    ports: &P,
    file: &File,
    Manner { origin, mqtt, empty, run, limit }: Manner,
    agree: impl Fn() -> Result<(), Error>,
    output: &Output,
) -> Result<Outcome, Error> {
    let inspection = file.inspect();
    let report = match origin {
        Origin::File => Report::of(&inspection),
        Origin::Version(_) => Report::of_version(&inspection),
    };
    // An older `camhook` on this machine may reject what the functions load.
    if !report.is_accepted() && origin != Origin::Version(EarlierVerdict::Valid) {
        output.styled_result(&report, report.render(file));
        return Ok(Outcome::Found);
    }
    if !report.is_clean() {
        output.styled_note(report.render(file));
    }
    if report.needs(Need::Mqtt) && mqtt == Some(MqttReception::No) {
        let error = Error::NoMqtt(file.name.clone());
        match origin {
            Origin::File => return Err(error),
            Origin::Version(_) => output.note(format_args!("warning: {error}")),
        }
    }
    let deployed = deployed(ports).await?;
    let has_sources = inspection.site.is_none_or(|site| site.sources().next().is_some());
    let replaces_sources = !has_sources && replaces_sources(ports, deployed.as_ref()).await?;
    if replaces_sources && empty == EmptyFile::Refused {
        return Err(Error::EmptyConfiguration(file.name.clone()));
    }
    let difference = difference(deployed.as_ref(), file);
    let upload_needed = match deployed.as_ref().filter(|_| difference.is_empty()) {
        None => {
            output.note(&difference);
            true
        }
        // A version has one verdict. What it was refused for may be allowed now: a file without sources, for one.
        Some(deployed) if is_rejected(ports, deployed).await? => {
            output
                .note("no difference, but the deployed version is rejected: a new version is checked again");
            true
        }
        Some(_) => false,
    };
    if run == Run::Dry {
        match upload_needed {
            true => output.plan(&format!("push {} as camhook.toml", file.name)),
            false => output.plan("change nothing: the deployed version is the same"),
        }
        return Ok(Outcome::Done);
    }
    let needs_approval =
        replaces_sources && !configuration::is_empty_approved(ports.state(), file.text.as_bytes()).await?;
    if upload_needed || needs_approval {
        agree()?;
    }
    if needs_approval {
        configuration::approve_empty(ports.state(), file.text.as_bytes()).await?;
    }
    if !upload_needed {
        output.note("no difference: the deployed version stays");
        let version = deployed.and_then(|deployed| deployed.version);
        return wait_for_verdict(ports, version, limit, output).await;
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
    use crate::command::check::tests::WITH_MQTT;
    use crate::output::Form;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn file(text: &str) -> File {
        File::new(text.to_owned(), "camhook.toml".to_owned())
    }

    fn site(source: &str) -> String {
        let digest = "5f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a05";
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
        push(ports, &file(text), manner(empty, Run::Real), || Ok(()), &Output::new(Form::Json)).await
    }

    fn manner(empty: EmptyFile, run: Run) -> Manner {
        Manner { origin: Origin::File, mqtt: None, empty, run, limit: Duration::ZERO }
    }

    async fn rolled_back(ports: &MemoryPorts, version: &str) -> Result<Outcome, Error> {
        roll_back(&Stack::for_test(), ports, &rollback(version), &Output::new(Form::Json)).await
    }

    /// A site with a token that `check` refuses as too short, and functions accept.
    fn site_with_short_token() -> String {
        "[[source]]\nid = \"gate\"\nvendor = \"viewtron\"\nauth = { token = \"AAAAAAAAAAAAAA\" }\n".to_owned()
    }

    /// Uploads a text as somebody does without `push`.
    async fn uploaded_by_hand(ports: &MemoryPorts, text: &str) {
        upload(ports, &file(text), deployed(ports).await.unwrap().as_ref()).await.unwrap();
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
            let asked = || panic!("a dry run does not ask");
            let outcome = push(&ports, &file(&text), manner(empty, Run::Dry), asked, &output).await.unwrap();
            assert_eq!(outcome, Outcome::Done, "{text}");
        }
        let refused = push(&ports, &file(""), manner(EmptyFile::Refused, Run::Dry), || Ok(()), &output).await;
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
        let outcome = rolled_back(&ports, "2").await;
        assert_eq!(outcome.unwrap(), Outcome::Done);
        assert_eq!(in_bucket(&ports).await, Some(site("barn")));
        let missing = rolled_back(&ports, "9").await;
        assert!(matches!(missing, Err(Error::NoVersion(_))), "{missing:?}");
    }

    #[tokio::test]
    async fn a_file_that_needs_mqtt_is_refused_by_a_stack_without_it() {
        let output = Output::new(Form::Json);
        for text in WITH_MQTT {
            for (mqtt, is_refused) in
                [(Some(MqttReception::No), true), (Some(MqttReception::Yes), false), (None, false)]
            {
                let ports = MemoryPorts::new(NOW);
                verdict(&ports, "1", ConfigurationVerdict::Valid).await;
                for run in [Run::Dry, Run::Real] {
                    let manner = Manner { mqtt, ..manner(EmptyFile::Allowed, run) };
                    let pushed = push(&ports, &file(text), manner, || Ok(()), &output).await;
                    match pushed {
                        Err(Error::NoMqtt(name)) => assert!(is_refused && name == "camhook.toml", "{text}"),
                        pushed => assert_eq!((pushed.unwrap(), is_refused), (Outcome::Done, false), "{text}"),
                    }
                }
                assert_eq!(in_bucket(&ports).await.is_none(), is_refused, "{text}");
            }
            // What was in force once is restored.
            let ports = MemoryPorts::new(NOW);
            let version = Origin::Version(EarlierVerdict::NotValid);
            let manner = manner(EmptyFile::Allowed, Run::Real);
            let manner = Manner { origin: version, mqtt: Some(MqttReception::No), ..manner };
            verdict(&ports, "1", ConfigurationVerdict::Valid).await;
            assert_eq!(push(&ports, &file(text), manner, || Ok(()), &output).await.unwrap(), Outcome::Done);
        }
    }

    #[tokio::test]
    async fn a_version_that_functions_load_can_be_restored_whatever_the_strict_checks_say() {
        for checked in [ConfigurationVerdict::Valid, ConfigurationVerdict::Invalid] {
            let ports = MemoryPorts::new(NOW);
            let short = site_with_short_token();
            assert_eq!(pushed(&ports, &short, EmptyFile::Refused).await.unwrap(), Outcome::Found);
            verdict(&ports, "1", checked).await;
            uploaded_by_hand(&ports, &short).await;
            verdict(&ports, "2", ConfigurationVerdict::Invalid).await;
            uploaded_by_hand(&ports, "id = gate").await;
            verdict(&ports, "3", ConfigurationVerdict::Valid).await;
            assert_eq!(rolled_back(&ports, "1").await.unwrap(), Outcome::Done, "{checked:?}");
            assert_eq!(in_bucket(&ports).await, Some(short));
        }
    }

    #[tokio::test]
    async fn a_version_is_restored_if_functions_load_it_or_it_was_found_valid() {
        let ports = MemoryPorts::new(NOW);
        uploaded_by_hand(&ports, "id = gate").await;
        uploaded_by_hand(&ports, "[[source]]\nid = \"gate\"\nvendor = \"of-a-newer-camhook\"\n").await;
        verdict(&ports, "3", ConfigurationVerdict::Valid).await;
        uploaded_by_hand(&ports, &site("gate")).await;
        assert_eq!(rolled_back(&ports, "1").await.unwrap(), Outcome::Found);
        assert_eq!(in_bucket(&ports).await, Some(site("gate")));
        verdict(&ports, "2", ConfigurationVerdict::Valid).await;
        verdict(&ports, "4", ConfigurationVerdict::Valid).await;
        assert_eq!(rolled_back(&ports, "2").await.unwrap(), Outcome::Done);
    }

    #[tokio::test]
    async fn an_approved_version_without_sources_can_be_restored_and_another_one_cannot() {
        let ports = MemoryPorts::new(NOW);
        uploaded_by_hand(&ports, "# none\n").await;
        verdict(&ports, "2", ConfigurationVerdict::Valid).await;
        uploaded_by_hand(&ports, &site("gate")).await;
        let refused = rolled_back(&ports, "1").await;
        assert!(matches!(refused, Err(Error::EmptyConfiguration(_))), "{refused:?}");
        verdict(&ports, "1", ConfigurationVerdict::Valid).await;
        verdict(&ports, "3", ConfigurationVerdict::Valid).await;
        assert_eq!(rolled_back(&ports, "1").await.unwrap(), Outcome::Done);
        assert_eq!(in_bucket(&ports).await.as_deref(), Some("# none\n"));
        assert!(configuration::is_empty_approved(&ports.state, b"# none\n").await.unwrap());
    }

    #[tokio::test]
    async fn a_version_that_is_gone_is_not_rolled_back_to() {
        let ports = MemoryPorts::new(NOW);
        uploaded_by_hand(&ports, &site("gate")).await;
        uploaded_by_hand(&ports, "id = gate").await;
        verdict(&ports, "1", ConfigurationVerdict::Valid).await;
        verdict(&ports, "gone", ConfigurationVerdict::Valid).await;
        assert_eq!(version_before(&ports).await.unwrap(), "1");
    }

    #[tokio::test]
    async fn a_change_is_asked_for_once_after_it_was_checked_and_nothing_is_done_without_consent() {
        let ports = MemoryPorts::new(NOW);
        let output = Output::new(Form::Json);
        verdict(&ports, "1", ConfigurationVerdict::Valid).await;
        pushed(&ports, &site("gate"), EmptyFile::Refused).await.unwrap();
        let asked = std::cell::Cell::new(0);
        let refuse = || {
            asked.set(asked.get() + 1);
            Err(Error::NoConsent)
        };
        let wrong = site("barn").replace("viewtron", "viewtorn");
        let manner_of = |empty| manner(empty, Run::Real);
        for (text, empty, questions) in [
            (wrong, EmptyFile::Refused, 0),
            (String::new(), EmptyFile::Refused, 0),
            (site("gate"), EmptyFile::Refused, 0),
            (site("barn"), EmptyFile::Refused, 1),
            (String::new(), EmptyFile::Allowed, 1),
        ] {
            asked.set(0);
            let pushed = push(&ports, &file(&text), manner_of(empty), refuse, &output).await;
            assert_eq!(asked.get(), questions, "{text}: {pushed:?}");
            assert_eq!(matches!(pushed, Err(Error::NoConsent)), questions == 1, "{text}: {pushed:?}");
        }
        assert_eq!(in_bucket(&ports).await, Some(site("gate")));
        assert!(!configuration::is_empty_approved(&ports.state, b"").await.unwrap());
    }
}
