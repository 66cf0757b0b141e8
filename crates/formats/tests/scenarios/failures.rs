//! Sources that are down, lie, break off, or answer something else.

use testkit::fake_source::Behaviour;
use testkit::house::{Answer, digests};

use crate::ecosystems::{Connected, LATER_MS, Pulled};

const NAME: &str = "left-pad";

/// That the source is well again, and so are we.
async fn recovers<E: Pulled>(world: &Connected<E>, what: &str) {
    world.source.clear_behaviours();
    world.house.clock.advance(LATER_MS);
    // An index that is old is shown once more while it is asked for; and a source that failed is at first asked for one
    // thing at a time.
    for _ in 0..500 {
        let is_listed = world.listed("main", NAME).await == ["1.0.0"];
        if is_listed && world.fetch("main", NAME, "1.0.0").await.status == 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let answer = world.fetch("main", NAME, "1.0.0").await;
    assert_eq!(answer.status, 200, "after {what}: {:?}", answer.body);
    let bytes = E::bytes_at_source(&world.source, NAME, "1.0.0");
    assert_eq!(answer.bytes(), &bytes, "after {what}");
    let package = E::coordinates(NAME);
    world
        .house
        .wait_until_held("main", &package, &["1.0.0"])
        .await;
}

/// Whether the asset that has the content is held.
async fn holds_asset<E: Pulled>(world: &Connected<E>) -> bool {
    let package = E::coordinates(NAME);
    let held = world.house.held_assets("main", &package, "1.0.0").await;
    let name = E::asset_name(NAME, "1.0.0");
    held.contains(&name)
}

fn assert_failed_cleanly(answer: &Answer, what: &str, secret: &str) {
    assert!(
        matches!(answer.status, 502 | 503),
        "{what}: {} {:?}",
        answer.status,
        answer.body
    );
    let text = answer.text();
    assert!(!text.is_empty(), "{what}");
    assert!(!text.contains(secret), "addresses of sources stay inside");
}

pub(crate) async fn what_is_held_is_served_while_the_source_is_down_and_nothing_else<E: Pulled>() {
    let mut world = Connected::<E>::main().await;
    world.show(NAME, &["1.0.0", "2.0.0"]);
    world.show("never-seen", &["1.0.0"]);
    assert_eq!(world.listed("main", NAME).await, ["1.0.0", "2.0.0"]);
    let bytes = world.pull("main", NAME, "1.0.0").await;
    let address = world.source.base_url().to_owned();
    world.source.shutdown().await;
    world.house.clock.advance(LATER_MS);
    for _ in 0..2 {
        let listed = world.listed("main", NAME).await;
        assert_eq!(listed, ["1.0.0", "2.0.0"], "stale rather than nothing");
        assert_eq!(world.fetch("main", NAME, "1.0.0").await.bytes(), &bytes);
        let main = E::at(&world.house, "main");
        for path in [
            E::asset_path(NAME, "2.0.0"),
            E::index_path("never-seen"),
            E::asset_path("never-seen", "1.0.0"),
        ] {
            assert_failed_cleanly(&main.get(&path).await, &path, &address);
        }
    }
    world.source.restart().await;
    // Longer than a source that failed is left alone; nothing was taken for absent.
    world.house.clock.advance(LATER_MS);
    assert_eq!(world.listed("main", "never-seen").await, ["1.0.0"]);
    for (name, version) in [(NAME, "2.0.0"), ("never-seen", "1.0.0")] {
        let answer = world.fetch("main", name, version).await;
        let expected = E::bytes_at_source(&world.source, name, version);
        assert_eq!(answer.bytes(), &expected, "{name}");
    }
}

pub(crate) async fn x10_x20_statuses_of_a_source_are_told_apart_and_no_failure_is_an_absence<
    E: Pulled,
>() {
    let statuses = [401, 403, 418, 429, 500, 503];
    let mut failures: Vec<_> = statuses.into_iter().map(Behaviour::Status).collect();
    failures.push(Behaviour::HtmlError(502));
    for behaviour in failures {
        for is_index in [true, false] {
            let world = Connected::<E>::main().await;
            world.show(NAME, &["1.0.0"]);
            let (source_path, path) = places::<E>(is_index);
            world.source.set_behaviour(&source_path, behaviour.clone());
            let what = format!("{behaviour:?} for {source_path}");
            for _ in 0..2 {
                let answer = E::at(&world.house, "main").get(&path).await;
                assert_failed_cleanly(&answer, &what, world.source.base_url());
            }
            assert!(!holds_asset(&world).await, "{what}");
            recovers(&world, &what).await;
        }
    }
}

/// Where the index, or the asset, is: at the source, and here.
fn places<E: Pulled>(is_index: bool) -> (String, String) {
    if is_index {
        (E::source_index(NAME), E::index_path(NAME))
    } else {
        (E::source_asset(NAME, "1.0.0"), E::asset_path(NAME, "1.0.0"))
    }
}

pub(crate) async fn x10_what_the_source_has_not_is_not_here_and_is_asked_for_once<E: Pulled>() {
    for gone in [404, 410] {
        let world = Connected::<E>::main().await;
        world.show(NAME, &["1.0.0"]);
        for is_index in [true, false] {
            let (source_path, path) = places::<E>(is_index);
            world
                .source
                .set_behaviour(&source_path, Behaviour::Status(gone));
            let main = E::at(&world.house, "main");
            for _ in 0..5 {
                assert_eq!(main.get(&path).await.status, 404, "{gone} for {path}");
            }
            let asked = world.source.requests(&source_path);
            assert!(asked <= 1, "{gone} for {path}: asked {asked} times");
        }
        recovers(&world, "an absence").await;
    }
}

pub(crate) async fn x06_x07_bytes_that_are_wrong_or_cut_are_never_a_whole_answer_and_never_kept_by_any_format<
    E: Pulled,
>() {
    for behaviour in [
        Behaviour::WrongBytes,
        Behaviour::Shortened { bytes: 7 },
        Behaviour::Lengthened { bytes: 7 },
        Behaviour::EmptyBody,
        Behaviour::CutShort { after_bytes: 0 },
        Behaviour::CutShort { after_bytes: 50 },
        Behaviour::NoLengthCut { after_bytes: 50 },
        Behaviour::EndlessBody,
        Behaviour::HtmlLogin,
    ] {
        let world = Connected::<E>::main().await;
        world.show(NAME, &["1.0.0"]);
        let (source_path, path) = places::<E>(false);
        world.source.set_behaviour(&source_path, behaviour.clone());
        let right = E::bytes_at_source(&world.source, NAME, "1.0.0");
        let main = E::at(&world.house, "main");
        for _ in 0..2 {
            let answer = main.get(&path).await;
            assert!(
                answer.status >= 500 || answer.body.is_err(),
                "{behaviour:?}: {} {:?}",
                answer.status,
                answer.body
            );
        }
        let part = main.get_with(&path, &[("range", "bytes=0-3")]).await;
        assert!(
            part.status >= 400 || part.body.is_err(),
            "{behaviour:?}: {} {:?}",
            part.status,
            part.body
        );
        assert!(!holds_asset(&world).await, "{behaviour:?}");
        let right = digests([&right[..]]).remove(0);
        assert!(
            !world.house.stored().await.contains(&right),
            "{behaviour:?}"
        );
        recovers(&world, &format!("{behaviour:?}")).await;
    }
}

pub(crate) async fn x06_x09_an_index_that_is_none_is_refused<E: Pulled>() {
    for behaviour in [
        Behaviour::HtmlLogin,
        Behaviour::EmptyBody,
        Behaviour::EndlessBody,
        Behaviour::EndlessHeaders,
        Behaviour::CutShort { after_bytes: 100 },
        Behaviour::NoLengthCut { after_bytes: 100 },
        Behaviour::RedirectLoop,
        Behaviour::RedirectTo("ftp://files.example/x".into()),
        Behaviour::GzipBomb {
            decoded_bytes: 64 << 20,
        },
    ] {
        let world = Connected::<E>::main().await;
        world.show(NAME, &["1.0.0"]);
        let (source_path, path) = places::<E>(true);
        world.source.set_behaviour(&source_path, behaviour.clone());
        let what = format!("{behaviour:?}");
        let answer = E::at(&world.house, "main").get(&path).await;
        assert_failed_cleanly(&answer, &what, world.source.base_url());
        recovers(&world, &what).await;
    }
}

pub(crate) async fn x08_bytes_that_change_at_the_source_do_not_change_here_in_any_format<
    E: Pulled,
>() {
    let world = Connected::<E>::main().await;
    world.show(NAME, &["1.0.0"]);
    let first = world.pull("main", NAME, "1.0.0").await;
    let path = E::source_asset(NAME, "1.0.0");
    world.source.set_behaviour(&path, Behaviour::WrongBytes);
    world.house.add_repository("app", &["main"]).await;
    for _ in 0..2 {
        world.house.clock.advance(LATER_MS);
        for repository in ["main", "app"] {
            let again = world.fetch(repository, NAME, "1.0.0").await;
            assert_eq!(again.bytes(), &first, "{repository}");
        }
    }
}
