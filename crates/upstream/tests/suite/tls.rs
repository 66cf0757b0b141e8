//! TLS: certificates that do not hold are refused, and an authority counts for the one source it was given for.

use std::sync::Arc;

use model::{Clock, SystemClock};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use upstream::{Lookup, SetupError, Source, SourceConfig, SourceError, Upstream, Url};

use crate::registry::{Names, Registry, Step, ask, config, limits, reply};

/// A certificate authority and a server certificate of it for a name.
fn certificates(name: &str) -> (String, ServerConfig) {
    let mut of_authority = CertificateParams::new(Vec::<String>::new()).unwrap();
    of_authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority =
        CertifiedIssuer::self_signed(of_authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    (authority.pem(), server)
}

struct World {
    upstream: Upstream,
    base: Url,
    ca_pem: String,
    registry: Registry,
}

impl World {
    /// A registry at `registry.example` that shows a certificate for `name`.
    async fn with_certificate_for(name: &str, answer: Vec<u8>) -> Self {
        let (ca_pem, server) = certificates(name);
        let registry = Registry::with_tls(server, move |_| vec![Step::Send(answer.clone())]).await;
        let names = Names::of(&[("registry.example", &["127.0.0.1"])]);
        let upstream = Upstream::builder("test", Arc::new(SystemClock) as Arc<dyn Clock>)
            .limits(limits())
            .lookup(names as Arc<dyn Lookup>)
            .build()
            .unwrap();
        let base = Url::parse(&format!(
            "https://registry.example:{}/",
            registry.address.port()
        ))
        .unwrap();
        Self {
            upstream,
            base,
            ca_pem,
            registry,
        }
    }

    fn source(&self, extra_ca_pem: Option<&str>) -> Source {
        let extra_ca_pem = extra_ca_pem.map(|pem| pem.as_bytes().to_vec());
        self.upstream
            .source(SourceConfig {
                extra_ca_pem,
                ..config(self.base.clone())
            })
            .unwrap()
    }
}

fn certificate_error(outcome: Result<upstream::DocumentAnswer, SourceError>) -> String {
    match outcome {
        Err(SourceError::Unavailable { reason }) if reason.contains("certificate") => reason,
        other => panic!("expected a certificate error, got {other:?}"),
    }
}

#[tokio::test]
async fn x21_an_authority_counts_for_its_own_source_and_for_no_other() {
    let world = World::with_certificate_for("registry.example", reply(200, "", b"{}")).await;
    let trusting = world.source(Some(&world.ca_pem));
    assert!(ask(&trusting, &world.base).await.is_ok());
    let reason = certificate_error(ask(&world.source(None), &world.base).await);
    assert!(reason.contains("UnknownIssuer"), "{reason}");
    let (another_ca, _) = certificates("registry.example");
    certificate_error(ask(&world.source(Some(&another_ca)), &world.base).await);
    assert_eq!(
        world.registry.seen.count(),
        1,
        "who does not trust asks nothing"
    );
}

#[tokio::test]
async fn x21_a_certificate_for_another_name_is_refused() {
    let world = World::with_certificate_for("other.example", reply(200, "", b"{}")).await;
    certificate_error(ask(&world.source(Some(&world.ca_pem)), &world.base).await);
    assert_eq!(world.registry.seen.count(), 0);
}

#[tokio::test]
async fn x03_a_redirect_from_tls_to_plain_http_is_refused_on_the_wire() {
    let plain = Registry::replying(200, "", "{}").await;
    let redirect = reply(302, &format!("location: {}\r\n", plain.url("/x")), b"");
    let world = World::with_certificate_for("registry.example", redirect).await;
    let source = world.source(Some(&world.ca_pem));
    let error = ask(&source, &world.base).await.unwrap_err();
    assert_eq!(
        error,
        SourceError::ForbiddenRedirect {
            reason: "it leads from TLS to plain HTTP"
        }
    );
    let error = source.open(&plain.url("/x")).await.unwrap_err();
    assert!(
        matches!(error, SourceError::ForbiddenUrl { .. }),
        "{error:?}"
    );
    assert_eq!(plain.seen.count(), 0);
}

#[tokio::test]
async fn an_authority_that_is_none_is_refused_at_set_up() {
    let world = World::with_certificate_for("registry.example", reply(200, "", b"{}")).await;
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for pem in ["", "not a certificate", broken] {
        let extra_ca_pem = Some(pem.as_bytes().to_vec());
        let outcome = world.upstream.source(SourceConfig {
            extra_ca_pem,
            ..config(world.base.clone())
        });
        assert!(
            matches!(outcome, Err(SetupError::Authority { .. })),
            "{pem}"
        );
    }
}
