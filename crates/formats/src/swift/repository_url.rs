//! Addresses of source repositories, for finding the package that comes from one ("Lookup package identifiers registered
//! for a URL" in the registry specification).
//!
//! One repository has many addresses: with and without user, port and `.git`, over https and ssh, and as `git@host:path`.
//! The package manager takes them for the same by dropping what differs; so does this. Nothing is ever fetched.

use percent_encoding::percent_decode_str;

/// Longer addresses are not looked at.
pub(super) const ADDRESS_BYTES: usize = 2048;

/// What all addresses of a repository have in common: host and path in lower case. `None` for what names no repository.
pub(super) fn normalized(address: &str) -> Option<String> {
    let address = address.trim();
    if address.is_empty()
        || address.len() > ADDRESS_BYTES
        || address.chars().any(|c| c.is_control() || c == '\\')
    {
        return None;
    }
    let (has_scheme, rest) = match address.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => {
            if scheme.eq_ignore_ascii_case("file") {
                return None;
            }
            (true, rest)
        }
        Some(_) => return None,
        None => (false, address),
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let authority_end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(authority_end);
    // Who asks, and with which password, is nobody's business here.
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let (host, more) = host.split_once(':').unwrap_or((host, ""));
    let is_port = more.bytes().all(|b| b.is_ascii_digit());
    let path = match (has_scheme, is_port) {
        (_, true) => path.to_owned(),
        // `git@host:path`, and `ssh://git@host:path` as people write it.
        (_, false) => format!("{more}{path}"),
    };
    let is_host = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    if host.is_empty() || !host.bytes().all(is_host) {
        return None;
    }
    let path = percent_decode_str(&path).decode_utf8().ok()?.to_lowercase();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() || parts.iter().any(|part| matches!(*part, "." | "..")) {
        return None;
    }
    let path = parts.join("/");
    let path = path.strip_suffix(".git").unwrap_or(&path);
    (!path.is_empty()).then(|| format!("{}/{path}", host.to_ascii_lowercase()))
}

fn is_scheme(text: &str) -> bool {
    text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_sw_4_all_addresses_of_a_repository_are_one() {
        for address in [
            "https://git.example/mona/LinkedList",
            "https://git.example/mona/LinkedList/",
            "https://git.example/mona/LinkedList.git",
            "HTTPS://GIT.EXAMPLE/MONA/LINKEDLIST.GIT",
            "http://git.example:8080/mona/LinkedList",
            "https://mona:secret@git.example/mona/LinkedList.git",
            "https://git.example//mona//LinkedList?ref=main#readme",
            "https://git.example/mona/Linked%4Cist",
            "ssh://git@git.example/mona/LinkedList.git",
            "ssh://git@git.example:22/mona/LinkedList.git",
            "ssh://git@git.example:mona/LinkedList.git",
            "git@git.example:mona/LinkedList.git",
            "git.example:mona/LinkedList",
            "git+ssh://git@git.example/mona/LinkedList",
            " git.example/mona/LinkedList ",
        ] {
            let found = normalized(address);
            assert_eq!(
                found.as_deref(),
                Some("git.example/mona/linkedlist"),
                "{address}"
            );
        }
        assert_ne!(
            normalized("https://git.example/mona/LinkedList"),
            normalized("https://git.example/mona/LinkedList2")
        );
    }

    #[test]
    fn f_sw_4_what_names_no_repository_is_nobodys() {
        let long = format!("https://git.example/{}", "a".repeat(ADDRESS_BYTES));
        for odd in [
            "",
            " ",
            "https://",
            "https://git.example",
            "https://git.example/",
            "https://git.example/.git",
            "https:///mona/list",
            "https://git.example/a/../b",
            "https://git.example/%2e%2e/b",
            "https://git.example/%ff",
            "file:///etc/passwd",
            "FILE://host/share",
            "/srv/git/list.git",
            "://git.example/a",
            "a b://git.example/a",
            "https://[::1]/a",
            "https://git.example/a\r\nX: y",
            "https:\\\\git.example\\a",
            &long,
        ] {
            assert_eq!(normalized(odd), None, "{odd}");
        }
    }
}
