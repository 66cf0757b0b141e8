//! The program itself: what it prints, how it starts, how it ends.

#![expect(
    clippy::unwrap_used,
    reason = "a failure of the stage itself may end the test"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

fn reliquary(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reliquary"));
    let home = data.parent().unwrap();
    command
        .env_clear()
        .env("HOME", home)
        .env("PATH", "")
        .arg("--data")
        .arg(data)
        .current_dir(home);
    command
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A server in a process of its own; killed if the test ends early.
struct Running {
    child: Child,
    welcome: String,
    address: String,
}

impl Running {
    fn start(data: &Path, more: &[&str]) -> Self {
        let mut command = reliquary(data);
        command
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--metrics-listen",
                "127.0.0.1:0",
            ])
            .args(more);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut welcome = String::new();
        while !welcome.contains("create-repository") {
            let line = lines.next().unwrap_or_else(|| {
                let mut errors = String::new();
                child
                    .stderr
                    .take()
                    .unwrap()
                    .read_to_string(&mut errors)
                    .unwrap();
                panic!("it ended early: {errors}")
            });
            welcome += &(line.unwrap() + "\n");
        }
        let address = welcome.split("http://").nth(1).unwrap();
        let address = address.split([',', ';', '\n']).next().unwrap().to_owned();
        Self {
            child,
            welcome,
            address,
        }
    }

    fn get(&self, target: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "GET {target} HTTP/1.1\r\nHost: h.example\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    fn end(mut self) -> (Option<i32>, String) {
        let mut log = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        (self.child.wait().unwrap().code(), log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_starts_alone_tells_what_is_next_and_ends_on_sigterm() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let running = Running::start(&data, &[]);
    for part in [
        "http://127.0.0.1:",
        "AWS_PROFILE=reliquary",
        "aws codeartifact create-domain",
    ] {
        assert!(
            running.welcome.contains(part),
            "{part} is not in {}",
            running.welcome
        );
    }
    assert_eq!(
        fs::metadata(&data).unwrap().permissions().mode() & 0o777,
        0o700
    );
    let profile = fs::read_to_string(data.join("aws/config")).unwrap();
    assert!(
        profile.contains(&format!("endpoint_url = http://{}\n", running.address)),
        "{profile}"
    );
    assert!(running.get("/healthz").ends_with("ok"));
    running.signal("-TERM");
    let (code, log) = running.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(
        log.contains("listening") && log.contains("SIGTERM") && log.contains("stopped"),
        "{log}"
    );
}

#[test]
fn json_logs_are_json_on_every_line() {
    let folder = TempDir::new().unwrap();
    let running = Running::start(&folder.path().join("data"), &["--log-format", "json"]);
    running.get("/healthz");
    running.signal("-INT");
    let (code, log) = running.end();
    assert_eq!(code, Some(0));
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    assert!(
        lines
            .iter()
            .any(|line| line["path"] == "/healthz" && line["request_id"].is_string()),
        "{log}"
    );
}

#[test]
fn o03_a_wrong_setting_stops_the_start_and_makes_nothing() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    for (arguments, parts) in [
        (
            &["serve", "--listen", "nonsense"][..],
            &["listen = \"nonsense\"", "flag --listen", "127.0.0.1:8740"][..],
        ),
        (
            &["serve", "--set", "limits.asset_byte=1"],
            &["limits.asset_byte", "did you mean limits.asset_bytes"],
        ),
        (
            &["serve", "--dev", "--listen", "0.0.0.0:0"],
            &["--dev", "loopback"],
        ),
    ] {
        let output = reliquary(&data).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        for part in parts {
            assert!(
                text(&output).contains(part),
                "{part} is not in {}",
                text(&output)
            );
        }
        assert!(!data.exists());
    }
}

