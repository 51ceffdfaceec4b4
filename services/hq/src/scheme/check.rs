//! Whether a scheme can be evaluated.

use crate::fields::is_slug;
use std::collections::HashSet;
use xiaoan_kernel::{Finding, OrgCode};
use xiaoan_proto::core::v1::OrgKind;
use xiaoan_proto::hq::v1::{ConsequenceKind, Direction, Entrants, GapPolicy, Indicator, MeasureRef, Scheme};
use xiaoan_proto::{MEASURES, OFFICERS, SQUADRON_MEASURES};
use xiaoan_rpc::Check;

const CODE: &str = "SCHEME-INVALID";
const MOST_INDICATORS: usize = 40;
const MOST_SCALE: i64 = 1_000_000;

/// Everything that is wrong with a scheme, in the order of its fields; nothing when it can be published.
pub(crate) fn findings(scheme: &Scheme) -> Vec<Finding> {
    let mut wrong = Wrong(Check::new());
    if !is_slug(&scheme.board, b'-') {
        let zh = "榜单编号应为1至40个小写字母、数字或连字符";
        wrong.note("scheme.board", zh, "a board's id has 1 to 40 lower-case letters, digits or hyphens");
    }
    let title = scheme.title_zh.trim().chars().count();
    if title == 0 || title > 60 || scheme.title_en.chars().count() > 80 {
        let zh = "中文标题应为1至60个字符，英文标题不超过80个";
        wrong.note(
            "scheme.title_zh",
            zh,
            "titles need 1 to 60 characters in Chinese and up to 80 in English",
        );
    }
    wrong.entrants(scheme);
    wrong.indicators(scheme);
    wrong.attention(scheme);
    wrong.consequences(scheme);
    if scheme.effective_on.is_some_and(|date| time::Date::try_from(date).is_err()) {
        wrong.note("scheme.effective_on", "请填写存在的日期", "state a day that exists in the calendar");
    }
    wrong.0.values(()).err().unwrap_or_default()
}

/// What is wrong so far.
struct Wrong(Check);

impl Wrong {
    fn note(&mut self, field: &'static str, zh: impl Into<String>, en: impl Into<String>) {
        self.0.finding(CODE, field, zh, en);
    }

    fn entrants(&mut self, scheme: &Scheme) {
        if scheme.entrants() == Entrants::Squadrons {
            return self.squadrons(scheme);
        }
        let kinds: HashSet<_> = scheme.entrant_kinds.iter().copied().collect();
        let known = |kind: &i32| OrgKind::try_from(*kind).is_ok_and(|known| known != OrgKind::Unspecified);
        if kinds.is_empty() || kinds.len() < scheme.entrant_kinds.len() || !kinds.iter().all(known) {
            let zh = "请选择至少一种参评机构类别，不能重复";
            self.note("scheme.entrant_kinds", zh, "state at least one known kind of unit, each once");
        }
    }

    /// Squadrons are told apart by the category of their lines, so nothing else can be counted for them.
    fn squadrons(&mut self, scheme: &Scheme) {
        if !scheme.entrant_kinds.is_empty() {
            let zh = "中队榜不按机构类别排名，请勿填写参评机构类别";
            self.note("scheme.entrant_kinds", zh, "a board of squadrons ranks no kinds of unit");
        }
        for indicator in &scheme.indicators {
            let mut parts = [&indicator.numerator, &indicator.denominator].into_iter().flatten();
            let of_squadrons = |part: &MeasureRef| {
                SQUADRON_MEASURES.contains(&part.measure.as_str()) && part.category_prefix.is_empty()
            };
            if !parts.all(of_squadrons) || !indicator.org_unit.is_empty() {
                let id = &indicator.id;
                self.note(
                    "scheme.entrants",
                    format!("指标{id}不能按中队统计"),
                    format!("indicator {id:?} cannot be counted for squadrons"),
                );
            }
        }
    }

