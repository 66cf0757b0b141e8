//! Which version of the protocol a client speaks, and what it expects ("API versioning" in the registry specification,
//! section 3.5): `Accept: application/vnd.swift.registry.v1+json`.
//!
//! A client that names nothing of this protocol, as curl and browsers do, gets the one version there is.

use http::{HeaderMap, StatusCode};

use crate::kit::negotiation;

const PREFIX: &str = "application/vnd.swift.registry";

/// What an address gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    Json,
    Zip,
    Swift,
}

/// Why a request's `Accept` is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It names a version that there is not.
    Version,
    /// It names a media type that the protocol does not have.
    MediaType,
    /// It names one that this address does not give.
    OtherMediaType,
}

impl Refused {
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Version => StatusCode::BAD_REQUEST,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::OtherMediaType => StatusCode::NOT_ACCEPTABLE,
        }
    }

    pub(super) const fn message(self) -> &'static str {
        match self {
            Self::Version => {
                "invalid API version: the one version here is 1, as in 'Accept: application/vnd.swift.registry.v1+json'"
            }
            Self::MediaType => {
                "unsupported media type: the protocol has application/vnd.swift.registry.v1+json, +zip and +swift"
            }
            Self::OtherMediaType => {
                "this address does not give what the Accept field names: releases are json, archives zip, manifests swift"
            }
        }
    }
}

/// Checks what a client takes against what the address gives. One suitable element is enough.
pub(super) fn check(headers: &HeaderMap, gives: MediaType) -> Result<(), Refused> {
    let mut first = None;
    for range in negotiation::named_types(headers) {
        match check_range(range, gives) {
            Ok(()) => return Ok(()),
            Err(refused) => {
                first.get_or_insert(refused);
            }
        }
    }
    first.map_or(Ok(()), Err)
}

fn check_range(range: &str, gives: MediaType) -> Result<(), Refused> {
    let lower = range.to_ascii_lowercase();
    let Some(rest) = lower.strip_prefix(PREFIX) else {
        return Ok(());
    };
    let (version, media_type) = match rest.split_once('+') {
        Some((version, media_type)) => (version, Some(media_type)),
        None => (rest, None),
    };
    if !matches!(version, "" | ".v1") {
        return Err(Refused::Version);
    }
    let named = match media_type {
        // Without one it is JSON; clients leave it out for anything.
        None => return Ok(()),
        Some("json") => MediaType::Json,
        Some("zip") => MediaType::Zip,
        Some("swift") => MediaType::Swift,
        Some(_) => return Err(Refused::MediaType),
    };
    if named == gives {
        Ok(())
    } else {
        Err(Refused::OtherMediaType)
    }
}

#[cfg(test)]
mod tests {
    use http::header::ACCEPT;

    use super::*;

    fn checked(accept: &str, gives: MediaType) -> Result<(), Refused> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        check(&headers, gives)
    }

    #[test]
    fn f_sw_2_the_accept_field_names_the_version_and_the_media_type() {
        assert_eq!(check(&HeaderMap::new(), MediaType::Json), Ok(()));
        for good in [
            "application/vnd.swift.registry.v1+json",
            "application/vnd.swift.registry.v1",
            "application/vnd.swift.registry+json",
            "application/vnd.swift.registry",
            "Application/Vnd.Swift.Registry.V1+JSON; q=0.5",
            "*/*",
            "application/json",
            "text/html",
            "",
            "application/vnd.swift.registry.v2+json, */*;q=0.1",
            "application/vnd.swift.registry.v2+json, application/vnd.swift.registry.v1+json",
            "application/vnd.swift.registry.v2+json;q=0, application/json",
        ] {
            assert_eq!(checked(good, MediaType::Json), Ok(()), "{good}");
        }
        for (bad, expected) in [
            ("application/vnd.swift.registry.v2+json", Refused::Version),
            ("application/vnd.swift.registry.v0", Refused::Version),
            ("application/vnd.swift.registry.v+json", Refused::Version),
            ("application/vnd.swift.registry.v10+json", Refused::Version),
            ("application/vnd.swift.registry.1+json", Refused::Version),
            ("application/vnd.swift.registryx", Refused::Version),
            ("application/vnd.swift.registry.v1+xml", Refused::MediaType),
            ("application/vnd.swift.registry.v1+", Refused::MediaType),
            (
                "application/vnd.swift.registry.v1+zip",
                Refused::OtherMediaType,
            ),
            (
                "application/vnd.swift.registry+swift",
                Refused::OtherMediaType,
            ),
        ] {
            assert_eq!(checked(bad, MediaType::Json), Err(expected), "{bad}");
        }
        let zip = "application/vnd.swift.registry.v1+zip";
        assert_eq!(checked(zip, MediaType::Zip), Ok(()));
        let swift = "application/vnd.swift.registry.v1+swift";
        assert_eq!(checked(swift, MediaType::Swift), Ok(()));
    }
}
