//! JPEGs of a wanted size.

use jpeg_encoder::{ColorType, Encoder, EncodingError, SamplingFactor};

use crate::noise::Noise;
use crate::scene::{PIXEL, draw};

/// The steps from a clean picture to the most that its pixels can carry.
const LEVELS: usize = 276;
/// Up to this step the grain grows; from here on the quality does.
const GRAIN_LEVELS: usize = 256;
/// What one application segment holds at most.
const SEGMENT: usize = 65_533;

/// A JPEG of a drawn scene that decodes as a picture.
///
/// `width` and `height` are in pixels (0 counts as 1). Like a sensor in the dark, the scene gets just as much
/// grain as makes the file `at_least_bytes` long. A picture whose pixels cannot carry that much (about 3 bytes
/// each) gets the rest as application segments before the first scan, as cameras put their metadata. There is
/// nothing behind the end marker. The same arguments give the same bytes.
///
/// ```
/// let picture = camhook_picture::jpeg(320, 180, 20_000, 7);
/// assert!(picture.len() >= 20_000 && picture.len() < 24_000);
/// assert_eq!(picture, camhook_picture::jpeg(320, 180, 20_000, 7));
/// ```
#[must_use]
pub fn jpeg(width: u16, height: u16, at_least_bytes: usize, seed: u64) -> Vec<u8> {
    let size = (width.max(1), height.max(1));
    let scene = draw(size.0, size.1, seed).pixels;
    with_grain(&Frame { pixels: &scene, size, quality: 80 }, at_least_bytes, seed)
}

/// The rows of a block of a JPEG.
const BLOCK: usize = 8;

/// Which blocks an estimate takes: the first of so many.
const ESTIMATED: usize = 8;

/// Like [`with_grain`], with fewer encodings: the level is found on every eighth row of blocks.
pub(crate) fn with_estimated_grain(frame: &Frame<'_>, at_least_bytes: usize, seed: u64) -> Vec<u8> {
    let (width, height) = (usize::from(frame.size.0), usize::from(frame.size.1));
    if height < BLOCK * ESTIMATED * 2 {
        return with_grain(frame, at_least_bytes, seed);
    }
    let bands = frame.pixels.chunks(width * PIXEL * BLOCK).step_by(ESTIMATED);
    let pixels: Vec<u8> = bands.flatten().copied().collect();
    let rows = pixels.len() / (width * PIXEL);
    let Ok(sample_height) = u16::try_from(rows) else { return with_grain(frame, at_least_bytes, seed) };
    let sample = Frame { pixels: &pixels, size: (frame.size.0, sample_height), quality: frame.quality };
    let wanted = at_least_bytes * rows / height;
    let (mut level, mut enough) = (0, LEVELS);
    while level < enough {
        let middle = level.midpoint(enough);
        if encode(&sample, &grained(sample.pixels, middle, seed), middle, 0, seed).len() >= wanted {
            enough = middle;
        } else {
            level = middle + 1;
        }
    }
    for level in (level..LEVELS).step_by(2) {
        let picture = encode(frame, &grained(frame.pixels, level, seed), level, 0, seed);
        if picture.len() >= at_least_bytes {
            return picture;
        }
    }
    with_grain(frame, at_least_bytes, seed)
}

/// A picture before grain and encoding.
pub(crate) struct Frame<'a> {
    /// Rows of red, green and blue.
    pub(crate) pixels: &'a [u8],
    /// Width and height, neither of which is 0.
    pub(crate) size: (u16, u16),
    /// The quality of the encoding at the lower levels.
    pub(crate) quality: u8,
}

/// The JPEG of a frame with as much grain as makes it `at_least_bytes` long.
pub(crate) fn with_grain(frame: &Frame<'_>, at_least_bytes: usize, seed: u64) -> Vec<u8> {
    let at_level = |level| encode(frame, &grained(frame.pixels, level, seed), level, 0, seed);

    let (mut below, mut enough) = (0, LEVELS);
    let mut smallest = None;
    while below < enough {
        let level = below.midpoint(enough);
        let picture = at_level(level);
        if picture.len() >= at_least_bytes {
            // Near enough: a smaller one is not worth another encoding.
            let close = picture.len() <= at_least_bytes + at_least_bytes / 50;
            smallest = Some(picture);
            if close {
                break;
            }
            enough = level;
        } else {
            below = level + 1;
        }
    }
    smallest.unwrap_or_else(|| {
        let missing = at_least_bytes.saturating_sub(at_level(LEVELS - 1).len());
        encode(frame, &grained(frame.pixels, LEVELS - 1, seed), LEVELS - 1, missing, seed)
    })
}

