//! The blocks of a tar archive (POSIX "pax Interchange Format", and the GNU extension for long names).
//!
//! Only reading, only what it takes to know an entry's kind, path and size. What two readers could understand
//! differently is refused, because the one that installs is not this one.

/// Every header and every content begins at a multiple of this.
pub(crate) const BLOCK_BYTES: usize = 512;

/// One block.
pub(crate) type Block = [u8; BLOCK_BYTES];

/// Why an archive is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct TarFault(pub(crate) &'static str);

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file with content.
    File,
    /// A hard or symbolic link.
    Link,
    /// A directory.
    Directory,
    /// Attributes of the next entry.
    Attributes,
    /// Attributes of all that follow.
    GlobalAttributes,
    /// The path of the next entry.
    LongName,
    /// Anything else, passed over.
    Other,
}

/// A header, read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: Kind,
    pub(crate) path: Vec<u8>,
    pub(crate) size_bytes: u64,
}

impl Header {
    pub(crate) fn read(block: &Block) -> Result<Self, TarFault> {
        check_sum(block)?;
        let kind = match block[156] {
            b'0' | 0 | b'7' => Kind::File,
            b'1' | b'2' => Kind::Link,
            b'5' => Kind::Directory,
            b'x' => Kind::Attributes,
            b'g' => Kind::GlobalAttributes,
            b'L' => Kind::LongName,
            b'S' => return Err(TarFault("it has a sparse file")),
            b'M' => return Err(TarFault("it is a part of an archive in several volumes")),
            _ => Kind::Other,
        };
        let size_bytes = number(&block[124..136])?;
        if size_bytes > 0 && matches!(kind, Kind::Link | Kind::Directory) {
            return Err(TarFault("it has a link or a directory with content"));
        }
        let name = until_nul(&block[..100]);
        let prefix = if &block[257..263] == b"ustar\0" {
            until_nul(&block[345..500])
        } else {
            &[]
        };
        let path = if prefix.is_empty() {
            name.to_vec()
        } else {
            [prefix, b"/", name].concat()
        };
        Ok(Self {
            kind,
            path,
            size_bytes,
        })
    }
}

fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|b| *b == 0).next().unwrap_or(field)
}

/// The sum of the header's bytes, its own field read as spaces. Old writers added signed bytes.
fn check_sum(block: &Block) -> Result<(), TarFault> {
    let bytes = || {
        block
            .iter()
            .enumerate()
            .map(|(at, b)| if (148..156).contains(&at) { b' ' } else { *b })
    };
    let unsigned: u64 = bytes().map(u64::from).sum();
    let signed: i64 = bytes().map(|b| i64::from(b.cast_signed())).sum();
    let said = number(&block[148..156])?;
    if said == unsigned || i64::try_from(said) == Ok(signed) {
        Ok(())
    } else {
        Err(TarFault("a header of it has a wrong sum"))
    }
}

/// A number: octal digits, or, for what does not fit, big-endian bytes behind a set bit.
fn number(field: &[u8]) -> Result<u64, TarFault> {
    const BAD: TarFault = TarFault("a number in a header of it cannot be read");
    if field[0] & 0x80 != 0 {
        let mut value: u64 = u64::from(field[0] & 0x7f);
        for byte in &field[1..] {
            value = value.checked_mul(256).ok_or(BAD)? | u64::from(*byte);
        }
        return Ok(value);
    }
    let text = until_nul(field).trim_ascii();
    if text.is_empty() {
        return Ok(0);
    }
    let text = std::str::from_utf8(text)
        .ok()
        .filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    text.and_then(|text| u64::from_str_radix(text, 8).ok())
        .ok_or(BAD)
}

/// Attributes that change how the next entry is read.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) path: Option<Vec<u8>>,
    pub(crate) size_bytes: Option<u64>,
}

