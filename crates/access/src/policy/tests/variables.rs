//! Policy variables, in resources and in values of conditions.

use super::*;

fn tagged(team: &str) -> Request {
    let mut request = Request::by(JANE);
    request.context.principal_tags = vec![("team".into(), team.into())];
    request
}

fn on(resource: &str) -> Policy {
    own(&format!(
        r#"{{"Effect": "Allow", "Action": "*", "Resource": "{resource}"}}"#
    ))
}

const REPOSITORIES: &str = "arn:aws:codeartifact:us-west-2:111122223333:repository";

#[test]
fn variables_stand_for_what_the_request_says() {
    let allowed = |request: &Request, resource: &str| {
        request.verdict(&on(&format!("{REPOSITORIES}/acme/{resource}"))) == Verdict::Allow
    };
    assert!(allowed(&tagged("team-a"), "${aws:PrincipalTag/team}"));
    assert!(allowed(&tagged("a"), "team-${aws:PrincipalTag/Team}"));
    assert!(allowed(&tagged("team"), "${AWS:principaltag/team}-*"));
    assert!(!allowed(&tagged("team-b"), "${aws:PrincipalTag/team}"));
    assert!(!allowed(&tagged("team"), "${aws:PrincipalTag/team}"));
    let jane = Request::by(JANE).of(Action::READ_FROM_REPOSITORY, "repository/acme/jane");
    assert!(allowed(&jane, "${aws:username}"));
    assert!(!allowed(&jane, "${aws:userid}"));
}

#[test]
fn a_variable_without_a_value_matches_nothing_unless_it_has_a_default() {
    let root = Request::by(ROOT);
    assert_eq!(
        root.verdict(&on("arn:aws:codeartifact:*:*:*${aws:username}")),
        Verdict::Silent
    );
    for (default, expected) in [
        ("team-a", Verdict::Allow),
        ("team-b", Verdict::Silent),
        ("team-?", Verdict::Silent),
    ] {
        for spelling in [
            format!("${{aws:username, '{default}'}}"),
            format!("${{aws:username,'{default}'}}"),
        ] {
            let policy = on(&format!("{REPOSITORIES}/acme/{spelling}"));
            assert_eq!(root.verdict(&policy), expected, "{spelling}");
        }
    }
    // With a value the default is nothing.
    let policy = on(&format!("{REPOSITORIES}/acme/${{aws:username, 'team-a'}}"));
    assert_eq!(Request::by(JANE).verdict(&policy), Verdict::Silent);
}

#[test]
fn s09_a_value_that_is_missing_is_never_a_reason_to_allow() {
    let root = Request::by(ROOT);
    for (effect, element, expected) in [
        // Everything but an unknown resource: nothing to allow, everything to forbid.
        (
            "Allow",
            r#""NotResource": "arn:aws:codeartifact:*:*:repository/acme/${aws:username}""#,
            Verdict::Silent,
        ),
        (
            "Deny",
            r#""NotResource": "arn:aws:codeartifact:*:*:repository/acme/${aws:username}""#,
            Verdict::Deny,
        ),
        (
            "Allow",
            r#""Resource": "*", "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "${aws:username}"}}"#,
            Verdict::Silent,
        ),
        (
            "Deny",
            r#""Resource": "*", "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "${aws:username}"}}"#,
            Verdict::Deny,
        ),
        (
            "Allow",
            r#""Resource": "*", "Condition": {"StringLike": {"aws:PrincipalAccount": "*${aws:username}"}}"#,
            Verdict::Silent,
        ),
        // What does match decides, whatever stands beside it.
        (
            "Allow",
            r#""Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": ["${aws:username}", "111122223333"]}}"#,
            Verdict::Allow,
        ),
        (
            "Allow",
            r#""NotResource": ["arn:aws:codeartifact:*:*:domain/${aws:username}", "arn:aws:codeartifact:*:*:domain/acme"]"#,
            Verdict::Silent,
        ),
    ] {
        let policy = own(&format!(
            r#"{{"Effect": "{effect}", "Action": "*", {element}}}"#
        ));
        assert_eq!(root.verdict(&policy), expected, "{effect} {element}");
    }
}

