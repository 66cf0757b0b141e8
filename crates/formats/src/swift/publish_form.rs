//! The form that a release is published with: its sections, and what they must be ("Create a package release" in the
//! registry specification, section 4.6).
//!
//! A section is known by its name alone: some versions of the package manager send no file name. The package manager says
//! of its metadata that it is `quoted-printable` and sends it as it is, so that is how it is read; what is said to be
//! `base64` is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use model::{Error, InvalidReason, Result};

use super::release_metadata::{self, METADATA_BYTES};
use super::version_metadata::{Signing, VersionMetadata};
use crate::kit::body::too_large;
use crate::kit::multipart::PartEncoding;

/// The section that is streamed and not kept here.
pub(super) const ARCHIVE: &str = "source-archive";
/// The largest signature: it is sent in a header field with every download.
const SIGNATURE_BYTES: usize = 16 << 10;
/// The sections that are kept, with the most bytes that they can have.
const SECTIONS: [(&str, usize); 3] = [
    ("metadata", METADATA_BYTES),
    ("source-archive-signature", SIGNATURE_BYTES),
    ("metadata-signature", SIGNATURE_BYTES),
];
const FORMAT_CHARACTERS: usize = 32;

/// The sections of a form beside the archive.
#[derive(Debug, Default)]
pub(super) struct Sections([Option<Vec<u8>>; SECTIONS.len()]);

impl Sections {
    fn place(name: &str) -> Option<usize> {
        SECTIONS.iter().position(|(known, _)| *known == name)
    }

    /// Begins a section. False for one that nobody knows, which is passed over.
    pub(super) fn begin(&mut self, name: &str) -> Result<bool> {
        let Some(place) = Self::place(name) else {
            return Ok(false);
        };
        let section = &mut self.0[place];
        if section.is_some() {
            return Err(twice(name));
        }
        *section = Some(Vec::new());
        Ok(true)
    }

    /// Adds to a section that has begun.
    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let Some(place) = Self::place(name) else {
            return Ok(());
        };
        let section = self.0[place].get_or_insert_with(Vec::new);
        let limit_bytes = SECTIONS[place].1;
        if section.len() + bytes.len() > limit_bytes {
            return Err(too_large_section(name, limit_bytes));
        }
        section.extend_from_slice(bytes);
        Ok(())
    }

    /// What the form says of the release, for who has read all of it. `format` is what the request says of signatures.
    pub(super) fn check(
        self,
        identity: &str,
        format: Option<&HeaderValue>,
    ) -> Result<VersionMetadata> {
        let [metadata, archive_signature, metadata_signature] = self.0;
        let format = format.map(read_format).transpose()?;
        if metadata_signature.is_some() && (archive_signature.is_none() || metadata.is_none()) {
            return Err(refuse(
                "a signature of the metadata needs the metadata, and a signature of the archive",
            ));
        }
        let signing = match (archive_signature, format) {
            (Some(signature), Some(format)) => {
                check_signature(&signature)?;
                Some(Signing::new(&signature, format))
            }
            (None, None) => None,
            (Some(_), None) => {
                return Err(refuse(
                    "a signed release needs the header field X-Swift-Package-Signature-Format",
                ));
            }
            (None, Some(_)) => {
                return Err(refuse(
                    "the header field X-Swift-Package-Signature-Format needs the section source-archive-signature",
                ));
            }
        };
        if let Some(signature) = &metadata_signature {
            check_signature(signature)?;
        }
        let metadata = match metadata {
            Some(bytes) => release_metadata::parse(&bytes)?,
            None => release_metadata::Members::new(),
        };
        Ok(VersionMetadata {
            identity: identity.to_owned(),
            metadata,
            signing,
            metadata_signature_base64: metadata_signature.map(|bytes| STANDARD.encode(bytes)),
        })
    }
}

fn check_signature(signature: &[u8]) -> Result<()> {
    if signature.is_empty() {
        return Err(refuse("a signature is empty"));
    }
    Ok(())
}

/// `cms-1.0.0`, or another name of that kind: only clients judge signatures.
fn read_format(value: &HeaderValue) -> Result<&str> {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b);
    let format = value
        .to_str()
        .ok()
        .filter(|text| (1..=FORMAT_CHARACTERS).contains(&text.len()) && text.bytes().all(is_plain));
    format.ok_or_else(|| {
        refuse(
            "the header field X-Swift-Package-Signature-Format names no format such as cms-1.0.0",
        )
    })
}

pub(super) fn twice(name: &str) -> Error {
    refuse(&format!("it has the section '{name}' more than once"))
}

pub(super) fn missing_archive() -> Error {
    refuse("it has no section 'source-archive'")
}

fn too_large_section(name: &str, limit_bytes: usize) -> Error {
    let error = too_large(limit_bytes as u64);
    let message = format!("The section '{name}' is larger than {limit_bytes} bytes.");
    Error { message, ..error }
}

fn refuse(reason: &str) -> Error {
    let message = format!("The release cannot be published: {reason}.");
    Error::invalid(InvalidReason::FieldValidation, message)
}

/// Takes off what a section says of its content, as that arrives.
#[derive(Debug)]
pub(super) struct Decoder {
    is_base64: bool,
    /// Characters that are not four yet.
    waiting: Vec<u8>,
    is_ended: bool,
}

