//! Tests of the policy language. Here are the builders; the cases are in the files beside.

mod conditions;
mod documented;
mod patterns;
mod principals;
mod reference;
mod refusals;
mod variables;

use std::sync::Arc;

use model::{
    AccountId, Action, Arn, ArnScope, DomainName, FormatId, Identity, Namespace,
    PackageCoordinates, PackageName, Principal, PrincipalKind, RepositoryName,
};

use super::*;
use crate::decision::{AuthorizeInput, Decision, Policies, RequestContext, authorize};

/// The account that owns what is asked for.
const HOME: &str = "111122223333";
/// Another one.
const AWAY: &str = "444455556666";

const JANE: &str = "arn:aws:iam::111122223333:user/jane";
const ROOT: &str = "arn:aws:iam::111122223333:root";
const BUILD: &str = "arn:aws:sts::111122223333:assumed-role/ci/build-7";
const STRANGER: &str = "arn:aws:iam::444455556666:user/sam";

/// Who has this ARN.
fn identity(arn: &str) -> Identity {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let account = AccountId::parse(parts[4]).unwrap();
    let names: Vec<&str> = parts[5].split('/').collect();
    let (kind, name, session) = match names[..] {
        ["root"] => (PrincipalKind::Root, "", None),
        ["user", name] => (PrincipalKind::User, name, None),
        ["role", name] => (PrincipalKind::Role, name, None),
        ["assumed-role", name, session] => (PrincipalKind::Role, name, Some(session.to_owned())),
        _ => panic!("nobody is called {arn}"),
    };
    Identity {
        principal: Principal {
            account,
            kind,
            name: name.into(),
        },
        session,
    }
}

/// `repository/acme/team-a`, `package/acme/team-a/npm//react`, `domain/acme` or `*`.
fn resource(path: &str) -> Arn {
    let scope = ArnScope {
        partition: "aws".into(),
        region: "us-west-2".into(),
    };
    let owner = AccountId::parse(HOME).unwrap();
    let domain = |name: &str| DomainName::parse(name).unwrap();
    let repository = |name: &str| RepositoryName::parse(name).unwrap();
    match path.splitn(6, '/').collect::<Vec<_>>()[..] {
        ["*"] => Arn::any(),
        ["domain", name] => scope.domain(&owner, &domain(name)),
        ["repository", in_domain, name] => {
            scope.repository(&owner, &domain(in_domain), &repository(name))
        }
        ["package", in_domain, in_repository, format, namespace, name] => scope.package(
            &owner,
            &domain(in_domain),
            &repository(in_repository),
            &PackageCoordinates {
                format: FormatId::new(if format == "npm" { "npm" } else { "generic" }),
                namespace: (!namespace.is_empty()).then(|| Namespace::parse(namespace).unwrap()),
                name: PackageName::parse(name).unwrap(),
            },
        ),
        _ => panic!("there is no resource {path}"),
    }
}

/// A request, with everything that policies can see of it.
#[derive(Debug)]
struct Request {
    identity: Identity,
    action: Action,
    resource: Arn,
    owner: AccountId,
    context: RequestContext,
}

impl Request {
    /// Reading from a repository of the home account.
    fn by(who: &str) -> Self {
        Self {
            identity: identity(who),
            action: Action::READ_FROM_REPOSITORY,
            resource: resource("repository/acme/team-a"),
            owner: AccountId::parse(HOME).unwrap(),
            context: RequestContext::default(),
        }
    }

    fn of(mut self, action: Action, path: &str) -> Self {
        self.action = action;
        self.resource = resource(path);
        self
    }

    fn input(&self) -> AuthorizeInput<'_> {
        AuthorizeInput {
            identity: &self.identity,
            action: self.action,
            resource: &self.resource,
            resource_owner: &self.owner,
            context: &self.context,
        }
    }

    fn question(&self) -> Question<'_> {
        self.input().question()
    }

    fn verdict(&self, policy: &Policy) -> Verdict {
        policy.judge(&self.question()).verdict
    }
}

/// A document of the current version with these statements.
fn document(statements: &str) -> String {
    format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#)
}

fn own(statements: &str) -> Policy {
    Policy::parse(PolicyKind::Identity, &document(statements)).unwrap()
}

fn on_resource(statements: &str) -> Policy {
    Policy::parse(PolicyKind::Resource, &document(statements)).unwrap()
}

fn on_role(statements: &str) -> Policy {
    Policy::parse(PolicyKind::Trust, &document(statements)).unwrap()
}

/// A policy of a principal that allows reading under a condition.
fn reading_if(condition: &str) -> Policy {
    own(&format!(
        r#"{{"Effect": "Allow", "Action": "codeartifact:ReadFromRepository", "Resource": "*", "Condition": {condition}}}"#
    ))
}

fn shared(policies: Vec<Policy>) -> Vec<Arc<Policy>> {
    policies.into_iter().map(Arc::new).collect()
}

fn decide(
    request: &Request,
    identity: Vec<Policy>,
    session: Vec<Policy>,
    resource: Vec<Policy>,
) -> Decision {
    authorize(
        &request.input(),
        &Policies {
            identity: &shared(identity),
            session: &shared(session),
            resource: &shared(resource),
        },
    )
}
