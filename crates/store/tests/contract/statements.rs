//! That no statement is without a test.

use std::fs;
use std::path::Path;

/// The names behind `pub async fn` in the store's sources.
fn methods(folder: &Path) -> Vec<String> {
    let mut methods = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            methods.extend(self::methods(&path));
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        let found = text.split("pub async fn ").skip(1);
        methods.extend(found.filter_map(|rest| rest.split(['(', '<']).next().map(str::to_owned)));
    }
    methods
}

#[test]
fn every_public_method_is_called_by_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tests = fs::read_dir(root.join("tests/contract")).unwrap();
    let tests: String = tests
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let methods = methods(&root.join("src"));
    assert!(
        methods.len() > 60,
        "only {} methods were found",
        methods.len()
    );
    let called =
        |name: &str| tests.contains(&format!(".{name}(")) || tests.contains(&format!("::{name}("));
    // `write` is called with its types spelled out, too.
    let missing: Vec<_> = methods.iter().filter(|name| !called(name)).collect();
    assert!(missing.is_empty(), "no contract test calls {missing:?}");
}
