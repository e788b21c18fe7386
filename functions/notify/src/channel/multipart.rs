//! Forms with files: `multipart/form-data` of RFC 7578.

use bytes::{BufMut, Bytes, BytesMut};
use camhook_outbound::Request;
use http::header::CONTENT_TYPE;
use memchr::memmem;

use crate::error::DeliveryError;

/// The fields of a form, in their order.
#[derive(Debug, Default)]
pub(super) struct Form {
    fields: Vec<Field>,
}

#[derive(Debug)]
struct Field {
    name: &'static str,
    /// File name and media type, where the field is a file.
    file: Option<(String, &'static str)>,
    content: Bytes,
}

impl Form {
    /// Adds a text.
    pub(super) fn text(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.fields.push(Field { name, file: None, content: Bytes::from(text.into()) });
        self
    }

    /// Adds a text, if there is one.
    pub(super) fn optional(self, name: &'static str, text: Option<impl Into<String>>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// Adds a JPEG. `file_name` consists of letters, digits, `-`, `_` and `.`.
    pub(super) fn jpeg(mut self, name: &'static str, file_name: &str, content: Bytes) -> Self {
        self.fields.push(Field { name, file: Some((file_name.to_owned(), "image/jpeg")), content });
        self
    }

    /// The form as the body of a request.
    pub(super) fn body_of(self, request: Request) -> Result<Request, DeliveryError> {
        let boundary = self.boundary();
        let mut body = BytesMut::new();
        for Field { name, file, content } in &self.fields {
            body.put_slice(
                format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"").as_bytes(),
            );
            if let Some((file_name, content_type)) = file {
                body.put_slice(
                    format!("; filename=\"{file_name}\"\r\nContent-Type: {content_type}").as_bytes(),
                );
            }
            body.put_slice(b"\r\n\r\n");
            body.put_slice(content);
            body.put_slice(b"\r\n");
        }
        body.put_slice(format!("--{boundary}--\r\n").as_bytes());
        let content_type = format!("multipart/form-data; boundary={boundary}");
        let request = request.with_body("multipart/form-data", body.freeze());
        Ok(request.with_header(CONTENT_TYPE, &content_type)?)
    }

    /// A line that occurs in none of the contents.
    fn boundary(&self) -> String {
        let mut number = 0_u64;
        loop {
            let boundary = format!("camhook-{number:016x}");
            let occurs_in = |field: &Field| memmem::find(&field.content, boundary.as_bytes()).is_some();
            if !self.fields.iter().any(occurs_in) {
                return boundary;
            }
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boundary_occurs_in_no_content() {
        let form = Form::default().text("a", "camhook-0000000000000000").jpeg(
            "b",
            "b.jpg",
            Bytes::from_static(b"\xff\r\n--camhook-0000000000000001--"),
        );
        assert_eq!(form.boundary(), "camhook-0000000000000002");
    }
}
