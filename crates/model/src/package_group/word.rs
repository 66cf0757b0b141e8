//! Words, in which prefixes of patterns end: `[\p{L}\p{N}][\p{L}\p{N}\p{M}]*`.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// Whether a character can stand inside a word: a letter, a number or a mark.
pub(super) fn is_of_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    matches!(
        c.general_category_group(),
        GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number | GeneralCategoryGroup::Mark
    )
}

/// Whether a text ends inside or at the end of a word.
pub(super) fn ends_in_word(text: &str) -> bool {
    text.chars().next_back().is_some_and(is_of_word)
}

/// Whether `prefix~` takes this value: the same, or it goes on after the end of a word.
pub(super) fn takes(prefix: &str, value: &str) -> bool {
    value
        .strip_prefix(prefix)
        .is_some_and(|rest| !rest.chars().next().is_some_and(is_of_word))
}

/// The lengths in bytes of every prefix of a value that a pattern could name to take it, the longest first.
pub(super) fn prefix_lengths(value: &str) -> Vec<usize> {
    let mut lengths = Vec::new();
    let mut was_of_word = false;
    for (index, c) in value.char_indices() {
        let is_of_word = is_of_word(c);
        if was_of_word && !is_of_word {
            lengths.push(index);
        }
        was_of_word = is_of_word;
    }
    if was_of_word {
        lengths.push(value.len());
    }
    lengths.reverse();
    lengths
}
