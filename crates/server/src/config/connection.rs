//! The `[connections."name"]` tables: what the operator says about external connections.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::PathBuf;

use model::ExternalConnectionName;
use url::Url;

use super::setting::Origins;
use super::source::Given;
use super::value::{HIDDEN, boolean, non_empty, put, web_address};
use super::{Config, Environment, Origin, Problem, Secret};

/// A connection that has a format and an address without the operator's help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownConnection {
    /// Its name, e.g. `public:npmjs`.
    pub name: &'static str,
    /// The format it speaks.
    pub format: &'static str,
}

/// What the operator says about one external connection.
#[derive(Debug, Clone, Default)]
pub struct ConnectionConfig {
    /// Where it points. Without one, discovery decides.
    pub url: Option<Url>,
    /// The format it speaks; needed for a connection of the operator's own.
    pub format: Option<String>,
    /// User name for Basic.
    pub username: Option<String>,
    /// Password for Basic.
    pub password: Option<Secret>,
    /// A bearer token.
    pub token: Option<Secret>,
    /// Certificates to trust for this connection only, PEM.
    pub ca_file: Option<PathBuf>,
    /// Whether it may point into loopback, link-local or private networks.
    pub allow_private_network: bool,
    /// The variable that the password was read from.
    pub password_env: Option<String>,
    /// The variable that the token was read from.
    pub token_env: Option<String>,
}

/// One member of a connection's table.
pub(super) struct Field {
    /// Its key.
    pub(super) name: &'static str,
    allowed: &'static str,
    /// Whether its value is hidden.
    pub(super) is_secret: bool,
    set: fn(&mut ConnectionConfig, &str) -> Result<(), String>,
    /// The value as text, if there is one.
    pub(super) show: fn(&ConnectionConfig) -> Option<String>,
}

const fn field(
    name: &'static str,
    allowed: &'static str,
    set: fn(&mut ConnectionConfig, &str) -> Result<(), String>,
    show: fn(&ConnectionConfig) -> Option<String>,
) -> Field {
    Field {
        name,
        allowed,
        is_secret: false,
        set,
        show,
    }
}

const VARIABLE: &str = "the name of an environment variable";

/// The members of a connection's table.
pub(super) const FIELDS: &[Field] = &[
    field(
        "url",
        "http or https, without user name, password, query or fragment",
        |c, v| put(&mut c.url, web_address(v).map(Some)),
        |c| c.url.as_ref().map(Url::to_string),
    ),
    field(
        "format",
        "a package format",
        |c, v| put(&mut c.format, non_empty(v).map(Some)),
        |c| c.format.clone(),
    ),
    field(
        "username",
        "a user name",
        |c, v| put(&mut c.username, non_empty(v).map(Some)),
        |c| c.username.clone(),
    ),
    Field {
        is_secret: true,
        ..field(
            "password",
            "a password that is not empty",
            |c, v| put(&mut c.password, secret(v)),
            |c| c.password.as_ref().map(|_| HIDDEN.to_owned()),
        )
    },
    field(
        "password_env",
        VARIABLE,
        |c, v| put(&mut c.password_env, non_empty(v).map(Some)),
        |c| c.password_env.clone(),
    ),
    Field {
        is_secret: true,
        ..field(
            "token",
            "a token that is not empty",
            |c, v| put(&mut c.token, secret(v)),
            |c| c.token.as_ref().map(|_| HIDDEN.to_owned()),
        )
    },
    field(
        "token_env",
        VARIABLE,
        |c, v| put(&mut c.token_env, non_empty(v).map(Some)),
        |c| c.token_env.clone(),
    ),
    field(
        "ca_file",
        "the path of a PEM file",
        |c, v| {
            put(
                &mut c.ca_file,
                non_empty(v).map(|path| Some(PathBuf::from(path))),
            )
        },
        |c| c.ca_file.as_ref().map(|path| path.display().to_string()),
    ),
    field(
        "allow_private_network",
        "true or false",
        |c, v| put(&mut c.allow_private_network, boolean(v)),
        |c| Some(c.allow_private_network.to_string()),
    ),
];

fn secret(text: &str) -> Result<Option<Secret>, String> {
    non_empty(text).map(|text| Some(Secret::new(text)))
}

/// The dotted key of a member, quoted as the file would.
pub(super) fn key(name: &str, field: &str) -> String {
    format!("connections.\"{name}\".{field}")
}

/// The names that the given values speak of.
pub(super) fn names_given(given: &[Given]) -> Vec<String> {
    given
        .iter()
        .filter_map(|item| item.connection().map(|(name, _)| name.to_owned()))
        .collect()
}

/// Puts one member into its connection, or complains.
pub(super) fn apply(
    config: &mut Config,
    origins: &mut Origins,
    name: &str,
    field: &str,
    given: &Given,
    problems: &mut Vec<Problem>,
) {
    let key = key(name, field);
    let Some(row) = FIELDS.iter().find(|row| row.name == field) else {
        problems.push(Problem::unknown(&key, given.origin.clone()));
        return;
    };
    if ExternalConnectionName::parse(name).is_err() {
        let allowed = "letters, digits and . _ - : in 2 to 100 characters";
        let reason = "that is not a name for a connection".to_owned();
        problems.push(Problem::bad(
            &key,
            None,
            given.origin.clone(),
            reason,
            allowed,
        ));
        return;
    }
    let entry = config.connections.entry(name.to_owned()).or_default();
    let result = if given.is_list {
        Err("it is a list".to_owned())
    } else {
        (row.set)(entry, &given.text)
    };
    match result {
        Ok(()) => {
            origins.insert(key, given.origin.clone());
        }
        Err(reason) => {
            // A URL may carry what should have been a password.
            let shown = if row.is_secret || row.name == "url" {
                HIDDEN
            } else {
                &given.text
            };
            problems.push(Problem::bad(
                &key,
                Some(shown),
                given.origin.clone(),
                reason,
                row.allowed,
            ));
        }
    }
}

