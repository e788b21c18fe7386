//! What was counted and measured on the way of one invocation.

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

/// What one invocation counted and measured.
///
/// Functions return it; the start-up code writes it where metrics go.
#[derive(Debug, Clone, Default, PartialEq)]
#[must_use]
pub struct Measurements {
    metrics: Vec<Metric>,
}

impl Measurements {
    /// Counts one.
    pub fn count<const N: usize>(&mut self, name: &'static str, dimensions: [(&'static str, &str); N]) {
        self.push(name, Unit::Count, 1.0, dimensions);
    }

    /// Notes how long something took.
    pub fn time<const N: usize>(
        &mut self,
        name: &'static str,
        duration: std::time::Duration,
        dimensions: [(&'static str, &str); N],
    ) {
        self.push(name, Unit::Milliseconds, duration.as_secs_f64() * 1e3, dimensions);
    }

    fn push<const N: usize>(
        &mut self,
        name: &'static str,
        unit: Unit,
        value: f64,
        dimensions: [(&'static str, &str); N],
    ) {
        let dimensions = dimensions.map(|(name, value)| Dimension { name, value: value.to_owned() }).to_vec();
        self.metrics.push(Metric { name, unit, value, dimensions });
    }

    /// Adds what another part of the invocation measured.
    pub fn append(&mut self, other: Self) {
        self.metrics.extend(other.metrics);
    }

    /// The values, in the order in which they were noted.
    #[must_use]
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// How often a name was counted, over all dimensions.
    #[must_use]
    pub fn counted(&self, name: &str) -> usize {
        self.metrics.iter().filter(|metric| metric.name == name).count()
    }
}
