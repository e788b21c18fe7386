//! Inviting people, on a table in memory.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use camhook_operations::people::{
    InviteRequest, InvitedAreas, PeopleError, find, invite, list, plan_invitation,
};
use camhook_ports::memory::MemoryPorts;
use camhook_state::person::{Person, Role};
use jiff::Timestamp;

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn only(areas: &[&str]) -> InvitedAreas {
    InvitedAreas::Only(areas.iter().map(|area| (*area).to_owned()).collect())
}

async fn invited(ports: &MemoryPorts, role: Option<Role>, areas: InvitedAreas) -> Person {
    let request = InviteRequest { name: "Front desk".to_owned(), role, areas };
    let plan = plan_invitation(ports, &request).await.unwrap();
    invite(ports, plan).await.unwrap().person
}

#[tokio::test]
async fn a_person_who_is_invited_again_keeps_role_and_areas_unless_they_are_named() {
    let ports = MemoryPorts::new(NOW);
    let first = invited(&ports, Some(Role::Viewer), only(&["office"])).await;
    for (role, areas, expected) in [
        (Some(Role::Viewer), InvitedAreas::Unchanged, (Role::Viewer, vec!["office"])),
        (None, InvitedAreas::Unchanged, (Role::Viewer, vec!["office"])),
        (Some(Role::Operator), InvitedAreas::Unchanged, (Role::Operator, vec!["office"])),
        (None, only(&["yard", "office"]), (Role::Operator, vec!["office", "yard"])),
        (None, InvitedAreas::All, (Role::Operator, vec![])),
        (Some(Role::Viewer), InvitedAreas::Unchanged, (Role::Viewer, vec![])),
    ] {
        let person = invited(&ports, role, areas.clone()).await;
        let seen: Vec<&str> = person.areas.iter().map(String::as_str).collect();
        assert_eq!((person.role, seen), expected, "{role:?} {areas:?}");
        assert_eq!(find(&ports, "Front desk").await.unwrap().person, person);
        assert_eq!(person.invited_at, first.invited_at);
    }
    assert_eq!(list(&ports).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_plan_changes_nothing_and_says_what_was_before() {
    let ports = MemoryPorts::new(NOW);
    let request =
        InviteRequest { name: " Front desk ".to_owned(), role: None, areas: InvitedAreas::Unchanged };
    let refused = plan_invitation(&ports, &request).await;
    assert!(matches!(refused, Err(PeopleError::NoRole(_))), "{refused:?}");
    let first = InviteRequest { role: Some(Role::Viewer), ..request.clone() };
    let plan = plan_invitation(&ports, &first).await.unwrap();
    assert_eq!((plan.before, plan.person.areas.len()), (None, 0));
    assert!(list(&ports).await.unwrap().is_empty());
    let person = invited(&ports, Some(Role::Viewer), only(&["office"])).await;
    let plan = plan_invitation(&ports, &request).await.unwrap();
    assert_eq!((plan.before.as_ref(), &plan.person), (Some(&person), &person));
}
