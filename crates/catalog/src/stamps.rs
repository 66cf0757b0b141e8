//! Which ready documents are still true.
//!
//! A process-wide clock ticks with every committed change. A change stamps the slot of its package, or the slot of
//! its domain's graph, with the tick. A document remembers the tick at which its making began, before any row was
//! read; it is valid as long as no slot it depends on was stamped later. Slots are shared by hash: a collision
//! makes a document again too early, never too late. One look costs two loads and no lock.
//!
//! The stamp is set after the commit and before the write is acknowledged, so a read that begins after the
//! acknowledgement never sees a document older than the write.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use model::PackageCoordinates;

const PACKAGE_SLOTS: usize = 1 << 16;
const DOMAIN_SLOTS: usize = 1 << 10;

/// A moment on the clock of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Tick(u64);

/// The clock and the slots.
#[derive(Debug)]
pub(crate) struct Stamps {
    clock: AtomicU64,
    packages: Box<[AtomicU64]>,
    graphs: Box<[AtomicU64]>,
    /// Any change at all in a domain.
    domains: Box<[AtomicU64]>,
    identities: AtomicU64,
    hasher: RandomState,
}

impl Default for Stamps {
    fn default() -> Self {
        let zeroes = |n| {
            std::iter::repeat_with(|| AtomicU64::new(0))
                .take(n)
                .collect()
        };
        Self {
            clock: AtomicU64::new(1),
            packages: zeroes(PACKAGE_SLOTS),
            graphs: zeroes(DOMAIN_SLOTS),
            domains: zeroes(DOMAIN_SLOTS),
            identities: AtomicU64::new(0),
            hasher: RandomState::new(),
        }
    }
}

impl Stamps {
    /// The present tick. To be taken before the first row is read.
    pub(crate) fn now(&self) -> Tick {
        Tick(self.clock.load(Ordering::SeqCst))
    }

    /// Notes a committed change of a package, anywhere in the domain.
    pub(crate) fn package_changed(&self, domain_id: i64, package: &PackageCoordinates) {
        let tick = self.clock.fetch_add(1, Ordering::SeqCst) + 1;
        self.packages[self.package_slot(domain_id, package)].fetch_max(tick, Ordering::SeqCst);
        self.domains[Self::graph_slot(domain_id)].fetch_max(tick, Ordering::SeqCst);
    }

    /// Notes a committed change of repositories, upstreams, connections or package groups in the domain.
    pub(crate) fn graph_changed(&self, domain_id: i64) {
        let tick = self.clock.fetch_add(1, Ordering::SeqCst) + 1;
        self.graphs[Self::graph_slot(domain_id)].fetch_max(tick, Ordering::SeqCst);
        self.domains[Self::graph_slot(domain_id)].fetch_max(tick, Ordering::SeqCst);
    }

    /// Notes a committed change of users, roles, their policies and tags, or access keys.
    pub(crate) fn identities_changed(&self) {
        let tick = self.clock.fetch_add(1, Ordering::SeqCst) + 1;
        self.identities.fetch_max(tick, Ordering::SeqCst);
    }

    /// Ends everything that was read up to now.
    pub(crate) fn everything_changed(&self) {
        self.identities_changed();
        let tick = self.clock.fetch_add(1, Ordering::SeqCst) + 1;
        for slot in self.graphs.iter().chain(&self.domains) {
            slot.fetch_max(tick, Ordering::SeqCst);
        }
    }

    /// Whether what was read at this tick about identities is still true.
    pub(crate) fn identities_are_valid(&self, since: Tick) -> bool {
        self.identities.load(Ordering::SeqCst) <= since.0
    }

    /// Whether what was read at this tick about a package is still true.
    pub(crate) fn package_is_valid(
        &self,
        since: Tick,
        domain_id: i64,
        package: &PackageCoordinates,
    ) -> bool {
        self.graph_is_valid(since, domain_id)
            && self.packages[self.package_slot(domain_id, package)].load(Ordering::SeqCst)
                <= since.0
    }

    /// Whether what was read at this tick about a domain's graph is still true.
    pub(crate) fn graph_is_valid(&self, since: Tick, domain_id: i64) -> bool {
        self.graphs[Self::graph_slot(domain_id)].load(Ordering::SeqCst) <= since.0
    }

    /// Whether what was read at this tick about all packages of a domain is still true.
    pub(crate) fn domain_is_valid(&self, since: Tick, domain_id: i64) -> bool {
        self.domains[Self::graph_slot(domain_id)].load(Ordering::SeqCst) <= since.0
    }

    fn package_slot(&self, domain_id: i64, package: &PackageCoordinates) -> usize {
        let hash = self.hasher.hash_one((domain_id, package));
        usize::try_from(hash % PACKAGE_SLOTS as u64).expect("a remainder of the slot count")
    }

    fn graph_slot(domain_id: i64) -> usize {
        usize::try_from(domain_id.rem_euclid(DOMAIN_SLOTS as i64))
            .expect("a remainder of the slot count")
    }
}

#[cfg(test)]
mod tests {
    use model::{FormatId, PackageName};

    use super::*;

    fn package(name: &str) -> PackageCoordinates {
        let name = PackageName::parse(name).unwrap();
        PackageCoordinates {
            format: FormatId::new("npm"),
            namespace: None,
            name,
        }
    }

    #[test]
    fn a_change_ends_what_was_made_before_it_and_nothing_made_after() {
        let stamps = Stamps::default();
        let before = stamps.now();
        assert!(stamps.package_is_valid(before, 1, &package("a")));
        stamps.package_changed(1, &package("a"));
        assert!(!stamps.package_is_valid(before, 1, &package("a")));
        let after = stamps.now();
        assert!(stamps.package_is_valid(after, 1, &package("a")));
        stamps.graph_changed(1);
        assert!(!stamps.package_is_valid(after, 1, &package("a")));
        assert!(stamps.package_is_valid(after, 2, &package("b")));
        assert!(stamps.identities_are_valid(before));
        stamps.identities_changed();
        assert!(!stamps.identities_are_valid(before));
        assert!(stamps.package_is_valid(stamps.now(), 2, &package("b")));
        let last = stamps.now();
        stamps.everything_changed();
        assert!(
            !stamps.package_is_valid(last, 2, &package("b")) && !stamps.identities_are_valid(last)
        );
    }

    #[test]
    fn any_change_in_a_domain_ends_what_was_made_of_all_its_packages() {
        let stamps = Stamps::default();
        let before = stamps.now();
        stamps.package_changed(1, &package("a"));
        assert!(!stamps.domain_is_valid(before, 1));
        assert!(stamps.domain_is_valid(before, 2));
        let after = stamps.now();
        stamps.graph_changed(1);
        assert!(!stamps.domain_is_valid(after, 1));
    }
}
