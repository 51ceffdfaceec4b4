//! What the ledger's measures and categories are called. A name that is not listed is shown as it is stored.

use xiaoan_kernel::yuan_from_fen;
use xiaoan_proto::hq::v1::{Indicator, MeasureRef};

use super::format::{grouped, whole};
use super::lang::Lang;
use crate::measures::Measure;

/// Measure, Chinese, English.
const MEASURES: &[(&str, &str, &str)] = &[
    ("case.filed", "立案", "filed"),
    ("case.solved", "破案", "solved"),
    ("case.cohort_solved", "本期立案已破", "cohort solved"),
    ("case.small.filed", "小案立案", "small cases filed"),
    ("case.small.solved", "小案破案", "small cases solved"),
    ("case.small.cohort_solved", "本期小案已破", "small cases, cohort solved"),
    ("case.preventable.filed", "可防性案件立案", "preventable cases filed"),
    ("case.arrests", "抓获", "caught"),
    ("case.solved_loss", "破案涉案金额", "loss in solved cases"),
    ("case.exceptional.solved", "特殊结案", "solved by exception"),
    ("case.recovered", "追回", "recovered"),
    ("case.returned", "返还", "returned"),
    ("alert.received", "接警", "alerts"),
    ("antifraud.stopped", "止付金额", "stopped"),
    ("antifraud.frozen", "冻结金额", "frozen"),
    ("antifraud.returned", "返还金额", "returned to victims"),
    ("antifraud.stops_confirmed", "止付笔数", "stops confirmed"),
    ("port.incidents", "港区事件", "port incidents"),
    ("port.incidents_closed", "事件办结", "incidents closed"),
    ("port.guards_authorised", "授权保安", "guards authorised"),
    ("port.freight_vehicles", "疏导货车", "freight vehicles directed"),
    ("port.settlements", "协商快处", "settlements"),
    ("volunteer.applied", "报名", "applied"),
    ("volunteer.enrolled", "入队", "enrolled"),
    ("volunteer.squadrons", "中队", "squadrons"),
    ("volunteer.duty_points", "执勤点", "duty points"),
    ("volunteer.patrols", "巡逻", "patrols"),
    ("volunteer.patrol_minutes", "巡逻时长（分钟）", "minutes on patrol"),
    ("volunteer.fugitives_caught", "协助抓获逃犯", "fugitives caught"),
    ("volunteer.suspects_caught", "协助抓获嫌疑人", "suspects caught"),
    ("volunteer.people_rescued", "救助群众", "people rescued"),
    ("volunteer.traffic_eased", "疏导交通", "traffic eased"),
    ("volunteer.disputes_mediated", "调解纠纷", "disputes mediated"),
    ("case.withdrawn_no_crime", "撤销立案（无犯罪）", "withdrawn, no crime"),
    ("case.reclassified_down", "降格改类", "reclassified downwards"),
    ("case.solve_revoked", "撤销破案", "solves revoked"),
    ("case.recorded_late", "跨月补录", "recorded after the month"),
    ("alert.not_filed", "接警未立案", "alerts without a case"),
    ("report.registered", "受案登记", "reports registered"),
    ("report.filed_late", "逾期立案", "filed late"),
    ("audit.sampled", "抽查应立", "should have been recorded"),
    ("audit.recorded", "抽查已立", "had been recorded"),
    ("case.near_threshold", "临界金额", "loss just under the threshold"),
    ("officers", "民警数", "officers"),
];

/// Event, Chinese. In English the type's own name says it.
const EVENTS: &[(&str, &str, &str)] = &[
    ("CaseFiled", "立案", ""),
    ("CaseSolved", "认定破案", ""),
    ("SolveRevoked", "撤销破案", ""),
    ("SuspectCaught", "抓获", ""),
    ("PropertyRecovered", "追回", ""),
    ("PropertyReturned", "返还", ""),
    ("CaseReclassified", "改变案别", ""),
    ("CaseTransferred", "移交", ""),
    ("CaseWithdrawn", "撤案", ""),
    ("CaseRefiled", "重新立案", ""),
    ("AlertReceived", "接警", ""),
    ("AlertMarkedDuplicate", "重复警情", ""),
    ("AlertDisposed", "警情处置", ""),
    ("AlertDispositionOverridden", "改判处置", ""),
    ("ReportRegistered", "受案登记", ""),
    ("ReportFiled", "受案后立案", ""),
    ("AuditVerdictRecorded", "抽查认定", ""),
    ("StopConfirmed", "银行确认止付", ""),
    ("StopConfirmationRevoked", "撤销止付确认", ""),
    ("FreezeConfirmed", "银行确认冻结", ""),
    ("FreezeConfirmationRevoked", "撤销冻结确认", ""),
    ("ReturnExecuted", "银行已返还", ""),
    ("ReturnExecutionRevoked", "撤销返还确认", ""),
    ("IncidentReported", "接报事件", ""),
    ("IncidentClassified", "事件定类", ""),
    ("IncidentClosed", "事件办结", ""),
    ("IncidentWithdrawn", "撤销事件", ""),
    ("GuardAuthorised", "保安授权", ""),
    ("GuardAuthorityEnded", "终止授权", ""),
    ("FreightTrafficDirected", "疏导货运", ""),
    ("FreightTrafficCorrected", "更正货运", ""),
    ("SettlementSigned", "签署协议", ""),
    ("ApplicationReceived", "收到报名", ""),
    ("VolunteerEnrolled", "编号入队", ""),
    ("SquadronFormed", "组建中队", ""),
    ("SquadronDisbanded", "撤销中队", ""),
    ("DutyPointOpened", "设立执勤点", ""),
    ("DutyPointClosed", "撤销执勤点", ""),
    ("PatrolEnded", "巡逻结束", ""),
    ("PatrolResultsCorrected", "更正战果", ""),
];

