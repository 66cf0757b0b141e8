//! No file of this repository spells the host name of certain registries: where those are, the server learns from the tools of
//! the host it runs on. Their names are therefore not spelled here either, but put together from labels, and added to by
//! what the tools of this machine point to.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Host names by their labels. Names below them count, too.
const LABELS: &[&[&str]] = &[
    &["npmjs", "org"],
    &["npmjs", "com"],
    &["pypi", "org"],
    &["pythonhosted", "org"],
    &["crates", "io"],
    &["repo", "maven", "apache", "org"],
    &["repo1", "maven", "org"],
    &["central", "sonatype", "com"],
    &["proxy", "golang", "org"],
    &["sum", "golang", "org"],
    &["deb", "debian", "org"],
    &["security", "debian", "org"],
    &["archive", "debian", "org"],
    &["snapshot", "debian", "org"],
];

/// Looks through every file that is, or could be, committed.
pub(crate) fn check(root: &Path) -> Result<Vec<String>, String> {
    let mut forbidden: BTreeSet<String> = LABELS.iter().map(|labels| labels.join(".")).collect();
    forbidden.extend(hosts_of_this_machine());
    let listed = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .map_err(|error| format!("git could not be run: {error}"))?;
    if !listed.status.success() {
        return Err(format!(
            "git ls-files failed: {}",
            String::from_utf8_lossy(&listed.stderr).trim()
        ));
    }
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let mut complaints = Vec::new();
    for name in listed.split('\0').filter(|name| !name.is_empty()) {
        // A file that is gone from the working tree has nothing to say.
        let Ok(bytes) = fs::read(root.join(name)) else {
            continue;
        };
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        for host in &forbidden {
            if let Some(line) = text.lines().position(|line| spells(line, host)) {
                // The name itself is not printed: logs are kept, too.
                let initial = host.chars().next().unwrap_or('?');
                complaints.push(format!(
                    "{name} line {} spells the host {initial}... of a registry",
                    line + 1
                ));
            }
        }
    }
    Ok(complaints)
}

/// Whether a line has the name, or one below it, as a host of its own.
fn spells(line: &str, host: &str) -> bool {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '-';
    line.match_indices(host).any(|(at, _)| {
        let after = &line[at + host.len()..];
        let goes_on = after.starts_with(is_inside)
            || after
                .strip_prefix('.')
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
        !line[..at].ends_with(is_inside) && !goes_on
    })
}

/// What npm, pip, Cargo, Go and apt of this machine point to.
fn hosts_of_this_machine() -> BTreeSet<String> {
    let mut texts = vec![
        output("npm", &["config", "get", "registry"]),
        output("pip", &["config", "list"]),
        output(
            "python3",
            &[
                "-c",
                "from pip._internal.models.index import PyPI; print(PyPI.simple_url)",
            ],
        ),
        output("go", &["env", "GOPROXY"]),
    ];
    let apt = Path::new("/etc/apt");
    let apt_files = entries(&apt.join("sources.list.d")).chain([apt.join("sources.list")]);
    texts.extend(apt_files.filter_map(|path| fs::read_to_string(path).ok()));
    let mut hosts: BTreeSet<String> = texts.iter().flat_map(|text| hosts_in(text)).collect();
    // Cargo names the folder of an index after its host and a hash.
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home =
        cargo_home.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let indexes = cargo_home
        .into_iter()
        .flat_map(|home| entries(&home.join("registry/index")));
    hosts.extend(indexes.filter_map(|folder| {
        let (host, _hash) = folder.file_name()?.to_str()?.rsplit_once('-')?;
        Some(host.to_owned())
    }));
    hosts.retain(|host| is_public(host));
    hosts
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
}

fn output(program: &str, arguments: &[&str]) -> String {
    // A tool that is not there points nowhere.
    let output = Command::new(program)
        .args(arguments)
        .current_dir(std::env::temp_dir())
        .output();
    output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default()
}

fn hosts_in(text: &str) -> Vec<String> {
    let after_scheme = text.split("://").skip(1);
    let authorities =
        after_scheme.filter_map(|rest| rest.split(['/', ' ', '\n', '\'', '"', ',']).next());
    authorities
        .filter_map(|authority| authority.rsplit('@').next()?.split(':').next())
        .map(str::to_ascii_lowercase)
        .collect()
}

/// Names that mean something beyond this machine: not a reserved name, not an address, not a host that everyone names.
fn is_public(host: &str) -> bool {
    let is_reserved = [
        ".example",
        ".invalid",
        ".test",
        ".localhost",
        ".local",
        ".internal",
    ]
    .iter()
    .any(|end| host.ends_with(end));
    let is_address = host.chars().all(|c| c.is_ascii_digit() || c == '.');
    host.contains('.') && !is_reserved && !is_address && host != "github.com"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_alone_and_below() {
        let host = "registry.example";
        for line in [
            "https://registry.example/x",
            "registry.example",
            "a.registry.example:80",
            "\"registry.example\".",
            "(registry.example)",
        ] {
            assert!(spells(line, host), "{line}");
        }
        for line in [
            "myregistry.example",
            "registry.example-index",
            "registry.example.org",
            "registry-example",
            "x-registry.example",
        ] {
            assert!(!spells(line, host), "{line}");
        }
    }

    #[test]
    fn hosts_are_taken_out_of_settings() {
        let text = "global.index-url='https://u:p@Mirror.example:8080/simple'\nURIs: http://deb.example/x\nhttps://proxy.example,direct\n";
        assert_eq!(
            hosts_in(text),
            ["mirror.example", "deb.example", "proxy.example"]
        );
        for (host, expected) in [
            ("a.com", true),
            ("a.example", false),
            ("10.0.0.1", false),
            ("localhost", false),
        ] {
            assert_eq!(is_public(host), expected, "{host}");
        }
    }

    #[test]
    fn a_file_that_spells_a_name_is_found() {
        let folder = std::env::temp_dir().join(format!("xtask-hosts-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let git = |arguments: &[&str]| {
            Command::new("git")
                .args(arguments)
                .current_dir(&folder)
                .output()
                .unwrap()
        };
        git(&["init", "--quiet"]);
        fs::write(folder.join("good.txt"), "https://registry.example/").unwrap();
        let clean = check(&folder).unwrap();
        fs::write(
            folder.join("bad.txt"),
            format!("fine\nhttps://files.{}/x", LABELS[3].join(".")),
        )
        .unwrap();
        let found = check(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(clean, Vec::<String>::new());
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("bad.txt line 2"), "{found:?}");
    }
}
