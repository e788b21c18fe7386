//! What differs between two versions of camhook.toml.

use camhook_event::CONFIG_KEY;
use camhook_ports::{ObjectStore, ObjectVersion, Ports};
use futures_util::future::try_join;
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use crate::Error;

/// Equal lines that are shown before and after a change.
const CONTEXT: usize = 3;

/// Lines that belong together: changes, with what surrounds them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hunk {
    /// The number of the first line in the newer text, counted from 1.
    pub line: usize,
    /// The lines, in the order of the texts.
    pub lines: Vec<Line>,
}

/// A line of one text or of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Which text has it.
    pub change: Change,
    /// The line, without its end.
    pub text: String,
}

/// Which text has a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Both.
    Same,
    /// The older one.
    Removed,
    /// The newer one.
    Added,
}

/// The difference as `diff -u` writes it; nothing when there is none. `names` stand for the older and the newer text.
#[must_use]
pub fn unified_difference(older: &str, newer: &str, names: (&str, &str)) -> String {
    if older == newer {
        return String::new();
    }
    TextDiff::from_lines(older, newer).unified_diff().header(names.0, names.1).to_string()
}

/// The difference without secrets ([`camhook_site::redact`]). A line whose secret was changed is there twice, and its
/// secret in neither.
#[must_use]
pub fn redacted_difference(older: &str, newer: &str) -> Vec<Hunk> {
    let (older_lines, newer_lines) = (lines_of(older), lines_of(newer));
    let (older_redacted, newer_redacted) = (camhook_site::redact(older), camhook_site::redact(newer));
    let shown = Shown { older: lines_of(&older_redacted), newer: lines_of(&newer_redacted) };
    let diff = TextDiff::from_slices(&older_lines, &newer_lines);
    let hunks = diff.grouped_ops(CONTEXT).into_iter().map(|group| {
        let line = group.first().map_or(0, |first| first.new_range().start) + 1;
        let changes = group.iter().flat_map(|operation| diff.iter_changes(operation));
        let lines = changes
            .map(|change| match change.tag() {
                ChangeTag::Equal => shown.of_newer(Change::Same, change.new_index()),
                ChangeTag::Insert => shown.of_newer(Change::Added, change.new_index()),
                ChangeTag::Delete => shown.of_older(change.old_index()),
            })
            .collect();
        Hunk { line, lines }
    });
    hunks.collect()
}

/// The lines that are shown of two texts.
struct Shown<'a> {
    older: Vec<&'a str>,
    newer: Vec<&'a str>,
}

impl Shown<'_> {
    fn of_older(&self, index: Option<usize>) -> Line {
        line(Change::Removed, &self.older, index)
    }

    fn of_newer(&self, change: Change, index: Option<usize>) -> Line {
        line(change, &self.newer, index)
    }
}

fn line(change: Change, lines: &[&str], index: Option<usize>) -> Line {
    let text = index.and_then(|index| lines.get(index)).copied().unwrap_or_default();
    Line { change, text: text.trim_end_matches(['\r', '\n']).to_owned() }
}

/// The changes of a version against an older one, without secrets; `None` when one of them is no longer stored.
///
/// # Errors
///
/// When the bucket fails.
pub async fn changes<P: Ports>(
    ports: &P,
    older: &ObjectVersion,
    newer: &ObjectVersion,
) -> Result<Option<Vec<Hunk>>, Error> {
    let stored = try_join(text(ports, &older.id), text(ports, &newer.id)).await?;
    Ok(match stored {
        (Some(older), Some(newer)) => Some(redacted_difference(&older, &newer)),
        _ => None,
    })
}

async fn text<P: Ports>(ports: &P, version: &str) -> Result<Option<String>, Error> {
    let stored = ports.objects().get_version(CONFIG_KEY, version).await?;
    Ok(stored.map(|stored| String::from_utf8_lossy(&stored.bytes).into_owned()))
}

/// The lines with their ends, as [`camhook_site::redact`] counts them.
fn lines_of(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryPorts;
    use camhook_ports::{Object, Precondition};
    use jiff::Timestamp;

    use super::*;

    const OLDER: &str = "timezone = \"UTC\"\n\n[[source]]\nid = \"gate\"\nvendor = \"viewtron\"\narea = \"yard\"\n\
                         auth = { token = \"old-secret\" }\n# the end\n";

    fn newer() -> String {
        OLDER.replace("old-secret", "new-secret").replace("\"UTC\"", "\"Europe/Berlin\"")
    }

    #[test]
    fn a_changed_secret_is_a_changed_line_without_it() {
        let hunks = redacted_difference(OLDER, &newer());
        let shown: Vec<String> = hunks
            .iter()
            .flat_map(|hunk| &hunk.lines)
            .map(|line| {
                let sign = match line.change {
                    Change::Same => ' ',
                    Change::Removed => '-',
                    Change::Added => '+',
                };
                format!("{sign}{}", line.text)
            })
            .collect();
        assert_eq!(
            shown,
            [
                "-timezone = \"UTC\"",
                "+timezone = \"Europe/Berlin\"",
                " ",
                " [[source]]",
                " id = \"gate\"",
                " vendor = \"viewtron\"",
                " area = \"yard\"",
                "-auth = { token = \"[redacted]\" }",
                "+auth = { token = \"[redacted]\" }",
                " # [redacted]",
            ]
        );
        assert_eq!(redacted_difference(OLDER, OLDER), []);
    }

    #[test]
    fn changes_that_are_far_apart_are_hunks_with_their_lines() {
        let older: String = (0..30).map(|number| format!("area-{number} = {number}\n")).collect();
        let newer = older.replace("= 2\n", "= 200\n").replace("= 20\n", "= 2000\n");
        let lines: Vec<usize> = redacted_difference(&older, &newer).iter().map(|hunk| hunk.line).collect();
        assert_eq!(lines, [1, 18]);
    }

    #[test]
    fn a_unified_difference_names_both_texts() {
        let difference = unified_difference("a = 1\n", "a = 2\n", ("deployed", "file"));
        assert_eq!(difference, "--- deployed\n+++ file\n@@ -1 +1 @@\n-a = 1\n+a = 2\n");
        assert_eq!(unified_difference(OLDER, OLDER, ("deployed", "file")), "");
    }

    #[tokio::test]
    async fn the_changes_of_a_stored_version_are_read() {
        let ports = MemoryPorts::new(Timestamp::constant(1_800_000_000, 0));
        for text in [OLDER.to_owned(), newer()] {
            let object = Object { bytes: text.into(), content_type: "application/toml" };
            ports.objects.put(CONFIG_KEY, object, Precondition::None).await.unwrap();
        }
        let versions = ports.objects.versions(CONFIG_KEY, 10).await.unwrap();
        let [newer, older] = versions.as_slice() else { panic!("{versions:?}") };
        let hunks = changes(&ports, older, newer).await.unwrap().unwrap();
        assert_eq!(hunks, redacted_difference(OLDER, &self::newer()));
        let gone = ObjectVersion { id: "9".to_owned(), ..older.clone() };
        assert_eq!(changes(&ports, &gone, newer).await.unwrap(), None);
    }
}
