//! The parameters of a request, wherever it has them: in the query, in a form, in the texts of a multipart form, in a JSON
//! object.

use camhook_ingest::{Malformed, Request, Verified, describe_names};
use serde_json::Value;

use super::multipart;

/// More parameters than any camera or person sends; what has more is not read.
const LIMIT: usize = 512;

/// A longer form or JSON is none of a camera's. In bytes.
const BODY_LIMIT: usize = 64 * 1024;

/// How deep a JSON object may be.
const DEPTH: usize = 4;

/// The parameters of a request in their order: names and values, decoded. One without an equals sign has no value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parameters(Vec<(String, Option<String>)>);

impl Parameters {
    /// The value under a name, in any case: the last one that is not empty, since a sender appends its own after those
    /// that the user wrote into the URL.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// All values under a name, in any case, that are not empty, the last one first.
    pub(crate) fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let named = self.0.iter().rev().filter(move |(present, _)| present.eq_ignore_ascii_case(name));
        named.filter_map(|(_, value)| value.as_deref().map(str::trim)).filter(|value| !value.is_empty())
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the name is there, with a value or without.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(present, _)| present.eq_ignore_ascii_case(name))
    }

    /// What is there, for the reason of a request that cannot be read: names, never values.
    pub(crate) fn describe(&self) -> String {
        describe_names(self.iter().map(|(name, _)| name))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    fn push(&mut self, name: String, value: Option<String>) -> Result<(), Malformed> {
        if self.0.len() == LIMIT {
            return Err(Malformed::new("too_many_parameters", format!("there are more than {LIMIT}")));
        }
        self.0.push((name, value));
        Ok(())
    }

    /// Adds the pairs of a query or form. Empty pairs, which real requests begin with, are skipped; `+` is a space.
    fn push_pairs(&mut self, encoded: &[u8]) -> Result<(), Malformed> {
        let pairs = encoded.split(|octet| *octet == b'&').filter_map(|pair| {
            let (name, value) = form_urlencoded::parse(pair).next()?;
            Some((name.into_owned(), pair.contains(&b'=').then(|| value.into_owned())))
        });
        pairs.filter(|(name, _)| !name.is_empty()).try_for_each(|(name, value)| self.push(name, value))
    }

    /// Adds the scalars of a JSON object, those of an object within it as `outer.inner`.
    fn push_json(&mut self, name: &str, value: Value, depth: usize) -> Result<(), Malformed> {
        match value {
            Value::Null => Ok(()),
            Value::Bool(value) => self.push(name.to_owned(), Some(value.to_string())),
            Value::Number(value) => self.push(name.to_owned(), Some(value.to_string())),
            Value::String(value) => self.push(name.to_owned(), Some(value)),
            Value::Array(_) | Value::Object(_) if depth == DEPTH => {
                Err(Malformed::new("too_deep", format!("the JSON is nested deeper than {DEPTH}")))
            }
            Value::Array(values) => {
                values.into_iter().try_for_each(|value| self.push_json(name, value, depth + 1))
            }
            Value::Object(fields) => fields.into_iter().try_for_each(|(field, value)| {
                let name = if name.is_empty() { field } else { format!("{name}.{field}") };
                self.push_json(&name, value, depth + 1)
            }),
        }
    }
}

/// What a request holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// The parameters that can be read.
    pub(crate) parameters: Parameters,
    /// Why a part of the body cannot be read.
    pub(crate) unread: Option<Malformed>,
}

/// Reads all parameters of a request: those of the query first, then those of the body. Of a body that cannot be read as a
/// whole none count but the texts of a multipart form.
///
/// The first character of a body decides whether it is a form or JSON: the gateway may add a media type of its own. A
/// byte order mark before it and NUL characters behind it are no part of it.
///
/// # Errors
///
/// When the query has more parameters than anybody sends.
pub(crate) fn read(request: &Request<Verified>) -> Result<Found, Malformed> {
    let mut parameters = Parameters::default();
    parameters.push_pairs(request.query().as_bytes())?;
    let of_query = parameters.0.len();
    let body = request.body();
    // A form may hold octets that are no UTF-8, and a multipart form holds files.
    let body = camhook_json::text(body).map_or_else(|_| body.trim_ascii(), str::as_bytes);
    let unread = match read_body(body, &mut parameters) {
        Ok(unread) => unread,
        Err(malformed) => {
            parameters.0.truncate(of_query);
            Some(malformed)
        }
    };
    Ok(Found { parameters, unread })
}