#[test]
fn p16_values_are_put_in_as_they_are() {
    for team in [
        "*",
        "?????-?",
        "team-*",
        "${aws:username}",
        "team-a/../team-a",
    ] {
        let policy = on(&format!("{REPOSITORIES}/acme/${{aws:PrincipalTag/team}}"));
        assert_eq!(tagged(team).verdict(&policy), Verdict::Silent, "{team}");
        let policy =
            reading_if(r#"{"StringLike": {"aws:PrincipalAccount": "${aws:PrincipalTag/team}"}}"#);
        assert_eq!(tagged(team).verdict(&policy), Verdict::Silent, "{team}");
        // And they equal themselves.
        let policy =
            reading_if(r#"{"StringLike": {"aws:PrincipalTag/team": "${aws:PrincipalTag/team}"}}"#);
        assert_eq!(tagged(team).verdict(&policy), Verdict::Allow, "{team}");
    }
}

#[test]
fn a_star_a_question_mark_and_a_dollar_sign_can_be_meant_themselves() {
    for (pattern, team, expected) in [
        ("a${*}c", "a*c", true),
        ("a${*}c", "abc", false),
        ("a${?}c", "a?c", true),
        ("a${?}c", "abc", false),
        ("a${$}{b}", "a${b}", true),
        ("a$c", "a$c", true),
        ("${*}*", "*x", true),
        ("${*}*", "x*", false),
    ] {
        let policy = reading_if(&format!(
            r#"{{"StringLike": {{"aws:PrincipalTag/team": "{pattern}"}}}}"#
        ));
        assert_eq!(
            tagged(team).verdict(&policy) == Verdict::Allow,
            expected,
            "{pattern} {team}"
        );
    }
    let policy = reading_if(r#"{"StringEquals": {"aws:PrincipalTag/team": "a${*}c"}}"#);
    assert_eq!(tagged("a*c").verdict(&policy), Verdict::Allow);
}

#[test]
fn s09_the_old_version_has_no_variables() {
    let statement = r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "${aws:username}"}}}"#;
    for version in ["", r#""Version": "2008-10-17","#] {
        let policy = Policy::parse(
            PolicyKind::Identity,
            &format!(r#"{{{version} "Statement": {statement}}}"#),
        )
        .unwrap();
        assert_eq!(
            tagged("jane").verdict(&policy),
            Verdict::Silent,
            "{version}"
        );
        assert_eq!(
            tagged("${aws:username}").verdict(&policy),
            Verdict::Allow,
            "{version}"
        );
    }
    let policy = own(statement);
    assert_eq!(tagged("jane").verdict(&policy), Verdict::Allow);
    assert_eq!(tagged("${aws:username}").verdict(&policy), Verdict::Silent);
}

#[test]
fn variables_work_in_every_operator_on_strings_and_arns() {
    let mut request = tagged("JANE");
    request.context.principal_id = Some("AIDAJANE".into());
    for (condition, expected) in [
        (
            r#"{"StringEqualsIgnoreCase": {"aws:PrincipalTag/team": "${aws:username}"}}"#,
            true,
        ),
        (
            r#"{"StringNotEqualsIgnoreCase": {"aws:PrincipalTag/team": "${aws:username}"}}"#,
            false,
        ),
        (
            r#"{"StringEquals": {"aws:PrincipalTag/team": "${aws:username}"}}"#,
            false,
        ),
        (
            r#"{"StringNotEquals": {"aws:PrincipalTag/team": "${aws:username}"}}"#,
            true,
        ),
        (
            r#"{"StringLike": {"aws:userid": "AIDA*${aws:PrincipalTag/team}"}}"#,
            true,
        ),
        (
            r#"{"StringNotLike": {"aws:userid": "AIDA*${aws:PrincipalTag/team}"}}"#,
            false,
        ),
        (
            r#"{"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::*:user/${aws:username}"}}"#,
            true,
        ),
        (
            r#"{"ArnLike": {"aws:PrincipalArn": "${aws:PrincipalArn}"}}"#,
            true,
        ),
        (
            r#"{"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::${aws:PrincipalAccount}:user/*"}}"#,
            false,
        ),
        (
            r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::${aws:PrincipalAccount, '0'}:role/*"}}"#,
            false,
        ),
    ] {
        let allowed = request.verdict(&reading_if(condition)) == Verdict::Allow;
        assert_eq!(allowed, expected, "{condition}");
    }
}
