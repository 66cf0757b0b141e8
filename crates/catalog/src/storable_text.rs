//! Free text from outside, made fit for a text column.
//!
//! PostgreSQL keeps every character but one: no text holds U+0000. SQLite would keep it, and the two must not differ,
//! so it is taken out before any row is written. Names need none of this; their grammars have no control characters.

/// The text without the character that no database row can hold.
pub(crate) fn storable(text: String) -> String {
    // Almost no text has one: then nothing is copied.
    if text.contains('\0') {
        text.replace('\0', "")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p05_the_character_that_no_row_can_hold_is_taken_out_and_nothing_else() {
        assert_eq!(storable("\0# re\0ad\0".into()), "# read");
        let kept = "\u{1}\t\r\n\u{7f}\u{85}\u{202e}\u{fffe}\u{10ffff}é\\u0000";
        assert_eq!(storable(kept.into()), kept);
        assert_eq!(storable(String::new()), "");
    }
}
