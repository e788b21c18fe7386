//! What a request asks for.

use std::borrow::Cow;

use serde::Deserialize;

use crate::Error;

/// The mode that a request asks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModeRequest {
    /// The area; the source's own, or the only one, when `None`.
    #[serde(default)]
    pub area: Option<String>,
    /// The mode.
    pub mode: String,
}

/// Reads the segments of the path below the source, or the body if there are none: a JSON object, or a form.
///
/// ```
/// let request = camhook_control::parse(&["yard".to_owned(), "away".to_owned()], b"").unwrap();
/// assert_eq!(request, camhook_control::parse(&[], br#"{"area": "yard", "mode": "away"}"#).unwrap());
/// assert_eq!(request, camhook_control::parse(&[], b"area=yard&mode=away").unwrap());
/// ```
///
/// # Errors
///
/// When neither names a mode, or the body has anything else.
pub fn parse(rest: &[String], body: &[u8]) -> Result<ModeRequest, Error> {
    match rest {
        [] => parse_body(body.trim_ascii()),
        [mode] => Ok(ModeRequest { area: None, mode: mode.clone() }),
        [area, mode] => Ok(ModeRequest { area: Some(area.clone()), mode: mode.clone() }),
        _ => Err(Error::LongPath),
    }
}

fn parse_body(body: &[u8]) -> Result<ModeRequest, Error> {
    match body {
        [] => Err(Error::NoMode),
        // curl's `-d` names the media type of a form whatever the body is.
        [b'{', ..] => serde_json::from_slice(body).map_err(|error| Error::Body(error.to_string())),
        [b'-', b'-', ..] => Err(Error::Body("multipart is not supported, send JSON".to_owned())),
        _ => parse_form(body),
    }
}

fn parse_form(body: &[u8]) -> Result<ModeRequest, Error> {
    let (mut area, mut mode) = (None, None);
    for (name, value) in form_urlencoded::parse(body) {
        let field = match name.as_ref() {
            "area" => &mut area,
            "mode" => &mut mode,
            _ => return Err(Error::Body("expected JSON, or a form with `area` and `mode`".to_owned())),
        };
        if field.replace(value).is_some() {
            return Err(Error::Body(format!("duplicate field `{name}`")));
        }
    }
    let mode = mode.ok_or(Error::NoMode)?.into_owned();
    Ok(ModeRequest { area: area.map(Cow::into_owned), mode })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn segments(path: &str) -> Vec<String> {
        path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect()
    }

    fn request(area: Option<&str>, mode: &str) -> Result<ModeRequest, Error> {
        Ok(ModeRequest { area: area.map(str::to_owned), mode: mode.to_owned() })
    }

    #[test]
    fn path_json_and_form_say_the_same() {
        for (path, body, expected) in [
            ("yard/away", "", request(Some("yard"), "away")),
            ("away", "", request(None, "away")),
            ("away", "ignored", request(None, "away")),
            ("", r#"{"mode":"away"}"#, request(None, "away")),
            ("", r#"{"area":null,"mode":"away"}"#, request(None, "away")),
            ("", "\n {\"area\":\"back yard\",\"mode\":\"away\"}\n", request(Some("back yard"), "away")),
            ("", "mode=away", request(None, "away")),
            ("", "area=back+yard&mode=away\n", request(Some("back yard"), "away")),
            ("a/b/c", "", Err(Error::LongPath)),
            ("", "", Err(Error::NoMode)),
            ("", "area=yard", Err(Error::NoMode)),
        ] {
            assert_eq!(parse(&segments(path), body.as_bytes()), expected, "{path} {body}");
        }
    }

    #[test]
    fn a_body_with_anything_else_is_rejected() {
        for body in [
            r#"{"area":"yard"}"#,
            r#"{"mode":1}"#,
            r#"{"mode":"away","mode":"home"}"#,
            r#"{"mode":"away","relay":"gate"}"#,
            r#"{"mode":"away"} x"#,
            r#"["away"]"#,
            "away",
            "mode=away&mode=home",
            "mode=away&relay=gate",
            "--boundary\r\nContent-Disposition: form-data; name=\"mode\"\r\n\r\naway\r\n--boundary--",
        ] {
            assert!(matches!(parse(&[], body.as_bytes()), Err(Error::Body(_))), "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&[], &body);
        }

        #[test]
        fn json_and_form_carry_any_text(area in "\\PC{0,40}", mode in "\\PC{1,40}") {
            let expected = ModeRequest { area: Some(area.clone()), mode: mode.clone() };
            let json = serde_json::json!({ "area": area, "mode": mode }).to_string();
            prop_assert_eq!(parse(&[], json.as_bytes()), Ok(expected.clone()));
            let form: String =
                form_urlencoded::Serializer::new(String::new()).append_pair("area", &area).append_pair("mode", &mode).finish();
            prop_assert_eq!(parse(&[], form.as_bytes()), Ok(expected));
        }
    }
}
