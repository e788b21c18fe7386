//! What was measured, as JSON and as one table.

use std::fmt::Write;
use std::path::Path;

use serde::Serialize;

use crate::error::Error;
use crate::event_cost::{Throughput, ViewtronCost, XprotectCost};
use crate::functions::Functions;

/// What was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    machine: Machine,
    event_510kb: ViewtronCost,
    xprotect_100kb: XprotectCost,
    /// The pipeline alone: no SDK, no HTTP.
    events_per_second_per_core_in_memory: Throughput,
    #[serde(flatten)]
    functions: Functions,
}

/// The function with targets of its own: people wait for it, no device does.
const CONSOLE: &str = "console";

/// The largest zip of a function, in bytes.
fn zip_limit(function: &str) -> u64 {
    if function == CONSOLE { 8_000_000 } else { 4_000_000 }
}

/// What it was measured on.
#[derive(Debug, Serialize)]
struct Machine {
    processor: String,
    cores: usize,
    architecture: &'static str,
}

impl Machine {
    fn here() -> Self {
        let about = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = about.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
        Self {
            processor: model.trim_start_matches([' ', '\t', ':']).to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            architecture: std::env::consts::ARCH,
        }
    }
}

/// A figure and what it is to be.
struct Row {
    what: String,
    is: String,
    target: String,
    met: Verdict,
}

/// Whether a figure is what it is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Met,
    Missed,
    NoTarget,
}

impl Verdict {
    fn of(holds: bool) -> Self {
        if holds { Self::Met } else { Self::Missed }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Met => "yes",
            Self::Missed => "NO",
            Self::NoTarget => "",
        }
    }
}

impl Report {
    pub(crate) fn new(
        event_510kb: ViewtronCost,
        xprotect_100kb: XprotectCost,
        in_memory: Throughput,
        functions: Functions,
    ) -> Self {
        Self {
            machine: Machine::here(),
            event_510kb,
            xprotect_100kb,
            events_per_second_per_core_in_memory: in_memory,
            functions,
        }
    }

    /// Writes `report.json` and `report.md`.
    pub(crate) fn write(&self, output: &Path) -> Result<(), Error> {
        let json = serde_json::to_string_pretty(self)? + "\n";
        for (name, text) in [("report.json", json), ("report.md", self.table())] {
            let path = output.join(name);
            std::fs::write(&path, text).map_err(|source| Error::File { path: path.clone(), source })?;
        }
        Ok(())
    }

