//! Pushing: what is kept of a package, and in which ways it may come.

use bytes::Bytes;
use http::Method;
use model::{PageLimit, VersionName};
use testkit::house::{pieces, repository};
use testkit::packages::Nupkg;

use crate::house::{House, coordinates, file_path, push, send};

fn lib(version: &str) -> Nupkg {
    Nupkg::new("Acme.Lib", version)
        .dependency(".NETStandard2.0", "Other.Lib", "1.0")
        .readme("# Lib")
        .xml_element("<license type=\"expression\">MIT</license>")
        .xml_element("<projectUrl>https://acme.example/</projectUrl>")
        .xml_element("<tags>one two</tags>")
}

#[tokio::test]
async fn f_nu_3_a_package_comes_in_a_form_or_bare_or_in_pieces() {
    let house = House::private().await;
    house.publish(&lib("1.0.0")).await;
    let main = house.at("main");
    let bare = send(&main, &[], lib("2.0.0").build()).await;
    assert_eq!(bare.status, 201, "{}", bare.text());
    let octets = [("content-type", "application/octet-stream")];
    let bare = send(&main, &octets, lib("3.0.0").build()).await;
    assert_eq!(bare.status, 201, "{}", bare.text());
    let (content_type, form) = lib("4.0.0").push_form();
    let chunks = form
        .chunks(7)
        .map(|chunk| Ok(Bytes::copy_from_slice(chunk)));
    let headers = [("content-type", content_type.as_str())];
    for path in ["api/v2/package", "v3/package/"] {
        let body = pieces(chunks.clone().collect());
        let answer = main.ask(Method::PUT, path, &headers, body).await;
        assert_eq!(answer.status, 201, "{path}: {}", answer.text());
    }
    let expected = ["1.0.0", "2.0.0", "3.0.0", "4.0.0"];
    assert_eq!(house.versions("main", "acme.lib").await, expected);
    for version in expected {
        let file = main.get(&file_path("Acme.Lib", version)).await;
        assert_eq!(file.bytes(), &lib(version).build(), "byte for byte");
    }
}

#[tokio::test]
async fn a_signed_package_is_kept_byte_for_byte() {
    let house = House::private().await;
    let signed = lib("1.0.0").file(".signature.p7s", &[0x30, 0x82, 0, 1, 2]);
    house.publish(&signed).await;
    let file = house.at("main").get(&file_path("acme.lib", "1.0.0")).await;
    assert_eq!(file.bytes(), &signed.build());
}

#[tokio::test]
async fn f_nu_1_ids_and_versions_are_kept_in_their_normal_form_and_shown_in_full() {
    let house = House::private().await;
    house.publish(&lib("01.0.0.0-RC.1+build.5")).await;
    let held = house.held("main", &coordinates("acme.lib")).await;
    assert_eq!(held.keys().collect::<Vec<_>>(), ["1.0.0-RC.1"]);
    let entry = house.entry("main", "ACME.LIB", "1.0.0-RC.1+build.5").await;
    assert_eq!(entry["id"], "Acme.Lib");
    assert_eq!(house.versions("main", "acme.lib").await, ["1.0.0-rc.1"]);
    for path in [
        "v3/flatcontainer/acme.lib/1.0.0-rc.1/acme.lib.1.0.0-rc.1.nupkg",
        "v3/flatcontainer/Acme.Lib/1.0-RC.1/Acme.Lib.1.0-RC.1.nupkg",
    ] {
        assert_eq!(house.at("main").get(path).await.status, 200, "{path}");
    }
    let again = house.push(&Nupkg::new("ACME.lib", "1.0-rc.1")).await;
    assert_eq!(again.status, 409, "another spelling of the same version");
}

#[tokio::test]
async fn what_the_manifest_says_is_in_the_api() {
    let house = House::private().await;
    house.publish(&lib("1.0.0")).await;
    let (main, package) = (repository("main"), coordinates("acme.lib"));
    let version = VersionName::parse("1.0.0").unwrap();
    let described = house
        .catalog
        .get_package_version(&house.domain, &main, &package, &version)
        .await
        .unwrap();
    let details = described.details;
    assert_eq!(details.display_name.as_deref(), Some("Acme.Lib"));
    assert_eq!(details.home_page.as_deref(), Some("https://acme.example/"));
    assert_eq!(details.licenses, [("MIT".to_owned(), None)]);
    let assets = house
        .catalog
        .list_package_version_assets(
            &house.domain,
            &main,
            &package,
            &version,
            None,
            PageLimit::MAX,
        )
        .await
        .unwrap();
    let names: Vec<String> = assets
        .content
        .items
        .iter()
        .map(|a| a.name.to_string())
        .collect();
    assert_eq!(names, ["acme.lib.1.0.0.nupkg"]);
}

#[tokio::test]
async fn i05_versions_that_are_pushed_at_once_are_all_there() {
    let house = House::private().await;
    let main = &house.at("main");
    let pushes = (0..8).map(|n| async move { push(main, &lib(&format!("1.0.{n}"))).await.status });
    let statuses = futures_util::future::join_all(pushes).await;
    assert_eq!(statuses, [201; 8]);
    assert_eq!(house.versions("main", "acme.lib").await.len(), 8);
}
