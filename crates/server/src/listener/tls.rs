//! TLS from a certificate and a key file: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::start_error::StartError;

/// Reads the files and makes what connections are accepted with.
///
/// # Errors
/// A file is not PEM, holds no certificate or key, or the two do not belong together.
pub fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, StartError> {
    let of =
        |what: &str, path: &Path| format!("the TLS {what} in {} cannot be used", path.display());
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| StartError::because(of("certificate", certificate), error.to_string()))?;
    if chain.is_empty() {
        return Err(StartError::new(format!(
            "{}: it holds no certificate",
            of("certificate", certificate)
        )));
    }
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| StartError::because(of("key", key), error.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| StartError::because("TLS cannot be set up", error))?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| {
            StartError::because("the TLS certificate and key do not fit together", error)
        })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
