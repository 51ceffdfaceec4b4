//! given / when / then for schemes.

use super::*;
use time::macros::date;
use xiaoan_kernel::given::given;
use xiaoan_proto::core::v1::{Date as WireDate, OrgKind};
use xiaoan_proto::hq::v1::{AttentionRule, Direction, Indicator, MeasureRef};

fn city() -> OrgCode {
    OrgCode::parse("371100000000").expect("12 digits")
}
fn measure(measure: &str, prefix: &str) -> Option<MeasureRef> {
    Some(MeasureRef { measure: measure.into(), category_prefix: prefix.into() })
}
fn solve_rate() -> Indicator {
    Indicator {
        id: "solve_rate".into(),
        title_zh: "破案率".into(),
        title_en: "Solve rate".into(),
        numerator: measure("case.solved", "0502"),
        denominator: measure("case.filed", "0502"),
        scale: 100,
        direction: Direction::HigherIsBetter.into(),
        min_denominator: 10,
        unit: "%".into(),
        weight: 100,
        ..Default::default()
    }
}
fn scheme() -> hq::Scheme {
    hq::Scheme {
        board: "theft-stations".into(),
        version: 7,
        title_zh: "盗窃案件派出所榜".into(),
        title_en: "Theft, stations".into(),
        entrant_kinds: vec![OrgKind::Station.into(), OrgKind::PortStation.into()],
        indicators: vec![solve_rate()],
        rank_by: "solve_rate".into(),
        attention_rules: vec![AttentionRule {
            indicator_id: "solve_rate".into(),
            threshold_numerator: 40,
            threshold_denominator: 100,
        }],
        effective_on: Some(WireDate { year: 2026, month: 1, day: 1 }),
        ..Default::default()
    }
}
fn publish(scheme: hq::Scheme) -> hq::PublishSchemeRequest {
    hq::PublishSchemeRequest { scheme: Some(scheme), ..Default::default() }
}
fn published(version: i32) -> SchemeEvent {
    hq::SchemePublished { scheme: Some(hq::Scheme { version, ..scheme() }) }.into()
}
/// Fields that are refused after a change of the good scheme.
fn refused(spoil: impl FnOnce(&mut hq::Scheme)) -> Vec<&'static str> {
    let mut scheme = scheme();
    spoil(&mut scheme);
    let refusal = Scheme::default()
        .decide_publish(&publish(scheme), city(), date!(2026 - 06 - 01))
        .expect_err("a spoiled scheme");
    let findings = refusal.findings();
    assert!(findings.iter().all(|f| f.code == "SCHEME-INVALID"));
    findings.iter().map(|f| f.field).collect()
}

#[test]
fn versions_are_numbered_from_one_whatever_the_caller_says() {
    let decide = |s: &Scheme| s.decide_publish(&publish(scheme()), city(), date!(2026 - 06 - 01));
    given::<Scheme>([]).when(decide).then([published(1)]);
    given::<Scheme>([published(1), published(2)]).when(decide).then([published(3)]);
}

#[test]
fn a_scheme_for_all_periods_counts_from_the_day_it_is_published() {
    let mut always = scheme();
    always.effective_on = None;
    let facts = given::<Scheme>([])
        .when(|s| s.decide_publish(&publish(always), city(), date!(2026 - 06 - 01)))
        .then_facts();
    assert_eq!((facts[0].occurred_on, facts[0].org_unit), (date!(2026 - 06 - 01), city()));
}

#[test]
fn an_empty_command_is_told_everything_that_is_missing() {
    let command = hq::PublishSchemeRequest::default();
    let refusal =
        Scheme::default().decide_publish(&command, city(), date!(2026 - 06 - 01)).expect_err("empty");
    let fields: Vec<_> = refusal.findings().iter().map(|f| f.field).collect();
    assert_eq!(
        fields,
        [
            "scheme.board",
            "scheme.title_zh",
            "scheme.entrant_kinds",
            "scheme.indicators",
            "scheme.indicators.weight",
            "scheme.rank_by"
        ]
    );
}

