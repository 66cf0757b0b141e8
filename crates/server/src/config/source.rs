//! Where settings are given: the TOML file, the environment, the command line. Each becomes a list of texts with origins.

use std::fs;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::setting::SETTINGS;
use super::{
    Config, Environment, Flags, KnownConnection, Origin, Problem, connection, event_endpoint,
};

/// One value as it was given.
pub(super) struct Given {
    /// The key, in its parts.
    pub(super) path: Vec<String>,
    /// The value.
    pub(super) text: String,
    /// Whether it was given as an array, whose items are now joined by commas.
    pub(super) is_list: bool,
    /// Where.
    pub(super) origin: Origin,
}

impl Given {
    /// The connection and the member it is about, if it is about one.
    pub(super) fn connection(&self) -> Option<(&str, &str)> {
        match self.path.as_slice() {
            [table, name, field] if table == "connections" => Some((name, field)),
            _ => None,
        }
    }

    /// The number of the endpoint and the member it is about, if it is about one.
    pub(super) fn event_endpoint(&self) -> Option<(&str, &str)> {
        match self.path.as_slice() {
            [events, endpoints, index, field] if events == "events" && endpoints == "endpoints" => {
                Some((index, field))
            }
            _ => None,
        }
    }

    fn names_variable(&self) -> bool {
        let member = self.connection().or_else(|| self.event_endpoint());
        member.is_some_and(|(_, field)| field.ends_with("_env"))
    }
}

/// The file to read.
pub(super) struct File {
    /// Its path.
    pub(super) path: PathBuf,
    /// Whether it was found because it lies in the data folder.
    pub(super) through_data_folder: bool,
}

const CONFIG_VARIABLE: &str = "RELIQUARY_CONFIG";

/// The file that a flag or a variable names, else the one in the data folder if it is there.
pub(super) fn find_file(
    environment: &Environment,
    flags: &Flags,
    problems: &mut Vec<Problem>,
) -> Option<File> {
    let named = flags
        .config_file
        .clone()
        .map(|path| (path, Origin::Flag("--config".to_owned())))
        .or_else(|| {
            let path = environment.get(CONFIG_VARIABLE)?;
            Some((
                PathBuf::from(path),
                Origin::Variable(CONFIG_VARIABLE.to_owned()),
            ))
        });
    if let Some((path, origin)) = named {
        if path.is_file() {
            return Some(File {
                path,
                through_data_folder: false,
            });
        }
        let shown = path.display().to_string();
        problems.push(Problem::bad(
            "config",
            Some(&shown),
            origin,
            "there is no such file",
            "the path of a TOML file",
        ));
        return None;
    }
    let from_flag = flags
        .settings
        .iter()
        .rev()
        .find(|(_, key, _)| key == "data")
        .map(|(_, _, value)| PathBuf::from(value));
    let data = from_flag
        .or_else(|| environment.get("RELIQUARY_DATA").map(PathBuf::from))
        .unwrap_or_else(|| Config::default().data);
    let path = data.join("reliquary.toml");
    path.is_file().then_some(File {
        path,
        through_data_folder: true,
    })
}

/// Reads the file.
pub(super) fn read_file(
    path: &Path,
    through_data_folder: bool,
    problems: &mut Vec<Problem>,
) -> Vec<Given> {
    let file_problem = |line: usize, reason: String, allowed: &str| {
        let origin = Origin::File {
            path: path.to_owned(),
            line,
        };
        Problem::bad("config", None, origin, reason, allowed)
    };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            problems.push(file_problem(
                1,
                format!("it cannot be read: {error}"),
                "a TOML file in UTF-8",
            ));
            return Vec::new();
        }
    };
    let table = match DeTable::parse(&text) {
        Ok(table) => table,
        Err(error) => {
            let line = error.span().map_or(1, |span| line_of(&text, span.start));
            problems.push(file_problem(line, error.message().to_owned(), "TOML"));
            return Vec::new();
        }
    };
    let mut walk = Walk {
        text: &text,
        path,
        given: Vec::new(),
        problems,
    };
    walk.table(table.get_ref(), &mut Vec::new());
    let given = walk.given;
    if through_data_folder && let Some(item) = given.iter().find(|item| item.path == ["data"]) {
        let reason = "this file was found through the data folder, so it cannot move it";
        problems.push(Problem::bad(
            "data",
            Some(&item.text),
            item.origin.clone(),
            reason,
            "--data, or RELIQUARY_DATA",
        ));
    }
    given
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text
        .as_bytes()
        .iter()
        .take(at)
        .filter(|byte| **byte == b'\n')
        .count()
}

struct Walk<'a> {
    text: &'a str,
    path: &'a Path,
    given: Vec<Given>,
    problems: &'a mut Vec<Problem>,
}

