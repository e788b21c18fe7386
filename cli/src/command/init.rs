//! `camhook init`

use std::fmt::Write as _;
use std::io::{BufRead, Write};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use camhook_event::Vendor;
use camhook_ingest::WebhookUrl;
use camhook_site::Site;
use jiff::tz::TimeZone;
use serde::Serialize;
use url::Url;

use super::Outcome;
use crate::arguments::{Consent, Init, NewChannel, NewSource, plate};
use crate::error::Error;
use crate::new_token::{NewToken, new_token};
use crate::output::Output;
use crate::vendors::guide;

/// Stands for the stack's host until it is known.
const UNKNOWN_HOST: &str = "https://your-stack.example";

/// The public ntfy server.
const NTFY_SERVER: &str = "https://ntfy.sh";

/// Where the Telegram bot's token is kept.
const TELEGRAM_TOKEN: &str = "ssm:/camhook/channels/telegram";

/// What the name of a file begins with that is not complete.
const UNFINISHED: &str = ".camhook-init-";

/// Where a question has no default, it is asked until it is answered.
const NO_DEFAULT: &str = "";

/// The area of the cameras, where modes are used.
const AREA: &str = "house";

/// What the questions and options say.
struct Answers {
    timezone: String,
    sources: Vec<(Vendor, String)>,
    channel: NewChannel,
    relay: Option<NewRelay>,
}

impl Answers {
    /// Whether a source sets modes, on which the notifications then depend.
    fn has_modes(&self) -> bool {
        self.sources.iter().any(|(vendor, _)| !vendor.sends_events())
    }
}

/// A relay that some plates open.
struct NewRelay {
    url: Url,
    plates: Vec<String>,
}

#[derive(Serialize)]
struct Written<'a> {
    file: &'a Path,
    sources: Vec<WrittenSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ntfy_topic: Option<String>,
}

#[derive(Serialize)]
struct WrittenSource {
    id: String,
    vendor: Vendor,
    url: String,
    instructions: String,
}

pub(super) fn run(arguments: &Init, consent: Consent, output: &Output) -> Result<Outcome, Error> {
    let path = arguments.file.as_path();
    if path.exists() {
        return Err(Error::Exists(path.to_owned()));
    }
    let answers = answers(arguments, consent, output)?;
    let tokens = answers.sources.iter().map(|_| new_token()).collect::<Result<Vec<_>, _>>()?;
    let ntfy_topic = match answers.channel {
        NewChannel::Ntfy => Some(format!("camhook-{}", new_token()?.token)),
        NewChannel::Telegram(_) => None,
    };
    let toml = configuration(&answers, &tokens, ntfy_topic.as_deref());
    let (site, _) =
        camhook_site::read(&toml, "camhook.toml").map_err(|_| Error::WrongSite(path.to_owned()))?;
    let base = arguments.api_url.as_ref().map_or(UNKNOWN_HOST, Url::as_str);
    let sources = written_sources(&answers, &tokens, &site, base)?;
    write(path, &toml)?;
    let text = report(path, &answers, &sources, ntfy_topic.as_deref());
    output.result(&Written { file: path, sources, ntfy_topic }, text);
    Ok(Outcome::Done)
}

/// Writes a file that must not exist yet. It has its name only once it is complete, so that an interruption leaves no
/// half of it.
fn write(path: &Path, text: &str) -> Result<(), Error> {
    let wrong = |error| Error::Write { path: path.to_owned(), error };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder).map_err(wrong)?;
    file.write_all(text.as_bytes()).map_err(wrong)?;
    file.as_file().sync_all().map_err(wrong)?;
    file.persist_noclobber(path).map_err(|error| wrong(error.error))?;
    Ok(())
}

fn answers(arguments: &Init, consent: Consent, output: &Output) -> Result<Answers, Error> {
    let timezone = timezone(arguments.timezone.as_deref())?;
    let mut questions = Questions { output, asks: consent == Consent::Ask };
    let sources = if arguments.sources.is_empty() {
        questions.ask(
            "Cameras and recorders, as VENDOR or VENDOR:ID with commas between them\n\
             (vendors: viewtron, xprotect, ivsec, instar; control for a phone that sets the mode home or away)",
            "viewtron",
            |text| text.split(',').map(|source| NewSource::from_str(source.trim())).collect(),
        )?
    } else {
        arguments.sources.clone()
    };
    let channel = match &arguments.channel {
        Some(channel) => channel.clone(),
        None => questions.ask(
            "How to notify you: ntfy (an app, needs no account) or telegram:CHAT_ID",
            "ntfy",
            NewChannel::from_str,
        )?,
    };
    let sources = named(sources);
    let relay = relay(arguments, &sources, &mut questions)?;
    Ok(Answers { timezone, sources, channel, relay })
}

