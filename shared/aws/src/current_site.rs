//! The site of the configuration that is in force.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use camhook_event::CONFIG_KEY;
use camhook_ports::{Clock, ObjectError, ObjectStore, Ports, StoredObject};
use camhook_site::Site;
use camhook_state::configuration::{self, ValidVersion};

/// How long a site is used before the bucket is asked for a newer version.
const MAX_AGE: Duration = Duration::from_secs(30);

/// How long the newest version may take, and after it the last valid one.
const LIMIT: Duration = Duration::from_secs(1);

/// The site of the configuration that is in force, kept in memory between invocations.
///
/// That is the newest version of camhook.toml. When that one is invalid, or the file was deleted, it is the last
/// version that the watchdog found valid; and when nothing can be read, the site stays as it was. The bucket is asked
/// every 30 seconds at most.
#[derive(Debug, Default)]
pub struct CurrentSite {
    current: Mutex<Option<Current>>,
}

#[derive(Debug, Clone)]
struct Current {
    site: Arc<Site>,
    /// The tag of the newest version, which may be another one than the site's.
    newest: String,
    origin: Origin,
    checked: Duration,
}

/// Which version a site was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Newest,
    /// The newest one is invalid.
    LastValid,
}

/// There is no configuration: no valid version can be read.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The bucket did not return the file.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The bucket did not answer in time.
    #[error("`{CONFIG_KEY}` was not read within {} ms", LIMIT.as_millis())]
    Late,
    /// There is no file.
    #[error(
        "the bucket has no `{CONFIG_KEY}`, or it may not be read: upload one with `camhook config push FILE`"
    )]
    Missing,
    /// The file names no source, and it is not known whether that is intended.
    #[error("`{CONFIG_KEY}` names no source, and the last valid version could not be looked up: {0}")]
    Unconfirmed(String),
    /// The file is invalid.
    #[error("`{CONFIG_KEY}` is invalid: {0}")]
    Invalid(String),
}

impl CurrentSite {
    /// The site of the configuration that is in force.
    ///
    /// # Errors
    ///
    /// When no valid version can be read and none was ever read.
    pub async fn get<P: Ports>(&self, ports: &P) -> Result<Arc<Site>, SiteError> {
        let now = ports.clock().elapsed();
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(current) =
            current.as_ref().filter(|current| now.saturating_sub(current.checked) < MAX_AGE)
        {
            return Ok(Arc::clone(&current.site));
        }
        let next = next(ports, current, now).await?;
        let site = Arc::clone(&next.site);
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(next);
        Ok(site)
    }
}

/// The site after another look at the bucket.
async fn next<P: Ports>(ports: &P, current: Option<Current>, now: Duration) -> Result<Current, SiteError> {
    let known = current.as_ref().map(|current| current.newest.as_str());
    let error = match newest(ports, known).await {
        Ok(Newest::Changed(object)) => match usable(ports, current.as_ref(), &object).await {
            Ok(site) => {
                let site = Arc::new(site.with_version(object.version));
                return Ok(Current { site, newest: object.etag, origin: Origin::Newest, checked: now });
            }
            // It is read again with the next request.
            Err(error @ SiteError::Unconfirmed(_)) => error,
            Err(error) => {
                tracing::error!(%error, version = object.version, "rejected the newest configuration");
                return last_valid(ports, current, object.etag, now).await.ok_or(error);
            }
        },
        Ok(Newest::Unchanged) => match current {
            Some(current) if current.origin == Origin::LastValid => {
                let newest = current.newest.clone();
                return last_valid(ports, Some(current), newest, now).await.ok_or(SiteError::Missing);
            }
            Some(current) => return Ok(Current { checked: now, ..current }),
            None => SiteError::Missing,
        },
        Err(error) => error,
    };
    match current {
        Some(current) => {
            tracing::error!(%error, "failed to read the configuration");
            Ok(Current { checked: now, ..current })
        }
        None => match last_valid(ports, None, String::new(), now).await {
            Some(current) => {
                tracing::error!(%error, "failed to read the newest configuration");
                Ok(current)
            }
            None => Err(error),
        },
    }
}

/// The newest version.
enum Newest {
    /// It is the known one, or there is none.
    Unchanged,
    Changed(StoredObject),
}

