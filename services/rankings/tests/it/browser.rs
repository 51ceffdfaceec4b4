//! A real browser for the web board: headless Chromium behind chromedriver, one of each per test.

use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use xiaoan_testkit::{DEADLINE, wait_until};

/// Quiet and alone: no first-run page, no update, no look-up beyond loopback.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1440,1000",
];

/// A program on the path.
fn program(names: &[&str]) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    found.into_iter().find(|file| file.is_file()).unwrap_or_else(|| {
        panic!(
            "{} is not installed: the web board is tested in a real browser, and `./dev test` installs it \
             (Debian packages chromium and chromium-driver)",
            names[0]
        )
    })
}

fn chromium() -> PathBuf {
    program(&["chromium", "chromium-browser", "google-chrome"])
}

/// A browser window; closed with everything it started when dropped.
pub struct Browser {
    pub page: Client,
    /// The browser's process, while it may still run: chromedriver does not take it along when a test panics.
    process: Option<u64>,
    _driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// A fresh profile, with or without JavaScript.
    pub async fn open(javascript: bool) -> Self {
        // Several crates of the workspace bring a provider each, so that none is chosen by itself; once is enough.
        rustls::crypto::ring::default_provider().install_default().ok();
        let (browser, driver) = (chromium(), program(&["chromedriver"]));
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .env("TMPDIR", profile.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver starts");
        let port = announced_port(&mut driver).await;
        let mut arguments: Vec<String> = FLAGS.map(str::to_owned).into();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let setting = if javascript { 1 } else { 2 };
        let options = json!({
            "binary": browser,
            "args": arguments,
            "prefs": { "profile.managed_default_content_settings.javascript": setting },
        });
        let capabilities = serde_json::Map::from_iter([("goog:chromeOptions".to_owned(), options)]);
        let page = ClientBuilder::rustls()
            .expect("a connector")
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("chromium starts");
        let process = page.capabilities().and_then(|known| known.get("goog:processID")?.as_u64());
        Self { page, process, _driver: driver, _profile: profile }
    }

    /// Text of the first element that matches; waits until there is one.
    pub async fn text(&self, css: &str) -> String {
        let found = self.page.wait().at_most(DEADLINE).for_element(Locator::Css(css)).await;
        found.unwrap_or_else(|why| panic!("no {css}: {why}")).text().await.expect("it has a text")
    }

    /// How many elements match.
    pub async fn count(&self, css: &str) -> usize {
        self.page.find_all(Locator::Css(css)).await.expect("a selector").len()
    }

    /// Waits until the first element that matches has this text; between two looks it may be exchanged.
    #[track_caller]
    pub fn shows<'a>(&'a self, css: &'a str, text: &'a str) -> impl Future<Output = ()> + 'a {
        wait_until(DEADLINE, move || async move {
            match self.page.find(Locator::Css(css)).await {
                Ok(element) => element.text().await.is_ok_and(|shown| shown.contains(text)),
                Err(_) => false,
            }
        })
    }

    /// Clicks the first element that matches.
    pub async fn click(&self, css: &str) {
        let found = self.page.wait().at_most(DEADLINE).for_element(Locator::Css(css)).await;
        found.unwrap_or_else(|why| panic!("no {css}: {why}")).click().await.expect("it can be clicked");
    }

    /// Ends the window in order.
    pub async fn close(mut self) {
        self.page.clone().close().await.expect("the window closes");
        self.process = None;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(process) = self.process {
            // A panic is under way; that the browser is gone already is fine.
            std::process::Command::new("kill").args(["-9", &process.to_string()]).status().ok();
        }
    }
}

async fn announced_port(driver: &mut Child) -> u16 {
    let output = driver.stdout.take().expect("its output is piped");
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await.expect("its output can be read") {
        if let Some((_, port)) = line.split_once("successfully on port ") {
            return port.trim_end_matches('.').parse().expect("a port");
        }
    }
    panic!("chromedriver ended before it listened");
}

/// Prints a page to PDF as a reader's browser does, by the page's own paper size.
pub async fn print(url: &str, to: &Path) {
    let profile = tempfile::tempdir().expect("a folder for the profile");
    let printing = Command::new(chromium())
        .env("TMPDIR", profile.path())
        .args(FLAGS)
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg("--no-pdf-header-footer")
        .arg(format!("--print-to-pdf={}", to.display()))
        .arg(url)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status();
    let status =
        tokio::time::timeout(DEADLINE, printing).await.expect("printed in time").expect("chromium starts");
    assert!(status.success(), "chromium could not print {url}");
}

/// Width and height in points of every page of a PDF.
pub fn paper(pdf: &[u8]) -> Vec<(f64, f64)> {
    let text = String::from_utf8_lossy(pdf);
    let boxes = text.split("/MediaBox [").skip(1);
    let numbers = boxes.map(|rest| rest.split(']').next().unwrap_or_default().split_whitespace());
    let pages = numbers.map(|numbers| numbers.filter_map(|n| n.parse().ok()).collect::<Vec<f64>>());
    pages.map(|n| (n[2] - n[0], n[3] - n[1])).collect()
}
