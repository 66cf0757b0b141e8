//! Why the program did not start, or a command did not do its work. Shown once, to whoever typed the command.

use std::error::Error;
use std::fmt;

use crate::config::ConfigError;

/// A failure of start-up or of a command.
#[derive(Debug)]
pub enum StartError {
    /// The configuration is wrong; nothing was touched.
    Config(ConfigError),
    /// A check could be made, and found so many things wrong. What they are has been printed.
    Found(usize),
    /// A check could not be made.
    Unchecked(Box<StartError>),
    /// Something else stood against it.
    Failed {
        /// What was being done, with which value, and what to do about it.
        message: String,
        /// The cause, where there is one.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
}

impl StartError {
    /// A failure with a sentence of its own.
    pub fn new(message: impl Into<String>) -> Self {
        Self::Failed {
            message: message.into(),
            source: None,
        }
    }

    /// A failure and its cause.
    pub fn because(
        message: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Failed {
            message: message.into(),
            source: Some(source.into()),
        }
    }

    /// The exit status of the process: 2 for a configuration to mend and for a check that could not be made, 1 for the
    /// rest.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Unchecked(_) => 2,
            Self::Found(_) | Self::Failed { .. } => 1,
        }
    }
}

impl From<ConfigError> for StartError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Found(count) => write!(f, "{count} found, see docs/repair.md"),
            Self::Unchecked(error) => error.fmt(f),
            Self::Failed { message, source } => {
                f.write_str(message)?;
                let mut cause = source.as_deref().map(|source| source as &dyn Error);
                while let Some(error) = cause {
                    write!(f, ": {error}")?;
                    cause = error.source();
                }
                Ok(())
            }
        }
    }
}

impl Error for StartError {}
