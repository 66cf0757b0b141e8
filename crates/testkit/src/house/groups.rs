//! Package groups, as an operator sets them.

use catalog::{AllowedRepository, GroupRestrictionChanges, NewPackageGroup};
use model::{
    GroupRestrictionMode as Mode, GroupRestrictionType as Kind, OriginRestriction,
    OriginRestrictions, PackageCoordinates, PackageGroupPattern,
};

use super::{House, repository};

fn pattern(text: &str) -> PackageGroupPattern {
    PackageGroupPattern::parse(text).expect("tests use good patterns")
}

impl House {
    /// Makes a package group, which inherits everything.
    pub async fn add_group(&self, text: &str) {
        let new = NewPackageGroup {
            pattern: pattern(text),
            contact_info: String::new(),
            description: String::new(),
            tags: Vec::new(),
        };
        let made = self
            .catalog
            .create_package_group(&self.root, &self.domain, new);
        made.await.expect("the group is new");
    }

    /// Deletes a package group.
    pub async fn remove_group(&self, text: &str) {
        let pattern = pattern(text);
        let gone = self
            .catalog
            .delete_package_group(&self.root, &self.domain, &pattern);
        gone.await.expect("there is such a group");
    }

    /// Sets modes of a group; the names go on the lists.
    pub async fn restrict(&self, text: &str, modes: &[(Kind, Mode)], allowed: &[(Kind, &str)]) {
        let allowed = allowed
            .iter()
            .map(|(kind, name)| -> AllowedRepository { (*kind, repository(name)) });
        let changes = GroupRestrictionChanges {
            modes: modes.to_vec(),
            add: allowed.collect(),
            remove: Vec::new(),
        };
        let pattern = pattern(text);
        let set = self.catalog.update_package_group_origin_configuration(
            &self.root,
            &self.domain,
            &pattern,
            changes,
        );
        set.await.expect("there is such a group");
    }

    /// Sets the origin controls of a package, which need not be there: publish, and upstream.
    pub async fn set_controls(
        &self,
        name: &str,
        package: &PackageCoordinates,
        (publish, upstream): (OriginRestriction, OriginRestriction),
    ) {
        let name = repository(name);
        let restrictions = OriginRestrictions { publish, upstream };
        let set =
            self.catalog
                .put_package_origin(&self.root, &self.domain, &name, package, restrictions);
        set.await.expect("the repository exists");
    }

    /// The origin controls of a package, if the repository knows it.
    pub async fn controls(
        &self,
        name: &str,
        package: &PackageCoordinates,
    ) -> Option<OriginRestrictions> {
        let name = repository(name);
        let found = self.catalog.get_package(&self.domain, &name, package).await;
        found.ok().map(|package| package.restrictions)
    }
}
