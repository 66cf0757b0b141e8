//! `reliquary iam`: users, roles, policies and keys at the command line, in the words of the AWS command line.
//!
//! Here is what is typed (`verbs`) and how answers are printed (`output`); the work is done in [`crate::wiring`].

mod output;
mod values;
mod verbs;

use std::io::Write;

pub use values::{Document, TagList};
pub use verbs::{
    AccessKeyVerb, AttachedPolicyVerb, InlinePolicyVerb, ManagedPolicyVerb, NamePath, OutputFormat,
    PolicyArn, PolicyDocument, PolicyName, ProviderVerb, Question, RoleName, RoleVerb, Scope,
    Status, TagKeys, Tags, UserName, UserVerb, Verb,
};

use crate::config::Config;
use crate::start_error::StartError;
use crate::wiring;

/// Does what was asked for and prints the answer, if there is one.
///
/// # Errors
/// The data folder cannot be used, or what was asked for cannot be.
pub async fn run(
    config: &Config,
    verb: Verb,
    format: OutputFormat,
    output: &mut impl Write,
) -> Result<(), StartError> {
    let answer = wiring::iam(config, verb).await?;
    let Some(answer) = answer else {
        return Ok(());
    };
    let text = match format {
        OutputFormat::Json => output::json(&answer),
        OutputFormat::Text => output::text(&answer),
    };
    let written = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
    written.map_err(|error| StartError::because("the output cannot be written", error))
}
