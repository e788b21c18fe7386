//! The light of a time of day.

use jiff::Zoned;

use super::UNITS;
use super::brush::{Brush, Tint};

/// The light of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Light {
    /// Colours in full light.
    Day,
    /// Colours in little light; lamps are on.
    Twilight,
    /// Infrared: shades of grey around the camera's own lamp.
    Night,
}

impl Light {
    /// The light at a local time, as in spring and autumn.
    pub(crate) fn at(time: &Zoned) -> Self {
        match time.hour() {
            7 | 18 => Self::Twilight,
            8..=17 => Self::Day,
            _ => Self::Night,
        }
    }

    /// The sky's colours, above and at the horizon.
    pub(super) fn sky(self) -> (Tint, Tint) {
        match self {
            Self::Day => (0x0086_b6e0, 0x00e3_edf3),
            Self::Twilight => (0x003c_4a7a, 0x00f0_a878),
            Self::Night => (0x0004_0404, 0x0018_1818),
        }
    }

    /// Whether lamps and windows are lit.
    pub(super) fn lamps(self) -> bool {
        self != Self::Day
    }

    /// Gives a finished drawing this light.
    pub(super) fn tone(self, brush: &mut Brush, rows: f32) {
        match self {
            Self::Day => {}
            Self::Twilight => brush.each_pixel(|[red, green, blue], (_, y)| {
                // The ground is darker than what stands against the sky.
                let part = 0.74 - 0.26 * (y / rows).clamp(0.0, 1.0);
                [red * part * 1.02, green * part * 0.94, blue * part * 1.06]
            }),
            Self::Night => brush.each_pixel(|[red, green, blue], (x, y)| {
                let grey = 0.35 * red + 0.45 * green + 0.2 * blue;
                let (across, down) = (x / UNITS - 0.5, y / rows - 0.62);
                let distance = across * across * 2.6 + down * down * 2.2;
                let lamp = (0.92 - distance).clamp(0.1, 0.92);
                // What is bright in infrared is brighter than it looks by day.
                let grey = (grey / 255.0).powf(1.25) * 255.0 * lamp;
                [grey * 0.97, grey, grey * 0.99]
            }),
        }
    }
}