impl Attributes {
    /// Reads records of the form `length name=value\n`.
    pub(crate) fn read(mut records: &[u8]) -> Result<Self, TarFault> {
        const BAD: TarFault = TarFault("attributes in it cannot be read");
        let mut found = Self::default();
        while !records.is_empty() {
            let space = records.iter().position(|b| *b == b' ').ok_or(BAD)?;
            let length = std::str::from_utf8(&records[..space])
                .ok()
                .and_then(|text| text.parse::<usize>().ok());
            let length = length
                .filter(|length| *length > space && *length <= records.len())
                .ok_or(BAD)?;
            let (record, rest) = records.split_at(length);
            let record = record[space + 1..].strip_suffix(b"\n").ok_or(BAD)?;
            let equals = record.iter().position(|b| *b == b'=').ok_or(BAD)?;
            let (name, value) = (&record[..equals], &record[equals + 1..]);
            match name {
                b"path" => found.path = Some(value.to_vec()),
                b"size" => {
                    let size = std::str::from_utf8(value)
                        .ok()
                        .and_then(|text| text.parse().ok());
                    found.size_bytes = Some(size.ok_or(BAD)?);
                }
                _ if name.starts_with(b"GNU.sparse.") => {
                    return Err(TarFault("it has a sparse file"));
                }
                _ => {}
            }
            records = rest;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(path: &str, kind: u8, size: &[u8; 12]) -> Block {
        let mut block = [0; BLOCK_BYTES];
        block[..path.len()].copy_from_slice(path.as_bytes());
        block[124..136].copy_from_slice(size);
        block[156] = kind;
        block[257..263].copy_from_slice(b"ustar\0");
        seal(&mut block);
        block
    }

    fn seal(block: &mut Block) {
        block[148..156].fill(b' ');
        let sum: u64 = block.iter().map(|b| u64::from(*b)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    }

    #[test]
    fn headers_are_read() {
        let read = Header::read(&header("package/a", b'0', b"00000000017\0")).unwrap();
        assert_eq!(
            read,
            Header {
                kind: Kind::File,
                path: b"package/a".to_vec(),
                size_bytes: 15
            }
        );
        let mut prefixed = header("a", 0, b"          7\0");
        prefixed[345..352].copy_from_slice(b"package");
        seal(&mut prefixed);
        assert_eq!(Header::read(&prefixed).unwrap().path, b"package/a");
        let large = header("a", b'0', &[0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]);
        assert_eq!(Header::read(&large).unwrap().size_bytes, 1 << 33);
    }

    #[test]
    fn u03_headers_that_can_be_read_in_two_ways_are_refused() {
        let mut broken = header("a", b'0', b"00000000017\0");
        broken[0] = b'b';
        assert!(Header::read(&broken).is_err());
        for (kind, size) in [
            (b'0', b"0000000008x\0"),
            (b'0', b"-0000000017\0"),
            (b'0', &[0xff; 12]),
            (b'2', b"00000000017\0"),
            (b'5', b"00000000017\0"),
            (b'S', b"00000000000\0"),
            (b'M', b"00000000000\0"),
        ] {
            assert!(
                Header::read(&header("a", kind, size)).is_err(),
                "{kind} {size:?}"
            );
        }
    }

    #[test]
    fn attributes_are_read() {
        let found = Attributes::read(b"18 path=package/a\n11 mtime=1\n12 size=999\n").unwrap();
        assert_eq!(
            found,
            Attributes {
                path: Some(b"package/a".to_vec()),
                size_bytes: Some(999)
            }
        );
        for bad in [
            &b"18 path=package/a"[..],
            b"5 a=b\n",
            b"999 path=x\n",
            b"0 path=x\n",
            b"path=x\n",
            b"7 pathx\n",
            b"10 size=-1\n",
            b"22 GNU.sparse.major=1\n",
        ] {
            assert!(
                Attributes::read(bad).is_err(),
                "{}",
                String::from_utf8_lossy(bad)
            );
        }
    }
}
