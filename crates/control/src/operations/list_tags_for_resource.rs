//! ListTagsForResource: the tags of a domain, a repository or a package group.

use catalog::RequestDetails;
use model::{Result, TaggableResource};
use serde::Serialize;

use crate::operation::{Ctx, Operation};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};

pub(crate) struct ListTagsForResource;

pub(crate) struct Input {
    resource: TaggableResource,
}

#[derive(Serialize)]
pub(crate) struct Output {
    tags: Vec<Tag>,
}

#[derive(Serialize)]
struct Tag {
    key: String,
    value: String,
}

impl Operation for ListTagsForResource {
    const NAME: &'static str = "ListTagsForResource";
    const ROUTE: Route = post("/v1/tags");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        Ok(Input {
            resource: p.taggable()?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input { resource } = input;
        ctx.allow_tagging::<Self>(&resource, &RequestDetails::default())
            .await?;
        let tags = ctx.catalog.list_tags_of_resource(&resource).await?;
        let tags = tags.into_iter().map(|(key, value)| Tag { key, value });
        Ok(Output {
            tags: tags.collect(),
        })
    }
}
