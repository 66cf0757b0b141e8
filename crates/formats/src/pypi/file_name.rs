//! Names of distribution files: which project, which version, which form ("Binary distribution format" and "Source
//! distribution format" in PyPA's specifications; PEP 427, PEP 625).
//!
//! Wheels and sdists can be published. The other forms were served by public indexes for decades and are passed on.

use super::name::{is_name, normalized};
use super::version::{self, Version};

/// What a file is, by the ending of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Wheel,
    /// A source distribution in an archive that can be looked into.
    Sdist(Archive),
    /// Everything that is only passed on, in the words of the upload API.
    Other(&'static str),
}

/// The archives that source distributions come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Archive {
    TarGz,
    Zip,
}

/// Endings, longest first where one ends with another.
const ENDINGS: &[(&str, Form)] = &[
    (".whl", Form::Wheel),
    (".tar.gz", Form::Sdist(Archive::TarGz)),
    (".tgz", Form::Sdist(Archive::TarGz)),
    (".zip", Form::Sdist(Archive::Zip)),
    (".ZIP", Form::Other("sdist")),
    (".tar.bz2", Form::Other("sdist")),
    (".tbz", Form::Other("sdist")),
    (".tar.xz", Form::Other("sdist")),
    (".txz", Form::Other("sdist")),
    (".tar.lzma", Form::Other("sdist")),
    (".tar.Z", Form::Other("sdist")),
    (".tar", Form::Other("sdist")),
    (".egg", Form::Other("bdist_egg")),
    (".exe", Form::Other("bdist_wininst")),
    (".msi", Form::Other("bdist_msi")),
    (".rpm", Form::Other("bdist_rpm")),
    (".deb", Form::Other("bdist_dumb")),
    (".dmg", Form::Other("bdist_dmg")),
];

impl Form {
    /// The form of a file of this name, and the name without the ending; `None` for what is no distribution.
    pub(super) fn of(file: &str) -> Option<(Self, &str)> {
        ENDINGS
            .iter()
            .find_map(|(ending, form)| Some((*form, file.strip_suffix(ending)?)))
            .filter(|(_, stem)| !stem.is_empty())
    }

    /// Whether files of this form are served when a public source has them, and never looked into.
    pub(super) const fn is_passed_on(self) -> bool {
        matches!(self, Self::Other(_))
    }

    /// `packagetype` of the JSON API, `filetype` of the upload API.
    pub(super) const fn package_type(self) -> &'static str {
        match self {
            Self::Wheel => "bdist_wheel",
            Self::Sdist(_) => "sdist",
            Self::Other(name) => name,
        }
    }
}

/// The name of a wheel, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WheelName<'f> {
    pub(super) project: &'f str,
    pub(super) version: String,
    pub(super) python: &'f str,
    pub(super) abi: &'f str,
    pub(super) platform: &'f str,
}

impl<'f> WheelName<'f> {
    /// Reads `{project}-{version}[-{build}]-{python}-{abi}-{platform}.whl`.
    pub(super) fn parse(file: &'f str) -> Option<Self> {
        let stem = file.strip_suffix(".whl")?;
        let parts: Vec<&str> = stem.split('-').collect();
        let (head, [python, abi, platform]) = parts.split_last_chunk::<3>()?;
        let (project, version) = match head {
            [project, version] => (project, version),
            [project, version, build] if build.starts_with(|c: char| c.is_ascii_digit()) => {
                (project, version)
            }
            _ => return None,
        };
        // Old tags have more than letters, digits and underscores, e.g. `py36+`.
        let is_part = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_graphic() && !b"/\\".contains(&b))
        };
        let has_tags = [python, abi, platform]
            .into_iter()
            .all(|tag| tag.split('.').all(is_part));
        (is_name(project) && has_tags && !version.is_empty()).then(|| Self {
            project,
            version: unescaped(version),
            python,
            abi,
            platform,
        })
    }

    /// The tags that the name stands for, each written out, in order.
    pub(super) fn tags(&self) -> Vec<String> {
        let mut tags = Vec::new();
        for python in self.python.split('.') {
            for abi in self.abi.split('.') {
                for platform in self.platform.split('.') {
                    tags.push(format!("{python}-{abi}-{platform}"));
                }
            }
        }
        tags.sort_unstable();
        tags.dedup();
        tags
    }
}

