//! From the most specific pattern that a package could belong to, step by step, to the root.

use super::word::prefix_lengths;

/// The texts of all patterns that take a package, the most specific first. Given common forms of names instead of the
/// names, the common forms of all patterns that take a variation of it.
#[derive(Debug)]
pub(super) struct Steps {
    path: String,
    /// How much of the path, and the suffix.
    ends: std::vec::IntoIter<(usize, char)>,
    key: String,
}

impl Steps {
    pub(super) fn of(format: &str, namespace: &str, name: &str) -> Self {
        let path = format!("/{format}/{namespace}/{name}");
        let namespace_start = format.len() + 2;
        let name_start = namespace_start + namespace.len() + 1;
        let mut ends = vec![(path.len(), '$')];
        ends.extend(
            prefix_lengths(name)
                .iter()
                .map(|end| (name_start + end, '~')),
        );
        ends.push((name_start, '*'));
        let prefixes = prefix_lengths(namespace);
        ends.extend(prefixes.iter().map(|end| (namespace_start + end, '~')));
        ends.push((namespace_start, '*'));
        ends.push((1, '*'));
        Self {
            key: String::with_capacity(path.len() + 1),
            path,
            ends: ends.into_iter(),
        }
    }

    /// The next text.
    pub(super) fn next(&mut self) -> Option<&str> {
        let (end, suffix) = self.ends.next()?;
        self.key.clear();
        self.key.push_str(&self.path[..end]);
        self.key.push(suffix);
        Some(&self.key)
    }
}
