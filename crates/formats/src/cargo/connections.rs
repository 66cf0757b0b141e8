//! Where Cargo's public index is: Cargo itself says so.
//!
//! Cargo has no command that prints the address, but it names it when it cannot reach it. So it is asked to resolve an
//! empty project through a proxy that nobody serves, in an empty home that holds only the host's settings: source
//! replacement is obeyed, and nothing leaves the host. See "Source Replacement" and "Configuration" in The Cargo Book.

use catalog::{Base, CommandSource, Discovery, Place, PublicConnection, is_address};

const MANIFEST: &str = "[package]\nname = \"address\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\
                        [dependencies]\naddress-of-the-index = \"1\"\n";
const SETTINGS: &str = "home/config.toml";

pub(super) const PUBLIC: &[PublicConnection] = &[PublicConnection {
    name: "public:crates-io",
    store_repository: "cargo-store",
    discovery: &[Discovery::Command(CommandSource {
        environment: &[
            ("CARGO_HOME", "{scratch}/home"),
            ("CARGO_HTTP_PROXY", "http://127.0.0.1:1"),
            ("CARGO_NET_OFFLINE", "false"),
            ("CARGO_NET_RETRY", "0"),
            ("NO_PROXY", ""),
            ("no_proxy", ""),
        ],
        files: &[
            ("Cargo.toml", MANIFEST),
            ("src/lib.rs", ""),
            ("home/.keep", ""),
        ],
        copies: &[
            (
                Place {
                    base: Base::Variable("CARGO_HOME"),
                    path: "config.toml",
                },
                SETTINGS,
            ),
            (
                Place {
                    base: Base::Home,
                    path: ".cargo/config.toml",
                },
                SETTINGS,
            ),
        ],
        alias: Some("cargo's settings or default"),
        ..CommandSource::new("cargo", &["generate-lockfile"], read_complaint)
    })],
    remedy: "install cargo",
}];

/// "failed to download from `https://.../config.json`": the index is all before the file.
fn read_complaint(text: &str) -> Option<String> {
    text.split('`')
        .map(|part| part.trim_start_matches("sparse+"))
        .find_map(|part| {
            let index = part.strip_suffix("config.json")?;
            (is_address(index) && index.ends_with('/')).then(|| index.to_owned())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_read_from_the_complaint() {
        let text = "error: failed to get `x` as a dependency\nCaused by:\n  failed to download from \
                    `https://index.example/sub/config.json`\n";
        assert_eq!(
            read_complaint(text).as_deref(),
            Some("https://index.example/sub/")
        );
        assert_eq!(
            read_complaint("error: no matching package named `x` found"),
            None
        );
        assert_eq!(read_complaint("`file:///x/config.json`"), None);
    }
}
