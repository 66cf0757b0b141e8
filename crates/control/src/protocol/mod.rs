//! The wire: REST-JSON as AWS clients speak it. Public document:
//! <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>.

pub(crate) mod authentication;
mod aws_chunked;
pub(crate) mod error;
pub(crate) mod facts;
pub(crate) mod json;
pub(crate) mod member;
pub(crate) mod page_token;
pub(crate) mod params;
pub(crate) mod query;
pub(crate) mod request_body;
pub(crate) mod route;
pub(crate) mod shared_members;
pub(crate) mod upload;
pub(crate) mod version_members;

use http::HeaderName;

/// The header that names a request.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
