//! A small client of the API: requests signed as AWS clients sign them.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{Answer, Ask, REGION, TestServer};

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A call to make.
#[derive(Debug, Clone)]
pub struct ApiCall {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl ApiCall {
    /// A call of the operation at this method and path.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(name);
        self.query.push('=');
        self.query.extend(utf8_percent_encode(value, RESERVED));
        self
    }

    /// Adds a header field, which is signed.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .bytes(body.to_string())
    }

    /// Sets a body that is no JSON.
    #[must_use]
    pub fn bytes(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

impl TestServer {
    /// Signs a call with this key, for the present moment.
    #[must_use]
    pub fn signed(&self, call: &ApiCall, (id, secret): (&str, &str)) -> Ask {
        let identity = Credentials::new(id, secret, None, None, "test").into();
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(REGION)
            .name("codeartifact")
            .time(SystemTime::now())
            .settings(settings)
            .build()
            .expect("every part was given")
            .into();
        let target = if call.query.is_empty() {
            call.path.clone()
        } else {
            format!("{}?{}", call.path, call.query)
        };
        let url = format!("http://{}{target}", self.address());
        let headers = call
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let request =
            SignableRequest::new(&call.method, url, headers, SignableBody::Bytes(&call.body));
        let output = sign(
            request.expect("the call has a form that can be signed"),
            &params,
        );
        let (instructions, _) = output.expect("the key can sign").into_parts();
        let mut ask = Ask::new(&call.method, target).body(call.body.clone());
        for (name, value) in &call.headers {
            ask = ask.header(name, value);
        }
        for header in instructions.into_parts().0 {
            ask = ask.header(header.name(), header.value());
        }
        ask
    }

    /// Makes a call as the root of the account.
    pub async fn call(&self, call: ApiCall) -> Answer {
        self.call_as(call, self.root_key()).await
    }

    /// Makes a call with this key.
    pub async fn call_as(&self, call: ApiCall, key: (&str, &str)) -> Answer {
        self.ask(self.signed(&call, key)).await
    }
}
