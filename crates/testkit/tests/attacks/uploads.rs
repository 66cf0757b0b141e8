//! Publishes that lie, that break off, that collide.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use reliquary_testkit::packages::Distribution;
use reliquary_testkit::server::{ApiCall, Ask};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

use crate::support::{House, Release, at, encoded, ok, refused};

#[tokio::test]
async fn u06_wrong_digests_are_refused_in_every_form_and_leave_nothing() {
    let house = House::private().await;
    let release = Release::new("left-pad", "1.0.0");
    let before = house.state().await;
    let with = |dist: Value| {
        let mut document = release.document();
        document["versions"]["1.0.0"]["dist"] = dist;
        document.to_string()
    };
    let (other, sha1) = (
        STANDARD.encode(Sha512::digest(b"other")),
        hex::encode(Sha1::digest(&release.tarball)),
    );
    for dist in [
        json!({ "integrity": format!("sha512-{other}") }),
        json!({ "integrity": format!("{} sha512-{other}", release.integrity()), "shasum": hex::encode(Sha1::digest(b"other")) }),
        json!({ "integrity": release.integrity(), "shasum": hex::encode(Sha1::digest(b"other")) }),
        json!({ "integrity": format!("sha256-{}", STANDARD.encode(Sha256::digest(b"other"))) }),
        json!({ "integrity": release.integrity().replace("sha512-", "sha256-") }),
        json!({ "integrity": "sha512-" }),
        json!({ "integrity": "sha512-%%%%" }),
        json!({ "integrity": format!("sha512-{}", hex::encode(Sha512::digest(&release.tarball))) }),
        json!({ "shasum": &sha1[..39] }),
        json!({ "shasum": format!("{sha1}0") }),
        json!({ "shasum": "" , "integrity": format!("sha512-{other}") }),
    ] {
        let shown = dist.to_string();
        refused(
            &house.send("PUT", &at("main", "left-pad"), with(dist)).await,
            &shown,
        );
    }
    let mut document = release.document();
    let file = "left-pad-1.0.0.tgz";
    document["_attachments"][file]["length"] = json!(release.tarball.len() + 1);
    refused(
        &house
            .send("PUT", &at("main", "left-pad"), document.to_string())
            .await,
        "a wrong length",
    );
    House::assert_same(&before, &house.state().await);
    let answer = house
        .send(
            "PUT",
            &at("main", "left-pad"),
            with(json!({ "integrity": release.integrity(), "shasum": sha1 })),
        )
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text());
}

