//! Wildcards: agreement with the obvious recursive matcher, and what they must not reach.

use proptest::prelude::*;

use super::super::pattern::Pattern;
use super::super::resource::parse_resource;
use super::super::variable::{Match, Reading, Template};
use super::*;

/// A character of a pattern, and whether a wildcard may stand for colons.
type Step = (char, bool);

/// What matching means, as plainly as it can be said.
fn naive(pattern: &[Step], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((('*', colons), later)), Some((c, rest))) => {
            naive(later, text) || ((*colons || *c != ':') && naive(pattern, rest))
        }
        (Some((('*', _), later)), None) => naive(later, text),
        (Some((('?', colons), later)), Some((c, rest))) => {
            (*colons || *c != ':') && naive(later, rest)
        }
        (Some(((wanted, _), later)), Some((c, rest))) => wanted == c && naive(later, rest),
        (Some(_), None) => false,
    }
}

fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}

fn wide(pattern: &str) -> Vec<Step> {
    pattern.chars().map(|c| (c, true)).collect()
}

/// The first five segments keep their wildcards.
fn confined(pattern: &str) -> Vec<Step> {
    let mut colons = 0;
    let step = |c| {
        colons += usize::from(c == ':');
        (c, colons >= 5)
    };
    pattern.chars().map(step).collect()
}

/// Only a star that ends a segment crosses colons.
fn short(pattern: &str) -> Vec<Step> {
    let next = pattern.chars().skip(1).map(Some).chain([None]);
    pattern
        .chars()
        .zip(next)
        .map(|(c, next)| (c, c == '*' && matches!(next, None | Some(':'))))
        .collect()
}

fn matches(template: &Template, text: &str) -> bool {
    let request = Request::by(JANE);
    template.matches(text, &request.question()) == Match::Yes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn wildcards_agree_with_the_recursive_matcher(pattern in "[ab:é*?]{0,9}", text in "[ab:é]{0,12}") {
        let template = Template::parse(&pattern, Reading::Wild, false).unwrap();
        prop_assert_eq!(matches(&template, &text), naive(&wide(&pattern), &chars(&text)));
    }

    #[test]
    fn wildcards_in_arns_agree_with_the_recursive_matcher(pattern in "([ab*?]{0,3}:){4,6}[ab:*?]{0,4}", text in "([ab]{0,2}:){3,8}[ab:]{0,3}") {
        let template = Template::parse(&pattern, Reading::Arn, false).unwrap();
        prop_assert_eq!(matches(&template, &text), naive(&confined(&pattern), &chars(&text)));
    }

    #[test]
    fn short_arns_agree_with_the_recursive_matcher(tail in "([ab*?]{0,3}:)?[ab*?]{0,4}\\*", text in "([ab]{0,2}:){0,4}[ab]{0,3}") {
        let pattern = format!("arn:aws:sns:{tail}");
        let text = format!("arn:aws:sns:{text}");
        let template = parse_resource(&pattern, true).unwrap();
        prop_assert_eq!(matches(&template, &text), naive(&short(&pattern), &chars(&text)), "{} {}", pattern, text);
    }

    #[test]
    fn the_case_of_letters_is_ignored_where_it_should_be(pattern in "[aB*?]{0,8}", text in "[aAbB]{0,10}") {
        let compiled = Pattern::wild(&pattern.to_ascii_lowercase());
        let expected = naive(&wide(&pattern.to_ascii_lowercase()), &chars(&text.to_ascii_lowercase()));
        prop_assert_eq!(compiled.matches_ignoring_case(&text), expected);
    }
}

#[test]
fn d09_patterns_made_to_be_slow_are_not() {
    let text = "a".repeat(2_000);
    for pattern in [
        "a*".repeat(2_000) + "b",
        "*a".repeat(1_000) + "b",
        "*?".repeat(900) + "b",
    ] {
        let pattern = Template::parse(&pattern, Reading::Wild, false).unwrap();
        assert!(!matches(&pattern, &text));
    }
    // Stars inside segments, behind stars that cross them.
    let pattern = format!(
        "arn:aws:sns:{}:{}",
        "a*".repeat(200) + "b*",
        "a*".repeat(200) + "b*"
    );
    let pattern = parse_resource(&pattern, true).unwrap();
    assert!(!matches(&pattern, &format!("arn:aws:sns:{text}:{text}")));
}

