//! The package managers' protocols.
//!
//! One folder for each format, the trait they implement ([`Format`]), the list of them ([`FORMATS`]), and the kit:
//! what applies to all formats, written once. No rule lives here: what may be read or written, and what it comes to, is
//! `catalog`'s. Adding a format is one folder and one line in [`FORMATS`]; nothing else names a format. The rules are shown
//! to hold for it by one more file in `tests/scenarios/ecosystems`: a test asks for it.

mod cargo;
mod endpoints;
mod format;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod generic;
mod kit;
mod maven;
mod namespace_rule;
mod npm;
mod nuget;
mod pypi;
mod ruby;
mod swift;

use catalog::{FormatList, FormatRules};

pub use endpoints::{PackageEndpoints, PackageLimits};
pub use format::{Context, Endpoint, Format, Permission, Reply, Subject, Told};
pub use kit::address::RequestHead;
pub use kit::bases::{EndpointForm, PublicAddresses};
pub use kit::body::{Body, Response};
pub use kit::error_reply::ReasonPhrase;

/// Every format of this program, in the order in which the API lists them.
pub static FORMATS: [&dyn Format; 8] = [
    &npm::Npm,
    &pypi::Pypi,
    &maven::Maven,
    &nuget::Nuget,
    &generic::Generic,
    &swift::Swift,
    &ruby::Ruby,
    &cargo::Cargo,
];

/// The same list, as far as the rules are concerned.
static RULES: [&dyn FormatRules; FORMATS.len()] = {
    let mut rules: [&dyn FormatRules; FORMATS.len()] = [&npm::Npm; FORMATS.len()];
    let mut index = 0;
    while index < FORMATS.len() {
        rules[index] = FORMATS[index];
        index += 1;
    }
    rules
};

/// What the catalog needs to know of the formats.
#[must_use]
pub fn rules() -> FormatList {
    FormatList::new(&RULES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_and_the_rules_name_the_same_formats() {
        let ids: Vec<&str> = FORMATS.iter().map(|format| format.id().as_str()).collect();
        assert_eq!(rules().ids(), ids);
        assert_eq!(
            ids,
            [
                "npm", "pypi", "maven", "nuget", "generic", "swift", "ruby", "cargo"
            ]
        );
    }

    #[test]
    fn patterns_of_package_groups_follow_the_names_of_their_format() {
        for good in [
            "/*",
            "/npm/*",
            "/npm/types/*",
            "/npm//*",
            "/npm//React$",
            "/npm//my~",
            "/pypi/*",
            "/pypi//*",
            "/pypi//requests$",
            "/pypi//foo-bar~",
            "/nuget//acme~",
            "/nuget//newtonsoft.json$",
            "/ruby//rails~",
            "/cargo//serde_json$",
            "/maven/com.anycompany~",
            "/maven/com.Acme/*",
            "/maven/org.apache.logging.log4j/log4j-core$",
            "/generic/tools/Installer$",
            "/generic/Tools~",
            "/swift/acme/net~",
            "/swift/acme~",
        ] {
            let read = rules().package_group_pattern(good);
            assert_eq!(
                read.map(|pattern| pattern.to_string()),
                Ok(good.into()),
                "{good}"
            );
        }
        for (bad, reason) in [
            (
                "/python//requests$",
                "not one of the package formats npm, pypi,",
            ),
            ("/pypi/requests/*", "must have an empty namespace"),
            ("/pypi/requests~", "must have an empty namespace"),
            ("/pypi/a/requests$", "must have an empty namespace"),
            ("/nuget/a~", "must have an empty namespace"),
            ("/ruby/a/*", "must have an empty namespace"),
            ("/cargo/a/b$", "must have an empty namespace"),
            ("/pypi//Foo_Bar$", "which is '/pypi//foo-bar'"),
            ("/pypi//foo.bar~", "which is '/pypi//foo-bar'"),
            ("/nuget//Acme~", "which is '/nuget//acme'"),
            ("/cargo//Serde_json$", "which is '/cargo//serde_json'"),
            ("/swift/Acme/*", "which is '/swift/acme'"),
            ("/swift/acme/Net$", "which is '/swift/acme/net'"),
            ("/maven//log4j$", "must have a namespace"),
            ("/maven//*", "must have a namespace"),
            ("/generic//installer~", "must have a namespace"),
            ("/swift//net$", "must have a namespace"),
        ] {
            let fault = rules().package_group_pattern(bad).unwrap_err().to_string();
            assert!(fault.contains(reason), "{bad}: {fault}");
        }
    }

    #[test]
    fn every_connection_of_the_service_is_named_once() {
        let mut connections: Vec<(&str, &str, &str)> = rules()
            .iter()
            .flat_map(|format| {
                format
                    .connections()
                    .iter()
                    .map(move |c| (c.name, format.id().as_str(), c.store_repository))
            })
            .collect();
        connections.sort_unstable();
        assert_eq!(
            connections,
            [
                ("public:crates-io", "cargo", "cargo-store"),
                ("public:maven-central", "maven", "maven-central-store"),
                ("public:maven-clojars", "maven", "clojars-store"),
                ("public:maven-commonsware", "maven", "commonsware-store"),
                (
                    "public:maven-googleandroid",
                    "maven",
                    "google-android-store"
                ),
                (
                    "public:maven-gradleplugins",
                    "maven",
                    "gradle-plugins-store"
                ),
                ("public:npmjs", "npm", "npm-store"),
                ("public:nuget-org", "nuget", "nuget-store"),
                ("public:pypi", "pypi", "pypi-store"),
                ("public:ruby-gems-org", "ruby", "rubygems-store"),
            ]
        );
    }
}
