//! Share of `antifraud`: facts rows J2 (¥255 million stopped and ¥114 million frozen, as banks confirmed it, from 2021-01-01 to
//! 2021-07-10), J3 (7 banks and 3 operators on site) and J4 (38 member units). Which account had how much is ours.
//!
//! The banks' answers come over their own stream, as the simulator's do; their moments and amounts follow from the number of the
//! account, so that telling it again changes nothing.

use super::city::{CITY, STATIONS};
use super::dice::Dice;
use super::plan::{EDITION, bureau_of};
use super::stage::{Actor, Share, Shown, Stage, Stopped, Tale, Told, demo_commands};
use crate::args::Service;
use crate::connect::Clients;
use crate::fault::Fault;
use crate::sim::bank::{acknowledgement, done};
use futures::StreamExt;
use futures::future::LocalBoxFuture;
use std::collections::HashSet;
use time::macros::{date, datetime};
use time::{Date, Duration, OffsetDateTime};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use xiaoan_kernel::{RequestId, city_day};
use xiaoan_proto::antifraud::v1 as pb;
use xiaoan_proto::antifraud::v1::attend_request::Said;
use xiaoan_proto::antifraud::v1::attend_response::Said as Heard;
use xiaoan_proto::core::v1::{PersonInput, Provenance};
use xiaoan_proto::timestamp;

demo_commands! { Antifraud, member_unit: pb::JoinMemberUnitRequest => join_member_unit }

/// The share.
pub const SHARE: Share = Share {
    service: Service::Antifraud,
    title_zh: "反诈",
    title_en: "antifraud",
    commands,
    replay,
    is_loaded,
    figures,
};

/// J2, in fen.
const STOPPED_FEN: i64 = 25_500_000_000;
/// J2, in fen.
const FROZEN_FEN: i64 = 11_400_000_000;
/// J3.
const BANKS: usize = 7;
/// J3.
const OPERATORS: usize = 3;
/// J4.
const MEMBERS: usize = 38;
/// Accounts stopped; every second one is frozen as well.
const STOPS: usize = 240;
/// Orders under way at a time.
const IN_FLIGHT: usize = 32;
/// How long its deadlines may take to come about, and the pause between two looks.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_millis(100);
/// First moment of the window.
const BEGIN: OffsetDateTime = datetime!(2021-01-01 9:00 +8);
/// Days of the window.
const WINDOW: (Date, Date) = (date!(2021 - 01 - 01), date!(2021 - 07 - 10));
/// Account numbers of the demo begin so; no bank's do.
const NUMBERS: &str = "900000";

/// One account of the plan. Its case is filed by the share [`super::fraud`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    n: usize,
    /// Station that asked for the stop.
    pub(super) unit: &'static str,
    bank: String,
    /// Stopped, in fen.
    pub(super) stopped_fen: i64,
    /// 0 = not frozen.
    frozen_fen: i64,
    /// When the bank did so.
    pub(super) stopped_at: OffsetDateTime,
}

impl Account {
    fn number(&self) -> String {
        format!("{NUMBERS}{:06}", self.n)
    }
    fn frozen_at(&self) -> OffsetDateTime {
        self.stopped_at + Duration::hours(20)
    }
    /// Number of its case.
    pub(super) fn case_no(&self) -> String {
        let day = city_day(self.stopped_at);
        format!("A{}{:04}{:02}{:04}", self.unit, day.year(), u8::from(day.month()), 7000 + self.n)
    }
}

/// Shares of a sum in proportion to weights, exact to the fen.
fn portions(sum: i64, weights: &[i64]) -> Vec<i64> {
    let total: i128 = weights.iter().map(|w| i128::from(*w)).sum();
    let mut upto = 0_i128;
    let mut given = 0_i64;
    // Each gets what brings the running sum to its place: no fen is lost, the last closes it.
    weights
        .iter()
        .map(|weight| {
            upto += i128::from(*weight);
            let until = i64::try_from(i128::from(sum) * upto / total.max(1)).unwrap_or_default();
            let portion = until - given;
            given = until;
            portion
        })
        .collect()
}

/// The accounts: the same each time.
pub(super) fn accounts() -> Vec<Account> {
    let mut dice = Dice::new(0x2021_0710);
    let weights: Vec<i64> = (0..STOPS).map(|_| dice.between(40, 100)).collect();
    let stopped = portions(STOPPED_FEN, &weights);
    let of_frozen: Vec<i64> = stopped.iter().skip(1).step_by(2).copied().collect();
    let frozen = portions(FROZEN_FEN, &of_frozen);
    (0..STOPS)
        .map(|n| Account {
            n,
            unit: STATIONS[dice.below(STATIONS.len())].code,
            bank: format!("bank-{:02}", n % BANKS + 1),
            stopped_fen: stopped[n],
            frozen_fen: if n % 2 == 1 { frozen[n / 2] } else { 0 },
            // 240 moments from the first day to the last but one; every freeze follows within a day.
            stopped_at: BEGIN + Duration::minutes(i64::try_from(n).unwrap_or_default() * 1130),
        })
        .collect()
}

