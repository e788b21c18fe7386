//! What people read about events of every kind.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as the tests do")]

use camhook_description::{describe, label};
use camhook_event::Event;
use camhook_site::Site;
use serde_json::{Value, json};

const SITE: &str = r#"
[lists]
residents = [{ plate = "IB 36-NL", name = "Ann" }]
[[camera]]
id = "back-door"
sources = "gate/2"
[[channel]]
id = "family"
kind = "ntfy"
url = "https://ntfy.example.org/family"
[[rule]]
then = { notify = "family" }
[[source]]
id = "gate"
vendor = "viewtron"
area = "yard"
auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }
[[source]]
id = "many"
vendor = "viewtron"
auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }
"#;

fn site() -> Site {
    camhook_site::read(SITE, "test").unwrap().0
}

/// An event of this kind at the camera 1 of the gate, with these fields of `data`.
fn event(kind: &str, fields: &Value) -> Event {
    let mut event = json!({
        "specversion": "1.0", "id": "0".repeat(32), "source": "/viewtron/gate", "type": "camhook.event.v1",
        "subject": kind, "time": "2026-11-23T11:00:00.000Z", "datacontenttype": "application/json",
        "data": {
            "vendor": "viewtron", "source": "gate", "kind": kind, "report": "detection",
            "vendor_kind": "RAW_WORD", "camera": { "id": "1", "name": "Drive" },
            "received_at": "2026-11-23T11:00:00.000Z", "clock": "server",
        },
    });
    event["data"].as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    serde_json::from_value(event).unwrap()
}

#[test]
fn who_or_what_comes_first_and_no_raw_word_is_shown() {
    let site = site();
    let person = json!({ "class": "person", "confidence": 0.84 });
    let vehicle = json!({ "class": "vehicle" });
    for (kind, fields, headline, facts) in [
        ("intrusion", json!({ "targets": [person] }), "Person at Drive", "Intrusion · 84 % sure"),
        (
            "line_crossing",
            json!({ "targets": [person, person, vehicle], "zone": { "shape": "line", "id": "2" } }),
            "2 people and vehicle at Drive",
            "Line crossed · line 2",
        ),
        ("motion", json!({}), "Motion at Drive", ""),
        ("motion", json!({ "state": "stop" }), "Motion ended at Drive", ""),
        ("other", json!({}), "Event at Drive", ""),
        ("external", json!({ "name": "Gate left open" }), "Gate left open at Drive", ""),
        (
            "plate",
            json!({ "plate": { "text": "THIEF1", "list": "deny", "direction": "leave",
                "vehicle": { "color": "Grey", "brand": "Tesla" } } }),
            "THIEF1, block list, leaving, grey Tesla, at Drive",
            "Plate",
        ),
        (
            "plate",
            json!({ "plate": { "text": "IB36NL", "list": "allow", "direction": "approach",
                "vehicle": { "color": "COLOR_5", "type": "saloonCar", "brand": "unknown" } } }),
            "Ann, IB36NL, allow list, approaching, at Drive",
            "Plate",
        ),
        (
            "face_match",
            json!({ "face": { "matched": false, "sex": "male", "age": "40" } }),
            "Unknown man, about 40, at Drive",
            "Face comparison",
        ),
        (
            "face_match",
            json!({ "face": { "matched": true, "name": "Bob", "list": "deny", "sex": "male" } }),
            "Bob, block list, at Drive",
            "Face comparison",
        ),
        (
            "face",
            json!({ "face": { "sex": "1", "age": "middleAged" } }),
            "Middle-aged person at Drive",
            "Face",
        ),
        ("input", json!({ "zone": { "id": "2" } }), "Input 2 at Drive", ""),
        ("input", json!({ "name": "Doorbell" }), "Doorbell at Drive", ""),
        ("input", json!({ "zone": { "shape": "area", "id": "1" } }), "Input at Drive", "zone 1"),
        ("motion", json!({ "zone": { "shape": "area", "id": "1,2" } }), "Motion at Drive", "zones 1 and 2"),
        (
            "motion",
            json!({ "zone": { "shape": "area", "id": "5,6,7,8" } }),
            "Motion at Drive",
            "zones 5, 6, 7 and 8",
        ),
        (
            "line_crossing",
            json!({ "zone": { "shape": "line", "id": "1, 3" } }),
            "Line crossed at Drive",
            "lines 1 and 3",
        ),
        ("motion", json!({ "zone": { "shape": "area", "id": "gate,2" } }), "Motion at Drive", ""),
        (
            "counting",
            json!({ "counts": { "person": { "enter": 12, "leave": 9, "inside": 3 }, "vehicle": { "enter": 1 } } }),
            "12 people in, 9 out, 3 inside; 1 vehicle in, at Drive",
            "Count",
        ),
        (
            "counting",
            json!({ "counts": { "total": { "enter": 59, "leave": 96 } }, "camera": { "id": "CH16" } }),
            "59 in, 96 out, at Camera 16",
            "Count · gate",
        ),
        ("counting", json!({ "counts": { "total": { "inside": 7 } } }), "7 inside at Drive", "Count"),
        (
            "crowd",
            json!({ "counts": { "person": { "inside": 1 }, "total": { "inside": 3, "leave": 0 } } }),
            "1 person inside; total 0 out, 3 inside, at Drive",
            "Crowd",
        ),
        ("counting", json!({}), "Count at Drive", ""),
        ("device_offline", json!({}), "Drive offline", ""),
    ] {
        let described = describe(&site, &event(kind, &fields));
        assert_eq!(described.headline(), headline, "{kind}");
        assert_eq!(described.facts.join(" · "), facts, "{headline}");
    }
}