    fn indicators(&mut self, scheme: &Scheme) {
        if !(1..=MOST_INDICATORS).contains(&scheme.indicators.len()) {
            let zh = format!("指标应为1至{MOST_INDICATORS}项");
            self.note("scheme.indicators", zh, format!("a scheme has 1 to {MOST_INDICATORS} indicators"));
        }
        let mut ids = HashSet::new();
        for indicator in &scheme.indicators {
            if !ids.insert(indicator.id.as_str()) {
                let id = &indicator.id;
                self.note(
                    "scheme.indicators.id",
                    format!("指标编号{id}重复"),
                    format!("indicator id {id:?} is used twice"),
                );
            }
            self.indicator(indicator);
        }
        let weights: i64 = scheme.indicators.iter().map(|i| i64::from(i.weight)).sum();
        if weights != 100 {
            let zh = format!("权重之和应为100，现为{weights}");
            self.note("scheme.indicators.weight", zh, format!("the weights sum to {weights} instead of 100"));
        }
        if !ids.contains(scheme.rank_by.as_str()) {
            let zh = "排名依据应为本办法中的一项指标";
            self.note("scheme.rank_by", zh, "rank_by must be the id of one of the indicators");
        }
    }

    fn indicator(&mut self, indicator: &Indicator) {
        let id = &indicator.id;
        if !is_slug(id, b'_') {
            self.note(
                "scheme.indicators.id",
                format!("指标编号{id:?}应为1至40个小写字母、数字或下划线"),
                format!("indicator id {id:?} must be 1 to 40 lower-case letters, digits or underscores"),
            );
        }
        let title = indicator.title_zh.trim().chars().count();
        if title == 0 || title > 30 || indicator.title_en.chars().count() > 60 {
            self.note(
                "scheme.indicators.title_zh",
                format!("指标{id}的中文标题应为1至30个字符，英文不超过60个"),
                format!(
                    "indicator {id:?} needs a title of 1 to 30 characters in Chinese and up to 60 in English"
                ),
            );
        }
        if !indicator.numerator.as_ref().is_some_and(is_of_ledger) {
            self.unknown_measure("scheme.indicators.numerator", indicator, indicator.numerator.as_ref());
        }
        if let Some(measure) = &indicator.denominator
            && !is_of_ledger(measure)
            && !(measure.measure == OFFICERS && measure.category_prefix.is_empty())
        {
            self.unknown_measure("scheme.indicators.denominator", indicator, Some(measure));
        }
        if !(1..=MOST_SCALE).contains(&indicator.scale) {
            self.note(
                "scheme.indicators.scale",
                format!("指标{id}的倍数应为1至{MOST_SCALE}"),
                format!("the scale of indicator {id:?} must be 1 to {MOST_SCALE}"),
            );
        }
        if indicator.direction() == Direction::Unspecified {
            self.note(
                "scheme.indicators.direction",
                format!("请说明指标{id}是越高越好还是越低越好"),
                format!("say whether more or less of indicator {id:?} is better"),
            );
        }
        if indicator.min_denominator < 0 || (indicator.min_denominator > 0 && indicator.denominator.is_none())
        {
            self.note(
                "scheme.indicators.min_denominator",
                format!("指标{id}的最小分母不能为负，且须有分母"),
                format!(
                    "the least denominator of indicator {id:?} may not be negative and needs a denominator"
                ),
            );
        }
        if indicator.unit.chars().count() > 10 {
            self.note(
                "scheme.indicators.unit",
                format!("指标{id}的单位不超过10个字符"),
                format!("the unit of indicator {id:?} has at most 10 characters"),
            );
        }
        if indicator.area.len() > 8 || !is_name(&indicator.area) {
            self.note(
                "scheme.indicators.area",
                format!("指标{id}的分区应为至多8个字母或数字"),
                format!("the area of indicator {id:?} has at most 8 letters or digits"),
            );
        }
        if !indicator.org_unit.is_empty() && OrgCode::parse(&indicator.org_unit).is_err() {
            self.note(
                "scheme.indicators.org_unit",
                format!("指标{id}的统计单位应为12位机构代码"),
                format!("the unit of indicator {id:?} must be a code of 12 digits"),
            );
        }
        if !(0..=100).contains(&indicator.weight) {
            self.note(
                "scheme.indicators.weight",
                format!("指标{id}的权重应为0至100"),
                format!("the weight of indicator {id:?} must be 0 to 100"),
            );
        }
    }