/// Category (GA 240.1 of cases, words of others), Chinese, English: those that come up day by day.
const CATEGORIES: &[(&str, &str, &str)] = &[
    ("050100", "抢劫", "robbery"),
    ("050101", "入户抢劫", "robbery in a dwelling"),
    ("050102", "拦路抢劫", "street robbery"),
    ("050200", "盗窃", "theft"),
    ("050201", "入室盗窃", "burglary"),
    ("050204", "盗窃金融机构", "theft from a bank"),
    ("050210", "盗窃运输物资", "theft of goods in transport"),
    ("050211", "盗窃铁路器材", "theft of railway equipment"),
    ("050220", "盗窃货物", "theft of goods"),
    ("050221", "盗窃旅财", "theft from travellers"),
    ("050222", "盗窃路财", "theft of railway property"),
    ("050223", "盗窃汽车", "car theft"),
    ("050224", "盗窃摩托车", "motorcycle theft"),
    ("050227", "盗窃自行车", "bicycle theft"),
    ("050230", "盗窃保险柜", "theft from a safe"),
    ("050237", "盗窃牲畜", "theft of livestock"),
    ("050240", "扒窃", "pickpocketing"),
    ("050300", "诈骗", "fraud"),
    ("050400", "抢夺", "snatching"),
    ("050800", "敲诈勒索", "extortion"),
    ("050900", "故意毁坏财物", "wilful damage"),
    ("person", "个人账户", "personal account"),
    ("company", "单位账户", "company account"),
    ("congestion", "道路拥堵", "congestion"),
    ("channel", "航道受阻", "channel obstructed"),
    ("traffic", "交通事故", "traffic accident"),
    ("security", "治安", "public order"),
    ("fire", "火警", "fire"),
    ("hazmat", "危险货物", "dangerous goods"),
    ("village", "村", "village"),
    ("police_guard", "警保联防", "police and guards"),
    ("town", "镇", "town"),
    ("enterprise", "企业", "enterprise"),
    ("criminal", "刑事", "criminal"),
    ("administrative", "行政", "administrative"),
    ("administrative_complex", "行政（疑难）", "administrative, complex"),
    ("no_crime", "无犯罪事实", "no crime"),
    ("mediated", "当场调解", "mediated"),
    ("helped", "救助", "help given"),
    ("handed_over", "移交", "handed over"),
];

/// Facts area, Chinese, English.
const AREAS: &[(&str, &str, &str)] = &[
    ("A", "秋风反盗窃专项行动", "Autumn Wind anti-theft campaign"),
    ("V", "桃乡义警", "Peach Village volunteers"),
    ("F", "社区警务", "Community policing"),
    ("J", "反诈中心", "Anti-fraud centre"),
    ("P", "港航公安", "Port and shipping police"),
];

/// Name of a facts area; its letters when it has none.
pub fn area(letter: &str, lang: Lang) -> &str {
    find(AREAS, letter, lang).unwrap_or(letter)
}

/// What a source records, in words; empty when it is not known.
pub fn source(name: &str, lang: Lang) -> &str {
    const SOURCES: &[(&str, &str, &str)] = &[
        ("antifraud", "止付、冻结、资金返还", "stops, freezes, returns of money"),
        ("cases", "警情、案件、串并案", "alerts, cases, series"),
        ("hq", "机构、人数、考核办法、结账与督办", "units, headcounts, schemes, closings and what follows"),
        ("port", "港区事件、保安、货运", "port incidents, guards, freight"),
        ("volunteers", "义警、中队、巡逻", "volunteers, squadrons, patrols"),
    ];
    find(SOURCES, name, lang).unwrap_or_default()
}

fn find<'a>(table: &[(&str, &'static str, &'static str)], key: &'a str, lang: Lang) -> Option<&'a str> {
    table.iter().find(|(name, ..)| *name == key).map(|(_, zh, en)| lang.t(zh, en))
}

