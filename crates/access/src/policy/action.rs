//! Patterns of actions: `codeartifact:Get*`. Actions are not case-sensitive.

use model::Action;

use super::error::{PolicyError, quoted};
use super::pattern::Pattern;

/// What an element `Action` or `NotAction` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ActionPattern {
    /// `None` for every service.
    service: Option<Box<str>>,
    name: Pattern,
}

impl ActionPattern {
    pub(super) fn parse(text: &str) -> Result<Self, PolicyError> {
        if text == "*" || text == "*:*" {
            return Ok(Self {
                service: None,
                name: Pattern::Anything,
            });
        }
        let Some((service, name)) = text.split_once(':') else {
            return Err(PolicyError::new(format!(
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. The action {} is not; write \
                 for example codeartifact:ReadFromRepository.",
                quoted(text)
            )));
        };
        if name.contains(':') {
            return Err(PolicyError::new(format!(
                "Actions/Condition can contain only one colon. The action {} has more.",
                quoted(text)
            )));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if service.is_empty() || !service.chars().all(plain) {
            return Err(PolicyError::new(format!(
                "Vendor {} is not valid. It stands before the colon of an action, in letters, digits and hyphens, \
                 without wildcards.",
                quoted(service)
            )));
        }
        if name.is_empty() || !name.chars().all(|c| plain(c) || "*?_.".contains(c)) {
            return Err(PolicyError::new(format!(
                "{} is not an action. After the colon comes a name in letters and digits, with * and ? as wildcards.",
                quoted(text)
            )));
        }
        Ok(Self {
            service: Some(service.to_ascii_lowercase().into()),
            name: Pattern::wild(&name.to_ascii_lowercase()),
        })
    }

    /// Whether it names actions of this service only.
    pub(super) fn is_of(&self, service: &str) -> bool {
        self.service.as_deref() == Some(service)
    }

    pub(super) fn matches(&self, action: Action) -> bool {
        self.service
            .as_ref()
            .is_none_or(|service| service.eq_ignore_ascii_case(action.service()))
            && self.name.matches_ignoring_case(action.name())
    }
}
