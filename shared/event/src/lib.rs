//! The normalized camhook event.
//!
//! Whatever a camera or video system sent, in whatever dialect, becomes one [`Event`]: a CloudEvents 1.0
//! event in structured JSON whose `data` says what happened, where, when by whose clock, and where its
//! pictures are. This crate holds the types, the invariants that they carry (no empty text, fractions within
//! 0 and 1, times in UTC with milliseconds), the identity of an event and the names of the objects that it is
//! stored under. It does no I/O.
//!
//! Absent means absent: there are no nulls and no empty strings in an event.

mod correlation;
mod event;
mod id;
mod image;
mod key;
mod kind;
mod mac;
mod message;
mod primitive;
mod schema;
mod vendor;
mod vendor_data;

pub use correlation::{Correlation, Numbering};
pub use event::{
    Camera, Clock, Counts, Data, DataContentType, Device, Direction, Event, EventType, Face, Plate,
    PlateList, Record, Report, SpecVersion, State, Tally, Target, TargetClass, Vehicle, Zone, ZoneDirection,
    ZoneShape,
};
pub use id::{EventId, InvalidEventId};
pub use image::{Image, ImageRole, RejectedImage, RejectedReason, StoredImage};
pub use key::{
    CONFIG_KEY, PENDING_PREFIX, RECORD_PREFIX, audit_key, image_key, is_image_of, pending_key,
    quarantine_prefix, record_key, record_key_of, thumbnail_key, unknown_levels_key,
};
pub use kind::Kind;
pub use mac::MacAddress;
pub use message::{MESSAGE_LIMIT, message};
pub use primitive::{Fraction, Point, Rectangle, Text, Time};
pub use schema::{SCHEMA, json_schema, without_null};
pub use vendor::{UnknownVendor, Vendor};
pub use vendor_data::{VENDOR_DATA_LIMIT, VendorData, edit_value};
