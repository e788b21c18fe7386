//! `camhook send`

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use camhook_event::Text;
use camhook_ingest::Sample;
use camhook_outbound::Request;
use camhook_picture::{Context, SamplePost, render};
use camhook_ports::{Clock, Ports, Publisher, SecretReference, Secrets, SystemClock};
use camhook_site::Source;
use camhook_state::presence::Presence;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use secrecy::ExposeSecret;
use serde::Serialize;

use super::Outcome;
use crate::arguments::Send;
use crate::connection::{client, exchange, text};
use crate::error::Error;
use crate::moment::Times;
use crate::origin::{Lookup, Origin};
use crate::output::Output;
use crate::stack::{Selection, Stack};
use crate::vendors::{MQTT_SAMPLES, Sign};
use crate::webhook::{TokenKnowledge, Webhook};

/// The timeout of a post, longer than the gateway's.
const LIMIT: Duration = Duration::from_secs(60);

/// Header fields of the connection, which the client sets itself.
const CONNECTION_HEADERS: [HeaderName; 4] =
    [header::HOST, header::CONTENT_LENGTH, header::CONNECTION, header::TRANSFER_ENCODING];

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    about: &'static str,
}

#[derive(Serialize)]
struct Reply {
    status: u16,
    milliseconds: u64,
    sent_bytes: usize,
    body: String,
}

pub(super) async fn run(arguments: &Send, stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    let (url, config) = (arguments.url.as_ref(), arguments.config.as_deref());
    let lookup = Lookup { id: &arguments.source, url, config, stack };
    let case = arguments.case.as_ref().filter(|_| !arguments.list);
    let webhook = match (lookup.origin().await?, case) {
        (Origin::Http(webhook), _) => webhook,
        (Origin::Mqtt(_), None) => return Ok(list(MQTT_SAMPLES.iter().map(mqtt_listed), output)),
        (Origin::Mqtt(source), Some(case)) => return publish(&source, case, stack, output).await,
    };
    let Some(case) = case else {
        return Ok(list(lookup.guide(&webhook).await?.samples.iter().map(listed), output));
    };
    let (samples, sign) = match lookup.guide(&webhook).await {
        Ok(guide) => (guide.samples, guide.sign),
        // A file can be sent without the vendor's samples.
        Err(_) if Path::new(case).is_file() => (&[][..], None),
        Err(error) => return Err(error),
    };
    let clock = SystemClock::start();
    let at =
        arguments.at.as_deref().map(|text| Times::of_this_machine().parse(text, clock.now())).transpose()?;
    let content = Content { case, at, plate: arguments.plate.as_deref() };
    let request = build_request(&content, &webhook, samples, &clock)?;
    let post = SamplePost::parse(&request)?;
    let (path, query) = post.path_and_query();
    if webhook.token == TokenKnowledge::Unknown && !arguments.dry_run {
        return Err(Error::NoToken(arguments.source.clone()));
    }
    let url = webhook.with_path(path, query)?;
    if arguments.dry_run {
        let text = String::from_utf8_lossy(&request);
        output.result(&serde_json::json!({ "request": text }), &text);
        return Ok(Outcome::Done);
    }
    let signature = signature(arguments, sign, stack, post.body).await?;
    let before = clock.elapsed();
    let answer = exchange(&client(LIMIT), &url, &to_send(&post, signature.as_ref(), url.clone())?).await?;
    let took = clock.elapsed().saturating_sub(before);
    let reply = Reply {
        status: answer.status.as_u16(),
        milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        sent_bytes: post.body.len(),
        body: text(&answer),
    };
    let line = format!("{} after {} ms, {} bytes sent", answer.status, reply.milliseconds, reply.sent_bytes);
    let text = if reply.body.is_empty() { line } else { format!("{line}\n{}", reply.body) };
    output.result(&reply, text);
    if reply.status == 401 {
        output.note(why_refused(&arguments.source, stack).await);
    }
    Ok(if answer.status.is_success() { Outcome::Done } else { Outcome::Refused })
}

/// Why a post was answered with 401: the reason that the function recorded, where it can be read.
async fn why_refused(source: &str, stack: Selection<'_>) -> String {
    let general = format!(
        "The credentials were refused: compare the token, password, key and address of `{source}` in the deployed \
         camhook.toml with those that were sent."
    );
    let Ok(stack) = Stack::find(stack) else { return general };
    let ports = stack.connect().await;
    match camhook_state::presence::find(ports.state(), source).await {
        Ok(Some(Presence { refusal: Some(refusal), .. })) => {
            let at = Stack::times(&ports).await.show(refusal.at);
            format!("{general} The last recorded reason: {} at {at}.", refusal.reason)
        }
        Ok(_) | Err(_) => general,
    }
}

#[derive(Serialize)]
struct Published {
    topic: String,
    messages: usize,
}

