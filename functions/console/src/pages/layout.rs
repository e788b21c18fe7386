//! What all pages have in common.

use axum::response::{Html, IntoResponse, Response};
use camhook_operations::sessions::Visitor;
use camhook_state::person::Role;
use maud::{DOCTYPE, Markup, html};

use crate::assets::{self, Asset};
use crate::base::Base;
use crate::error::PageError;
use crate::visit::Visit;

/// A page of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Timeline,
    Cameras,
    Relays,
    Problems,
    Site,
}

impl Section {
    const ALL: [Self; 5] = [Self::Timeline, Self::Cameras, Self::Relays, Self::Problems, Self::Site];

    fn title(self) -> &'static str {
        match self {
            Self::Timeline => "Timeline",
            Self::Cameras => "Cameras",
            Self::Relays => "Relays",
            Self::Problems => "Problems",
            Self::Site => "Site",
        }
    }

    /// The path below `/console`.
    fn path(self) -> &'static str {
        match self {
            Self::Timeline => "",
            Self::Cameras => "cameras",
            Self::Relays => "relays",
            Self::Problems => "problems",
            Self::Site => "site",
        }
    }

    /// Whether the page is for a person.
    fn is_for(self, visitor: &Visitor) -> bool {
        let is_everywhere = visitor.person.areas.is_empty();
        match self {
            Self::Timeline | Self::Cameras | Self::Relays => true,
            Self::Problems => is_everywhere && visitor.person.role >= Role::Operator,
            Self::Site => is_everywhere && visitor.person.role >= Role::Admin,
        }
    }
}

/// A page for a person who is signed in.
pub(crate) fn layout(visit: &Visit, section: Section, title: &str, content: &Markup) -> Html<String> {
    let (base, visitor) = (visit.context.base, &visit.visitor);
    let navigation = html! {
        nav aria-label="Pages" {
            @for entry in Section::ALL.into_iter().filter(|entry| entry.is_for(visitor)) {
                a href=(base.link(entry.path())) aria-current=[(entry == section).then_some("page")] {
                    (entry.title())
                }
            }
        }
        form.who method="post" action=(base.link("sign-out")) {
            span.name title={ (visitor.person.role) } { (visitor.person.name) }
            button.quiet { "Sign out" }
        }
    };
    document(base, title, Some(&navigation), content)
}

/// A page for everybody.
pub(crate) fn document(
    base: Base,
    title: &str,
    navigation: Option<&Markup>,
    content: &Markup,
) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="theme-color" content="#f4f5f7" media="(prefers-color-scheme: light)";
                meta name="theme-color" content="#101418" media="(prefers-color-scheme: dark)";
                title { (title) " · camhook" }
                link rel="stylesheet" href=(base.link(Asset::Style.path()));
                link rel="icon" type="image/svg+xml" href=(base.link(Asset::Icon.path()));
                link rel="apple-touch-icon" href=(base.link(assets::path(assets::TOUCH_ICON)));
                link rel="manifest" href=(base.link(assets::path(assets::MANIFEST)));
                script src=(base.link(Asset::Script.path())) defer {}
            }
            body {
                a.skip href="#content" { "Skip to content" }
                header.top {
                    a.brand href=(base.link("")) {
                        img src=(base.link(Asset::Icon.path())) alt="" width="24" height="24";
                        span { "camhook" }
                    }
                    @if let Some(navigation) = navigation { (navigation) }
                }
                main id="content" { (content) }
            }
        }
    };
    Html(page.into_string())
}

/// The page of a request that is not answered with what it asked for.
pub(crate) fn error_page(base: Base, error: &PageError) -> Response {
    let (title, text): (&str, &str) = match error {
        PageError::NotFound => (
            "Not found",
            "There is no such page or event, or it belongs to an area that you do not see. A new event appears a few \
             seconds after it was received; an old one expires.",
        ),
        PageError::NoPicture => ("No picture", "The picture is not stored: it expired, or was never kept."),
        PageError::Invalid(reason) => ("Invalid request", reason),
        PageError::Forbidden => ("Not allowed", "Your role does not include this page or change."),
        PageError::ForeignOrigin => (
            "Refused",
            "The change was not requested by a page of this console. Nothing was changed. Go back, reload the page, and \
             try again.",
        ),
        PageError::SignedOut => (
            "Sign in",
            "You are not signed in, or your session has ended. Ask the person who runs camhook for a sign-in link.",
        ),
        PageError::InvalidLink => (
            "This link does not work",
            "It has expired, was used before, or is incomplete. A link works once, for 15 minutes. Ask for a new one.",
        ),
        PageError::Unavailable => (
            "Temporarily unavailable",
            "A service did not answer, so this page cannot be shown. Nothing was changed. Try again in a moment.",
        ),
    };
    let content = html! {
        section.message {
            h1 { (title) }
            p { (text) }
            @match error {
                PageError::SignedOut | PageError::InvalidLink => {
                    p { "The person who runs camhook creates one with:" }
                    pre { code { "camhook people invite NAME --role viewer" } }
                }
                _ => p { a href=(base.link("")) { "Go to the timeline" } }
            }
        }
    };
    (error.status(), document(base, title, None, &content)).into_response()
}
