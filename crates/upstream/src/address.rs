//! Which addresses a source may have. A source's name, and every redirect, is in the hands of someone else; without
//! this rule they could aim the server at its own neighbours (server-side request forgery).
//!
//! The registries of special addresses: RFC 6890 and its IANA lists. The documentation ranges are not refused: they
//! lead nowhere on the internet, and test networks put mirrors there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::error::SourceError;

/// What a network is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The internet.
    Public,
    /// The machine or the network it stands in; for connections whose operator said so.
    Private,
    /// Never a source: cloud metadata services, and addresses that stand for no one host.
    Never,
}

/// Whether a connection may talk to this address.
pub(crate) fn is_allowed(address: IpAddr, allow_private_network: bool) -> bool {
    match reach(address) {
        Reach::Public => true,
        Reach::Private => allow_private_network,
        Reach::Never => false,
    }
}

/// Checks a URL whose host is written as an address. Decimal, octal, hexadecimal and short forms have become plain
/// addresses when the URL was parsed. Names are checked where they are resolved, in `resolver`.
pub(crate) fn check_literal(url: &Url, allow_private_network: bool) -> Result<(), SourceError> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) => return Ok(()),
        None => {
            return Err(SourceError::ForbiddenUrl {
                reason: "it names no host",
            });
        }
    };
    if is_allowed(address, allow_private_network) {
        Ok(())
    } else {
        Err(SourceError::ForbiddenAddress {
            host: address.to_string(),
        })
    }
}

fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    // The metadata services of the large clouds, with and without a link-local address.
    const METADATA: [Ipv4Addr; 5] = [
        Ipv4Addr::new(169, 254, 169, 254),
        Ipv4Addr::new(169, 254, 170, 2),
        Ipv4Addr::new(100, 100, 100, 200),
        Ipv4Addr::new(168, 63, 129, 16),
        Ipv4Addr::new(192, 0, 0, 192),
    ];
    if METADATA.contains(&address) {
        return Reach::Never;
    }
    match address.octets() {
        // "This network": connects to the machine itself on most systems. Multicast. Reserved, with broadcast.
        [0, ..] | [224..=255, ..] => Reach::Never,
        [10, ..] | [127, ..] => Reach::Private,
        // Carrier-grade NAT, link-local, the two other private ranges, IETF protocol assignments, 6to4 relays,
        // benchmarking.
        [100, 64..=127, ..]
        | [169, 254, ..]
        | [172, 16..=31, ..]
        | [192, 168, ..]
        | [192, 0, 0, _]
        | [192, 88, 99, _]
        | [198, 18..=19, ..] => Reach::Private,
        _ => Reach::Public,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    const METADATA: [Ipv6Addr; 2] = [
        Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254),
        Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254),
    ];
    if METADATA.contains(&address) {
        return Reach::Never;
    }
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        reach_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 0] => Reach::Never,
        [0, 0, 0, 0, 0, 0, 0, 1] => Reach::Private,
        // Forms that carry a version 4 address are what that address is: mapped, compatible, translated, NAT64, 6to4.
        [0, 0, 0, 0, 0, 0xffff | 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low).max_private(),
        // NAT64 inside of a network, Teredo, discard-only, and ORCHID: never a public registry.
        [0x64, 0xff9b, 1, ..] | [0x2001, 0, ..] | [0x100, 0, 0, 0, ..] => Reach::Private,
        [0x2001, second, ..] if (0x10..=0x2f).contains(&second) => Reach::Private,
        // Unique local, link-local and the former site-local, multicast.
        [first, ..] if first & 0xfe00 == 0xfc00 => Reach::Private,
        [first, ..] if first & 0xff80 == 0xfe80 => Reach::Private,
        [first, ..] if first & 0xff00 == 0xff00 => Reach::Never,
        _ => Reach::Public,
    }
}

impl Reach {
    /// 6to4 goes through whichever relay is near, so it is never public.
    const fn max_private(self) -> Self {
        match self {
            Self::Public | Self::Private => Self::Private,
            Self::Never => Self::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Reach {
        reach(text.parse().unwrap())
    }

    #[test]
    fn x01_every_special_range_is_known() {
        let private = [
            "127.0.0.1",
            "127.255.255.255",
            "10.0.0.1",
            "10.255.255.255",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "192.168.255.255",
            "169.254.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "192.0.0.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.19.255.255",
            "::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "fc00::1",
            "fdff::1",
            "::ffff:127.0.0.1",
            "::ffff:10.1.2.3",
            "::ffff:192.168.1.1",
            "::127.0.0.1",
            "::ffff:0:127.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a00:1::",
            "2002:808:808::",
            "2001::1",
            "2001:20::1",
            "100::1",
        ];
        for address in private {
            assert_eq!(of(address), Reach::Private, "{address}");
        }
        let never = [
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "ff02::1",
            "::ffff:0.0.0.0",
            "::ffff:255.255.255.255",
            "64:ff9b::0.0.0.0",
            "2002:e000:1::",
        ];
        for address in never {
            assert_eq!(of(address), Reach::Never, "{address}");
        }
    }

    #[test]
    fn x01_cloud_metadata_is_refused_even_where_private_networks_are_allowed() {
        let services = [
            "169.254.169.254",
            "169.254.170.2",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "fd00:ec2::254",
            "fd20:ce::254",
            "::ffff:169.254.169.254",
            "64:ff9b::169.254.169.254",
            "2002:a9fe:a9fe::",
        ];
        for address in services {
            assert!(!is_allowed(address.parse().unwrap(), true), "{address}");
        }
    }

    #[test]
    fn addresses_of_the_internet_and_of_documentation_are_reachable() {
        let public = [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.2.1",
            "192.167.255.255",
            "198.51.100.7",
            "198.17.255.255",
            "198.20.0.0",
            "203.0.113.9",
            "223.255.255.255",
            "2001:db8::1",
            "2606:4700::1111",
            "2a04:4e42::347",
            "::ffff:203.0.113.9",
            "64:ff9b::1.1.1.1",
        ];
        for address in public {
            assert_eq!(of(address), Reach::Public, "{address}");
        }
    }

    #[test]
    fn x01_numeric_spellings_of_an_address_are_that_address() {
        let spellings = [
            "http://2130706433/",
            "http://017700000001/",
            "http://0x7f000001/",
            "http://0x7f.1/",
            "http://127.1/",
            "http://127.0.1/",
            "http://0177.0.0.1/",
            "http://%31%32%37.0.0.1/",
            "http://127.0.0.1./",
            "http://\u{ff11}27.0.0.1/",
            "http://[::ffff:7f00:1]/",
            "http://[0:0:0:0:0:ffff:127.0.0.1]/",
            "http://[::1]:8080/",
        ];
        for spelling in spellings {
            let url = Url::parse(spelling).unwrap();
            assert!(
                matches!(
                    check_literal(&url, false),
                    Err(SourceError::ForbiddenAddress { .. })
                ),
                "{spelling} became {url}"
            );
            assert_eq!(check_literal(&url, true), Ok(()), "{spelling}");
        }
    }
}
