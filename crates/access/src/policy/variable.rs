//! Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, and `${*}`, `${?}`, `${$}` for the
//! characters themselves.
//!
//! A value is put in as it is: a star in a tag is a star. A variable that has no value makes its pattern match
//! nothing. Public document: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>.

use super::error::{PolicyError, quoted};
use super::key::{Key, same_ignoring_case};
use super::pattern::{
    Pattern, Token, confine_to_segments, literal_tokens, text_of, tokens_match, wild_tokens,
};
use super::question::Question;

/// How the text of a pattern is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// `*` and `?` are characters.
    Literal,
    /// `*` and `?` are wildcards.
    Wild,
    /// The same, in an ARN, whose first five segments they do not leave.
    Arn,
}

/// A pattern that may have variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Template {
    /// Without variables.
    Fixed(Pattern),
    /// With variables: compiled for each question.
    Open {
        pieces: Box<[Piece]>,
        reading: Reading,
    },
}

/// A part of a pattern with variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Tokens(Box<[Token]>),
    Variable { key: Key, default: Option<Box<str>> },
}

/// Whether a text matches a pattern; a variable without a value makes that unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    Yes,
    No,
    /// No, but for want of a value.
    Unknown,
}

impl From<bool> for Match {
    fn from(matches: bool) -> Self {
        if matches { Self::Yes } else { Self::No }
    }
}

impl Template {
    /// Compiles a pattern. `variables` is whether the version of the policy knows them.
    pub(super) fn parse(
        text: &str,
        reading: Reading,
        variables: bool,
    ) -> Result<Self, PolicyError> {
        let mut pieces = Vec::new();
        let mut tokens = Vec::new();
        let mut rest = text;
        while variables && let Some((before, after)) = rest.split_once("${") {
            tokens.extend(read(before, reading));
            let (inside, after) = split_variable(after).ok_or_else(|| {
                PolicyError::new(format!(
                    "The variable in {} is not closed. Write ${{aws:username}}, or ${{$}} for a dollar sign.",
                    quoted(text)
                ))
            })?;
            match inside {
                "*" | "?" | "$" => tokens.extend(literal_tokens(inside)),
                _ => {
                    if !tokens.is_empty() {
                        pieces.push(Piece::Tokens(std::mem::take(&mut tokens).into()));
                    }
                    pieces.push(parse_variable(inside)?);
                }
            }
            rest = after;
        }
        tokens.extend(read(rest, reading));
        if pieces.is_empty() {
            if reading == Reading::Arn {
                confine_to_segments(&mut tokens);
            }
            return Ok(Self::Fixed(Pattern::new(tokens)));
        }
        if !tokens.is_empty() {
            pieces.push(Piece::Tokens(tokens.into()));
        }
        Ok(Self::Open {
            pieces: pieces.into(),
            reading,
        })
    }

    pub(super) fn matches(&self, text: &str, question: &Question<'_>) -> Match {
        match self {
            Self::Fixed(pattern) => pattern.matches(text).into(),
            Self::Open { pieces, reading } => {
                let Some(mut tokens) = expand(pieces, question) else {
                    return Match::Unknown;
                };
                if *reading == Reading::Arn {
                    confine_to_segments(&mut tokens);
                }
                tokens_match(&tokens, text, |byte| byte).into()
            }
        }
    }

    /// The same for literal text, without regard to the case of letters.
    pub(super) fn equals_ignoring_case(&self, text: &str, question: &Question<'_>) -> Match {
        match self {
            Self::Fixed(Pattern::Exact(exact)) => same_ignoring_case(exact, text).into(),
            Self::Fixed(_) => Match::No,
            Self::Open { pieces, .. } => match expand(pieces, question) {
                None => Match::Unknown,
                Some(tokens) => text_of(&tokens)
                    .is_some_and(|exact| same_ignoring_case(&exact, text))
                    .into(),
            },
        }
    }
}

fn read(text: &str, reading: Reading) -> Vec<Token> {
    match reading {
        Reading::Literal => literal_tokens(text).collect(),
        Reading::Wild | Reading::Arn => wild_tokens(text),
    }
}

/// What is inside the braces, and what comes after them. A default in quotes may hold a brace.
fn split_variable(text: &str) -> Option<(&str, &str)> {
    let mut in_quotes = false;
    let end = text.find(|c| {
        in_quotes ^= c == '\'';
        c == '}' && !in_quotes
    })?;
    Some((&text[..end], &text[end + 1..]))
}

fn parse_variable(inside: &str) -> Result<Piece, PolicyError> {
    let fault = |error: PolicyError| error.within(format!("The variable ${{{inside}}}"));
    let (name, default) = match inside.split_once(',') {
        None => (inside, None),
        Some((name, default)) => {
            let default = default
                .trim()
                .strip_prefix('\'')
                .and_then(|text| text.strip_suffix('\''))
                .ok_or_else(|| {
                    fault(PolicyError::new(
                        "The default value must stand in single quotes after a comma.",
                    ))
                })?;
            (name.trim_end(), Some(default.into()))
        }
    };
    let key = Key::parse(name).map_err(fault)?;
    if key == Key::TagKeys {
        return Err(fault(PolicyError::new(
            "A key that can have several values cannot be a variable.",
        )));
    }
    Ok(Piece::Variable { key, default })
}

fn expand(pieces: &[Piece], question: &Question<'_>) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Tokens(fixed) => tokens.extend_from_slice(fixed),
            Piece::Variable { key, default } => {
                let found = key.find(question);
                match (found.as_ref().and_then(|found| found.single()), default) {
                    (Some(value), _) => tokens.extend(literal_tokens(&value)),
                    (None, Some(default)) => tokens.extend(literal_tokens(default)),
                    (None, None) => return None,
                }
            }
        }
    }
    Some(tokens)
}
