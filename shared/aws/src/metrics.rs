//! Metrics in CloudWatch's embedded metric format (EMF): log lines from which CloudWatch extracts metrics.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use camhook_ports::{Metric, Metrics, Unit};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The namespace of a stack that sets no other.
pub(crate) const DEFAULT_NAMESPACE: &str = "camhook";

/// Buffers the metrics of an invocation in a function, and discards them everywhere else.
#[derive(Debug)]
pub struct EmfMetrics {
    buffer: Option<Mutex<Vec<Metric>>>,
    /// Each stack has a namespace of its own.
    namespace: String,
}

impl EmfMetrics {
    pub(crate) fn buffered(namespace: &str) -> Self {
        Self { buffer: Some(Mutex::default()), namespace: namespace.to_owned() }
    }

    /// Outside Lambda nobody reads EMF lines.
    pub(crate) fn discarded() -> Self {
        Self { buffer: None, namespace: String::new() }
    }

    /// Writes what was recorded to standard output, one line per set of dimensions, and empties the buffer.
    pub(crate) fn flush(&self, now: Timestamp) {
        let Some(buffer) = &self.buffer else { return };
        let metrics = std::mem::take(&mut *buffer.lock().unwrap_or_else(PoisonError::into_inner));
        let mut output = std::io::stdout().lock();
        for line in lines(&metrics, &self.namespace, now) {
            // A metric that cannot be written cannot be reported anywhere else either.
            let _ = writeln!(output, "{line}");
        }
    }
}

impl Metrics for EmfMetrics {
    fn record(&self, metric: Metric) {
        if let Some(buffer) = &self.buffer {
            buffer.lock().unwrap_or_else(PoisonError::into_inner).push(metric);
        }
    }
}

/// The metrics of one set of dimensions, by name.
type Group<'a> = BTreeMap<&'a str, (Unit, Vec<f64>)>;

fn lines(metrics: &[Metric], namespace: &str, now: Timestamp) -> Vec<Value> {
    let mut groups: BTreeMap<Vec<(&str, &str)>, Group<'_>> = BTreeMap::new();
    for metric in metrics {
        let dimensions =
            metric.dimensions.iter().map(|dimension| (dimension.name, dimension.value.as_str())).collect();
        let group = groups.entry(dimensions).or_default();
        let (_, values) = group.entry(metric.name).or_insert((metric.unit, Vec::new()));
        match (metric.unit, values.first_mut()) {
            (Unit::Count, Some(sum)) => *sum += metric.value,
            _ => values.push(metric.value),
        }
    }
    groups.into_iter().map(|(dimensions, metrics)| line(&dimensions, metrics, namespace, now)).collect()
}

fn line(dimensions: &[(&str, &str)], metrics: Group<'_>, namespace: &str, now: Timestamp) -> Value {
    let mut line = Map::new();
    let names: Vec<&str> = dimensions.iter().map(|(name, _)| *name).collect();
    let directives: Vec<Value> = metrics
        .iter()
        .map(|(name, (unit, _))| {
            let unit = match unit {
                Unit::Count => "Count",
                Unit::Milliseconds => "Milliseconds",
            };
            json!({ "Name": name, "Unit": unit })
        })
        .collect();
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{ "Namespace": namespace, "Dimensions": [names], "Metrics": directives }],
        }),
    );
    line.extend(dimensions.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
    for (name, (_, values)) in metrics {
        let value = match values.as_slice() {
            [only] => Value::from(*only),
            several => Value::from(several),
        };
        line.insert(name.to_owned(), value);
    }
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn counts_are_summed_and_times_listed_by_dimensions() {
        let metrics = EmfMetrics::buffered("camhook-house");
        metrics.count("PicturesStored", [("Vendor", "viewtron")]);
        metrics.count("PicturesStored", [("Vendor", "viewtron")]);
        metrics.time("S3Time", Duration::from_millis(20), []);
        metrics.time("S3Time", Duration::from_millis(30), []);
        let recorded = metrics.buffer.unwrap().into_inner().unwrap();
        let lines = lines(&recorded, &metrics.namespace, Timestamp::UNIX_EPOCH);
        assert_eq!(
            lines,
            [
                json!({
                    "_aws": { "Timestamp": 0, "CloudWatchMetrics": [{ "Namespace": "camhook-house", "Dimensions": [[]],
                        "Metrics": [{ "Name": "S3Time", "Unit": "Milliseconds" }] }] },
                    "S3Time": [20.0, 30.0],
                }),
                json!({
                    "_aws": { "Timestamp": 0, "CloudWatchMetrics": [{ "Namespace": "camhook-house",
                        "Dimensions": [["Vendor"]], "Metrics": [{ "Name": "PicturesStored", "Unit": "Count" }] }] },
                    "Vendor": "viewtron",
                    "PicturesStored": 2.0,
                }),
            ]
        );
    }
}
