//! Discovery against invented tools in an invented home.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

use super::*;

/// A host with the given programs (shell scripts) on its `PATH` and an empty home.
struct Host {
    folder: TempDir,
    environment: Environment,
}

impl Host {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir_all(folder.path().join("maven/bin")).unwrap();
        fs::create_dir_all(folder.path().join("home")).unwrap();
        let path = std::env::join_paths([folder.path().join("maven/bin")]).unwrap();
        let home = folder.path().join("home").into_os_string();
        let environment = [("PATH".to_owned(), path), ("HOME".to_owned(), home)].into();
        Self {
            folder,
            environment,
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn program(self, name: &str, script: &str) -> Self {
        let file = self.path().join("maven/bin").join(name);
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn file(self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    fn addresses(&self, config: &Config) -> ConnectionAddresses {
        ConnectionAddresses::new(
            config,
            public_connections(),
            Arc::new(self.environment.clone()),
        )
    }

    async fn find(&self, name: &str) -> Finding {
        self.addresses(&Config::default()).find(name).await
    }
}

fn operator_says(name: &str, connection: ConnectionConfig) -> Config {
    Config {
        connections: [(name.to_owned(), connection)].into(),
        ..Config::default()
    }
}

#[tokio::test]
async fn the_ten_public_names_are_declared() {
    let names: Vec<_> = Host::new()
        .addresses(&Config::default())
        .names()
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "public:crates-io",
            "public:maven-central",
            "public:maven-clojars",
            "public:maven-commonsware",
            "public:maven-googleandroid",
            "public:maven-gradleplugins",
            "public:npmjs",
            "public:nuget-org",
            "public:pypi",
            "public:ruby-gems-org",
        ]
    );
}

#[tokio::test]
async fn the_configuration_wins_and_no_tool_is_asked() {
    let host = Host::new().program("npm", "touch ../../../../asked; echo https://tool.example/");
    let config = operator_says(
        "public:npmjs",
        ConnectionConfig {
            url: Some(Url::parse("https://operator.example/npm/").unwrap()),
            token: Some(Secret::new("t".to_owned())),
            ..ConnectionConfig::default()
        },
    );
    let found = host.addresses(&config).find("public:npmjs").await.unwrap();
    assert_eq!(found.url.as_str(), "https://operator.example/npm/");
    assert_eq!(found.origin, "the configuration");
    assert_eq!(
        found.credentials,
        Some(Credentials::Bearer(Secret::new("t".to_owned())))
    );
    assert!(!found.allow_private_network);
}

#[tokio::test]
async fn npm_tells_its_registry_and_is_asked_once() {
    let host = Host::new();
    let count = host.path().join("count");
    let script = format!(
        "echo x >> {}; echo 'npm warn something' >&2; echo https://mirror.example/npm/",
        count.display()
    );
    let host = host.program("npm", &script);
    let addresses = host.addresses(&Config::default());
    let (first, second) = tokio::join!(
        addresses.find("public:npmjs"),
        addresses.find("public:npmjs")
    );
    assert_eq!(first.unwrap().url.as_str(), "https://mirror.example/npm/");
    assert_eq!(second.unwrap().origin, "`npm config get registry`");
    assert_eq!(fs::read_to_string(count).unwrap().lines().count(), 1);
}

#[tokio::test]
async fn without_any_tool_the_text_says_what_to_do() {
    let error = Host::new()
        .find("public:npmjs")
        .await
        .unwrap_err()
        .to_string();
    let beginning =
        "no address known for public:npmjs: set connections.\"public:npmjs\".url or install npm";
    assert!(error.starts_with(beginning), "{error}");
    assert!(error.contains("npm is not installed"), "{error}");
    let error = Host::new()
        .find("public:other")
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("public:other"), "{error}");
}

#[tokio::test]
async fn a_tool_that_talks_nonsense_is_not_believed() {
    for script in [
        "echo undefined",
        "echo file:///etc/passwd",
        "exit 3",
        "echo 'https://a b'",
        "printf '%0200000d' 0",
    ] {
        let error = Host::new()
            .program("npm", script)
            .find("public:npmjs")
            .await
            .unwrap_err();
        assert!(error.tried[0].contains("npm"), "{error}");
    }
}

#[tokio::test]
async fn o01_a_tool_does_not_see_our_settings() {
    let host = Host::new()
        .program(
            "npm",
            "echo \"https://mirror.example/$RELIQUARY_CONNECTIONS_X_TOKEN\"",
        )
        .variable("RELIQUARY_CONNECTIONS_X_TOKEN", "planted");
    assert_eq!(
        host.find("public:npmjs").await.unwrap().url.as_str(),
        "https://mirror.example/"
    );
}

