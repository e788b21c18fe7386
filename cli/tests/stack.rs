//! Stacks on AWS by name: `stack add` reads CloudFormation, and a change of such a stack needs consent.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

const DESCRIBED: &str = "<DescribeStacksResponse><DescribeStacksResult><Stacks><member>\
    <StackName>camhook</StackName><CreationTime>2026-11-23T12:00:00Z</CreationTime>\
    <StackStatus>UPDATE_COMPLETE</StackStatus><Outputs>\
    <member><OutputKey>ApiUrl</OutputKey><OutputValue>https://abc.example.org</OutputValue></member>\
    <member><OutputKey>Bucket</OutputKey><OutputValue>the-bucket</OutputValue></member>\
    <member><OutputKey>Table</OutputKey><OutputValue>the-table</OutputValue></member>\
    <member><OutputKey>NotifyQueueUrl</OutputKey><OutputValue>https://sqs.example.org/notify</OutputValue></member>\
    </Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>";

const MISSING: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>\
    <Message>Stack with id nowhere does not exist</Message></Error></ErrorResponse>";

/// Answers as CloudFormation; the first line and body of each request.
fn start_server() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut request, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
                    break;
                }
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                request.push_str(&line);
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            request.push_str(&String::from_utf8_lossy(&body));
            let (status, answer) = if request.contains("nowhere") {
                ("400 Bad Request", MISSING)
            } else {
                ("200 OK", DESCRIBED)
            };
            seen.lock().unwrap().push(request);
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                answer.len()
            );
            // The command may have ended.
            let _ = stream.write_all((head + answer).as_bytes());
        }
    });
    (url, requests)
}

fn camhook(home: &Path, url: &str, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_camhook"))
        .args(words)
        .env_clear()
        .env("HOME", home)
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_ACCESS_KEY_ID", "key")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .current_dir(home)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_stack_is_added_listed_used_and_removed() {
    let (home, (url, requests)) = (tempfile::tempdir().unwrap(), start_server());
    let run = |words: &[&str]| camhook(home.path(), &url, words);
    let added = run(&["stack", "add", "house", "--region", "eu-north-1"]);
    assert!(added.status.success(), "{}", text(&added.stderr));
    let sent = requests.lock().unwrap().concat();
    assert!(sent.contains("Action=DescribeStacks") && sent.contains("StackName=camhook"), "{sent}");
    assert!(sent.contains("/eu-north-1/cloudformation/"), "{sent}");

    let file = home.path().join(".config/camhook/stacks/house.json");
    let stack: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!((stack["bucket"].as_str(), stack["table"].as_str()), (Some("the-bucket"), Some("the-table")));
    assert_eq!(stack["queues"]["notify"], "https://sqs.example.org/notify");

    let listed = text(&run(&["stack", "list", "--json"]).stdout);
    assert!(listed.contains(r#""name":"house","in_use":true"#), "{listed}");
    let removed = run(&["stack", "remove", "house"]);
    assert!(removed.status.success(), "{}", text(&removed.stderr));
    assert_eq!(text(&run(&["stack", "list", "--json"]).stdout), "");
}

#[test]
fn a_stack_that_does_not_exist_is_not_added() {
    let (home, (url, _)) = (tempfile::tempdir().unwrap(), start_server());
    let added = camhook(
        home.path(),
        &url,
        &["stack", "add", "house", "--stack-name", "nowhere", "--region", "eu-north-1"],
    );
    let error = text(&added.stderr);
    assert_eq!(added.status.code(), Some(1), "{error}");
    assert!(error.contains("there is no stack `nowhere` in eu-north-1"), "{error}");
    assert!(!home.path().join(".config/camhook/stacks/house.json").exists());
}

#[test]
fn a_change_of_a_stack_on_aws_names_it_and_needs_consent() {
    let (home, (url, requests)) = (tempfile::tempdir().unwrap(), start_server());
    let added = camhook(home.path(), &url, &["stack", "add", "house", "--region", "eu-north-1"]);
    assert!(added.status.success(), "{}", text(&added.stderr));
    requests.lock().unwrap().clear();
    let refused = camhook(home.path(), &url, &["relays", "on", "--stack", "house"]);
    let error = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{error}");
    assert!(
        error.contains("house (camhook in eu-north-1): enable relays") && error.contains("--yes"),
        "{error}"
    );
    assert_eq!(*requests.lock().unwrap(), Vec::<String>::new());
    let agreed = camhook(home.path(), &url, &["relays", "on", "--stack", "house", "--yes"]);
    assert!(text(&agreed.stderr).contains("house (camhook in eu-north-1): enable relays"));
    let sent = requests.lock().unwrap().concat();
    assert!(sent.contains("PutItem") && sent.contains("the-table"), "{sent}");
}

#[test]
fn an_unknown_stack_is_an_error_that_names_the_others() {
    let (home, (url, _)) = (tempfile::tempdir().unwrap(), start_server());
    let added = camhook(home.path(), &url, &["stack", "add", "house", "--region", "eu-north-1"]);
    assert!(added.status.success(), "{}", text(&added.stderr));
    let error = text(&camhook(home.path(), &url, &["arm", "--stack", "hose"]).stderr);
    assert!(error.contains("unknown stack `hose`; known stacks: house"), "{error}");
}
