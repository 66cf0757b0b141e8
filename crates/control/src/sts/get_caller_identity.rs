//! GetCallerIdentity: who asks. Needs no permission.

use catalog::{Caller, Catalog};

use super::error::StsError;
use super::xml::Xml;

pub(super) async fn run(catalog: &Catalog, caller: &Caller) -> Result<Xml, StsError> {
    let id = catalog.caller_id(caller).await?;
    Ok(Xml::default()
        .text("Arn", &caller.identity().to_string())
        .text("UserId", &id)
        .text("Account", caller.account().as_str()))
}
