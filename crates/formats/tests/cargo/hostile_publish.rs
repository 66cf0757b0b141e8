//! Publishes that are not what they should be: refused, with nothing kept.

use bytes::Bytes;
use http::Method;
use serde_json::json;
use testkit::house::{Answer, Plan, pieces};
use testkit::packages::{CargoCrate, publish_frame, tar_gz};

use crate::house::{House, PUBLISH, coordinates, detail};

fn widget() -> CargoCrate {
    CargoCrate::new("widget", "1.0.0")
}

async fn assert_refused(house: &House, answer: &Answer, what: &str) {
    assert!(
        matches!(answer.status, 400 | 402 | 413),
        "{what}: {} {:?}",
        answer.status,
        answer.body
    );
    assert!(!detail(answer).is_empty(), "{what}");
    assert_eq!(house.stored().await, Vec::<String>::new(), "{what}");
    let held = house.held("main", &coordinates("widget")).await;
    assert!(held.is_empty(), "{what}");
}

#[tokio::test]
async fn f_cr_1_frames_with_wrong_lengths_are_refused() {
    let house = House::private().await;
    let (metadata, file) = (widget().metadata().to_string(), widget().bytes());
    let good = publish_frame(metadata.as_bytes(), &file);
    let with_lengths = |json: u32, crate_bytes: u32| {
        let lengths = (json.to_le_bytes(), crate_bytes.to_le_bytes());
        [&lengths.0[..], metadata.as_bytes(), &lengths.1, &file].concat()
    };
    let (json, crate_bytes) = (
        u32::try_from(metadata.len()).unwrap(),
        u32::try_from(file.len()).unwrap(),
    );
    for (what, body) in [
        ("nothing", Vec::new()),
        ("half a length", vec![1, 0]),
        ("no crate", good[..4 + metadata.len()].to_vec()),
        ("a cut crate", good[..good.len() - 1].to_vec()),
        ("something behind", [&good[..], b"x"].concat()),
        ("a crate length of zero", with_lengths(json, 0)),
        (
            "a crate that says to be shorter",
            with_lengths(json, crate_bytes - 1),
        ),
        (
            "a crate that says to be longer",
            with_lengths(json, crate_bytes + 1),
        ),
        ("a crate of four gigabytes", with_lengths(json, u32::MAX)),
        (
            "metadata of four gigabytes",
            with_lengths(u32::MAX, crate_bytes),
        ),
        (
            "metadata that says to be shorter",
            with_lengths(json - 1, crate_bytes),
        ),
        (
            "metadata that says to be longer",
            with_lengths(json + 1, crate_bytes),
        ),
        ("metadata of no length", with_lengths(0, crate_bytes)),
        (
            "metadata that is not UTF-8",
            publish_frame(b"{\"name\":\"\xff\"}", &file).to_vec(),
        ),
        (
            "metadata that is no object",
            publish_frame(b"[]", &file).to_vec(),
        ),
        ("a form", b"name=widget&vers=1.0.0".to_vec()),
    ] {
        let answer = house.put(body.into()).await;
        assert_refused(&house, &answer, what).await;
    }
    house.publish(&widget()).await;
}

#[tokio::test]
async fn u11_a_body_that_breaks_off_or_is_too_large_leaves_nothing() {
    let mut plan = Plan::default();
    plan.limits.document_bytes = 4096;
    let house = House::with(plan).await;
    house.add_repository("main", &[]).await;
    let body = widget().publish_body();
    let cut = vec![
        Ok(body.slice(..body.len() / 2)),
        Err(std::io::Error::other("gone")),
    ];
    let answer = house
        .at("main")
        .ask(Method::PUT, PUBLISH, &[], pieces(cut))
        .await;
    assert_refused(&house, &answer, "a cut body").await;
    let long = widget().metadata_with("description", json!("a".repeat(5000)));
    let answer = house.send(&long).await;
    assert_eq!(answer.status, 413);
    assert_refused(&house, &answer, "long metadata").await;
    let large = publish_frame(
        widget().metadata().to_string().as_bytes(),
        &vec![0; 9 << 20],
    );
    let answer = house.put(large).await;
    assert_refused(&house, &answer, "a large crate").await;
}

