//! Tests of reading the configuration.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

use super::*;

const KNOWN: &[KnownConnection] = &[KnownConnection {
    name: "public:npmjs",
    format: "npm",
}];
const FORMATS: &[&str] = &["npm", "pypi"];

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), OsString::from(value)))
        .collect()
}

fn flags(settings: &[(&str, &str)]) -> Flags {
    let settings = settings
        .iter()
        .map(|(key, value)| {
            (
                format!("--{}", key.replace('_', "-")),
                (*key).to_owned(),
                (*value).to_owned(),
            )
        })
        .collect();
    Flags {
        settings,
        ..Flags::default()
    }
}

fn folder_with(text: &str) -> (TempDir, Flags) {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("reliquary.toml"), text).unwrap();
    fs::set_permissions(
        folder.path().join("reliquary.toml"),
        fs::Permissions::from_mode(0o600),
    )
    .unwrap();
    let flags = flags(&[("data", folder.path().to_str().unwrap())]);
    (folder, flags)
}

fn read(text: &str) -> Result<Effective, ConfigError> {
    let (_folder, flags) = folder_with(text);
    load(&Environment::new(), &flags, KNOWN, FORMATS)
}

fn complaints(text: &str) -> String {
    read(text).expect_err("this must be refused").to_string()
}

fn origin_of(effective: &Effective, key: &str) -> String {
    effective
        .entries
        .iter()
        .find(|entry| entry.key == key)
        .expect("the key is reported")
        .origin
        .to_string()
}

#[test]
fn nothing_given_means_defaults_on_loopback() {
    let folder = TempDir::new().unwrap();
    let effective = load(
        &Environment::new(),
        &flags(&[("data", folder.path().to_str().unwrap())]),
        KNOWN,
        FORMATS,
    )
    .unwrap();
    assert_eq!(effective.config.listen.to_string(), "127.0.0.1:8740");
    assert_eq!(
        effective.config.public_url_at(effective.config.listen),
        "http://127.0.0.1:8740"
    );
    assert_eq!(effective.config.limits.asset_bytes, 5 << 30);
    assert_eq!(origin_of(&effective, "listen"), "default");
    assert_eq!(origin_of(&effective, "data"), "flag --data");
    assert!(effective.file.is_none());
}

#[test]
fn file_below_environment_below_flag() {
    let (folder, mut given) =
        folder_with("region = 'eu-west-1'\nlisten = '127.0.0.1:1'\n[log]\nlevel = 'warn'\n");
    given
        .settings
        .push(("--listen".into(), "listen".into(), "127.0.0.1:3".into()));
    let environment = environment(&[
        ("RELIQUARY_LISTEN", "127.0.0.1:2"),
        ("RELIQUARY_LOG_LEVEL", "debug"),
        ("HOME", "/"),
    ]);
    let effective = load(&environment, &given, KNOWN, FORMATS).unwrap();
    assert_eq!(effective.config.listen.port(), 3);
    assert_eq!(effective.config.log.level, "debug");
    assert_eq!(effective.config.region, "eu-west-1");
    assert_eq!(origin_of(&effective, "listen"), "flag --listen");
    assert_eq!(
        origin_of(&effective, "log.level"),
        "environment variable RELIQUARY_LOG_LEVEL"
    );
    let file = folder.path().join("reliquary.toml");
    assert_eq!(
        origin_of(&effective, "region"),
        format!("{} line 1", file.display())
    );
}

#[test]
fn every_default_reads_back_through_its_own_row() {
    let mut config = Config::default();
    for row in setting::SETTINGS {
        let shown = (row.show)(&config);
        if shown == "none" {
            continue;
        }
        let (mut origins, mut problems) = (BTreeMap::new(), Vec::new());
        let given = source::Given {
            path: vec![row.key.to_owned()],
            text: shown.clone(),
            is_list: false,
            origin: Origin::Default,
        };
        setting::apply(&mut config, &mut origins, given, &mut problems);
        assert_eq!(problems, [], "{}", row.key);
        assert_eq!((row.show)(&config), shown, "{}", row.key);
    }
}

