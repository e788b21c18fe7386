//! Plates as they are compared.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// A plate as it is compared: after NFKC, upper case, letters and digits only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlateText(String);

impl PlateText {
    /// The plate, or `None` when no letter or digit is left of it.
    ///
    /// ```
    /// use camhook_site::PlateText;
    /// assert_eq!(PlateText::new("ib-36 nl"), PlateText::new("ＩＢ36ＮＬ"));
    /// assert_eq!(PlateText::new(" - "), None);
    /// ```
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let plate: String = text
            .nfkc()
            .flat_map(char::to_uppercase)
            .filter(|character| character.is_alphanumeric())
            .collect();
        (!plate.is_empty()).then_some(Self(plate))
    }

    /// The plate's letters and digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlateText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A plate says who was where: it stays out of logs.
impl fmt::Debug for PlateText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PlateText(…)")
    }
}