#[test]
fn indicator_ids_are_unique_and_rank_by_names_one() {
    assert_eq!(
        refused(|s| s.indicators.push(Indicator { weight: 0, ..solve_rate() })),
        ["scheme.indicators.id"]
    );
    assert_eq!(refused(|s| s.rank_by = "arrests".into()), ["scheme.rank_by"]);
    assert_eq!(
        refused(|s| s.attention_rules[0].indicator_id = "arrests".into()),
        ["scheme.attention_rules.indicator_id"]
    );
}

#[test]
fn weights_sum_to_one_hundred() {
    assert_eq!(refused(|s| s.indicators[0].weight = 99), ["scheme.indicators.weight"]);
    let two = |a: i32, b: i32| {
        move |s: &mut hq::Scheme| {
            s.indicators[0].weight = a;
            s.indicators.push(Indicator { id: "other".into(), weight: b, ..solve_rate() });
        }
    };
    assert_eq!(refused(two(-1, 101)), ["scheme.indicators.weight", "scheme.indicators.weight"]);
    assert_eq!(refused(two(i32::MAX, i32::MAX)).len(), 3);
}

#[test]
fn only_named_measures_are_counted_and_officers_only_divide() {
    let rate = |numerator, denominator| {
        move |s: &mut hq::Scheme| {
            s.indicators[0].numerator = numerator;
            s.indicators[0].denominator = denominator;
        }
    };
    let filed = || measure("case.filed", "");
    assert_eq!(refused(rate(measure("case.solved + 1", ""), filed())), ["scheme.indicators.numerator"]);
    assert_eq!(refused(rate(None, filed())), ["scheme.indicators.numerator"]);
    assert_eq!(refused(rate(measure("officers", ""), filed())), ["scheme.indicators.numerator"]);
    assert_eq!(refused(rate(filed(), measure("volunteers", ""))), ["scheme.indicators.denominator"]);
    assert_eq!(refused(rate(filed(), measure("officers", "0502"))), ["scheme.indicators.denominator"]);
    assert_eq!(refused(rate(measure("case.filed", "05%"), filed())), ["scheme.indicators.numerator"]);
    assert_eq!(refused(rate(measure("case.filed", "village"), filed())), ["scheme.indicators.numerator"]);
    assert_eq!(
        refused(rate(measure("volunteer.duty_points", "Village'"), filed())),
        ["scheme.indicators.numerator"]
    );
    let mut per_officers = scheme();
    rate(measure("case.solved", "0502"), measure("officers", ""))(&mut per_officers);
    assert!(Scheme::default().decide_publish(&publish(per_officers), city(), date!(2026 - 06 - 01)).is_ok());
}

#[test]
fn thresholds_and_scales_can_be_divided_by() {
    assert_eq!(
        refused(|s| s.attention_rules[0].threshold_denominator = 0),
        ["scheme.attention_rules.threshold_denominator"]
    );
    assert_eq!(refused(|s| s.indicators[0].scale = 0), ["scheme.indicators.scale"]);
    assert_eq!(refused(|s| s.indicators[0].direction = 0), ["scheme.indicators.direction"]);
    assert_eq!(refused(|s| s.indicators[0].min_denominator = -1), ["scheme.indicators.min_denominator"]);
    assert_eq!(refused(|s| s.indicators[0].denominator = None), ["scheme.indicators.min_denominator"]);
}

#[test]
fn somebody_is_ranked() {
    assert_eq!(refused(|s| s.entrant_kinds.clear()), ["scheme.entrant_kinds"]);
    assert_eq!(refused(|s| s.entrant_kinds.push(0)), ["scheme.entrant_kinds"]);
    assert_eq!(refused(|s| s.entrant_kinds.push(99)), ["scheme.entrant_kinds"]);
    assert_eq!(refused(|s| s.entrant_kinds.push(OrgKind::Station.into())), ["scheme.entrant_kinds"]);
}

