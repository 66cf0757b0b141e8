//! What `reliquary config` prints: each key, its effective value and where that came from.

use serde_json::{Value, json};

use super::setting::{Origins, SETTINGS};
use super::{Config, Origin, connection, event_endpoint};

/// One line of the report.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key, dotted as in the file.
    pub key: String,
    /// The effective value; a placeholder if it is secret.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

pub(super) fn entries(config: &Config, origins: &Origins) -> Vec<Entry> {
    let origin = |key: &str| origins.get(key).cloned().unwrap_or(Origin::Default);
    let mut entries: Vec<Entry> = SETTINGS
        .iter()
        .map(|setting| Entry {
            key: setting.key.to_owned(),
            value: (setting.show)(config),
            origin: origin(setting.key),
        })
        .collect();
    for (name, one) in &config.connections {
        for field in connection::FIELDS {
            let key = connection::key(name, field.name);
            if let (Some(origin), Some(value)) = (origins.get(&key), (field.show)(one)) {
                entries.push(Entry {
                    key,
                    value,
                    origin: origin.clone(),
                });
            }
        }
    }
    for (index, one) in config.events.endpoints.iter().enumerate() {
        for field in event_endpoint::FIELDS {
            let key = event_endpoint::key(index, field.name);
            if let (Some(origin), Some(value)) = (origins.get(&key), (field.show)(one)) {
                entries.push(Entry {
                    key,
                    value,
                    origin: origin.clone(),
                });
            }
        }
    }
    entries
}

/// The report for people.
#[must_use]
pub fn render_table(entries: &[Entry]) -> String {
    let width = |text: fn(&Entry) -> &str| {
        entries
            .iter()
            .map(|entry| text(entry).chars().count())
            .max()
            .unwrap_or(0)
    };
    let (keys, values) = (
        width(|entry| &entry.key),
        width(|entry| &entry.value).min(48),
    );
    entries
        .iter()
        .map(|entry| {
            format!(
                "{:keys$}  {:values$}  {}\n",
                entry.key, entry.value, entry.origin
            )
        })
        .collect()
}

/// The report for machines: an object of keys, each with `value` and `origin`.
#[must_use]
pub fn render_json(entries: &[Entry]) -> String {
    let members = entries
        .iter()
        .map(|entry| {
            (
                entry.key.clone(),
                json!({ "value": entry.value, "origin": entry.origin.to_string() }),
            )
        })
        .collect();
    format!("{:#}\n", Value::Object(members))
}
