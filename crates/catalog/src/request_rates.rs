//! Request rates: who is counted for what. Off unless the operator sets them.
//!
//! A signed call counts for its account, by reading or writing and for some operations by themselves; a package request
//! for its token and its account; what nobody can be named for, for the address it came from. Who proved an identity is
//! never counted by address, so neighbours behind one address do not shut each other out.

use std::net::IpAddr;

use model::Result;

use crate::rate_limiter::RateLimiter;
use crate::settings::Rates;
use crate::{Caller, Catalog};

/// Keys that are told apart at a time.
const ACCOUNTS: usize = 4096;
const TOKENS: usize = 65_536;
const ADDRESSES: usize = 65_536;

/// The limits that are on.
#[derive(Debug, Default)]
pub(crate) struct RequestRates {
    reads: Option<RateLimiter>,
    writes: Option<RateLimiter>,
    operations: Vec<(&'static str, RateLimiter)>,
    tokens: Option<RateLimiter>,
    addresses: Option<RateLimiter>,
}

impl RequestRates {
    pub(crate) fn new(rates: &Rates) -> Self {
        let limiter = |rate: Option<u32>, keys| rate.map(|rate| RateLimiter::new(rate, keys));
        let of_operation = |(name, rate)| Some((name, limiter(rate, ACCOUNTS)?));
        Self {
            reads: limiter(rates.reads_per_account, ACCOUNTS),
            writes: limiter(rates.writes_per_account, ACCOUNTS),
            operations: rates
                .of_operations()
                .into_iter()
                .filter_map(of_operation)
                .collect(),
            tokens: limiter(rates.per_token, TOKENS),
            addresses: limiter(rates.per_address_without_token, ADDRESSES),
        }
    }
}

impl Catalog {
    /// Counts a signed call of an operation, or refuses it.
    pub fn count_call(&self, caller: &Caller, operation: &str, is_read_only: bool) -> Result<()> {
        let now = self.now();
        for (name, limiter) in &self.rates.operations {
            if *name == operation {
                limiter.take(caller.account(), now)?;
            }
        }
        self.count_for_account(caller, 1, is_read_only)
    }

    /// Counts a package request, or refuses it. Some are worth several, such as one that asks for many packages.
    pub fn count_package_request(
        &self,
        caller: &Caller,
        token: Option<&str>,
        requests: u32,
        is_read_only: bool,
    ) -> Result<()> {
        if let (Some(limiter), Some(token)) = (&self.rates.tokens, token) {
            limiter.take_many(token.trim_ascii(), requests, self.now())?;
        }
        self.count_for_account(caller, requests, is_read_only)
    }

    /// Counts a request of someone who did not prove who he is, or refuses it.
    pub fn count_stranger(&self, address: Option<IpAddr>) -> Result<()> {
        match (&self.rates.addresses, address) {
            (Some(limiter), Some(address)) => limiter.take(network_of(address), self.now()),
            _ => Ok(()),
        }
    }

    fn count_for_account(&self, caller: &Caller, requests: u32, is_read_only: bool) -> Result<()> {
        let limiter = if is_read_only {
            &self.rates.reads
        } else {
            &self.rates.writes
        };
        match limiter {
            Some(limiter) => limiter.take_many(caller.account(), requests, self.now()),
            None => Ok(()),
        }
    }
}

/// What one party has of addresses: a whole /64 of version 6, in which it can change its own as it likes.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => std::net::Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d07_addresses_of_one_ipv6_network_are_one() {
        let network = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
