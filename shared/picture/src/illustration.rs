//! Drawn frames of a camera, which show what a sample reports.

mod brush;
mod lettering;
mod light;
mod place;
mod subject;

use jiff::Zoned;
use tiny_skia::{Pixmap, Transform};

use self::brush::Brush;
pub(crate) use self::light::Light;
use self::place::Place;
use self::subject::{Area, Subject};
use crate::noise::Noise;

/// The width of a frame in its own units.
const UNITS: f32 = 160.0;

/// Which part of the frame a picture shows.
#[derive(Debug, Clone, Copy, PartialEq)]
enum View {
    Whole,
    Subject,
    Plate,
}

/// What a frame shows: `[target of|plate of] PLACE [SUBJECT LEFT,TOP,RIGHT,BOTTOM [PLATE]] [in WIDTHxHEIGHT]`.
///
/// Sides of the box are in percent of the frame. `in` gives the size of the frame that a part is cut out of; 1280x720
/// unless given.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Illustration {
    view: View,
    place: Place,
    subject: Option<(Subject, Area)>,
    plate: Option<String>,
    frame: (u16, u16),
}

impl Illustration {
    /// Reads the words of a placeholder. `plate` replaces the plate that they name.
    pub(crate) fn parse(words: &str, size: (u16, u16), plate: Option<&str>) -> Option<Self> {
        let (view, rest) = match words.split_once(" of ") {
            None => (View::Whole, words),
            Some(("target", rest)) => (View::Subject, rest),
            Some(("plate", rest)) => (View::Plate, rest),
            Some(_) => return None,
        };
        let (rest, frame) = match rest.split_once(" in ") {
            Some((rest, frame)) => {
                let (width, height) = frame.trim().split_once('x')?;
                (rest, (width.parse().ok()?, height.parse().ok()?))
            }
            None if view == View::Whole => (rest, size),
            None => (rest, (1280, 720)),
        };
        let mut words = rest.split_whitespace();
        let place = Place::named(words.next()?)?;
        let subject = match words.next() {
            None => None,
            Some(name) => Some((Subject::named(name)?, Area::parse(words.next()?)?)),
        };
        let on_it = words.next().map(|own| plate.unwrap_or(own).to_owned());
        let is_complete = words.next().is_none() && (view == View::Whole || subject.is_some());
        is_complete.then_some(Self { view, place, subject, plate: on_it, frame })
    }

    /// Draws it as rows of red, green and blue. Light and the time in the frame are those of `at`; the seed chooses
    /// colours.
    pub(crate) fn draw(&self, (width, height): (u16, u16), at: &Zoned, seed: u64) -> Option<Vec<u8>> {
        let pixmap = Pixmap::new(u32::from(width.max(1)), u32::from(height.max(1)))?;
        let rows = UNITS * f32::from(self.frame.1.max(1)) / f32::from(self.frame.0.max(1));
        let size = (f32::from(width.max(1)), f32::from(height.max(1)));
        let part = self.part(rows, size.0 / size.1);
        let view = Transform::from_translate(-part.left, -part.top)
            .post_scale(size.0 / part.width(), size.1 / part.height());
        let light = Light::at(at);
        let mut noise = Noise::new(seed);

        let mut brush = Brush::new(pixmap, view);
        self.place.draw(&mut brush, rows, light);
        if let Some((subject, area)) = &self.subject {
            subject.draw(&mut brush, area.in_units(rows), self.plate.as_deref(), &mut noise);
        }
        light.tone(&mut brush, rows);
        self.place.shine(&mut brush, rows, light);
        if let Some((subject, area)) = &self.subject {
            subject.shine(&mut brush, area.in_units(rows), self.plate.as_deref(), light);
        }
        if self.view == View::Whole {
            let text = format!("{}  {}", self.place.name(), at.strftime("%Y-%m-%d %H:%M:%S"));
            lettering::caption(&mut brush, &text.to_uppercase());
        }
        Some(brush.into_rgb())
    }

