//! The metadata of a publish: what is checked of it, and the index line that it comes to ("Web API: Publish" in The Cargo
//! Book).
//!
//! What the public index asks for beyond what clients need, such as a description and a licence, is its own policy and
//! not asked for here.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Display;

use model::{Error, InvalidReason, PackageCoordinates, Result, Sha256Digest, VersionName};
use semver::VersionReq;
use serde::{Deserialize, Deserializer};
use url::Url;

use super::features::{self, is_feature_name};
use super::index_line::{LineDependency, NewLine};
use super::name::{check_publishable, is_name, shown};
use super::version;
use super::version_metadata::About;

/// The longest text for people, and the longest of all others.
const PROSE_BYTES: usize = 16 << 10;
const TEXT_BYTES: usize = 1024;
/// The largest readme that is kept.
const README_BYTES: usize = 1 << 20;
/// The public index's own limits; tools show keywords in lists.
const KEYWORDS: usize = 5;
const KEYWORD_CHARS: usize = 20;

/// The crate that metadata is about: all that is looked at before the right to publish is known.
pub(super) fn name_of(metadata: &[u8]) -> Result<PackageCoordinates> {
    #[derive(Deserialize)]
    struct Name<'m> {
        #[serde(borrow)]
        name: Cow<'m, str>,
    }
    let read: Name<'_> = serde_json::from_slice(metadata).map_err(|error| unreadable(&error))?;
    check_publishable(&read.name)
}

/// Metadata as it is sent. Members that are missing are as good as empty.
#[derive(Debug, Deserialize)]
pub(super) struct NewCrate<'m> {
    #[serde(borrow)]
    pub(super) name: Cow<'m, str>,
    #[serde(borrow)]
    pub(super) vers: Cow<'m, str>,
    #[serde(default, borrow, deserialize_with = "or_empty")]
    pub(super) deps: Vec<NewDependency<'m>>,
    #[serde(default, borrow, deserialize_with = "or_empty")]
    features: BTreeMap<Cow<'m, str>, Vec<Cow<'m, str>>>,
    #[serde(default, deserialize_with = "or_empty")]
    authors: Vec<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    documentation: Option<String>,
    #[serde(default)]
    homepage: Option<String>,
    #[serde(default)]
    readme: Option<String>,
    #[serde(default, deserialize_with = "or_empty")]
    keywords: Vec<String>,
    #[serde(default, deserialize_with = "or_empty")]
    categories: Vec<String>,
    #[serde(default)]
    license: Option<String>,
    #[serde(default)]
    license_file: Option<String>,
    #[serde(default)]
    repository: Option<String>,
    #[serde(default, borrow)]
    pub(super) links: Option<Cow<'m, str>>,
    #[serde(default, borrow)]
    pub(super) rust_version: Option<Cow<'m, str>>,
}

/// A dependency as it is sent.
#[derive(Debug, Deserialize)]
pub(super) struct NewDependency<'m> {
    #[serde(borrow)]
    pub(super) name: Cow<'m, str>,
    #[serde(borrow)]
    pub(super) version_req: Cow<'m, str>,
    #[serde(default, borrow, deserialize_with = "or_empty")]
    features: Vec<Cow<'m, str>>,
    #[serde(default)]
    pub(super) optional: bool,
    #[serde(default = "yes")]
    default_features: bool,
    #[serde(default, borrow)]
    pub(super) target: Option<Cow<'m, str>>,
    #[serde(default, borrow)]
    kind: Option<Cow<'m, str>>,
    #[serde(default, borrow)]
    registry: Option<Cow<'m, str>>,
    #[serde(default, borrow)]
    explicit_name_in_toml: Option<Cow<'m, str>>,
    #[serde(default, borrow)]
    artifact: Option<Vec<Cow<'m, str>>>,
    #[serde(default, borrow)]
    bindep_target: Option<Cow<'m, str>>,
    #[serde(default)]
    lib: bool,
}

const fn yes() -> bool {
    true
}

/// `null` where a list or a map is meant.
fn or_empty<'m, D: Deserializer<'m>, T: Deserialize<'m> + Default>(
    value: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(value)?.unwrap_or_default())
}

/// A publish whose metadata is in order.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) package: PackageCoordinates,
    pub(super) version: VersionName,
    pub(super) about: About,
    pub(super) readme: Option<String>,
    pub(super) warnings: Warnings,
}

/// What was taken nevertheless.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Warnings {
    pub(super) invalid_categories: Vec<String>,
    pub(super) other: Vec<String>,
}

impl<'m> NewCrate<'m> {
    pub(super) fn read(metadata: &'m [u8]) -> Result<Self> {
        serde_json::from_slice(metadata).map_err(|error| unreadable(&error))
    }