#[test]
fn config_prints_values_and_origins() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("reliquary.toml"), "region = 'eu-west-1'\n").unwrap();
    let mut command = reliquary(&data);
    command
        .env("RELIQUARY_ACCOUNT", "111122223333")
        .args(["config"]);
    let table = text(&command.output().unwrap());
    let line = |key: &str| {
        table
            .lines()
            .find(|line| line.starts_with(key))
            .unwrap()
            .to_owned()
    };
    assert!(
        line("region").contains("eu-west-1") && line("region").contains("reliquary.toml line 1"),
        "{table}"
    );
    assert!(
        line("account").contains("environment variable RELIQUARY_ACCOUNT"),
        "{table}"
    );
    assert!(
        line("listen").contains("127.0.0.1:8740") && line("listen").ends_with("default"),
        "{table}"
    );
    let json: serde_json::Value =
        serde_json::from_slice(&command.arg("--json").output().unwrap().stdout).unwrap();
    assert_eq!(json["account"]["value"], "111122223333");
}

#[test]
fn connections_are_listed_with_where_they_came_from() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let mut command = reliquary(&data);
    command
        .env(
            "RELIQUARY_CONNECTIONS_PUBLIC_NPMJS_URL",
            "https://mirror.example/npm/",
        )
        .arg("connections");
    let output = command.output().unwrap();
    let list = text(&output);
    let line = |name: &str| {
        list.lines()
            .find(|line| line.starts_with(name))
            .unwrap()
            .to_owned()
    };
    assert!(
        line("public:npmjs").contains("https://mirror.example/npm/  (from the configuration)"),
        "{list}"
    );
    assert!(
        line("public:pypi")
            .contains("no address known for public:pypi: set connections.\"public:pypi\".url"),
        "{list}"
    );
    assert_eq!(list.lines().count(), 10, "{list}");
    assert!(output.status.success(), "{list}");
}

#[test]
fn version_and_help_are_there() {
    let folder = TempDir::new().unwrap();
    let output = reliquary(&folder.path().join("data"))
        .arg("--version")
        .output()
        .unwrap();
    assert_eq!(
        text(&output).trim(),
        format!("reliquary {}", env!("CARGO_PKG_VERSION"))
    );
    let output = reliquary(&folder.path().join("data"))
        .arg("--help")
        .output()
        .unwrap();
    assert!(text(&output).contains("Examples:"), "{}", text(&output));
}

/// A server with the domain of `--dev`, and a version published to it.
fn dev_with_a_version(data: &Path) -> Running {
    let running = Running::start(data, &["--dev"]);
    let targets = running.published("widget", "1.0.0");
    assert!(targets.starts_with("HTTP/1.1 201"), "{targets}");
    running
}

impl Running {
    /// Publishes an npm package to the repository of `--dev`.
    fn published(&self, name: &str, version: &str) -> String {
        let manifest = format!(r#"{{"name":"{name}","version":"{version}"}}"#);
        let tarball = base64_of(&gzipped_archive(&manifest));
        let document = format!(
            r#"{{"name":"{name}","dist-tags":{{"latest":"{version}"}},"versions":{{"{version}":{manifest}}},
            "_attachments":{{"{name}-{version}.tgz":{{"data":"{tarball}"}}}}}}"#
        );
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "PUT /npm/d/dev-000000000000/main/{name} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{document}",
            self.address,
            document.len()
        )
        .unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply
    }
}

/// A package archive with one file, `package/package.json`.
fn gzipped_archive(manifest: &str) -> Vec<u8> {
    let mut header = [0_u8; 512];
    let mut put =
        |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, "package/package.json");
    put(100, "0000644");
    put(124, &format!("{:011o}", manifest.len()));
    put(136, "00000000000");
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\u{0}00");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\u{0} ").as_bytes());
    let mut archive = header.to_vec();
    archive.extend_from_slice(manifest.as_bytes());
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&archive).unwrap();
    gzip.finish().unwrap()
}

fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn events(data: &Path, more: &[&str]) -> (bool, Vec<serde_json::Value>, String) {
    let output = reliquary(data).arg("events").args(more).output().unwrap();
    let printed = String::from_utf8(output.stdout.clone()).unwrap();
    let lines = printed
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    (output.status.success(), lines, text(&output))
}

