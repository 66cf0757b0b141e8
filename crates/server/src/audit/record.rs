//! One audit record, as CloudTrail has them (user guide of CloudTrail, "Record contents"; of CodeArtifact, "Logging API
//! calls").
//!
//! CloudTrail gives each of up to three accounts a copy. Here it is one line: `recipientAccountId` is the account of who
//! asked, and `recipientAccountIds` all that a copy is due to.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use catalog::{Caller, PackageRequest, RequestFacts, RequestParameters};
use http::Method;
use model::{AccountId, PrincipalKind};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use uuid::{Builder, Uuid};

use super::AuditEntry;
use crate::config::Config;
use crate::logging::push_on_one_line;

const EVENT_VERSION: &str = "1.08";
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";
/// Longer texts of callers are cut.
const MOST_TEXT_BYTES: usize = 1024;

/// What is the same in every record of a server.
#[derive(Debug)]
pub(super) struct Installation {
    account: AccountId,
    region: String,
    next: AtomicU64,
    keys: [RandomState; 2],
}

impl Installation {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            account: config.account.clone(),
            region: config.region.clone(),
            next: AtomicU64::new(0),
            keys: [RandomState::new(), RandomState::new()],
        }
    }

    /// The id of another record: no secret, so the system is not asked for randomness each time.
    fn next_id(&self) -> Uuid {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let [high, low] = self.keys.each_ref().map(|key| key.hash_one(number));
        let bits = u128::from(high) << 64 | u128::from(low);
        Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    event_version: &'static str,
    user_identity: UserIdentity<'a>,
    event_time: String,
    event_source: &'static str,
    event_name: &'a str,
    aws_region: &'a str,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: String,
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
    request_parameters: Option<Members<'a>>,
    response_elements: Option<ResponseElements>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_event_data: Option<AdditionalEventData<'a>>,
    #[serde(rename = "requestID")]
    request_id: &'a str,
    #[serde(rename = "eventID")]
    event_id: String,
    read_only: bool,
    event_type: &'static str,
    recipient_account_id: &'a str,
    recipient_account_ids: Vec<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserIdentity<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_context: Option<SessionContext<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionContext<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    session_issuer: Option<SessionIssuer<'a>>,
    attributes: SessionAttributes,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionIssuer<'a> {
    r#type: &'static str,
    principal_id: &'a str,
    arn: String,
    account_id: &'a str,
    user_name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionAttributes {
    #[serde(skip_serializing_if = "Option::is_none")]
    creation_date: Option<String>,
    mfa_authenticated: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseElements {
    session_token: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AdditionalEventData<'a> {
    http_method: &'a str,
    request_uri: String,
}

/// What a request named.
struct Members<'a>(Vec<(&'static str, &'a str)>);

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, cut(value))?;
        }
        map.end()
    }
}

/// Writes the record of a request as one line.
pub(super) fn write(entry: &AuditEntry, installation: &Installation, line: &mut Vec<u8>) {
    let facts = entry.facts.as_ref();
    let caller = facts.and_then(|facts| facts.caller.as_ref());
    let recipients = recipients(facts, installation);
    let failure = facts.and_then(|facts| facts.failure.as_ref());
    let (error_code, error_message) = match (failure, facts) {
        (Some(failure), _) => (Some(failure.code), Some(cut(&failure.message))),
        (None, Some(_)) => (None, None),
        // Refused by its form, or ended by a fault of ours.
        (None, None) if entry.status.is_server_error() => (Some("InternalServerException"), None),
        (None, None) if entry.status.is_client_error() => (Some("ValidationException"), None),
        (None, None) => (None, None),
    };
    let is_reading_method = matches!(entry.method, Method::GET | Method::HEAD);
    let event_name = facts.map_or("UnknownOperation", |facts| facts.event);
    let makes_token = event_name == "GetAuthorizationToken" && error_code.is_none();
    let record = Record {
        event_version: EVENT_VERSION,
        user_identity: user_identity(caller),
        event_time: instant(entry.at),
        event_source: facts.map_or(RequestFacts::SERVICE, |facts| facts.source),
        event_name,
        aws_region: &installation.region,
        source_ip_address: entry.source_ip.to_string(),
        user_agent: entry
            .user_agent
            .as_ref()
            .and_then(|value| value.to_str().ok())
            .map(cut),
        error_code,
        error_message,
        request_parameters: facts.and_then(|facts| request_parameters(&facts.parameters)),
        response_elements: makes_token.then_some(ResponseElements {
            session_token: HIDDEN,
        }),
        additional_event_data: additional_event_data(entry, facts),
        request_id: &entry.request_id,
        event_id: installation.next_id().to_string(),
        read_only: facts.map_or(is_reading_method, |facts| facts.is_read_only),
        event_type: "AwsApiCall",
        recipient_account_id: recipients[0],
        recipient_account_ids: recipients,
    };
    let json = serde_json::to_string(&record).expect("texts and numbers become JSON");
    push_on_one_line(&json, line);
    line.push(b'\n');
}

