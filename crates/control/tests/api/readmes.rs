//! GetPackageVersionReadme.

use serde_json::json;

use crate::support::{Ask, GENERIC, NPM, Service, get, package};

fn ask(name: &str, version: &str) -> Ask {
    let ask = get("/v1/package/version/readme")
        .query("domain", "acme")
        .query("repository", "team-a");
    ask.query("format", "npm")
        .query("package", name)
        .query("version", version)
}

#[tokio::test]
async fn p05_a_readme_is_told_as_it_was_published_but_for_what_no_database_can_hold() {
    let service = Service::with_repository().await;
    let asset: [(&str, &[u8]); 1] = [("package.tgz", b"x")];
    let node = package(NPM, "types", "node");
    let metadata = json!({ "readme": "\u{0}# n\u{0}öde\n\u{1f600}\t\u{1}" });
    let revision = service
        .publish(&node, "1.0.0", &metadata, &asset, &[])
        .await;
    let found = service
        .ask(ask("Node", "v1.0.0").query("namespace", "types"))
        .await;
    assert_eq!(
        found.ok(),
        json!({
            "format": "npm", "namespace": "types", "package": "node", "version": "1.0.0",
            "versionRevision": revision, "readme": "# nöde\n\u{1f600}\t\u{1}",
        })
    );
}

#[tokio::test]
async fn versions_and_formats_without_a_readme_are_told_apart_from_those_with_one() {
    let service = Service::with_repository().await;
    let asset: [(&str, &[u8]); 1] = [("a", b"x")];
    let react = package(NPM, "", "react");
    for (version, metadata) in [("1.0.0", json!({})), ("2.0.0", json!({ "readme": "" }))] {
        service
            .publish(&react, version, &metadata, &asset, &[])
            .await;
        let answer = service.ask(ask("react", version)).await;
        let kind = "package-version";
        let message = answer.refused_about(404, "ResourceNotFoundException", kind, version);
        assert!(message.contains("has no readme"), "{message}");
    }
    let tool = package(GENERIC, "tools", "x");
    let metadata = json!({ "readme": "# x" });
    service.publish(&tool, "1", &metadata, &asset, &[]).await;
    let generic = ask("x", "1")
        .with("format", "generic")
        .query("namespace", "tools");
    let answer = service.ask(generic).await;
    let message = answer.refused_about(404, "ResourceNotFoundException", "package-version", "1");
    assert_eq!(message, "Packages of the format generic have no readme.");
    let answer = service.ask(ask("react", "9")).await;
    answer.refused_about(404, "ResourceNotFoundException", "package-version", "9");
    let answer = service.ask(ask("lodash", "9")).await;
    answer.refused_about(404, "ResourceNotFoundException", "package", "lodash");
}
