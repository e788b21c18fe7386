//! Thumbnails.

use jpeg_encoder::{ColorType, Encoder, EncodingError};
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// The width of a thumbnail in pixels. A smaller picture keeps its width.
pub const THUMBNAIL_WIDTH: usize = 320;

/// The largest picture that is decoded: 25 megapixels, 75 MB as pixels.
const LARGEST_AREA: usize = 25_000_000;

/// The longest side of a picture. A strip of one pixel by millions has no thumbnail.
const LONGEST_SIDE: usize = 16_384;

/// The number of scans of a progressive picture: encoders write ten. Each takes as long as the picture is large.
const MOST_SCANS: usize = 20;

const QUALITY: u8 = 75;

/// The bytes of a pixel.
const CHANNELS: usize = 3;

/// Why a picture has no thumbnail.
#[derive(Debug, thiserror::Error)]
pub enum ThumbnailError {
    /// It cannot be decoded.
    #[error("decoding failed: {0:?}")]
    Decode(DecodeErrors),
    /// It is larger than what is decoded.
    #[error("{width} by {height} pixels is too large")]
    TooLarge {
        /// Its width in pixels.
        width: usize,
        /// Its height in pixels.
        height: usize,
    },
    /// The decoder did not return as many pixels as the picture has.
    #[error("the decoder returned an incomplete picture")]
    Incomplete,
    /// The thumbnail cannot be encoded.
    #[error("encoding failed: {0}")]
    Encode(#[from] EncodingError),
    /// The decoder panicked.
    #[error("the decoder panicked")]
    Panic,
}

/// Scales a JPEG down to [`THUMBNAIL_WIDTH`].
///
/// Time and memory are bounded: the size of the picture is checked before it is decoded.
///
/// # Errors
///
/// When the picture is too large, or not a JPEG that can be decoded.
pub fn thumbnail(jpeg: &[u8]) -> Result<Vec<u8>, ThumbnailError> {
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .jpeg_set_max_scans(MOST_SCANS)
        .set_max_width(LONGEST_SIDE)
        .set_max_height(LONGEST_SIDE);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(jpeg), options);
    decoder.decode_headers().map_err(ThumbnailError::Decode)?;
    let (width, height) = decoder.dimensions().ok_or(ThumbnailError::Incomplete)?;
    if width == 0 || height == 0 {
        return Err(ThumbnailError::Incomplete);
    }
    if width.saturating_mul(height) > LARGEST_AREA {
        return Err(ThumbnailError::TooLarge { width, height });
    }
    let pixels = decoder.decode().map_err(ThumbnailError::Decode)?;
    let scaled = scale(&pixels, width, height).ok_or(ThumbnailError::Incomplete)?;
    let mut thumbnail = Vec::new();
    let encoder = Encoder::new(&mut thumbnail, QUALITY);
    encoder.encode(&scaled.pixels, scaled.width, scaled.height, ColorType::Rgb)?;
    Ok(thumbnail)
}

struct Scaled {
    pixels: Vec<u8>,
    width: u16,
    height: u16,
}

/// Scales by the mean of the pixels that fall on each new one. `None` when there are too few pixels.
fn scale(pixels: &[u8], width: usize, height: usize) -> Option<Scaled> {
    let new_width = width.min(THUMBNAIL_WIDTH);
    let new_height = (height * new_width / width).max(1);
    let row_bytes = width * CHANNELS;
    let mut scaled = Vec::with_capacity(new_width * new_height * CHANNELS);
    for row in 0..new_height {
        let (top, bottom) = span(row, height, new_height);
        let rows = pixels.get(top * row_bytes..bottom * row_bytes)?;
        for column in 0..new_width {
            let (left, right) = span(column, width, new_width);
            let mut sums = [0_usize; CHANNELS];
            for line in rows.chunks_exact(row_bytes) {
                for pixel in line.get(left * CHANNELS..right * CHANNELS)?.chunks_exact(CHANNELS) {
                    for (sum, value) in sums.iter_mut().zip(pixel) {
                        *sum += usize::from(*value);
                    }
                }
            }
            let count = (bottom - top) * (right - left);
            scaled.extend(sums.map(|sum| u8::try_from(sum / count).unwrap_or(u8::MAX)));
        }
    }
    Some(Scaled {
        pixels: scaled,
        width: u16::try_from(new_width).ok()?,
        height: u16::try_from(new_height).ok()?,
    })
}

