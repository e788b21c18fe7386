//! Pictures that were never taken, and the posts that carry them.
//!
//! [`jpeg`] draws a picture that every decoder reads, as large as a camera would send it, and samples have pictures
//! that show what they report; [`render`] fills the
//! placeholders of a sample or a fixture; [`SamplePost`] takes the filled-in text apart. The same input gives the
//! same bytes on every machine. Nothing here is part of a deployed function.

mod illustration;
mod jpeg;
mod noise;
mod post;
mod scene;
mod template;

pub use jpeg::jpeg;
pub use post::{InvalidPost, SamplePost};
pub use template::{Context, RenderError, render};
