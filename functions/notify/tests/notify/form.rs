//! Forms as a receiver reads them: `multipart/form-data`, strictly.

use bytes::Bytes;
use camhook_outbound::test_server::Received;

use crate::support::header;

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) file_name: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content: Bytes,
}

/// The fields of a request that is a form, in their order.
pub(crate) fn fields(request: &Received) -> Vec<Field> {
    let content_type = header(request, "content-type").expect("no content type");
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").expect("no form");
    let delimiter = format!("--{boundary}");
    let mut rest = request.body.strip_prefix(delimiter.as_bytes()).expect("no first boundary");
    let mut fields = Vec::new();
    loop {
        if rest == b"--\r\n" {
            return fields;
        }
        rest = rest.strip_prefix(b"\r\n").expect("no line break after a boundary");
        let head_end = find(rest, b"\r\n\r\n").expect("no end of a head");
        let head = std::str::from_utf8(&rest[..head_end]).expect("a head that is no text");
        rest = &rest[head_end + 4..];
        let end = find(rest, format!("\r\n{delimiter}").as_bytes()).expect("no boundary after a field");
        fields.push(field(head, Bytes::copy_from_slice(&rest[..end])));
        rest = &rest[end + 2 + delimiter.len()..];
    }
}

fn field(head: &str, content: Bytes) -> Field {
    let mut content_type = None;
    let mut disposition = None;
    for line in head.split("\r\n") {
        match line.split_once(": ").expect("no header") {
            ("Content-Disposition", value) => disposition = Some(value),
            ("Content-Type", value) => content_type = Some(value.to_owned()),
            (other, _) => panic!("the header {other}"),
        }
    }
    let disposition = disposition.and_then(|it| it.strip_prefix("form-data; ")).expect("no form-data");
    let parameter = |name: &str| {
        let found = disposition.split("; ").find_map(|it| it.strip_prefix(name)?.strip_prefix('='));
        found.map(|value| value.trim_matches('"').to_owned())
    };
    Field {
        name: parameter("name").expect("no name"),
        file_name: parameter("filename"),
        content_type,
        content,
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// The text of a field that is there once.
pub(crate) fn text(fields: &[Field], name: &str) -> Option<String> {
    let found: Vec<&Field> = fields.iter().filter(|field| field.name == name).collect();
    assert!(found.len() <= 1, "{name} is there {} times", found.len());
    found.first().map(|field| {
        assert_eq!(field.file_name, None, "{name} is a file");
        String::from_utf8(field.content.to_vec()).expect("a field that is no text")
    })
}

/// The file of a form that has exactly one, with the name of its field.
pub(crate) fn only_file(fields: &[Field]) -> &Field {
    let mut files = fields.iter().filter(|field| field.file_name.is_some());
    let file = files.next().expect("no file");
    assert!(files.next().is_none(), "more than one file");
    assert_eq!(file.content_type.as_deref(), Some("image/jpeg"));
    file
}
