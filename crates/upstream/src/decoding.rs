//! Undoing the compression of documents, within limits: a few kilobytes can be made to unfold into gigabytes.
//! Only gzip is asked for, so only gzip is understood.

use std::io::Read;

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use crate::error::SourceError;

/// The ratio is not looked at below this.
const RATIO_FLOOR_BYTES: u64 = 1024 * 1024;
/// What is smaller is unpacked on the spot, what is larger on a thread where it holds nobody up.
const INLINE_LIMIT_BYTES: usize = 8 * 1024;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
}

impl Encoding {
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, SourceError> {
        let mut found = Self::Identity;
        for value in headers.get_all(CONTENT_ENCODING) {
            let text = value.to_str().unwrap_or("unreadable");
            for coding in text
                .split(',')
                .map(str::trim)
                .filter(|coding| !coding.is_empty())
            {
                match coding.to_ascii_lowercase().as_str() {
                    "identity" => {}
                    "gzip" | "x-gzip" if found == Self::Identity => found = Self::Gzip,
                    _ => {
                        return Err(SourceError::Decompression {
                            reason: "it is packed in a way that was not asked for",
                        });
                    }
                }
            }
        }
        Ok(found)
    }
}

/// The bounds of one unpacking.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) limit_bytes: u64,
    pub(crate) ratio: u64,
}

/// Unpacks a whole body.
pub(crate) async fn decode(
    packed: Bytes,
    encoding: Encoding,
    bounds: Bounds,
) -> Result<Bytes, SourceError> {
    match encoding {
        Encoding::Identity => Ok(packed),
        Encoding::Gzip if packed.len() <= INLINE_LIMIT_BYTES => gunzip(&packed, bounds),
        Encoding::Gzip => tokio::task::spawn_blocking(move || gunzip(&packed, bounds))
            .await
            .unwrap_or(Err(SourceError::Decompression {
                reason: "unpacking was interrupted",
            })),
    }
}

fn gunzip(packed: &[u8], bounds: Bounds) -> Result<Bytes, SourceError> {
    let packed_bytes = packed.len() as u64;
    let ratio_limit_bytes = packed_bytes
        .saturating_mul(bounds.ratio)
        .max(RATIO_FLOOR_BYTES);
    let most = bounds.limit_bytes.min(ratio_limit_bytes);
    let guess = packed_bytes.saturating_mul(4).min(most);
    let mut unpacked = Vec::with_capacity(usize::try_from(guess).unwrap_or(0));
    let read = MultiGzDecoder::new(packed)
        .take(most.saturating_add(1))
        .read_to_end(&mut unpacked);
    // The limits first: where they stopped the reading there is no error to see.
    if unpacked.len() as u64 > most {
        return Err(if most == bounds.limit_bytes {
            SourceError::TooLarge {
                limit_bytes: bounds.limit_bytes,
            }
        } else {
            SourceError::Decompression {
                reason: "it grows far more than any real document",
            }
        });
    }
    match read {
        Ok(_) => Ok(Bytes::from(unpacked)),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Err(SourceError::Decompression {
                reason: "it ends before its end",
            })
        }
        Err(_) => Err(SourceError::Decompression {
            reason: "it is not valid gzip",
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const BOUNDS: Bounds = Bounds {
        limit_bytes: 64 * 1024 * 1024,
        ratio: 200,
    };

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_was_packed_comes_out_again_in_one_or_several_members() {
        let mut packed = gzip(b"hello ");
        packed.extend(gzip(b"world"));
        assert_eq!(gunzip(&packed, BOUNDS).unwrap(), "hello world");
    }

    #[test]
    fn x06_a_bomb_is_stopped_by_ratio_and_by_size() {
        let bomb = gzip(&vec![0; 16 * 1024 * 1024]);
        assert!(matches!(
            gunzip(&bomb, BOUNDS),
            Err(SourceError::Decompression { .. })
        ));
        let small = Bounds {
            limit_bytes: 1000,
            ..BOUNDS
        };
        assert_eq!(
            gunzip(&bomb, small),
            Err(SourceError::TooLarge { limit_bytes: 1000 })
        );
        let blanks = gzip(&vec![b' '; 900 * 1024]);
        assert_eq!(
            gunzip(&blanks, BOUNDS).unwrap().len(),
            900 * 1024,
            "below a mebibyte the ratio does not matter"
        );
    }

    #[test]
    fn x06_broken_and_cut_streams_are_refused() {
        let packed = gzip(b"hello world, hello world");
        let cut = gunzip(&packed[..packed.len() - 3], BOUNDS);
        assert_eq!(
            cut,
            Err(SourceError::Decompression {
                reason: "it ends before its end"
            })
        );
        let mut wrong = packed;
        let checksum = wrong.len() - 6;
        wrong[checksum] ^= 1;
        assert_eq!(
            gunzip(&wrong, BOUNDS),
            Err(SourceError::Decompression {
                reason: "it is not valid gzip"
            })
        );
        assert!(gunzip(b"plain text", BOUNDS).is_err());
    }

    #[test]
    fn codings_that_were_not_asked_for_are_refused() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_ENCODING, text.parse().unwrap());
            Encoding::of(&headers)
        };
        assert_eq!(of("GZIP"), Ok(Encoding::Gzip));
        assert_eq!(of("identity"), Ok(Encoding::Identity));
        assert_eq!(Encoding::of(&HeaderMap::new()), Ok(Encoding::Identity));
        assert!(of("br").is_err());
        assert!(of("gzip, gzip").is_err());
    }
}
