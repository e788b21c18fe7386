//! The console: a page of the timeline, with many events in the index.

use std::path::Path;

use camhook_event::{Event, EventId, Time};
use camhook_operations::events::Summary;
use camhook_ports::{Clock, SystemClock};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::cloud::Cloud;
use crate::error::Error;
use crate::lambda::Function;
use crate::python;
use crate::statistics::{median, milliseconds};

/// The number of events in the index.
const EVENTS: usize = 100_000;

/// The time between two of them.
const INTERVAL: SignedDuration = SignedDuration::from_secs(20);

/// The number of events on a page.
const SHOWN: usize = 50;

/// How often the console is started.
const STARTS: usize = 20;

/// How many pages the CPU time is taken of, after some that are not.
const PAGES: usize = 200;
const WARM_UP: usize = 10;

/// The cookie of somebody whose session the simulated table has.
const COOKIE: &str = "__Host-camhook=0123456789abcdef.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What was measured of the console.
#[derive(Debug, Default, Serialize)]
pub(crate) struct ConsoleCost {
    /// The length of the function as it is uploaded.
    pub(crate) zip_bytes: u64,
    /// Process start until the first `GET /next`, in the median.
    pub(crate) cold_start_ms: f64,
    /// Process start until the first page, in the median, with an AWS that answers at once.
    pub(crate) first_answer_ms: f64,
    /// CPU time of a page of 50 events, the SDK and compression included.
    pub(crate) page_cpu_ms: f64,
    /// The length of that page as it is sent.
    pub(crate) page_bytes: usize,
    /// Pages of the index that it reads.
    pub(crate) index_pages: usize,
    /// Calls of AWS by it, once the instance is warm.
    pub(crate) aws_calls: usize,
}

/// The items of the simulated index, newest first.
#[derive(Debug)]
pub(crate) struct Items {
    model: Event,
    newest: Timestamp,
}

impl Items {
    /// An index of events like this one, the newest of which has just happened.
    pub(crate) fn like(message: &str) -> Result<Self, Error> {
        Ok(Self { model: serde_json::from_str(message)?, newest: SystemClock::start().now() })
    }

