//! Every hostile string at every place: each address of npm, each parameter of the API.

use model::{DomainName, ExternalConnectionName, RepositoryName};
use reliquary_testkit::server::{ACCOUNT, ApiCall, Ask};
use serde_json::json;

use crate::strings::{NO_TEXT, endless, hostile};
use crate::support::{House, Release, at, encoded};

/// Addresses with a place, marked by `{}`, for every kind of name.
const ADDRESSES: &[(&str, &str)] = &[
    ("GET", "/npm/d/acme-111122223333/main/{}"),
    ("HEAD", "/npm/d/acme-111122223333/main/{}"),
    ("PUT", "/npm/d/acme-111122223333/main/{}"),
    ("DELETE", "/npm/d/acme-111122223333/main/{}/-rev/1-x"),
    ("PUT", "/npm/d/acme-111122223333/main/left-pad/-rev/{}"),
    ("GET", "/npm/d/acme-111122223333/main/@{}/left-pad"),
    ("GET", "/npm/d/acme-111122223333/main/@acme%2f{}"),
    ("GET", "/npm/d/acme-111122223333/main/left-pad/{}"),
    ("GET", "/npm/d/acme-111122223333/main/left-pad/-/{}"),
    (
        "HEAD",
        "/npm/d/acme-111122223333/main/left-pad/-/left-pad-{}.tgz",
    ),
    (
        "DELETE",
        "/npm/d/acme-111122223333/main/left-pad/-/{}/-rev/1-x",
    ),
    (
        "GET",
        "/npm/d/acme-111122223333/main/-/package/{}/dist-tags",
    ),
    (
        "PUT",
        "/npm/d/acme-111122223333/main/-/package/left-pad/dist-tags/{}",
    ),
    (
        "DELETE",
        "/npm/d/acme-111122223333/main/-/package/left-pad/dist-tags/{}",
    ),
    ("GET", "/npm/d/acme-111122223333/main/-/{}"),
    ("GET", "/npm/d/acme-111122223333/main/-/v1/search?text={}"),
    ("GET", "/npm/d/acme-111122223333/{}/left-pad"),
    ("GET", "/npm/d/{}-111122223333/main/left-pad"),
    ("GET", "/npm/d/acme-{}/main/left-pad"),
    ("GET", "/npm/{}/acme-111122223333/main/left-pad"),
    ("GET", "/{}/d/acme-111122223333/main/left-pad"),
];

/// Whether an address with this in its place has a meaning of its own.
fn has_a_meaning(address: &str, text: &str) -> bool {
    // Nothing, or an empty query, behind the repository's address: npm's ping.
    // A client never sends what follows a number sign; a server drops it.
    let is_ping =
        address.ends_with("/main/{}") && (text.is_empty() || text.starts_with(['?', '#']));
    // Nothing behind an address with a word that search takes.
    is_ping || address.contains("search?")
}

#[tokio::test(flavor = "multi_thread")]
async fn p01_p02_p03_p04_p05_p08_p09_p10_p11_p12_u12_hostile_strings_do_nothing_at_any_address_of_npm()
 {
    assert!(
        ADDRESSES
            .iter()
            .all(|(_, address)| address.contains(ACCOUNT) || address.contains("acme-{}"))
    );
    let house = House::private().await;
    house.published("main", "left-pad", "1.0.0").await;
    let before = house.state().await;
    // A good document of a package that no address here names, and a version that is not there.
    let document = Release::new("another", "1.0.0").document().to_string();
    let mut texts: Vec<Vec<u8>> = hostile().into_iter().map(String::into_bytes).collect();
    texts.extend(hostile().iter().map(|text| encoded(text).into_bytes()));
    texts.extend(endless().map(String::into_bytes));
    texts.extend(NO_TEXT.map(<[u8]>::to_vec));
    for (method, address) in ADDRESSES {
        for text in &texts {
            let (front, back) = address.split_once("{}").unwrap();
            let target = [front.as_bytes(), text, back.as_bytes()].concat();
            let body = match *method {
                "PUT" if address.contains("dist-tags") => "\"9.9.9\"".to_owned(),
                "PUT" => document.clone(),
                _ => String::new(),
            };
            let ask = Ask::new(method, &target).bearer(&house.token).body(body);
            let answer = house.server.ask(ask).await;
            let shown = String::from_utf8_lossy(&target[..target.len().min(200)]).into_owned();
            assert!(answer.header("set-cookie").is_empty(), "{method} {shown}");
            assert!(
                answer.raw.len() < 40_000,
                "{method} {shown}: {} bytes",
                answer.raw.len()
            );
            if has_a_meaning(address, &String::from_utf8_lossy(text)) {
                assert!(
                    (200..500).contains(&answer.status),
                    "{method} {shown}: {}",
                    answer.status
                );
            } else {
                assert!(
                    (400..500).contains(&answer.status),
                    "{method} {shown}: {} {}",
                    answer.status,
                    answer.text()
                );
            }
        }
    }
    House::assert_same(&before, &house.state().await);
    assert!(house.server.is_healthy().await);
}