fn desk(bank: &str) -> Actor {
    let member_unit = Some(bank.to_owned());
    Actor { member_unit, ..Actor::new(format!("demo-desk-{bank}"), CITY, &["bank"]) }
}
fn headquarters() -> Actor {
    Actor::headquarters(&["hq", "officer"])
}

fn members() -> Vec<Tale> {
    let member = |n: usize| {
        let (member_unit, kind, role, name_zh) = if n < BANKS {
            (format!("bank-{:02}", n + 1), pb::MemberKind::Bank, pb::OnSiteRole::StopPayment, "演示银行")
        } else if n < BANKS + OPERATORS {
            let id = format!("operator-{:02}", n - BANKS + 1);
            (id, pb::MemberKind::Operator, pb::OnSiteRole::Blocking, "演示运营商")
        } else {
            let id = format!("department-{:02}", n - BANKS - OPERATORS + 1);
            (id, pb::MemberKind::Department, pb::OnSiteRole::Unspecified, "演示部门")
        };
        let join = pb::JoinMemberUnitRequest {
            name_zh: format!("{name_zh}{}", n + 1),
            name_en: format!("Demo {member_unit}"),
            kind: kind.into(),
            on_site_role: role.into(),
            joined_on: Some(date!(2020 - 12 - 01).into()),
            member_unit: member_unit.clone(),
            ..Default::default()
        };
        Tale::new("antifraud", member_unit).with(&headquarters(), join)
    };
    (0..MEMBERS).map(member).collect()
}

fn commands() -> Vec<(&'static str, u64)> {
    let count = |n: usize| u64::try_from(n).unwrap_or_default();
    vec![
        ("join_member_unit", count(MEMBERS)),
        ("draft_stop", count(STOPS)),
        ("approve_stop", count(STOPS)),
        ("draft_freeze", count(STOPS / 2)),
        ("approve_freeze", count(STOPS / 2)),
        ("attend", count(STOPS + STOPS / 2)),
    ]
}

fn person(name: String, id_number: String) -> Option<PersonInput> {
    Some(PersonInput { name, phone: String::new(), id_number })
}

fn request_id(account: &Account, rpc: &str) -> String {
    RequestId::of(&format!("{EDITION}|antifraud|account-{}|{rpc}", account.n)).to_string()
}

fn account_input(account: &Account) -> Option<pb::AccountInput> {
    let class =
        if account.n.is_multiple_of(5) { pb::AccountClass::Company } else { pb::AccountClass::Person };
    Some(pb::AccountInput {
        member_unit: account.bank.clone(),
        account_class: class.into(),
        holder: person(format!("演示户主{}", account.n), account.number()),
    })
}

fn officers(account: &Account) -> Option<pb::OfficersInput> {
    Some(pb::OfficersInput {
        operator: person("演示警员甲".into(), format!("D{}1", account.unit)),
        co_investigator: person("演示警员乙".into(), format!("D{}2", account.unit)),
    })
}

fn told() -> Option<pb::RestrictionText> {
    Some(pb::RestrictionText {
        reason: "示例：涉嫌电信网络诈骗".into(),
        remedy: "示例：可向办案单位申诉".into(),
        papers: "示例：身份证、账户资料".into(),
    })
}

fn stop_of(account: &Account) -> pb::DraftStopRequest {
    pb::DraftStopRequest {
        request_id: request_id(account, "draft_stop"),
        org_unit: account.unit.into(),
        account: account_input(account),
        transfer: Some(pb::TransferInput {
            from_bank: "演示银行".into(),
            from: person(format!("演示事主{}", account.n), format!("{NUMBERS}{:06}", 500_000 + account.n)),
            amount_fen: account.stopped_fen,
            transferred_at: Some(timestamp(account.stopped_at - Duration::minutes(25))),
        }),
        case_no: account.case_no(),
        case_type: "电信诈骗".into(),
        urgent: account.n.is_multiple_of(3),
        restriction: told(),
        officers: officers(account),
        provenance: Provenance::Demo.into(),
        ..Default::default()
    }
}