    fn unknown_measure(&mut self, field: &'static str, indicator: &Indicator, measure: Option<&MeasureRef>) {
        let id = &indicator.id;
        let named = measure.map_or("", |m| &m.measure);
        self.note(
            field,
            format!("指标{id}的统计口径{named:?}不存在，或类别前缀不合其类别的写法"),
            format!("indicator {id:?} counts {named:?}, which is no measure here, or its category prefix is none of its categories'"),
        );
    }

    fn attention(&mut self, scheme: &Scheme) {
        let ids: HashSet<_> = scheme.indicators.iter().map(|i| i.id.as_str()).collect();
        for rule in &scheme.attention_rules {
            let id = &rule.indicator_id;
            if !ids.contains(id.as_str()) {
                self.note(
                    "scheme.attention_rules.indicator_id",
                    format!("关注规则所指的指标{id:?}不存在"),
                    format!("an attention rule looks at indicator {id:?}, which the scheme does not have"),
                );
            }
            if rule.threshold_denominator <= 0 || rule.threshold_numerator < 0 {
                self.note(
                    "scheme.attention_rules.threshold_denominator",
                    format!("指标{id}的阈值应为分母大于0的非负分数"),
                    format!(
                        "the threshold for indicator {id:?} must be a fraction of at least 0 over more than 0"
                    ),
                );
            }
        }
    }
}

impl Wrong {
    /// What follows from a closed period is one rule over a ratio, for units.
    fn consequences(&mut self, scheme: &Scheme) {
        if scheme.consequences.len() > 1
            || (!scheme.consequences.is_empty() && scheme.entrants() == Entrants::Squadrons)
        {
            let zh = "通报规则至多一条，且只用于机构榜";
            self.note("scheme.consequences", zh, "a board of units has at most one rule of consequence");
        }
        let is_ratio = |id: &str| scheme.indicators.iter().any(|i| i.id == id && i.denominator.is_some());
        for rule in &scheme.consequences {
            if !is_ratio(&rule.indicator_id) {
                let zh = "通报规则所指的指标应为本办法中有分母的一项";
                let en = "a rule of consequence looks at an indicator of the scheme that has a denominator";
                self.note("scheme.consequences.indicator_id", zh, en);
            }
            if rule.threshold_denominator <= 0 || rule.threshold_numerator < 0 {
                let zh = "通报阈值应为分母大于0的非负分数";
                let en = "the threshold must be a fraction of at least 0 over more than 0";
                self.note("scheme.consequences.threshold_denominator", zh, en);
            }
            if rule.kind() != ConsequenceKind::Notice {
                self.note("scheme.consequences.kind", "请说明后果为通报", "say that a notice follows");
            }
            if !(0..=12).contains(&rule.streak) {
                let zh = "连续次数应为0至12";
                self.note("scheme.consequences.streak", zh, "a streak is 0 to 12 notices");
            }
            if GapPolicy::try_from(rule.gap_policy).is_err() {
                let zh = "不可评价月份的处理方式不存在";
                self.note("scheme.consequences.gap_policy", zh, "there is no such policy for gaps");
            }
            if !rule.integrity_gate.is_empty()
                && (!is_ratio(&rule.integrity_gate) || rule.gate_denominator <= 0 || rule.gate_numerator < 0)
            {
                let zh = "如实立案门槛应为本办法中有分母的一项指标，及分母大于0的非负分数";
                let en = "an integrity gate is an indicator with a denominator, and a fraction of at least 0 over more than 0";
                self.note("scheme.consequences.integrity_gate", zh, en);
            }
        }
    }
}

/// A measure that is booked, narrowed by what its categories look like: GA 240.1 numbers for cases, words for others.
fn is_of_ledger(measure: &MeasureRef) -> bool {
    let prefix = measure.category_prefix.as_str();
    let number = prefix.len() <= 6 && prefix.bytes().all(|b| b.is_ascii_digit());
    let word = prefix.len() <= 40 && is_name(prefix);
    MEASURES
        .iter()
        .find(|(name, _)| *name == measure.measure)
        .is_some_and(|(_, source)| if *source == "cases" { number } else { word })
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
