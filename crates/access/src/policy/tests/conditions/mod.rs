//! Conditions: every operator, every key, and what happens when a key is not there.
//!
//! The rules are those of
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html> and
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html>.

mod keys;
mod operators;
mod values;

use model::EpochMillis;

use super::*;

/// 2026-11-23T04:51:27.250Z.
const NOW: EpochMillis = EpochMillis(1_795_409_487_250);

fn request() -> Request {
    let mut request = Request::by(JANE);
    request.context = RequestContext {
        now: NOW,
        source_ip: Some("203.0.113.77".parse().unwrap()),
        secure_transport: true,
        principal_tags: vec![
            ("team".into(), "Blue".into()),
            ("empty".into(), String::new()),
        ],
        resource_tags: vec![("Stage".into(), "prod".into())],
        request_tags: vec![("cost".into(), "7".into()), ("owner".into(), "jane".into())],
        tag_keys: vec!["cost".into(), "owner".into()],
        principal_id: Some("AIDAJANE".into()),
        other: vec![
            ("aws:principalorgid".into(), vec!["o-acme".into()]),
            ("sts:durationseconds".into(), vec!["3600".into()]),
            ("test:binary".into(), vec!["hello".into()]),
            (
                "test:arn".into(),
                vec!["arn:aws:sns:us-west-2:111122223333:a/b:c".into()],
            ),
            ("test:date".into(), vec!["2026-11-23".into()]),
            ("test:ip".into(), vec!["2001:db8::1".into()]),
            ("test:none".into(), vec![]),
        ],
        ..RequestContext::default()
    };
    request
}

fn check(request: &Request, cases: &[(&str, bool)]) {
    for (condition, expected) in cases {
        let allowed = request.verdict(&reading_if(condition)) == Verdict::Allow;
        assert_eq!(allowed, *expected, "{condition}");
    }
}