impl Walk<'_> {
    fn table(&mut self, table: &DeTable<'_>, above: &mut Vec<String>) {
        for (key, value) in table {
            above.push(key.get_ref().to_string());
            let origin = Origin::File {
                path: self.path.to_owned(),
                line: line_of(self.text, value.span().start),
            };
            match value.get_ref() {
                DeValue::Table(table) if above.len() < 4 => self.table(table, above),
                DeValue::Array(items) if !items.is_empty() && items.iter().all(is_table) => {
                    for (index, item) in items.iter().enumerate() {
                        above.push(index.to_string());
                        if let DeValue::Table(table) = item.get_ref() {
                            self.table(table, above);
                        }
                        above.pop();
                    }
                }
                DeValue::Array(items) => match items
                    .iter()
                    .map(|item| scalar(item.get_ref()))
                    .collect::<Option<Vec<_>>>()
                {
                    Some(items) => self.push(above, items.join(","), true, origin),
                    None => self.refuse(above, "an array", origin),
                },
                other => match scalar(other) {
                    Some(text) => self.push(above, text, false, origin),
                    None => self.refuse(above, other.type_str(), origin),
                },
            }
            above.pop();
        }
    }

    fn push(&mut self, path: &[String], text: String, is_list: bool, origin: Origin) {
        self.given.push(Given {
            path: path.to_vec(),
            text,
            is_list,
            origin,
        });
    }

    fn refuse(&mut self, path: &[String], kind: &str, origin: Origin) {
        let reason = format!("it is {kind} of a kind that no setting has");
        self.problems.push(Problem::bad(
            &path.join("."),
            None,
            origin,
            reason,
            "text, a number, true or false",
        ));
    }
}

fn is_table(value: &Spanned<DeValue<'_>>) -> bool {
    matches!(value.get_ref(), DeValue::Table(_))
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().replace('_', "")),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => None,
    }
}

/// The variable that sets a key: `RELIQUARY_` with the key in upper case, dots as underscores.
pub(super) fn variable(key: &str) -> String {
    format!("RELIQUARY_{}", key.to_ascii_uppercase().replace('.', "_"))
}

/// Reads the variables that begin with `RELIQUARY_`.
pub(super) fn read_environment(
    environment: &Environment,
    known: &[KnownConnection],
    in_file: &[Given],
    problems: &mut Vec<Problem>,
) -> Vec<Given> {
    let mut given = Vec::new();
    let names = connection::names_given(in_file);
    // A variable that the file names as the place of a secret is no setting, whatever its name.
    let holds_secret = |name: &str| {
        in_file
            .iter()
            .any(|item| item.names_variable() && item.text == name)
    };
    for (name, value) in environment
        .iter()
        .filter(|(name, _)| name.starts_with("RELIQUARY_"))
    {
        if name == CONFIG_VARIABLE || holds_secret(name) {
            continue;
        }
        let origin = Origin::Variable(name.clone());
        let path = SETTINGS
            .iter()
            .find(|setting| variable(setting.key) == *name)
            .map(|setting| vec![setting.key.to_owned()])
            .or_else(|| connection_member(name, known, &names))
            .or_else(|| event_endpoint::member_of_variable(name));
        let (Some(path), Some(text)) = (path, value.to_str()) else {
            let reason = if value.to_str().is_some() {
                "there is no such setting"
            } else {
                "it is not UTF-8"
            };
            let allowed = "RELIQUARY_ and a key in upper case, its dots as underscores";
            problems.push(Problem::bad(name, None, origin, reason, allowed));
            continue;
        };
        given.push(Given {
            path,
            text: text.to_owned(),
            is_list: false,
            origin,
        });
    }
    given
}

fn connection_member(
    variable: &str,
    known: &[KnownConnection],
    in_file: &[String],
) -> Option<Vec<String>> {
    let names = known
        .iter()
        .map(|one| one.name)
        .chain(in_file.iter().map(String::as_str));
    names
        .flat_map(|name| {
            connection::FIELDS
                .iter()
                .map(move |field| (name, field.name))
        })
        .find_map(|(name, field)| {
            let matches = connection::variable(name, field) == variable;
            matches.then(|| vec!["connections".to_owned(), name.to_owned(), field.to_owned()])
        })
}

/// Reads the flags.
pub(super) fn read_flags(flags: &Flags, problems: &mut Vec<Problem>) -> Vec<Given> {
    let mut given = Vec::new();
    for (flag, key, text) in &flags.settings {
        let origin = Origin::Flag(flag.clone());
        match key_parts(key) {
            Some(path) => given.push(Given {
                path,
                text: text.clone(),
                is_list: false,
                origin,
            }),
            None => {
                let allowed = "a key as in the file, e.g. connections.\"public:npmjs\".url";
                problems.push(Problem::bad(
                    key,
                    None,
                    origin,
                    "that is not a key",
                    allowed,
                ));
            }
        }
    }
    given
}

/// Splits a dotted key; parts in quotes may hold dots.
fn key_parts(key: &str) -> Option<Vec<String>> {
    let mut rest = key;
    let mut parts = Vec::new();
    loop {
        let (part, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => rest.split_at(rest.find('.').unwrap_or(rest.len())),
        };
        if part.is_empty() {
            return None;
        }
        parts.push(part.to_owned());
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None if after.is_empty() => return Some(parts),
            None => return None,
        }
    }
}
