//! The bodies of the commands: read the settings, do the work, print.

use std::fs;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use carriage::BackupGround;
use catalog::{InspectionTerms, SweepTerms};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use uuid::Uuid;

use crate::aws_profile::ProfileFiles;
use crate::cli::{Cli, Command, KeysCommand};
use crate::config::{self, Config, Effective, Environment, Flags, KnownConnection};
use crate::connection_address::{ConnectionAddresses, known_connections, public_connections};
use crate::fsck;
use crate::iam;
use crate::logging;
use crate::metrics::Metrics;
use crate::progress_bar::Bars;
use crate::running::Sockets;
use crate::start_error::StartError;
use crate::wiring::{self, EventReader, Opened, Opening};

/// How often the log is looked at for more events.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(500);
/// Threads for work that blocks, at most.
const BLOCKING_THREADS: usize = 64;

/// Does what the command line says. What is asked for goes to `output`, log lines to standard error.
///
/// # Errors
/// The configuration is wrong, or the work could not be done.
pub fn run(cli: Cli, environment: Environment, output: &mut impl Write) -> Result<(), StartError> {
    let dev = matches!(cli.command, Command::Serve { dev: true });
    let known = known_connections();
    let mut formats: Vec<&str> = known.iter().map(|one| one.format).collect();
    formats.dedup();
    let effective = config::load(
        &environment,
        &cli.settings.into_flags(dev),
        &known,
        &formats,
    )?;
    let environment = Arc::new(environment);
    match cli.command {
        Command::Backup { to, verify } => {
            runtime()?.block_on(back_up(&effective.config, &to, verify, output))
        }
        Command::Restore { from, number } => {
            runtime()?.block_on(restore(&effective.config, &from, number, output))
        }
        Command::Migrate { to } => {
            let target = target_config(&to, &environment, &known, &formats)?;
            runtime()?.block_on(migrate(&effective.config, &target, output))
        }
        Command::Serve { .. } => serve(effective.config, environment, output),
        Command::Config { json } => print_config(&effective, json, output),
        Command::Connections { check } => {
            let addresses =
                ConnectionAddresses::new(&effective.config, public_connections(), environment);
            runtime()?.block_on(print_connections(&addresses, check, output))
        }
        Command::Events {
            follow,
            domain,
            after,
        } => {
            let reader = EventReader::open(&effective.config, domain, &after);
            runtime()?.block_on(async { print_events(reader.await?, follow, output).await })
        }
        Command::Fsck {
            repair,
            quick,
            json,
        } => {
            let addresses =
                ConnectionAddresses::new(&effective.config, public_connections(), environment);
            let terms = InspectionTerms { quick, repair };
            let checked = check(&effective.config, addresses, terms, json, output);
            runtime()?.block_on(checked)
        }
        Command::Sweep {
            dry_run,
            grace_ms,
            json,
        } => runtime()?.block_on(async {
            let grace_ms = grace_ms.unwrap_or(effective.config.sweep.grace_ms);
            let grace_ms = i64::try_from(grace_ms).unwrap_or(i64::MAX / 2);
            let terms = SweepTerms { grace_ms, dry_run };
            let report = wiring::sweep(&effective.config, terms).await?;
            fsck::print_sweep(&report, dry_run, json, output)
        }),
        Command::Keys { command } => runtime()?.block_on(keys(&effective.config, command, output)),
        Command::Iam {
            verb,
            output: format,
        } => runtime()?.block_on(iam::run(&effective.config, verb, format, output)),
    }
}

async fn back_up(
    config: &Config,
    to: &Path,
    verify: bool,
    output: &mut impl Write,
) -> Result<(), StartError> {
    let bars = Bars::default();
    let made = Box::pin(wiring::back_up(config, to, verify, &bars)).await?;
    let text = format!(
        "backup {} in {}: {} rows ({} read{}), {} blobs of {} bytes looked for ({} new, {} bytes){}\n",
        made.number,
        to.display(),
        made.rows,
        made.rows_read,
        match made.ground {
            BackupGround::Nothing | BackupGround::Before => String::new(),
            BackupGround::NothingSince(why) => format!(", which is all, since {why}"),
        },
        made.blobs,
        made.size_bytes,
        made.new_blobs,
        made.new_bytes,
        if verify { ", verified" } else { "" }
    );
    print(output, &text)
}

