//! The functions as they are deployed, under a Runtime API and an AWS that are in this process.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::cloud::{Cloud, Latency};
use crate::console::{self, ConsoleCost, Items};
use crate::error::Error;
use crate::event_cost;
use crate::lambda::Function;
use crate::posts::{Posts, queue_event};
use crate::python;
use crate::statistics::{median, milliseconds};

/// How often each function is started.
const STARTS: usize = 20;

/// After how many events the memory is read.
const EVENTS: usize = 1000;

/// How many events are timed with S3 and SQS taking their time, after some that are not.
const WHOLE_EVENTS: usize = 100;
const WARM_UP: usize = 10;

/// How many small events the CPU time is taken of. The kernel counts in nanoseconds: it is the machine's other work
/// that many events even out.
const SMALL_EVENTS: usize = 3000;

/// S3 and SQS as they answer within a region, and a table that is as fast as SQS.
const IN_REGION: Latency =
    Latency { s3: Duration::from_millis(20), sqs: Duration::from_millis(8), table: Duration::from_millis(8) };

/// What was measured of the functions.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Functions {
    /// Process start until the first `GET /next`, in the median, by function.
    pub(crate) cold_start_ms: BTreeMap<String, f64>,
    /// Process start until the first answer, with an AWS that answers at once.
    pub(crate) first_answer_ms: BTreeMap<String, f64>,
    /// The length of the function as it is uploaded.
    pub(crate) zip_bytes: BTreeMap<String, u64>,
    /// The most memory at once, over a thousand of the function's largest events.
    pub(crate) peak_rss_mb: BTreeMap<String, f64>,
    /// A whole event with S3 and SQS answering after 20 and 8 ms, in the median, by number of pictures.
    pub(crate) whole_event_ms: BTreeMap<String, f64>,
    /// Calls of AWS by a post.
    pub(crate) aws_calls: BTreeMap<String, usize>,
    /// Events a second of one core: CPU time of the whole function, the SDK and both its HTTP ends included.
    pub(crate) events_per_second_per_core: BTreeMap<String, f64>,
    /// What the function writes into its log, metrics included, by kind of event.
    pub(crate) log_bytes_per_event: BTreeMap<String, f64>,
    /// A page of the console.
    pub(crate) console: ConsoleCost,
}

/// A function and the event that it is measured with.
struct Subject<'a> {
    name: &'static str,
    event: Vec<u8>,
    is_done: &'a dyn Fn(&Value) -> bool,
}

/// Measures all functions whose bootstraps are there.
pub(crate) fn measure(
    posts: &Posts,
    bootstraps: &Path,
    interpreter: &Path,
    output: &Path,
) -> Result<Functions, Error> {
    let message = event_cost::message(posts)?;
    let items = Items::like(&message)?;
    let message = queue_event(&message);
    let accepted = |answer: &Value| answer["statusCode"] == 200;
    let consumed = |answer: &Value| answer["batchItemFailures"] == json!([]);
    let ticked = |answer: &Value| answer.is_object();
    let signed_out = |answer: &Value| answer["statusCode"] == 401;
    let subjects = [
        Subject { name: "viewtron", event: posts.intrusion.clone(), is_done: &accepted },
        Subject { name: "xprotect", event: posts.analytics.clone(), is_done: &accepted },
        Subject { name: "ivsec", event: posts.ivsec.clone(), is_done: &accepted },
        Subject { name: "instar", event: posts.instar.clone(), is_done: &accepted },
        Subject { name: "mqtt", event: posts.mqtt.clone(), is_done: &consumed },
        Subject { name: "notify", event: message.clone(), is_done: &consumed },
        Subject { name: "relay", event: message, is_done: &consumed },
        Subject { name: "watchdog", event: b"{}".to_vec(), is_done: &ticked },
        Subject { name: "console", event: opened_in_a_browser()?, is_done: &signed_out },
    ];
    let cloud = Cloud::start(items)?;
    let mut functions = Functions::default();
    for subject in &subjects {
        functions.measure(subject, &cloud, bootstraps, interpreter, output)?;
    }
    functions.whole_events(posts, &cloud, bootstraps, output)?;
    functions.calls(posts, &cloud, bootstraps, output)?;
    functions.throughput(posts, &cloud, bootstraps, output)?;
    say("the console");
    functions.console = console::measure(&cloud, bootstraps, interpreter, output)?;
    Ok(functions)
}

/// The console opened by somebody who is not signed in: it reads the configuration and renders a page.
fn opened_in_a_browser() -> Result<Vec<u8>, Error> {
    let event: Value = serde_json::from_str(include_str!("../../events/console-opened-in-a-browser.json"))?;
    Ok(serde_json::to_vec(&event)?)
}

fn start(name: &str, cloud: &Cloud, bootstraps: &Path, output: &Path) -> Result<Function, Error> {
    Function::start(name, &bootstraps.join(name), cloud, output.join(format!("{name}.log")))
}

