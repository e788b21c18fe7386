//! `camhook token`

use camhook_event::Vendor;
use serde::Serialize;

use super::Outcome;
use crate::arguments;
use crate::error::Error;
use crate::new_token::{NewToken, new_token};
use crate::output::Output;
use crate::stack::{Selection, Stack};
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

pub(super) async fn run(
    arguments: &arguments::Token,
    stack: Selection<'_>,
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
    let vendor = vendor(arguments, found.as_ref()).await?;
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

async fn vendor(arguments: &arguments::Token, stack: Option<&Stack>) -> Result<Vendor, Error> {
    if let Some(vendor) = arguments.vendor {
        return Ok(vendor);
    }
    let id = arguments.source.as_str();
    let unknown = || Error::UnknownSource {
        source_id: id.to_owned(),
        hint: ": pass the vendor of a new source with --vendor".to_owned(),
    };
    let stack = stack.ok_or_else(unknown)?;
    if let Some(url) = stack.sources.get(id) {
        return Ok(Webhook::parse(url, id)?.vendor);
    }
    // A stack on AWS is known without its sources.
    let site = if stack.endpoint_url.is_none() { Some(stack.site().await?) } else { None };
    site.as_ref().and_then(|site| site.source(id)).map(|source| source.vendor).ok_or_else(unknown)
}
