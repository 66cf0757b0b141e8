//! AssumeRole: a session of a role that trusts the caller.

use catalog::{AssumeRole, Caller, Catalog};
use model::{Error, InvalidReason, Result};

use super::error::StsError;
use super::form::Form;
use super::issued::{assumed_role, credentials};
use super::xml::Xml;

pub(super) async fn run(catalog: &Catalog, caller: &Caller, form: &Form) -> Result<Xml, StsError> {
    refuse_codes(form)?;
    if form.text("SourceIdentity").is_some() {
        return Err(Error::invalid(
            InvalidReason::Other,
            "SourceIdentity is not supported here; use a session tag instead.",
        )
        .into());
    }
    let asked = AssumeRole {
        role_arn: form.required("RoleArn", 20, 2048)?,
        session_name: form.required("RoleSessionName", 2, 64)?,
        seconds: form.seconds(43_200)?,
        policy: form.bounded("Policy", 1, 65_536)?,
        policy_arns: form.list("PolicyArns", ".arn", 10)?,
        tags: form.tags()?,
        transitive_tag_keys: form.list("TransitiveTagKeys", "", 50)?,
        external_id: form.bounded("ExternalId", 2, 1224)?,
    };
    let session = catalog.assume_role(caller, asked).await?;
    let xml = credentials(Xml::default(), &session);
    Ok(assumed_role(xml, &session))
}

/// There are no devices for codes, so no code is right.
pub(super) fn refuse_codes(form: &Form) -> Result<()> {
    if form.text("SerialNumber").is_some() || form.text("TokenCode").is_some() {
        return Err(Error::access_denied(
            "MultiFactorAuthentication failed: there are no MFA devices here. Leave SerialNumber and TokenCode out.",
        ));
    }
    Ok(())
}
