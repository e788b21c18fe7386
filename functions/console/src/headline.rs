//! What a list says of an event, in the words of messages.

use camhook_description::{Description, describe};
use camhook_event::{Clock, Data, Event, Face, Plate, Target, VendorData, Zone};
use camhook_operations::events::Summary;
use camhook_site::Site;

/// Describes an event of a list in the same words as its message, from what the index has of it.
pub(crate) fn describe_summary(site: &Site, summary: &Summary) -> Description {
    describe(site, &event_of(summary))
}

/// An event with what the index has of it.
pub(crate) fn event_of(summary: &Summary) -> Event {
    let target = |class| Target { class: Some(class), ..Target::default() };
    let plate = summary.plate.as_ref().map(|plate| Plate {
        list: plate.list,
        direction: plate.direction,
        ..Plate::new(plate.text.clone())
    });
    let face = summary.face.as_ref().map(|face| Face {
        name: face.name.clone(),
        list: face.list,
        matched: face.matched,
        similarity: face.similarity,
        ..Face::default()
    });
    let zone = summary.zone.as_ref().map(|name| Zone { name: Some(name.clone()), ..Zone::default() });
    let data = Data {
        vendor: summary.vendor,
        source: summary.source.clone(),
        area: summary.area.clone(),
        camera: summary.camera.clone(),
        kind: summary.kind,
        vendor_kind: None,
        name: summary.name.clone(),
        report: summary.report,
        state: summary.state,
        received_at: summary.received_at,
        device_time: None,
        clock: Clock::Server,
        lag_s: None,
        device: None,
        correlation: None,
        targets: summary.targets.iter().copied().map(target).collect(),
        zone,
        plate,
        face,
        counts: None,
        images: Vec::new(),
        vendor_data: VendorData::default(),
        truncated: false,
        record: None,
    };
    Event::new(summary.id, summary.time, data)
}
