//! Where a channel or a relay may be.

/// Where the address of a channel or a relay may lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Network {
    /// On the internet only.
    #[default]
    Public,
    /// In a private range too.
    Lan,
    /// On the loopback interface; honoured only in a stack that is deployed for one machine.
    Loopback,
}
