//! What can be typed after `reliquary iam`. Names of verbs and flags are those of the AWS command line.

use clap::{Args, Subcommand, ValueEnum};

use super::{Document, TagList};

/// How answers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// JSON.
    Json,
    /// Lines of words with tabs between.
    Text,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Users
    #[command(flatten)]
    User(UserVerb),
    /// Roles
    #[command(flatten)]
    Role(RoleVerb),
    /// Inline policies
    #[command(flatten)]
    InlinePolicy(InlinePolicyVerb),
    /// Managed policies
    #[command(flatten)]
    ManagedPolicy(ManagedPolicyVerb),
    /// Attached policies
    #[command(flatten)]
    AttachedPolicy(AttachedPolicyVerb),
    /// Access keys
    #[command(flatten)]
    AccessKey(AccessKeyVerb),
    /// Identity providers
    #[command(flatten)]
    Provider(ProviderVerb),
    /// Tell why a request would be allowed or denied: which statements of which policies apply
    Explain(Question),
}

/// The name of a user.
#[derive(Debug, Args)]
pub struct UserName {
    /// The user
    #[arg(long, value_name = "NAME")]
    pub user_name: String,
}

/// The name of a role.
#[derive(Debug, Args)]
pub struct RoleName {
    /// The role
    #[arg(long, value_name = "NAME")]
    pub role_name: String,
}

/// The name of a policy.
#[derive(Debug, Args)]
pub struct PolicyName {
    /// The policy
    #[arg(long, value_name = "NAME")]
    pub policy_name: String,
}

/// The text of a policy.
#[derive(Debug, Args)]
pub struct PolicyDocument {
    /// The policy: JSON, or file://PATH
    #[arg(long, value_name = "JSON|file://PATH")]
    pub policy_document: Document,
}

/// The ARN of a policy.
#[derive(Debug, Args)]
pub struct PolicyArn {
    /// The policy's ARN, e.g. arn:aws:iam::aws:policy/AWSCodeArtifactReadOnlyAccess
    #[arg(long, value_name = "ARN")]
    pub policy_arn: String,
}

/// Where a name stands.
#[derive(Debug, Args)]
pub struct NamePath {
    /// The path before the name, e.g. /team/build/
    #[arg(long, value_name = "PATH", default_value = "/")]
    pub path: String,
}

/// Tags.
#[derive(Debug, Args)]
pub struct Tags {
    /// Tags, e.g. Key=team,Value=a Key=stage,Value=test
    #[arg(long, value_name = "Key=K,Value=V", num_args = 1..)]
    pub tags: Vec<TagList>,
}

/// Keys of tags.
#[derive(Debug, Args)]
pub struct TagKeys {
    /// Keys of tags
    #[arg(long, value_name = "KEY", num_args = 1.., required = true)]
    pub tag_keys: Vec<String>,
}

/// What can be done with users.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "the help of each field is where it is declared"
)]
pub enum UserVerb {
    /// Make a user, who may do nothing until it has a policy
    CreateUser {
        #[command(flatten)]
        user: UserName,
        #[command(flatten)]
        path: NamePath,
        #[command(flatten)]
        tags: Tags,
    },
    /// Show a user
    GetUser {
        #[command(flatten)]
        user: UserName,
    },
    /// Delete a user who has neither access keys nor policies left
    DeleteUser {
        #[command(flatten)]
        user: UserName,
    },
    /// List the users of the account
    ListUsers,
    /// Put tags on a user
    TagUser {
        #[command(flatten)]
        user: UserName,
        #[command(flatten)]
        tags: Tags,
    },
    /// Take tags from a user
    UntagUser {
        #[command(flatten)]
        user: UserName,
        #[command(flatten)]
        keys: TagKeys,
    },
    /// List the tags of a user
    ListUserTags {
        #[command(flatten)]
        user: UserName,
    },
}

