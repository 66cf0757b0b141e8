//! The order of Maven's versions: that of its `ComparableVersion` ("POM Reference", section "Version Order
//! Specification").
//!
//! A version is a list of items, cut at dots, hyphens, and where digits and letters meet; a hyphen or such a meeting
//! begins a list inside the list. Order only: nothing here says that two spellings are one version.

use std::cmp::Ordering;

/// A version, ready to be compared.
#[derive(Debug, Clone)]
pub(super) struct Version(Vec<Item>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    /// A number, by its digits without leading zeros; zero has none.
    Number(Box<str>),
    /// Letters.
    Word(Box<str>),
    /// Letters with a number behind, as `rc1` and `rc-1`.
    Numbered { word: Box<str>, digits: Box<str> },
    /// What follows a hyphen, or a meeting of digits and letters. Never empty.
    List(Vec<Item>),
}

/// The words that have a place in the order. Others come behind all of them, by their letters.
const QUALIFIERS: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
const RELEASE: usize = 5;

impl Version {
    /// Reads any text.
    pub(super) fn read(text: &str) -> Self {
        Reader::new(&text.to_lowercase()).read()
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        compare_lists(&self.0, &other.0)
    }
}

/// A version on its way in. `lists` are nested: each is the last item of the one before it.
struct Reader<'t> {
    text: &'t str,
    lists: Vec<Vec<Item>>,
    /// Where the present item begins.
    start: usize,
    in_digits: bool,
    is_numbered: bool,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            lists: vec![Vec::new()],
            start: 0,
            in_digits: false,
            is_numbered: false,
        }
    }

    fn read(mut self) -> Version {
        let text = self.text;
        for (at, c) in text.char_indices() {
            match c {
                '.' => {
                    self.end_item(at);
                    self.is_numbered = false;
                    self.start = at + 1;
                }
                '-' => self.hyphen(at),
                '0'..='9' => {
                    if !self.in_digits && at > self.start {
                        self.is_numbered = true;
                        self.begin_list();
                    }
                    self.in_digits = true;
                }
                _ => {
                    if self.in_digits && at > self.start {
                        self.end_item(at);
                        self.start = at;
                        self.lists.push(Vec::new());
                        self.is_numbered = false;
                    }
                    self.in_digits = false;
                }
            }
        }
        if text.len() > self.start {
            // A word behind a dot is one behind a hyphen: 1.0.RC2 is newer than 1.0-RC1.
            if !self.in_digits {
                self.begin_list();
            }
            self.end_item(text.len());
        }
        Version(nest(self.lists))
    }

    fn hyphen(&mut self, at: usize) {
        let next_is_digit = self.text[at + 1..].starts_with(|c: char| c.is_ascii_digit());
        if at > self.start && !self.in_digits && next_is_digit {
            // rc-1 is rc1.
            self.is_numbered = true;
            return;
        }
        self.end_item(at);
        self.start = at + 1;
        self.begin_list();
        self.is_numbered = false;
    }

    /// Adds the item that ends here; where nothing stands, that is a zero.
    fn end_item(&mut self, end: usize) {
        let text = &self.text[self.start..end];
        let item = if text.is_empty() {
            Item::Number("".into())
        } else if self.is_numbered {
            numbered(text)
        } else if self.in_digits {
            Item::Number(text.trim_start_matches('0').into())
        } else {
            Item::Word(word(text, false))
        };
        self.list().push(item);
    }

    fn begin_list(&mut self) {
        if !self.list().is_empty() {
            self.lists.push(Vec::new());
        }
    }

    fn list(&mut self) -> &mut Vec<Item> {
        self.lists
            .last_mut()
            .expect("the first list is never taken away")
    }
}

fn numbered(text: &str) -> Item {
    let digits_at = text
        .find(|c: char| c.is_ascii_digit())
        .unwrap_or(text.len());
    let (letters, digits) = text.split_at(digits_at);
    let digits: String = digits.chars().filter(|c| *c != '-').collect();
    Item::Numbered {
        word: word(&letters.replace('-', ""), true),
        digits: digits.trim_start_matches('0').into(),
    }
}

/// A word without its short forms.
fn word(text: &str, before_digit: bool) -> Box<str> {
    match text {
        "a" if before_digit => "alpha",
        "b" if before_digit => "beta",
        "m" if before_digit => "milestone",
        "cr" => "rc",
        text => text,
    }
    .into()
}

/// Makes one list of all, from the innermost outwards, and takes out of each what says nothing.
fn nest(lists: Vec<Vec<Item>>) -> Vec<Item> {
    let mut inner: Vec<Item> = Vec::new();
    for mut list in lists.into_iter().rev() {
        if !inner.is_empty() {
            list.push(Item::List(inner));
        }
        trim(&mut list);
        inner = list;
    }
    inner
}

