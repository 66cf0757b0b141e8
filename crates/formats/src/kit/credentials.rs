//! Finding the token of a request. The query string is never looked at.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use model::{Error, Result};

/// The token in the one `Authorization` field, if it carries any.
pub(crate) fn token(headers: &HeaderMap) -> Result<Option<Cow<'_, str>>> {
    let mut fields = headers.get_all(AUTHORIZATION).iter();
    let Some(field) = fields.next() else {
        return Ok(None);
    };
    if fields.next().is_some() {
        return Err(Error::unauthenticated(
            "The request has more than one Authorization field.",
        ));
    }
    Ok(access::read_package_token(field.as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a05_one_field_is_read_and_two_are_refused() {
        let mut headers = HeaderMap::new();
        assert_eq!(token(&headers).unwrap(), None);
        headers.append(AUTHORIZATION, "Bearer eyJ.a".parse().unwrap());
        assert_eq!(token(&headers).unwrap().as_deref(), Some("eyJ.a"));
        headers.append(AUTHORIZATION, "Bearer eyJ.b".parse().unwrap());
        assert!(token(&headers).is_err());
    }
}
