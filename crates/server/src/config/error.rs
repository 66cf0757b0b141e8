//! What is wrong with a configuration, in words that let one mend it; and the checks that look at several values.

use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::setting::{Origins, SETTINGS};
use super::{Config, EndpointForm, Origin, blobs, connection, event_endpoint};

/// Everything that is wrong with a configuration.
#[derive(Debug)]
pub struct ConfigError {
    /// One or more complaints.
    pub problems: Vec<Problem>,
}

/// One complaint: the key, the value, where it was given, why it is wrong and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key, dotted as in the file; the file itself where no key can be named.
    pub key: String,
    /// The value, unless it is secret or missing.
    pub value: Option<String>,
    /// Where it was given.
    pub origin: Origin,
    /// Why it is wrong.
    pub reason: String,
    /// What is allowed, or what to do.
    pub allowed: String,
}

impl Problem {
    pub(super) fn bad(
        key: &str,
        value: Option<&str>,
        origin: Origin,
        reason: impl Into<String>,
        allowed: impl Into<String>,
    ) -> Self {
        let value = value.map(|value| value.chars().take(200).collect());
        Self {
            key: key.to_owned(),
            value,
            origin,
            reason: reason.into(),
            allowed: allowed.into(),
        }
    }

    pub(super) fn unknown(key: &str, origin: Origin) -> Self {
        let names = || {
            let settings = SETTINGS.iter().map(|setting| setting.key.to_owned());
            let prefix = key.rfind('.').map_or("", |dot| &key[..dot]);
            let members = connection::FIELDS
                .iter()
                .map(move |field| format!("{prefix}.{}", field.name));
            let of_endpoint = event_endpoint::FIELDS
                .iter()
                .map(move |field| format!("{prefix}.{}", field.name));
            settings
                .chain(members.filter(move |_| prefix.starts_with("connections.")))
                .chain(of_endpoint.filter(move |_| prefix.starts_with("events.endpoints.")))
        };
        let nearest = names()
            .min_by_key(|name| edits(key, name))
            .filter(|name| edits(key, name) <= 3);
        let allowed = match nearest {
            Some(name) => format!("did you mean {name}"),
            None if key.starts_with("connections") => {
                let members: Vec<_> = connection::FIELDS.iter().map(|field| field.name).collect();
                format!(
                    "connections.\"NAME\".MEMBER, MEMBER one of {}",
                    members.join(", ")
                )
            }
            None => "the keys that `reliquary config` prints".to_owned(),
        };
        Self::bad(key, None, origin, "there is no such setting", allowed)
    }
}

/// How many single-character changes lie between two words.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let replace = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.key)?;
        if let Some(value) = &self.value {
            write!(f, " = {value:?}")?;
        }
        write!(
            f,
            " ({}): {}; allowed: {}",
            self.origin, self.reason, self.allowed
        )
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used")?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// Checks that need more than one value, or the files that values name.
pub(super) fn check_together(
    config: &Config,
    origins: &Origins,
    file: Option<&Path>,
    problems: &mut Vec<Problem>,
) {
    let origin = |key: &str| origins.get(key).cloned().unwrap_or(Origin::Default);
    if config.dev && !config.listen.ip().is_loopback() {
        let value = config.listen.to_string();
        let reason = "--dev accepts any key, so it listens on loopback only";
        problems.push(Problem::bad(
            "listen",
            Some(&value),
            origin("listen"),
            reason,
            "127.0.0.1 or [::1] with a port",
        ));
    }
    if config.dev
        && config
            .metrics_listen
            .is_some_and(|address| !address.ip().is_loopback())
    {
        let reason = "--dev listens on loopback only";
        problems.push(Problem::bad(
            "metrics_listen",
            None,
            origin("metrics_listen"),
            reason,
            "a loopback address or off",
        ));
    }
    if config.endpoint_form == EndpointForm::Host && config.package_host_base.is_none() {
        let reason = "the host form needs package_host_base";
        problems.push(Problem::bad(
            "endpoint_form",
            Some("host"),
            origin("endpoint_form"),
            reason,
            "path, or set both",
        ));
    }
    match (&config.tls.certificate, &config.tls.key) {
        (Some(certificate), Some(key)) => {
            check_file(
                "tls.certificate",
                certificate,
                false,
                origin("tls.certificate"),
                problems,
            );
            check_file("tls.key", key, true, origin("tls.key"), problems);
        }
        (None, None) => {}
        (Some(_), None) => {
            let reason = "it is missing, while tls.certificate is set";
            problems.push(Problem::bad(
                "tls.key",
                None,
                origin("tls.certificate"),
                reason,
                "both or none",
            ));
        }
        (None, Some(_)) => {
            let reason = "it is missing, while tls.key is set";
            problems.push(Problem::bad(
                "tls.certificate",
                None,
                origin("tls.key"),
                reason,
                "both or none",
            ));
        }
    }
    if let Some(ca_file) = &config.blobs.ca_file {
        let key = "blobs.ca_file";
        check_file(key, ca_file, false, origin(key), problems);
    }
    for (name, connection) in &config.connections {
        if let Some(ca_file) = &connection.ca_file {
            let key = connection::key(name, "ca_file");
            let origin = origin(&key);
            check_file(&key, ca_file, false, origin, problems);
        }
    }
    for (index, endpoint) in config.events.endpoints.iter().enumerate() {
        if let Some(ca_file) = &endpoint.ca_file {
            let key = event_endpoint::key(index, "ca_file");
            let origin = origin(&key);
            check_file(&key, ca_file, false, origin, problems);
        }
    }
    check_store(config, origins, problems);
    let inline = connection::inline_secret_key(origins)
        .or_else(|| event_endpoint::inline_secret_key(origins))
        .or_else(|| {
            let password = origins.get_key_value("store.password");
            password.filter(|(_, origin)| matches!(origin, Origin::File { .. }))
        })
        .or_else(|| blobs::inline_secret_key(origins));
    if let (Some(file), Some((key, origin))) = (file, inline)
        && fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o007 != 0)
    {
        let reason = "the file holds a secret and everybody may read it";
        let allowed = format!(
            "chmod o= {}, or name {}",
            file.display(),
            if key.starts_with("blobs.") {
                format!("a file in {key}_file")
            } else {
                format!("a variable in {key}_env")
            }
        );
        problems.push(Problem::bad(key, None, origin.clone(), reason, allowed));
    }
}