/// The old rows or columns that fall on a new one: at least one.
fn span(index: usize, old: usize, new: usize) -> (usize, usize) {
    let start = index * old / new;
    (start, ((index + 1) * old / new).max(start + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(jpeg: &[u8]) -> (Vec<u8>, usize, usize) {
        let mut decoder = JpegDecoder::new(ZCursor::new(jpeg));
        let pixels = decoder.decode().unwrap();
        let (width, height) = decoder.dimensions().unwrap();
        (pixels, width, height)
    }

    /// A picture whose left half is red and whose right half is blue.
    fn halves(width: u16, height: u16) -> Vec<u8> {
        let line = (0..width).flat_map(|x| if x < width / 2 { [255, 0, 0] } else { [0, 0, 255] });
        let pixels: Vec<u8> = (0..height).flat_map(|_| line.clone()).collect();
        let mut jpeg = Vec::new();
        Encoder::new(&mut jpeg, 90).encode(&pixels, width, height, ColorType::Rgb).unwrap();
        jpeg
    }

    /// The same picture with another size in its frame header.
    fn with_size(mut jpeg: Vec<u8>, width: u16, height: u16) -> Vec<u8> {
        let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
        jpeg[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
        jpeg[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
        jpeg
    }

    #[test]
    fn a_picture_is_scaled_to_the_width_and_looks_the_same() {
        let (pixels, width, height) = decoded(&thumbnail(&halves(1920, 1080)).unwrap());
        assert_eq!((width, height), (320, 180));
        let at = |x: usize, y: usize| &pixels[(y * width + x) * 3..][..3];
        for y in [5, 90, 175] {
            assert!(at(40, y)[0] > 220 && at(40, y)[2] < 35, "{:?}", at(40, y));
            assert!(at(280, y)[2] > 220 && at(280, y)[0] < 35, "{:?}", at(280, y));
        }
    }

    #[test]
    fn sizes_that_do_not_divide_work_and_a_small_picture_keeps_its_size() {
        for ((width, height), expected) in
            [((321, 7), (320, 6)), ((2049, 1153), (320, 180)), ((90, 40), (90, 40)), ((8000, 10), (320, 1))]
        {
            let (_, new_width, new_height) = decoded(&thumbnail(&halves(width, height)).unwrap());
            assert_eq!((new_width, new_height), expected);
        }
    }

    #[test]
    fn a_picture_that_claims_to_be_large_is_not_decoded() {
        let bomb = with_size(halves(64, 64), 16_000, 16_000);
        assert!(matches!(thumbnail(&bomb), Err(ThumbnailError::TooLarge { width: 16_000, height: 16_000 })));
        assert!(matches!(thumbnail(&with_size(halves(64, 64), 65_535, 1)), Err(ThumbnailError::Decode(_))));
    }

    #[test]
    fn whatever_a_device_sends_ends_in_a_thumbnail_or_an_error() {
        let picture = camhook_picture::jpeg(340, 60, 8_000, 7);
        assert!(thumbnail(b"").is_err());
        assert!(thumbnail(b"GIF89a").is_err());
        for step in 0..100 {
            let mut damaged = picture.clone();
            let index = step * damaged.len() / 100;
            damaged[index] ^= 0x55;
            drop(thumbnail(&damaged));
            drop(thumbnail(&damaged[..index]));
        }
    }
}
