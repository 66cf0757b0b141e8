//! Package groups: patterns over package paths, and what may enter repositories through them.
//!
//! Pure: the grammar, which package belongs to which group, and which restriction holds. What formats say of their own
//! names comes from whoever knows the formats. User guide: "Package group definition syntax and matching behavior" and
//! "Package group origin controls".

mod pattern;
mod range;
mod restriction;
mod steps;
mod table;
#[cfg(test)]
mod tests;
mod variation;
mod word;

pub use pattern::{PackageGroupPattern, PatternFault, PatternPrefix, PatternShape};
pub use range::{PackageRange, Position};
pub use restriction::{
    EffectiveRestriction, GroupModes, GroupRestrictionMode, GroupRestrictionType,
};
pub use table::{Association, AssociationType, Extra, PackageGroupTable};
pub use variation::variation;

use crate::{Arn, DomainRef, EpochMillis};

/// A package group by ARN and pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageGroupReference {
    /// Its ARN.
    pub arn: Arn,
    /// Its pattern.
    pub pattern: PackageGroupPattern,
}

/// A package group.
#[derive(Debug, Clone)]
pub struct PackageGroup {
    /// Its ARN.
    pub arn: Arn,
    /// Its pattern.
    pub pattern: PackageGroupPattern,
    /// The domain it belongs to.
    pub domain: DomainRef,
    /// When it was made.
    pub created_at: EpochMillis,
    /// Whom to ask about it.
    pub contact_info: String,
    /// What its users wrote about it.
    pub description: String,
    /// What may enter through it, for every type of restriction in the order of [`GroupRestrictionType::ALL`].
    pub restrictions: Vec<GroupRestriction>,
    /// The group it inherits from; the root has none.
    pub parent: Option<PackageGroupReference>,
}

/// One restriction of a group, as it is set and as it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRestriction {
    /// What it guards.
    pub restriction: GroupRestrictionType,
    /// The mode that is set.
    pub mode: GroupRestrictionMode,
    /// The mode that works.
    pub effective_mode: GroupRestrictionMode,
    /// The group that the working mode is set at, where it is another one.
    pub inherited_from: Option<PackageGroupReference>,
    /// How many repositories the working list names, where the working mode has a list.
    pub repositories_count: Option<usize>,
}