#[test]
fn what_is_held_is_shown_without_a_database_only_where_there_is_one_that_can_be_away() {
    let text = complaints("[store]\nheld_reads_ms = 60000\n");
    assert!(text.contains("store.url beside it, or 0"), "{text}");
    let text = complaints("[store]\nheld_reads_ms = -1\n");
    assert!(text.contains("0 for never"), "{text}");
    let given = environment(&[
        ("RELIQUARY_STORE_URL", "postgres://me@db.example/rows"),
        ("RELIQUARY_STORE_HELD_READS_MS", "60000"),
    ]);
    let effective = load(&given, &Flags::default(), KNOWN, FORMATS).unwrap();
    assert_eq!(effective.config.store.held_reads_ms, 60_000);
    assert_eq!(Config::default().store.held_reads_ms, 0, "it is off");
}

#[test]
fn the_password_of_the_database_is_never_shown_and_has_its_own_place() {
    let text = complaints("[store]\nurl = 'postgres://me:planted@db.example/rows'\n");
    assert!(text.contains("store.password_file"), "{text}");
    assert!(!text.contains("planted"), "{text}");
    let text = complaints("[store]\nurl = 'https://db.example/rows'\n");
    assert!(text.contains("its scheme is https"), "{text}");
    let text = complaints("[store]\npassword = 'planted'\n");
    assert!(text.contains("there is no database"), "{text}");
    assert!(!text.contains("planted"), "{text}");
    let text = complaints("[blobs]\nfolder = '/mnt/packages'\n");
    assert!(text.contains("store.url beside it"), "{text}");
    let environment = environment(&[
        (
            "RELIQUARY_STORE_URL",
            "postgres://me@db.example/rows?sslmode=require",
        ),
        ("RELIQUARY_STORE_PASSWORD", "planted"),
    ]);
    let effective = load(&environment, &Flags::default(), KNOWN, FORMATS).unwrap();
    let password = effective.config.store.password.as_ref();
    assert_eq!(password.map(Secret::expose), Some("planted"));
    assert!(!render_table(&effective.entries).contains("planted"));
}

#[test]
fn o03_an_unknown_key_is_named_with_its_line_and_a_suggestion() {
    let text = complaints("region = 'x'\n\n[limits]\nheader_byte = 1\n");
    assert!(text.contains("limits.header_byte "), "{text}");
    assert!(text.contains("reliquary.toml line 4"), "{text}");
    assert!(text.contains("did you mean limits.header_bytes"), "{text}");
}

#[test]
fn o03_a_bad_value_is_named_with_what_is_allowed() {
    let text = complaints("listen = '8740'\n[log]\nformat = 'xml'\n");
    assert!(text.contains("listen = \"8740\""), "{text}");
    assert!(text.contains("an IP address and a port"), "{text}");
    assert!(text.contains("log.format = \"xml\""), "{text}");
    assert!(text.contains("line 3"), "{text}");
    assert!(text.contains("allowed: text or json"), "{text}");
}

#[test]
fn o03_an_unknown_variable_stops_the_start() {
    let folder = TempDir::new().unwrap();
    let given = flags(&[("data", folder.path().to_str().unwrap())]);
    let error = load(
        &environment(&[("RELIQUARY_LISSEN", "x")]),
        &given,
        KNOWN,
        FORMATS,
    )
    .unwrap_err();
    assert_eq!(error.problems.len(), 1);
    assert!(error.to_string().contains("RELIQUARY_LISSEN"), "{error}");
}

#[test]
fn o03_broken_toml_is_named_by_its_line() {
    let text = complaints("region = 'a'\nlisten = \n");
    assert!(text.contains("reliquary.toml line 2"), "{text}");
}

#[test]
fn a_file_that_is_named_must_exist_and_may_be_anywhere() {
    let given = Flags {
        config_file: Some("/nowhere/x.toml".into()),
        ..Flags::default()
    };
    let text = load(&Environment::new(), &given, KNOWN, FORMATS)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("/nowhere/x.toml") && text.contains("flag --config"),
        "{text}"
    );

    let folder = TempDir::new().unwrap();
    let path = folder.path().join("other.toml");
    fs::write(&path, "data = 'elsewhere'").unwrap();
    let environment = environment(&[("RELIQUARY_CONFIG", path.to_str().unwrap())]);
    let effective = load(&environment, &Flags::default(), KNOWN, FORMATS).unwrap();
    assert_eq!(effective.config.data, Path::new("elsewhere"));
    assert_eq!(effective.file.as_deref(), Some(path.as_path()));
}

