//! A request as text, taken apart.

/// A request that was written down as text: request line, header fields, an empty line, the body.
///
/// Lines of the head may end with LF or CRLF; the body is what follows the empty line, byte by byte. A
/// `content-length` is not obeyed: whoever sends the post computes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamplePost<'a> {
    /// The method, as written.
    pub method: &'a str,
    /// The request target, as written: `/viewtron/gate/token?x=1`, or an absolute URL.
    pub target: &'a str,
    /// Names and values of the header fields, in their order, names as written.
    pub headers: Vec<(&'a str, &'a str)>,
    /// The body.
    pub body: &'a [u8],
}

/// A request that cannot be taken apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPost {
    /// No request line.
    #[error("`{0}` is no request line: write `METHOD TARGET`, as in `POST /viewtron/gate HTTP/1.1`")]
    RequestLine(String),
    /// A line of the head that is no header field.
    #[error("`{0}` is no header field: write `name: value`, and an empty line before the body")]
    HeaderField(String),
    /// The head is not UTF-8.
    #[error("the head of the request is not UTF-8")]
    NotText,
}

impl<'a> SamplePost<'a> {
    /// Takes a request apart.
    ///
    /// # Errors
    ///
    /// When its head is not the one of a request.
    ///
    /// ```
    /// use camhook_picture::SamplePost;
    /// let post = SamplePost::parse(b"POST /API HTTP/1.1\nContent-Length:3\n\nabc")?;
    /// assert_eq!((post.method, post.target, post.body), ("POST", "/API", &b"abc"[..]));
    /// assert_eq!(post.header("content-length"), Some("3"));
    /// # Ok::<(), camhook_picture::InvalidPost>(())
    /// ```
    pub fn parse(request: &'a [u8]) -> Result<Self, InvalidPost> {
        let (request_line, mut rest) = line(request)?;
        let mut words = request_line.split_whitespace();
        let (Some(method), Some(target)) = (words.next(), words.next()) else {
            return Err(InvalidPost::RequestLine(request_line.to_owned()));
        };
        let mut headers = Vec::new();
        loop {
            let (field, behind) = line(rest)?;
            rest = behind;
            if field.is_empty() {
                return Ok(Self { method, target, headers, body: rest });
            }
            let Some((name, value)) = field.split_once(':') else {
                return Err(InvalidPost::HeaderField(field.to_owned()));
            };
            headers.push((name.trim(), value.trim()));
        }
    }

    /// The value of a header field, by its name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(present, _)| present.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// Path and query of the target; an NVR writes an absolute URL there.
    #[must_use]
    pub fn path_and_query(&self) -> (&'a str, &'a str) {
        let origin_form = match self.target.split_once("://") {
            Some((_, authority)) => {
                authority.find('/').and_then(|slash| authority.get(slash..)).unwrap_or("/")
            }
            None => self.target,
        };
        origin_form.split_once('?').unwrap_or((origin_form, ""))
    }
}

/// The next line and what follows it.
fn line(bytes: &[u8]) -> Result<(&str, &[u8]), InvalidPost> {
    let (line, rest) = match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => bytes.split_at(end),
        None => (bytes, &[][..]),
    };
    let line = str::from_utf8(line).map_err(|_| InvalidPost::NotText)?;
    Ok((line.trim_end_matches('\r'), rest.get(1..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_and_body_are_told_apart() {
        let post =
            SamplePost::parse(b"POST http://10.0.0.2:5002/API?a=1 HTTP/1.1\r\nA: b:c\r\n\r\n<x>\r\n\r\n")
                .unwrap();
        assert_eq!(post.path_and_query(), ("/API", "a=1"));
        assert_eq!(post.headers, [("A", "b:c")]);
        assert_eq!(post.body, b"<x>\r\n\r\n");
    }

    #[test]
    fn a_request_without_a_body_may_end_after_its_head() {
        let post = SamplePost::parse(b"GET http://host").unwrap();
        assert_eq!((post.method, post.path_and_query(), post.body), ("GET", ("/", ""), &b""[..]));
    }

    #[test]
    fn what_is_no_request_is_an_error() {
        assert_eq!(SamplePost::parse(b"POST"), Err(InvalidPost::RequestLine("POST".to_owned())));
        assert_eq!(SamplePost::parse(b"POST /\nfield\n"), Err(InvalidPost::HeaderField("field".to_owned())));
        assert_eq!(SamplePost::parse(b"POST /\xff"), Err(InvalidPost::NotText));
    }
}