#[tokio::test]
async fn u07_a_publish_cut_anywhere_leaves_nothing_and_can_be_retried() {
    let house = House::private().await;
    let release = Release::new("left-pad", "1.0.0");
    let ask = Ask::put(at("main", "left-pad"), &release.document()).bearer(&house.token);
    let bytes = ask.bytes(house.server.address());
    let head = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap()
        + 4;
    let before = house.state().await;
    let data = head
        + bytes[head..]
            .windows(6)
            .position(|window| window == b"\"data\"")
            .unwrap();
    let body_cuts = [
        0,
        1,
        (data - head) / 2,
        data - head,
        data - head + 9,
        data - head + 60,
        bytes.len() - head - 40,
        bytes.len() - head - 1,
    ];
    for cut in [1, 20, head - 2, head - 1]
        .into_iter()
        .chain(body_cuts.map(|cut| head + cut))
    {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut stream = tokio::net::TcpStream::connect(house.server.address())
            .await
            .unwrap();
        stream.write_all(&bytes[..cut]).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // A reset is an end, too.
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "cut at {cut}: {answer}"
        );
        assert_eq!(
            house.get(&at("main", "left-pad")).await.status,
            404,
            "cut at {cut}"
        );
    }
    let staged = || async { house.state().await == before };
    crate::support::wait_until(
        "what was staged is gone",
        std::time::Duration::from_secs(10),
        staged,
    )
    .await;
    assert_eq!(house.server.ask(ask).await.status, 201);
    assert_eq!(
        house.get(&at("main", &release.file())).await.body,
        release.tarball
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn u07_of_two_different_publishes_at_once_one_wins() {
    let house = House::private().await;
    for round in 0..5 {
        let name = format!("race-{round}");
        let releases: Vec<Release> = (0..8)
            .map(|turn| Release::with(&name, "1.0.0", &json!({}), format!("{turn}").as_bytes()))
            .collect();
        let answers = join_all(
            releases
                .iter()
                .map(|release| house.publish("main", release)),
        )
        .await;
        let won: Vec<usize> = (0..8).filter(|turn| answers[*turn].status == 201).collect();
        assert_eq!(
            won.len(),
            1,
            "{:?}",
            answers
                .iter()
                .map(|answer| answer.status)
                .collect::<Vec<_>>()
        );
        assert!(
            answers
                .iter()
                .all(|answer| matches!(answer.status, 201 | 409))
        );
        let winner = &releases[won[0]];
        assert_eq!(
            house.get(&at("main", &winner.file())).await.body,
            winner.tarball
        );
        let packument = ok(&house.get(&at("main", &name)).await);
        assert_eq!(
            packument["versions"]["1.0.0"]["dist"]["integrity"],
            winner.integrity()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn u07_identical_publishes_at_once_succeed_and_make_one_copy() {
    let house = House::private().await;
    let release = Release::new("left-pad", "1.0.0");
    let answers = join_all((0..8).map(|_| house.publish("main", &release))).await;
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer.status, 200 | 201)),
        "{answers:?}"
    );
    let published = house
        .server
        .changes()
        .await
        .into_iter()
        .filter(|change| change.version.as_deref() == Some("1.0.0"))
        .count();
    assert_eq!(published, 1, "one publish is in the log");
    let files = house.server.stored_files().await;
    assert_eq!(files.len(), 1, "{files:?}");
}

#[tokio::test]
async fn u08_the_same_bytes_again_are_fine_and_other_bytes_are_a_conflict() {
    let house = House::private().await;
    let release = house.published("main", "left-pad", "1.0.0").await;
    let before = house.state().await;
    assert_eq!(house.publish("main", &release).await.status, 200);
    let other = Release::with("left-pad", "1.0.0", &json!({}), b"other");
    assert_eq!(house.publish("main", &other).await.status, 409);
    let after = house.state().await;
    assert_eq!(
        house.get(&at("main", &release.file())).await.body,
        release.tarball
    );
    House::assert_same(&before, &after);
}

#[tokio::test]
async fn u11_the_limit_of_a_publish_holds_with_and_without_a_length() {
    let release = Release::new("left-pad", "1.0.0");
    let document = release.document().to_string();
    let house =
        House::with(|config| config.limits.publish_body_bytes = document.len() as u64).await;
    let before = house.state().await;
    let larger = format!("{document} ");
    assert_eq!(
        house
            .send("PUT", &at("main", "left-pad"), larger.clone())
            .await
            .status,
        413
    );
    let chunked = |body: &str| {
        let body = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        Ask::new("PUT", at("main", "left-pad"))
            .bearer(&house.token)
            .header("transfer-encoding", "chunked")
            .body(body)
    };
    assert_eq!(house.server.ask(chunked(&larger)).await.status, 413);
    House::assert_same(&before, &house.state().await);
    assert_eq!(house.server.ask(chunked(&document)).await.status, 201);
    assert_eq!(
        house
            .send("PUT", &at("main", "left-pad"), document)
            .await
            .status,
        200
    );
    // What the API reads is bounded as well.
    let big = json!({ "description": "x".repeat(2 << 20) });
    let call = ApiCall::new("POST", "/v1/repository")
        .query("domain", "acme")
        .query("repository", "other");
    refused(&house.server.call(call.json(&big)).await, "a large body");
}

#[tokio::test]
async fn u15_u17_z13_texts_of_packages_stay_data() {
    let house = House::private().await;
    let odd =
        "a\r\nSet-Cookie: planted=1\r\n\r\n<script>\u{1b}[31m\u{202e}\"'`$(id)${7*7}{{7*7}}=1+1";
    let members = json!({
        "description": odd, "author": odd, "license": odd, "homepage": "javascript:alert(1)", "keywords": [odd], "bin": { "x": "x" },
        "dependencies": { "__proto__": "1", "constructor": odd, "left-pad": "*", "toString": "^1" },
        "__proto__": { "polluted": true }, "repository": { "url": odd }, "files": [odd],
    });
    let release = Release::with("left-pad", "1.0.0", &members, b"x");
    let answer = house.publish("main", &release).await;
    assert!(
        matches!(answer.status, 200 | 201 | 400),
        "{}",
        answer.text()
    );
    assert_eq!(answer.status, 201, "{}", answer.text());
    for path in [
        "left-pad",
        "left-pad/1.0.0",
        &release.file(),
        "-/v1/search?text=left",
    ] {
        let answer = house.get(&at("main", path)).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(
            answer.header("set-cookie").is_empty() && answer.headers.len() < 20,
            "{answer:?}"
        );
        let head_bytes = answer
            .raw
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .unwrap();
        assert!(
            !String::from_utf8_lossy(&answer.raw[..head_bytes]).contains("planted"),
            "{path}"
        );
    }
    let manifest = ok(&house.get(&at("main", "left-pad/1.0.0")).await);
    assert_eq!(
        manifest["description"], odd,
        "text is kept as it is, escaped"
    );
    assert_eq!(manifest["dependencies"]["constructor"], odd);
    let call = ApiCall::new("GET", "/v1/package/version")
        .query("domain", "acme")
        .query("repository", "main");
    let call = call
        .query("format", "npm")
        .query("package", "left-pad")
        .query("version", "1.0.0");
    let answer = house.server.call(call).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.header("set-cookie").is_empty());
}

