//! What a service accepted of a message.

use std::fmt;

use crate::error::DeliveryError;

/// What a service accepted of a message: its text, perhaps with a caveat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    /// The caveats, in the order in which they occurred.
    pub caveats: Vec<Caveat>,
}

/// A difference between what was offered to a service and what it accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caveat {
    /// The picture was refused, and the text was delivered without it.
    PictureRefused {
        /// The reason.
        reason: String,
    },
    /// The chat has another id now, by which the message was delivered.
    ChatMoved {
        /// The id in camhook.toml.
        from: String,
        /// The new id.
        to: String,
    },
    /// The service passed the message on to some of those that it stands for.
    InPart {
        /// Who did not get it, and why.
        reason: String,
    },
}

impl fmt::Display for Caveat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PictureRefused { reason } => write!(formatter, "without the picture: {reason}"),
            Self::InPart { reason } => write!(formatter, "in part: {reason}"),
            Self::ChatMoved { from, to } => write!(formatter, "to the chat {to}, which replaces {from}"),
        }
    }
}

impl Accepted {
    /// The text was accepted and the picture was not.
    pub(super) fn without_picture(reason: String) -> Self {
        Self { caveats: vec![Caveat::PictureRefused { reason }] }
    }

    /// Some got the message and others did not. It is not sent again: the former would get it twice.
    pub(super) fn in_part(reason: String) -> Self {
        Self { caveats: vec![Caveat::InPart { reason }] }
    }
}

impl From<()> for Accepted {
    fn from((): ()) -> Self {
        Self::default()
    }
}

/// Sends the richest form of a message that the service accepts. A form that is refused for a reason that may
/// concern its picture is replaced by the next one; the last form is the text alone.
pub(super) async fn richest_accepted<F, A: Into<Accepted>>(
    forms: Vec<F>,
    send: impl AsyncFn(F) -> Result<A, DeliveryError>,
) -> Result<Accepted, DeliveryError> {
    let mut forms = forms.into_iter().peekable();
    let mut refusal = None;
    let mut accepted = Accepted::default();
    while let Some(form) = forms.next() {
        match send(form).await {
            Ok(sent) => {
                accepted = sent.into();
                break;
            }
            Err(error) if forms.peek().is_some() && error.may_concern_picture() => {
                tracing::warn!(%error, "service refused the picture, sending a simpler form");
                refusal.get_or_insert_with(|| error.to_string());
            }
            Err(error) => return Err(error),
        }
    }
    let mut caveats = refusal.map(Accepted::without_picture).unwrap_or_default().caveats;
    caveats.append(&mut accepted.caveats);
    Ok(Accepted { caveats })
}
