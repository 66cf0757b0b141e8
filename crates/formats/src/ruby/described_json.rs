//! A gem in JSON, as the API of the public host has it (RubyGems.org API guides, "Gem methods" and "Gem version methods").

use bytes::Bytes;
use jiff::Timestamp;
use model::{EpochMillis, Error, Result};
use serde_json::{Value, json};

use super::shown::{Shown, ShownFile};
use super::version::Version;
use super::version_metadata::{SpecFacts, VersionMetadata};

/// The versions of a gem, the newest first.
pub(super) fn versions(shown: &Shown<'_>) -> Result<Bytes> {
    let all: Vec<Value> = newest_first(shown).into_iter().map(version).collect();
    write(&all.into())
}

/// The gem, by the version that is installed when none is asked for. Null when there is none.
pub(super) fn gem(shown: &Shown<'_>, base: &str) -> Result<Bytes> {
    let all = newest_first(shown);
    let best = all.iter().find(|file| !file.is_prerelease());
    let Some(file) = best.or(all.first()) else {
        return write(&Value::Null);
    };
    let spec = spec_of(file);
    let link = format!("{base}gems/{}", file.name().file(shown.name));
    let (mut runtime, mut development) = (Vec::new(), Vec::new());
    for needed in &spec.dependencies {
        let list = if needed.development {
            &mut development
        } else {
            &mut runtime
        };
        list.push(json!({ "name": needed.name, "requirements": needed.requirement }));
    }
    let mut said = version(file);
    let more = json!({
        "name": shown.name,
        "version": file.number,
        "version_created_at": said["created_at"],
        "info": spec.description.as_ref().or(spec.summary.as_ref()),
        "authors": spec.authors.join(", "),
        "gem_uri": link,
        "homepage_uri": spec.homepage,
        "source_code_uri": spec.metadata.get("source_code_uri"),
        "documentation_uri": spec.metadata.get("documentation_uri"),
        "changelog_uri": spec.metadata.get("changelog_uri"),
        "bug_tracker_uri": spec.metadata.get("bug_tracker_uri"),
        "dependencies": { "development": development, "runtime": runtime },
    });
    if let (Value::Object(said), Value::Object(more)) = (&mut said, more) {
        said.extend(more);
    }
    write(&said)
}

fn newest_first<'s, 'v>(shown: &'s Shown<'v>) -> Vec<&'s ShownFile<'v>> {
    let mut all: Vec<&ShownFile<'v>> = shown.files.iter().collect();
    // The gem that runs anywhere goes before those of one platform.
    let has_platform = |file: &ShownFile<'_>| file.platform != super::platform::RUBY;
    all.sort_by(|a, b| {
        Version::parse(&b.number)
            .cmp(&Version::parse(&a.number))
            .then_with(|| has_platform(a).cmp(&has_platform(b)))
            .then_with(|| a.platform.cmp(&b.platform))
    });
    all
}

fn spec_of(file: &ShownFile<'_>) -> SpecFacts {
    let kept = VersionMetadata::read(file.version.metadata.as_bytes());
    kept.spec().unwrap_or_default()
}

fn version(file: &ShownFile<'_>) -> Value {
    let spec = spec_of(file);
    let requires = file.facts.requires.as_deref().unwrap_or_default();
    let bound = |word: &str| {
        let mut said = requires.split(',').filter_map(|part| part.split_once(':'));
        said.find(|(name, _)| *name == word)
            .map(|(_, bounds)| bounds.replace('&', ", "))
    };
    json!({
        "number": file.number,
        "platform": file.platform,
        "prerelease": file.is_prerelease(),
        "sha": file.facts.sha256,
        "created_at": file.version.published_at.and_then(write_time),
        "authors": spec.authors.join(", "),
        "summary": spec.summary,
        "description": spec.description,
        "licenses": spec.licenses,
        "metadata": spec.metadata,
        "requirements": [],
        "ruby_version": bound("ruby"),
        "rubygems_version": bound("rubygems"),
    })
}

fn write_time(at: EpochMillis) -> Option<String> {
    let time = Timestamp::from_millisecond(at.0).ok()?;
    Some(format!("{time:.3}"))
}

fn write(value: &Value) -> Result<Bytes> {
    serde_json::to_vec(value)
        .map(Bytes::from)
        .map_err(Error::internal)
}