/// Only Viewtron and XProtect number or sign what they send: what others send could be replayed by whoever recorded
/// it, so that no gate should depend on it.
fn relay(
    arguments: &Init,
    sources: &[(Vendor, String)],
    questions: &mut Questions<'_>,
) -> Result<Option<NewRelay>, Error> {
    if !sources.iter().any(|(vendor, _)| *vendor == Vendor::Viewtron) {
        return match &arguments.relay {
            None => Ok(None),
            Some(_) => Err(Error::Argument(
                "--relay needs a source of viewtron: the others send no plates, or posts that open the gate again when \
                 somebody records and repeats them. Add --source viewtron, or leave --relay out"
                    .to_owned(),
            )),
        };
    }
    let url = match &arguments.relay {
        Some(url) => Some(url.clone()),
        None => questions.ask(
            "A Shelly that opens a gate for known plates: its address such as http://192.168.1.50, or none",
            "none",
            |text| match text {
                "none" => Ok(None),
                url => Url::parse(url).map(Some).map_err(|error| format!("`{url}` is not a URL: {error}")),
            },
        )?,
    };
    let Some(url) = url else { return Ok(None) };
    let plates = if arguments.plates.is_empty() {
        questions.ask("Plates that open it, with commas between them", NO_DEFAULT, plates)?
    } else {
        arguments.plates.clone()
    };
    Ok(Some(NewRelay { url, plates }))
}

/// One plate or several, with commas between them.
fn plates(text: &str) -> Result<Vec<String>, String> {
    let written = text.split(',').map(str::trim).filter(|plate| !plate.is_empty());
    let plates = written.map(plate).collect::<Result<Vec<_>, _>>()?;
    if plates.is_empty() { Err("name at least one plate".to_owned()) } else { Ok(plates) }
}

/// Asks on standard error and reads the answers from standard input.
struct Questions<'a> {
    output: &'a Output,
    /// Whether anything is asked; each default counts otherwise.
    asks: bool,
}

impl Questions<'_> {
    fn ask<T>(
        &mut self,
        question: &str,
        default: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Error> {
        loop {
            let answer = if self.asks { self.line(question, default)? } else { default.to_owned() };
            match parse(&answer) {
                Ok(value) => return Ok(value),
                Err(reason) if self.asks => self.output.note(reason),
                Err(reason) => return Err(Error::Answer(reason)),
            }
        }
    }

    fn line(&self, question: &str, default: &str) -> Result<String, Error> {
        match default {
            NO_DEFAULT => self.output.note(format_args!("{question}:")),
            _ => self.output.note(format_args!("{question} [{default}]:")),
        }
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line).map_err(|_| Error::Interrupted)?;
        if read == 0 {
            return Err(Error::Interrupted);
        }
        let line = line.trim();
        Ok(if line.is_empty() { default } else { line }.to_owned())
    }
}

fn timezone(chosen: Option<&str>) -> Result<String, Error> {
    if let Some(name) = chosen {
        TimeZone::get(name).map_err(|_| Error::NotAZone(name.to_owned()))?;
        return Ok(name.to_owned());
    }
    Ok(TimeZone::system().iana_name().unwrap_or("UTC").to_owned())
}

/// Each source with an id: the one that was chosen, or its vendor's name with a number where that is taken.
fn named(sources: Vec<NewSource>) -> Vec<(Vendor, String)> {
    let mut named: Vec<(Vendor, String)> = Vec::new();
    for NewSource { vendor, id } in sources {
        let base = id.unwrap_or_else(|| vendor.name().to_owned());
        let mut id = base.clone();
        let mut number = 2;
        while named.iter().any(|(_, taken)| *taken == id) {
            id = format!("{base}-{number}");
            number += 1;
        }
        named.push((vendor, id));
    }
    named
}

