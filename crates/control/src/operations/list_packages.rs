//! ListPackages: the packages in a repository.

use catalog::PackageQuery;
use model::{
    DomainRef, Error, InvalidReason, Namespace, OriginRestriction, PackageName, RepositoryName,
    Result,
};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::{Place, query, query_as};
use crate::protocol::page_token::Cursor;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};
use crate::protocol::shared_members::one_of;
use crate::shapes::PackageSummary;

pub(crate) struct ListPackages;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
    query: PackageQuery,
    page: Cursor,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    packages: Vec<PackageSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListPackages {
    const NAME: &'static str = "ListPackages";
    const ROUTE: Route = post("/v1/packages");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let repository = p.repository();
        let query = read_query(p);
        let page = p.page(Place::Query, 100);
        Ok(Input {
            domain: domain?,
            repository: repository?,
            query: query?,
            page: page?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input {
            domain,
            repository,
            query,
            page: cursor,
        } = input;
        ctx.allow::<Self>(Resource::Repository(&domain, &repository))
            .await?;
        let (after, limit) = (cursor.after.as_deref(), cursor.limit);
        let page = ctx
            .catalog
            .list_packages(&domain, &repository, &query, after, limit)
            .await?;
        Ok(Output {
            packages: page.items.iter().map(PackageSummary::from).collect(),
            next_token: cursor.next_token(page.next),
        })
    }
}

fn read_query(p: &mut Params) -> Read<PackageQuery> {
    let format = p.optional_format();
    let namespace = p.optional(query("namespace"), Namespace::parse);
    let name = p.optional(
        query_as("packagePrefix", "package-prefix"),
        PackageName::parse,
    );
    let words = OriginRestriction::ALL.map(OriginRestriction::as_str);
    let publish = p.optional(query("publish"), one_of(OriginRestriction::parse, words));
    let upstream = p.optional(query("upstream"), one_of(OriginRestriction::parse, words));
    let (format, namespace, name) = (format?, namespace?, name?);
    if namespace.is_some() && format.is_none() {
        return Err(p.fault(Error::invalid(
            InvalidReason::FieldValidation,
            "The member 'namespace' was sent without 'format'. Say which format the namespace is of.",
        )));
    }
    Ok(PackageQuery {
        format: format.map(|format| format.id()),
        namespace_prefix: namespace.map_or_else(String::new, |text| text.to_string()),
        name_prefix: name.map_or_else(String::new, |text| text.to_string()),
        publish: publish?,
        upstream: upstream?,
    })
}
