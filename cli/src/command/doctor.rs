//! `camhook doctor`
//!
//! Reads, resolves names and connects. Nothing is switched, sent to people or changed: a relay's device and a channel's
//! service get a connection without a request.

mod endpoint;

use std::time::Duration;

use camhook_aws::AwsPorts;
use camhook_event::CONFIG_KEY;
use camhook_operations::status::{self, ConfigurationState, Problem, Status};
use camhook_outbound::{Answer, Request};
use camhook_ports::{
    Clock, EventIndex, IndexKey, IndexPorts, ObjectStore, PageRequest, Ports, SecretReference, Secrets,
    SystemClock,
};
use camhook_site::Site;
use http::{Method, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use secrecy::ExposeSecret;
use serde::Serialize;
use tokio::net::TcpStream;
use url::Url;

use self::endpoint::{Endpoint, of_channel, of_relay};
use super::Outcome;
use super::check::{Need, needs};
use crate::connection::{client, exchange};
use crate::error::{CREDENTIALS_FIX, Error};
use crate::moment::Times;
use crate::output::{Output, counted, single_line};
use crate::stack::{MqttReception, Selection, Stack};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a request to the stack may take.
const REQUEST: Duration = Duration::from_secs(10);

/// The largest accepted difference between this machine's clock and that of AWS, in seconds. AWS refuses signatures
/// from 300 s on.
const CLOCK_TOLERANCE_S: i64 = 5;

/// A host name that no stack has.
const FOREIGN_HOST: &str = "camhook-doctor.invalid";

/// The result of one check.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Check {
    /// What was checked.
    check: String,
    #[serde(flatten)]
    verdict: Verdict,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "result")]
enum Verdict {
    Ok {
        detail: String,
    },
    /// It works, with a limit that a person should know.
    Note {
        detail: String,
    },
    Skipped {
        detail: String,
    },
    Failed {
        detail: String,
        fix: String,
    },
}

impl Verdict {
    fn ok(detail: impl Into<String>) -> Self {
        Self::Ok { detail: detail.into() }
    }

    fn note(detail: impl Into<String>) -> Self {
        Self::Note { detail: detail.into() }
    }

    fn skipped(detail: impl Into<String>) -> Self {
        Self::Skipped { detail: detail.into() }
    }

    fn failed(detail: &(impl ToString + ?Sized), fix: impl Into<String>) -> Self {
        Self::Failed { detail: detail.to_string(), fix: fix.into() }
    }
}

/// Prints checks as they end, and counts the failed ones.
struct Report<'a> {
    output: &'a Output,
    failed: usize,
}

impl Report<'_> {
    fn add(&mut self, check: impl Into<String>, verdict: Verdict) {
        let check = Check { check: check.into(), verdict };
        if matches!(check.verdict, Verdict::Failed { .. }) {
            self.failed += 1;
        }
        self.output.result(&check, text(&check));
    }
}

fn text(check: &Check) -> String {
    let (word, detail, fix) = match &check.verdict {
        Verdict::Ok { detail } => ("ok", detail, None),
        Verdict::Note { detail } => ("note", detail, None),
        Verdict::Skipped { detail } => ("skipped", detail, None),
        Verdict::Failed { detail, fix } => ("FAILED", detail, Some(fix)),
    };
    let mut line = single_line(&format!("{word:7}  {}: {detail}", check.check)).into_owned();
    if let Some(fix) = fix {
        line.push_str("\n         fix: ");
        line.push_str(&single_line(fix));
    }
    line
}

pub(super) async fn run(stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    let stack = Stack::find(stack)?;
    output.note(format_args!("stack {}", stack.label()));
    let mut report = Report { output, failed: 0 };
    report.add("credentials", credentials(&stack).await);
    report.add("stack", deployed(&stack).await);
    let ports = stack.connect().await;
    let configuration = rights(&stack, &ports, &mut report).await;
    if let Some(Deployed { text, site, status }) = configuration {
        report.add("configuration", configuration_verdict(&status));
        if let Some(verdict) = mqtt(&site, stack.mqtt) {
            report.add("MQTT", verdict);
        }
        secrets(&ports, &text, &mut report).await;
        for channel in site.channels() {
            let verdict = reach(&ports, of_channel(channel)).await;
            report.add(format!("channel {}", channel.id), verdict);
        }
        for relay in site.relays() {
            let verdict = reach(&ports, of_relay(relay)).await;
            report.add(format!("relay {}", relay.id), verdict);
        }
    }
    webhooks(&stack, &mut report).await;
    Ok(if report.failed == 0 { Outcome::Done } else { Outcome::Problems })
}

