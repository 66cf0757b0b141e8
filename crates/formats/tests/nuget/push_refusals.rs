//! Pushes that are refused: cleanly, in words that clients print, and with nothing left behind.

use bytes::Bytes;
use http::Method;
use testkit::house::{Answer, pieces};
use testkit::packages::{Nupkg, push_form, zip};

use crate::house::{House, push, send};

/// That a push of these bytes is refused, with a reason that has these words.
async fn assert_refused(house: &House, bytes: Bytes, words: &str) {
    let (content_type, form) = push_form(&bytes);
    let main = house.at("main");
    let in_form = send(&main, &[("content-type", &content_type)], form).await;
    let bare = send(&main, &[], bytes).await;
    for answer in [in_form, bare] {
        assert_eq!(answer.status, 400, "{words}: {}", answer.text());
        assert!(answer.text().contains(words), "{words}: {}", answer.text());
    }
    assert!(house.stored().await.is_empty(), "{words}");
}

fn manifest(members: &str) -> String {
    format!("<package><metadata>{members}</metadata></package>")
}

const NAMED: &str = "<id>Acme.Lib</id><version>1.0.0</version>";

#[tokio::test]
async fn f_nu_2_u02_u03_u04_u12_packages_that_are_none_or_two_are_refused() {
    let house = House::private().await;
    let text = manifest(NAMED);
    let text = text.as_bytes();
    assert_refused(
        &house,
        Bytes::from_static(b"PK no zip"),
        "not a zip archive",
    )
    .await;
    assert_refused(&house, zip(&[("lib/a.dll", &b"x"[..])]), "no manifest").await;
    let two = zip(&[("a.nuspec", text), ("b.nuspec", text)]);
    assert_refused(&house, two, "more than one manifest").await;
    let twice = zip(&[("a.nuspec", text), ("a.nuspec", text)]);
    assert_refused(&house, twice, "the same name").await;
    let slip = zip(&[("a.nuspec", text), ("../../x.dll", b"x")]);
    assert_refused(&house, slip, "leads elsewhere").await;
    for (members, words) in [
        ("<version>1.0.0</version>", "no <id>"),
        ("<id>a</id>", "no <version>"),
        ("<id>a/b</id><version>1.0.0</version>", "the id 'a/b'"),
        (
            "<id>a</id><version>latest</version>",
            "the version 'latest'",
        ),
        (
            "<id>a</id><version>1.0.0</version><id>b</id>",
            "more than one <id>",
        ),
        (
            "<id>a</id><version>1.0.0</version><icon>../../etc/passwd</icon>",
            "cannot be in a package",
        ),
        (
            "<id>a</id><version>1.0.0</version><readme>docs/gone.md</readme>",
            "does not have the readme",
        ),
    ] {
        let package = zip(&[("a.nuspec", manifest(members).as_bytes())]);
        assert_refused(&house, package, words).await;
    }
    let entity = format!(
        "<!DOCTYPE package [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>{}",
        manifest(NAMED)
    );
    let entity = zip(&[("a.nuspec", entity.as_bytes())]);
    assert_refused(&house, entity, "document type").await;
    let bomb = vec![b' '; 40 << 20];
    assert_refused(&house, zip(&[("a.nuspec", &bomb[..])]), "too large").await;
    let nested = "<a>".repeat(100_000);
    let deep = zip(&[("a.nuspec", manifest(&nested).as_bytes())]);
    assert_refused(&house, deep, "deeply").await;
    assert!(house.versions("main", "acme.lib").await.is_empty());
}

#[tokio::test]
async fn f_nu_3_packages_of_symbols_are_refused_kindly() {
    let house = House::private().await;
    let symbols = Nupkg::new("Acme.Lib", "1.0.0")
        .xml_element("<packageTypes><packageType name=\"SymbolsPackage\" /></packageTypes>");
    assert_refused(&house, symbols.build(), "Packages of symbols").await;
}

#[tokio::test]
async fn f_nu_3_u07_u10_forms_that_are_cut_or_odd_leave_nothing() {
    let house = House::private().await;
    let main = house.at("main");
    let (content_type, form) = Nupkg::new("Acme.Lib", "1.0.0").push_form();
    let headers = [("content-type", content_type.as_str())];
    let status = |answer: &Answer| answer.status;
    for length in [0, 1, 20, 200, form.len() - 60, form.len() - 3] {
        let cut = send(&main, &headers, form.slice(..length)).await;
        assert_eq!(status(&cut), 400, "{length}: {}", cut.text());
    }
    let broken = pieces(vec![
        Ok(form.slice(..300)),
        Err(std::io::Error::other("gone")),
    ]);
    let path = "api/v2/package/";
    let answer = main.ask(Method::PUT, path, &headers, broken).await;
    assert_eq!(status(&answer), 400);
    assert_eq!(status(&send(&main, &[], Bytes::new()).await), 400);
    let boundless = [("content-type", "multipart/form-data")];
    assert_eq!(status(&send(&main, &boundless, form.clone()).await), 400);
    let text = String::from_utf8_lossy(&form).into_owned();
    let boundary = text.split("\r\n").next().unwrap();
    let one = form.slice(..form.len() - boundary.len() - 4);
    let twice = Bytes::from([&one[..], &form[..]].concat());
    let answer = send(&main, &headers, twice).await;
    assert_eq!(status(&answer), 400);
    assert!(
        answer.text().contains("more than one package"),
        "{}",
        answer.text()
    );
    assert!(house.stored().await.is_empty());
    // It is still well.
    assert_eq!(status(&send(&main, &headers, form).await), 201);
}

#[tokio::test]
async fn u11_a_package_above_the_limit_is_refused_and_none_of_it_is_kept() {
    let house = House::private().await;
    let large =
        Nupkg::new("Acme.Lib", "1.0.0").file("noise", &testkit::packages::noise(9 << 20, 1));
    let answer = house.push(&large).await;
    assert!(
        matches!(answer.status, 402 | 413),
        "{} {}",
        answer.status,
        answer.text()
    );
    let main = house.at("main");
    let (content_type, form) = large.push_form();
    let chunks = form
        .chunks(1 << 20)
        .map(|chunk| Ok(Bytes::copy_from_slice(chunk)));
    let headers = [("content-type", content_type.as_str())];
    let answer = main
        .ask(
            Method::PUT,
            "api/v2/package",
            &headers,
            pieces(chunks.collect()),
        )
        .await;
    assert!(
        matches!(answer.status, 402 | 413),
        "{} {}",
        answer.status,
        answer.text()
    );
    assert!(house.stored().await.is_empty());
}

#[tokio::test]
async fn u08_a_version_that_is_there_is_a_conflict_that_clients_skip() {
    let house = House::private().await;
    let package = Nupkg::new("Acme.Lib", "1.0.0");
    house.publish(&package).await;
    house.publish(&package).await;
    let other = package.file("more.txt", b"x");
    let refused = push(&house.at("main"), &other).await;
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert!(refused.text().contains("1.0.0"), "{}", refused.text());
}
