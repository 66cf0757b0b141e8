//! Generated policies and requests: the answer agrees with an evaluator that is as plain as the public documents.
//!
//! The reference works on the JSON itself, knows nothing of the parser, and is as slow as it likes to be.

use std::collections::HashMap;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use super::*;

/// The request as the reference sees it.
#[derive(Debug)]
struct Plain {
    arn: String,
    role: Option<String>,
    account: String,
    action: String,
    resource: String,
    keys: HashMap<String, Vec<String>>,
}

/// What a statement says: nothing, or how strongly it names the asker.
type Strength = Option<u8>;

fn list(value: &Value) -> Vec<Value> {
    value
        .as_array()
        .cloned()
        .unwrap_or_else(|| vec![value.clone()])
}

fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), String::from)
    };
    list(value).iter().map(text).collect()
}

fn glob(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['*', rest @ ..] => (0..=text.len()).any(|skip| glob(rest, &text[skip..])),
        ['?', rest @ ..] => !text.is_empty() && glob(rest, &text[1..]),
        [c, rest @ ..] => text.first() == Some(c) && glob(rest, &text[1..]),
    }
}

fn like(pattern: &str, text: &str) -> bool {
    glob(
        &pattern.chars().collect::<Vec<_>>(),
        &text.chars().collect::<Vec<_>>(),
    )
}

fn arn_like(pattern: &str, text: &str) -> bool {
    let split = |arn: &str| arn.splitn(6, ':').map(String::from).collect::<Vec<_>>();
    let (pattern, text) = (split(pattern), split(text));
    pattern.len() == text.len()
        && pattern
            .iter()
            .zip(&text)
            .all(|(pattern, text)| like(pattern, text))
}

impl Plain {
    /// The pattern with values for variables, each star of a value being none.
    fn fill(&self, pattern: &str) -> Option<String> {
        let Some((before, rest)) = pattern.split_once("${") else {
            return Some(pattern.into());
        };
        let (name, after) = rest.split_once('}')?;
        let value = self.keys.get(&name.to_lowercase())?;
        Some(format!("{before}{}{}", value[0], self.fill(after)?))
    }

    fn resource_matches(&self, pattern: &str) -> Option<bool> {
        let filled = self.fill(pattern)?;
        Some(
            filled == "*"
                || arn_like(&filled, &self.resource)
                || (filled.matches(':').count() < 5 && like(&filled, &self.resource)),
        )
    }

    fn speaks(&self, statement: &Value) -> bool {
        let action = |element: &str| {
            let patterns = texts(&statement[element]);
            patterns
                .iter()
                .any(|pattern| like(&pattern.to_lowercase(), &self.action.to_lowercase()))
        };
        let actions = if statement.get("Action").is_some() {
            action("Action")
        } else {
            !action("NotAction")
        };
        let resources = if let Some(patterns) = statement.get("Resource") {
            texts(patterns)
                .iter()
                .any(|pattern| self.resource_matches(pattern) == Some(true))
        } else {
            let all: Vec<_> = texts(&statement["NotResource"])
                .iter()
                .map(|pattern| self.resource_matches(pattern))
                .collect();
            let lost = all.contains(&None) && statement["Effect"] == "Allow";
            !all.contains(&Some(true)) && !lost
        };
        actions && resources
    }

    fn named(&self, principal: &Value) -> Strength {
        if principal == "*" {
            return Some(3);
        }
        texts(&principal["AWS"])
            .iter()
            .filter_map(|name| match name.as_str() {
                "*" => Some(3),
                name if name == self.account
                    || *name == format!("arn:aws:iam::{}:root", self.account) =>
                {
                    Some(1)
                }
                name if Some(name) == self.role.as_deref() => Some(2),
                name if name == self.arn => Some(if self.role.is_some() { 3 } else { 2 }),
                _ => None,
            })
            .max()
    }

