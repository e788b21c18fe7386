//! People who may use the console.
//!
//! `people`, `{id}`: one item per person. The id is random, so that a name can be shown and changed freely.

use std::collections::BTreeSet;

use camhook_ports::{Condition, Key, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::item::{decode, encode};

const PEOPLE: &str = "people";

/// What a person may do. Each role includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Look at events, cameras and relays.
    Viewer,
    /// Also mark events as reviewed, and see what was not delivered.
    Operator,
    /// Also see the configuration and the people.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// The name on the command line and in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A person who may use the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The name, as it is shown.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// The areas that the person may see. Empty: everything, including sources without an area.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub areas: BTreeSet<String>,
    /// When the person was first invited.
    pub invited_at: Timestamp,
}

impl Person {
    /// Whether the person may see what belongs to an area; `None` for what belongs to none.
    #[must_use]
    pub fn may_see(&self, area: Option<&str>) -> bool {
        self.areas.is_empty() || area.is_some_and(|area| self.areas.contains(area))
    }
}

fn key(id: &str) -> Key {
    Key::new(PEOPLE, id)
}

/// Stores a person, in place of the one with the same id.
///
/// # Errors
///
/// When the table fails.
pub async fn put<S: State>(state: &S, id: &str, person: &Person) -> Result<(), Error> {
    let key = key(id);
    let data = encode(&key, person)?;
    state.put(&key, data, None, Condition::None).await?;
    Ok(())
}

/// The person with this id; `None` when there is none, or no longer.
///
/// # Errors
///
/// When the table fails.
pub async fn find<S: State>(state: &S, id: &str) -> Result<Option<Person>, Error> {
    state.get(&key(id)).await?.map(|item| decode(&item)).transpose()
}

/// Everybody, with their ids.
///
/// # Errors
///
/// When the table fails.
pub async fn all<S: State>(state: &S) -> Result<Vec<(String, Person)>, Error> {
    let items = state.query(PEOPLE).await?;
    items.into_iter().map(|item| Ok((item.key.sk.clone(), decode(&item)?))).collect()
}

/// Removes a person.
///
/// # Errors
///
/// When the table fails.
pub async fn remove<S: State>(state: &S, id: &str) -> Result<(), Error> {
    state.delete(&key(id), Condition::None).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_of_areas_sees_nothing_outside_them() {
        let person = |areas: &[&str]| Person {
            name: "Anna".to_owned(),
            role: Role::Viewer,
            areas: areas.iter().map(|area| (*area).to_owned()).collect(),
            invited_at: Timestamp::UNIX_EPOCH,
        };
        assert!(person(&[]).may_see(None) && person(&[]).may_see(Some("yard")));
        assert!(person(&["yard"]).may_see(Some("yard")));
        assert!(!person(&["yard"]).may_see(Some("office")) && !person(&["yard"]).may_see(None));
        assert!(Role::Viewer < Role::Operator && Role::Operator < Role::Admin);
    }
}