fn grained(scene: &[u8], level: usize, seed: u64) -> Vec<u8> {
    // Small steps where little grain makes the most difference: 0 to 1024 in squares.
    let amplitude = (level.min(GRAIN_LEVELS).pow(2) / 64) as i32;
    let mut noise = Noise::new(!seed);
    let mut pixels = scene.to_vec();
    for pixel in pixels.chunks_exact_mut(PIXEL) {
        let mut random = noise.next();
        for channel in pixel {
            let grain = (random & 0xff) as i32 - 128;
            *channel = (i32::from(*channel) + grain * amplitude / 1024).clamp(0, 255) as u8;
            random >>= 8;
        }
    }
    pixels
}

#[expect(
    clippy::expect_used,
    reason = "neither side is 0, the pixels fill both, and a segment is within its limit"
)]
fn encode(frame: &Frame<'_>, pixels: &[u8], level: usize, extra: usize, seed: u64) -> Vec<u8> {
    let (width, height) = frame.size;
    let rest = usize::from(100 - frame.quality.min(100));
    let quality =
        frame.quality + (level.saturating_sub(GRAIN_LEVELS) * rest / (LEVELS - 1 - GRAIN_LEVELS)) as u8;
    let mut bytes = Vec::new();
    let write = |bytes: &mut Vec<u8>| -> Result<(), EncodingError> {
        let mut encoder = Encoder::new(bytes, quality);
        encoder.set_sampling_factor(SamplingFactor::R_4_4_4);
        let mut noise = Noise::new(seed);
        let mut left = extra;
        while left > 0 {
            let length = left.min(SEGMENT);
            encoder.add_app_segment(11, (0..length).map(|_| noise.next() as u8).collect())?;
            left -= length;
        }
        encoder.encode(pixels, width, height, ColorType::Rgb)
    };
    write(&mut bytes).expect("a picture of valid dimensions can be encoded");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use zune_jpeg::JpegDecoder;
    use zune_jpeg::zune_core::bytestream::ZCursor;

    fn decoded_size(picture: &[u8]) -> (usize, usize) {
        let mut decoder = JpegDecoder::new(ZCursor::new(picture));
        let pixels = decoder.decode().unwrap();
        let (width, height) = decoder.dimensions().unwrap();
        assert_eq!(pixels.len(), width * height * PIXEL);
        (width, height)
    }

    #[test]
    fn a_picture_decodes_and_is_barely_larger_than_asked_for() {
        for (width, height, bytes) in [(1280, 720, 355_784), (336, 448, 41_716), (128, 64, 2_400)] {
            let picture = jpeg(width, height, bytes, 1);
            assert_eq!(decoded_size(&picture), (usize::from(width), usize::from(height)));
            assert!(picture.len() >= bytes, "{} is less than {bytes}", picture.len());
            assert!(picture.len() <= bytes + bytes / 8 + 600, "{} is far above {bytes}", picture.len());
            assert!(picture.ends_with(&[0xff, 0xd9]));
        }
    }

    #[test]
    fn a_picture_too_small_for_its_bytes_carries_them_as_metadata() {
        for bytes in [5_000, 3 * 1024 * 1024 + 1] {
            let picture = jpeg(16, 16, bytes, 2);
            assert!(picture.len() >= bytes && picture.len() < bytes + 1_000, "{} for {bytes}", picture.len());
            assert_eq!(decoded_size(&picture), (16, 16));
        }
    }

    #[test]
    fn an_estimated_picture_is_barely_larger_than_asked_for() {
        for (width, height, bytes) in
            [(640, 360, 90_000), (640, 360, 500_000), (320, 180, 20_000), (64, 24, 900)]
        {
            let pixels = draw(width, height, 1).pixels;
            let frame = Frame { pixels: &pixels, size: (width, height), quality: 90 };
            let picture = with_estimated_grain(&frame, bytes, 2);
            assert_eq!(decoded_size(&picture), (usize::from(width), usize::from(height)));
            assert!(picture.len() >= bytes, "{} is less than {bytes}", picture.len());
            assert!(picture.len() <= bytes + bytes / 8 + 2_000, "{} is far above {bytes}", picture.len());
        }
    }

    #[test]
    fn the_seed_makes_the_picture() {
        assert_eq!(jpeg(64, 48, 1_500, 3), jpeg(64, 48, 1_500, 3));
        assert_ne!(jpeg(64, 48, 1_500, 3), jpeg(64, 48, 1_500, 4));
        assert_eq!(decoded_size(&jpeg(0, 0, 0, 0)), (1, 1));
    }
}
