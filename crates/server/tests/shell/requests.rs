//! What happens to every request: ids, headers, probes, refusals, panics, log lines, counters.

use std::collections::HashSet;
use std::io::Write;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use crate::stage::{PATIENCE, header_of, start, start_with, status};
use server::config::{Effective, Environment, Flags, Log, LogFormat};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn every_reply_has_an_id_of_its_own_and_is_not_sniffed() {
    let stage = start().await;
    let mut ids = HashSet::new();
    for target in ["/", "/healthz", "/panic", "/%zz", "/a", "/a"] {
        let reply = stage.get(target).await;
        let id = header_of(&reply, "x-amzn-RequestId")
            .expect(target)
            .to_owned();
        assert_eq!(uuid::Uuid::parse_str(&id).unwrap().get_version_num(), 4);
        assert!(ids.insert(id), "{reply}");
        assert_eq!(
            header_of(&reply, "x-content-type-options"),
            Some("nosniff"),
            "{reply}"
        );
    }
}

#[tokio::test]
async fn a_panic_is_a_500_without_its_text_and_others_go_on() {
    let stage = start().await;
    let reply = stage.get("/panic").await;
    assert_eq!(status(&reply), 500);
    assert_eq!(
        header_of(&reply, "x-amzn-errortype"),
        Some("InternalServerException")
    );
    assert!(!reply.contains("planted"), "{reply}");
    assert_eq!(status(&stage.get("/after").await), 200);
}

