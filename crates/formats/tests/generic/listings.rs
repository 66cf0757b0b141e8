//! Folders as JSON and as pages.

use serde_json::json;

use crate::house::House;

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

#[tokio::test]
async fn every_folder_names_what_is_in_it_with_its_address() {
    let house = House::open().await;
    let main = house.at("main");
    main.put_new("tools/installer/1.0.0/setup.exe", b"hello")
        .await;
    main.put_new("tools/installer/1.1.0/setup.exe", b"hello")
        .await;
    main.put_new("tools/other/1/a", b"1").await;
    main.put_new("data/set/1/a", b"1").await;

    let root = json!({
        "format": "generic", "repository": "main",
        "namespaces": [
            { "namespace": "data", "href": main.address("data/") },
            { "namespace": "tools", "href": main.address("tools/") },
        ],
    });
    assert_eq!(main.get("").await.json(), root);
    let tools = json!({
        "format": "generic", "repository": "main", "namespace": "tools",
        "packages": [
            { "package": "installer", "href": main.address("tools/installer/") },
            { "package": "other", "href": main.address("tools/other/") },
        ],
    });
    for path in ["tools", "tools/"] {
        assert_eq!(main.get(path).await.json(), tools);
    }
    let versions = main.get("tools/installer/").await;
    assert_eq!(versions.names("versions", "version"), ["1.0.0", "1.1.0"]);
    let version = versions.json()["versions"][0].clone();
    let revision = version["versionRevision"].clone();
    assert_eq!(
        version,
        json!({
            "version": "1.0.0", "versionRevision": revision, "status": "Published",
            "publishedTime": "2023-11-14T22:13:20.000Z", "href": main.address("tools/installer/1.0.0/"),
        })
    );
    let assets = main.get("tools/installer/1.0.0/").await.json();
    assert_eq!(assets["versionRevision"], revision);
    let asset = &assets["assets"][0];
    assert_eq!(asset["size"], 5);
    assert_eq!(
        asset["hashes"]["SHA-1"],
        "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"
    );
    assert_eq!(
        asset["href"],
        main.address("tools/installer/1.0.0/setup.exe")
    );
}

#[tokio::test]
async fn u14_w01_a_browser_gets_a_page_that_does_nothing() {
    let house = House::open().await;
    let main = house.at("main");
    let package = "in'\"<b>staller";
    let encoded = "to&ols/in'%22%3Cb%3Estaller/1.0.0";
    main.put_new(&format!("{encoded}/a&b"), b"1").await;
    for path in [
        "",
        "to&ols/",
        "to&ols/in'%22%3Cb%3Estaller/",
        &format!("{encoded}/"),
    ] {
        let page = main.get_with(path, &[("accept", BROWSER)]).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("vary"), "Accept");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert!(
            page.header("content-security-policy")
                .starts_with("default-src 'none';")
        );
        for markup in ["<b>", "<script", "in'\""] {
            assert!(!page.text().contains(markup), "{path}: {markup}");
        }
    }
    let page = main
        .get_with(&format!("{encoded}/"), &[("accept", BROWSER)])
        .await;
    let address = main.address("to%26ols/in%27%22%3Cb%3Estaller/1.0.0/a%26b");
    assert!(
        page.text()
            .contains(&format!("<a href=\"{address}\">a&amp;b</a>")),
        "{}",
        page.text()
    );
    let json = main.get(&format!("{encoded}/")).await.json();
    assert_eq!(json["package"], package);
}

#[tokio::test]
async fn large_folders_come_in_pages() {
    let house = House::open().await;
    let main = house.at("main");
    // Namespaces of several packages, one of which begins like another.
    for (namespace, packages) in [("a", 5), ("a-b", 1), ("b", 3), ("c", 1), ("d", 4)] {
        for package in 0..packages {
            let path = format!("{namespace}/p{package}/1/f");
            assert_eq!(main.put(&path, "1").await.status, 201);
        }
    }
    for version in ["1", "10", "2", "%2B+", "3"] {
        assert_eq!(main.put(&format!("v/v/{version}/f"), "1").await.status, 201);
    }
    for asset in ["a&b", "c+d", "e f"] {
        let path = format!("w/w/1/{}?unfinished=true", asset.replace(' ', "%20"));
        assert_eq!(main.put(&path, "1").await.status, 201);
    }
    let folders: [(&str, &str, &str, &[&str]); 5] = [
        (
            "",
            "namespaces",
            "namespace",
            &["a", "a-b", "b", "c", "d", "v", "w"],
        ),
        ("a/", "packages", "package", &["p0", "p1", "p2", "p3", "p4"]),
        ("d/", "packages", "package", &["p0", "p1", "p2", "p3"]),
        ("v/v/", "versions", "version", &["++", "1", "10", "2", "3"]),
        ("w/w/1/", "assets", "name", &["a&b", "c+d", "e f"]),
    ];
    for (folder, list, member, expected) in folders {
        assert_eq!(main.get(folder).await.names(list, member), expected);
        for limit in 1..=expected.len() {
            let (mut path, mut found, mut pages) =
                (format!("{folder}?limit={limit}"), Vec::new(), 0);
            loop {
                let page = main.get(&path).await;
                found.extend(page.names(list, member));
                pages += 1;
                let next = page.json()["next"].as_str().map(str::to_owned);
                let link = next.as_ref().map(|next| format!("<{next}>; rel=\"next\""));
                assert_eq!(page.header("link"), link.unwrap_or_default());
                let Some(next) = next else { break };
                path = next.strip_prefix(&main.address("")).unwrap().to_owned();
            }
            assert_eq!(found, expected, "{folder}, pages of {limit}");
            assert_eq!(
                pages,
                expected.len().div_ceil(limit),
                "{folder}, pages of {limit}"
            );
        }
    }
}

#[tokio::test]
async fn s15_p16_odd_pages_are_refused_or_empty_and_never_an_error_of_ours() {
    let house = House::open().await;
    let main = house.at("main");
    main.put_new("tools/installer/1.0.0/a", b"1").await;
    for folder in ["", "tools/", "tools/installer/", "tools/installer/1.0.0/"] {
        for (query, status) in [
            ("limit=0", 200),
            ("limit=60000", 200),
            ("limit=-1", 400),
            ("limit=99999999999", 400),
            ("limit=x", 400),
            ("after=", 200),
            ("after=zzz", 200),
            ("after=%25", 200),
            ("after=%00", 400),
            ("after=a%E2%80%AEb", 400),
            ("unknown=1", 200),
        ] {
            let answer = main.get(&format!("{folder}?{query}")).await;
            assert_eq!(answer.status, status, "{folder}?{query}");
        }
        let long = "a".repeat(256);
        assert_eq!(
            main.get(&format!("{folder}?after={long}")).await.status,
            400
        );
    }
}
