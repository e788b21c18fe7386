//! Site: the configuration in force, its versions and their verdicts, and the people with their sessions.

use axum::extract::State;
use axum::response::Html;
use camhook_description::printable;
use camhook_event::CONFIG_KEY;
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
) -> Result<Html<String>, PageError> {
    visit.require_everywhere(Role::Admin)?;
    let state = app.ports.state();
    let versions = app.ports.objects().versions(CONFIG_KEY, VERSIONS).await?;
    let verdicts: Vec<_> =
        versions.iter().map(|version| configuration::validation(state, &version.id)).collect();
    let verdicts = try_join_all(verdicts).await?;
    let members = people::list(app.ports).await?;
    let content = html! {
        h1 { "Site" }
        div.columns {
            (configuration_section(&visit, &versions, &verdicts))
            (people_section(&visit, &members))
        }
    };
    Ok(layout(&visit, Section::Site, "Site", &content))
}

fn configuration_section(
    visit: &Visit,
    versions: &[ObjectVersion],
    verdicts: &[Option<Validation>],
) -> Markup {
    let site = &visit.place.site;
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
                @for (version, verdict) in versions.iter().zip(verdicts) {
                    li {
                        code { (version.id.chars().take(10).collect::<String>()) } " "
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
                    }
                }
            }
            p.quiet { "Compare and change versions:" }
            pre { code { "camhook config history\ncamhook config diff camhook.toml\ncamhook config rollback" } }
        }
    }
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
    let zone = visit.place.site.timezone();
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
                                "Signed in, last used " (ago(session.used_at, visit.place.now)) ": "
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
