//! The signature of a delivery, by which its receiver knows whom it is from: Standard Webhooks 1.0.0, symmetric.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;

use crate::config::{EventEndpoint, signing_key};
use crate::start_error::StartError;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// Signs the deliveries to one endpoint.
pub(super) struct WebhookSigner {
    keyed: Hmac<Sha256>,
}

impl WebhookSigner {
    /// # Errors
    /// The endpoint has no secret that can be used.
    pub(super) fn of(endpoint: &EventEndpoint) -> Result<Self, StartError> {
        let secret = endpoint.secret.as_ref();
        let key = secret
            .ok_or_else(|| "there is none".to_owned())
            .and_then(signing_key)
            .map_err(|reason| {
                let name = &endpoint.name;
                StartError::because(format!("the secret of event endpoint {name}"), reason)
            })?;
        let keyed = Hmac::new_from_slice(&key).expect("a key of any length will do");
        Ok(Self { keyed })
    }

    /// The headers of one attempt to deliver a body. The id stays the same from attempt to attempt.
    pub(super) fn headers(&self, id: &str, seconds: i64, body: &[u8]) -> HeaderMap {
        let mut mac = self.keyed.clone();
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let mut headers = HeaderMap::new();
        let mut insert = |name, text: String| {
            let value = HeaderValue::try_from(text).expect("ids, numbers and base64 are visible");
            headers.insert(name, value);
        };
        insert(ID, id.to_owned());
        insert(TIMESTAMP, seconds.to_string());
        insert(SIGNATURE, format!("v1,{signature}"));
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    #[test]
    fn the_signature_is_the_one_that_receivers_compute() {
        // The example that the libraries of Standard Webhooks share.
        let endpoint = EventEndpoint {
            secret: Some(Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into())),
            ..EventEndpoint::default()
        };
        let signer = WebhookSigner::of(&endpoint).unwrap_or_else(|error| panic!("{error}"));
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let headers = signer.headers(id, 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(headers[ID], id);
        assert_eq!(headers[TIMESTAMP], "1614265330");
        assert_eq!(
            headers[SIGNATURE],
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }
}