#[tokio::test]
async fn u12_f_npm_3_documents_that_are_no_documents_are_refused() {
    let house = House::private().await;
    let before = house.state().await;
    let good = Release::new("left-pad", "1.0.0").document().to_string();
    let deep = format!(
        "{{\"name\":\"left-pad\",\"x\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let bodies: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"{".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\"x\"".to_vec(),
        b"{}".to_vec(),
        deep.into_bytes(),
        [b"\xef\xbb\xbf".as_slice(), good.as_bytes()].concat(),
        format!("{good}{good}").into_bytes(),
        format!("{good}//").into_bytes(),
        good.replacen(
            "\"name\":\"left-pad\"",
            "\"name\":\"left-pad\",\"name\":\"other\"",
            1,
        )
        .into_bytes(),
        good.replacen("\"name\":\"left-pad\"", "\"name\":\"\\ud800\"", 1)
            .into_bytes(),
        good.replacen("\"name\":\"left-pad\"", "\"name\":1e999999", 1)
            .into_bytes(),
        [b"\xff\xfe".as_slice(), good.as_bytes()].concat(),
        b"PK\x03\x04".to_vec(),
        vec![0; 100_000],
    ];
    for body in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        for (method, path) in [
            ("PUT", "left-pad"),
            ("PUT", "left-pad/-rev/1-x"),
            ("PUT", "-/package/left-pad/dist-tags/x"),
        ] {
            refused(
                &house.send(method, &at("main", path), body.clone()).await,
                &format!("{path}: {shown}"),
            );
        }
    }
    House::assert_same(&before, &house.state().await);
    assert!(house.server.is_healthy().await);
    assert_eq!(encoded("a/b"), "a%2Fb");
}

#[tokio::test]
async fn u08_u15_why_an_upload_of_python_is_refused_stands_in_the_status_line() {
    let house = House::private().await;
    let upload = |content: &str| {
        let release = Distribution::new("left-pad", "1.0");
        let (content_type, body) = release
            .file("x.txt", content.as_bytes())
            .wheel()
            .upload_form();
        let address = at("main", "").replacen("/npm/", "/pypi/", 1);
        let token = house.token.clone();
        let ask = Ask::new("POST", address)
            .bearer(&token)
            .header("content-type", &content_type)
            .body(body.to_vec());
        house.server.ask(ask)
    };
    assert_eq!(upload("one").await.status, 200);
    let answer = upload("another").await;
    let line = String::from_utf8_lossy(&answer.raw)
        .lines()
        .next()
        .unwrap()
        .to_owned();
    assert!(
        line.starts_with("HTTP/1.1 409 File already exists: 'left_pad-1.0-py3-none-any.whl'"),
        "{line}"
    );
}
