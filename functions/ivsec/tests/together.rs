//! What of one post is one event, and what stays apart.

#[cfg(test)]
#[expect(dead_code, reason = "other tests ask for fixtures, too")]
mod support;

use camhook_ingest::{Adapter, Draft, Parsed};
use camhook_ivsec::Ivsec;
use serde_json::{Value, json};

/// The events of a `data`: kind, state, channel, and who or what was recognized.
#[cfg(test)]
fn events(data: &Value) -> Vec<String> {
    let request = support::request(&support::source(""), &json!({ "data": data }), &[]);
    match Ivsec.parse(&request) {
        Ok(Parsed::Events(drafts)) => drafts.iter().map(line).collect(),
        other => panic!("{other:?}"),
    }
}

#[cfg(test)]
fn line(draft: &Draft<'_>) -> String {
    let mut words = vec![draft.kind.to_string()];
    words.extend(draft.state.map(|state| format!("{state:?}").to_lowercase()));
    words.extend(draft.device.channel.as_ref().map(ToString::to_string));
    words.extend(draft.plate.as_ref().map(|plate| plate.text.to_string()));
    words.extend(draft.face.as_ref().and_then(|face| face.name.as_ref()).map(ToString::to_string));
    words.join(" ")
}

#[test]
fn what_is_on_is_not_joined_with_an_end() {
    let end = json!({ "alarm_state": false, "alarm_type": "smd" });
    for (entry, expected) in [
        (json!({ "motion_alarm": true, "motion_report": end }), ["motion CH1", "motion stop CH1"]),
        (
            json!({ "motion_report": end, "int_alarm": { "alarm_val": true, "int_subtype": "md" } }),
            ["motion CH1", "motion stop CH1"],
        ),
        (
            json!({ "motion_smart_alarm": { "MDState": ["pd"] }, "motion_report": end, "motion_alarm": true }),
            ["motion CH1", "motion stop CH1"],
        ),
    ] {
        let mut entry = entry;
        entry["channel"] = "CH1".into();
        assert_eq!(events(&json!({ "time": "11/23/2026 09:00:00", "channel_alarm": [entry] })), expected);
    }
}

#[test]
fn what_is_recognized_is_no_part_of_an_end() {
    let plate = json!({ "Id": "TX83KLO", "GrpId": 2 });
    let face = json!({ "Id": 41, "Name": "Ada" });
    let person = json!({ "Type": 5, "SnapId": 1 });
    for (word, list, recognition, ended, recognized) in [
        ("LicensePlate", "PlateInfo", plate, "plate stop CH2", "plate CH2 TX83KLO"),
        ("FD", "FaceInfo", face, "face stop CH2", "face_match CH2 Ada"),
        ("LCD", "SnapedObjInfo", person, "line_crossing stop CH2", "line_crossing CH2"),
    ] {
        let mut end = json!({ "EventType": word, "EventTime": "2026-11-23 9:0:0", "EventAction": "stop", "Chn": ["CH2"] });
        let mut placed = recognition.clone();
        placed["Chn"] = 1.into();
        let beside = events(&json!({ "alarm_list": [end], list: [placed] }));
        assert_eq!(beside, [ended, recognized], "{word}");
        end["PicData"] = json!({ list: [recognition] });
        assert_eq!(events(&json!({ "alarm_list": [end] })), [ended, recognized], "{word}");
        end["EventAction"] = "start".into();
        assert_eq!(events(&json!({ "alarm_list": [end] })).len(), 1, "{word}");
    }
}

#[test]
fn what_an_alarm_does_not_report_is_not_joined_with_it() {
    let beside = |word: &str| {
        events(
            &json!({ "EventType": word, "EventTime": "2026-11-23 9:0:0", "StrChn": "CH1", "Plate": "TX84KLO", "GrpId": 2 }),
        )
    };
    for (word, kind) in [
        ("VideoBlind", "tamper"),
        ("VideoLoss", "video_loss"),
        ("PIR", "pir"),
        ("hdd", "storage"),
        ("CrossCount", "counting"),
        ("Intrusion", "intrusion"),
        ("AD", "analytics"),
    ] {
        assert_eq!(beside(word), [format!("{kind} CH1"), "plate CH1 TX84KLO".to_owned()], "{word}");
    }
    for word in ["LPD", "VideoMotion", "PD_VD", "Levitation"] {
        assert_eq!(beside(word), ["plate CH1 TX84KLO"], "{word}");
    }
}

#[test]
fn several_words_of_one_text_are_as_many_events() {
    let alarm =
        |words: &str| json!({ "channel": "CH1", "int_alarm": { "alarm_val": true, "int_subtype": words } });
    let of_words = |words| events(&json!({ "channel_alarm": [alarm(words)] }));
    assert_eq!(of_words("pid,lcd"), ["intrusion CH1", "line_crossing CH1"]);
    assert_eq!(of_words("fd+lcd"), ["face CH1", "line_crossing CH1"]);
    assert_eq!(of_words("pid, nobody"), ["intrusion CH1"]);
}

#[test]
fn what_was_snapped_is_not_joined_with_another_picture() {
    let object =
        |kind: u8, id: u8| json!({ "StrChn": "CH1", "Type": kind, "SnapId": id, "StartTime": 1_795_424_400 });
    let face = |id: u8| json!({ "StrChn": "CH1", "Id": 41, "Name": "Ada", "SnapId": id });
    let plate = |id: u8| json!({ "StrChn": "CH1", "Id": "TX81KLO", "GrpId": 1, "SnapId": id });
    let faces = |id| events(&json!({ "SnapedObjInfo": [object(0, 1)], "FaceInfo": [face(id)] }));
    assert_eq!(faces(1), ["face_match CH1 Ada"]);
    assert_eq!(faces(2), ["face CH1", "face_match CH1 Ada"]);
    let plates = |id| events(&json!({ "SnapedObjInfo": [object(10, 1)], "PlateInfo": [plate(id)] }));
    assert_eq!(plates(1), ["plate CH1 TX81KLO"]);
    assert_eq!(plates(2), ["plate CH1", "plate CH1 TX81KLO"]);
    let other_person = json!({ "StrChn": "CH1", "FaceId": 42, "Name": "Joan", "Similarity": 90 });
    let both = events(&json!({ "SnapedObjInfo": [other_person], "FaceInfo": [face(2)] }));
    assert_eq!(both, ["face_match CH1 Joan", "face_match CH1 Ada"]);
}

#[test]
fn a_repetition_has_the_same_time() {
    let plate = |time: u32| json!({ "StrChn": "CH1", "Id": "TX82KLO", "StartTime": time });
    let plates = |times: [u32; 2]| events(&json!({ "PlateInfo": times.map(plate) })).len();
    assert_eq!(plates([1_795_424_400, 1_795_424_400]), 1);
    assert_eq!(plates([1_795_424_400, 1_795_424_401]), 2);
    assert_eq!(plates([0, 0]), 2, "without a time they may be two");
    let motion = json!({ "channel": "CH1", "motion_alarm": true });
    let alarms = |time: &str| {
        events(&json!({ "alarm_list": [{ "time": "11/23/2026 09:00:00", "channel_alarm": [motion] }],
            "time": time, "channel_alarm": [motion] }))
        .len()
    };
    assert_eq!(alarms("11/23/2026 09:00:00"), 1);
    assert_eq!(alarms("11/23/2026 09:00:01"), 2);
}
