//! `camhook people`

use std::collections::BTreeSet;

use camhook_aws::CurrentSite;
use camhook_operations::people::{self, InviteRequest, InvitedAreas, Member};
use camhook_ports::Ports;
use camhook_site::Site;
use camhook_state::person::{Person, Role};
use camhook_state::session::LINK_LIFETIME;
use jiff::Timestamp;
use serde::Serialize;

use super::Outcome;
use crate::arguments::{Invite, People, PeopleAction, Revoke, RoleArgument};
use crate::error::Error;
use crate::moment::Times;
use crate::output::{Output, counted};
use crate::stack::{Selection, Stack};

#[derive(Serialize)]
struct Invited<'a> {
    name: &'a str,
    role: Role,
    areas: &'a BTreeSet<String>,
    /// The rights so far, where they changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'a Person>,
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
    work(arguments, &stack, &stack.connect().await, output).await
}

async fn work<P: Ports>(
    arguments: &People,
    stack: &Stack,
    ports: &P,
    output: &Output,
) -> Result<Outcome, Error> {
    match &arguments.action {
        PeopleAction::Invite(invite) => invited(invite, stack, ports, output).await?,
        PeopleAction::List => {
            let members = people::list(ports).await?;
            if members.is_empty() {
                output.note("Nobody can use the console: `camhook people invite NAME --role admin`.");
            }
            let times = Stack::times(ports).await;
            for member in &members {
                output.result(member, line(member, &times));
            }
        }
        PeopleAction::Revoke(revoke) => revoked(revoke, stack, ports, output).await?,
    }
    Ok(Outcome::Done)
}

async fn invited<P: Ports>(
    arguments: &Invite,
    stack: &Stack,
    ports: &P,
    output: &Output,
) -> Result<(), Error> {
    let Invite { name, role, areas, all_areas, dry_run } = arguments;
    check_areas(areas, &*CurrentSite::default().get(ports).await?)?;
    let areas = match areas.as_slice() {
        [] if *all_areas => InvitedAreas::All,
        [] => InvitedAreas::Unchanged,
        areas => InvitedAreas::Only(areas.iter().cloned().collect()),
    };
    let request = InviteRequest { name: name.clone(), role: role.map(Role::from), areas };
    let plan = people::plan_invitation(ports, &request).await?;
    if !stack.agrees(&change_of(plan.before.as_ref(), &plan.person), dry_run.run(), output)? {
        return Ok(());
    }
    let before = plan.before.clone();
    let invitation = people::invite(ports, plan).await?;
    let person = &invitation.person;
    let base = stack.api_url.as_str().trim_end_matches('/');
    let link = format!("{base}/console/sign-in/{}", invitation.secret.expose());
    let minutes = LINK_LIFETIME.as_secs() / 60;
    let (name, rights) = (&person.name, rights(person));
    let text = format!(
        "{link}\n\nThe link signs in one browser as {name} ({rights}), once, within {minutes} minutes."
    );
    let result = Invited {
        name,
        role: person.role,
        areas: &person.areas,
        before: before.as_ref().filter(|before| *before != person),
        link: &link,
        expires: invitation.expires,
    };
    output.result(&result, text);
    Ok(())
}

async fn revoked<P: Ports>(
    arguments: &Revoke,
    stack: &Stack,
    ports: &P,
    output: &Output,
) -> Result<(), Error> {
    let Revoke { name, dry_run } = arguments;
    let member = people::find(ports, name).await?;
    let open = counted(member.sessions.len(), "session", "sessions");
    let change = format!("end {open} of {name} ({}) and remove {name}", rights(&member.person));
    if !stack.agrees(&change, dry_run.run(), output)? {
        return Ok(());
    }
    let sessions = people::revoke(ports, name).await?;
    let text = format!("{name} was removed; {} ended", counted(sessions, "session", "sessions"));
    output.result(&Revoked { name, sessions }, text);
    Ok(())
}

