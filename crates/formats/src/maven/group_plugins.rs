//! The metadata of a group: which plugins it has, and the prefixes by which their goals are called.
//!
//! A group's own plugins come first, and hide those of public sources that have the same prefix or the same name: `mvn
//! acme:run` must not run a stranger's plugin.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use catalog::Encoding;
use futures_util::{StreamExt as _, stream};
use model::{Error, ErrorKind, Namespace, PackageCoordinates, Result};

use super::ID;
use super::metadata_xml::{MetadataFile, Plugin, write_group};
use super::name::package;
use super::shown::{Variant, render};
use crate::Context;

/// Further packages of a group are not looked at.
const MOST_PACKAGES: usize = 500;
/// How many packages are looked at at a time: the source of each may have to be asked first.
const AT_ONCE: usize = 8;
/// Further plugins are not listed.
const MOST_PLUGINS: usize = 5_000;

/// The metadata of a group; `None` when it has no plugins. `package` is what else can be at its address.
pub(super) async fn metadata(
    cx: &Context,
    group: &Namespace,
    package: Option<&PackageCoordinates>,
) -> Result<Option<Bytes>> {
    let mut plugins = own(cx, group).await?;
    let documents = cx
        .catalog
        .namespace_documents(&cx.grant, ID, group, package)
        .await?;
    for document in documents {
        // A document that cannot be read says nothing; the others still do.
        if let Ok(file) = MetadataFile::read(&document) {
            plugins.extend(file.plugins);
        }
    }
    let shown = without_repetition(plugins);
    Ok((!shown.is_empty()).then(|| write_group(&shown).into()))
}

fn without_repetition(plugins: Vec<Plugin>) -> Vec<Plugin> {
    let (mut prefixes, mut artifacts) = (HashSet::new(), HashSet::new());
    let mut shown: Vec<Plugin> = plugins
        .into_iter()
        .filter(|plugin| {
            let is_new =
                !prefixes.contains(&plugin.prefix) && !artifacts.contains(&plugin.artifact);
            if is_new {
                prefixes.insert(plugin.prefix.clone());
                artifacts.insert(plugin.artifact.clone());
            }
            is_new
        })
        .take(MOST_PLUGINS)
        .collect();
    shown.sort_by(|left, right| left.artifact.cmp(&right.artifact));
    shown
}

/// The plugins among the packages that the graph holds of a group.
async fn own(cx: &Context, group: &Namespace) -> Result<Vec<Plugin>> {
    let names = cx
        .catalog
        .package_names(&cx.grant, ID, Some(group), None, MOST_PACKAGES)
        .await?;
    let packages: Vec<PackageCoordinates> = names
        .iter()
        .filter_map(|name| package(group.as_str(), name.as_str()))
        .collect();
    let told: Vec<Result<Option<Plugin>>> = stream::iter(packages)
        .map(|package| async move { plugin(cx, &package).await })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let told: Result<Vec<Option<Plugin>>> = told.into_iter().collect();
    Ok(told?.into_iter().flatten().collect())
}

/// What a package says of itself, if it is a plugin.
async fn plugin(cx: &Context, package: &PackageCoordinates) -> Result<Option<Plugin>> {
    let (about, number): (Arc<str>, u8) = (Arc::from(""), Variant::Plugin.number());
    let told = cx
        .catalog
        .document(
            &cx.grant,
            package,
            number,
            &about,
            Encoding::Identity,
            render,
        )
        .await;
    match told {
        Ok((document, _)) => serde_json::from_slice(&document.bytes).map_err(Error::internal),
        // Deleted meanwhile, or its source is away.
        Err(error)
            if matches!(
                error.kind,
                ErrorKind::NotFound | ErrorKind::UpstreamUnavailable
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn y06_a_groups_own_plugins_hide_those_of_public_sources() {
        let plugin = |prefix: &str, artifact: &str| Plugin {
            name: None,
            prefix: prefix.into(),
            artifact: artifact.into(),
        };
        let shown = without_repetition(vec![
            plugin("run", "own-maven-plugin"),
            plugin("run", "strange-maven-plugin"),
            plugin("other", "own-maven-plugin"),
            plugin("b", "b-maven-plugin"),
        ]);
        assert_eq!(
            shown,
            [
                plugin("b", "b-maven-plugin"),
                plugin("run", "own-maven-plugin")
            ]
        );
    }
}
