//! What users, roles, policies, paths and sessions may be called.

use model::{Constraint, Error, InvalidReason, Result, Violation, violations_message};

const NAME_PATTERN: &str = r"[\w+=,.@-]+";
const PATH_PATTERN: &str = r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)";

fn check(member: &str, value: &str, min: usize, max: usize) -> Result<()> {
    let good = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let constraint = if value.len() < min {
        Constraint::MinLength(min)
    } else if value.len() > max {
        Constraint::MaxLength(max)
    } else if value.chars().all(good) {
        return Ok(());
    } else {
        Constraint::Pattern(NAME_PATTERN)
    };
    Err(violation(member, value, constraint))
}

fn violation(member: &str, value: &str, constraint: Constraint) -> Error {
    let violation = Violation {
        member: member.into(),
        value: Some(value.into()),
        constraint,
    };
    Error::invalid(
        InvalidReason::FieldValidation,
        violations_message(&[violation]),
    )
}

/// User names follow IAM: 1 to 64 letters, digits and `_+=,.@-`.
pub(crate) fn check_user_name(name: &str) -> Result<()> {
    check("userName", name, 1, 64)
}

pub(super) fn check_role_name(name: &str) -> Result<()> {
    check("roleName", name, 1, 64)
}

pub(super) fn check_policy_name(name: &str) -> Result<()> {
    check("policyName", name, 1, 128)
}

/// Names of role sessions: 2 to 64 of the same characters.
pub fn check_session_name(name: &str) -> Result<()> {
    check("roleSessionName", name, 2, 64)
}

/// Checks a path: `/`, or something between two slashes. Wildcards have no place in what policies match with them.
pub fn read_path(path: &str) -> Result<&str> {
    if path.len() > 512 {
        return Err(violation("path", path, Constraint::MaxLength(512)));
    }
    let is_plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'*' | b'?' | b':' | b'$');
    let inner = path
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix('/'));
    let good = path == "/"
        || inner.is_some_and(|inner| {
            inner
                .split('/')
                .all(|part| !part.is_empty() && part.bytes().all(is_plain))
        });
    if good {
        Ok(path)
    } else {
        Err(violation("path", path, Constraint::Pattern(PATH_PATTERN)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths_are_those_of_iam() {
        for good in ["a", "jane.doe@example", "A_b+c=d,e-f", &"x".repeat(64)] {
            assert!(check_user_name(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a/b", "a*", "é", "a:b", "a\n", &"x".repeat(65)] {
            assert!(check_user_name(bad).is_err(), "{bad}");
        }
        assert!(check_policy_name(&"x".repeat(128)).is_ok());
        assert!(check_session_name("x").is_err());
        for good in ["/", "/team/", "/team/build-7/"] {
            assert!(read_path(good).is_ok(), "{good}");
        }
        for bad in [
            "", "team", "/team", "team/", "//", "/a//b/", "/a*/", "/a b/", "/\u{e9}/",
        ] {
            assert!(read_path(bad).is_err(), "{bad}");
        }
    }
}
