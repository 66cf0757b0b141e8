//! Where the packages of a pattern lie in a list that is ordered by variations, and which stretches of it to pass over.
//!
//! A list of all packages of a domain is in order of format, the common form of namespace and name, namespace and name.
//! What a pattern takes is one stretch of it, with gaps: names that only begin with the same letters, and the packages of
//! more specific groups. Both are stepped over, so that a walk looks at little else than what it finds.

use super::pattern::{PackageGroupPattern, PatternShape};
use super::variation::variation;
use super::word::is_of_word;

/// After every text that begins as what stands before it: no name holds the last code point.
const LAST: char = '\u{10ffff}';
/// Before every continuation of what stands before it: no name holds a control character.
const FIRST: char = '\u{1}';

/// A place in the list: format, common form of the namespace, of the name, the namespace, the name. Walks go on after it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the list's order says it")]
pub struct Position {
    pub format: String,
    pub namespace_variation: String,
    pub name_variation: String,
    pub namespace: String,
    pub name: String,
}

impl Position {
    /// The place of a package.
    #[must_use]
    pub fn of(format: &str, namespace: &str, name: &str) -> Self {
        Self {
            format: format.into(),
            namespace_variation: variation(namespace),
            name_variation: variation(name),
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    fn at(format: &str, namespace_variation: String, name_variation: String) -> Self {
        Self {
            format: format.into(),
            namespace_variation,
            name_variation,
            ..Self::default()
        }
    }
}

/// The stretch of the list that a pattern's packages lie in.
#[derive(Debug)]
pub struct PackageRange {
    shape: PatternShape,
    format: String,
    namespace: String,
    name: String,
}

impl PackageRange {
    /// The stretch of a pattern.
    #[must_use]
    pub fn of(pattern: &PackageGroupPattern) -> Self {
        Self {
            shape: pattern.shape(),
            format: pattern.format().into(),
            namespace: variation(pattern.namespace()),
            name: variation(pattern.name()),
        }
    }

    /// The place before it.
    #[must_use]
    pub fn start(&self) -> Position {
        Position::at(&self.format, self.namespace.clone(), self.name.clone())
    }

    /// The place after it.
    #[must_use]
    pub fn end(&self) -> Position {
        let past = |text: &str| format!("{text}{LAST}");
        match self.shape {
            PatternShape::Root => Position::at(&LAST.to_string(), String::new(), String::new()),
            PatternShape::Format => Position::at(&self.format, past(""), String::new()),
            PatternShape::NamespacePrefix => {
                Position::at(&self.format, past(&self.namespace), String::new())
            }
            PatternShape::Namespace => Position::at(&self.format, self.namespace.clone(), past("")),
            PatternShape::NamePrefix => {
                Position::at(&self.format, self.namespace.clone(), past(&self.name))
            }
            PatternShape::Package => {
                let name = format!("{}{FIRST}", self.name);
                Position::at(&self.format, self.namespace.clone(), name)
            }
        }
    }

    /// Where to go on after a package that was not the pattern's, when that is further than the next one. `owner` is
    /// the pattern of the group that it belongs to.
    #[must_use]
    pub fn past(&self, package: &Position, owner: &PackageGroupPattern) -> Option<Position> {
        let gap = match self.shape {
            PatternShape::NamespacePrefix => {
                past_word(&self.namespace, &package.namespace_variation)
                    .map(|namespace| Position::at(&package.format, namespace, String::new()))
            }
            PatternShape::NamePrefix => {
                past_word(&self.name, &package.name_variation).map(|name| {
                    Position::at(&package.format, package.namespace_variation.clone(), name)
                })
            }
            _ => None,
        };
        gap.or_else(|| self.past_group(package, owner))
    }

    /// Behind all packages of a more specific group that follow one another.
    fn past_group(&self, package: &Position, owner: &PackageGroupPattern) -> Option<Position> {
        let format = &package.format;
        let other = Self::of(owner);
        let is_more_specific = (other.shape, other.namespace.len(), other.name.len())
            > (self.shape, self.namespace.len(), self.name.len());
        if !is_more_specific {
            return None;
        }
        match other.shape {
            PatternShape::Root | PatternShape::Package => None,
            PatternShape::Format => Some(Position::at(format, LAST.to_string(), String::new())),
            PatternShape::Namespace => {
                let after = format!("{}{FIRST}", other.namespace);
                Some(Position::at(format, after, String::new()))
            }
            PatternShape::NamespacePrefix => {
                past_separator(&other.namespace, &package.namespace_variation)
                    .map(|namespace| Position::at(format, namespace, String::new()))
            }
            PatternShape::NamePrefix => past_separator(&other.name, &package.name_variation)
                .map(|name| Position::at(format, package.namespace_variation.clone(), name)),
        }
    }
}

/// Behind all texts in which the word of a prefix goes on as it does in this one. `None` where it does not go on.
fn past_word(prefix: &str, text: &str) -> Option<String> {
    let next = text.strip_prefix(prefix)?.chars().next()?;
    let after = match next {
        '0'..='9' => ':',
        'a'..='z' => '{',
        c if is_of_word(c) => ((c as u32 + 1)..).find_map(char::from_u32)?,
        _ => return None,
    };
    Some(format!("{prefix}{after}"))
}

/// Behind all texts that go on with a separator after a prefix, or behind the prefix itself.
fn past_separator(prefix: &str, text: &str) -> Option<String> {
    match text.strip_prefix(prefix)?.chars().next() {
        None => Some(format!("{prefix}{FIRST}")),
        // The character after the dot.
        Some('.') => Some(format!("{prefix}/")),
        Some(_) => None,
    }
}
