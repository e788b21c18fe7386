//! What joins several reports of one thing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Kind, Text};

/// What joins several reports of one thing: rules act once for one key.
///
/// Records and pictures of several reports are never merged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Correlation {
    /// `device:kind:event ids:target ids`, or `device:kind:plate` for a plate without ids.
    pub key: Text,
    /// The device's numbers for the events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event_ids: Vec<Text>,
    /// The device's numbers for the targets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target_ids: Vec<Text>,
}

impl Correlation {
    /// The correlation of a report, or `None` when nothing in it could be found again in another one.
    #[must_use]
    pub fn new(
        device: &str,
        kind: Kind,
        event_ids: Vec<Text>,
        target_ids: Vec<Text>,
        plate: Option<&Text>,
    ) -> Option<Self> {
        let joined = |ids: &[Text]| ids.iter().map(Text::as_str).collect::<Vec<_>>().join(",");
        let key = if !event_ids.is_empty() || !target_ids.is_empty() {
            format!("{device}:{kind}:{}:{}", joined(&event_ids), joined(&target_ids))
        } else {
            format!("{device}:{kind}:{}", plate?)
        };
        Some(Self { key: Text::new(&key)?, event_ids, target_ids })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Text {
        Text::new(value).unwrap()
    }

    #[test]
    fn the_key_names_device_kind_and_ids() {
        let by_ids =
            Correlation::new("58:5b", Kind::Intrusion, vec![text("7")], vec![text("20"), text("21")], None);
        assert_eq!(by_ids.unwrap().key.as_str(), "58:5b:intrusion:7:20,21");
        let by_plate = Correlation::new("58:5b", Kind::Plate, vec![], vec![], Some(&text("IB36NL")));
        assert_eq!(by_plate.unwrap().key.as_str(), "58:5b:plate:IB36NL");
        assert_eq!(Correlation::new("58:5b", Kind::Motion, vec![], vec![], None), None);
    }
}
