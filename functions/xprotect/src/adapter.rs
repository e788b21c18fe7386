//! The dialect as the ingest sees it.

use camhook_event::Vendor;
use camhook_ingest::{
    Adapter, Headers, Malformed, Notice, Outcome, Parsed, Refusal, Remainder, Reply, Request, Verified,
    query_in_path,
};

use crate::event::drafts;
use crate::parse::parse;
use crate::reply::reply;
use crate::signature::{SIGNATURE_FIELD, signature};

/// The field in which XProtect says which version of its webhooks it speaks.
const VERSION_FIELD: &str = "x-milestone-api-version";

/// The one version that is documented.
const VERSION: &str = "v1.0";

/// The dialect of Milestone XProtect, and of plug-ins that speak like it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Xprotect;

impl Adapter for Xprotect {
    fn vendor(&self) -> Vendor {
        Vendor::Xprotect
    }

    fn parser_version(&self) -> &'static str {
        concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"))
    }

    fn signature(&self, headers: &Headers) -> Option<[u8; 32]> {
        signature(headers.get(SIGNATURE_FIELD)?)
    }

    fn notice(&self, request: &Request<Verified>) -> Option<Notice> {
        let version = unknown_version(request.headers())?;
        let shown: String = version.chars().filter(|character| !character.is_control()).take(32).collect();
        let detail = format!("X-Milestone-Api-Version is `{shown}`; what is documented is {VERSION}");
        Some(Notice { code: "unknown_version", detail })
    }

    fn parse<'a>(&self, request: &'a Request<Verified>) -> Result<Parsed<'a>, Malformed> {
        if let Some(malformed) = query_in_path(request) {
            return Err(malformed);
        }
        let mut message = parse(request.body(), request.query())?;
        let passed_over = message.passed_over.take();
        let mut drafts = drafts(message, request.source().faces);
        if let Some(version) = unknown_version(request.headers()) {
            for draft in &mut drafts {
                draft.vendor_data.insert("X-Milestone-Api-Version", version);
            }
        }
        let Some(passed_over) = passed_over else { return Ok(Parsed::Events(drafts)) };
        drafts.iter_mut().for_each(|draft| draft.truncated = true);
        Ok(Parsed::Partly { events: drafts, remainder: Remainder::Quarantine(passed_over) })
    }

    /// XProtect signs each post of a webhook with a token, and repeats a post after any failure but 400: a wrong
    /// signature is answered 400. A plug-in that does not sign is asked for user and password. The request alone
    /// decides, so that the answer is the same whatever sources there are.
    fn reply_to_refused(&self, headers: &Headers, refusal: Refusal) -> Reply {
        match headers.get(SIGNATURE_FIELD) {
            Some(_) => Reply::empty(400),
            None => reply(Outcome::Refused(refusal)),
        }
    }

    fn reply(&self, outcome: Outcome<'_>) -> Reply {
        reply(outcome)
    }
}

/// The version that the sender names, unless it is the documented one.
fn unknown_version(headers: &Headers) -> Option<&str> {
    headers.get(VERSION_FIELD).map(str::trim).filter(|version| !version.eq_ignore_ascii_case(VERSION))
}
