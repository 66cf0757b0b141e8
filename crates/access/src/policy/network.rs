//! Networks of conditions: `203.0.113.0/24`, `2001:db8::/32`, or one address.

use std::net::IpAddr;

/// A block of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    base: u128,
    mask: u128,
    is_v6: bool,
}

impl Network {
    /// Reads an address with the length of its prefix; without one it is that address alone.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let written: IpAddr = address.parse().ok()?;
        let width = if written.is_ipv6() { 128 } else { 32 };
        let length = match length {
            None => width,
            Some(digits) if digits.len() <= 3 && digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits
                    .parse::<u32>()
                    .ok()
                    .filter(|length| *length <= width)?
            }
            Some(_) => return None,
        };
        // IPv4 written as IPv6 is IPv4, as it is in requests.
        let (address, length) = match written.to_canonical() {
            mapped @ IpAddr::V4(_) if written.is_ipv6() && length >= 96 => (mapped, length - 96),
            _ => (written, length),
        };
        let (bits, is_v6) = bits(address);
        let width = if is_v6 { 128 } else { 32 };
        let mask = match length {
            0 => 0,
            length => (u128::MAX >> (128 - length)) << (width - length),
        };
        Some(Self {
            base: bits & mask,
            mask,
            is_v6,
        })
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let (bits, is_v6) = bits(address.to_canonical());
        is_v6 == self.is_v6 && bits & self.mask == self.base
    }
}

fn bits(address: IpAddr) -> (u128, bool) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), false),
        IpAddr::V6(address) => (address.to_bits(), true),
    }
}
