//! Requests as npm makes them.

use std::ops::Deref;

use serde_json::Value;

pub(crate) use testkit::house::{Answer, empty, fetch, full, pieces, send};

use crate::house::House;

pub(crate) const ABBREVIATED: &str = "application/vnd.npm.install-v1+json";

/// Someone who speaks to one repository.
#[derive(Clone)]
pub(crate) struct Client<'h>(testkit::house::Client<'h>);

impl<'h> Deref for Client<'h> {
    type Target = testkit::house::Client<'h>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl House {
    /// A client of a repository, with the root's token.
    pub(crate) fn at(&self, repository: &str) -> Client<'_> {
        Client(self.client("npm", repository))
    }
}

impl Client<'_> {
    pub(crate) fn with_authorization(self, authorization: Option<String>) -> Self {
        Self(self.0.with_authorization(authorization))
    }

    /// The full packument, which must be there.
    pub(crate) async fn packument(&self, name: &str) -> Value {
        let answer = self.get(&name.replace('/', "%2f")).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        answer.json()
    }

    pub(crate) async fn tarball(&self, name: &str, version: &str) -> Answer {
        let base = name.rsplit('/').next().unwrap();
        self.get(&format!("{name}/-/{base}-{version}.tgz")).await
    }
}
