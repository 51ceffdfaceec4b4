//! From `main` to a running service: command line, runtime, telemetry, `serve` or `migrate`, exit code.

use crate::options::{RpcOptions, Secret, ServiceOptions, SourceAddress};
use anyhow::{Context, Result};
use clap::{Args, Command, FromArgMatches};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use xiaoan_eventstore::{AppenderOptions, EventStore, note_release, release_is_there};
use xiaoan_feed::{BrokerUser, Publisher};
use xiaoan_kernel::SystemClock;

/// A service makes and drops some hundred small pieces per call, on whichever thread it happens to be: with glibc's
/// allocator that was a third of its processor time under load.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Pause between two looks at the schema.
const SCHEMA_AGAIN: Duration = Duration::from_secs(1);

/// What a service is called and where it listens by default.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Name of the service and its binary, for example `cases`; also the source's name in the log.
    pub name: &'static str,
    /// Version of its crate.
    pub version: &'static str,
    /// One sentence for `--help`.
    pub about: &'static str,
    /// Default address of gRPC, on loopback: `127.0.0.1:7101`.
    pub grpc_addr: &'static str,
    /// Default address of the admin port: `127.0.0.1:7201`.
    pub admin_addr: &'static str,
}

/// What `serve` starts with. `E` are options of the service's own (`()` for none).
#[derive(Debug, Clone)]
pub struct Start<E> {
    /// For [`crate::Server::new`].
    pub rpc: RpcOptions,
    /// Database, broker, sources, keys.
    pub service: ServiceOptions,
    /// The service's own options.
    pub own: E,
}

#[derive(Debug, Clone, Args)]
struct ServeArgs<E: Args> {
    #[command(flatten)]
    rpc: RpcOptions,
    #[command(flatten)]
    service: ServiceOptions,
    #[command(flatten)]
    own: E,
}

#[derive(Debug, Args)]
struct MigrateArgs {
    /// Database of the service, as the role that owns its tables
    #[arg(long, env = "XIAOAN_OWNER_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    owner_database_url: Secret,
    /// How long to wait for the database
    #[arg(long, env = "XIAOAN_DATABASE_WAIT", value_name = "TIME", default_value = "30s", value_parser = crate::options::duration)]
    database_wait: Duration,
    /// What the deployment calls this release; noted when everything is applied, for await-schema
    #[arg(long, env = "XIAOAN_RELEASE", value_name = "TEXT")]
    release: Option<String>,
}

#[derive(Debug, Args)]
struct AwaitArgs {
    /// Database of the service, as the role that may append but not change events
    #[arg(long, env = "XIAOAN_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Secret,
    /// The release whose migrations are waited for
    #[arg(long, env = "XIAOAN_RELEASE", value_name = "TEXT")]
    release: String,
    /// How long to wait
    #[arg(long, env = "XIAOAN_SCHEMA_WAIT", value_name = "TIME", default_value = "10m", value_parser = crate::options::duration)]
    schema_wait: Duration,
}

#[derive(Debug, Args)]
struct BrokerUserArgs {
    /// Seed of the service's nkey (SU…); made when the file is not there, readable by its owner only
    #[arg(long, env = "XIAOAN_NATS_NKEY_FILE", value_name = "FILE")]
    nats_nkey_file: PathBuf,
    /// Log of another service that it follows, as for serving
    #[arg(long = "source", env = "XIAOAN_SOURCES", value_name = "NAME=URL", value_delimiter = ',')]
    sources: Vec<SourceAddress>,
}

