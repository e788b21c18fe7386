//! Lists of plates that the site keeps itself, and cameras with a name over all sources.

use camhook_event::{Camera, Text};
use jiff::civil::Date;

use crate::{CameraId, ListId, PlateText};

/// A list of plates.
#[derive(Debug, Clone)]
pub struct List {
    /// Its id, which rules write with an `@` before it.
    pub id: ListId,
    /// Who is on it.
    pub entries: Vec<ListEntry>,
}

/// A plate on a list.
#[derive(Debug, Clone)]
pub struct ListEntry {
    /// The plate.
    pub plate: PlateText,
    /// Whose it is.
    pub name: Option<Text>,
    /// The first day on which it counts, in the site's time zone.
    pub from: Option<Date>,
    /// The last day on which it counts, in the site's time zone.
    pub until: Option<Date>,
}

impl ListEntry {
    /// Whether the entry counts on a day of the site's calendar.
    #[must_use]
    pub fn is_valid_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }
}

/// A camera that has a name of its own over all sources.
#[derive(Debug, Clone)]
pub struct NamedCamera {
    /// Its id.
    pub id: CameraId,
    /// The cameras that it stands for.
    pub sources: Vec<CameraReference>,
}

/// One camera of a source, or a source as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraReference {
    /// The source's id.
    pub source: Text,
    /// The camera's id within the source; every camera of it when `None`.
    pub camera: Option<Text>,
}

impl CameraReference {
    /// Whether an event of this source and camera matches. The case of ASCII letters in the camera's id makes no difference:
    /// devices write one id in several ways.
    #[must_use]
    pub fn matches(&self, source: &Text, camera: Option<&Camera>) -> bool {
        *source == self.source
            && self.camera.as_ref().is_none_or(|id| {
                camera.is_some_and(|camera| camera.id.as_str().eq_ignore_ascii_case(id.as_str()))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_is_found_in_any_case_of_its_id() {
        let text = |text: &str| Text::new(text).unwrap();
        let camera = |id: &str| Camera { id: text(id), name: None };
        let reference = CameraReference { source: text("yard"), camera: Some(text("ch2")) };
        assert!(reference.matches(&text("yard"), Some(&camera("ch2"))));
        assert!(reference.matches(&text("yard"), Some(&camera("CH2"))));
        assert!(!reference.matches(&text("yard"), Some(&camera("CH3"))));
        assert!(!reference.matches(&text("gate"), Some(&camera("CH2"))));
        assert!(!reference.matches(&text("yard"), None));
    }
}
