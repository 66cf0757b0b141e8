//! The compact index.

use base64::Engine as _;
use model::PackageVersionStatus as Status;
use sha2::{Digest as _, Sha256};
use testkit::packages::GemBuild;

use crate::house::{House, coordinates, gunzipped, md5, widget};

fn repr_digest(bytes: &[u8]) -> String {
    let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(bytes));
    format!("sha-256=:{digest}:")
}

#[tokio::test]
async fn f_rb_2_versions_has_the_digest_of_every_info_and_its_own() {
    let house = House::private().await;
    assert_eq!(
        house.text("versions").await,
        "created_at: 2000-01-01T00:00:00Z\n---\n"
    );
    house.publish(&widget("1.0").build()).await;
    house.publish(&GemBuild::new("gadget", "2").build()).await;
    for path in ["versions", "names", "info/widget"] {
        let answer = house.main().get(path).await;
        assert_eq!(answer.status, 200);
        let etag = format!("\"{}\"", md5(answer.bytes()));
        assert_eq!(answer.header("etag"), etag, "{path}");
        assert_eq!(answer.header("repr-digest"), repr_digest(answer.bytes()));
        assert_eq!(answer.header("accept-ranges"), "bytes");
        assert!(answer.header("content-type").starts_with("text/plain"));
    }
    let versions = house.text("versions").await;
    for (gem, version) in [("widget", "1.0"), ("gadget", "2")] {
        let info = house.text(&format!("info/{gem}")).await;
        let line = format!("\n{gem} {version} {}\n", md5(info.as_bytes()));
        assert!(versions.contains(&line), "{versions}");
    }
    assert_eq!(house.text("names").await, "---\ngadget\nwidget\n");
}

#[tokio::test]
async fn f_rb_2_packed_answers_carry_the_digests_of_what_is_inside() {
    let house = House::private().await;
    house.publish(&widget("1.0").build()).await;
    for path in ["versions", "info/widget"] {
        let plain = house.main().get(path).await;
        let packed = house
            .main()
            .get_with(path, &[("accept-encoding", "gzip")])
            .await;
        assert_eq!(packed.header("content-encoding"), "gzip");
        assert_eq!(&gunzipped(packed.bytes())[..], &plain.bytes()[..]);
        let weak = format!("W/{}", plain.header("etag"));
        assert_eq!(packed.header("etag"), weak);
        assert_eq!(packed.header("repr-digest"), plain.header("repr-digest"));
        for known in [plain.header("etag"), weak.as_str()] {
            let headers = [("if-none-match", known), ("accept-encoding", "gzip")];
            let same = house.main().get_with(path, &headers).await;
            assert_eq!(same.status, 304);
        }
    }
}

#[tokio::test]
async fn f_rb_2_what_is_new_is_fetched_alone_as_bundler_does() {
    let house = House::private().await;
    house.publish(&widget("1.0").build()).await;
    let mut kept = house.main().get("versions").await.bytes().to_vec();
    let mut etag = format!("\"{}\"", md5(&kept));
    let package = coordinates("widget");
    for step in 0..5 {
        let hide = match step {
            0 => {
                house.publish(&widget("1.1").build()).await;
                None
            }
            1 => {
                house.publish(&GemBuild::new("gadget", "2").build()).await;
                None
            }
            2 => Some(("1.0", Status::Unlisted)),
            3 => Some(("1.1", Status::Archived)),
            _ => Some(("1.0", Status::Published)),
        };
        if let Some((version, status)) = hide {
            house.set_status("main", &package, version, status).await;
        }
        let range = format!("bytes={}-", kept.len() - 1);
        let headers = [
            ("range", range.as_str()),
            ("if-none-match", etag.as_str()),
            ("accept-encoding", "gzip"),
        ];
        let part = house.main().get_with("versions", &headers).await;
        assert_eq!(part.status, 206, "step {step}");
        assert_eq!(part.header("content-encoding"), "");
        kept.extend_from_slice(&part.bytes()[1..]);
        etag = part.header("etag").to_owned();
        assert_eq!(etag, format!("\"{}\"", md5(&kept)), "step {step}");
        assert_eq!(part.header("repr-digest"), repr_digest(&kept));
        let total = part
            .header("content-range")
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned();
        assert_eq!(total, kept.len().to_string());
        // The last line of a gem has the digest of its info.
        let text = String::from_utf8(kept.clone()).unwrap();
        let last = text
            .lines()
            .rfind(|line| line.starts_with("widget "))
            .unwrap();
        let info = house.text("info/widget").await;
        assert!(last.ends_with(&md5(info.as_bytes())), "step {step}: {last}");
        let same = house
            .main()
            .get_with("versions", &[("range", &range), ("if-none-match", &etag)])
            .await;
        assert_eq!(same.status, 304, "step {step}");
    }
    let text = String::from_utf8(kept).unwrap();
    assert!(
        text.contains("\nwidget -1.0 ") && text.contains("\nwidget -1.1 "),
        "{text}"
    );
}

#[tokio::test]
async fn f_rb_2_who_has_more_than_there_is_gets_the_whole() {
    let house = House::private().await;
    house.publish(&widget("1.0").build()).await;
    for path in ["versions", "info/widget"] {
        let whole = house.main().get(path).await;
        let range = format!("bytes={}-", whole.bytes().len() + 100);
        let answer = house.main().get_with(path, &[("range", &range)]).await;
        assert_eq!((answer.status, answer.bytes()), (200, whole.bytes()));
    }
}

#[tokio::test]
async fn f_rb_2_a_deleted_gem_is_taken_back_in_versions() {
    let house = House::private().await;
    house.publish(&widget("1.0").build()).await;
    let before = house.text("versions").await;
    house
        .delete_version("main", &coordinates("widget"), "1.0")
        .await;
    let after = house.text("versions").await;
    let line = after.strip_prefix(&before).unwrap();
    assert!(line.starts_with("widget -1.0 "), "{line}");
    assert!(!line.contains(before.trim_end().rsplit(' ').next().unwrap()));
    assert_eq!(house.text("names").await, "---\n");
}

#[tokio::test]
async fn lists_are_of_all_that_upstreams_hold() {
    let house = House::with(testkit::house::Plan::default()).await;
    house.add_repository("shared", &[]).await;
    house.add_repository("main", &["shared"]).await;
    house.publish(&widget("1.0").build()).await;
    let gem = GemBuild::new("gadget", "2").build();
    let body = testkit::house::full(gem.bytes);
    let shared = house.client("ruby", "shared");
    let pushed = shared
        .ask(http::Method::POST, "api/v1/gems", &[], body)
        .await;
    assert_eq!(pushed.status, 200);
    assert_eq!(house.text("names").await, "---\ngadget\nwidget\n");
    assert_eq!(shared.get("names").await.text(), "---\ngadget\n");
}

#[tokio::test]
async fn bare_addresses_are_answered() {
    let house = House::private().await;
    for path in [
        "",
        "versions",
        "names",
        "api/v1/dependencies",
        "specs.4.8.gz",
    ] {
        assert_eq!(house.main().get(path).await.status, 200, "{path}");
        assert_eq!(house.main().head(path).await.status, 200, "{path}");
    }
    assert_eq!(house.main().get("info/never-seen").await.status, 404);
}
