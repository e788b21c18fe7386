//! What a vendor's devices do not send, for checks of a camhook.toml.

use camhook_event::Vendor;

use crate::{Source, Test};

/// Something that the devices of some vendors do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ability {
    /// They sign what they post.
    Sign,
    /// They post again what was not taken, by a clock that is kept right.
    Resend,
    /// They can also come over MQTT, and have several dialects over HTTP.
    Mqtt,
    /// They say which way a vehicle moves.
    Direction,
    /// They say how sure they are.
    Confidence,
    /// They say on which of their own lists a plate is.
    PlateList,
    /// They say on which list of their album a face is.
    FaceList,
    /// They say whether they found a face in their album.
    FaceMatch,
    /// They send the number of the group of their album that a face belongs to.
    NumberedFaceGroups,
    /// They send the positions of targets while these are in view.
    Tracking,
}

/// Whether a vendor's devices do something. From the vendors' documents; that an XProtect analytics event
/// carries its confidence is inferred from the schema of its older form, not seen.
pub(crate) fn can(vendor: Vendor, ability: Ability) -> bool {
    match ability {
        Ability::Sign | Ability::Resend => vendor == Vendor::Xprotect,
        Ability::Mqtt => vendor == Vendor::Instar,
        Ability::Direction | Ability::Tracking => vendor == Vendor::Viewtron,
        Ability::NumberedFaceGroups => vendor == Vendor::Ivsec,
        Ability::PlateList | Ability::FaceList | Ability::FaceMatch => {
            matches!(vendor, Vendor::Viewtron | Vendor::Ivsec)
        }
        Ability::Confidence => matches!(vendor, Vendor::Viewtron | Vendor::Xprotect | Vendor::Ivsec),
    }
}

/// Whether a source does something: iVSEC numbers the groups of its face albums, and only `groups` says which list a
/// number is.
pub(crate) fn source_can(source: &Source, ability: Ability) -> bool {
    let is_mapped = source.vendor != Vendor::Ivsec || !source.groups.is_empty();
    can(source.vendor, ability) && (ability != Ability::FaceList || is_mapped)
}

/// What a vendor's devices have to do for a test ever to pass.
pub(crate) fn needed_by(test: &Test) -> Option<Ability> {
    match test {
        Test::MinConfidence { .. } => Some(Ability::Confidence),
        Test::Direction(_) => Some(Ability::Direction),
        Test::PlateList(_) => Some(Ability::PlateList),
        Test::FaceList(_) => Some(Ability::FaceList),
        Test::Matched(_) => Some(Ability::FaceMatch),
        _ => None,
    }
}
