//! Reading a policy document: which elements there may be, which there must be, and how each is written.
//!
//! What is not understood is refused, never passed over: an element that is ignored could have been the one that
//! forbids. Public document: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>.

use std::collections::HashSet;

use super::PolicyKind;
use super::action::ActionPattern;
use super::condition::Condition;
use super::error::{PolicyError, quoted};
use super::json::Json;
use super::principal::Principals;
use super::question::Effect;
use super::resource::parse_resource;
use super::statement::{OneOf, Statement};

/// Longer texts are not even looked at.
const LONGEST_TEXT: usize = 65_536;

/// The version of the language that has variables.
const WITH_VARIABLES: &str = "2012-10-17";
const WITHOUT_VARIABLES: &str = "2008-10-17";

impl PolicyKind {
    /// The largest document, in characters. White space is not counted where IAM does not count it.
    const fn limit(self) -> usize {
        match self {
            Self::Identity => 10_240,
            Self::Resource => 7_168,
            Self::Trust => 4_096,
        }
    }
}

/// Reads the statements of a document.
pub(super) fn parse_document(
    kind: PolicyKind,
    text: &str,
) -> Result<Box<[Statement]>, PolicyError> {
    check_size(kind, text)?;
    let mut members = Members {
        place: "A policy",
        allowed: &["Version", "Id", "Statement"],
        members: Json::parse(text)?.into_object("A policy")?,
    };
    members.refuse_unknown()?;
    let variables = parse_version(members.take("Version"))?;
    if let Some(id) = members.take("Id") {
        id.into_text("Id")?;
        if kind == PolicyKind::Identity {
            return Err(PolicyError::new(
                "An identity-based policy cannot have an Id. Leave the element out.",
            ));
        }
    }
    let statements = match members.take("Statement") {
        None => return Err(PolicyError::new("The policy has no element Statement.")),
        Some(Json::List(statements)) if statements.is_empty() => {
            return Err(PolicyError::new("The policy has no statements."));
        }
        Some(Json::List(statements)) => statements,
        Some(statement) => vec![statement],
    };
    let mut sids = HashSet::new();
    let mut read = Vec::with_capacity(statements.len());
    for (index, json) in statements.into_iter().enumerate() {
        let statement = parse_statement(kind, json, variables)
            .map_err(|error| error.within(format!("Statement {}", index + 1)))?;
        if let Some(sid) = &statement.sid
            && !sids.insert(sid.clone())
        {
            return Err(PolicyError::new(format!(
                "Statement IDs (SID) in a single policy must be unique. {} comes twice.",
                quoted(sid)
            )));
        }
        read.push(statement);
    }
    Ok(read.into())
}

fn check_size(kind: PolicyKind, text: &str) -> Result<(), PolicyError> {
    let counted = |c: &char| kind == PolicyKind::Resource || !c.is_ascii_whitespace();
    if text.len() > LONGEST_TEXT || text.chars().filter(counted).count() > kind.limit() {
        return Err(PolicyError::new(format!(
            "The policy is too long: at most {} characters ({kind}).",
            kind.limit()
        )));
    }
    Ok(())
}

/// Whether the version knows variables.
fn parse_version(version: Option<Json>) -> Result<bool, PolicyError> {
    let Some(version) = version else {
        return Ok(false);
    };
    match version.into_text("Version")?.as_str() {
        WITH_VARIABLES => Ok(true),
        WITHOUT_VARIABLES => Ok(false),
        other => Err(PolicyError::new(format!(
            "Version {} does not exist. It is the version of the policy language, {WITH_VARIABLES:?} or \
             {WITHOUT_VARIABLES:?}.",
            quoted(other)
        ))),
    }
}

fn parse_statement(
    kind: PolicyKind,
    json: Json,
    variables: bool,
) -> Result<Statement, PolicyError> {
    let mut members = Members {
        place: "A statement",
        allowed: &[
            "Sid",
            "Effect",
            "Principal",
            "NotPrincipal",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Condition",
        ],
        members: json.into_object("A statement")?,
    };
    members.refuse_unknown()?;
    let sid = parse_sid(kind, members.take("Sid"))?;
    let effect = match members.take("Effect") {
        None => Err(PolicyError::new("Missing required field Effect.")),
        Some(effect) => match effect.into_text("Effect")?.as_str() {
            "Allow" => Ok(Effect::Allow),
            "Deny" => Ok(Effect::Deny),
            other => Err(PolicyError::new(format!(
                "Effect must be \"Allow\" or \"Deny\", not {}.",
                quoted(other)
            ))),
        },
    }?;
    Ok(Statement {
        sid,
        effect,
        principals: parse_principals(kind, &mut members)?,
        actions: parse_actions(kind, &mut members)?,
        resources: parse_resources(kind, &mut members, variables)?,
        conditions: match members.take("Condition") {
            Some(conditions) => Condition::parse_all(conditions, variables)?,
            None => Box::default(),
        },
    })
}

