//! The fake Python index and the fake Maven repository do what the tests that rely on them believe.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use reliquary_testkit::fake_maven::{FakeArtifact, FakeBuild, FakeMaven, FakePlugin};
use reliquary_testkit::fake_pypi::{FakeFile, FakeProject, FakePypi, PageForms};
use reliquary_testkit::fake_source::{Behaviour, FakeSource};
use reliquary_testkit::packages::{Distribution, noise};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The head of an answer as text, and its body as it came.
async fn get(source: &FakeSource, path: &str, headers: &str) -> (String, Vec<u8>) {
    let mut socket = TcpStream::connect(source.address()).await.unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: x.example\r\n{headers}Connection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap();
    let body = answer.split_off(end + 4);
    (String::from_utf8(answer).unwrap().to_lowercase(), body)
}

const JSON: &str = "Accept: application/vnd.pypi.simple.v1+json, text/html;q=0.01\r\n";

#[tokio::test]
async fn a_project_page_tells_the_digests_sizes_and_marks_of_real_files() {
    let index = FakePypi::start().await;
    let release = Distribution::new("Left.Pad", "1.1").requires_python(">=3.8");
    index.add_project(
        FakeProject::new("Left.Pad")
            .version("1.0")
            .file(FakeFile::from(release.wheel()))
            .yanked("1.0", "bad <b>")
            .status("archived", None),
    );
    let (head, body) = get(&index, "/simple/left-pad/", JSON).await;
    assert!(
        head.contains("content-type: application/vnd.pypi.simple.v1+json"),
        "{head}"
    );
    let page: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(page["versions"], json!(["1.0", "1.1"]));
    assert_eq!(page["project-status"], json!({ "status": "archived" }));
    let [old, sdist, new] = [0, 1, 2].map(|at| &page["files"][at]);
    assert_eq!(
        (&old["yanked"], &new["yanked"]),
        (&json!("bad <b>"), &json!(false))
    );
    assert_eq!(sdist["core-metadata"], false);
    assert_eq!(new["requires-python"], ">=3.8");
    let path = new["url"]
        .as_str()
        .unwrap()
        .strip_prefix(index.base_url())
        .unwrap();
    let (_, file) = get(&index, &format!("/{path}"), "").await;
    assert_eq!(new["hashes"]["sha256"], hex::encode(Sha256::digest(&file)));
    assert_eq!(new["size"], file.len());
    assert_eq!(file, index.file("left_pad-1.1-py3-none-any.whl").unwrap());
    let (_, metadata) = get(&index, &format!("/{path}.metadata"), "").await;
    assert_eq!(
        new["core-metadata"]["sha256"],
        hex::encode(Sha256::digest(&metadata))
    );

    let (head, body) = get(&index, "/simple/left-pad/", "Accept: text/html\r\n").await;
    let page = String::from_utf8(body).unwrap();
    assert!(head.contains("content-type: text/html"), "{head}");
    for part in [
        "data-requires-python=\"&gt;=3.8\"",
        "data-yanked=\"bad &lt;b&gt;\"",
        "<meta name=\"pypi:project-status\" content=\"archived\">",
        ">left_pad-1.0.tar.gz</a>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[tokio::test]
async fn an_index_of_one_form_and_a_project_that_changes() {
    let index = FakePypi::start().await;
    index.add_project(
        FakeProject::new("pad")
            .version("1.0")
            .forms(PageForms::Html),
    );
    let (head, _) = get(&index, &FakePypi::page_path("PAD"), JSON).await;
    let etag = head
        .lines()
        .find_map(|line| line.strip_prefix("etag: "))
        .unwrap()
        .to_owned();
    assert!(head.contains("text/html"), "{head}");
    let known = format!("If-None-Match: {etag}\r\n");
    let (head, _) = get(&index, "/simple/pad/", &known).await;
    assert!(head.starts_with("http/1.1 304"), "{head}");
    index.change_project("pad", |project| project.version("2.0"));
    let (head, body) = get(&index, "/simple/pad/", &known).await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(String::from_utf8(body).unwrap().contains("pad-2.0.tar.gz"));
    index.remove_project("pad");
    for path in ["/simple/pad/", "/packages/pad-2.0.tar.gz"] {
        assert!(
            get(&index, path, "").await.0.starts_with("http/1.1 404"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_maven_repository_has_lists_files_and_the_checksums_of_both() {
    let repository = FakeMaven::start().await;
    repository.add_artifact(
        FakeArtifact::new("com.example", "lib")
            .version("1.0")
            .build(
                FakeBuild::new("1.1")
                    .file("-sources.jar", "sources")
                    .wrong_checksum(".pom", "00"),
            ),
    );
    repository.set_plugins(
        "com.example",
        &[FakePlugin {
            prefix: "p",
            artifact: "p-plugin",
            name: "P",
        }],
    );
    let (_, list) = get(&repository, "/com/example/lib/maven-metadata.xml", "").await;
    let list = String::from_utf8(list).unwrap();
    assert!(list.contains("<release>1.1</release>") && list.contains("<version>1.0</version>"));
    for path in [
        FakeMaven::metadata_path("com.example", "lib"),
        FakeMaven::file_path("com.example", "lib", "1.0", ".jar"),
        FakeMaven::file_path("com.example", "lib", "1.1", "-sources.jar"),
        "/com/example/maven-metadata.xml".to_owned(),
    ] {
        let (head, bytes) = get(&repository, &path, "").await;
        assert!(head.starts_with("http/1.1 200"), "{path}: {head}");
        let (_, sum) = get(&repository, &format!("{path}.sha256"), "").await;
        assert_eq!(
            sum,
            hex::encode(Sha256::digest(&bytes)).into_bytes(),
            "{path}"
        );
    }
    let (_, wrong) = get(&repository, "/com/example/lib/1.1/lib-1.1.pom.sha1", "").await;
    assert_eq!(wrong, b"00");
    let dated = "If-Modified-Since: Sun, 02 Feb 2020 20:20:20 GMT\r\n";
    let (head, _) = get(&repository, "/com/example/lib/maven-metadata.xml", dated).await;
    assert!(head.starts_with("http/1.1 304"), "{head}");
    repository.remove_artifact("com.example", "lib");
    let (head, _) = get(&repository, "/com/example/lib/1.0/lib-1.0.jar", "").await;
    assert!(head.starts_with("http/1.1 404"), "{head}");
}

#[tokio::test]
async fn bytes_can_be_too_few_or_too_many_and_errors_can_be_pages() {
    let source = FakeSource::start().await;
    let right = noise(1000, 7);
    assert_eq!((right.len(), &right), (1000, &noise(1000, 7)));
    assert_ne!(right, noise(1000, 8));
    source.put(
        "/f",
        reliquary_testkit::fake_source::Document::file(right.clone()),
    );
    source.set_behaviour("/f", Behaviour::Shortened { bytes: 10 });
    assert_eq!(get(&source, "/f", "").await.1, right[..990]);
    source.set_behaviour("/f", Behaviour::Lengthened { bytes: 10 });
    let (head, body) = get(&source, "/f", "").await;
    assert!(head.contains("content-length: 1010"), "{head}");
    assert_eq!(body[..1000], right);
    source.set_behaviour("/f", Behaviour::HtmlError(503));
    let (head, body) = get(&source, "/f", "").await;
    assert!(
        head.starts_with("http/1.1 503") && head.contains("text/html"),
        "{head}"
    );
    assert!(body.starts_with(b"<!DOCTYPE"));
}