#[test]
fn a_file_found_in_the_data_folder_cannot_move_the_data_folder() {
    assert!(complaints("data = 'elsewhere'").contains("found through the data folder"));
}

#[test]
fn sizes_and_lists_are_read_with_their_units() {
    let text = "allowed_hosts = ['a.example', 'b.example:8740']\n[limits]\ncontrol_body_bytes = '2 MiB'\nasset_bytes = 1_000\n\
                ";
    let config = read(text).unwrap().config;
    assert_eq!(config.limits.control_body_bytes, 2 << 20);
    assert_eq!(config.limits.asset_bytes, 1000);
    assert_eq!(config.allowed_hosts, ["a.example", "b.example:8740"]);
    for bad in [
        "'2 XB'",
        "-1",
        "0",
        "1.5",
        "''",
        "'99999999999 GiB'",
        "['1']",
    ] {
        let text = complaints(&format!("limits.asset_bytes = {bad}"));
        assert!(text.contains("limits.asset_bytes"), "{text}");
    }
    for bad in ["A.example", "a b", "a.example:x"] {
        assert!(complaints(&format!("allowed_hosts = ['{bad}']")).contains(bad));
    }
}

#[test]
fn a15_trusted_proxies_are_named_and_never_everyone() {
    let text = "trusted_proxies = ['10.0.0.0/8', '192.0.2.7', 'fd00::1']";
    let effective = read(text).unwrap();
    let entry = |key: &str| {
        let mut entries = effective.entries.iter();
        entries.find(|entry| entry.key == key).unwrap()
    };
    assert_eq!(
        entry("trusted_proxies").value,
        "10.0.0.0/8, 192.0.2.7/32, fd00::1/128"
    );
    let environment = environment(&[("RELIQUARY_TRUSTED_PROXIES", "10.0.0.0/8,192.0.2.7")]);
    let (_folder, given) = folder_with("");
    let config = load(&environment, &given, KNOWN, FORMATS).unwrap().config;
    assert_eq!(config.trusted_proxies.len(), 2);
    assert!(Config::default().trusted_proxies.is_empty());
    for bad in ["0.0.0.0/0", "::/0", "*", "proxy.example", "10.0.0.1/8"] {
        let text = complaints(&format!("trusted_proxies = ['{bad}']"));
        assert!(
            text.contains("trusted_proxies") && text.contains(bad),
            "{text}"
        );
    }
}

#[test]
fn connections_take_secrets_from_variables_and_hide_them() {
    let (_folder, given) = folder_with(
        "[connections.\"public:npmjs\"]\nurl = 'https://npm.mirror.example/'\nusername = 'reader'\n\
         password_env = 'RELIQUARY_MIRROR_PASSWORD'\n\
         [connections.\"internal:py\"]\nformat = 'pypi'\nurl = 'https://py.example/simple/'\ntoken = 'tok-planted'\n\
         allow_private_network = true\n",
    );
    let environment = environment(&[("RELIQUARY_MIRROR_PASSWORD", "planted-password")]);
    let effective = load(&environment, &given, KNOWN, FORMATS).unwrap();
    let npm = &effective.config.connections["public:npmjs"];
    assert_eq!(
        npm.password.as_ref().map(Secret::expose),
        Some("planted-password")
    );
    assert!(effective.config.connections["internal:py"].allow_private_network);
    let printed = format!(
        "{}{}{:?}",
        render_table(&effective.entries),
        render_json(&effective.entries),
        effective.config
    );
    assert!(printed.contains("https://npm.mirror.example/"));
    assert!(printed.contains("(hidden)"));
    assert!(!printed.contains("planted"), "o01: {printed}");
}

