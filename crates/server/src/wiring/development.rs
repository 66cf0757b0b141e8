//! What `--dev` makes on first start: a domain with one repository for each public connection, and one over all.

use catalog::{Caller, Catalog, NewDomain, NewRepository};
use model::{
    DomainName, DomainRef, Error, ErrorKind, ExternalConnectionName, RepositoryName, Result,
};

/// The domain.
const DOMAIN: &str = "dev";
/// The repository that has all others upstream.
const REPOSITORY: &str = "main";

/// Makes what is missing; leaves what is there as its users have made it. Each step may have been done before, by a
/// start that did not come to its end.
pub(super) async fn prepare(catalog: &Catalog) -> Result<()> {
    let account = catalog.settings().account.clone();
    let caller = Caller::root(account.clone());
    let name = DomainName::parse(DOMAIN).expect("a constant that is a domain's name");
    let domain = DomainRef {
        owner: account,
        name: name.clone(),
    };
    let over_all = repository_name(REPOSITORY)?;
    match catalog.get_repository(&domain, &over_all).await {
        Err(error) if error.kind == ErrorKind::NotFound => {}
        done => return done.map(drop),
    }
    unless_there(
        catalog
            .create_domain(
                &caller,
                NewDomain {
                    name,
                    encryption_key: None,
                    tags: Vec::new(),
                },
            )
            .await,
    )?;
    let mut stores = Vec::new();
    for connection in catalog
        .formats()
        .iter()
        .flat_map(|format| format.connections())
    {
        let store = repository_name(connection.store_repository)?;
        unless_there(create(catalog, &caller, &domain, &store, Vec::new()).await)?;
        let name = ExternalConnectionName::parse(connection.name)
            .map_err(|constraint| Error::internal(format!("{}: {constraint}", connection.name)))?;
        unless_there(
            catalog
                .associate_external_connection(&caller, &domain, &store, &name)
                .await,
        )?;
        stores.push(store);
    }
    create(catalog, &caller, &domain, &over_all, stores).await
}

fn unless_there<T>(made: Result<T>) -> Result<()> {
    match made {
        Err(error) if error.kind != ErrorKind::Conflict => Err(error),
        _ => Ok(()),
    }
}

async fn create(
    catalog: &Catalog,
    caller: &Caller,
    domain: &DomainRef,
    name: &RepositoryName,
    upstreams: Vec<RepositoryName>,
) -> Result<()> {
    let new = NewRepository {
        name: name.clone(),
        description: String::new(),
        upstreams,
        tags: Vec::new(),
    };
    catalog
        .create_repository(caller, domain, new)
        .await
        .map(drop)
}

fn repository_name(text: &str) -> Result<RepositoryName> {
    RepositoryName::parse(text)
        .map_err(|constraint| Error::internal(format!("{text}: {constraint}")))
}