#[test]
fn a_scheme_may_count_facts_of_every_source() {
    for (name, _) in xiaoan_proto::MEASURES {
        let mut counted = scheme();
        counted.indicators[0].numerator = measure(name, "");
        let decided = Scheme::default().decide_publish(&publish(counted), city(), date!(2026 - 06 - 01));
        assert!(decided.is_ok(), "{name}");
    }
    let mut narrowed = scheme();
    narrowed.indicators[0].numerator = measure("volunteer.duty_points", "village");
    narrowed.indicators[0].area = "V".into();
    narrowed.indicators[0].org_unit = "371121010000".into();
    assert!(Scheme::default().decide_publish(&publish(narrowed), city(), date!(2026 - 06 - 01)).is_ok());
    assert_eq!(refused(|s| s.indicators[0].area = "very long".into()), ["scheme.indicators.area"]);
    assert_eq!(refused(|s| s.indicators[0].org_unit = "3711".into()), ["scheme.indicators.org_unit"]);
}

#[test]
fn squadrons_are_ranked_by_what_names_them_and_nothing_else() {
    let squadrons = |s: &mut hq::Scheme| {
        s.set_entrants(hq::Entrants::Squadrons);
        s.entrant_kinds.clear();
        s.indicators[0].numerator = measure("volunteer.disputes_mediated", "");
        s.indicators[0].denominator = measure("volunteer.patrols", "");
    };
    let mut board = scheme();
    squadrons(&mut board);
    assert!(Scheme::default().decide_publish(&publish(board), city(), date!(2026 - 06 - 01)).is_ok());
    let refused_after = |change: &dyn Fn(&mut hq::Scheme)| {
        refused(|s| {
            squadrons(s);
            change(s);
        })
    };
    assert_eq!(refused_after(&|s| s.entrant_kinds.push(3)), ["scheme.entrant_kinds"]);
    assert_eq!(
        refused_after(&|s| s.indicators[0].numerator = measure("case.solved", "")),
        ["scheme.entrants"]
    );
    assert_eq!(
        refused_after(&|s| s.indicators[0].denominator = measure("volunteer.patrols", "village")),
        ["scheme.entrants"]
    );
}

#[test]
fn a_day_that_does_not_exist_is_refused() {
    let day = Some(WireDate { year: 2021, month: 2, day: 30 });
    assert_eq!(refused(|s| s.effective_on = day), ["scheme.effective_on"]);
}

#[test]
fn what_follows_from_a_closed_period_is_one_rule_over_a_ratio_of_units() {
    let rule = || hq::ConsequenceRule {
        indicator_id: "solve_rate".into(),
        threshold_numerator: 40,
        threshold_denominator: 100,
        kind: hq::ConsequenceKind::Notice.into(),
        streak: 2,
        gap_policy: hq::GapPolicy::Skip.into(),
        integrity_gate: "solve_rate".into(),
        gate_numerator: 90,
        gate_denominator: 100,
        ..Default::default()
    };
    assert!(super::check::findings(&hq::Scheme { consequences: vec![rule()], ..scheme() }).is_empty());
    let spoiled = |spoil: fn(&mut hq::ConsequenceRule)| {
        let mut rule = rule();
        spoil(&mut rule);
        refused(|s| s.consequences = vec![rule])
    };
    assert_eq!(spoiled(|r| r.indicator_id = "arrests".into()), ["scheme.consequences.indicator_id"]);
    assert_eq!(spoiled(|r| r.threshold_denominator = 0), ["scheme.consequences.threshold_denominator"]);
    assert_eq!(spoiled(|r| r.kind = 0), ["scheme.consequences.kind"]);
    assert_eq!(spoiled(|r| r.streak = 13), ["scheme.consequences.streak"]);
    assert_eq!(spoiled(|r| r.gap_policy = 9), ["scheme.consequences.gap_policy"]);
    assert_eq!(spoiled(|r| r.integrity_gate = "audits".into()), ["scheme.consequences.integrity_gate"]);
    assert_eq!(spoiled(|r| r.gate_denominator = 0), ["scheme.consequences.integrity_gate"]);
    assert_eq!(refused(|s| s.consequences = vec![rule(), rule()]), ["scheme.consequences"]);
}
