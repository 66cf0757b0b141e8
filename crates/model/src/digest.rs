//! Digests of bytes.

use std::fmt;

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// The digest's bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            /// A digest that a hash function made.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// Reads bytes of unknown length; `None` when the length is wrong.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// Reads lower-case or upper-case hex.
            #[must_use]
            pub fn from_hex(text: &str) -> Option<Self> {
                let mut bytes = [0; $bytes];
                hex::decode_to_slice(text, &mut bytes).ok()?;
                Some(Self(bytes))
            }

            /// Lower-case hex.
            #[must_use]
            pub fn to_hex(&self) -> String {
                hex::encode(self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.to_hex())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.to_hex())
            }
        }
    };
}

digest!(
    /// An MD5 digest. Kept because clients ask for it; never trusted alone.
    Md5Digest, 16
);
digest!(
    /// A SHA-1 digest. Kept because clients ask for it; never trusted alone.
    Sha1Digest, 20
);
digest!(
    /// A SHA-256 digest: the key under which bytes are stored.
    Sha256Digest, 32
);
digest!(
    /// A SHA-512 digest.
    Sha512Digest, 64
);

/// The four digests kept of every asset, all made in one pass over its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// MD5.
    pub md5: Md5Digest,
    /// SHA-1.
    pub sha1: Sha1Digest,
    /// SHA-256.
    pub sha256: Sha256Digest,
    /// SHA-512.
    pub sha512: Sha512Digest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_read_in_both_cases_and_written_in_lower() {
        let digest = Md5Digest::from_hex("D41D8CD98F00B204E9800998ECF8427E").unwrap();
        assert_eq!(digest.to_hex(), "d41d8cd98f00b204e9800998ecf8427e");
        for bad in [
            "",
            "d4",
            "zz1d8cd98f00b204e9800998ecf8427e",
            "d41d8cd98f00b204e9800998ecf8427e00",
        ] {
            assert!(Md5Digest::from_hex(bad).is_none(), "{bad}");
        }
    }
}
