//! Who asks, and may they: request signatures, authorization tokens, package clients' credentials, decisions.
//!
//! Pure functions over parsed input: no I/O, no clock, no store. What they need to know (a secret, the keys of
//! the installation, the time) is handed in. Randomness for new secrets is the one thing taken from the system.

pub mod credentials;
pub mod decision;
pub mod explanation;
pub mod policy;
mod sealing;
pub mod secret;
pub mod session;
pub mod sigv4;
pub mod token;
pub mod web_identity;

pub use credentials::{CredentialsError, read_package_token};
pub use decision::{AuthorizeInput, Decision, DenyReason, Policies, RequestContext, authorize};
pub use explanation::{Explanation, PolicyFinding, PolicyPlace, explain};
pub use policy::{Asker, Judgement, Policy, PolicyError, PolicyKind, Question, Verdict};
pub use secret::{AccessKeyId, RandomnessError, SecretKey};
pub use session::{Session, SessionError, SessionKeys, TemporaryCredentials};
pub use sigv4::{Payload, RequestParts, Signature, SignatureError, VerifyInput};
pub use token::{TokenClaims, TokenError, TokenKey, TokenKeyError, TokenKeys, TokenLifetime};
pub use web_identity::{KeySet, WebIdentity, WebIdentityError, WebIdentityToken};
