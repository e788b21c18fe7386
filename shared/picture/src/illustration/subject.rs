//! People and cars.

use super::UNITS;
use super::brush::{Brush, Tint, mixed};
use super::lettering;
use super::light::Light;
use crate::noise::Noise;

/// What an event reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// A person who stands or walks.
    Person,
    /// Head and shoulders; the box is the face.
    Face,
    /// A white car from the front.
    Car,
    /// A car from the side.
    CarSide,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) left: f32,
    pub(super) top: f32,
    pub(super) right: f32,
    pub(super) bottom: f32,
}

impl Area {
    /// Reads `LEFT,TOP,RIGHT,BOTTOM`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut sides = text.split(',').map(|side| side.parse::<f32>().ok().filter(|side| side.is_finite()));
        let mut next = || sides.next().flatten();
        let area = Self { left: next()?, top: next()?, right: next()?, bottom: next()? };
        (sides.next().is_none() && area.left < area.right && area.top < area.bottom).then_some(area)
    }

    /// From percent of a frame to its units.
    pub(super) fn in_units(self, rows: f32) -> Self {
        let (across, down) = (UNITS / 100.0, rows / 100.0);
        Self {
            left: self.left * across,
            top: self.top * down,
            right: self.right * across,
            bottom: self.bottom * down,
        }
    }

    pub(super) fn width(&self) -> f32 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f32 {
        self.bottom - self.top
    }

    fn center(&self) -> (f32, f32) {
        (self.left.midpoint(self.right), self.top.midpoint(self.bottom))
    }

    fn around((x, y): (f32, f32), width: f32, height: f32) -> Self {
        Self {
            left: x - width / 2.0,
            top: y - height / 2.0,
            right: x + width / 2.0,
            bottom: y + height / 2.0,
        }
    }

    /// With a margin on each side, as a part of the longer one.
    pub(super) fn grown(self, part: f32) -> Self {
        let margin = self.width().max(self.height()) * part * 2.0;
        Self::around(self.center(), self.width() + margin, self.height() + margin)
    }

    /// As much larger as these proportions need, and moved into the frame as far as possible.
    pub(super) fn fitted(self, proportions: f32, rows: f32) -> Self {
        let width = self.width().max(self.height() * proportions);
        let height = width / proportions;
        let (x, y) = self.center();
        let into = |at: f32, size: f32, limit: f32| {
            if size >= limit { limit / 2.0 } else { at.clamp(size / 2.0, limit - size / 2.0) }
        };
        Self::around((into(x, width, UNITS), into(y, height, rows)), width, height)
    }

    /// A point of it, each side counted from 0 to `across` and `down`.
    fn at(&self, (x, y): (f32, f32), across: f32, down: f32) -> (f32, f32) {
        (self.left + x / across * self.width(), self.top + y / down * self.height())
    }
}

/// Where a car from the front has its plate.
pub(super) fn plate_area(car: Area) -> Area {
    let (left, top) = car.at((35.5, 56.0), 100.0, 80.0);
    let (right, bottom) = car.at((64.5, 64.8), 100.0, 80.0);
    Area { left, top, right, bottom }
}

const PAINTS: [Tint; 6] = [0x002f_5d8c, 0x00a8_3232, 0x003a_3f45, 0x00b9_bfc4, 0x002e_5a46, 0x00d2_c6a8];
const COATS: [Tint; 6] = [0x0027_4b73, 0x008c_2f39, 0x0040_5a3c, 0x00c9_a227, 0x0034_3a40, 0x005b_3f6b];
const TROUSERS: [Tint; 4] = [0x0028_2e3a, 0x0050_5a66, 0x0038_3028, 0x0023_3a57];
const HAIR: [Tint; 4] = [0x0032_241c, 0x0064_4428, 0x001d_1b1a, 0x009a_7448];
const SKIN: [Tint; 4] = [0x00e8_c0a0, 0x00d3_a07c, 0x00a8_7450, 0x00f0_d0b4];

fn one_of(tints: &[Tint], noise: &mut Noise) -> Tint {
    tints.get(noise.within(0, tints.len())).copied().unwrap_or_default()
}