/// The accounts that the record is for: of who asked, of the repository's administrator, of the domain's owner.
fn recipients<'a>(facts: Option<&'a RequestFacts>, installation: &'a Installation) -> Vec<&'a str> {
    let mut accounts = Vec::with_capacity(3);
    if let Some(facts) = facts {
        let asked = facts.caller.as_ref().map(Caller::account);
        for account in [asked, facts.administrator.as_ref(), facts.owner.as_ref()] {
            if let Some(account) = account.map(AccountId::as_str)
                && !accounts.contains(&account)
            {
                accounts.push(account);
            }
        }
    }
    if accounts.is_empty() {
        accounts.push(installation.account.as_str());
    }
    accounts
}

fn user_identity(caller: Option<&Caller>) -> UserIdentity<'_> {
    let Some(caller) = caller else {
        return UserIdentity {
            r#type: "Unknown",
            principal_id: None,
            arn: None,
            account_id: None,
            access_key_id: None,
            user_name: None,
            session_context: None,
        };
    };
    let principal = caller.principal();
    let session = caller.identity().session.as_deref();
    let (name, account) = (principal.name.as_str(), principal.account.as_str());
    let (r#type, principal_id, user_name) = match (principal.kind, session) {
        (PrincipalKind::Root, _) => ("Root", account.to_owned(), None),
        (PrincipalKind::User, _) => ("IAMUser", name.to_owned(), Some(name)),
        (PrincipalKind::Role, Some(session)) => ("AssumedRole", format!("{name}:{session}"), None),
        (PrincipalKind::Role, None) => ("Role", name.to_owned(), None),
    };
    let issuer = (principal.kind == PrincipalKind::Role).then(|| SessionIssuer {
        r#type: "Role",
        principal_id: name,
        arn: principal.to_string(),
        account_id: account,
        user_name: name,
    });
    let token_issued_at = caller.token_issued_at();
    let session_context = (issuer.is_some() || token_issued_at.is_some()).then(|| SessionContext {
        session_issuer: issuer,
        attributes: SessionAttributes {
            creation_date: token_issued_at.map(|at| rfc3339(at.0.div_euclid(1000))),
            mfa_authenticated: "false",
        },
    });
    UserIdentity {
        r#type,
        principal_id: Some(principal_id),
        arn: Some(caller.identity().to_string()),
        account_id: Some(account),
        access_key_id: caller.access_key(),
        user_name,
        session_context,
    }
}

fn request_parameters(parameters: &RequestParameters) -> Option<Members<'_>> {
    let members: Vec<(&'static str, &str)> = match parameters {
        RequestParameters::Call(members) => members
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect(),
        RequestParameters::Package(request) => {
            let PackageRequest {
                domain,
                repository,
                format,
                package,
                version,
                ..
            } = &**request;
            let domain = domain.as_ref();
            let namespace = package
                .as_ref()
                .and_then(|package| package.namespace.as_ref());
            let format = (!format.is_empty()).then_some(*format);
            [
                ("domainName", domain.map(|domain| domain.name.as_str())),
                ("domainOwner", domain.map(|domain| domain.owner.as_str())),
                (
                    "repositoryName",
                    repository.as_ref().map(|name| name.as_str()),
                ),
                ("packageFormat", format),
                ("packageNamespace", namespace.map(|name| name.as_str())),
                (
                    "packageName",
                    package.as_ref().map(|package| package.name.as_str()),
                ),
                ("packageVersion", version.as_ref().map(|name| name.as_str())),
            ]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
        }
    };
    (!members.is_empty()).then_some(Members(members))
}

/// Method and path of a package client's request, without what only names domain and repository: they stand among the
/// parameters.
fn additional_event_data<'a>(
    entry: &'a AuditEntry,
    facts: Option<&RequestFacts>,
) -> Option<AdditionalEventData<'a>> {
    let skipped = match facts.map(|facts| &facts.parameters) {
        Some(RequestParameters::Call(_)) => return None,
        Some(RequestParameters::Package(request)) => request.address_segments,
        None => 0,
    };
    let path = entry.uri.path();
    let segments = path.split('/').skip(1);
    let kept = segments
        .enumerate()
        .filter(|(index, _)| *index == 0 || *index > skipped);
    let mut request_uri = String::with_capacity(path.len());
    for (_, segment) in kept {
        request_uri.push('/');
        request_uri.push_str(segment);
    }
    request_uri.truncate(cut(&request_uri).len());
    Some(AdditionalEventData {
        http_method: entry.method.as_str(),
        request_uri,
    })
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(MOST_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn instant(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    rfc3339(i64::try_from(since.as_secs()).unwrap_or_default())
}

fn rfc3339(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| String::new(), |at| at.to_string())
}
