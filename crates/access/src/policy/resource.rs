//! Patterns of resources: `*`, or an ARN with wildcards and, in the part that names the resource, variables.
//!
//! ARNs are compared as text: case, `:` and `/` count. In an ARN with all six segments, wildcards of the first five
//! stay inside their segment, so that no name of a resource can pose as an account. A `*` that ends a segment of a
//! shorter pattern goes on past the colons, as documented:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>.

use super::error::{PolicyError, quoted};
use super::pattern::{Pattern, Token, wild_tokens};
use super::variable::{Reading, Template};

/// How many segments an ARN has; the last one is the resource, and may have colons of its own.
const SEGMENTS: usize = 6;

/// Reads one value of `Resource` or `NotResource`.
pub(super) fn parse_resource(text: &str, variables: bool) -> Result<Template, PolicyError> {
    if text == "*" {
        return Ok(Template::Fixed(Pattern::Anything));
    }
    let segments: Vec<&str> = text.splitn(SEGMENTS, ':').collect();
    check_shape(text, &segments, variables)?;
    if segments.len() == SEGMENTS {
        return Template::parse(text, Reading::Arn, variables);
    }
    Ok(Template::Fixed(Pattern::new(short_tokens(&segments))))
}

fn check_shape(text: &str, segments: &[&str], variables: bool) -> Result<(), PolicyError> {
    if segments[0] != "arn" || segments.len() < 2 {
        return Err(PolicyError::new(format!(
            "Resource {} must be in ARN format or \"*\". Write for example \
             arn:aws:codeartifact:us-west-2:111122223333:repository/my-domain/my-repository.",
            quoted(text)
        )));
    }
    let head = &segments[1..segments.len().min(SEGMENTS - 1)];
    if variables && head.iter().any(|segment| segment.contains("${")) {
        return Err(PolicyError::new(format!(
            "Resource {} has a variable before its fifth colon; variables may only stand in the part that names the \
             resource.",
            quoted(text)
        )));
    }
    let service = segments.get(2).copied().unwrap_or_default();
    if service.is_empty() || service.contains(['*', '?']) {
        return Err(PolicyError::new(format!(
            "Resource vendor must be fully qualified and cannot contain regexes. Resource {} does not name its service \
             after the second colon.",
            quoted(text)
        )));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-*?".contains(c);
    let short = segments.len() < SEGMENTS;
    // In a short pattern the last segment is the beginning of anything.
    let strict = if short {
        1..segments.len() - 1
    } else {
        1..SEGMENTS - 1
    };
    let odd_segment = segments[1].is_empty()
        || segments[strict]
            .iter()
            .any(|segment| !segment.chars().all(plain));
    let unreachable = short && !segments[3..].iter().any(|segment| segment.ends_with('*'));
    let nameless = !short && segments[SEGMENTS - 1].is_empty();
    if odd_segment || unreachable || nameless {
        return Err(PolicyError::new(format!(
            "Resource {} must be in ARN format or \"*\". An ARN has six parts: \
             arn:partition:service:region:account:resource.",
            quoted(text)
        )));
    }
    Ok(())
}

/// The steps of an ARN with fewer segments than six.
fn short_tokens(segments: &[&str]) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (at, segment) in segments.iter().enumerate() {
        if at > 0 {
            tokens.push(Token::Byte(b':'));
        }
        let mut steps = wild_tokens(segment);
        let last = steps.len().saturating_sub(1);
        for (place, step) in steps.iter_mut().enumerate() {
            match step {
                Token::Any { colons } => *colons = place == last,
                Token::One { colons } => *colons = false,
                Token::Byte(_) => {}
            }
        }
        tokens.extend(steps);
    }
    tokens
}