#[test]
fn p15_s09_resources_are_exact_text() {
    let base = "arn:aws:codeartifact:us-west-2:111122223333";
    for (pattern, path, expected) in [
        ("repository/acme/team-a", "repository/acme/team-a", true),
        ("repository/acme/team-a", "repository/acme/team-ab", false),
        ("repository/acme/team-a*", "repository/acme/team-ab", true),
        ("repository/acme/team-?", "repository/acme/team-b", true),
        ("repository/acme/team-?", "repository/acme/team-bc", false),
        ("repository/acme", "repository/acme/team-a", false),
        ("repository:acme:team-a", "repository/acme/team-a", false),
        ("repository:acme/*", "repository/acme/team-a", false),
        ("REPOSITORY/acme/team-a", "repository/acme/team-a", false),
        (
            "package/acme/team-a/npm/parity/*",
            "package/acme/team-a/npm/parity/ui",
            true,
        ),
        (
            "package/acme/team-a/npm/parity/*",
            "package/acme/team-a/npm/parityx/ui",
            false,
        ),
        (
            "package/acme/team-a/npm/*",
            "package/acme/team-a/npm//react",
            true,
        ),
        (
            "package/acme/team-a/npm//react",
            "package/acme/team-a/npm//react",
            true,
        ),
        (
            "package/acme/team-a/npm/react",
            "package/acme/team-a/npm//react",
            false,
        ),
        (
            "package/acme/team-a/*/react",
            "package/acme/team-a/npm//react",
            true,
        ),
        ("*/acme/*", "domain/acme", false),
        ("*", "domain/acme", true),
    ] {
        let template = parse_resource(&format!("{base}:{pattern}"), true).unwrap();
        assert_eq!(
            matches(&template, resource(path).as_str()),
            expected,
            "{pattern} {path}"
        );
    }
}

#[test]
fn s09_segments_of_resources_have_wildcards_of_their_own() {
    let team = resource("repository/acme/team-a");
    for (pattern, expected) in [
        ("*", true),
        ("arn:aws:codeartifact:*:*:*", true),
        ("arn:*:codeartifact:*:111122223333:repository/*", true),
        ("arn:aws:codeartifact:us-*-2:1111????3333:*", true),
        ("arn:aws:codeartifact:us-*-1:*:*", false),
        ("arn:aws:codeartifact:*:444455556666:*", false),
        ("arn:aws:codeartifact::111122223333:*", false),
        ("arn:aws-cn:codeartifact:*:*:*", false),
        ("arn:aws:s3:*:*:*", false),
        // A star that ends a segment of a shorter pattern goes on.
        ("arn:aws:codeartifact:*", true),
        ("arn:aws:codeartifact:us-west-2:*", true),
        ("arn:aws:codeartifact:*:repository/acme/*", true),
        ("arn:aws:codeartifact:*:repository/other/*", false),
        ("arn:aws:codeartifact:us-east*", false),
    ] {
        let template = parse_resource(pattern, true).unwrap();
        assert_eq!(matches(&template, team.as_str()), expected, "{pattern}");
    }
}

#[test]
fn p15_no_name_poses_as_another_account_or_domain() {
    let foreign = resource("package/other/repo/generic/tools/x:package:acme");
    for pattern in [
        "arn:aws:codeartifact:*:*:acme",
        "arn:aws:codeartifact:*:*:package/acme/*",
        "arn:aws:codeartifact:us-*:*:package:acme",
    ] {
        let template = parse_resource(pattern, true).unwrap();
        assert!(!matches(&template, foreign.as_str()), "{pattern} {foreign}");
    }
}

#[test]
fn actions_are_not_case_sensitive_and_have_wildcards() {
    for (action, expected) in [
        ("codeartifact:ReadFromRepository", true),
        ("CodeArtifact:readfromrepository", true),
        ("codeartifact:Read*", true),
        ("codeartifact:read*repo*", true),
        ("codeartifact:?eadFromRepository", true),
        ("codeartifact:*", true),
        ("*", true),
        ("*:*", true),
        ("codeartifact:ReadFrom", false),
        ("codeartifact:ReadFromRepositoryX", false),
        ("codeartifact:Get*", false),
        ("sts:*", false),
        ("codeartifac:*", false),
    ] {
        let policy = own(&format!(
            r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}"#
        ));
        let allowed = Request::by(JANE).verdict(&policy) == Verdict::Allow;
        assert_eq!(allowed, expected, "{action}");
        let policy = own(&format!(
            r#"{{"Effect": "Allow", "NotAction": "{action}", "Resource": "*"}}"#
        ));
        let allowed = Request::by(JANE).verdict(&policy) == Verdict::Allow;
        assert_eq!(allowed, !expected, "not {action}");
    }
}
