//! What is told, and on whose behalf.

use camhook_event::{Event, EventId};
use camhook_state::coalesce::Group;

/// In the place of a replay's run in the names of a group's messages; no run has an `@`.
const GROUP_RUN: &str = "@group";

/// One delivery of an event, or of a group of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivery<'a> {
    /// The event that is told of; of a group, the one that shows most.
    pub(crate) event: &'a Event,
    /// The event that acts, in claims and cooldowns; of a group, the first one.
    pub(crate) acting: EventId,
    /// Which delivery of the message this is, counted from 1.
    pub(crate) receive_count: u32,
    /// The run that sent the event again, when it is a replay.
    pub(crate) replay: Option<&'a str>,
    /// What was gathered, when it is a group.
    pub(crate) group: Option<&'a Group>,
}

impl<'a> Delivery<'a> {
    /// A delivery of one event.
    pub(crate) fn of_event(event: &'a Event, receive_count: u32, replay: Option<&'a str>) -> Self {
        Self { event, acting: event.id, receive_count, replay, group: None }
    }

    /// A delivery of a group.
    pub(crate) fn of_group(group: &'a Group, receive_count: u32) -> Self {
        Self { event: &group.best, acting: group.id, receive_count, replay: None, group: Some(group) }
    }

    /// What sets the names of its claims and messages apart from those of the acting event itself.
    pub(crate) fn run(&self) -> Option<&'a str> {
        match self.group {
            Some(_) => Some(GROUP_RUN),
            None => self.replay,
        }
    }
}
