//! What kinds of events there are.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal,)*) => {
        /// What happened, in the same words for every vendor.
        ///
        /// A reader takes a kind that it does not know as [`Kind::Other`].
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        pub enum Kind {
            $($(#[doc = $doc])* #[serde(rename = $name)] $variant,)*
            /// Anything else; `vendor_kind` has the vendor's own word.
            #[serde(rename = "other", other)]
            Other,
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant,)* Self::Other];

            /// The name in events, rules and metrics.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other => "other",
                }
            }
        }
    };
}

kinds! {
    /// Something moved in the picture.
    Motion = "motion",
    /// Someone or something is inside a watched area.
    Intrusion = "intrusion",
    /// A line was crossed.
    LineCrossing = "line_crossing",
    /// A perimeter was breached, by area or by line: the sender does not say which.
    Perimeter = "perimeter",
    /// A zone was entered.
    ZoneEntry = "zone_entry",
    /// A zone was left.
    ZoneExit = "zone_exit",
    /// Someone stays where nobody should.
    Loitering = "loitering",
    /// A vehicle stands where none should.
    Parking = "parking",
    /// A licence plate was read.
    Plate = "plate",
    /// A face was seen.
    Face = "face",
    /// A face was compared with a list.
    FaceMatch = "face_match",
    /// Persons or vehicles were counted.
    Counting = "counting",
    /// Too many people in one place.
    Crowd = "crowd",
    /// An object was left, taken or recognized.
    Object = "object",
    /// The position of a target, several times a second while it is in view.
    Tracking = "tracking",
    /// A sound.
    Audio = "audio",
    /// A passive infrared sensor.
    Pir = "pir",
    /// An alarm input or a sensor contact.
    Input = "input",
    /// The camera was covered, turned or defocused.
    Tamper = "tamper",
    /// The picture is gone.
    VideoLoss = "video_loss",
    /// Fire or smoke.
    Fire = "fire",
    /// A temperature limit.
    Temperature = "temperature",
    /// A disk or a storage quota.
    Storage = "storage",
    /// The device speaks of itself.
    System = "system",
    /// A person pressed a button.
    Manual = "manual",
    /// Another system raised an event through the sender.
    External = "external",
    /// An analytics result that is none of the others.
    Analytics = "analytics",
    /// A device went silent.
    DeviceOffline = "device_offline",
    /// A device is back.
    DeviceOnline = "device_online",
    /// A device's clock is wrong.
    ClockWrong = "clock_wrong",
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_is_written_and_an_unknown_one_is_other() {
        for &kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert_eq!(serde_json::from_value::<Kind>(kind.name().into()).unwrap(), kind);
        }
        assert_eq!(serde_json::from_str::<Kind>("\"levitation\"").unwrap(), Kind::Other);
    }
}
