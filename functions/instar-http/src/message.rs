//! A request as its dialect means it.

use camhook_ingest::Malformed;

use crate::{Objects, Triggers};

/// What a request says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Message {
    /// That nothing is the matter.
    Idle,
    /// That something happened.
    Alarm(Alarm),
}

/// Something that happened.
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
    /// Whose face, as the Cloud names it. Its form is not documented.
    pub(crate) face: Option<String>,
    /// The licence plate. Its form is not documented.
    pub(crate) plate: Option<String>,
    /// How full the Cloud's storage is. Its unit is not documented.
    pub(crate) storage: Option<String>,
    /// All else, by its own name.
    pub(crate) other: Vec<(String, String)>,
}

/// A result of parsing.
pub(crate) type Parsing = Result<Message, Malformed>;
