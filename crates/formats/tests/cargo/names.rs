//! Names that are one, and names that are taken for each other.

use model::PackageName;
use testkit::fake_cargo::FakeCargo;
use testkit::fake_source::Behaviour;
use testkit::packages::CargoCrate;

use crate::house::{House, coordinates, detail, download_path, index_path};

#[tokio::test]
async fn f_cr_2_a_crate_is_one_in_any_case_and_keeps_its_authors_spelling() {
    let house = House::private().await;
    house.publish(&CargoCrate::new("My_Widget", "1.0.0")).await;
    house.publish(&CargoCrate::new("my_widget", "1.1.0")).await;
    let lines = house.lines("main", "MY_WIDGET").await;
    let names: Vec<_> = lines
        .iter()
        .map(|line| line["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["My_Widget", "my_widget"]);
    let held = house.held("main", &coordinates("MY_widget")).await;
    assert_eq!(held.len(), 2);
    let main = house.at("main");
    assert_eq!(main.get("My/_w/My_Widget").await.status, 200);
    assert_eq!(
        main.get(&download_path("MY_WIDGET", "1.0.0")).await.status,
        200
    );
}

#[tokio::test]
async fn f_cr_2_names_that_differ_by_separators_alone_are_not_both_taken() {
    let house = House::private().await;
    house.add_repository("app", &["main"]).await;
    house.publish(&CargoCrate::new("my-wid_get", "1.0.0")).await;
    for name in ["my_wid_get", "my-wid-get", "My_Wid-Get"] {
        let answer = house.send(&CargoCrate::new(name, "2.0.0")).await;
        assert_eq!(answer.status, 409, "{name}");
        assert!(detail(&answer).contains("my-wid_get"), "{}", answer.text());
        let path = index_path(name);
        assert_eq!(house.at("main").get(&path).await.status, 404, "{name}");
        // Nor below, where the other one can be reached.
        let body = testkit::house::full(CargoCrate::new(name, "2.0.0").publish_body());
        let below = house
            .at("app")
            .ask(http::Method::PUT, crate::house::PUBLISH, &[], body)
            .await;
        assert_eq!(below.status, 409, "{name}");
    }
    house.publish(&CargoCrate::new("my-wid_get", "1.1.0")).await;
    house.publish(&CargoCrate::new("mywidget", "1.0.0")).await;
    house
        .publish(&CargoCrate::new("my-wid_gets", "1.0.0"))
        .await;
}

#[tokio::test]
async fn f_cr_2_of_many_names_that_are_taken_for_each_other_one_wins() {
    let house = House::private().await;
    let names = ["a-b-c", "a_b_c", "a-b_c", "a_b-c"];
    let made: Vec<CargoCrate> = names
        .iter()
        .map(|name| CargoCrate::new(name, "1.0.0"))
        .collect();
    let answers = futures_util::future::join_all(made.iter().map(|made| house.send(made))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
}

#[tokio::test]
async fn x17_f_cr_2_a_public_crate_does_not_take_the_place_of_an_internal_one_by_its_separators() {
    let house = House::connected().await;
    house.add_repository("app", &["main"]).await;
    house
        .publish(&CargoCrate::new("corp_secrets", "1.0.0"))
        .await;
    house.source.add(CargoCrate::new("corp-secrets", "99.0.0"));
    house.source.forget_requests();
    for repository in ["main", "app"] {
        let client = house.at(repository);
        assert_eq!(client.get(&index_path("corp-secrets")).await.status, 404);
        let file = client.get(&download_path("corp-secrets", "99.0.0")).await;
        assert_eq!(file.status, 404);
        assert_eq!(house.lines(repository, "corp_secrets").await.len(), 1);
    }
    assert_eq!(house.source.requests_total(), 0, "the name never leaves");
}

#[tokio::test]
async fn x17_f_cr_2_a_public_crate_that_was_on_its_way_is_not_kept_beside_an_internal_one() {
    let house = House::connected().await;
    house.add_repository("app", &["main"]).await;
    house.source.add(CargoCrate::new("corp-secrets", "1.0.0"));
    let path = FakeCargo::file_path("corp-secrets", "1.0.0");
    house.source.set_behaviour(&path, Behaviour::Hold);
    let app = house.at("app");
    let download = download_path("corp-secrets", "1.0.0");
    let meanwhile = async {
        house.source.wait_until_held(1).await;
        house
            .publish(&CargoCrate::new("corp_secrets", "1.0.0"))
            .await;
        house.source.release();
    };
    // Who asked before is answered.
    let (file, ()) = tokio::join!(app.get(&download), meanwhile);
    assert_eq!(file.status, 200);
    house.catalog.settle().await;
    for repository in ["main", "app"] {
        let held = house.held(repository, &coordinates("corp-secrets")).await;
        assert!(held.is_empty(), "{repository}: {held:?}");
        assert_eq!(house.at(repository).get(&download).await.status, 404);
        assert_eq!(house.lines(repository, "corp_secrets").await.len(), 1);
    }
}

#[tokio::test]
async fn f_cr_2_y06_a_package_group_binds_a_crate_in_every_spelling() {
    let house = House::connected().await;
    let name = PackageName::parse("Corp-Tool").unwrap();
    let rules = formats::rules().find("cargo").unwrap();
    let normal = rules.coordinates(None, name).unwrap().name;
    house.add_group(&format!("/cargo//{normal}$")).await;
    house
        .restrict(
            &format!("/cargo//{normal}$"),
            &[(
                model::GroupRestrictionType::ExternalUpstream,
                model::GroupRestrictionMode::Block,
            )],
            &[],
        )
        .await;
    house.source.add(CargoCrate::new("Corp-Tool", "1.0.0"));
    house.source.forget_requests();
    let main = house.at("main");
    for name in ["corp-tool", "Corp-Tool", "CORP-TOOL"] {
        let folders = format!("{}/{}", &name[..2], &name[2..4]);
        let answer = main.get(&format!("{folders}/{name}")).await;
        assert_eq!(answer.status, 404, "{name}");
        assert_eq!(main.get(&download_path(name, "1.0.0")).await.status, 404);
    }
    assert_eq!(house.source.requests_total(), 0);
}
