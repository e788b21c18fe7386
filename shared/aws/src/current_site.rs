//! The site as camhook.toml in the bucket says it is now.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use camhook_event::CONFIG_KEY;
use camhook_ports::{Clock, ObjectError, ObjectStore, Ports, StoredObject};
use camhook_site::Site;

/// For how long nobody asks for a newer file.
const KEPT: Duration = Duration::from_secs(30);

/// How long the question for a newer file may take.
const LIMIT: Duration = Duration::from_secs(1);

/// The site, kept in memory between invocations.
///
/// A newer file is asked for at most every 30 seconds. While it cannot be read or is wrong, the site stays as
/// it was.
#[derive(Debug, Default)]
pub struct CurrentSite {
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug, Clone)]
struct Kept {
    site: Arc<Site>,
    etag: String,
    asked: Duration,
}

/// There is no site to serve: none was ever read.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The bucket did not give the file.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The bucket did not answer in time.
    #[error("`{CONFIG_KEY}` was not read within {} ms", LIMIT.as_millis())]
    Late,
    /// There is no file.
    #[error("the bucket has no `{CONFIG_KEY}`: upload one to this key")]
    Missing,
    /// The file is wrong.
    #[error("`{CONFIG_KEY}` is wrong: {0}")]
    Wrong(String),
}

impl CurrentSite {
    /// The site as it is now.
    ///
    /// # Errors
    ///
    /// When no good file was ever read.
    pub async fn get<P: Ports>(&self, ports: &P) -> Result<Arc<Site>, SiteError> {
        let now = ports.clock().elapsed();
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(kept) = kept else {
            let object = ask(ports, None).await?.ok_or(SiteError::Missing)?;
            let site = Arc::new(read(&object)?);
            self.keep(&site, object.etag, now);
            return Ok(site);
        };
        if now.saturating_sub(kept.asked) < KEPT {
            return Ok(kept.site);
        }
        let (site, etag) = match ask(ports, Some(&kept.etag)).await {
            Ok(None) => (kept.site, kept.etag),
            Ok(Some(object)) => match read(&object) {
                Ok(site) => (Arc::new(site), object.etag),
                Err(error) => {
                    // Its tag is kept: a wrong file is told of once and not every half minute.
                    tracing::error!(%error, "the newer configuration is not used");
                    (kept.site, object.etag)
                }
            },
            Err(error) => {
                tracing::error!(%error, "no newer configuration can be asked for");
                (kept.site, kept.etag)
            }
        };
        self.keep(&site, etag, now);
        Ok(site)
    }

    fn keep(&self, site: &Arc<Site>, etag: String, asked: Duration) {
        let kept = Kept { site: Arc::clone(site), etag, asked };
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
    }
}

async fn ask<P: Ports>(ports: &P, etag: Option<&str>) -> Result<Option<StoredObject>, SiteError> {
    let objects = ports.objects();
    let answer = tokio::time::timeout(LIMIT, async {
        match etag {
            Some(etag) => objects.get_if_changed(CONFIG_KEY, etag).await,
            None => objects.get(CONFIG_KEY).await,
        }
    });
    Ok(answer.await.map_err(|_| SiteError::Late)??)
}

fn read(object: &StoredObject) -> Result<Site, SiteError> {
    let text = std::str::from_utf8(&object.bytes).map_err(|error| SiteError::Wrong(error.to_string()))?;
    match camhook_site::read(text, CONFIG_KEY) {
        Ok((site, _warnings)) => Ok(site),
        Err(problems) => {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Err(SiteError::Wrong(problems.join("; ")))
        }
    }
}
