//! A request as its dialect means it.

use crate::{Objects, Triggers};

/// What a request says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Message {
    /// There is no alarm.
    Idle,
    /// There is one.
    Alarm(Alarm),
}

/// An alarm.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Alarm {
    /// The camera's Cloud ID, or whatever the user wrote into the URL.
    pub(crate) camera: Option<String>,
    /// What set it off; the Cloud does not say.
    pub(crate) triggers: Option<Triggers>,
    /// The vendor's own word: the code, the mask, or the Cloud's text `trigger`.
    pub(crate) word: Option<String>,
    /// What was recognized.
    pub(crate) objects: Option<Objects>,
    /// The name of the recognized face. Its form is not documented.
    pub(crate) face: Option<String>,
    /// The licence plate. Its form is not documented.
    pub(crate) plate: Option<String>,
    /// How full the Cloud's storage is. Its unit is not documented.
    pub(crate) storage: Option<String>,
    /// Parameters without a place above, and the values of known ones that do not count.
    pub(crate) other: Vec<Parameter>,
}

/// A parameter that is kept by its own name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameter {
    /// Its name.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: String,
    /// Whether the dialect knows what it means.
    pub(crate) meaning: Meaning,
}

/// Whether a dialect knows what a parameter means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// It does.
    Known,
    /// It does not: the value may be anything, a person's name too.
    Unknown,
}