    /// The answer to a query: the newest items of its range, at most as many as it asks for.
    pub(crate) fn page(&self, query: &Value) -> Value {
        let value = |name: &str| query["ExpressionAttributeValues"][name]["S"].as_str().unwrap_or_default();
        let (low, high) = (value(":low"), value(":high"));
        let limit = query["Limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(EVENTS);
        let in_range = (0..EVENTS).map(|number| (number, self.position(number)));
        let mut in_range = in_range
            .skip_while(|(_, (_, at))| at.as_str() > high)
            .take_while(|(_, (_, at))| at.as_str() >= low)
            .peekable();
        let items: Vec<Value> =
            in_range.by_ref().take(limit).filter_map(|(number, _)| self.item(number)).collect();
        let mut page = json!({ "Count": items.len(), "ScannedCount": items.len(), "Items": items });
        if in_range.peek().is_some() {
            let last = page["Items"].as_array().and_then(|items| items.last()).cloned().unwrap_or_default();
            page["LastEvaluatedKey"] =
                json!({ "pk": last["pk"], "sk": last["sk"], "key1": last["key1"], "at": last["at"] });
        }
        page
    }

    fn time(&self, number: usize) -> Timestamp {
        let age = i32::try_from(number).unwrap_or(i32::MAX);
        self.newest.checked_sub(INTERVAL * age).unwrap_or(self.newest)
    }

    fn position(&self, number: usize) -> (EventId, String) {
        let id = EventId::of_sender_id("bench", &number.to_string());
        (id, format!("{}#{id}", self.time(number).strftime("%Y-%m-%dT%H:%M:%S%.3fZ")))
    }

    fn item(&self, number: usize) -> Option<Value> {
        let (id, at) = self.position(number);
        let mut event = self.model.clone();
        event.id = id;
        event.time = Time::new(self.time(number));
        let (item, _) = Summary::of(&event).item(90).ok()?;
        let string = |text: String| json!({ "S": text });
        let mut attributes = Map::new();
        for (name, value) in [
            ("pk", string(format!("event#{id}"))),
            ("sk", string("0".to_owned())),
            ("at", string(at)),
            ("key1", string("all".to_owned())),
            ("key2", string(format!("source#{}", event.data.source))),
            ("data", string(item.data.to_string())),
            ("parts", json!({ "N": "1" })),
            ("expires", json!({ "N": item.expires.as_second().to_string() })),
        ] {
            attributes.insert(name.to_owned(), value);
        }
        Some(Value::Object(attributes))
    }
}

/// An item of the table that a session needs: the person and the session.
pub(crate) fn table_item(key: &Value) -> Value {
    let far = SystemClock::start().now().as_second() + 86_400;
    let now = SystemClock::start().now().to_string();
    let common = |mut fields: Map<String, Value>| {
        fields.extend(key.as_object().cloned().unwrap_or_default());
        fields.insert("revision".to_owned(), json!({ "N": "1" }));
        json!({ "Item": fields })
    };
    let fields = match key["pk"]["S"].as_str().unwrap_or_default() {
        "people" => {
            json!({ "name": { "S": "Ann" }, "role": { "S": "operator" }, "invited_at": { "S": now } })
        }
        session if session.starts_with("session#") => {
            json!({ "created_at": { "S": now }, "used_at": { "S": now }, "expires": { "N": far.to_string() } })
        }
        _ => return json!({}),
    };
    fields.as_object().cloned().map_or_else(|| json!({}), common)
}

/// Measures the console.
pub(crate) fn measure(
    cloud: &Cloud,
    bootstraps: &Path,
    interpreter: &Path,
    output: &Path,
) -> Result<ConsoleCost, Error> {
    let bootstrap = bootstraps.join("console");
    let start = || Function::start("console", &bootstrap, cloud, output.join("console.log"));
    let zip_bytes = python::zip(interpreter, &bootstrap, &output.join("console.zip"))?;
    let (compressed, plain) = (request("gzip"), request("identity"));
    let (mut starts, mut first_answers) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let function = start()?;
        starts.push(function.started_within);
        let (took, _) = function.invoke(&compressed)?;
        first_answers.push(function.started_within + took);
    }
    let function = start()?;
    check(&function, &function.invoke(&plain)?.1)?;
    let mut page_bytes = 0;
    for _ in 0..WARM_UP {
        page_bytes = body_length(&function.invoke(&compressed)?.1)?;
    }
    cloud.take_calls();
    function.invoke(&compressed)?;
    let calls = cloud.take_calls();
    let before = function.process.cpu_time()?;
    for _ in 0..PAGES {
        function.invoke(&compressed)?;
    }
    let cpu = function.process.cpu_time()?.saturating_sub(before).as_secs_f64() * 1e3 / PAGES as f64;
    Ok(ConsoleCost {
        zip_bytes,
        cold_start_ms: milliseconds(median(starts)),
        first_answer_ms: milliseconds(median(first_answers)),
        page_cpu_ms: (cpu * 100.0).round() / 100.0,
        page_bytes,
        index_pages: calls.iter().filter(|call| *call == Cloud::INDEX_PAGE).count(),
        aws_calls: calls.len(),
    })
}

/// What is measured has to be the page: 50 events.
fn check(function: &Function, answer: &[u8]) -> Result<(), Error> {
    let answer: Value = serde_json::from_slice(answer)?;
    let events = answer["body"].as_str().unwrap_or_default().matches("data-event=").count();
    if answer["statusCode"] == 200 && events == SHOWN {
        return Ok(());
    }
    Err(function.wrong(&format!("answers {} with {events} events", answer["statusCode"])))
}

/// The length of the body as the gateway sends it.
fn body_length(answer: &[u8]) -> Result<usize, Error> {
    let answer: Value = serde_json::from_slice(answer)?;
    let length = answer["body"].as_str().unwrap_or_default().len();
    Ok(if answer["isBase64Encoded"] == true { length * 3 / 4 } else { length })
}

/// The timeline as a browser asks for it, in the gateway's JSON.
fn request(encoding: &str) -> Vec<u8> {
    json!({
        "version": "2.0",
        "routeKey": "ANY /console",
        "rawPath": "/console",
        "rawQueryString": "",
        "cookies": [COOKIE],
        "headers": {
            "accept": "text/html",
            "accept-encoding": encoding,
            "host": "abcdefghij.execute-api.eu-central-1.amazonaws.com",
            "user-agent": "Mozilla/5.0",
            "x-forwarded-for": "203.0.113.17",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "abcdefghij",
            "domainName": "abcdefghij.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "abcdefghij",
            "http": {
                "method": "GET", "path": "/console", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.17",
                "userAgent": "Mozilla/5.0",
            },
            "requestId": "bench",
            "routeKey": "ANY /console",
            "stage": "$default",
            "time": "23/Nov/2026:08:00:00 +0000",
            "timeEpoch": 1_795_420_800_000_i64,
        },
        "isBase64Encoded": false,
    })
    .to_string()
    .into_bytes()
}
