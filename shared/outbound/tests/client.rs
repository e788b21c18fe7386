//! The client against a server on the loopback interface.
#![expect(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as the tests do")]

use std::time::Duration;

use bytes::Bytes;
use camhook_outbound::digest::Algorithm;
use camhook_outbound::test_server::{Reply, TestServer};
use camhook_outbound::{Authentication, Client, Completeness, Limits, NotSent, Outcome, Request, Stack};
use camhook_ports::Network;
use http::{Method, header};
use secrecy::SecretString;
use url::Url;

fn client() -> Client {
    Client::new(Stack::Local, Limits::default())
}

fn get(url: Url) -> Request {
    Request::new(Method::GET, url)
}

fn not_sent(outcome: Outcome) -> NotSent {
    match outcome {
        Outcome::NotSent(reason) => reason,
        other => panic!("something was sent: {other:?}"),
    }
}

fn is_forbidden(reason: &NotSent) -> bool {
    matches!(reason, NotSent::Forbidden { .. })
}

#[tokio::test]
async fn a_request_arrives_as_it_was_made() {
    let server = TestServer::start(|_| Reply::Answer {
        status: 201,
        headers: vec![("x-answer", "yes".to_owned())],
        body: Bytes::from_static(b"hello"),
    });
    let server = server.await.unwrap();
    let body: Vec<u8> = (0..=255).cycle().take(700_000).collect();
    let request = Request::new(Method::PUT, server.url("/topic?a=b%20c").unwrap())
        .with_body("image/jpeg", Bytes::from(body.clone()))
        .with_header(header::ACCEPT, "text/plain")
        .unwrap()
        .with_authentication(Authentication::Basic {
            user: "Aladdin".to_owned(),
            password: SecretString::from("open sesame".to_owned()),
        });
    let Outcome::Done(answer) = client().send(Network::Loopback, &request).await else { panic!("not done") };
    assert_eq!((answer.status.as_u16(), answer.body.as_ref()), (201, b"hello".as_slice()));
    assert_eq!(answer.headers["x-answer"], "yes");
    assert_eq!(answer.completeness, Completeness::Whole);

    let received = server.received();
    assert_eq!(received.len(), 1);
    assert_eq!((received[0].method.as_str(), received[0].target.as_str()), ("PUT", "/topic?a=b%20c"));
    assert_eq!(received[0].headers["authorization"], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_eq!(received[0].headers["content-type"], "image/jpeg");
    assert_eq!(received[0].headers["accept"], "text/plain");
    assert!(received[0].headers["user-agent"].to_str().unwrap().starts_with("camhook/"));
    assert_eq!(received[0].body, body);
}

#[tokio::test]
async fn no_address_of_another_network_is_spoken_to() {
    let server = TestServer::start(|_| Reply::status(200)).await.unwrap();
    let port = server.address().port();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "localhost",
        "LOCALHOST",
    ] {
        let request = get(format!("http://{host}:{port}/").parse().unwrap());
        for network in [Network::Public, Network::Lan] {
            let reason = not_sent(client().send(network, &request).await);
            assert!(is_forbidden(&reason), "{host} by {network:?}: {reason:?}");
        }
    }
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn every_kind_of_forbidden_literal_is_refused_before_a_connection() {
    for host in [
        "10.0.0.1",
        "169.254.169.254",
        "0xa9fea9fe",
        "[fd00:ec2::254]",
        "169.254.0.1",
        "[fe80::1]",
        "0.0.0.0",
        "0",
        "[::]",
        "224.0.0.1",
        "255.255.255.255",
        "100.64.0.1",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:7f00:1::1]",
        "[2001::1]",
        "[::7f00:1]",
        "192.0.2.1",
        "198.18.0.1",
        "[fd12::1]",
        "[2001:db8::1]",
        "240.0.0.1",
    ] {
        let request = get(format!("https://{host}/").parse().unwrap());
        let reason = not_sent(client().send(Network::Public, &request).await);
        assert!(is_forbidden(&reason), "{host}: {reason:?}");
        let reason = not_sent(client().send(Network::Loopback, &request).await);
        assert!(is_forbidden(&reason), "{host}: {reason:?}");
    }
}

