//! GetAuthorizationToken: a token for package managers, good for one domain and some hours.
//!
//! The account's root may have one too: an installation begins with no other principal.

use access::TokenLifetime;
use model::{DomainRef, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::query_as;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};

pub(crate) struct GetAuthorizationToken;

pub(crate) struct Input {
    domain: DomainRef,
    lifetime: TokenLifetime,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    authorization_token: String,
    expiration: f64,
}

impl Operation for GetAuthorizationToken {
    const NAME: &'static str = "GetAuthorizationToken";
    const ROUTE: Route = post("/v1/authorization-token");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let seconds = p.integer(query_as("durationSeconds", "duration"), 0, 43_200);
        let lifetime = TokenLifetime::read(seconds?).map_err(|error| p.fault(error));
        Ok(Input {
            domain: domain?,
            lifetime: lifetime?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input { domain, lifetime } = input;
        ctx.allow::<Self>(Resource::Domain(&domain)).await?;
        ctx.catalog
            .allow_bearer_token(&ctx.caller, lifetime)
            .await?;
        let made = ctx
            .catalog
            .create_authorization_token(&ctx.caller, &domain, lifetime)
            .await?;
        Ok(Output {
            authorization_token: made.token,
            expiration: made.expires_at.as_seconds(),
        })
    }
}
