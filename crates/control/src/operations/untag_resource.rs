//! UntagResource: takes tags off a domain, a repository or a package group.

use catalog::RequestDetails;
use model::{Result, TaggableResource};
use serde::Serialize;

use crate::operation::{Ctx, Operation};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};

pub(crate) struct UntagResource;

pub(crate) struct Input {
    resource: TaggableResource,
    keys: Vec<String>,
}

#[derive(Serialize)]
pub(crate) struct Output {}

impl Operation for UntagResource {
    const NAME: &'static str = "UntagResource";
    const ROUTE: Route = post("/v1/untag");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let resource = p.taggable();
        let keys = p.tag_keys();
        Ok(Input {
            resource: resource?,
            keys: keys?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input { resource, keys } = input;
        let details = RequestDetails {
            tag_keys: &keys,
            ..RequestDetails::default()
        };
        ctx.allow_tagging::<Self>(&resource, &details).await?;
        ctx.catalog
            .untag_resource(&ctx.caller, &resource, keys)
            .await?;
        Ok(Output {})
    }
}
