//! Temporary credentials as answers show them.

use catalog::IssuedSession;
use model::EpochMillis;

use super::xml::Xml;

/// `Credentials`.
pub(super) fn credentials(xml: Xml, session: &IssuedSession) -> Xml {
    let inner = Xml::default()
        .text("AccessKeyId", &session.access_key_id)
        .text("SecretAccessKey", session.secret.expose())
        .text("SessionToken", &session.session_token)
        .text("Expiration", &instant(session.expires_at));
    xml.element("Credentials", &inner)
}

/// `AssumedRoleUser` and `PackedPolicySize`.
pub(super) fn assumed_role(xml: Xml, session: &IssuedSession) -> Xml {
    let inner = Xml::default()
        .text("AssumedRoleId", &session.identity_id)
        .text("Arn", &session.identity.to_string());
    let percent = session.packed_percent.map(|percent| percent.to_string());
    xml.element("AssumedRoleUser", &inner)
        .optional("PackedPolicySize", percent.as_deref())
}

/// Whole seconds, rounded down: credentials never end before they say so.
fn instant(at: EpochMillis) -> String {
    jiff::Timestamp::from_second(at.0.div_euclid(1000))
        .map_or_else(|_| at.0.to_string(), |instant| instant.to_string())
}
