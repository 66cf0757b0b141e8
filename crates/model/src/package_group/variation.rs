//! The common form of all variations of a name: what weak matching compares.
//!
//! Case is folded, every run of `-`, `.` and `_` becomes one dot, and characters that look alike become one (Unicode
//! Technical Standard 39, "Confusable Detection"). A letter stays a letter and a separator a separator, so that what is a
//! word in a name is a word in its common form: whatever a pattern takes, its common form takes the name's.
//!
//! Rows hold these forms. A release that makes other ones comes with a migration that empties them; they are filled again
//! when the catalog opens.

use super::word::is_of_word;

/// Characters that look alike can be told apart again by folding case, and the other way round; after so many rounds
/// nothing changes any more.
const ROUNDS: usize = 4;

/// The common form of a name's variations. Never empty for a name that is not.
#[must_use]
pub fn variation(text: &str) -> String {
    if text.is_ascii() {
        return ascii_variation(text);
    }
    slow_variation(text)
}

/// The same for the characters that nearly all names are of: the look-alikes among them can be counted on one hand.
fn ascii_variation(text: &str) -> String {
    let mut form = String::with_capacity(text.len() + 4);
    let mut after_dot = false;
    for byte in text.bytes() {
        let is_dot = matches!(byte, b'-' | b'.' | b'_');
        match byte.to_ascii_lowercase() {
            _ if is_dot => {
                if !after_dot {
                    form.push('.');
                }
            }
            b'0' => form.push('o'),
            b'1' => form.push('l'),
            b'm' => form.push_str("rn"),
            b'`' => form.push('\''),
            b'"' => form.push_str("''"),
            other => form.push(char::from(other)),
        }
        after_dot = is_dot;
    }
    form
}

/// For any text.
pub(super) fn slow_variation(text: &str) -> String {
    let mut form = one_round(text);
    for _ in 1..ROUNDS {
        let next = one_round(&form);
        if next == form {
            break;
        }
        form = next;
    }
    form
}

fn one_round(text: &str) -> String {
    let folded = fold_case(text);
    let mut form = String::with_capacity(folded.len());
    let mut rest = folded.as_str();
    while let Some(first) = rest.chars().next() {
        let of_word = is_of_word(first);
        let end = rest
            .find(|c| is_of_word(c) != of_word)
            .unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        if of_word {
            push_word(&mut form, run);
        } else {
            push_separators(&mut form, run);
        }
        rest = after;
    }
    form
}

/// Full case folding, but for the few letters whose folding looks like another letter's anyway.
fn fold_case(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

fn push_word(form: &mut String, word: &str) {
    let start = form.len();
    form.extend(
        unicode_security::skeleton(word)
            .flat_map(char::to_lowercase)
            .filter(|c| is_of_word(*c)),
    );
    if form.len() == start {
        form.push_str(word);
    }
}

fn push_separators(form: &mut String, run: &str) {
    for c in run.chars() {
        let mut buffer = [0; 4];
        let before = form.len();
        let alone = &*c.encode_utf8(&mut buffer);
        let is_plain = unicode_security::skeleton(alone).all(|c| !is_of_word(c) && c != '/');
        if is_plain {
            form.extend(unicode_security::skeleton(alone));
        }
        if form.len() == before {
            form.push(c);
        }
        let last = &form[before..];
        if matches!(last, "-" | "." | "_") {
            form.truncate(before);
            if !form.ends_with('.') {
                form.push('.');
            }
        }
    }
}