#[test]
fn cameras_are_named_as_people_know_them() {
    let site = site();
    for (fields, headline) in [
        (json!({ "camera": { "id": "2", "name": "Cam 02" } }), "back-door offline"),
        (json!({ "source": "many", "camera": { "id": "7", "name": "Yard" } }), "Yard offline"),
        (json!({ "source": "many", "camera": { "id": "7" } }), "Camera 7 offline"),
        (json!({ "source": "many", "camera": { "id": "CH16" } }), "Camera 16 offline"),
        (json!({ "source": "many", "camera": { "id": "IP_CH2" } }), "Camera 2 offline"),
        (json!({ "source": "many", "camera": { "id": "Channel 16" } }), "Camera 16 offline"),
        (json!({ "source": "many", "camera": { "id": "garage" } }), "garage offline"),
        (json!({ "source": "many", "camera": { "id": "front-door 2" } }), "front-door 2 offline"),
        (json!({ "source": "many", "camera": { "id": "3f2a-11" } }), "many offline"),
        (json!({ "source": "many", "camera": null }), "many offline"),
    ] {
        let mut fields = fields;
        fields.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let mut value = serde_json::to_value(event("device_offline", &fields)).unwrap();
        if fields.get("camera").is_none() {
            value["data"].as_object_mut().unwrap().remove("camera");
        }
        let event: Event = serde_json::from_value(value).unwrap();
        assert_eq!(describe(&site, &event).headline(), headline);
    }
}

#[test]
fn a_device_behind_a_source_is_named_when_it_is_gone() {
    let site = site();
    let of = |kind, name: &str| {
        let mut value =
            serde_json::to_value(event(kind, &json!({ "source": "many", "name": name }))).unwrap();
        value["data"].as_object_mut().unwrap().remove("camera");
        serde_json::from_value::<Event>(value).unwrap()
    };
    for (kind, headline) in [
        ("device_offline", "AXIS P3245 (10.0.0.48) offline"),
        ("device_online", "AXIS P3245 (10.0.0.48) online again"),
    ] {
        let event = of(kind, "AXIS P3245 (10.0.0.48)");
        let described = describe(&site, &event);
        assert_eq!((described.headline().as_str(), described.facts.len()), (headline, 0));
        assert_eq!(label(&site, &event), "AXIS P3245 (10.0.0.48)");
    }
    assert_eq!(describe(&site, &of("external", "Gate left open")).headline(), "Gate left open at many");
    assert_eq!(label(&site, &of("storage", "Server 1")), "many");
}

#[test]
fn a_camera_that_is_shown_by_its_id_has_its_source_beside_it() {
    let site = site();
    for (camera, headline, facts) in [
        (json!({ "id": "CH16" }), "Motion at Camera 16", "many"),
        (json!({ "id": "garage" }), "Motion at garage", "many"),
        (json!({ "id": "garage", "name": "Garage" }), "Motion at Garage", ""),
        (json!({ "id": "3f2a-11" }), "Motion at many", ""),
    ] {
        let described = describe(&site, &event("motion", &json!({ "source": "many", "camera": camera })));
        assert_eq!((described.headline().as_str(), described.facts.join(" ").as_str()), (headline, facts));
    }
}

#[test]
fn cameras_that_are_reported_together_are_told_apart() {
    let site = site();
    for (kind, source, camera, expected) in [
        ("device_offline", "gate", json!({ "id": "2" }), "back-door"),
        ("device_offline", "gate", json!({ "id": "7" }), "Camera 7 (gate)"),
        ("device_offline", "many", json!({ "id": "CH7" }), "Camera 7 (many)"),
        ("device_online", "many", json!({ "id": "garage" }), "garage (many)"),
        ("device_offline", "many", json!({ "id": "7", "name": "Yard" }), "Yard"),
        ("device_offline", "many", json!({ "id": "3f2a-11" }), "many (3f2a-11)"),
        ("motion", "many", json!({ "id": "garage" }), "garage"),
    ] {
        let event = event(kind, &json!({ "source": source, "camera": camera }));
        assert_eq!(label(&site, &event), expected);
    }
}

#[test]
fn controls_in_device_text_are_removed() {
    let name = "Yard\u{202e}gpj.exe\u{7}\r\nX: y";
    let fields = json!({ "source": "many", "camera": { "id": "7", "name": name } });
    let described = describe(&site(), &event("motion", &fields));
    assert_eq!(described.headline(), "Motion at Yardgpj.exe X: y");
}