/// What an invitation does, with the rights before and after where they change.
fn change_of(before: Option<&Person>, person: &Person) -> String {
    let (name, rights_after) = (&person.name, rights(person));
    match before {
        Some(before) if before != person => format!(
            "change the rights of {name} in all browsers: {} -> {rights_after}; and invite another browser",
            rights(before)
        ),
        Some(_) => format!("invite another browser of {name} to the console, {rights_after} as before"),
        None => format!("let {name} use the console as {rights_after}"),
    }
}

/// `viewer, areas office, yard`
fn rights(person: &Person) -> String {
    format!("{}, {}", person.role, areas(person))
}

fn areas(person: &Person) -> String {
    let areas: Vec<&str> = person.areas.iter().map(String::as_str).collect();
    match areas.as_slice() {
        [] => "all areas".to_owned(),
        [area] => format!("area {area}"),
        areas => format!("areas {}", areas.join(", ")),
    }
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
    let mut text = format!("{}  {}  {}", person.name, person.role, areas(person));
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
    use camhook_ports::memory::MemoryPorts;
    use clap::Parser as _;

    use super::*;
    use crate::arguments::{Arguments, Command};
    use crate::command::tests::{deployed, of_table};
    use crate::output::Form;

    async fn people(ports: &MemoryPorts, arguments: &[&str]) -> Result<(), Error> {
        let arguments = ["camhook", "people"].iter().chain(arguments).copied();
        let Command::People(command) = Arguments::parse_from(arguments).command else { panic!() };
        work(&command, &Stack::for_test(), ports, &Output::new(Form::Json)).await.map(drop)
    }

    #[tokio::test]
    async fn a_second_invitation_keeps_role_and_areas_unless_it_names_others() {
        let ports = deployed("area = \"office\"").await;
        people(&ports, &["invite", "Ann", "--role", "viewer", "--area", "office"]).await.unwrap();
        for (arguments, expected) in [
            (&["--role", "viewer"][..], "viewer, area office"),
            (&[], "viewer, area office"),
            (&["--role", "operator", "--all-areas", "--dry-run"], "viewer, area office"),
            (&["--role", "operator"], "operator, area office"),
            (&["--all-areas"], "operator, all areas"),
        ] {
            people(&ports, &[&["invite", "Ann"], arguments].concat()).await.unwrap();
            assert_eq!(rights(&people::find(&ports, "Ann").await.unwrap().person), expected, "{arguments:?}");
        }
        assert!(people(&ports, &["invite", "Ben"]).await.unwrap_err().to_string().contains("needs a role"));
    }

    #[tokio::test]
    async fn a_dry_run_invites_and_revokes_nobody() {
        let ports = deployed("area = \"office\"").await;
        people(&ports, &["invite", "Ann", "--role", "admin"]).await.unwrap();
        let before = of_table(&ports);
        for arguments in [
            &["invite", "Ann", "--role", "viewer", "--dry-run"][..],
            &["invite", "Ben", "--role", "viewer", "--dry-run"],
            &["revoke", "Ann", "--dry-run"],
        ] {
            people(&ports, arguments).await.unwrap();
            assert_eq!(of_table(&ports), before, "{arguments:?}");
        }
        people(&ports, &["revoke", "Ann"]).await.unwrap();
        assert!(people::list(&ports).await.unwrap().is_empty());
    }

    #[test]
    fn a_change_of_rights_is_shown_before_and_after() {
        let person = |role, areas: &[&str]| Person {
            name: "Ann".to_owned(),
            role,
            areas: areas.iter().map(|area| (*area).to_owned()).collect(),
            invited_at: Timestamp::UNIX_EPOCH,
        };
        let (office, all) = (person(Role::Viewer, &["office"]), person(Role::Operator, &[]));
        assert_eq!(change_of(None, &office), "let Ann use the console as viewer, area office");
        let same = change_of(Some(&office), &office);
        assert!(same.contains("viewer, area office as before"), "{same}");
        let changed = change_of(Some(&office), &all);
        assert!(changed.contains("viewer, area office -> operator, all areas"), "{changed}");
    }

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
