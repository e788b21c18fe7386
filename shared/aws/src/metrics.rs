//! Metrics in CloudWatch's embedded metric format (EMF): log lines from which CloudWatch extracts metrics.
//!
//! CloudWatch bills each metric by the month, and each combination of dimensions is one. At [`MetricsLevel::Basic`] only
//! the totals of [`ESSENTIAL_METRICS`] become metrics. Everything else is a field of the same log lines, so queries of
//! CloudWatch Logs Insights are the same at both levels.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use camhook_ports::{Metric, Metrics, Unit};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The namespace of a stack that sets no other.
pub(crate) const DEFAULT_NAMESPACE: &str = "camhook";

/// The metrics whose totals, without dimensions, CloudWatch has at both levels: those of alarms and the dashboard.
const ESSENTIAL_METRICS: [&str; 7] = [
    "ConfigurationRejected",
    "Events",
    "PendingOwed",
    "PicturesMissing",
    "Quarantined",
    "Refusals",
    "ReleasesUnconfirmed",
];

/// Which values become metrics of CloudWatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsLevel {
    /// The totals of a few metrics.
    Basic,
    /// The same totals, and every metric by its dimensions.
    Detailed,
}

/// Buffers the metrics of an invocation in a function, and discards them everywhere else.
#[derive(Debug)]
pub struct EmfMetrics {
    buffer: Option<Mutex<Vec<Metric>>>,
    /// Each stack has a namespace of its own.
    namespace: String,
    level: MetricsLevel,
}

impl EmfMetrics {
    pub(crate) fn buffered(namespace: &str, level: MetricsLevel) -> Self {
        Self { buffer: Some(Mutex::default()), namespace: namespace.to_owned(), level }
    }

    /// Outside Lambda nobody reads EMF lines.
    pub(crate) fn discarded() -> Self {
        Self { buffer: None, namespace: String::new(), level: MetricsLevel::Basic }
    }

