//! Metrics in CloudWatch's embedded metric format: log lines that CloudWatch makes metrics of.

use std::collections::BTreeMap;
use std::io::Write;

use camhook_ports::{Measurements, Unit};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

const NAMESPACE: &str = "camhook";

/// Writes what an invocation measured, one line for each set of dimensions.
pub(crate) fn write(measurements: &Measurements, now: Timestamp) {
    let mut output = std::io::stdout().lock();
    for line in lines(measurements, now) {
        // A metric that cannot be written has nowhere to be told of.
        let _ = writeln!(output, "{line}");
    }
}

/// The metrics of one set of dimensions, by name.
type Group<'a> = BTreeMap<&'a str, (Unit, Vec<f64>)>;

fn lines(measurements: &Measurements, now: Timestamp) -> Vec<Value> {
    let mut groups: BTreeMap<Vec<(&str, &str)>, Group<'_>> = BTreeMap::new();
    for metric in measurements.metrics() {
        let dimensions =
            metric.dimensions.iter().map(|dimension| (dimension.name, dimension.value.as_str())).collect();
        let group = groups.entry(dimensions).or_default();
        let (_, values) = group.entry(metric.name).or_insert((metric.unit, Vec::new()));
        match (metric.unit, values.first_mut()) {
            (Unit::Count, Some(sum)) => *sum += metric.value,
            _ => values.push(metric.value),
        }
    }
    groups.into_iter().map(|(dimensions, metrics)| line(&dimensions, metrics, now)).collect()
}

fn line(dimensions: &[(&str, &str)], metrics: Group<'_>, now: Timestamp) -> Value {
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
            "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [names], "Metrics": directives }],
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
        let mut measurements = Measurements::default();
        measurements.count("PicturesStored", [("Vendor", "viewtron")]);
        measurements.count("PicturesStored", [("Vendor", "viewtron")]);
        measurements.time("S3Time", Duration::from_millis(20), []);
        measurements.time("S3Time", Duration::from_millis(30), []);
        let lines = lines(&measurements, Timestamp::UNIX_EPOCH);
        assert_eq!(
            lines,
            [
                json!({
                    "_aws": { "Timestamp": 0, "CloudWatchMetrics": [{ "Namespace": "camhook", "Dimensions": [[]],
                        "Metrics": [{ "Name": "S3Time", "Unit": "Milliseconds" }] }] },
                    "S3Time": [20.0, 30.0],
                }),
                json!({
                    "_aws": { "Timestamp": 0, "CloudWatchMetrics": [{ "Namespace": "camhook",
                        "Dimensions": [["Vendor"]], "Metrics": [{ "Name": "PicturesStored", "Unit": "Count" }] }] },
                    "Vendor": "viewtron",
                    "PicturesStored": 2.0,
                }),
            ]
        );
    }
}
