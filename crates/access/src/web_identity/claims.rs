//! What a checked token says.

use model::EpochMillis;
use serde_json::{Map, Value};

use super::{Expected, WebIdentityError};

/// How far the clocks of the provider and of this server may be apart.
const CLOCKS_DIFFER_MS: i64 = 60_000;

/// Longer values are nothing that a condition could compare.
const VALUE_MAX_BYTES: usize = 2048;

/// A tag: key and value.
type Tag = (String, String);

/// Who a token is about, in the words of its provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebIdentity {
    /// The provider.
    pub issuer: String,
    /// Whom it is about: unique at the provider, and never given to another.
    pub subject: String,
    /// The one of the provider's audiences that it was made for.
    pub audience: String,
    claims: Map<String, Value>,
}

impl WebIdentity {
    /// The issuer without its scheme: what ARNs and condition keys begin with.
    #[must_use]
    pub fn provider(issuer: &str) -> &str {
        issuer.split_once("://").map_or(issuer, |(_, rest)| rest)
    }

    /// The tags that the provider gives the session, and the keys of those that go on into sessions begun out of it.
    pub fn tags(&self) -> Result<(Vec<Tag>, Vec<String>), WebIdentityError> {
        const CLAIM: &str = "https://aws.amazon.com/tags";
        let refused = WebIdentityError::Claim(CLAIM);
        let Some(claim) = self.claims.get(CLAIM) else {
            return Ok((Vec::new(), Vec::new()));
        };
        let tags = claim.get("principal_tags").and_then(Value::as_object);
        let tags = tags.ok_or_else(|| refused.clone())?.iter();
        let tags = tags.map(|(key, value)| match values(value).as_slice() {
            [one] => Ok((key.clone(), one.clone())),
            _ => Err(refused.clone()),
        });
        let keys = claim.get("transitive_tag_keys");
        Ok((
            tags.collect::<Result<_, _>>()?,
            keys.map(values).unwrap_or_default(),
        ))
    }

    /// Its claims as condition keys, in lower case: `host/path:sub` and so on. As AWS has it, `aud` is the authorized
    /// party where the token names one, and `oaud` is the audience then.
    #[must_use]
    pub fn condition_keys(&self) -> Vec<(String, Vec<String>)> {
        let provider = Self::provider(&self.issuer);
        let key = |name: &str| format!("{provider}:{name}").to_ascii_lowercase();
        let audiences = self.claims.get("aud").map(values).unwrap_or_default();
        let party = self.claims.get("azp").and_then(Value::as_str);
        let mut keys: Vec<_> = self
            .claims
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "aud" | "oaud"))
            .map(|(name, value)| (key(name), values(value)))
            .filter(|(_, values)| !values.is_empty())
            .collect();
        keys.push((key("oaud"), audiences.clone()));
        keys.push((
            key("aud"),
            party.map_or(audiences, |party| vec![party.to_owned()]),
        ));
        keys
    }
}

/// The values of a claim, as conditions compare them. Objects have none.
fn values(claim: &Value) -> Vec<String> {
    let mut values = match claim {
        Value::String(text) => vec![text.clone()],
        Value::Number(number) => vec![number.to_string()],
        Value::Bool(truth) => vec![truth.to_string()],
        Value::Array(items) => items
            .iter()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect(),
        Value::Null | Value::Object(_) => Vec::new(),
    };
    values.retain(|value| value.len() <= VALUE_MAX_BYTES);
    values
}

/// A claim that must be a text.
pub(super) fn text<'a>(
    claims: &'a Map<String, Value>,
    name: &'static str,
) -> Result<&'a str, WebIdentityError> {
    let text = claims.get(name).and_then(Value::as_str);
    text.filter(|text| !text.is_empty())
        .ok_or(WebIdentityError::Claim(name))
}

/// A claim that is an instant, in seconds; a fraction is dropped.
fn instant(
    claims: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<EpochMillis>, WebIdentityError> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float becomes the nearest integer, and no instant is near the ends"
    )]
    let seconds = |value: &Value| value.as_i64().or_else(|| value.as_f64().map(|s| s as i64));
    match claims.get(name) {
        None => Ok(None),
        Some(value) => {
            let seconds = seconds(value).ok_or(WebIdentityError::Claim(name))?;
            Ok(Some(EpochMillis(seconds.saturating_mul(1000))))
        }
    }
}

/// Checks the claims of a token whose signature is good.
pub(super) fn check(
    claims: Map<String, Value>,
    expected: &Expected<'_>,
) -> Result<WebIdentity, WebIdentityError> {
    if text(&claims, "iss")? != expected.issuer {
        return Err(WebIdentityError::Issuer);
    }
    let expires_at = instant(&claims, "exp")?.ok_or(WebIdentityError::Claim("exp"))?;
    if expected.now >= expires_at {
        return Err(WebIdentityError::Expired(expires_at));
    }
    let issued_at = instant(&claims, "iat")?.ok_or(WebIdentityError::Claim("iat"))?;
    for from in [Some(issued_at), instant(&claims, "nbf")?]
        .into_iter()
        .flatten()
    {
        if from > expected.now.plus_ms(CLOCKS_DIFFER_MS) {
            return Err(WebIdentityError::NotYetValid(from));
        }
    }
    let audiences = claims.get("aud").map(values).unwrap_or_default();
    let first = audiences.first().ok_or(WebIdentityError::Claim("aud"))?;
    let audience = audiences
        .iter()
        .find(|audience| expected.audiences.contains(audience))
        .ok_or_else(|| WebIdentityError::Audience(excerpt(first)))?
        .clone();
    Ok(WebIdentity {
        issuer: expected.issuer.to_owned(),
        subject: text(&claims, "sub")?.to_owned(),
        audience,
        claims,
    })
}

fn excerpt(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(100).collect()
}
