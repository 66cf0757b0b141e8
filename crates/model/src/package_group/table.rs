//! All groups of a domain, ready to answer which of them a package belongs to.
//!
//! A package has few patterns that could take it (as many as its name has words), so it is those that are looked up; how
//! many groups there are does not matter.

use std::collections::HashMap;

use super::pattern::{PackageGroupPattern, PatternShape};
use super::restriction::{
    EffectiveRestriction, GroupModes, GroupRestrictionMode, GroupRestrictionType,
};
use super::steps::Steps;
use super::variation::variation;
use super::word;
use crate::PackageCoordinates;

/// How a package belongs to its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssociationType {
    /// The pattern takes its name to the letter.
    Strong,
    /// The pattern takes a variation of its name: the package is blocked.
    Weak,
}

impl AssociationType {
    /// The spelling of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strong => "STRONG",
            Self::Weak => "WEAK",
        }
    }
}

/// The group that a package belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Association {
    /// The group's index in the table.
    pub group: usize,
    /// How it belongs to it.
    pub kind: AssociationType,
}

/// The groups of a domain, in order of their patterns, with `T` for each.
#[derive(Debug)]
pub struct PackageGroupTable<T> {
    groups: Vec<Entry<T>>,
    by_pattern: HashMap<Box<str>, usize>,
    /// By the common form of the pattern's variations; in each list the order of patterns.
    by_variation: HashMap<Box<str>, Vec<usize>>,
    root: usize,
}

#[derive(Debug)]
struct Entry<T> {
    pattern: PackageGroupPattern,
    modes: GroupModes,
    parent: Option<usize>,
    children: Vec<usize>,
    effective: [EffectiveRestriction; 3],
    value: T,
}

impl<T> PackageGroupTable<T> {
    /// Makes the table; `None` without the root group, which every domain has.
    #[must_use]
    pub fn new(mut groups: Vec<(PackageGroupPattern, GroupModes, T)>) -> Option<Self> {
        groups.sort_by(|one, other| one.0.cmp(&other.0));
        groups.dedup_by(|one, other| one.0 == other.0);
        let mut by_pattern = HashMap::with_capacity(groups.len());
        let mut by_variation: HashMap<Box<str>, Vec<usize>> = HashMap::with_capacity(groups.len());
        for (index, (pattern, ..)) in groups.iter().enumerate() {
            by_pattern.insert(pattern.as_str().into(), index);
            by_variation
                .entry(variation_of(pattern).into())
                .or_default()
                .push(index);
        }
        let root = *by_pattern.get("/*")?;
        let nothing = EffectiveRestriction {
            mode: GroupRestrictionMode::Block,
            set_by: root,
        };
        let groups = groups.into_iter().map(|(pattern, modes, value)| Entry {
            parent: nearest_above(&by_pattern, &pattern),
            pattern,
            modes,
            children: Vec::new(),
            effective: [nothing; 3],
            value,
        });
        let mut table = Self {
            groups: groups.collect(),
            by_pattern,
            by_variation,
            root,
        };
        table.connect();
        Some(table)
    }

    /// Notes children, and what works for each group.
    fn connect(&mut self) {
        for index in 0..self.groups.len() {
            if let Some(parent) = self.groups[index].parent {
                self.groups[parent].children.push(index);
            }
        }
        let mut stack = vec![self.root];
        while let Some(index) = stack.pop() {
            let above = self.groups[index]
                .parent
                .map(|parent| self.groups[parent].effective);
            let modes = self.groups[index].modes;
            let effective = GroupRestrictionType::ALL.map(|restriction| {
                let place = restriction.place();
                match (modes.of(restriction), above) {
                    (GroupRestrictionMode::Inherit, Some(above)) => above[place],
                    // The root inherits from nobody; should it say so all the same, nothing may enter.
                    (GroupRestrictionMode::Inherit, None) => EffectiveRestriction {
                        mode: GroupRestrictionMode::Block,
                        set_by: index,
                    },
                    (mode, _) => EffectiveRestriction {
                        mode,
                        set_by: index,
                    },
                }
            });
            self.groups[index].effective = effective;
            stack.extend(&self.groups[index].children);
        }
    }

    /// How many groups there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Never: there is a root.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The index of the group with this pattern.
    #[must_use]
    pub fn find(&self, pattern: &PackageGroupPattern) -> Option<usize> {
        self.by_pattern.get(pattern.as_str()).copied()
    }

    /// The root's index.
    #[must_use]
    pub const fn root(&self) -> usize {
        self.root
    }

    /// A group's pattern.
    #[must_use]
    pub fn pattern(&self, group: usize) -> &PackageGroupPattern {
        &self.groups[group].pattern
    }

    /// The modes that are set at a group.
    #[must_use]
    pub fn modes(&self, group: usize) -> GroupModes {
        self.groups[group].modes
    }

    /// What was given with a group.
    #[must_use]
    pub fn value(&self, group: usize) -> &T {
        &self.groups[group].value
    }

    /// The group above; the root has none.
    #[must_use]
    pub fn parent(&self, group: usize) -> Option<usize> {
        self.groups[group].parent
    }

    /// The groups directly below, in order of pattern.
    #[must_use]
    pub fn children(&self, group: usize) -> &[usize] {
        &self.groups[group].children
    }