    fn about(&self, statement: &Value) -> Strength {
        if let Some(principal) = statement.get("Principal") {
            return self.named(principal);
        }
        let Some(spared) = statement.get("NotPrincipal") else {
            return Some(2);
        };
        if statement["Effect"] == "Allow" {
            return self.named(spared).is_none().then_some(3);
        }
        let names = texts(&spared["AWS"]);
        let has = |name: &str| names.iter().any(|one| one == name);
        let account = has(&self.account) || has(&format!("arn:aws:iam::{}:root", self.account));
        let itself = has(&self.arn) || self.arn.ends_with(":root");
        let role = self.role.as_ref().is_none_or(|role| has(role));
        let spared = spared == "*" || has("*") || (account && itself && role);
        (!spared).then_some(3)
    }

    fn condition(&self, operator: &str, key: &str, wanted: &[String], deny: bool) -> bool {
        let found = self.keys.get(&key.to_lowercase());
        if operator == "Null" {
            return wanted.contains(&found.is_none().to_string());
        }
        let (set, base) = operator.split_once(':').unwrap_or(("", operator));
        let (base, if_exists) = match base.strip_suffix("IfExists") {
            Some(base) => (base, true),
            None => (base, false),
        };
        let negated = base.contains("Not");
        let Some(found) = found else {
            return if_exists || (set == "ForAllValues") || (set.is_empty() && negated);
        };
        let passes = |value: &String| {
            let one = |wanted: &String| {
                let wanted = self.fill(wanted)?;
                Some(match base {
                    "StringEquals" | "StringNotEquals" | "Bool" => wanted == *value,
                    "StringLike" | "StringNotLike" => like(&wanted, value),
                    "ArnLike" | "ArnNotLike" => arn_like(&wanted, value),
                    "NumericLessThan" => value.parse::<f64>().ok()? < wanted.parse::<f64>().ok()?,
                    _ => panic!("{operator}"),
                })
            };
            let all: Vec<_> = wanted.iter().map(one).collect();
            if all.contains(&Some(true)) {
                !negated
            } else if all.contains(&None) {
                negated && deny
            } else {
                negated
            }
        };
        match (set, deny) {
            ("ForAllValues", _) | ("", false) => found.iter().all(passes),
            _ => found.iter().any(passes),
        }
    }

    fn applies(&self, statement: &Value) -> Strength {
        let deny = statement["Effect"] == "Deny";
        let empty = serde_json::Map::new();
        let conditions = statement
            .get("Condition")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        let holds = conditions.iter().all(|(operator, keys)| {
            let mut keys = keys.as_object().unwrap().iter();
            keys.all(|(key, wanted)| self.condition(operator, key, &texts(wanted), deny))
        });
        if holds && self.speaks(statement) {
            self.about(statement)
        } else {
            None
        }
    }

    /// Whether the documents allow the request.
    fn allowed(
        &self,
        identity: &[Value],
        session: &[Value],
        resource: &[Value],
        owner: &str,
    ) -> bool {
        let strongest = |statements: &[Value], effect: &str| {
            let of_effect = statements
                .iter()
                .filter(|statement| statement["Effect"] == effect);
            of_effect
                .filter_map(|statement| self.applies(statement))
                .max()
        };
        if [identity, session, resource]
            .iter()
            .any(|all| strongest(all, "Deny").is_some())
        {
            return false;
        }
        let own = self.arn.ends_with(":root") || strongest(identity, "Allow").is_some();
        let narrowed = session.is_empty() || strongest(session, "Allow").is_some();
        match strongest(resource, "Allow") {
            grant if self.account != owner => grant.is_some() && own && narrowed,
            Some(3) => true,
            Some(2) => narrowed,
            _ => own && narrowed,
        }
    }
}

const TAGS: [&str; 4] = ["blue", "team-a", "b*", ""];

