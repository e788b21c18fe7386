//! The part of the crate `crc-fast` that the AWS SDK uses, on `crc32fast` and `crc`.
//!
//! The real one carries tables for every CRC that it knows, which the linker cannot remove: 0.6 MB of each function's
//! zip, of which S3 needs three algorithms and camhook sends one. What the numbers are to be is in the catalogue of
//! `crc`; the check values of its tests are those of that catalogue.

use std::fmt;

use crc::{CRC_32_ISCSI, CRC_64_NVME, Crc};

static ISCSI: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
static NVME: Crc<u64> = Crc::<u64>::new(&CRC_64_NVME);

/// The algorithms of S3's checksums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CrcAlgorithm {
    /// CRC32, what the SDK sends with every object. In vector instructions.
    Crc32IsoHdlc,
    /// CRC32C. By a table.
    Crc32Iscsi,
    /// CRC64NVME, what S3 computes itself for an object that came without a checksum. By a table.
    Crc64Nvme,
}

/// A checksum that is being computed.
pub struct Digest(State);

enum State {
    IsoHdlc(crc32fast::Hasher),
    Iscsi(crc::Digest<'static, u32>),
    Nvme(crc::Digest<'static, u64>),
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Digest")
    }
}

impl Digest {
    /// The checksum of nothing yet.
    #[must_use]
    pub fn new(algorithm: CrcAlgorithm) -> Self {
        Self(match algorithm {
            CrcAlgorithm::Crc32IsoHdlc => State::IsoHdlc(crc32fast::Hasher::new()),
            CrcAlgorithm::Crc32Iscsi => State::Iscsi(ISCSI.digest()),
            CrcAlgorithm::Crc64Nvme => State::Nvme(NVME.digest()),
        })
    }

    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::IsoHdlc(hasher) => hasher.update(bytes),
            State::Iscsi(digest) => digest.update(bytes),
            State::Nvme(digest) => digest.update(bytes),
        }
    }

    /// The checksum of all bytes, in the low bits.
    #[must_use]
    pub fn finalize(self) -> u64 {
        match self.0 {
            State::IsoHdlc(hasher) => hasher.finalize().into(),
            State::Iscsi(digest) => digest.finalize().into(),
            State::Nvme(digest) => digest.finalize(),
        }
    }
}

/// The checksum of some bytes, in the low bits.
#[must_use]
pub fn checksum(algorithm: CrcAlgorithm, bytes: &[u8]) -> u64 {
    let mut digest = Digest::new(algorithm);
    digest.update(bytes);
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each algorithm's check value: the checksum of these nine digits, as the catalogue of CRC algorithms gives it.
    const DIGITS: &[u8] = b"123456789";

    #[test]
    fn the_checksums_are_those_of_the_catalogue() {
        for (algorithm, expected) in [
            (CrcAlgorithm::Crc32IsoHdlc, 0xcbf4_3926),
            (CrcAlgorithm::Crc32Iscsi, 0xe306_9283),
            (CrcAlgorithm::Crc64Nvme, 0xae8b_1486_0a79_9888),
        ] {
            assert_eq!(checksum(algorithm, DIGITS), expected, "{algorithm:?}");
        }
    }

    #[test]
    fn bytes_may_come_in_pieces() {
        let mut digest = Digest::new(CrcAlgorithm::Crc64Nvme);
        DIGITS.chunks(2).for_each(|piece| digest.update(piece));
        assert_eq!(digest.finalize(), checksum(CrcAlgorithm::Crc64Nvme, DIGITS));
    }
}
