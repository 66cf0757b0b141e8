//! Too much of something.

use futures_util::future::join_all;
use reliquary_testkit::fake_npm::{FakePackage, FakeVersion};
use reliquary_testkit::server::{ApiCall, Ask};
use reliquary_testkit::storage::{Bytes, Storage};
use serde_json::json;

use crate::support::{House, Release, at, ok};

/// Physical memory of this process, in bytes.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        * 1024
}

#[tokio::test]
async fn d06_odd_ranges_give_one_range_or_the_whole() {
    let house = House::private().await;
    let release = house.published("main", "left-pad", "1.0.0").await;
    let (file, size) = (at("main", &release.file()), release.tarball.len());
    let many = format!("bytes={}", vec!["0-0"; 2000].join(","));
    for (range, status) in [
        (many.as_str(), 200),
        ("bytes=0-0,1-1", 200),
        ("bytes=5-1", 200),
        ("bytes=-0", 416),
        ("bytes=999999999-", 416),
        ("bytes=0-99999999999999999999999", 206),
        ("bytes=-99999999999999999999999", 206),
        ("bytes=--1", 200),
        ("bytes=+1-2", 200),
        ("lines=0-1", 200),
        ("bytes=0x0-0x1", 200),
        ("bytes=", 200),
        ("", 200),
        ("bytes=0-0", 206),
        ("bytes=-1", 206),
    ] {
        let answer = house
            .server
            .ask(Ask::get(&file).bearer(&house.token).header("range", range))
            .await;
        let shown = &range[..range.len().min(40)];
        assert_eq!(answer.status, status, "{shown}");
        assert!(answer.body.len() <= size, "{shown}");
        if status == 200 {
            assert_eq!(answer.body, release.tarball, "{shown}");
        }
        let stale = Ask::get(&file)
            .bearer(&house.token)
            .header("range", range)
            .header("if-range", "\"stale\"");
        assert_eq!(
            house.server.ask(stale).await.body,
            release.tarball,
            "{shown}"
        );
        // A document has no ranges, packed or not.
        let packed = Ask::get(at("main", "left-pad"))
            .bearer(&house.token)
            .header("range", range)
            .header("accept-encoding", "gzip");
        let answer = house.server.ask(packed).await;
        assert!(
            matches!(answer.status, 200 | 206 | 416),
            "{shown}: {}",
            answer.status
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d07_headers_and_forms_of_credentials_do_not_widen_the_limit() {
    let house = House::with(|config| config.quotas.requests_per_second = 10).await;
    let call = || ApiCall::new("POST", "/v1/domains");
    let mut throttled = 0;
    // All at once: one after the other they may take longer than the limit minds.
    let calls = (0..60).map(|turn| {
        let address = format!("10.0.{}.{turn}", turn / 2);
        let call = call()
            .header("x-forwarded-for", &address)
            .header("x-real-ip", &address)
            .header("forwarded", &format!("for={address}"));
        house.server.call(call)
    });
    for answer in join_all(calls).await {
        assert!(matches!(answer.status, 200 | 429), "{}", answer.text());
        throttled += usize::from(answer.status == 429);
    }
    assert!(throttled > 0, "sixty requests at once pass a limit of ten");
    // Whoever has no right signature does not use up the account's share.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    for _ in 0..50 {
        let answer = house
            .server
            .call_as(call(), (house.server.root_key().0, "wrong"))
            .await;
        assert_eq!(answer.status, 403);
        assert_eq!(
            house
                .server
                .ask(Ask::new("POST", "/v1/domains"))
                .await
                .status,
            403
        );
    }
    assert_eq!(
        house.server.call(call()).await.status,
        200,
        "the account is not worse off than those without a key"
    );
}

/// Bytes without a pattern, which cannot be compressed.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

// Other tests of this process use memory meanwhile; a file that is held whole still shows.
#[tokio::test(flavor = "multi_thread")]
async fn d02_publishes_and_downloads_of_large_files_keep_memory_bounded() {
    // On the disk in every run: an object store is sent several parts of eight megabytes at once, and what that may take
    // is measured with a body that is larger than all of them together, by `blobs/tests/memory_s3.rs`.
    let storage = Storage {
        bytes: Bytes::Disk,
        ..Storage::of_this_run()
    };
    let house = House::on(storage, |_| {}).await;
    let release = Release::with("large", "1.0.0", &json!({}), &noise(24 << 20));
    let bytes = Ask::put(at("main", "large"), &release.document())
        .bearer(&house.token)
        .bytes(house.server.address());
    let before = resident_bytes();
    let answer = house.server.raw(&bytes).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 22 << 20, "a publish of 24 MB added {grown} bytes");
    drop(bytes);
    let before = resident_bytes();
    let downloads = join_all((0..4).map(|_| async {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut stream = tokio::net::TcpStream::connect(house.server.address())
            .await
            .unwrap();
        let ask = Ask::get(at("main", &release.file()))
            .bearer(&house.token)
            .bytes(house.server.address());
        stream.write_all(&ask).await.unwrap();
        let mut piece = vec![0; 64 << 10];
        let mut received = 0;
        loop {
            let read = stream.read(&mut piece).await.unwrap();
            received += read;
            if read == 0 {
                return received;
            }
        }
    }))
    .await;
    assert!(
        downloads
            .iter()
            .all(|received| *received >= release.tarball.len()),
        "{downloads:?}"
    );
    let grown = resident_bytes().saturating_sub(before);
    assert!(
        grown < 64 << 20,
        "four downloads of 24 MB added {grown} bytes"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn x15_d08_a_flood_of_names_that_do_not_exist_stores_nothing() {
    let house = House::connected().await;
    let before = house.state().await;
    let names: Vec<String> = (0..500)
        .map(|turn| at("team", &format!("absent-{turn}")))
        .collect();
    for batch in names.chunks(50) {
        let answers = join_all(batch.iter().map(|name| house.get(name))).await;
        assert!(answers.iter().all(|answer| answer.status == 404));
    }
    assert_eq!(house.source.requests_total(), 500);
    let answers = join_all(names[..50].iter().map(|name| house.get(name))).await;
    assert!(answers.iter().all(|answer| answer.status == 404));
    assert_eq!(
        house.source.requests_total(),
        500,
        "an absence is remembered"
    );
    House::assert_same(&before, &house.state().await);
    // Others are served meanwhile.
    house
        .source
        .add_package(FakePackage::new("present").version(FakeVersion::new("1.0.0")));
    ok(&house.get(&at("team", "present")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn d08_s19_quotas_hold_when_many_ask_at_once() {
    let house = House::with(|config| {
        config.quotas.domains_per_account = 5;
        config.quotas.repositories_per_domain = 5;
    })
    .await;
    let domains: Vec<String> = (0..20).map(|turn| format!("domain-{turn}")).collect();
    let answers = join_all(domains.iter().map(|name| {
        house
            .server
            .call(ApiCall::new("POST", "/v1/domain").query("domain", name))
    }))
    .await;
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 200).count(),
        4,
        "one was there"
    );
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer.status, 200 | 402))
    );
    let repository = |name: &str| {
        ApiCall::new("POST", "/v1/repository")
            .query("domain", "acme")
            .query("repository", name)
    };
    let answers = join_all(
        domains
            .iter()
            .map(|name| house.server.call(repository(name))),
    )
    .await;
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 200).count(),
        4,
        "one was there"
    );
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer.status, 200 | 402))
    );
    let answers = join_all((0..20).map(|_| house.server.call(repository("main")))).await;
    assert!(
        answers.iter().all(|answer| answer.status == 409),
        "what is there is told before what may be"
    );
}

