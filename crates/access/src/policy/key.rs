//! Condition keys: what conditions and variables can see of a request.
//!
//! Names are read once, when the policy is parsed. What a request does not have is absent, which operators treat as
//! documented: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>.

use std::borrow::Cow;
use std::net::IpAddr;

use jiff::Timestamp;
use model::{Action, EpochMillis, Identity, PrincipalKind};

use super::error::{PolicyError, quoted};
use super::question::{Asker, Question};

/// The service that bearer tokens are for: the value of `sts:AWSServiceName`.
const BEARER_TOKEN_SERVICE: &str = "codeartifact.amazonaws.com";

/// A condition key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    PrincipalArn,
    PrincipalAccount,
    PrincipalType,
    PrincipalTag(Box<str>),
    UserId,
    UserName,
    SourceIp,
    SecureTransport,
    CurrentTime,
    EpochTime,
    TokenIssueTime,
    ResourceTag(Box<str>),
    RequestTag(Box<str>),
    TagKeys,
    ResourceAccount,
    RequestedRegion,
    /// `sts:AWSServiceName`, which has one possible value here.
    BearerTokenService,
    /// `aws:PrincipalIsAWSService` and `aws:ViaAWSService`: nothing here is a service of AWS.
    ByService,
    /// Never there: the service does not support `aws:Referer` and `aws:UserAgent`.
    Unsupported,
    /// Looked up among the other keys of the request; lower case.
    Other(Box<str>),
}

/// One value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    Flag(bool),
    Address(IpAddr),
    /// A date and time.
    Instant(EpochMillis),
    /// Seconds since 1970.
    Epoch(EpochMillis),
}

impl Value<'_> {
    /// The value as operators on strings see it.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Flag(true) => "true".into(),
            Self::Flag(false) => "false".into(),
            Self::Address(address) => address.to_string().into(),
            Self::Instant(instant) => Timestamp::from_second(instant.0.div_euclid(1000))
                .map_or_else(|_| String::new(), |instant| instant.to_string())
                .into(),
            Self::Epoch(instant) => instant.0.div_euclid(1000).to_string().into(),
        }
    }
}

/// The values of a key that is there.
#[derive(Debug, Clone)]
pub(super) enum Found<'a> {
    One(Value<'a>),
    Texts(&'a [String]),
    KeysOf(&'a [(String, String)]),
}

impl Found<'_> {
    pub(super) fn all(&self, mut test: impl FnMut(&Value<'_>) -> bool) -> bool {
        match self {
            Self::One(value) => test(value),
            Self::Texts(texts) => texts
                .iter()
                .all(|text| test(&Value::Text(Cow::Borrowed(text)))),
            Self::KeysOf(pairs) => pairs
                .iter()
                .all(|(key, _)| test(&Value::Text(Cow::Borrowed(key)))),
        }
    }

    /// Whether there is nothing in it: set operators take empty text for no value.
    pub(super) fn is_empty(&self) -> bool {
        self.all(|value| matches!(value, Value::Text(text) if text.is_empty()))
    }

    /// The value, where there is exactly one.
    pub(super) fn single(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::One(value) => Some(value.text()),
            Self::Texts([text]) => Some(Cow::Borrowed(text)),
            Self::Texts(_) | Self::KeysOf(_) => None,
        }
    }
}

impl Key {
    /// Reads a key's name. Names are not case-sensitive, those of tags included.
    pub(super) fn parse(name: &str) -> Result<Self, PolicyError> {
        let lower = name.to_ascii_lowercase();
        for (prefix, tag) in [
            (
                "aws:principaltag/",
                Self::PrincipalTag as fn(Box<str>) -> Self,
            ),
            ("aws:resourcetag/", Self::ResourceTag),
            ("aws:requesttag/", Self::RequestTag),
        ] {
            if lower.starts_with(prefix) {
                return match &name[prefix.len()..] {
                    "" => Err(PolicyError::new(format!(
                        "The condition key {} does not say which tag.",
                        quoted(name)
                    ))),
                    key => Ok(tag(key.into())),
                };
            }
        }
        let (vendor, rest) = lower.rsplit_once(':').ok_or_else(|| {
            PolicyError::new(format!(
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. The condition key {} is not; \
                 write for example aws:username.",
                quoted(name)
            ))
        })?;
        let odd = |c: char| c.is_whitespace() || c.is_control() || "*?${}\"',".contains(c);
        if vendor.is_empty() || rest.is_empty() || lower.contains(odd) {
            return Err(PolicyError::new(format!(
                "{} is not the name of a condition key.",
                quoted(name)
            )));
        }
        Ok(match lower.as_str() {
            "aws:principalarn" => Self::PrincipalArn,
            "aws:principalaccount" => Self::PrincipalAccount,
            "aws:principaltype" => Self::PrincipalType,
            "aws:userid" => Self::UserId,
            "aws:username" => Self::UserName,
            "aws:sourceip" => Self::SourceIp,
            "aws:securetransport" => Self::SecureTransport,
            "aws:currenttime" => Self::CurrentTime,
            "aws:epochtime" => Self::EpochTime,
            "aws:tokenissuetime" => Self::TokenIssueTime,
            "aws:tagkeys" => Self::TagKeys,
            "aws:resourceaccount" => Self::ResourceAccount,
            "aws:requestedregion" => Self::RequestedRegion,
            "aws:principalisawsservice" | "aws:viaawsservice" => Self::ByService,
            "aws:referer" | "aws:useragent" => Self::Unsupported,
            "sts:awsservicename" => Self::BearerTokenService,
            _ => Self::Other(lower.into()),
        })
    }

    /// The values of the key in a request; `None` where it is absent.
    pub(super) fn find<'a>(&self, question: &Question<'a>) -> Option<Found<'a>> {
        let context = question.context;
        let value = match self {
            Self::PrincipalArn => text(identity(question)?.principal.to_string()),
            Self::PrincipalAccount => {
                Value::Text(identity(question)?.principal.account.as_str().into())
            }
            Self::PrincipalType => Value::Text(principal_type(identity(question)?).into()),
            Self::UserId => user_id(question)?,
            Self::UserName => user_name(identity(question)?)?,
            Self::PrincipalTag(key) => tag(&context.principal_tags, key)?,
            Self::ResourceTag(key) => tag(&context.resource_tags, key)?,
            Self::RequestTag(key) => tag(&context.request_tags, key)?,
            Self::SourceIp => Value::Address(context.source_ip?.to_canonical()),
            Self::SecureTransport => Value::Flag(context.secure_transport),
            Self::CurrentTime => Value::Instant(context.now),
            Self::EpochTime => Value::Epoch(context.now),
            Self::TokenIssueTime => Value::Instant(context.token_issued_at?),
            Self::ResourceAccount => Value::Text(question.resource_owner.as_str().into()),
            Self::RequestedRegion => Value::Text(requested_region(question)?.into()),
            Self::BearerTokenService if question.action == Action::GET_SERVICE_BEARER_TOKEN => {
                Value::Text(BEARER_TOKEN_SERVICE.into())
            }
            Self::BearerTokenService | Self::Unsupported => return None,
            Self::ByService => {
                identity(question)?;
                Value::Flag(false)
            }
            Self::TagKeys => return tag_keys(question),
            Self::Other(name) => return other(question, name),
        };
        Some(Found::One(value))
    }
}