impl Subject {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "person" => Self::Person,
            "face" => Self::Face,
            "car" => Self::Car,
            "car-side" => Self::CarSide,
            _ => return None,
        })
    }

    /// What a device cuts out of its frame.
    pub(super) fn close_up(self, area: Area) -> Area {
        match self {
            Self::Face => area.grown(0.3),
            Self::Person | Self::Car | Self::CarSide => area.grown(0.04),
        }
    }

    /// Draws it into its box.
    pub(super) fn draw(self, brush: &mut Brush, area: Area, plate: Option<&str>, noise: &mut Noise) {
        match self {
            Self::Person => Person::of(area).draw(brush, noise),
            Self::Face => Bust { area }.draw(brush, noise),
            Self::Car => Car { brush, area, down: 80.0 }.front(plate),
            Self::CarSide => Car { brush, area, down: 42.0 }.side(one_of(&PAINTS, noise)),
        }
    }

    /// Draws its lamps, and what throws light back.
    pub(super) fn shine(self, brush: &mut Brush, area: Area, plate: Option<&str>, light: Light) {
        if !light.lamps() {
            return;
        }
        let warm = if light == Light::Night { 0x00f4_f4f4 } else { 0x00ff_edc8 };
        match self {
            Self::Person | Self::Face => {}
            Self::Car => {
                for x in [15.0, 85.0] {
                    let at = area.at((x, 49.5), 100.0, 80.0);
                    brush.glow(at, area.width() * 0.2, warm, 0.85);
                    brush.ellipse(at, (area.width() * 0.035, area.width() * 0.022), 0x00ff_fdf6, 1.0);
                }
                if light == Light::Night {
                    lettered_plate(brush, area, plate, [0x00f2_f2f2, 0x0030_3030]);
                }
            }
            Self::CarSide => {
                brush.glow(area.at((96.0, 22.0), 100.0, 42.0), area.width() * 0.16, warm, 0.85);
                let red = if light == Light::Night { 0x00b0_b0b0 } else { 0x00ff_5040 };
                brush.glow(area.at((3.5, 21.5), 100.0, 42.0), area.width() * 0.07, red, 0.7);
            }
        }
    }
}

/// A plate on the front of a car, in the colours of its ground and its letters.
fn lettered_plate(brush: &mut Brush, car: Area, text: Option<&str>, [ground, ink]: [Tint; 2]) {
    let Area { left, top, right, bottom } = plate_area(car);
    let edge = (bottom - top) * 0.06;
    brush.rectangle([left - edge, top - edge, right + edge, bottom + edge], 0x0018_1818);
    brush.rectangle([left, top, right, bottom], ground);
    let (across, down) = ((right - left) * 0.06, (bottom - top) * 0.2);
    let inner = [left + across, top + down, right - across, bottom - down];
    lettering::write(brush, &text.unwrap_or_default().to_uppercase(), inner, 0.95, ink);
}

/// A person, in parts of their height from the middle of the head downwards.
struct Person {
    x: f32,
    top: f32,
    height: f32,
}

impl Person {
    fn of(area: Area) -> Self {
        let height = area.height().min(area.width() / 0.27);
        Self { x: area.center().0, top: area.bottom - height, height }
    }

    fn at(&self, (x, y): (f32, f32)) -> (f32, f32) {
        (self.x + x * self.height, self.top + y * self.height)
    }