/// A version as it stands in the name of a built distribution, where a hyphen is written as an underscore.
fn unescaped(version: &str) -> String {
    if Version::parse(version).is_some() {
        return version.to_owned();
    }
    let written = version.replace('_', "-");
    if Version::parse(&written).is_some() {
        written
    } else {
        version.to_owned()
    }
}

/// The version that a file of a project is of, by the rules for new files: nothing but the version follows the project's
/// name in that of an sdist.
pub(super) fn published_version(project: &str, file: &str) -> Option<String> {
    let (form, stem) = Form::of(file)?;
    match form {
        Form::Wheel => wheel_version(project, file),
        Form::Sdist(_) => {
            let whole = unescaped(after_project(project, stem)?);
            Version::parse(&whole).is_some().then_some(whole)
        }
        Form::Other(_) => None,
    }
}

fn wheel_version(project: &str, file: &str) -> Option<String> {
    let wheel = WheelName::parse(file)?;
    (normalized(wheel.project) == project).then_some(wheel.version)
}

/// The version that a file of a project is of, as public indexes have had it. `is_known` tells the keys of the versions
/// that the file can be of, where they are known: old names can be read in several ways, and `foo-1.0-1.tar.gz` was once
/// a second file of version 1.0.
pub(super) fn version_of(
    project: &str,
    file: &str,
    is_known: &dyn Fn(&str) -> bool,
) -> Option<String> {
    let (form, stem) = Form::of(file)?;
    if form == Form::Wheel {
        return wheel_version(project, file);
    }
    let rest = after_project(project, stem)?;
    let whole = unescaped(rest);
    if is_known(&version::key(&whole)) {
        return Some(whole);
    }
    // What follows the version says which Python and which machine: `1.0-py2.7`, `1.0.win32`, `1.0.linux-x86_64`.
    // A dot before a digit is one of the version's own.
    let ends_version = |(at, c): &(usize, char)| {
        let next = rest[at + 1..].chars().next();
        *c == '-' || (*c == '.' && next.is_some_and(|c| !c.is_ascii_digit()))
    };
    let prefixes = || {
        rest.char_indices()
            .rev()
            .filter(ends_version)
            .map(|(at, _)| unescaped(&rest[..at]))
    };
    let known = prefixes().find(|prefix| is_known(&version::key(prefix)));
    if known.is_some() {
        return known;
    }
    let is_sdist = form.package_type() == "sdist";
    if is_sdist && Version::parse(&whole).is_some() {
        return Some(whole);
    }
    prefixes()
        .find(|prefix| Version::parse(prefix).is_some())
        .or_else(|| is_sdist.then_some(whole))
}

/// What follows the project's name and a hyphen.
fn after_project<'f>(project: &str, stem: &'f str) -> Option<&'f str> {
    stem.match_indices('-').find_map(|(at, _)| {
        let rest = &stem[at + 1..];
        (!rest.is_empty() && normalized(&stem[..at]) == project).then_some(rest)
    })
}

