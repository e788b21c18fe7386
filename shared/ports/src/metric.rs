//! Counters and durations.

use std::time::Duration;

/// The unit of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Milliseconds.
    Milliseconds,
}

/// A name and a value by which a metric is split.
///
/// Values are few and known: a vendor, a kind, a reason. Never the name of an unknown source, which anybody
/// could make up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    /// What it is split by.
    pub name: &'static str,
    /// Into which part this value falls.
    pub value: String,
}

/// One measured value.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// What was measured.
    pub name: &'static str,
    /// In what.
    pub unit: Unit,
    /// How much.
    pub value: f64,
    /// What it is split by.
    pub dimensions: Vec<Dimension>,
}

impl Metric {
    fn new<const N: usize>(
        name: &'static str,
        unit: Unit,
        value: f64,
        dimensions: [(&'static str, &str); N],
    ) -> Self {
        let dimensions = dimensions.map(|(name, value)| Dimension { name, value: value.to_owned() }).to_vec();
        Self { name, unit, value, dimensions }
    }

    fn count<const N: usize>(name: &'static str, dimensions: [(&'static str, &str); N]) -> Self {
        Self::new(name, Unit::Count, 1.0, dimensions)
    }

    fn time<const N: usize>(
        name: &'static str,
        duration: Duration,
        dimensions: [(&'static str, &str); N],
    ) -> Self {
        Self::new(name, Unit::Milliseconds, duration.as_secs_f64() * 1e3, dimensions)
    }
}

/// Where metrics are recorded.
///
/// Recording never fails and never waits; when metrics are written is the implementation's business.
pub trait Metrics: Send + Sync {
    /// Records one value.
    fn record(&self, metric: Metric);

    /// Counts one.
    fn count<const N: usize>(&self, name: &'static str, dimensions: [(&'static str, &str); N]) {
        self.record(Metric::count(name, dimensions));
    }

    /// Records a duration.
    fn time<const N: usize>(
        &self,
        name: &'static str,
        duration: Duration,
        dimensions: [(&'static str, &str); N],
    ) {
        self.record(Metric::time(name, duration, dimensions));
    }
}
