//! Where Python's public index is: pip's settings, else the default that the installed pip carries.
//! See "Configuration" in pip's user guide.

use catalog::{CommandSource, Discovery, PublicConnection, first_address_line, is_address};

const QUIET: &[(&str, &str)] = &[("PIP_DISABLE_PIP_VERSION_CHECK", "1")];
const BUILT_IN: &str = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)";

pub(super) const PUBLIC: &[PublicConnection] = &[PublicConnection {
    name: "public:pypi",
    store_repository: "pypi-store",
    discovery: &[
        Discovery::Variable("PIP_INDEX_URL"),
        Discovery::Command(CommandSource {
            environment: QUIET,
            ..CommandSource::new("python3", &["-m", "pip", "config", "list"], read_settings)
        }),
        Discovery::Command(CommandSource {
            alias: Some("the default of the installed pip"),
            ..CommandSource::new("python3", &["-c", BUILT_IN], first_address_line)
        }),
    ],
    remedy: "install pip",
}];

/// Lines are `section.key='value'`; the section of the `install` command wins over `global`.
fn read_settings(text: &str) -> Option<String> {
    ["install.index-url", "global.index-url"]
        .iter()
        .find_map(|key| {
            let line = text
                .lines()
                .find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))?;
            let value = line.trim().trim_matches(['\'', '"']);
            is_address(value).then(|| value.to_owned())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_of_install_wins_over_global() {
        let list = "global.cert='/c.pem'\nglobal.index-url='https://a.example/simple'\n";
        assert_eq!(
            read_settings(list).as_deref(),
            Some("https://a.example/simple")
        );
        let both = format!("{list}install.index-url='https://u:p@b.example/simple/'\n");
        assert_eq!(
            read_settings(&both).as_deref(),
            Some("https://u:p@b.example/simple/")
        );
        assert_eq!(
            read_settings("global.extra-index-url='https://a.example'\n"),
            None
        );
    }
}