/// Publishes a sample through AWS IoT's data plane, as the bridge of a camera does.
async fn publish(
    source: &Source,
    case: &str,
    stack: Selection<'_>,
    output: &Output,
) -> Result<Outcome, Error> {
    let sample = MQTT_SAMPLES.iter().find(|sample| sample.name == case).ok_or_else(|| {
        let known: Vec<&str> = MQTT_SAMPLES.iter().map(|sample| sample.name).collect();
        Error::UnknownCase { case: case.to_owned(), vendor: source.vendor, known: known.join(", ") }
    })?;
    let ports = Stack::find(stack)?.connect().await;
    let topic = status_topic(source.topic.as_ref().map(Text::as_str).unwrap_or_default());
    for (path, payload) in sample.messages {
        ports.publisher().publish(&format!("{topic}{path}"), payload).await?;
    }
    let published = Published { topic, messages: sample.messages.len() };
    let line = format!("published {} messages below {}", published.messages, published.topic);
    output.result(&published, line);
    Ok(Outcome::Done)
}

/// The status topic of a source's camera. For a source with several cameras, the client id of the vendor's examples
/// is used.
fn status_topic(topic: &str) -> String {
    let camera = if topic.contains('/') { "" } else { "/115" };
    format!("{topic}{camera}/status/")
}

fn listed(sample: &Sample) -> Listed {
    Listed { name: sample.name, about: sample.about }
}

fn mqtt_listed(sample: &camhook_instar::mqtt::Sample) -> Listed {
    Listed { name: sample.name, about: sample.about }
}

fn list(samples: impl Iterator<Item = Listed>, output: &Output) -> Outcome {
    let listed: Vec<Listed> = samples.collect();
    let width = listed.iter().map(|sample| sample.name.len()).max().unwrap_or_default();
    let lines: Vec<String> =
        listed.iter().map(|sample| format!("{:width$}  {}", sample.name, sample.about)).collect();
    output.result(&listed, lines.join("\n"));
    Outcome::Done
}

/// What a post says.
#[derive(Debug, Clone, Copy)]
struct Content<'a> {
    /// The name of a sample, or a file.
    case: &'a str,
    /// The time of its placeholders; `None` for now.
    at: Option<Timestamp>,
    /// The plate in place of the sample's.
    plate: Option<&'a str>,
}

/// The request as text: the sample with this name, or the file.
fn build_request(
    content: &Content<'_>,
    webhook: &Webhook,
    samples: &[Sample],
    clock: &SystemClock,
) -> Result<Vec<u8>, Error> {
    let context = Context {
        path: webhook.address.path.clone(),
        now: content.at.unwrap_or_else(|| clock.now()),
        timezone: TimeZone::system(),
        // Different pictures each time.
        seed: clock.now().as_microsecond().unsigned_abs(),
        plate: content.plate.map(str::to_owned),
    };
    let case = content.case;
    if let Some(sample) = samples.iter().find(|sample| sample.name == case) {
        return Ok(render(sample.request, &context)?.into_bytes());
    }
    let path = Path::new(case);
    if !path.is_file() {
        let known: Vec<&str> = samples.iter().map(|sample| sample.name).collect();
        let known = if known.is_empty() { "a file".to_owned() } else { known.join(", ") };
        return Err(Error::UnknownCase { case: case.to_owned(), vendor: webhook.vendor, known });
    }
    let file = std::fs::read(path).map_err(|error| Error::Read { path: path.to_owned(), error })?;
    if let Some(content_type) = type_of_body(&file) {
        let head = format!("POST {} HTTP/1.1\r\ncontent-type: {content_type}\r\n\r\n", context.path);
        return Ok([head.into_bytes(), file].concat());
    }
    match String::from_utf8(file) {
        Ok(text) => Ok(render(&text, &context)?.into_bytes()),
        // Binary files have no placeholders.
        Err(error) => Ok(error.into_bytes()),
    }
}

/// The media type of a file that contains only a body; `None` for a whole request.
fn type_of_body(file: &[u8]) -> Option<&'static str> {
    let body = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    match body.iter().find(|octet| !octet.is_ascii_whitespace())? {
        b'<' => Some("application/xml"),
        b'{' | b'[' => Some("application/json"),
        _ => None,
    }
}

/// The signature of a post as a header field, if the vendor signs its posts and the key is known.
async fn signature(
    arguments: &Send,
    sign: Option<Sign>,
    stack: Selection<'_>,
    body: &[u8],
) -> Result<Option<(&'static str, String)>, Error> {
    let Some(Sign { field, value }) = sign else {
        return Ok(None);
    };
    let reference = match &arguments.sign_with {
        Some(reference) => Some(SecretReference::parse(reference)),
        None => Stack::find(stack).ok().and_then(|stack| stack.signing_key(&arguments.source)),
    };
    let key = match reference {
        None => return Ok(None),
        Some(SecretReference::Literal(key)) => key,
        Some(reference) => Stack::find(stack)?.connect().await.secrets().resolve(&reference).await?,
    };
    Ok(Some((field, value(key.expose_secret(), body))))
}

