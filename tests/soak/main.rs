//! A soak: 50 cameras of all vendors post to functions that are killed, on an AWS that fails, while a bad configuration
//! is put and rolled back, and channels and relays fail. Afterwards the account compares what was sent with the
//! outcome.
//!
//! `make soak` runs it. Its last line is its result as JSON.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command says what came of it")]

mod account;
mod cluster;
mod devices;
mod faults;
mod posts;
mod senders;
mod site;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_ssm::types::ParameterType;
use camhook_end_to_end::own_stack::OwnStack;
use camhook_ports::{Clock, SystemClock};
use clap::Parser;
use serde_json::json;
use tokio::task::JoinSet;

use crate::account::{Evidence, settle};
use crate::cluster::{Cluster, DUPLICATES, MAPPINGS};
use crate::devices::Devices;
use crate::faults::{Break, Faults, Instances};
use crate::senders::Senders;
use crate::site::BadConfiguration;

/// How long everything that is under way may take to end: the longest wait of a message is some minutes.
const SETTLING: Duration = Duration::from_secs(600);

/// How long a relay may stay on when nothing else is under way: the watchdog restores a lost release after a minute.
const RELEASING: Duration = Duration::from_secs(150);

/// How often the watchdog runs.
const TICK: Duration = Duration::from_secs(10);

/// Posts for a while to functions on the local cloud, makes everything fail that can, and checks that nothing got lost.
#[derive(Debug, Parser)]
struct Arguments {
    /// For how many seconds cameras post.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// How much faster than real cameras they do.
    #[arg(long, default_value_t = 1.0)]
    rate: f64,
    /// Repeats the choices of an earlier run.
    #[arg(long)]
    seed: Option<u64>,
    /// Writes the logs of all functions to this file.
    #[arg(long)]
    log: Option<PathBuf>,
    /// Breaks a promise on purpose: the result has to be a failure.
    #[arg(long = "break", value_enum)]
    broken: Option<Break>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..) >> 16);
    eprintln!("soak: {} s at rate {}, seed {seed}", arguments.seconds, arguments.rate);
    let evidence = soak(&arguments, seed).await;
    let report = settle(&evidence);
    for finding in &report.findings {
        eprintln!("soak: {finding}");
    }
    let failures = report.failures();
    for failure in &failures {
        eprintln!("soak: failed: {failure}");
    }
    println!("{}", json!(report));
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn soak(arguments: &Arguments, seed: u64) -> Evidence {
    let devices = Devices::start(seed ^ 1).await;
    let instances = Instances::default();
    let stack = OwnStack::create("timezone = \"UTC\"\n").await;
    let toml = site::toml(&devices.url(), &stack.bucket.name);
    put_parameters(&stack).await;
    let lost = stack.cloud.create_queue(&format!("{}-lost", stack.bucket.name)).await;
    stack.configure(&toml).await;
    // Claims are there for duplicates: without them, many duplicates show it soon.
    let duplicates = if arguments.broken == Some(Break::Claim) { 0.5 } else { DUPLICATES };
    let cluster = Cluster::new(stack, Arc::clone(&instances), seed ^ 2, duplicates);
    // The watchdog finds the configuration valid before the first fault.
    cluster.invoke("watchdog", &json!({})).await;

    let faults_of_aws = Arc::new(Mutex::new(0));
    let mut faults = Faults::new(seed ^ 3, instances, arguments.broken, Arc::clone(&faults_of_aws));
    cluster.stack.proxy.decide(move |call| faults.decide(call));
    let senders = Senders::new(Arc::clone(&cluster), Duration::from_secs(arguments.seconds), arguments.rate);
    let mut pollers = JoinSet::new();
    for mapping in MAPPINGS {
        for _ in 0..mapping.pollers {
            pollers.spawn(Arc::clone(&cluster).poll(mapping));
        }
    }
    let mut cameras = JoinSet::new();
    for camera in site::cameras() {
        let random = fastrand::Rng::with_seed(seed.wrapping_mul(1000).wrapping_add(camera.index as u64));
        cameras.spawn(Arc::clone(&senders).run(camera, random));
    }
    let bad_configurations = disturb(&cluster, &senders, &devices, &toml, arguments.broken, seed ^ 4).await;
    while let Some(ended) = cameras.join_next().await {
        unwrap(ended);
    }
    eprintln!("soak: {} posts are sent, {} kills so far", senders.posts().len(), cluster.kills());

    heal(&cluster, &devices, arguments.broken, seed ^ 5);
    await_configuration_alert(&cluster, &devices).await;
    cluster.stack.configure(&toml).await;
    // An alert about the quarantine that could not be sent is sent with the next unreadable post.
    senders.repeat_unreadable().await;
    let pending = settle_down(&cluster, &devices).await;
    cluster.finish();
    while let Some(ended) = pollers.join_next().await {
        unwrap(ended);
    }
    eprintln!(
        "soak: {} kills, {} faults of AWS, {} of devices",
        cluster.kills(),
        faults_of_aws.lock().unwrap_or_else(PoisonError::into_inner),
        devices.faults()
    );
    if let Some(path) = &arguments.log
        && let Err(error) = std::fs::write(path, cluster.logs())
    {
        eprintln!("soak: the logs were not written: {error}");
    }
    let bucket = &cluster.stack.bucket;
    let mut quarantine = Vec::new();
    for key in bucket.keys("quarantine/").await {
        if key.ends_with("/reason.json") {
            quarantine.push(bucket.json(&key).await);
        }
    }
    if arguments.broken.is_some() {
        eprintln!("soak: {} messages were lost on purpose", lost.holds().await);
    }
    Evidence {
        posts: senders.posts(),
        queued: cluster.queued(),
        records: bucket.jsons("events/").await,
        quarantine,
        audit: bucket.jsons("audit/").await,
        messages: devices.messages(),
        actuations: devices.actuations(),
        on: devices.on(),
        pending,
        bad_configurations,
        kills: cluster.kills(),
    }
}