/// The whole `main` of a service: `NAME [options]` serves, `NAME migrate` brings the database up to date, `NAME stream` makes
/// the stream of its log at the broker, `NAME broker-user` prints what the broker must know of it, `NAME await-schema` waits for
/// the migrations of its release.
///
/// Exit code 0 when it stopped as told, 1 when it failed (the reason is on stderr), 2 for wrong usage.
pub fn service_main<E, S, SF, M, MF>(about: About, serve: S, migrate: M) -> ExitCode
where
    E: Args,
    S: FnOnce(Start<E>) -> SF,
    SF: Future<Output = Result<()>>,
    M: FnOnce(PgPool) -> MF,
    MF: Future<Output = Result<()>>,
{
    // Before anything here uses TLS: database, broker, sources, tokens. Of two providers in a process none is the default.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = match parse::<E>(about, std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{}: cannot start: {error}", about.name);
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(async {
        let guard = match xiaoan_telemetry::init(about.name, about.version) {
            Ok(guard) => guard,
            Err(error) => {
                eprintln!("{}: {error:#}", about.name);
                return ExitCode::FAILURE;
            }
        };
        let outcome = match cli {
            Parsed::Serve(start) => serve(*start).await,
            Parsed::Migrate(args) => run_migrations(about.name, args, migrate).await,
            Parsed::Stream(options) => make_stream(about.name, &options).await,
            Parsed::BrokerUser(args) => print_broker_user(about.name, &args),
            Parsed::Await(args) => await_schema(about.name, &args).await,
        };
        let code = match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "{} failed", about.name);
                ExitCode::FAILURE
            }
        };
        guard.shutdown().await;
        code
    })
}

async fn run_migrations<M, MF>(service: &str, args: MigrateArgs, migrate: M) -> Result<()>
where
    M: FnOnce(PgPool) -> MF,
    MF: Future<Output = Result<()>>,
{
    let owner = connect(service, &args.owner_database_url, 2, args.database_wait, &[]).await?;
    migrate(owner.clone()).await?;
    if let Some(release) = args.release {
        note_release(&owner, &release).await.context("cannot note the release")?;
    }
    owner.close().await;
    tracing::info!("database is up to date");
    Ok(())
}

/// Until the migrations of a release have been applied by somebody else: before a pod of a deployment that has no order of things.
async fn await_schema(service: &str, args: &AwaitArgs) -> Result<()> {
    let pool = connect(service, &args.database_url, 1, args.schema_wait, &[]).await?;
    let began = Instant::now();
    while !release_is_there(&pool, &args.release).await? {
        if began.elapsed() >= args.schema_wait {
            anyhow::bail!("release {:?} has not migrated the database of {service}", args.release);
        }
        tracing::info!(release = args.release, "waiting for the schema");
        tokio::time::sleep(SCHEMA_AGAIN).await;
    }
    pool.close().await;
    tracing::info!(release = args.release, "schema is there");
    Ok(())
}

/// What a relay does when it starts, before any service runs: in a cluster a Job does it, so that no stream is made in passing.
async fn make_stream(service: &str, options: &ServiceOptions) -> Result<()> {
    let pool = connect(service, &options.database_url, 2, options.database_wait, &[]).await?;
    let store = EventStore::open(pool.clone(), service, Arc::new(SystemClock), AppenderOptions::default())
        .await
        .with_context(|| format!("cannot open the log of {service}; is the database migrated?"))?;
    let last = Publisher::prepare(store, options.nats()?, service, options.database_wait)
        .await
        .context("cannot make the stream")?;
    pool.close().await;
    tracing::info!(last, replicas = options.nats_replicas, "stream is there");
    Ok(())
}

/// The entry of a service in the list `users` of a nats-server's configuration, on stdout.
fn print_broker_user(service: &str, args: &BrokerUserArgs) -> Result<()> {
    let follows = args.sources.iter().map(|source| source.name.clone()).collect();
    let user = BrokerUser::with_seed_in(&args.nats_nkey_file, service, follows)?;
    std::io::stdout().write_all(user.configuration().as_bytes()).context("cannot print the user")
}

enum Parsed<E> {
    Serve(Box<Start<E>>),
    Migrate(MigrateArgs),
    Stream(Box<ServiceOptions>),
    BrokerUser(BrokerUserArgs),
    Await(AwaitArgs),
}