fn freeze_of(account: &Account, stop_order_id: String) -> pb::DraftFreezeRequest {
    pb::DraftFreezeRequest {
        request_id: request_id(account, "draft_freeze"),
        org_unit: account.unit.into(),
        account: account_input(account),
        case_no: account.case_no(),
        filed_on: Some(city_day(account.stopped_at).into()),
        asset_class: pb::AssetClass::Deposit.into(),
        stop_order_id,
        restriction: told(),
        officers: officers(account),
        provenance: Provenance::Demo.into(),
        ..Default::default()
    }
}

fn replay<'a>(stage: &'a Stage<'a>) -> Told<'a> {
    Box::pin(async move {
        stage.play(members()).await?;
        let accounts = accounts();
        let drafted = futures::stream::iter(&accounts)
            .map(|account| stopped(account, order_stop(stage, account)))
            .buffered(IN_FLIGHT);
        let stops: Vec<String> = collect(drafted).await?;
        attend_all(stage, &accounts).await?;
        let of_freezes = accounts.iter().zip(stops).filter(|(account, _)| account.frozen_fen > 0);
        let drafted = futures::stream::iter(of_freezes)
            .map(|(account, stop)| stopped(account, order_freeze(stage, account, stop)))
            .buffered(IN_FLIGHT);
        let _: Vec<()> = collect(drafted).await?;
        attend_all(stage, &accounts).await?;
        let settled = settled(stage).await;
        settled.map_err(|fault| Box::new(Stopped { story: "deadlines".into(), rpc: "list", fault }))
    })
}

