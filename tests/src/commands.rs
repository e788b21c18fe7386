//! Commands of `camhook` on the deployed stack.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::process::Output;

use serde_json::Value;
use tokio::process::Command;

use crate::fault_proxy::FaultProxy;
use crate::stack::Stack;
use crate::wait;

/// Runs a command as people do whom the template's policies allow it: its calls are in the log that the check of roles
/// reads.
pub async fn run(stack: &Stack, arguments: &[&str]) -> Output {
    let proxy = FaultProxy::start_for_people(&stack.endpoint_url, &stack.calls).await;
    let mut file: Value = serde_json::from_slice(&std::fs::read(stack.file()).unwrap()).unwrap();
    file["endpoint_url"] = proxy.url().into();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stack.json");
    std::fs::write(&path, file.to_string()).unwrap();
    let mut command = Command::new(stack.bootstrap("camhook"));
    command.args(arguments).arg("--stack").arg(&path);
    wait::within("the command to end", command.output()).await.unwrap()
}

/// The same with a command that succeeds.
pub async fn run_well(stack: &Stack, arguments: &[&str]) -> Output {
    let output = run(stack, arguments).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}
