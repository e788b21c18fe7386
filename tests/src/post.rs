//! Posts as cameras send them, filled in for a source.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use base64_simd::STANDARD;
use camhook_picture::{Context, SamplePost, render};
use camhook_ports::{Clock, SystemClock};
use jiff::tz::TimeZone;

/// An intrusion with two pictures, small enough to be sent often: one event, one relay action.
pub const INTRUSION: &str = include_str!("../posts/intrusion.http");

/// [`INTRUSION`] with pictures that are too large to be their own thumbnails.
#[must_use]
pub fn large_intrusion() -> String {
    INTRUSION.replace("160x200 9000", "640x360 60000").replace("640x360 40000", "640x360 60000")
}

/// A template with a GIF of one pixel in the place of a picture, counted from 0.
#[must_use]
pub fn with_gif(template: &str, index: usize) -> String {
    let (start, _) = template.match_indices("{{jpeg ").nth(index).unwrap();
    let end = start + template[start..].find("}}").unwrap() + "}}".len();
    format!("{}R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs={}", &template[..start], &template[end..])
}

/// A post that was filled in: the time of sending, pictures that no other post has.
#[derive(Debug, Clone)]
pub struct Post {
    text: String,
}

impl Post {
    /// Fills in a template for a webhook's path. Every call makes other pictures, and so another event.
    #[must_use]
    pub fn new(template: &str, path: &str) -> Self {
        Self::with_seed(template, path, getrandom::u64().unwrap())
    }

    /// The same with the pictures of this seed.
    #[must_use]
    pub fn with_seed(template: &str, path: &str, seed: u64) -> Self {
        let context = Context {
            path: path.to_owned(),
            now: SystemClock::start().now(),
            timezone: TimeZone::get("Europe/Berlin").unwrap(),
            seed,
            plate: None,
        };
        Self { text: render(template, &context).unwrap() }
    }

    /// The request that it is.
    #[must_use]
    pub fn request(&self) -> SamplePost<'_> {
        SamplePost::parse(self.text.as_bytes()).unwrap()
    }

    /// The bytes of its pictures, in their order: what stands in base64 between two marks.
    #[must_use]
    pub fn pictures(&self) -> Vec<Vec<u8>> {
        let is_base64 = |octet: char| octet.is_ascii_alphanumeric() || matches!(octet, '+' | '/' | '=');
        // Every JPEG begins with FF D8 FF, which is `/9j/` in base64.
        let runs = self.text.split(|octet| !is_base64(octet)).filter(|run| run.starts_with("/9j/"));
        runs.map(|run| STANDARD.decode_to_vec(run).unwrap()).collect()
    }
}
