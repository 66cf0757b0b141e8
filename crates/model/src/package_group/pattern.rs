//! The grammar of patterns.

use std::fmt;

use super::word;
use crate::name::{check_length, is_unprintable};
use crate::{Constraint, Namespace, PackageCoordinates, PackageName};

/// The published regular expression of a pattern.
const PATTERN: &str = r"[^\p{C}\p{IsWhitespace}]+";
const PREFIX: &str = r"[^\p{C}\p{IsWhitespace}]*";
/// The longest pattern, in characters.
const LONGEST: usize = 520;

/// Which packages a group is for, and the group's name: `/npm/types/*`, `/pypi//requests$`. Case counts.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PackageGroupPattern {
    text: Box<str>,
    shape: PatternShape,
    format: Box<str>,
    namespace: Box<str>,
    name: Box<str>,
}

/// The shapes a pattern can have, the most general first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PatternShape {
    /// `/*`: every package.
    Root,
    /// `/npm/*`: a format's packages.
    Format,
    /// `/maven/com.acme~`: namespaces that begin so.
    NamespacePrefix,
    /// `/npm/types/*`: one namespace; an empty one stands for none.
    Namespace,
    /// `/npm/acme/ui~`: names that begin so.
    NamePrefix,
    /// `/npm//react$`: one package.
    Package,
}

/// Why a text is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternFault {
    /// It breaks the published constraint of the member.
    #[error("{0}")]
    Constraint(Constraint),
    /// It breaks the grammar, or a rule of its format; the text is for whoever wrote it.
    #[error("{0}")]
    Grammar(String),
}

impl PackageGroupPattern {
    /// Parses a pattern. Whether there is such a format, and what it says of its names, is for others to check.
    pub fn parse(text: &str) -> Result<Self, PatternFault> {
        check_text(text, 2, PATTERN).map_err(PatternFault::Constraint)?;
        let fault = |reason: String| {
            PatternFault::Grammar(format!(
                "The package group pattern '{text}' is not valid: {reason}"
            ))
        };
        let path = text.strip_prefix('/').ok_or_else(|| {
            fault("it must begin with '/', as in '/npm/*' or '/pypi//requests$'.".into())
        })?;
        let (shape, parts) = split(path).map_err(|reason| fault(reason.into()))?;
        let [format, namespace, name] = parts;
        if shape > PatternShape::Root && !is_format(format) {
            return Err(fault(format!(
                "'{format}' between the first two slashes is not a package format."
            )));
        }
        if !namespace.is_empty() {
            Namespace::parse(namespace)
                .map_err(|rule| fault(format!("the namespace '{namespace}': {rule}.")))?;
        }
        if !name.is_empty() {
            PackageName::parse(name)
                .map_err(|rule| fault(format!("the package name '{name}': {rule}.")))?;
        }
        Ok(Self {
            text: text.into(),
            shape,
            format: format.into(),
            namespace: namespace.into(),
            name: name.into(),
        })
    }

    /// `/*`, which every domain has.
    #[must_use]
    pub fn root() -> Self {
        Self::parse("/*").expect("a constant that is a pattern")
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its shape.
    #[must_use]
    pub const fn shape(&self) -> PatternShape {
        self.shape
    }

    /// Whether it is `/*`.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.shape == PatternShape::Root
    }

    /// The format; empty at the root.
    #[must_use]
    pub fn format(&self) -> &str {
        &self.format
    }

    /// The namespace or its prefix; empty where there is none.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name or its prefix; empty where there is none.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a package matches to the letter (a strong match).
    #[must_use]
    pub fn matches(&self, package: &PackageCoordinates) -> bool {
        let (format, namespace, name) = (
            package.format.as_str(),
            package.namespace_str(),
            package.name.as_str(),
        );
        match self.shape {
            PatternShape::Root => true,
            PatternShape::Format => *self.format == *format,
            PatternShape::NamespacePrefix => {
                *self.format == *format && word::takes(&self.namespace, namespace)
            }
            PatternShape::Namespace => *self.format == *format && *self.namespace == *namespace,
            PatternShape::NamePrefix => {
                *self.format == *format
                    && *self.namespace == *namespace
                    && word::takes(&self.name, name)
            }
            PatternShape::Package => {
                *self.format == *format && *self.namespace == *namespace && *self.name == *name
            }
        }
    }

