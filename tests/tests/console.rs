//! The console on the deployed template, over HTTP as a browser asks; and its function behind a proxy that records its
//! calls for the check of its role.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use bytes::Bytes;
use camhook_end_to_end::commands::run_well as camhook;
use camhook_end_to_end::gateway;
use camhook_end_to_end::http_server::{HttpClient, header};
use camhook_end_to_end::own_stack::OwnStack;
use camhook_end_to_end::post::large_intrusion;
use camhook_end_to_end::stack::Stack;
use camhook_end_to_end::wait;
use http::{Request, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A browser that keeps one cookie.
struct Browser {
    stack: Stack,
    client: HttpClient,
    cookie: String,
}

impl Browser {
    fn new() -> Self {
        Self { stack: Stack::given(), client: HttpClient::default(), cookie: String::new() }
    }

    /// A browser that is signed in by a new link.
    async fn signed_in(name: &str, more: &[&str]) -> Self {
        let mut browser = Self::new();
        let arguments = [&["people", "invite", name, "--json"], more].concat();
        let invited = camhook(&browser.stack, &arguments).await;
        let invited: Value = serde_json::from_slice(&invited.stdout).unwrap();
        let link = invited["link"].as_str().unwrap();
        // A preview does not use the link.
        assert_eq!(browser.send("GET", link, "").await.status(), 200);
        let redeemed = browser.send("POST", link, "").await;
        assert_eq!(redeemed.status(), 303, "{redeemed:?}");
        let cookie = header(redeemed.headers(), "set-cookie");
        assert!(cookie.starts_with("camhook=") && cookie.contains("HttpOnly"), "{cookie}");
        browser.cookie = cookie.split(';').next().unwrap().to_owned();
        browser
    }

    fn url(&self, path: &str) -> String {
        format!("{}/console{path}", self.stack.api_url)
    }

    async fn send(&self, method: &str, url: &str, form: &str) -> Response<Bytes> {
        let request = Request::builder()
            .method(method)
            .uri(url)
            .header("origin", &self.stack.endpoint_url)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", &self.cookie);
        self.client.send(request.body(Bytes::copy_from_slice(form.as_bytes())).unwrap()).await
    }

    async fn get(&self, path: &str) -> Response<Bytes> {
        self.send("GET", &self.url(path), "").await
    }

    async fn page(&self, path: &str) -> String {
        let page = self.get(path).await;
        assert_eq!(page.status(), 200, "{path}: {page:?}");
        String::from_utf8(page.body().to_vec()).unwrap()
    }
}

/// Sends a sample to a source, and waits until the console shows it: its id.
async fn event_of(browser: &Browser, source: &str) -> String {
    camhook(&browser.stack, &["send", source, "intrusion"]).await;
    let path = format!("?camera={source}");
    wait::until("the event on the timeline", async || {
        let page = browser.page(&path).await;
        page.split("data-event=\"").nth(1).map(|part| part[..32].to_owned())
    })
    .await
}

#[tokio::test]
async fn people_see_the_events_and_pictures_of_their_areas_until_they_are_revoked() {
    let admin = Browser::signed_in("e2e admin", &["--role", "admin"]).await;
    let yard = event_of(&admin, "console-yard").await;
    let office = event_of(&admin, "console-office").await;

    let event = admin.page(&format!("/events/{yard}")).await;
    assert!(event.contains("data-picture=\"0\"") && event.contains("class=\"overlay\""), "{event}");
    let redirect = admin.get(&format!("/pictures/{yard}/0")).await;
    assert_eq!(redirect.status(), 302);
    let signed = header(redirect.headers(), "location").to_owned();
    assert!(signed.contains("X-Amz-Expires=60"), "{signed}");
    let picture = admin.client.send(Request::get(&signed).body(Bytes::new()).unwrap()).await;
    assert!(picture.body().starts_with(&[0xff, 0xd8, 0xff]), "a JPEG");
    let policy = header(redirect.headers(), "content-security-policy").to_owned();
    let origin = signed.split("/camhook").next().unwrap();
    assert!(policy.contains(&format!("img-src 'self' {origin}")), "{policy} for {signed}");

    let limited = Browser::signed_in("e2e yard", &["--role", "operator", "--area", "console-yard"]).await;
    let timeline = limited.page("").await;
    assert!(timeline.contains(&yard) && !timeline.contains(&office));
    for path in
        [format!("/events/{office}"), format!("/pictures/{office}/0"), format!("/thumbnails/{office}")]
    {
        assert_eq!(limited.get(&path).await.status(), 404, "{path}");
    }

    let form = format!("event={yard}&reviewed=yes");
    let marked = limited.send("POST", &limited.url("/reviewed"), &form).await;
    assert_eq!(marked.status(), 303, "{marked:?}");
    wait::until("the mark", async || {
        admin.page("?camera=console-yard").await.contains("Reviewed by e2e yard").then_some(())
    })
    .await;
    for path in ["/cameras", "/relays", "/site"] {
        admin.page(path).await;
    }
    let problems = admin.page("/problems").await;
    assert!(!problems.contains("are unknown"), "queues and alarms are read: {problems}");

    camhook(&admin.stack, &["people", "revoke", "e2e yard"]).await;
    assert_eq!(limited.get("").await.status(), 401);
    let listed = camhook(&admin.stack, &["people", "list"]).await;
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains("e2e admin  admin  all areas") && !listed.contains("e2e yard"), "{listed}");
}