/// The project that a file is of, as far as its name alone can tell: for an upload whose file comes before its name.
pub(super) fn guess_project(file: &str) -> Option<&str> {
    let (form, stem) = Form::of(file)?;
    let project = match form {
        Form::Wheel => WheelName::parse(file)?.project,
        Form::Sdist(_) => {
            let begins_version =
                |(at, _): &(usize, &str)| Version::parse(&stem[at + 1..]).is_some();
            let (at, _) = stem.match_indices('-').find(begins_version)?;
            &stem[..at]
        }
        Form::Other(_) => return None,
    };
    is_name(project).then_some(project)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(project: &str, file: &str, known: &[&str]) -> Option<String> {
        version_of(project, file, &|key| known.contains(&key))
    }

    #[test]
    fn wheels_say_what_they_are() {
        let wheel = WheelName::parse(
            "Foo_Bar-1.0+cu118-1a-py2.py3-none-manylinux1_x86_64.linux_x86_64.whl",
        )
        .unwrap();
        assert_eq!(
            (wheel.project, wheel.version.as_str()),
            ("Foo_Bar", "1.0+cu118")
        );
        assert_eq!(
            wheel.tags(),
            [
                "py2-none-linux_x86_64",
                "py2-none-manylinux1_x86_64",
                "py3-none-linux_x86_64",
                "py3-none-manylinux1_x86_64"
            ]
        );
        assert_eq!(
            WheelName::parse("a-1.0_1-py3-none-any.whl")
                .unwrap()
                .version,
            "1.0-1"
        );
        for bad in [
            "a-1.0-py3-none.whl",
            "a-1.0-x-py3-none-any.whl",
            "a-1.0-1-2-py3-none-any.whl",
            "a--py3-none-any.whl",
            "-1.0-py3-none-any.whl",
            "a-1.0-py3-none-a ny.whl",
            "a-1.0-py3-none-a/b.whl",
            "a-1.0-py3..x-none-any.whl",
            "a-1.0-py3-none-any.zip",
            "../a-1.0-py3-none-any.whl",
        ] {
            assert_eq!(WheelName::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn f_py_1_u05_file_names_in_any_spelling_give_their_version_and_no_other_project() {
        for (project, file, expected) in [
            ("foo-bar", "Foo.Bar-1.0-py3-none-any.whl", Some("1.0")),
            ("foo-bar", "foo_bar-1.0.tar.gz", Some("1.0")),
            ("foo-bar", "foo-bar-1.0.tar.gz", Some("1.0")),
            ("foo-bar", "FOO.BAR-1.0-1.zip", Some("1.0-1")),
            ("foo", "foo-bar-1.0.tar.gz", Some("bar-1.0")),
            ("foo", "foobar-1.0.tar.gz", None),
            ("foo-bar", "foo-1.0.tar.gz", None),
            ("foo", "bar-1.0-py3-none-any.whl", None),
            ("foo", "foo-1.0-py2.7.egg", Some("1.0")),
            ("foo", "foo-1.0-py2.7-win-amd64.egg", Some("1.0")),
            ("foo", "foo-1.0.win32-py2.7.exe", Some("1.0")),
            ("foo", "foo-1.0.win-amd64.msi", Some("1.0")),
            ("foo", "foo-1.0.linux-x86_64.tar.gz", Some("1.0")),
            ("foo", "foo-1.0-1.noarch.rpm", Some("1.0-1")),
            ("foo", "foo-2004d.tar.bz2", Some("2004d")),
            ("foo", "foo-1.0.tar.gz.asc", None),
            ("foo", "foo-1.0-py3-none-any.whl.metadata", None),
            ("foo", "foo-.tar.gz", None),
            ("foo", "foo.tar.gz", None),
            ("foo", ".tar.gz", None),
        ] {
            assert_eq!(version(project, file, &[]).as_deref(), expected, "{file}");
        }
    }

    #[test]
    fn versions_that_the_index_names_decide_how_old_names_are_read() {
        assert_eq!(
            version("foo", "foo-1.0-beta.x.tar.gz", &["1.0-beta.x"]).as_deref(),
            Some("1.0-beta.x")
        );
        assert_eq!(
            version("foo", "foo-dev-r7-py2.5.egg", &["dev-r7"]).as_deref(),
            Some("dev-r7")
        );
        for file in [
            "foo-1.0-1.noarch.rpm",
            "foo-1.0-1.tar.gz",
            "foo-1.0.post1.zip",
        ] {
            assert_eq!(
                version("foo", file, &["1"]).as_deref(),
                Some("1.0"),
                "{file}"
            );
        }
    }

    #[test]
    fn u05_new_files_have_one_version_in_their_name() {
        for (file, expected) in [
            ("foo-1.0-py3-none-any.whl", Some("1.0")),
            ("Foo-1.0.0.zip", Some("1.0.0")),
            ("foo-1.0-1.tar.gz", Some("1.0-1")),
            ("foo-1.0.linux-x86_64.tar.gz", None),
            ("foo-2004d.tar.gz", None),
            ("foo-bar-1.0.tar.gz", None),
            ("foo-1.0-py2.7.egg", None),
        ] {
            assert_eq!(
                published_version("foo", file).as_deref(),
                expected,
                "{file}"
            );
        }
    }

    #[test]
    fn the_project_is_guessed_from_what_can_be_published_alone() {
        for (file, expected) in [
            ("foo_bar-1.0-py3-none-any.whl", Some("foo_bar")),
            ("foo-bar-1.0.tar.gz", Some("foo-bar")),
            ("foo-1.0-1.tar.gz", Some("foo")),
            ("foo-2.0-py2.7.egg", None),
            ("foo.tar.gz", None),
            ("-1.0.tar.gz", None),
        ] {
            assert_eq!(guess_project(file), expected, "{file}");
        }
    }
}
