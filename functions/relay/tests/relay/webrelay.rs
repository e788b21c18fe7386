//! A simulated WebRelay: `stateFull.xml` as HTTP has it, `state.xml` without a status line.

use std::sync::Mutex;

use camhook_outbound::test_server::{Received, Reply, TestServer};

use crate::world::{PULSE, World, answer, authorization};

/// `none:webrelay`, the password that the device is delivered with.
const AUTHORIZATION: &str = "Basic bm9uZTp3ZWJyZWxheQ==";

/// A device with these relays, by the names that it has for them: `relay`, or `relay1` and so on.
fn webrelay(names: &'static [&'static str]) -> impl Fn(&Received) -> Reply {
    let states = Mutex::new(vec![false; names.len()]);
    move |request| {
        if authorization(request) != AUTHORIZATION {
            return Reply::with_header(401, "www-authenticate", "Basic realm=\"WebRelay\"");
        }
        let (path, query) = request.target.split_once('?').unwrap();
        let mut states = states.lock().unwrap();
        for (name, state) in names.iter().zip(states.iter_mut()) {
            if let Some(wanted) =
                query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}State=")))
            {
                *state = wanted != "0";
            }
        }
        let tags: Vec<String> = names
            .iter()
            .zip(states.iter())
            .map(|(name, state)| format!("  <{name}state>{}</{name}state>\n", u8::from(*state)))
            .collect();
        let page = format!(
            "<?xml version='1.0' encoding='utf-8' ?>\n<datavalues>\n{}</datavalues>\n",
            tags.concat()
        );
        match path {
            "/stateFull.xml" => answer(&page),
            "/state.xml" => Reply::Bare(page.into_bytes().into()),
            _ => Reply::status(404),
        }
    }
}

fn world(server: &TestServer, more: &str, action: &str) -> World {
    let url = server.url("/").unwrap();
    World::of(&format!("driver = \"webrelay\"\nurl = \"{url}\"\npassword = \"webrelay\"\n{more}"), action)
}

#[tokio::test]
async fn each_action_is_the_devices_own_call_on_both_pages_and_both_models() {
    let bare = "page = \"state.xml\"";
    let second = "relay = 2\npage = \"state.xml\"";
    for (names, more, action, target) in [
        (&["relay"][..], "", r#"action = "on""#, "/stateFull.xml?relayState=1"),
        (&["relay"], "", PULSE, "/stateFull.xml?relayState=2&pulseTime=5"),
        (&["relay"], bare, r#"action = "on""#, "/state.xml?relayState=1"),
        (&["relay"], bare, r#"action = "off""#, "/state.xml?relayState=0"),
        (&["relay1", "relay2"], second, r#"action = "on""#, "/state.xml?relay2State=1"),
        (
            &["relay1", "relay2"],
            second,
            r#"action = "pulse", seconds = 1.5"#,
            "/state.xml?relay2State=2&pulseTime2=1.5",
        ),
    ] {
        let server = TestServer::start(webrelay(names)).await.unwrap();
        let world = world(&server, more, action);
        let (decision, text) = world.decide().await;
        assert_eq!(decision, "done", "{target}: {text}");
        assert!(text.contains("<datavalues>"), "{text}");
        let targets: Vec<String> = server.received().into_iter().map(|request| request.target).collect();
        assert_eq!(targets, [target]);
    }
}

#[tokio::test]
async fn a_relay_that_the_device_does_not_have_stays_as_it_is_and_is_not_called_done() {
    let server = TestServer::start(webrelay(&["relay1", "relay2"])).await.unwrap();
    // The device of four relays does not know `relayState`.
    let world = world(&server, "", r#"action = "on""#);
    let (decision, text) = world.decide().await;
    assert_eq!(decision, "unknown");
    assert!(text.contains("add `relay`"), "{text}");
}

/// An X-400 knows `relay1`, ignores `relay1State`, and answers with the page of its states.
#[tokio::test]
async fn a_newer_module_that_ignores_the_parameter_is_not_called_done() {
    let page = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<datavalues>\n<relay1>0</relay1>\n<relay2>0</relay2>\n\
                <digitalInput1>0</digitalInput1>\n</datavalues>\n";
    for action in [PULSE, r#"action = "on""#, r#"action = "off""#] {
        let server = TestServer::start(move |_| answer(page)).await.unwrap();
        let world = world(&server, "relay = 1\npage = \"state.xml\"", action);
        let (decision, text) = world.decide().await;
        assert_eq!(decision, "unknown", "{action}");
        assert!(text.contains("newer ControlByWeb modules"), "{text}");
    }
}

#[tokio::test]
async fn an_answer_without_a_status_line_has_to_be_the_page_of_states() {
    for page in [
        "220 mail.example.org ESMTP\r\n",
        "<html>please log in</html>",
        "<?xml version='1.0'?>\n<datavalues>\n  <relaystate>1</rel",
        "",
    ] {
        let server = TestServer::start(move |_| Reply::Bare(page.as_bytes().into())).await.unwrap();
        let world = world(&server, "page = \"state.xml\"", PULSE);
        let (decision, text) = world.decide().await;
        assert_eq!(decision, "unknown", "{page}: {text}");
        assert_eq!(server.received().len(), 1, "{page}");
    }
}
