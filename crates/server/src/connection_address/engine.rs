//! Follows the declarations: runs, reads and checks until one place gives an address.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use url::Url;

use catalog::{Base, CommandSource, Discovery, Place};

use super::ConnectionSpec;
use super::program::{self, NoAnswer};
use super::{Credentials, NoAddress, archive};
use crate::config::{Environment, Secret};

const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
const MOST_FILE_BYTES: u64 = 1 << 20;
const MOST_URL_BYTES: usize = 2048;

/// What discovery found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) url: Url,
    pub(super) credentials: Option<Credentials>,
    pub(super) origin: String,
}

/// Looks at each declared place in turn. Blocking.
pub(super) fn discover(
    spec: &ConnectionSpec,
    environment: &Environment,
) -> Result<Found, NoAddress> {
    let mut tried = Vec::new();
    for discovery in spec.declared.discovery {
        match look(discovery, environment) {
            Ok((text, origin)) => match split_credentials(&text) {
                Ok((url, credentials)) => {
                    return Ok(Found {
                        url,
                        credentials,
                        origin,
                    });
                }
                Err(reason) => tried.push(format!("{origin}: {reason}")),
            },
            Err(reason) => tried.push(reason),
        }
    }
    Err(NoAddress {
        name: spec.declared.name.to_owned(),
        remedy: spec.declared.remedy.to_owned(),
        tried,
    })
}

/// The text of an address and who said it, or what was in the way.
fn look(discovery: &Discovery, environment: &Environment) -> Result<(String, String), String> {
    match discovery {
        Discovery::Variable(name) => {
            let value = environment
                .get(*name)
                .and_then(|value| value.to_str())
                .filter(|value| !value.trim().is_empty());
            let value = value.ok_or_else(|| format!("{name} is not set"))?;
            Ok((
                value.trim().to_owned(),
                format!("environment variable {name}"),
            ))
        }
        Discovery::Command(command) => run(command, environment),
        Discovery::File { places, read } => read_places(
            places,
            environment,
            *read,
            |path| vec![path.to_owned()],
            read_file,
        ),
        Discovery::ArchiveMember {
            places,
            member,
            read,
        } => read_places(places, environment, *read, files_beginning_with, |path| {
            archive::read_member(path, member)
        }),
        Discovery::Constant { url, carried_by } => {
            Ok(((*url).to_owned(), (*carried_by).to_owned()))
        }
    }
}

fn read_places(
    places: &[Place],
    environment: &Environment,
    read: fn(&str) -> Option<String>,
    expand: impl Fn(&Path) -> Vec<PathBuf>,
    text_of: impl Fn(&Path) -> Option<String>,
) -> Result<(String, String), String> {
    let candidates = places
        .iter()
        .filter_map(|place| resolve(*place, environment))
        .flat_map(|path| expand(&path));
    let mut seen = Vec::new();
    for path in candidates {
        let Some(text) = text_of(&path) else { continue };
        if let Some(address) = read(&text) {
            return Ok((address, path.display().to_string()));
        }
        seen.push(format!("{} names none", path.display()));
    }
    if seen.is_empty() {
        Err("its settings files are not there".to_owned())
    } else {
        Err(seen.join("; "))
    }
}

