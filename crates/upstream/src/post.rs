//! Sending a small body to an address that the operator named: events to their receivers.
//!
//! A receiver is not a source: nothing it answers is kept, so only the status counts. It shares the client with the
//! sources, and with it the rules on addresses, proxies and TLS. Redirects are not followed: the body was signed for the
//! address that was configured, and a receiver has no business sending it elsewhere.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, VIA};
use http::{Method, StatusCode};
use model::Clock;
use tokio::time::timeout;
use url::Url;

use crate::error::{SetupError, SourceError};
use crate::source::{fault, unavailable};
use crate::{Upstream, address, redirect, retry_after, via};

/// What is read of an answer so that its connection can be used again. The rest goes with the connection.
const ANSWER_BYTES: usize = 64 * 1024;

/// Where to send to.
#[derive(Debug, Clone)]
pub struct ReceiverConfig {
    /// Its name in messages.
    pub name: String,
    /// Its address.
    pub url: Url,
    /// Certificate authorities to trust beside the machine's own, as PEM.
    pub extra_ca_pem: Option<Vec<u8>>,
    /// Whether it may be in a private network, this machine included. Cloud metadata services stay closed.
    pub allow_private_network: bool,
    /// From the first byte sent to the head of the answer, connecting included.
    pub timeout_ms: u64,
}

/// A receiver that can be sent to. Make it once and keep it.
pub struct Receiver {
    name: String,
    url: Url,
    allow_private_network: bool,
    timeout_ms: u64,
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
    retry_after_limit_ms: u64,
    via: HeaderValue,
}

/// What a receiver answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostAnswer {
    /// Its status.
    pub status: StatusCode,
    /// How long it asks not to be sent to, if it says so.
    pub retry_after_seconds: Option<u32>,
}

impl Upstream {
    /// A receiver.
    ///
    /// # Errors
    /// When the configuration cannot be used.
    pub fn receiver(&self, config: ReceiverConfig) -> Result<Receiver, SetupError> {
        let ReceiverConfig {
            name,
            mut url,
            extra_ca_pem,
            allow_private_network,
            timeout_ms,
        } = config;
        if let Err(reason) = redirect::check_form(&url) {
            return Err(SetupError::Base { name, reason });
        }
        url.set_fragment(None);
        let client = self.client(extra_ca_pem, allow_private_network, &name)?;
        Ok(Receiver {
            via: via::header(None, &self.instance),
            clock: Arc::clone(&self.clock),
            retry_after_limit_ms: self.limits.retry_after_limit_ms,
            client,
            name,
            url,
            allow_private_network,
            timeout_ms,
        })
    }
}

impl Receiver {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sends a JSON body with these headers beside it. Any status is an answer, a redirect too.
    ///
    /// # Errors
    /// When no answer came, or the way to it is forbidden.
    pub async fn post(
        &self,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Result<PostAnswer, SourceError> {
        address::check_literal(&self.url, self.allow_private_network)?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(VIA, self.via.clone());
        let mut request = reqwest::Request::new(Method::POST, self.url.clone());
        *request.headers_mut() = headers;
        *request.body_mut() = Some(body.into());
        let limit = Duration::from_millis(self.timeout_ms);
        let answered = timeout(limit, self.client.execute(request)).await;
        let mut response = answered
            .map_err(|_| unavailable(format!("no answer came within {} ms", self.timeout_ms)))?
            .map_err(|error| fault(&error.without_url()))?;
        let answer = PostAnswer {
            status: response.status(),
            retry_after_seconds: retry_after::seconds(
                response.headers(),
                self.clock.now(),
                self.retry_after_limit_ms,
            ),
        };
        let drain = async {
            let mut read_bytes = 0;
            while let Ok(Some(chunk)) = response.chunk().await {
                read_bytes += chunk.len();
                if read_bytes > ANSWER_BYTES {
                    break;
                }
            }
        };
        // The status has been said; what comes behind it changes nothing.
        timeout(limit, drain).await.ok();
        Ok(answer)
    }
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receiver")
            .field("name", &self.name)
            .field("timeout_ms", &self.timeout_ms)
            .finish_non_exhaustive()
    }
}
