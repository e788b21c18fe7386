//! `camhook token`

use std::path::Path;

use camhook_event::Vendor;
use serde::Serialize;

use super::Outcome;
use crate::arguments;
use crate::error::Error;
use crate::new_token::{NewToken, new_token};
use crate::output::Output;
use crate::stack::Stack;
use crate::webhook::Webhook;

/// The placeholder for an unknown base URL.
const PLACEHOLDER_URL: &str = "https://YOUR-STACK";

#[derive(Serialize)]
struct CreatedToken<'a> {
    source: &'a str,
    token: &'a str,
    token_sha256: &'a str,
    url: &'a str,
}

pub(super) fn run(
    arguments: &arguments::Token,
    stack: Option<&Path>,
    output: &Output,
) -> Result<Outcome, Error> {
    let source = arguments.source.as_str();
    if !camhook_site::is_id(source) {
        return Err(Error::NotAnId(source.to_owned()));
    }
    let found = match Stack::find(stack) {
        Ok(found) => Some(found),
        Err(Error::NoStack) => None,
        Err(error) => return Err(error),
    };
    let vendor = vendor(arguments, found.as_ref())?;
    let base = match (&arguments.api_url, &found) {
        (Some(url), _) => url.as_str(),
        (None, Some(stack)) => stack.api_url.as_str(),
        (None, None) => PLACEHOLDER_URL,
    };
    let NewToken { token, sha256: token_sha256 } = new_token()?;
    let url = format!("{}/{vendor}/{source}/{token}", base.trim_end_matches('/'));
    let text = format!(
        "Token        {token}\n\
         camhook.toml auth = {{ token_sha256 = \"{token_sha256}\" }}\n\
         Webhook URL  {url}\n\n\
         Nothing was stored. Enter the URL in the device, and add the `auth` line to the source `{source}` in \
         camhook.toml.\n"
    );
    output.result(&CreatedToken { source, token: &token, token_sha256: &token_sha256, url: &url }, text);
    Ok(Outcome::Done)
}

fn vendor(arguments: &arguments::Token, stack: Option<&Stack>) -> Result<Vendor, Error> {
    if let Some(vendor) = arguments.vendor {
        return Ok(vendor);
    }
    match stack.and_then(|stack| stack.sources.get(&arguments.source)) {
        Some(url) => Ok(Webhook::parse(url, &arguments.source)?.vendor),
        None => Err(Error::UnknownSource {
            source_id: arguments.source.clone(),
            hint: " in stack.json: pass its vendor with --vendor".to_owned(),
        }),
    }
}
