//! The changes of a version of camhook.toml against the one before.

use camhook_operations::config::{Change, Hunk, Line};
use maud::{Markup, html};

/// The number of lines that are shown.
const SHOWN: usize = 500;

/// The changes, which come without secrets.
pub(super) fn section(version: &str, changes: Option<&[Hunk]>) -> Markup {
    html! {
        section.panel id="changes" {
            h2 { "Changes of version " (super::short(version)) }
            @match changes {
                None => p.quiet { "The version before it is no longer stored." },
                Some([]) => p.quiet { "It is the same as the version before." },
                Some(hunks) => {
                    p.quiet { "Compared with the version before. Passwords, tokens, addresses and comments are not shown." }
                    (difference(hunks))
                }
            }
        }
    }
}

fn difference(hunks: &[Hunk]) -> Markup {
    let total: usize = hunks.iter().map(|hunk| hunk.lines.len()).sum();
    let mut left = SHOWN;
    let shown = hunks.iter().map_while(|hunk| {
        let lines = hunk.lines.get(..hunk.lines.len().min(left)).filter(|lines| !lines.is_empty())?;
        left -= lines.len();
        Some((hunk.line, lines))
    });
    html! {
        pre.diff {
            @for (number, lines) in shown {
                span.place { "Line " (number) }
                @for line in lines { (of_line(line)) }
            }
        }
        @if total > SHOWN { p.quiet { (total - SHOWN) " more lines" } }
    }
}

fn of_line(line: &Line) -> Markup {
    let text = printable_line(&line.text);
    match line.change {
        Change::Same => html! { span { "  " (text) } },
        Change::Removed => html! { span.removed { "- " (text) } },
        Change::Added => html! { span.added { "+ " (text) } },
    }
}

/// A line with its blanks, without control characters.
fn printable_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_differences_are_cut() {
        let line = || Line { change: Change::Added, text: "a\u{7}b <i>".to_owned() };
        let hunk = |lines: usize| Hunk { line: 1, lines: std::iter::repeat_with(line).take(lines).collect() };
        let page = section("version-of-the-file", Some(&[hunk(300), hunk(300), hunk(10)])).into_string();
        assert_eq!(page.matches("<span class=\"added\">+ a b &lt;i&gt;</span>").count(), SHOWN);
        assert!(page.contains("110 more lines"), "{page}");
        assert!(section("1", Some(&[])).into_string().contains("the same as the version before"));
    }
}
