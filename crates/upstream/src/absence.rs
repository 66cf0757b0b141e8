//! Remembering what is not there, so that a build that asks for the same missing name a thousand times costs the source
//! one request. Only for 404 and 410: any other failure says nothing about what exists.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::EpochMillis;

/// Longer keys are not remembered: they would make the bound on entries no bound on memory.
const KEY_LIMIT_BYTES: usize = 2048;

/// What one source does not have. Bounded in entries; the oldest go first, so one source's flood of made-up names
/// pushes out that source's own entries and nobody else's.
#[derive(Debug)]
pub(crate) struct Absences {
    ttl_ms: i64,
    max_entries: usize,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    /// Until when each key counts as absent.
    until: HashMap<String, EpochMillis>,
    /// The keys in the order they came, with the same instant. All live equally long, so this is the order in which
    /// they expire. A line whose instant differs from the map's was replaced and is skipped.
    order: VecDeque<(String, EpochMillis)>,
}

impl Absences {
    pub(crate) fn new(ttl_ms: u64, max_entries: usize) -> Self {
        Self {
            ttl_ms: i64::try_from(ttl_ms).unwrap_or(i64::MAX),
            max_entries,
            memory: Mutex::default(),
        }
    }

    pub(crate) fn holds(&self, key: &str, now: EpochMillis) -> bool {
        self.lock().until.get(key).is_some_and(|until| *until > now)
    }

    pub(crate) fn remember(&self, key: String, now: EpochMillis) {
        if self.max_entries == 0 || self.ttl_ms == 0 || key.len() > KEY_LIMIT_BYTES {
            return;
        }
        let until = now.plus_ms(self.ttl_ms);
        let mut memory = self.lock();
        memory.until.insert(key.clone(), until);
        memory.order.push_back((key, until));
        while let Some((_, oldest)) = memory.order.front() {
            if *oldest > now && memory.order.len() <= self.max_entries {
                break;
            }
            let Some((key, oldest)) = memory.order.pop_front() else {
                break;
            };
            if memory.until.get(&key) == Some(&oldest) {
                memory.until.remove(&key);
            }
        }
    }

    /// It is there after all.
    pub(crate) fn forget(&self, key: &str) {
        self.lock().until.remove(key);
    }

    /// A panic elsewhere cannot leave the two halves worse than a stale line, so a poisoned lock is taken as it is.
    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absence_is_forgotten_after_its_time() {
        let absences = Absences::new(1000, 10);
        absences.remember("a".into(), EpochMillis(0));
        assert!(absences.holds("a", EpochMillis(999)));
        assert!(!absences.holds("a", EpochMillis(1000)));
        absences.remember("a".into(), EpochMillis(500));
        assert!(
            absences.holds("a", EpochMillis(1400)),
            "asked again, remembered anew"
        );
        absences.remember("b".into(), EpochMillis(1200));
        assert!(
            absences.holds("a", EpochMillis(1400)),
            "the first line's end does not end the second"
        );
        absences.forget("a");
        assert!(!absences.holds("a", EpochMillis(1300)));
    }

    #[test]
    fn x15_a_flood_of_missing_names_keeps_memory_bounded() {
        let absences = Absences::new(60_000, 100);
        for name in 0..10_000 {
            absences.remember(format!("name-{name}"), EpochMillis(0));
        }
        for _ in 0..10_000 {
            absences.remember("the same".into(), EpochMillis(0));
        }
        absences.remember("x".repeat(1 << 20), EpochMillis(0));
        let memory = absences.lock();
        assert!(memory.until.len() <= 100 && memory.order.len() <= 100);
    }
}
