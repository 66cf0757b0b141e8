//! Policies: inline, managed, attached.

use catalog::{ManagedPolicy, NewManagedPolicy};
use model::{Error, InvalidReason, Principal};
use serde_json::{Value, json};

use super::{Answer, Desk, all, answer, document, done, instant};
use crate::iam::{AttachedPolicyVerb, InlinePolicyVerb, ManagedPolicyVerb, Scope};

/// Policies have one version: a change is a new policy, or a new inline one.
const VERSION: &str = "v1";

fn shown_policy(policy: &ManagedPolicy) -> Value {
    let path = policy
        .arn
        .split_once(":policy")
        .map_or("/", |(_, rest)| rest);
    let path = path.strip_suffix(policy.name.as_str()).unwrap_or("/");
    let mut shown = json!({
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": path,
        "DefaultVersionId": VERSION,
        "AttachmentCount": policy.attachments,
        "IsAttachable": true,
        "CreateDate": instant(policy.created_at),
        "UpdateDate": instant(policy.created_at),
    });
    if !policy.description.is_empty() {
        shown["Description"] = policy.description.as_str().into();
    }
    shown
}

impl Desk {
    pub(super) async fn inline_policy(&self, verb: InlinePolicyVerb) -> Answer {
        use InlinePolicyVerb as V;
        let (catalog, root) = (&self.catalog, &self.root);
        match verb {
            V::PutUserPolicy {
                user,
                policy,
                document,
            } => {
                let user = self.user_named(user.user_name);
                let text = document.policy_document.into_text();
                done(
                    catalog
                        .put_inline_policy(root, &user, &policy.policy_name, &text)
                        .await,
                )
            }
            V::PutRolePolicy {
                role,
                policy,
                document,
            } => {
                let role = self.role_named(role.role_name);
                let text = document.policy_document.into_text();
                done(
                    catalog
                        .put_inline_policy(root, &role, &policy.policy_name, &text)
                        .await,
                )
            }
            V::GetUserPolicy { user, policy } => {
                let user = self.user_named(user.user_name);
                self.inline_document("UserName", &user, &policy.policy_name)
                    .await
            }
            V::GetRolePolicy { role, policy } => {
                let role = self.role_named(role.role_name);
                self.inline_document("RoleName", &role, &policy.policy_name)
                    .await
            }
            V::DeleteUserPolicy { user, policy } => {
                let user = self.user_named(user.user_name);
                done(
                    catalog
                        .delete_inline_policy(root, &user, &policy.policy_name)
                        .await,
                )
            }
            V::DeleteRolePolicy { role, policy } => {
                let role = self.role_named(role.role_name);
                done(
                    catalog
                        .delete_inline_policy(root, &role, &policy.policy_name)
                        .await,
                )
            }
            V::ListUserPolicies { user } => {
                let user = self.user_named(user.user_name);
                answer(
                    "PolicyNames",
                    json!(catalog.list_inline_policies(&user).await?),
                )
            }
            V::ListRolePolicies { role } => {
                let role = self.role_named(role.role_name);
                answer(
                    "PolicyNames",
                    json!(catalog.list_inline_policies(&role).await?),
                )
            }
        }
    }

    async fn inline_document(&self, member: &str, principal: &Principal, name: &str) -> Answer {
        let text = self.catalog.get_inline_policy(principal, name).await?;
        let mut shown = serde_json::Map::new();
        shown.insert(member.to_owned(), principal.short_name().into());
        shown.insert("PolicyName".to_owned(), name.into());
        shown.insert("PolicyDocument".to_owned(), document(&text));
        Ok(Some(Value::Object(shown)))
    }

    pub(super) async fn managed_policy(&self, verb: ManagedPolicyVerb) -> Answer {
        use ManagedPolicyVerb as V;
        let (catalog, root) = (&self.catalog, &self.root);
        match verb {
            V::CreatePolicy {
                policy,
                document,
                path,
                description,
            } => {
                let new = NewManagedPolicy {
                    account: self.account.clone(),
                    path: catalog::read_path(&path.path)?.to_owned(),
                    name: policy.policy_name,
                    document: document.policy_document.into_text(),
                    description,
                };
                let made = catalog.create_managed_policy(root, new).await?;
                answer("Policy", shown_policy(&made))
            }
            V::GetPolicy { policy } => {
                let policy = catalog.get_managed_policy(&policy.policy_arn).await?;
                answer("Policy", shown_policy(&policy))
            }
            V::GetPolicyVersion { policy, version_id } => {
                let policy = catalog.get_managed_policy(&policy.policy_arn).await?;
                if version_id != VERSION {
                    return Err(Error::invalid(
                        InvalidReason::Other,
                        format!(
                            "Policy {} has no version {version_id}; it has {VERSION}.",
                            policy.arn
                        ),
                    ));
                }
                let shown = json!({
                    "Document": document(&policy.document),
                    "VersionId": VERSION,
                    "IsDefaultVersion": true,
                    "CreateDate": instant(policy.created_at),
                });
                answer("PolicyVersion", shown)
            }
            V::DeletePolicy { policy } => done(
                catalog
                    .delete_managed_policy(root, &policy.policy_arn)
                    .await,
            ),
            V::ListPolicies { scope } => {
                let mut policies = Vec::new();
                if scope != Scope::Aws {
                    policies = all(async |after, limit| {
                        let after = after.as_deref();
                        catalog
                            .list_managed_policies(&self.account, after, limit)
                            .await
                    })
                    .await?;
                }
                if scope != Scope::Local {
                    policies.extend(catalog.built_in_policies());
                }
                answer("Policies", policies.iter().map(shown_policy).collect())
            }
        }
    }

    pub(super) async fn attached_policy(&self, verb: AttachedPolicyVerb) -> Answer {
        use AttachedPolicyVerb as V;
        let (catalog, root) = (&self.catalog, &self.root);
        match verb {
            V::AttachUserPolicy { user, policy } => {
                let user = self.user_named(user.user_name);
                done(catalog.attach_policy(root, &user, &policy.policy_arn).await)
            }
            V::AttachRolePolicy { role, policy } => {
                let role = self.role_named(role.role_name);
                done(catalog.attach_policy(root, &role, &policy.policy_arn).await)
            }
            V::DetachUserPolicy { user, policy } => {
                let user = self.user_named(user.user_name);
                done(catalog.detach_policy(root, &user, &policy.policy_arn).await)
            }
            V::DetachRolePolicy { role, policy } => {
                let role = self.role_named(role.role_name);
                done(catalog.detach_policy(root, &role, &policy.policy_arn).await)
            }
            V::ListAttachedUserPolicies { user } => {
                self.attached(&self.user_named(user.user_name)).await
            }
            V::ListAttachedRolePolicies { role } => {
                self.attached(&self.role_named(role.role_name)).await
            }
        }
    }

    async fn attached(&self, principal: &Principal) -> Answer {
        let policies = self.catalog.list_attached_policies(principal).await?;
        let shown = policies
            .iter()
            .map(|policy| json!({ "PolicyName": policy.name, "PolicyArn": policy.arn }));
        answer("AttachedPolicies", shown.collect())
    }
}
