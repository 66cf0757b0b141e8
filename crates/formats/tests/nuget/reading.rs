//! Reading what was pushed: lists of versions, registrations, package files and manifests.

use testkit::packages::Nupkg;

use crate::house::{House, file_path};

#[tokio::test]
async fn a_registration_says_what_the_manifest_says() {
    let house = House::private().await;
    let package = Nupkg::new("Acme.Lib", "1.0.0")
        .dependency("net45", "Other.Lib", "[1.0,2.0)")
        .xml_element("<tags>one two</tags>")
        .xml_element("<license type=\"expression\">MIT</license>");
    house.publish(&package).await;
    let entry = house.entry("main", "acme.lib", "1.0.0").await;
    assert_eq!(entry["id"], "Acme.Lib");
    assert_eq!(entry["authors"], "Acme");
    assert_eq!(entry["licenseExpression"], "MIT");
    assert_eq!(entry["tags"], serde_json::json!(["one", "two"]));
    assert_eq!(entry["listed"], true);
    assert_eq!(entry["published"], "2023-11-14T22:13:20.000Z");
    let group = &entry["dependencyGroups"][0];
    assert_eq!(group["targetFramework"], "net45");
    assert_eq!(group["dependencies"][0]["id"], "Other.Lib");
    assert_eq!(group["dependencies"][0]["range"], "[1.0.0, 2.0.0)");
    let base = "http://packages.example/nuget/d/acme-111122223333/main/";
    let content = entry["packageContent"].as_str().unwrap();
    assert!(
        content.ends_with(&file_path("acme.lib", "1.0.0")),
        "{content}"
    );
    assert!(content.starts_with("http"), "{base}: {content}");
    let leaf = entry["@id"].as_str().unwrap();
    let (_, path) = leaf.split_once(house.at("main").prefix()).unwrap();
    let leaf = house.at("main").get(path).await.json();
    assert_eq!(leaf["packageHashAlgorithm"], "SHA512");
    assert_eq!(leaf["version"], "1.0.0");
    assert_eq!(leaf["catalogEntry"], entry["@id"], "the details are here");
}

#[tokio::test]
async fn a_manifest_is_served_as_it_is_inside() {
    let house = House::private().await;
    let package = Nupkg::new("Acme.Lib", "1.0.0");
    house.publish(&package).await;
    let main = house.at("main");
    let path = "v3/flatcontainer/acme.lib/1.0.0/acme.lib.nuspec";
    let manifest = main.get(path).await;
    assert_eq!(manifest.text(), package.manifest());
    assert_eq!(manifest.header("content-type"), "application/xml");
    let etag = manifest.header("etag").to_owned();
    let again = main.get_with(path, &[("if-none-match", &etag)]).await;
    assert_eq!((again.status, again.bytes().len()), (304, 0));
    let head = main.head(path).await;
    assert_eq!(
        head.header("content-length"),
        manifest.bytes().len().to_string()
    );
    let none = "v3/flatcontainer/acme.lib/2.0.0/acme.lib.nuspec";
    assert_eq!(main.get(none).await.status, 404);
}

#[tokio::test]
async fn registrations_come_packed_to_clients_that_unpack_them() {
    let house = House::private().await;
    house.publish(&Nupkg::new("Acme.Lib", "1.0.0")).await;
    let main = house.at("main");
    for hive in ["registrations", "registrations-semver2"] {
        let path = format!("v3/{hive}/acme.lib/index.json");
        let packed = main
            .get_with(&path, &[("accept-encoding", "gzip, deflate")])
            .await;
        assert_eq!(packed.header("content-encoding"), "gzip");
        assert_eq!(&packed.bytes()[..2], [0x1f, 0x8b]);
        let plain = main.get(&path).await;
        assert_eq!(plain.header("content-encoding"), "");
        assert_ne!(plain.header("etag"), packed.header("etag"));
    }
}

#[tokio::test]
async fn versions_that_older_clients_cannot_read_are_left_out_for_them() {
    let house = House::private().await;
    house.publish(&Nupkg::new("Acme.Lib", "1.0.0-a.b")).await;
    let main = house.at("main");
    let older = "v3/registrations/acme.lib/index.json";
    assert_eq!(main.get(older).await.status, 404);
    house.publish(&Nupkg::new("Acme.Lib", "1.0.0")).await;
    let index = main.get(older).await.json();
    assert_eq!(index["items"][0]["count"], 1);
    let index = house.registration("main", "acme.lib").await;
    assert_eq!(index["items"][0]["count"], 2);
}

#[tokio::test]
async fn f_nu_3_registrations_of_many_versions_come_on_pages() {
    let house = House::private().await;
    for n in 0..70 {
        house
            .publish(&Nupkg::new("Acme.Lib", &format!("1.0.{n}")))
            .await;
    }
    let index = house.registration("main", "acme.lib").await;
    let pages = index["items"].as_array().unwrap();
    assert_eq!(pages.len(), 2);
    let main = house.at("main");
    let mut seen = Vec::new();
    for page in pages {
        assert!(page.get("items").is_none());
        let (_, path) = page["@id"]
            .as_str()
            .unwrap()
            .split_once(main.prefix())
            .unwrap();
        let page = main.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        for leaf in page.json()["items"].as_array().unwrap() {
            seen.push(leaf["catalogEntry"]["version"].as_str().unwrap().to_owned());
        }
    }
    let expected: Vec<String> = (0..70).map(|n| format!("1.0.{n}")).collect();
    assert_eq!(seen, expected);
    let none = "v3/registrations-semver2/acme.lib/page/1.0.0/1.0.5.json";
    assert_eq!(main.get(none).await.status, 404);
}

#[tokio::test]
async fn p01_p05_addresses_of_what_cannot_be_are_not_found() {
    let house = House::private().await;
    house.publish(&Nupkg::new("Acme.Lib", "1.0.0")).await;
    let main = house.at("main");
    for path in [
        "v3/flatcontainer/..%2f..%2fx/index.json",
        "v3/flatcontainer/acme.lib/1.0.0/..%2facme.lib.nuspec",
        "v3/flatcontainer/acme%00lib/index.json",
        "v3/registrations/acme.lib/page/1.0.0/..%2f1.0.0.json",
        "v3/registrations/acme.lib/1.0.0%0aX.json",
        "v3/registrations/none/index.json",
    ] {
        let answer = main.get(path).await;
        assert!(
            matches!(answer.status, 400 | 404),
            "{path}: {}",
            answer.status
        );
    }
}
