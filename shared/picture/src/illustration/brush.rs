//! Shapes on a picture, in the units of a frame.

use tiny_skia::{
    BlendMode, Color, FillRule, GradientStop, LineCap, LineJoin, LinearGradient, Paint, Path, PathBuilder,
    Pixmap, Point, RadialGradient, Rect, Shader, SpreadMode, Stroke, Transform,
};

/// A colour as 0xRRGGBB.
pub(super) type Tint = u32;

/// A picture that is being drawn.
pub(super) struct Brush {
    pixmap: Pixmap,
    view: Transform,
}

pub(super) fn color(tint: Tint, alpha: f32) -> Color {
    let channel = |shift: u32| ((tint >> shift) & 0xff) as u8;
    let mut color = Color::from_rgba8(channel(16), channel(8), channel(0), 255);
    color.set_alpha(alpha.clamp(0.0, 1.0));
    color
}

/// A colour between two, by a part from 0 to 1.
pub(super) fn mixed(from: Tint, to: Tint, part: f32) -> Tint {
    let channel = |shift: u32| {
        let (from, to) = (((from >> shift) & 0xff) as f32, ((to >> shift) & 0xff) as f32);
        ((from + (to - from) * part).clamp(0.0, 255.0) as u32) << shift
    };
    channel(16) | channel(8) | channel(0)
}

impl Brush {
    pub(super) fn new(mut pixmap: Pixmap, view: Transform) -> Self {
        pixmap.fill(Color::BLACK);
        Self { pixmap, view }
    }

    /// Fills a polygon.
    pub(super) fn polygon(&mut self, points: &[(f32, f32)], tint: Tint) {
        if let Some(path) = outline(points) {
            self.fill(&path, Shader::SolidColor(color(tint, 1.0)));
        }
    }

    /// Fills a polygon with a gradient from its top to its bottom.
    pub(super) fn shaded(&mut self, points: &[(f32, f32)], upper: Tint, lower: Tint) {
        let Some(path) = outline(points) else { return };
        let bounds = path.bounds();
        let stops =
            vec![GradientStop::new(0.0, color(upper, 1.0)), GradientStop::new(1.0, color(lower, 1.0))];
        let (top, bottom) = (Point::from_xy(0.0, bounds.top()), Point::from_xy(0.0, bounds.bottom()));
        let shader = LinearGradient::new(top, bottom, stops, SpreadMode::Pad, Transform::identity());
        self.fill(&path, shader.unwrap_or(Shader::SolidColor(color(upper, 1.0))));
    }

    /// Fills a rectangle: left, top, right and bottom.
    pub(super) fn rectangle(&mut self, [left, top, right, bottom]: [f32; 4], tint: Tint) {
        self.polygon(&[(left, top), (right, top), (right, bottom), (left, bottom)], tint);
    }

    /// Fills an ellipse: centre and radii.
    pub(super) fn ellipse(&mut self, (x, y): (f32, f32), (across, down): (f32, f32), tint: Tint, alpha: f32) {
        let Some(bounds) = Rect::from_ltrb(x - across, y - down, x + across, y + down) else { return };
        if let Some(path) = PathBuilder::from_oval(bounds) {
            self.fill(&path, Shader::SolidColor(color(tint, alpha)));
        }
    }

    /// Draws a line through points, with round ends.
    pub(super) fn line(&mut self, points: &[(f32, f32)], width: f32, tint: Tint) {
        let mut builder = PathBuilder::new();
        for (index, (x, y)) in points.iter().enumerate() {
            if index == 0 {
                builder.move_to(*x, *y);
            } else {
                builder.line_to(*x, *y);
            }
        }
        let Some(path) = builder.finish() else { return };
        let stroke =
            Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
        let mut paint = Paint { anti_alias: true, ..Paint::default() };
        paint.set_color(color(tint, 1.0));
        self.pixmap.stroke_path(&path, &paint, &stroke, self.view, None);
    }

    /// Adds light around a point, which fades to nothing at `radius`.
    pub(super) fn glow(&mut self, (x, y): (f32, f32), radius: f32, tint: Tint, alpha: f32) {
        self.halo((x, y), radius, tint, alpha, BlendMode::Screen);
    }

    /// Darkens around a point.
    pub(super) fn shadow(&mut self, (x, y): (f32, f32), (across, down): (f32, f32), alpha: f32) {
        let Some(bounds) = Rect::from_ltrb(x - across, y - down, x + across, y + down) else { return };
        let stops = vec![
            GradientStop::new(0.0, color(0, alpha)),
            GradientStop::new(0.55, color(0, alpha * 0.7)),
            GradientStop::new(1.0, color(0, 0.0)),
        ];
        let round = Transform::from_translate(-x, 0.0).post_scale(1.0, down / across).post_translate(x, 0.0);
        let center = Point::from_xy(x, y * across / down);
        let shader = RadialGradient::new(center, 0.0, center, across, stops, SpreadMode::Pad, round);
        if let (Some(path), Some(shader)) = (PathBuilder::from_oval(bounds), shader) {
            self.fill(&path, shader);
        }
    }

    fn halo(&mut self, (x, y): (f32, f32), radius: f32, tint: Tint, alpha: f32, blend_mode: BlendMode) {
        let stops = vec![
            GradientStop::new(0.0, color(tint, alpha)),
            GradientStop::new(0.35, color(tint, alpha * 0.38)),
            GradientStop::new(1.0, color(tint, 0.0)),
        ];
        let center = Point::from_xy(x, y);
        let shader =
            RadialGradient::new(center, 0.0, center, radius, stops, SpreadMode::Pad, Transform::identity());
        let (Some(shader), Some(path)) = (shader, PathBuilder::from_circle(x, y, radius)) else { return };
        let paint = Paint { shader, blend_mode, anti_alias: true, ..Paint::default() };
        self.pixmap.fill_path(&path, &paint, FillRule::Winding, self.view, None);
    }

    fn fill(&mut self, path: &Path, shader: Shader<'static>) {
        let paint = Paint { shader, anti_alias: true, ..Paint::default() };
        self.pixmap.fill_path(path, &paint, FillRule::Winding, self.view, None);
    }

    /// Changes each pixel, which a closure gets with its place in the frame.
    pub(super) fn each_pixel(&mut self, change: impl Fn([f32; 3], (f32, f32)) -> [f32; 3]) {
        let width = self.pixmap.width().max(1) as usize;
        let Some(inverse) = self.view.invert() else { return };
        for (index, pixel) in self.pixmap.data_mut().chunks_exact_mut(4).enumerate() {
            let mut at = Point::from_xy((index % width) as f32, (index / width) as f32);
            inverse.map_point(&mut at);
            let [red, green, blue, _] = pixel else { continue };
            let before = [f32::from(*red), f32::from(*green), f32::from(*blue)];
            let after = change(before, (at.x, at.y)).map(|value| value.clamp(0.0, 255.0) as u8);
            [*red, *green, *blue] = after;
        }
    }

    /// The pixels as red, green and blue.
    pub(super) fn into_rgb(self) -> Vec<u8> {
        let pixels = self.pixmap.data().chunks_exact(4);
        pixels.flat_map(|pixel| pixel.iter().take(3).copied()).collect()
    }
}

fn outline(points: &[(f32, f32)]) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for (index, (x, y)) in points.iter().enumerate() {
        if index == 0 {
            builder.move_to(*x, *y);
        } else {
            builder.line_to(*x, *y);
        }
    }
    builder.close();
    builder.finish()
}
