//! Checksums: the small files beside every file (`.md5`, `.sha1`, `.sha256`, `.sha512`; "Repository Layout - Default").
//!
//! They are computed, never stored. What a client sends is compared with what its file came to, letter by letter: the
//! service compares so, against lower-case hexadecimal.

use md5::Md5;
use model::{Digests, Sha1Digest};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

/// The largest checksum file: a digest and a file's name.
pub(super) const MOST_BYTES: usize = 4 << 10;

/// An algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha512,
}

impl Algorithm {
    pub(super) const ALL: [Self; 4] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha512];

    /// What it adds to a file's name, without the dot.
    pub(super) const fn suffix(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// The name of the file that a checksum file is beside, and the algorithm.
    pub(super) fn split(file: &str) -> Option<(&str, Self)> {
        let (file, suffix) = file.rsplit_once('.')?;
        let algorithm = Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.suffix() == suffix)?;
        (!file.is_empty()).then_some((file, algorithm))
    }

    /// Its digest among those of an asset, in lower-case hexadecimal.
    pub(super) fn of(self, digests: &Digests) -> String {
        match self {
            Self::Md5 => digests.md5.to_hex(),
            Self::Sha1 => digests.sha1.to_hex(),
            Self::Sha256 => digests.sha256.to_hex(),
            Self::Sha512 => digests.sha512.to_hex(),
        }
    }

    /// Its digest of a document, in lower-case hexadecimal.
    pub(super) fn of_bytes(self, bytes: &[u8]) -> String {
        match self {
            Self::Md5 => hex::encode(Md5::digest(bytes)),
            Self::Sha1 => hex::encode(Sha1::digest(bytes)),
            Self::Sha256 => hex::encode(Sha256::digest(bytes)),
            Self::Sha512 => hex::encode(Sha512::digest(bytes)),
        }
    }
}

/// What a client's checksum file says: a digest, perhaps with the file's name behind it as `sha1sum` writes it.
pub(super) fn sent(body: &[u8]) -> Option<&str> {
    std::str::from_utf8(body).ok()?.split_whitespace().next()
}

/// The SHA-1 that a public source's checksum file says. Those were written by many tools: the digest stands alone, before
/// a name, or behind one.
pub(super) fn read_sha1(text: &str) -> Option<Sha1Digest> {
    text.split(|c: char| c.is_whitespace() || c == '=' || c == ':')
        .find_map(Sha1Digest::from_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_suffix_names_the_algorithm() {
        for (file, expected) in [
            ("a-1.jar.sha1", Some(("a-1.jar", Algorithm::Sha1))),
            ("a-1.jar.asc.md5", Some(("a-1.jar.asc", Algorithm::Md5))),
            ("a-1.jar.sha1.md5", Some(("a-1.jar.sha1", Algorithm::Md5))),
            (
                "maven-metadata.xml.sha512",
                Some(("maven-metadata.xml", Algorithm::Sha512)),
            ),
            ("a-1.jar.SHA1", None),
            ("a-1.jar", None),
            (".sha1", None),
            ("sha1", None),
        ] {
            assert_eq!(Algorithm::split(file), expected, "{file}");
        }
    }

    #[test]
    fn digests_of_documents_are_lower_case_hexadecimal() {
        let told: Vec<String> = Algorithm::ALL
            .iter()
            .map(|algorithm| algorithm.of_bytes(b"").chars().take(8).collect())
            .collect();
        assert_eq!(told, ["d41d8cd9", "da39a3ee", "e3b0c442", "cf83e135"]);
    }

    #[test]
    fn u06_checksum_files_of_every_tool_are_read() {
        let digest = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
        for text in [
            digest.to_owned(),
            format!("{digest}\n"),
            format!("{digest}  a-1.jar\n"),
            format!("SHA1(a-1.jar)= {digest}"),
            format!("a-1.jar: {}", digest.to_uppercase()),
        ] {
            assert_eq!(
                read_sha1(&text).map(|found| found.to_hex()).as_deref(),
                Some(digest),
                "{text}"
            );
        }
        for bad in ["", "<html>", "d41d8cd98f00b204e9800998ecf8427e", "x"] {
            assert_eq!(read_sha1(bad), None, "{bad}");
        }
        assert_eq!(sent(b" abc  file\n"), Some("abc"));
        assert_eq!(sent(b""), None);
        assert_eq!(sent(b"\xff"), None);
    }
}
