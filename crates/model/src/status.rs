//! Statuses of package versions (the service's user guide, "Package version status").

use std::fmt;

/// The state a package version is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PackageVersionStatus {
    /// Being uploaded; not listed, not downloadable.
    Unfinished,
    /// Listed and downloadable.
    Published,
    /// Not listed, still downloadable.
    Unlisted,
    /// Neither listed nor downloadable; can be published again by a status call.
    Archived,
    /// Neither listed nor downloadable; its assets are gone.
    Disposed,
    /// Seen in results of delete calls only, never stored.
    Deleted,
}

impl PackageVersionStatus {
    /// Every status, in the order of the API reference.
    pub const ALL: [Self; 6] = [
        Self::Published,
        Self::Unfinished,
        Self::Unlisted,
        Self::Archived,
        Self::Disposed,
        Self::Deleted,
    ];

    /// The statuses that a call for a new status may ask for; the others have calls of their own, or none.
    pub const SET_BY_CALL: [Self; 3] = [Self::Archived, Self::Published, Self::Unlisted];

    /// The spelling of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unfinished => "Unfinished",
            Self::Published => "Published",
            Self::Unlisted => "Unlisted",
            Self::Archived => "Archived",
            Self::Disposed => "Disposed",
            Self::Deleted => "Deleted",
        }
    }

    /// Reads the spelling of the API.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether a version may go from this status to another, by any call there is. To stay what it is, a version
    /// always may: that changes nothing.
    #[must_use]
    pub const fn can_become(self, target: Self) -> bool {
        match (self, target) {
            // A deleted version has no row that could change.
            (Self::Deleted, _) => false,
            (Self::Unfinished, Self::Unfinished) | (_, Self::Deleted) => true,
            // Nothing goes back to its beginning.
            (_, Self::Unfinished) => false,
            (Self::Disposed, target) => matches!(target, Self::Disposed),
            (
                Self::Unfinished | Self::Published | Self::Unlisted | Self::Archived,
                Self::Published | Self::Unlisted | Self::Archived | Self::Disposed,
            ) => true,
        }
    }

    /// Whether package managers see the version in lists.
    #[must_use]
    pub const fn is_listed(self) -> bool {
        matches!(self, Self::Published)
    }

    /// Whether package managers may download the version's assets.
    #[must_use]
    pub const fn is_downloadable(self) -> bool {
        matches!(self, Self::Published | Self::Unlisted)
    }
}

impl fmt::Display for PackageVersionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use PackageVersionStatus::{Archived, Deleted, Disposed, Published, Unfinished, Unlisted};

    use super::*;

    /// The published table: a status, and what may become of it.
    const TABLE: [(PackageVersionStatus, &[PackageVersionStatus]); 6] = [
        (
            Unfinished,
            &[Unfinished, Published, Unlisted, Archived, Disposed, Deleted],
        ),
        (
            Published,
            &[Published, Unlisted, Archived, Disposed, Deleted],
        ),
        (
            Unlisted,
            &[Published, Unlisted, Archived, Disposed, Deleted],
        ),
        (
            Archived,
            &[Published, Unlisted, Archived, Disposed, Deleted],
        ),
        (Disposed, &[Disposed, Deleted]),
        (Deleted, &[]),
    ];

    #[test]
    fn statuses_change_as_the_table_says_and_in_no_other_way() {
        for (from, targets) in TABLE {
            for to in PackageVersionStatus::ALL {
                assert_eq!(from.can_become(to), targets.contains(&to), "{from} to {to}");
            }
        }
    }

    #[test]
    fn no_way_of_any_length_leads_out_of_disposed_or_back_to_unfinished() {
        // Which statuses can be reached at all, by however many steps.
        let reached = |start: PackageVersionStatus| {
            let mut reached = vec![start];
            let mut next = 0;
            while let Some(from) = reached.get(next).copied() {
                for to in PackageVersionStatus::ALL {
                    if from.can_become(to) && !reached.contains(&to) {
                        reached.push(to);
                    }
                }
                next += 1;
            }
            reached
        };
        assert_eq!(reached(Disposed), [Disposed, Deleted]);
        for start in [Published, Unlisted, Archived, Disposed, Deleted] {
            assert!(!reached(start).contains(&Unfinished), "{start}");
        }
        assert_eq!(reached(Unfinished).len(), 6);
    }

    #[test]
    fn y01_what_gives_bytes_is_not_always_listed_but_what_is_listed_gives_bytes() {
        for status in PackageVersionStatus::ALL {
            assert!(!status.is_listed() || status.is_downloadable(), "{status}");
        }
        assert!(Unlisted.is_downloadable() && !Unlisted.is_listed());
        assert!(!Unfinished.is_downloadable() && !Archived.is_downloadable());
        assert!(!Disposed.is_downloadable() && !Deleted.is_downloadable());
    }
}
