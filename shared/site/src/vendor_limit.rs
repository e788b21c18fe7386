//! What a vendor's devices do not send, for checks of a camhook.toml.

use camhook_event::{Kind, State, Vendor};

use crate::{Dialect, Retention, Source, Test};

/// Something that the devices of some vendors do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ability {
    /// They sign what they post.
    Sign,
    /// They post again what was not taken, by a clock that is kept right.
    Resend,
    /// They send the time of an event.
    Time,
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
        Ability::Time => vendor != Vendor::Instar,
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

/// Whether events of a source may pass a test of what most sources send: kind, state, plate, face, counters. Unlike those of
/// [`needed_by`], such a test is no mistake in a rule about several sources of which some cannot.
///
/// Yes where the vendor's documents do not rule it out: the kinds of Viewtron and iVSEC depend on the firmware.
pub(crate) fn may_pass(source: &Source, test: &Test) -> bool {
    match test {
        Test::Kind(any_of) => any_of.iter().any(|kind| may_send_kind(source, *kind)),
        Test::State(any_of) => any_of.iter().any(|state| may_send_state(source, *state)),
        Test::Plate(_) => source.vendor != Vendor::Instar || is_cloud(source),
        Test::Face(_) => {
            source.faces == Retention::Keep && (source.vendor != Vendor::Instar || is_cloud(source))
        }
        Test::Count { .. } => source.vendor != Vendor::Instar,
        _ => true,
    }
}

/// Whether a test can pass for no event of this source since its faces are not kept.
pub(crate) fn is_about_dropped_faces(source: &Source, test: &Test) -> bool {
    matches!(test, Test::Face(_)) && source.faces == Retention::Drop
}

fn is_cloud(source: &Source) -> bool {
    source.dialect == Some(Dialect::Cloud)
}

/// Tracking has a finding of its own, and the watchdog reports the silence of any source.
fn may_send_kind(source: &Source, kind: Kind) -> bool {
    match (source.vendor, kind) {
        (_, Kind::Tracking | Kind::DeviceOffline | Kind::DeviceOnline | Kind::ClockWrong | Kind::Other) => {
            true
        }
        (Vendor::Xprotect, kind) => kind != Kind::Manual,
        // Cameras send what set off an alarm, also in the Cloud's dialect.
        (Vendor::Instar, Kind::Motion | Kind::Pir | Kind::Input | Kind::Audio | Kind::Manual) => true,
        (Vendor::Instar, Kind::Object | Kind::Plate | Kind::Face | Kind::Storage) => is_cloud(source),
        (Vendor::Instar, _) => false,
        _ => true,
    }
}

/// INSTAR reports no end of an alarm. What begins is the absence of a camera: its last will, or its silence.
fn may_send_state(source: &Source, state: State) -> bool {
    match (source.vendor, state) {
        (Vendor::Instar, State::Stop) => false,
        (Vendor::Instar, State::Start) => source.topic.is_some() || source.offline_after.is_some(),
        _ => true,
    }
}
