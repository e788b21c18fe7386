//! Posts to try a source with.

use camhook_ingest::Sample;

/// Posts as these devices send them, pictures in their real size.
pub const SAMPLES: &[Sample] = &[
    Sample {
        name: "intrusion",
        about: "a camera sees a person in an area: overview and target, 530 kB of base64",
        request: include_str!("../samples/intrusion.http"),
    },
    Sample {
        name: "line-crossing",
        about: "a camera sees a car cross a line",
        request: include_str!("../samples/line-crossing.http"),
    },
    Sample {
        name: "plate",
        about: "a camera reads a licence plate: 770 kB of base64 for the overview, and the plate",
        request: include_str!("../samples/plate.http"),
    },
    Sample { name: "face", about: "a camera finds a face", request: include_str!("../samples/face.http") },
    Sample {
        name: "counting",
        about: "a camera counts people across a line",
        request: include_str!("../samples/counting.http"),
    },
    Sample {
        name: "nvr-intrusion",
        about: "a recorder forwards an intrusion of its channel 3, 524 kB",
        request: include_str!("../samples/nvr-intrusion.http"),
    },
    Sample {
        name: "nvr-plate",
        about: "a recorder forwards a licence plate, with the time that its firmware gets wrong",
        request: include_str!("../samples/nvr-plate.http"),
    },
    Sample {
        name: "alarm-start",
        about: "a camera's perimeter alarm begins",
        request: include_str!("../samples/alarm-start.http"),
    },
    Sample {
        name: "alarm-stop",
        about: "a camera's perimeter alarm ends",
        request: include_str!("../samples/alarm-stop.http"),
    },
    Sample {
        name: "keepalive",
        about: "a recorder's heartbeat",
        request: include_str!("../samples/keepalive.http"),
    },
    Sample {
        name: "traject",
        about: "a camera says where a person is, as it does some times a second",
        request: include_str!("../samples/traject.http"),
    },
];
