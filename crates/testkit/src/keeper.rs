//! One thread per test process that makes and drops databases, so that a test's own runtime may end before them.
//!
//! It holds a session lock for as long as the process lives. Databases of processes whose lock is free were left by
//! a killed test run; the next run drops them.

use crate::admin::Admin;
use crate::template;
use anyhow::{Context, Result, anyhow};
use sqlx::{Connection, PgConnection};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::{mpsc, oneshot};

/// First key of the processes' locks; the second is the process's token.
const PROCESS_LOCK: i32 = 0x7869_616f;
const PREFIX: &str = "xiaoan_test_";

enum Job {
    /// Makes a database; of a service, or empty.
    Create(Option<String>, oneshot::Sender<Result<String>>),
    Drop(String, std::sync::mpsc::Sender<()>),
}

pub(crate) struct Keeper {
    jobs: mpsc::UnboundedSender<Job>,
    pub(crate) admin: Admin,
}

/// The keeper of this process.
pub(crate) fn keeper() -> Result<&'static Keeper> {
    static KEEPER: OnceLock<std::result::Result<Keeper, String>> = OnceLock::new();
    KEEPER.get_or_init(|| Keeper::start().map_err(|e| format!("{e:#}"))).as_ref().map_err(|e| anyhow!("{e}"))
}

impl Keeper {
    fn start() -> Result<Self> {
        let admin = Admin::from_env()?;
        let (jobs, queue) = mpsc::unbounded_channel();
        let options = admin.clone();
        std::thread::Builder::new()
            .name("testkit-keeper".into())
            .spawn(move || keep(options, queue))
            .context("cannot start a thread")?;
        Ok(Self { jobs, admin })
    }

    pub(crate) async fn create(&self, service: Option<&str>) -> Result<String> {
        let (reply, answer) = oneshot::channel();
        let _ = self.jobs.send(Job::Create(service.map(str::to_owned), reply));
        answer.await.context("the keeper of the test databases has ended")?
    }

    /// Blocks until the database is gone: a test process ends right after its last test.
    pub(crate) fn drop_database(&self, name: &str) {
        let (reply, answer) = std::sync::mpsc::channel();
        let _ = self.jobs.send(Job::Drop(name.to_owned(), reply));
        let _ = answer.recv_timeout(std::time::Duration::from_secs(20));
    }
}

fn keep(admin: Admin, mut queue: mpsc::UnboundedReceiver<Job>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => panic!("cannot start the keeper's runtime: {error}"),
    };
    runtime.block_on(async move {
        // Taken at the first job; afterwards held until the process ends.
        let mut session: Option<(PgConnection, i32)> = None;
        static COUNT: AtomicU32 = AtomicU32::new(1);
        while let Some(job) = queue.recv().await {
            match job {
                Job::Create(service, reply) => {
                    if session.is_none() {
                        match open_session(&admin).await {
                            Ok(opened) => session = Some(opened),
                            Err(error) => {
                                let _ = reply.send(Err(error));
                                continue;
                            }
                        }
                    }
                    let Some((_, token)) = &session else { continue };
                    let name = format!("{PREFIX}{token}_{}", COUNT.fetch_add(1, Ordering::Relaxed));
                    let admin = admin.clone();
                    tokio::spawn(async move {
                        let created = create(&admin, service.as_deref(), &name).await;
                        let _ = reply.send(created.map(|()| name));
                    });
                }
                Job::Drop(name, reply) => {
                    let admin = admin.clone();
                    tokio::spawn(async move {
                        if let Err(error) = drop_by_name(&admin, &name).await {
                            eprintln!("testkit: database {name} stays behind: {error:#}");
                        }
                        let _ = reply.send(());
                    });
                }
            }
        }
    });
}

async fn open_session(admin: &Admin) -> Result<(PgConnection, i32)> {
    let mut connection =
        PgConnection::connect_with(&admin.options).await.context("cannot reach XIAOAN_TEST_PG")?;
    let token = loop {
        let bytes = uuid::Uuid::now_v7().into_bytes();
        let token = i32::from_be_bytes([bytes[12] & 0x7f, bytes[13], bytes[14], bytes[15]]);
        if try_lock(&mut connection, token).await? {
            break token;
        }
    };
    let names: Vec<String> =
        sqlx::query_scalar("SELECT datname::text FROM pg_database WHERE starts_with(datname, $1)")
            .bind(PREFIX)
            .fetch_all(&mut connection)
            .await?;
    for name in names {
        let owner = name[PREFIX.len()..].split('_').next().and_then(|token| token.parse::<i32>().ok());
        let Some(owner) = owner.filter(|owner| *owner != token) else { continue };
        if try_lock(&mut connection, owner).await? {
            // Two processes may sweep at once; the second finds nothing, which is as good.
            let _ =
                template::run(&mut connection, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
            sqlx::query("SELECT pg_advisory_unlock($1, $2)")
                .bind(PROCESS_LOCK)
                .bind(owner)
                .execute(&mut connection)
                .await?;
        }
    }
    Ok((connection, token))
}

async fn try_lock(connection: &mut PgConnection, token: i32) -> Result<bool> {
    Ok(sqlx::query_scalar("SELECT pg_try_advisory_lock($1, $2)")
        .bind(PROCESS_LOCK)
        .bind(token)
        .fetch_one(connection)
        .await?)
}

async fn create(admin: &Admin, service: Option<&str>, name: &str) -> Result<()> {
    let mut attempts = 0;
    loop {
        let template = template::ready(admin, service).await?;
        let mut connection = PgConnection::connect_with(&admin.options).await?;
        let created =
            template::run(&mut connection, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        attempts += 1;
        match created {
            Ok(()) => {
                template::copy_grants(&mut connection, &template, name).await?;
                return Ok(connection.close().await?);
            }
            // Another working tree has replaced the template in between: build it again.
            Err(error) if attempts < 5 => eprintln!("testkit: {error:#}; trying again"),
            Err(error) => return Err(error),
        }
    }
}

async fn drop_by_name(admin: &Admin, name: &str) -> Result<()> {
    let mut connection = PgConnection::connect_with(&admin.options).await?;
    template::run(&mut connection, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
    Ok(connection.close().await?)
}