#[tokio::test]
async fn probes_tell_life_and_readiness_apart() {
    let stage = start().await;
    assert!(stage.get("/healthz").await.ends_with("ok"));
    assert_eq!(status(&stage.get("/readyz").await), 200);
    stage.props.is_ready.store(false, Ordering::SeqCst);
    let reply = stage.get("/readyz").await;
    assert_eq!(status(&reply), 503);
    assert!(
        !reply.contains("planted"),
        "w08: the reason is for the log: {reply}"
    );
    assert_eq!(status(&stage.get("/healthz").await), 200);
    let head = stage
        .raw("HEAD /healthz HTTP/1.1\r\nHost: h.example\r\nConnection: close\r\n\r\n")
        .await;
    assert_eq!(status(&head), 200);
    assert!(head.ends_with("\r\n\r\n"), "{head}");
    let put = stage.raw("PUT /healthz HTTP/1.1\r\nHost: h.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
    assert_eq!(status(&put), 405);
}

#[tokio::test]
async fn a15_where_a_request_came_from_is_the_connection_unless_its_proxy_is_trusted() {
    let claims = "X-Forwarded-For: 198.51.100.1, 203.0.113.9\r\nX-Forwarded-Proto: https\r\n\
                  X-Real-IP: 198.51.100.2\r\nForwarded: for=198.51.100.3;proto=https\r\n";
    let stage = start().await;
    let reply = stage.get_with("/place", claims).await;
    assert!(reply.ends_with("127.0.0.1 false"), "{reply}");
    let mut behind_proxy = crate::stage::config();
    let Effective { config, .. } = server::config::load(
        &Environment::from([("RELIQUARY_TRUSTED_PROXIES".into(), "127.0.0.0/8".into())]),
        &Flags::default(),
        &[],
        &[],
    )
    .unwrap();
    behind_proxy.trusted_proxies = config.trusted_proxies;
    let stage = start_with(&behind_proxy).await;
    let reply = stage.get_with("/place", claims).await;
    assert!(reply.ends_with("203.0.113.9 true"), "{reply}");
    let reply = stage.get("/place").await;
    assert!(reply.ends_with("127.0.0.1 false"), "{reply}");
}

#[tokio::test]
async fn x16_a_request_that_has_been_here_before_is_cut() {
    let stage = start().await;
    let via = |value: &str| format!("Via: {value}\r\n");
    let us = crate::stage::VIA_NAME;
    for looped in [
        via(&format!("1.1 {us}")),
        via(&format!("1.1 nginx, 2 {us} (x)")),
        via("1.1 a") + &via(&format!("1.1 {us}")),
    ] {
        assert_eq!(status(&stage.get_with("/", &looped).await), 508, "{looped}");
    }
    assert_eq!(
        status(
            &stage
                .get_with("/", &via(&format!("1.1 {us}2, 1.1 other")))
                .await
        ),
        200
    );
}

#[tokio::test]
async fn p13_the_host_cannot_be_tricked() {
    let stage = start().await;
    let send =
        async |head: &str| status(&stage.raw(format!("{head}Connection: close\r\n\r\n")).await);
    assert_eq!(
        send("GET http://other.example/ HTTP/1.1\r\nHost: h.example\r\n").await,
        400
    );
    assert_eq!(send("GET / HTTP/1.1\r\n").await, 400);
    assert_eq!(
        send("GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n").await,
        400
    );
    assert_eq!(
        send("GET / HTTP/1.1\r\nHost: user@a.example\r\n").await,
        400
    );
    assert_eq!(send("OPTIONS * HTTP/1.1\r\nHost: a.example\r\n").await, 400);
    assert_eq!(send("GET foo HTTP/1.1\r\nHost: a.example\r\n").await, 400);
    assert_eq!(
        send("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n").await,
        405
    );
    let reply = stage
        .get_with(
            "/",
            "X-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\n",
        )
        .await;
    assert!(reply.ends_with("/ h.example"), "a15: {reply}");
}

#[tokio::test]
async fn p01_p02_p05_p12_what_no_name_can_hold_never_reaches_a_route() {
    let stage = start().await;
    for target in [
        "/../x",
        "/a/%2e%2e/x",
        "/..%2fx",
        "/..%5cx",
        "/a%00",
        "/a%0d%0ab",
        "/%c0%ae",
        "/%",
        "/%zz",
        "/a\u{7f}",
    ] {
        assert_eq!(status(&stage.get(target).await), 400, "{target:?}");
    }
    assert!(
        stage
            .get("/@scope%2fname")
            .await
            .ends_with("/@scope%2fname h.example"),
        "the path arrives as it was sent"
    );
}

#[tokio::test]
async fn p11_long_targets_and_heads_are_refused_cheaply() {
    let stage = start().await;
    assert_eq!(
        status(&stage.get(&format!("/?{}", "q".repeat(20_000))).await),
        414
    );
    assert_eq!(
        status(&stage.get(&format!("/?{}", "q".repeat(100_000))).await),
        431
    );
    assert_eq!(
        status(
            &stage
                .get_with("/", &format!("X-Long: {}\r\n", "h".repeat(40_000)))
                .await
        ),
        431
    );
    assert_eq!(
        status(
            &stage
                .get_with("/", &format!("X-Long: {}\r\n", "h".repeat(500_000)))
                .await
        ),
        431
    );
    assert_eq!(
        status(&stage.get_with("/", &"X-Many: 1\r\n".repeat(200)).await),
        431
    );
    let token = format!("Authorization: Bearer {}\r\n", "t".repeat(8_000));
    assert_eq!(
        status(
            &stage
                .get_with(&format!("/?{}", "q".repeat(8_000)), &token)
                .await
        ),
        200,
        "tokens are long"
    );
}

/// Log lines in memory.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Events of this thread, where a test's server runs too, are written here.
    fn listen(format: LogFormat) -> (Self, tracing::subscriber::DefaultGuard) {
        let lines = Self::default();
        let writer = lines.clone();
        let log = Log {
            format,
            level: "trace".to_owned(),
            access: true,
        };
        let subscriber = server::logging::subscriber(&log, move || writer.clone()).unwrap();
        (lines, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn access(&self) -> Vec<serde_json::Value> {
        let values = self
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).expect(line))
            .collect::<Vec<serde_json::Value>>();
        values
            .into_iter()
            .filter(|line| line["target"] == "access")
            .collect()
    }
}

#[tokio::test]
async fn one_line_per_request_with_the_id_that_the_client_saw() {
    let (lines, _guard) = Lines::listen(LogFormat::Json);
    let stage = start().await;
    let reply = stage
        .get_with("/labelled?x=1", "User-Agent: npm/11\r\n")
        .await;
    let id = header_of(&reply, "x-amzn-requestid").unwrap();
    let access = lines.access();
    assert_eq!(access.len(), 1, "{}", lines.text());
    let line = &access[0];
    assert_eq!(line["request_id"], id);
    assert_eq!(line["method"], "GET");
    assert_eq!(line["path"], "/labelled");
    assert_eq!(line["status"], 200);
    assert_eq!(line["sent_bytes"], 5);
    assert_eq!(line["operation"], "ReadAsset");
    assert_eq!(line["format"], "npm");
    assert_eq!(line["user_agent"], "npm/11");
    assert_eq!(line["whole"], true);
    assert!(line["duration_ms"].as_f64().unwrap() > 0.0);

    let reply = stage.get("/log").await;
    let id = header_of(&reply, "x-amzn-requestid").unwrap();
    assert!(
        reply.ends_with(id),
        "the rooms behind see the same id: {reply}"
    );
}

