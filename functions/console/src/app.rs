//! What outlives a request.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use camhook_ports::{Clock, DayCount, EventIndex, IndexError, IndexPorts, ObjectStore};
use jiff::civil::Date;
use url::Url;

/// How long the counts of a month are used before the index is asked again.
const COUNTS_MAX_AGE: Duration = Duration::from_secs(20);

/// Where the console runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deployment {
    /// On AWS, over HTTPS.
    Aws,
    /// On the local cloud, over HTTP on one machine.
    Local,
}

/// How many days the stack keeps things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Event records and marks.
    pub events_days: u32,
    /// Pictures and thumbnails.
    pub images_days: u32,
}

/// What outlives a request.
#[derive(Debug)]
pub struct App<P: 'static> {
    /// The external services.
    pub(crate) ports: &'static P,
    /// Where the console runs.
    pub(crate) deployment: Deployment,
    /// How long things are kept.
    pub(crate) retention: Retention,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    picture_origin: Mutex<Option<String>>,
    counts: Mutex<Option<MonthCounts>>,
}

#[derive(Debug, Clone)]
struct MonthCounts {
    month: Date,
    read: Duration,
    counts: Arc<Vec<DayCount>>,
}

impl<P> Clone for App<P> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), ..*self }
    }
}

impl<P: IndexPorts> App<P> {
    /// The console on these ports.
    #[must_use]
    pub fn new(ports: &'static P, deployment: Deployment, retention: Retention) -> Self {
        Self { ports, deployment, retention, shared: Arc::default() }
    }

    /// The origin of the bucket's pictures, for the Content-Security-Policy; `None` when no link can be signed.
    pub(crate) async fn picture_origin(&self) -> Option<String> {
        let known = self.shared.picture_origin.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if known.is_some() {
            return known;
        }
        let link = self.ports.objects().link("images/origin", Duration::from_secs(1)).await.ok()?;
        let origin = Url::parse(&link).ok()?.origin();
        let origin = origin.is_tuple().then(|| origin.ascii_serialization())?;
        *self.shared.picture_origin.lock().unwrap_or_else(PoisonError::into_inner) = Some(origin.clone());
        Some(origin)
    }

    /// The counts of a month, at most 20 seconds old.
    pub(crate) async fn counts(&self, month: Date) -> Result<Arc<Vec<DayCount>>, IndexError> {
        let month = month.first_of_month();
        let now = self.ports.clock().elapsed();
        let known = self.shared.counts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known
            && known.month == month
            && now.saturating_sub(known.read) < COUNTS_MAX_AGE
        {
            return Ok(known.counts);
        }
        let counts = Arc::new(self.ports.index().counts(month).await?);
        let fresh = MonthCounts { month, read: now, counts: Arc::clone(&counts) };
        *self.shared.counts.lock().unwrap_or_else(PoisonError::into_inner) = Some(fresh);
        Ok(counts)
    }
}
