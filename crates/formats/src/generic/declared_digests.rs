//! What a client says of the bytes it sends, in the header fields that there are for it.
//!
//! `Content-Digest` and `Repr-Digest` (RFC 9530), their forerunners `Digest` (RFC 3230) and `Content-MD5` (RFC 1864), the
//! API's own `x-amz-content-sha256`, and the `X-Checksum-...` fields that scripts send to other repositories of files.
//! All that are sent must hold. Algorithms that are not kept are not looked at.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalog::ExpectedDigests;
use http::HeaderMap;
use model::{Error, InvalidReason, Md5Digest, Result, Sha1Digest, Sha256Digest, Sha512Digest};

/// How a field spells digests.
enum Spelling {
    /// One digest of this algorithm, in hexadecimal.
    Hex(Algorithm),
    /// One digest of this algorithm, in base64.
    Base64(Algorithm),
    /// `sha-256=base64, md5=base64`
    List,
    /// `sha-256=:base64:, sha-512=:base64:`
    Dictionary,
}

#[derive(Clone, Copy)]
enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha512,
}

const FIELDS: [(&str, Spelling); 9] = [
    ("x-amz-content-sha256", Spelling::Hex(Algorithm::Sha256)),
    ("x-checksum-md5", Spelling::Hex(Algorithm::Md5)),
    ("x-checksum-sha1", Spelling::Hex(Algorithm::Sha1)),
    ("x-checksum-sha256", Spelling::Hex(Algorithm::Sha256)),
    ("x-checksum-sha512", Spelling::Hex(Algorithm::Sha512)),
    ("content-md5", Spelling::Base64(Algorithm::Md5)),
    ("digest", Spelling::List),
    ("content-digest", Spelling::Dictionary),
    ("repr-digest", Spelling::Dictionary),
];

/// The digests that a request declares of its body.
pub(super) fn read(headers: &HeaderMap) -> Result<ExpectedDigests> {
    let mut expected = ExpectedDigests::default();
    for (name, spelling) in &FIELDS {
        for value in headers.get_all(*name) {
            let read = value
                .to_str()
                .ok()
                .and_then(|text| read_field(text, spelling, &mut expected));
            read.ok_or_else(|| {
                let message = format!(
                    "The header field {name} is not one or more digests as it spells them, or says otherwise than \
                     another one. Send it right, or leave it out."
                );
                Error::invalid(InvalidReason::FieldValidation, message)
            })?;
        }
    }
    Ok(expected)
}

/// Adds what a field says; `None` when it cannot be read, or contradicts what is there.
fn read_field(text: &str, spelling: &Spelling, expected: &mut ExpectedDigests) -> Option<()> {
    let text = text.trim();
    match spelling {
        Spelling::Hex(algorithm) => add(*algorithm, &hex::decode(text).ok()?, expected),
        Spelling::Base64(algorithm) => add(*algorithm, &STANDARD.decode(text).ok()?, expected),
        Spelling::List | Spelling::Dictionary => {
            for member in text.split(',') {
                let (name, value) = member.trim().split_once('=')?;
                let Some(algorithm) = algorithm(name) else {
                    continue;
                };
                let value = match spelling {
                    // What follows a semicolon is a parameter, of which there are none.
                    Spelling::Dictionary => {
                        let value = value.split(';').next()?.trim();
                        value.strip_prefix(':')?.strip_suffix(':')?
                    }
                    _ => value,
                };
                add(algorithm, &STANDARD.decode(value).ok()?, expected)?;
            }
            Some(())
        }
    }
}

fn algorithm(name: &str) -> Option<Algorithm> {
    match name.to_ascii_lowercase().as_str() {
        "md5" => Some(Algorithm::Md5),
        "sha" => Some(Algorithm::Sha1),
        "sha-256" => Some(Algorithm::Sha256),
        "sha-512" => Some(Algorithm::Sha512),
        _ => None,
    }
}