    fn draw(&self, brush: &mut Brush, noise: &mut Noise) {
        let (coat, trousers) = (one_of(&COATS, noise), one_of(&TROUSERS, noise));
        let (hair, skin) = (one_of(&HAIR, noise), one_of(&SKIN, noise));
        let at = |points: &[(f32, f32)]| points.iter().map(|point| self.at(*point)).collect::<Vec<_>>();
        let size = self.height;
        brush.shadow(self.at((0.03, 0.985)), (size * 0.2, size * 0.028), 0.5);
        // Legs and shoes.
        brush.shaded(
            &at(&[
                (-0.075, 0.5),
                (0.012, 0.5),
                (-0.002, 0.74),
                (-0.018, 0.955),
                (-0.078, 0.955),
                (-0.07, 0.74),
            ]),
            trousers,
            mixed(trousers, 0, 0.25),
        );
        brush.shaded(
            &at(&[(-0.012, 0.5), (0.075, 0.5), (0.082, 0.72), (0.098, 0.94), (0.042, 0.948), (0.018, 0.74)]),
            mixed(trousers, 0x00ff_ffff, 0.06),
            mixed(trousers, 0, 0.2),
        );
        brush.ellipse(self.at((-0.053, 0.967)), (size * 0.04, size * 0.019), 0x001e_1c1a, 1.0);
        brush.ellipse(self.at((0.076, 0.959)), (size * 0.04, size * 0.019), 0x001e_1c1a, 1.0);
        // The arm behind, the coat, the arm before.
        let sleeve = mixed(coat, 0, 0.22);
        brush.line(&at(&[(0.088, 0.215), (0.104, 0.36), (0.092, 0.47)]), size * 0.05, sleeve);
        brush.ellipse(self.at((0.089, 0.5)), (size * 0.019, size * 0.022), skin, 1.0);
        brush.shaded(
            &at(&[
                (-0.045, 0.158),
                (0.045, 0.158),
                (0.092, 0.178),
                (0.108, 0.225),
                (0.088, 0.4),
                (0.092, 0.565),
                (-0.092, 0.565),
                (-0.088, 0.4),
                (-0.108, 0.225),
                (-0.092, 0.178),
            ]),
            mixed(coat, 0x00ff_ffff, 0.1),
            mixed(coat, 0, 0.18),
        );
        brush.line(&at(&[(0.0, 0.17), (0.003, 0.56)]), size * 0.006, mixed(coat, 0, 0.4));
        brush.line(&at(&[(-0.07, 0.45), (-0.045, 0.44)]), size * 0.005, mixed(coat, 0, 0.35));
        brush.line(&at(&[(0.048, 0.44), (0.07, 0.45)]), size * 0.005, mixed(coat, 0, 0.35));
        brush.line(&at(&[(-0.096, 0.21), (-0.114, 0.35), (-0.098, 0.46)]), size * 0.052, mixed(coat, 0, 0.1));
        brush.ellipse(self.at((-0.096, 0.49)), (size * 0.02, size * 0.023), skin, 1.0);
        // Neck and head.
        brush.polygon(
            &at(&[(-0.024, 0.12), (0.024, 0.12), (0.032, 0.17), (-0.032, 0.17)]),
            mixed(skin, 0, 0.15),
        );
        brush.line(
            &at(&[(-0.036, 0.163), (0.0, 0.178), (0.036, 0.163)]),
            size * 0.016,
            mixed(coat, 0x00ff_ffff, 0.2),
        );
        brush.ellipse(self.at((0.0, 0.066)), (size * 0.052, size * 0.066), hair, 1.0);
        brush.ellipse(self.at((0.0, 0.083)), (size * 0.043, size * 0.056), skin, 1.0);
        brush.polygon(
            &at(&[
                (-0.047, 0.078),
                (-0.04, 0.034),
                (0.0, 0.02),
                (0.04, 0.034),
                (0.047, 0.078),
                (0.024, 0.05),
                (-0.026, 0.052),
            ]),
            hair,
        );
        for x in [-0.017, 0.017] {
            brush.ellipse(self.at((x, 0.084)), (size * 0.0052, size * 0.0052), 0x0022_1a16, 1.0);
        }
        brush.line(&at(&[(-0.012, 0.113), (0.012, 0.113)]), size * 0.005, mixed(skin, 0x0080_2020, 0.5));
    }
}

/// Head and shoulders around a face.
struct Bust {
    area: Area,
}

impl Bust {
    /// A point, in parts of the face's box from its centre.
    fn at(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let (center_x, center_y) = self.area.center();
        (center_x + x * self.area.width(), center_y + y * self.area.height())
    }

