//! camhook.toml: sources, cameras, channels, relays, rules and schedules; secrets by reference.

mod model;

pub use model::{Auth, BasicCredential, ClockTrust, Dialect, Retention, Source, Token, Tracking};