async fn credentials(stack: &Stack) -> Verdict {
    if stack.endpoint_url.is_some() {
        return Verdict::skipped("the local cloud accepts any");
    }
    match stack.credentials().await {
        Ok(None) => Verdict::ok("found"),
        Ok(Some(expiry)) => Verdict::ok(format!("found, valid until {}", Times::UTC.show(expiry))),
        Err(reason) => Verdict::failed(&reason, CREDENTIALS_FIX),
    }
}

/// Compares what the stack consists of with the file that describes it.
async fn deployed(stack: &Stack) -> Verdict {
    match stack.changed_outputs().await {
        None => Verdict::skipped("stack.json names no stack of CloudFormation"),
        Some(Ok(differing)) if differing.is_empty() => Verdict::ok("as it was added"),
        Some(Ok(differing)) => Verdict::failed(
            &format!("these outputs have changed since the stack was added: {}", differing.join(", ")),
            "run `camhook stack add` again with the same name",
        ),
        Some(Err(error)) => Verdict::failed(
            &error,
            "check the name, region and account; `camhook stack add` keeps the outputs of another stack",
        ),
    }
}

/// The configuration in the bucket, and the status of the stack.
struct Deployed {
    text: String,
    site: Site,
    status: Status,
}

/// Reads each resource once.
async fn rights(stack: &Stack, ports: &AwsPorts, report: &mut Report<'_>) -> Option<Deployed> {
    const FIX: &str = "use credentials that may read the stack, and check its region and account";
    let file = ports.objects().get(CONFIG_KEY).await;
    let listed = ports.objects().list("events/", 1).await;
    report.add(
        "bucket",
        match (&file, listed) {
            (Err(error), _) => Verdict::failed(&error, FIX),
            (Ok(_), Err(error)) => Verdict::failed(&error, FIX),
            (Ok(_), Ok(_)) => Verdict::ok("readable"),
        },
    );
    let monitor = stack.connect_monitor().await;
    let status = status::read(ports, &monitor).await;
    match &status {
        Ok(_) => report.add("table", Verdict::ok("readable")),
        Err(error) => report.add("table", Verdict::failed(&error, FIX)),
    }
    if let Ok(status) = &status {
        report.add("queues", queues(status));
        report.add("alarms", alarms(stack, status));
    }
    let newest = PageRequest { key: &IndexKey::All, since: None, until: None, after: None, limit: 1 };
    report.add(
        "event index",
        match ports.index().page(newest).await {
            Ok(_) => Verdict::ok("readable"),
            Err(error) => Verdict::failed(
                &error,
                "update the stack, run `camhook stack add` again, and check your rights",
            ),
        },
    );
    let status = status.ok()?;
    let stored = match &status.configuration.in_force {
        Some(version) => ports.objects().get_version(CONFIG_KEY, version).await.ok()?,
        None => file.ok()?,
    };
    let text = String::from_utf8(stored?.bytes.to_vec()).ok()?;
    let (site, _) = camhook_site::read(&text, CONFIG_KEY).ok()?;
    Some(Deployed { text, site, status })
}

fn queues(status: &Status) -> Verdict {
    let unknown = status.problems.iter().find_map(|problem| match problem {
        Problem::QueuesUnknown { reason } => Some(reason),
        _ => None,
    });
    match unknown {
        None => Verdict::ok("measured"),
        Some(reason) => Verdict::failed(reason, "allow cloudwatch:GetMetricData, as ViewerPolicy does"),
    }
}

fn alarms(stack: &Stack, status: &Status) -> Verdict {
    if stack.endpoint_url.is_some() {
        return Verdict::skipped("the local cloud has none");
    }
    let unknown = status.problems.iter().find_map(|problem| match problem {
        Problem::AlarmsUnknown { reason } => Some(reason),
        _ => None,
    });
    match unknown {
        None => Verdict::ok("readable"),
        Some(reason) => Verdict::failed(reason, "allow cloudwatch:DescribeAlarms, as ViewerPolicy does"),
    }
}

fn configuration_verdict(status: &Status) -> Verdict {
    match status.configuration.state {
        ConfigurationState::Valid => Verdict::ok("valid"),
        ConfigurationState::Unchecked => Verdict::failed(
            "the watchdog has not checked the newest camhook.toml",
            "wait a minute; if that does not help, see the logs of the watchdog function",
        ),
        ConfigurationState::Rejected => Verdict::failed(
            &format!("the newest camhook.toml is invalid: {}", status.configuration.errors.join("; ")),
            "correct it and push it again, or `camhook config rollback`",
        ),
        ConfigurationState::Missing => Verdict::failed(
            "the stack has no camhook.toml",
            "upload one with `camhook config push FILE`, or restore a deleted one with `camhook config rollback`",
        ),
    }
}