fn check_store(config: &Config, origins: &Origins, problems: &mut Vec<Problem>) {
    let origin = |key: &str| origins.get(key).cloned().unwrap_or(Origin::Default);
    let store = &config.store;
    if let Some(file) = &store.password_file {
        let key = "store.password_file";
        check_file(key, file, true, origin(key), problems);
        if store.password.is_some() {
            let reason = "the password is given in two ways";
            let advice = "store.password or store.password_file";
            problems.push(Problem::bad(key, None, origin(key), reason, advice));
        }
    }
    if store.url.is_none() && (store.password.is_some() || store.password_file.is_some()) {
        let key = match store.password {
            Some(_) => "store.password",
            None => "store.password_file",
        };
        let reason = "there is no database that it could be for";
        let advice = "store.url beside it";
        problems.push(Problem::bad(key, None, origin(key), reason, advice));
    }
    if store.url.is_none() && store.held_reads_ms > 0 {
        let key = "store.held_reads_ms";
        let value = store.held_reads_ms.to_string();
        let reason = "only a database of its own can be away while this node is not";
        let advice = "store.url beside it, or 0";
        problems.push(Problem::bad(key, Some(&value), origin(key), reason, advice));
    }
    if store.url.is_none() && config.blobs_folder.is_some() {
        let reason = "rows in the data folder and bytes elsewhere cannot be copied together";
        let advice = "store.url beside it, or none: bytes are then in the data folder";
        let shown = config.shared_blobs_folder().display().to_string();
        let origin = origin("blobs.folder");
        let problem = Problem::bad("blobs.folder", Some(&shown), origin, reason, advice);
        problems.push(problem);
    }
}

fn check_file(
    key: &str,
    path: &Path,
    is_private: bool,
    origin: Origin,
    problems: &mut Vec<Problem>,
) {
    let shown = path.display().to_string();
    match fs::File::open(path).and_then(|file| file.metadata()) {
        Err(error) => {
            let reason = format!("it cannot be read: {error}");
            problems.push(Problem::bad(
                key,
                Some(&shown),
                origin,
                reason,
                "a file that this user may read",
            ));
        }
        Ok(metadata) if !metadata.is_file() => {
            problems.push(Problem::bad(
                key,
                Some(&shown),
                origin,
                "it is not a file",
                "the path of a file",
            ));
        }
        Ok(metadata) if metadata.len() == 0 => {
            problems.push(Problem::bad(
                key,
                Some(&shown),
                origin,
                "it is empty",
                "a file with something in it",
            ));
        }
        Ok(metadata) if is_private && metadata.permissions().mode() & 0o007 != 0 => {
            let mode = metadata.permissions().mode() & 0o777;
            let reason = format!("everybody may read it (mode {mode:o})");
            problems.push(Problem::bad(
                key,
                Some(&shown),
                origin,
                reason,
                "a mode without rights for others, as 600",
            ));
        }
        Ok(_) => {}
    }
}
