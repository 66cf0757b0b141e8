//! Keyset pages.

/// One page of a list and the key that the next page starts after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in key order.
    pub items: Vec<T>,
    /// The key of the last item, when more may follow.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page out of up to `limit + 1` rows: the extra row only tells that more follow.
    pub fn from_rows(mut rows: Vec<T>, limit: PageLimit, key: impl Fn(&T) -> String) -> Self {
        let more = rows.len() > limit.rows();
        rows.truncate(limit.rows());
        let next = if more { rows.last().map(key) } else { None };
        Self { items: rows, next }
    }

    /// The same page with every item changed.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            next: self.next,
        }
    }
}

/// How many items a page may hold: 1 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimit(u16);

impl PageLimit {
    /// The largest page.
    pub const MAX: Self = Self(1000);

    /// A limit, clamped into 1..=1000.
    #[must_use]
    pub fn new(items: u16) -> Self {
        Self(items.clamp(1, 1000))
    }

    /// The number of items.
    #[must_use]
    pub fn rows(self) -> usize {
        usize::from(self.0)
    }

    /// One more than the number of items: what a statement asks for, to learn whether more follow.
    #[must_use]
    pub fn rows_and_one(self) -> i64 {
        i64::from(self.0) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extra_row_becomes_the_next_key() {
        let limit = PageLimit::new(2);
        let page = Page::from_rows(vec![1, 2, 3], limit, ToString::to_string);
        assert_eq!(
            page,
            Page {
                items: vec![1, 2],
                next: Some("2".into())
            }
        );
        let last = Page::from_rows(vec![3], limit, ToString::to_string);
        assert_eq!(
            last,
            Page {
                items: vec![3],
                next: None
            }
        );
    }

    #[test]
    fn s15_limits_are_clamped() {
        assert_eq!(PageLimit::new(0).rows(), 1);
        assert_eq!(PageLimit::new(u16::MAX).rows(), 1000);
    }
}
