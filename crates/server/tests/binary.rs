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
