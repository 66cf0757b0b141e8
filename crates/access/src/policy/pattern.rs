//! Wildcard patterns: `*` for any characters, `?` for one, everything else for itself.
//!
//! A pattern is compiled once. Matching never recurses and remembers at most two places to go back to, so its cost
//! is bounded by the product of both lengths, whatever the author of a policy or of a name came up with.

/// One step of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// This byte.
    Byte(u8),
    /// `?`: one character; a colon only where `colons` says so.
    One {
        /// Whether it may be a colon.
        colons: bool,
    },
    /// `*`: any characters; colons only where `colons` says so.
    Any {
        /// Whether it goes past colons.
        colons: bool,
    },
}

/// A compiled pattern, in the cheapest form that does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pattern {
    /// `*`.
    Anything,
    /// No wildcards.
    Exact(Box<str>),
    /// Text and one `*` at its end.
    Prefix(Box<str>),
    /// Anything else.
    Tokens(Box<[Token]>),
}

impl Pattern {
    /// The cheapest form of these tokens.
    pub(super) fn new(tokens: Vec<Token>) -> Self {
        let (last, head) = match tokens.split_last() {
            Some((Token::Any { colons: true }, head)) => (true, head),
            _ => (false, tokens.as_slice()),
        };
        match (text_of(head), last) {
            (Some(text), true) if text.is_empty() => Self::Anything,
            (Some(text), true) => Self::Prefix(text),
            (Some(text), false) => Self::Exact(text),
            (None, _) => Self::Tokens(tokens.into()),
        }
    }

    /// A pattern whose wildcards know no segments.
    pub(super) fn wild(text: &str) -> Self {
        Self::new(wild_tokens(text))
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Anything => true,
            Self::Exact(exact) => **exact == *text,
            Self::Prefix(prefix) => text.starts_with(&**prefix),
            Self::Tokens(tokens) => tokens_match(tokens, text, |byte| byte),
        }
    }

    /// The same without regard to the case of ASCII letters. The pattern must have been made from lower case.
    pub(super) fn matches_ignoring_case(&self, text: &str) -> bool {
        match self {
            Self::Anything => true,
            Self::Exact(exact) => exact.eq_ignore_ascii_case(text),
            Self::Prefix(prefix) => text
                .as_bytes()
                .get(..prefix.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes())),
            Self::Tokens(tokens) => tokens_match(tokens, text, |byte| byte.to_ascii_lowercase()),
        }
    }
}

/// The text that tokens without wildcards stand for.
pub(super) fn text_of(tokens: &[Token]) -> Option<Box<str>> {
    let bytes = tokens
        .iter()
        .map(|token| match token {
            Token::Byte(byte) => Some(*byte),
            Token::One { .. } | Token::Any { .. } => None,
        })
        .collect::<Option<Vec<u8>>>()?;
    String::from_utf8(bytes).ok().map(String::into_boxed_str)
}

/// Text where nothing is a wildcard.
pub(super) fn literal_tokens(text: &str) -> impl Iterator<Item = Token> {
    text.bytes().map(Token::Byte)
}

/// Text whose `*` and `?` are wildcards.
pub(super) fn wild_tokens(text: &str) -> Vec<Token> {
    text.bytes()
        .map(|byte| match byte {
            b'*' => Token::Any { colons: true },
            b'?' => Token::One { colons: true },
            byte => Token::Byte(byte),
        })
        .collect()
}

/// Keeps wildcards in the first five segments of an ARN inside their segment. The sixth holds the resource, where a
/// colon is a character like any other.
pub(super) fn confine_to_segments(tokens: &mut [Token]) {
    let mut segment = 1;
    for token in tokens {
        match token {
            Token::Byte(b':') => segment += 1,
            Token::Byte(_) => {}
            Token::One { colons } | Token::Any { colons } => *colons = segment > 5,
        }
    }
}

/// Whether the whole text matches.
///
/// Only the last star matters: what an earlier one might have taken instead, the last one can take as well. A star
/// that stops at colons can not, so the last one that does not stop there is remembered beside it.
pub(super) fn tokens_match(tokens: &[Token], text: &str, fold: impl Fn(u8) -> u8) -> bool {
    let text = text.as_bytes();
    let (mut at, mut here) = (0, 0);
    // After a star: the token to go on with, and where in the text that was last tried.
    let mut wide: Option<(usize, usize)> = None;
    let mut narrow: Option<(usize, usize)> = None;
    loop {
        match tokens.get(at) {
            None if here == text.len() => return true,
            Some(Token::Any { colons: true }) => {
                at += 1;
                if at == tokens.len() {
                    return true;
                }
                (wide, narrow) = (Some((at, here)), None);
                continue;
            }
            Some(Token::Any { colons: false }) => {
                at += 1;
                narrow = Some((at, here));
                continue;
            }
            Some(Token::Byte(byte)) if text.get(here).is_some_and(|c| fold(*c) == *byte) => {
                (at, here) = (at + 1, here + 1);
                continue;
            }
            Some(Token::One { colons })
                if text.get(here).is_some_and(|c| *colons || *c != b':') =>
            {
                (at, here) = (at + 1, next_character(text, here));
                continue;
            }
            _ => {}
        }
        (at, here) = if let Some((token, from)) = narrow
            && text.get(from).is_some_and(|c| *c != b':')
        {
            let from = next_character(text, from);
            narrow = Some((token, from));
            (token, from)
        } else if let Some((token, from)) = wide
            && from < text.len()
        {
            let from = next_character(text, from);
            (wide, narrow) = (Some((token, from)), None);
            (token, from)
        } else {
            return false;
        };
    }
}

/// Where the character after the one at `from` begins.
fn next_character(text: &[u8], from: usize) -> usize {
    let rest = &text[from + 1..];
    from + 1 + rest.iter().take_while(|byte| **byte & 0xC0 == 0x80).count()
}
