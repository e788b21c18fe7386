//! `camhook tokens`

use camhook_aws::CurrentSite;
use camhook_operations::tokens::{self, Credential, CredentialState};
use camhook_ports::{Clock, Ports};
use jiff::Timestamp;

use super::Outcome;
use crate::arguments::Tokens;
use crate::error::Error;
use crate::moment::{Times, age};
use crate::output::{Output, single_line};
use crate::stack::{Selection, Stack};

pub(super) async fn run(arguments: &Tokens, stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    let stack = Stack::find(stack)?;
    let ports = stack.connect().await;
    let site = CurrentSite::default().get(&ports).await?;
    if let Some(source) = arguments.source.as_deref().filter(|source| site.source(source).is_none()) {
        return Err(Error::UnknownSource { source_id: source.to_owned(), hint: String::new() });
    }
    let now = ports.clock().now();
    let mut credentials = tokens::list(ports.state(), &site).await?;
    credentials
        .retain(|credential| arguments.source.as_ref().is_none_or(|source| *source == credential.source));
    if credentials.is_empty() {
        output.note("No source has a token, password or signing key.");
    }
    let times = Times::of_site(&site);
    for credential in credentials {
        output.result(&credential, single_line(&line(&credential, now, &times)));
    }
    Ok(Outcome::Done)
}

fn line(credential: &Credential, now: Timestamp, times: &Times) -> String {
    let Credential { source, credential: name, last_used, state } = credential;
    let used = match last_used {
        Some(at) => format!("last used {} ago, {}", age(*at, now), times.show(*at)),
        None => "no use recorded".to_owned(),
    };
    let meaning = match state {
        CredentialState::Only => "",
        CredentialState::Current => "; in use",
        CredentialState::Superseded => "; another one is in use: remove it when no device needs it any more",
        CredentialState::Unused => "; enter it in the device, or remove it",
    };
    format!("{source}  {name}  {used}{meaning}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_which_of_two_tokens_is_in_use() {
        let now = Timestamp::constant(1_800_000_000, 0);
        let old = Credential {
            source: "gate".to_owned(),
            credential: "token:sha256:9f86d081".to_owned(),
            last_used: Some(Timestamp::constant(1_799_996_400, 0)),
            state: CredentialState::Superseded,
        };
        let text = line(&old, now, &Times::UTC);
        assert!(
            text.starts_with("gate  token:sha256:9f86d081  last used 60 min ago, 2027-01-15 07:00:00+00:00"),
            "{text}"
        );
        assert!(
            text.ends_with("; another one is in use: remove it when no device needs it any more"),
            "{text}"
        );
        let new = Credential { last_used: None, state: CredentialState::Unused, ..old };
        assert!(line(&new, now, &Times::UTC).contains("no use recorded; enter it in the device"));
    }
}
