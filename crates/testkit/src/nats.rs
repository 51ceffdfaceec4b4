//! A broker that can be killed.

use crate::{free_port, setting};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// A `nats-server` process of a test's own, with JetStream that syncs every write; killed with it.
#[derive(Debug)]
pub struct TestNats {
    folder: TempDir,
    server: PathBuf,
    port: u16,
    child: Mutex<Option<Child>>,
}

impl TestNats {
    /// Starts one on a free port and waits until it answers.
    pub async fn start() -> Self {
        Self::start_with("").await
    }

    /// The same with further lines of its configuration file.
    pub async fn start_with(configuration: &str) -> Self {
        Self::launch(configuration).await.unwrap_or_else(|e| panic!("no test broker: {e:#}"))
    }

    async fn launch(configuration: &str) -> Result<Self> {
        let server = PathBuf::from(setting("XIAOAN_NATS_SERVER", "path of a nats-server binary")?);
        let mut last = None;
        // Another process may have taken the port between our look and the server's.
        for _ in 0..5 {
            let folder = TempDir::with_prefix("xiaoan-nats-")?;
            let port = free_port();
            let store = folder.path().join("store");
            let config = format!(
                "host: 127.0.0.1\nport: {port}\nmax_payload: 8MB\n\
                 jetstream {{ store_dir: {store:?}, sync_interval: always }}\n{configuration}\n"
            );
            std::fs::write(folder.path().join("nats.conf"), config)?;
            let nats = Self { folder, server: server.clone(), port, child: Mutex::new(None) };
            match nats.run().await {
                Ok(()) => return Ok(nats),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("not tried")))
    }

    async fn run(&self) -> Result<()> {
        let log = std::fs::File::options().create(true).append(true).open(self.log_path())?;
        let child = Command::new(&self.server)
            .arg("-c")
            .arg(self.folder.path().join("nats.conf"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot run {}", self.server.display()))?;
        *self.child() = Some(child);
        let started = Instant::now();
        loop {
            if answers(self.port).await {
                return Ok(());
            }
            let ended = match self.child().as_mut() {
                Some(child) => child.try_wait()?,
                None => bail!("killed while it started"),
            };
            if ended.is_some() || started.elapsed() > Duration::from_secs(30) {
                self.kill9();
                bail!("nats-server did not start:\n{}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Address for clients.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Kills it with SIGKILL. Does nothing when it is not running.
    pub fn kill9(&self) {
        if let Some(mut child) = self.child().take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Deletes everything it has stored.
    ///
    /// # Panics
    /// When it is running: kill it first.
    pub fn wipe(&self) {
        assert!(self.child().is_none(), "kill the broker before its data is deleted");
        let store = self.store();
        if store.exists() {
            std::fs::remove_dir_all(&store)
                .unwrap_or_else(|e| panic!("cannot delete {}: {e}", store.display()));
        }
    }

    /// Starts it again on the same port, with what is left of its data, and waits until it answers.
    pub async fn restart(&self) {
        self.kill9();
        self.run().await.unwrap_or_else(|e| panic!("the test broker does not come back: {e:#}"));
    }

    /// Folder of its data, for tests that damage it or look into it.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("nats.log")
    }
    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for TestNats {
    fn drop(&mut self) {
        self.kill9();
    }
}

/// A server greets every connection with INFO once it is ready for clients.
async fn answers(port: u16) -> bool {
    let greeting = async {
        let mut socket = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let mut first = [0; 4];
        socket.read_exact(&mut first).await.ok()?;
        Some(&first == b"INFO")
    };
    tokio::time::timeout(Duration::from_secs(2), greeting).await.ok().flatten().unwrap_or(false)
}