/// Takes out zeros at the end, and those before a word.
fn trim(list: &mut Vec<Item>) {
    for index in (0..list.len()).rev() {
        let is_zero = matches!(&list[index], Item::Number(digits) if digits.is_empty());
        let says_nothing = match list.get(index + 1) {
            None | Some(Item::Word(_)) => true,
            Some(Item::List(inner)) => {
                matches!(inner.first(), Some(Item::Word(_) | Item::Numbered { .. }))
            }
            Some(Item::Number(_) | Item::Numbered { .. }) => false,
        };
        if is_zero && says_nothing {
            list.remove(index);
        }
    }
}

fn compare_lists(left: &[Item], right: &[Item]) -> Ordering {
    for index in 0..left.len().max(right.len()) {
        let order = match (left.get(index), right.get(index)) {
            (Some(left), Some(right)) => compare_items(left, right),
            (Some(left), None) => compare_to_nothing(left),
            (None, Some(right)) => compare_to_nothing(right).reverse(),
            (None, None) => Ordering::Equal,
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// How an item stands to the end of the other version.
fn compare_to_nothing(item: &Item) -> Ordering {
    match item {
        Item::Number(digits) if digits.is_empty() => Ordering::Equal,
        Item::Number(_) => Ordering::Greater,
        Item::Word(word) | Item::Numbered { word, .. } => compare_words(word, ""),
        Item::List(items) => items
            .iter()
            .map(compare_to_nothing)
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal),
    }
}

fn compare_items(left: &Item, right: &Item) -> Ordering {
    match (left, right) {
        (Item::Number(left), Item::Number(right)) => compare_digits(left, right),
        (Item::Word(left), Item::Word(right)) => compare_words(left, right),
        (Item::List(left), Item::List(right)) => compare_lists(left, right),
        (
            Item::Numbered { word, digits },
            Item::Numbered {
                word: other,
                digits: others,
            },
        ) => compare_words(word, other).then_with(|| compare_digits(digits, others)),
        (Item::Word(left), Item::Numbered { word, .. }) => {
            compare_words(left, word).then(Ordering::Less)
        }
        (Item::Numbered { word, .. }, Item::Word(right)) => {
            compare_words(word, right).then(Ordering::Greater)
        }
        (Item::Number(_), _) => Ordering::Greater,
        (_, Item::Number(_)) => Ordering::Less,
        (Item::List(_), _) => Ordering::Greater,
        (_, Item::List(_)) => Ordering::Less,
    }
}

fn compare_digits(left: &str, right: &str) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

fn compare_words(left: &str, right: &str) -> Ordering {
    let rank = |word: &str| match word {
        "ga" | "final" | "release" => RELEASE,
        word => QUALIFIERS
            .iter()
            .position(|known| *known == word)
            .unwrap_or(QUALIFIERS.len()),
    };
    let (left_rank, right_rank) = (rank(left), rank(right));
    left_rank.cmp(&right_rank).then_with(|| {
        if left_rank == QUALIFIERS.len() {
            left.encode_utf16().cmp(right.encode_utf16())
        } else {
            Ordering::Equal
        }
    })
}

/// Sorts by version. The order has gaps: three strange versions can each be newer than the next in a ring. The sort of
/// the standard library may panic then; merging halves does not.
pub(super) fn sort<T>(items: Vec<(Version, T)>) -> Vec<(Version, T)> {
    if items.len() < 2 {
        return items;
    }
    let mut left = items;
    let right = sort(left.split_off(left.len() / 2));
    let left = sort(left);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
        let from_right = first.0.compare(&second.0).is_gt();
        merged.extend(if from_right {
            right.next()
        } else {
            left.next()
        });
    }
    merged.extend(left);
    merged.extend(right);
    merged
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compare(left: &str, right: &str) -> Ordering {
        Version::read(left).compare(&Version::read(right))
    }

    /// Each is older than every one behind it.
    fn assert_ascending(versions: &[&str]) {
        for (index, left) in versions.iter().enumerate() {
            for right in &versions[index + 1..] {
                assert_eq!(compare(left, right), Ordering::Less, "{left} < {right}");
                assert_eq!(compare(right, left), Ordering::Greater, "{right} > {left}");
            }
        }
    }

    #[test]
    fn qualifiers_stand_in_the_documented_order() {
        assert_ascending(&[
            "1-alpha2snapshot",
            "1-alpha2",
            "1-alpha-123",
            "1-beta-2",
            "1-beta123",
            "1-m2",
            "1-m11",
            "1-rc",
            "1-cr2",
            "1-rc123",
            "1-SNAPSHOT",
            "1",
            "1-sp",
            "1-sp2",
            "1-sp123",
            "1-abc",
            "1-def",
            "1-pom-1",
            "1-1-snapshot",
            "1-1",
            "1-2",
            "1-123",
        ]);
    }

    #[test]
    fn numbers_stand_above_lists_and_lists_above_words() {
        assert_ascending(&["2.0", "2.0.a", "2-1", "2.0.2", "2.0.123", "2.1.0", "2.1-a"]);
        assert_ascending(&["2.1b", "2.1-c", "2.1-1", "2.1.0.1", "2.2", "2.123"]);
        assert_ascending(&[
            "11.a2", "11.a11", "11.b2", "11.b11", "11.m2", "11.m11", "11",
        ]);
        assert_ascending(&["11", "11.a", "11b", "11c", "11m"]);
        for (left, right) in [
            ("1.5", "2"),
            ("1", "2.5"),
            ("1.0.0", "1.1"),
            ("1.0-alpha-1-SNAPSHOT", "1.0-alpha-1"),
            ("1.0-alpha-1", "1.0-beta-1"),
            ("1.0-beta-1", "1.0-SNAPSHOT"),
            ("1.0", "1.0-1"),
            ("2.0-1", "2.0.1"),
            ("2.0.1", "2.0.1-xyz"),
            ("2.0.1-klm", "2.0.1-lmn"),
            ("2.0.1-xyz", "2.0.1-123"),
            ("6.1.0rc3", "6.1.0"),
            ("6.1.0rc3", "6.1H.5-beta"),
            ("6.1.0", "6.1H.5-beta"),
            ("1-0.alpha", "1"),
            ("1-0.alpha", "1-0.beta"),
            ("1.0.0.RC1", "1.0.0-RC2"),
            ("1.0.final-redhat", "1.0-sp1-redhat"),
            ("1.0.final-redhat", "1.0-sp.1-redhat"),
            ("c", "7"),
            ("\u{e9}", "1"),
            ("\u{1d7e4}", "1"),
            ("\u{668}", "1"),
            ("2.9.9", "2.10"),
            ("31.1-android", "31.1-jre"),
            ("4.1.9.Final", "4.1.10.Final"),
        ] {
            assert_eq!(compare(left, right), Ordering::Less, "{left} < {right}");
            assert_eq!(compare(right, left), Ordering::Greater, "{right} > {left}");
        }
    }

    #[test]
    fn spellings_that_say_the_same_are_equal_in_order() {
        for (left, right) in [
            ("1", "1.0"),
            ("1", "1.0.0"),
            ("1", "1-0"),
            ("1.0", "1.0-0"),
            ("1a", "1-a"),
            ("1a", "1.0.0-a"),
            ("1.0x", "1-x"),
            ("1cr", "1rc"),
            ("1a1", "1-alpha-1"),
            ("1b2", "1-beta-2"),
            ("1m3", "1-MileStone-3"),
            ("1X", "1x"),
            ("1ga", "1"),
            ("1.0.RELEASE", "1"),
            ("1-Final", "1"),
            ("2-rc", "2.0.0.rc"),
            ("1.\u{c9}", "1.\u{e9}"),
            ("0000000000000000000000001", "1"),
            ("00000000000000000000", "0"),
            ("", "0"),
        ] {
            assert_eq!(compare(left, right), Ordering::Equal, "{left} = {right}");
            assert_eq!(compare(right, left), Ordering::Equal, "{right} = {left}");
        }
    }

    #[test]
    fn d09_numbers_of_any_length_are_compared_and_none_is_calculated() {
        assert_ascending(&[
            "20190126.230843",
            "1234567890.12345",
            "123456789012345.1H.5-beta",
            "12345678901234567890.1H.5-beta",
        ]);
        let long = "9".repeat(200_000);
        assert_eq!(compare(&long, &format!("1{long}")), Ordering::Less);
    }

    proptest! {
        #[test]
        fn d09_any_versions_can_be_compared_and_sorted(
            versions in prop::collection::vec("[0-2.a-cxrcSNAP-]{0,12}", 0..60)
        ) {
            for left in &versions {
                for right in &versions {
                    prop_assert_eq!(compare(left, right), compare(right, left).reverse());
                }
            }
            let items = versions.iter().map(|text| (Version::read(text), text.clone())).collect();
            let mut sorted: Vec<String> = sort(items).into_iter().map(|(_, text)| text).collect();
            let mut expected = versions;
            sorted.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(sorted, expected);
        }

        #[test]
        fn texts_of_any_kind_can_be_read(text in "\\PC{0,40}") {
            prop_assert_eq!(compare(&text, &text), Ordering::Equal);
        }
    }
}
