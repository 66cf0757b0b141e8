//! Names of packages: how a path spells them, how people do, and which may be new.

use std::borrow::Cow;
use std::fmt::Write as _;

use model::{Error, InvalidReason, Namespace, PackageCoordinates, PackageName, Result};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::ID;

/// What must not stand raw in a segment of an address (RFC 3986, "pchar").
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The longest name that may be new, scope included: npm's own limit.
const NEW_NAME_BYTES: usize = 214;

/// The name as people write it: `@scope/name`.
pub(super) fn display_name(package: &PackageCoordinates) -> String {
    match &package.namespace {
        Some(scope) => format!("@{scope}/{}", package.name),
        None => package.name.as_str().to_owned(),
    }
}

/// The package that the first segments of a path name, and how many segments that takes: a scoped name is one
/// segment with an encoded slash (npm, pnpm) or two segments (Yarn, browsers).
pub(super) fn read_segments(segments: &[&str]) -> Result<(PackageCoordinates, usize)> {
    let first = segments.first().copied().unwrap_or_default();
    let (scope, name, taken) = match first.strip_prefix('@') {
        None => (None, first, 1),
        Some(scoped) => match scoped.split_once('/') {
            Some((scope, name)) => (Some(scope), name, 1),
            None => (
                Some(scoped),
                segments.get(1).copied().unwrap_or_default(),
                2,
            ),
        },
    };
    let refuse = |_| {
        let message = format!(
            "'{}' is not the name of an npm package.",
            segments[..taken.min(segments.len())].join("/")
        );
        Error::invalid(InvalidReason::FieldValidation, message)
    };
    let namespace = scope.map(Namespace::parse).transpose().map_err(refuse)?;
    let name = PackageName::parse(name).map_err(refuse)?;
    Ok((
        PackageCoordinates {
            format: ID,
            namespace,
            name,
        },
        taken,
    ))
}

/// The address of a version's tarball, as the ecosystem spells it.
pub(super) fn tarball_address(base: &str, package: &PackageCoordinates, version: &str) -> String {
    let name = utf8_percent_encode(package.name.as_str(), SEGMENT);
    let mut address = String::with_capacity(base.len() + 64);
    address.push_str(base);
    let written = match &package.namespace {
        Some(scope) => write!(
            address,
            "@{}/{name}/-/{name}",
            utf8_percent_encode(scope.as_str(), SEGMENT)
        ),
        None => write!(address, "{name}/-/{name}"),
    };
    written
        .and_then(|()| write!(address, "-{}.tgz", utf8_percent_encode(version, SEGMENT)))
        .expect("a String takes every write");
    address
}

/// The version that a tarball's file name names: `name-1.0.0.tgz`, also with the scope before it.
pub(super) fn version_of_file<'f>(package: &PackageCoordinates, file: &'f str) -> Option<&'f str> {
    let file = match (&package.namespace, file.strip_prefix('@')) {
        (Some(scope), Some(scoped)) => scoped.strip_prefix(scope.as_str())?.strip_prefix('/')?,
        _ => file,
    };
    let version = file
        .strip_prefix(package.name.as_str())?
        .strip_prefix('-')?
        .strip_suffix(".tgz")?;
    (!version.is_empty()).then_some(version)
}

/// Refuses names that no new package may have: npm's rules for them, except that upper case is let pass, because
/// old packages that are copied between registries have it.
pub(super) fn check_publishable(package: &PackageCoordinates) -> Result<()> {
    let display = display_name(package);
    let refuse = |reason: &str| {
        let message =
            format!("A package cannot be published under the name '{display}': {reason}.");
        Err(Error::invalid(InvalidReason::FieldValidation, message))
    };
    if display.len() > NEW_NAME_BYTES {
        return refuse("it is longer than 214 characters");
    }
    for part in package
        .namespace
        .iter()
        .map(Namespace::as_str)
        .chain([package.name.as_str()])
    {
        if part.starts_with(['.', '_', '-']) {
            return refuse("it begins with a dot, an underscore or a hyphen");
        }
        if !part
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        {
            return refuse(
                "it has characters other than letters, digits, dots, underscores and hyphens",
            );
        }
    }
    let reserved = ["node_modules", "favicon.ico"];
    if package.namespace.is_none()
        && reserved
            .iter()
            .any(|word| package.name.as_str().eq_ignore_ascii_case(word))
    {
        return refuse("it is reserved");
    }
    Ok(())
}

