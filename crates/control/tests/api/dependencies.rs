//! ListPackageVersionDependencies.

use model::{OriginType, PackageVersionStatus};
use serde_json::{Value, json};

use crate::support::{Ask, GENERIC, NOW, NPM, Service, package, post};

fn ask(name: &str, version: &str) -> Ask {
    let ask = post("/v1/package/version/dependencies")
        .query("domain", "acme")
        .query("repository", "team-a");
    ask.query("format", "npm")
        .query("package", name)
        .query("version", version)
}

#[tokio::test]
async fn dependencies_are_told_with_what_the_manifest_says_of_them() {
    let service = Service::with_repository().await;
    let react = package(NPM, "", "react");
    let asset: [(&str, &[u8]); 1] = [("package.tgz", b"x")];
    let metadata = json!({ "dependencies": ["types/node", "/bare"] });
    let revision = service
        .publish(&react, "1.0.0", &metadata, &asset, &[])
        .await;
    assert_eq!(
        service.ask(ask("React", "v1.0.0")).await.ok(),
        json!({
            "format": "npm", "package": "react", "version": "1.0.0", "versionRevision": revision,
            "dependencies": [
                { "namespace": "types", "package": "node", "dependencyType": "regular", "versionRequirement": "^1" },
                { "package": "bare" },
            ],
        })
    );
    // Of every status; a format without dependencies has none.
    let origin = (OriginType::Internal, "team-a");
    for (version, status) in [
        ("2", PackageVersionStatus::Archived),
        ("3", PackageVersionStatus::Disposed),
    ] {
        service
            .insert_version(&react, version, status, origin, NOW)
            .await;
        let listed = service.ask(ask("react", version)).await.ok();
        assert_eq!(listed["dependencies"], json!([]));
    }
    let tool = package(GENERIC, "tools", "x");
    service
        .publish(&tool, "1", &json!({}), &[("a", b"x")], &[])
        .await;
    let generic = ask("x", "1")
        .with("format", "generic")
        .query("namespace", "tools");
    let listed = service.ask(generic).await.ok();
    assert_eq!(
        (&listed["dependencies"], &listed["namespace"]),
        (&json!([]), &json!("tools"))
    );
    let answer = service.ask(ask("react", "9")).await;
    answer.refused_about(404, "ResourceNotFoundException", "package-version", "9");
}

#[tokio::test]
async fn s14_u17_many_dependencies_come_in_pages_whose_length_is_not_the_callers() {
    let service = Service::with_repository().await;
    let react = package(NPM, "", "react");
    let asset: [(&str, &[u8]); 1] = [("package.tgz", b"x")];
    let names: Vec<_> = (0..2500).map(|index| format!("a/p{index}")).collect();
    let metadata = json!({ "dependencies": names });
    service
        .publish(&react, "1.0.0", &metadata, &asset, &[])
        .await;
    // There is no such member, so it says nothing.
    let first = ask("react", "1.0.0").query("max-results", "1");
    let (mut found, mut pages, mut token) = (Vec::new(), 0, None::<String>);
    loop {
        let ask = match &token {
            None => first.clone(),
            Some(token) => first.clone().query("next-token", token),
        };
        let page: Value = service.ask(ask).await.ok();
        pages += 1;
        let items = page["dependencies"].as_array().unwrap();
        found.extend(
            items
                .iter()
                .map(|item| format!("a/{}", item["package"].as_str().unwrap())),
        );
        match page.get("nextToken") {
            Some(next) => token = Some(next.as_str().unwrap().to_owned()),
            None => break,
        }
    }
    assert_eq!((pages, found), (3, names));
    for bad in ["x", &token.unwrap()[1..]] {
        let answer = service.ask(first.clone().query("next-token", bad)).await;
        answer.invalid("FIELD_VALIDATION_FAILED");
    }
}