#[test]
fn connections_can_be_set_by_variable_and_flag() {
    let folder = TempDir::new().unwrap();
    let mut given = flags(&[("data", folder.path().to_str().unwrap())]);
    let variables = environment(&[(
        "RELIQUARY_CONNECTIONS_PUBLIC_NPMJS_URL",
        "https://a.example/",
    )]);
    let effective = load(&variables, &given, KNOWN, FORMATS).unwrap();
    let url = |effective: &Effective| {
        effective.config.connections["public:npmjs"]
            .url
            .clone()
            .unwrap()
            .to_string()
    };
    assert_eq!(url(&effective), "https://a.example/");
    let key = "connections.\"public:npmjs\".url".to_owned();
    given
        .settings
        .push(("--set".into(), key, "https://b.example/".into()));
    assert_eq!(
        url(&load(&variables, &given, KNOWN, FORMATS).unwrap()),
        "https://b.example/"
    );
}

#[test]
fn o03_connections_that_cannot_work_are_refused() {
    for (text, part) in [
        ("[connections.x1]\nurl = 'https://a.example'", "format"),
        ("[connections.x1]\nformat = 'npm'", "url"),
        (
            "[connections.x1]\nformat = 'nmp'\nurl = 'https://a.example'",
            "npm, pypi",
        ),
        (
            "[connections.\"public:npmjs\"]\nformat = 'pypi'",
            "speaks npm",
        ),
        (
            "[connections.\"public:npmjs\"]\nurl = 'ftp://a.example'",
            "scheme",
        ),
        (
            "[connections.\"public:npmjs\"]\nurl = 'https://u:planted@a.example'",
            "user name or password",
        ),
        ("[connections.\"public:npmjs\"]\ntoken = ''", "empty"),
        (
            "[connections.\"public:npmjs\"]\ntoken_env = 'NOT_SET'",
            "NOT_SET",
        ),
        (
            "[connections.\"public:npmjs\"]\ntoken = 'a'\nusername = 'b'\npassword = 'c'",
            "either a token",
        ),
        (
            "[connections.\"public:npmjs\"]\nusername = 'b'",
            "both or none",
        ),
        (
            "[connections.\"public:npmjs\"]\nca_file = '/nowhere'",
            "/nowhere",
        ),
        (
            "[connections.\"public:npmjs\"]\npasword = 'b'",
            "did you mean connections.\"public:npmjs\".password",
        ),
        (
            "[connections.\"a/b\"]\nurl = 'https://a.example'",
            "not a name",
        ),
        ("connections = 1", "connections"),
    ] {
        let complaint = complaints(text);
        assert!(complaint.contains(part), "{text} gave {complaint}");
        assert!(!complaint.contains("planted"), "{complaint}");
    }
}

#[test]
fn o03_a_world_readable_key_or_secret_file_stops_the_start() {
    let folder = TempDir::new().unwrap();
    let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    fs::write(&certificate, "x").unwrap();
    fs::write(&key, "x").unwrap();
    let given = flags(&[
        ("data", folder.path().to_str().unwrap()),
        ("tls.certificate", certificate.to_str().unwrap()),
        ("tls.key", key.to_str().unwrap()),
    ]);
    let load_with = |mode| {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        load(&Environment::new(), &given, KNOWN, FORMATS).map_err(|error| error.to_string())
    };
    assert!(load_with(0o644).unwrap_err().contains("mode 644"));
    let effective = load_with(0o600).unwrap();
    assert_eq!(
        effective.config.public_url_at(effective.config.listen),
        "https://127.0.0.1:8740"
    );

    let (folder, given) = folder_with("[connections.\"public:npmjs\"]\ntoken = 'abc'\n");
    let file = folder.path().join("reliquary.toml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let text = load(&Environment::new(), &given, KNOWN, FORMATS)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("everybody may read it") && text.contains("_env"),
        "{text}"
    );
}

#[test]
fn o03_half_of_tls_and_empty_files_are_refused() {
    let folder = TempDir::new().unwrap();
    let empty = folder.path().join("empty.pem");
    fs::write(&empty, "").unwrap();
    fs::set_permissions(&empty, fs::Permissions::from_mode(0o600)).unwrap();
    let empty = empty.display();
    assert!(complaints(&format!("tls.key = '{empty}'")).contains("tls.certificate"));
    assert!(
        complaints(&format!("tls.key = '{empty}'\ntls.certificate = '{empty}'"))
            .contains("it is empty")
    );
}

