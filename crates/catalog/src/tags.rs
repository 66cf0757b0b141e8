//! Tags of domains and repositories: what may be written (user guide, "Tagging resources").

use std::collections::HashSet;

use model::{Error, InvalidReason, ResourceType, Result};

/// Keys that begin so belong to the service, however they are written.
const RESERVED_PREFIX: &str = "aws:";

/// Refuses tags that may not stand together on one new resource. Their lengths were checked by whoever read them.
pub(crate) fn check_tags(
    tags: &[(String, String)],
    limit: usize,
    resource: ResourceType,
    id: &str,
) -> Result<()> {
    let invalid = |message| Err(Error::invalid(InvalidReason::FieldValidation, message));
    let mut seen = HashSet::new();
    for (key, _) in tags {
        let folded = key.to_lowercase();
        if folded.starts_with(RESERVED_PREFIX) {
            return invalid(format!(
                "Tag keys that begin with '{RESERVED_PREFIX}' are reserved, and '{key}' was sent."
            ));
        }
        // Keys are case sensitive, but two that differ in nothing else are a slip of whoever sent them together.
        if !seen.insert(folded) {
            return invalid(format!(
                "The tag key '{key}' was sent more than once; tag keys must differ in more than their case."
            ));
        }
    }
    if tags.len() > limit {
        let message = format!(
            "A resource can have at most {limit} tags, and {} were sent for '{id}'.",
            tags.len()
        );
        return Err(Error::quota_exceeded(resource, id, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use model::ErrorKind;

    use super::*;

    fn check(keys: &[&str]) -> Result<()> {
        let tags: Vec<_> = keys
            .iter()
            .map(|key| ((*key).to_owned(), String::new()))
            .collect();
        check_tags(&tags, 2, ResourceType::Domain, "acme")
    }

    #[test]
    fn s20_reserved_repeated_and_too_many_tags_are_refused() {
        assert!(check(&[]).is_ok());
        assert!(check(&["team", "stage"]).is_ok());
        let invalid = ErrorKind::Invalid(InvalidReason::FieldValidation);
        for bad in [
            ["aws:team", "x"],
            ["AWS:team", "x"],
            ["team", "team"],
            ["team", "Team"],
        ] {
            assert_eq!(check(&bad).unwrap_err().kind, invalid, "{bad:?}");
        }
        let error = check(&["a", "b", "c"]).unwrap_err();
        assert_eq!(error.kind, ErrorKind::QuotaExceeded);
        assert_eq!(error.resource.map(|r| r.id).as_deref(), Some("acme"));
    }
}
