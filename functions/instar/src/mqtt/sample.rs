//! Messages as cameras publish them, to try a source with.

/// What a camera publishes about one thing.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it stands for, in one line.
    pub about: &'static str,
    /// What stands below `status/` of each topic, and the payload, in their order.
    pub messages: &'static [(&'static str, &'static str)],
}

/// What cameras of both generations publish. Each alarm ends with the return to 0.
pub const SAMPLES: &[Sample] = &[
    Sample {
        name: "area",
        about: "an older camera saw something move in area 1, and recognized a person",
        messages: &[
            ("alarm/triggered", r#"{"val":"1"}"#),
            ("alarm/triggered/object", r#"{"val":"1"}"#),
            ("alarm/triggered", r#"{"val":"0"}"#),
        ],
    },
    Sample {
        name: "area-with-pir",
        about: "a newer camera: area 1 and the PIR at once, one alarm in three messages",
        messages: &[
            ("alarm/triggered", r#"{"val":"7"}"#),
            ("alarm/triggered/triggers", r#"{"val":"17"}"#),
            ("alarm/triggered/objects", r#"{"val":"2"}"#),
            ("alarm/triggered", r#"{"val":"0"}"#),
            ("alarm/triggered/triggers", r#"{"val":"0"}"#),
        ],
    },
    Sample {
        name: "disconnected",
        about: "the camera is gone, as the broker says in its stead, and comes back",
        messages: &[("testament", r#"{"val":"dead"}"#), ("testament", r#"{"val":"alive"}"#)],
    },
];