/// Invokes a function and checks that it did its work.
fn invoke(function: &Function, event: &[u8], is_done: &dyn Fn(&Value) -> bool) -> Result<Duration, Error> {
    let (took, answer) = function.invoke(event)?;
    let value: Value = serde_json::from_slice(&answer)?;
    if is_done(&value) { Ok(took) } else { Err(function.wrong(&format!("answers {value}"))) }
}

fn accepted(answer: &Value) -> bool {
    answer["statusCode"] == 200
}

#[expect(clippy::print_stderr, reason = "measuring takes minutes: what is going on")]
fn say(what: &str) {
    eprintln!("{what}");
}

impl Functions {
    /// Size, start and memory of one function.
    fn measure(
        &mut self,
        subject: &Subject<'_>,
        cloud: &Cloud,
        bootstraps: &Path,
        interpreter: &Path,
        output: &Path,
    ) -> Result<(), Error> {
        let Subject { name, event, is_done } = subject;
        say(&format!("size, start and memory of {name}"));
        let zip = output.join(format!("{name}.zip"));
        self.zip_bytes.insert((*name).to_owned(), python::zip(interpreter, &bootstraps.join(name), &zip)?);
        let (mut starts, mut first_answers) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            let function = start(name, cloud, bootstraps, output)?;
            starts.push(function.started_within);
            first_answers.push(function.started_within + invoke(&function, event, is_done)?);
        }
        self.cold_start_ms.insert((*name).to_owned(), milliseconds(median(starts)));
        self.first_answer_ms.insert((*name).to_owned(), milliseconds(median(first_answers)));
        let function = start(name, cloud, bootstraps, output)?;
        for _ in 0..EVENTS {
            invoke(&function, event, is_done)?;
        }
        let megabytes = function.process.peak_memory()? as f64 / 1e6;
        self.peak_rss_mb.insert((*name).to_owned(), (megabytes * 10.0).round() / 10.0);
        Ok(())
    }

    /// From the event to the answer, while AWS takes its time.
    fn whole_events(
        &mut self,
        posts: &Posts,
        cloud: &Cloud,
        bootstraps: &Path,
        output: &Path,
    ) -> Result<(), Error> {
        say("whole events");
        cloud.answer_after(IN_REGION);
        for (pictures, event) in [("1", &posts.one_picture), ("3", &posts.three_pictures)] {
            let function = start("viewtron", cloud, bootstraps, output)?;
            let mut times = Vec::new();
            for round in 0..WARM_UP + WHOLE_EVENTS {
                let took = invoke(&function, event, &accepted)?;
                if round >= WARM_UP {
                    times.push(took);
                }
            }
            self.whole_event_ms.insert(pictures.to_owned(), milliseconds(median(times)));
        }
        cloud.answer_after(Latency::NONE);
        Ok(())
    }

    /// What the posts call of AWS, those that need nothing among them.
    #[expect(clippy::disallowed_methods, reason = "two heartbeats a second apart")]
    fn calls(&mut self, posts: &Posts, cloud: &Cloud, bootstraps: &Path, output: &Path) -> Result<(), Error> {
        say("calls of a post");
        let function = start("viewtron", cloud, bootstraps, output)?;
        let calls = |event: &[u8]| -> Result<usize, Error> {
            cloud.take_calls();
            invoke(&function, event, &accepted)?;
            Ok(cloud.take_calls().len())
        };
        // The first one reads the configuration and writes the presence.
        self.aws_calls.insert("first_heartbeat".to_owned(), calls(&posts.heartbeat)?);
        thread::sleep(Duration::from_secs(1));
        self.aws_calls.insert("second_heartbeat".to_owned(), calls(&posts.heartbeat)?);
        self.aws_calls.insert("dropped_tracking".to_owned(), calls(&posts.tracking)?);
        self.aws_calls.insert("event_510kb".to_owned(), calls(&posts.intrusion)?);
        Ok(())
    }

    fn throughput(
        &mut self,
        posts: &Posts,
        cloud: &Cloud,
        bootstraps: &Path,
        output: &Path,
    ) -> Result<(), Error> {
        say("throughput");
        for (kind, event, events) in [
            ("tracking", &posts.tracking, SMALL_EVENTS),
            ("small", &posts.alarm, SMALL_EVENTS),
            ("event_510kb", &posts.intrusion, EVENTS),
        ] {
            let function = start("viewtron", cloud, bootstraps, output)?;
            for _ in 0..WARM_UP {
                invoke(&function, event, &accepted)?;
            }
            let (before, written_before) = (function.process.cpu_time()?, function.log_length()?);
            for _ in 0..events {
                invoke(&function, event, &accepted)?;
            }
            let took = function.process.cpu_time()?.saturating_sub(before).as_secs_f64();
            self.events_per_second_per_core.insert(kind.to_owned(), (events as f64 / took).round());
            let written = function.log_length()?.saturating_sub(written_before) as f64;
            self.log_bytes_per_event.insert(kind.to_owned(), (written / events as f64).round());
        }
        Ok(())
    }
}