async fn newest<P: Ports>(ports: &P, known: Option<&str>) -> Result<Newest, SiteError> {
    let objects = ports.objects();
    let answer = tokio::time::timeout(LIMIT, async {
        match known {
            Some(etag) => objects.get_if_changed(CONFIG_KEY, etag).await,
            None => objects.get(CONFIG_KEY).await,
        }
    });
    match answer.await.map_err(|_| SiteError::Late)? {
        Ok(object) => Ok(object.map_or(Newest::Unchanged, Newest::Changed)),
        // What S3 answers for a key that is not there, to a role that may not list the bucket.
        Err(ObjectError::Denied { .. }) => Err(SiteError::Missing),
        Err(error) => Err(error.into()),
    }
}

/// The site of a new version that can be used.
///
/// One without sources cannot, while a version with sources is in force: it is the result of an upload that went wrong,
/// unless the watchdog found it valid since its author confirmed it.
async fn usable<P: Ports>(
    ports: &P,
    current: Option<&Current>,
    object: &StoredObject,
) -> Result<Site, SiteError> {
    let site = read(object)?;
    if site.sources().next().is_some() {
        return Ok(site);
    }
    let valid = look_up_valid_version(ports).await.map_err(SiteError::Unconfirmed)?;
    let is_confirmed = valid.as_ref().is_some_and(|valid| Some(&valid.version) == object.version.as_ref());
    let replaces_sources = current.is_some_and(|current| current.site.sources().next().is_some())
        || valid.is_some_and(|valid| valid.sources > 0);
    if replaces_sources && !is_confirmed {
        return Err(SiteError::Invalid("it names no source".to_owned()));
    }
    Ok(site)
}

/// The site of the last valid version; the current one when that cannot be read.
async fn last_valid<P: Ports>(
    ports: &P,
    current: Option<Current>,
    newest: String,
    now: Duration,
) -> Option<Current> {
    let in_force = current.as_ref().and_then(|current| current.site.version());
    let origin = Origin::LastValid;
    let unchanged =
        || current.clone().map(|current| Current { newest: newest.clone(), origin, checked: now, ..current });
    let Some(valid) = last_valid_version(ports).await else { return unchanged() };
    if in_force == Some(valid.version.as_str()) {
        return unchanged();
    }
    match tokio::time::timeout(LIMIT, ports.objects().get_version(CONFIG_KEY, &valid.version)).await {
        Ok(Ok(Some(object))) => match read(&object) {
            Ok(site) => {
                tracing::warn!(version = valid.version, "using the last valid configuration");
                let site = Arc::new(site.with_version(Some(valid.version)));
                Some(Current { site, newest, origin, checked: now })
            }
            Err(error) => {
                tracing::error!(%error, version = valid.version, "failed to use the last valid configuration");
                unchanged()
            }
        },
        Ok(Ok(None)) | Err(_) => {
            tracing::error!(version = valid.version, "failed to read the last valid configuration");
            unchanged()
        }
        Ok(Err(error)) => {
            tracing::error!(%error, version = valid.version, "failed to read the last valid configuration");
            unchanged()
        }
    }
}

async fn last_valid_version<P: Ports>(ports: &P) -> Option<ValidVersion> {
    look_up_valid_version(ports).await.unwrap_or_else(|error| {
        tracing::error!(%error, "failed to look up the last valid configuration");
        None
    })
}

async fn look_up_valid_version<P: Ports>(ports: &P) -> Result<Option<ValidVersion>, String> {
    let looked_up = tokio::time::timeout(LIMIT, configuration::valid_version(ports.state())).await;
    let late = || format!("the table did not answer within {} ms", LIMIT.as_millis());
    looked_up.map_err(|_| late())?.map_err(|error| error.to_string())
}

fn read(object: &StoredObject) -> Result<Site, SiteError> {
    let text = std::str::from_utf8(&object.bytes).map_err(|error| SiteError::Invalid(error.to_string()))?;
    match camhook_site::read(text, CONFIG_KEY) {
        Ok((site, _warnings)) => Ok(site),
        Err(problems) => {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Err(SiteError::Invalid(problems.join("; ")))
        }
    }
}