#[expect(clippy::unwrap_used, reason = "a soak stops where the local cloud fails")]
async fn put_parameters(stack: &OwnStack) {
    for camera in site::cameras().into_iter().filter(site::Camera::has_parameter) {
        let name = camera.parameter(&stack.bucket.name);
        let request = stack.cloud.ssm.put_parameter().name(name).value(&camera.secret);
        request.r#type(ParameterType::SecureString).send().await.unwrap();
    }
}

/// Runs the watchdog, kills functions, and puts a bad configuration and rolls it back, until the cameras have posted
/// long enough. How many bad configurations were put.
async fn disturb(
    cluster: &Arc<Cluster>,
    senders: &Senders,
    devices: &Devices,
    toml: &str,
    broken: Option<Break>,
    seed: u64,
) -> usize {
    let mut random = fastrand::Rng::with_seed(seed);
    let (bad_from, bad_until) = (senders.duration() / 4, senders.duration() * 5 / 8);
    let error = match broken {
        Some(Break::Configuration) => BadConfiguration::Accepted,
        _ => BadConfiguration::Invalid,
    };
    let (mut is_put, mut is_rolled_back) = (false, false);
    while senders.elapsed() < senders.duration() {
        if !is_put && senders.elapsed() >= bad_from {
            cluster.stack.configure(&site::bad_toml(&devices.url(), error)).await;
            // Functions that start now have never known the valid one.
            cluster.kill_all().await;
            is_put = true;
        }
        // The watchdog may be killed, and the channel may fail: it stays until somebody knows of it.
        if is_put && !is_rolled_back && senders.elapsed() >= bad_until && devices.know_of_configuration() {
            cluster.stack.configure(toml).await;
            is_rolled_back = true;
        }
        // It may be killed as everything else: the next tick goes on.
        cluster.invoke("watchdog", &json!({})).await;
        if random.f64() < 0.5 {
            cluster.kill_one().await;
        }
        let left = senders.duration().saturating_sub(senders.elapsed());
        tokio::time::sleep(TICK.min(senders.duration() / 8).min(left)).await;
    }
    usize::from(is_put)
}

/// Waits until a person knows that the configuration is bad, or should have known for long.
async fn await_configuration_alert(cluster: &Cluster, devices: &Devices) {
    let clock = SystemClock::start();
    while !devices.know_of_configuration() && clock.elapsed() < RELEASING {
        cluster.invoke("watchdog", &json!({})).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// From now on nothing fails but what is broken on purpose.
fn heal(cluster: &Cluster, devices: &Devices, broken: Option<Break>, seed: u64) {
    cluster.stack.proxy.heal();
    cluster.be_gentle();
    devices.heal();
    let mut random = fastrand::Rng::with_seed(seed);
    cluster.stack.proxy.decide(move |call| {
        faults::broken(broken, call, &mut random).map(camhook_end_to_end::fault_proxy::Fault::Rewrite)
    });
}

/// Waits until no queue holds anything and nothing is pending. How much is left after a time in which it should be.
async fn settle_down(cluster: &Cluster, devices: &Devices) -> usize {
    let clock = SystemClock::start();
    let mut quiet = 0;
    let mut busy_until = Duration::ZERO;
    loop {
        cluster.invoke("watchdog", &json!({})).await;
        let objects = cluster.stack.bucket.keys("pending/").await.len();
        let left = objects + cluster.messages().await;
        quiet = if left == 0 && devices.on().is_empty() { quiet + 1 } else { 0 };
        if left > 0 {
            busy_until = clock.elapsed();
        }
        if clock.elapsed().saturating_sub(busy_until) > RELEASING {
            return left;
        }
        // A message may be neither in a queue nor delivered for a moment.
        if quiet >= 3 || clock.elapsed() > SETTLING {
            return left;
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// A task that panicked ends the soak.
fn unwrap(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => eprintln!("soak: a task was cancelled: {error}"),
        }
    }
}
