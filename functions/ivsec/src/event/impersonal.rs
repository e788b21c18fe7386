//! What may be kept of an event whose faces are not to be known.
//!
//! Any text and any number of a post may be a person's name or number, under a name that no document has. What is kept
//! is therefore what is known to say nothing of a person: levels, counters, states and numbers of pictures, where they
//! hold what they are documented to hold. What names a device or a camera, and a plate, have a place of their own in the
//! event and are kept.

use camhook_event::{MacAddress, Text, VendorData};
use camhook_ingest::Draft;
use serde_json::Value;

use crate::vocabulary::is_known;

/// Members of all forms that say nothing of a person, in lower case.
const NAMES: [&str; 73] = [
    // The post.
    "dev_net_info",
    "phy",
    "eventaction",
    "mac",
    "macaddress",
    "videoloss_status",
    "subscribe_record_sign",
    "subscribe_intelligence",
    "subscribe_id",
    "data_pos",
    "reader_id",
    "sequence",
    "lap_number",
    // A channel.
    "channel",
    "int_alarm",
    "int_alarm_ex",
    "int_subtype",
    "alarm_val",
    "take_alarm_snap",
    "motion_alarm",
    "io_alarm",
    "pir_alarm",
    "videoloss",
    "sound_alarm",
    "occlusion_alarm",
    "doorbell_call",
    "motion_report",
    "alarm_state",
    "alarm_type",
    "motion_smart_alarm",
    "mdtime",
    "mdstate",
    "talkback_alarm",
    "talkback_close",
    "error_code",
    "record_flag",
    "m",
    "i",
    "p",
    "s",
    "r",
    "h",
    "c",
    "camera_connect_status",
    "connect_status",
    "ability",
    "intelligent_ability",
    "protocol",
    "input_num",
    "output_num",
    "floodlight_audioalarm",
    "ptz_alarm",
    "wireless_ipc_type",
    "remote_pair_state",
    "cc_alarm_num",
    "cc_alrm_num",
    "cc_in_num",
    "cc_out_num",
    "cc_total_num",
    // The device.
    "hdd",
    "hdd_alarm_type",
    "hdd_alarm_info",
    // Statistics.
    "cc_type",
    "cc_objnum",
    "cc_version",
    "ccin_num",
    "ccout_num",
    "cc_in_sum_num",
    "cc_out_sun_num",
    "cc_out_sum_num",
    // A recognition.
    "type",
    "bgimgwidth",
    "bgimgheight",
];

/// Members that hold a time.
const TIMES: [&str; 4] = ["time", "eventtime", "starttime", "endtime"];

/// Levels whose members are named by the outputs that they are of.
const LEVELS_BY_NAME: &str = "alarm_out_state";

/// Words of documents that stand as values.
const WORDS: [&str; 24] = [
    "true",
    "false",
    "on",
    "off",
    "start",
    "stop",
    "ok",
    "error",
    "full",
    "bad",
    "unformat",
    "readonly",
    "warning",
    "nodisk",
    "notconfigured",
    "online",
    "offline",
    "sleep",
    "notpaired",
    "sr",
    "mr",
    "onvif",
    "rtsp",
    "private",
];

/// Leaves out of a draft what may say who somebody is.
pub(super) fn keep_impersonal(draft: &mut Draft<'_>) {
    if let Some(face) = &mut draft.face {
        face.name = None;
        face.person_id = None;
    }
    if draft.device_time.as_ref().is_some_and(|time| time.at.is_none()) {
        draft.device_time = None;
    }
    draft.event_ids.retain(is_number);
    for target in &mut draft.targets {
        target.id = target.id.take().filter(is_number);
        target.attributes.retain(|name, value| is_impersonal(name, value));
    }
    let mut kept = VendorData::default();
    for (name, value) in draft.vendor_data.iter().filter(|(name, value)| is_impersonal(name, value)) {
        kept.insert(name, value.clone());
    }
    draft.vendor_data = kept;
}

/// Whether a text is a number: one of a picture, and nobody's name.
pub(super) fn is_number(text: &Text) -> bool {
    text.as_str().bytes().all(|octet| octet.is_ascii_digit())
}

/// Whether a value may be kept under a name, in which dots stand between the members on the way to it.
fn is_impersonal(name: &str, value: &Value) -> bool {
    let name = name.to_ascii_lowercase();
    let is_of_outputs = name.split('.').next() == Some(LEVELS_BY_NAME);
    if is_of_outputs {
        return matches!(value, Value::Bool(_));
    }
    let is_known = |part: &str| NAMES.contains(&part.trim()) || TIMES.contains(&part.trim());
    name.split('.').all(is_known) && names_nobody(value)
}

/// Whether a value is a level, a number, a time or a word of documents.
fn names_nobody(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => is_code(text),
        Value::Array(values) => values.iter().all(names_nobody),
        Value::Object(_) => false,
    }
}

fn is_code(text: &str) -> bool {
    let word = text.trim().to_ascii_lowercase();
    let is_flag = word.len() <= 1;
    let is_time = word.chars().all(|character| {
        character.is_ascii_digit() || matches!(character, ' ' | '_' | '-' | '/' | ':' | '.' | '+' | 't' | 'z')
    });
    let is_interface = ["eth", "wlan"]
        .iter()
        .filter_map(|prefix| word.strip_prefix(prefix))
        .any(|number| number.bytes().all(|octet| octet.is_ascii_digit()));
    is_flag
        || is_time
        || is_interface
        || WORDS.contains(&word.as_str())
        || is_known(&word)
        || MacAddress::parse(&word).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn levels_are_kept_and_whatever_may_be_a_name_is_not() {
        for (name, value) in [
            ("record_flag.R", json!("G")),
            ("camera_connect_status.connect_status", json!("Online")),
            ("camera_connect_status.intelligent_ability", json!(["pvd", "lcd"])),
            ("alarm_out_state.Local->1", json!(true)),
            ("dev_net_info.phy", json!("eth0")),
            ("hdd_alarm_info", json!("NoDisk")),
            ("EndTime", json!("2026-11-23 08:00:00")),
            ("cc_alarm_num.cc_total_num", json!(155)),
            ("int_alarm.take_alarm_snap", json!("7")),
        ] {
            assert!(is_impersonal(name, &value), "{name}: {value}");
        }
        for (name, value) in [
            ("int_alarm.Name", json!("Ann")),
            ("int_alarm.FaceId", json!(41)),
            ("Name", json!("Ann")),
            ("record_flag.R", json!("Ann")),
            ("camera_connect_status.intelligent_ability", json!(["pvd", "Ann"])),
            ("alarm_out_state.Local->1", json!("Ann")),
            ("EndTime", json!("8 h Ann")),
            ("hdd_alarm_info", json!("Ann")),
            ("Similarity", json!(93)),
        ] {
            assert!(!is_impersonal(name, &value), "{name}: {value}");
        }
    }
}
