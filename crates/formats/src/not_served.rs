//! What a format answers while its package endpoint is not part of a release: that, and nothing else.

use model::{Error, FormatId, Result};

use crate::Endpoint;

/// The answer to every request of such a format.
pub(crate) fn not_served(format: FormatId) -> Result<Box<dyn Endpoint>> {
    let message = format!(
        "The {format} package endpoint is not part of this release yet. The API knows the format: repositories, \
         external connections and permissions can be set up for it."
    );
    Err(Error::not_found(
        model::ResourceType::Repository,
        format.as_str(),
        message,
    ))
}

/// That a format has no namespaces, as a violated constraint.
pub(crate) const NO_NAMESPACE: (&str, model::Constraint) =
    ("namespace", model::Constraint::MaxLength(0));

/// That a format needs a namespace, as a violated constraint.
pub(crate) const NAMESPACE_NEEDED: (&str, model::Constraint) =
    ("namespace", model::Constraint::NotNull);