type Parameters = Vec<(&'static str, &'static str)>;

/// Every operation, with arguments that are good.
fn operations() -> Vec<(&'static str, &'static str, Parameters)> {
    let domain = ("domain", "acme");
    let owner = ("domain-owner", ACCOUNT);
    let repository = ("repository", "main");
    let connection = ("external-connection", "public:npmjs");
    let (format, namespace) = (("format", "npm"), ("namespace", "scope"));
    let (package, version) = (("package", "left-pad"), ("version", "1.0.0"));
    let (most, next) = (("max-results", "10"), ("next-token", "x"));
    vec![
        (
            "POST",
            "/v1/repository/external-connection",
            vec![domain, owner, repository, connection],
        ),
        (
            "DELETE",
            "/v1/repository/external-connection",
            vec![domain, owner, repository, connection],
        ),
        ("POST", "/v1/domain", vec![domain]),
        ("GET", "/v1/domain", vec![domain, owner]),
        ("DELETE", "/v1/domain", vec![domain, owner]),
        ("POST", "/v1/repository", vec![domain, owner, repository]),
        ("GET", "/v1/repository", vec![domain, owner, repository]),
        ("PUT", "/v1/repository", vec![domain, owner, repository]),
        ("DELETE", "/v1/repository", vec![domain, owner, repository]),
        (
            "POST",
            "/v1/authorization-token",
            vec![domain, owner, ("duration", "900")],
        ),
        (
            "GET",
            "/v1/repository/endpoint",
            vec![domain, owner, repository, format, ("endpointType", "ipv4")],
        ),
        ("POST", "/v1/domains", vec![]),
        (
            "POST",
            "/v1/repositories",
            vec![("repository-prefix", "m"), most, next],
        ),
        (
            "POST",
            "/v1/domain/repositories",
            vec![
                domain,
                owner,
                ("administrator-account", ACCOUNT),
                ("repository-prefix", "m"),
                most,
                next,
            ],
        ),
        (
            "POST",
            "/v1/packages",
            vec![
                domain,
                owner,
                repository,
                format,
                namespace,
                ("package-prefix", "l"),
                most,
                next,
                ("publish", "ALLOW"),
                ("upstream", "ALLOW"),
            ],
        ),
        (
            "POST",
            "/v1/package/versions",
            vec![
                domain,
                owner,
                repository,
                format,
                namespace,
                package,
                ("status", "Published"),
                ("sortBy", "PUBLISHED_TIME"),
                ("originType", "INTERNAL"),
                most,
                next,
            ],
        ),
        (
            "GET",
            "/v1/package/version",
            vec![
                domain, owner, repository, format, namespace, package, version,
            ],
        ),
        (
            "POST",
            "/v1/package/version/assets",
            vec![
                domain, owner, repository, format, namespace, package, version, most, next,
            ],
        ),
        (
            "GET",
            "/v1/package/version/asset",
            vec![
                domain,
                owner,
                repository,
                format,
                namespace,
                package,
                version,
                ("asset", "package.tgz"),
                ("revision", "x"),
            ],
        ),
    ]
}

/// Whether this text is a good value of this parameter of a call that would change something.
fn would_change(method: &str, path: &str, name: &str, text: &str) -> bool {
    let changes = method != "GET"
        && matches!(
            path,
            "/v1/domain" | "/v1/repository" | "/v1/repository/external-connection"
        );
    // An empty owner or none is the caller's own account.
    changes
        && match name {
            "domain" => DomainName::parse(text).is_ok(),
            "repository" => RepositoryName::parse(text).is_ok(),
            "external-connection" => ExternalConnectionName::parse(text).is_ok(),
            _ => false,
        }
}