#[test]
fn events_are_printed_beside_the_running_server_and_from_any_place() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let running = dev_with_a_version(&data);
    running.published("widget", "1.1.0");
    let (succeeded, all, shown) = events(&data, &[]);
    assert!(succeeded, "{shown}");
    let versions = |lines: &[serde_json::Value]| -> Vec<String> {
        let version = |line: &serde_json::Value| line["detail"]["packageVersion"].clone();
        lines
            .iter()
            .map(|line| version(line).as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(versions(&all), ["1.0.0", "1.1.0"]);
    assert_eq!(
        all[0]["detail-type"],
        "CodeArtifact Package Version State Change"
    );
    for (more, expected) in [
        (&["--domain", "dev"][..], &["1.0.0", "1.1.0"][..]),
        (&["--domain", "000000000000/dev"], &["1.0.0", "1.1.0"]),
        (&["--after", all[0]["cursor"].as_str().unwrap()], &["1.1.0"]),
        (
            &[
                "--domain",
                "dev",
                "--after",
                all[1]["cursor"].as_str().unwrap(),
            ],
            &[],
        ),
    ] {
        let (succeeded, lines, shown) = events(&data, more);
        assert!(succeeded, "{shown}");
        assert_eq!(versions(&lines), expected, "{more:?}");
    }
    let (succeeded, lines, shown) = events(&data, &["--domain", "none"]);
    assert!(
        !succeeded && lines.is_empty() && shown.contains("no such domain"),
        "{shown}"
    );
    let (succeeded, _, shown) = events(&data, &["--after", "nonsense"]);
    assert!(!succeeded && shown.contains("7:12"), "{shown}");

    let mut following = reliquary(&data)
        .args([
            "events",
            "--follow",
            "--after",
            all[1]["cursor"].as_str().unwrap(),
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    running.published("widget", "1.2.0");
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let line: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(line["detail"]["packageVersion"], "1.2.0");
    following.kill().unwrap();
    following.wait().unwrap();
    running.signal("-TERM");
    assert_eq!(running.end().0, Some(0));
    let audit = fs::read_to_string(data.join("audit/audit.jsonl")).unwrap();
    let published = audit
        .lines()
        .filter(|line| line.contains("PublishPackageVersion"));
    assert_eq!(published.count(), 3, "{audit}");
}

#[test]
fn i10_a_backup_beside_a_running_server_is_restored_into_a_new_folder() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let backups = folder.path().join("backups");
    let to = backups.to_str().unwrap();
    let output = reliquary(&data)
        .args(["backup", "--to", to])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).contains("there is no installation in"),
        "{}",
        text(&output)
    );
    assert!(!data.exists() && !backups.exists());

    let running = Running::start(&data, &[]);
    for number in 1..=2 {
        let output = reliquary(&data)
            .args(["backup", "--to", to, "--verify"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output));
        assert!(
            text(&output).starts_with(&format!("backup {number} in ")),
            "{}",
            text(&output)
        );
    }
    let output = reliquary(&data)
        .args(["restore", "--from", to])
        .output()
        .unwrap();
    assert!(
        text(&output).contains("in use by another server"),
        "{}",
        text(&output)
    );
    assert!(running.get("/readyz").contains("200 OK"));

    let elsewhere = folder.path().join("elsewhere");
    let output = reliquary(&elsewhere)
        .args(["restore", "--from", to])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert!(
        text(&output).starts_with("restored backup 2 of 2"),
        "{}",
        text(&output)
    );
    let keys = |data: &Path| text(&reliquary(data).args(["keys", "list"]).output().unwrap());
    assert_eq!(keys(&elsewhere), keys(&data));
    assert!(keys(&data).contains("AKIA"));

    // The same folder of data by its settings: it is in use, and so is its own target.
    let settings = folder.path().join("target.toml");
    fs::write(
        &settings,
        format!("data = {:?}\n", folder.path().join("third")),
    )
    .unwrap();
    let to = settings.to_str().unwrap();
    let migrate = |data: &Path| {
        reliquary(data)
            .args(["migrate", "--to", to])
            .output()
            .unwrap()
    };
    assert!(text(&migrate(&data)).contains("in use by another server"));
    let output = migrate(&elsewhere);
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(keys(&folder.path().join("third")), keys(&data));
    assert!(text(&migrate(&elsewhere)).contains("not empty"));
}
