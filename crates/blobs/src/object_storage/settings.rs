//! Where an S3-compatible store is and how it is asked.

use std::fmt;
use std::time::Duration;

/// An S3-compatible store: one bucket, and the keys below one prefix in it.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// The address of the store, e.g. `https://s3.example:9000`; none for AWS's own in the region.
    pub endpoint: Option<String>,
    /// The region that requests are signed for.
    pub region: String,
    /// The bucket. It must be there.
    pub bucket: String,
    /// What all keys begin with, without a slash at either end; may be empty.
    pub prefix: String,
    /// Who asks.
    pub credentials: S3Credentials,
    /// Whether the bucket is named in the path, and not in the host name.
    pub path_style: bool,
    /// Whether the store may be asked without TLS.
    pub allow_http: bool,
    /// Certificates to trust besides the machine's own, PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// How patient requests are.
    pub patience: S3Patience,
}

/// How long the store may take, and how often it is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct S3Patience {
    /// To connect.
    pub connect: Duration,
    /// From the end of a request to the head of its answer.
    pub response: Duration,
    /// Between two pieces of an answer's body.
    pub idle: Duration,
    /// How often a request that failed for a reason that may pass is sent again.
    pub retries: usize,
    /// No request is sent again when this has passed since its first attempt.
    pub retry_within: Duration,
}

impl Default for S3Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            response: Duration::from_secs(20),
            idle: Duration::from_secs(30),
            retries: 4,
            retry_within: Duration::from_secs(15),
        }
    }
}

/// Who asks the store.
#[derive(Clone, PartialEq, Eq)]
pub enum S3Credentials {
    /// An access key.
    Key {
        /// Its public part.
        id: String,
        /// Its secret part.
        secret: String,
        /// The token of a key that is only lent.
        session_token: Option<String>,
    },
    /// A role that an identity token in a file stands for (a Kubernetes service account).
    WebIdentity {
        /// The file with the token. It is read again whenever the role's keys expire.
        token_file: String,
        /// The role's ARN.
        role_arn: String,
    },
    /// The role of the container that this runs in: the path that the container's agent was told, for the agent of ECS.
    Container {
        /// The value of `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`.
        relative_uri: String,
    },
    /// The role of the machine, by its metadata service.
    Machine,
}

impl fmt::Debug for S3Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { id, .. } => f
                .debug_struct("Key")
                .field("id", id)
                .finish_non_exhaustive(),
            Self::WebIdentity { role_arn, .. } => f
                .debug_struct("WebIdentity")
                .field("role_arn", role_arn)
                .finish_non_exhaustive(),
            Self::Container { .. } => f.write_str("Container"),
            Self::Machine => f.write_str("Machine"),
        }
    }
}