#[tokio::test]
async fn loopback_is_only_for_a_stack_on_one_machine() {
    let server = TestServer::start(|_| Reply::status(200)).await.unwrap();
    let request = get(server.url("/").unwrap());
    let deployed = Client::new(Stack::Deployed, Limits::default());
    let reason = not_sent(deployed.send(Network::Loopback, &request).await);
    assert!(matches!(reason, NotSent::LoopbackDeployed { .. }), "{reason:?}");
    assert!(server.received().is_empty());

    let named = format!("http://localhost:{}/", server.address().port()).parse().unwrap();
    assert!(matches!(client().send(Network::Loopback, &get(named)).await, Outcome::Done(_)));
    assert!(matches!(client().send(Network::Loopback, &request).await, Outcome::Done(_)));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_no_way() {
    let target = TestServer::start(|_| Reply::status(200)).await.unwrap();
    let location = target.url("/elsewhere").unwrap();
    let server =
        TestServer::start(move |_| Reply::with_header(307, "location", location.as_str())).await.unwrap();
    let outcome = client().send(Network::Loopback, &get(server.url("/").unwrap())).await;
    let Outcome::Refused(answer) = outcome else { panic!("not refused: {outcome:?}") };
    assert_eq!(answer.status.as_u16(), 307);
    assert!(target.received().is_empty());
}

#[tokio::test]
async fn a_refused_connection_has_surely_no_effect() {
    let server = TestServer::start(|_| Reply::status(200)).await.unwrap();
    let url = server.url("/secret-topic").unwrap();
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let mut closed = url;
    closed.set_port(Some(address.port())).unwrap();
    let reason = not_sent(client().send(Network::Loopback, &get(closed)).await);
    assert!(matches!(reason, NotSent::NotConnected { .. }), "{reason:?}");
    assert!(!reason.to_string().contains("secret-topic"), "{reason}");
}

#[tokio::test]
async fn a_name_without_an_address_has_surely_no_effect() {
    let request = get("http://nobody.invalid/".parse().unwrap());
    let reason = not_sent(client().send(Network::Public, &request).await);
    assert!(matches!(reason, NotSent::NotConnected { .. }), "{reason:?}");
}

#[tokio::test]
async fn no_answer_leaves_the_effect_open_and_nothing_is_sent_again() {
    for reply in [Reply::Close, Reply::Silence] {
        let server = TestServer::start({
            let reply = reply.clone();
            move |_| reply.clone()
        });
        let server = server.await.unwrap();
        let request = Request::new(Method::POST, server.url("/toggle?key=secret").unwrap());
        let impatient = Limits { total: Duration::from_millis(500), ..Limits::default() };
        let outcome = Client::new(Stack::Local, impatient).send(Network::Loopback, &request).await;
        let Outcome::NoAnswer(failure) = outcome else { panic!("{reply:?}: {outcome:?}") };
        assert!(!failure.to_string().contains("secret"), "{failure}");
        assert_eq!(server.received().len(), 1, "{reply:?}");
    }
}

#[tokio::test]
async fn tls_that_fails_has_surely_no_effect() {
    let server = TestServer::start(|_| Reply::Close).await.unwrap();
    let url = format!("https://{}/", server.address()).parse().unwrap();
    let reason = not_sent(client().send(Network::Loopback, &get(url)).await);
    assert!(matches!(reason, NotSent::NotConnected { .. }), "{reason:?}");
}

#[tokio::test]
async fn a_long_answer_is_cut() {
    let server = TestServer::start(|_| Reply::Answer {
        status: 500,
        headers: vec![],
        body: Bytes::from(vec![b'x'; 3_000_000]),
    });
    let server = server.await.unwrap();
    let outcome = client().send(Network::Loopback, &get(server.url("/").unwrap())).await;
    let Outcome::Refused(answer) = outcome else { panic!("not refused: {outcome:?}") };
    assert_eq!(answer.body.len(), 64 * 1024);
    assert_eq!(answer.completeness, Completeness::Cut);
}

#[tokio::test]
async fn an_answer_without_a_status_line_is_taken_where_it_is_allowed_alone() {
    let page = "<?xml version='1.0'?>\n<datavalues>\n</datavalues>\n";
    let server = TestServer::start(move |_| Reply::Bare(page.into())).await.unwrap();
    let request = || get(server.url("/state.xml").unwrap());
    let Outcome::Done(answer) = client().send(Network::Loopback, &request().allowing_bare_answer()).await
    else {
        panic!("not taken")
    };
    assert_eq!((answer.status.as_u16(), answer.completeness), (200, Completeness::Whole));
    assert_eq!(answer.body, page);
    assert!(matches!(client().send(Network::Loopback, &request()).await, Outcome::NoAnswer(_)));

    let refused = client().send(Network::Public, &request().allowing_bare_answer()).await;
    assert!(is_forbidden(&not_sent(refused)), "the same addresses are refused");
}

#[tokio::test]
async fn a_device_that_may_answer_bare_may_answer_as_others_do() {
    let server = TestServer::start(|_| Reply::status(401)).await.unwrap();
    let request = get(server.url("/").unwrap()).allowing_bare_answer();
    let Outcome::Refused(answer) = client().send(Network::Loopback, &request).await else {
        panic!("not refused")
    };
    assert_eq!(answer.status.as_u16(), 401);
}

#[tokio::test]
async fn other_schemes_are_not_spoken() {
    for url in ["ftp://example.org/", "file:///etc/passwd", "gopher://127.0.0.1/"] {
        let reason = not_sent(client().send(Network::Public, &get(url.parse().unwrap())).await);
        assert!(matches!(reason, NotSent::Unusable { .. }), "{reason:?}");
    }
}

fn digest_of(text: &str) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(text.as_bytes()).iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Whether an `Authorization` answers a challenge, computed from its parts as a device does.
fn is_right(authorization: &str, nonce: &str, method: &str, uri: &str, password: &str) -> bool {
    let part = |name: &str| {
        let after = authorization.split(&format!("{name}=")).nth(1).unwrap_or_default();
        after.trim_start_matches('"').split(['"', ',']).next().unwrap_or_default().to_owned()
    };
    let secret = digest_of(&format!("admin:shelly:{password}"));
    let resource = digest_of(&format!("{method}:{uri}"));
    let (count, client_nonce) = (part("nc"), part("cnonce"));
    part("nonce") == nonce
        && client_nonce.len() == 32
        && part("response") == digest_of(&format!("{secret}:{nonce}:{count}:{client_nonce}:auth:{resource}"))
}

fn digest_request(url: Url, password: &str) -> Request {
    get(url).with_authentication(Authentication::Digest {
        user: "admin".to_owned(),
        password: SecretString::from(password.to_owned()),
        weakest: Algorithm::Md5,
    })
}

/// A device that takes only the nonce `fresh`, and begins with another one or with that.
async fn device(first_nonce: &'static str) -> TestServer {
    let challenge = |nonce: &str, rest: &str| {
        let value =
            format!("Digest qop=\"auth\", realm=\"shelly\", nonce=\"{nonce}\", algorithm=SHA-256{rest}");
        Reply::with_header(401, "www-authenticate", &value)
    };
    let server = TestServer::start(move |request| {
        let Some(authorization) = request.headers.get("authorization") else {
            return challenge(first_nonce, "");
        };
        let authorization = authorization.to_str().unwrap();
        let is_good = |nonce| is_right(authorization, nonce, &request.method, &request.target, "pass:word");
        if is_good("fresh") {
            Reply::status(200)
        } else if is_good(first_nonce) {
            challenge("fresh", ", stale=true")
        } else {
            challenge("fresh", "")
        }
    });
    server.await.unwrap()
}

#[tokio::test]
async fn a_digest_challenge_is_answered() {
    let server = device("fresh").await;
    let request = digest_request(server.url("/rpc/Switch.Set?id=0&on=true").unwrap(), "pass:word");
    let outcome = client().send(Network::Loopback, &request).await;
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_stale_nonce_is_answered_once_more() {
    let server = device("old").await;
    let request = digest_request(server.url("/rpc/Switch.Set?id=0&on=true").unwrap(), "pass:word");
    let outcome = client().send(Network::Loopback, &request).await;
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    assert_eq!(server.received().len(), 3);
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let server = device("fresh").await;
    let request = digest_request(server.url("/rpc/Switch.Toggle?id=0").unwrap(), "wrong");
    let outcome = client().send(Network::Loopback, &request).await;
    assert!(matches!(&outcome, Outcome::Refused(answer) if answer.status == 401), "{outcome:?}");
    assert_eq!(server.received().len(), 2);
}
