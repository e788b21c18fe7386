//! Numbers that look random and are the same everywhere.

/// A generator of 64-bit numbers: splitmix64 by Sebastiano Vigna (public domain).
#[derive(Debug, Clone)]
pub(crate) struct Noise(u64);

impl Noise {
    /// The generator that begins at a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `from` up to, but not including, `to`.
    pub(crate) fn within(&mut self, from: usize, to: usize) -> usize {
        let span = to.saturating_sub(from).max(1);
        from + (self.next() % span as u64) as usize
    }
}
