//! What came of a request.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;

use crate::address::Forbidden;

/// What came of a request.
#[derive(Debug)]
#[must_use]
pub enum Outcome {
    /// It was done: a status of 200 to 299.
    Done(Answer),
    /// It was refused: any other status, redirects included.
    Refused(Answer),
    /// Nothing reached the other side: surely no effect.
    NotSent(NotSent),
    /// No answer came after something was sent: nobody knows whether it was done.
    NoAnswer(Failure),
}

/// What the other side answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, or its beginning.
    pub body: Bytes,
    /// Whether that is all of it.
    pub completeness: Completeness,
}

/// Whether a body is all that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// It is.
    Whole,
    /// More came than is taken, or the rest did not come in time.
    Cut,
}

impl Answer {
    /// How long the other side asks to be left alone: `Retry-After`, in seconds or as a date.
    #[must_use]
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        let value = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = value.parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
        Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
    }
}

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// The address is not one that may be spoken to.
    #[error("{origin} is not spoken to: {reason}")]
    Forbidden {
        /// Scheme, host and port.
        origin: String,
        /// Which address, and why.
        reason: Forbidden,
    },
    /// `network = "loopback"` in a stack that is not deployed for one machine.
    #[error("{origin} is not spoken to: network = \"loopback\" is only for a stack on one machine")]
    LoopbackDeployed {
        /// Scheme, host and port.
        origin: String,
    },
    /// The URL is not one of HTTP, or has no host, or the request cannot be written.
    #[error("{origin} cannot be spoken to: {reason}")]
    Unusable {
        /// Scheme, host and port.
        origin: String,
        /// What is wrong.
        reason: String,
    },
    /// The name has no address, nobody listens there, the certificate is not trusted, or it took too long.
    #[error("{origin} cannot be reached: {reason}")]
    NotConnected {
        /// Scheme, host and port.
        origin: String,
        /// What went wrong.
        reason: String,
    },
}

/// Why no answer came.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{origin} gave no answer: {reason}")]
pub struct Failure {
    /// Scheme, host and port.
    pub origin: String,
    /// What went wrong.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_other_side_says_when_to_come_back() {
        // Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
        let now = Timestamp::from_second(784_111_777).unwrap();
        for (value, expected) in [
            ("120", Some(120)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:48:37 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(value));
            let (status, body) = (StatusCode::TOO_MANY_REQUESTS, Bytes::new());
            let answer = Answer { status, headers, body, completeness: Completeness::Whole };
            assert_eq!(answer.retry_after(now), expected.map(Duration::from_secs), "{value}");
        }
    }
}
