//! What a finding suggests is valid when somebody writes it.

use camhook_site::{Inspection, NoChecks, inspect};

/// A file without findings, whose lines are replaced.
const FILE: &str = r#"timezone = "Europe/Berlin"
[[source]]
id = "drive"
vendor = "viewtron"
area = "yard"
auth = { token_sha256 = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0" }
[lists]
residents = [{ plate = "IB36NL" }]
[[relay]]
id = "gate"
driver = "shelly-gen2"
url = "https://gate.example.org"
[[channel]]
id = "phone"
kind = "ntfy"
url = "https://ntfy.example.org/family"
priority = "high"
quiet = { from = "22:00", to = "06:00" }
[[rule]]
id = "residents"
when = { source = "drive", kind = "plate", plate = "@residents", min_confidence = 0.8 }
during = { from = "07:00", to = "22:00" }
then = [{ notify = "phone" }, { relay = "gate", action = "pulse", seconds = 5 }]
urgent = true
[[rule]]
id = "somebody"
when = { source = "drive", target = ["person", "vehicle"] }
then = { notify = "phone" }
cooldown = "1m"
"#;

fn inspection(text: &str) -> Inspection {
    inspect(text, "camhook.toml", &NoChecks)
}

/// The fixes of a file's errors.
fn fixes(text: &str) -> Vec<String> {
    let Inspection { problems, strict, .. } = inspection(text);
    problems.into_iter().chain(strict).map(|problem| problem.0.fix).collect()
}

fn replaced(right: &str, wrong: &str) -> String {
    assert_eq!(FILE.matches(right).count(), 1, "{right}");
    FILE.replace(right, wrong)
}

#[test]
fn the_file_itself_has_no_findings() {
    let Inspection { site, problems, strict, warnings } = inspection(FILE);
    assert!(site.is_some());
    assert!(
        problems.is_empty() && strict.is_empty() && warnings.is_empty(),
        "{problems:?} {strict:?} {warnings:?}"
    );
}

#[test]
fn a_suggestion_that_is_followed_is_valid() {
    // What is right, what somebody writes, what the fix says, and what that makes of it.
    for (right, wrong, fix, followed) in [
        ("id = \"drive\"", "id = 'drive\"", "close the text with '", "id = 'drive'"),
        ("id = \"drive\"", "id = \"drive'", "close the text with \"", "id = \"drive\""),
        ("urgent = true", "urgent = True", "write urgent = true", "urgent = true"),
        ("urgent = true", "urgent = yes", "write urgent = true", "urgent = true"),
        ("urgent = true", "urgent = \"Yes\"", "write true, without quotation marks", "urgent = true"),
        (
            "priority = \"high\"",
            "priority = 5",
            "use `min`, `low`, `default`, `high` or `max`",
            "priority = \"max\"",
        ),
        (
            "min_confidence = 0.8",
            "min_confidence = \"80%\"",
            "write 0.8, without quotation marks",
            "min_confidence = 0.8",
        ),
        (
            "min_confidence = 0.8",
            "min_confidence = 80%",
            "write min_confidence = 0.8",
            "min_confidence = 0.8",
        ),
        ("from = \"07:00\"", "from = 07:00:00", "write \"07:00\", in quotation marks", "from = \"07:00\""),
        (
            "{ plate = \"IB36NL\" }",
            "{ plate = \"IB36NL\", until = 2027-12-31 }",
            "write \"2027-12-31\", in quotation marks",
            "{ plate = \"IB36NL\", until = \"2027-12-31\" }",
        ),
        (
            "[{ notify = \"phone\" },",
            "[{ notify = [\"phone\"] },",
            "write one channel without brackets; several get an action each: then = [{ notify = … }, { notify = … }]",
            "[{ notify = \"phone\" }, { notify = \"phone\" },",
        ),
        ("seconds = 5", "duration = 5", "did you mean `seconds`?", "seconds = 5"),
        ("seconds = 5", "seconds = 5s", "write seconds = 5, the number of seconds", "seconds = 5"),
        (
            "min_confidence = 0.8",
            "min_confidence = 0,8",
            "write min_confidence = 0.8",
            "min_confidence = 0.8",
        ),
        (
            "min_confidence = 0.8",
            "min_confidence = \"0,8\"",
            "write 0.8, without quotation marks",
            "min_confidence = 0.8",
        ),
        (
            "cooldown = \"1m\"",
            "cooldown = 00:01:00",
            "write a number and a unit: \"1m\"",
            "cooldown = \"1m\"",
        ),
        ("cooldown = \"1m\"", "cooldown = null", "leave `cooldown` out: what is absent has its default", ""),
        (
            "then = [{ notify = \"phone\" }, {",
            "then = [\"phone\", {",
            "write { notify = \"phone\" }; several actions are a list of such tables",
            "then = [{ notify = \"phone\" }, {",
        ),
        (
            "[{ plate = \"IB36NL\" }]",
            "[\"IB36NL\"]",
            "write { plate = \"IB36NL\" }",
            "[{ plate = \"IB36NL\" }]",
        ),
        (
            "urgent = true",
            "dry_run = true",
            "write `dry_run` at the top of the file, above the first [header]",
            "urgent = true",
        ),
        ("kind = \"plate\"", "kind = \"anpr\"", "did you mean `plate`?", "kind = \"plate\""),
        (
            "urgent = true",
            "quiet = { from = \"22:00\", to = \"06:00\" }",
            "write `quiet` in the [[channel]]; with `urgent = true` a rule notifies during it, too",
            "urgent = true",
        ),
        (
            "timezone = \"Europe/Berlin\"",
            "timezone = \"UTC+1\"",
            "use a name such as `Europe/Berlin`, which knows about daylight saving time; `Etc/GMT-1` has that offset all \
             year, its sign is the opposite one",
            "timezone = \"Etc/GMT-1\"",
        ),
        (
            "target = [\"person\", \"vehicle\"]",
            "target = \"person, vehicle\"",
            "write a list: [\"person\", \"vehicle\"]",
            "target = [\"person\", \"vehicle\"]",
        ),
        (
            "id = \"drive\"",
            "id = \"Drive\"",
            "write `drive`, here and wherever it is named: ids have lower-case letters only",
            "id = \"drive\"",
        ),
        ("cooldown = \"1m\"", "cooldown = 1m", "write cooldown = \"1m\"", "cooldown = \"1m\""),
        (
            "then = { notify = \"phone\" }",
            "actions = { notify = \"phone\" }",
            "did you mean `then`?",
            "then = { notify = \"phone\" }",
        ),
        (
            "then = { notify = \"phone\" }",
            "then = { channel = \"phone\" }",
            "name `notify`, or `relay` and `action`, or `mode`",
            "then = { notify = \"phone\" }",
        ),
    ] {
        let found = fixes(&replaced(right, wrong));
        assert!(found.iter().any(|found| found == fix), "{wrong}: {found:#?}");
        let followed = replaced(right, followed);
        assert!(fixes(&followed).is_empty(), "{followed}: {:#?}", fixes(&followed));
    }
}

#[test]
fn one_mistake_is_one_finding() {
    for (right, wrong) in [
        ("id = \"drive\"", "id = \"Drive\""),
        ("id = \"phone\"", "id = \"Phone\""),
        ("then = { notify = \"phone\" }", "then = { notify = \"phone\""),
        ("target = [\"person\", \"vehicle\"]", "target = [\"person\", \"vehicle\""),
        ("auth = {", "auth = [{"),
        ("urgent = true", "urgent = True"),
        ("priority = \"high\"", "priority = 5"),
        ("url = \"https://gate.example.org\"", "url = \"http://192.168.85.151\""),
    ] {
        let found = fixes(&replaced(right, wrong));
        assert_eq!(found.len(), 1, "{wrong}: {found:#?}");
    }
}

#[test]
fn many_findings_are_placed_in_a_moment() {
    let mut text = String::new();
    for index in 0..10_000 {
        text += &format!(
            "[[source]]\nid = \"camera-{index}\"\nvendor = \"viewtron\"\nauth = {{ token_sha256 = \"{index:064x}\" }}\n"
        );
    }
    let warnings = inspection(&text).warnings;
    assert_eq!(warnings.len(), 10_000);
    let last = &warnings.last().unwrap().0;
    assert_eq!((last.line, last.column), (4 * 9_999 + 1, 1));
}
