//! What stands around a subject.

use super::UNITS;
use super::brush::{Brush, Tint, mixed};
use super::light::Light;

/// Where a camera hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A drive before a house.
    Drive,
    /// A road with a barrier.
    Street,
    /// A yard before a warehouse.
    Yard,
    /// A porch, seen from above the door.
    Porch,
}

impl Place {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "drive" => Self::Drive,
            "street" => Self::Street,
            "yard" => Self::Yard,
            "porch" => Self::Porch,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Drive => "drive",
            Self::Street => "entrance",
            Self::Yard => "yard",
            Self::Porch => "porch",
        }
    }

    /// Draws it, in units of 160 by `rows`.
    pub(super) fn draw(self, brush: &mut Brush, rows: f32, light: Light) {
        // Drawn for 90 rows; frames of other proportions are stretched.
        let mut scenery = Scenery { brush, stretch: rows / 90.0, light };
        match self {
            Self::Drive => scenery.drive(),
            Self::Street => scenery.street(),
            Self::Yard => scenery.yard(),
            Self::Porch => scenery.porch(),
        }
    }

    /// Draws its lamps, where they are lit.
    pub(super) fn shine(self, brush: &mut Brush, rows: f32, light: Light) {
        if !light.lamps() {
            return;
        }
        let stretch = rows / 90.0;
        let (lamps, tint): (&[(f32, f32, f32)], Tint) = match self {
            Self::Drive => (&[(30.0, 25.0, 16.0), (104.5, 28.0, 12.0)], 0x00ff_d9a0),
            Self::Street => (&[(132.0, 12.0, 22.0), (22.0, 16.0, 14.0)], 0x00ff_e2b0),
            Self::Yard => (&[(40.0, 17.0, 18.0), (92.0, 17.0, 18.0)], 0x00e8_f0ff),
            Self::Porch => (&[(14.0, 20.0, 20.0)], 0x00ff_d08a),
        };
        for (x, y, radius) in lamps {
            let (alpha, tint) = match light {
                Light::Night => (0.5, 0x00f0_f0f0),
                Light::Day | Light::Twilight => (0.8, tint),
            };
            brush.glow((*x, y * stretch), *radius, tint, alpha);
            brush.ellipse((*x, y * stretch), (0.9, 0.9), 0x00ff_f8ec, 1.0);
        }
    }
}

/// Scenery that is being drawn.
struct Scenery<'a> {
    brush: &'a mut Brush,
    stretch: f32,
    light: Light,
}

