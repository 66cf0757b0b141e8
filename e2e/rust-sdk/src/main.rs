//! What a Rust program does with CodeArtifact, through the unchanged AWS SDK: the address is the only thing it is told.
//!
//! Every step prints one line `step detail`; the test that runs this compares the lines. A call that fails ends the
//! program with the error in full.

use std::env;
use std::error::Error;
use std::path::PathBuf;

use aws_credential_types::Credentials;
use aws_sdk_codeartifact::Client;
use aws_sdk_codeartifact::config::retry::RetryConfig;
use aws_sdk_codeartifact::config::{BehaviorVersion, Region};
use aws_sdk_codeartifact::primitives::ByteStream;
use aws_sdk_codeartifact::types::{
    PackageFormat, PackageGroupOriginRestrictionType, PackageVersionStatus, Tag,
};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use sha2::{Digest, Sha256};

type Done = Result<(), Box<dyn Error>>;

const NAMESPACE: &str = "tools";
const PACKAGE: &str = "installer";

/// The client and the domain of this run.
struct Story {
    client: Client,
    domain: String,
}

#[tokio::main]
async fn main() -> Done {
    let story = Story {
        client: client()?,
        domain: env::var("STORY_DOMAIN")?,
    };
    story.set_up().await?;
    story.publish_from_memory().await?;
    story.publish_from_a_file().await?;
    story.list_and_read_back().await?;
    story.promote_and_retire().await?;
    story.guard_with_a_group().await?;
    story.meet_errors().await?;
    story.mint_a_token().await
}

fn client() -> Result<Client, Box<dyn Error>> {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let key = env::var("STORY_ACCESS_KEY")?;
    let secret = env::var("STORY_SECRET_KEY")?;
    let config = aws_sdk_codeartifact::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(env::var("STORY_ENDPOINT")?)
        .region(Region::new(env::var("STORY_REGION")?))
        .credentials_provider(Credentials::new(key, secret, None, None, "story"))
        .retry_config(RetryConfig::disabled())
        .http_client(http)
        .build();
    Ok(Client::from_conf(config))
}

