//! What a publisher says of a release beside its archive ("Package Release Metadata JSON Schema" in the registry
//! specification, appendix B).
//!
//! Clients refuse the whole release when one member that they know has another type than the schema says. So those are
//! checked; members that the schema does not name are kept as they are.

use jiff::Timestamp;
use model::{Error, InvalidReason, Result};
use serde_json::{Map, Value};

/// The most bytes that it can have.
pub(super) const METADATA_BYTES: usize = 64 << 10;
/// The most addresses of repositories that are looked at.
const REPOSITORIES: usize = 64;
const ADDRESS_BYTES: usize = 2048;

/// The members of a release's metadata.
pub(super) type Members = Map<String, Value>;

/// Reads what was sent.
pub(super) fn parse(bytes: &[u8]) -> Result<Members> {
    let Ok(Value::Object(mut members)) = serde_json::from_slice(bytes) else {
        return Err(refuse("it is no JSON object"));
    };
    // What says nothing is left out.
    members.retain(|_, value| !value.is_null());
    for name in ["description", "licenseURL", "readmeURL"] {
        check_text(&members, name, "")?;
    }
    check_text(&members, "originalPublicationTime", "")?;
    if let Some(Value::String(time)) = members.get("originalPublicationTime")
        && !is_time(time)
    {
        return Err(refuse(
            "its originalPublicationTime is no time such as 2023-02-16T04:00:00Z",
        ));
    }
    if let Some(author) = members.get("author") {
        check_party(author, "author")?;
        if let Some(organization) = author.get("organization").filter(|value| !value.is_null()) {
            check_party(organization, "author.organization")?;
        }
    }
    check_repositories(&members)?;
    Ok(members)
}

fn check_text(members: &Members, name: &str, of: &str) -> Result<()> {
    match members.get(name) {
        None | Some(Value::Null | Value::String(_)) => Ok(()),
        Some(_) => Err(refuse(&format!("its {of}{name} is no text"))),
    }
}

fn check_party(party: &Value, name: &str) -> Result<()> {
    let Value::Object(members) = party else {
        return Err(refuse(&format!("its {name} is no JSON object")));
    };
    if !matches!(members.get("name"), Some(Value::String(_))) {
        return Err(refuse(&format!("its {name} has no name")));
    }
    for member in ["email", "description", "url"] {
        check_text(members, member, &format!("{name}."))?;
    }
    Ok(())
}

fn check_repositories(members: &Members) -> Result<()> {
    let Some(found) = members.get("repositoryURLs") else {
        return Ok(());
    };
    let Value::Array(addresses) = found else {
        return Err(refuse("its repositoryURLs is no array"));
    };
    if addresses.len() > REPOSITORIES {
        return Err(refuse(&format!(
            "it has more than {REPOSITORIES} repositoryURLs"
        )));
    }
    let is_address = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| text.len() <= ADDRESS_BYTES)
    };
    if addresses.iter().all(is_address) {
        Ok(())
    } else {
        Err(refuse("one of its repositoryURLs is no address"))
    }
}

/// A time in the one form that all versions of the package manager read (RFC 3339).
fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape_is_known = bytes.len() >= 20
        && bytes[10] == b'T'
        && text.is_ascii()
        && (text.ends_with('Z') || bytes[bytes.len() - 3] == b':');
    shape_is_known && text.parse::<Timestamp>().is_ok()
}

fn refuse(reason: &str) -> Error {
    let message = format!("The metadata of the release cannot be accepted: {reason}.");
    Error::invalid(InvalidReason::Other, message)
}

/// A text of a release's metadata that says something.
pub(super) fn text<'m>(members: &'m Members, name: &str) -> Option<&'m str> {
    let text = members.get(name)?.as_str()?.trim();
    (!text.is_empty()).then_some(text)
}

/// The addresses of the repositories that it says the package comes from.
pub(super) fn repositories(members: &Members) -> impl Iterator<Item = &str> {
    let addresses = members.get("repositoryURLs").and_then(Value::as_array);
    let addresses = addresses.into_iter().flatten();
    addresses.filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Result<Members> {
        parse(value.to_string().as_bytes())
    }

    #[test]
    fn metadata_of_the_schema_is_kept_with_what_the_schema_does_not_name() {
        let sent = json!({
            "author": {
                "name": "Mona", "email": "mona@example.com", "url": null,
                "organization": { "name": "Octo", "description": "x" },
            },
            "description": "One thing links to another.",
            "licenseURL": "https://example.com/LICENSE",
            "readmeURL": null,
            "originalPublicationTime": "2023-02-16T04:00:00.000Z",
            "repositoryURLs": ["https://git.example/mona/LinkedList", "git@git.example:mona/LinkedList.git"],
            "keywords": ["list"],
        });
        let members = read(&sent).unwrap();
        assert_eq!(members.get("readmeURL"), None);
        assert_eq!(members["keywords"], json!(["list"]));
        assert_eq!(
            text(&members, "description"),
            Some("One thing links to another.")
        );
        assert_eq!(repositories(&members).count(), 2);
        assert_eq!(read(&json!({})).unwrap(), Members::new());
    }

    #[test]
    fn u12_metadata_that_clients_could_not_read_is_refused() {
        let many = vec!["https://git.example/a"; REPOSITORIES + 1];
        for bad in [
            json!([]),
            json!("x"),
            json!(null),
            json!({ "description": 7 }),
            json!({ "licenseURL": ["x"] }),
            json!({ "author": "Mona" }),
            json!({ "author": {} }),
            json!({ "author": { "name": null } }),
            json!({ "author": { "name": "x", "email": 1 } }),
            json!({ "author": { "name": "x", "organization": { "url": "y" } } }),
            json!({ "repositoryURLs": "https://git.example/a" }),
            json!({ "repositoryURLs": [null] }),
            json!({ "repositoryURLs": ["a".repeat(ADDRESS_BYTES + 1)] }),
            json!({ "repositoryURLs": many }),
            json!({ "originalPublicationTime": "yesterday" }),
            json!({ "originalPublicationTime": "2023-02-16 04:00:00Z" }),
            json!({ "originalPublicationTime": "2023-02-16T04:00:00" }),
            json!({ "originalPublicationTime": 1_676_520_000 }),
        ] {
            assert!(read(&bad).is_err(), "{bad}");
        }
        for bad in ["", "{", "{\"a\":1}x", "\u{feff}{}"] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(parse(b"{\"a\":\"\xff\"}").is_err());
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(500), "]".repeat(500));
        assert!(parse(deep.as_bytes()).is_err());
        for good in ["2023-02-16T04:00:00+01:00", "2023-02-16T04:00:00Z"] {
            assert!(read(&json!({ "originalPublicationTime": good })).is_ok());
        }
    }
}