/// `NAME [options]`, `NAME serve [options]`, `NAME migrate [options]`, `NAME stream [options]`,
/// `NAME broker-user [options]`, `NAME await-schema [options]`. Options that serving needs are asked for only
/// when it serves.
fn command_line<E: Args>(about: About) -> Command {
    let serving = |command: Command| {
        ServeArgs::<E>::augment_args(command)
            .mut_arg("grpc_addr", |arg| arg.default_value(about.grpc_addr))
            .mut_arg("admin_addr", |arg| arg.default_value(about.admin_addr))
    };
    serving(Command::new(about.name))
        .version(about.version)
        .about(about.about)
        .subcommand_negates_reqs(true)
        .args_conflicts_with_subcommands(true)
        .subcommand(
            serving(Command::new("serve")).about("Serve until told to stop (also without a subcommand)"),
        )
        .subcommand(
            MigrateArgs::augment_args(Command::new("migrate"))
                .about("Bring the database up to date and exit"),
        )
        .subcommand(
            ServiceOptions::augment_args(Command::new("stream"))
                .about("Make the stream of the log at the broker, or adjust it, and exit"),
        )
        .subcommand(
            BrokerUserArgs::augment_args(Command::new("broker-user"))
                .about("Print the service's entry in the list of users of nats-server, with its key and what it may do there; make the key when it has none"),
        )
        .subcommand(
            AwaitArgs::augment_args(Command::new("await-schema"))
                .about("Wait until a release has brought the database up to date, and exit"),
        )
}

fn parse<E: Args>(
    about: About,
    args: impl IntoIterator<Item = std::ffi::OsString>,
) -> Result<Parsed<E>, clap::Error> {
    let mut command = command_line::<E>(about);
    let matches = command.try_get_matches_from_mut(args)?;
    let parsed = match matches.subcommand() {
        Some(("migrate", matches)) => MigrateArgs::from_arg_matches(matches).map(Parsed::Migrate),
        Some(("await-schema", matches)) => AwaitArgs::from_arg_matches(matches).map(Parsed::Await),
        Some(("broker-user", matches)) => BrokerUserArgs::from_arg_matches(matches).map(Parsed::BrokerUser),
        Some(("stream", matches)) => {
            ServiceOptions::from_arg_matches(matches).map(|options| Parsed::Stream(Box::new(options)))
        }
        Some((_, matches)) => ServeArgs::from_arg_matches(matches).map(Parsed::serve),
        None => ServeArgs::from_arg_matches(&matches).map(Parsed::serve),
    };
    parsed.map_err(|error| error.format(&mut command))
}

impl<E: Args> Parsed<E> {
    fn serve(args: ServeArgs<E>) -> Self {
        Self::Serve(Box::new(Start { rpc: args.rpc, service: args.service, own: args.own }))
    }
}

impl ServiceOptions {
    /// The pool of database connections; waits for a database that is still starting.
    ///
    /// # Errors
    /// When the address is none, or the database does not answer in time.
    pub async fn connect(&self, service: &str) -> Result<PgPool> {
        self.connect_with(service, &[]).await
    }

    /// The same with settings of the session, for example `("synchronous_commit", "off")` where everything written can be
    /// read again from its sources.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_with(&self, service: &str, settings: &[(&str, &str)]) -> Result<PgPool> {
        connect(service, &self.database_url, self.database_pool, self.database_wait, settings).await
    }
}