#[tokio::test]
async fn pip_is_followed_from_variable_to_settings_to_built_in() {
    let python = "case \"$*\" in *'config list') /bin/cat \"$HOME/pip\" ;; *simple_url*) echo https://builtin.example/simple ;; esac";
    let host = Host::new().program("python3", python).file("home/pip", "");
    assert_eq!(
        host.find("public:pypi").await.unwrap().url.as_str(),
        "https://builtin.example/simple"
    );
    let host = host.file(
        "home/pip",
        "global.index-url='https://aws:planted@mirror.example/simple/'\n",
    );
    let found = host.find("public:pypi").await.unwrap();
    assert_eq!(found.url.as_str(), "https://mirror.example/simple/");
    assert!(
        matches!(&found.credentials, Some(Credentials::Basic { username, .. }) if username == "aws")
    );
    assert!(!format!("{found:?}").contains("planted"));
    let host = host.variable("PIP_INDEX_URL", "https://variable.example/simple");
    let found = host.find("public:pypi").await.unwrap();
    assert_eq!(
        (found.url.as_str(), found.origin.as_str()),
        (
            "https://variable.example/simple",
            "environment variable PIP_INDEX_URL"
        )
    );
}

#[tokio::test]
async fn maven_is_followed_from_mirror_to_super_pom() {
    let pom = "<project><repositories><repository><id>central</id><url>https://central.example/maven2</url></repository></repositories></project>";
    let jar = archive::tests::archive_with("org/apache/maven/model/pom-4.0.0.xml", pom);
    let host = Host::new()
        .program("mvn", "exit 1")
        .file("maven/lib/maven-model-builder-3.9.jar", jar);
    let host = host.file("home/.m2/settings.xml", "<settings/>");
    let found = host.find("public:maven-central").await.unwrap();
    assert_eq!(found.url.as_str(), "https://central.example/maven2");
    assert!(
        found.origin.ends_with("maven-model-builder-3.9.jar"),
        "{}",
        found.origin
    );
    let mirror =
        "<mirror><mirrorOf>central</mirrorOf><url>https://mirror.example/m2</url></mirror>";
    let host = host.file(
        "home/.m2/settings.xml",
        format!("<settings><mirrors>{mirror}</mirrors></settings>"),
    );
    assert_eq!(
        host.find("public:maven-central")
            .await
            .unwrap()
            .url
            .as_str(),
        "https://mirror.example/m2"
    );
}

#[tokio::test]
async fn cargo_is_asked_in_an_empty_home_with_the_settings_of_the_host() {
    let script = "test -f Cargo.toml && test -f src/lib.rs && test \"$CARGO_HOME\" = \"$PWD/home\" || exit 1\n\
                  echo \"error: failed to download from \\`$(/bin/cat home/config.toml)config.json\\`\" >&2; exit 101";
    let host = Host::new()
        .program("cargo", script)
        .file("home/.cargo/config.toml", "https://index.example/");
    assert_eq!(
        host.find("public:crates-io").await.unwrap().url.as_str(),
        "https://index.example/"
    );
    let host = host.file("ch/config.toml", "https://replaced.example/");
    let cargo_home = host.path().join("ch").display().to_string();
    let host = host.variable("CARGO_HOME", &cargo_home);
    assert_eq!(
        host.find("public:crates-io").await.unwrap().url.as_str(),
        "https://replaced.example/"
    );
}

#[tokio::test]
async fn sources_with_a_published_address_need_no_tool() {
    let host = Host::new();
    for name in [
        "public:nuget-org",
        "public:maven-clojars",
        "public:maven-gradleplugins",
        "public:ruby-gems-org",
    ] {
        let found = host.find(name).await.unwrap();
        assert_eq!(found.url.scheme(), "https", "{name}");
    }
    let host = host.program(
        "gem",
        "echo '*** CURRENT SOURCES ***'; echo; echo https://gems.example/",
    );
    assert_eq!(
        host.find("public:ruby-gems-org")
            .await
            .unwrap()
            .url
            .as_str(),
        "https://gems.example/"
    );
}

#[tokio::test]
async fn a_connection_of_the_operator_needs_no_discovery() {
    let config = operator_says(
        "corp:npm",
        ConnectionConfig {
            format: Some("npm".to_owned()),
            url: Some(Url::parse("http://10.0.0.1/npm/").unwrap()),
            allow_private_network: true,
            username: Some("u".to_owned()),
            password: Some(Secret::new("p".to_owned())),
            ..ConnectionConfig::default()
        },
    );
    let addresses = Host::new().addresses(&config);
    assert!(addresses.names().any(|one| one == ("corp:npm", "npm")));
    let found = addresses.find("corp:npm").await.unwrap();
    assert!(found.allow_private_network);
    assert!(
        matches!(&found.credentials, Some(Credentials::Basic { username, .. }) if username == "u")
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_stands_for_a_short_while_only() {
    let host = Host::new();
    let addresses = host.addresses(&Config::default());
    assert!(addresses.find("public:npmjs").await.is_err());
    let host = host.program("npm", "echo https://late.example/");
    assert!(addresses.find("public:npmjs").await.is_err());
    tokio::time::advance(FAILURE_STANDS).await;
    assert_eq!(
        addresses.find("public:npmjs").await.unwrap().url.as_str(),
        "https://late.example/"
    );
    drop(host);
}