fn digest(content: &[u8]) -> String {
    Sha256::digest(content)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl Story {
    async fn set_up(&self) -> Done {
        let tag = Tag::builder().key("team").value("build").build()?;
        let made = self
            .client
            .create_domain()
            .domain(&self.domain)
            .tags(tag)
            .send()
            .await?;
        let domain = made.domain().ok_or("no domain in the answer")?;
        println!("domain {}", domain.arn().unwrap_or_default());
        for repository in ["staging", "release"] {
            let made = self
                .client
                .create_repository()
                .domain(&self.domain)
                .repository(repository)
                .send()
                .await?;
            let made = made.repository().ok_or("no repository in the answer")?;
            println!("repository {}", made.name().unwrap_or_default());
        }
        Ok(())
    }

    /// Small assets are at hand: their hash is part of the signature.
    async fn publish_from_memory(&self) -> Done {
        let content = b"#!/bin/sh\necho hello\n".to_vec();
        let published = self
            .client
            .publish_package_version()
            .domain(&self.domain)
            .repository("staging")
            .format(PackageFormat::Generic)
            .namespace(NAMESPACE)
            .package(PACKAGE)
            .package_version("1.0.0")
            .asset_name("install.sh")
            .asset_sha256(digest(&content))
            .asset_content(ByteStream::from(content))
            .unfinished(true)
            .send()
            .await?;
        let status = published.status().ok_or("no status")?;
        println!("published-from-memory {}", status.as_str());
        Ok(())
    }

    /// Large assets are streamed from disk, so the SDK signs without having read them.
    async fn publish_from_a_file(&self) -> Done {
        let path = PathBuf::from(env::var("STORY_FILE")?);
        let sum = digest(&std::fs::read(&path)?);
        let published = self
            .client
            .publish_package_version()
            .domain(&self.domain)
            .repository("staging")
            .format(PackageFormat::Generic)
            .namespace(NAMESPACE)
            .package(PACKAGE)
            .package_version("1.0.0")
            .asset_name("payload.bin")
            .asset_sha256(sum)
            .asset_content(ByteStream::from_path(path).await?)
            .send()
            .await?;
        let size = published.asset().and_then(|asset| asset.size());
        let status = published.status().ok_or("no status")?;
        println!(
            "published-from-file {} {}",
            status.as_str(),
            size.unwrap_or_default()
        );
        Ok(())
    }

    async fn list_and_read_back(&self) -> Done {
        let mut names = Vec::new();
        let mut pages = self
            .client
            .list_package_version_assets()
            .domain(&self.domain)
            .repository("staging")
            .format(PackageFormat::Generic)
            .namespace(NAMESPACE)
            .package(PACKAGE)
            .package_version("1.0.0")
            .into_paginator()
            .page_size(1)
            .send();
        while let Some(page) = pages.next().await {
            let page = page?;
            names.extend(page.assets().iter().map(|asset| asset.name().to_owned()));
        }
        names.sort();
        println!("assets {}", names.join(","));
        let mut asset = self
            .client
            .get_package_version_asset()
            .domain(&self.domain)
            .repository("staging")
            .format(PackageFormat::Generic)
            .namespace(NAMESPACE)
            .package(PACKAGE)
            .package_version("1.0.0")
            .asset("payload.bin")
            .send()
            .await?;
        let mut hash = Sha256::new();
        while let Some(piece) = asset.asset.next().await {
            hash.update(&piece?);
        }
        let sum: String = hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        println!("read-back {sum}");
        Ok(())
    }

    async fn promote_and_retire(&self) -> Done {
        let copied = self
            .client
            .copy_package_versions()
            .domain(&self.domain)
            .source_repository("staging")
            .destination_repository("release")
            .format(PackageFormat::Generic)
            .namespace(NAMESPACE)
            .package(PACKAGE)
            .versions("1.0.0")
            .send()
            .await?;
        let copies = copied.successful_versions().map_or(0, |map| map.len());
        println!("copied {copies}");
        let updated = self
            .client
            .update_package_versions_status()
            .domain(&self.domain)
            .repository("staging")
            .format(PackageFormat::Generic)
            .namespace(NAMESPACE)
            .package(PACKAGE)
            .versions("1.0.0")
            .versions("9.9.9")
            .target_status(PackageVersionStatus::Archived)
            .send()
            .await?;
        let failed = updated.failed_versions().ok_or("nothing failed")?;
        let mut codes: Vec<_> = failed
            .iter()
            .map(|(version, error)| {
                let code = error.error_code().map_or("", |code| code.as_str());
                format!("{version}={code}")
            })
            .collect();
        codes.sort();
        println!("refused {}", codes.join(","));
        let updated = self
            .client
            .update_package_versions_status()
            .domain(&self.domain)
            .repository("staging")
            .format(PackageFormat::Generic)
            .namespace(NAMESPACE)
            .package(PACKAGE)
            .versions("1.0.0")
            .expected_status(PackageVersionStatus::Published)
            .target_status(PackageVersionStatus::Archived)
            .send()
            .await?;
        let now = updated
            .successful_versions()
            .and_then(|map| map.get("1.0.0"))
            .and_then(|info| info.status())
            .ok_or("no status")?;
        println!("status {}", now.as_str());
        Ok(())
    }

    async fn guard_with_a_group(&self) -> Done {
        let made = self
            .client
            .create_package_group()
            .domain(&self.domain)
            .package_group("/generic/tools/*")
            .description("what the build team ships")
            .send()
            .await?;
        let group = made.package_group().ok_or("no group in the answer")?;
        let parent = group.parent().and_then(|parent| parent.pattern());
        let restrictions = group
            .origin_configuration()
            .and_then(|configuration| configuration.restrictions())
            .ok_or("no restrictions")?;
        let publish = restrictions
            .get(&PackageGroupOriginRestrictionType::Publish)
            .and_then(|restriction| restriction.effective_mode())
            .ok_or("no effective mode")?;
        println!(
            "group {} {} {}",
            group.pattern().unwrap_or_default(),
            parent.unwrap_or_default(),
            publish.as_str()
        );
        Ok(())
    }

    /// Exceptions arrive as the types of the SDK.
    async fn meet_errors(&self) -> Done {
        let again = self
            .client
            .create_domain()
            .domain(&self.domain)
            .send()
            .await;
        let error = again.err().ok_or("made twice")?.into_service_error();
        println!("conflict {}", error.is_conflict_exception());
        let absent = self
            .client
            .describe_repository()
            .domain(&self.domain)
            .repository("absent")
            .send()
            .await;
        let error = absent.err().ok_or("described")?.into_service_error();
        println!("not-found {}", error.is_resource_not_found_exception());
        Ok(())
    }

    async fn mint_a_token(&self) -> Done {
        let token = self
            .client
            .get_authorization_token()
            .domain(&self.domain)
            .duration_seconds(900)
            .send()
            .await?;
        let text = token.authorization_token().unwrap_or_default();
        println!("token {}", text.starts_with("eyJ"));
        Ok(())
    }
}
