//! The digests that documents name: `integrity` (W3C Subresource Integrity) and the older `shasum`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalog::ExpectedDigests;
use model::{Digests, Sha1Digest, Sha256Digest, Sha512Digest};

/// A `dist` member that names digests which cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

/// Reads both members. Algorithms that are not kept here are passed over.
pub(super) fn read(
    integrity: Option<&str>,
    shasum: Option<&str>,
) -> Result<ExpectedDigests, Malformed> {
    let mut expected = ExpectedDigests::default();
    if let Some(text) = shasum {
        expected.sha1 = Some(Sha1Digest::from_hex(text).ok_or(Malformed("shasum"))?);
    }
    for entry in integrity.unwrap_or_default().split_ascii_whitespace() {
        let (algorithm, digest) = entry.split_once('-').ok_or(Malformed("integrity"))?;
        let digest = digest.split('?').next().unwrap_or_default();
        let bytes = STANDARD
            .decode(digest)
            .map_err(|_| Malformed("integrity"))?;
        let read = match algorithm {
            "sha512" => Sha512Digest::from_slice(&bytes)
                .map(|d| expected.sha512.get_or_insert(d))
                .is_some(),
            "sha256" => Sha256Digest::from_slice(&bytes)
                .map(|d| expected.sha256.get_or_insert(d))
                .is_some(),
            "sha1" => Sha1Digest::from_slice(&bytes)
                .map(|d| expected.sha1.get_or_insert(d))
                .is_some(),
            _ => true,
        };
        if !read {
            return Err(Malformed("integrity"));
        }
    }
    Ok(expected)
}

/// The `integrity` of bytes that are held.
pub(super) fn of(digests: &Digests) -> String {
    format!("sha512-{}", STANDARD.encode(digests.sha512.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn u06_digests_of_every_known_form_are_read() {
        let sha512 = STANDARD.encode([7; 64]);
        let expected = read(
            Some(&format!("sha512-{sha512}?opt sha384-AAAA")),
            Some(&"AB".repeat(20)),
        )
        .unwrap();
        assert_eq!(expected.sha512, Some(Sha512Digest::from_bytes([7; 64])));
        assert_eq!(expected.sha1, Some(Sha1Digest::from_bytes([0xab; 20])));
        assert_eq!(read(None, None).unwrap(), ExpectedDigests::default());
    }

    #[test]
    fn u06_digests_that_cannot_be_are_refused() {
        for bad in [
            "sha512",
            "sha512-",
            "sha512-AAAA",
            "sha512-!!!!",
            "sha1-AAAA",
        ] {
            assert_eq!(read(Some(bad), None), Err(Malformed("integrity")), "{bad}");
        }
        for bad in ["", "00", "zz"] {
            assert_eq!(read(None, Some(bad)), Err(Malformed("shasum")), "{bad}");
        }
    }
}
