//! CreateDomain: makes a domain in the caller's account.

use catalog::{NewDomain, Target};
use model::{ArnScope, DomainName, DomainRef, Error, InvalidReason, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation};
use crate::protocol::member::body;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};
use crate::protocol::shared_members::visible;
use crate::shapes::{DomainDescription, DomainStatus};

pub(crate) struct CreateDomain;

pub(crate) struct Input {
    domain: DomainName,
    encryption_key: Option<String>,
    tags: Vec<(String, String)>,
}

#[derive(Serialize)]
pub(crate) struct Output {
    domain: DomainDescription,
}

impl Operation for CreateDomain {
    const NAME: &'static str = "CreateDomain";
    const ROUTE: Route = post("/v1/domain");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain_name();
        let encryption_key = read_encryption_key(p);
        let tags = p.tags();
        Ok(Input {
            domain: domain?,
            encryption_key: encryption_key?,
            tags: tags?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input {
            domain: name,
            encryption_key,
            tags,
        } = input;
        let owner = ctx.caller.account().clone();
        let domain = DomainRef {
            owner,
            name: name.clone(),
        };
        ctx.allow_creation::<Self>(Target::NewDomain(&domain), &tags)
            .await?;
        let new = NewDomain {
            name,
            encryption_key,
            tags,
        };
        let made = ctx.catalog.create_domain(&ctx.caller, new).await?;
        Ok(Output {
            domain: DomainDescription::of(&made, DomainStatus::Active),
        })
    }
}

/// The ARN of a key that is named by its id, its alias or the ARN of either. Bytes are not encrypted with it: there is no
/// key service here, and the name is kept for those who compare it.
fn read_encryption_key(p: &mut Params) -> Read<Option<String>> {
    let sent = p.optional(body("encryptionKey"), |text| {
        visible(text, 1011).map(str::to_owned)
    });
    let Some(text) = sent? else { return Ok(None) };
    match key_arn(&text, &p.asking.scope, p.asking.account.as_str()) {
        Some(arn) => Ok(Some(arn)),
        None => Err(p.fault(Error::invalid(
            InvalidReason::EncryptionKey,
            "KMS key not found. Name a key by its id, its alias ('alias/...') or the ARN of either.",
        ))),
    }
}

fn key_arn(text: &str, scope: &ArnScope, account: &str) -> Option<String> {
    let is_word = |text: &str, extra: &str| {
        let good = |c: char| c.is_ascii_alphanumeric() || extra.contains(c);
        !text.is_empty() && text.chars().all(good)
    };
    let is_key = |text: &str| match text.strip_prefix("alias/") {
        Some(alias) => is_word(alias, "-_/"),
        None => text.strip_prefix("key/").is_some_and(|id| is_word(id, "-")),
    };
    if let Some(rest) = text.strip_prefix("arn:") {
        let parts: Vec<_> = rest.splitn(5, ':').collect();
        let [partition, "kms", region, owner, key] = parts[..] else {
            return None;
        };
        let is_whole = [partition, region, owner]
            .iter()
            .all(|part| is_word(part, "-"));
        return (is_whole && is_key(key)).then(|| text.to_owned());
    }
    let key = if text.starts_with("alias/") {
        text.to_owned()
    } else {
        format!("key/{text}")
    };
    let ArnScope { partition, region } = scope;
    is_key(&key).then(|| format!("arn:{partition}:kms:{region}:{account}:{key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_key_becomes_its_arn() {
        let scope = ArnScope {
            partition: "aws".into(),
            region: "us-west-2".into(),
        };
        let arn = |text| key_arn(text, &scope, "111122223333");
        let prefix = "arn:aws:kms:us-west-2:111122223333:";
        let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
        assert_eq!(arn(id), Some(format!("{prefix}key/{id}")));
        assert_eq!(arn("alias/build"), Some(format!("{prefix}alias/build")));
        for whole in [
            "arn:aws:kms:eu-west-1:999999999999:key/x",
            "arn:aws:kms:a:1:alias/a/b",
        ] {
            assert_eq!(arn(whole).as_deref(), Some(whole));
        }
        for bad in [
            "alias/",
            "a/b",
            "a:b",
            "arn:aws:kms",
            "arn:aws:s3:a:1:key/x",
            "arn:aws:kms:a:1:x",
            "a'b",
        ] {
            assert_eq!(arn(bad), None, "{bad}");
        }
    }
}
