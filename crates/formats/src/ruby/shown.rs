//! What is shown of a gem: the files of all its versions, with what is known of them.
//!
//! A version's files are those that are held and those that its public source has now. What the source says of a file stands
//! as long as it means the same bytes. Lines of a source stand in its order, so that its index is passed on as it is.

use std::collections::BTreeMap;

use catalog::{PackageView, VersionView};
use model::OriginType;

use super::name::FileName;
use super::version::Version;
use super::version_metadata::{GemFacts, VersionMetadata};

/// A gem, ready to be written.
pub(super) struct Shown<'v> {
    pub(super) name: &'v str,
    /// In order.
    pub(super) files: Vec<ShownFile<'v>>,
}

pub(super) struct ShownFile<'v> {
    pub(super) version: &'v VersionView,
    pub(super) number: String,
    pub(super) platform: String,
    pub(super) facts: GemFacts,
}

impl ShownFile<'_> {
    /// `{version}[-{platform}]`
    pub(super) fn rest(&self) -> String {
        self.name().rest()
    }

    pub(super) fn name(&self) -> FileName<'_> {
        FileName {
            number: &self.number,
            platform: &self.platform,
        }
    }

    pub(super) fn is_prerelease(&self) -> bool {
        Version::parse(&self.number).is_some_and(|version| version.is_prerelease())
    }
}

impl<'v> Shown<'v> {
    pub(super) fn of(view: &'v PackageView) -> Self {
        let name = view.coordinates.name.as_str();
        let mut files = Vec::new();
        for version in &view.versions {
            for (file, facts) in files_of(version) {
                if facts.is_yanked() {
                    continue;
                }
                let Some(read) = FileName::of(name, &file) else {
                    continue;
                };
                files.push(ShownFile {
                    version,
                    number: read.number.to_owned(),
                    platform: read.platform.to_owned(),
                    facts,
                });
            }
        }
        files.sort_by(|a, b| {
            let place = |file: &ShownFile<'_>| file.facts.at.unwrap_or(u32::MAX);
            let numbers = (Version::parse(&a.number), Version::parse(&b.number));
            place(a)
                .cmp(&place(b))
                .then_with(|| numbers.0.cmp(&numbers.1))
                .then_with(|| a.number.cmp(&b.number))
                .then_with(|| a.platform.cmp(&b.platform))
        });
        Self { name, files }
    }
}

type Files = BTreeMap<String, GemFacts>;

fn files_of(view: &VersionView) -> Files {
    let kept = VersionMetadata::read(view.metadata.as_bytes()).gems;
    let Some(origin) = view.origin else {
        // Nobody holds it yet: it is as its source has it.
        return kept;
    };
    let mut files = held(view, origin, kept);
    if let Some(followed) = &view.followed {
        follow(&mut files, VersionMetadata::read(followed).gems);
    }
    files
}

/// The files that are held, with what is kept of each.
fn held(view: &VersionView, origin: OriginType, mut kept: Files) -> Files {
    let own = |asset: &model::Asset| {
        let mut facts = kept.remove(asset.name.as_str()).unwrap_or_default();
        facts.sha256 = Some(asset.digests.sha256.to_hex());
        if origin == OriginType::Internal {
            facts.at = None;
        }
        (asset.name.as_str().to_owned(), facts)
    };
    view.assets.iter().map(own).collect()
}

/// Adds what the source says now.
fn follow(files: &mut Files, followed: Files) {
    for (name, said) in followed {
        let Some(facts) = files.get_mut(&name) else {
            files.insert(name, said);
            continue;
        };
        let is_other = matches!((&said.sha256, &facts.sha256), (Some(a), Some(b)) if a != b);
        if is_other {
            continue;
        }
        facts.merge(said);
    }
}