#[tokio::test]
async fn d03_d04_files_that_cannot_be_written_fail_a_publish_and_nothing_else() {
    let house = House::private().await;
    let held = house.published("main", "left-pad", "1.0.0").await;
    // Bodies as long as this are staged in a file before they go to an object store, too.
    let long = Release::with("left-pad", "1.1.0", &json!({}), &noise(200_000));
    let mut releases = vec![long];
    if Storage::of_this_run().bytes == Bytes::Disk {
        // A short one needs a file only where it is to become one.
        releases.push(Release::new("left-pad", "1.2.0"));
    }
    let staging = house.server.data().join("staging");
    let aside = house.server.data().join("aside");
    let data = house.server.data().display().to_string();
    for release in &releases {
        std::fs::rename(&staging, &aside).unwrap();
        let answer = house.publish("main", release).await;
        assert!(answer.status >= 500, "{}", answer.status);
        let text = answer.text();
        assert!(
            !text.contains(&data) && !text.contains("os error"),
            "{text}"
        );
        assert_eq!(
            house.get(&at("main", &held.file())).await.body,
            held.tarball,
            "reads go on"
        );
        assert!(
            !ok(&house.get(&at("main", "left-pad")).await)
                .to_string()
                .contains(&release.version)
        );
        std::fs::rename(&aside, &staging).unwrap();
        assert_eq!(
            house.publish("main", release).await.status,
            201,
            "nobody had to repair anything"
        );
    }
}
