//! Sample posts.

use camhook_ingest::Sample;

/// Requests as these devices send them, pictures in their real size.
pub const SAMPLES: &[Sample] = &[
    Sample {
        name: "line-crossing",
        about: "a recorder's channel 1 sees somebody cross a line: flag, snapshot and person, 360 kB of base64",
        request: include_str!("../samples/line-crossing.http"),
    },
    Sample {
        name: "plate",
        about: "a camera reads a licence plate that is on none of its lists",
        request: include_str!("../samples/plate.http"),
    },
    Sample { name: "face", about: "a camera finds a face", request: include_str!("../samples/face.http") },
    Sample {
        name: "motion-start",
        about: "a camera sees something move, in the flat form",
        request: include_str!("../samples/motion-start.http"),
    },
    Sample {
        name: "motion-stop",
        about: "motion ends, by GET",
        request: include_str!("../samples/motion-stop.http"),
    },
    Sample { name: "disk", about: "a recorder has no disk", request: include_str!("../samples/disk.http") },
    Sample {
        name: "manual-1",
        about: "somebody presses the Manual Push button 1",
        request: include_str!("../samples/manual-1.http"),
    },
    Sample { name: "keep-alive", about: "a keep-alive", request: include_str!("../samples/keep-alive.http") },
];

#[cfg(test)]
mod tests {
    use super::*;
    use camhook_picture::{Context, SamplePost, render};

    #[test]
    fn every_sample_is_in_the_dialect() {
        let context = Context {
            path: "/ivsec/nvr".to_owned(),
            now: "2026-11-23T08:00:00Z".parse().unwrap(),
            timezone: jiff::tz::TimeZone::UTC,
            seed: 0,
            plate: None,
        };
        for sample in SAMPLES {
            let request = render(sample.request, &context).unwrap();
            let post = SamplePost::parse(request.as_bytes()).unwrap();
            let (path, query) = post.path_and_query();
            if post.body.is_empty() {
                let is_button = path.ends_with("/manual/1");
                assert!(is_button || crate::parse::parse_query(crate::parse::parameters(query)).is_ok());
            } else {
                let body = std::str::from_utf8(post.body).unwrap();
                assert!(crate::parse::parse_body(Default::default(), body).is_ok(), "{}", sample.name);
            }
        }
    }
}