fn configuration(answers: &Answers, tokens: &[NewToken], ntfy_topic: Option<&str>) -> String {
    let mut toml = format!("timezone = \"{}\"\n", answers.timezone);
    let channel = match &answers.channel {
        NewChannel::Ntfy => {
            format!("kind = \"ntfy\"\nurl = \"{NTFY_SERVER}/{}\"\n", ntfy_topic.unwrap_or_default())
        }
        NewChannel::Telegram(chat) => {
            format!("kind = \"telegram\"\nchat = {chat}\ntoken = \"{TELEGRAM_TOKEN}\"\n")
        }
    };
    toml += "alert_channel = \"phone\"\n";
    let has_modes = answers.has_modes();
    // Writing to a string cannot fail.
    for ((vendor, id), NewToken { sha256, .. }) in answers.sources.iter().zip(tokens) {
        let _ = write!(toml, "\n[[source]]\nid = \"{id}\"\nvendor = \"{vendor}\"\n");
        if has_modes && vendor.sends_events() {
            let _ = writeln!(toml, "area = \"{AREA}\"");
        }
        if *vendor == Vendor::Instar {
            toml += "dialect = \"camera-v2\"    # camera-v1 for older cameras, cloud for INSTAR Cloud\n";
        }
        let _ = writeln!(toml, "auth = {{ token_sha256 = \"{sha256}\" }}");
    }
    if let Some(NewRelay { url, plates }) = &answers.relay {
        let plates: Vec<String> =
            plates.iter().map(|plate| format!("{{ plate = {} }}", toml_string(plate))).collect();
        let _ = write!(
            toml,
            "\n[lists]\nresidents = [{}]\n\n[[relay]]\nid = \"gate\"\ndriver = \"shelly-gen2\"\nurl = {}\n\
             network = \"lan\"\nvia = \"agent\"    # switched from inside the house: docs/agent.md\n",
            plates.join(", "),
            toml_string(url.as_str())
        );
    }
    let _ = write!(toml, "\n[[channel]]\nid = \"phone\"\n{channel}");
    let mode = if has_modes { "mode = \"away\"\n" } else { "" };
    let _ = write!(
        toml,
        "\n[[rule]]\nid = \"notify\"\n{mode}then = {{ notify = \"phone\" }}\ncooldown = \"1m\"\n"
    );
    if answers.relay.is_some() {
        let viewtron = answers.sources.iter().filter(|(vendor, _)| *vendor == Vendor::Viewtron);
        let ids: Vec<String> = viewtron.map(|(_, id)| format!("\"{id}\"")).collect();
        let _ = write!(
            toml,
            "\n[[rule]]\nid = \"open-the-gate\"\n\
             when = {{ source = [{}], kind = \"plate\", plate = \"@residents\" }}\n\
             then = {{ relay = \"gate\", action = \"pulse\", seconds = 1 }}\ncooldown = \"30s\"\n",
            ids.join(", ")
        );
    }
    toml
}

/// A TOML basic string; what JSON escapes, TOML escapes alike.
fn toml_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn written_sources(
    answers: &Answers,
    tokens: &[NewToken],
    site: &Site,
    base: &str,
) -> Result<Vec<WrittenSource>, Error> {
    let base = Url::parse(base).map_err(|error| Error::Answer(format!("the API URL: {error}")))?;
    answers
        .sources
        .iter()
        .zip(tokens)
        .map(|((vendor, id), NewToken { token, .. })| {
            let url = WebhookUrl {
                scheme: base.scheme().to_owned(),
                host: base.host_str().unwrap_or_default().to_owned(),
                port: base.port_or_known_default().unwrap_or(443),
                path: format!("{}/{vendor}/{id}/{token}", base.path().trim_end_matches('/')),
            };
            let source = site.source(id).map(Arc::clone);
            let instructions = (guide(*vendor, source)?.setup)(&url);
            Ok(WrittenSource { id: id.clone(), vendor: *vendor, url: url.to_string(), instructions })
        })
        .collect()
}

