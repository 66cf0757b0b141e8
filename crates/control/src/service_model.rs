//! The table of operations held against the published service model: routes, members, their places and names.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use catalog::FormatList;
use model::{AccountId, ArnScope};
use serde_json::Map;

use crate::operations::OPERATIONS;
use crate::protocol::member::Place;
use crate::protocol::params::{Asking, Params};

const MODEL: &str = include_str!("../testdata/service_model.txt");

fn empty_params(operation: &'static str) -> Params {
    let asking = Asking {
        operation,
        account: AccountId::parse("111122223333").unwrap(),
        scope: ArnScope {
            partition: "aws".into(),
            region: "us-west-2".into(),
        },
        formats: FormatList::new(&[]),
    };
    Params::new(asking, Vec::new(), Map::new())
}

/// An operation as the model file writes it.
fn described(row: &crate::operation::Row) -> String {
    let mut text = format!("{} {} {}\n", row.name, row.route.method, row.route.path);
    let mut members = (row.members)(empty_params(row.name));
    members.sort_by_key(|(member, _)| member.name);
    for (member, is_required) in members {
        let place = match member.place {
            Place::Query => "query",
            Place::Body => "body",
            Place::Header => "header",
            Place::Payload => "payload",
        };
        let need = if is_required { "required" } else { "optional" };
        writeln!(text, "  {} {place} {} {need}", member.name, member.wire).unwrap();
    }
    text
}

/// The operations of the model file by name.
fn published() -> BTreeMap<String, String> {
    let mut operations: BTreeMap<String, String> = BTreeMap::new();
    let mut name = "";
    for line in MODEL
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if !line.starts_with(' ') {
            name = line.split(' ').next().unwrap();
        }
        let text = operations.entry(name.to_owned()).or_default();
        text.push_str(line);
        text.push('\n');
    }
    operations
}

#[test]
fn every_operation_reads_all_its_members_from_where_the_service_model_says() {
    let published = published();
    for row in OPERATIONS {
        assert_eq!(
            Some(&described(row)),
            published.get(row.name),
            "{}",
            row.name
        );
    }
}

#[test]
fn the_table_has_every_operation_once_and_no_two_share_a_route() {
    let mut names: Vec<_> = OPERATIONS.iter().map(|row| row.name).collect();
    let mut routes: Vec<_> = OPERATIONS
        .iter()
        .map(|row| (row.route.method.to_string(), row.route.path))
        .collect();
    let published: Vec<_> = published().into_keys().collect();
    names.sort_unstable();
    assert_eq!(names, published);
    assert_eq!(names.len(), 48);
    routes.sort_unstable();
    routes.dedup();
    assert_eq!(routes.len(), names.len());
    assert!(
        OPERATIONS
            .iter()
            .all(|row| crate::ControlPlane::owns(row.route.path))
    );
}

#[test]
fn each_file_is_named_after_its_operation() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/operations");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "mod.rs")
        .collect();
    files.sort_unstable();
    let snake = |name: &str| {
        let mut text = String::new();
        for c in name.chars() {
            if c.is_ascii_uppercase() && !text.is_empty() {
                text.push('_');
            }
            text.push(c.to_ascii_lowercase());
        }
        text + ".rs"
    };
    let mut expected: Vec<String> = OPERATIONS.iter().map(|row| snake(row.name)).collect();
    expected.sort_unstable();
    assert_eq!(files, expected);
}