    fn draw(&self, brush: &mut Brush, noise: &mut Noise) {
        let (coat, hair, skin) = (one_of(&COATS, noise), one_of(&HAIR, noise), one_of(&SKIN, noise));
        let (w, h) = (self.area.width(), self.area.height());
        let at = |points: &[(f32, f32)]| points.iter().map(|point| self.at(*point)).collect::<Vec<_>>();
        brush.ellipse(self.at((0.0, -0.04)), (w * 0.66, h * 0.66), hair, 1.0);
        brush.polygon(&at(&[(-0.66, -0.05), (0.66, -0.05), (0.62, 0.78), (-0.62, 0.78)]), hair);
        // Shoulders, which go on below the frame.
        let points = [
            (-0.3, 0.62),
            (0.3, 0.62),
            (1.05, 0.86),
            (1.38, 1.3),
            (1.62, 5.0),
            (-1.62, 5.0),
            (-1.38, 1.3),
            (-1.05, 0.86),
        ];
        brush.shaded(&at(&points), mixed(coat, 0x00ff_ffff, 0.12), mixed(coat, 0, 0.4));
        brush.line(&at(&[(0.0, 0.95), (0.02, 5.0)]), w * 0.03, mixed(coat, 0, 0.35));
        brush.polygon(
            &at(&[(-0.25, 0.3), (0.25, 0.3), (0.33, 0.74), (0.0, 0.95), (-0.33, 0.74)]),
            mixed(skin, 0, 0.18),
        );
        for side in [-1.0_f32, 1.0] {
            let collar = [(side * 0.3, 0.62), (side * 0.52, 0.72), (side * 0.1, 1.06), (0.0, 0.93)];
            brush.polygon(&at(&collar), mixed(coat, 0x00ff_ffff, 0.3));
        }
        brush.ellipse(self.at((0.0, 0.0)), (w * 0.47, h * 0.53), skin, 1.0);
        brush.ellipse(self.at((-0.47, 0.05)), (w * 0.06, h * 0.09), mixed(skin, 0, 0.1), 1.0);
        brush.ellipse(self.at((0.47, 0.05)), (w * 0.06, h * 0.09), mixed(skin, 0, 0.1), 1.0);
        // The fringe.
        brush.polygon(
            &at(&[
                (-0.5, 0.02),
                (-0.46, -0.34),
                (-0.2, -0.56),
                (0.2, -0.57),
                (0.46, -0.34),
                (0.5, 0.02),
                (0.36, -0.22),
                (0.05, -0.33),
                (-0.34, -0.2),
            ]),
            hair,
        );
        for side in [-1.0_f32, 1.0] {
            brush.ellipse(self.at((side * 0.2, -0.02)), (w * 0.085, h * 0.046), 0x00fb_faf6, 1.0);
            brush.ellipse(self.at((side * 0.2, -0.02)), (w * 0.042, h * 0.042), 0x004a_3a2c, 1.0);
            brush.ellipse(self.at((side * 0.2 + 0.012, -0.035)), (w * 0.012, h * 0.012), 0x00ff_ffff, 1.0);
            let brow = [(side * 0.3, -0.1), (side * 0.2, -0.135), (side * 0.1, -0.11)];
            brush.line(&at(&brow), w * 0.034, mixed(hair, 0, 0.2));
            brush.ellipse(self.at((side * 0.27, 0.17)), (w * 0.09, h * 0.06), 0x00d8_7060, 0.18);
        }
        brush.line(
            &at(&[(0.01, 0.02), (0.05, 0.17), (-0.03, 0.19)]),
            w * 0.026,
            mixed(skin, 0x0060_3020, 0.4),
        );
        brush.line(
            &at(&[(-0.14, 0.31), (-0.05, 0.335), (0.05, 0.335), (0.14, 0.31)]),
            w * 0.036,
            0x00a8_4c48,
        );
    }
}

/// A car: 100 units wide and `down` high.
struct Car<'a> {
    brush: &'a mut Brush,
    area: Area,
    down: f32,
}

