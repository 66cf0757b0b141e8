//! Tests of records, and of the queue before them.

use std::path::Path;

use catalog::{PackageRequest, RequestFailure, RequestParameters};
use model::{
    DomainName, DomainRef, FormatId, Identity, Namespace, PackageCoordinates, PackageName,
    Principal, PrincipalKind, RepositoryName, VersionName,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;

const OWNER: &str = "111122223333";

fn account(id: &str) -> model::AccountId {
    model::AccountId::parse(id).unwrap()
}

fn entry(target: &str, facts: Option<RequestFacts>) -> AuditEntry {
    AuditEntry {
        at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600),
        request_id: "4f1c7c5e-0000-4000-8000-000000000000".into(),
        method: Method::GET,
        uri: target.parse().unwrap(),
        user_agent: Some(HeaderValue::from_static("npm/10")),
        source_ip: IpAddr::from([192, 0, 2, 7]),
        status: StatusCode::OK,
        facts,
    }
}

fn package_facts() -> RequestFacts {
    let named = PackageRequest {
        domain: Some(DomainRef {
            owner: account(OWNER),
            name: DomainName::parse("acme").unwrap(),
        }),
        repository: Some(RepositoryName::parse("team-a").unwrap()),
        format: "npm",
        package: Some(PackageCoordinates {
            format: FormatId::new("npm"),
            namespace: Some(Namespace::parse("types").unwrap()),
            name: PackageName::parse("node").unwrap(),
        }),
        version: Some(VersionName::parse("1.0.0").unwrap()),
        address_segments: 3,
    };
    let identity = Identity {
        principal: Principal {
            account: account("222233334444"),
            kind: PrincipalKind::Role,
            name: "ci".into(),
        },
        session: Some("build-7".into()),
    };
    RequestFacts {
        source: RequestFacts::SERVICE,
        event: "ReadFromRepository",
        is_read_only: true,
        caller: Some(catalog::Caller::known(Arc::new(identity))),
        owner: Some(account(OWNER)),
        administrator: Some(account("333344445555")),
        parameters: RequestParameters::Package(Box::new(named)),
        failure: None,
    }
}

fn record(entry: &AuditEntry) -> Value {
    let installation = Installation::of(&Config {
        account: account(OWNER),
        region: "us-west-2".into(),
        ..Config::default()
    });
    let mut line = Vec::new();
    record::write(entry, &installation, &mut line);
    assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
    serde_json::from_slice(&line).unwrap()
}

#[test]
fn a_package_request_is_recorded_as_cloudtrail_would() {
    let target = "/npm/d/acme-111122223333/team-a/@types%2fnode/-/node-1.0.0.tgz?token=planted";
    let mut found = record(&entry(target, Some(package_facts())));
    let id = found["eventID"].take();
    assert!(Uuid::parse_str(id.as_str().unwrap()).is_ok());
    let expected = json!({
        "eventVersion": "1.08",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "ci:build-7",
            "arn": "arn:aws:sts::222233334444:assumed-role/ci/build-7",
            "accountId": "222233334444",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role", "principalId": "ci", "arn": "arn:aws:iam::222233334444:role/ci",
                    "accountId": "222233334444", "userName": "ci",
                },
                "attributes": { "mfaAuthenticated": "false" },
            },
        },
        "eventTime": "2026-01-01T00:00:00Z",
        "eventSource": "codeartifact.amazonaws.com",
        "eventName": "ReadFromRepository",
        "awsRegion": "us-west-2",
        "sourceIPAddress": "192.0.2.7",
        "userAgent": "npm/10",
        "requestParameters": {
            "domainName": "acme", "domainOwner": OWNER, "repositoryName": "team-a", "packageFormat": "npm",
            "packageNamespace": "types", "packageName": "node", "packageVersion": "1.0.0",
        },
        "responseElements": null,
        "additionalEventData": { "httpMethod": "GET", "requestUri": "/npm/@types%2fnode/-/node-1.0.0.tgz" },
        "requestID": "4f1c7c5e-0000-4000-8000-000000000000",
        "eventID": null,
        "readOnly": true,
        "eventType": "AwsApiCall",
        "recipientAccountId": "222233334444",
        "recipientAccountIds": ["222233334444", "333344445555", OWNER],
    });
    assert_eq!(found, expected);
}

#[test]
fn the_token_that_a_call_makes_is_said_to_be_hidden() {
    let root = Principal::root(account(OWNER));
    let facts = |failure| RequestFacts {
        source: RequestFacts::SERVICE,
        event: "GetAuthorizationToken",
        is_read_only: false,
        caller: Some(catalog::Caller::signed(root.clone(), "AKIDEXAMPLE".into())),
        owner: Some(account(OWNER)),
        administrator: None,
        parameters: RequestParameters::Call(vec![("domainName", "acme".into())]),
        failure,
    };
    let made = record(&entry(
        "/v1/authorization-token?domain=acme",
        Some(facts(None)),
    ));
    let hidden = json!({ "sessionToken": "HIDDEN_DUE_TO_SECURITY_REASONS" });
    assert_eq!(made["responseElements"], hidden);
    assert_eq!(made["requestParameters"], json!({ "domainName": "acme" }));
    assert_eq!(made["recipientAccountIds"], json!([OWNER]));
    let identity = json!({
        "type": "Root", "principalId": OWNER, "arn": format!("arn:aws:iam::{OWNER}:root"), "accountId": OWNER,
        "accessKeyId": "AKIDEXAMPLE",
    });
    assert_eq!(made["userIdentity"], identity);
    assert_eq!(made.get("additionalEventData"), None);
    let failure = RequestFailure {
        code: "AccessDeniedException",
        message: "no".into(),
    };
    let refused = record(&entry(
        "/v1/authorization-token",
        Some(facts(Some(failure))),
    ));
    assert_eq!(refused["responseElements"], Value::Null);
    assert_eq!(refused["errorCode"], "AccessDeniedException");
    assert_eq!(refused["errorMessage"], "no");
}

