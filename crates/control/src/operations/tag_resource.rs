//! TagResource: puts tags on a domain, a repository or a package group.

use catalog::RequestDetails;
use model::{Result, TaggableResource};
use serde::Serialize;

use crate::operation::{Ctx, Operation};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};

pub(crate) struct TagResource;

pub(crate) struct Input {
    resource: TaggableResource,
    tags: Vec<(String, String)>,
}

#[derive(Serialize)]
pub(crate) struct Output {}

impl Operation for TagResource {
    const NAME: &'static str = "TagResource";
    const ROUTE: Route = post("/v1/tag");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let resource = p.taggable();
        let tags = p.required_tags();
        Ok(Input {
            resource: resource?,
            tags: tags?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input { resource, tags } = input;
        let details = RequestDetails {
            tags: &tags,
            ..RequestDetails::default()
        };
        ctx.allow_tagging::<Self>(&resource, &details).await?;
        ctx.catalog
            .tag_resource(&ctx.caller, &resource, tags)
            .await?;
        Ok(Output {})
    }
}
