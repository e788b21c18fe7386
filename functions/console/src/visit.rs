//! A request as pages see it: the site, the time, and who asks.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use camhook_operations::sessions::Visitor;
use camhook_site::Site;
use camhook_state::person::Role;
use http::request::Parts;
use jiff::Timestamp;

use crate::base::Base;
use crate::error::PageError;

/// The address that a request came from, as API Gateway names it.
#[derive(Debug, Clone)]
pub struct Address(pub String);

/// A request, as far as every page needs it.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) site: Arc<Site>,
    pub(crate) base: Base,
    pub(crate) now: Timestamp,
}

/// A request of a person who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub(crate) context: Context,
    pub(crate) visitor: Visitor,
}

impl Visit {
    /// Requires a role.
    pub(crate) fn require(&self, role: Role) -> Result<(), PageError> {
        if self.visitor.person.role >= role { Ok(()) } else { Err(PageError::Forbidden) }
    }

    /// Whether the person sees relays: they belong to no area.
    pub(crate) fn sees_relays(&self) -> bool {
        self.visitor.person.areas.is_empty()
    }

    /// Requires a role without a limit to areas: for what concerns the whole site.
    pub(crate) fn require_everywhere(&self, role: Role) -> Result<(), PageError> {
        self.require(role)?;
        if self.visitor.person.areas.is_empty() { Ok(()) } else { Err(PageError::Forbidden) }
    }
}

impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        parts.extensions.get::<Self>().cloned().ok_or(PageError::Unavailable)
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        parts.extensions.get::<Self>().cloned().ok_or(PageError::SignedOut)
    }
}