/// Name of a measure.
pub fn measure(name: &str, lang: Lang) -> &str {
    find(MEASURES, name, lang).unwrap_or(name)
}

/// Name of a category, when it is known.
pub fn category(code: &str, lang: Lang) -> Option<&str> {
    find(CATEGORIES, code, lang)
}

/// Name of an event, when it is known and says more than its type; empty otherwise.
pub fn event(short: &str, lang: Lang) -> &str {
    find(EVENTS, short, lang).unwrap_or_default()
}

/// Unit of a count in the reader's language, as it stands in the head of a column.
pub fn unit(unit: &str, lang: Lang) -> &str {
    match (unit, lang) {
        ("件", Lang::En) => "cases",
        ("人" | "人次", Lang::En) => "people",
        ("元", Lang::En) => "yuan",
        ("起", Lang::En) => "incidents",
        ("笔", Lang::En) => "orders",
        ("次", Lang::En) => "times",
        ("分钟", Lang::En) => "minutes",
        ("辆", Lang::En) => "vehicles",
        ("处" | "支", Lang::En) => "",
        _ => unit,
    }
}

/// "破案 ÷ 立案": what an indicator divides, in words; nothing for a plain count.
pub fn ratio(indicator: &Indicator, lang: Lang) -> String {
    let name = |of: &Option<MeasureRef>| of.as_ref().map(|m| measure(&m.measure, lang).to_owned());
    match (name(&indicator.numerator), name(&indicator.denominator)) {
        (Some(numerator), Some(denominator)) => format!("{numerator} ÷ {denominator}"),
        _ => String::new(),
    }
}

/// A quantity of a measure as a reader sees it: money in yuan, everything else as a whole number.
pub fn amount(measure: &str, quantity: i64) -> String {
    if Measure::named(measure).is_some_and(Measure::is_money) {
        grouped(&yuan_from_fen(quantity))
    } else {
        whole(quantity)
    }
}

/// A measure with its categories in the ledger's own names: "case.solved[0502*]".
pub fn reference(of: &MeasureRef) -> String {
    match of.category_prefix.as_str() {
        "" => of.measure.clone(),
        prefix => format!("{}[{prefix}*]", of.measure),
    }
}

/// The exact formula in the ledger's own names: "case.solved[0502*] ÷ case.filed[0502*] × 100".
pub fn formula(indicator: &Indicator) -> String {
    let mut out = indicator.numerator.as_ref().map(reference).unwrap_or_default();
    if let Some(denominator) = &indicator.denominator {
        out.push_str(" ÷ ");
        out.push_str(&reference(denominator));
    }
    if indicator.scale > 1 {
        out.push_str(&format!(" × {}", indicator.scale));
    }
    out
}

/// True when it tells how far a rate can be trusted, and so stands beside it.
pub fn is_integrity(indicator: &Indicator) -> bool {
    let measure = indicator.numerator.as_ref().and_then(|part| Measure::named(&part.measure));
    measure.is_some_and(Measure::is_integrity)
}

/// A quantity at a scale: money in whole yuan, ten thousands of them shortened.
pub fn short_amount(indicator: &Indicator, quantity: i64) -> String {
    match is_money(indicator) {
        true if quantity >= 1_000_000 => format!("{}万", whole(quantity / 1_000_000)),
        true => whole(quantity / 100),
        false => whole(quantity),
    }
}

/// True when money is counted.
pub fn is_money(indicator: &Indicator) -> bool {
    let measure = indicator.numerator.as_ref().and_then(|part| Measure::named(&part.measure));
    measure.is_some_and(Measure::is_money)
}

/// True when the indicator is a share of cases in per cent: what has an interval and control limits.
pub fn is_share(indicator: &Indicator) -> bool {
    is_percent(indicator) && !is_money(indicator)
}

/// True when the indicator is a share of one whole in per cent, which a 0–100 scale can draw.
pub fn is_percent(indicator: &Indicator) -> bool {
    indicator.denominator.is_some() && indicator.unit == "%"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_told_in_words_and_as_a_formula() {
        let of = |measure: &str| Some(MeasureRef { measure: measure.into(), category_prefix: "0502".into() });
        let rate = Indicator {
            numerator: of("case.solved"),
            denominator: of("case.filed"),
            scale: 100,
            ..Indicator::default()
        };
        assert_eq!(ratio(&rate, Lang::Zh), "破案 ÷ 立案");
        assert_eq!(formula(&rate), "case.solved[0502*] ÷ case.filed[0502*] × 100");
    }

    #[test]
    fn an_unknown_measure_is_shown_as_it_is() {
        assert_eq!(measure("port.incident", Lang::Zh), "port.incident");
        assert!(
            Measure::ALL.iter().all(|m| measure(m.name(), Lang::Zh) != m.name()),
            "every measure has a name"
        );
        assert_eq!(category("999999", Lang::Zh), None);
    }
}