/// Whether the stack receives the MQTT messages that the configuration needs; nothing where it needs none.
fn mqtt(site: &Site, reception: Option<MqttReception>) -> Option<Verdict> {
    if !needs(site).contains(&Need::Mqtt) {
        return None;
    }
    Some(match reception {
        Some(MqttReception::Yes) => Verdict::ok("received"),
        Some(MqttReception::No) => Verdict::failed(
            "a source or relay of camhook.toml uses MQTT, and the stack receives no MQTT messages",
            "run `make deploy PARAMETERS=\"Mqtt=yes\"`",
        ),
        None => Verdict::skipped("the stack did not say whether it receives MQTT messages when it was added"),
    })
}

/// Resolves every secret that camhook.toml names.
async fn secrets(ports: &AwsPorts, text: &str, report: &mut Report<'_>) {
    for reference in camhook_site::secret_references(text) {
        let verdict = match &reference {
            SecretReference::Environment(_) => Verdict::skipped("only the functions can read it"),
            _ => match ports.secrets().resolve(&reference).await {
                Ok(_) => Verdict::ok("resolved"),
                Err(error) => unresolved(&error.reason),
            },
        };
        report.add(format!("secret {reference}"), verdict);
    }
}

/// A secret that was not resolved. That a person may not read it says nothing about the functions, and is intended: no
/// policy for people has the passwords of cameras and relays.
fn unresolved(reason: &str) -> Verdict {
    if ["AccessDenied", "not authorized"].iter().any(|denied| reason.contains(denied)) {
        return Verdict::note(
            "not readable with your rights, so that it was not checked; the functions have rights of their own",
        );
    }
    Verdict::failed(reason, "create the parameter as a SecureString in the region of the stack")
}

/// Connects to what a channel or relay uses, without a request.
async fn reach(ports: &AwsPorts, endpoint: Endpoint<'_>) -> Verdict {
    let (host, port) = match endpoint {
        Endpoint::Server { host, port } => (host, port),
        Endpoint::Skipped(reason) => return Verdict::skipped(reason),
        Endpoint::SecretUrl(reference) => {
            if matches!(reference, SecretReference::Environment(_)) {
                return Verdict::skipped("only the functions can read its URL");
            }
            // What cannot be resolved is reported as a secret.
            let Ok(secret) = ports.secrets().resolve(reference).await else {
                return Verdict::skipped("its URL is a secret that cannot be read");
            };
            let url: Option<Url> = secret.expose_secret().trim().parse().ok();
            match url.as_ref().and_then(endpoint::of_url) {
                Some((host, port)) => (host, port),
                None => return Verdict::failed("its URL is invalid", "correct the secret"),
            }
        }
    };
    connect(&host, port).await
}

async fn connect(host: &str, port: u16) -> Verdict {
    let address = format!("{host}:{port}");
    let fix = "check name, port and firewall; devices in a private network need via = \"agent\"";
    match tokio::time::timeout(CONNECT, TcpStream::connect((host.trim_matches(['[', ']']), port))).await {
        Ok(Ok(_)) => Verdict::ok(format!("{address} accepts connections from this machine")),
        Ok(Err(error)) => Verdict::failed(&format!("{address}: {error}"), fix),
        Err(_) => Verdict::failed(&format!("{address}: no connection within {} s", CONNECT.as_secs()), fix),
    }
}

/// DNS, certificate, clock and host names of the webhook URL.
async fn webhooks(stack: &Stack, report: &mut Report<'_>) {
    let url = &stack.api_url;
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        report.add("webhook URL", Verdict::failed("it has no host", "run `camhook stack add` again"));
        return;
    };
    let found =
        tokio::time::timeout(CONNECT, tokio::net::lookup_host((host.trim_matches(['[', ']']), port))).await;
    let addresses = match found {
        Ok(Ok(addresses)) => addresses.count(),
        Ok(Err(error)) => {
            let fix = "check the network and the DNS record of the host name";
            return report.add("DNS", Verdict::failed(&format!("{host}: {error}"), fix));
        }
        Err(_) => {
            return report.add("DNS", Verdict::failed(&format!("{host}: no answer"), "check the network"));
        }
    };
    report.add("DNS", Verdict::ok(format!("{host} has {}", counted(addresses, "address", "addresses"))));
    let client = client(REQUEST);
    let request = Request::new(Method::GET, url.clone());
    let sent = SystemClock::start().now();
    let answer = match exchange(&client, url, &request).await {
        Ok(answer) => answer,
        Err(error) => {
            let fix = "if the certificate is the cause: renew it, and check CustomDomainName and the clock";
            return report.add("certificate", Verdict::failed(&error, fix));
        }
    };
    report.add(
        "certificate",
        match url.scheme() {
            "https" => Verdict::ok(format!("valid for {host}")),
            _ => Verdict::skipped("the URL is plain HTTP"),
        },
    );
    report.add("clock", clock(&answer, sent));
    report.add("foreign host names", foreign_host(url).await);
}

