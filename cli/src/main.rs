//! The `camhook` command.
fn main() {}
