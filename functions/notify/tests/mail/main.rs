//! Mail, against a real server: aiosmtpd, which `make test` installs into `.tools/mail`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail as the tests do")]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use camhook_event::Event;
use camhook_notify::{Accepted, Caveat, DeliveryError, Notification, Picture, Subject};
use camhook_outbound::{Client, Limits, Stack};
use camhook_ports::memory::MemoryPorts;
use jiff::Timestamp;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::constant(1_795_431_605, 0);

/// Names the certificate that a child of this process trusts: the roots of a process come from its environment.
const TRUSTED: &str = "SSL_CERT_FILE";

/// How long a server may take to start, and a mail to be read.
const DEADLINE: Duration = Duration::from_secs(30);

/// A running server; it ends when it is dropped.
struct MailServer {
    child: Child,
    /// What it prints; read at once, since a full pipe would hold the server up.
    lines: Receiver<String>,
    port: u16,
}

impl MailServer {
    fn start(arguments: &[&str]) -> Self {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        let python = root.join(".tools/mail/bin/python");
        assert!(python.exists(), "aiosmtpd is not installed: run `make .tools/mail/installed`");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/server.py");
        let mut command = Command::new(python);
        command.arg(script).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let port = lines.recv_timeout(DEADLINE).expect("the server does not start").parse().unwrap();
        Self { child, lines, port }
    }

    /// The next mail that the server took.
    fn mail(&mut self) -> Value {
        serde_json::from_str(&self.lines.recv_timeout(DEADLINE).expect("no mail came")).unwrap()
    }

    /// How many mails there are that nobody asked for: the server ends.
    fn others(mut self) -> usize {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
        self.lines.iter().count()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn picture() -> Bytes {
    Bytes::from((0..=255).cycle().take(400_000).collect::<Vec<u8>>())
}

fn event(digit: char, camera: &str) -> Event {
    serde_json::from_value(json!({
        "specversion": "1.0", "id": digit.to_string().repeat(32), "source": "/viewtron/nvr",
        "type": "camhook.event.v1", "subject": "intrusion", "time": "2026-11-23T11:00:00.000Z",
        "datacontenttype": "application/json",
        "data": {
            "vendor": "viewtron", "source": "nvr", "kind": "intrusion", "report": "detection",
            "camera": { "id": camera }, "received_at": "2026-11-23T11:00:00.000Z", "clock": "server",
        },
    }))
    .unwrap()
}

fn notification<'a>(id: &str, subject: Subject<'a>) -> Notification<'a> {
    Notification {
        id: id.to_owned(),
        title: "Person: Tür <1>".to_owned(),
        text: "Intrusion · yard & more\n.\n2026-11-23 12:00:00".to_owned(),
        picture: Some(Picture {
            bytes: Some(picture()),
            link: Some("https://bucket.example/p.jpg?a=1&b=2".to_owned()),
            file_name: "nvr-overview.jpg".to_owned(),
        }),
        detail: None,
        page: None,
        subject,
    }
}

/// Tells by a mail channel with these settings, in a local stack.
async fn deliver(settings: &str, notification: &Notification<'_>) -> Result<Accepted, DeliveryError> {
    let ports = MemoryPorts::new(NOW);
    ports.secrets.set("env:GOOD", "mail-secret");
    ports.secrets.set("env:BAD", "hunter2");
    let text = format!(
        "[[channel]]\nid = \"mail\"\nkind = \"mail\"\nfrom = \"camhook@example.org\"\n\
         to = [\"ann@example.org\", \"ben@example.org\"]\n{settings}\n[[rule]]\nthen = {{ notify = \"mail\" }}\n"
    );
    let (site, _) = camhook_site::read(&text, "test.toml").unwrap();
    let client = Client::new(Stack::Local, Limits::default());
    camhook_notify::channel::deliver(&ports, &client, site.channel("mail").unwrap(), notification).await
}

fn plain(port: u16) -> String {
    format!("server = \"127.0.0.1:{port}\"\nsecurity = \"none\"\nnetwork = \"loopback\"")
}

