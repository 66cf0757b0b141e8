//! The client of one bucket, as the settings have it.

use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, Checksum};
use object_store::{BackoffConfig, RetryConfig};

use super::client::Connections;
use super::settings::{S3Credentials, S3Settings};
use crate::error::{BlobError, Result};

/// A client that signs, checks and tries again, and what it sends over. Nothing is asked yet.
pub(super) fn client_of(s3: &S3Settings) -> Result<(AmazonS3, Connections)> {
    let refused = |detail: String| BlobError::Refused {
        action: "preparing the object store",
        detail,
    };
    let patience = s3.patience;
    let connections = Connections::new(s3.ca_pem.as_deref(), patience)
        .map_err(|reason| refused(format!("the certificates cannot be used: {reason}")))?;
    let mut builder = AmazonS3Builder::new()
        .with_http_connector(connections.clone())
        .with_region(&s3.region)
        .with_bucket_name(&s3.bucket)
        .with_virtual_hosted_style_request(!s3.path_style)
        .with_allow_http(s3.allow_http)
        .with_checksum_algorithm(Checksum::SHA256)
        .with_disable_bulk_delete(true)
        .with_retry(RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(50),
                max_backoff: Duration::from_secs(2),
                base: 2.0,
            },
            max_retries: patience.retries,
            retry_timeout: patience.retry_within,
        });
    if let Some(endpoint) = &s3.endpoint {
        if endpoint.starts_with("http://") && !s3.allow_http {
            let reason =
                "its address begins with http://, and asking it without TLS is not allowed";
            return Err(refused(reason.to_owned()));
        }
        builder = builder.with_endpoint(endpoint_of(endpoint, s3));
    }
    builder = match &s3.credentials {
        S3Credentials::Key {
            id,
            secret,
            session_token,
        } => {
            let builder = builder
                .with_access_key_id(id)
                .with_secret_access_key(secret);
            match session_token {
                Some(token) => builder.with_token(token),
                None => builder,
            }
        }
        S3Credentials::WebIdentity {
            token_file,
            role_arn,
        } => builder
            .with_config(AmazonS3ConfigKey::WebIdentityTokenFile, token_file)
            .with_config(AmazonS3ConfigKey::RoleArn, role_arn),
        S3Credentials::Container { relative_uri } => builder.with_config(
            AmazonS3ConfigKey::ContainerCredentialsRelativeUri,
            relative_uri,
        ),
        S3Credentials::Machine => builder,
    };
    let client = builder
        .build()
        .map_err(|error| refused(error.to_string()))?;
    Ok((client, connections))
}

/// The address with the bucket in its host name, where that is how the bucket is named.
fn endpoint_of(endpoint: &str, s3: &S3Settings) -> String {
    let endpoint = endpoint.trim_end_matches('/');
    match endpoint.split_once("://") {
        Some((scheme, host)) if !s3.path_style => format!("{scheme}://{}.{host}", s3.bucket),
        _ => endpoint.to_owned(),
    }
}
