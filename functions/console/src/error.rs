//! Requests that are not answered with what they asked for.

use axum::response::{IntoResponse, Response};
use camhook_operations::people::PeopleError;
use camhook_ports::{IndexError, ObjectError};
use http::StatusCode;

/// Why a request is not answered with what it asked for. The page that says so is rendered where the request is known
/// ([`crate::guard::guard`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PageError {
    /// It does not exist, or the person may not see it.
    NotFound,
    /// No picture is stored.
    NoPicture,
    /// The request cannot be understood, with the reason.
    Invalid(String),
    /// The role does not include it.
    Forbidden,
    /// A change that was not requested by a page of the console.
    ForeignOrigin,
    /// Nobody is signed in.
    SignedOut,
    /// The sign-in link has expired, was used, or never existed.
    InvalidLink,
    /// A service failed.
    Unavailable,
}

impl PageError {
    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::NoPicture => StatusCode::NOT_FOUND,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Forbidden | Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::SignedOut | Self::InvalidLink => StatusCode::UNAUTHORIZED,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<IndexError> for PageError {
    fn from(error: IndexError) -> Self {
        tracing::error!(%error, "failed to read the index");
        Self::Unavailable
    }
}

impl From<ObjectError> for PageError {
    fn from(error: ObjectError) -> Self {
        tracing::error!(%error, "failed to read an object");
        Self::Unavailable
    }
}

impl From<camhook_state::Error> for PageError {
    fn from(error: camhook_state::Error) -> Self {
        tracing::error!(%error, "failed to use the table");
        Self::Unavailable
    }
}

impl From<PeopleError> for PageError {
    fn from(error: PeopleError) -> Self {
        tracing::error!(%error, "failed to use the table of people");
        Self::Unavailable
    }
}

impl From<camhook_operations::Error> for PageError {
    fn from(error: camhook_operations::Error) -> Self {
        tracing::error!(%error, "failed to read the state of the stack");
        Self::Unavailable
    }
}