    /// Refuses what clients could not use or could understand in two ways.
    pub(super) fn check(&mut self) -> Result<Checked> {
        let package = check_publishable(&self.name)?;
        let version = version::check_publishable(&self.vers)?;
        let mut warnings = Warnings::default();
        let dependencies = self.check_dependencies(&mut warnings)?;
        features::check(&self.features(), &dependencies).map_err(refused)?;
        self.check_texts()?;
        let (valid, invalid) = std::mem::take(&mut self.categories)
            .into_iter()
            .partition(|category| is_category(category));
        self.categories = valid;
        warnings.invalid_categories = invalid;
        let mut readme = self.readme.take().filter(|readme| !readme.is_empty());
        if readme
            .as_ref()
            .is_some_and(|text| text.len() > README_BYTES)
        {
            let message = format!("the readme is not kept: it has more than {README_BYTES} bytes");
            warnings.other.push(message);
            readme = None;
        }
        Ok(Checked {
            package,
            version,
            about: self.about(),
            readme,
            warnings,
        })
    }

    /// The index line of this crate, once its file's digest is known.
    pub(super) fn line(&self, sha256: &Sha256Digest, pubtime: Option<String>) -> String {
        let (features, features2) = features::split(self.features());
        let has_artifacts = self
            .deps
            .iter()
            .any(|dependency| dependency.artifact.is_some());
        let v = match (has_artifacts, features2.is_empty()) {
            (true, _) => Some(3),
            (false, false) => Some(2),
            (false, true) => None,
        };
        let line = NewLine {
            name: &self.name,
            vers: &self.vers,
            deps: self.deps.iter().map(NewDependency::in_line).collect(),
            cksum: sha256.to_hex(),
            features,
            features2,
            yanked: false,
            links: self.links.as_deref(),
            rust_version: self.rust_version.as_deref(),
            pubtime,
            v,
        };
        serde_json::to_string(&line)
            .expect("texts, lists and maps of them are always written as JSON")
    }

    fn features(&self) -> features::Features<'_> {
        let features = self.features.iter();
        features
            .map(|(name, values)| (name.as_ref(), values.iter().map(AsRef::as_ref).collect()))
            .collect()
    }

    /// The names that dependencies have in the manifest, each with whether it is optional somewhere.
    fn check_dependencies(&self, warnings: &mut Warnings) -> Result<HashMap<&str, bool>> {
        let mut names = HashMap::new();
        let mut seen = HashSet::new();
        for dependency in &self.deps {
            let name = dependency.name_in_toml();
            dependency
                .check()
                .map_err(|reason| refused(format!("the dependency '{}' {reason}", shown(name))))?;
            if !seen.insert((name, dependency.kind(), dependency.target.as_deref())) {
                return Err(refused(format!("the dependency '{name}' comes twice")));
            }
            if dependency.version_req.trim() == "*" {
                let message = format!("the dependency '{name}' takes any version ('*')");
                warnings.other.push(message);
            }
            *names.entry(name).or_insert(false) |= dependency.optional;
        }
        Ok(names)
    }

    fn check_texts(&self) -> Result<()> {
        let prose = [
            ("description", &self.description),
            ("documentation", &self.documentation),
            ("homepage", &self.homepage),
            ("repository", &self.repository),
            ("license", &self.license),
        ];
        for (member, text) in prose {
            if text.as_ref().is_some_and(|text| text.len() > PROSE_BYTES) {
                return Err(refused(format!(
                    "its {member} has more than {PROSE_BYTES} bytes"
                )));
            }
        }
        let is_long = |text: &String| text.len() > TEXT_BYTES;
        if self.authors.len() > TEXT_BYTES || self.authors.iter().any(is_long) {
            return Err(refused("its authors are too many or too long"));
        }
        if self.keywords.len() > KEYWORDS || self.categories.len() > KEYWORDS {
            return Err(refused(format!(
                "it has more than {KEYWORDS} keywords, or more than {KEYWORDS} categories"
            )));
        }
        if let Some(bad) = self.keywords.iter().find(|keyword| !is_keyword(keyword)) {
            return Err(refused(format!(
                "'{}' cannot be a keyword: they begin with a letter or a digit, have letters, digits, '_', '-' and '+', and \
                 at most {KEYWORD_CHARS} of them",
                shown(bad)
            )));
        }
        if self.links.as_ref().is_some_and(|links| !is_plain(links)) {
            return Err(refused("its 'links' is no name"));
        }
        if self
            .rust_version
            .as_ref()
            .is_some_and(|version| !is_rust_version(version))
        {
            return Err(refused(
                "its 'rust-version' is not a version such as 1.70 or 1.70.1",
            ));
        }
        Ok(())
    }

    fn about(&mut self) -> About {
        let filled = |text: &mut Option<String>| text.take().filter(|text| !text.is_empty());
        About {
            description: filled(&mut self.description),
            homepage: filled(&mut self.homepage),
            documentation: filled(&mut self.documentation),
            repository: filled(&mut self.repository),
            license: filled(&mut self.license).or_else(|| {
                filled(&mut self.license_file).map(|_| "see the crate's licence file".to_owned())
            }),
            authors: std::mem::take(&mut self.authors),
            keywords: std::mem::take(&mut self.keywords),
            categories: std::mem::take(&mut self.categories),
        }
    }
}

