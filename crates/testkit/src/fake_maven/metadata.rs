//! The lists that a Maven repository keeps: of an artifact's versions, and of a group's plugins.

use super::FakePlugin;
use super::artifact::FakeArtifact;
use crate::packages::escaped;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<metadata>\n";

pub(super) fn of_artifact(artifact: &FakeArtifact) -> String {
    let versions: String = artifact
        .builds
        .iter()
        .map(|build| format!("      <version>{}</version>\n", escaped(&build.version)))
        .collect();
    let last = artifact
        .builds
        .last()
        .map_or_else(String::new, |build| escaped(&build.version));
    format!(
        "{HEAD}  <groupId>{}</groupId>\n  <artifactId>{}</artifactId>\n  <versioning>\n    <latest>{last}</latest>\n    \
         <release>{last}</release>\n    <versions>\n{versions}    </versions>\n    \
         <lastUpdated>{}</lastUpdated>\n  </versioning>\n</metadata>\n",
        escaped(&artifact.group),
        escaped(&artifact.name),
        escaped(&artifact.last_updated),
    )
}

pub(super) fn of_group(plugins: &[FakePlugin<'_>]) -> String {
    let plugins: String = plugins
        .iter()
        .map(|plugin| {
            format!(
                "    <plugin>\n      <name>{}</name>\n      <prefix>{}</prefix>\n      \
                 <artifactId>{}</artifactId>\n    </plugin>\n",
                escaped(plugin.name),
                escaped(plugin.prefix),
                escaped(plugin.artifact)
            )
        })
        .collect();
    format!("{HEAD}  <plugins>\n{plugins}  </plugins>\n</metadata>\n")
}