/// The deadlines of 2021 are over and come about at once, by the service's timer: the share is told when they have.
async fn settled(stage: &Stage<'_>) -> Result<(), Fault> {
    let clients = stage.voice(&headquarters())?;
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let stops = pb::ListStopsRequest {
            org_unit: CITY.into(),
            state: pb::StopState::Stopped.into(),
            page_size: 1000,
            ..Default::default()
        };
        let send = async |r| clients.stop().list_stops(r).await;
        let stops = clients.call(Service::Antifraud, stops, send).await?.stops;
        let freezes = pb::ListFreezesRequest {
            org_unit: CITY.into(),
            state: pb::FreezeState::Frozen.into(),
            page_size: 1000,
            ..Default::default()
        };
        let send = async |r| clients.freeze().list_freezes(r).await;
        let freezes = clients.call(Service::Antifraud, freezes, send).await?.freezes;
        let last = |freeze: &pb::FreezeOrder| freeze.expires_on.map(|day| day.year);
        if stops.iter().all(|stop| stop.provenance() != Provenance::Demo)
            && freezes.iter().all(|f| f.provenance() != Provenance::Demo || last(f) > Some(2022))
        {
            return Ok(());
        }
        if tokio::time::Instant::now() > until {
            return Err(Fault::Failed("the deadlines of the demo do not come about".into()));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

async fn collect<T>(
    mut running: impl futures::Stream<Item = Result<T, Box<Stopped>>> + Unpin,
) -> Result<Vec<T>, Box<Stopped>> {
    let mut all = Vec::new();
    while let Some(one) = running.next().await {
        all.push(one?);
    }
    Ok(all)
}

/// Names the account that a fault is about.
async fn stopped<T>(
    account: &Account,
    telling: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Box<Stopped>> {
    let story = format!("account-{}", account.n);
    telling.await.map_err(|fault| Box::new(Stopped { story, rpc: "order", fault }))
}

/// Drafts and approves a stop; gives its id.
async fn order_stop(stage: &Stage<'_>, account: &Account) -> Result<String, Fault> {
    let clients = stage.voice(&Actor::officer(account.unit))?;
    let send = async |r| clients.stop().draft_stop(r).await;
    let drafted = clients.call(Service::Antifraud, stop_of(account), send).await?;
    stage.note(drafted.receipt.as_ref());
    let clients = stage.voice(&Actor::approver(bureau_of(account.unit)))?;
    let approve = pb::ApproveStopRequest {
        request_id: request_id(account, "approve_stop"),
        order_id: drafted.order_id.clone(),
        ..Default::default()
    };
    let send = async |r| clients.stop().approve_stop(r).await;
    let approved = clients.call(Service::Antifraud, approve, send).await?;
    stage.note(approved.receipt.as_ref());
    Ok(drafted.order_id)
}

/// Drafts and approves the freeze of a stop.
async fn order_freeze(stage: &Stage<'_>, account: &Account, stop: String) -> Result<(), Fault> {
    let clients = stage.voice(&Actor::officer(account.unit))?;
    let send = async |r| clients.freeze().draft_freeze(r).await;
    let drafted = clients.call(Service::Antifraud, freeze_of(account, stop), send).await?;
    stage.note(drafted.receipt.as_ref());
    let clients = stage.voice(&Actor::approver(bureau_of(account.unit)))?;
    let approve = pb::ApproveFreezeRequest {
        request_id: request_id(account, "approve_freeze"),
        order_id: drafted.order_id,
        ..Default::default()
    };
    let send = async |r| clients.freeze().approve_freeze(r).await;
    let approved = clients.call(Service::Antifraud, approve, send).await?;
    stage.note(approved.receipt.as_ref());
    Ok(())
}

/// Every bank attends until nothing of the demo waits for it.
async fn attend_all(stage: &Stage<'_>, accounts: &[Account]) -> Result<(), Box<Stopped>> {
    let banks = (1..=BANKS).map(|n| format!("bank-{n:02}"));
    let attending = banks.map(async |bank| {
        let attended = attend(stage, accounts, &bank).await;
        attended.map_err(|fault| Box::new(Stopped { story: bank, rpc: "attend", fault }))
    });
    futures::future::try_join_all(attending).await.map(drop)
}

/// Serials that wait for a bank, as the service lists them.
async fn waiting(stage: &Stage<'_>, bank: &str) -> Result<HashSet<String>, Fault> {
    let clients = stage.voice(&headquarters())?;
    let at_least = stage.played().position;
    let mut instructions = Vec::new();
    let mut stops = pb::ListStopsRequest {
        org_unit: CITY.into(),
        member_unit: bank.into(),
        page_size: 1000,
        at_least,
        ..Default::default()
    };
    loop {
        let send = async |r| clients.stop().list_stops(r).await;
        let page = clients.call(Service::Antifraud, stops.clone(), send).await?;
        instructions.extend(page.stops.into_iter().flat_map(|stop| stop.instructions));
        stops.page_token = page.next_page_token;
        if stops.page_token.is_empty() {
            break;
        }
    }
    let mut freezes = pb::ListFreezesRequest {
        org_unit: CITY.into(),
        member_unit: bank.into(),
        page_size: 1000,
        at_least,
        ..Default::default()
    };
    loop {
        let send = async |r| clients.freeze().list_freezes(r).await;
        let page = clients.call(Service::Antifraud, freezes.clone(), send).await?;
        instructions.extend(page.freezes.into_iter().flat_map(|freeze| freeze.instructions));
        freezes.page_token = page.next_page_token;
        if freezes.page_token.is_empty() {
            break;
        }
    }
    let open = |i: &pb::Instruction| {
        use pb::InstructionState as S;
        !matches!(i.state(), S::Done | S::Mismatched | S::Failed)
    };
    Ok(instructions.into_iter().filter(open).map(|i| i.trans_serial_number).collect())
}

/// A bank answers what waits for it: an acknowledgement, then what the plan says was done when.
async fn attend(stage: &Stage<'_>, accounts: &[Account], bank: &str) -> Result<(), Fault> {
    let mut waiting = waiting(stage, bank).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let clients = stage.voice(&desk(bank))?;
    let (say, said) = mpsc::channel(1024);
    let open = pb::DeskOpen { member_unit: bank.to_owned(), after_sequence: 0 };
    let closed = || Fault::Failed(format!("the desk of {bank} has closed"));
    let speak =
        async |said: Said| say.send(pb::AttendRequest { said: Some(said) }).await.map_err(|_| closed());
    speak(Said::Open(open)).await?;
    let request = clients.request_without_deadline(ReceiverStream::new(said))?;
    let fault = |status| clients.fault(Service::Antifraud, status);
    let mut heard = clients.bank_desk().attend(request).await.map_err(fault)?.into_inner();
    while !waiting.is_empty() {
        match heard.message().await.map_err(fault)?.and_then(|message| message.said) {
            Some(Heard::Order(order)) => {
                let Some((amount_fen, acted_at)) = planned(accounts, &order) else {
                    // Somebody else's order: it stays as it is.
                    waiting.remove(&order.trans_serial_number);
                    continue;
                };
                speak(acknowledgement(&order.trans_serial_number, "100000")).await?;
                speak(done(&order, amount_fen, acted_at)).await?;
            }
            Some(Heard::Taken(taken)) if taken.outcome() == pb::AnswerOutcome::Refused => {
                return Err(Fault::Failed(format!("{}: {}", taken.code, taken.message_en)));
            }
            Some(Heard::Taken(taken)) => {
                settle(stage, &mut waiting, &taken);
            }
            Some(Heard::Opened(_) | Heard::ResultWanted(_)) => {}
            None => return Err(closed()),
        }
    }
    Ok(())
}

/// Each instruction is answered twice: the acknowledgement first, then the feedback, which settles it.
fn settle(stage: &Stage<'_>, waiting: &mut HashSet<String>, taken: &pb::AnswerTaken) {
    let serial = &taken.trans_serial_number;
    let half = format!("{serial}/acknowledged");
    if waiting.remove(serial) {
        waiting.insert(half);
    } else if waiting.remove(&half) {
        let receipt = xiaoan_proto::core::v1::Receipt {
            position: taken.position,
            replayed: taken.outcome() == pb::AnswerOutcome::Repeated,
            ..Default::default()
        };
        stage.note(Some(&receipt));
    }
}

/// What the plan says that a bank did.
fn planned(accounts: &[Account], order: &pb::BankOrder) -> Option<(i64, OffsetDateTime)> {
    let number = &order.account.as_ref()?.id_number;
    let n: usize = number.strip_prefix(NUMBERS)?.parse().ok()?;
    let account = accounts.get(n).filter(|account| account.bank.starts_with("bank-"))?;
    match order.tx_code.as_str() {
        "100101" => Some((account.stopped_fen, account.stopped_at)),
        "100201" => Some((account.frozen_fen, account.frozen_at())),
        _ => None,
    }
}

async fn sums(clients: &Clients) -> Result<[i64; 2], Fault> {
    let request = pb::SumLedgerRequest {
        org_unit: CITY.into(),
        from: Some(WINDOW.0.into()),
        to: Some(WINDOW.1.into()),
        at_least: 0,
    };
    let send = async |r| clients.money_ledger().sum_ledger(r).await;
    let sums = clients.call(Service::Antifraud, request, send).await?.sums;
    let of = |ledger| sums.iter().filter(|sum| sum.ledger() == ledger).map(|sum| sum.amount_fen).sum();
    Ok([of(pb::Ledger::Stopped), of(pb::Ledger::Frozen)])
}

fn is_loaded(clients: &Clients) -> LocalBoxFuture<'_, Result<bool, Fault>> {
    Box::pin(async move { Ok(sums(clients).await? == [STOPPED_FEN, FROZEN_FEN]) })
}

fn figures(clients: &Clients) -> LocalBoxFuture<'_, Result<Vec<Shown>, Fault>> {
    Box::pin(async move {
        let [stopped, frozen] = sums(clients).await?;
        let send = async |r| clients.member_unit().list_member_units(r).await;
        let request = pb::ListMemberUnitsRequest { at_least: 0 };
        let units = clients.call(Service::Antifraud, request, send).await?.member_units;
        let of = |kind| units.iter().filter(|unit| unit.kind() == kind && unit.left_on.is_none()).count();
        let yuan = |fen: i64| xiaoan_kernel::yuan_from_fen(fen);
        Ok(vec![
            shown("止付(元)", "stopped, yuan (J2)", &yuan(STOPPED_FEN), &yuan(stopped)),
            shown("冻结(元)", "frozen, yuan (J2)", &yuan(FROZEN_FEN), &yuan(frozen)),
            shown("驻场银行", "banks on site (J3)", &BANKS, &of(pb::MemberKind::Bank)),
            shown("驻场运营商", "operators on site (J3)", &OPERATORS, &of(pb::MemberKind::Operator)),
            shown("成员单位", "member units (J4)", &MEMBERS, &units.len()),
        ])
    })
}

fn shown(zh: &str, en: &str, expected: &impl ToString, found: &impl ToString) -> Shown {
    Shown { zh: zh.into(), en: en.into(), expected: expected.to_string(), found: found.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn j02_the_plan_adds_up_to_what_was_stopped_and_frozen_within_the_window() {
        let accounts = accounts();
        assert_eq!(accounts.iter().map(|a| a.stopped_fen).sum::<i64>(), STOPPED_FEN);
        assert_eq!(accounts.iter().map(|a| a.frozen_fen).sum::<i64>(), FROZEN_FEN);
        for account in &accounts {
            assert!(account.stopped_fen > 0 && account.frozen_fen <= account.stopped_fen, "{account:?}");
            let (first, last) = (city_day(account.stopped_at), city_day(account.frozen_at()));
            assert!(WINDOW.0 <= first && last <= WINDOW.1, "{account:?}");
            assert_eq!(account.case_no().len(), 23);
        }
    }

    #[test]
    fn the_plan_is_the_same_each_time() {
        assert_eq!(accounts(), accounts());
        assert_eq!(members().len(), MEMBERS);
    }
}
