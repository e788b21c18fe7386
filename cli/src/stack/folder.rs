//! The user's configuration folder: a file per stack on AWS, and the name of the one in use.

use std::io::Write;
use std::path::PathBuf;

use etcetera::{AppStrategy, AppStrategyArgs, choose_app_strategy};

use crate::error::Error;
use crate::stack::Stack;

/// Holds the name of the stack in use.
const CURRENT: &str = "current-stack";

/// The user's configuration folder: `~/.config/camhook`, or where the system keeps such folders.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder of the user who runs the command.
    pub(crate) fn of_user() -> Result<Self, Error> {
        let app = AppStrategyArgs {
            top_level_domain: "io".to_owned(),
            author: "camhook".to_owned(),
            app_name: "camhook".to_owned(),
        };
        let strategy = choose_app_strategy(app).map_err(|_| Error::NoHome)?;
        Ok(Self { path: strategy.config_dir() })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join("stacks").join(format!("{name}.json"))
    }

    /// The file of a stack.
    pub(crate) fn existing(&self, name: &str) -> Result<PathBuf, Error> {
        let path = self.file(name);
        if path.is_file() {
            return Ok(path);
        }
        let known = self.names();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Err(Error::UnknownStack { name: name.to_owned(), known })
    }

    /// The names of all stacks, in their order.
    pub(crate) fn names(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path.join("stacks")) else { return Vec::new() };
        let files = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> =
            files.filter_map(|file| Some(file.strip_suffix(".json")?.to_owned())).collect();
        names.sort_unstable();
        names
    }

    /// The stack in use.
    pub(crate) fn current(&self) -> Option<String> {
        let name = std::fs::read_to_string(self.path.join(CURRENT)).ok()?;
        let name = name.trim();
        camhook_site::is_id(name).then(|| name.to_owned())
    }

    /// Writes a stack in the place of what was there.
    pub(crate) fn save(&self, name: &str, stack: &Stack) -> Result<(), Error> {
        let path = self.file(name);
        let json = serde_json::to_string_pretty(stack)
            .map_err(|error| Error::BadStack { path: path.clone(), error: error.to_string() })?;
        write(&path, &json)
    }

    /// Makes a stack the one in use.
    pub(crate) fn set_current(&self, name: &str) -> Result<(), Error> {
        self.existing(name)?;
        write(&self.path.join(CURRENT), name)
    }

    /// Forgets a stack.
    pub(crate) fn remove(&self, name: &str) -> Result<(), Error> {
        let path = self.existing(name)?;
        if self.current().as_deref() == Some(name) {
            let current = self.path.join(CURRENT);
            std::fs::remove_file(&current).map_err(|error| Error::Write { path: current, error })?;
        }
        std::fs::remove_file(&path).map_err(|error| Error::Write { path, error })
    }
}

/// Replaces a file as a whole: a command that runs meanwhile reads the old content or the new one.
fn write(path: &std::path::Path, text: &str) -> Result<(), Error> {
    let failed = |error| Error::Write { path: path.to_owned(), error };
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = std::fs::File::create(&temporary).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&temporary, path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_kept_used_and_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder { path: home.path().join("camhook") };
        assert!(folder.names().is_empty() && folder.current().is_none());
        let json =
            r#"{"api_url":"https://example.org","region":"eu-north-1","bucket":"b","table":"t","queues":{}}"#;
        let stack: Stack = serde_json::from_str(json).unwrap();
        folder.save("house", &stack).unwrap();
        folder.save("barn", &stack).unwrap();
        assert_eq!(folder.names(), ["barn", "house"]);
        folder.set_current("house").unwrap();
        assert_eq!(folder.current().as_deref(), Some("house"));
        let error = folder.set_current("hous").unwrap_err().to_string();
        assert!(error.contains("barn, house"), "{error}");
        folder.remove("house").unwrap();
        assert!(folder.current().is_none() && folder.existing("house").is_err());
    }
}
