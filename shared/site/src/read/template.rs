//! The templates of messages and of requests to devices.

use super::good;
use crate::driver::DriverKeys;
use crate::problem::{Notes, Path};
use crate::raw::{RawAction, RawSite};

/// Notes templates that cannot be used.
pub(super) fn check(document: &RawSite, template_error: impl Fn(&str) -> Option<String>, notes: &mut Notes) {
    let mut check = |template: &str, path: &Path<'_>, fix: &str| {
        if let Some(error) = template_error(template) {
            notes.problem(path, format!("this template cannot be used: {error}"), fix);
        }
    };
    let root = Path::Root;
    let section = root.key("rule");
    for (index, rule) in good(&document.rule) {
        let path = section.index(index);
        let path = path.key("then");
        for (index, action) in rule.then.as_slice().iter().enumerate() {
            let RawAction::Notify(raw) = action else { continue };
            let path = path.index(index);
            for (key, template) in [("title", &raw.title), ("body", &raw.body)] {
                let Some(template) = template else { continue };
                check(&template.0, &path.key(key), "write names in double braces: {{ camera }}");
            }
        }
    }
    let section = root.key("relay");
    for (index, relay) in good(&document.relay) {
        let DriverKeys::Http(device) = &relay.kind else { continue };
        let path = section.index(index);
        for (request, key, template) in device.templates() {
            check(template, &path.key(request).key(key), "write names in double braces: {{ seconds }}");
        }
    }
}