fn parse_sid(kind: PolicyKind, sid: Option<Json>) -> Result<Option<Box<str>>, PolicyError> {
    let Some(sid) = sid else {
        return Ok(None);
    };
    let sid = sid.into_text("Sid")?;
    let odd = |c: char| match kind {
        PolicyKind::Identity | PolicyKind::Trust => !c.is_ascii_alphanumeric(),
        PolicyKind::Resource => c.is_control(),
    };
    if sid.contains(odd) {
        return Err(PolicyError::new(format!(
            "Statement IDs (SID) must be alpha-numeric. Check that {} satisfies the regular expression [0-9A-Za-z]*.",
            quoted(&sid)
        )));
    }
    // Tools write an empty one where they have none.
    Ok((!sid.is_empty()).then(|| sid.into()))
}

fn parse_principals(
    kind: PolicyKind,
    members: &mut Members,
) -> Result<Option<Principals>, PolicyError> {
    let found = members.take_either("Principal", "NotPrincipal")?;
    match (kind, found) {
        (PolicyKind::Identity, None) => Ok(None),
        (PolicyKind::Identity, Some(_)) => Err(PolicyError::new(
            "Policy document should not specify a principal. The principal of an identity-based policy is the user or \
             role that it is attached to.",
        )),
        (_, None) => Err(PolicyError::new(format!(
            "Missing required field Principal. A {kind} must say whom it is about."
        ))),
        (_, Some((element, not, json))) => Principals::parse(element, not, json).map(Some),
    }
}

fn parse_actions(
    kind: PolicyKind,
    members: &mut Members,
) -> Result<OneOf<ActionPattern>, PolicyError> {
    let Some((element, not, json)) = members.take_either("Action", "NotAction")? else {
        return Err(PolicyError::new("Policy statement must contain actions."));
    };
    let values = json
        .into_texts(element)?
        .iter()
        .map(|text| ActionPattern::parse(text))
        .collect::<Result<Box<[_]>, _>>()?;
    if kind == PolicyKind::Trust && !values.iter().all(|action| action.is_of("sts")) {
        return Err(PolicyError::new(
            "AssumeRole policy may only specify STS AssumeRole actions, such as sts:AssumeRole.",
        ));
    }
    Ok(OneOf { not, values })
}

fn parse_resources(
    kind: PolicyKind,
    members: &mut Members,
    variables: bool,
) -> Result<Option<OneOf<super::variable::Template>>, PolicyError> {
    let found = members.take_either("Resource", "NotResource")?;
    match (kind, found) {
        (PolicyKind::Trust, None) => Ok(None),
        (PolicyKind::Trust, Some((element, ..))) => Err(PolicyError::new(format!(
            "Has prohibited field {element}. The resource of a trust policy is the role that it is attached to."
        ))),
        (_, None) => Err(PolicyError::new("Policy statement must contain resources.")),
        (_, Some((element, not, json))) => {
            let values = json
                .into_texts(element)?
                .iter()
                .map(|text| parse_resource(text, variables))
                .collect::<Result<_, _>>()?;
            Ok(Some(OneOf { not, values }))
        }
    }
}

/// The members of an object that are still to be read.
struct Members {
    place: &'static str,
    allowed: &'static [&'static str],
    members: Vec<(String, Json)>,
}

impl Members {
    fn refuse_unknown(&self) -> Result<(), PolicyError> {
        let mut names = self.members.iter().map(|(name, _)| name);
        match names.find(|name| !self.allowed.contains(&name.as_str())) {
            None => Ok(()),
            Some(unknown) => Err(PolicyError::new(format!(
                "{} cannot have an element {}; it can have {}. The names are case-sensitive.",
                self.place,
                quoted(unknown),
                self.allowed.join(", ")
            ))),
        }
    }

    fn take(&mut self, name: &str) -> Option<Json> {
        let at = self.members.iter().position(|(member, _)| member == name)?;
        Some(self.members.swap_remove(at).1)
    }

    /// An element or its opposite: its name, whether it was the opposite, and the value.
    fn take_either(
        &mut self,
        name: &'static str,
        opposite: &'static str,
    ) -> Result<Option<(&'static str, bool, Json)>, PolicyError> {
        match (self.take(name), self.take(opposite)) {
            (None, None) => Ok(None),
            (Some(json), None) => Ok(Some((name, false, json))),
            (None, Some(json)) => Ok(Some((opposite, true, json))),
            (Some(_), Some(_)) => Err(PolicyError::new(format!(
                "A statement cannot have both {name} and {opposite}."
            ))),
        }
    }
}