#[test]
fn dev_refuses_another_address_than_loopback() {
    let (_folder, mut given) = folder_with("listen = '0.0.0.0:8740'");
    assert!(load(&Environment::new(), &given, KNOWN, FORMATS).is_ok());
    given.dev = true;
    let text = load(&Environment::new(), &given, KNOWN, FORMATS)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("listen = \"0.0.0.0:8740\"") && text.contains("loopback only"),
        "{text}"
    );
}

#[test]
fn public_urls_are_bare_origins() {
    assert_eq!(
        read("public_url = 'https://packages.example/'")
            .map(|e| e.config.public_url_at(e.config.listen))
            .unwrap(),
        "https://packages.example"
    );
    for bad in [
        "packages.example",
        "https://packages.example/path",
        "https://a@packages.example",
        "file:///x",
    ] {
        assert!(
            complaints(&format!("public_url = '{bad}'")).contains("public_url"),
            "{bad}"
        );
    }
    assert!(complaints("endpoint_form = 'host'").contains("package_host_base"));
    assert!(read("endpoint_form = 'host'\npackage_host_base = 'packages.example:8740'").is_ok());
    assert!(complaints("package_host_base = 'Packages_x.example'").contains("host name"));
}

#[test]
fn an_unspecified_address_is_told_as_loopback() {
    let config = read("listen = '0.0.0.0:8740'").unwrap().config;
    assert_eq!(config.public_url_at(config.listen), "http://127.0.0.1:8740");
    let config = read("listen = '[::]:8740'").unwrap().config;
    assert_eq!(config.public_url_at(config.listen), "http://[::1]:8740");
}

const SECRET: &str = "whsec_c3Rvcnktc2VjcmV0LXN0b3J5LXNlY3JldA==";

#[test]
fn event_endpoints_are_a_list_of_tables() {
    let text = format!(
        "[events]\ntimeout_ms = 500\n[[events.endpoints]]\nname = 'chat'\nurl = 'https://chat.example/hook?key=planted'\n\
         secret = '{SECRET}'\ndomain = 'acme'\naccount = '111122223333'\n[[events.endpoints]]\nname = 'ci'\n\
         url = 'http://10.0.0.7/hook'\nsecret_env = 'RELIQUARY_HOOK_SECRET'\n"
    );
    let (_folder, mut given) = folder_with(&text);
    let environment = environment(&[
        ("RELIQUARY_HOOK_SECRET", SECRET),
        ("RELIQUARY_EVENTS_ENDPOINTS_1_DOMAIN", "other"),
    ]);
    let url = ("--set", "events.endpoints.1.url", "https://ci.example/hook");
    given
        .settings
        .push((url.0.into(), url.1.into(), url.2.into()));
    let effective = load(&environment, &given, KNOWN, FORMATS).unwrap();
    let [chat, ci] = &effective.config.events.endpoints[..] else {
        panic!("two endpoints: {:?}", effective.config.events);
    };
    assert_eq!((chat.name.as_str(), ci.name.as_str()), ("chat", "ci"));
    assert_eq!(chat.domain.as_ref().unwrap().as_str(), "acme");
    assert_eq!(chat.account.as_ref().unwrap().as_str(), "111122223333");
    assert_eq!(ci.url.as_ref().unwrap().as_str(), "https://ci.example/hook");
    assert_eq!(ci.domain.as_ref().unwrap().as_str(), "other");
    for endpoint in [chat, ci] {
        let key = signing_key(endpoint.secret.as_ref().unwrap()).unwrap();
        assert_eq!(key, b"story-secret-story-secret");
    }
    assert_eq!(effective.config.events.timeout_ms, 500);
    assert_eq!(
        origin_of(&effective, "events.endpoints.1.url"),
        "flag --set"
    );
    let printed = format!(
        "{}{}{:?}",
        render_table(&effective.entries),
        render_json(&effective.entries),
        effective.config.events.endpoints[1].secret
    );
    assert!(printed.contains("https://chat.example/hook?(hidden)"));
    assert!(
        !printed.contains("planted") && !printed.contains(SECRET),
        "o01: {printed}"
    );
}

