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
fn a_word_for_persons_and_vehicles_is_one_event() {
    let person = json!({ "StrChn": "CH2", "Type": 1, "SnapId": 3, "StartTime": 1_795_424_400 });
    for word in ["PD_VD", "PD+VD", "VD,PD", "person|vehicle"] {
        let flat = json!({ "EventType": word, "EventTime": "2026-11-23 9:0:0", "PicData": { "SnapedObjInfo": [person] } });
        assert_eq!(events(&flat), ["object CH2"], "{word}");
        let alarm = json!({ "channel": "CH1", "int_alarm": { "alarm_val": true, "int_subtype": word.to_lowercase() } });
        assert_eq!(events(&json!({ "channel_alarm": [alarm] })), ["object CH1"], "{word}");
    }
}

/// A post of a camera in the flat form that names its channel in `PicData` alone.
#[cfg(test)]
fn flat(word: &Value, state: &str, list: &str, recognitions: &Value) -> Value {
    json!({ "EventType": word, "EventTime": "2026-11-23 9:0:0", "EventAction": state, "PicData": { list: recognitions } })
}

#[test]
fn an_alarm_whose_plate_or_face_is_another_event_has_its_channel_and_frame() {
    let frame = "A".repeat(60);
    let plate = json!([{ "StrChn": "CH2", "Id": "TX85KLO", "BgImg": frame }]);
    let face = json!([{ "StrChn": "CH2", "Id": 41, "Name": "Ada", "Image4": frame }]);
    let person = json!([{ "StrChn": "CH2", "Type": 1, "SnapId": 1, "Background": frame }]);
    for (word, state, list, recognition, alarm) in [
        ("PID", "start", "PlateInfo", &plate, "intrusion start CH2"),
        ("FD", "stop", "FaceInfo", &face, "face stop CH2"),
        ("PD", "stop", "SnapedObjInfo", &person, "object stop CH2"),
    ] {
        let post = json!({ "data": flat(&word.into(), state, list, recognition) });
        let request = support::request(&support::source(""), &post, &[]);
        let Ok(Parsed::Events(drafts)) = Ivsec.parse(&request) else { panic!("{word}") };
        let shown: Vec<_> = drafts.iter().map(|draft| (line(draft), draft.images.len())).collect();
        assert_eq!(shown.len(), 2, "{word}: {shown:?}");
        assert_eq!(shown.first(), Some(&(alarm.to_owned(), 1)), "{word}: {shown:?}");
        assert!(drafts.iter().all(|draft| draft.device.channel.is_some()), "{word}: {shown:?}");
    }
}

#[test]
fn what_is_recognized_joins_the_word_that_reports_it() {
    let face = json!([{ "StrChn": "CH2", "Id": 41, "Name": "Ada", "SnapId": 1 }]);
    let objects = |kinds: &[u8]| -> Value {
        kinds.iter().map(|kind| json!({ "StrChn": "CH2", "Type": kind, "SnapId": kind })).collect()
    };
    let of =
        |word: Value, list: &str, recognitions: &Value| events(&flat(&word, "start", list, recognitions));
    let of_objects = |word: Value, kinds: &[u8]| of(word, "SnapedObjInfo", &objects(kinds));
    assert_eq!(of("FD+FR".into(), "FaceInfo", &face), ["face_match start CH2 Ada"]);
    assert_eq!(of("MD,FD".into(), "FaceInfo", &face), ["motion start CH2", "face_match start CH2 Ada"]);
    assert_eq!(of_objects("PD|LCD".into(), &[5]), ["object start CH2", "line_crossing start CH2"]);
    assert_eq!(of_objects("MD;PD".into(), &[1]), ["motion start CH2", "object start CH2"]);
    for words in [json!("PID,LCD"), json!(["PID", "LCD"])] {
        let both = flat(&words, "start", "SnapedObjInfo", &objects(&[5, 3]));
        let request = support::request(&support::source(""), &json!({ "data": both }), &[]);
        let Ok(Parsed::Events(drafts)) = Ivsec.parse(&request) else { panic!("{words}") };
        let targets: Vec<_> = drafts.iter().map(|draft| (line(draft), draft.targets.len())).collect();
        let expected = ["intrusion start CH2", "line_crossing start CH2"].map(|line| (line.to_owned(), 1));
        assert_eq!(targets, expected, "{words}");
    }
}

#[test]
fn an_entry_that_stands_twice_is_one_event() {
    let face = json!([{ "StrChn": "CH2", "Id": 41, "Name": "Ada", "SnapId": 1, "StartTime": 1_795_424_400 }]);
    let entry = flat(&"FD".into(), "start", "FaceInfo", &face);
    assert_eq!(events(&json!({ "alarm_list": [entry, entry] })), ["face_match start CH2 Ada"]);
    let mut bare = entry.clone();
    bare["PicData"] = Value::Null;
    assert_eq!(events(&json!({ "alarm_list": [bare, entry] })), ["face_match start CH2 Ada"]);
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
    let at = |mut face: Value| {
        face["StartTime"] = 1_795_424_400.into();
        face
    };
    let at_once = |listed: &[u8]| {
        let listed: Vec<_> = listed.iter().map(|id| at(face(*id))).collect();
        events(&json!({ "SnapedObjInfo": [object(0, 1)], "FaceInfo": listed })).len()
    };
    assert_eq!(at_once(&[2]), 1, "the only ones at that time");
    assert_eq!(at_once(&[2, 3]), 3);
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
    let targets = |id: Option<u8>| {
        let person = json!({ "StrChn": "CH1", "Type": 1, "SnapId": id, "StartTime": 1_795_424_400 });
        let post = json!({ "data": { "SnapedObjInfo": [person, person] } });
        let request = support::request(&support::source(""), &post, &[]);
        let Ok(Parsed::Events(drafts)) = Ivsec.parse(&request) else { panic!("{post}") };
        drafts.iter().map(|draft| draft.targets.len()).sum::<usize>()
    };
    assert_eq!(targets(Some(7)), 1);
    assert_eq!(targets(None), 2, "nothing tells two persons apart");
    let motion = json!({ "channel": "CH1", "motion_alarm": true });
    let alarms = |time: &str| {
        events(&json!({ "alarm_list": [{ "time": "11/23/2026 09:00:00", "channel_alarm": [motion] }],
            "time": time, "channel_alarm": [motion] }))
        .len()
    };
    assert_eq!(alarms("11/23/2026 09:00:00"), 1);
    assert_eq!(alarms("11/23/2026 09:00:01"), 2);
}
