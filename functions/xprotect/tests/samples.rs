//! Published events and signatures are read as what they are.
//!
//! They are third-party material beside the project, in `../shared/samples/xprotect`; where that folder is absent, each
//! test reports that it is skipped.

use std::fs;
use std::sync::Arc;

use bytes::Bytes;
use camhook_event::Kind;
use camhook_fixture::published;
use camhook_ingest::{
    Adapter, Draft, Headers, Identity, Instance, Method, Parsed, Parts, Request, Unverified, handle,
};
use camhook_ports::memory::MemoryPorts;
use camhook_site::Site;
use camhook_xprotect::{SIGNATURE_FIELD, Xprotect, sign};
use serde_json::Value;

const RECEIVED_AT: &str = "2022-11-26T15:59:40Z";

#[cfg(test)]
fn site(auth: &str) -> Site {
    let toml =
        format!("timezone = \"UTC\"\n[[source]]\nid = \"vms\"\nvendor = \"xprotect\"\nauth = {{ {auth} }}\n");
    camhook_site::read(&toml, "test").unwrap().0
}

#[cfg(test)]
fn request(body: &[u8], headers: Headers) -> Request<Unverified> {
    Request::new(Parts {
        method: Method::Post,
        path: "/xprotect/vms".to_owned(),
        query: String::new(),
        headers,
        body: Bytes::copy_from_slice(body),
        source_ip: None,
        request_id: "request".to_owned(),
        received_at: RECEIVED_AT.parse().unwrap(),
    })
}

