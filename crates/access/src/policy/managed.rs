//! Policies that AWS keeps and every account can attach, as far as they are about this service.
//!
//! Public document: <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html>.

/// The built-in policies by name.
const MANAGED: [(&str, &str); 3] = [
    (
        "AWSCodeArtifactAdminAccess",
        r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": ["codeartifact:*"], "Resource": "*"},
    {
      "Effect": "Allow",
      "Action": "sts:GetServiceBearerToken",
      "Resource": "*",
      "Condition": {"StringEquals": {"sts:AWSServiceName": "codeartifact.amazonaws.com"}}
    }
  ]
}"#,
    ),
    (
        "AWSCodeArtifactReadOnlyAccess",
        r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": ["codeartifact:Describe*", "codeartifact:Get*", "codeartifact:List*", "codeartifact:ReadFromRepository"],
      "Resource": "*"
    },
    {
      "Effect": "Allow",
      "Action": "sts:GetServiceBearerToken",
      "Resource": "*",
      "Condition": {"StringEquals": {"sts:AWSServiceName": "codeartifact.amazonaws.com"}}
    }
  ]
}"#,
    ),
    (
        "AdministratorAccess",
        r#"{
  "Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
}"#,
    ),
];

/// The document of a built-in policy, e.g. of `arn:aws:iam::aws:policy/AdministratorAccess`.
#[must_use]
pub fn managed(arn: &str) -> Option<&'static str> {
    let wanted = arn.strip_prefix("arn:aws:iam::aws:policy/")?;
    managed_policies().find_map(|(name, document)| (name == wanted).then_some(document))
}

/// The name and the document of every built-in policy.
pub fn managed_policies() -> impl Iterator<Item = (&'static str, &'static str)> {
    MANAGED.into_iter()
}