/// A request in both forms.
fn requests() -> impl Strategy<Value = (Request, Plain)> {
    let who = select(vec![
        JANE,
        ROOT,
        BUILD,
        STRANGER,
        "arn:aws:iam::444455556666:root",
        "arn:aws:sts::444455556666:assumed-role/ci/build-7",
    ]);
    let what = select(vec![
        ("ReadFromRepository", "repository/acme/team-a"),
        ("ReadFromRepository", "repository/other/team-a"),
        ("DescribeDomain", "domain/acme"),
        ("PublishPackageVersion", "package/acme/team-a/npm//react"),
        ("PublishPackageVersion", "package/acme/team-a/npm/parity/ui"),
        ("CreateDomain", "*"),
    ]);
    let team = proptest::option::of(select(TAGS[..3].to_vec()));
    let keys = subsequence(vec!["cost", "owner", "team"], 0..=3);
    (who, what, team, keys, any::<bool>()).prop_map(
        |(who, (action, path), team, tag_keys, secure)| {
            let mut request = Request::by(who).of(Action::of(action), path);
            let context = &mut request.context;
            context.secure_transport = secure;
            context.principal_tags = team
                .iter()
                .map(|team| ("team".into(), (*team).to_owned()))
                .collect();
            context.tag_keys = tag_keys.iter().map(|key| (*key).to_owned()).collect();
            let principal = request.identity.principal.to_string();
            let account = request.identity.principal.account.to_string();
            let mut keys = HashMap::from([
                ("aws:principalarn".into(), vec![principal.clone()]),
                ("aws:principalaccount".into(), vec![account.clone()]),
                ("aws:securetransport".into(), vec![secure.to_string()]),
                ("aws:epochtime".into(), vec!["0".into()]),
            ]);
            if let Some(team) = team {
                keys.insert("aws:principaltag/team".into(), vec![team.to_owned()]);
            }
            if !tag_keys.is_empty() {
                keys.insert("aws:tagkeys".into(), request.context.tag_keys.clone());
            }
            if who.contains(":user/") {
                keys.insert(
                    "aws:username".into(),
                    vec![request.identity.principal.name.clone()],
                );
            }
            let plain = Plain {
                arn: who.into(),
                role: request.identity.session.is_some().then_some(principal),
                account,
                action: request.action.to_string(),
                resource: request.resource.to_string(),
                keys,
            };
            (request, plain)
        },
    )
}

fn some_of(values: &[&'static str]) -> impl Strategy<Value = Value> + use<> {
    subsequence(values.to_vec(), 1..=2).prop_map(|chosen| match chosen[..] {
        [one] => json!(one),
        _ => json!(chosen),
    })
}

fn conditions() -> impl Strategy<Value = Value> {
    let text = select(vec![
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringNotLike",
        "StringEqualsIfExists",
        "StringNotLikeIfExists",
    ]);
    let key = select(vec![
        "aws:PrincipalTag/team",
        "aws:UserName",
        "AWS:principalaccount",
        "aws:PrincipalTag/none",
    ]);
    let values = some_of(&[
        "blue",
        "b*",
        "jane",
        "111122223333",
        "${aws:username}",
        "${aws:PrincipalTag/team}",
        "?eam-a",
    ]);
    let sets = select(vec![
        "ForAllValues:StringEquals",
        "ForAnyValue:StringLike",
        "ForAllValues:StringNotEquals",
        "ForAnyValue:StringNotLike",
        "ForAnyValue:StringEqualsIfExists",
        "StringEquals",
        "StringNotEquals",
    ]);
    let other = select(vec![
        json!({"Bool": {"aws:SecureTransport": "true"}}),
        json!({"Bool": {"aws:MultiFactorAuthPresent": false}}),
        json!({"Null": {"aws:UserName": "true"}}),
        json!({"Null": {"aws:PrincipalTag/team": false}, "Bool": {"aws:SecureTransport": false}}),
        json!({"NumericLessThan": {"aws:EpochTime": 1}}),
        json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}),
        json!({"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::1*:*", "arn:aws:iam::*:role/ci"]}}),
        json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/${aws:username}"}}),
    ]);
    prop_oneof![
        (text, key, values).prop_map(|(operator, key, values)| json!({operator: {key: values}})),
        (sets, some_of(&["cost", "owner", "c*", "x"]))
            .prop_map(|(operator, values)| json!({operator: {"aws:TagKeys": values}})),
        other,
    ]
}

