//! Posts that are made to hurt: cut off, nested, repeated, with long names. Each is an event or malformed, within a time
//! that grows with its length.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use camhook_ingest::{Adapter, Headers, Malformed, Method, Parsed, Parts, Request};
use camhook_site::Source;
use camhook_xprotect::Xprotect;

/// Far above what a linear parser needs for the largest body in a debug build, far below what a quadratic one does.
const PATIENCE: Duration = Duration::from_secs(20);

#[cfg(test)]
fn source() -> Arc<Source> {
    let toml = "timezone = \"UTC\"\n[[source]]\nid = \"vms\"\nvendor = \"xprotect\"\nfaces = \"drop\"\n\
                auth = { token = \"t\" }\n";
    let (site, _) = camhook_site::read(toml, "test").unwrap();
    Arc::clone(site.source("vms").unwrap())
}

/// How many events a request becomes.
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the time that a parser takes is what is tested")]
fn events(query: &str, body: &str) -> Result<usize, Malformed> {
    let request = Request::new(Parts {
        method: Method::Post,
        path: "/xprotect/vms/t".to_owned(),
        query: query.to_owned(),
        headers: Headers::default(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        source_ip: None,
        request_id: "request".to_owned(),
        received_at: "2026-11-23T08:00:00Z".parse().unwrap(),
    });
    let request = Request::assume_verified(request, source(), Vec::new());
    let started = Instant::now();
    let events = match Xprotect.parse(&request) {
        Ok(Parsed::Events(events) | Parsed::Partly { events, .. }) => Ok(events.len()),
        Ok(other) => panic!("{other:?}"),
        Err(malformed) => Err(malformed),
    };
    assert!(started.elapsed() < PATIENCE, "{} bytes took {:?}", body.len() + query.len(), started.elapsed());
    if let Err(malformed) = &events {
        assert!(malformed.detail.len() < 2000, "a reason is short: {} characters", malformed.detail.len());
    }
    events
}

/// An event, or a post that is refused for the number of its values.
#[cfg(test)]
fn is_taken(body: &str) -> bool {
    match events("", body) {
        Ok(events) => events == 1,
        Err(malformed) => malformed.code == "too_many_values",
    }
}

const EVENT: &str = r#""Event":{"EventHeader":{"Name":"x","ID":"1"}}"#;

#[test]
fn a_name_that_is_repeated_ten_thousand_times() {
    for name in ["Event", "Site", "x"] {
        let repeated = format!(r#""{name}":"a label of forty and more characters","#).repeat(10_000);
        assert_eq!(events("", &format!("{{{repeated}{EVENT}}}")), Ok(1), "{name}");
    }
    let events_twice = format!("{EVENT},").repeat(10_000);
    assert!(is_taken(&format!("{{{events_twice}{EVENT}}}")));
    for name in ["ID", "Name", "Source", "Timestamp", "EventHeader"] {
        let repeated = format!(r#""{name}":"7777777777777777777777777777777777","#).repeat(10_000);
        let header = format!(r#"{{"Event":{{"EventHeader":{{{repeated}"Name":"x"}}}}}}"#);
        assert_eq!(events("", &header), Ok(1), "{name}");
    }
}

#[test]
fn names_and_values_of_a_megabyte() {
    let long = "n".repeat(1024 * 1024);
    assert_eq!(events("", &format!(r#"{{"{long}":1,{EVENT}}}"#)), Ok(1));
    assert_eq!(
        events("", &format!(r#"{{"Event":{{"EventHeader":{{"Name":"{long}","CustomTag":"{long}"}}}}}}"#)),
        Ok(1)
    );
    assert_eq!(events("", &format!(r#"{{"{long}":1}}"#)).unwrap_err().code, "no_event");
    assert_eq!(events(&format!("{long}=1"), "").unwrap_err().code, "no_event");
    assert_eq!(events(&format!("event={long}"), ""), Ok(1));
}

#[test]
fn objects_within_objects() {
    for depth in [100, 10_000] {
        let nested = format!("{}1{}", r#"{"Event":"#.repeat(depth), "}".repeat(depth));
        assert!(events("", &nested).is_err());
        let lists = format!(
            r#"{{"Event":{{"EventHeader":{{"Name":"x"}},"ObjectList":{}{}}}}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        );
        let _ = events("", &lists);
    }
}

#[test]
fn a_post_that_ends_anywhere() {
    let whole = format!(
        r#"{{"Event":"label",{EVENT},"Site":{{"ServerHostname":"vms"}},"Event":{{"EventHeader":{{"Name":"Gesicht: Ann",
        "Source":{{"Name":"x","FQID":{{"Kind":"5135ba21-f1dc-4321-806a-6ce2017343c0"}}}}}},"ObjectList":[{{"Type":"Person",
        "Value":"Ann"}}]}}}}"#
    );
    assert_eq!(events("", &whole), Ok(1));
    for end in (1..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
        assert!(events("", &whole[..end]).is_err(), "{end}");
    }
}

#[test]
fn ten_thousand_objects_and_parameters() {
    let objects = r#"{"Type":"Person","Value":"Ann Example","Name":"Ann"},"#.repeat(10_000);
    let body = format!(r#"{{"Event":{{"EventHeader":{{"Name":"x"}},"ObjectList":[{objects}{{}}]}}}}"#);
    assert!(is_taken(&body));
    assert_eq!(events(&"event=x&".repeat(10_000), "").unwrap_err().code, "too_many_parameters");
}

#[test]
fn three_thousand_plates_make_no_more_events_than_it_takes_to_see_that_there_are_too_many() {
    let plates: Vec<String> = (0..3000)
        .map(|number| format!(r#"{{"ID":"{number}","Type":"Plate","Value":"QX {number}"}}"#))
        .collect();
    let many_values: Vec<String> = (0..3000).map(|number| format!(r#""name{number}":"{number}""#)).collect();
    let points = r#"{"X":0.1,"Y":0.2},"#.repeat(3000);
    let body = format!(
        r#"{{"Event":{{"EventHeader":{{"Name":"LPR"}},"ObjectList":[{}],"x":{{{}}},"Snapshots":["{}"],
        "RuleList":[{{"Name":"{}","PolygonList":[{{"PointList":[{points}{{}}]}}]}}]}}}}"#,
        plates.join(","),
        many_values.join(","),
        "A".repeat(1024 * 1024),
        "n".repeat(512 * 1024),
    );
    assert_eq!(events("", &body), Ok(camhook_ingest::EVENTS_LIMIT + 1));
}

#[test]
fn outlines_of_any_length_cost_no_alarm() {
    let point = r#"{"X":0.123456,"Y":0.654321}"#;
    for points in [30, 300, 1500] {
        let outline = vec![point; points].join(",");
        let object = format!(r#"{{"Type":"Person","Polygon":{{"Closed":true,"PointList":[{outline}]}}}}"#);
        let objects = vec![object; 64].join(",");
        let body =
            format!(r#"{{"Event":{{"ObjectList":[{objects}],"EventHeader":{{"Name":"Intrusion"}}}}}}"#);
        assert_eq!(events("", &body), Ok(1), "{points}");
    }
}
