//! Names of dist-tags.
//!
//! `npm install name@x` reads `x` as a version range if it can, and as a tag otherwise; so a tag that reads as a range
//! could never be asked for, or worse, would be taken for another version. Grammar: node-semver's README, "Range Grammar".

use model::{Error, InvalidReason, Result};

const TAG_BYTES: usize = 214;

/// Refuses what cannot be a tag.
pub(super) fn check(tag: &str) -> Result<()> {
    let refuse = |reason: &str| {
        let shown: String = tag
            .chars()
            .take(64)
            .map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect();
        let message = format!("'{shown}' cannot be a dist-tag: {reason}.");
        Err(Error::invalid(InvalidReason::FieldValidation, message))
    };
    if tag.is_empty() || tag.len() > TAG_BYTES {
        return refuse("it must have 1 to 214 characters");
    }
    // What a client can write behind `name@` without quoting.
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&b);
    if !tag.bytes().all(plain) || tag == "." || tag == ".." {
        return refuse("it has characters that an address cannot have");
    }
    if is_range(tag) {
        return refuse("it reads as a version or a version range");
    }
    Ok(())
}

/// Whether a tag, made of plain characters, reads as a range: an optional tilde, then a version of which parts may be
/// missing or wildcards.
fn is_range(tag: &str) -> bool {
    let partial = tag.strip_prefix('~').unwrap_or(tag);
    let partial = partial.trim_start_matches('v');
    if partial.is_empty() {
        return tag.starts_with('~');
    }
    let mut rest = partial;
    for part in 0..3 {
        if part > 0 {
            match rest.strip_prefix('.') {
                Some(after) => rest = after,
                None => return rest.is_empty(),
            }
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        rest = if digits > 0 {
            if digits > 1 && rest.starts_with('0') {
                return false;
            }
            &rest[digits..]
        } else if let Some(after) = rest.strip_prefix(['x', 'X', '*']) {
            after
        } else {
            return false;
        };
    }
    // A prerelease follows; which ones are well-formed is not worth telling apart.
    rest.is_empty() || rest.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_npm_4_tags_that_read_as_ranges_or_versions_are_refused() {
        for bad in [
            "1",
            "1.0",
            "1.0.0",
            "v1",
            "v1.2",
            "~1",
            "~1.2.3",
            "x",
            "X",
            "*",
            "1.x",
            "1.*",
            "x.x.x",
            "1.0.0-beta",
            "vv1",
            "~",
            "",
            ".",
            "..",
            ">1",
            "^1.0.0",
            "a b",
            "a/b",
            "a%2fb",
            "a:b",
            "1 - 2",
            "1||2",
            "é",
            "a\n",
            &"x".repeat(215),
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn f_npm_2_words_and_near_versions_are_tags() {
        for good in [
            "latest",
            "next",
            "beta-1",
            "v",
            "vnext",
            "0.60-stable",
            "1.0.0.0",
            "2024-stable",
            "01",
            "xx",
            "1a",
            "__proto__",
            "constructor",
            "toString",
            "next-14",
            "!",
            "release_1.x",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
    }
}
