//! What a vendor's devices cannot do, as far as a camhook.toml is to be checked against it.

use camhook_event::Vendor;

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
    /// They say on which of their own lists a plate or face is.
    OwnList,
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
        Ability::OwnList => matches!(vendor, Vendor::Viewtron | Vendor::Ivsec),
        Ability::Confidence => matches!(vendor, Vendor::Viewtron | Vendor::Xprotect | Vendor::Ivsec),
    }
}
