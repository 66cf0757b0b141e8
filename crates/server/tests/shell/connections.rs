//! Connections: framing that could smuggle, clients that are slow on purpose, shutdown, TLS, HTTP/2.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::stage::{PATIENCE, read_to_end, read_until, start, start_with, status};
use bytes::Bytes;
use http::Request;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

#[tokio::test]
async fn s22_a_length_told_twice_or_wrongly_is_refused() {
    let stage = start().await;
    for head in [
        "Content-Length: 3\r\nContent-Length: 4\r\n",
        "Content-Length: 3, 4\r\n",
        "Content-Length: +3\r\n",
        "Content-Length: -3\r\n",
        "Content-Length: 0x3\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Content-Length : 3\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
        "Bad Name: 1\r\n",
        "Null: a\0b\r\n",
    ] {
        let reply = stage
            .raw(format!(
                "PUT /read HTTP/1.1\r\nHost: h.example\r\n{head}\r\nabc"
            ))
            .await;
        assert!(
            (400..=501).contains(&status(&reply)),
            "{head:?} gave {reply}"
        );
    }
    let reply = stage.raw("PUT /read HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n").await;
    assert_eq!(status(&reply), 400, "{reply}");
    assert!(
        stage.props.bodies.lock().unwrap().is_empty(),
        "no body reached the rooms behind"
    );
}

#[tokio::test]
async fn s22_bytes_after_a_chunked_body_are_never_a_second_request() {
    let stage = start().await;
    for framing in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Transfer-Encoding: chunked\r\n",
    ] {
        let smuggled = "GET /smuggled HTTP/1.1\r\nHost: h.example\r\n\r\n";
        let request =
            format!("PUT /read HTTP/1.1\r\nHost: h.example\r\n{framing}\r\n0\r\n\r\n{smuggled}");
        let reply = stage.raw(request).await;
        assert_eq!(
            reply.matches("HTTP/1.1 ").count(),
            1,
            "{framing:?} gave {reply}"
        );
        assert!(!reply.contains("smuggled"), "{reply}");
    }
}

#[tokio::test]
async fn s22_broken_chunks_and_trailers_end_the_body_with_an_error() {
    let stage = start().await;
    let long_extension = format!("3;{}\r\nabc\r\n0\r\n\r\n", "e".repeat(100_000));
    for body in [
        "zz\r\nabc\r\n0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "3\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n",
        &long_extension,
    ] {
        let head = "PUT /read HTTP/1.1\r\nHost: h.example\r\nTransfer-Encoding: chunked\r\n\r\n";
        stage.raw(format!("{head}{body}")).await;
        let _read = tokio::time::timeout(PATIENCE, stage.props.body_read.acquire())
            .await
            .unwrap()
            .unwrap();
        _read.forget();
        let last = stage.props.bodies.lock().unwrap().pop().unwrap();
        assert!(last.is_err(), "{body:.40} gave {last:?}");
    }
}

#[tokio::test]
async fn a_body_that_is_cut_short_is_an_error_and_not_a_shorter_body() {
    let stage = start().await;
    let mut stream = stage.connect().await;
    stream
        .write_all(b"PUT /read HTTP/1.1\r\nHost: h.example\r\nContent-Length: 10\r\n\r\nabc")
        .await
        .unwrap();
    drop(stream);
    let _read = tokio::time::timeout(PATIENCE, stage.props.body_read.acquire())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        *stage.props.bodies.lock().unwrap(),
        [Err(ErrorKind::UnexpectedEof)]
    );
}

