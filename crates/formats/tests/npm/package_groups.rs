//! What package groups let in, as npm sees it.

use model::{
    ChangeKind, GroupRestrictionMode as Mode, GroupRestrictionType as Kind, RepositoryName,
};
use testkit::fake_npm::{FakePackage, FakeVersion};

use crate::house::House;
use crate::packages::Release;

impl House {
    /// The versions that a repository shows of a package; none when it does not know it.
    async fn shown(&self, repository: &str, name: &str) -> Vec<String> {
        let answer = self.at(repository).get(&name.replace('/', "%2f")).await;
        if answer.status == 404 {
            return Vec::new();
        }
        let document = answer.json();
        document["versions"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    }

    async fn refused(&self, repository: &str, release: &Release) -> String {
        let answer = self
            .at(repository)
            .put(&release.path(), &release.document())
            .await;
        assert_eq!(answer.status, 409, "{:?}", answer.body);
        answer.error()
    }
}

#[tokio::test]
async fn a_group_is_ingested_through_one_path_only() {
    // The worked example of the user guide: `repo-a` has `repo-b` above it, which has the connection.
    let house = House::open().await;
    house.add_connected("repo-b").await;
    house.add_connected("repo-c").await;
    house.add_repository("repo-a", &["repo-b"]).await;
    house.add_repository("repo-d", &["repo-b"]).await;
    house.add_repository("repo-e", &["repo-a"]).await;
    for name in ["@corp/lib", "left-pad"] {
        let versions = FakePackage::new(name)
            .version(FakeVersion::new("1.0.0"))
            .version(FakeVersion::new("2.0.0"));
        house.source.add_package(versions);
    }
    house.add_group("/npm/corp/*").await;
    house
        .restrict(
            "/npm/corp/*",
            &[
                (Kind::Publish, Mode::Block),
                (Kind::ExternalUpstream, Mode::AllowSpecificRepositories),
                (Kind::InternalUpstream, Mode::AllowSpecificRepositories),
            ],
            &[
                (Kind::ExternalUpstream, "repo-b"),
                (Kind::InternalUpstream, "repo-a"),
            ],
        )
        .await;

    for repository in ["repo-c", "repo-d", "repo-e"] {
        assert!(
            house.shown(repository, "@corp/lib").await.is_empty(),
            "{repository}"
        );
        let tarball = house.at(repository).tarball("@corp/lib", "1.0.0").await;
        assert_eq!(tarball.status, 404, "{repository}");
    }
    assert_eq!(
        house.source.requests_total(),
        0,
        "x17: the name never leaves"
    );
    assert_eq!(house.shown("repo-a", "@corp/lib").await, ["1.0.0", "2.0.0"]);
    assert_eq!(
        house
            .at("repo-a")
            .tarball("@corp/lib", "1.0.0")
            .await
            .status,
        200
    );
    for repository in ["repo-a", "repo-b"] {
        house
            .wait_until_held(repository, "@corp/lib", &["1.0.0"])
            .await;
    }
    // What `repo-b` holds by now is not for others to retain.
    for repository in ["repo-c", "repo-d", "repo-e"] {
        assert!(
            house.shown(repository, "@corp/lib").await.is_empty(),
            "{repository}"
        );
        let tarball = house.at(repository).tarball("@corp/lib", "1.0.0").await;
        assert_eq!(tarball.status, 404, "{repository}");
        assert!(house.held(repository, "@corp/lib").await.is_empty());
    }
    for repository in ["repo-a", "repo-b", "repo-c"] {
        let name = "@corp/other";
        let error = house
            .refused(repository, &Release::new(name, "1.0.0"))
            .await;
        assert!(
            error.contains("package group '/npm/corp/*' (PUBLISH is BLOCK)"),
            "{error}"
        );
    }
    for repository in ["repo-a", "repo-b", "repo-c", "repo-d", "repo-e"] {
        assert_eq!(
            house.shown(repository, "left-pad").await,
            ["1.0.0", "2.0.0"]
        );
        assert_eq!(
            house
                .at(repository)
                .tarball("left-pad", "2.0.0")
                .await
                .status,
            200
        );
    }
}

#[tokio::test]
async fn i09_a_change_of_a_group_ends_ready_documents_at_once() {
    let house = House::connected().await;
    let versions = FakePackage::new("left-pad")
        .version(FakeVersion::new("1.0.0"))
        .version(FakeVersion::new("2.0.0"));
    house.source.add_package(versions);
    let both = ["1.0.0", "2.0.0"];
    assert_eq!(house.shown("main", "left-pad").await, both);
    house
        .restrict("/*", &[(Kind::ExternalUpstream, Mode::Block)], &[])
        .await;
    assert!(house.shown("main", "left-pad").await.is_empty());
    house.add_group("/npm/*").await;
    assert!(
        house.shown("main", "left-pad").await.is_empty(),
        "it inherits"
    );
    house
        .restrict("/npm/*", &[(Kind::ExternalUpstream, Mode::Allow)], &[])
        .await;
    assert_eq!(house.shown("main", "left-pad").await, both);
    assert_eq!(
        house.at("main").tarball("left-pad", "1.0.0").await.status,
        200
    );
    house.wait_until_held("main", "left-pad", &["1.0.0"]).await;
    house.remove_group("/npm/*").await;
    assert_eq!(
        house.shown("main", "left-pad").await,
        ["1.0.0"],
        "what is here stays"
    );
    assert_eq!(
        house.at("main").tarball("left-pad", "1.0.0").await.status,
        200
    );
    assert_eq!(
        house.at("main").tarball("left-pad", "2.0.0").await.status,
        404
    );
    house.add_group("/npm//left-pad$").await;
    house
        .restrict("/*", &[(Kind::ExternalUpstream, Mode::Allow)], &[])
        .await;
    assert_eq!(house.shown("main", "left-pad").await, both);
}

#[tokio::test]
async fn y06_y07_variations_of_a_groups_names_are_blocked_whatever_it_allows() {
    let house = House::connected().await;
    house.add_group("/npm//spicy-client$").await;
    let names = [
        "Spicy-Client",
        "spicy.client",
        "spicy_client",
        "spicy--client",
    ];
    for name in names
        .iter()
        .chain(&["spicy-client", "spicyclient", "spicy-clients"])
    {
        house
            .source
            .add_package(FakePackage::new(name).version(FakeVersion::new("9.0.0")));
    }
    for name in names {
        assert!(house.shown("main", name).await.is_empty(), "{name}");
        assert_eq!(
            house.at("main").tarball(name, "9.0.0").await.status,
            404,
            "{name}"
        );
    }
    assert_eq!(
        house.source.requests_total(),
        0,
        "x17: the name never leaves"
    );
    let error = house
        .refused("main", &Release::new("spicy.client", "1.0.0"))
        .await;
    assert!(
        error.contains("variation of package group '/npm//spicy-client$'"),
        "{error}"
    );
    for name in ["spicy-client", "spicyclient", "spicy-clients"] {
        assert_eq!(house.shown("main", name).await, ["9.0.0"], "{name}");
    }
    // A group of its own lets a variation in.
    house.add_group("/npm//spicy.client$").await;
    assert_eq!(house.shown("main", "spicy.client").await, ["9.0.0"]);
    assert!(house.shown("main", "spicy_client").await.is_empty());
}

#[tokio::test]
async fn what_upstream_repositories_hold_is_hidden_where_it_may_not_be_retained() {
    let house = House::open().await;
    house.add_repository("base", &[]).await;
    house.add_repository("app", &["base"]).await;
    house
        .at("base")
        .publish(&Release::new("widget", "1.0.0"))
        .await;
    house
        .at("base")
        .publish(&Release::new("gadget", "1.0.0"))
        .await;
    house.at("app").tarball("widget", "1.0.0").await;
    house
        .at("base")
        .publish(&Release::new("widget", "1.1.0"))
        .await;
    assert_eq!(house.shown("app", "widget").await, ["1.0.0", "1.1.0"]);
    let found = async |repository: &str, word: &str| {
        let answer = house
            .at(repository)
            .get(&format!("-/v1/search?text={word}"))
            .await;
        answer.json()["objects"].as_array().unwrap().len()
    };
    assert_eq!(
        (found("app", "widget").await, found("app", "gadget").await),
        (1, 1)
    );

    house
        .restrict("/*", &[(Kind::InternalUpstream, Mode::Block)], &[])
        .await;
    assert_eq!(
        house.shown("app", "widget").await,
        ["1.0.0"],
        "what is here stays"
    );
    assert!(house.shown("app", "gadget").await.is_empty());
    for (name, version) in [("widget", "1.1.0"), ("gadget", "1.0.0")] {
        let app = house.at("app");
        assert_eq!(app.tarball(name, version).await.status, 404);
        assert_eq!(
            app.head(&format!("{name}/-/{name}-{version}.tgz"))
                .await
                .status,
            404
        );
    }
    assert_eq!(
        (found("app", "widget").await, found("app", "gadget").await),
        (1, 0)
    );
    assert_eq!(found("base", "gadget").await, 1);
    assert_eq!(house.shown("base", "widget").await, ["1.0.0", "1.1.0"]);
    // Nothing above is reachable, so nothing above stands against a publish.
    house
        .at("app")
        .publish(&Release::new("gadget", "1.0.0"))
        .await;
}

#[tokio::test]
async fn where_the_package_or_its_group_says_no_it_is_no() {
    let house = House::connected().await;
    house
        .source
        .add_package(FakePackage::new("left-pad").version(FakeVersion::new("1.0.0")));
    house.at("main").tarball("left-pad", "1.0.0").await;
    house.wait_until_held("main", "left-pad", &["1.0.0"]).await;
    house
        .restrict("/*", &[(Kind::Publish, Mode::Allow)], &[])
        .await;
    let error = house
        .refused("main", &Release::new("left-pad", "7.0.0"))
        .await;
    assert!(
        error.contains("the package's origin controls (publish is BLOCK)"),
        "{error}"
    );

    house
        .at("main")
        .publish(&Release::new("widget", "1.0.0"))
        .await;
    house
        .source
        .add_package(FakePackage::new("widget").version(FakeVersion::new("9.0.0")));
    house.add_group("/npm//widget~").await;
    assert_eq!(
        house.shown("main", "widget").await,
        ["1.0.0"],
        "its own controls keep it internal"
    );
    house
        .restrict("/npm//widget~", &[(Kind::Publish, Mode::Block)], &[])
        .await;
    house
        .refused("main", &Release::new("widget", "1.1.0"))
        .await;
}

#[tokio::test]
async fn s18_of_a_publish_and_a_block_one_comes_first() {
    let house = House::private().await;
    house.add_group("/npm//widget$").await;
    let house = &house;
    let publishes = (0..16).map(|patch| async move {
        let release = Release::new("widget", &format!("1.0.{patch}"));
        let answer = house
            .at("main")
            .put(&release.path(), &release.document())
            .await;
        answer.status
    });
    let block = house.restrict("/npm//widget$", &[(Kind::Publish, Mode::Block)], &[]);
    let (statuses, ()) =
        futures_util::future::join(futures_util::future::join_all(publishes), block).await;
    assert!(
        statuses.iter().all(|status| [201, 409].contains(status)),
        "{statuses:?}"
    );
    let error = house
        .refused("main", &Release::new("widget", "2.0.0"))
        .await;
    assert!(
        error.contains("'/npm//widget$' (PUBLISH is BLOCK)"),
        "{error}"
    );

    let mut reader = house.store.read().await.unwrap();
    let domain = reader
        .find_domain(&house.domain.owner, &house.domain.name)
        .await
        .unwrap();
    let changes = reader
        .list_changes(domain.unwrap().id, 0, 1000)
        .await
        .unwrap();
    let kinds: Vec<&str> = changes.iter().map(|change| change.kind.as_str()).collect();
    let blocked = kinds
        .iter()
        .position(|kind| *kind == ChangeKind::PackageGroupRestricted.as_str())
        .unwrap();
    assert!(
        !kinds[blocked..].contains(&ChangeKind::VersionPublished.as_str()),
        "{kinds:?}"
    );
    let published = statuses.iter().filter(|status| **status == 201).count();
    assert_eq!(house.held("main", "widget").await.len(), published);
}

#[tokio::test]
async fn only_the_repositories_on_the_list_take_a_publish() {
    let house = House::open().await;
    for name in ["one", "two"] {
        house.add_repository(name, &[]).await;
    }
    house.add_group("/npm/corp/*").await;
    house.add_group("/npm/corp/widget$").await;
    let list = [(Kind::Publish, Mode::AllowSpecificRepositories)];
    house
        .restrict("/npm/corp/*", &list, &[(Kind::Publish, "one")])
        .await;
    let release = Release::new("@corp/widget", "1.0.0");
    house.at("one").publish(&release).await;
    let error = house.refused("two", &release).await;
    assert!(
        error.contains("'/npm/corp/widget$' (PUBLISH is ALLOW_SPECIFIC_REPOSITORIES, inherited from '/npm/corp/*')"),
        "{error}"
    );
    assert!(error.contains("for repository 'two'"), "{error}");
    assert!(house.held("two", "@corp/widget").await.is_empty());
    // The package is not there either: a refused publish leaves nothing behind.
    let mut reader = house.store.read().await.unwrap();
    let domain = reader
        .find_domain(&house.domain.owner, &house.domain.name)
        .await
        .unwrap();
    let two = RepositoryName::parse("two").unwrap();
    let two = reader
        .find_repository(domain.unwrap().id, &two)
        .await
        .unwrap()
        .unwrap();
    let row = reader
        .find_package(two.id, &crate::house::coordinates("@corp/widget"))
        .await;
    assert!(row.unwrap().is_none());
}