    /// One table of everything, in Markdown.
    pub(crate) fn table(&self) -> String {
        let rows = self.rows();
        let width =
            |of: fn(&Row) -> &str| rows.iter().map(|row| of(row).chars().count()).max().unwrap_or_default();
        let (what, is, target) = (width(|row| &row.what), width(|row| &row.is), width(|row| &row.target));
        let mut table = format!(
            "{} x {} ({})\n\n| {:what$} | {:>is$} | {:target$} | met |\n|-{:-<what$}-|-{:->is$}:|-{:-<target$}-|-----|\n",
            self.machine.cores,
            self.machine.processor,
            self.machine.architecture,
            "measured",
            "is",
            "target",
            "",
            "",
            ""
        );
        for row in rows {
            let met = row.met.word();
            // Writing into a string cannot fail.
            let _ = writeln!(
                table,
                "| {:what$} | {:>is$} | {:target$} | {met:3} |",
                row.what, row.is, row.target
            );
        }
        table
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut row = |what: &str, is: String, target: &str, met: Verdict| {
            rows.push(Row { what: what.to_owned(), is, target: target.to_owned(), met });
        };
        let event = &self.event_510kb;
        let kilobytes = event.bytes / 1000;
        row(
            &format!("one Viewtron event of {kilobytes} kB, CPU"),
            format!("{:.0} µs", event.camhook_us),
            "",
            Verdict::NoTarget,
        );
        row("- beside the floor", format!("{:.0} µs", event.floor_us), "", Verdict::NoTarget);
        row(
            "- camhook by the floor",
            format!("{:.2}", event.ratio_to_floor),
            "at most 1.4",
            Verdict::of(event.ratio_to_floor <= 1.4),
        );
        row("- on lambda_http with base64", format!("{:.0} µs", event.lambda_http_us), "", Verdict::NoTarget);
        row(
            "- lambda_http by camhook",
            format!("{:.1}", event.lambda_http_ratio),
            "at least 5",
            Verdict::of(event.lambda_http_ratio >= 5.0),
        );
        row(
            "- the same with camhook's allocator settings",
            format!("{:.0} µs", event.lambda_http_same_allocator_us),
            "",
            Verdict::NoTarget,
        );
        row("- by the vendor's Python SDK", format!("{:.0} µs", event.python_us), "", Verdict::NoTarget);
        row(
            "- Python by camhook",
            format!("{:.1}", event.python_ratio),
            "at least 20",
            Verdict::of(event.python_ratio >= 20.0),
        );
        let event = &self.xprotect_100kb;
        row(
            &format!("one XProtect event of {} kB, CPU", event.bytes / 1000),
            format!("{:.0} µs", event.camhook_us),
            "",
            Verdict::NoTarget,
        );
        row(
            "- beside its floor with one HMAC pass",
            format!("{:.0} µs", event.floor_us),
            "",
            Verdict::NoTarget,
        );
        row("- camhook by its floor", format!("{:.2}", event.ratio_to_floor), "", Verdict::NoTarget);

        let functions = &self.functions;
        for (name, start) in &functions.cold_start_ms {
            row(
                &format!("start of {name} until it asks for an event"),
                format!("{start:.1} ms"),
                "at most 12 ms",
                Verdict::of(*start <= 12.0),
            );
        }
        for (name, answer) in &functions.first_answer_ms {
            row(
                &format!("start of {name} until its first answer"),
                format!("{answer:.1} ms"),
                if name == CONSOLE { "at most 60 ms" } else { "" },
                if name == CONSOLE { Verdict::of(*answer <= 60.0) } else { Verdict::NoTarget },
            );
        }
        for (name, bytes) in &functions.zip_bytes {
            row(
                &format!("zip of {name}"),
                format!("{:.2} MB", *bytes as f64 / 1e6),
                &format!("at most {} MB", zip_limit(name) / 1_000_000),
                Verdict::of(*bytes <= zip_limit(name)),
            );
        }
        for (name, megabytes) in &functions.peak_rss_mb {
            row(
                &format!("peak memory of {name} after 1,000 events"),
                format!("{megabytes:.1} MB"),
                "at most 24 MB",
                Verdict::of(*megabytes <= 24.0),
            );
        }
        for (pictures, time) in &functions.whole_event_ms {
            row(
                &format!("whole event with S3 in 20 ms, SQS in 8 ms, pictures: {pictures}"),
                format!("{time:.1} ms"),
                "at most 31 ms",
                Verdict::of(*time <= 31.0),
            );
        }
        for (post, target) in [
            ("dropped_tracking", Some(0)),
            ("second_heartbeat", Some(0)),
            ("first_heartbeat", None),
            ("event_510kb", None),
        ] {
            let calls = functions.aws_calls.get(post).copied().unwrap_or_default();
            let met = target.map_or(Verdict::NoTarget, |target| Verdict::of(calls == target));
            let target = target.map(|target: usize| target.to_string()).unwrap_or_default();
            row(&format!("AWS calls: {}", post.replace('_', " ")), calls.to_string(), &target, met);
        }
        for (kind, events) in &functions.events_per_second_per_core {
            row(
                &format!("events a second and core, SDK included: {kind}"),
                format!("{events:.0}"),
                "",
                Verdict::NoTarget,
            );
        }
        for (kind, bytes) in &functions.log_bytes_per_event {
            row(&format!("log of an event: {kind}"), format!("{bytes:.0} bytes"), "", Verdict::NoTarget);
        }
        let console = &functions.console;
        for (what, is, target, met) in [
            (
                "zip of the console",
                format!("{:.2} MB", console.zip_bytes as f64 / 1e6),
                "at most 8 MB",
                Verdict::of(console.zip_bytes <= 8_000_000),
            ),
            (
                "start of the console until it asks for an event",
                format!("{:.1} ms", console.cold_start_ms),
                "",
                Verdict::NoTarget,
            ),
            (
                "start of the console until its first page",
                format!("{:.1} ms", console.first_answer_ms),
                "at most 60 ms",
                Verdict::of(console.first_answer_ms <= 60.0),
            ),
            (
                "timeline, 50 of 100,000 events, CPU",
                format!("{:.2} ms", console.page_cpu_ms),
                "at most 30 ms",
                Verdict::of(console.page_cpu_ms > 0.0 && console.page_cpu_ms <= 30.0),
            ),
            (
                "- pages of the index",
                console.index_pages.to_string(),
                "at most 2",
                Verdict::of((1..=2).contains(&console.index_pages)),
            ),
            ("- AWS calls", console.aws_calls.to_string(), "", Verdict::NoTarget),
            ("- length as sent", format!("{} bytes", console.page_bytes), "", Verdict::NoTarget),
        ] {
            row(what, is, target, met);
        }
        let in_memory = &self.events_per_second_per_core_in_memory;
        for (kind, events) in [
            ("tracking", in_memory.tracking),
            ("small", in_memory.small),
            ("event_510kb", in_memory.event_510kb),
        ] {
            row(
                &format!("events a second and core, ports in memory: {kind}"),
                format!("{events:.0}"),
                "",
                Verdict::NoTarget,
            );
        }
        rows
    }
}
