//! Documents that are no policies: each is refused when it is written, with a sentence that says what to change.

use super::*;

const GOOD: &str = r#""Effect": "Allow", "Action": "codeartifact:*", "Resource": "*""#;

fn refused(kind: PolicyKind, document: &str, wanted: &str) {
    match Policy::parse(kind, document) {
        Ok(_) => panic!("accepted as {kind}: {document}"),
        Err(error) => assert!(
            error.message().contains(wanted),
            "{document}\n  said:   {error}\n  wanted: {wanted}"
        ),
    }
}

#[test]
fn s09_documents_that_are_no_policies_are_refused() {
    let deep = format!(
        r#"{{"Statement": {}{}}}"#,
        "[".repeat(2_000),
        "]".repeat(2_000)
    );
    let long = format!(
        r#"{{"Statement": {{{GOOD}, "Sid": "{}"}}}}"#,
        "a".repeat(20_000)
    );
    for (document, wanted) in [
        ("", "Syntax errors in policy."),
        ("{", "Syntax errors in policy."),
        ("[]", "must be an object, not a list"),
        ("\"*\"", "must be an object, not a string"),
        ("null", "must be an object, not null"),
        ("{}", "no element Statement"),
        (
            &format!(r#"{{"Statement": {{{GOOD}}}}} x"#),
            "Syntax errors in policy.",
        ),
        (
            &format!(r#"{{"Statement": {{{GOOD},}}}}"#),
            "Syntax errors in policy.",
        ),
        (r#"{"Statement": []}"#, "no statements"),
        (
            r#"{"Statement": "Allow"}"#,
            "Statement 1: A statement must be an object, not a string",
        ),
        (
            r#"{"Statement": [7]}"#,
            "Statement 1: A statement must be an object, not a number",
        ),
        (
            &format!(r#"{{"Version": "2012-10-18", "Statement": {{{GOOD}}}}}"#),
            r#"Version "2012-10-18" does not exist"#,
        ),
        (
            &format!(r#"{{"Version": 2012, "Statement": {{{GOOD}}}}}"#),
            "Version must be a string, not a number",
        ),
        (
            &format!(
                r#"{{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": {{{GOOD}}}}}"#
            ),
            "comes twice",
        ),
        (
            &format!(r#"{{"version": "2012-10-17", "Statement": {{{GOOD}}}}}"#),
            r#"cannot have an element "version""#,
        ),
        (
            &format!(r#"{{"Statement": {{{GOOD}}}, "Comment": ""}}"#),
            r#"cannot have an element "Comment""#,
        ),
        (&deep, "Syntax errors in policy."),
        (&long, "too long"),
    ] {
        for kind in [
            PolicyKind::Identity,
            PolicyKind::Resource,
            PolicyKind::Trust,
        ] {
            refused(kind, document, wanted);
        }
    }
}

#[test]
fn s09_statements_that_say_what_nobody_understands_are_refused() {
    for (statement, wanted) in [
        ("{}", "Missing required field Effect"),
        (
            r#"{"Effect": "Allow", "Resource": "*"}"#,
            "must contain actions",
        ),
        (
            r#"{"Effect": "Allow", "Action": "*"}"#,
            "must contain resources",
        ),
        (
            r#"{"Effect": "allow", "Action": "*", "Resource": "*"}"#,
            r#"must be "Allow" or "Deny", not "allow""#,
        ),
        (
            r#"{"Effect": true, "Action": "*", "Resource": "*"}"#,
            "Effect must be a string, not a boolean",
        ),
        (
            r#"{"Effect": "Allow", "Efect": "Deny", "Action": "*", "Resource": "*"}"#,
            r#"cannot have an element "Efect""#,
        ),
        (
            r#"{"Effect": "Allow", "Effect": "Deny", "Action": "*", "Resource": "*"}"#,
            "comes twice",
        ),
        (
            r#"{"Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*"}"#,
            "both Action and NotAction",
        ),
        (
            r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "NotResource": "*"}"#,
            "both Resource and NotResource",
        ),
        (
            r#"{"Effect": "Allow", "Action": [], "Resource": "*"}"#,
            "Action must have at least one value",
        ),
        (
            r#"{"Effect": "Allow", "Action": "*", "Resource": []}"#,
            "Resource must have at least one value",
        ),
        (
            r#"{"Effect": "Allow", "Action": {"codeartifact": "*"}, "Resource": "*"}"#,
            "a list of strings, not an object",
        ),
        (
            r#"{"Effect": "Allow", "Action": ["*", 1], "Resource": "*"}"#,
            "Each value of Action must be a string, not a number",
        ),
        (
            r#"{"Effect": "Allow", "Action": "ReadFromRepository", "Resource": "*"}"#,
            "prefaced by a vendor",
        ),
        (
            r#"{"Effect": "Allow", "Action": "codeartifact*", "Resource": "*"}"#,
            "prefaced by a vendor",
        ),
        (
            r#"{"Effect": "Allow", "Action": "", "Resource": "*"}"#,
            "prefaced by a vendor",
        ),
        (
            r#"{"Effect": "Allow", "Action": "codeartifact:", "Resource": "*"}"#,
            "is not an action",
        ),
        (
            r#"{"Effect": "Allow", "Action": ":Get*", "Resource": "*"}"#,
            "Vendor \"\" is not valid",
        ),
        (
            r#"{"Effect": "Allow", "Action": "code*:Get", "Resource": "*"}"#,
            "Vendor \"code*\" is not valid",
        ),
        (
            r#"{"Effect": "Allow", "Action": "a:b:c", "Resource": "*"}"#,
            "only one colon",
        ),
        (
            r#"{"Effect": "Allow", "Action": "codeartifact:${aws:x}", "Resource": "*"}"#,
            "only one colon",
        ),
        (
            r#"{"Effect": "Allow", "Action": "codeartifact:Get It", "Resource": "*"}"#,
            "is not an action",
        ),
        (
            r#"{"Sid": 1, "Effect": "Allow", "Action": "*", "Resource": "*"}"#,
            "Sid must be a string",
        ),
        (
            r#"{"Sid": "a\u0000b", "Effect": "Allow", "Action": "*", "Resource": "*"}"#,
            "must be alpha-numeric",
        ),
    ] {
        refused(PolicyKind::Identity, &document(statement), wanted);
    }
    let twice = format!(r#"{{"Sid": "A", {GOOD}}}, {{"Sid": "A", {GOOD}}}"#);
    refused(
        PolicyKind::Identity,
        &document(&twice),
        "Statement IDs (SID) in a single policy must be unique",
    );
    refused(
        PolicyKind::Identity,
        &document(&format!(r#"{{"Sid": "a b", {GOOD}}}"#)),
        "must be alpha-numeric",
    );
    // The second statement is at fault, and is said to be.
    refused(
        PolicyKind::Identity,
        &document(&format!(r"{{{GOOD}}}, {{}}")),
        "Statement 2: Missing",
    );
}

#[test]
fn s09_resources_that_are_no_arns_are_refused() {
    for (resource, wanted) in [
        ("", "must be in ARN format"),
        ("acme", "must be in ARN format"),
        ("**", "must be in ARN format"),
        ("repository/acme/team-a", "must be in ARN format"),
        (
            "ARN:aws:codeartifact:us-west-2:111122223333:domain/acme",
            "must be in ARN format",
        ),
        ("arn:aws", "vendor must be fully qualified"),
        ("arn:*", "vendor must be fully qualified"),
        ("arn:aws:*", "vendor must be fully qualified"),
        ("arn:aws:*:*:*:*", "vendor must be fully qualified"),
        (
            "arn:aws::us-west-2:111122223333:domain/acme",
            "vendor must be fully qualified",
        ),
        (
            "arn::codeartifact:us-west-2:111122223333:domain/acme",
            "must be in ARN format",
        ),
        ("arn:aws:codeartifact", "must be in ARN format"),
        ("arn:aws:codeartifact:us-west-2", "must be in ARN format"),
        (
            "arn:aws:codeartifact:us-west-2:111122223333",
            "must be in ARN format",
        ),
        (
            "arn:aws:codeartifact:us-west-2:111122223333:",
            "must be in ARN format",
        ),
        (
            "arn:aws:codeartifact:us west:111122223333:domain/acme",
            "must be in ARN format",
        ),
        (
            "arn:aws:codeartifact:us-west-2/111122223333:1:domain/acme",
            "must be in ARN format",
        ),
        ("arn:aws:codeartifact:*:domain/acme", ""),
        (
            "arn:aws:codeartifact:us-west-2:${aws:PrincipalAccount}:domain/acme",
            "before its fifth colon",
        ),
        (
            "arn:aws:codeartifact:us-west-2:111122223333:domain/${aws:username",
            "is not closed",
        ),
        (
            "arn:aws:codeartifact:us-west-2:111122223333:domain/${}",
            "must be prefaced by a vendor",
        ),
        (
            "arn:aws:codeartifact:us-west-2:111122223333:domain/${username}",
            "must be prefaced by a vendor",
        ),
        (
            "arn:aws:codeartifact:us-west-2:111122223333:domain/${aws:username, x}",
            "in single quotes",
        ),
        (
            "arn:aws:codeartifact:us-west-2:111122223333:domain/${aws:TagKeys}",
            "several values",
        ),
    ] {
        let statement =
            format!(r#"{{"Effect": "Allow", "Action": "*", "Resource": "{resource}"}}"#);
        if wanted.is_empty() {
            // A star that goes on past the colons makes it whole.
            own(&statement);
        } else {
            refused(PolicyKind::Identity, &document(&statement), wanted);
        }
    }
}

#[test]
fn s09_conditions_that_nobody_understands_are_refused() {
    for (condition, wanted) in [
        (r#""x""#, "Condition must be an object"),
        (
            r#"{"StringEquals": "x"}"#,
            "Condition operator StringEquals must be an object",
        ),
        (
            r#"{"StringEqual": {"aws:username": "x"}}"#,
            r#""StringEqual" is not a condition operator"#,
        ),
        (
            r#"{"stringequals": {"aws:username": "x"}}"#,
            "Did you mean StringEquals?",
        ),
        (
            r#"{"": {"aws:username": "x"}}"#,
            "is not a condition operator",
        ),
        (
            r#"{"IfExists": {"aws:username": "x"}}"#,
            "is not a condition operator",
        ),
        (
            r#"{"IfExistsStringEquals": {"aws:username": "x"}}"#,
            "is not a condition operator",
        ),
        (
            r#"{"StringEqualsIfExistsIfExists": {"aws:username": "x"}}"#,
            "is not a condition operator",
        ),
        (
            r#"{"ForAllValue:StringEquals": {"aws:username": "x"}}"#,
            "Did you mean StringEquals?",
        ),
        (
            r#"{"ForAllValues:ForAnyValue:StringEquals": {"aws:username": "x"}}"#,
            "is not a condition operator",
        ),
        (
            r#"{"NullIfExists": {"aws:username": "true"}}"#,
            "Null takes neither",
        ),
        (
            r#"{"ForAnyValue:Null": {"aws:username": "true"}}"#,
            "Null takes neither",
        ),
        (
            r#"{"StringEquals": {"username": "x"}}"#,
            "must be prefaced by a vendor",
        ),
        (
            r#"{"StringEquals": {"aws:": "x"}}"#,
            "is not the name of a condition key",
        ),
        (
            r#"{"StringEquals": {"aws:PrincipalTag/": "x"}}"#,
            "does not say which tag",
        ),
        (
            r#"{"StringEquals": {"aws:user*": "x"}}"#,
            "is not the name of a condition key",
        ),
        (
            r#"{"StringEquals": {"aws:${x}": "x"}}"#,
            "is not the name of a condition key",
        ),
        (
            r#"{"StringEquals": {"aws:username": []}}"#,
            "at least one value",
        ),
        (r#"{"StringEquals": {"aws:username": null}}"#, "not null"),
        (
            r#"{"StringEquals": {"aws:username": ["a", ["b"]]}}"#,
            "not a list",
        ),
        (
            r#"{"StringEquals": {"aws:username": "a", "aws:username": "b"}}"#,
            "comes twice",
        ),
        (
            r#"{"StringEquals": {"aws:username": "${aws:username"}}"#,
            "is not closed",
        ),
        (
            r#"{"NumericEquals": {"aws:EpochTime": "many"}}"#,
            r#""many" is not a number"#,
        ),
        (
            r#"{"NumericEquals": {"aws:EpochTime": "1e3"}}"#,
            "is not a number",
        ),
        (
            r#"{"NumericEquals": {"aws:EpochTime": "${aws:EpochTime}"}}"#,
            "Variables may only stand",
        ),
        (
            r#"{"DateLessThan": {"aws:CurrentTime": "tomorrow"}}"#,
            "is not a date",
        ),
        (
            r#"{"DateLessThan": {"aws:CurrentTime": "2026-13-01"}}"#,
            "is not a date",
        ),
        (
            r#"{"DateLessThan": {"aws:CurrentTime": "2026-11-23T04:51:27"}}"#,
            "is not a date",
        ),
        (
            r#"{"DateLessThan": {"aws:CurrentTime": "2026-*"}}"#,
            "is not a date",
        ),
        (
            r#"{"Bool": {"aws:SecureTransport": "yes"}}"#,
            "is not true or false",
        ),
        (
            r#"{"Bool": {"aws:SecureTransport": 1}}"#,
            "is not true or false",
        ),
        (
            r#"{"Null": {"aws:username": "${aws:username}"}}"#,
            "Variables may only stand",
        ),
        (
            r#"{"BinaryEquals": {"aws:username": "%%%"}}"#,
            "is not base64",
        ),
        (
            r#"{"IpAddress": {"aws:SourceIp": "203.0.113.0/33"}}"#,
            "is not an address or a network",
        ),
        (
            r#"{"IpAddress": {"aws:SourceIp": "203.0.113.*"}}"#,
            "is not an address or a network",
        ),
        (
            r#"{"IpAddress": {"aws:SourceIp": "203.0.113.0/+8"}}"#,
            "is not an address or a network",
        ),
        (
            r#"{"IpAddress": {"aws:SourceIp": "203.0.113.0/"}}"#,
            "is not an address or a network",
        ),
        (
            r#"{"ArnLike": {"aws:PrincipalArn": "jane"}}"#,
            "is not an ARN",
        ),
        (r#"{"ArnLike": {"aws:PrincipalArn": "*"}}"#, "is not an ARN"),
        (
            r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*"}}"#,
            "is not an ARN",
        ),
    ] {
        let statement = format!(r#"{{{GOOD}, "Condition": {condition}}}"#);
        refused(PolicyKind::Identity, &document(&statement), wanted);
    }
}

#[test]
fn s09_principals_that_nobody_can_be_are_refused() {
    for (principal, wanted) in [
        (r#""111122223333""#, r#"must be "*" or an object"#),
        (r#"["*"]"#, r#"must be "*" or an object"#),
        ("{}", "names nobody"),
        (r#"{"AWS": []}"#, "at least one value"),
        (
            r#"{"AWS": 111122223333}"#,
            "a string or a list of strings, not a number",
        ),
        (r#"{"Aws": "*"}"#, "kinds of principals are AWS"),
        (r#"{"AWS": ""}"#, r#"Invalid principal in policy: "AWS":"""#),
        (r#"{"AWS": "1111222233334"}"#, "Invalid principal in policy"),
        (r#"{"AWS": "jane"}"#, "Invalid principal in policy"),
        (
            r#"{"AWS": "AIDAJQABLZS4A3QDU576Q"}"#,
            "Invalid principal in policy",
        ),
        (
            r#"{"AWS": "arn:aws:iam::111122223333:user/*"}"#,
            "A wildcard cannot be part of a principal",
        ),
        (
            r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/ci/*"}"#,
            "A wildcard cannot be part of a principal",
        ),
        (
            r#"{"AWS": "arn:aws:iam::*:root"}"#,
            "A wildcard cannot be part of a principal",
        ),
        (
            r#"{"AWS": "arn:aws:iam::111122223333:user/"}"#,
            "Invalid principal in policy",
        ),
        (
            r#"{"AWS": "arn:aws:iam::111122223333:user"}"#,
            "Invalid principal in policy",
        ),
        (
            r#"{"AWS": "arn:aws:iam::111122223333:root/x"}"#,
            "Invalid principal in policy",
        ),
        (
            r#"{"AWS": "arn:aws:iam::111122223333:group/all"}"#,
            "Invalid principal in policy",
        ),
        (
            r#"{"AWS": "arn:aws:iam:us-west-2:111122223333:user/jane"}"#,
            "Invalid principal in policy",
        ),
        (
            r#"{"AWS": "arn:aws:iam::1111:user/jane"}"#,
            "Invalid principal in policy",
        ),
        (
            r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/ci"}"#,
            "Invalid principal in policy",
        ),
        (
            r#"{"AWS": "arn:aws:sts::111122223333:user/jane"}"#,
            "Invalid principal in policy",
        ),
        (
            r#"{"AWS": "arn:aws:iam::111122223333:user/${aws:username}"}"#,
            "Invalid principal in policy",
        ),
        (
            r#"{"AWS": "arn:gcp:iam::111122223333:user/jane"}"#,
            "Invalid principal in policy",
        ),
        (r#"{"Federated": ""}"#, "Invalid principal in policy"),
        (
            r#"{"Federated": "arn:aws:iam::111122223333:oidc-provider/*"}"#,
            "A wildcard cannot be part",
        ),
        (r#"{"Service": "a b"}"#, "Invalid principal in policy"),
    ] {
        for element in ["Principal", "NotPrincipal"] {
            let statement = format!(r#"{{{GOOD}, "{element}": {principal}}}"#);
            refused(PolicyKind::Resource, &document(&statement), wanted);
        }
    }
    let both = format!(r#"{{{GOOD}, "Principal": "*", "NotPrincipal": "*"}}"#);
    refused(
        PolicyKind::Resource,
        &document(&both),
        "both Principal and NotPrincipal",
    );
}

#[test]
fn s09_each_kind_of_policy_has_what_it_needs_and_nothing_else() {
    let with = |members: &str| document(&format!("{{{members}}}"));
    let trust = r#""Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole""#;
    for (kind, document, wanted) in [
        (
            PolicyKind::Identity,
            with(&format!(r#"{GOOD}, "Principal": "*""#)),
            "should not specify a principal",
        ),
        (
            PolicyKind::Identity,
            with(&format!(r#"{GOOD}, "NotPrincipal": "*""#)),
            "should not specify a principal",
        ),
        (
            PolicyKind::Identity,
            format!(r#"{{"Id": "x", "Statement": {{{GOOD}}}}}"#),
            "cannot have an Id",
        ),
        (
            PolicyKind::Resource,
            with(GOOD),
            "Missing required field Principal",
        ),
        (
            PolicyKind::Resource,
            with(r#""Effect": "Allow", "Principal": "*", "Action": "*""#),
            "must contain resources",
        ),
        (
            PolicyKind::Trust,
            with(r#""Effect": "Allow", "Action": "sts:AssumeRole""#),
            "Missing required field Principal",
        ),
        (
            PolicyKind::Trust,
            with(&format!(r#"{trust}, "Resource": "*""#)),
            "Has prohibited field Resource",
        ),
        (
            PolicyKind::Trust,
            with(&format!(r#"{trust}, "NotResource": "*""#)),
            "Has prohibited field NotResource",
        ),
        (
            PolicyKind::Trust,
            with(
                r#""Effect": "Allow", "Principal": "*", "Action": ["sts:AssumeRole", "codeartifact:*"]"#,
            ),
            "may only specify STS AssumeRole actions",
        ),
        (
            PolicyKind::Trust,
            with(r#""Effect": "Allow", "Principal": "*", "Action": "*""#),
            "may only specify STS AssumeRole actions",
        ),
    ] {
        refused(kind, &document, wanted);
    }
    // The same, as they should be.
    Policy::parse(
        PolicyKind::Identity,
        &with(&format!(r#"{GOOD}, "Sid": "" "#)),
    )
    .unwrap();
    Policy::parse(
        PolicyKind::Resource,
        &format!(
            r#"{{"Id": "the id", "Statement": {{{GOOD}, "Principal": "*", "Sid": "with spaces"}}}}"#
        ),
    )
    .unwrap();
    Policy::parse(PolicyKind::Trust, &with(trust)).unwrap();
}

#[test]
fn s09_the_limits_of_size_are_those_of_each_kind() {
    let padded = |length: usize, principal: &str| {
        let head = format!(
            r#"{{"Statement": {{{GOOD}{principal}, "Condition": {{"StringEquals": {{"aws:username": ""#
        );
        let tail = r#""}}}}"#;
        let white = |text: &str| text.chars().filter(|c| c.is_whitespace()).count();
        let body = "a".repeat(length - head.len() - tail.len() + white(&head));
        format!("{head}{body}{tail}")
    };
    Policy::parse(PolicyKind::Identity, &padded(10_240, "")).unwrap();
    refused(
        PolicyKind::Identity,
        &padded(10_241, ""),
        "at most 10240 characters (identity-based policy)",
    );
    let everyone = r#", "Principal": "*""#;
    let exact = padded(7_168, everyone).replace(' ', "");
    Policy::parse(PolicyKind::Resource, &exact).unwrap();
    refused(
        PolicyKind::Resource,
        &format!(" {exact}"),
        "at most 7168 characters (resource-based policy)",
    );
}

#[test]
fn messages_repeat_no_more_than_a_piece_of_the_document() {
    let name = "x\n".repeat(2_000);
    let escaped = name.replace('\n', "\\n");
    let statement = format!(r#"{{"{escaped}": 1}}"#);
    let error = Policy::parse(PolicyKind::Identity, &document(&statement)).unwrap_err();
    assert!(error.message().len() < 600, "{error}");
    assert!(!error.message().contains('\n'), "{error}");
}
