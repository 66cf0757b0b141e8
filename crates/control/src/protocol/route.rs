//! Routes: a method and an exact path.
//!
//! Paths of the API have no parameters, so the path is compared as it came: an encoded, doubled or trailing slash is
//! another path, and there is no such operation.

use http::{Method, request};

/// Where an operation is.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
}

impl Route {
    /// Whether a request is for this route.
    pub(crate) fn is(&self, parts: &request::Parts) -> bool {
        self.is_at(&parts.method, parts.uri.path())
    }

    /// Whether this is the route of a method and a path.
    pub(crate) fn is_at(&self, method: &Method, path: &str) -> bool {
        path == self.path && *method == self.method
    }
}

pub(crate) const fn get(path: &'static str) -> Route {
    let method = Method::GET;
    Route { method, path }
}

pub(crate) const fn post(path: &'static str) -> Route {
    let method = Method::POST;
    Route { method, path }
}

pub(crate) const fn put(path: &'static str) -> Route {
    let method = Method::PUT;
    Route { method, path }
}

pub(crate) const fn delete(path: &'static str) -> Route {
    let method = Method::DELETE;
    Route { method, path }
}
