//! A storm of commands against `cases`, and how a client insists.

use crate::city::{City, lazy};
use anyhow::{Context, Result, bail, ensure};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, watch};
use tonic::{Code, Response, Status};
use xiaoan_kernel::{RequestId, parse_city_minute};
use xiaoan_proto::cases::v1::FileCaseRequest;
use xiaoan_proto::cases::v1::case_service_client::CaseServiceClient;
use xiaoan_proto::core::v1::Date;
use xiaoan_proto::timestamp;

const STATIONS: [&str; 5] = ["371102010000", "371102020000", "371103020000", "371122010000", "371172020000"];
const PATIENCE: Duration = Duration::from_secs(120);

/// The n-th case of the storm: a bicycle gone on 10 June 2026.
pub fn a_case(n: usize) -> FileCaseRequest {
    let station = STATIONS[n % STATIONS.len()];
    let at = |text: &str| parse_city_minute(text).map(timestamp);
    FileCaseRequest {
        request_id: RequestId::of(&format!("storm {n}")).to_string(),
        case_no: format!("A{station}202606{n:04}"),
        org_unit: station.into(),
        category: "050227".into(),
        occurred_from: at("2026-06-10 07:00"),
        reported_at: at("2026-06-10 09:30"),
        filed_on: Some(Date { year: 2026, month: 6, day: 10 }),
        loss_fen: 26_000,
        preventable: true,
        ..Default::default()
    }
}

/// Commands that are sent until they are answered, always with the same request id.
pub struct Storm {
    done: watch::Receiver<usize>,
    tasks: tokio::task::JoinSet<Result<Vec<String>>>,
}

impl Storm {
    /// Files `count` cases (numbers 0..count) from `clients` clients.
    pub async fn start(city: &City, clients: usize, count: usize) -> Result<Self> {
        Self::start_at(city, &city.cases.grpc_url(), clients, 0..count).await
    }

    /// The same at another process, with other case numbers.
    pub async fn start_at(
        city: &City,
        url: &str,
        clients: usize,
        numbers: std::ops::Range<usize>,
    ) -> Result<Self> {
        let queue = Arc::new(Mutex::new(numbers));
        let (sender, done) = watch::channel(0);
        let sender = Arc::new(sender);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..clients {
            let (queue, sender) = (Arc::clone(&queue), Arc::clone(&sender));
            let client = CaseServiceClient::with_interceptor(lazy(url)?, city.officer()?);
            tasks.spawn(async move {
                let mut acknowledged = Vec::new();
                loop {
                    let Some(n) = queue.lock().await.next() else { return Ok(acknowledged) };
                    let case = a_case(n);
                    let filed = insist(|| {
                        let (mut client, case) = (client.clone(), case.clone());
                        async move { client.file_case(case).await }
                    })
                    .await;
                    acknowledged.push(filed.context(case.case_no.clone())?.case_no);
                    sender.send_modify(|done| *done += 1);
                }
            });
        }
        Ok(Self { done, tasks })
    }

    /// Waits until so many commands have been acknowledged.
    pub async fn reached(&self, count: usize) -> Result<()> {
        let mut done = self.done.clone();
        tokio::time::timeout(PATIENCE, done.wait_for(|done| *done >= count))
            .await
            .context("the storm is stuck")??;
        Ok(())
    }

    /// Waits until all have been acknowledged; gives their case numbers.
    pub async fn finished(mut self) -> Result<Vec<String>> {
        let mut all = Vec::new();
        while let Some(part) = self.tasks.join_next().await {
            all.extend(part??);
        }
        Ok(all)
    }
}

/// Calls until there is an answer: a service that died, drains, or cannot say what became of it is asked again with the
/// same request.
pub async fn insist<T, F>(mut call: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    let began = Instant::now();
    loop {
        match call().await {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) => match status.code() {
                Code::Unavailable
                | Code::ResourceExhausted
                | Code::Unknown
                | Code::Internal
                | Code::Cancelled
                | Code::DeadlineExceeded => tokio::time::sleep(Duration::from_millis(20)).await,
                _ => bail!("refused: {status:?}"),
            },
        }
        ensure!(began.elapsed() < PATIENCE, "never answered");
    }
}