#[tokio::test]
async fn f_cr_3_crates_that_are_not_what_their_metadata_says_are_refused() {
    let house = House::private().await;
    let of = |toml: &str| widget().manifest(toml);
    for (what, made) in [
        ("another folder", widget().folder("gadget-1.0.0")),
        (
            "another spelling of the folder",
            widget().folder("Widget-1.0.0"),
        ),
        (
            "another name",
            of("[package]\nname = \"gadget\"\nversion = \"1.0.0\"\n"),
        ),
        (
            "another spelling",
            of("[package]\nname = \"Widget\"\nversion = \"1.0.0\"\n"),
        ),
        (
            "another version",
            of("[package]\nname = \"widget\"\nversion = \"1.0.1\"\n"),
        ),
        ("no package", of("[workspace]\n")),
        ("no TOML", of("<html>")),
        (
            "a dependency that the metadata hides",
            of("[package]\nname = \"widget\"\nversion = \"1.0.0\"\n[dependencies]\nevil = \"1\"\n"),
        ),
        (
            "a dependency that the manifest hides",
            widget()
                .dependency("evil", "^1")
                .manifest("[package]\nname = \"widget\"\nversion = \"1.0.0\"\n"),
        ),
        (
            "another 'links'",
            widget().metadata_with("links", json!("z")),
        ),
        (
            "another rust-version",
            widget().metadata_with("rust_version", json!("1.70")),
        ),
        ("a second manifest", widget().file("Cargo.toml", b"")),
        ("Cargo's own mark", widget().file(".cargo-ok", b"ok")),
    ] {
        let answer = house.send(&made).await;
        assert_refused(&house, &answer, what).await;
    }
    let metadata = widget().metadata().to_string();
    for (what, file) in [
        ("no archive", Bytes::from_static(b"no archive")),
        ("nothing", Bytes::new()),
        (
            "a file beside the folder",
            tar_gz(&[("Cargo.toml", &b"[package]"[..])]),
        ),
        (
            "two members",
            [&widget().bytes()[..], &widget().bytes()[..]]
                .concat()
                .into(),
        ),
    ] {
        let answer = house.put(publish_frame(metadata.as_bytes(), &file)).await;
        assert_refused(&house, &answer, what).await;
    }
    let orig = widget().file("Cargo.toml.orig", b"[package]\nname = \"other\"\n");
    house.publish(&orig).await;
}

#[tokio::test]
async fn f_cr_3_metadata_that_clients_could_not_use_is_refused() {
    let house = House::private().await;
    let dependency = |change: (&str, serde_json::Value)| {
        let mut all = json!({ "name": "other", "version_req": "^1", "kind": "normal" });
        all[change.0] = change.1;
        ("deps", json!([all]))
    };
    for (member, value) in [
        ("name", json!("std")),
        ("name", json!("../widget")),
        ("name", json!("wídget")),
        ("vers", json!("1.0")),
        ("features", json!({ "a b": [] })),
        ("features", json!({ "a": ["dep:missing"] })),
        ("keywords", json!(["1", "2", "3", "4", "5", "6"])),
        ("links", json!("a\u{0}b")),
        ("rust_version", json!("garbage")),
        dependency(("version_req", json!("latest"))),
        dependency(("registry", json!("nowhere"))),
        dependency(("explicit_name_in_toml", json!("a/b"))),
    ] {
        let made = widget().metadata_with(member, value.clone());
        let answer = house.send(&made).await;
        assert_refused(&house, &answer, &format!("{member}: {value}")).await;
    }
}

#[tokio::test]
async fn u03_a_crate_that_unpacks_to_far_more_than_it_is_is_refused() {
    let house = House::private().await;
    let zeroes = vec![0; 540 << 20];
    let bomb = tar_gz(&[
        (
            "widget-1.0.0/Cargo.toml",
            &b"[package]\nname = \"widget\"\nversion = \"1.0.0\"\n"[..],
        ),
        ("widget-1.0.0/zeroes", &zeroes),
    ]);
    drop(zeroes);
    let metadata = widget().metadata().to_string();
    let answer = house.put(publish_frame(metadata.as_bytes(), &bomb)).await;
    assert_refused(&house, &answer, "a bomb").await;
    assert!(detail(&answer).contains("far more"), "{}", answer.text());
}