#[tokio::test]
async fn a_hostile_query_is_answered_with_400() {
    let stack = Stack::given();
    let address = stack.endpoint_url.trim_start_matches("http://").to_owned();
    let path = stack.api_url.trim_start_matches(&stack.endpoint_url).to_owned();
    for target in ["?q=\"<", "?q={}|\\^`", "?day=%22%3Cscript%3E"] {
        let mut connection = TcpStream::connect(&address).await.unwrap();
        let request = format!(
            "GET {path}/console/sign-in/x{target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
        );
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        wait::within("an answer", connection.read_to_end(&mut answer)).await.unwrap();
        let answer = String::from_utf8_lossy(&answer);
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(["400", "401"].contains(&status), "{target}: {answer}");
        assert!(!answer.contains("<script>"), "{answer}");
    }
}

/// A source with a relay, whose rule sets a mode.
const SITE: &str = r#"
timezone = "UTC"

[[source]]
id = "gate"
vendor = "viewtron"
area = "yard"
auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }

[[relay]]
id = "light"
driver = "shelly-gen2"
url = "{{devices}}"
network = "loopback"
password = "simulated-shelly"

[[rule]]
id = "leave"
when.kind = "intrusion"
then = [{ mode = "away" }, { relay = "light", action = "pulse", seconds = 1 }]
"#;

#[tokio::test]
async fn the_function_makes_the_calls_that_its_role_allows() {
    let stack = OwnStack::create(SITE).await;
    let watchdog = stack.start("watchdog").await;
    watchdog.call(&json!({})).await;

    // An event in the index with a thumbnail, one that the relay function has decided about, and a post that cannot be
    // read.
    let path = "/viewtron/gate/AAAAAAAAAAAAAAAAAAAAAA";
    let large = large_intrusion();
    let unreadable =
        "POST {{path}} HTTP/1.1\ncontent-type: application/xml\n\n<?xml version=\"1.0\"?><config><a>";
    for template in [large.as_str(), unreadable] {
        assert_eq!(stack.post("viewtron", template, path).await, 200);
    }
    let key = stack.bucket.record_keys("gate").await.remove(0);
    stack.start("index").await.call(&stack.stored(&key, 1)).await;
    stack.work_off(&stack.relay, &stack.start("relay").await).await;
    let id = stack.bucket.json(&key).await["id"].as_str().unwrap().to_owned();

    let console = stack.start("console").await;
    let invited = stack.run("people", &["invite", "Ann", "--role", "admin", "--json"]).await.join("\n");
    let invited: Value = serde_json::from_str(&invited).unwrap_or_else(|_| json!({ "link": invited }));
    let secret = invited["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let ask = async |method: &str, path: &str, cookie: &str, form: &str| {
        console.call(&gateway::console(method, path, cookie, form)).await
    };
    let signed_in = ask("POST", &format!("/console/sign-in/{secret}"), "", "").await;
    assert_eq!(signed_in["statusCode"], 303, "{signed_in}");
    let cookie = signed_in["cookies"][0].as_str().unwrap().split(';').next().unwrap().to_owned();
    let event = format!("/console/events/{id}");
    for path in
        ["/console", "/console/cameras", "/console/relays", "/console/problems", "/console/site", &event]
    {
        let page = ask("GET", path, &cookie, "").await;
        assert_eq!(page["statusCode"], 200, "{path}: {page}; {}", console.log());
    }
    // Pictures are read with addresses that the function signed. The local cloud refuses access keys that it does not know,
    // but the log of calls has them.
    for path in [format!("/console/pictures/{id}/0"), format!("/console/thumbnails/{id}")] {
        let redirect = ask("GET", &path, &cookie, "").await;
        assert_eq!(redirect["statusCode"], 302, "{path}: {redirect}");
        let signed = redirect["headers"]["location"].as_str().unwrap();
        assert!(signed.contains("X-Amz-Expires=60"), "{signed}");
        HttpClient::default().send(Request::get(signed).body(Bytes::new()).unwrap()).await;
    }
    let form = format!("event={id}&reviewed=yes");
    let marked = ask("POST", "/console/reviewed", &cookie, &form).await;
    assert_eq!(marked["statusCode"], 303, "{marked}; {}", console.log());
    assert_eq!(stack.table.items("reviewed#").await.len(), 1);

    // A raw quote does not end the process: the next request is answered.
    let hostile = ask("GET", "/console?q=\"<", &cookie, "").await;
    assert_eq!(hostile["statusCode"], 400, "{hostile}");
    let unknown = ask("GET", &format!("/console/events/{}", "0".repeat(32)), &cookie, "").await;
    assert_eq!(unknown["statusCode"], 404, "{unknown}");

    // A function that starts while camhook.toml has an error.
    stack.configure(&SITE.replace("vendor = \"viewtron\"", "vendor = \"viewtorn\"")).await;
    let cold = stack.start("console").await;
    let page = cold.call(&gateway::console("GET", "/console/cameras", &cookie, "")).await;
    assert_eq!(page["statusCode"], 200, "{page}; {}", cold.log());
    assert!(page["body"].as_str().unwrap().contains("gate"), "{page}");

    let signed_out = ask("POST", "/console/sign-out", &cookie, "").await;
    assert_eq!(signed_out["statusCode"], 200, "{signed_out}");
    assert!(!console.log().contains(&secret), "no secret in the log");
}
