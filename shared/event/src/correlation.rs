//! What joins several reports of one thing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{EventId, Kind, Text};

/// The longest key, in bytes. In a longer one a hash stands for the ids.
const KEY_LIMIT: usize = 1024;

/// What joins several reports of one thing: rules act once for one key.
///
/// Records and pictures of several reports are never merged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Correlation {
    /// `device:kind:event ids:target ids`, or `device:kind:plate` for a plate without ids. `alarm` stands for the kind
    /// where the event ids name an alarm whose reports may be of several kinds, and a hash for ids that are too long.
    pub key: Text,
    /// The device's numbers for the events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event_ids: Vec<Text>,
    /// The device's numbers for the targets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target_ids: Vec<Text>,
}

/// What the event ids of a report distinguish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// The events of this kind: devices count each kind by itself.
    OfKind(Kind),
    /// All alarms of the device: what has the same id is the same alarm, whatever kind each report gives it.
    OfAlarms,
}

impl Correlation {
    /// The correlation of a report, or `None` when nothing in it could be found again in another one.
    #[must_use]
    pub fn new(
        device: &str,
        numbering: Numbering,
        event_ids: Vec<Text>,
        target_ids: Vec<Text>,
        plate: Option<&Text>,
    ) -> Option<Self> {
        let joined = |ids: &[Text]| ids.iter().map(Text::as_str).collect::<Vec<_>>().join(",");
        let kind = match numbering {
            Numbering::OfKind(kind) => kind.name(),
            Numbering::OfAlarms => "alarm",
        };
        let names = if !event_ids.is_empty() || !target_ids.is_empty() {
            format!("{}:{}", joined(&event_ids), joined(&target_ids))
        } else {
            plate?.to_string()
        };
        let mut key = format!("{device}:{kind}:{names}");
        if key.len() > KEY_LIMIT {
            key = format!("{device}:{kind}:#{}", EventId::of_sender_id(device, &names));
        }
        Some(Self { key: Text::new(&key)?, event_ids, target_ids })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Text {
        Text::new(value).unwrap()
    }

    fn of_kind(kind: Kind, event_ids: Vec<Text>, target_ids: Vec<Text>) -> Option<Correlation> {
        Correlation::new("58:5b", Numbering::OfKind(kind), event_ids, target_ids, None)
    }

    #[test]
    fn the_key_names_device_kind_and_ids() {
        let by_ids = of_kind(Kind::Intrusion, vec![text("7")], vec![text("20"), text("21")]);
        assert_eq!(by_ids.unwrap().key.as_str(), "58:5b:intrusion:7:20,21");
        let plate = Numbering::OfKind(Kind::Plate);
        let by_plate = Correlation::new("58:5b", plate, vec![], vec![], Some(&text("IB36NL")));
        assert_eq!(by_plate.unwrap().key.as_str(), "58:5b:plate:IB36NL");
        assert_eq!(of_kind(Kind::Motion, vec![], vec![]), None);
    }

    #[test]
    fn the_key_of_a_numbered_alarm_names_no_kind() {
        let alarm = Correlation::new("yard", Numbering::OfAlarms, vec![text("115-1")], vec![], None);
        assert_eq!(alarm.unwrap().key.as_str(), "yard:alarm:115-1:");
    }

    #[test]
    fn a_key_of_many_long_ids_is_short_and_still_tells_them_apart() {
        let ids = |last: &str| -> Vec<Text> {
            let many = (0..64).map(|number| text(&format!("{number}{}", "x".repeat(250))));
            many.chain([text(last)]).collect()
        };
        let key = |last| of_kind(Kind::Motion, vec![text("7")], ids(last)).unwrap().key;
        assert!(key("a").as_str().len() <= KEY_LIMIT);
        assert_eq!(key("a"), key("a"));
        assert_ne!(key("a"), key("b"));
    }
}
