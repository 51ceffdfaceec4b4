//! A service as a process of its own.

use crate::free_port;
use anyhow::{Context, Result, bail};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const KEPT_LINES: usize = 5_000;

/// How a process is started.
#[derive(Debug, Clone)]
pub struct ProcessBuilder {
    bin: String,
    args: Vec<String>,
    env: Vec<(String, String)>,
    ready_within: Duration,
}

/// A running service. Killed when it is dropped; its last log lines are printed when the test fails.
#[derive(Debug)]
pub struct Process {
    builder: ProcessBuilder,
    grpc: String,
    admin: String,
    child: Option<Child>,
    log: Arc<Mutex<VecDeque<String>>>,
}

impl ProcessBuilder {
    /// One more argument.
    #[must_use]
    pub fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.to_owned());
        self
    }
    /// One more variable; a later one of the same name wins.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }
    /// More variables.
    #[must_use]
    pub fn envs<K: Into<String>, V: Into<String>>(mut self, env: impl IntoIterator<Item = (K, V)>) -> Self {
        self.env.extend(env.into_iter().map(|(k, v)| (k.into(), v.into())));
        self
    }
    /// How long it may take to be ready (default 60 s).
    #[must_use]
    pub fn ready_within(mut self, time: Duration) -> Self {
        self.ready_within = time;
        self
    }
    /// Starts it and waits for `/readyz`.
    pub async fn spawn(self) -> Process {
        let bin = self.bin.clone();
        let address = |name: &str| {
            let given = self.env.iter().rev().find(|(n, _)| n == name).map(|(_, value)| value.clone());
            given.unwrap_or_else(|| format!("127.0.0.1:{}", free_port()))
        };
        let (grpc, admin) = (address("XIAOAN_GRPC_ADDR"), address("XIAOAN_ADMIN_ADDR"));
        let mut process = Process { builder: self, grpc, admin, child: None, log: Arc::default() };
        process.start().await.unwrap_or_else(|e| panic!("{bin} does not run: {e:#}"));
        process
    }
    /// Runs it to its end, for subcommands such as `migrate`; gives its exit status and everything it printed.
    #[must_use]
    pub fn run_to_end(&self) -> (ExitStatus, String) {
        let output = self
            .command()
            .and_then(|mut command| Ok(command.output()?))
            .unwrap_or_else(|e| panic!("{} does not run: {e:#}", self.bin));
        let text = [output.stdout, output.stderr].concat();
        (output.status, String::from_utf8_lossy(&text).into_owned())
    }

    fn command(&self) -> Result<Command> {
        let path = binary(&self.bin)?;
        let mut command = Command::new(path);
        command.args(&self.args).stdin(Stdio::null());
        // What the test run itself was given must not leak into the service.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("XIAOAN_") {
                command.env_remove(name);
            }
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }
}

impl Process {
    /// How to start a binary of the workspace ("cases").
    #[must_use]
    pub fn builder(bin: &str) -> ProcessBuilder {
        ProcessBuilder {
            bin: bin.into(),
            args: Vec::new(),
            env: Vec::new(),
            ready_within: Duration::from_secs(60),
        }
    }

    /// Starts a service with an environment and waits until it is ready. `XIAOAN_GRPC_ADDR` and
    /// `XIAOAN_ADMIN_ADDR` are free ports of the loopback interface unless given.
    pub async fn spawn<K: Into<String>, V: Into<String>>(
        bin: &str,
        env: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self::builder(bin).envs(env).spawn().await
    }

    async fn start(&mut self) -> Result<()> {
        let mut child = self
            .builder
            .command()?
            .env("XIAOAN_GRPC_ADDR", &self.grpc)
            .env("XIAOAN_ADMIN_ADDR", &self.admin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        keep_lines(child.stdout.take(), &self.log);
        keep_lines(child.stderr.take(), &self.log);
        self.child = Some(child);
        let started = Instant::now();
        loop {
            if matches!(self.get("/readyz").await, Ok((200, _))) {
                return Ok(());
            }
            let ended = self.child.as_mut().map(Child::try_wait).transpose()?.flatten();
            if let Some(status) = ended {
                bail!("it ended with {status}:\n{}", self.log());
            }
            if started.elapsed() > self.builder.ready_within {
                bail!("it is not ready after {:?}:\n{}", self.builder.ready_within, self.log());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Where it serves gRPC, as a URL.
    #[must_use]
    pub fn grpc_url(&self) -> String {
        format!("http://{}", self.grpc)
    }
    /// Its admin port, as `host:port`.
    #[must_use]
    pub fn admin_addr(&self) -> &str {
        &self.admin
    }
    /// Its process id, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Status and body of a page of its admin port, such as `/metrics`.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub async fn get(&self, path: &str) -> Result<(u16, String)> {
        tokio::time::timeout(Duration::from_secs(5), get(&self.admin, path)).await?
    }

    /// Kills it with SIGKILL.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Asks it to end (SIGTERM) and waits until it has; gives its exit status.
    pub async fn terminate(&mut self) -> Option<ExitStatus> {
        let mut child = self.child.take()?;
        let _ = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status();
        let started = Instant::now();
        loop {
            match child.try_wait() {
                Ok(None) if started.elapsed() < Duration::from_secs(60) => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                Ok(None) | Err(_) => {
                    let _ = child.kill();
                    let _ = child.wait();
                    panic!("{} does not end when asked to:\n{}", self.builder.bin, self.log());
                }
                Ok(status) => return status,
            }
        }
    }

    /// Starts it again on the same ports with the same environment, and waits until it is ready.
    pub async fn restart(&mut self) {
        self.kill9();
        if let Err(error) = self.start().await {
            panic!("{} does not come back: {error:#}", self.builder.bin);
        }
    }

    /// What it has printed (the last 5,000 lines).
    #[must_use]
    pub fn log(&self) -> String {
        let lines = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().fold(String::new(), |text, line| text + line + "\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill9();
        if std::thread::panicking() {
            let log = self.log();
            let from = log.lines().count().saturating_sub(60);
            let tail: Vec<_> = log.lines().skip(from).collect();
            eprintln!("--- last lines of {} ---\n{}", self.builder.bin, tail.join("\n"));
        }
    }
}

fn keep_lines(output: Option<impl Read + Send + 'static>, log: &Arc<Mutex<VecDeque<String>>>) {
    let Some(output) = output else { return };
    let log = Arc::clone(log);
    // Ends by itself when the process closes its output.
    std::thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(std::io::Result::ok) {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            if log.len() == KEPT_LINES {
                log.pop_front();
            }
            log.push_back(String::from_utf8_lossy(&line).into_owned());
        }
    });
}

/// A binary of the workspace, beside the running test: `target/<profile>/deps/it-…` → `target/<profile>/<name>`.
fn binary(name: &str) -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let profile =
        test.parent().and_then(|deps| deps.parent()).context("the test stands in no target folder")?;
    let path = profile.join(name);
    if !path.is_file() {
        bail!(
            "{} is not built: `cargo build --workspace --bins` builds it (`./dev test` does)",
            path.display()
        );
    }
    Ok(path)
}

/// Status and body of a page at `host:port`.
///
/// # Errors
/// When nobody answers there, or not in HTTP.
pub async fn get(addr: &str, path: &str) -> Result<(u16, String)> {
    let mut socket = TcpStream::connect(addr).await?;
    // The older HTTP: an answer in one piece, which ends with the connection.
    let request = format!("GET {path} HTTP/1.0\r\nhost: {addr}\r\n\r\n");
    socket.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP answer")?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no HTTP answer")?;
    Ok((status, body.to_owned()))
}
