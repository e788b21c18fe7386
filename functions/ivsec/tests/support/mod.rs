//! The bodies of the fixtures, and posts of them that are verified.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use camhook_ingest::{Headers, Method, Parts, Request, Verified};
use camhook_picture::{Context, SamplePost, render};
use camhook_site::Source;
use jiff::tz::TimeZone;
use serde_json::Value;

/// A fixture with a body of JSON.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) body: Value,
}

/// All fixtures with a body of JSON, in the order of their names.
pub(crate) fn cases() -> Vec<Case> {
    let folder = camhook_fixture::root().join("ivsec");
    let mut cases: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases.iter().filter_map(|case| read(case)).collect()
}

fn read(case: &Path) -> Option<Case> {
    let context = Context {
        path: "/ivsec/nvr".to_owned(),
        now: camhook_fixture::RECEIVED_AT.parse().unwrap(),
        timezone: TimeZone::UTC,
        seed: 0,
        plate: None,
    };
    let request = render(&fs::read_to_string(case.join("request.http")).ok()?, &context).unwrap();
    let post = SamplePost::parse(request.as_bytes()).unwrap();
    let name = case.file_name().unwrap().to_string_lossy().into_owned();
    let path = post.path_and_query().0.to_owned();
    Some(Case { name, path, body: serde_json::from_slice(post.body).ok()? })
}

/// A source with these settings.
pub(crate) fn source(settings: &str) -> Arc<Source> {
    let toml = format!(
        "timezone = \"Europe/Berlin\"\n[[source]]\nid = \"nvr\"\nvendor = \"ivsec\"\n{settings}\n\
         auth = {{ token = \"token\" }}\n"
    );
    Arc::clone(camhook_site::read(&toml, "test").unwrap().0.source("nvr").unwrap())
}

/// A post of a source, with what stands behind the token in its path.
pub(crate) fn request(source: &Arc<Source>, body: &Value, rest: &[&str]) -> Request<Verified> {
    let request = Request::new(Parts {
        method: Method::Post,
        path: "/ivsec/nvr/token".to_owned(),
        query: String::new(),
        headers: Headers::default(),
        body: Bytes::from(body.to_string()),
        source_ip: None,
        request_id: "request".to_owned(),
        received_at: camhook_fixture::RECEIVED_AT.parse().unwrap(),
    });
    let rest = rest.iter().map(|segment| (*segment).to_owned()).collect();
    Request::assume_verified(request, Arc::clone(source), rest)
}
