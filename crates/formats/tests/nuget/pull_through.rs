//! Pulling through: what is shown of a package of the public gallery, what is fetched, and what is followed.

use serde_json::json;
use testkit::fake_nuget::{FakeNuget, FakeNugetPackage, FakeNugetVersion};
use testkit::fake_source::{Behaviour, Document};
use testkit::house::FRESHNESS_MS;
use testkit::packages::Nupkg;

use crate::house::{House, coordinates, file_path};

#[tokio::test]
async fn a_registration_says_what_the_gallery_says_and_points_here() {
    let house = House::connected().await;
    let package = Nupkg::new("Acme.Lib", "1.0.0-RC");
    let groups = json!([{"targetFramework": "net45", "dependencies": [{"id": "Other", "range": "[1.0.0, )"}]}]);
    let release = FakeNugetVersion::of(&package)
        .member("dependencyGroups", groups)
        .member("deprecation", json!({"reasons": ["Legacy"]}))
        .member("vulnerabilities", json!([{"severity": "2"}]))
        .member("licenseExpression", json!("MIT"));
    let old = FakeNugetVersion::of(&Nupkg::new("Acme.Lib", "0.9.0")).unlisted();
    house.source.add_package(
        FakeNugetPackage::new("Acme.Lib")
            .release(old)
            .release(release),
    );
    let entry = house.entry("main", "acme.lib", "1.0.0-RC").await;
    assert_eq!(entry["id"], "Acme.Lib");
    assert_eq!(entry["listed"], true);
    assert_eq!(entry["published"], "2020-02-02T20:20:20.200Z");
    assert_eq!(entry["deprecation"]["reasons"], json!(["Legacy"]));
    assert_eq!(entry["vulnerabilities"][0]["severity"], "2");
    assert_eq!(entry["licenseExpression"], "MIT");
    assert_eq!(
        entry["dependencyGroups"][0]["dependencies"][0]["id"],
        "Other"
    );
    assert!(
        !entry.to_string().contains(house.source.base_url()),
        "{entry}"
    );
    let old = house.entry("main", "acme.lib", "0.9.0").await;
    assert_eq!(
        (&old["listed"], &old["published"]),
        (&json!(false), &json!("1900-01-01T00:00:00+00:00"))
    );
    assert_eq!(
        house.versions("main", "acme.lib").await,
        ["0.9.0", "1.0.0-rc"]
    );

    // The same after it was fetched, whatever its manifest says.
    let file = house
        .at("main")
        .get(&file_path("acme.lib", "1.0.0-rc"))
        .await;
    assert_eq!(file.bytes(), &package.build());
    let held = coordinates("acme.lib");
    house.wait_until_held("main", &held, &["1.0.0-RC"]).await;
    house.add_repository("app", &["main"]).await;
    let mut again = house.entry("app", "acme.lib", "1.0.0-RC").await;
    let mut before = entry;
    for member in ["@id", "packageContent", "dependencyGroups"] {
        before.as_object_mut().unwrap().remove(member);
        again.as_object_mut().unwrap().remove(member);
    }
    assert_eq!(again, before);
}

#[tokio::test]
async fn a_manifest_is_fetched_alone_and_brings_nothing_in() {
    let house = House::connected().await;
    house
        .source
        .add_package(FakeNugetPackage::new("Acme.Lib").version("1.0.0"));
    let main = house.at("main");
    let path = "v3/flatcontainer/acme.lib/1.0.0/acme.lib.nuspec";
    let manifest = main.get(path).await;
    assert_eq!(manifest.text(), Nupkg::new("Acme.Lib", "1.0.0").manifest());
    assert_eq!(
        house
            .source
            .requests(&FakeNuget::file_path("acme.lib", "1.0.0")),
        0
    );
    assert!(
        house
            .held("main", &coordinates("acme.lib"))
            .await
            .is_empty()
    );
    assert_eq!(main.get(path).await.status, 200);
    assert_eq!(
        house
            .source
            .requests(&FakeNuget::manifest_path("acme.lib", "1.0.0")),
        1
    );
}

#[tokio::test]
async fn f_nu_3_registrations_on_pages_are_read_whole() {
    let house = House::connected().await;
    let package = (0..150).fold(FakeNugetPackage::new("Acme.Lib"), |package, n| {
        package.version(&format!("1.0.{n}"))
    });
    house.source.add_package(package.pages_of(40));
    let expected: Vec<String> = (0..150).map(|n| format!("1.0.{n}")).collect();
    assert_eq!(house.versions("main", "acme.lib").await, expected);
    let file = house
        .at("main")
        .get(&file_path("acme.lib", "1.0.149"))
        .await;
    assert_eq!(file.status, 200);
    // A page that is gone is a fault of the source, and not fewer versions.
    house.source.forget_requests();
    house.source.add_package(
        FakeNugetPackage::new("Beta")
            .version("1.0.0")
            .version("2.0.0")
            .pages_of(1),
    );
    house
        .source
        .remove("/registrations/beta/page/2.0.0/2.0.0.json");
    let answer = house
        .at("main")
        .get("v3/flatcontainer/beta/index.json")
        .await;
    assert_eq!(answer.status, 502, "{}", answer.text());
}