impl Decoder {
    pub(super) const fn new(encoding: PartEncoding) -> Self {
        Self {
            is_base64: matches!(encoding, PartEncoding::Base64),
            waiting: Vec::new(),
            is_ended: false,
        }
    }

    /// Whether content is anything but passed on.
    pub(super) const fn is_needed(&self) -> bool {
        self.is_base64
    }

    /// The bytes that these characters come to, as far as that can be told yet.
    pub(super) fn feed(&mut self, characters: &[u8]) -> Result<Vec<u8>> {
        let is_break = |b: &&u8| !matches!(b, b'\r' | b'\n' | b' ' | b'\t');
        self.waiting.extend(characters.iter().filter(is_break));
        if self.is_ended && !self.waiting.is_empty() {
            return Err(not_base64());
        }
        let whole = self.waiting.len() / 4 * 4;
        let rest = self.waiting.split_off(whole);
        let text = std::mem::replace(&mut self.waiting, rest);
        self.is_ended = text.ends_with(b"=");
        if self.is_ended && !self.waiting.is_empty() {
            return Err(not_base64());
        }
        STANDARD.decode(text).map_err(|_| not_base64())
    }

    /// Makes sure that nothing is left.
    pub(super) fn finish(&self) -> Result<()> {
        if self.waiting.is_empty() {
            Ok(())
        } else {
            Err(not_base64())
        }
    }
}

fn not_base64() -> Error {
    refuse("a section says that it is in base64 and is not")
}

#[cfg(test)]
mod tests {
    use model::ErrorKind;

    use super::*;

    fn sections(parts: &[(&str, &[u8])]) -> Sections {
        let mut sections = Sections::default();
        for (name, content) in parts {
            sections.begin(name).unwrap();
            sections.add(name, content).unwrap();
        }
        sections
    }

    #[test]
    fn f_sw_3_signatures_and_the_field_that_names_their_format_need_each_other() {
        const ARCHIVE_SIGNATURE: (&str, &[u8]) = ("source-archive-signature", b"\x01");
        const METADATA: (&str, &[u8]) = ("metadata", b"{}");
        const METADATA_SIGNATURE: (&str, &[u8]) = ("metadata-signature", b"\x02");
        for (parts, format, is_good) in [
            (&[][..], None, true),
            (&[METADATA], None, true),
            (&[ARCHIVE_SIGNATURE], Some("cms-1.0.0"), true),
            (
                &[METADATA, ARCHIVE_SIGNATURE, METADATA_SIGNATURE],
                Some("cms-1.0.0"),
                true,
            ),
            (&[ARCHIVE_SIGNATURE], None, false),
            (&[], Some("cms-1.0.0"), false),
            (&[METADATA, METADATA_SIGNATURE], Some("cms-1.0.0"), false),
            (&[METADATA, METADATA_SIGNATURE], None, false),
            (
                &[ARCHIVE_SIGNATURE, METADATA_SIGNATURE],
                Some("cms-1.0.0"),
                false,
            ),
            (&[ARCHIVE_SIGNATURE], Some("CMS 1"), false),
            (&[ARCHIVE_SIGNATURE], Some(""), false),
            (
                &[("source-archive-signature", b"")],
                Some("cms-1.0.0"),
                false,
            ),
        ] {
            let format = format.map(HeaderValue::from_static);
            let checked = sections(parts).check("a.b", format.as_ref());
            assert_eq!(checked.is_ok(), is_good, "{parts:?} {format:?}");
        }
    }

    #[test]
    fn u11_sections_are_bounded_and_come_once() {
        let mut form = sections(&[("metadata", b"{}")]);
        assert!(form.begin("metadata").is_err());
        assert!(!form.begin("something-else").unwrap());
        let large = vec![b' '; METADATA_BYTES];
        let refused = form.add("metadata", &large).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::TooLarge);
        let bad = sections(&[("metadata", b"{")]).check("a.b", None);
        assert_eq!(
            bad.unwrap_err().kind,
            ErrorKind::Invalid(InvalidReason::Other)
        );
    }

    #[test]
    fn u10_base64_is_decoded_in_pieces_of_any_size() {
        let content: Vec<u8> = (0..=255).collect();
        let mut text = STANDARD.encode(&content);
        for at in [76, 153, 230] {
            text.insert_str(at, "\r\n");
        }
        for piece in [1, 2, 3, 5, 64, 1000] {
            let mut decoder = Decoder::new(PartEncoding::Base64);
            let mut found = Vec::new();
            for characters in text.as_bytes().chunks(piece) {
                found.extend(decoder.feed(characters).unwrap());
            }
            decoder.finish().unwrap();
            assert_eq!(found, content);
        }
        for bad in ["QQ", "QQ==QQ==", "QQ=", "Q\0==", "QR==", "PK\x03\x04"] {
            for piece in [1, 100] {
                let mut decoder = Decoder::new(PartEncoding::Base64);
                let mut pieces = bad.as_bytes().chunks(piece);
                let fed = pieces.try_for_each(|piece| decoder.feed(piece).map(|_| ()));
                assert!(fed.and_then(|()| decoder.finish()).is_err(), "{bad}");
            }
        }
    }
}