/// Compares this machine's clock with the time of an answer, which has a resolution of a second.
fn clock(answer: &Answer, sent: Timestamp) -> Verdict {
    let date = answer.headers.get(header::DATE).and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| rfc2822::DateTimeParser::new().parse_timestamp(date).ok());
    match date {
        None => Verdict::skipped("the answer has no Date"),
        Some(date) => clock_verdict(sent.duration_since(date).as_secs()),
    }
}

fn clock_verdict(ahead_s: i64) -> Verdict {
    if ahead_s.abs() <= CLOCK_TOLERANCE_S {
        return Verdict::ok("as that of the stack");
    }
    let direction = if ahead_s > 0 { "ahead" } else { "behind" };
    Verdict::failed(
        &format!("this machine is {} s {direction}", ahead_s.abs()),
        "set the clock, for example with NTP: AWS refuses requests from 5 min on, and the agent drops commands as late",
    )
}

/// Sends a request with a `Host` header of another name, as some devices do.
async fn foreign_host(url: &Url) -> Verdict {
    let request = Request::new(Method::GET, url.clone()).with_header(header::HOST, FOREIGN_HOST);
    let Ok(request) = request else { return Verdict::skipped("cannot be requested") };
    match exchange(&client(REQUEST), url, &request).await {
        Ok(answer) if answer.status.as_u16() == 403 => Verdict::note(
            "refused with 403, as by every HTTP API: a device that sends its own address or an old name as Host cannot \
             post here; enter the whole host name in its menu, or use CustomDomainName or Front=cloudfront",
        ),
        Ok(answer) => Verdict::ok(format!("answered with {}", answer.status.as_u16())),
        Err(_) => Verdict::note("refused: a device has to send the host name of the webhook URL as Host"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::check::tests::WITH_MQTT;

    #[tokio::test]
    async fn a_server_is_reachable_if_it_accepts_a_connection_and_gets_no_request() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let accepted = async { listener.accept().await.unwrap().0 };
        let (verdict, stream) = tokio::join!(connect("127.0.0.1", port), accepted);
        assert!(matches!(verdict, Verdict::Ok { .. }), "{verdict:?}");
        let mut byte = [0];
        stream.readable().await.unwrap();
        assert_eq!(stream.try_read(&mut byte).unwrap(), 0, "the connection is closed without a request");
        drop(listener);
        let verdict = connect("127.0.0.1", port).await;
        assert!(matches!(verdict, Verdict::Failed { .. }), "{verdict:?}");
    }

    #[test]
    fn a_clock_may_differ_by_a_few_seconds() {
        for same in [-5, 0, 5] {
            assert_eq!(clock_verdict(same), Verdict::ok("as that of the stack"));
        }
        let Verdict::Failed { detail, .. } = clock_verdict(-400) else { panic!() };
        assert_eq!(detail, "this machine is 400 s behind");
        let Verdict::Failed { detail, .. } = clock_verdict(6) else { panic!() };
        assert_eq!(detail, "this machine is 6 s ahead");
    }

    #[test]
    fn mqtt_is_checked_where_the_configuration_needs_it() {
        for text in WITH_MQTT {
            let (site, _) = camhook_site::read(text, "camhook.toml").unwrap();
            let verdict = |reception| mqtt(&site, reception).unwrap();
            assert_eq!(verdict(Some(MqttReception::Yes)), Verdict::ok("received"));
            assert!(matches!(verdict(None), Verdict::Skipped { .. }));
            let Verdict::Failed { fix, .. } = verdict(Some(MqttReception::No)) else { panic!() };
            assert!(fix.contains("Mqtt=yes"), "{fix}");
        }
        assert_eq!(mqtt(&Site::default(), Some(MqttReception::No)), None);
    }

    #[test]
    fn a_secret_that_a_person_may_not_read_is_a_note_and_a_missing_one_is_not() {
        let denied = "AccessDeniedException: User: arn:aws:iam::1:user/ann is not authorized to perform: ssm:GetParameters";
        assert!(matches!(unresolved(denied), Verdict::Note { .. }));
        for reason in ["there is no such parameter", "ThrottlingException: Rate exceeded"] {
            assert!(matches!(unresolved(reason), Verdict::Failed { .. }), "{reason}");
        }
    }

    #[test]
    fn a_failed_check_names_its_fix_and_hides_nothing_in_controls() {
        let check =
            Check { check: "secret ssm:/a".to_owned(), verdict: Verdict::failed("no\u{1b}[2J", "create it") };
        assert_eq!(text(&check), "FAILED   secret ssm:/a: no\\u{1b}[2J\n         fix: create it");
        let json = serde_json::to_value(&check).unwrap();
        assert_eq!((json["result"].as_str(), json["fix"].as_str()), (Some("failed"), Some("create it")));
    }
}