/// What can be done with roles.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "the help of each field is where it is declared"
)]
pub enum RoleVerb {
    /// Make a role
    CreateRole {
        #[command(flatten)]
        role: RoleName,
        /// Who may assume it: JSON, or file://PATH
        #[arg(long, value_name = "JSON|file://PATH")]
        assume_role_policy_document: Document,
        #[command(flatten)]
        path: NamePath,
        /// What to write about it
        #[arg(long, default_value = "")]
        description: String,
        /// The longest session, in seconds, from 3600 to 43200
        #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
        max_session_duration: i64,
        #[command(flatten)]
        tags: Tags,
    },
    /// Show a role
    GetRole {
        #[command(flatten)]
        role: RoleName,
    },
    /// Delete a role that has no policies left; its sessions end
    DeleteRole {
        #[command(flatten)]
        role: RoleName,
    },
    /// List the roles of the account
    ListRoles,
    /// Replace who may assume a role
    UpdateAssumeRolePolicy {
        #[command(flatten)]
        role: RoleName,
        #[command(flatten)]
        document: PolicyDocument,
    },
    /// Put tags on a role
    TagRole {
        #[command(flatten)]
        role: RoleName,
        #[command(flatten)]
        tags: Tags,
    },
    /// Take tags from a role
    UntagRole {
        #[command(flatten)]
        role: RoleName,
        #[command(flatten)]
        keys: TagKeys,
    },
    /// List the tags of a role
    ListRoleTags {
        #[command(flatten)]
        role: RoleName,
    },
}

/// What can be done with inline policies.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "the help of each field is where it is declared"
)]
pub enum InlinePolicyVerb {
    /// Add an inline policy to a user, or replace the one of that name
    PutUserPolicy {
        #[command(flatten)]
        user: UserName,
        #[command(flatten)]
        policy: PolicyName,
        #[command(flatten)]
        document: PolicyDocument,
    },
    /// Show an inline policy of a user
    GetUserPolicy {
        #[command(flatten)]
        user: UserName,
        #[command(flatten)]
        policy: PolicyName,
    },
    /// Delete an inline policy of a user
    DeleteUserPolicy {
        #[command(flatten)]
        user: UserName,
        #[command(flatten)]
        policy: PolicyName,
    },
    /// List the inline policies of a user
    ListUserPolicies {
        #[command(flatten)]
        user: UserName,
    },
    /// Add an inline policy to a role, or replace the one of that name
    PutRolePolicy {
        #[command(flatten)]
        role: RoleName,
        #[command(flatten)]
        policy: PolicyName,
        #[command(flatten)]
        document: PolicyDocument,
    },
    /// Show an inline policy of a role
    GetRolePolicy {
        #[command(flatten)]
        role: RoleName,
        #[command(flatten)]
        policy: PolicyName,
    },
    /// Delete an inline policy of a role
    DeleteRolePolicy {
        #[command(flatten)]
        role: RoleName,
        #[command(flatten)]
        policy: PolicyName,
    },
    /// List the inline policies of a role
    ListRolePolicies {
        #[command(flatten)]
        role: RoleName,
    },
}

/// Which managed policies to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scope {
    /// All.
    #[value(name = "All")]
    All,
    /// Those that come with the program.
    #[value(name = "AWS")]
    Aws,
    /// Those of the account.
    #[value(name = "Local")]
    Local,
}

/// What can be done with managed policies.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "the help of each field is where it is declared"
)]
pub enum ManagedPolicyVerb {
    /// Make a managed policy
    CreatePolicy {
        #[command(flatten)]
        policy: PolicyName,
        #[command(flatten)]
        document: PolicyDocument,
        #[command(flatten)]
        path: NamePath,
        /// What to write about it
        #[arg(long, default_value = "")]
        description: String,
    },
    /// Show a managed policy
    GetPolicy {
        #[command(flatten)]
        policy: PolicyArn,
    },
    /// Show the document of a managed policy
    GetPolicyVersion {
        #[command(flatten)]
        policy: PolicyArn,
        /// Its version; there is one
        #[arg(long, value_name = "ID", default_value = "v1")]
        version_id: String,
    },
    /// Delete a managed policy that is attached to nothing
    DeletePolicy {
        #[command(flatten)]
        policy: PolicyArn,
    },
    /// List managed policies
    ListPolicies {
        /// Which
        #[arg(long, value_enum, default_value = "All")]
        scope: Scope,
    },
}

