//! `camhook people`

use camhook_operations::people::{self, Member};
use camhook_site::Site;
use camhook_state::person::Role;
use camhook_state::session::LINK_LIFETIME;
use jiff::Timestamp;
use serde::Serialize;

use super::Outcome;
use crate::arguments::{Invite, People, PeopleAction, RoleArgument};
use crate::error::Error;
use crate::moment::Times;
use crate::output::{Output, counted};
use crate::stack::{Selection, Stack};

#[derive(Serialize)]
struct Invited<'a> {
    name: &'a str,
    role: Role,
    areas: &'a [String],
    link: &'a str,
    expires: Timestamp,
}

#[derive(Serialize)]
struct Revoked<'a> {
    name: &'a str,
    sessions: usize,
}

pub(super) async fn run(arguments: &People, stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    let stack = Stack::find(stack)?;
    match &arguments.action {
        PeopleAction::Invite(invite) => invited(invite, &stack, output).await?,
        PeopleAction::List => {
            let ports = stack.connect().await;
            let members = people::list(&ports).await?;
            if members.is_empty() {
                output.note("Nobody can use the console: `camhook people invite NAME --role admin`.");
            }
            let times = Stack::times(&ports).await;
            for member in &members {
                output.result(member, line(member, &times));
            }
        }
        PeopleAction::Revoke { name } => {
            stack.confirm(&format!("end the sessions of {name} and remove {name}"), output)?;
            let sessions = people::revoke(&stack.connect().await, name).await?;
            let text = format!("{name} was removed; {} ended", counted(sessions, "session", "sessions"));
            output.result(&Revoked { name, sessions }, text);
        }
    }
    Ok(Outcome::Done)
}

async fn invited(arguments: &Invite, stack: &Stack, output: &Output) -> Result<(), Error> {
    let Invite { name, role, areas } = arguments;
    let role = Role::from(*role);
    check_areas(areas, &*stack.site().await?)?;
    stack.confirm(&format!("let {name} use the console as {role}"), output)?;
    let invitation = people::invite(&stack.connect().await, name, role, areas).await?;
    let base = stack.api_url.as_str().trim_end_matches('/');
    let link = format!("{base}/console/sign-in/{}", invitation.secret.expose());
    let minutes = LINK_LIFETIME.as_secs() / 60;
    let text = format!("{link}\n\nThe link signs in one browser as {name}, once, within {minutes} minutes.");
    let expires = invitation.expires;
    output.result(&Invited { name, role, areas, link: &link, expires }, text);
    Ok(())
}

/// An area that no source has is a typing error: the person would see nothing.
fn check_areas(areas: &[String], site: &Site) -> Result<(), Error> {
    let mut known: Vec<&str> =
        site.sources().filter_map(|source| source.area.as_ref()).map(camhook_event::Text::as_str).collect();
    known.sort_unstable();
    known.dedup();
    let Some(unknown) = areas.iter().find(|area| !known.contains(&area.as_str())) else { return Ok(()) };
    let hint = if known.is_empty() {
        "no source has an area".to_owned()
    } else {
        format!("use {}", known.join(", "))
    };
    Err(Error::Argument(format!("camhook.toml has no area `{unknown}`: {hint}")))
}

fn line(member: &Member, times: &Times) -> String {
    let person = &member.person;
    let areas: Vec<&str> = person.areas.iter().map(String::as_str).collect();
    let areas = if areas.is_empty() { "all areas".to_owned() } else { areas.join(", ") };
    let mut text = format!("{}  {}  {areas}", person.name, person.role);
    for session in &member.sessions {
        let browser = session.browser.as_deref().unwrap_or("unnamed browser");
        text += &format!("\n  signed in, last used {}  {browser}", times.show(session.used_at));
    }
    text
}

impl From<RoleArgument> for Role {
    fn from(role: RoleArgument) -> Self {
        match role {
            RoleArgument::Viewer => Self::Viewer,
            RoleArgument::Operator => Self::Operator,
            RoleArgument::Admin => Self::Admin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_those_of_the_sources() {
        let toml = r#"
            timezone = "UTC"
            [[source]]
            id = "gate"
            vendor = "viewtron"
            area = "yard"
            auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }
        "#;
        let (site, _) = camhook_site::read(toml, "test").unwrap();
        assert!(check_areas(&[], &site).is_ok() && check_areas(&["yard".to_owned()], &site).is_ok());
        let error = check_areas(&["yrad".to_owned()], &site).unwrap_err().to_string();
        assert!(error.contains("`yrad`") && error.contains("yard"), "{error}");
    }
}
