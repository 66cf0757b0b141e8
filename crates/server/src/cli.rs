//! The command line. What a flag says becomes a setting like any other, so that one place reads and refuses values.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::Flags;
use crate::iam::{OutputFormat, Verb};
use catalog::EventCursor;

/// AWS CodeArtifact as software that anyone can run.
#[derive(Debug, Parser)]
#[command(name = "reliquary", version, after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Settings that any command takes.
    #[command(flatten)]
    pub settings: SettingFlags,
}

const EXAMPLES: &str = "\
Examples:
  reliquary serve                         start here, data in ./reliquary-data
  reliquary serve --dev                   a laptop or CI: any key works, repositories are ready
  reliquary serve --data /srv/reliquary --listen 0.0.0.0:8740 --public-url https://packages.example
  reliquary config                        every setting, its value and where it came from
  reliquary connections --check           where packages are pulled from, and whether it answers
  reliquary keys create --user alice      an access key for a user
  reliquary iam attach-user-policy --user-name alice --policy-arn arn:aws:iam::aws:policy/AWSCodeArtifactReadOnlyAccess
  reliquary fsck                          is everything whole? (--repair mends what can be mended)
  reliquary events --follow               what is published, copied, archived and deleted, as it happens
  reliquary backup --to /backup/reliquary  rows and bytes, also while it serves; again, for what is new
  reliquary migrate --to scaled-out.toml  move everything to PostgreSQL and S3

Every setting can stand in a TOML file (--config FILE, RELIQUARY_CONFIG, or reliquary.toml in the data
folder), in an environment variable (limits.header_bytes is RELIQUARY_LIMITS_HEADER_BYTES), or in a flag;
the later wins.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    Serve {
        /// For a laptop or CI: loopback only, any access key is the account's root, repositories are made ready
        #[arg(long)]
        dev: bool,
    },
    /// Print every setting, its value and where it came from
    Config {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List external connections: name, format, where each points and who said so
    Connections {
        /// Contact each of them
        #[arg(long)]
        check: bool,
    },
    /// Print events as JSON lines: what became of package versions, oldest first within a domain
    Events {
        /// Wait for more
        #[arg(long)]
        follow: bool,
        /// Only of this domain, or of OWNER/DOMAIN
        #[arg(long, value_name = "DOMAIN")]
        domain: Option<String>,
        /// Only behind this place: the `cursor` of a line, several of several domains with commas between
        #[arg(long, value_name = "CURSOR", value_delimiter = ',')]
        after: Vec<EventCursor>,
    },
    /// Back up rows and bytes into a folder, also while the server serves
    ///
    /// The rows are those of one moment, and every blob that they name is there, or the backup fails. Into a folder that
    /// has backups of this installation only what is new is written. A backup holds secrets (access keys, the keys of
    /// tokens): the folder is for its owner alone. Configuration files and audit records are not in it.
    Backup {
        /// The folder; made if it is not there
        #[arg(long, value_name = "FOLDER")]
        to: PathBuf,
        /// Read everything that the backup consists of again, and compare digests
        #[arg(long)]
        verify: bool,
    },
    /// Restore a backup into an empty installation
    ///
    /// Embedded or on PostgreSQL and S3, as the settings say; it must be empty, and nobody may serve from it. Every digest
    /// and every count is compared. A run that was broken off is gone on with by running it again; until one has come to
    /// its end the installation does not start.
    Restore {
        /// The folder that `reliquary backup --to` was given
        #[arg(long, value_name = "FOLDER")]
        from: PathBuf,
        /// The backup of this number instead of the last one
        #[arg(long, value_name = "N")]
        number: Option<u64>,
    },
    /// Move an installation from the data folder to PostgreSQL and S3, or back
    ///
    /// From the installation of the usual settings to that of another TOML file, which stands alone: variables that begin
    /// with RELIQUARY_ and flags belong to the source. Stop all servers of both first; a data folder in use and a
    /// PostgreSQL database with other connections of Reliquary are refused. The target must be empty. Every digest and
    /// every count is compared at the end. A run that was broken off, however it ended, is gone on with by running it
    /// again; until one has come to its end the target does not start. The source is left as it is.
    Migrate {
        /// The TOML file of the target
        #[arg(long, value_name = "CONFIG")]
        to: PathBuf,
    },
    /// Access keys of the account
    Keys {
        /// What to do with them.
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Check everything: rows against the change log, rows against bytes, every digest
    ///
    /// Only reads, and may run beside the server. Exit status 0: clean; 1: something is wrong, and was printed; 2: it
    /// could not be looked at.
    Fsck {
        /// Move damaged bytes to quarantine and fetch again what came from public sources; stop the server first (of
        /// several nodes, restart each afterwards)
        #[arg(long)]
        repair: bool,
        /// Compare sizes only, without reading the bytes
        #[arg(long)]
        quick: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove bytes that nothing refers to any more, as the server does in the background
    ///
    /// What is found is noted first, and removed by a sweep after the grace period (sweep.grace_ms). May run beside the
    /// server.
    Sweep {
        /// Print what would be removed, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// Another grace period than the configured one
        #[arg(long, value_name = "MILLISECONDS")]
        grace_ms: Option<u64>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Users, roles, policies, access keys and identity providers, in the words of the AWS command line
    Iam {
        /// What to do.
        #[command(subcommand)]
        verb: Verb,
        /// Print answers as json or text
        #[arg(
            long,
            global = true,
            value_enum,
            value_name = "FORMAT",
            default_value = "json"
        )]
        output: OutputFormat,
    },
}

/// What can be done with access keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List access keys; secrets are never shown again
    List,
    /// Make an access key and print its secret, once
    Create {
        /// The user it is for, made if there is none of that name; the account's root without
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
    /// Disable an access key; requests signed with it are refused from now on
    Disable {
        /// The key's id
        id: String,
    },
}

/// Settings that any command takes. The values are read by `config`, not here.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Settings")]
pub struct SettingFlags {
    /// Read this TOML file
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Keep everything in this folder
    #[arg(long, global = true, value_name = "FOLDER")]
    pub data: Option<String>,
    /// Listen here [default: 127.0.0.1:8740]
    #[arg(long, global = true, value_name = "IP:PORT")]
    pub listen: Option<String>,
    /// Serve /metrics here [default: 127.0.0.1:8741]
    #[arg(long, global = true, value_name = "IP:PORT|off")]
    pub metrics_listen: Option<String>,
    /// The address that clients use, where a proxy stands in front
    #[arg(long, global = true, value_name = "URL")]
    pub public_url: Option<String>,
    /// The account that first start makes [default: 000000000000]
    #[arg(long, global = true, value_name = "DIGITS")]
    pub account: Option<String>,
    /// The region in ARNs and signatures [default: us-east-1]
    #[arg(long, global = true, value_name = "NAME")]
    pub region: Option<String>,
    /// Speak TLS with this certificate
    #[arg(long, global = true, value_name = "FILE")]
    pub tls_certificate: Option<String>,
    /// The key of that certificate
    #[arg(long, global = true, value_name = "FILE")]
    pub tls_key: Option<String>,
    /// Log lines as text or json [default: text]
    #[arg(long, global = true, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// Log at this level and above [default: info]
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// Any other setting, e.g. --set limits.max_connections=100
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = split_setting)]
    pub set: Vec<(String, String)>,
}

