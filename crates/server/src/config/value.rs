//! Reading and printing single values.

use std::fmt;
use std::net::SocketAddr;

use url::Url;

use super::AddressRange;

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a value out of sight.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The value itself. Only for the place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// What stands in the place of a secret.
pub(super) const HIDDEN: &str = "(hidden)";

/// Stores a value that could be read.
pub(super) fn put<T>(place: &mut T, value: Result<T, String>) -> Result<(), String> {
    *place = value?;
    Ok(())
}

/// `32768`, `32 KiB`, `5GB`.
pub(super) fn size_bytes(text: &str) -> Result<u64, String> {
    match size_or_none(text)? {
        0 => Err("it must not be zero".to_owned()),
        size => Ok(size),
    }
}

/// The same, where 0 means nothing of it.
pub(super) fn size_or_none(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return Err("it is not a size".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "it is not a size".to_owned())?;
    number
        .checked_mul(factor)
        .ok_or_else(|| "it is too large".to_owned())
}

/// The shortest exact way to write a size.
pub(super) fn show_bytes(size: u64) -> String {
    for (unit, factor) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if size >= factor && size.is_multiple_of(factor) {
            return format!("{} {unit}", size / factor);
        }
    }
    size.to_string()
}

/// A count of at least `least`.
pub(super) fn count(text: &str, least: u64) -> Result<u64, String> {
    let number: u64 = text
        .parse()
        .map_err(|_| "it is not a whole number".to_owned())?;
    if number < least {
        Err(format!("it is below {least}"))
    } else {
        Ok(number)
    }
}

/// `IP:port`.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "it is not an address with a port".to_owned())
}

/// `true` or `false`.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("it is neither true nor false".to_owned()),
    }
}

/// One of a closed list of words.
pub(super) fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    words
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, value)| *value)
        .ok_or_else(|| "there is no such choice".to_owned())
}

/// Something that is there.
pub(super) fn non_empty(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        Err("it is empty".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

/// A web address without credentials, query or fragment.
pub(super) fn web_address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("it is not a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("its scheme is {}", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "it carries a user name or password; credentials have settings of their own".to_owned(),
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it has a query or a fragment".to_owned());
    }
    Ok(url)
}

/// The address of a PostgreSQL database, without its password: what is printed and logged may hold it.
pub(super) fn database_address(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| format!("it is not a URL: {error}"))?;
    if url.password().is_some() || url.query_pairs().any(|(key, _)| key == "password") {
        return Err(
            "it carries a password, which belongs into store.password_file or RELIQUARY_STORE_PASSWORD"
                .to_owned(),
        );
    }
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err(format!("its scheme is {}", url.scheme()));
    }
    Ok(text.to_owned())
}

/// The address of a server: no path either, since signatures cover the path that the client sees.
pub(super) fn origin_address(text: &str) -> Result<Url, String> {
    let url = web_address(text)?;
    if url.path() == "/" {
        Ok(url)
    } else {
        Err("it has a path".to_owned())
    }
}

/// A host name, with a port if need be.
pub(super) fn host_and_port(text: &str) -> Result<String, String> {
    let (host, port) = text
        .split_once(':')
        .map_or((text, None), |(host, port)| (host, Some(port)));
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if host.len() > 190 || !host.split('.').all(label) {
        return Err("it is not a host name in lower case".to_owned());
    }
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err("its port is not a number".to_owned());
    }
    Ok(text.to_owned())
}

/// Lower-case letters, digits and hyphens.
pub(super) fn slug(text: &str) -> Result<String, String> {
    let good = (1..=40).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if good {
        Ok(text.to_owned())
    } else {
        Err("it has other characters, or is empty or too long".to_owned())
    }
}

/// `packages.example, packages.example:8740`; nothing at all is an empty list.
pub(super) fn hosts(text: &str) -> Result<Vec<String>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| host_and_port(part).map_err(|reason| format!("{part}: {reason}")))
        .collect()
}

/// `10.0.0.0/8, fd00::1`; nothing at all is an empty list.
pub(crate) fn address_ranges(text: &str) -> Result<Vec<AddressRange>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| AddressRange::parse(part).map_err(|reason| format!("{part}: {reason}")))
        .collect()
}