fn resolve(place: Place, environment: &Environment) -> Option<PathBuf> {
    let folder = |name: &str| {
        environment
            .get(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let base = match place.base {
        Base::Root => PathBuf::from("/"),
        Base::Home => folder("HOME")?,
        Base::Variable(name) => folder(name)?,
        Base::Installation(program) => {
            let file = fs::canonicalize(program::find(program, environment)?).ok()?;
            file.parent()?.parent()?.to_owned()
        }
    };
    Some(base.join(place.path))
}

fn files_beginning_with(path: &Path) -> Vec<PathBuf> {
    let (Some(folder), Some(beginning)) = (
        path.parent(),
        path.file_name().and_then(|name| name.to_str()),
    ) else {
        return Vec::new();
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .filter(|entry| {
            entry
                .file_name()
                .to_str()
                .is_some_and(|name| name.starts_with(beginning))
        })
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

fn read_file(path: &Path) -> Option<String> {
    let mut text = String::new();
    fs::File::open(path)
        .ok()?
        .take(MOST_FILE_BYTES)
        .read_to_string(&mut text)
        .ok()?;
    Some(text)
}

fn run(command: &CommandSource, environment: &Environment) -> Result<(String, String), String> {
    let spoken = || match command.alias {
        Some(alias) => alias.to_owned(),
        None => format!("`{} {}`", command.program, command.arguments.join(" ")),
    };
    let unwritable =
        |error: std::io::Error| format!("no scratch folder for {}: {error}", command.program);
    let scratch = TempDir::with_prefix("reliquary-address-").map_err(unwritable)?;
    for (name, text) in command.files {
        write(&scratch.path().join(name), text.as_bytes()).map_err(unwritable)?;
    }
    // The first of several copies to one name wins.
    for (place, name) in command.copies.iter().rev() {
        if let Some(text) = resolve(*place, environment).and_then(|path| read_file(&path)) {
            write(&scratch.path().join(name), text.as_bytes()).map_err(unwritable)?;
        }
    }
    let variables: BTreeMap<String, OsString> = command
        .environment
        .iter()
        .map(|(name, value)| {
            (
                (*name).to_owned(),
                value
                    .replace("{scratch}", &scratch.path().to_string_lossy())
                    .into(),
            )
        })
        .collect();
    let arguments = command.arguments;
    match program::output(
        command.program,
        arguments,
        &variables,
        scratch.path(),
        environment,
        COMMAND_TIMEOUT,
    ) {
        Ok(text) => match (command.read)(&text) {
            Some(address) => Ok((address, spoken())),
            None => Err(format!("{} names none", spoken())),
        },
        Err(NoAnswer::NotInstalled) => Err(format!("{} is not installed", command.program)),
        Err(NoAnswer::Failed(reason)) => Err(reason),
    }
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}

/// Checks an address that a tool gave, and takes user name and password out of it. The reason never quotes the text,
/// which may hold a password.
fn split_credentials(text: &str) -> Result<(Url, Option<Credentials>), String> {
    if text.len() > MOST_URL_BYTES {
        return Err("what it gives is too long for an address".to_owned());
    }
    let mut url =
        Url::parse(text).map_err(|error| format!("what it gives is not a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err("what it gives is not a web address".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("what it gives has a query or a fragment".to_owned());
    }
    let decoded = |text: &str| -> String {
        url::form_urlencoded::parse(format!("a={}", text.replace('+', "%2B")).as_bytes())
            .map(|(_, value)| value.into_owned())
            .collect()
    };
    let username = decoded(url.username());
    let password = url.password().map(decoded);
    let no_userinfo = "an address of http or https may lose its user";
    url.set_username("").expect(no_userinfo);
    url.set_password(None).expect(no_userinfo);
    let credentials = match password {
        None if username.is_empty() => None,
        password => Some(Credentials::Basic {
            username,
            password: Secret::new(password.unwrap_or_default()),
        }),
    };
    Ok((url, credentials))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[test]
    fn a19_credentials_in_an_address_are_taken_out_of_it() {
        let (url, credentials) =
            split_credentials("https://us%40er:p%2Fw+d%26@m.example/simple/").unwrap();
        assert_eq!(url.as_str(), "https://m.example/simple/");
        let password = Secret::new("p/w+d&".to_owned());
        assert_eq!(
            credentials,
            Some(Credentials::Basic {
                username: "us@er".to_owned(),
                password
            })
        );
        assert_eq!(split_credentials("https://m.example").unwrap().1, None);
    }

    #[test]
    fn what_is_no_web_address_is_refused_without_being_quoted() {
        for bad in [
            "",
            "x",
            "file:///planted",
            "https://planted:y@",
            "https://m.example/?a=planted",
            "ftp://planted/",
        ] {
            let reason = split_credentials(bad).expect_err(bad);
            assert!(!reason.contains("planted"), "{reason}");
        }
        assert!(split_credentials(&format!("https://m.example/{}", "a".repeat(3000))).is_err());
    }
}