fn split_setting(text: &str) -> Result<(String, String), String> {
    // A quoted part of a key may hold an equals sign; an even number of quotes stands before the one that counts.
    let mut quotes = 0;
    let at = text.char_indices().find_map(|(at, c)| {
        quotes += usize::from(c == '"');
        (c == '=' && quotes % 2 == 0).then_some(at)
    });
    let at = at.ok_or_else(|| "there is no = in it; write KEY=VALUE".to_owned())?;
    Ok((
        text[..at].trim().to_owned(),
        text[at + 1..].trim().to_owned(),
    ))
}

impl SettingFlags {
    /// What was given, as settings.
    #[must_use]
    pub fn into_flags(self, dev: bool) -> Flags {
        let named = [
            ("--data", "data", self.data),
            ("--listen", "listen", self.listen),
            ("--metrics-listen", "metrics_listen", self.metrics_listen),
            ("--public-url", "public_url", self.public_url),
            ("--account", "account", self.account),
            ("--region", "region", self.region),
            ("--tls-certificate", "tls.certificate", self.tls_certificate),
            ("--tls-key", "tls.key", self.tls_key),
            ("--log-format", "log.format", self.log_format),
            ("--log-level", "log.level", self.log_level),
        ];
        let named = named
            .into_iter()
            .filter_map(|(flag, key, value)| Some((flag.to_owned(), key.to_owned(), value?)));
        let set = self
            .set
            .into_iter()
            .map(|(key, value)| ("--set".to_owned(), key, value));
        Flags {
            config_file: self.config,
            settings: set.chain(named).collect(),
            dev,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn settings_are_taken_before_and_after_the_command() {
        let cli = Cli::parse_from([
            "reliquary",
            "--region",
            "x",
            "serve",
            "--dev",
            "--listen",
            "127.0.0.1:1",
            "--set",
            "connections.\"a=b\".url=https://a.example/?",
        ]);
        assert!(matches!(cli.command, Command::Serve { dev: true }));
        let flags = cli.settings.into_flags(true);
        let text = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(
            flags.settings,
            [
                text("--set", "connections.\"a=b\".url", "https://a.example/?"),
                text("--listen", "listen", "127.0.0.1:1"),
                text("--region", "region", "x"),
            ]
        );
        assert!(flags.dev);
        assert!(Cli::try_parse_from(["reliquary", "serve", "--set", "novalue"]).is_err());
    }

    #[test]
    fn help_shows_examples() {
        let help = Cli::command().render_long_help().to_string();
        assert!(
            help.contains("reliquary serve --dev")
                && help.contains("RELIQUARY_LIMITS_HEADER_BYTES"),
            "{help}"
        );
    }
}
