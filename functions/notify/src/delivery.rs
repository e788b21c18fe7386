//! The event or group that a message of the queue is about.

use camhook_event::{Event, EventId};
use camhook_state::coalesce::Group;

/// Stands for a replay's run in the claims of a group's messages. No run contains an `@`.
const GROUP_RUN: &str = "@group";

/// One delivery of an event, or of a group of events.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivery<'a> {
    /// The event; of a group, the one that shows most.
    pub(crate) event: &'a Event,
    /// The event that claims and cooldowns name; of a group, the first one.
    pub(crate) acting: EventId,
    /// Which delivery of the message this is, counted from 1.
    pub(crate) receive_count: u32,
    /// The run that sent the event again, when it is a replay.
    pub(crate) replay: Option<&'a str>,
    /// The group, when it is one.
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

    /// Distinguishes its claims and messages from those of the acting event itself.
    pub(crate) fn run(&self) -> Option<&'a str> {
        match self.group {
            Some(_) => Some(GROUP_RUN),
            None => self.replay,
        }
    }
}
