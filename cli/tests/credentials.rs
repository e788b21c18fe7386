//! The command finds credentials where other AWS tools do: single sign-on, `aws login`, and `credential_process`.
//!
//! The real binary runs with a home folder of its own and lists a bucket of a server on this machine, which shows by
//! which access key the request was signed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

/// Answers as S3 and as the portal of single sign-on; the `Authorization` of each request to S3.
fn start_server() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let signatures = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&signatures);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = Vec::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap()).lines();
            while let Some(Ok(line)) = reader.next()
                && !line.is_empty()
            {
                lines.push(line);
            }
            let body = if lines.first().is_some_and(|line| line.contains("/federation/credentials")) {
                r#"{"roleCredentials":{"accessKeyId":"FROMSSO","secretAccessKey":"s","sessionToken":"t","expiration":4070908800000}}"#
            } else {
                let field = lines.iter().find(|line| line.to_ascii_lowercase().starts_with("authorization:"));
                seen.lock().unwrap().extend(field.cloned());
                "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
            };
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            // The command may have ended.
            let _ = stream.write_all((head + body).as_bytes());
        }
    });
    (url, signatures)
}

/// `camhook events` with a home folder, a stack, and AWS at this address.
fn events(home: &Path, stack: &Path, url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_camhook"));
    command.args(["events", "--since", "1h", "--stack"]).arg(stack).env_clear();
    command.env("PATH", "/usr/bin:/bin").env("HOME", home).env("AWS_ENDPOINT_URL", url);
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// Runs `camhook events` with a home folder that holds this profile; the access key that it signed with.
fn access_key(home: &Path, profile: &str) -> String {
    let (url, signatures) = start_server();
    fs::create_dir_all(home.join(".aws")).unwrap();
    fs::write(home.join(".aws/config"), profile).unwrap();
    let stack = home.join("stack.json");
    fs::write(
        &stack,
        r#"{"api_url":"https://example.org","region":"eu-central-1","bucket":"bucket","table":"table","index_table":"index",
            "queues":{"notify":"https://example.org/n","relay":"https://example.org/r"},"sources":{}}"#,
    )
    .unwrap();
    let output = events(home, &stack, &url).output().unwrap();
    let signatures = signatures.lock().unwrap();
    let Some(signature) = signatures.first() else {
        panic!("no request was signed: {}", String::from_utf8_lossy(&output.stderr));
    };
    let key = signature.split_once("Credential=").unwrap().1.split_once('/').unwrap().0;
    key.to_owned()
}

#[test]
fn a_credential_process_is_run() {
    let home = tempfile::tempdir().unwrap();
    let program = r#"{"Version":1,"AccessKeyId":"FROMPROCESS","SecretAccessKey":"s"}"#;
    fs::write(home.path().join("credentials.json"), program).unwrap();
    let profile = format!("[default]\ncredential_process = cat {}/credentials.json\n", home.path().display());
    assert_eq!(access_key(home.path(), &profile), "FROMPROCESS");
}

#[test]
fn a_session_of_single_sign_on_is_used() {
    let home = tempfile::tempdir().unwrap();
    let cache = home.path().join(".aws/sso/cache");
    fs::create_dir_all(&cache).unwrap();
    // Named by the SHA-1 of the session's name.
    fs::write(
        cache.join("ee0bfd2552fbd840c02cc48b6e823320543c450f.json"),
        r#"{"accessToken":"t","expiresAt":"2099-01-01T00:00:00Z","region":"eu-central-1",
            "startUrl":"https://example.awsapps.com/start"}"#,
    )
    .unwrap();
    let profile = "[default]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Admin\n\
                   [sso-session corp]\nsso_region = eu-central-1\n\
                   sso_start_url = https://example.awsapps.com/start\n";
    assert_eq!(access_key(home.path(), profile), "FROMSSO");
}

#[test]
fn a_session_of_aws_login_is_used() {
    let home = tempfile::tempdir().unwrap();
    let cache = home.path().join(".aws/login/cache");
    fs::create_dir_all(&cache).unwrap();
    // Named by the SHA-256 of the session.
    fs::write(
        cache.join("617a42bf0cc7e52ae16d10443f260d451c255a489505091810c95d5c7ec927d1.json"),
        r#"{"accessToken":{"accessKeyId":"FROMLOGIN","secretAccessKey":"s","sessionToken":"t",
            "accountId":"111122223333","expiresAt":"2099-01-01T00:00:00Z"},
            "tokenType":"aws_sigv4","clientId":"arn:aws:signin:::devtools/same-device","refreshToken":"r",
            "idToken":"i","dpopKey":"not used before the session expires"}"#,
    )
    .unwrap();
    let profile = "[default]\nlogin_session = arn:aws:iam::111122223333:user/ann\n";
    assert_eq!(access_key(home.path(), profile), "FROMLOGIN");
}

/// Runs `camhook events` on a stack with this profile, without any server; what it says on standard error.
fn refusal(home: &Path, profile: &str) -> String {
    let stack = home.join("stack.json");
    let json = serde_json::json!({
        "api_url": "https://example.org", "region": "eu-central-1", "bucket": "bucket", "table": "table",
        "index_table": "index", "profile": profile, "queues": {}, "sources": {},
    });
    fs::write(&stack, json.to_string()).unwrap();
    let mut command = events(home, &stack, "http://127.0.0.1:9");
    let output = command.env("AWS_MAX_ATTEMPTS", "1").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    for debug in ["DispatchFailure", "Some(", "{ ", "make deploy"] {
        assert!(!text.contains(debug), "{debug}: {text}");
    }
    text
}

#[test]
fn a_profile_that_does_not_exist_is_told_with_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let text = refusal(home.path(), "hoem");
    assert!(text.contains("no usable AWS credentials: the profile does not exist"), "{text}");
    assert!(text.contains("hint: run `aws sso login`"), "{text}");
}

#[test]
fn a_machine_without_a_network_is_told_so() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir_all(home.path().join(".aws")).unwrap();
    let keys = "[house]\naws_access_key_id = a\naws_secret_access_key = b\n";
    fs::write(home.path().join(".aws/credentials"), keys).unwrap();
    let text = refusal(home.path(), "house");
    assert!(text.contains("AWS cannot be reached"), "{text}");
    assert!(text.contains("hint: check the network"), "{text}");
}
