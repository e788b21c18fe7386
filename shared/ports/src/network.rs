/// Which addresses a channel or a relay may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Network {
    /// Addresses on the internet only.
    #[default]
    Public,
    /// Private addresses too.
    Lan,
    /// The loopback interface only; accepted only by a stack that is deployed for one machine.
    Loopback,
}
