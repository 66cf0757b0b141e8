//! Whole documents: revalidation, absence, packing, and everything a body can do wrong.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use upstream::{DocumentAnswer, Limits, SourceError, Validators};

use crate::registry::{JSON, Registry, Step, ask, head, limits, piece, reply, source, within};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn body(answer: Result<DocumentAnswer, SourceError>) -> Vec<u8> {
    match answer {
        Ok(DocumentAnswer::Modified { bytes, .. }) => bytes.to_vec(),
        other => panic!("expected a document, got {other:?}"),
    }
}

#[tokio::test]
async fn a_document_comes_with_its_validators_and_an_unchanged_one_does_not_come_again() {
    let registry = Registry::start(|request| {
        let known = request.header("if-none-match") == Some("\"v1\"")
            && request.header("if-modified-since") == Some("Sun, 06 Nov 1994 08:49:37 GMT");
        let headers = "etag: \"v1\"\r\nlast-modified: Sun, 06 Nov 1994 08:49:37 GMT\r\ncontent-type: application/json\r\n";
        vec![Step::Send(if known { head(304, headers) } else { reply(200, headers, b"{}") })]
    })
    .await;
    let (_, source) = source(&registry, limits());
    let first = ask(&source, &registry.url("/lodash")).await.unwrap();
    let DocumentAnswer::Modified {
        bytes,
        validators,
        content_type,
    } = first
    else {
        panic!("{first:?}")
    };
    assert_eq!(bytes, "{}");
    assert_eq!(content_type.as_deref(), Some("application/json"));
    assert_eq!(validators.etag.as_deref(), Some("\"v1\""));
    let second = source
        .document(&registry.url("/lodash"), JSON, &validators)
        .await;
    assert_eq!(second, Ok(DocumentAnswer::NotModified));
    let third = source
        .document(
            &registry.url("/lodash"),
            JSON,
            &Validators {
                last_modified: None,
                ..validators
            },
        )
        .await;
    assert_eq!(body(third), b"{}");
    assert_eq!(registry.seen.count(), 3);
}

#[tokio::test]
async fn not_modified_without_a_condition_is_not_an_answer() {
    let registry = Registry::start(|_| vec![Step::Send(head(304, ""))]).await;
    let (_, source) = source(&registry, limits());
    assert_eq!(
        ask(&source, &registry.url("/x")).await,
        Err(SourceError::Status { status: 304 })
    );
}

#[tokio::test]
async fn x05_a_request_carries_only_headers_of_its_own() {
    let registry = Registry::replying(200, "", "{}").await;
    let (_, source) = source(&registry, limits());
    body(ask(&source, &registry.url("/x")).await);
    let request = registry.seen.requests().remove(0);
    let mut names: Vec<_> = request.headers.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["accept", "accept-encoding", "host", "user-agent", "via"]
    );
    assert_eq!(request.header("accept"), Some(JSON));
    assert_eq!(request.header("accept-encoding"), Some("gzip"));
    assert!(
        request
            .header("user-agent")
            .unwrap()
            .starts_with("reliquary/")
    );
}

#[tokio::test]
async fn x16_a_request_names_this_instance_and_those_before_it() {
    let registry = Registry::replying(200, "", "{}").await;
    let (_, source) = source(&registry, limits());
    body(
        ask(
            &source.after_via("1.1 proxy.corp.example, 1.1 reliquary-first"),
            &registry.url("/x"),
        )
        .await,
    );
    let request = registry.seen.requests().remove(0);
    let via = request.header("via").unwrap();
    assert_eq!(via, "1.1 reliquary-first, 1.1 reliquary-test");
    assert!(upstream::is_own_via(via, "test") && upstream::is_own_via(via, "first"));
}

#[tokio::test]
async fn x10_what_is_absent_is_remembered_for_a_while() {
    for status in [404, 410] {
        let registry = Registry::replying(status, "", "no such thing").await;
        let (clock, source) = source(&registry, limits());
        let url = registry.url("/missing");
        assert_eq!(ask(&source, &url).await, Ok(DocumentAnswer::Absent));
        assert_eq!(ask(&source, &url).await, Ok(DocumentAnswer::Absent));
        assert_eq!(registry.seen.count(), 1, "{status} is asked for once");
        assert_eq!(
            ask(&source, &registry.url("/other")).await,
            Ok(DocumentAnswer::Absent)
        );
        assert_eq!(registry.seen.count(), 2, "another name is another question");
        clock.advance_ms(60_000);
        assert_eq!(ask(&source, &url).await, Ok(DocumentAnswer::Absent));
        assert_eq!(registry.seen.count(), 3, "and after a while the same");

        assert_eq!(source.open(&url).await.unwrap_err(), SourceError::Absent);
        assert_eq!(source.open(&url).await.unwrap_err(), SourceError::Absent);
        assert_eq!(registry.seen.count(), 4, "assets are remembered too");
    }
}

