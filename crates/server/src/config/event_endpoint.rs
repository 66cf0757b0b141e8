//! The `[[events.endpoints]]` tables: whom events are sent to.
//!
//! A list, so its keys have a number: `events.endpoints.0.url` in flags, `RELIQUARY_EVENTS_ENDPOINTS_0_URL` in the
//! environment, and the first table of the file, are the same.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{AccountId, DomainName};
use url::Url;

use super::setting::Origins;
use super::source::Given;
use super::value::{HIDDEN, non_empty, put};
use super::{Config, Environment, Origin, Problem, Secret};

/// An endpoint that events are sent to.
#[derive(Debug, Clone, Default)]
pub struct EventEndpoint {
    /// Its name: in logs and metrics, and what its place in the log is kept under.
    pub name: String,
    /// Its address. It may be in a private network: nobody but the operator names it.
    pub url: Option<Url>,
    /// What deliveries are signed with, as Standard Webhooks writes it.
    pub secret: Option<Secret>,
    /// The variable that the secret was read from.
    pub secret_env: Option<String>,
    /// Send only what this account receives.
    pub account: Option<AccountId>,
    /// Send only what is of a domain of this name.
    pub domain: Option<DomainName>,
    /// Certificates to trust for this endpoint only, PEM.
    pub ca_file: Option<PathBuf>,
}

/// More than anyone needs, and a bound on what a number in a key can make.
const MOST: usize = 100;
const SECRET_PREFIX: &str = "whsec_";
const SECRET: &str = "whsec_ and base64 of 24 to 64 random bytes, as from: openssl rand -base64 32";

/// The key that a secret stands for (Standard Webhooks, "Signature scheme").
pub(crate) fn signing_key(secret: &Secret) -> Result<Vec<u8>, String> {
    let encoded = secret
        .expose()
        .strip_prefix(SECRET_PREFIX)
        .ok_or("it does not begin with whsec_")?;
    let key = STANDARD
        .decode(encoded)
        .map_err(|_| "what follows whsec_ is not base64".to_owned())?;
    if (24..=64).contains(&key.len()) {
        Ok(key)
    } else {
        Err(format!("it holds {} bytes", key.len()))
    }
}

/// One member of an endpoint's table.
pub(super) struct Field {
    /// Its key.
    pub(super) name: &'static str,
    allowed: &'static str,
    set: fn(&mut EventEndpoint, &str) -> Result<(), String>,
    /// The value as text, if there is one.
    pub(super) show: fn(&EventEndpoint) -> Option<String>,
}

/// The members of an endpoint's table.
pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "name",
        allowed: "1 to 64 letters, digits and . _ -",
        set: |e, v| put(&mut e.name, name(v)),
        show: |e| Some(e.name.clone()),
    },
    Field {
        name: "url",
        allowed: "http or https, without user name, password or fragment",
        set: |e, v| put(&mut e.url, address(v).map(Some)),
        show: |e| e.url.as_ref().map(shown_address),
    },
    Field {
        name: "secret",
        allowed: SECRET,
        set: |e, v| {
            let secret = Secret::new(v.to_owned());
            put(&mut e.secret, signing_key(&secret).map(|_| Some(secret)))
        },
        show: |e| e.secret.as_ref().map(|_| HIDDEN.to_owned()),
    },
    Field {
        name: "secret_env",
        allowed: "the name of an environment variable",
        set: |e, v| put(&mut e.secret_env, non_empty(v).map(Some)),
        show: |e| e.secret_env.clone(),
    },
    Field {
        name: "account",
        allowed: "twelve digits",
        set: |e, v| {
            let account = AccountId::parse(v).map_err(|_| "it is not an account id".to_owned());
            put(&mut e.account, account.map(Some))
        },
        show: |e| e.account.as_ref().map(ToString::to_string),
    },
    Field {
        name: "domain",
        allowed: "the name of a domain",
        set: |e, v| {
            let domain = DomainName::parse(v).map_err(|_| "no domain has this name".to_owned());
            put(&mut e.domain, domain.map(Some))
        },
        show: |e| e.domain.as_ref().map(ToString::to_string),
    },
    Field {
        name: "ca_file",
        allowed: "the path of a PEM file",
        set: |e, v| put(&mut e.ca_file, non_empty(v).map(|path| Some(path.into()))),
        show: |e| e.ca_file.as_ref().map(|path| path.display().to_string()),
    },
];

fn name(text: &str) -> Result<String, String> {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if (1..=64).contains(&text.len()) && text.bytes().all(good) {
        Ok(text.to_owned())
    } else {
        Err("that is not a name for an endpoint".to_owned())
    }
}

/// Addresses of receivers often have a query.
fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("it is not a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("its scheme is {}", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it carries a user name or password".to_owned());
    }
    if url.fragment().is_some() {
        return Err("it has a fragment".to_owned());
    }
    Ok(url)
}

/// A query may be what lets one in.
fn shown_address(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_query(None);
    match url.query() {
        Some(_) => format!("{shown}?{HIDDEN}"),
        None => shown.to_string(),
    }
}

