//! Gems that are not what they should be.

use bytes::Bytes;
use testkit::packages::{GemBuild, gz};

use crate::house::{House, coordinates, widget};

async fn assert_refused(house: &House, bytes: impl Into<Bytes>, what: &str) {
    let answer = house.push(bytes).await;
    assert_eq!(answer.status, 400, "{what}: {}", answer.text());
    assert!(
        answer.text().contains("cannot be accepted"),
        "{what}: {}",
        answer.text()
    );
}

async fn assert_nothing_is_here(house: &House) {
    assert!(house.stored().await.is_empty());
    assert!(house.held("main", &coordinates("widget")).await.is_empty());
}

#[tokio::test]
async fn f_rb_1_u01_u03_archives_that_are_none_or_ambiguous_are_refused() {
    let house = House::private().await;
    let build = widget("1.0");
    let metadata = gz(build.yaml().as_bytes());
    let other = gz(widget("2.0").yaml().as_bytes());
    let data = gz(b"data");
    let m = ("metadata.gz", &metadata[..]);
    let d = ("data.tar.gz", &data[..]);
    for (what, members) in [
        ("no metadata", vec![d]),
        ("no data", vec![m]),
        ("metadata twice", vec![m, ("metadata.gz", &other), d]),
        ("data twice", vec![m, d, d]),
        (
            "old metadata",
            vec![("metadata", build.yaml().leak().as_bytes()), d],
        ),
        ("a stranger", vec![m, d, ("lib/x.rb", b"x")]),
        ("a path", vec![m, d, ("../x", b"x")]),
        ("another case", vec![m, d, ("Metadata.gz", &other)]),
        ("a dotted path", vec![m, d, ("./metadata.gz", &other)]),
        ("metadata that is no gzip", vec![("metadata.gz", b"x"), d]),
    ] {
        assert_refused(&house, build.with_members(&members).bytes, what).await;
    }
    let whole = build.build().bytes;
    for (what, bytes) in [
        ("nothing", Bytes::new()),
        ("text", Bytes::from_static(b"<html>")),
        ("a beginning", whole.slice(..700)),
        ("half", whole.slice(..whole.len() - 1500)),
        ("zeroes", Bytes::from(vec![0; 2048])),
        ("something behind", [&whole[..], &[1; 512]].concat().into()),
        (
            "a broken header",
            [&[b'x'; 512][..], &whole[..]].concat().into(),
        ),
    ] {
        assert_refused(&house, bytes, what).await;
    }
    assert_nothing_is_here(&house).await;
}

#[tokio::test]
async fn f_rb_1_checksums_that_are_wrong_are_refused() {
    let house = House::private().await;
    for checksums in [
        "---\nSHA256:\n  metadata.gz: '00'\n",
        "---\nSHA512:\n  data.tar.gz: '00'\n",
        "---\nSHA1:\n  data.tar.gz: '00'\n",
        "---\nSHA256:\n  other.gz: '00'\n",
        "---\nSHA256:\n  metadata.gz: []\n",
        "--- !ruby/object:ERB {}\n",
        "not: [closed",
    ] {
        let gem = widget("1.0").checksums(checksums).build();
        assert_refused(&house, gem.bytes, checksums).await;
    }
    assert_nothing_is_here(&house).await;
}

#[tokio::test]
async fn f_rb_1_u13_specifications_that_are_hostile_are_refused() {
    let house = House::private().await;
    let good = widget("1.0").yaml();
    let with = |from: &str, to: &str| {
        let yaml = good.replacen(from, to, 1);
        assert_ne!(yaml, good, "{from}");
        yaml
    };
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x]\n");
    for level in 1..30 {
        let items = vec![format!("*a{}", level - 1); 8].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    for yaml in [
        with("name: widget", "name: ../../etc/passwd"),
        with("name: widget", "name: a/b"),
        with("name: widget", "name: '123'"),
        with("name: widget", "name: '*'"),
        with("name: widget", "name: [widget]"),
        with("name: widget\n", ""),
        with("name: widget", "name: widget\nname: gadget"),
        with("version: 1.0", "version: 1.0/../2"),
        with("version: 1.0", "version: 1.0+suffix"),
        with("version: 1.0", "version: latest"),
        with("platform: ruby", "platform: ../x"),
        with("platform: ruby", "platform: !ruby/object:Kernel {}"),
        with("version: '2.7'", "version: '`id`'"),
        with("- - \">=\"", "- - \"system\""),
        with(
            "summary: The gem widget",
            "summary: !ruby/object:ERB\n  src: puts 1",
        ),
        with("authors:", "authors: !ruby/regexp /x/\nothers:"),
        format!("--- !ruby/object:Gem::Installer\n{bomb}"),
        "--- []\n".to_owned(),
        "--- 1\n".to_owned(),
        "\u{0}".to_owned(),
        format!("{good}--- again\n"),
    ] {
        let gem = widget("1.0").metadata(&yaml).build();
        assert_refused(&house, gem.bytes, &yaml).await;
    }
    assert_nothing_is_here(&house).await;
    // Aliases alone are no harm: RubyGems writes them.
    let gem = widget("1.0").metadata(&format!("{good}{bomb}")).build();
    assert_eq!(house.push(gem.bytes).await.status, 200);
}

#[tokio::test]
async fn f_rb_1_u02_metadata_that_unpacks_to_too_much_is_refused() {
    let house = House::private().await;
    let comment = format!("# {}\n", "x".repeat(40 << 20));
    let gem = widget("1.0").line(&comment).build();
    assert!(gem.bytes.len() < 1 << 20, "it is a bomb");
    assert_refused(&house, gem.bytes, "a bomb").await;
    assert_nothing_is_here(&house).await;
}

#[tokio::test]
async fn u04_the_index_is_made_of_what_is_inside_the_gem() {
    let house = House::private().await;
    let build = GemBuild::new("widget", "1.0");
    let gem = build
        .metadata(&GemBuild::new("gadget", "2.0").needs("evil", "= 1").yaml())
        .build();
    assert_eq!(house.push(gem.bytes).await.status, 200);
    assert_eq!(house.main().get("info/widget").await.status, 404);
    let info = house.text("info/gadget").await;
    assert!(info.starts_with("---\n2.0 evil:= 1|checksum:"), "{info}");
    assert_eq!(house.main().get("gems/gadget-2.0.gem").await.status, 200);
}