/// The name as it stands in a message or a path given by a client, or nothing if it is another package's.
pub(super) fn names(package: &PackageCoordinates, text: &str) -> bool {
    let display: Cow<'_, str> = match &package.namespace {
        Some(_) => Cow::Owned(display_name(package)),
        None => Cow::Borrowed(package.name.as_str()),
    };
    display == text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(segments: &[&str]) -> Option<(String, usize)> {
        read_segments(segments)
            .ok()
            .map(|(package, taken)| (display_name(&package), taken))
    }

    #[test]
    fn f_npm_1_every_spelling_of_a_name_is_read() {
        assert_eq!(read(&["lodash"]), Some(("lodash".into(), 1)));
        assert_eq!(
            read(&["JSONStream", "-", "x"]),
            Some(("JSONStream".into(), 1))
        );
        assert_eq!(read(&["@types/node"]), Some(("@types/node".into(), 1)));
        assert_eq!(
            read(&["@types", "node", "-"]),
            Some(("@types/node".into(), 2))
        );
        for name in [
            "http",
            "__proto__",
            "constructor",
            "toString",
            "hasOwnProperty",
            "foo'bar!",
            "x+y",
            "x%y",
        ] {
            assert_eq!(read(&[name]), Some((name.into(), 1)), "{name}");
        }
    }

    #[test]
    fn p01_p10_names_that_cannot_be_are_refused() {
        for bad in [
            &[][..],
            &[""],
            &["@"],
            &["@scope"],
            &["@scope", ""],
            &["@/name"],
            &["@scope/"],
            &["@scope/a/b"],
            &["a/b"],
            &["@a/.."],
            &["@../x"],
            &["a b"],
            &["a#b"],
            &["\u{202e}a"],
            &["@s", "a/b"],
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn p15_neighbouring_names_stay_apart() {
        let (package, _) = read_segments(&["@acme/x"]).unwrap();
        assert!(names(&package, "@acme/x"));
        assert!(
            !names(&package, "@acmex/x") && !names(&package, "acme/x") && !names(&package, "x")
        );
    }

    #[test]
    fn p08_names_that_only_look_alike_are_different_packages() {
        let pairs = [
            ("K", "\u{212a}"),
            ("i", "\u{130}"),
            ("e\u{301}", "\u{e9}"),
            ("a", "\u{430}"),
            ("react", "React"),
        ];
        for (one, other) in pairs {
            assert_ne!(
                read_segments(&[one]).unwrap().0,
                read_segments(&[other]).unwrap().0,
                "{one} {other}"
            );
        }
    }

    #[test]
    fn u05_a_file_name_gives_exactly_one_version() {
        let (plain, _) = read_segments(&["foo-bar"]).unwrap();
        let (scoped, _) = read_segments(&["@s/foo"]).unwrap();
        assert_eq!(
            version_of_file(&plain, "foo-bar-1.0.0-rc.1.tgz"),
            Some("1.0.0-rc.1")
        );
        assert_eq!(version_of_file(&scoped, "foo-1.0.0.tgz"), Some("1.0.0"));
        assert_eq!(version_of_file(&scoped, "@s/foo-1.0.0.tgz"), Some("1.0.0"));
        for bad in [
            "foo-bar-.tgz",
            "foo-bar.tgz",
            "foo-1.0.0.tgz",
            "foo-bar-1.0.0.tar",
            "foo-bar-1.0.0",
            "@s/foo-bar-1.tgz",
        ] {
            assert_eq!(version_of_file(&plain, bad), None, "{bad}");
        }
        assert_eq!(version_of_file(&scoped, "@other/foo-1.0.0.tgz"), None);
    }

    #[test]
    fn tarball_addresses_are_those_of_the_ecosystem() {
        let address = |segments: &[&str], version| {
            tarball_address(
                "http://h.example/npm/",
                &read_segments(segments).unwrap().0,
                version,
            )
        };
        assert_eq!(
            address(&["@types/node"], "1.0.0"),
            "http://h.example/npm/@types/node/-/node-1.0.0.tgz"
        );
        assert_eq!(
            address(&["lodash"], "4.0.0+b"),
            "http://h.example/npm/lodash/-/lodash-4.0.0+b.tgz"
        );
        assert_eq!(
            address(&["a%?b"], "1.0.0"),
            "http://h.example/npm/a%25%3Fb/-/a%25%3Fb-1.0.0.tgz"
        );
    }

    #[test]
    fn f_npm_1_p14_names_that_may_not_be_new_are_refused() {
        let check = |segments: &[&str]| check_publishable(&read_segments(segments).unwrap().0);
        for good in [
            &["lodash"][..],
            &["@types/node"],
            &["a"],
            &["http"],
            &["x_y.z"],
            &["JSONStream"],
            &["@s/node_modules"],
        ] {
            assert!(check(good).is_ok(), "{good:?}");
        }
        let long = "x".repeat(215);
        for bad in [
            &["-"][..],
            &[".a"],
            &["_a"],
            &["-a"],
            &["@s/.a"],
            &["@_s/a"],
            &["node_modules"],
            &["favicon.ico"],
            &["Node_Modules"],
            &["a~b"],
            &["é"],
            &["x%y"],
            &["x+y"],
            &[&long],
        ] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }
}
