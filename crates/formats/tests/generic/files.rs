//! Putting files: what is stored, under which names, and what the answers say.

use serde_json::json;

use crate::house::House;

const FILE: &str = "tools/installer/1.0.0/setup.exe";

#[tokio::test]
async fn one_put_publishes_a_version_and_makes_its_package() {
    let house = House::open().await;
    let main = house.at("main");
    let answer = main.put(FILE, "hello").await;
    assert_eq!(answer.status, 201);
    let answer = answer.json();
    let revision = answer["versionRevision"].as_str().unwrap();
    assert_eq!(revision.len(), 44);
    assert_eq!(
        answer,
        json!({
            "format": "generic", "namespace": "tools", "package": "installer", "version": "1.0.0",
            "versionRevision": revision, "status": "Published",
            "asset": {
                "name": "setup.exe", "size": 5,
                "hashes": {
                    "MD5": "5d41402abc4b2a76b9719d911017c592",
                    "SHA-1": "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
                    "SHA-256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
                    "SHA-512": "9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7a\
                                cc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043",
                },
            },
        })
    );
    assert_eq!(
        house.held("main").await,
        [("1.0.0".into(), "Published".into())]
    );
    assert_eq!(main.get(FILE).await.body, "hello");
}

#[tokio::test]
async fn f_ge_1_p07_every_name_that_the_api_takes_is_put_listed_and_fetched() {
    let house = House::open().await;
    let main = house.at("main");
    let mut written = Vec::new();
    for (encoded, name) in [
        ("setup%20x64.exe", "setup x64.exe"),
        ("a+b.tar.gz", "a+b.tar.gz"),
        ("%C3%BCbersicht.txt", "übersicht.txt"),
        ("%E6%97%A5%E6%9C%AC%E8%AA%9E", "日本語"),
        ("~!@%5E&()-_%2B[]{},.%60", "~!@^&()-_+[]{},.`"),
        ("__proto__", "__proto__"),
    ] {
        let path = format!("tools/installer/1.0.0/{encoded}");
        // What is no address even before anyone looks at it is sent in its encoded spelling.
        let sent = path.replace('{', "%7B").replace('}', "%7D");
        let sent = sent.replace('[', "%5B").replace(']', "%5D");
        let put = main.put(&format!("{sent}?unfinished=true"), name).await;
        assert_eq!(
            (put.status, &put.json()["asset"]["name"]),
            (201, &json!(name))
        );
        assert_eq!(main.get(&sent).await.body, name, "{name}");
        written.push(name.to_owned());
    }
    written.sort();
    let listed = main.get("tools/installer/1.0.0/").await;
    assert_eq!(listed.names("assets", "name"), written);
    // The address that a listing gives is the address of the file.
    for asset in listed.json()["assets"].as_array().unwrap() {
        let address = asset["href"].as_str().unwrap();
        let path = address.strip_prefix(&main.address("")).unwrap();
        assert_eq!(main.get(path).await.text(), asset["name"].as_str().unwrap());
    }
}

#[tokio::test]
async fn f_ge_1_p01_p05_p11_other_names_are_refused_and_leave_nothing() {
    let house = House::open().await;
    let main = house.at("main");
    let (before, long) = (house.changes().await, "a".repeat(256));
    for name in [
        "..",
        "%2e%2e",
        "a%2Fb",
        "a%2F..%2Fb",
        "a%5Cb",
        "a%00b",
        "a%0Ab",
        "a%E2%80%AEb",
        "a%23b",
        "a%25b",
        "a%3Ab",
        "a%3Bb",
        "a;b",
        "a%22b",
        "a*",
        "a=b",
        "%F0%9F%98%80",
        "%ff",
        "%",
        "",
        &long,
    ] {
        let answer = main
            .put(&format!("tools/installer/1.0.0/{name}"), "x")
            .await;
        assert_eq!(answer.status, 400, "{name}");
    }
    for path in [
        "tools/installer/1%200/a",
        "to%23ols/installer/1.0.0/a",
        "tools/..%2F/1.0.0/a",
        "tools//1.0.0/a",
    ] {
        assert_eq!(main.put(path, "x").await.status, 400, "{path}");
    }
    for path in ["tools/installer/1.0.0/a/b", "tools/installer/1.0.0/a/"] {
        assert_eq!(main.put(path, "x").await.status, 404, "{path}");
    }
    assert_eq!((house.changes().await, house.stored().await), (before, 0));
}

#[tokio::test]
async fn u16_an_empty_file_is_a_file() {
    let house = House::open().await;
    let main = house.at("main");
    main.put_new(FILE, b"").await;
    let answer = main.get(FILE).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.header("content-length"), "0");
    assert_eq!(
        main.get_with(FILE, &[("range", "bytes=0-")]).await.status,
        416
    );
}

#[tokio::test]
async fn a_put_that_names_no_file_says_how_it_is_done() {
    let house = House::open().await;
    for path in [
        "",
        "tools/",
        "tools/installer/1.0.0",
        "tools/installer/1.0.0/",
    ] {
        let answer = house.at("main").put(path, "x").await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.text().contains("curl -T"), "{}", answer.text());
    }
    assert_eq!(house.stored().await, 0);
}