#[test]
fn o03_event_endpoints_that_cannot_work_are_refused() {
    let good = format!("name = 'a'\nurl = 'https://a.example'\nsecret = '{SECRET}'\n");
    let without = |member: &str| {
        let lines = good.lines().filter(|line| !line.starts_with(member));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    let with = |line: &str| format!("{}{line}\n", without(line.split(' ').next().unwrap()));
    for (table, part) in [
        (without("name"), "events.endpoints.0.name"),
        (without("url"), "events.endpoints.0.url"),
        (without("secret"), "could not tell an event from a forgery"),
        (with("name = 'a b'"), "not a name"),
        (with("url = 'ftp://a.example'"), "scheme"),
        (
            with("url = 'https://u:planted@a.example'"),
            "user name or password",
        ),
        (with("secret = 'planted-planted-planted-planted'"), "whsec_"),
        (with("secret = 'whsec_'"), "0 bytes"),
        (with("secret = 'whsec_cGxhbnRlZA=='"), "7 bytes"),
        (with("secret = 'whsec_planted!'"), "not base64"),
        (with("secret_env = 'NOT_SET'"), "two ways"),
        (with("account = '1'"), "twelve digits"),
        (with("domain = 'A'"), "the name of a domain"),
        (with("ca_file = '/nowhere'"), "/nowhere"),
        (
            with("secrt = 'x'"),
            "did you mean events.endpoints.0.secret",
        ),
        (
            format!("{good}[[events.endpoints]]\n{good}"),
            "another endpoint is called a",
        ),
    ] {
        let complaint = complaints(&format!("[[events.endpoints]]\n{table}"));
        assert!(complaint.contains(part), "{table} gave {complaint}");
        assert!(!complaint.contains("planted"), "{complaint}");
    }
    let unset = format!("{}secret_env = 'NOT_SET'\n", without("secret"));
    assert!(complaints(&format!("[[events.endpoints]]\n{unset}")).contains("NOT_SET"));
    assert!(complaints("events.endpoints = 1").contains("events.endpoints"));
    let (_folder, given) = folder_with("");
    for variable in [
        "RELIQUARY_EVENTS_ENDPOINTS_999_URL",
        "RELIQUARY_EVENTS_ENDPOINTS_X_URL",
    ] {
        let variables = environment(&[(variable, "https://a.example")]);
        assert!(
            load(&variables, &given, KNOWN, FORMATS).is_err(),
            "{variable}"
        );
    }
    let (folder, given) = folder_with(&format!("[[events.endpoints]]\n{good}"));
    let file = folder.path().join("reliquary.toml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let text = load(&Environment::new(), &given, KNOWN, FORMATS)
        .unwrap_err()
        .to_string();
    assert!(text.contains("everybody may read it"), "{text}");
}

#[test]
fn quotas_and_rates_have_the_values_of_the_service_and_rates_are_off() {
    let config = Config::default();
    let shown = |key: &str| (setting::find(key).unwrap().show)(&config);
    for (key, value) in [
        ("quotas.asset_size_bytes", "5 GiB"),
        ("limits.publish_body_bytes", "2 GiB"),
        ("quotas.domains_per_account", "10"),
        ("quotas.repositories_per_domain", "1000"),
        ("quotas.requests_per_second", "0"),
        ("quotas.rates.enabled", "false"),
        ("quotas.rates.reads_per_account", "800"),
        ("quotas.rates.writes_per_account", "100"),
        ("quotas.rates.per_token", "1200"),
        ("quotas.rates.per_address_without_token", "600"),
        ("quotas.rates.get_authorization_token", "40"),
        ("quotas.rates.get_package_version_asset", "50"),
        ("quotas.rates.list_packages", "200"),
        ("quotas.rates.list_package_versions", "200"),
        ("quotas.rates.list_package_version_assets", "200"),
        ("quotas.rates.publish_package_version", "10"),
        ("quotas.rates.copy_package_versions", "5"),
        ("audit.enabled", "true"),
        ("audit.required", "true"),
        ("audit.path", "reliquary-data/audit"),
    ] {
        assert_eq!(shown(key), value, "{key}");
    }
    let config = read("[audit]\npath = '/srv/audit'\nkeep_files = 3\n")
        .unwrap()
        .config;
    assert_eq!(config.audit_folder(), Path::new("/srv/audit"));
    assert!(complaints("[audit]\nkeep_files = 0").contains("audit.keep_files"));
}
