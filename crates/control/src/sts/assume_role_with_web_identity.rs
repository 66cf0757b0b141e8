//! AssumeRoleWithWebIdentity: a session for the holder of an identity provider's token. The request is not signed: the
//! token is the proof.

use catalog::{AssumeRoleWithWebIdentity, Catalog, RequestPlace};

use super::error::StsError;
use super::form::Form;
use super::issued::{assumed_role, credentials};
use super::xml::Xml;

pub(super) async fn run(
    catalog: &Catalog,
    form: &Form,
    place: RequestPlace,
) -> Result<Xml, StsError> {
    let asked = AssumeRoleWithWebIdentity {
        role_arn: form.required("RoleArn", 20, 2048)?,
        session_name: form.required("RoleSessionName", 2, 64)?,
        token: form.required("WebIdentityToken", 4, 20_000)?,
        seconds: form.seconds(43_200)?,
        policy: form.bounded("Policy", 1, 65_536)?,
        policy_arns: form.list("PolicyArns", ".arn", 10)?,
        place,
    };
    let made = catalog.assume_role_with_web_identity(asked).await?;
    let xml = Xml::default()
        .text("SubjectFromWebIdentityToken", &made.subject)
        .text("Audience", &made.audience)
        .text("Provider", &made.provider_arn);
    let xml = credentials(xml, &made.session);
    Ok(assumed_role(xml, &made.session))
}