/// A mail as a reader sees it: its headers unfolded, and its parts by content type, decoded.
struct Mail {
    headers: Vec<(String, String)>,
    parts: Vec<(String, Vec<u8>)>,
}

impl Mail {
    /// By Python's own reader, which is no relative of the writer.
    fn read(mail: &Value) -> Self {
        let program = "import base64, email, email.policy, json, sys\n\
            mail = email.message_from_bytes(base64.b64decode(sys.stdin.read()), policy=email.policy.default)\n\
            assert not mail.defects, mail.defects\n\
            parts = [part for part in mail.walk() if not part.is_multipart()]\n\
            assert not any(part.defects for part in parts)\n\
            print(json.dumps({'headers': [[key.lower(), str(value)] for key, value in mail.items()], 'parts':\n\
                [[f\"{part.get_content_type()} {part['Content-ID'] or ''}\".strip(),\n\
                  base64.b64encode(part.get_payload(decode=True)).decode()] for part in parts]}))\n";
        let mut command = Command::new("python3");
        let mut child =
            command.args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(mail["content"].as_str().unwrap().as_bytes()).unwrap();
        drop(input);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let read: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let pairs = |name: &str| read[name].as_array().unwrap().clone().into_iter();
        Self {
            headers: pairs("headers").map(|pair| (text(&pair[0]), text(&pair[1]))).collect(),
            parts: pairs("parts")
                .map(|pair| (text(&pair[0]), BASE64_STANDARD.decode(text(&pair[1])).unwrap()))
                .collect(),
        }
    }

    fn header(&self, name: &str) -> &str {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        let (_, value) = found.next().expect(name);
        assert!(found.next().is_none(), "{name} is there twice");
        value
    }

    fn part(&self, content_type: &str) -> &[u8] {
        &self.parts.iter().find(|(known, _)| known == content_type).expect(content_type).1
    }
}

fn lines(text: &[u8]) -> Vec<String> {
    String::from_utf8(text.to_vec()).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_mail_shows_the_picture_within_its_text() {
    let mut server = MailServer::start(&["--security", "none"]);
    let event = event('a', "1");
    deliver(&plain(server.port), &notification("0123-people-0", Subject::Event(&event))).await.unwrap();
    let taken = server.mail();
    assert_eq!(taken["from"], "camhook@example.org");
    assert_eq!(taken["to"], json!(["ann@example.org", "ben@example.org"]));
    assert_eq!(taken["hello"], "example.org");
    let mail = Mail::read(&taken);
    assert_eq!(mail.header("subject"), "Person: Tür <1>");
    assert_eq!(mail.header("to"), "ann@example.org, ben@example.org");
    assert_eq!(mail.header("message-id"), "<0123-people-0@example.org>");
    assert_eq!(mail.header("auto-submitted"), "auto-generated");
    assert_eq!(mail.header("date"), "Mon, 23 Nov 2026 11:00:05 +0000");
    let kinds: Vec<&str> = mail.parts.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["text/plain", "text/html", "image/jpeg <picture@camhook>"]);
    assert_eq!(lines(mail.part("text/plain")), ["Intrusion · yard & more", ".", "2026-11-23 12:00:00"]);
    let page = lines(mail.part("text/html")).join("\n");
    assert!(page.contains("<b>Person: Tür &lt;1&gt;</b>"), "{page}");
    assert!(page.contains("src=\"cid:picture@camhook\""), "{page}");
    assert_eq!(mail.part("image/jpeg <picture@camhook>"), picture());
}

#[tokio::test]
async fn a_mail_that_is_refused_with_its_pictures_is_sent_without_them() {
    let mut server = MailServer::start(&["--security", "none", "--size-limit", "100000"]);
    let accepted = deliver(&plain(server.port), &notification("0123-people-0", Subject::Test)).await.unwrap();
    assert!(accepted.caveats[0].to_string().contains("552"), "{accepted:?}");
    let mail = Mail::read(&server.mail());
    assert!(mail.parts.iter().all(|(kind, _)| !kind.starts_with("image/")));
    assert!(lines(mail.part("text/html")).join("").contains("https://bucket.example/p.jpg"));
}