fn report(path: &Path, answers: &Answers, sources: &[WrittenSource], ntfy_topic: Option<&str>) -> String {
    let mut text = format!("Wrote {}.\n", path.display());
    for source in sources {
        let _ = write!(
            text,
            "\n== {} ({})\n\nThe token in this URL is shown once: the file holds only its SHA-256.\n{}\n\n{}\n",
            source.id, source.vendor, source.url, source.instructions
        );
    }
    text += "\n== Next steps\n\n";
    if let Some(topic) = ntfy_topic {
        let _ = writeln!(text, "* In the ntfy app, subscribe to the topic {topic}.");
    }
    if let NewChannel::Telegram(_) = answers.channel {
        let name = TELEGRAM_TOKEN.trim_start_matches("ssm:");
        let _ = writeln!(
            text,
            "* Store the bot's token: aws ssm put-parameter --type SecureString --name {name} --value TOKEN"
        );
    }
    if answers.has_modes() {
        text += "* Notifications are sent while the mode is `away`; it is `home` until a request sets it: docs/modes.md.\n";
    }
    if answers.relay.is_some() {
        text += "* The Shelly is switched by `camhook agent` on a machine in the house: docs/agent.md.\n";
    }
    let file = path.display();
    let _ = write!(
        text,
        "* Check the file after each change:  camhook check {file}\n\
         * See what a camera sends, without AWS:  camhook listen --lan\n\
         * Try it on this machine:  CAMHOOK_CONFIG={file} make up\n\
         * Deploy it:  docs/deploy.md\n"
    );
    if sources.iter().any(|source| source.url.contains("your-stack.example")) {
        text += "* your-stack.example in the URLs above stands for the ApiUrl that the deployment prints.\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::check::File;

    fn inspect(toml: &str) -> camhook_site::Inspection {
        File::new(toml.to_owned(), "camhook.toml".to_owned()).inspect()
    }

    fn answers_of(channel: NewChannel, relay: Option<NewRelay>, control: Option<NewSource>) -> Answers {
        let source = |vendor| NewSource { vendor, id: None };
        let mut sources: Vec<NewSource> = Vendor::ALL.into_iter().map(source).collect();
        sources.push(source(Vendor::Viewtron));
        sources.push(NewSource { vendor: Vendor::Ivsec, id: Some("drive".to_owned()) });
        sources.extend(control);
        Answers { timezone: "Europe/Berlin".to_owned(), sources: named(sources), channel, relay }
    }

    fn written(answers: &Answers) -> String {
        let tokens: Vec<NewToken> = answers.sources.iter().map(|_| new_token().unwrap()).collect();
        configuration(answers, &tokens, Some("camhook-topic"))
    }

    #[test]
    fn every_file_is_valid_and_gives_no_warning() {
        let relay = || {
            let plates = vec!["AB 12 CDE".to_owned(), "B-X 1".to_owned()];
            Some(NewRelay { url: "http://192.168.1.50".parse().unwrap(), plates })
        };
        let phone = || Some(NewSource { vendor: Vendor::Control, id: Some("phone".to_owned()) });
        for (channel, relay, control) in [
            (NewChannel::Ntfy, relay(), None),
            (NewChannel::Ntfy, None, None),
            (NewChannel::Ntfy, relay(), phone()),
            (NewChannel::Telegram(-1_001_234), relay(), None),
        ] {
            let toml = written(&answers_of(channel, relay, control));
            let inspection = inspect(&toml);
            assert!(inspection.problems.is_empty(), "{:#?}\n{toml}", inspection.problems);
            assert!(inspection.strict.is_empty(), "{:#?}\n{toml}", inspection.strict);
            assert!(inspection.warnings.is_empty(), "{:#?}\n{toml}", inspection.warnings);
        }
    }

    #[test]
    fn a_phone_sets_the_mode_of_every_camera() {
        let phone = NewSource { vendor: Vendor::Control, id: Some("phone".to_owned()) };
        let toml = written(&answers_of(NewChannel::Ntfy, None, Some(phone)));
        let site = inspect(&toml).site.unwrap();
        assert!(site.areas().into_iter().eq(["house"]));
        let cameras = site.sources().filter(|source| source.vendor.sends_events());
        assert!(cameras.into_iter().all(|source| source.area.is_some()));
        assert!(site.rule("notify").unwrap().mode.is_some());
    }

    #[test]
    fn ids_are_unique() {
        let answers = answers_of(NewChannel::Ntfy, None, None);
        let ids: Vec<&str> = answers.sources.iter().map(|(_, id)| id.as_str()).collect();
        assert_eq!(ids, ["viewtron", "xprotect", "ivsec", "instar", "viewtron-2", "drive"]);
    }

    #[test]
    fn a_hostile_plate_stays_a_string() {
        let relay = NewRelay {
            url: "http://192.168.1.50".parse().unwrap(),
            plates: vec!["\"] }\n[[relay]]".to_owned()],
        };
        let toml = written(&answers_of(NewChannel::Ntfy, Some(relay), None));
        let inspection = inspect(&toml);
        assert_eq!(inspection.site.map(|site| site.relays().len()).unwrap_or(1), 1);
    }

    #[test]
    fn an_existing_file_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("camhook.toml");
        write(&path, "first").unwrap();
        assert!(matches!(write(&path, "second"), Err(Error::Write { .. })));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first");
        let names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["camhook.toml"]);
    }
}