    /// What works for a group.
    #[must_use]
    pub fn effective(
        &self,
        group: usize,
        restriction: GroupRestrictionType,
    ) -> EffectiveRestriction {
        self.groups[group].effective[restriction.place()]
    }

    /// The indexes of the groups whose patterns begin with a text and come after another, in order.
    pub fn starting_with(&self, prefix: &str, after: &str) -> impl Iterator<Item = usize> {
        let from = self
            .groups
            .partition_point(|entry| entry.pattern.as_str() < prefix);
        let past = self
            .groups
            .partition_point(|entry| entry.pattern.as_str() <= after);
        let prefix = prefix.to_owned();
        (from.max(past)..self.groups.len())
            .take_while(move |index| self.groups[*index].pattern.as_str().starts_with(&prefix))
    }

    /// The group that a package belongs to: the most specific one that takes it or a variation of it.
    #[must_use]
    pub fn associate(&self, package: &PackageCoordinates) -> Association {
        let mut steps = Steps::of(
            package.format.as_str(),
            &variation(package.namespace_str()),
            &variation(package.name.as_str()),
        );
        while let Some(key) = steps.next() {
            let Some(candidates) = self.by_variation.get(key) else {
                continue;
            };
            let strong = candidates
                .iter()
                .find(|index| self.groups[**index].pattern.matches(package));
            if let Some(group) = strong {
                return Association {
                    group: *group,
                    kind: AssociationType::Strong,
                };
            }
            // Of groups that differ in nothing but variations, the first by pattern: there must be one.
            if let Some(group) = candidates.first() {
                return Association {
                    group: *group,
                    kind: AssociationType::Weak,
                };
            }
        }
        Association {
            group: self.root,
            kind: AssociationType::Strong,
        }
    }
}

/// A pattern that may have no group: what its group would hold if it were there.
#[derive(Debug)]
pub struct Extra<'p> {
    pattern: &'p PackageGroupPattern,
    namespace: String,
    name: String,
}

impl<'p> Extra<'p> {
    /// Prepares a pattern.
    #[must_use]
    pub fn new(pattern: &'p PackageGroupPattern) -> Self {
        Self {
            pattern,
            namespace: variation(pattern.namespace()),
            name: variation(pattern.name()),
        }
    }

    /// How a package would belong to the pattern's group; `None` when it would belong to another.
    #[must_use]
    pub fn associate<T>(
        &self,
        table: &PackageGroupTable<T>,
        package: &PackageCoordinates,
    ) -> Option<AssociationType> {
        let present = table.associate(package);
        let other = table.pattern(present.group);
        let kind = if self.pattern.matches(package) {
            AssociationType::Strong
        } else if self.takes_variation(package) {
            AssociationType::Weak
        } else {
            return None;
        };
        let mine = (self.pattern.shape(), self.namespace.len(), self.name.len());
        let theirs = (
            other.shape(),
            variation(other.namespace()).len(),
            variation(other.name()).len(),
        );
        let wins = mine.cmp(&theirs).then_with(|| {
            let strong = |kind| kind == AssociationType::Strong;
            // A group that is there is not its own rival; of variations the first by pattern comes first.
            strong(kind)
                .cmp(&strong(present.kind))
                .then_with(|| other.cmp(self.pattern))
        });
        wins.is_ge().then_some(kind)
    }

    /// Whether the pattern takes a variation of a package's name.
    fn takes_variation(&self, package: &PackageCoordinates) -> bool {
        let pattern = self.pattern;
        let namespace = variation(package.namespace_str());
        let name = variation(package.name.as_str());
        let same_format = pattern.format() == package.format.as_str();
        match pattern.shape() {
            PatternShape::Root => true,
            PatternShape::Format => same_format,
            PatternShape::NamespacePrefix => {
                same_format && word::takes(&self.namespace, &namespace)
            }
            PatternShape::Namespace => same_format && self.namespace == namespace,
            PatternShape::NamePrefix => {
                same_format && self.namespace == namespace && word::takes(&self.name, &name)
            }
            PatternShape::Package => {
                same_format && self.namespace == namespace && self.name == name
            }
        }
    }
}

/// The pattern's text with its names in common form.
fn variation_of(pattern: &PackageGroupPattern) -> String {
    let format = pattern.format();
    let namespace = variation(pattern.namespace());
    let name = variation(pattern.name());
    match pattern.shape() {
        PatternShape::Root => "/*".into(),
        PatternShape::Format => format!("/{format}/*"),
        PatternShape::NamespacePrefix => format!("/{format}/{namespace}~"),
        PatternShape::Namespace => format!("/{format}/{namespace}/*"),
        PatternShape::NamePrefix => format!("/{format}/{namespace}/{name}~"),
        PatternShape::Package => format!("/{format}/{namespace}/{name}$"),
    }
}

/// The most specific group that is above a pattern.
fn nearest_above(
    by_pattern: &HashMap<Box<str>, usize>,
    pattern: &PackageGroupPattern,
) -> Option<usize> {
    let mut steps = Steps::of(pattern.format(), pattern.namespace(), pattern.name());
    while steps.next()? != pattern.as_str() {}
    while let Some(key) = steps.next() {
        if let Some(index) = by_pattern.get(key) {
            return Some(*index);
        }
    }
    None
}