#[test]
fn what_nobody_understood_is_recorded_too() {
    let mut bad = entry("/%2e%2e/x?token=planted", None);
    bad.method = Method::PUT;
    bad.status = StatusCode::BAD_REQUEST;
    let found = record(&bad);
    assert_eq!(found["eventName"], "UnknownOperation");
    assert_eq!(found["errorCode"], "ValidationException");
    assert_eq!(found["userIdentity"], json!({ "type": "Unknown" }));
    assert_eq!(found["readOnly"], false);
    assert_eq!(found["recipientAccountIds"], json!([OWNER]));
    let data = json!({ "httpMethod": "PUT", "requestUri": "/%2e%2e/x" });
    assert_eq!(found["additionalEventData"], data);
    bad.status = StatusCode::INTERNAL_SERVER_ERROR;
    assert_eq!(record(&bad)["errorCode"], "InternalServerException");
    bad.status = StatusCode::OK;
    assert_eq!(record(&bad).get("errorCode"), None);
}

#[test]
fn o02_texts_of_callers_stay_in_their_line_and_are_cut() {
    let hostile = "a\nb\r\u{1b}[31m\u{0}\u{202e}\u{7f}\"\u{2028}é";
    let mut facts = package_facts();
    facts.failure = Some(RequestFailure {
        code: "ValidationException",
        message: format!("{hostile}{}", "x".repeat(5000)),
    });
    facts.parameters = RequestParameters::Call(vec![("packageName", hostile.into())]);
    let bad = entry("/v1/x", Some(facts));
    let installation = Installation::of(&Config::default());
    let mut line = Vec::new();
    record::write(&bad, &installation, &mut line);
    let line = String::from_utf8(line).unwrap();
    assert!(line.ends_with('\n') && line.matches('\n').count() == 1);
    let disturbing = ['\r', '\u{1b}', '\u{0}', '\u{202e}', '\u{7f}', '\u{2028}'];
    assert!(!line.contains(disturbing), "{line}");
    let read: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(read["requestParameters"]["packageName"], hostile);
    assert!(read["errorMessage"].as_str().unwrap().len() <= 1024);
}

fn config(folder: &Path) -> Config {
    Config {
        data: folder.to_owned(),
        ..Config::default()
    }
}

fn lines(folder: &Path) -> usize {
    let text = std::fs::read_to_string(folder.join("audit/audit.jsonl")).unwrap();
    text.lines().count()
}

#[tokio::test]
async fn y14_closing_and_dropping_write_out_what_was_handed_over() {
    let folder = TempDir::new().unwrap();
    let metrics = Arc::new(Metrics::new());
    let log = AuditLog::open(&config(folder.path()), Arc::clone(&metrics)).unwrap();
    // More than the queue holds: who finds it full waits, and nothing is lost.
    for _ in 0..QUEUE + 5000 {
        log.record(entry("/npm/x", Some(package_facts()))).await;
    }
    log.close().await;
    assert_eq!(lines(folder.path()), QUEUE + 5000);
    log.record(entry("/npm/x", None)).await;
    drop(log);
    let page = metrics.render();
    assert!(
        page.contains("audit_records_total{result=\"lost\"} 1"),
        "{page}"
    );
    let log = AuditLog::open(&config(folder.path()), metrics).unwrap();
    log.record(entry("/npm/x", None)).await;
    drop(log);
    assert_eq!(lines(folder.path()), QUEUE + 5001);
}

#[tokio::test]
async fn y14_changes_are_refused_while_records_cannot_be_written() {
    let folder = TempDir::new().unwrap();
    let audit = folder.path().join("audit");
    let mut config = config(folder.path());
    // Every record asks for a new file, and there is no folder for it.
    config.audit.max_bytes = 1;
    let open = |config: &Config| AuditLog::open(config, Arc::new(Metrics::new())).unwrap();
    let log = open(&config);
    log.record(entry("/npm/x", None)).await;
    let wait = async |condition: &dyn Fn() -> bool| {
        for _ in 0..1000 {
            if condition() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it never came to that");
    };
    wait(&|| lines(folder.path()) == 1).await;
    assert!(!log.refuses_changes());
    let aside = folder.path().join("aside");
    std::fs::rename(&audit, &aside).unwrap();
    log.record(entry("/npm/y", None)).await;
    wait(&|| log.refuses_changes()).await;
    std::fs::rename(&aside, &audit).unwrap();
    wait(&|| !log.refuses_changes()).await;
    log.close().await;
    let files = std::fs::read_dir(&audit).unwrap().count();
    assert_eq!(files, 2, "both records were written in the end");

    config.audit.required = false;
    let log = open(&config);
    std::fs::rename(&audit, &aside).unwrap();
    log.record(entry("/npm/z", None)).await;
    wait(&|| log.state.is_failing.load(Ordering::Relaxed)).await;
    assert!(!log.refuses_changes());
    log.close().await;
}
