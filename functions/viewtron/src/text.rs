//! The text of an element, which may come in pieces.

use std::borrow::Cow;

use camhook_event::VENDOR_DATA_LIMIT;

/// The text of an element: borrowed from the post while it is one piece, put together once there are several.
#[derive(Debug, Clone, Default)]
pub(crate) struct Text<'a> {
    bytes: Cow<'a, [u8]>,
    /// White space behind `bytes` that counts only when more text follows. Most often it is what stands between
    /// a CDATA section and the closing tag, and must not make a copy of a picture.
    space: &'a [u8],
}

impl<'a> Text<'a> {
    /// The text of one piece.
    pub(crate) fn of(piece: &'a [u8]) -> Self {
        let mut text = Self::default();
        text.push(piece);
        text
    }

    /// Adds a piece.
    pub(crate) fn push(&mut self, piece: &'a [u8]) {
        if piece.trim_ascii_start().is_empty() {
            self.space = piece;
        } else if self.bytes.is_empty() {
            self.bytes = Cow::Borrowed(piece);
            self.space = &[];
        } else {
            let bytes = self.bytes.to_mut();
            bytes.extend_from_slice(self.space);
            bytes.extend_from_slice(piece);
            self.space = &[];
        }
    }

    /// Adds a character.
    pub(crate) fn push_character(&mut self, character: char) {
        let bytes = self.bytes.to_mut();
        bytes.extend_from_slice(self.space);
        bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        self.space = &[];
    }

    /// Whether there is nothing but white space.
    pub(crate) fn is_blank(&self) -> bool {
        self.bytes.trim_ascii_start().is_empty()
    }

    /// Whether it is what firmware fills its buffers with, or puts before a document: white space, zeros, byte order
    /// marks.
    pub(crate) fn is_filling(&self) -> bool {
        let mut rest = &*self.bytes;
        while let Some((first, behind)) = rest.split_first() {
            rest = match rest.strip_prefix(b"\xEF\xBB\xBF") {
                Some(behind) => behind,
                None if first.is_ascii_whitespace() || *first == 0 => behind,
                None => return false,
            };
        }
        true
    }

    /// Whether a zero stands before it, as behind the end of what was written into a buffer.
    pub(crate) fn begins_with_zero(&self) -> bool {
        self.bytes.trim_ascii_start().first() == Some(&0)
    }

    /// The text as it stands in the post.
    pub(crate) fn into_bytes(self) -> Cow<'a, [u8]> {
        self.bytes
    }

    /// The text of a small value, without the white space around it.
    ///
    /// What is no UTF-8 is replaced. A value longer than `vendor_data` may be is cut just above that, so that it
    /// is still seen to be too long.
    pub(crate) fn to_scalar(&self) -> Cow<'a, str> {
        let limit = VENDOR_DATA_LIMIT.min(self.bytes.len());
        match &self.bytes {
            Cow::Borrowed(bytes) => match String::from_utf8_lossy(bytes.get(..limit).unwrap_or(bytes)) {
                Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
                Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
            },
            Cow::Owned(bytes) => {
                let text = String::from_utf8_lossy(bytes.get(..limit).unwrap_or(bytes));
                Cow::Owned(text.trim().to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_counts_only_between_pieces() {
        let mut text = Text::default();
        for piece in [b"\n ".as_slice(), b"one", b" \n", b"two", b"\n"] {
            text.push(piece);
        }
        assert_eq!(text.to_scalar(), "one \ntwo");
        assert_eq!(&*text.into_bytes(), b"one \ntwo");
    }

    #[test]
    fn a_long_value_is_cut() {
        let long = vec![b'x'; VENDOR_DATA_LIMIT * 2];
        let mut text = Text::default();
        text.push(&long);
        assert_eq!(text.to_scalar().len(), VENDOR_DATA_LIMIT);
    }
}
