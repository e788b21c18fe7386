//! The scene that a made picture shows: a yard at dusk, a house, a path, somebody in it.

use crate::noise::Noise;

/// Bytes of one pixel: red, green, blue.
pub(crate) const PIXEL: usize = 3;

/// A picture before it is encoded.
#[derive(Debug, Clone)]
pub(crate) struct Canvas {
    width: usize,
    height: usize,
    /// Rows from above, pixels from the left.
    pub(crate) pixels: Vec<u8>,
}

type Color = [u8; PIXEL];

/// Draws the scene. The seed moves the house and the figure and sets the colours.
pub(crate) fn draw(width: u16, height: u16, seed: u64) -> Canvas {
    let (width, height) = (usize::from(width), usize::from(height));
    let mut noise = Noise::new(seed);
    let mut canvas = Canvas { width, height, pixels: vec![0; width * height * PIXEL] };
    let horizon = height * noise.within(38, 48) / 100;
    let sky = [noise.within(40, 90) as u8, noise.within(70, 120) as u8, noise.within(120, 190) as u8];
    let ground = [noise.within(60, 100) as u8, noise.within(80, 120) as u8, noise.within(50, 80) as u8];

    canvas.gradient(0, horizon, sky, [220, 190, 160]);
    canvas.gradient(horizon, height, ground, [30, 40, 28]);

    let house = width * noise.within(5, 45) / 100;
    canvas.rectangle([house, horizon / 2, house + width / 3, horizon + height / 6], [150, 130, 110]);
    for window in 0..3 {
        let left = house + width * (2 + window * 10) / 100;
        canvas.rectangle([left, horizon * 2 / 3, left + width / 20, horizon], [250, 220, 120]);
    }
    canvas.rectangle([width * 55 / 100, horizon, width * 68 / 100, height], [120, 118, 112]);
    for post in 0..12 {
        let left = width * post / 12;
        canvas.rectangle(
            [left, horizon - horizon / 8, left + width / 120 + 1, horizon + height / 20],
            [90, 70, 50],
        );
    }

    let figure = width * noise.within(45, 75) / 100;
    let coat = [noise.within(90, 200) as u8, noise.within(20, 90) as u8, noise.within(20, 90) as u8];
    canvas.rectangle([figure, height / 2, figure + width / 14, height * 72 / 100], coat);
    canvas.rectangle(
        [figure + width / 70, height * 72 / 100, figure + width / 18, height * 9 / 10],
        [35, 35, 50],
    );
    canvas.disc((figure + width / 28, height * 45 / 100), height / 18, [225, 180, 150]);
    canvas
}

impl Canvas {
    /// Fills rows with a colour that goes over into another.
    fn gradient(&mut self, from: usize, to: usize, upper: Color, lower: Color) {
        let rows = to.saturating_sub(from).max(1);
        for row in from..to.min(self.height) {
            let part = row - from;
            let mut color = upper;
            for (channel, end) in color.iter_mut().zip(lower) {
                *channel = ((usize::from(*channel) * (rows - part) + usize::from(end) * part) / rows) as u8;
            }
            self.fill(row, 0, self.width, color);
        }
    }

    /// Fills a box: left, upper, right and lower edge.
    fn rectangle(&mut self, [left, upper, right, lower]: [usize; 4], color: Color) {
        for row in upper..lower.min(self.height) {
            self.fill(row, left, right, color);
        }
    }

    /// Fills a disc.
    fn disc(&mut self, (column, row): (usize, usize), radius: usize, color: Color) {
        for y in row.saturating_sub(radius)..(row + radius).min(self.height) {
            let reach = (radius * radius).saturating_sub(y.abs_diff(row).pow(2)).isqrt();
            self.fill(y, column.saturating_sub(reach), column + reach, color);
        }
    }

    fn fill(&mut self, row: usize, from: usize, to: usize, color: Color) {
        let (from, to) = (from.min(self.width), to.min(self.width));
        let start = (row * self.width + from) * PIXEL;
        let end = (row * self.width + to) * PIXEL;
        let Some(pixels) = self.pixels.get_mut(start..end) else { return };
        for pixel in pixels.chunks_exact_mut(PIXEL) {
            pixel.copy_from_slice(&color);
        }
    }
}
