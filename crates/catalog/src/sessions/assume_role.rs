//! AssumeRole.

use access::{AuthorizeInput, Policies, RequestContext, authorize};
use model::{Action, Error, Principal, PrincipalKind, Result};

use super::issuing::{Order, check_session_tags, invalid};
use super::trust::Wanted;
use super::{IssuedSession, SessionFailure};
use crate::identities::{Tag, check_session_name};
use crate::{Caller, Catalog};

/// When nothing is asked for, and the most that a session may have that was begun out of another.
const HOUR: i64 = 3_600;

/// What AssumeRole is asked with.
#[derive(Debug, Clone, Default)]
pub struct AssumeRole {
    /// The ARN of the role.
    pub role_arn: String,
    /// What to call the session.
    pub session_name: String,
    /// How long it shall be, in seconds.
    pub seconds: Option<i64>,
    /// A policy that narrows it.
    pub policy: Option<String>,
    /// Managed policies that narrow it.
    pub policy_arns: Vec<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// The keys of those that go on into sessions begun out of it.
    pub transitive_tag_keys: Vec<String>,
    /// What the role's owner and whoever assumes it agreed upon.
    pub external_id: Option<String>,
}

/// The role of an ARN that a caller sent.
pub(super) fn read_role(arn: &str) -> Result<Principal> {
    Principal::parse_arn(arn)
        .filter(|principal| principal.kind == PrincipalKind::Role)
        .ok_or_else(|| {
            let shown: String = arn.chars().filter(|c| !c.is_control()).take(256).collect();
            invalid(format!(
                "'{shown}' is not the ARN of a role; it looks like arn:aws:iam::111122223333:role/NAME."
            ))
        })
}

/// How long a session of a role may be.
pub(super) fn check_seconds(asked: Option<i64>, most: i64, is_chained: bool) -> Result<i64> {
    let seconds = asked.unwrap_or(HOUR);
    if is_chained && seconds > HOUR {
        return Err(invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.".into(),
        ));
    }
    if seconds > most {
        return Err(invalid(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
                .into(),
        ));
    }
    Ok(seconds)
}

impl Catalog {
    /// Begins a session of a role that trusts the caller.
    pub async fn assume_role(
        &self,
        caller: &Caller,
        asked: AssumeRole,
    ) -> Result<IssuedSession, SessionFailure> {
        let role = read_role(&asked.role_arn)?;
        check_session_name(&asked.session_name)?;
        check_session_tags(&asked.tags)?;
        let (inherited, transitive_tag_keys) = transitive(caller, &asked)?;
        let wanted = self.wanted_role(&role).await?;
        let context = self.assume_context(caller, &asked).await?;
        let mut actions = vec![Action::sts("AssumeRole")];
        if !asked.tags.is_empty() || !asked.transitive_tag_keys.is_empty() {
            actions.push(Action::sts("TagSession"));
        }
        for action in actions {
            self.allow_assuming(caller, action, &wanted, &context)
                .await?;
        }
        let (principal_id, role) = wanted
            .role
            .ok_or_else(|| Error::internal("a role that does not exist was about to be assumed"))?;
        let is_chained = caller.identity().session.is_some();
        let seconds = check_seconds(asked.seconds, role.max_session_seconds, is_chained)?;
        let policies = self
            .session_policies(
                &role.principal.account,
                asked.policy.as_deref(),
                &asked.policy_arns,
            )
            .await?;
        self.issue(Order {
            principal: role.principal,
            principal_id,
            unique_id: role.id,
            name: Some(asked.session_name),
            policies,
            tags: inherited.into_iter().chain(asked.tags).collect(),
            transitive_tag_keys,
            access_key: None,
            seconds,
        })
    }

    /// The role must trust the caller; the caller's own policies must allow it where the role only trusts its account, or
    /// is of another account.
    async fn allow_assuming(
        &self,
        caller: &Caller,
        action: Action,
        wanted: &Wanted,
        context: &RequestContext,
    ) -> Result<()> {
        let rights = self.identity_rights(caller.principal()).await?;
        let input = AuthorizeInput {
            identity: caller.identity(),
            action,
            resource: &wanted.arn,
            resource_owner: &wanted.account,
            context,
        };
        let policies = Policies {
            identity: &rights.policies,
            session: caller.session_policies(),
            resource: std::slice::from_ref(&wanted.trust),
        };
        authorize(&input, &policies).into_result(&input)
    }

    async fn assume_context(&self, caller: &Caller, asked: &AssumeRole) -> Result<RequestContext> {
        let rights = self.identity_rights(caller.principal()).await?;
        let mut context = self.caller_context(caller, &rights);
        let mut other = vec![(
            "sts:rolesessionname".to_owned(),
            vec![asked.session_name.clone()],
        )];
        if let Some(id) = &asked.external_id {
            other.push(("sts:externalid".to_owned(), vec![id.clone()]));
        }
        if !asked.transitive_tag_keys.is_empty() {
            let keys = asked.transitive_tag_keys.clone();
            other.push(("sts:transitivetagkeys".to_owned(), keys));
        }
        context.other = other;
        context.tag_keys = asked.tags.iter().map(|(key, _)| key.clone()).collect();
        context.request_tags = asked.tags.clone();
        Ok(context)
    }
}

/// The tags that come along from the session that the caller acts through, and the keys of all that go on from here.
fn transitive(
    caller: &Caller,
    asked: &AssumeRole,
) -> Result<(Vec<Tag>, Vec<String>), SessionFailure> {
    let same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
    for key in &asked.transitive_tag_keys {
        if !asked.tags.iter().any(|(tag, _)| same(tag, key)) {
            return Err(invalid(format!(
                "The transitive tag key '{key}' is not one of the tags that were passed."
            ))
            .into());
        }
    }
    let mut keys = asked.transitive_tag_keys.clone();
    let Some(session) = caller.session().map(super::CallerSession::session) else {
        return Ok((Vec::new(), keys));
    };
    let goes_on = |tag: &&Tag| {
        session
            .transitive_tag_keys
            .iter()
            .any(|key| same(key, &tag.0))
    };
    let inherited: Vec<Tag> = session.tags.iter().filter(goes_on).cloned().collect();
    for (key, _) in &inherited {
        if asked.tags.iter().any(|(tag, _)| same(tag, key)) {
            return Err(invalid(format!(
                "The tag '{key}' comes from the session before, and cannot be passed again."
            ))
            .into());
        }
    }
    keys.extend(inherited.iter().map(|(key, _)| key.clone()));
    Ok((inherited, keys))
}
