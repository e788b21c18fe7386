//! Where secrets are stored: whether what needs a secret can read it.

use crate::Via;
use crate::problem::{Entry, Notes, SecretForm};
use crate::raw::{Item, RawSite};
use crate::relay::RawRelay;

/// What a secret is for. A stack is deployed with roles that may read the parameters of their own purpose alone, those
/// below the folder of its name, unless its parameter `SecretsByPurpose` is `no`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// It proves a source: read by webhook functions.
    Source,
    /// It sends notifications: read by the function `notify`.
    Channel,
    /// It switches a relay from the cloud: read by the function `relay`.
    Relay,
    /// It switches a relay from its own network: read by `camhook agent`.
    Agent,
}

impl Purpose {
    const ALL: [Self; 4] = [Self::Source, Self::Channel, Self::Relay, Self::Agent];

    /// What the secrets of an entry are for.
    fn of(entry: Entry<'_>, document: &RawSite) -> Option<Self> {
        match entry.section {
            "source" => Some(Self::Source),
            "channel" => Some(Self::Channel),
            "relay" => match document.relay.get(entry.index).and_then(Item::good).map(RawRelay::via)? {
                Via::Cloud => Some(Self::Relay),
                Via::Agent => Some(Self::Agent),
            },
            _ => None,
        }
    }

    /// The folder of parameters, below the stack's own.
    fn folder(self) -> &'static str {
        match self {
            Self::Source => "sources",
            Self::Channel => "channels",
            Self::Relay => "relays",
            Self::Agent => "agent",
        }
    }

    /// What reads the parameters of this folder.
    fn reader(self) -> &'static str {
        match self {
            Self::Source => "webhook functions read",
            Self::Channel => "the function that notifies reads",
            Self::Relay => "the function that switches relays reads",
            Self::Agent => "the agent reads",
        }
    }
}

/// Warns of secrets in clear text, of parameters that a default stack may not read, and of variables that no function
/// has.
pub(super) fn check(document: &RawSite, notes: &mut Notes) {
    notes.check_secrets(|entry, form| {
        let purpose = Purpose::of(entry, document)?;
        match form {
            SecretForm::ClearText => Some((
                "a secret stands here in clear text".to_owned(),
                format!("put it into a parameter store and write ssm:/camhook/{}/… here", purpose.folder()),
            )),
            SecretForm::Parameter(name) => doubt_about_parameter(name, purpose),
            SecretForm::Environment(name) => doubt_about_variable(name, purpose),
        }
    });
}

fn doubt_about_parameter(name: &str, purpose: Purpose) -> Option<(String, String)> {
    let folder = purpose.folder();
    let (folders, _) = name.rsplit_once('/')?;
    if folders.split('/').any(|segment| segment == folder) {
        return None;
    }
    let path = path_of_purpose(name, purpose);
    Some((
        format!("{} only parameters below `{folder}/`, and this one is not", purpose.reader()),
        format!("store it as {path} and write ssm:{path} here, unless the stack has SecretsByPurpose=no"),
    ))
}

/// The path of a parameter with the folder of a purpose in place of another one's, or before the last name.
fn path_of_purpose(name: &str, purpose: Purpose) -> String {
    let mut segments: Vec<&str> = name.split('/').filter(|segment| !segment.is_empty()).collect();
    let last = segments.len().saturating_sub(1);
    let is_folder = |segment: &&str| Purpose::ALL.iter().any(|purpose| purpose.folder() == *segment);
    let before_name = segments.get(..last).unwrap_or_default();
    match before_name.iter().rposition(is_folder) {
        Some(position) => {
            if let Some(segment) = segments.get_mut(position) {
                *segment = purpose.folder();
            }
        }
        None => {
            segments.insert(last, purpose.folder());
            if last == 0 {
                segments.insert(0, "camhook");
            }
        }
    }
    format!("/{}", segments.join("/"))
}

fn doubt_about_variable(name: &str, purpose: Purpose) -> Option<(String, String)> {
    let mut characters = name.chars();
    let begins_well = characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    if !begins_well || !characters.all(|character| character.is_ascii_alphanumeric() || character == '_') {
        return Some((
            format!("`{name}` is no name of a variable"),
            "use letters, digits and _ without a blank: env:GATE_TOKEN".to_owned(),
        ));
    }
    // Whoever starts the agent sets its variables; those of a function are the template's.
    (purpose != Purpose::Agent).then(|| {
        (
            format!("a deployed function has no variable `{name}`"),
            format!(
                "put the secret into a parameter store and write ssm:/camhook/{}/… here",
                purpose.folder()
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_gets_the_folder_of_its_purpose() {
        for (name, purpose, expected) in [
            ("/camhook/vms", Purpose::Source, "/camhook/sources/vms"),
            ("/vms", Purpose::Source, "/camhook/sources/vms"),
            ("/camhook/relays/gate", Purpose::Agent, "/camhook/agent/gate"),
            ("/company/house/telegram", Purpose::Channel, "/company/house/channels/telegram"),
            ("/camhook//vms", Purpose::Source, "/camhook/sources/vms"),
            // The name of a folder as the name of a secret.
            ("/camhook/agent", Purpose::Relay, "/camhook/relays/agent"),
        ] {
            assert_eq!(path_of_purpose(name, purpose), expected, "{name}");
            assert!(doubt_about_parameter(name, purpose).is_some(), "{name}");
            assert_eq!(doubt_about_parameter(expected, purpose), None, "{expected}");
        }
    }

    #[test]
    fn only_the_agent_has_variables_of_its_own() {
        let doubt = |name, purpose| doubt_about_variable(name, purpose).is_some();
        assert!(doubt("GATE", Purpose::Source) && doubt("GATE", Purpose::Relay));
        assert!(!doubt("GATE_2", Purpose::Agent));
        for name in ["GATE TOKEN", "2GATE", "GATE-TOKEN", " GATE"] {
            assert!(doubt(name, Purpose::Agent), "{name}");
        }
    }
}
