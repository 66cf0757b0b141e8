//! The canonical form of a request: what both sides hash.
//! Public document: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

use super::query::{push_encoded, write_canonical};
use super::{RequestParts, SignatureError};

/// The canonical request.
pub(super) fn request(
    request: &RequestParts<'_>,
    signed_headers: &str,
    is_presigned: bool,
    payload: &str,
) -> Result<Vec<u8>, SignatureError> {
    let mut out = Vec::with_capacity(512 + 2 * (request.raw_path.len() + request.raw_query.len()));
    out.extend_from_slice(request.method.as_bytes());
    out.push(b'\n');
    write_path(&mut out, request.raw_path);
    out.push(b'\n');
    write_canonical(&mut out, request.raw_query, is_presigned)?;
    out.push(b'\n');
    for name in signed_headers.split(';') {
        write_header(&mut out, name, request);
    }
    out.push(b'\n');
    out.extend_from_slice(signed_headers.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(payload.as_bytes());
    Ok(out)
}

/// The path without empty, `.` and `..` segments, and encoded once more than on the wire: services other than the
/// object store expect that, so that a percent sign becomes `%25`.
fn write_path(out: &mut Vec<u8>, raw_path: &str) {
    let mut segments: Vec<&str> = Vec::with_capacity(8);
    let mut open = true;
    for segment in raw_path.split('/') {
        // A path that ends in one of these names a folder and keeps its last slash.
        open = matches!(segment, "" | "." | "..");
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    for segment in &segments {
        out.push(b'/');
        segment.bytes().for_each(|byte| push_encoded(out, byte));
    }
    if open || segments.is_empty() {
        out.push(b'/');
    }
}

/// `name:value,value` and a line end; values are trimmed and runs of spaces in them are one space.
fn write_header(out: &mut Vec<u8>, name: &str, request: &RequestParts<'_>) {
    out.extend_from_slice(name.as_bytes());
    for (index, value) in request.values(name).enumerate() {
        out.push(if index == 0 { b':' } else { b',' });
        let mut after_space = false;
        for byte in value.trim_ascii() {
            if !(after_space && *byte == b' ') {
                out.push(*byte);
            }
            after_space = *byte == b' ';
        }
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(raw: &str) -> String {
        let mut out = Vec::new();
        write_path(&mut out, raw);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn s04_paths_are_normalised_and_encoded_twice() {
        for (raw, expected) in [
            ("", "/"),
            ("/", "/"),
            ("//", "/"),
            ("/v1/domain", "/v1/domain"),
            ("/v1/domain/", "/v1/domain/"),
            ("//v1///domain//", "/v1/domain/"),
            ("/./v1/./domain", "/v1/domain"),
            ("/a/../b", "/b"),
            ("/a/b/..", "/a/"),
            ("/a/.", "/a/"),
            ("/../../a", "/a"),
            ("/..", "/"),
            ("/a%2Fb", "/a%252Fb"),
            ("/a%2fb", "/a%252fb"),
            ("/%2e%2e/a", "/%252e%252e/a"),
            ("/a%20b", "/a%2520b"),
            ("/a b", "/a%20b"),
            ("/@x/~y", "/%40x/~y"),
            ("/ü", "/%C3%BC"),
            ("/.../a..b", "/.../a..b"),
        ] {
            assert_eq!(path(raw), expected, "{raw}");
        }
    }

    #[test]
    fn s04_header_values_are_trimmed_folded_and_joined() {
        let headers: &[(&str, &[u8])] = &[
            ("a", b"  x   y  "),
            ("b", b"other"),
            ("a", b"\tz\t"),
            ("a", b""),
            ("a", b"p \t q"),
            ("a", b"\xff"),
        ];
        let request = RequestParts {
            method: "GET",
            raw_path: "/",
            raw_query: "",
            headers,
        };
        let mut out = Vec::new();
        write_header(&mut out, "a", &request);
        assert_eq!(out, b"a:x y,z,,p \t q,\xff\n");
    }
}