/// Reads secrets from the variables that tables name, and checks each table as a whole.
pub(super) fn finish(
    config: &mut Config,
    origins: &Origins,
    environment: &Environment,
    known: &[KnownConnection],
    formats: &[&str],
    problems: &mut Vec<Problem>,
) {
    for (name, connection) in &mut config.connections {
        let mut complaints = Complaints {
            name,
            origins,
            problems,
        };
        connection.read_secrets(environment, &mut complaints);
        connection.check_credentials(&mut complaints);
        let expected = known.iter().find(|one| one.name == name);
        connection.check_source(expected, formats, &mut complaints);
    }
}

/// Complaints about one connection, each at the line of its member or else of its table.
struct Complaints<'a> {
    name: &'a str,
    origins: &'a Origins,
    problems: &'a mut Vec<Problem>,
}

impl Complaints<'_> {
    fn add(&mut self, field: &str, value: Option<&str>, reason: impl Into<String>, allowed: &str) {
        let key = key(self.name, field);
        let origin = self
            .origins
            .get(&key)
            .or_else(|| first_origin(self.origins, self.name));
        let origin = origin.cloned().unwrap_or(Origin::Default);
        self.problems
            .push(Problem::bad(&key, value, origin, reason, allowed));
    }
}

impl ConnectionConfig {
    fn read_secrets(&mut self, environment: &Environment, complaints: &mut Complaints<'_>) {
        for (field, variable, secret) in [
            ("password_env", &self.password_env, &mut self.password),
            ("token_env", &self.token_env, &mut self.token),
        ] {
            match from_variable(variable.as_deref(), secret.as_ref(), environment) {
                Ok(Some(read)) => *secret = Some(read),
                Ok(None) => {}
                Err(reason) => complaints.add(field, variable.as_deref(), reason, VARIABLE),
            }
        }
    }

    fn check_credentials(&self, complaints: &mut Complaints<'_>) {
        if self.token.is_some() && (self.username.is_some() || self.password.is_some()) {
            let allowed = "either a token, or a user name and password";
            complaints.add(
                "token",
                Some(HIDDEN),
                "there is a user name or password as well",
                allowed,
            );
        } else if self.username.is_some() != self.password.is_some() {
            let reason = "one of user name and password is missing";
            complaints.add("username", self.username.as_deref(), reason, "both or none");
        }
    }

    fn check_source(
        &self,
        expected: Option<&KnownConnection>,
        formats: &[&str],
        complaints: &mut Complaints<'_>,
    ) {
        let format = self.format.as_deref();
        if let Some(KnownConnection {
            name,
            format: expected,
        }) = expected
        {
            if format.is_some_and(|format| format != *expected) {
                complaints.add(
                    "format",
                    format,
                    format!("{name} speaks {expected}"),
                    expected,
                );
            }
        } else if format.is_none_or(|format| !formats.contains(&format)) {
            let reason = if format.is_none() {
                "it is missing"
            } else {
                "there is no such format"
            };
            complaints.add("format", format, reason, &formats.join(", "));
        } else if self.url.is_none() {
            complaints.add("url", None, "it is missing", "the address of the source");
        }
    }
}

fn first_origin<'a>(origins: &'a Origins, name: &str) -> Option<&'a Origin> {
    let prefix = key(name, "");
    origins
        .iter()
        .find(|(key, _)| key.starts_with(&prefix))
        .map(|(_, origin)| origin)
}

fn from_variable(
    variable: Option<&str>,
    inline: Option<&Secret>,
    environment: &Environment,
) -> Result<Option<Secret>, String> {
    let Some(variable) = variable else {
        return Ok(None);
    };
    if inline.is_some() {
        return Err("the secret is given in two ways".to_owned());
    }
    let value = environment.get(variable).map(|value| value.as_os_str());
    match value.and_then(OsStr::to_str) {
        Some(text) if !text.trim().is_empty() => Ok(Some(Secret::new(text.to_owned()))),
        Some(_) => Err("that variable is empty".to_owned()),
        None => Err("that variable is not set, or is not text".to_owned()),
    }
}

/// The variable that sets a member: `RELIQUARY_CONNECTIONS_` with the name and the member in upper case.
pub(super) fn variable(name: &str, field: &str) -> String {
    let upper = |text: &str| -> String {
        text.chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_uppercase()
                } else {
                    '_'
                }
            })
            .collect()
    };
    format!("RELIQUARY_CONNECTIONS_{}_{}", upper(name), upper(field))
}

/// A secret that stands in the file itself, for the check of the file's mode.
pub(super) fn inline_secret_key(origins: &BTreeMap<String, Origin>) -> Option<(&String, &Origin)> {
    origins.iter().find(|(key, origin)| {
        matches!(origin, Origin::File { .. })
            && FIELDS
                .iter()
                .any(|field| field.is_secret && key.ends_with(&format!("\".{}", field.name)))
    })
}
