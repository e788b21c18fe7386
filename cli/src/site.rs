//! Reads a camhook.toml of this machine.

use std::path::Path;

use camhook_site::Site;

use crate::calendar::{self, Resolved};
use crate::error::Error;

/// Reads a camhook.toml.
pub(crate) fn read(path: &Path) -> Result<Site, Error> {
    let Resolved { text, unread, .. } = calendar::read(path)?;
    if let Some(calendar) = unread.into_iter().next() {
        return Err(calendar.into());
    }
    match camhook_site::read(&text, &path.display().to_string()) {
        Ok((site, _)) => Ok(site),
        Err(_) => Err(Error::WrongSite(path.to_owned())),
    }
}
