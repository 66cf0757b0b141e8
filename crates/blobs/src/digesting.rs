//! All four digests of a stream in one pass over its bytes.

use md5::Md5;
use model::{Digests, Md5Digest, Sha1Digest, Sha256Digest, Sha512Digest};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

/// So small that a slice is still in the first-level cache when the second function reads it.
const SLICE_BYTES: usize = 8 * 1024;
/// From here on a second thread is worth its start.
const PARALLEL_BYTES: usize = 96 * 1024;

/// Four hash functions fed with the same bytes. Blocks as long as they take.
#[derive(Default, Clone)]
pub(crate) struct DigestPass {
    // A slow one beside a fast one, so that the pairs take about the same time.
    md5_and_sha256: Pair<Md5, Sha256>,
    sha512_and_sha1: Pair<Sha512, Sha1>,
}

impl DigestPass {
    /// The digests of bytes that are known whole.
    pub(crate) fn of(bytes: &[u8]) -> Digests {
        let mut pass = Self::default();
        pass.update(bytes);
        pass.finish()
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let Self {
            md5_and_sha256,
            sha512_and_sha1,
        } = self;
        let mut beside = false;
        if bytes.len() >= PARALLEL_BYTES {
            std::thread::scope(|scope| {
                // A system that has no more threads to give only makes it slower.
                let thread = std::thread::Builder::new().name("digest".to_owned());
                beside = thread
                    .spawn_scoped(scope, || sha512_and_sha1.update(bytes))
                    .is_ok();
                md5_and_sha256.update(bytes);
            });
        } else {
            md5_and_sha256.update(bytes);
        }
        if !beside {
            sha512_and_sha1.update(bytes);
        }
    }

    pub(crate) fn finish(self) -> Digests {
        let Pair(md5, sha256) = self.md5_and_sha256;
        let Pair(sha512, sha1) = self.sha512_and_sha1;
        Digests {
            md5: Md5Digest::from_bytes(md5.finalize().into()),
            sha1: Sha1Digest::from_bytes(sha1.finalize().into()),
            sha256: Sha256Digest::from_bytes(sha256.finalize().into()),
            sha512: Sha512Digest::from_bytes(sha512.finalize().into()),
        }
    }
}

/// Two hash functions that go over the bytes together.
#[derive(Default, Clone)]
struct Pair<A, B>(A, B);

impl<A: Digest, B: Digest> Pair<A, B> {
    fn update(&mut self, bytes: &[u8]) {
        for slice in bytes.chunks(SLICE_BYTES) {
            self.0.update(slice);
            self.1.update(slice);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_test_vector_abc_has_its_published_digests() {
        let digests = DigestPass::of(b"abc");
        assert_eq!(digests.md5.to_hex(), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(
            digests.sha1.to_hex(),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
        assert_eq!(
            digests.sha256.to_hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            digests.sha512.to_hex(),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        );
    }

    #[test]
    fn the_way_a_body_is_cut_into_chunks_does_not_change_its_digests() {
        let body: Vec<u8> = (0..300_000_u32)
            .map(|index| (index * 7 % 251) as u8)
            .collect();
        let whole = DigestPass::of(&body);
        for chunk_bytes in [
            1,
            63,
            64,
            65,
            8191,
            8192,
            8193,
            PARALLEL_BYTES - 1,
            PARALLEL_BYTES,
            299_999,
        ] {
            let mut pass = DigestPass::default();
            body.chunks(chunk_bytes)
                .for_each(|chunk| pass.update(chunk));
            assert_eq!(pass.finish(), whole, "chunks of {chunk_bytes}");
        }
    }
}
