//! What the ledger's measures and categories are called. A name that is not listed is shown as it is stored.

use xiaoan_kernel::yuan_from_fen;
use xiaoan_proto::hq::v1::{Indicator, MeasureRef};

use super::format::{grouped, whole};
use super::lang::Lang;
use crate::measures::Measure;

/// Measure, Chinese, English. The measures are those that `ledger` books from the events of `cases`.
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
];

/// Category (GA 240.1), Chinese, English: those that come up day by day.
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
];

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
        ("起", Lang::En) => "alerts",
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
        assert_eq!(category("999999", Lang::Zh), None);
    }
}
