//! Which endpoint a request finds: for the tests of each format's routes.

use http::{HeaderMap, Method};
use model::Result;

use super::address::RequestHead;
use super::path;
use crate::Endpoint;

/// The label of the endpoint that `route` gives for a target, a path with or without a query.
pub(crate) fn label_of(
    route: fn(&RequestHead<'_>) -> Result<Box<dyn Endpoint>>,
    method: &Method,
    target: &str,
    headers: &HeaderMap,
) -> Result<&'static str> {
    let (raw, query) = target
        .split_once('?')
        .map_or((target, None), |(raw, query)| (raw, Some(query)));
    let path = path::read(raw)?;
    let head = RequestHead {
        method,
        segments: path.segments,
        trailing_slash: path.trailing_slash,
        query,
        headers,
    };
    route(&head).map(|endpoint| endpoint.label())
}
