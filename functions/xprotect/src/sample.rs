//! Posts to try a source with.

use camhook_ingest::Sample;

/// Posts as XProtect sends them. Whoever sends one to a source with `hmac` [signs](crate::sign) it.
pub const SAMPLES: &[Sample] = &[
    Sample {
        name: "external-event",
        about: "somebody triggers the user-defined event \"Event High\"",
        request: include_str!("../samples/external-event.http"),
    },
    Sample {
        name: "motion",
        about: "a camera sees something move",
        request: include_str!("../samples/motion.http"),
    },
    Sample { name: "input", about: "a door contact opens", request: include_str!("../samples/input.http") },
    Sample {
        name: "analytics",
        about: "an analytics event that is sent whole: an area, a person and a picture, 100 kB of base64",
        request: include_str!("../samples/analytics.http"),
    },
    Sample {
        name: "plug-in",
        about: "a plug-in that speaks like XProtect, with keys of its user's own",
        request: include_str!("../samples/plug-in.http"),
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use camhook_picture::{Context, SamplePost, render};

    #[test]
    fn every_sample_is_an_event() {
        let context = Context {
            path: "/xprotect/vms".to_owned(),
            now: "2026-11-23T08:00:00Z".parse().unwrap(),
            timezone: jiff::tz::TimeZone::UTC,
            seed: 0,
            plate: None,
        };
        for sample in SAMPLES {
            let request = render(sample.request, &context).unwrap();
            let post = SamplePost::parse(request.as_bytes()).unwrap();
            let message = crate::parse::parse(post.body, "").unwrap();
            assert_eq!(message.id.unwrap().as_str().len(), 36, "{}", sample.name);
        }
    }
}