#[tokio::test]
async fn mails_about_one_camera_are_one_thread() {
    let mut server = MailServer::start(&["--security", "none"]);
    let mut threads = Vec::new();
    for (digit, camera) in [('a', "1"), ('b', "1"), ('c', "2")] {
        let event = event(digit, camera);
        let notification = notification(&format!("{digit}-people-0"), Subject::Event(&event));
        deliver(&plain(server.port), &notification).await.unwrap();
        let mail = Mail::read(&server.mail());
        assert_eq!(mail.header("references"), mail.header("in-reply-to"));
        assert_ne!(mail.header("references"), mail.header("message-id"));
        threads.push(mail.header("references").to_owned());
    }
    assert_eq!(threads[0], threads[1]);
    assert_ne!(threads[0], threads[2]);
}

#[tokio::test]
async fn without_the_bytes_a_mail_has_a_link() {
    let mut server = MailServer::start(&["--security", "none"]);
    let mut message = notification("0123-test-0", Subject::Test);
    message.picture.as_mut().unwrap().bytes = None;
    deliver(&plain(server.port), &message).await.unwrap();
    let mail = Mail::read(&server.mail());
    assert_eq!(lines(mail.part("text/plain")).last().unwrap(), "https://bucket.example/p.jpg?a=1&b=2");
    assert!(
        lines(mail.part("text/html")).join("").contains("href=\"https://bucket.example/p.jpg?a=1&amp;b=2\"")
    );
}

#[tokio::test]
async fn a_refusal_has_a_reason_and_may_be_temporary() {
    for (refusal, needs_a_person) in [("451 try again later", false), ("554 no such thing here", true)] {
        let server = MailServer::start(&["--security", "none", "--refusal", refusal]);
        let error =
            deliver(&plain(server.port), &notification("0123-test-0", Subject::Test)).await.unwrap_err();
        assert!(error.to_string().contains(&refusal[4..]), "{error}");
        assert_eq!(error.needs_a_person(), needs_a_person, "{error}");
        assert_eq!(server.others(), 0);
    }
}

#[tokio::test]
async fn a_recipient_that_is_refused_costs_no_other_the_mail() {
    for refusal in ["550 no such mailbox", "451 mailbox busy"] {
        for refused in ["ann@example.org", "ben@example.org"] {
            let other = if refused.starts_with("ann") { "ben@example.org" } else { "ann@example.org" };
            let refuse = format!("{refused}={refusal}");
            let mut server = MailServer::start(&["--security", "none", "--refuse", &refuse]);
            let notification = notification("0123-people-0", Subject::Test);
            let accepted = deliver(&plain(server.port), &notification).await.unwrap();
            let [Caveat::InPart { reason }] = accepted.caveats.as_slice() else { panic!() };
            assert!(reason.contains(refused) && reason.contains(&refusal[4..]), "{reason}");
            assert!(!reason.contains(other), "{reason}");
            assert_eq!(server.mail(), json!({ "refused": refused }));
            let taken = server.mail();
            assert_eq!(taken["to"], json!([other]));
            assert!(Mail::read(&taken).parts.iter().any(|(kind, _)| kind.starts_with("image/jpeg")));
            assert_eq!(server.others(), 0);
        }
    }
}

