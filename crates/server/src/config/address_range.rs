//! Ranges of network addresses, as `10.0.0.0/8` (RFC 4632, RFC 4291).

use std::fmt;
use std::net::IpAddr;

/// All addresses that begin with the same bits; a single one if all its bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    first: IpAddr,
    prefix_bits: u8,
}

impl AddressRange {
    /// Reads `10.0.0.0/8`, `fd00::/8`, `192.0.2.7`. The range of everything is none: whoever trusts all addresses
    /// trusts every client's word.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (address, bits) = match text.split_once('/') {
            None => (text, None),
            Some((address, bits)) => (address, Some(bits)),
        };
        let first: IpAddr = address
            .parse()
            .map_err(|_| "it is not an IP address or a range of them".to_owned())?;
        if first.to_canonical() != first {
            return Err("it is an IPv4 address written as IPv6".to_owned());
        }
        let most = width(first);
        let prefix_bits = match bits {
            None => most,
            Some(bits) if !bits.is_empty() && bits.bytes().all(|b| b.is_ascii_digit()) => bits
                .parse()
                .ok()
                .filter(|bits| *bits <= most)
                .ok_or_else(|| format!("its prefix is longer than {most} bits"))?,
            Some(_) => return Err("its prefix is not a number of bits".to_owned()),
        };
        if prefix_bits == 0 {
            return Err("it means every address".to_owned());
        }
        let range = Self { first, prefix_bits };
        if range.bits_behind_prefix(first) != 0 {
            return Err("bits are set behind its prefix".to_owned());
        }
        Ok(range)
    }

    /// Whether an address, in its canonical form, is in the range.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let shift = u32::from(width(self.first) - self.prefix_bits);
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                (first.to_bits() ^ address.to_bits()) >> shift == 0
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                (first.to_bits() ^ address.to_bits()) >> shift == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }

    const fn bits_behind_prefix(self, address: IpAddr) -> u128 {
        match address {
            // Widened first: a shift by the whole width is none.
            IpAddr::V4(address) => {
                (address.to_bits() as u128) & ((1 << (32 - self.prefix_bits)) - 1)
            }
            IpAddr::V6(address) => address.to_bits() & ((1 << (128 - self.prefix_bits)) - 1),
        }
    }
}

const fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix_bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(range: &str, address: &str) -> bool {
        let range = AddressRange::parse(range).unwrap();
        range.contains(address.parse().unwrap())
    }

    #[test]
    fn an_address_is_in_a_range_when_the_bits_of_the_prefix_agree() {
        for (range, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.0/31", "192.0.2.1", "192.0.2.2"),
            ("128.0.0.0/1", "255.255.255.255", "127.255.255.255"),
            ("fd00::/8", "fdff::1", "fe00::"),
            ("2001:db8::1", "2001:db8::1", "2001:db8::2"),
            ("10.0.0.0/8", "10.0.0.0", "::ffff:10.0.0.1"),
            ("fd00::/8", "fd00::", "253.0.0.1"),
        ] {
            assert!(contains(range, inside), "{range} {inside}");
            assert!(!contains(range, outside), "{range} {outside}");
        }
    }

    #[test]
    fn a15_what_is_no_range_or_means_everyone_is_refused() {
        for bad in [
            "",
            "*",
            "any",
            "0.0.0.0/0",
            "::/0",
            "10.0.0.0/0",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "fd00::/129",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/999",
            "10.0.0/8",
            "proxy.example",
            "10.0.0.1:80",
            "::ffff:10.0.0.0/104",
        ] {
            assert!(AddressRange::parse(bad).is_err(), "{bad}");
        }
    }
}
