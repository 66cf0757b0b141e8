//! Requests, built and signed as AWS clients build and sign them.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use catalog::AccessKey;
use control::Body;
use http::{HeaderName, HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use model::EpochMillis;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::REGION;

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const HOST: &str = "127.0.0.1:8740";

/// A request to send.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) raw_query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

fn ask(method: &str, path: &str) -> Ask {
    Ask {
        method: method.into(),
        path: path.into(),
        raw_query: String::new(),
        headers: vec![("host".into(), HOST.into())],
        body: Vec::new(),
    }
}

pub(crate) fn get(path: &str) -> Ask {
    ask("GET", path)
}

pub(crate) fn post(path: &str) -> Ask {
    ask("POST", path)
}

pub(crate) fn put(path: &str) -> Ask {
    ask("PUT", path)
}

pub(crate) fn delete(path: &str) -> Ask {
    ask("DELETE", path)
}

/// What of the signing is not as usual.
#[derive(Debug, Clone)]
pub(crate) struct Signing<'a> {
    pub(crate) id: &'a str,
    pub(crate) secret: &'a str,
    pub(crate) token: Option<&'a str>,
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
    pub(crate) at: EpochMillis,
    pub(crate) presigned: bool,
}

impl<'a> Signing<'a> {
    pub(crate) fn by(key: &'a AccessKey, at: EpochMillis) -> Self {
        Self {
            id: &key.id,
            secret: key.secret.expose(),
            token: None,
            region: REGION,
            service: "codeartifact",
            at,
            presigned: false,
        }
    }
}

impl Ask {
    /// Adds a query parameter.
    pub(crate) fn query(self, name: &str, value: &str) -> Self {
        let pair = format!("{name}={}", utf8_percent_encode(value, RESERVED));
        self.raw(&pair)
    }

    /// Adds a piece of the query string as it is.
    pub(crate) fn raw(mut self, pair: &str) -> Self {
        if !self.raw_query.is_empty() {
            self.raw_query.push('&');
        }
        self.raw_query.push_str(pair);
        self
    }

    /// The same request with another value of a query parameter.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        let prefix = format!("{name}=");
        let kept: Vec<_> = self
            .raw_query
            .split('&')
            .filter(|pair| !pair.starts_with(&prefix))
            .collect();
        self.raw_query = kept.join("&");
        self.query(name, value)
    }

    pub(crate) fn json(self, body: &serde_json::Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string().as_bytes())
    }

    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn signed_by(self, key: &AccessKey, at: EpochMillis) -> Self {
        self.signed(&Signing::by(key, at))
    }

    pub(crate) fn signed(mut self, signing: &Signing<'_>) -> Self {
        let token = signing.token.map(str::to_owned);
        let identity = Credentials::new(signing.id, signing.secret, token, None, "test").into();
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
        if signing.presigned {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(Duration::from_secs(60));
        }
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(signing.region)
            .name(signing.service)
            .time(UNIX_EPOCH + Duration::from_millis(signing.at.0.unsigned_abs()))
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let url = format!("http://{HOST}{}?{}", self.path, self.raw_query);
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        // As clients do: what the header declares is what is signed, whatever the body is.
        let declared = headers
            .clone()
            .find(|(name, _)| *name == "x-amz-content-sha256");
        let body = declared.map_or(SignableBody::Bytes(&self.body), |(_, declared)| {
            SignableBody::Precomputed(declared.to_owned())
        });
        let request = SignableRequest::new(&self.method, url, headers, body).unwrap();
        let (headers, pairs) = sign(request, &params).unwrap().into_parts().0.into_parts();
        for header in headers {
            self = self.header(header.name(), header.value());
        }
        for (name, value) in pairs {
            self = self.query(name, &value);
        }
        self
    }

    pub(crate) fn into_request(self) -> Request<Body> {
        let target = if self.raw_query.is_empty() {
            self.path
        } else {
            format!("{}?{}", self.path, self.raw_query)
        };
        let body = Full::new(Bytes::from(self.body)).map_err(|never| match never {});
        let mut request = Request::new(body.boxed_unsync());
        *request.method_mut() = self.method.parse().unwrap();
        *request.uri_mut() = target.parse().unwrap();
        for (name, value) in self.headers {
            let name: HeaderName = name.parse().unwrap();
            request
                .headers_mut()
                .append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        request
    }
}
