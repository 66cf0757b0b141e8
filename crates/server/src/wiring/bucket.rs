//! The bucket where bytes are kept, as the settings say.

use std::fs;

use blobs::{BlobSettings, Blobs, S3Credentials, S3Patience, S3Settings};

use crate::config::{BlobsCredentials, Config, Secret};
use crate::start_error::StartError;

/// What requests to a bucket are signed for when nothing names a region: what most other stores than AWS's expect.
const REGION: &str = "us-east-1";

/// Opens the bucket of the settings.
///
/// # Errors
/// It cannot be written to, read from or deleted from.
pub(super) async fn open(config: &Config, settings: BlobSettings) -> Result<Blobs, StartError> {
    let s3 = s3_settings(config)?;
    let opened = Blobs::open_s3(&config.data, &s3, settings).await;
    opened.map_err(|error| {
        let endpoint = s3.endpoint.as_deref().unwrap_or("AWS");
        let place = format!("the bucket {} at {endpoint} cannot be used", s3.bucket);
        StartError::because(place, error)
    })
}

fn s3_settings(config: &Config) -> Result<S3Settings, StartError> {
    let blobs = &config.blobs;
    let ca_pem = match &blobs.ca_file {
        None => None,
        Some(file) => Some(fs::read(file).map_err(|error| {
            StartError::because(format!("{} cannot be read", file.display()), error)
        })?),
    };
    let exposed = |secret: &Secret| secret.expose().to_owned();
    let credentials = match &blobs.credentials {
        BlobsCredentials::Key {
            id,
            secret,
            session_token,
        } => S3Credentials::Key {
            id: id.clone(),
            secret: exposed(secret),
            session_token: session_token.as_ref().map(exposed),
        },
        BlobsCredentials::WebIdentity {
            token_file,
            role_arn,
        } => S3Credentials::WebIdentity {
            token_file: token_file.clone(),
            role_arn: role_arn.clone(),
        },
        BlobsCredentials::Container { relative_uri } => S3Credentials::Container {
            relative_uri: relative_uri.clone(),
        },
        BlobsCredentials::Machine => S3Credentials::Machine,
    };
    let endpoint = blobs.endpoint.as_ref();
    Ok(S3Settings {
        endpoint: endpoint.map(|url| url.as_str().trim_end_matches('/').to_owned()),
        region: blobs.region.clone().unwrap_or_else(|| REGION.to_owned()),
        bucket: blobs.bucket.clone().unwrap_or_default(),
        prefix: blobs.prefix.clone(),
        credentials,
        path_style: blobs.uses_path_style(),
        allow_http: blobs.allow_http,
        ca_pem,
        patience: S3Patience::default(),
    })
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;
    use crate::config::{BlobsConfig, BlobsKind};

    #[tokio::test]
    async fn d04_a_bucket_that_cannot_be_reached_stops_the_start_in_words_that_name_it() {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let config = Config {
            data: folder.path().to_owned(),
            blobs: BlobsConfig {
                kind: BlobsKind::S3,
                endpoint: Some(endpoint.parse().unwrap()),
                bucket: Some("packages".to_owned()),
                allow_http: true,
                credentials: BlobsCredentials::Key {
                    id: "id".to_owned(),
                    secret: Secret::new("hush".to_owned()),
                    session_token: None,
                },
                ..BlobsConfig::default()
            },
            ..Config::default()
        };
        let error = open(&config, BlobSettings::default())
            .await
            .expect_err("nobody listens");
        let text = error.to_string();
        assert!(
            text.contains("the bucket packages at http://127.0.0.1"),
            "{text}"
        );
        assert!(text.contains("writing a probe object"), "{text}");
        assert!(!text.contains("hush"), "{text}");
    }
}