    /// Whether this pattern takes every package that the other one takes, and more.
    #[must_use]
    pub fn is_above(&self, other: &Self) -> bool {
        if self == other || self.shape > other.shape {
            return false;
        }
        let same_format = self.format == other.format;
        let same_namespace = same_format && self.namespace == other.namespace;
        match self.shape {
            PatternShape::Root => true,
            PatternShape::Format => same_format,
            PatternShape::NamespacePrefix => {
                same_format && word::takes(&self.namespace, &other.namespace)
            }
            PatternShape::Namespace => same_namespace,
            PatternShape::NamePrefix => same_namespace && word::takes(&self.name, &other.name),
            PatternShape::Package => false,
        }
    }
}

impl fmt::Debug for PackageGroupPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for PackageGroupPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialOrd for PackageGroupPattern {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PackageGroupPattern {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}

/// What the patterns of a list begin with: any text, also an empty one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PatternPrefix(Box<str>);

impl PatternPrefix {
    /// Parses 0 to 520 characters without white space.
    pub fn parse(text: &str) -> Result<Self, Constraint> {
        check_text(text, 0, PREFIX).map(|()| Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check_text(text: &str, min: usize, pattern: &'static str) -> Result<(), Constraint> {
    check_length(text, min, LONGEST)?;
    if text.chars().any(|c| c.is_whitespace() || is_unprintable(c)) {
        return Err(Constraint::Pattern(pattern));
    }
    Ok(())
}

fn is_format(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// Takes the part after the first slash apart: its shape; then format, namespace and name.
fn split(path: &str) -> Result<(PatternShape, [&str; 3]), &'static str> {
    if path == "*" {
        return Ok((PatternShape::Root, [""; 3]));
    }
    if let Some(body) = path.strip_suffix('*') {
        let body = body.strip_suffix('/').ok_or(
            "'*' may stand only directly after a '/'. Use '~' to match the rest of a name.",
        )?;
        return match parts(body)[..] {
            [format] => Ok((PatternShape::Format, [format, "", ""])),
            [format, namespace] => Ok((PatternShape::Namespace, [format, namespace, ""])),
            _ => Err("'*' may follow the format or the namespace, but not a package name."),
        };
    }
    if let Some(body) = path.strip_suffix('~') {
        if !word::ends_in_word(body) {
            return Err("'~' must follow a letter or a number.");
        }
        return match parts(body)[..] {
            [format, namespace] => Ok((PatternShape::NamespacePrefix, [format, namespace, ""])),
            [format, namespace, name] => Ok((PatternShape::NamePrefix, [format, namespace, name])),
            [_] => Err("'~' may follow a namespace or a package name, but not a format. Use '/*'."),
            _ => Err("it has more parts than a format, a namespace and a package name."),
        };
    }
    if let Some(body) = path.strip_suffix('$') {
        return match parts(body)[..] {
            [_, _, ""] => Err("'$' must follow a package name."),
            [format, namespace, name] => Ok((PatternShape::Package, [format, namespace, name])),
            [_] | [_, _] => Err(
                "'$' must follow a package name, after the format and the namespace; a package without a namespace \
                 has two slashes there, as in '/npm//react$'.",
            ),
            _ => Err("it has more parts than a format, a namespace and a package name."),
        };
    }
    Err("it must end in '$' (one package), '~' (a prefix) or '/*' (everything).")
}

fn parts(body: &str) -> Vec<&str> {
    body.split('/').collect()
}