fn text<'a>(text: String) -> Value<'a> {
    Value::Text(Cow::Owned(text))
}

fn identity<'a>(question: &Question<'a>) -> Option<&'a Identity> {
    match question.asker {
        Asker::Identity(identity) => Some(identity),
        Asker::Federated { .. } => None,
    }
}

const fn principal_type(identity: &Identity) -> &'static str {
    match identity.principal.kind {
        PrincipalKind::Root => "Account",
        PrincipalKind::User => "User",
        PrincipalKind::Role => "AssumedRole",
    }
}

fn user_name(identity: &Identity) -> Option<Value<'_>> {
    (identity.principal.kind == PrincipalKind::User)
        .then(|| Value::Text(identity.principal.short_name().into()))
}

/// The account for the root, the unique id for a user, unique id and session name for a role.
fn user_id<'a>(question: &Question<'a>) -> Option<Value<'a>> {
    let identity = identity(question)?;
    if identity.principal.kind == PrincipalKind::Root {
        return Some(Value::Text(identity.principal.account.as_str().into()));
    }
    let id = question.context.principal_id.as_deref()?;
    Some(match &identity.session {
        Some(session) => text(format!("{id}:{session}")),
        None => Value::Text(id.into()),
    })
}

fn requested_region<'a>(question: &Question<'a>) -> Option<&'a str> {
    if let Some(region) = &question.context.requested_region {
        return Some(region);
    }
    let region = question.resource.as_str().split(':').nth(3)?;
    (!region.is_empty()).then_some(region)
}

/// The value of a tag. A key written exactly so is preferred to one that differs in case.
fn tag<'a>(tags: &'a [(String, String)], key: &str) -> Option<Value<'a>> {
    let exact = tags.iter().find(|(name, _)| name == key);
    let (_, value) =
        exact.or_else(|| tags.iter().find(|(name, _)| same_ignoring_case(name, key)))?;
    Some(Value::Text(value.as_str().into()))
}

fn tag_keys<'a>(question: &Question<'a>) -> Option<Found<'a>> {
    let context = question.context;
    if !context.tag_keys.is_empty() {
        Some(Found::Texts(&context.tag_keys))
    } else if !context.request_tags.is_empty() {
        Some(Found::KeysOf(&context.request_tags))
    } else {
        None
    }
}

fn other<'a>(question: &Question<'a>, key: &str) -> Option<Found<'a>> {
    let (_, values) = question
        .context
        .other
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(key))?;
    (!values.is_empty()).then_some(Found::Texts(values))
}

/// Whether two texts differ in nothing but the case of their letters.
pub(super) fn same_ignoring_case(one: &str, other: &str) -> bool {
    let fold = |text: &str| {
        text.chars()
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    one.eq_ignore_ascii_case(other)
        || (!(one.is_ascii() && other.is_ascii()) && fold(one) == fold(other))
}
