//! The structure that the operations on permissions policies answer with.

use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResourcePolicy {
    resource_arn: String,
    revision: String,
    document: String,
}

impl From<model::ResourcePolicy> for ResourcePolicy {
    fn from(policy: model::ResourcePolicy) -> Self {
        Self {
            resource_arn: policy.arn.as_str().to_owned(),
            revision: policy.revision,
            document: policy.document,
        }
    }
}
