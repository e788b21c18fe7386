//! A process of a function or of the agent, which a test may kill at any moment.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::ffi::OsStr;
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
    orders: mpsc::UnboundedSender<Order>,
    life: watch::Receiver<Life>,
}

#[derive(Debug, Clone, Copy)]
enum Order {
    Kill,
    Signal(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Alive,
    Exited,
}

impl KillSwitch {
    /// Kills the process without a warning and waits until it is gone.
    pub async fn kill(&self) {
        // It may be gone already.
        let _ = self.orders.send(Order::Kill);
        self.ended().await;
    }

    /// Asks the process to end, as a service manager does, and waits until it is gone.
    pub async fn terminate(&self) {
        let _ = self.orders.send(Order::Signal("-TERM"));
        self.ended().await;
    }

    /// Stops the process where it is, as a machine that is suspended does.
    pub fn pause(&self) {
        let _ = self.orders.send(Order::Signal("-STOP"));
    }

    /// Lets a paused process continue.
    pub fn resume(&self) {
        let _ = self.orders.send(Order::Signal("-CONT"));
    }

    /// Whether the process is gone.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        *self.life.borrow() == Life::Exited
    }

    /// Waits until the process is gone.
    pub async fn ended(&self) {
        // The sender is dropped only once the process is.
        let _ = self.life.clone().wait_for(|life| *life == Life::Exited).await;
    }
}

impl Process {
    /// Starts a program with this environment and no other.
    pub fn start(program: &Path, environment: Vec<(String, String)>) -> Self {
        Self::start_with(program, Vec::<String>::new(), environment)
    }

    /// The same with arguments.
    pub fn start_with(
        program: &Path,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        environment: Vec<(String, String)>,
    ) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(environment).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let output = Arc::new(Mutex::new(Vec::new()));
        let results = tokio::spawn(collect(child.stdout.take().unwrap(), Arc::clone(&output)));
        let notes = tokio::spawn(collect(child.stderr.take().unwrap(), Arc::clone(&output)));
        let (orders, mut ordered) = mpsc::unbounded_channel();
        let (life, seen) = watch::channel(Life::Alive);
        let supervising = tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = child.wait() => break,
                    order = ordered.recv() => match (order, child.id()) {
                        (Some(Order::Signal(name)), Some(id)) => signal(id, name).await,
                        _ => { let _ = child.kill().await; }
                    }
                }
            }
            // Its output is read to the end before it counts as ended.
            let _ = tokio::join!(results, notes);
            let _ = life.send(Life::Exited);
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

async fn signal(id: u32, name: &str) {
    let sent = Command::new("kill").arg(name).arg(id.to_string()).status().await.unwrap();
    assert!(sent.success(), "the process takes no signal");
}

async fn collect(from: impl AsyncRead + Unpin, output: Arc<Mutex<Vec<String>>>) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        output.lock().unwrap().push(line);
    }
}
