//! One request, from its credentials to the reply.

use std::collections::BTreeSet;

use camhook_event::{Text, Vendor};
use camhook_ingest::{
    Instance, Method, Outcome, Reply, Request, Unauthenticated, Unverified, Verified, authenticate,
};
use camhook_ports::Ports;
use camhook_site::{Site, Source};
use camhook_state::control::{self, SetBy};
use tracing::Instrument;

use crate::Error;
use crate::reply::{self, area_mode};
use crate::request::{ModeRequest, parse};

/// The most that a body may hold, in bytes.
const BODY_LIMIT: usize = 4 * 1024;

/// How many characters of an unknown name a reply repeats.
const NAME_LENGTH: usize = 64;

/// Processes one request: verify, parse, set or show modes.
pub async fn handle<P: Ports>(
    ports: &P,
    site: &Site,
    instance: &Instance,
    request: Request<Unverified>,
) -> Reply {
    // Control requests are not signed.
    let request = match authenticate(ports, site, Vendor::Control, instance, request, None).await {
        Ok(request) => request,
        Err(Unauthenticated::Refused { refusal, .. }) => return common(Outcome::Refused(refusal)),
        Err(Unauthenticated::Unavailable) => return common(Outcome::Unavailable),
    };
    let span = tracing::info_span!("control", source = %request.source().id, request = request.request_id());
    respond(ports, site, &request).instrument(span).await
}

async fn respond<P: Ports>(ports: &P, site: &Site, request: &Request<Verified>) -> Reply {
    let result = match request.method() {
        Method::Get if request.rest().is_empty() => return show(ports, site, request.source()).await,
        Method::Get => Err(Error::Get),
        Method::Other => Err(Error::Method),
        Method::Post => wanted(site, request),
    };
    match result {
        Ok((area, mode)) => set(ports, request, area, &mode).await,
        Err(error) => {
            tracing::info!(status = error.status(), "rejected a request");
            reply::failure(&error)
        }
    }
}

/// The area and the mode that a request asks for.
fn wanted<'a>(site: &'a Site, request: &'a Request<Verified>) -> Result<(&'a str, String), Error> {
    let source = request.source();
    if source.is_proved_by_address_alone() {
        return Err(Error::Unproved);
    }
    if request.body().len() > BODY_LIMIT {
        return Err(Error::TooLarge);
    }
    let ModeRequest { area, mode } = parse(request.rest(), request.body())?;
    let area = find_area(site, source, area.as_deref())?;
    let modes = site.modes();
    if !modes.contains(mode.as_str()) {
        return Err(Error::UnknownMode { mode: shortened(&mode), known: list(modes) });
    }
    Ok((area, mode))
}

/// The area with this name; without a name the source's own, or the only one.
fn find_area<'a>(site: &'a Site, source: &'a Source, name: Option<&str>) -> Result<&'a str, Error> {
    let allowed = areas(site, source);
    if allowed.is_empty() {
        return Err(Error::NoAreas);
    }
    let Some(name) = name else {
        return match allowed.iter().next() {
            Some(only) if allowed.len() == 1 => Ok(only),
            _ => Err(Error::NoArea { known: list(allowed) }),
        };
    };
    if let Some(area) = allowed.get(name) {
        return Ok(area);
    }
    if source.area.is_some() {
        return Err(Error::OtherArea { allowed: list(allowed) });
    }
    Err(Error::UnknownArea { area: shortened(name), known: list(allowed) })
}

/// The areas whose mode a source may set.
fn areas<'a>(site: &'a Site, source: &Source) -> BTreeSet<&'a str> {
    let mut areas = site.areas();
    if let Some(own) = source.area.as_ref().map(Text::as_str) {
        areas.retain(|area| *area == own);
    }
    areas
}

async fn set<P: Ports>(ports: &P, request: &Request<Verified>, area: &str, mode: &str) -> Reply {
    let by = SetBy::Source(request.source().id.to_string());
    match control::set_mode(ports.state(), area, mode, by, request.received_at()).await {
        Ok(record) => {
            tracing::info!(area, mode, "set mode");
            reply::set(&area_mode(area, Some(record)))
        }
        Err(error) => {
            tracing::error!(area, mode, %error, "failed to set mode");
            common(Outcome::Unavailable)
        }
    }
}

async fn show<P: Ports>(ports: &P, site: &Site, source: &Source) -> Reply {
    let mut modes = Vec::new();
    for area in areas(site, source) {
        match control::mode_record(ports.state(), area).await {
            Ok(record) => modes.push(area_mode(area, record)),
            Err(error) => {
                tracing::error!(area, %error, "failed to read mode");
                return common(Outcome::Unavailable);
            }
        }
    }
    reply::modes(&modes)
}

/// The reply to what is answered alike for every vendor.
fn common(outcome: Outcome<'_>) -> Reply {
    Reply::common(outcome).unwrap_or_else(|| Reply::empty(503))
}

fn shortened(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(NAME_LENGTH).collect()
}

fn list(names: BTreeSet<&str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