impl Car<'_> {
    fn at(&self, points: &[(f32, f32)]) -> Vec<(f32, f32)> {
        points.iter().map(|point| self.area.at(*point, 100.0, self.down)).collect()
    }

    fn polygon(&mut self, points: &[(f32, f32)], tint: Tint) {
        let points = self.at(points);
        self.brush.polygon(&points, tint);
    }

    fn shaded(&mut self, points: &[(f32, f32)], upper: Tint, lower: Tint) {
        let points = self.at(points);
        self.brush.shaded(&points, upper, lower);
    }

    fn line(&mut self, points: &[(f32, f32)], width: f32, tint: Tint) {
        let points = self.at(points);
        self.brush.line(&points, width * self.area.width() / 100.0, tint);
    }

    fn ellipse(&mut self, center: (f32, f32), radius: f32, tint: Tint) {
        let (radius, center) = (radius * self.area.width() / 100.0, self.area.at(center, 100.0, self.down));
        self.brush.ellipse(center, (radius, radius), tint, 1.0);
    }

    fn front(&mut self, plate: Option<&str>) {
        let (paint, dark) = (0x00e9_ebec, 0x001c_1f23);
        let width = self.area.width();
        self.brush.shadow(self.area.at((50.0, 77.0), 100.0, 80.0), (width * 0.56, width * 0.07), 0.6);
        for left in [8.0, 77.0] {
            self.polygon(
                &[(left, 58.0), (left + 15.0, 58.0), (left + 14.0, 79.0), (left + 1.0, 79.0)],
                0x0020_2224,
            );
        }
        // The cabin with its windscreen.
        self.shaded(
            &[
                (12.0, 37.0),
                (21.0, 11.0),
                (27.0, 4.5),
                (38.0, 2.0),
                (62.0, 2.0),
                (73.0, 4.5),
                (79.0, 11.0),
                (88.0, 37.0),
            ],
            0x00f2_f4f4,
            0x00cf_d3d6,
        );
        self.shaded(
            &[(16.5, 35.0), (25.0, 11.0), (30.0, 7.5), (70.0, 7.5), (75.0, 11.0), (83.5, 35.0)],
            0x0044_5562,
            0x0020_2b33,
        );
        self.polygon(&[(30.0, 34.0), (44.0, 9.0), (52.0, 9.0), (38.0, 34.0)], 0x004f_616e);
        self.ellipse((50.0, 9.5), 2.2, 0x0028_3238);
        for (left, right) in [(24.0, 44.0), (56.0, 76.0)] {
            self.line(&[(left, 34.6), (right, 31.0)], 0.6, 0x0014_181c);
        }
        for (x, side) in [(10.0, -1.0), (90.0, 1.0)] {
            self.line(&[(x - side * 5.0, 33.5), (x, 32.0)], 2.0, paint);
            self.ellipse((x, 31.0), 4.0, mixed(paint, 0, 0.12));
        }
        // The bonnet and the front.
        self.shaded(
            &[(5.0, 46.0), (10.0, 38.5), (16.0, 35.5), (84.0, 35.5), (90.0, 38.5), (95.0, 46.0)],
            0x00fa_fbfb,
            0x00de_e1e3,
        );
        self.shaded(
            &[
                (4.0, 45.0),
                (96.0, 45.0),
                (97.5, 58.0),
                (96.0, 69.0),
                (90.0, 73.0),
                (10.0, 73.0),
                (4.0, 69.0),
                (2.5, 58.0),
            ],
            paint,
            0x00b4_b9bd,
        );
        self.line(&[(24.0, 36.5), (29.0, 45.0)], 0.5, 0x00c4_c9cc);
        self.line(&[(76.0, 36.5), (71.0, 45.0)], 0.5, 0x00c4_c9cc);
        self.line(&[(5.0, 45.2), (95.0, 45.2)], 0.5, 0x00a0_a6aa);
        for side in [-1.0_f32, 1.0] {
            let x = |from_middle: f32| 50.0 + side * from_middle;
            self.polygon(&[(x(45.0), 46.5), (x(27.0), 47.5), (x(29.0), 53.0), (x(43.0), 53.5)], 0x0030_383e);
            self.polygon(&[(x(43.5), 47.6), (x(30.0), 48.4), (x(31.5), 52.0), (x(42.0), 52.4)], 0x00f4_f6f0);
            self.ellipse((x(39.0), 50.0), 1.9, 0x00ff_ffff);
            self.polygon(&[(x(42.0), 63.5), (x(34.0), 64.5), (x(35.0), 68.5), (x(41.0), 68.5)], dark);
        }
        self.polygon(&[(29.0, 47.4), (71.0, 47.4), (66.0, 54.4), (34.0, 54.4)], dark);
        for row in [49.2, 51.0, 52.8] {
            self.line(&[(32.0, row), (68.0, row)], 0.5, 0x0070_777c);
        }
        self.ellipse((50.0, 50.6), 2.6, 0x00c8_ccd0);
        self.ellipse((50.0, 50.6), 1.7, 0x0074_7a80);
        self.polygon(&[(30.0, 66.8), (70.0, 66.8), (67.0, 71.4), (33.0, 71.4)], dark);
        self.line(&[(8.0, 73.5), (92.0, 73.5)], 1.6, 0x0030_3438);
        lettered_plate(self.brush, self.area, plate, [0x00f7_f7f2, 0x0014_1414]);
    }

    fn side(&mut self, paint: Tint) {
        let width = self.area.width();
        self.brush.shadow(self.area.at((50.0, 40.5), 100.0, 42.0), (width * 0.53, width * 0.045), 0.6);
        self.shaded(
            &[
                (1.5, 30.0),
                (1.5, 22.0),
                (4.0, 17.0),
                (15.0, 14.5),
                (27.0, 5.0),
                (36.0, 1.8),
                (52.0, 1.2),
                (63.0, 3.2),
                (76.0, 14.0),
                (91.0, 17.0),
                (97.5, 21.0),
                (98.5, 28.0),
                (97.5, 35.0),
                (3.0, 35.0),
            ],
            mixed(paint, 0x00ff_ffff, 0.22),
            mixed(paint, 0, 0.28),
        );
        for window in [
            [(20.5, 14.5), (29.5, 6.6), (37.0, 4.2), (45.5, 3.9), (45.5, 14.8)],
            [(48.0, 3.9), (53.0, 4.0), (61.0, 5.8), (71.5, 14.6), (48.0, 14.8)],
        ] {
            self.shaded(&window, 0x0052_6674, 0x0024_3038);
        }
        for points in [
            [(46.7, 4.0), (46.7, 33.0)],
            [(20.0, 15.6), (24.0, 33.5)],
            [(72.0, 15.6), (70.0, 33.5)],
            [(4.0, 25.0), (96.0, 25.5)],
        ] {
            self.line(&points, 0.4, mixed(paint, 0, 0.45));
        }
        for x in [39.0, 64.0] {
            self.line(&[(x, 18.6), (x + 4.5, 18.6)], 0.9, mixed(paint, 0, 0.35));
        }
        self.line(&[(70.0, 15.4), (73.5, 14.6)], 2.2, mixed(paint, 0, 0.1));
        self.polygon(&[(93.0, 19.0), (97.8, 21.4), (98.2, 25.0), (94.0, 24.0)], 0x00f4_f1dc);
        self.polygon(&[(1.5, 19.5), (5.0, 18.5), (6.0, 24.0), (1.5, 24.0)], 0x00b8_2a26);
        self.line(&[(4.0, 35.0), (97.0, 35.0)], 1.6, 0x0022_2426);
        for x in [21.5, 78.0] {
            self.ellipse((x, 33.0), 9.4, mixed(paint, 0, 0.6));
            self.ellipse((x, 33.4), 8.4, 0x001d_1f21);
            self.ellipse((x, 33.4), 5.2, 0x00b4_babf);
            self.ellipse((x, 33.4), 4.0, 0x007a_8288);
            for (across, down) in [(0.0, -4.2), (4.0, -1.3), (2.5, 3.4), (-2.5, 3.4), (-4.0, -1.3)] {
                self.line(&[(x, 33.4), (x + across, 33.4 + down)], 1.1, 0x00c4_cace);
            }
            self.ellipse((x, 33.4), 1.2, 0x0050_565c);
        }
    }
}
