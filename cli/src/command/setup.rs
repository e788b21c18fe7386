//! `camhook setup`

use std::time::Duration;

use bytes::Bytes;
use camhook_ingest::WebhookUrl;
use camhook_outbound::{Authentication, Request};
use camhook_site::Source;
use http::Method;
use secrecy::SecretString;
use serde::Serialize;
use url::Url;

use super::Outcome;
use crate::arguments::Setup;
use crate::connection::{client, exchange, text};
use crate::error::Error;
use crate::origin::{Lookup, Origin};
use crate::output::{Output, single_line};
use crate::stack::Selection;
use crate::vendors::{Apply, setup_over_mqtt};

/// The timeout of a request to a camera.
const LIMIT: Duration = Duration::from_secs(15);

#[derive(Serialize)]
struct Instructions<'a> {
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    instructions: &'a str,
}

#[derive(Serialize)]
struct Applied<'a> {
    source: &'a str,
    camera: &'a Url,
}

pub(super) async fn run(arguments: &Setup, stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    let source = arguments.source.as_str();
    let lookup =
        Lookup { id: source, url: arguments.url.as_ref(), config: arguments.config.as_deref(), stack };
    let webhook = match lookup.origin().await? {
        Origin::Http(webhook) => webhook,
        Origin::Mqtt(source) if arguments.apply.is_none() => return over_mqtt(&source, output),
        Origin::Mqtt(_) => return Err(Error::NoApplyOverMqtt),
    };
    let guide = lookup.guide(&webhook).await?;
    let Some(camera) = &arguments.apply else {
        let instructions = (guide.setup)(&webhook.address);
        let url = Some(webhook.address.to_string());
        output.result(&Instructions { source, url, instructions: &instructions }, &instructions);
        return Ok(Outcome::Done);
    };
    let method = guide.apply.ok_or(Error::NoApply(webhook.vendor))?;
    apply(method, camera, &webhook.address, (&arguments.user, password(arguments)?)).await?;
    let done = format!("configured {camera} to post to {}", webhook.address);
    output.result(&Applied { source, camera }, done);
    Ok(Outcome::Done)
}

fn over_mqtt(source: &Source, output: &Output) -> Result<Outcome, Error> {
    let instructions = setup_over_mqtt(source)?;
    let result = Instructions { source: source.id.as_str(), url: None, instructions: &instructions };
    output.result(&result, &instructions);
    Ok(Outcome::Done)
}

async fn apply(
    method: Apply,
    camera: &Url,
    webhook: &WebhookUrl,
    (user, password): (&str, SecretString),
) -> Result<(), Error> {
    let wrong = |error: url::ParseError| Error::Unsendable(format!("invalid camera URL: {error}"));
    let url = camera.join(method.path).map_err(wrong)?;
    let request = Request::new(Method::POST, url.clone())
        .with_body(method.content_type, Bytes::from((method.body)(webhook)))
        .with_authentication(Authentication::Basic { user: user.to_owned(), password });
    let answer = exchange(&client(LIMIT), &url, &request).await?;
    let body = text(&answer);
    if answer.status.is_success() && body.contains(method.success) {
        return Ok(());
    }
    Err(Error::NotApplied { status: answer.status.as_u16(), detail: single_line(&body).into_owned() })
}

fn password(arguments: &Setup) -> Result<SecretString, Error> {
    let password = if arguments.password_prompt {
        rpassword::prompt_password("Password of the camera: ")
    } else if arguments.password_stdin {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line.trim_end_matches(['\r', '\n']).to_owned())
    } else {
        return Err(Error::NoPassword);
    };
    password.map(SecretString::from).map_err(Error::Password)
}