async fn restore(
    config: &Config,
    from: &Path,
    number: Option<u64>,
    output: &mut impl Write,
) -> Result<(), StartError> {
    let bars = Bars::default();
    let restored = Box::pin(wiring::restore(config, from, number, &bars)).await?;
    let made_at = jiff::Timestamp::from_millisecond(restored.made_at_ms)
        .map_or_else(|_| String::new(), |at| format!(" of {at}"));
    let what = told(restored.transferred);
    let text = format!("restored backup {}{made_at}: {what}\n", restored.number);
    print(output, &text)
}

async fn migrate(config: &Config, to: &Config, output: &mut impl Write) -> Result<(), StartError> {
    let bars = Bars::default();
    let moved = Box::pin(wiring::migrate(config, to, &bars)).await?;
    let text = format!(
        "migrated {}; start the server with the settings of the target\n",
        told(moved)
    );
    print(output, &text)
}

fn told(what: carriage::Transferred) -> String {
    format!(
        "{} rows and {} blobs of {} bytes ({} copied now), all verified",
        what.rows, what.blobs, what.size_bytes, what.copied
    )
}

/// The settings of a file alone: what this process was told otherwise is about the source.
fn target_config(
    file: &Path,
    environment: &Environment,
    known: &[KnownConnection],
    formats: &[&str],
) -> Result<Config, StartError> {
    let environment: Environment = environment
        .iter()
        .filter(|(name, _)| !name.starts_with("RELIQUARY_"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let flags = Flags {
        config_file: Some(file.to_owned()),
        settings: Vec::new(),
        dev: false,
    };
    Ok(config::load(&environment, &flags, known, formats)?.config)
}

fn runtime() -> Result<Runtime, StartError> {
    tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()
        .map_err(|error| StartError::because("threads cannot be started", error))
}

fn print(output: &mut impl Write, text: &str) -> Result<(), StartError> {
    let written = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
    written.map_err(|error| StartError::because("the output cannot be written", error))
}

fn print_config(
    effective: &Effective,
    json: bool,
    output: &mut impl Write,
) -> Result<(), StartError> {
    let entries = &effective.entries;
    print(
        output,
        &if json {
            config::render_json(entries)
        } else {
            config::render_table(entries)
        },
    )
}

/// Checks the installation. That something was found is a failure too.
async fn check(
    config: &Config,
    addresses: ConnectionAddresses,
    terms: InspectionTerms,
    json: bool,
    output: &mut impl Write,
) -> Result<(), StartError> {
    let progress = fsck::ProgressLine::start();
    let inspected = wiring::inspect(config, Arc::new(addresses), terms, &progress).await;
    progress.finish();
    let report = inspected.map_err(|error| StartError::Unchecked(Box::new(error)))?;
    fsck::print(&report, json, output)?;
    match fsck::unrepaired(&report) {
        0 => Ok(()),
        left => Err(StartError::Found(left)),
    }
}

async fn print_connections(
    addresses: &ConnectionAddresses,
    check: bool,
    output: &mut impl Write,
) -> Result<(), StartError> {
    let names: Vec<_> = addresses.names().collect();
    let width = names.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut failures = 0;
    for (name, format) in names {
        let line = match addresses.find(name).await {
            Err(error) => {
                failures += 1;
                format!("{name:width$}  {format:8}  {error}\n")
            }
            Ok(address) => {
                let checked = if check {
                    Some(wiring::check_connection(&address).await)
                } else {
                    None
                };
                failures += usize::from(matches!(checked, Some(Err(_))));
                let checked = match checked {
                    None => String::new(),
                    Some(Ok(text)) => format!("; ok, {text}"),
                    Some(Err(text)) => format!("; FAILED, {text}"),
                };
                format!(
                    "{name:width$}  {format:8}  {}  (from {}){checked}\n",
                    address.url, address.origin
                )
            }
        };
        print(output, &line)?;
    }
    if check && failures > 0 {
        return Err(StartError::new(format!(
            "{failures} of the connections cannot be used"
        )));
    }
    Ok(())
}

/// Prints events, to the last there is or for ever.
async fn print_events(
    mut reader: EventReader,
    follow: bool,
    output: &mut impl Write,
) -> Result<(), StartError> {
    loop {
        match reader.next_lines().await? {
            Some(lines) => print(output, &(lines.join("\n") + "\n"))?,
            None if follow => tokio::time::sleep(FOLLOW_INTERVAL).await,
            None => break,
        }
    }
    let knows_domain = reader.knows_domain();
    reader.close().await;
    if knows_domain {
        Ok(())
    } else {
        Err(StartError::new(
            "there is no such domain, and there was none",
        ))
    }
}

async fn keys(
    config: &Config,
    command: KeysCommand,
    output: &mut impl Write,
) -> Result<(), StartError> {
    match command {
        KeysCommand::List => {
            for key in wiring::list_keys(config).await? {
                let state = if key.is_active { "active" } else { "disabled" };
                print(
                    output,
                    &format!(
                        "{}  {state:8}  {}  {}\n",
                        key.id, key.created_at, key.principal
                    ),
                )?;
            }
            Ok(())
        }
        KeysCommand::Create { user } => {
            let made = wiring::create_key(config, user.as_deref()).await?;
            let text = format!(
                "The secret is shown this once:\naws_access_key_id = {}\naws_secret_access_key = {}\n",
                made.key.id,
                made.key.secret.expose()
            );
            print(output, &text)?;
            match user {
                Some(user) if !made.has_policies => print(output, &how_to_give_rights(&user)),
                _ => Ok(()),
            }
        }
        KeysCommand::Disable { id } => {
            wiring::disable_key(config, &id).await?;
            print(output, &format!("{id} is disabled\n"))
        }
    }
}

/// What to do with a user who may do nothing yet.
fn how_to_give_rights(user: &str) -> String {
    format!(
        "\n{user} has no policies and may do nothing yet. To let {user} read, or do everything:\n\
         reliquary iam attach-user-policy --user-name {user} \\\n    \
         --policy-arn arn:aws:iam::aws:policy/AWSCodeArtifactReadOnlyAccess\n\
         reliquary iam attach-user-policy --user-name {user} \\\n    \
         --policy-arn arn:aws:iam::aws:policy/AWSCodeArtifactAdminAccess\n"
    )
}

fn serve(
    config: Config,
    environment: Arc<Environment>,
    output: &mut impl Write,
) -> Result<(), StartError> {
    // Held to the end: dropping it writes out the last lines.
    let _log = logging::start(&config.log)?;
    make_data_folder(&config.data)?;
    let runtime = runtime()?;
    let served = runtime.block_on(serve_until_signal(Arc::new(config), environment, output));
    // Work that blocks and does not end must not keep the process.
    runtime.shutdown_background();
    served
}

/// The folder that holds everything is for its owner only.
fn make_data_folder(data: &Path) -> Result<(), StartError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .map_err(|error| {
            StartError::because(
                format!("the data folder {} cannot be made", data.display()),
                error,
            )
        })
}

async fn serve_until_signal(
    config: Arc<Config>,
    environment: Arc<Environment>,
    output: &mut impl Write,
) -> Result<(), StartError> {
    let (mut terminate, mut interrupt) = (
        listen_for(SignalKind::terminate())?,
        listen_for(SignalKind::interrupt())?,
    );
    let metrics = Arc::new(Metrics::new());
    let sockets = Sockets::bind(&config).await?;
    let addresses = Arc::new(ConnectionAddresses::new(
        &config,
        public_connections(),
        environment,
    ));
    let via_name = format!("reliquary-{}", Uuid::new_v4().simple());
    let opening = Opening {
        config: Arc::clone(&config),
        addresses,
        metrics: Arc::clone(&metrics),
        public_url: sockets.public_url().to_owned(),
        via_name: via_name.clone(),
    };
    let Opened { service, first_key } = wiring::open(opening).await?;
    let profile = ProfileFiles::in_data(&config.data);
    profile.write_config(&config.region, sockets.public_url())?;
    if let Some(key) = &first_key {
        profile.write_credentials(key)?;
    }
    let server = sockets.serve(&config, service, metrics, via_name);
    print(
        output,
        &profile.welcome(
            server.public_url(),
            server.metrics_url().as_deref(),
            &config.data,
        ),
    )?;
    tracing::info!(address = %server.address(), public_url = server.public_url(), "listening");

    let signal = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    };
    tracing::info!(
        signal,
        grace_ms = config.shutdown_grace_ms,
        "stopping; requests in flight may finish"
    );
    let hurry = async {
        tokio::select! { _ = terminate.recv() => (), _ = interrupt.recv() => () }
    };
    if server.stop(hurry).await {
        tracing::info!("stopped");
    } else {
        tracing::warn!("stopped; some requests did not finish");
    }
    Ok(())
}

fn listen_for(kind: SignalKind) -> Result<Signal, StartError> {
    signal(kind).map_err(|error| StartError::because("signals cannot be listened for", error))
}
