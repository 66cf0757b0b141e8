//! Why a request would be allowed or denied.

use std::sync::Arc;

use catalog::{Caller, RequestPlace};
use model::{Error, InvalidReason, Principal, PrincipalKind};
use serde_json::{Value, json};

use super::{Answer, Desk};
use crate::iam::Question;

impl Desk {
    pub(super) async fn explain(&self, question: Question) -> Answer {
        let principal = Principal::parse_arn(&question.principal).ok_or_else(|| {
            Error::invalid(
                InvalidReason::FieldValidation,
                format!(
                    "'{}' is not the ARN of a user, a role or an account's root, such as \
                     arn:aws:iam::{}:user/jane.",
                    question.principal, self.account
                ),
            )
        })?;
        match principal.kind {
            PrincipalKind::Root => {}
            PrincipalKind::User => drop(self.catalog.get_user(&principal).await?),
            PrincipalKind::Role => drop(self.catalog.get_role(&principal).await?),
        }
        let caller = Caller::known(Arc::new(principal.into())).at(RequestPlace {
            source_ip: question.source_ip,
            secure_transport: !question.without_tls,
        });
        let explained = self
            .catalog
            .explain(&caller, &question.action, &question.resource)
            .await?;
        let policies = explained.policies.iter().map(|finding| {
            let statements = finding.statements.iter().map(|statement| {
                json!({
                    "Statement": statement.index + 1,
                    "Sid": statement.sid,
                    "Effect": statement.effect.as_str(),
                })
            });
            json!({
                "Kind": finding.place.to_string(),
                "Policy": finding.label,
                "MatchedStatements": statements.collect::<Vec<Value>>(),
            })
        });
        let policies: Vec<Value> = policies.collect();
        let text = explained.to_string();
        Ok(Some(json!({
            "Principal": question.principal,
            "Action": question.action,
            "Resource": question.resource,
            "Decision": text.lines().next(),
            "Reasons": text.lines().skip(1).collect::<Vec<_>>(),
            "Policies": policies,
        })))
    }
}
