//! The counters of the server, in the exposition format of Prometheus.
//!
//! One value, made at start and handed to whoever counts. No label carries a name that a user chose, except the names
//! of external connections and of the endpoints of events, which the operator chose.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use catalog::{CacheOutcome, RequestLabels};

/// The media type of what [`Metrics::render`] gives.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 1xx and 2xx.
    Success,
    /// 304.
    NotModified,
    /// Another 3xx.
    Redirect,
    /// 4xx.
    ClientError,
    /// 5xx.
    ServerError,
    /// The reply did not go out whole.
    Cut,
}

impl Outcome {
    /// The outcome of a reply that went out whole.
    #[must_use]
    pub fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            304 => Self::NotModified,
            100..300 => Self::Success,
            300..400 => Self::Redirect,
            400..500 => Self::ClientError,
            _ => Self::ServerError,
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::NotModified => "not-modified",
            Self::Redirect => "redirect",
            Self::ClientError => "client-error",
            Self::ServerError => "server-error",
            Self::Cut => "cut",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestSet {
    operation: &'static str,
    format: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FormatSet {
    format: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CacheSet {
    operation: &'static str,
    format: &'static str,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct UpstreamSet {
    connection: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AuditSet {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndpointSet {
    endpoint: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeliverySet {
    endpoint: String,
    result: &'static str,
}

/// The counters of the server.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestSet, Counter>,
    sent_bytes: Family<FormatSet, Counter>,
    durations: Family<FormatSet, Histogram>,
    caches: Family<CacheSet, Counter>,
    upstream: Family<UpstreamSet, Histogram>,
    open_fetches: Gauge,
    open_connections: Gauge,
    audit_records: Family<AuditSet, Counter>,
    event_deliveries: Family<DeliverySet, Counter>,
    event_lag: Family<EndpointSet, Gauge>,
}

/// Counts one more for as long as it lives.
#[derive(Debug)]
pub struct OpenOne(Gauge);

impl OpenOne {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for OpenOne {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All counters at zero.
    #[must_use]
    pub fn new() -> Self {
        let request_seconds = || Histogram::new(exponential_buckets(0.000_25, 4.0, 10));
        let upstream_seconds = || Histogram::new(exponential_buckets(0.004, 2.0, 14));
        let mut metrics = Self {
            registry: Registry::with_prefix("reliquary"),
            requests: Family::default(),
            sent_bytes: Family::default(),
            durations: Family::new_with_constructor(request_seconds),
            caches: Family::default(),
            upstream: Family::new_with_constructor(upstream_seconds),
            open_fetches: Gauge::default(),
            open_connections: Gauge::default(),
            audit_records: Family::default(),
            event_deliveries: Family::default(),
            event_lag: Family::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("requests", "Requests answered", metrics.requests.clone());
        registry.register(
            "sent_bytes",
            "Bytes of reply bodies sent",
            metrics.sent_bytes.clone(),
        );
        registry.register(
            "request_seconds",
            "From request head to end of reply",
            metrics.durations.clone(),
        );
        registry.register(
            "cache_lookups",
            "Requests that a memory cache could answer",
            metrics.caches.clone(),
        );
        registry.register(
            "upstream_seconds",
            "Time that public sources took",
            metrics.upstream.clone(),
        );
        registry.register(
            "open_fetches",
            "Fetches from public sources under way",
            metrics.open_fetches.clone(),
        );
        registry.register(
            "open_connections",
            "Client connections open",
            metrics.open_connections.clone(),
        );
        registry.register(
            "audit_records",
            "Audit records written, and those lost because they could not be",
            metrics.audit_records.clone(),
        );
        registry.register(
            "event_deliveries",
            "Events sent to an endpoint, by what came of it",
            metrics.event_deliveries.clone(),
        );
        registry.register(
            "event_lag",
            "Entries of the change log that an endpoint is behind",
            metrics.event_lag.clone(),
        );
        metrics
    }

    /// A request was answered.
    pub fn request_finished(
        &self,
        labels: RequestLabels,
        outcome: Outcome,
        sent_bytes: u64,
        duration: Duration,
    ) {
        let RequestLabels {
            operation,
            format,
            cache,
        } = labels;
        if let Some(cache) = cache {
            let result = match cache {
                CacheOutcome::Hit => "hit",
                CacheOutcome::Miss => "miss",
            };
            let set = CacheSet {
                operation,
                format,
                result,
            };
            self.caches.get_or_create(&set).inc();
        }
        self.requests
            .get_or_create(&RequestSet {
                operation,
                format,
                outcome: outcome.label(),
            })
            .inc();
        self.sent_bytes
            .get_or_create(&FormatSet { format })
            .inc_by(sent_bytes);
        self.durations
            .get_or_create(&FormatSet { format })
            .observe(duration.as_secs_f64());
    }

    /// A public source was asked. `outcome` is a fixed word.
    pub fn upstream_asked(&self, connection: &str, outcome: &'static str, duration: Duration) {
        let labels = UpstreamSet {
            connection: connection.to_owned(),
            outcome,
        };
        self.upstream
            .get_or_create(&labels)
            .observe(duration.as_secs_f64());
    }

    /// Audit records were written.
    pub fn audit_records_written(&self, count: u64) {
        let result = "written";
        self.audit_records
            .get_or_create(&AuditSet { result })
            .inc_by(count);
    }

    /// Audit records were lost.
    pub fn audit_records_lost(&self, count: u64) {
        let result = "lost";
        self.audit_records
            .get_or_create(&AuditSet { result })
            .inc_by(count);
    }

    /// An event was sent to an endpoint, which acknowledged it or did not.
    pub fn event_sent(&self, endpoint: &str, is_acknowledged: bool) {
        let endpoint = endpoint.to_owned();
        let result = if is_acknowledged {
            "delivered"
        } else {
            "failed"
        };
        self.event_deliveries
            .get_or_create(&DeliverySet { endpoint, result })
            .inc();
    }

    /// How many entries of the log an endpoint is behind.
    pub fn event_lag(&self, endpoint: &str, entries: u64) {
        let endpoint = endpoint.to_owned();
        self.event_lag
            .get_or_create(&EndpointSet { endpoint })
            .set(i64::try_from(entries).unwrap_or(i64::MAX));
    }

    /// A fetch begins; it lasts until what is returned is dropped.
    #[must_use]
    pub fn fetch_opened(&self) -> OpenOne {
        OpenOne::new(&self.open_fetches)
    }

    /// A client connected; it lasts until what is returned is dropped.
    #[must_use]
    pub fn connection_opened(self: &Arc<Self>) -> OpenOne {
        OpenOne::new(&self.open_connections)
    }

    /// Everything, as text.
    #[must_use]
    pub fn render(&self) -> String {
        let mut page = String::new();
        text::encode(&mut page, &self.registry).expect("writing to a string does not fail");
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_rendered() {
        let metrics = Arc::new(Metrics::new());
        let labels = RequestLabels {
            operation: "ListDomains",
            format: "",
            cache: None,
        };
        metrics.request_finished(
            labels,
            Outcome::of(StatusCode::OK),
            12,
            Duration::from_millis(1),
        );
        metrics.request_finished(labels, Outcome::Cut, 3, Duration::from_millis(1));
        let cached = RequestLabels {
            operation: "packument",
            format: "npm",
            cache: Some(CacheOutcome::Hit),
        };
        metrics.request_finished(cached, Outcome::Success, 5, Duration::from_millis(1));
        metrics.upstream_asked("public:npmjs", "ok", Duration::from_millis(40));
        metrics.audit_records_written(3);
        metrics.audit_records_lost(1);
        metrics.event_sent("hook", true);
        metrics.event_sent("hook", false);
        metrics.event_lag("hook", 7);
        let open = (metrics.fetch_opened(), metrics.connection_opened());
        let page = metrics.render();
        for line in [
            "reliquary_requests_total{operation=\"ListDomains\",format=\"\",outcome=\"success\"} 1",
            "reliquary_requests_total{operation=\"ListDomains\",format=\"\",outcome=\"cut\"} 1",
            "reliquary_sent_bytes_total{format=\"\"} 15",
            "reliquary_request_seconds_count{format=\"\"} 2",
            "reliquary_cache_lookups_total{operation=\"packument\",format=\"npm\",result=\"hit\"} 1",
            "reliquary_upstream_seconds_count{connection=\"public:npmjs\",outcome=\"ok\"} 1",
            "reliquary_audit_records_total{result=\"written\"} 3",
            "reliquary_audit_records_total{result=\"lost\"} 1",
            "reliquary_event_deliveries_total{endpoint=\"hook\",result=\"delivered\"} 1",
            "reliquary_event_deliveries_total{endpoint=\"hook\",result=\"failed\"} 1",
            "reliquary_event_lag{endpoint=\"hook\"} 7",
            "reliquary_open_fetches 1",
            "reliquary_open_connections 1",
            "# EOF",
        ] {
            assert!(
                page.lines().any(|one| one == line),
                "{line} is not in\n{page}"
            );
        }
        drop(open);
        assert!(metrics.render().contains("reliquary_open_fetches 0\n"));
    }
}
