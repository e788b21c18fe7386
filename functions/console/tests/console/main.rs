//! The console's router on the in-memory ports, asked as a browser asks it.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod access;
mod event;
mod hostile;
mod pages;
mod support;
mod timeline;
