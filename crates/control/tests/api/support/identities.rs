//! Users and roles for a test, and calls of the security token service.

use access::SecretKey;
use catalog::{AccessKey, NewOidcProvider, NewRole};
use model::{AccountId, EpochMillis, Principal, PrincipalKind};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{ACCOUNT, Answer, Ask, Issuer, Service, Signing, post};

/// A user or role.
pub(crate) fn principal(account: &str, kind: PrincipalKind, name: &str) -> Principal {
    Principal {
        account: AccountId::parse(account).unwrap(),
        kind,
        name: name.into(),
    }
}

/// A policy that allows these actions on everything.
pub(crate) fn allows(actions: &[&str]) -> Value {
    json!({ "Version": "2012-10-17",
        "Statement": { "Effect": "Allow", "Action": actions, "Resource": "*" } })
}

/// A trust policy for these AWS principals.
pub(crate) fn trusts(principals: &[&str]) -> Value {
    json!({ "Version": "2012-10-17",
        "Statement": { "Effect": "Allow", "Principal": { "AWS": principals },
            "Action": ["sts:AssumeRole", "sts:TagSession"] } })
}

/// A call of the security token service, not signed yet.
pub(crate) fn sts(action: &str, members: &[(&str, &str)]) -> Ask {
    let all = [("Action", action), ("Version", "2011-06-15")];
    let pairs = all.iter().chain(members).map(|(name, value)| {
        let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        format!("{}={}", encode(name), encode(value))
    });
    let body = pairs.collect::<Vec<_>>().join("&");
    let kind = "application/x-www-form-urlencoded; charset=utf-8";
    post("/").header("content-type", kind).body(body.as_bytes())
}

/// Temporary credentials out of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Temporary {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: String,
}

impl Temporary {
    pub(crate) fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.text());
        Self {
            id: answer.xml("AccessKeyId"),
            secret: answer.xml("SecretAccessKey"),
            token: answer.xml("SessionToken"),
        }
    }

    pub(crate) fn signing(&self, service: &'static str, at: EpochMillis) -> Signing<'_> {
        Signing {
            id: &self.id,
            secret: &self.secret,
            token: Some(&self.token),
            region: super::REGION,
            service,
            at,
            presigned: false,
        }
    }

    /// A long-term key that is none: the id and the secret without the token.
    pub(crate) fn without_token(&self) -> AccessKey {
        AccessKey {
            id: self.id.clone(),
            secret: SecretKey::from_stored(self.secret.clone()),
            principal: principal(ACCOUNT, PrincipalKind::User, "nobody"),
            active: true,
            created_at: EpochMillis(0),
        }
    }
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    /// The text of the one element of this name.
    #[track_caller]
    pub(crate) fn xml(&self, name: &str) -> String {
        assert_eq!(self.header("content-type"), Some("text/xml"), "{self:?}");
        let text = self.text();
        let (_, rest) = text
            .split_once(&format!("<{name}>"))
            .unwrap_or_else(|| panic!("there is no {name} in {text}"));
        rest.split_once('<').unwrap().0.to_owned()
    }

    /// The message of a refusal by the security token service.
    #[track_caller]
    pub(crate) fn sts_refused(&self, status: u16, code: &str) -> String {
        assert_eq!(
            (self.status, self.xml("Code").as_str()),
            (status, code),
            "{}",
            self.text()
        );
        assert_eq!(self.xml("Type"), "Sender");
        assert_eq!(
            Some(&*self.xml("RequestId")),
            self.header("x-amzn-requestid")
        );
        self.xml("Message")
    }
}

impl Service {
    /// Calls the security token service with a long-term key.
    pub(crate) async fn sts(
        &self,
        key: &AccessKey,
        action: &str,
        members: &[(&str, &str)],
    ) -> Answer {
        let signing = Signing {
            service: "sts",
            ..Signing::by(key, self.catalog.now())
        };
        self.send(sts(action, members).signed(&signing)).await
    }

    /// Calls it with temporary credentials.
    pub(crate) async fn sts_as(
        &self,
        credentials: &Temporary,
        action: &str,
        members: &[(&str, &str)],
    ) -> Answer {
        let signing = credentials.signing("sts", self.catalog.now());
        self.send(sts(action, members).signed(&signing)).await
    }

    /// Calls the API with temporary credentials.
    pub(crate) async fn ask_in(&self, credentials: &Temporary, ask: Ask) -> Answer {
        let signing = credentials.signing("codeartifact", self.catalog.now());
        self.send(ask.signed(&signing)).await
    }

    /// Begins a session of `role/{name}`.
    pub(crate) async fn assume(
        &self,
        key: &AccessKey,
        name: &str,
        more: &[(&str, &str)],
    ) -> Answer {
        let arn = format!("arn:aws:iam::{ACCOUNT}:role/{name}");
        let mut members = vec![("RoleArn", arn.as_str()), ("RoleSessionName", "run-7")];
        members.retain(|(member, _)| more.iter().all(|(other, _)| other != member));
        members.extend(more);
        self.sts(key, "AssumeRole", &members).await
    }

    /// A user with an access key and one policy.
    pub(crate) async fn make_user(
        &self,
        account: &str,
        name: &str,
        policy: Option<&Value>,
    ) -> AccessKey {
        let user = principal(account, PrincipalKind::User, name);
        let root = self.root();
        let catalog = &self.catalog;
        catalog
            .create_user(&root, user.clone(), Vec::new())
            .await
            .unwrap();
        if let Some(policy) = policy {
            let policy = policy.to_string();
            let put = catalog.put_inline_policy(&root, &user, "own", &policy);
            put.await.unwrap();
        }
        catalog.create_access_key(&root, user).await.unwrap()
    }

    /// A role with a trust policy and one policy.
    pub(crate) async fn make_role(&self, name: &str, trust: &Value, policy: &Value) -> Principal {
        let role = principal(ACCOUNT, PrincipalKind::Role, name);
        let new = NewRole {
            principal: role.clone(),
            trust_policy: trust.to_string(),
            max_session_seconds: 7200,
            description: String::new(),
            tags: Vec::new(),
        };
        let root = self.root();
        self.catalog.create_role(&root, new).await.unwrap();
        let policy = policy.to_string();
        let put = self.catalog.put_inline_policy(&root, &role, "own", &policy);
        put.await.unwrap();
        role
    }

    /// Registers a provider; gives its ARN.
    pub(crate) async fn make_provider(&self, issuer: &Issuer) -> String {
        let new = NewOidcProvider {
            account: AccountId::parse(ACCOUNT).unwrap(),
            issuer: issuer.url.clone(),
            audiences: vec!["sts.example".into()],
            allow_private_network: true,
            certificate_authorities: None,
        };
        let made = self.catalog.create_oidc_provider(&self.root(), new).await;
        made.unwrap().arn()
    }
}