fn add(algorithm: Algorithm, bytes: &[u8], expected: &mut ExpectedDigests) -> Option<()> {
    fn agree<D: Copy + PartialEq>(slot: &mut Option<D>, new: Option<D>) -> Option<()> {
        let new = new?;
        (*slot.get_or_insert(new) == new).then_some(())
    }
    match algorithm {
        Algorithm::Md5 => agree(&mut expected.md5, Md5Digest::from_slice(bytes)),
        Algorithm::Sha1 => agree(&mut expected.sha1, Sha1Digest::from_slice(bytes)),
        Algorithm::Sha256 => agree(&mut expected.sha256, Sha256Digest::from_slice(bytes)),
        Algorithm::Sha512 => agree(&mut expected.sha512, Sha512Digest::from_slice(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    // Of "hello".
    const MD5: &str = "5d41402abc4b2a76b9719d911017c592";
    const SHA1: &str = "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d";
    const SHA256: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    const SHA512: &str = "9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e14b8\
                          c5da0c4663475c2e5c3adef46f73bcdec043";

    fn base64(hex_text: &str) -> String {
        STANDARD.encode(hex::decode(hex_text).unwrap())
    }

    fn declared(fields: &[(&str, &str)]) -> Option<ExpectedDigests> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        read(&headers).ok()
    }

    #[test]
    fn u06_every_spelling_says_the_same() {
        let all = ExpectedDigests {
            md5: Md5Digest::from_hex(MD5),
            sha1: Sha1Digest::from_hex(SHA1),
            sha256: Sha256Digest::from_hex(SHA256),
            sha512: Sha512Digest::from_hex(SHA512),
        };
        assert!(all.md5.is_some() && all.sha1.is_some() && all.sha256.is_some());
        let (md5, sha1) = (base64(MD5), base64(SHA1));
        let (sha256, sha512) = (base64(SHA256), base64(SHA512));
        for fields in [
            vec![
                ("x-checksum-md5", MD5.to_owned()),
                ("X-Checksum-Sha1", SHA1.to_uppercase()),
                ("x-amz-content-sha256", SHA256.to_owned()),
                ("x-checksum-sha512", SHA512.to_owned()),
            ],
            vec![(
                "digest",
                format!("MD5={md5}, sha={sha1},SHA-256={sha256},sha-512={sha512},crc32c=x"),
            )],
            vec![
                ("content-md5", md5),
                ("digest", format!("sha={sha1}")),
                ("content-digest", format!("sha-512=:{sha512}:")),
                (
                    "repr-digest",
                    format!("unixsum=:x:, sha-256=:{sha256}:;a=1, sha-512=:{sha512}:"),
                ),
            ],
        ] {
            let fields: Vec<_> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
            assert_eq!(declared(&fields).as_ref(), Some(&all), "{fields:?}");
        }
        assert_eq!(declared(&[]), Some(ExpectedDigests::default()));
    }

    #[test]
    fn u06_what_is_no_digest_or_contradicts_another_is_refused() {
        let (other, sha256) = (base64(&SHA256.replace('2', "3")), base64(SHA256));
        let (list, wrong) = (format!("sha-256={sha256}"), format!("sha-256=:{other}:"));
        let short = format!("sha-256=:{}:", base64(SHA1));
        for fields in [
            &[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")][..],
            &[("x-amz-content-sha256", &SHA256[1..])],
            &[("x-amz-content-sha256", MD5)],
            &[("x-checksum-md5", "")],
            &[("content-md5", MD5)],
            &[("digest", "sha-256")],
            &[("content-digest", &list)],
            &[("content-digest", &short)],
            &[("content-digest", "sha-256=:_-==:")],
            &[("digest", &list), ("content-digest", &wrong)],
            &[("x-checksum-md5", MD5), ("x-checksum-md5", &SHA1[..32])],
        ] {
            assert_eq!(declared(fields), None, "{fields:?}");
        }
    }
}
