//! What the end to end tests share: the runner of the fixtures.

pub mod fixture;
