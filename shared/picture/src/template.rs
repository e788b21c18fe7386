//! Placeholders in samples and fixtures.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::illustration::Illustration;
use crate::jpeg;
use crate::jpeg::{Frame, with_estimated_grain};

/// What the placeholders of a template stand for.
#[derive(Debug, Clone)]
pub struct Context {
    /// The webhook's path, for `{{path}}`.
    pub path: String,
    /// The time, for `{{now …}}`.
    pub now: Timestamp,
    /// The zone of `{{now local}}`, and of the time and light of illustrations.
    pub timezone: TimeZone,
    /// What the pictures are drawn from; the n-th picture of a template is drawn from `seed` + n.
    pub seed: u64,
    /// Replaces the plate of `{{plate …}}` and of illustrations.
    pub plate: Option<String>,
}

/// A template that cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// `{{` without `}}`.
    #[error("the placeholder at byte {0} is not closed: end it with }}}}")]
    Unclosed(usize),
    /// A placeholder that means nothing.
    #[error(
        "`{0}` is no placeholder: use path, plate TEXT, jpeg WIDTHxHEIGHT BYTES [ILLUSTRATION], now us, now ms, now s, now local or now iso"
    )]
    Unknown(String),
}

/// Fills the placeholders of a template.
///
/// `{{path}}` is the webhook's path. `{{jpeg WIDTHxHEIGHT BYTES}}` is the base64 text of a JPEG of that size and at
/// least that many bytes. With an illustration behind it, such as `drive person 44,7,59,81`, the JPEG shows it: `[target
/// of|plate of] PLACE [SUBJECT LEFT,TOP,RIGHT,BOTTOM [PLATE]] [in WIDTHxHEIGHT]`, where a place is `drive`, `street`,
/// `yard` or `porch`, a subject `person`, `face`, `car` or `car-side`, its box in percent of the frame, and `in` the size
/// of the frame that a target or plate is cut out of. Light and clock are those of the context. `{{plate TEXT}}` is the
/// context's plate, else the text. `{{now us}}`, `{{now ms}}` and `{{now s}}` are the time since 1970, `{{now local}}` is
/// `YYYY-MM-DD hh:mm:ss` in the context's zone, `{{now iso}}` is RFC 3339 in UTC.
///
/// # Errors
///
/// When a placeholder is not closed or means nothing.
///
/// ```
/// use camhook_picture::{Context, render};
/// use jiff::{Timestamp, tz::TimeZone};
/// let context = Context {
///     path: "/viewtron/gate".to_owned(),
///     now: Timestamp::from_second(1_774_792_701)?,
///     timezone: TimeZone::get("Europe/Berlin")?,
///     seed: 0,
///     plate: None,
/// };
/// assert_eq!(render("{{path}} {{now local}}", &context)?, "/viewtron/gate 2026-03-29 15:58:21");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn render(template: &str, context: &Context) -> Result<String, RenderError> {
    let mut rendered = String::with_capacity(template.len());
    let mut pictures = 0;
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((placeholder, behind)) = after.split_once("}}") else {
            return Err(RenderError::Unclosed(template.len() - after.len() - 2));
        };
        rendered.push_str(before);
        match placeholder.trim().split_once(' ') {
            Some(("jpeg", size)) => {
                let seed = context.seed.wrapping_add(pictures);
                let picture = picture(size, seed, context)
                    .ok_or_else(|| RenderError::Unknown(placeholder.trim().to_owned()))?;
                pictures += 1;
                base64_simd::STANDARD.encode_append(&picture, &mut rendered);
            }
            Some(("plate", text)) => rendered.push_str(context.plate.as_deref().unwrap_or(text.trim())),
            _ => rendered.push_str(&value(placeholder.trim(), context)?),
        }
        rest = behind;
    }
    rendered.push_str(rest);
    Ok(rendered)
}

/// The quality of illustrations: at a lower one, the wanted size would need grain that hides them.
const ILLUSTRATION_QUALITY: u8 = 94;

/// The picture of `WIDTHxHEIGHT BYTES [ILLUSTRATION]`.
fn picture(words: &str, seed: u64, context: &Context) -> Option<Vec<u8>> {
    let (dimensions, rest) = words.trim().split_once(' ')?;
    let (width, height) = dimensions.split_once('x')?;
    let size: (u16, u16) = (width.parse().ok()?, height.parse().ok()?);
    let (bytes, illustration) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
    let bytes = bytes.parse().ok()?;
    if illustration.is_empty() {
        return Some(jpeg(size.0, size.1, bytes, seed));
    }
    let illustration = Illustration::parse(illustration, size, context.plate.as_deref())?;
    // All pictures of a template show the same subject, so that its colours come from the context's own seed.
    let at = context.now.to_zoned(context.timezone.clone());
    let pixels = illustration.draw(size, &at, context.seed)?;
    let frame =
        Frame { pixels: &pixels, size: (size.0.max(1), size.1.max(1)), quality: ILLUSTRATION_QUALITY };
    Some(with_estimated_grain(&frame, bytes, seed))
}

fn value(placeholder: &str, context: &Context) -> Result<String, RenderError> {
    let now = context.now;
    match placeholder {
        "path" => Ok(context.path.clone()),
        "now us" => Ok(now.as_microsecond().to_string()),
        "now ms" => Ok(now.as_millisecond().to_string()),
        "now s" => Ok(now.as_second().to_string()),
        "now local" => Ok(now.to_zoned(context.timezone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()),
        "now iso" => Ok(format!("{now:.3}")),
        other => Err(RenderError::Unknown(other.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Context {
        Context {
            path: "/viewtron/gate/token".to_owned(),
            now: "2026-03-29T13:58:21.9025Z".parse().unwrap(),
            timezone: TimeZone::get("Europe/Berlin").unwrap(),
            seed: 5,
            plate: None,
        }
    }

    #[test]
    fn every_placeholder_has_its_value() {
        let rendered = render(
            "POST {{path}}/x\n{{now us}} {{now ms}} {{ now s }} {{now local}} {{now iso}}",
            &context(),
        );
        assert_eq!(
            rendered.unwrap(),
            "POST /viewtron/gate/token/x\n1774792701902500 1774792701902 1774792701 2026-03-29 15:58:21 \
             2026-03-29T13:58:21.902Z"
        );
    }

    #[test]
    fn each_picture_of_a_template_is_another_one() {
        let rendered = render("{{jpeg 32x24 900}} {{jpeg 32x24 900}}", &context()).unwrap();
        let (first, second) = rendered.split_once(' ').unwrap();
        assert_ne!(first, second);
        assert_eq!(base64_simd::STANDARD.decode_to_vec(first).unwrap(), jpeg(32, 24, 900, 5));
        assert_eq!(base64_simd::STANDARD.decode_to_vec(second).unwrap(), jpeg(32, 24, 900, 6));
    }

    #[test]
    fn what_means_nothing_is_an_error() {
        assert_eq!(render("a {{path", &context()), Err(RenderError::Unclosed(2)));
        for unknown in ["now", "jpeg 1x1", "jpeg 1 1", "jpeg 70000x1 5", "Path"] {
            let error = render(&format!("{{{{{unknown}}}}}"), &context()).unwrap_err();
            assert_eq!(error, RenderError::Unknown(unknown.to_owned()));
        }
        assert!(RenderError::Unclosed(2).to_string().ends_with("}}"));
    }
}
