//! Numbers of conditions: integers and decimals, compared exactly.

/// Digits after the point.
const DECIMALS: usize = 15;
/// Digits before it.
const DIGITS: usize = 20;

/// A decimal number, as a multiple of 10^-15.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number(i128);

impl Number {
    /// Reads `-12.5`. Nothing else: no exponents, no spaces, no digits beyond what can be compared exactly.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
        let numeric = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let whole = match whole.trim_start_matches('0') {
            "" if !whole.is_empty() => "0",
            trimmed => trimmed,
        };
        if !numeric(whole, DIGITS) || !numeric(decimals, DECIMALS) {
            return None;
        }
        let scaled: i128 = format!("{whole}{decimals:0<DECIMALS$}").parse().ok()?;
        Some(Self(if negative { -scaled } else { scaled }))
    }
}
