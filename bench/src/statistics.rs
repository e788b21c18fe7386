//! Medians.

use std::time::Duration;

/// The middle one of some durations; zero for none.
pub(crate) fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    durations.get(durations.len() / 2).copied().unwrap_or_default()
}

/// A duration in microseconds, to a tenth.
pub(crate) fn microseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e7).round() / 10.0
}

/// A duration in milliseconds, to a hundredth.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e5).round() / 100.0
}

/// One of two numbers by the other, to a hundredth.
pub(crate) fn ratio(of: f64, to: f64) -> f64 {
    if to > 0.0 { (of / to * 100.0).round() / 100.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        let of =
            |numbers: &[u64]| median(numbers.iter().map(|number| Duration::from_millis(*number)).collect());
        assert_eq!(of(&[9, 1, 5]), Duration::from_millis(5));
        assert_eq!(of(&[]), Duration::ZERO);
    }

    #[test]
    fn figures_are_rounded() {
        assert_eq!(microseconds(Duration::from_nanos(1_260)), 1.3);
        assert_eq!(milliseconds(Duration::from_micros(28_456)), 28.46);
        assert_eq!(ratio(1.0, 3.0), 0.33);
        assert_eq!(ratio(1.0, 0.0), 0.0);
    }
}
