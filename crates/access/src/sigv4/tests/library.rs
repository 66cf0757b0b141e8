//! Against the signing library that AWS clients use.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use proptest::prelude::*;

use super::*;

/// Signs as an AWS client does, with the library that AWS clients in this language use.
fn sign_with_library(
    wire: &Wire,
    location: SignatureLocation,
    checksum: PayloadChecksumKind,
    token: Option<&str>,
) -> Wire {
    let identity = Credentials::new(KEY, SECRET, token.map(str::to_owned), None, "test").into();
    let mut settings = SigningSettings::default();
    settings.signature_location = location;
    settings.payload_checksum_kind = checksum;
    settings.expires_in = Some(Duration::from_secs(60));
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-west-2")
        .name("codeartifact")
        .time(UNIX_EPOCH + Duration::from_millis(NOW.0.unsigned_abs()))
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let url = format!("http://127.0.0.1:8740{}?{}", wire.path, wire.query);
    let headers = wire
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let request =
        SignableRequest::new(&wire.method, url, headers, SignableBody::Bytes(&wire.body)).unwrap();
    let (headers, parameters) = sign(request, &params).unwrap().into_parts().0.into_parts();
    let mut signed = wire.clone();
    for header in headers {
        signed
            .headers
            .push((header.name().to_owned(), header.value().to_owned()));
    }
    for (name, value) in parameters {
        let mut encoded = Vec::new();
        value
            .bytes()
            .for_each(|byte| query::push_encoded(&mut encoded, byte));
        signed.query = format!(
            "{}&{name}={}",
            signed.query,
            String::from_utf8(encoded).unwrap()
        );
    }
    signed
}

fn encoded(text: &str) -> String {
    let mut out = Vec::new();
    text.bytes()
        .for_each(|byte| query::push_encoded(&mut out, byte));
    String::from_utf8(out).unwrap()
}

prop_compose! {
    fn any_request()(
        method in "GET|POST|PUT|DELETE|PATCH",
        path in prop::collection::vec("[a-z./ @:+%é-]{0,8}", 0..5),
        pairs in prop::collection::vec(("[A-Za-z0-9 .:+&=/é-]{1,8}", "\\PC{0,12}"), 0..5),
        raw_pairs in prop::collection::vec("[a-z]{1,3}=[a-z+/*:@.-]{0,6}", 0..3),
        values in prop::collection::vec("[a-zA-Z0-9]([ -~]{0,12}[a-zA-Z0-9])?", 0..4),
        body in prop::collection::vec(any::<u8>(), 0..64),
    ) -> Wire {
        let path: String = path.iter().map(|segment| format!("/{}", encoded(segment))).collect();
        let pairs = pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        let headers = values.into_iter().enumerate().map(|(index, value)| (format!("my-header-{}", index / 2), value));
        let host = ("host".to_owned(), "127.0.0.1:8740".to_owned());
        Wire {
            method,
            path: if path.is_empty() { "/".into() } else { path },
            query: pairs.chain(raw_pairs).collect::<Vec<_>>().join("&"),
            headers: std::iter::once(host).chain(headers).collect(),
            body,
        }
    }
}

proptest! {
    #[test]
    fn s04_whatever_an_aws_client_signs_verifies(wire in any_request(), with_hash: bool, token in prop::option::of("[a-zA-Z0-9/+=]{1,40}")) {
        let checksum = if with_hash { PayloadChecksumKind::XAmzSha256 } else { PayloadChecksumKind::NoHeader };
        let token = token.as_deref();
        for location in [SignatureLocation::Headers, SignatureLocation::QueryParams] {
            let signed = sign_with_library(&wire, location, checksum, token);
            let outcome = signed.verify_by(|input| input.session_token = token);
            prop_assert_eq!(outcome, Ok(()), "{:?}", signed);
            let other = signed.clone().changed(|wire| wire.path.push_str("/x"));
            let outcome = other.verify_by(|input| input.session_token = token);
            prop_assert_eq!(outcome, Err(SignatureError::Mismatch));
        }
    }

    #[test]
    fn anything_at_all_is_read_without_a_panic(
        path in "\\PC*", query in "(X-Amz-[A-Za-z]{4,13}=|\\PC|&|=|%)*", authorization in "(AWS4-HMAC-SHA256 )?\\PC*", date in "\\PC*"
    ) {
        let wire = Wire { path, query, ..Wire::new() }.replaced("x-amz-date", &date).header("authorization", &authorization);
        prop_assert!(wire.verify().is_err());
    }
}