#[tokio::test]
async fn a_reply_that_breaks_off_is_logged_and_counted_as_cut() {
    let (lines, _guard) = Lines::listen(LogFormat::Json);
    let stage = start().await;
    let reply = stage.get("/broken").await;
    assert!(
        !reply.ends_with("0\r\n\r\n"),
        "the client must see that it is not whole: {reply}"
    );
    assert_eq!(lines.access()[0]["whole"], false);
    assert!(lines.text().contains("the source lied"));
    assert!(!reply.contains("the source lied"));
    assert!(stage.metrics.render().contains("outcome=\"cut\"} 1"));
}

#[tokio::test]
async fn o01_no_secret_of_a_request_is_logged_counted_or_sent_back() {
    for format in [LogFormat::Text, LogFormat::Json] {
        let (lines, _guard) = Lines::listen(format);
        let stage = start().await;
        let headers = "Authorization: Bearer planted-1\r\nCookie: s=planted-2\r\nX-Amz-Security-Token: planted-3\r\n\
                       Proxy-Authorization: Basic planted-4\r\nX-NuGet-ApiKey: planted-5\r\n";
        let query = "?X-Amz-Signature=planted-6&token=planted-7";
        let mut replies = String::new();
        for path in ["/a", "/panic-not", "/%zz", "/healthz", "/broken", "/log"] {
            replies += &stage.get_with(&format!("{path}{query}"), headers).await;
        }
        let everything = format!("{}{replies}{}", lines.text(), stage.metrics.render());
        assert!(everything.contains("/panic-not"));
        assert!(!everything.contains("planted"), "{everything}");
    }
}

#[tokio::test]
async fn o02_a_caller_cannot_forge_a_line() {
    for format in [LogFormat::Text, LogFormat::Json] {
        let (lines, _guard) = Lines::listen(format);
        let stage = start().await;
        stage
            .get_with("/a%0aforged", "User-Agent: x\" status=200 \t forged\r\n")
            .await;
        stage
            .get_with("/b", "User-Agent: caf\u{e9} \u{202e}forged\r\n")
            .await;
        let text = lines.text();
        let access = text.lines().filter(|line| line.contains("access")).count();
        assert_eq!(access, 2, "{text}");
        assert!(
            !text.contains('\u{1b}') && !text.contains('\u{202e}'),
            "{text}"
        );
    }
}

#[tokio::test]
async fn access_lines_can_be_switched_off() {
    let (lines, _guard) = Lines::listen(LogFormat::Json);
    let mut config = crate::stage::config();
    config.log.access = false;
    let stage = start_with(&config).await;
    stage.get("/a").await;
    assert!(lines.access().is_empty());
}

async fn metrics_page(stage: &crate::stage::Stage, target: &str) -> String {
    let url = stage.server.metrics_url().unwrap();
    let address = url
        .trim_start_matches("http://")
        .trim_end_matches("/metrics");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: h.example\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut page = String::new();
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut page))
        .await
        .unwrap()
        .unwrap();
    page
}

#[tokio::test]
async fn metrics_have_a_listener_of_their_own() {
    let stage = start().await;
    stage.get("/labelled").await;
    stage.get("/private-package-name").await;
    let page = metrics_page(&stage, "/metrics").await;
    assert_eq!(status(&page), 200);
    assert!(
        page.contains(
            "reliquary_requests_total{operation=\"ReadAsset\",format=\"npm\",outcome=\"success\"} 1"
        ),
        "{page}"
    );
    assert!(
        page.contains("reliquary_sent_bytes_total{format=\"npm\"} 5"),
        "{page}"
    );
    assert!(!page.contains("private-package-name"), "w09: {page}");
    assert_eq!(status(&metrics_page(&stage, "/").await), 404);
    assert!(
        !stage.get("/metrics").await.contains("reliquary_requests"),
        "w08: not on the service's own port"
    );
}

#[tokio::test]
async fn metrics_can_be_off() {
    let stage = start_with(&server::config::Config {
        metrics_listen: None,
        ..crate::stage::config()
    })
    .await;
    assert!(stage.server.metrics_url().is_none());
    assert_eq!(status(&stage.get("/").await), 200);
}
