//! Users and roles.

use catalog::{NewRole, Role, User};
use model::PrincipalKind;
use serde_json::{Value, json};

use super::{Answer, Desk, all, answer, document, done, instant, tags};
use crate::iam::{RoleVerb, TagList, UserVerb};

fn shown_user(user: &User) -> Value {
    let mut shown = json!({
        "Path": user.principal.path(),
        "UserName": user.principal.short_name(),
        "UserId": user.id,
        "Arn": user.principal.to_string(),
        "CreateDate": instant(user.created_at),
    });
    add_tags(&mut shown, &user.tags);
    shown
}

fn shown_role(role: &Role) -> Value {
    let mut shown = json!({
        "Path": role.principal.path(),
        "RoleName": role.principal.short_name(),
        "RoleId": role.id,
        "Arn": role.principal.to_string(),
        "CreateDate": instant(role.created_at),
        "AssumeRolePolicyDocument": document(&role.trust_policy),
    });
    if !role.description.is_empty() {
        shown["Description"] = role.description.as_str().into();
    }
    shown["MaxSessionDuration"] = role.max_session_seconds.into();
    add_tags(&mut shown, &role.tags);
    shown
}

fn add_tags(shown: &mut Value, of: &[(String, String)]) {
    if !of.is_empty() {
        shown["Tags"] = tags(of);
    }
}

impl Desk {
    pub(super) async fn user(&self, verb: UserVerb) -> Answer {
        let (catalog, root) = (&self.catalog, &self.root);
        match verb {
            UserVerb::CreateUser { user, path, tags } => {
                let principal =
                    self.new_principal(PrincipalKind::User, &path.path, &user.user_name)?;
                let tags = TagList::join(tags.tags);
                let user = catalog.create_user(root, principal, tags).await?;
                answer("User", shown_user(&user))
            }
            UserVerb::GetUser { user } => {
                let user = catalog.get_user(&self.user_named(user.user_name)).await?;
                answer("User", shown_user(&user))
            }
            UserVerb::DeleteUser { user } => {
                let user = self.user_named(user.user_name);
                done(catalog.delete_user(root, &user).await)
            }
            UserVerb::ListUsers => {
                let users = all(async |after, limit| {
                    catalog
                        .list_users(&self.account, after.as_deref(), limit)
                        .await
                });
                answer("Users", users.await?.iter().map(shown_user).collect())
            }
            UserVerb::TagUser { user, tags } => {
                let user = self.user_named(user.user_name);
                let tags = TagList::join(tags.tags);
                done(catalog.tag_principal(root, &user, tags).await)
            }
            UserVerb::UntagUser { user, keys } => {
                let user = self.user_named(user.user_name);
                done(catalog.untag_principal(root, &user, keys.tag_keys).await)
            }
            UserVerb::ListUserTags { user } => {
                let user = self.user_named(user.user_name);
                answer("Tags", tags(&catalog.list_principal_tags(&user).await?))
            }
        }
    }

    pub(super) async fn role(&self, verb: RoleVerb) -> Answer {
        let (catalog, root) = (&self.catalog, &self.root);
        match verb {
            RoleVerb::CreateRole {
                role,
                assume_role_policy_document,
                path,
                description,
                max_session_duration,
                tags,
            } => {
                let new = NewRole {
                    principal: self.new_principal(
                        PrincipalKind::Role,
                        &path.path,
                        &role.role_name,
                    )?,
                    trust_policy: assume_role_policy_document.into_text(),
                    max_session_seconds: max_session_duration,
                    description,
                    tags: TagList::join(tags.tags),
                };
                answer("Role", shown_role(&catalog.create_role(root, new).await?))
            }
            RoleVerb::GetRole { role } => {
                let role = catalog.get_role(&self.role_named(role.role_name)).await?;
                answer("Role", shown_role(&role))
            }
            RoleVerb::DeleteRole { role } => {
                let role = self.role_named(role.role_name);
                done(catalog.delete_role(root, &role).await)
            }
            RoleVerb::ListRoles => {
                let roles = all(async |after, limit| {
                    catalog
                        .list_roles(&self.account, after.as_deref(), limit)
                        .await
                });
                answer("Roles", roles.await?.iter().map(shown_role).collect())
            }
            RoleVerb::UpdateAssumeRolePolicy { role, document } => {
                let role = self.role_named(role.role_name);
                let text = document.policy_document.into_text();
                done(catalog.update_assume_role_policy(root, &role, &text).await)
            }
            RoleVerb::TagRole { role, tags } => {
                let role = self.role_named(role.role_name);
                let tags = TagList::join(tags.tags);
                done(catalog.tag_principal(root, &role, tags).await)
            }
            RoleVerb::UntagRole { role, keys } => {
                let role = self.role_named(role.role_name);
                done(catalog.untag_principal(root, &role, keys.tag_keys).await)
            }
            RoleVerb::ListRoleTags { role } => {
                let role = self.role_named(role.role_name);
                answer("Tags", tags(&catalog.list_principal_tags(&role).await?))
            }
        }
    }
}
