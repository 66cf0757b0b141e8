//! One statement: who, what, on which resources, under which conditions, and whether that is allowed or forbidden.

use super::action::ActionPattern;
use super::condition::Condition;
use super::principal::Principals;
use super::question::{Effect, Grant, Question};
use super::variable::{Match, Template};

/// A statement, ready to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) sid: Option<Box<str>>,
    pub(super) effect: Effect,
    /// `None` where the policy hangs on the principal.
    pub(super) principals: Option<Principals>,
    pub(super) actions: OneOf<ActionPattern>,
    /// `None` where the policy hangs on the one resource there is.
    pub(super) resources: Option<OneOf<Template>>,
    pub(super) conditions: Box<[Condition]>,
}

/// The values of an element and of its opposite, such as `Action` and `NotAction`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OneOf<T> {
    /// Whether it was the opposite.
    pub(super) not: bool,
    pub(super) values: Box<[T]>,
}

impl Statement {
    /// Whether the statement applies; if it allows, how strongly. What a policy of the principal itself says counts
    /// as said to the principal.
    pub(super) fn applies(&self, question: &Question<'_>) -> Option<Grant> {
        if !self.speaks_of_action(question) || !self.speaks_of_resource(question) {
            return None;
        }
        let grant = match &self.principals {
            Some(principals) => principals.grant(question.asker, self.effect)?,
            None => Grant::Principal,
        };
        self.conditions
            .iter()
            .all(|condition| condition.holds(question, self.effect))
            .then_some(grant)
    }

    fn speaks_of_action(&self, question: &Question<'_>) -> bool {
        let mut patterns = self.actions.values.iter();
        patterns.any(|pattern| pattern.matches(question.action)) != self.actions.not
    }

    fn speaks_of_resource(&self, question: &Question<'_>) -> bool {
        let Some(resources) = &self.resources else {
            return true;
        };
        let mut unknown = false;
        for template in &resources.values {
            match template.matches(question.resource.as_str(), question) {
                Match::Yes => return !resources.not,
                Match::Unknown => unknown = true,
                Match::No => {}
            }
        }
        // Everything but what nobody can tell is nothing to be allowed.
        resources.not && !(unknown && self.effect == Effect::Allow)
    }
}