#[tokio::test]
async fn recipients_that_are_all_refused_cost_no_further_form_and_one_of_them_may_be_temporary() {
    for (ann, ben, needs_a_person) in
        [("550 gone", "550 no such mailbox", true), ("550 gone", "451 mailbox busy", false)]
    {
        let (ann, ben) = (format!("ann@example.org={ann}"), format!("ben@example.org={ben}"));
        let server = MailServer::start(&["--security", "none", "--refuse", &ann, "--refuse", &ben]);
        let error =
            deliver(&plain(server.port), &notification("0123-test-0", Subject::Test)).await.unwrap_err();
        let DeliveryError::RecipientsRefused { reason, .. } = &error else { panic!("{error}") };
        assert!(reason.contains("ann@example.org") && reason.contains("ben@example.org"), "{reason}");
        assert_eq!(error.needs_a_person(), needs_a_person);
        assert_eq!(server.others(), 2, "each recipient is refused once");
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_neither_password_nor_mail() {
    let server = MailServer::start(&["--security", "none"]);
    let settings = format!(
        "server = \"127.0.0.1:{}\"\nsecurity = \"starttls\"\nnetwork = \"loopback\"\n\
         basic = {{ user = \"camhook\", password = \"env:GOOD\" }}",
        server.port
    );
    let error = deliver(&settings, &notification("0123-test-0", Subject::Test)).await.unwrap_err();
    assert_eq!(error.to_string(), "not accepted: the server offers no STARTTLS");
    assert_eq!(server.others(), 0);
}

#[tokio::test]
async fn without_a_server_nothing_was_sent() {
    let server = MailServer::start(&["--security", "none"]);
    let settings = plain(server.port);
    drop(server);
    let error = deliver(&settings, &notification("0123-test-0", Subject::Test)).await.unwrap_err();
    assert!(matches!(error, DeliveryError::NotSent(_)), "{error}");
    assert!(!error.needs_a_person());
}

/// The certificate of a server, and its key, as files.
fn certificate(name: &str) -> (PathBuf, PathBuf) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate, key)
}

async fn over_tls(
    security: &str,
    password: &str,
    (certificate, key): (&Path, &Path),
) -> (Result<Accepted, DeliveryError>, MailServer) {
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let arguments = ["--security", security, "--certificate", certificate, "--key", key, "--auth"];
    let server = MailServer::start(&arguments);
    let settings = format!(
        "server = \"127.0.0.1:{}\"\nsecurity = \"{security}\"\nnetwork = \"loopback\"\n\
         basic = {{ user = \"camhook\", password = \"{password}\" }}",
        server.port
    );
    let result = deliver(&settings, &notification("0123-test-0", Subject::Test)).await;
    (result, server)
}

#[tokio::test]
async fn a_server_with_an_untrusted_certificate_gets_neither_password_nor_mail() {
    let (certificate, key) = certificate("untrusted");
    for security in ["tls", "starttls"] {
        let (result, server) = over_tls(security, "env:GOOD", (&certificate, &key)).await;
        assert!(matches!(result, Err(DeliveryError::NotSent(_))), "{security}: {result:?}");
        assert_eq!(server.others(), 0, "{security}");
    }
}

/// Runs itself again in a process that trusts the server's certificate.
#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the child of this test gets its trusted certificates by its environment"
)]
async fn mail_is_submitted_over_tls_with_the_right_password() {
    const KEY: &str = "CAMHOOK_TEST_MAIL_KEY";
    let (Ok(certificate), Ok(key)) = (std::env::var(TRUSTED), std::env::var(KEY)) else {
        let (certificate, key) = certificate("trusted");
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "mail_is_submitted_over_tls_with_the_right_password"])
            .env(TRUSTED, certificate)
            .env(KEY, key)
            .status();
        assert!(status.unwrap().success());
        return;
    };
    let files = (Path::new(&certificate), Path::new(&key));
    for security in ["tls", "starttls"] {
        let (result, mut server) = over_tls(security, "env:GOOD", files).await;
        result.unwrap();
        let mail = server.mail();
        assert_eq!((&mail["encrypted"], &mail["authenticated"]), (&json!(true), &json!(true)), "{security}");

        let (result, server) = over_tls(security, "env:BAD", files).await;
        let error = result.unwrap_err();
        assert!(matches!(error, DeliveryError::MailRefused { status: 535, .. }), "{error}");
        assert!(error.needs_a_person() && !error.to_string().contains("hunter2"), "{error}");
        assert_eq!(server.others(), 0, "{security}");
    }
}
