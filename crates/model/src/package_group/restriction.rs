//! What a package group restricts, and how.

/// What a restriction guards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupRestrictionType {
    /// Ingestion from a public source into the repository that has the connection.
    ExternalUpstream,
    /// Retention from another repository of the domain into the repository that is asked.
    InternalUpstream,
    /// Direct publishing into a repository.
    Publish,
}

impl GroupRestrictionType {
    /// Every type, in the order of the API reference.
    pub const ALL: [Self; 3] = [
        Self::ExternalUpstream,
        Self::InternalUpstream,
        Self::Publish,
    ];

    /// The spelling of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExternalUpstream => "EXTERNAL_UPSTREAM",
            Self::InternalUpstream => "INTERNAL_UPSTREAM",
            Self::Publish => "PUBLISH",
        }
    }

    /// Reads the spelling of the API.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }

    /// Its place in [`Self::ALL`].
    pub(super) const fn place(self) -> usize {
        match self {
            Self::ExternalUpstream => 0,
            Self::InternalUpstream => 1,
            Self::Publish => 2,
        }
    }
}

/// How a restriction works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupRestrictionMode {
    /// For all repositories.
    Allow,
    /// For the repositories on the list.
    AllowSpecificRepositories,
    /// For none.
    Block,
    /// As the parent group says.
    Inherit,
}

impl GroupRestrictionMode {
    /// Every mode, in the order of the API reference.
    pub const ALL: [Self; 4] = [
        Self::Allow,
        Self::AllowSpecificRepositories,
        Self::Block,
        Self::Inherit,
    ];

    /// The spelling of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "ALLOW",
            Self::AllowSpecificRepositories => "ALLOW_SPECIFIC_REPOSITORIES",
            Self::Block => "BLOCK",
            Self::Inherit => "INHERIT",
        }
    }

    /// Reads the spelling of the API.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// The modes of a group, one for each type of restriction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupModes([GroupRestrictionMode; 3]);

impl GroupModes {
    /// A new group's.
    pub const NEW: Self = Self([GroupRestrictionMode::Inherit; 3]);
    /// The root group's, before anybody changes them.
    pub const ROOT: Self = Self([GroupRestrictionMode::Allow; 3]);

    /// The mode of one type.
    #[must_use]
    pub const fn of(&self, restriction: GroupRestrictionType) -> GroupRestrictionMode {
        self.0[restriction.place()]
    }

    /// Sets the mode of one type.
    pub const fn set(&mut self, restriction: GroupRestrictionType, mode: GroupRestrictionMode) {
        self.0[restriction.place()] = mode;
    }
}

/// What works for a group and a type of restriction, and where it is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EffectiveRestriction {
    /// The mode; never `INHERIT`.
    pub mode: GroupRestrictionMode,
    /// The index of the group that sets it, and whose list counts.
    pub set_by: usize,
}