/// Hands the one event of a published body to a check.
#[cfg(test)]
fn with_event(file: &str, check: impl FnOnce(&Draft<'_>)) {
    let Some(folder) = published("xprotect") else { return };
    let body = fs::read(folder.join(file)).unwrap();
    let source = Arc::clone(site("token = \"token\"").source("vms").unwrap());
    let request = Request::assume_verified(request(&body, Headers::default()), source, Vec::new());
    match Xprotect.parse(&request).unwrap() {
        Parsed::Events(drafts) => {
            assert_eq!(drafts.len(), 1);
            check(&drafts[0]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_documented_event_is_what_its_fields_say() {
    with_event("milestone_webhook_external_event_v1.json", |event| {
        let id = "2388f93d-5cb0-48e0-9524-d8bb981e1629";
        assert_eq!(event.identity, Identity::SenderId(id.to_owned()));
        assert_eq!(event.event_ids[0].as_str(), id);
        assert_eq!((event.kind, event.state), (Kind::External, None));
        assert_eq!(event.vendor_kind.as_ref().unwrap().as_str(), "External Event");
        assert_eq!(event.name.as_ref().unwrap().as_str(), "Event High");
        assert_eq!(event.camera, None);
        assert_eq!(event.device.name.as_ref().unwrap().as_str(), "ec2amaz-111k11j");
        let time = event.device_time.as_ref().unwrap();
        assert_eq!(time.text.as_str(), "2022-11-26T15:59:39.2988877Z");
        assert_eq!(time.at.unwrap(), "2022-11-26T15:59:39.2988877Z".parse().unwrap());
        let kept: Vec<(&str, Value)> =
            event.vendor_data.iter().map(|(name, value)| (name, value.clone())).collect();
        let server = "2f04e7ee-2ee2-49d4-8415-de28dba7ef2e";
        let expected: [(&str, Value); 15] = [
            ("MessageId", "0fcb1955-0e80-4fd4-a78a-db47ee89700c".into()),
            ("Priority", 1.into()),
            ("PriorityName", "High".into()),
            ("Site.AbsoluteUri", "http://ec2amaz-111k22j/".into()),
            ("Site.ServerType", "XPCO".into()),
            ("Source.FQID.FolderType", 0.into()),
            ("Source.FQID.Kind", "c9bdac3f-41dc-4afa-b057-61767a3914b7".into()),
            ("Source.FQID.ObjectId", "13860010-ded3-42ff-a2a9-cc6ba4a49636".into()),
            ("Source.FQID.ParentId", server.into()),
            ("Source.FQID.ServerId.Hostname", "ec2amaz-111k11j".into()),
            ("Source.FQID.ServerId.Id", server.into()),
            ("Source.FQID.ServerId.Port", 80.into()),
            ("Source.FQID.ServerId.Scheme", "http".into()),
            ("Source.FQID.ServerId.Type", "XPCO".into()),
            ("Type", "System Event".into()),
        ];
        for (name, value) in &expected {
            assert!(kept.contains(&(*name, value.clone())), "{name} is not {value} in {kept:?}");
        }
        // `Version` alone is not in the list above.
        assert_eq!(kept.len(), expected.len() + 1);
    });
}

#[test]
fn the_event_of_a_plug_in_is_that_of_a_camera() {
    with_event("milestone_mscp_plugin_motion.json", |event| {
        assert_eq!((event.kind, event.state), (Kind::Motion, None));
        let camera = event.camera.as_ref().unwrap();
        assert_eq!(camera.id.as_str(), "57a5944c-0a55-4e62-bb6c-e87b527fa8cd");
        assert_eq!(camera.name.as_ref().unwrap().as_str(), "RTSP Source (10.0.0.48) - Channel 1");
        assert_eq!(event.vendor_data.get("alert_type").unwrap(), "motion");
        assert_eq!(event.vendor_data.get("zone").unwrap(), "parking_lot");
        assert_eq!(event.device.name.as_ref().unwrap().as_str(), "acs");
    });
}

#[test]
fn the_published_header_fields_are_read() {
    let Some(folder) = published("xprotect") else { return };
    let fields: Value =
        serde_json::from_slice(&fs::read(folder.join("milestone_webhook_headers_v1.json")).unwrap()).unwrap();
    let headers: Headers = fields
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(Xprotect.signature(&headers).unwrap()[..4], [0x2C, 0x1A, 0xFA, 0xF9]);
}

#[tokio::test]
async fn the_computed_signatures_let_their_bodies_in_and_nothing_else_does() {
    let Some(folder) = published("xprotect") else { return };
    let vectors: Value =
        serde_json::from_slice(&fs::read(folder.join("milestone_signature_vectors.computed.json")).unwrap())
            .unwrap();
    let status = async |token: &str, body: &str, signature: Option<&str>| {
        let site = site(&format!("hmac = [\"another\", \"{token}\"]"));
        let ports = MemoryPorts::new(RECEIVED_AT.parse().unwrap());
        let field = signature.map(|value| (SIGNATURE_FIELD.to_owned(), value.to_owned()));
        let request = request(body.as_bytes(), field.into_iter().collect());
        let handled = handle(&ports, &site, &Xprotect, &Instance::default(), request).await;
        let stored = ports.objects.keys().iter().filter(|key| key.starts_with("events/")).count();
        (handled.status, stored)
    };
    let vectors = vectors.as_array().unwrap();
    assert!(!vectors.is_empty());
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().unwrap();
        let (token, body, signature) = (text("token"), text("body_utf8"), text("x_hub_signature_256"));
        assert_eq!(sign(token, body.as_bytes()), signature, "{}", vector["name"]);
        assert_eq!(status(token, body, Some(signature)).await, (200, 1), "{}", vector["name"]);
        assert_eq!(status("none", body, Some(signature)).await, (400, 0));
        assert_eq!(status(token, &format!("{body} "), Some(signature)).await, (400, 0));
        assert_eq!(status(token, body, Some(text("wrong_hex_form"))).await, (400, 0));
        assert_eq!(status(token, body, None).await, (401, 0));
    }
}

#[test]
fn no_published_file_is_left_out() {
    let Some(folder) = published("xprotect") else { return };
    let this = include_str!("samples.rs");
    // The schema of analytics events: fixtures have a message by it.
    let no_request = ["milestone_analytics_event.xsd"];
    for file in fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(no_request.contains(&name.as_str()) || this.contains(&name), "{name} is not looked at");
    }
}
