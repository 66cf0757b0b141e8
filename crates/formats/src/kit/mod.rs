//! What applies to every format, written once: addresses, credentials, conditional requests, ranges, HEAD,
//! negotiation, replies. No module here knows a format.
//!
//! HTTP semantics are those of RFC 9110, caching those of RFC 9111, addresses those of RFC 3986.

pub(crate) mod address;
pub(crate) mod asset_reply;
pub(crate) mod bases;
pub(crate) mod body;
pub(crate) mod conditions;
pub(crate) mod credentials;
pub(crate) mod document_reply;
pub(crate) mod error_reply;
#[cfg(test)]
pub(crate) mod label_of;
pub(crate) mod multipart;
pub(crate) mod negotiation;
pub(crate) mod page_reply;
pub(crate) mod path;
pub(crate) mod range;
pub(crate) mod small_reply;
pub(crate) mod tar;
pub(crate) mod tar_reader;
pub(crate) mod xml;
pub(crate) mod zip;