async fn connect(
    service: &str,
    url: &Secret,
    size: u32,
    wait: Duration,
    settings: &[(&str, &str)],
) -> Result<PgPool> {
    // The error of a malformed address may repeat it with its password.
    let mut options = PgConnectOptions::from_str(url.expose())
        .ok()
        .with_context(|| format!("the database address of {service} is no postgres:// URL"))?
        .application_name(service);
    if !settings.is_empty() {
        options = options.options(settings.iter().copied());
    }
    let (host, database) =
        (options.get_host().to_owned(), options.get_database().unwrap_or_default().to_owned());
    let began = Instant::now();
    let mut told = false;
    loop {
        let attempt = PgPoolOptions::new()
            .max_connections(size)
            // All connections are made now and kept: a SCRAM handshake yields to the runtime some 800 times, so that one
            // begun under load takes longer than callers wait.
            .min_connections(size)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options.clone())
            .await;
        match attempt {
            Ok(pool) => return Ok(pool),
            Err(error) if began.elapsed() >= wait || !is_passing(&error) => {
                return Err(error)
                    .with_context(|| format!("cannot connect to database {database:?} on {host}"));
            }
            Err(error) => {
                if !std::mem::replace(&mut told, true) {
                    tracing::warn!(%error, host, database, "waiting for the database");
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// Whether waiting may help: a server that is not there or still starting, not a wrong password or a missing database.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Protocol(_) => true,
        // 57P03 cannot_connect_now, 53300 too_many_connections
        sqlx::Error::Database(e) => e.code().is_some_and(|code| code == "57P03" || code == "53300"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: About = About {
        name: "cases",
        version: "1.2.3",
        about: "Cases",
        grpc_addr: "127.0.0.1:7101",
        admin_addr: "127.0.0.1:7201",
    };

    #[derive(Debug, Clone, Args)]
    struct Own {
        /// Address of the web board
        #[arg(long, default_value = "127.0.0.1:7080")]
        web_addr: std::net::SocketAddr,
    }

    fn parsed<E: Args>(args: &[&str]) -> Result<Parsed<E>, clap::Error> {
        parse::<E>(ABOUT, args.iter().map(Into::into))
    }

    #[test]
    fn without_a_subcommand_it_serves_on_its_own_ports() {
        let args = ["cases", "--jwks", "keys.json", "--issuer", "i", "--database-url", "postgres://u:p@h/d"];
        let explicit = [&["cases", "serve"], &args[1..]].concat();
        assert!(matches!(parsed::<Own>(&explicit), Ok(Parsed::Serve(_))));
        let Ok(Parsed::Serve(start)) = parsed::<Own>(&args) else { panic!("should serve") };
        assert_eq!(start.rpc.grpc_addr.port(), 7101);
        assert_eq!(start.rpc.admin_addr.port(), 7201);
        assert_eq!(start.own.web_addr.port(), 7080);
        assert!(!format!("{start:?}").contains("u:p"), "a password was printed");
    }

    #[test]
    fn migrating_needs_the_owners_address_and_nothing_else() {
        let args = ["cases", "migrate", "--owner-database-url", "postgres://o@h/d"];
        assert!(matches!(parsed::<()>(&args), Ok(Parsed::Migrate(_))));
    }

    #[test]
    fn waiting_for_the_schema_needs_to_know_the_release() {
        let args = ["cases", "await-schema", "--database-url", "postgres://u@h/d"];
        assert!(parsed::<()>(&args).is_err());
        let args = [&args[..], &["--release", "1"]].concat();
        assert!(matches!(parsed::<()>(&args), Ok(Parsed::Await(_))));
    }

    #[test]
    fn making_the_stream_needs_database_and_broker_but_no_keys_of_tokens() {
        let args = ["cases", "stream", "--database-url", "postgres://u@h/d", "--nats-replicas", "3"];
        let Ok(Parsed::Stream(options)) = parsed::<()>(&args) else { panic!("should make the stream") };
        assert_eq!(options.nats_replicas, 3);
    }

    #[test]
    fn the_brokers_user_needs_a_key_and_the_sources_and_no_database() {
        let args = [
            "rankings",
            "broker-user",
            "--nats-nkey-file",
            "k",
            "--source",
            "hq=http://h:1,cases=http://c:2",
        ];
        let Ok(Parsed::BrokerUser(args)) = parsed::<()>(&args) else { panic!("should print the user") };
        assert_eq!(args.sources.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["hq", "cases"]);
    }

    #[test]
    fn missing_options_are_wrong_usage_and_named() {
        let Err(error) = parsed::<()>(&["cases"]) else { panic!("should be refused") };
        assert_eq!(error.exit_code(), 2);
        let text = error.to_string();
        assert!(text.contains("--jwks") && text.contains("--database-url"), "{text}");
    }

    #[test]
    fn the_command_line_is_consistent() {
        command_line::<Own>(ABOUT).debug_assert();
    }
}
