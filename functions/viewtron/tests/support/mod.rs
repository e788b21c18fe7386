//! What the tests of this crate share.

use std::sync::Arc;

use bytes::Bytes;
use camhook_ingest::{Draft, Headers, Method, Parts, Request, Verified};
use camhook_site::Source;
use serde_json::{Map, Value, json};

/// When every post of these tests is received.
pub(crate) const RECEIVED_AT: &str = "2026-11-23T08:00:00Z";

/// A source in Berlin with further settings.
pub(crate) fn source(settings: &str) -> Arc<Source> {
    let toml = format!(
        "timezone = \"Europe/Berlin\"\n[[source]]\nid = \"gate\"\nvendor = \"viewtron\"\n\
         auth = {{ token = \"token\" }}\n{settings}"
    );
    let (site, _) = camhook_site::read(&toml, "test").unwrap();
    site.source("gate").unwrap().clone()
}

/// A verified post to that source.
pub(crate) fn request(body: &[u8], source: Arc<Source>, rest: &[&str]) -> Request<Verified> {
    let request = Request::new(Parts {
        method: Method::Post,
        path: "/viewtron/gate/token".to_owned(),
        query: String::new(),
        headers: Headers::default(),
        body: Bytes::copy_from_slice(body),
        source_ip: None,
        request_id: "request".to_owned(),
        received_at: RECEIVED_AT.parse().unwrap(),
    });
    Request::assume_verified(request, source, rest.iter().map(|segment| (*segment).to_owned()).collect())
}

/// Every field of a draft that is there. A picture is its role and its base64 text.
pub(crate) fn draft(draft: &Draft<'_>) -> Value {
    let images: Vec<Value> = draft
        .images
        .iter()
        .map(|image| json!([image.role, String::from_utf8_lossy(&image.base64)]))
        .collect();
    let targets: Vec<Value> = draft
        .targets
        .iter()
        .map(|target| {
            present(json!({
                "id": target.id,
                "class": target.class,
                "confidence": target.confidence,
                "box": target.bounding_box,
                "image": target.image,
                "attributes": target.attributes,
            }))
        })
        .collect();
    present(json!({
        "identity": format!("{:?}", draft.identity),
        "camera": draft.camera,
        "kind": draft.kind,
        "vendor_kind": draft.vendor_kind,
        "name": draft.name,
        "report": draft.report,
        "state": draft.state,
        "device_time": draft.device_time.as_ref().map(|time| &time.text),
        "time": draft.device_time.as_ref().and_then(|time| time.at).map(|at| at.to_string()),
        "device": draft.device,
        "event_ids": draft.event_ids,
        "targets": targets,
        "zone": draft.zone,
        "plate": draft.plate,
        "face": draft.face,
        "counts": draft.counts,
        "images": images,
        "vendor_data": draft.vendor_data,
    }))
}

/// An object without what is absent or empty.
fn present(object: Value) -> Value {
    let Value::Object(fields) = object else { return object };
    let is_absent = |value: &Value| match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    fields.into_iter().filter(|(_, value)| !is_absent(value)).collect::<Map<_, _>>().into()
}
