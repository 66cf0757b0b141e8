//! Whether a format has namespaces, in the words for a name that breaks the rule.

use model::Constraint;

/// That a format has no namespaces.
pub(crate) const NO_NAMESPACE: (&str, Constraint) = ("namespace", Constraint::MaxLength(0));

/// That a format needs a namespace.
pub(crate) const NAMESPACE_NEEDED: (&str, Constraint) = ("namespace", Constraint::NotNull);