/// The dotted key of a member.
pub(super) fn key(index: usize, field: &str) -> String {
    format!("events.endpoints.{index}.{field}")
}

/// The key that a variable sets, if it sets one.
pub(super) fn member_of_variable(variable: &str) -> Option<Vec<String>> {
    let rest = variable.strip_prefix("RELIQUARY_EVENTS_ENDPOINTS_")?;
    let (index, member) = rest.split_once('_')?;
    let field = FIELDS
        .iter()
        .find(|field| field.name.to_ascii_uppercase() == member)?;
    let is_number = !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| {
        let parts = ["events", "endpoints", index, field.name];
        parts.map(str::to_owned).to_vec()
    })
}

/// Puts one member into its endpoint, or complains.
pub(super) fn apply(
    config: &mut Config,
    origins: &mut Origins,
    (index, field): (&str, &str),
    given: &Given,
    problems: &mut Vec<Problem>,
) {
    let complain = |key: &str, value: Option<&str>, reason: String, allowed: &str| {
        Problem::bad(key, value, given.origin.clone(), reason, allowed)
    };
    let index = match index.parse::<usize>() {
        Ok(index) if index < MOST => index,
        _ => {
            let key = format!("events.endpoints.{index}.{field}");
            let reason = "that is not the number of an endpoint".to_owned();
            problems.push(complain(&key, None, reason, "0 for the first, up to 99"));
            return;
        }
    };
    let key = key(index, field);
    let Some(row) = FIELDS.iter().find(|row| row.name == field) else {
        problems.push(Problem::unknown(&key, given.origin.clone()));
        return;
    };
    let endpoints = &mut config.events.endpoints;
    if endpoints.len() <= index {
        endpoints.resize_with(index + 1, EventEndpoint::default);
    }
    let result = if given.is_list {
        Err("it is a list".to_owned())
    } else {
        (row.set)(&mut endpoints[index], &given.text)
    };
    match result {
        Ok(()) => {
            origins.insert(key, given.origin.clone());
        }
        Err(reason) => {
            let shown = if matches!(field, "secret" | "url") {
                HIDDEN
            } else {
                &given.text
            };
            problems.push(complain(&key, Some(shown), reason, row.allowed));
        }
    }
}

/// Reads secrets from the variables that tables name, and checks each table as a whole.
pub(super) fn finish(
    config: &mut Config,
    origins: &Origins,
    environment: &Environment,
    problems: &mut Vec<Problem>,
) {
    let mut names = HashSet::new();
    for (index, endpoint) in config.events.endpoints.iter_mut().enumerate() {
        let mut complain = |field: &str, reason: String, allowed: &str| {
            let key = key(index, field);
            let origin = origins.get(&key).or_else(|| first_origin(origins, index));
            let origin = origin.cloned().unwrap_or(Origin::Default);
            problems.push(Problem::bad(&key, None, origin, reason, allowed));
        };
        if endpoint.name.is_empty() {
            complain("name", "it is missing".to_owned(), FIELDS[0].allowed);
        } else if !names.insert(endpoint.name.clone()) {
            let reason = format!("another endpoint is called {}", endpoint.name);
            complain("name", reason, "a name of its own");
        }
        if endpoint.url.is_none() {
            complain("url", "it is missing".to_owned(), "where to send events to");
        }
        match from_variable(endpoint, environment) {
            Ok(Some(secret)) => endpoint.secret = Some(secret),
            Ok(None) if endpoint.secret.is_none() => {
                let reason = "it is missing: receivers could not tell an event from a forgery";
                complain("secret", reason.to_owned(), SECRET);
            }
            Ok(None) => {}
            Err(reason) => complain("secret_env", reason, SECRET),
        }
    }
}

fn from_variable(
    endpoint: &EventEndpoint,
    environment: &Environment,
) -> Result<Option<Secret>, String> {
    let Some(variable) = &endpoint.secret_env else {
        return Ok(None);
    };
    if endpoint.secret.is_some() {
        return Err("the secret is given in two ways".to_owned());
    }
    let value = environment.get(variable).map(|value| value.as_os_str());
    let text = value
        .and_then(OsStr::to_str)
        .ok_or_else(|| format!("the variable {variable} is not set, or is not text"))?;
    let secret = Secret::new(text.to_owned());
    signing_key(&secret).map_err(|reason| format!("in the variable {variable}: {reason}"))?;
    Ok(Some(secret))
}

fn first_origin(origins: &Origins, index: usize) -> Option<&Origin> {
    let prefix = key(index, "");
    let mut found = origins.iter().filter(|(key, _)| key.starts_with(&prefix));
    found.next().map(|(_, origin)| origin)
}

/// A secret that stands in the file itself, for the check of the file's mode.
pub(super) fn inline_secret_key(origins: &Origins) -> Option<(&String, &Origin)> {
    origins.iter().find(|(key, origin)| {
        let is_inline = matches!(origin, Origin::File { .. });
        is_inline && key.starts_with("events.endpoints.") && key.ends_with(".secret")
    })
}