fn statements(with_principal: bool) -> impl Strategy<Value = Value> {
    let action = some_of(&[
        "*",
        "codeartifact:*",
        "codeartifact:Read*",
        "CODEARTIFACT:readfromrepository",
        "codeartifact:?escribe*",
        "sts:*",
        "codeartifact:PublishPackageVersion",
        "codeartifact:*Domain",
    ]);
    let resource = some_of(&[
        "*",
        "arn:aws:codeartifact:*",
        "arn:aws:codeartifact:*:*:repository/acme/*",
        "arn:aws:codeartifact:us-west-2:111122223333:repository/*/team-?",
        "arn:aws:codeartifact:us-*:1111*:package/acme/*/npm/parity/*",
        "arn:aws:codeartifact:*:*:*/acme/${aws:PrincipalTag/team}",
        "arn:aws:codeartifact:*:444455556666:*",
    ]);
    let principal = prop_oneof![
        Just(json!("*")),
        some_of(&[
            "*",
            HOME,
            "arn:aws:iam::444455556666:root",
            JANE,
            STRANGER,
            "arn:aws:iam::111122223333:role/ci",
            BUILD,
            "arn:aws:sts::444455556666:assumed-role/ci/build-7",
        ])
        .prop_map(|names| json!({"AWS": names})),
        Just(json!({"AWS": [HOME, JANE, "arn:aws:iam::111122223333:role/ci", BUILD]})),
    ];
    let nots = (
        prop::bool::weighted(0.15),
        prop::bool::weighted(0.15),
        prop::bool::weighted(0.2),
    );
    let condition = proptest::option::weighted(0.5, conditions());
    (
        prop::bool::weighted(0.7),
        action,
        resource,
        principal,
        nots,
        condition,
    )
        .prop_map(
            move |(
                allow,
                action,
                resource,
                principal,
                (not_action, not_resource, not_principal),
                condition,
            )| {
                let element = |name: &str, not: bool| {
                    if not {
                        format!("Not{name}")
                    } else {
                        name.into()
                    }
                };
                let mut statement = json!({"Effect": if allow { "Allow" } else { "Deny" }});
                statement[element("Action", not_action)] = action;
                statement[element("Resource", not_resource)] = resource;
                if with_principal {
                    statement[element("Principal", not_principal)] = principal;
                }
                if let Some(condition) = condition {
                    statement["Condition"] = condition;
                }
                statement
            },
        )
}

fn many(with_principal: bool, most: usize) -> impl Strategy<Value = Vec<Value>> {
    proptest::collection::vec(statements(with_principal), 0..=most)
}

fn policies(kind: PolicyKind, statements: &[Value]) -> Vec<Policy> {
    if statements.is_empty() {
        return vec![];
    }
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    vec![Policy::parse(kind, &document.to_string()).unwrap()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn s09_s10_generated_policies_are_judged_as_the_plain_evaluator_does(
        (request, plain) in requests(),
        identity in many(false, 3),
        session in many(false, 2),
        resource in many(true, 3),
    ) {
        let decision = decide(
            &request,
            policies(PolicyKind::Identity, &identity),
            policies(PolicyKind::Identity, &session),
            policies(PolicyKind::Resource, &resource),
        );
        let expected = plain.allowed(&identity, &session, &resource, HOME);
        prop_assert_eq!(decision == Decision::Allow, expected, "{} {} {:?}", plain.arn, plain.action, decision);
    }

    #[test]
    fn s09_no_text_makes_the_parser_panic(text in "[\\[\\]{}:,\"a-zA-Z*$' ]{0,80}") {
        for kind in [PolicyKind::Identity, PolicyKind::Resource, PolicyKind::Trust] {
            let _ = Policy::parse(kind, &text);
            let _ = Policy::parse(kind, &document(&text));
            let quoted = Value::String(text.clone());
            for member in ["Action", "Resource", "Principal", "Sid", "Effect"] {
                let mut statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
                statement[member] = quoted.clone();
                let _ = Policy::parse(kind, &document(&statement.to_string()));
            }
            let condition = json!({text.as_str(): {text.as_str(): text}, "StringLike": {"aws:username": text}});
            let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition});
            let _ = Policy::parse(kind, &document(&statement.to_string()));
        }
    }
}