#[tokio::test]
async fn a_client_that_sends_a_large_body_first_reads_why_it_was_refused() {
    let stage = start().await;
    // More than the sockets between hold; nobody behind this address reads a body.
    let content = vec![b'x'; 24 << 20];
    let length = format!("Content-Length: {}", content.len());
    let mut chunked = format!("{:x}\r\n", content.len()).into_bytes();
    chunked.extend_from_slice(&content);
    chunked.extend_from_slice(b"\r\n0\r\n\r\n");
    // A connection is closed after a chunked request in any case, but not before its client has read the answer.
    for (framing, body, is_kept) in [
        (length.as_str(), &content, true),
        ("Transfer-Encoding: chunked", &chunked, false),
    ] {
        let mut stream = stage.connect().await;
        let head = format!("PUT /somewhere HTTP/1.1\r\nHost: h.example\r\n{framing}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        assert_eq!(status(&read_until(&mut stream, "/somewhere").await), 200);
        if is_kept {
            let next = "GET /next HTTP/1.1\r\nHost: h.example\r\n\r\n";
            stream.write_all(next.as_bytes()).await.unwrap();
            assert_eq!(status(&read_until(&mut stream, "/next").await), 200);
        }
    }
}

#[tokio::test]
async fn who_waits_to_be_told_to_continue_and_is_refused_is_told_that_the_connection_ends() {
    let stage = start().await;
    let mut stream = stage.connect().await;
    let head = |path| {
        format!(
            "PUT {path} HTTP/1.1\r\nHost: h.example\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        )
    };
    // Who reads the body asks for it, and the connection goes on.
    stream.write_all(head("/read").as_bytes()).await.unwrap();
    let asked = read_until(&mut stream, "\r\n\r\n").await;
    assert_eq!(status(&asked), 100);
    stream.write_all(b"hello").await.unwrap();
    let reply = read_until(&mut stream, "Ok(5)").await;
    assert!(
        !reply.to_lowercase().contains("connection: close"),
        "{reply}"
    );
    // Nobody reads this one.
    stream
        .write_all(head("/somewhere").as_bytes())
        .await
        .unwrap();
    let mut refused = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut refused));
    ended.await.unwrap().unwrap();
    let refused = String::from_utf8(refused).unwrap().to_lowercase();
    assert_eq!(status(&refused), 200);
    assert!(refused.contains("connection: close"), "{refused}");
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let stage = start().await;
    let mut stream = stage.connect().await;
    for n in 0..20 {
        let body = "x".repeat(n * 1000);
        let head = format!(
            "PUT /read HTTP/1.1\r\nHost: h.example\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).await.unwrap();
        let reply = read_until(&mut stream, &format!("Ok({})", n * 1000)).await;
        assert_eq!(status(&reply), 200);
    }
}

#[tokio::test]
async fn d01_a_slow_request_head_is_cut() {
    let mut config = crate::stage::config();
    config.limits.header_timeout_ms = 200;
    let stage = start_with(&config).await;
    let mut stream = stage.connect().await;
    let started = Instant::now();
    let cut = async {
        // One byte at a time keeps the connection busy, but not forever.
        for byte in b"GET / HTTP/1.1\r\nHost: h.example\r\nX-Slow: "
            .iter()
            .chain(std::iter::repeat(&b'x'))
        {
            if stream.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, cut)
        .await
        .expect("the head was never cut");
    assert!(started.elapsed() >= Duration::from_millis(200));
    assert_eq!(status(&stage.get("/after").await), 200, "others are served");
}

#[tokio::test]
async fn d01_an_idle_connection_is_closed() {
    let mut config = crate::stage::config();
    config.limits.idle_timeout_ms = 200;
    let stage = start_with(&config).await;
    let mut stream = stage.connect().await;
    stream
        .write_all(b"GET /a HTTP/1.1\r\nHost: h.example\r\n\r\n")
        .await
        .unwrap();
    let reply = read_to_end(&mut stream).await;
    assert_eq!(status(&reply), 200);
}

#[tokio::test]
async fn d01_a_slow_body_is_cut() {
    let mut config = crate::stage::config();
    config.limits.request_body_idle_timeout_ms = 200;
    let stage = start_with(&config).await;
    let mut stream = stage.connect().await;
    stream
        .write_all(b"PUT /read HTTP/1.1\r\nHost: h.example\r\nContent-Length: 10\r\n\r\nabc")
        .await
        .unwrap();
    let reply = read_to_end(&mut stream).await;
    assert!(reply.contains("TimedOut"), "{reply}");
}

#[tokio::test]
async fn d01_a_client_that_does_not_read_is_cut() {
    let mut config = crate::stage::config();
    config.limits.write_idle_timeout_ms = 200;
    let stage = start_with(&config).await;
    let mut stream = stage.connect().await;
    stream
        .write_all(b"GET /endless HTTP/1.1\r\nHost: h.example\r\n\r\n")
        .await
        .unwrap();
    let cut = async {
        while !stage.metrics.render().contains("outcome=\"cut\"} 1") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, cut)
        .await
        .expect("the reader was never cut");
}

#[tokio::test]
async fn d01_more_connections_than_the_bound_wait_their_turn() {
    let mut config = crate::stage::config();
    config.limits.max_connections = 2;
    let stage = start_with(&config).await;
    let (first, _second) = (stage.connect().await, stage.connect().await);
    let mut third = stage.connect().await;
    third
        .write_all(b"GET /third HTTP/1.1\r\nHost: h.example\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut byte = [0; 1];
    assert!(
        tokio::time::timeout(Duration::from_millis(200), third.read(&mut byte))
            .await
            .is_err(),
        "served too early"
    );
    drop(first);
    assert!(read_to_end(&mut third).await.contains("/third"));
}

#[tokio::test]
async fn a_request_in_flight_finishes_while_the_server_stops() {
    let stage = start().await;
    let address = stage.server.address();
    let (mut busy, mut idle) = (stage.connect().await, stage.connect().await);
    busy.write_all(b"GET /hold HTTP/1.1\r\nHost: h.example\r\n\r\n")
        .await
        .unwrap();
    idle.write_all(b"GET /x HTTP/1.1\r\nHost: h.example\r\n\r\n")
        .await
        .unwrap();
    read_until(&mut idle, "/x").await;
    let props = stage.props;
    let _entered = props.entered.acquire().await.unwrap();
    let stopping = tokio::spawn(stage.server.stop(std::future::pending()));
    assert_eq!(
        read_to_end(&mut idle).await,
        "",
        "an idle connection is closed at once"
    );
    assert!(
        TcpStream::connect(address).await.is_err(),
        "no new connection is taken"
    );
    assert!(!stopping.is_finished());
    props.release.notify_waiters();
    let reply = read_to_end(&mut busy).await;
    assert!(reply.ends_with("held"), "{reply}");
    assert!(
        tokio::time::timeout(PATIENCE, stopping)
            .await
            .unwrap()
            .unwrap(),
        "all requests finished"
    );
}

#[tokio::test]
async fn a_request_that_does_not_finish_is_cut_after_the_grace() {
    let mut config = crate::stage::config();
    config.shutdown_grace_ms = 100;
    let stage = start_with(&config).await;
    let mut busy = stage.connect().await;
    busy.write_all(b"GET /hold HTTP/1.1\r\nHost: h.example\r\n\r\n")
        .await
        .unwrap();
    let _entered = stage.props.entered.acquire().await.unwrap();
    let stopped = tokio::time::timeout(PATIENCE, stage.server.stop(std::future::pending()))
        .await
        .unwrap();
    assert!(!stopped);
    assert_eq!(read_to_end(&mut busy).await, "");
}

#[tokio::test]
async fn a_second_signal_does_not_wait_for_the_grace() {
    let stage = start().await;
    let mut busy = stage.connect().await;
    busy.write_all(b"GET /hold HTTP/1.1\r\nHost: h.example\r\n\r\n")
        .await
        .unwrap();
    let _entered = stage.props.entered.acquire().await.unwrap();
    assert!(!stage.server.stop(std::future::ready(())).await);
}

async fn http2(
    stage: &crate::stage::Stage,
) -> (
    h2::client::SendRequest<Bytes>,
    tokio::task::JoinHandle<Result<(), h2::Error>>,
) {
    let (client, connection) = h2::client::handshake(stage.connect().await).await.unwrap();
    (client, tokio::spawn(connection))
}

#[tokio::test]
async fn http2_is_spoken_and_names_its_host() {
    let stage = start().await;
    let (client, _connection) = http2(&stage).await;
    let mut client = client.ready().await.unwrap();
    let request = Request::get("http://h2.example:1/path").body(()).unwrap();
    let reply = client.send_request(request, true).unwrap().0.await.unwrap();
    assert_eq!(reply.status(), 200);
    assert!(reply.headers().contains_key("x-amzn-requestid"));
    let body = reply.into_body().data().await.unwrap().unwrap();
    assert_eq!(body, "/path h2.example:1");
}

#[tokio::test]
async fn d01_http2_rapid_reset_ends_the_connection() {
    let stage = start().await;
    let (client, connection) = http2(&stage).await;
    let mut client = client.ready().await.unwrap();
    let flood = async {
        for sent in 0..1_000_000 {
            let request = Request::get("http://h2.example/hold").body(()).unwrap();
            let Ok((_reply, mut stream)) = client.send_request(request, true) else {
                return sent;
            };
            stream.send_reset(h2::Reason::CANCEL);
            match client.ready().await {
                Ok(ready) => client = ready,
                Err(_) => return sent,
            }
            tokio::task::yield_now().await;
        }
        panic!("nobody stopped the flood")
    };
    let sent = tokio::time::timeout(PATIENCE, flood)
        .await
        .expect("the flood was never stopped");
    assert!(sent < 10_000, "{sent} streams were opened and reset");
    // Our side of the connection may be gone before the reason is read, so only the end itself is certain.
    connection.await.unwrap().unwrap_err();
    assert_eq!(status(&stage.get("/after").await), 200);
}

/// A certificate for 127.0.0.1 in files, and the certificate itself.
fn certificate(
    folder: &std::path::Path,
) -> (
    std::path::PathBuf,
    std::path::PathBuf,
    CertificateDer<'static>,
) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (chain, key) = (folder.join("chain.pem"), folder.join("key.pem"));
    std::fs::write(&chain, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (chain, key, made.cert.der().clone())
}

#[tokio::test]
async fn tls_offers_http2_and_http1() {
    let folder = tempfile::TempDir::new().unwrap();
    let (chain, key, trusted) = certificate(folder.path());
    let mut config = crate::stage::config();
    (config.tls.certificate, config.tls.key) = (Some(chain), Some(key));
    let stage = start_with(&config).await;
    assert!(stage.server.public_url().starts_with("https://127.0.0.1:"));
    let mut roots = rustls::RootCertStore::empty();
    roots.add(trusted).unwrap();
    for (offered, taken) in [
        (vec!["h2", "http/1.1"], Some("h2")),
        (vec!["http/1.1"], Some("http/1.1")),
        (vec![], None),
    ] {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut client = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        client.alpn_protocols = offered
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let stream = TlsConnector::from(Arc::new(client))
            .connect(name, stage.connect().await)
            .await
            .unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), taken.map(str::as_bytes));
        let mut stream = stream;
        if taken == Some("h2") {
            let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
            tokio::spawn(connection);
            let request = Request::get("https://127.0.0.1/tls").body(()).unwrap();
            let reply = client.send_request(request, true).unwrap().0.await.unwrap();
            assert_eq!(reply.into_body().data().await.unwrap().unwrap(), "true");
        } else {
            let request = b"GET /tls HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
            stream.write_all(request).await.unwrap();
            let mut reply = String::new();
            stream.read_to_string(&mut reply).await.unwrap();
            assert!(reply.ends_with("true"), "{reply}");
        }
    }
}

#[tokio::test]
async fn d01_a_tls_handshake_that_does_not_come_is_cut() {
    let folder = tempfile::TempDir::new().unwrap();
    let (chain, key, _) = certificate(folder.path());
    let mut config = crate::stage::config();
    (config.tls.certificate, config.tls.key) = (Some(chain), Some(key));
    config.limits.header_timeout_ms = 100;
    let stage = start_with(&config).await;
    assert_eq!(stage.raw("").await, "", "cut without a word");
    let plain = stage.get("/").await;
    assert!(
        !plain.contains("HTTP"),
        "plain HTTP is not answered on a TLS port: {plain}"
    );
}

#[tokio::test]
async fn o03_files_that_are_no_certificate_are_named() {
    let folder = tempfile::TempDir::new().unwrap();
    let (chain, key, _) = certificate(folder.path());
    let (other, _, _) = certificate(tempfile::TempDir::new().unwrap().path());
    drop(other);
    let junk = folder.path().join("junk.pem");
    std::fs::write(&junk, "junk").unwrap();
    for (chain, key, part) in [
        (&junk, &key, "junk.pem"),
        (&chain, &junk, "junk.pem"),
        (&key, &key, "key.pem"),
    ] {
        let mut config = crate::stage::config();
        (config.tls.certificate, config.tls.key) = (Some(chain.clone()), Some(key.clone()));
        let error = server::running::Sockets::bind(&config)
            .await
            .err()
            .expect("this cannot work")
            .to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn an_address_that_is_taken_is_named_with_its_setting() {
    let stage = start().await;
    let config = server::config::Config {
        listen: stage.server.address(),
        ..crate::stage::config()
    };
    let error = server::running::Sockets::bind(&config)
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains(&stage.server.address().to_string()) && error.contains("with listen"),
        "{error}"
    );
}