/// Adds the parameters of a body; what it has beside them.
fn read_body(body: &[u8], parameters: &mut Parameters) -> Result<Option<Malformed>, Malformed> {
    if let Some(delimiter) = multipart::delimiter(body) {
        return read_multipart(body, delimiter, parameters);
    }
    if body.len() > BODY_LIMIT {
        return Err(Malformed::new("body_too_long", format!("the body has more than {BODY_LIMIT} bytes")));
    }
    match body.first() {
        None => {}
        Some(b'{') => {
            let value: Value = serde_json::from_slice(body).map_err(|error| {
                Malformed::new(
                    "not_json",
                    format!("the JSON ends or fails at line {}, column {}", error.line(), error.column()),
                )
            })?;
            parameters.push_json("", value, 0)?;
        }
        Some(b'[' | b'<' | b'"') => {
            return Err(Malformed::new("not_parameters", "the body is neither a form nor a JSON object"));
        }
        Some(_) if body.contains(&0) || body.starts_with(&JPEG) => {
            return Err(Malformed::new("not_parameters", "the body is no text"));
        }
        // A text is no name of a parameter, which would stand in the reason.
        Some(_) if !is_form(body) => {
            return Err(Malformed::new("not_parameters", "the body is a text without a parameter"));
        }
        Some(_) => parameters.push_pairs(body)?,
    }
    Ok(None)
}

/// Whether a text may be a form: its first line has an equals sign.
fn is_form(body: &[u8]) -> bool {
    body.iter().take_while(|octet| !matches!(octet, b'\r' | b'\n')).any(|octet| *octet == b'=')
}

/// The first bytes of a JPEG.
const JPEG: [u8; 2] = [0xff, 0xd8];

/// Adds the texts of a multipart form; the names of its other parts, files for the most part, as what cannot be read.
fn read_multipart(
    body: &[u8],
    delimiter: &[u8],
    parameters: &mut Parameters,
) -> Result<Option<Malformed>, Malformed> {
    let mut others: Vec<&str> = Vec::new();
    for part in multipart::parts(body, delimiter) {
        match part.text() {
            Some((name, text)) => parameters.push(name.to_owned(), Some(text.to_owned()))?,
            None => others.push(part.name.unwrap_or("?")),
        }
    }
    if others.is_empty() {
        return Ok(None);
    }
    let found = describe_names(others.into_iter());
    Ok(Some(Malformed::new("unread_parts", format!("the form has parts that are no texts; {found}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(encoded: &str) -> Vec<(String, Option<String>)> {
        let mut parameters = Parameters::default();
        parameters.push_pairs(encoded.as_bytes()).unwrap();
        parameters.0
    }

    fn pair(name: &str, value: &str) -> (String, Option<String>) {
        (name.to_owned(), Some(value.to_owned()))
    }

    #[test]
    fn a_query_is_read_with_its_empty_pairs() {
        assert_eq!(pairs("&active=1"), [pair("active", "1")]);
        assert_eq!(pairs("&&=&=5&a&b="), [("a".to_owned(), None), pair("b", "")]);
        assert_eq!(
            pairs("a=b+c&d=e%20f%2Bg&h=%ff%zz"),
            [pair("a", "b c"), pair("d", "e f+g"), pair("h", "\u{fffd}%zz")]
        );
    }

    #[test]
    fn the_last_value_that_is_not_empty_counts() {
        let parameters = Parameters(pairs("cam=cameraid&object=1&cam=4711&object="));
        assert_eq!((parameters.get("cam"), parameters.get("object")), (Some("4711"), Some("1")));
        assert!(parameters.has("object") && !parameters.has("trigger"));
        assert_eq!(parameters.values("cam").collect::<Vec<_>>(), ["4711", "cameraid"]);
    }

    #[test]
    fn more_parameters_than_anybody_sends_are_not_read() {
        let many = "a=1&".repeat(LIMIT + 1);
        assert_eq!(
            Parameters::default().push_pairs(many.as_bytes()).unwrap_err().code,
            "too_many_parameters"
        );
    }
}
