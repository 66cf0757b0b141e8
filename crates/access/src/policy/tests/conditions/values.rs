//! Several operators, several keys, several values.

use super::*;

#[test]
fn operators_and_keys_must_all_hold_and_one_value_of_each() {
    check(
        &request(),
        &[
            ("{}", true),
            (r#"{"StringEquals": {}}"#, true),
            (
                r#"{"StringEquals": {"aws:username": ["a", "jane"], "aws:PrincipalTag/team": ["Blue", "b"]}}"#,
                true,
            ),
            (
                r#"{"StringEquals": {"aws:username": ["a", "jane"], "aws:PrincipalTag/team": ["a", "b"]}}"#,
                false,
            ),
            (
                r#"{"StringEquals": {"aws:username": "jane"}, "Bool": {"aws:SecureTransport": "false"}}"#,
                false,
            ),
            (
                r#"{"StringEquals": {"aws:username": "jane"}, "StringNotEquals": {"aws:username": "bob"}}"#,
                true,
            ),
        ],
    );
}

#[test]
fn s09_set_operators_ask_every_value_or_any() {
    check(
        &request(),
        &[
            (
                r#"{"ForAllValues:StringEquals": {"aws:TagKeys": ["cost", "owner", "team"]}}"#,
                true,
            ),
            (
                r#"{"ForAllValues:StringEquals": {"aws:TagKeys": ["cost"]}}"#,
                false,
            ),
            (
                r#"{"ForAllValues:StringLike": {"aws:TagKeys": ["c*", "o*"]}}"#,
                true,
            ),
            (
                r#"{"ForAllValues:StringNotEquals": {"aws:TagKeys": ["team"]}}"#,
                true,
            ),
            (
                r#"{"ForAllValues:StringNotEquals": {"aws:TagKeys": ["cost"]}}"#,
                false,
            ),
            (
                r#"{"ForAnyValue:StringEquals": {"aws:TagKeys": ["cost"]}}"#,
                true,
            ),
            (
                r#"{"ForAnyValue:StringEquals": {"aws:TagKeys": ["Cost", "team"]}}"#,
                false,
            ),
            (
                r#"{"ForAnyValue:StringEqualsIgnoreCase": {"aws:TagKeys": ["Cost"]}}"#,
                true,
            ),
            (
                r#"{"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["cost"]}}"#,
                true,
            ),
            (
                r#"{"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["cost", "owner"]}}"#,
                false,
            ),
            // An empty value is no value.
            (
                r#"{"ForAllValues:StringEquals": {"aws:PrincipalTag/empty": ["x"]}}"#,
                true,
            ),
            (
                r#"{"ForAnyValue:StringEquals": {"aws:PrincipalTag/empty": [""]}}"#,
                false,
            ),
            (r#"{"StringEquals": {"aws:PrincipalTag/empty": ""}}"#, true),
        ],
    );
    // Where the keys of tags were not listed, they are those of the tags.
    let mut unlisted = request();
    unlisted.context.tag_keys.clear();
    check(
        &unlisted,
        &[
            (
                r#"{"ForAllValues:StringEquals": {"aws:TagKeys": ["cost", "owner"]}}"#,
                true,
            ),
            (
                r#"{"ForAnyValue:StringEquals": {"aws:TagKeys": ["team"]}}"#,
                false,
            ),
        ],
    );
}

#[test]
fn s09_a_key_with_several_values_and_no_set_operator_allows_less_and_forbids_more() {
    for (condition, allows, forbids) in [
        (r#"{"StringEquals": {"aws:TagKeys": "cost"}}"#, false, true),
        (
            r#"{"StringEquals": {"aws:TagKeys": ["cost", "owner"]}}"#,
            true,
            true,
        ),
        (r#"{"StringEquals": {"aws:TagKeys": "team"}}"#, false, false),
        (
            r#"{"StringNotEquals": {"aws:TagKeys": "cost"}}"#,
            false,
            true,
        ),
        (
            r#"{"StringNotEquals": {"aws:TagKeys": "team"}}"#,
            true,
            true,
        ),
        (
            r#"{"StringNotEquals": {"aws:TagKeys": ["cost", "owner"]}}"#,
            false,
            false,
        ),
    ] {
        let request = request();
        assert_eq!(
            request.verdict(&reading_if(condition)) == Verdict::Allow,
            allows,
            "{condition}"
        );
        let deny = own(&format!(
            r#"{{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {condition}}}"#
        ));
        assert_eq!(
            request.verdict(&deny) == Verdict::Deny,
            forbids,
            "{condition}"
        );
    }
}