#[tokio::test(flavor = "multi_thread")]
async fn p01_p02_p05_p08_p09_p10_p11_p12_p16_s13_s14_s15_hostile_strings_do_nothing_in_any_parameter_of_the_api()
 {
    let house = House::private().await;
    house.published("main", "left-pad", "1.0.0").await;
    let open = House::with(|config| config.dev = true).await;
    let (before, before_open) = (house.state().await, open.state().await);
    assert_eq!(operations().len(), 19);
    for (method, path, parameters) in operations() {
        for (at, (place, _)) in parameters.iter().enumerate() {
            for text in hostile() {
                if would_change(method, path, place, &text) {
                    continue;
                }
                let mut call = ApiCall::new(method, path);
                for (index, (name, value)) in parameters.iter().enumerate() {
                    // A place that only a list in progress has would hide what comes after it.
                    if index == at || *name != "next-token" {
                        call = call.query(name, if index == at { &text } else { value });
                    }
                }
                let answer = house.server.call(call).await;
                let shown: String = text.chars().take(60).collect();
                assert!(
                    answer.raw.len() < 8_000,
                    "{method} {path} {place}={shown}: {}",
                    answer.raw.len()
                );
                assert!(answer.header("set-cookie").is_empty());
                let is_read = matches!(
                    *place,
                    "namespace"
                        | "package-prefix"
                        | "package"
                        | "version"
                        | "asset"
                        | "repository-prefix"
                        | "next-token"
                        | "repository"
                        | "domain"
                        | "domain-owner"
                        | "endpointType"
                );
                let fine = (400..500).contains(&answer.status) || is_read && answer.status == 200;
                assert!(
                    fine,
                    "{method} {path} {place}={shown}: {} {}",
                    answer.status,
                    answer.text()
                );
                if answer.status == 200 && !text.is_empty() {
                    let body = answer.json();
                    for list in ["packages", "repositories", "versions", "assets"] {
                        let found = body[list].as_array().map_or(0, Vec::len);
                        assert_eq!(found, 0, "{method} {path} {place}={shown}: {body}");
                    }
                }
                // The same text raw, as a client without an encoder would send it.
                let raw = Ask::new(method, format!("{path}?{place}={text}").as_bytes());
                let answer = open.server.ask(raw).await;
                assert!(
                    answer.status < 500,
                    "raw {method} {path} {place}={shown}: {} {}",
                    answer.status,
                    answer.text()
                );
            }
        }
    }
    House::assert_same(&before, &house.state().await);
    House::assert_same(&before_open, &open.state().await);
    assert!(house.server.is_healthy().await && open.server.is_healthy().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn p01_p05_p09_p12_f_npm_1_nothing_is_published_under_a_hostile_name() {
    let house = House::private().await;
    let before = house.state().await;
    for text in hostile() {
        // Words of languages and of file systems are names like others.
        if matches!(
            text.as_str(),
            "CON" | "NUL" | "x." | "constructor" | "toString" | "hasOwnProperty"
        ) {
            continue;
        }
        for name in [text.clone(), format!("@{text}/x"), format!("@x/{text}")] {
            let release = Release::new(&name, "1.0.0");
            let document = release.document().to_string();
            let target = at("main", &encoded(&name));
            let answer = house.send("PUT", &target, document.clone()).await;
            assert!(
                (400..500).contains(&answer.status),
                "{name:.60}: {} {}",
                answer.status,
                answer.text()
            );
            // The name in the document alone.
            let answer = house.send("PUT", &at("main", "good"), document).await;
            assert!(
                (400..500).contains(&answer.status),
                "{name:.60}: {} {}",
                answer.status,
                answer.text()
            );
        }
        let release = Release::new("good", &text);
        let answer = house.publish("main", &release).await;
        assert!(
            (400..500).contains(&answer.status),
            "version {text:.60}: {} {}",
            answer.status,
            answer.text()
        );
        let mut tagged = Release::new("good", "1.0.0").document();
        tagged["dist-tags"] = json!({ &text: "1.0.0" });
        let is_plain = !text.is_empty()
            && text.len() < 214
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&b));
        if !is_plain {
            let answer = house
                .send("PUT", &at("main", "good"), tagged.to_string())
                .await;
            assert!(
                (400..500).contains(&answer.status),
                "tag {text:.60}: {} {}",
                answer.status,
                answer.text()
            );
        }
    }
    House::assert_same(&before, &house.state().await);
    assert!(house.server.is_healthy().await);
}
