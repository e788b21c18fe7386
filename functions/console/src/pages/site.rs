//! Site: the configuration in force, its versions with their verdicts and changes, and the people with their sessions.

mod changes;

use axum::extract::{RawQuery, State};
use axum::response::Html;
use camhook_description::printable;
use camhook_event::CONFIG_KEY;
use camhook_operations::config::{self, Hunk};
use camhook_operations::people::{self, Member};
use camhook_ports::{IndexPorts, ObjectStore as _, ObjectVersion};
use camhook_state::configuration::{self, ConfigurationVerdict, Validation};
use camhook_state::person::Role;
use futures_util::future::try_join_all;
use maud::{Markup, html};

use super::layout::{Section, layout};
use crate::app::App;
use crate::error::PageError;
use crate::format::{ago, full_time};
use crate::visit::Visit;

/// The number of versions that are listed.
const VERSIONS: usize = 10;

/// The site: for administrators.
pub(crate) async fn page<P: IndexPorts>(
    State(app): State<App<P>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Html<String>, PageError> {
    visit.require_everywhere(Role::Admin)?;
    let state = app.ports.state();
    // One more than is listed: what the last one of the list is compared with.
    let versions = app.ports.objects().versions(CONFIG_KEY, VERSIONS + 1).await?;
    let selected = selected_version(query.as_deref().unwrap_or_default());
    let compared = match &selected {
        Some(id) => Some((id, changes_of(&app, &versions, id).await?)),
        None => None,
    };
    let verdicts: Vec<_> =
        versions.iter().take(VERSIONS).map(|version| configuration::validation(state, &version.id)).collect();
    let verdicts = try_join_all(verdicts).await?;
    let members = people::list(app.ports).await?;
    let content = html! {
        h1 { "Site" }
        @if let Some((id, hunks)) = &compared { (changes::section(id, hunks.as_deref())) }
        div.columns {
            (configuration_section(&visit, &versions, &verdicts))
            (people_section(&visit, &members))
        }
    };
    Ok(layout(&visit, Section::Site, "Site", &content))
}

/// The version whose changes the query asks for.
fn selected_version(query: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find_map(|(name, value)| (name == "version").then(|| value.into_owned()))
}

/// The changes of a listed version against the one before; `None` when one of them is no longer stored.
async fn changes_of<P: IndexPorts>(
    app: &App<P>,
    versions: &[ObjectVersion],
    id: &str,
) -> Result<Option<Vec<Hunk>>, PageError> {
    let pair = versions.iter().zip(versions.iter().skip(1)).find(|(newer, _)| newer.id == id);
    let (newer, older) = pair.ok_or(PageError::NotFound)?;
    Ok(config::changes(app.ports, older, newer).await?)
}

/// The beginning of a version's id, which is long on AWS.
fn short(version: &str) -> String {
    version.chars().take(10).collect()
}

fn configuration_section(
    visit: &Visit,
    versions: &[ObjectVersion],
    verdicts: &[Option<Validation>],
) -> Markup {
    let site = &visit.context.site;
    let zone = site.timezone();
    html! {
        section {
            h2 { "Configuration" }
            p.quiet {
                (site.sources().count()) " sources, " (site.rules().len()) " rules, " (site.channels().len())
                " channels, " (site.relays().len()) " relays; time zone " (zone.iana_name().unwrap_or("unnamed"))
            }
            @if versions.is_empty() { p.quiet { "The bucket keeps no versions." } }
            ul.plain {
                @for (index, (version, verdict)) in versions.iter().zip(verdicts).enumerate() {
                    li {
                        code { (short(&version.id)) } " "
                        span.quiet { (full_time(version.stored_at, zone)) } " "
                        @if site.version() == Some(version.id.as_str()) { span.state.good { "in force" } " " }
                        @match verdict {
                            None => span.quiet { "not checked" },
                            Some(validation) if validation.verdict == ConfigurationVerdict::Valid => span.quiet { "valid" },
                            Some(validation) => {
                                span.state.bad { "rejected" }
                                pre { @for error in &validation.errors { (printable_lines(error)) "\n" } }
                            }
                        }
                        @if index + 1 < versions.len() { " " a href=(changes_link(visit, &version.id)) { "Changes" } }
                    }
                }
            }
            p.quiet { "Change it, and compare it with a file:" }
            pre { code { "camhook config history\ncamhook config diff camhook.toml\ncamhook config rollback" } }
        }
    }
}

fn changes_link(visit: &Visit, version: &str) -> String {
    let version: String = form_urlencoded::byte_serialize(version.as_bytes()).collect();
    visit.context.base.link(format_args!("site?version={version}"))
}

/// Errors have several lines; each is made printable by itself.
fn printable_lines(text: &str) -> String {
    let line = |line: &str| {
        let indent: String = line.chars().take_while(|character| *character == ' ').collect();
        format!("{indent}{}", printable(line))
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn people_section(visit: &Visit, members: &[Member]) -> Markup {
    let zone = visit.context.site.timezone();
    html! {
        section {
            h2 { "People" }
            ul.plain {
                @for member in members {
                    li data-person=(member.person.name) {
                        strong { (member.person.name) } " " span.quiet {
                            (member.person.role) ", "
                            @if member.person.areas.is_empty() { "all areas" }
                            @else { (member.person.areas.iter().map(String::as_str).collect::<Vec<_>>().join(", ")) }
                        }
                        @for session in &member.sessions {
                            p.quiet title=(full_time(session.created_at, zone)) {
                                "Signed in, last used " (ago(session.used_at, visit.context.now)) ": "
                                (printable(session.browser.as_deref().unwrap_or("unnamed browser")))
                            }
                        }
                    }
                }
            }
            p.quiet { "Invite and remove people:" }
            pre { code { "camhook people invite NAME --role viewer\ncamhook people revoke NAME" } }
        }
    }
}