#[tokio::test]
async fn x07_bytes_that_are_not_what_the_catalog_entry_says_are_never_kept() {
    let house = House::connected().await;
    let release = FakeNugetVersion::of(&Nupkg::new("Acme.Lib", "1.0.0"));
    let other = Nupkg::new("Acme.Lib", "1.0.0")
        .file("evil.dll", b"x")
        .build();
    house
        .source
        .add_package(FakeNugetPackage::new("Acme.Lib").release(release.with_other_bytes(other)));
    let main = house.at("main");
    let path = file_path("acme.lib", "1.0.0");
    let answer = main.get(&path).await;
    assert!(
        answer.status >= 500 || answer.body.is_err(),
        "{}",
        answer.status
    );
    assert!(
        house
            .held("main", &coordinates("acme.lib"))
            .await
            .is_empty()
    );
    // A gallery that says nothing of digests is believed.
    let silent = FakeNugetVersion::of(&Nupkg::new("Beta", "1.0.0")).without_hash();
    house
        .source
        .add_package(FakeNugetPackage::new("Beta").release(silent));
    assert_eq!(main.get(&file_path("beta", "1.0.0")).await.status, 200);
}

#[tokio::test]
async fn what_the_gallery_unlists_later_is_unlisted_here() {
    let house = House::connected().await;
    house.source.add_package(
        FakeNugetPackage::new("Acme.Lib")
            .version("1.0.0")
            .version("2.0.0"),
    );
    let main = house.at("main");
    assert_eq!(main.get(&file_path("acme.lib", "2.0.0")).await.status, 200);
    let package = coordinates("acme.lib");
    house.wait_until_held("main", &package, &["2.0.0"]).await;
    assert_eq!(
        house.entry("main", "acme.lib", "2.0.0").await["listed"],
        true
    );
    house.source.change_package("acme.lib", |package| {
        package.change("2.0.0", FakeNugetVersion::unlisted)
    });
    house.clock.advance(2 * FRESHNESS_MS);
    for _ in 0..500 {
        if house.entry("main", "acme.lib", "2.0.0").await["listed"] == false {
            let found = main.get("v3/query?q=acme").await.json();
            assert_eq!(found["data"][0]["version"], "1.0.0", "y02");
            assert_eq!(main.get(&file_path("acme.lib", "2.0.0")).await.status, 200);
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("it is still listed");
}

#[tokio::test]
async fn x09_x11_service_indexes_that_are_none_or_lead_elsewhere_are_refused() {
    for document in [
        Document::new("text/html", "<html>log in</html>"),
        Document::json(&json!({"version": "3.0.0", "resources": []})),
        Document::json(&json!({"resources": [
            {"@id": "http://169.254.169.254/latest/", "@type": "RegistrationsBaseUrl/3.6.0"}
        ]})),
    ] {
        let house = House::connected().await;
        house
            .source
            .add_package(FakeNugetPackage::new("Acme.Lib").version("1.0.0"));
        house.source.put(FakeNuget::index_path(), document);
        let answer = house
            .at("main")
            .get("v3/flatcontainer/acme.lib/index.json")
            .await;
        assert_eq!(answer.status, 502, "{}", answer.text());
        assert!(!answer.text().contains("169.254"), "{}", answer.text());
    }
}

#[tokio::test]
async fn x10_a_service_index_that_fails_is_no_absence_and_comes_back() {
    let house = House::connected().await;
    house
        .source
        .add_package(FakeNugetPackage::new("Acme.Lib").version("1.0.0"));
    house
        .source
        .set_behaviour(FakeNuget::index_path(), Behaviour::Status(500));
    let main = house.at("main");
    let path = "v3/flatcontainer/acme.lib/index.json";
    assert!(matches!(main.get(path).await.status, 502 | 503));
    house.source.clear_behaviours();
    house.clock.advance(2 * FRESHNESS_MS);
    assert_eq!(main.get(path).await.status, 200);
    assert_eq!(house.source.requests(FakeNuget::index_path()), 2);
}

#[tokio::test]
async fn u04_a_package_of_another_name_at_the_source_is_kept_without_what_it_says() {
    let house = House::connected().await;
    let lying = Nupkg::new("Other.Lib", "9.9.9");
    let release = FakeNugetVersion::of(&Nupkg::new("Acme.Lib", "1.0.0"))
        .without_hash()
        .with_other_bytes(lying.build());
    house
        .source
        .add_package(FakeNugetPackage::new("Acme.Lib").release(release));
    let main = house.at("main");
    assert_eq!(main.get(&file_path("acme.lib", "1.0.0")).await.status, 200);
    house
        .wait_until_held("main", &coordinates("acme.lib"), &["1.0.0"])
        .await;
    let entry = house.entry("main", "acme.lib", "1.0.0").await;
    assert_eq!(entry["id"], "Acme.Lib");
    assert!(house.versions("main", "other.lib").await.is_empty());
}