/// What a dependency is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Normal,
    Build,
    Dev,
}

impl NewDependency<'_> {
    pub(super) fn kind(&self) -> Kind {
        match self.kind.as_deref() {
            Some("dev") => Kind::Dev,
            Some("build") => Kind::Build,
            _ => Kind::Normal,
        }
    }

    /// What the manifest calls it.
    pub(super) fn name_in_toml(&self) -> &str {
        self.explicit_name_in_toml.as_deref().unwrap_or(&self.name)
    }

    fn check(&self) -> Result<(), String> {
        let is_good = |name: &str| {
            is_name(name) && !name.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        };
        if !is_good(&self.name) || !is_good(self.name_in_toml()) {
            return Err("has a name that no crate can have".to_owned());
        }
        if self.version_req.len() > TEXT_BYTES || VersionReq::parse(&self.version_req).is_err() {
            let requirement = shown(&self.version_req);
            return Err(format!(
                "needs '{requirement}', which says nothing of versions"
            ));
        }
        if !matches!(
            self.kind.as_deref(),
            None | Some("normal" | "build" | "dev")
        ) {
            return Err("is of no kind that there is: normal, build or dev".to_owned());
        }
        if let Some(bad) = self
            .features
            .iter()
            .find(|name| !is_feature_of_another(name))
        {
            return Err(format!(
                "asks for the feature '{}', which cannot be",
                shown(bad)
            ));
        }
        if self.target.as_ref().is_some_and(|target| !is_plain(target)) {
            return Err("is for a target that cannot be".to_owned());
        }
        if self
            .registry
            .as_ref()
            .is_some_and(|registry| !is_index(registry))
        {
            return Err(
                "is from a registry whose index has no address that Cargo can ask".to_owned(),
            );
        }
        let artifact = self.artifact.iter().flatten().chain(&self.bindep_target);
        if artifact.into_iter().any(|text| !is_plain(text)) {
            return Err("is for an artifact that cannot be".to_owned());
        }
        Ok(())
    }

    fn in_line(&self) -> LineDependency<'_> {
        let owned = |text: &Cow<'_, str>| Cow::Owned(text.clone().into_owned());
        let is_renamed = self.name_in_toml() != self.name;
        LineDependency {
            name: Cow::Borrowed(self.name_in_toml()),
            req: Cow::Borrowed(&self.version_req),
            features: self.features.iter().map(owned).collect(),
            optional: self.optional,
            default_features: self.default_features,
            target: self.target.as_deref().map(Cow::Borrowed),
            kind: Some(Cow::Borrowed(match self.kind() {
                Kind::Normal => "normal",
                Kind::Build => "build",
                Kind::Dev => "dev",
            })),
            registry: self.registry.as_deref().map(Cow::Borrowed),
            package: is_renamed.then(|| Cow::Borrowed(self.name.as_ref())),
            artifact: self
                .artifact
                .as_ref()
                .map(|kinds| kinds.iter().map(owned).collect()),
            bindep_target: self.bindep_target.as_deref().map(Cow::Borrowed),
            lib: self.lib,
        }
    }
}

/// A feature of a dependency may be one of its dependencies', too.
fn is_feature_of_another(text: &str) -> bool {
    text.split('/')
        .all(|part| is_feature_name(part.strip_suffix('?').unwrap_or(part)))
}

/// Text in one line.
fn is_plain(text: &str) -> bool {
    (1..=TEXT_BYTES).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// The address of an index, without a name and a password: everyone reads index lines.
fn is_index(text: &str) -> bool {
    let address = text.strip_prefix("sparse+").unwrap_or(text);
    text.len() <= TEXT_BYTES
        && Url::parse(address).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https" | "ssh" | "git" | "file")
                && url.password().is_none()
        })
}

fn is_keyword(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+');
    (1..=KEYWORD_CHARS).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(good)
}

/// Whether a category has the form of one. Which there are is the public index's own affair.
fn is_category(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b':')
}

/// One to three numbers.
fn is_rust_version(text: &str) -> bool {
    let is_number = |part: &str| {
        part.parse::<u64>()
            .is_ok_and(|number| number.to_string() == part)
    };
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() <= 3 && parts.into_iter().all(is_number)
}

fn unreadable(error: &serde_json::Error) -> Error {
    let message = format!("The metadata of the crate cannot be read: {error}.");
    Error::invalid(InvalidReason::CannotParse, message)
}

fn refused(reason: impl Display) -> Error {
    let message = format!("The crate cannot be published: {reason}.");
    Error::invalid(InvalidReason::FieldValidation, message)
}

#[cfg(test)]
mod tests;