#[tokio::test]
async fn x10_no_other_failure_turns_into_an_absence() {
    for status in [400, 401, 403, 408, 429, 451, 500, 502, 503, 504] {
        let registry = Registry::replying(status, "", "no").await;
        let (clock, source) = source(&registry, limits());
        for count in 1..=2 {
            let error = ask(&source, &registry.url("/x")).await.unwrap_err();
            let expected = match status {
                401 | 403 => SourceError::Refused { status },
                429 => SourceError::Throttled {
                    retry_after_seconds: 2,
                },
                _ => SourceError::Status { status },
            };
            assert_eq!(error, expected);
            assert_eq!(registry.seen.count(), count, "{status}");
            clock.advance_ms(5000);
        }
    }
}

#[tokio::test]
async fn x12_an_absence_in_one_form_says_nothing_about_another() {
    let registry = Registry::start(|request| {
        let json = request.header("accept") == Some(JSON);
        vec![Step::Send(reply(
            if json { 404 } else { 200 },
            "content-type: text/html\r\n",
            b"<a>",
        ))]
    })
    .await;
    let (_, source) = source(&registry, limits());
    let url = registry.url("/simple/x/");
    assert_eq!(ask(&source, &url).await, Ok(DocumentAnswer::Absent));
    assert_eq!(
        body(
            source
                .document(&url, "text/html", &Validators::default())
                .await
        ),
        b"<a>"
    );
}

#[tokio::test]
async fn x09_a_page_or_nothing_is_not_a_document() {
    let page = Registry::replying(
        200,
        "content-type: text/html; charset=utf-8\r\n",
        "<html>log in",
    )
    .await;
    let (_, source_of_page) = source(&page, limits());
    assert_eq!(
        ask(&source_of_page, &page.url("/x")).await,
        Err(SourceError::NotADocument {
            found: "text/html".to_owned()
        })
    );
    let packed_nothing = reply(200, "content-encoding: gzip\r\n", &gzip(b""));
    for empty in [
        reply(200, "content-type: application/json\r\n", b""),
        packed_nothing,
    ] {
        let registry = Registry::start(move |_| vec![Step::Send(empty.clone())]).await;
        let (_, source) = source(&registry, limits());
        let error = ask(&source, &registry.url("/x")).await.unwrap_err();
        assert_eq!(
            error,
            SourceError::NotADocument {
                found: "an empty body".to_owned()
            }
        );
    }
    let nothing = Registry::start(|_| vec![Step::Send(head(204, ""))]).await;
    let (_, source_of_nothing) = source(&nothing, limits());
    assert_eq!(
        ask(&source_of_nothing, &nothing.url("/x")).await,
        Err(SourceError::Status { status: 204 })
    );
}

#[tokio::test]
async fn packed_documents_are_unpacked() {
    let text: String = (0..50_000).map(|n| format!("{n},")).collect();
    let packed = gzip(text.as_bytes());
    assert!(
        packed.len() > 64 * 1024,
        "large enough for the other thread"
    );
    for (plain, packed) in [("small".to_owned(), gzip(b"small")), (text, packed)] {
        let registry = Registry::start(move |_| {
            vec![Step::Send(reply(
                200,
                "content-encoding: gzip\r\n",
                &packed,
            ))]
        })
        .await;
        let (_, source) = source(&registry, limits());
        assert_eq!(
            body(ask(&source, &registry.url("/x")).await),
            plain.as_bytes()
        );
    }
}

#[tokio::test]
async fn x06_a_compression_bomb_is_refused() {
    let bomb = gzip(&vec![0; 32 * 1024 * 1024]);
    let registry =
        Registry::start(move |_| vec![Step::Send(reply(200, "content-encoding: gzip\r\n", &bomb))])
            .await;
    let (_, by_ratio) = source(&registry, limits());
    let error = ask(&by_ratio, &registry.url("/x")).await.unwrap_err();
    assert!(
        matches!(error, SourceError::Decompression { .. }),
        "{error}"
    );
    let limits = Limits {
        document_limit_bytes: 1024 * 1024,
        ..limits()
    };
    let (_, by_size) = source(&registry, limits);
    let error = ask(&by_size, &registry.url("/x")).await.unwrap_err();
    assert_eq!(
        error,
        SourceError::TooLarge {
            limit_bytes: 1024 * 1024
        }
    );
}

#[tokio::test]
async fn x06_a_packing_that_was_not_asked_for_is_refused() {
    let registry = Registry::replying(200, "content-encoding: br\r\n", "whatever").await;
    let (_, source) = source(&registry, limits());
    assert!(matches!(
        ask(&source, &registry.url("/x")).await,
        Err(SourceError::Decompression { .. })
    ));
}