fn to_send(
    post: &SamplePost<'_>,
    signature: Option<&(&'static str, String)>,
    url: url::Url,
) -> Result<Request, Error> {
    let method = Method::from_bytes(post.method.as_bytes())
        .map_err(|_| Error::Unsendable(format!("invalid method `{}`", post.method)))?;
    let mut headers = HeaderMap::new();
    let signature = signature.into_iter().map(|(name, value)| (*name, value.as_str()));
    for (name, value) in post.headers.iter().copied().chain(signature) {
        let read_name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Error::Unsendable(format!("invalid header name `{name}`")))?;
        let read_value = HeaderValue::from_str(value)
            .map_err(|_| Error::Unsendable(format!("invalid value of header `{name}`")))?;
        if !CONNECTION_HEADERS.contains(&read_name) {
            headers.append(read_name, read_value);
        }
    }
    let request = Request::new(method, url);
    let request = if post.body.is_empty() {
        request
    } else {
        request.with_body("application/octet-stream", Bytes::copy_from_slice(post.body))
    };
    Ok(request.with_headers(headers))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use camhook_event::Vendor;

    use super::*;
    use crate::vendors::guide;

    /// One source per vendor and INSTAR dialect.
    const SITE: &str = r#"
        timezone = "UTC"
        [[source]]
        id = "viewtron"
        vendor = "viewtron"
        auth = { token = "t" }
        [[source]]
        id = "xprotect"
        vendor = "xprotect"
        auth = { token = "t" }
        [[source]]
        id = "ivsec"
        vendor = "ivsec"
        auth = { token = "t" }
        [[source]]
        id = "cloud"
        vendor = "instar"
        dialect = "cloud"
        auth = { token = "t" }
        [[source]]
        id = "older"
        vendor = "instar"
        dialect = "camera-v1"
        auth = { token = "t" }
        [[source]]
        id = "newer"
        vendor = "instar"
        dialect = "camera-v2"
        auth = { token = "t" }
    "#;

    fn webhook() -> Webhook {
        Webhook::parse(&"http://127.0.0.1:1/viewtron/gate/token".parse().unwrap(), "gate").unwrap()
    }

    fn named(case: &str) -> Content<'_> {
        Content { case, at: None, plate: None }
    }

    #[test]
    fn a_sample_may_be_of_another_time_and_another_plate() {
        let samples = guide(Vendor::Viewtron, None).unwrap().samples;
        let at: Timestamp = "2026-11-23T21:00:00Z".parse().unwrap();
        let content = Content { case: "plate", at: Some(at), plate: Some("B-XY 12") };
        let request = build_request(&content, &webhook(), samples, &SystemClock::start()).unwrap();
        let text = String::from_utf8(request).unwrap();
        assert!(text.contains("<![CDATA[B-XY 12]]>") && !text.contains("IB36NL"));
        assert!(text.contains(&format!(">{}</currentTime>", at.as_microsecond())));
    }

    #[test]
    fn every_sample_of_every_vendor_can_be_sent() {
        let (site, _) = camhook_site::read(SITE, "test").unwrap();
        for vendor in Vendor::ALL {
            assert!(site.sources_of(vendor).next().is_some(), "{vendor} has no source in this test");
        }
        for source in site.sources() {
            let (vendor, id) = (source.vendor, source.id.as_str());
            let guide = guide(vendor, Some(Arc::clone(source))).unwrap();
            let path = format!("/{vendor}/{id}/t");
            let webhook = Webhook::parse(&format!("http://127.0.0.1:1{path}").parse().unwrap(), id).unwrap();
            assert!((guide.setup)(&webhook.address).contains(&path), "{id}");
            assert!(!guide.samples.is_empty(), "{id}");
            for sample in guide.samples {
                let request =
                    build_request(&named(sample.name), &webhook, guide.samples, &SystemClock::start())
                        .unwrap();
                let post = SamplePost::parse(&request).unwrap();
                assert!(post.path_and_query().0.starts_with(&path), "{id} {}", sample.name);
                let signature = guide.sign.map(|sign| (sign.field, (sign.value)("key", post.body)));
                to_send(&post, signature.as_ref(), "http://127.0.0.1:1/".parse().unwrap()).unwrap();
            }
        }
    }

    #[test]
    fn a_file_without_a_request_line_is_a_body() {
        for (file, content_type) in [
            (&b"\xef\xbb\xbf <?xml version=\"1.0\"?>"[..], Some("application/xml")),
            (b"\n{\"a\":1}", Some("application/json")),
            (b"POST / HTTP/1.1\n\n<a/>", None),
            (b"", None),
        ] {
            assert_eq!(type_of_body(file), content_type);
        }
    }

    #[test]
    fn an_unknown_case_lists_the_samples() {
        let samples = guide(Vendor::Viewtron, None).unwrap().samples;
        let error =
            build_request(&named("intrsion"), &webhook(), samples, &SystemClock::start()).unwrap_err();
        assert!(error.to_string().contains("intrusion"), "{error}");
    }
}
