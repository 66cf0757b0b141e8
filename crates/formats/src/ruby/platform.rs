//! Platforms (RubyGems, `Gem::Platform`): what a gem with compiled parts is for.

/// The platform of gems that run anywhere.
pub(super) const RUBY: &str = "ruby";
const PLATFORM_BYTES: usize = 100;

/// A platform, taken apart as RubyGems does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Platform {
    pub(super) cpu: Option<String>,
    pub(super) os: String,
    pub(super) version: Option<String>,
}

/// Whether this can be a platform in the name of a file: it begins with a letter.
pub(super) fn is_platform(text: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    text.len() <= PLATFORM_BYTES
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with('-')
        && text.bytes().all(is_part)
}

impl Platform {
    /// Reads a platform; `None` for `ruby`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text == RUBY {
            return None;
        }
        let mut parts: Vec<String> = text.split('-').map(str::to_owned).collect();
        if parts.len() > 2
            && parts.last().is_some_and(|last| !ends_in_number(last))
            && let Some(last) = parts.pop()
            && let Some(os) = parts.last_mut()
        {
            // What follows the system, e.g. its C library.
            os.push('-');
            os.push_str(&last);
        }
        let mut parts = parts.into_iter();
        let first = parts.next()?;
        let cpu = if is_old_intel(&first) {
            "x86".to_owned()
        } else {
            first
        };
        let rest: Vec<String> = parts.collect();
        if let [os, version] = rest.as_slice()
            && is_version(version)
        {
            return Some(Self {
                cpu: Some(cpu),
                os: os.clone(),
                version: Some(version.clone()),
            });
        }
        Some(match rest.first() {
            Some(os) => Self::of_system(Some(cpu), os),
            // Of old: a system alone, such as `java`.
            None => Self::of_system(None, &cpu),
        })
    }

    fn of_system(cpu: Option<String>, os: &str) -> Self {
        let (mut cpu, mut version) = (cpu, None);
        let after = |word: &str| {
            let rest = &os[os.find(word)? + word.len()..];
            Some(rest.strip_prefix('-').unwrap_or(rest))
        };
        let digits = |text: &str| prefix(text, |c| c.is_ascii_digit());
        let numbers = |text: &str| prefix(text, |c| c.is_ascii_digit() || c == '.');
        let words = |text: &str| prefix(text, |c| c.is_ascii_alphanumeric() || c == '_');
        let name = if let Some(rest) = after("aix") {
            version = digits(rest);
            "aix"
        } else if os.contains("cygwin") {
            "cygwin"
        } else if let Some(rest) = after("darwin") {
            version = digits(rest);
            "darwin"
        } else if let Some(rest) = after("freebsd") {
            version = digits(rest);
            "freebsd"
        } else if matches!(os, "java" | "jruby") {
            "java"
        } else if os.starts_with("java") {
            version = after("java").and_then(numbers);
            "java"
        } else if os.starts_with("dalvik") {
            version = after("dalvik").and_then(digits);
            "dalvik"
        } else if os.starts_with("dotnet") {
            version = after("dotnet").and_then(numbers);
            "dotnet"
        } else if let Some(rest) = after("linux") {
            version = words(rest);
            "linux"
        } else if os.contains("mingw32") {
            "mingw32"
        } else if let Some(rest) = after("mingw") {
            version = words(rest);
            "mingw"
        } else if let Some(rest) = after("mswin") {
            return Self::of_mswin(cpu, rest);
        } else if os.contains("netbsdelf") {
            "netbsdelf"
        } else if let Some(rest) = after("openbsd") {
            version = numbers(rest);
            "openbsd"
        } else if let Some(rest) = after("solaris") {
            version = numbers(rest);
            "solaris"
        } else if os.contains("wasi") {
            "wasi"
        } else {
            "unknown"
        };
        Self {
            cpu: cpu.take(),
            os: name.to_owned(),
            version,
        }
    }

    fn of_mswin(cpu: Option<String>, rest: &str) -> Self {
        let bits = prefix(rest, |c| c.is_ascii_digit()).unwrap_or_default();
        let version = rest[bits.len()..].trim_start_matches(['_', '-']);
        let is_32 = bits == "32";
        Self {
            cpu: cpu.or_else(|| is_32.then(|| "x86".to_owned())),
            os: format!("mswin{bits}"),
            version: prefix(version, |c| c.is_ascii_digit()),
        }
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(cpu) = &self.cpu {
            write!(f, "{cpu}-")?;
        }
        f.write_str(&self.os)?;
        match &self.version {
            Some(version) => write!(f, "-{version}"),
            None => Ok(()),
        }
    }
}

/// A platform as it stands in names: `ruby`, or in RubyGems' own form.
pub(super) fn normal(text: &str) -> String {
    Platform::parse(text).map_or_else(|| RUBY.to_owned(), |platform| platform.to_string())
}

fn prefix(text: &str, is_of: impl Fn(char) -> bool) -> Option<String> {
    let end = text.find(|c| !is_of(c)).unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

fn ends_in_number(part: &str) -> bool {
    part.ends_with(|c: char| c.is_ascii_digit())
}

fn is_version(part: &str) -> bool {
    let (major, minor) = part.split_once('.').unwrap_or((part, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits(major) && digits(minor)
}

/// `i386` to `i986`.
fn is_old_intel(part: &str) -> bool {
    part.as_bytes()
        .windows(4)
        .any(|word| word[0] == b'i' && word[1].is_ascii_digit() && &word[2..] == b"86")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_rb_1_platforms_are_taken_apart_as_rubygems_does() {
        let parts = |text| {
            let platform = Platform::parse(text).unwrap();
            (
                platform.cpu.unwrap_or_default(),
                platform.os,
                platform.version.unwrap_or_default(),
            )
        };
        for (text, cpu, os, version) in [
            ("x86_64-linux", "x86_64", "linux", ""),
            ("x86_64-linux-gnu", "x86_64", "linux", "gnu"),
            ("aarch64-linux-musl", "aarch64", "linux", "musl"),
            ("arm-linux-gnueabihf", "arm", "linux", "gnueabihf"),
            ("arm64-darwin", "arm64", "darwin", ""),
            ("x86_64-darwin-20", "x86_64", "darwin", "20"),
            ("universal-darwin9", "universal", "darwin", "9"),
            ("i686-linux", "x86", "linux", ""),
            ("java", "", "java", ""),
            ("jruby", "", "java", ""),
            ("x64-mingw32", "x64", "mingw32", ""),
            ("x64-mingw-ucrt", "x64", "mingw", "ucrt"),
            ("x86-mswin32-60", "x86", "mswin32", "60"),
            ("mswin32", "x86", "mswin32", ""),
            ("x86-solaris2.8", "x86", "solaris", "2.8"),
            ("wasm32-wasi", "wasm32", "wasi", ""),
            ("toaster", "", "unknown", ""),
        ] {
            let expected = (cpu.to_owned(), os.to_owned(), version.to_owned());
            assert_eq!(parts(text), expected, "{text}");
        }
        assert_eq!(Platform::parse("ruby"), None);
        assert_eq!(normal("x86_64-linux-gnu"), "x86_64-linux-gnu");
        assert_eq!(normal("i686-linux"), "x86-linux");
        assert_eq!(normal(""), "ruby");
        assert!(is_platform("x86_64-linux") && !is_platform("2.0") && !is_platform("a/b"));
    }
}