#[tokio::test]
async fn x06_a_document_cut_short_is_an_error() {
    let mut announced = head(200, "content-length: 100\r\n");
    announced.extend_from_slice(b"only this");
    let mut in_pieces = head(200, "transfer-encoding: chunked\r\n");
    in_pieces.extend(piece(b"only this"));
    for (bytes, expected) in [(announced, Some(100)), (in_pieces, None)] {
        let registry = Registry::start(move |_| vec![Step::Send(bytes.clone())]).await;
        let (_, source) = source(&registry, limits());
        let error = ask(&source, &registry.url("/x")).await.unwrap_err();
        assert_eq!(
            error,
            SourceError::Truncated {
                expected,
                received: 9
            }
        );
        assert!(error.is_transient());
    }
}

#[tokio::test]
async fn x06_an_endless_document_is_stopped_at_the_limit() {
    let limits = Limits {
        document_limit_bytes: 100_000,
        ..limits()
    };
    let registry = Registry::start(|_| {
        vec![
            Step::Send(head(200, "transfer-encoding: chunked\r\n")),
            Step::Forever(piece(&[b'x'; 1000])),
        ]
    })
    .await;
    let (_, endless) = source(&registry, limits.clone());
    let error = within("the end", ask(&endless, &registry.url("/x")))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        SourceError::TooLarge {
            limit_bytes: 100_000
        }
    );

    let registry = Registry::start(|_| {
        vec![
            Step::Send(head(200, "content-length: 100001\r\n")),
            Step::Hang,
        ]
    })
    .await;
    let (_, announced) = source(&registry, limits);
    let error = within("the end", ask(&announced, &registry.url("/x")))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        SourceError::TooLarge {
            limit_bytes: 100_000
        },
        "what announces too much is not read at all"
    );
}

#[tokio::test]
async fn x06_endless_headers_are_cut() {
    let many = [head(200, ""), Vec::new()].concat();
    let many = many[..many.len() - 2].to_vec();
    let lines: Vec<Step> = vec![
        Step::Send(many.clone()),
        Step::Forever(b"x-more: and more\r\n".to_vec()),
    ];
    let one = vec![
        Step::Send([many, b"x-long: ".to_vec()].concat()),
        Step::Forever(vec![b'x'; 1000]),
    ];
    for steps in [lines, one] {
        let steps = std::sync::Mutex::new(Some(steps));
        let registry =
            Registry::start(move |_| steps.lock().unwrap().take().unwrap_or_default()).await;
        let (_, source) = source(&registry, limits());
        let error = within("the end", ask(&source, &registry.url("/x")))
            .await
            .unwrap_err();
        let SourceError::Unavailable { reason } = error else {
            panic!("{error:?}")
        };
        assert!(
            !reason.contains("no answer came"),
            "cut by size, not by time: {reason}"
        );
    }
}

#[tokio::test]
async fn x06_a_dripping_document_is_given_up() {
    let limits = Limits {
        idle_timeout_ms: 200,
        ..limits()
    };
    let registry = Registry::start(|_| {
        vec![
            Step::Send(head(200, "content-length: 1000000\r\n")),
            Step::Drip {
                byte: b'x',
                every_ms: 10,
            },
        ]
    })
    .await;
    let (_, dripping) = source(&registry, limits);
    let error = within("the end", ask(&dripping, &registry.url("/x")))
        .await
        .unwrap_err();
    assert!(
        matches!(error, SourceError::Stalled { received } if received > 1),
        "{error:?}"
    );
}

#[tokio::test]
async fn x06_a_document_has_a_time_for_everything_together() {
    let limits = Limits {
        total_document_timeout_ms: 200,
        progress_bytes: 1,
        ..limits()
    };
    let registry = Registry::start(|_| {
        vec![
            Step::Send(head(200, "content-length: 1000000\r\n")),
            Step::Drip {
                byte: b'x',
                every_ms: 10,
            },
        ]
    })
    .await;
    let (_, source) = source(&registry, limits);
    let error = within("the end", ask(&source, &registry.url("/x")))
        .await
        .unwrap_err();
    let SourceError::Unavailable { reason } = error else {
        panic!("{error:?}")
    };
    assert_eq!(reason, "the document did not arrive within 200 ms");
}

#[tokio::test]
async fn x06_a_source_that_never_answers_is_given_up() {
    let limits = Limits {
        header_timeout_ms: 100,
        ..limits()
    };
    let registry = Registry::start(|_| vec![Step::Hang]).await;
    let (_, source) = source(&registry, limits);
    let error = within("the end", ask(&source, &registry.url("/x")))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        SourceError::Unavailable {
            reason: "no answer came within 100 ms".to_owned()
        }
    );
}