    /// Writes what was recorded to standard output, one line per set of dimensions, and empties the buffer.
    pub(crate) fn flush(&self, now: Timestamp) {
        let Some(buffer) = &self.buffer else { return };
        let metrics = std::mem::take(&mut *buffer.lock().unwrap_or_else(PoisonError::into_inner));
        let mut output = std::io::stdout().lock();
        for line in lines(&metrics, &self.namespace, self.level, now) {
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

/// The values of one line, by name.
type Group<'a> = BTreeMap<&'a str, (Unit, f64)>;

/// A line for each set of dimensions: counts are summed, and each duration beyond the first has a line of its own, so
/// that queries read numbers only.
fn lines(metrics: &[Metric], namespace: &str, level: MetricsLevel, now: Timestamp) -> Vec<Value> {
    let mut groups: BTreeMap<Vec<(&str, &str)>, Vec<Group<'_>>> = BTreeMap::new();
    for metric in metrics {
        let dimensions =
            metric.dimensions.iter().map(|dimension| (dimension.name, dimension.value.as_str())).collect();
        let lines = groups.entry(dimensions).or_default();
        match (metric.unit, lines.iter_mut().find_map(|line| line.get_mut(metric.name))) {
            (Unit::Count, Some((_, sum))) => *sum += metric.value,
            _ => insert(lines, metric),
        }
    }
    let lines = groups.into_iter().flat_map(|(dimensions, lines)| {
        lines.into_iter().map(move |metrics| line(&dimensions, &metrics, namespace, level, now))
    });
    lines.collect()
}

/// Puts a value on the first line that has none of its name.
fn insert<'a>(lines: &mut Vec<Group<'a>>, metric: &'a Metric) {
    let value = (metric.unit, metric.value);
    match lines.iter_mut().find(|line| !line.contains_key(metric.name)) {
        Some(line) => _ = line.insert(metric.name, value),
        None => lines.push(Group::from([(metric.name, value)])),
    }
}

fn line(
    dimensions: &[(&str, &str)],
    metrics: &Group<'_>,
    namespace: &str,
    level: MetricsLevel,
    now: Timestamp,
) -> Value {
    let mut line = Map::new();
    let directives = directives(dimensions, metrics, namespace, level);
    if !directives.is_empty() {
        let metadata = json!({ "Timestamp": now.as_millisecond(), "CloudWatchMetrics": directives });
        line.insert("_aws".to_owned(), metadata);
    }
    line.extend(dimensions.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
    line.extend(metrics.iter().map(|(name, (_, value))| ((*name).to_owned(), Value::from(*value))));
    Value::Object(line)
}

/// What CloudWatch extracts from the line of these metrics.
fn directives(
    dimensions: &[(&str, &str)],
    metrics: &Group<'_>,
    namespace: &str,
    level: MetricsLevel,
) -> Vec<Value> {
    let totals = || metrics.iter().filter(|(name, _)| ESSENTIAL_METRICS.contains(name));
    let names: Vec<&str> = dimensions.iter().map(|(name, _)| *name).collect();
    let directives = match level {
        MetricsLevel::Basic => vec![directive(namespace, &[], totals())],
        // Without dimensions, the metrics are the totals.
        MetricsLevel::Detailed if names.is_empty() => vec![directive(namespace, &[], metrics.iter())],
        MetricsLevel::Detailed => {
            vec![directive(namespace, &names, metrics.iter()), directive(namespace, &[], totals())]
        }
    };
    directives.into_iter().flatten().collect()
}

/// `None` without metrics.
fn directive<'a>(
    namespace: &str,
    dimensions: &[&str],
    metrics: impl Iterator<Item = (&'a &'a str, &'a (Unit, f64))>,
) -> Option<Value> {
    let definitions: Vec<Value> = metrics
        .map(|(name, (unit, _))| {
            let unit = match unit {
                Unit::Count => "Count",
                Unit::Milliseconds => "Milliseconds",
            };
            json!({ "Name": name, "Unit": unit })
        })
        .collect();
    let directive = json!({ "Namespace": namespace, "Dimensions": [dimensions], "Metrics": definitions });
    (!definitions.is_empty()).then_some(directive)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn recorded(level: MetricsLevel) -> Vec<Value> {
        let metrics = EmfMetrics::buffered("camhook-house", level);
        metrics.count("PicturesStored", [("Vendor", "viewtron")]);
        metrics.count("PicturesStored", [("Vendor", "viewtron")]);
        metrics.count("Events", [("Vendor", "viewtron"), ("Kind", "plate")]);
        metrics.count("PendingOwed", []);
        metrics.time("S3Time", Duration::from_millis(20), []);
        metrics.time("S3Time", Duration::from_millis(30), []);
        let recorded = metrics.buffer.unwrap().into_inner().unwrap();
        lines(&recorded, &metrics.namespace, level, Timestamp::UNIX_EPOCH)
    }

    fn metadata(directives: &Value) -> Value {
        json!({ "Timestamp": 0, "CloudWatchMetrics": directives })
    }

    fn directive(dimensions: &Value, name: &str, unit: &str) -> Value {
        json!({ "Namespace": "camhook-house", "Dimensions": [dimensions], "Metrics": [{ "Name": name, "Unit": unit }] })
    }

    #[test]
    fn basic_metrics_are_the_totals_of_essential_ones() {
        let pending = directive(&json!([]), "PendingOwed", "Count");
        let events = directive(&json!([]), "Events", "Count");
        let expected = [
            json!({ "_aws": metadata(&json!([pending])), "PendingOwed": 1.0, "S3Time": 20.0 }),
            json!({ "S3Time": 30.0 }),
            json!({ "Vendor": "viewtron", "PicturesStored": 2.0 }),
            json!({ "_aws": metadata(&json!([events])), "Vendor": "viewtron", "Kind": "plate", "Events": 1.0 }),
        ];
        assert_eq!(recorded(MetricsLevel::Basic), expected);
    }

    #[test]
    fn detailed_metrics_have_dimensions_beside_the_totals() {
        let unsplit = json!({
            "Namespace": "camhook-house", "Dimensions": [[]],
            "Metrics": [{ "Name": "PendingOwed", "Unit": "Count" }, { "Name": "S3Time", "Unit": "Milliseconds" }],
        });
        let time = directive(&json!([]), "S3Time", "Milliseconds");
        let pictures = directive(&json!(["Vendor"]), "PicturesStored", "Count");
        let events = directive(&json!(["Vendor", "Kind"]), "Events", "Count");
        let total = directive(&json!([]), "Events", "Count");
        let expected = [
            json!({ "_aws": metadata(&json!([unsplit])), "PendingOwed": 1.0, "S3Time": 20.0 }),
            json!({ "_aws": metadata(&json!([time])), "S3Time": 30.0 }),
            json!({ "_aws": metadata(&json!([pictures])), "Vendor": "viewtron", "PicturesStored": 2.0 }),
            json!({ "_aws": metadata(&json!([events, total])), "Vendor": "viewtron", "Kind": "plate", "Events": 1.0 }),
        ];
        assert_eq!(recorded(MetricsLevel::Detailed), expected);
    }

    #[test]
    fn log_fields_are_the_same_at_both_levels() {
        let without_metadata = |level| {
            let mut lines = recorded(level);
            for line in &mut lines {
                line.as_object_mut().unwrap().remove("_aws");
            }
            lines
        };
        assert_eq!(without_metadata(MetricsLevel::Basic), without_metadata(MetricsLevel::Detailed));
    }
}
