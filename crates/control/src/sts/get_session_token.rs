//! GetSessionToken: temporary credentials with the caller's own rights. Needs no permission.

use catalog::{Caller, Catalog};

use super::assume_role::refuse_codes;
use super::error::StsError;
use super::form::Form;
use super::issued::credentials;
use super::xml::Xml;

pub(super) async fn run(catalog: &Catalog, caller: &Caller, form: &Form) -> Result<Xml, StsError> {
    refuse_codes(form)?;
    let seconds = form.seconds(129_600)?;
    let session = catalog.get_session_token(caller, seconds).await?;
    Ok(credentials(Xml::default(), &session))
}
