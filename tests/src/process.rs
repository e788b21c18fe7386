//! A process of a function, which a test may kill at any moment.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// A running process. It is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    kill: KillSwitch,
    output: Arc<Mutex<Vec<String>>>,
    supervising: JoinHandle<()>,
}

/// Kills a process.
#[derive(Debug, Clone)]
pub struct KillSwitch {
    orders: mpsc::UnboundedSender<()>,
    life: watch::Receiver<Life>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Alive,
    Ended,
}

impl KillSwitch {
    /// Kills the process without a warning and waits until it is gone.
    pub async fn kill(&self) {
        // It may be gone already.
        let _ = self.orders.send(());
        self.ended().await;
    }

    /// Waits until the process is gone.
    pub async fn ended(&self) {
        // The sender is dropped only once the process is.
        let _ = self.life.clone().wait_for(|life| *life == Life::Ended).await;
    }
}

impl Process {
    /// Starts a program with this environment and no other.
    pub fn start(program: &Path, environment: Vec<(String, String)>) -> Self {
        let mut command = Command::new(program);
        command.env_clear().envs(environment).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let output = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(collect(child.stdout.take().unwrap(), Arc::clone(&output)));
        tokio::spawn(collect(child.stderr.take().unwrap(), Arc::clone(&output)));
        let (orders, mut ordered) = mpsc::unbounded_channel();
        let (life, seen) = watch::channel(Life::Alive);
        let supervising = tokio::spawn(async move {
            tokio::select! {
                _ = child.wait() => {}
                _ = ordered.recv() => { let _ = child.kill().await; }
            }
            let _ = life.send(Life::Ended);
        });
        Self { kill: KillSwitch { orders, life: seen }, output, supervising }
    }

    /// What kills it.
    #[must_use]
    pub fn kill_switch(&self) -> KillSwitch {
        self.kill.clone()
    }

    /// What it has written by now, line by line.
    #[must_use]
    pub fn output(&self) -> Vec<String> {
        self.output.lock().unwrap().clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.supervising.abort();
    }
}

async fn collect(from: impl AsyncRead + Unpin, output: Arc<Mutex<Vec<String>>>) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        output.lock().unwrap().push(line);
    }
}