    /// The part of the frame that is shown, with the proportions of the picture.
    fn part(&self, rows: f32, proportions: f32) -> Area {
        let whole = Area { left: 0.0, top: 0.0, right: UNITS, bottom: rows };
        let Some((subject, area)) = &self.subject else { return whole };
        match self.view {
            View::Whole => whole,
            View::Subject => subject.close_up(area.in_units(rows)).fitted(proportions, rows),
            View::Plate => subject::plate_area(area.in_units(rows)).grown(0.04).fitted(proportions, rows),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Zoned {
        time.parse().unwrap()
    }

    fn drawn(words: &str, size: (u16, u16), time: &str) -> Vec<u8> {
        Illustration::parse(words, size, None).unwrap().draw(size, &at(time), 3).unwrap()
    }

    fn brightness(pixels: &[u8]) -> usize {
        pixels.iter().map(|value| usize::from(*value)).sum::<usize>() / pixels.len()
    }

    #[test]
    fn what_is_no_illustration_is_refused() {
        for words in [
            "",
            "moon",
            "drive person",
            "drive person 1,2,3",
            "drive person 50,10,40,90",
            "drive unicorn 1,2,3,4",
            "drive car 1,2,3,4 PLATE rest",
            "target of drive",
            "leg of drive person 1,2,3,4",
            "drive in 1280",
        ] {
            assert_eq!(Illustration::parse(words, (64, 36), None), None, "{words}");
        }
    }

    #[test]
    fn a_frame_has_every_pixel_and_is_the_same_each_time() {
        let words = "drive car 33.4,28.5,60.6,61.4 IB36NL";
        let day = drawn(words, (160, 90), "2026-11-29T12:00[Europe/Berlin]");
        assert_eq!(day.len(), 160 * 90 * 3);
        assert_eq!(day, drawn(words, (160, 90), "2026-11-29T12:00[Europe/Berlin]"));
    }

    #[test]
    fn a_night_is_dark_and_without_colour() {
        for place in ["drive", "street", "yard", "porch"] {
            let day = drawn(place, (160, 90), "2026-11-29T12:00[Europe/Berlin]");
            let night = drawn(place, (160, 90), "2026-11-29T23:00[Europe/Berlin]");
            assert!(brightness(&night) * 2 < brightness(&day), "{place}");
            let grey = night.chunks_exact(3).filter(|pixel| pixel[0].abs_diff(pixel[2]) < 24).count();
            assert!(grey * 100 > 95 * 160 * 90, "{place}: {grey}");
        }
    }

    #[test]
    fn a_subject_is_drawn_within_its_box() {
        for (subject, area) in
            [("person", [35, 20, 46, 90]), ("car", [20, 30, 50, 80]), ("car-side", [20, 50, 60, 80])]
        {
            let noon = "2026-11-29T12:00[Europe/Berlin]";
            let [left, top, right, bottom]: [usize; 4] = area;
            let empty = drawn("yard", (200, 100), noon);
            let words = format!("yard {subject} {left},{top},{right},{bottom}");
            let with_it = drawn(&words, (200, 100), noon);
            let differs = |x: usize, y: usize| {
                let at = (y * 200 + x) * 3;
                empty[at..at + 3] != with_it[at..at + 3]
            };
            let (mut inside, mut outside) = (0, 0);
            for y in 0..100 {
                for x in 0..200 {
                    let is_inside = (left * 2..right * 2).contains(&x) && (top..bottom).contains(&y);
                    // The shadow may reach out below.
                    let is_near = y >= bottom.saturating_sub(8) && y < bottom + 8;
                    match (differs(x, y), is_inside) {
                        (true, true) => inside += 1,
                        (true, false) if !is_near => outside += 1,
                        _ => {}
                    }
                }
            }
            let size = (right - left) * 2 * (bottom - top);
            assert!(inside * 3 > size, "{subject} fills {inside} of {size}");
            assert!(outside * 50 < size, "{subject} reaches {outside} beyond its box");
        }
    }

    #[test]
    fn the_plate_of_the_context_replaces_that_of_the_sample() {
        let (size, words) = ((212, 64), "plate of street car 30,30,60,80 IB36NL");
        let own = Illustration::parse(words, size, None).unwrap();
        let given = Illustration::parse(words, size, Some("B-XY 12")).unwrap();
        assert_eq!(given.plate.as_deref(), Some("B-XY 12"));
        let noon = at("2026-11-29T12:00[Europe/Berlin]");
        assert_ne!(own.draw(size, &noon, 1), given.draw(size, &noon, 1));
        // Dark letters on a bright plate: both are there.
        let pixels = own.draw(size, &noon, 1).unwrap();
        assert!(pixels.iter().filter(|value| **value > 200).count() * 4 > pixels.len());
        assert!(pixels.iter().filter(|value| **value < 60).count() * 20 > pixels.len());
    }
}
