//! Which certificate authorities are trusted: the machine's own list, and for one connection the operator's in
//! addition. TLS is rustls with ring; a certificate that does not hold is an error, and there is no switch for it.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::error::SetupError;

/// The machine's certificate authorities, read once. Certificates that cannot be used are left out; a machine without
/// any can still use sources without TLS and sources with an authority of their own.
pub(crate) fn native_roots() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a certificate authority of this machine cannot be read");
    }
    let mut roots = RootCertStore::empty();
    let (added, ignored) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        tracing::warn!(
            ignored,
            "this machine has no usable certificate authority, so no source with TLS can be asked"
        );
    }
    roots
}

/// The TLS settings of the connections that share an extra authority, or have none.
pub(crate) fn client_config(
    native: &RootCertStore,
    extra_ca_pem: Option<&[u8]>,
    name: &str,
) -> Result<ClientConfig, SetupError> {
    let mut roots = native.clone();
    if let Some(pem) = extra_ca_pem {
        add_authorities(&mut roots, pem, name)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SetupError::Client(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn add_authorities(roots: &mut RootCertStore, pem: &[u8], name: &str) -> Result<(), SetupError> {
    let refuse = |reason: String| SetupError::Authority {
        name: name.to_owned(),
        reason,
    };
    let mut added = 0;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| refuse(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| refuse(error.to_string()))?;
        added += 1;
    }
    if added == 0 {
        return Err(refuse("it holds no certificate".to_owned()));
    }
    Ok(())
}