/// What can be done with policies on users and roles.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "the help of each field is where it is declared"
)]
pub enum AttachedPolicyVerb {
    /// Attach a managed policy to a user
    AttachUserPolicy {
        #[command(flatten)]
        user: UserName,
        #[command(flatten)]
        policy: PolicyArn,
    },
    /// Detach a managed policy from a user
    DetachUserPolicy {
        #[command(flatten)]
        user: UserName,
        #[command(flatten)]
        policy: PolicyArn,
    },
    /// List the managed policies that are attached to a user
    ListAttachedUserPolicies {
        #[command(flatten)]
        user: UserName,
    },
    /// Attach a managed policy to a role
    AttachRolePolicy {
        #[command(flatten)]
        role: RoleName,
        #[command(flatten)]
        policy: PolicyArn,
    },
    /// Detach a managed policy from a role
    DetachRolePolicy {
        #[command(flatten)]
        role: RoleName,
        #[command(flatten)]
        policy: PolicyArn,
    },
    /// List the managed policies that are attached to a role
    ListAttachedRolePolicies {
        #[command(flatten)]
        role: RoleName,
    },
}

/// Whether a key may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Status {
    /// It may.
    #[value(name = "Active")]
    Active,
    /// It may not.
    #[value(name = "Inactive")]
    Inactive,
}

/// What can be done with access keys.
#[derive(Debug, Subcommand)]
pub enum AccessKeyVerb {
    /// Make an access key and print its secret, once
    CreateAccessKey {
        /// The user; the account's root without
        #[arg(long, value_name = "NAME")]
        user_name: Option<String>,
    },
    /// Switch an access key on or off
    UpdateAccessKey {
        /// The key
        #[arg(long, value_name = "ID")]
        access_key_id: String,
        /// Whether it may be used
        #[arg(long, value_enum)]
        status: Status,
        /// The user; the account's root without
        #[arg(long, value_name = "NAME")]
        user_name: Option<String>,
    },
    /// Delete an access key; tokens and temporary credentials made with it end
    DeleteAccessKey {
        /// The key
        #[arg(long, value_name = "ID")]
        access_key_id: String,
        /// The user; the account's root without
        #[arg(long, value_name = "NAME")]
        user_name: Option<String>,
    },
    /// List access keys; secrets are never shown again
    ListAccessKeys {
        /// The user; the account's root without
        #[arg(long, value_name = "NAME")]
        user_name: Option<String>,
    },
}

/// What can be done with identity providers.
#[derive(Debug, Subcommand)]
pub enum ProviderVerb {
    /// Let roles of the account trust an issuer of OIDC tokens
    #[command(name = "create-open-id-connect-provider")]
    CreateOpenIdConnectProvider {
        /// The issuer, exactly as its tokens spell it
        #[arg(long, value_name = "URL")]
        url: String,
        /// The audiences that its tokens may be made for
        #[arg(long, value_name = "AUDIENCE", num_args = 1.., required = true)]
        client_id_list: Vec<String>,
        /// Taken and not used: the issuer's certificate is checked as any other is
        #[arg(long, value_name = "HEX", num_args = 0..)]
        thumbprint_list: Vec<String>,
        /// Let the issuer, and its keys, be in a private network or on this machine
        #[arg(long)]
        allow_private_network: bool,
        /// Certificate authorities to trust for it beside the machine's own: PEM, or file://PATH
        #[arg(long, value_name = "PEM|file://PATH")]
        certificate_authorities: Option<Document>,
    },
    /// List identity providers
    #[command(name = "list-open-id-connect-providers")]
    ListOpenIdConnectProviders,
    /// Show an identity provider
    #[command(name = "get-open-id-connect-provider")]
    GetOpenIdConnectProvider {
        /// Its ARN
        #[arg(long, value_name = "ARN")]
        open_id_connect_provider_arn: String,
    },
    /// Delete an identity provider
    #[command(name = "delete-open-id-connect-provider")]
    DeleteOpenIdConnectProvider {
        /// Its ARN
        #[arg(long, value_name = "ARN")]
        open_id_connect_provider_arn: String,
    },
}

/// A request that nobody makes.
#[derive(Debug, Args)]
pub struct Question {
    /// Who asks: the ARN of a user, a role or an account's root
    #[arg(long, value_name = "ARN")]
    pub principal: String,
    /// What for, e.g. codeartifact:ReadFromRepository
    #[arg(long, value_name = "ACTION")]
    pub action: String,
    /// Of what: an ARN, or *
    #[arg(long, value_name = "ARN", default_value = "*")]
    pub resource: String,
    /// The address that the request comes from
    #[arg(long, value_name = "IP")]
    pub source_ip: Option<std::net::IpAddr>,
    /// The request comes without TLS
    #[arg(long)]
    pub without_tls: bool,
}