impl Scenery<'_> {
    fn polygon(&mut self, points: &[(f32, f32)], tint: Tint) {
        let points = self.stretched(points);
        self.brush.polygon(&points, tint);
    }

    fn shaded(&mut self, points: &[(f32, f32)], upper: Tint, lower: Tint) {
        let points = self.stretched(points);
        self.brush.shaded(&points, upper, lower);
    }

    fn line(&mut self, points: &[(f32, f32)], width: f32, tint: Tint) {
        let points = self.stretched(points);
        self.brush.line(&points, width, tint);
    }

    fn rectangle(&mut self, [left, top, right, bottom]: [f32; 4], tint: Tint) {
        self.polygon(&[(left, top), (right, top), (right, bottom), (left, bottom)], tint);
    }

    fn stretched(&self, points: &[(f32, f32)]) -> Vec<(f32, f32)> {
        points.iter().map(|(x, y)| (*x, y * self.stretch)).collect()
    }

    fn sky(&mut self, horizon: f32) {
        let (upper, lower) = self.light.sky();
        self.shaded(&[(0.0, 0.0), (UNITS, 0.0), (UNITS, horizon), (0.0, horizon)], upper, lower);
        // What is far away, down to where the ground is drawn.
        let far = if self.light == Light::Night { lower } else { 0x0093_a59a };
        self.shaded(&[(0.0, horizon - 0.5), (UNITS, horizon - 0.5), (UNITS, 90.0), (0.0, 90.0)], lower, far);
        if self.light == Light::Day {
            for (x, y, size) in [(118.0, 9.0, 9.0), (128.0, 7.5, 7.0), (70.0, 6.0, 6.0), (78.0, 7.5, 8.0)] {
                self.brush.ellipse((x, y * self.stretch), (size, size * 0.28), 0x00ff_ffff, 0.55);
            }
        }
    }

    fn ground(&mut self, horizon: f32, upper: Tint, lower: Tint) {
        self.shaded(&[(0.0, horizon), (UNITS, horizon), (UNITS, 90.0), (0.0, 90.0)], upper, lower);
    }

    /// A tree: trunk and crown, standing at a point.
    fn tree(&mut self, (x, y): (f32, f32), size: f32, tint: Tint) {
        self.rectangle([x - size * 0.06, y - size * 0.5, x + size * 0.06, y], 0x005a_4433);
        for (across, down, radius, shade) in [
            (0.0, 0.78, 0.34, 0.0),
            (-0.2, 0.62, 0.26, 0.16),
            (0.22, 0.6, 0.27, 0.1),
            (0.02, 0.52, 0.28, 0.22),
            (0.08, 0.86, 0.2, -0.12),
        ] {
            let tint = if shade < 0.0 { mixed(tint, 0x00d8_e0a0, -shade) } else { mixed(tint, 0, shade) };
            let at = (x + across * size, (y - down * size) * self.stretch);
            self.brush.ellipse(at, (radius * size, radius * size), tint, 1.0);
        }
    }

    /// A window with its frame and bars.
    fn window(&mut self, [left, top, right, bottom]: [f32; 4]) {
        let pane = if self.light.lamps() { 0x00ff_dc9a } else { 0x0070_889c };
        self.rectangle([left - 0.7, top - 0.7, right + 0.7, bottom + 0.7], 0x00f1_efe8);
        self.shaded(
            &[(left, top), (right, top), (right, bottom), (left, bottom)],
            pane,
            mixed(pane, 0x0020_3040, 0.35),
        );
        let (x, y) = ((left + right) / 2.0, (top * 2.0 + bottom) / 3.0);
        self.line(&[(x, top), (x, bottom)], 0.6, 0x00f1_efe8);
        self.line(&[(left, y), (right, y)], 0.6, 0x00f1_efe8);
    }

    fn drive(&mut self) {
        self.sky(36.0);
        for (x, size) in
            [(68.0, 17.0), (80.0, 21.0), (93.0, 18.0), (118.0, 24.0), (136.0, 28.0), (152.0, 25.0)]
        {
            self.tree((x, 37.0), size, 0x005d_7d49);
        }
        self.ground(36.0, 0x0086_a35c, 0x005c_7a3c);
        // The street beyond the gate.
        self.polygon(&[(56.0, 36.5), (160.0, 34.5), (160.0, 38.0), (56.0, 39.0)], 0x0092_9498);
        // The drive, paved.
        self.shaded(&[(62.0, 39.0), (100.0, 39.0), (158.0, 90.0), (8.0, 90.0)], 0x00b9_b4ab, 0x0093_8e86);
        for row in [41.0_f32, 43.5, 47.0, 51.5, 57.5, 65.0, 75.0, 87.0] {
            let part = (row - 39.0) / 51.0;
            self.line(
                &[(62.0 - 54.0 * part, row), (100.0 + 58.0 * part, row)],
                0.16 + part * 0.3,
                0x0083_7e77,
            );
        }
        for step in 1..8_u8 {
            let part = f32::from(step) / 8.0;
            let points = [(62.0 + 38.0 * part, 39.0), (8.0 + 150.0 * part, 90.0)];
            self.line(&points, 0.3, 0x0083_7e77);
        }
        // The hedge on the right, and the gate's pillars.
        self.shaded(&[(103.0, 31.0), (160.0, 24.0), (160.0, 66.0), (112.0, 46.0)], 0x0058_7a44, 0x0038_5430);
        for step in 0..16_u8 {
            let x = 105.0 + f32::from(step) * 3.6;
            let y = 30.6 - f32::from(step) * 0.42;
            self.brush.ellipse((x, y * self.stretch), (2.6, 1.4), 0x0063_8750, 1.0);
        }
        for left in [58.0, 101.5] {
            self.shaded(
                &[(left, 27.0), (left + 5.0, 27.0), (left + 5.0, 43.5), (left, 43.5)],
                0x00cf_c3ac,
                0x00a4_9a86,
            );
            self.rectangle([left - 0.7, 25.8, left + 5.7, 27.4], 0x0088_7f70);
        }
        // The house on the left: roof, wall, garage door, window.
        self.polygon(&[(0.0, 3.0), (34.0, 6.0), (57.0, 21.0), (0.0, 20.0)], 0x0084_4f40);
        self.shaded(&[(0.0, 19.0), (54.0, 20.5), (54.0, 54.0), (0.0, 68.0)], 0x00ea_dfca, 0x00c6_b79c);
        self.polygon(&[(0.0, 18.4), (57.0, 20.2), (57.0, 22.2), (0.0, 21.0)], 0x00f3_efe6);
        self.shaded(&[(8.0, 33.0), (36.0, 33.0), (36.0, 59.0), (8.0, 66.0)], 0x0078_8088, 0x005c_646c);
        for row in [38.0_f32, 43.0, 48.0, 53.0] {
            self.line(&[(8.0, row + (row - 33.0) * 0.12), (36.0, row)], 0.35, 0x0048_5058);
        }
        self.window([41.0, 31.0, 50.0, 44.0]);
        self.line(&[(30.0, 23.0), (30.0, 25.0)], 0.8, 0x0040_4040);
        self.polygon(&[(0.0, 68.0), (54.0, 54.0), (57.0, 56.0), (4.0, 71.0), (0.0, 74.0)], 0x0046_683a);
    }

    fn street(&mut self) {
        self.sky(30.0);
        // A row of buildings across the street.
        for (left, right, top, tint) in [
            (0.0, 30.0, 12.0, 0x00b7_8f78),
            (30.0, 58.0, 8.0, 0x00c9_bfa9),
            (58.0, 96.0, 14.0, 0x00a2_a9b0),
            (96.0, 124.0, 10.0, 0x00bf_9d84),
            (124.0, 160.0, 15.0, 0x00b4_b3a6),
        ] {
            self.shaded(
                &[(left, top), (right, top), (right, 33.0), (left, 33.0)],
                tint,
                mixed(tint, 0, 0.22),
            );
            let mut x = left + 3.0;
            while x + 3.6 < right {
                for y in [top + 3.5, top + 10.5] {
                    if y + 4.5 < 31.0 {
                        self.window([x, y, x + 3.2, y + 4.2]);
                    }
                }
                x += 7.0;
            }
        }
        self.ground(32.0, 0x0086_888b, 0x0060_6266);
        self.polygon(&[(0.0, 32.0), (UNITS, 32.0), (UNITS, 35.0), (0.0, 35.6)], 0x00b5_b1a8);
        self.polygon(&[(0.0, 45.0), (30.0, 36.0), (34.0, 36.0), (0.0, 53.0)], 0x00c9_c5bc);
        self.polygon(&[(128.0, 36.0), (132.0, 36.0), (UNITS, 50.0), (UNITS, 56.0)], 0x00c9_c5bc);
        for (top, bottom, half) in
            [(37.0, 39.0, 0.4), (42.0, 46.0, 0.6), (51.0, 58.0, 0.9), (66.0, 78.0, 1.4)]
        {
            self.polygon(
                &[
                    (80.0 - half, top),
                    (80.0 + half, top),
                    (80.0 + half * 1.4, bottom),
                    (80.0 - half * 1.4, bottom),
                ],
                0x00e8_e6df,
            );
        }
        // The booth and the open barrier.
        self.shaded(&[(120.0, 18.0), (146.0, 18.0), (146.0, 54.0), (120.0, 50.0)], 0x00e4_e3dd, 0x00bd_bcb4);
        self.polygon(&[(117.0, 15.0), (149.0, 15.0), (149.0, 18.5), (117.0, 18.5)], 0x0044_5566);
        self.window([124.0, 23.0, 141.0, 34.0]);
        self.rectangle([112.0, 34.0, 116.5, 52.0], 0x00e0_a020);
        self.line(&[(114.0, 36.0), (98.0, 2.0)], 1.6, 0x00f2_f0ea);
        for part in [0.12_f32, 0.36, 0.6, 0.84] {
            let at = |part: f32| (114.0 - 16.0 * part, 36.0 - 34.0 * part);
            self.line(&[at(part), at(part + 0.11)], 1.6, 0x00c6_3a2e);
        }
        self.line(&[(22.0, 40.0), (22.0, 16.0)], 1.0, 0x0050_5458);
        self.line(&[(132.0, 15.0), (132.0, 12.0)], 1.0, 0x0050_5458);
        self.tree((10.0, 47.0), 26.0, 0x0060_8048);
    }

    fn yard(&mut self) {
        self.sky(26.0);
        self.tree((8.0, 36.0), 22.0, 0x0058_7848);
        self.tree((134.0, 36.0), 20.0, 0x0062_8250);
        self.tree((152.0, 34.0), 24.0, 0x0058_7848);
        // The wall around the yard.
        self.shaded(&[(0.0, 33.0), (UNITS, 33.0), (UNITS, 44.0), (0.0, 44.0)], 0x00b8_ab98, 0x008f_8474);
        // The warehouse with its roller doors.
        self.shaded(&[(16.0, 12.0), (120.0, 12.0), (120.0, 42.0), (16.0, 44.0)], 0x00c4_cbd0, 0x009c_a4aa);
        self.polygon(&[(14.0, 9.0), (122.0, 9.0), (122.0, 12.6), (14.0, 12.6)], 0x0056_6a7c);
        for step in 0..26_u8 {
            let x = 18.0 + f32::from(step) * 4.0;
            self.line(&[(x, 13.0), (x, 42.5)], 0.18, 0x00a9_b1b7);
        }
        for left in [28.0, 80.0] {
            self.shaded(
                &[(left, 20.0), (left + 24.0, 20.0), (left + 24.0, 42.6), (left, 43.2)],
                0x00df_e2e2,
                0x00b7_bcbe,
            );
            for step in 1..9_u8 {
                let y = 20.0 + f32::from(step) * 2.5;
                self.line(&[(left, y), (left + 24.0, y)], 0.22, 0x0094_9a9e);
            }
            self.rectangle([left - 1.0, 18.6, left + 25.0, 20.2], 0x0048_5a6a);
        }
        self.rectangle([62.0, 27.0, 70.0, 43.0], 0x0048_5a6a);
        self.ground(42.5, 0x00a6_a5a1, 0x0077_7672);
        for points in [
            [(30.0, 43.0), (-20.0, 90.0)],
            [(56.0, 43.0), (44.0, 90.0)],
            [(82.0, 43.0), (106.0, 90.0)],
            [(108.0, 43.0), (172.0, 90.0)],
        ] {
            self.line(&points, 0.7, 0x00d9_c25a);
        }
        // Containers on the right, pallets on the left.
        for (left, top, right, bottom, tint) in
            [(118.0, 28.0, 160.0, 48.0, 0x0043_6d8f), (126.0, 46.0, 160.0, 68.0, 0x00a4_5240)]
        {
            self.shaded(
                &[(left, top), (right, top), (right, bottom), (left, bottom - 1.5)],
                tint,
                mixed(tint, 0, 0.3),
            );
            let mut x = left + 1.8;
            while x < right {
                self.line(&[(x, top + 0.8), (x, bottom - 2.0)], 0.5, mixed(tint, 0, 0.22));
                x += 2.6;
            }
        }
        for (index, left) in [4.0_f32, 5.0, 4.4].into_iter().enumerate() {
            let top = 57.0 - index as f32 * 4.4;
            self.rectangle([left, top, left + 19.0, top + 3.2], 0x00b0_8a58);
            self.rectangle([left, top + 3.2, left + 19.0, top + 4.4], 0x0060_4a30);
        }
        for x in [40.0, 92.0] {
            self.line(&[(x, 14.0), (x, 16.4)], 1.2, 0x0038_4048);
        }
    }

    fn porch(&mut self) {
        self.sky(30.0);
        for (x, size, tint) in [
            (22.0, 26.0, 0x0066_8a4e),
            (46.0, 20.0, 0x0058_7a48),
            (112.0, 24.0, 0x0060_8248),
            (140.0, 30.0, 0x0054_7444),
        ] {
            self.tree((x, 34.0), size, tint);
        }
        self.ground(31.0, 0x0090_ac66, 0x0066_8444);
        self.polygon(&[(70.0, 31.0), (92.0, 31.0), (132.0, 90.0), (34.0, 90.0)], 0x00c2_b8a8);
        for row in [34.0_f32, 38.0, 43.5, 51.0, 61.0, 74.0] {
            let part = (row - 31.0) / 59.0;
            self.line(&[(70.0 - 36.0 * part, row), (92.0 + 40.0 * part, row)], 0.3 + part * 0.3, 0x0099_9084);
        }
        // Railing, posts and the planter.
        for (left, right, bottom) in [(0.0, 32.0, 76.0), (128.0, 160.0, 76.0)] {
            self.line(&[(left, 56.0), (right, 56.0)], 1.8, 0x00f0_ece2);
            let mut x = left + 3.0;
            while x < right {
                self.line(&[(x, 56.0), (x, bottom)], 0.9, 0x00e2_ddd2);
                x += 4.6;
            }
        }
        self.shaded(&[(26.0, 0.0), (33.0, 0.0), (33.0, 90.0), (26.0, 90.0)], 0x00f4_f0e8, 0x00d2_ccc0);
        self.shaded(&[(127.0, 0.0), (134.0, 0.0), (134.0, 90.0), (127.0, 90.0)], 0x00f4_f0e8, 0x00d2_ccc0);
        self.rectangle([0.0, 0.0, UNITS, 2.4], 0x00e8_e2d6);
        self.polygon(&[(6.0, 70.0), (24.0, 70.0), (22.0, 88.0), (8.0, 88.0)], 0x00a8_6448);
        for (x, y) in [(9.0, 66.0), (15.0, 63.0), (21.0, 66.5), (12.0, 68.0), (18.5, 68.0)] {
            self.brush.ellipse((x, y * self.stretch), (4.2, 4.0), 0x004f_7a44, 1.0);
        }
        self.line(&[(14.0, 14.0), (14.0, 20.0)], 0.7, 0x0030_3030);
    }
}
