//! ListAssociatedPackages: the packages that belong to a package group, or would.

use model::{
    AssociationType, DomainRef, Namespace, PackageCoordinates, PackageGroupPattern, Result,
};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::{Place, query};
use crate::protocol::page_token::Cursor;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, get};

pub(crate) struct ListAssociatedPackages;

pub(crate) struct Input {
    domain: DomainRef,
    pattern: PackageGroupPattern,
    preview: bool,
    page: Cursor,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    packages: Vec<AssociatedPackage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AssociatedPackage {
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    package: String,
    association_type: &'static str,
}

impl From<&(PackageCoordinates, AssociationType)> for AssociatedPackage {
    fn from((package, kind): &(PackageCoordinates, AssociationType)) -> Self {
        Self {
            format: package.format.as_str(),
            namespace: package.namespace.as_ref().map(Namespace::to_string),
            package: package.name.to_string(),
            association_type: kind.as_str(),
        }
    }
}

impl Operation for ListAssociatedPackages {
    const NAME: &'static str = "ListAssociatedPackages";
    const ROUTE: Route = get("/v1/list-associated-packages");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let pattern = p.package_group(Place::Query);
        let preview = p.boolean(query("preview"));
        let page = p.page(Place::Query, 100);
        Ok(Input {
            domain: domain?,
            pattern: pattern?,
            preview: preview?.unwrap_or_default(),
            page: page?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input {
            domain,
            pattern,
            preview,
            page: cursor,
        } = input;
        ctx.allow::<Self>(Resource::PackageGroup(&domain, &pattern))
            .await?;
        let (after, limit) = (cursor.after.as_deref(), cursor.limit);
        let page = ctx
            .catalog
            .list_associated_packages(&domain, &pattern, preview, after, limit)
            .await?;
        Ok(Output {
            packages: page.items.iter().map(Into::into).collect(),
            next_token: cursor.next_token(page.next),
        })
    }
}
