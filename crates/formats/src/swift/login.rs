//! `POST login`: what `swift package-registry login` asks whether a token is good; and `GET availability`, which the
//! package manager asks where its configuration says that a registry answers that.

use futures_util::future::BoxFuture;
use model::Result;

use crate::kit::body::{Body, Response, empty};
use crate::{Context, Endpoint, Reply};

/// `POST login`: whoever gets here has shown a good token.
pub(super) struct Login;

impl Endpoint for Login {
    fn label(&self) -> &'static str {
        "login"
    }

    fn run(self: Box<Self>, _: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async { Ok(Response::new(empty()).into()) })
    }
}

/// `GET availability`
pub(super) struct TellAvailability;

impl Endpoint for TellAvailability {
    fn label(&self) -> &'static str {
        "tell-availability"
    }

    fn run(self: Box<Self>, _: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async { Ok(Response::new(empty()).into()) })
    }
}
