//! The bytes of every stored event are frozen: a log that was written once must be readable for ever, and a digest taken
//! of it must stay the same. A new field gets a new sample beside the old one, never instead of it.

use std::collections::BTreeSet;
use xiaoan_directory::OrgUnitEvent;
use xiaoan_hq::campaign::CampaignEvent;
use xiaoan_hq::scheme::SchemeEvent;
use xiaoan_kernel::EventSet;
use xiaoan_proto::core::v1::{Date, OrgKind};
use xiaoan_proto::hq::v1::{
    AttentionRule, CampaignClosed, CampaignOpened, Direction, HeadcountRecorded, Indicator, MeasureRef,
    OrgUnitMoved, OrgUnitRegistered, OrgUnitRenamed, OrgUnitRetired, Scheme, SchemePublished,
};

fn day(year: i32, month: i32, day: i32) -> Option<Date> {
    Some(Date { year, month, day })
}

fn org_unit_events() -> Vec<(OrgUnitEvent, &'static str)> {
    vec![
        (
            OrgUnitRegistered {
                code: "371102010000".into(),
                kind: OrgKind::Station.into(),
                parent: "371102000000".into(),
                name_zh: "示例东港一所".into(),
                name_en: "Demo Donggang No. 1".into(),
                effective_on: day(1949, 10, 1),
            }
            .into(),
            "0a0c33373131303230313030303010031a0c3337313130323030303030302212e7a4bae4be8be4b89ce6b8af\
             e4b880e689802a1344656d6f20446f6e6767616e67204e6f2e20313207089d0f100a1801",
        ),
        (
            OrgUnitRenamed {
                code: "371102010000".into(),
                name_zh: "示例新名所".into(),
                name_en: "Demo Renamed".into(),
                effective_on: day(2026, 6, 1),
            }
            .into(),
            "0a0c333731313032303130303030120fe7a4bae4be8be696b0e5908de689801a0c44656d6f2052656e616d65\
             64220708ea0f10061801",
        ),
        (
            OrgUnitMoved {
                code: "371102010000".into(),
                from_parent: "371102000000".into(),
                to_parent: "371103000000".into(),
                effective_on: day(2026, 6, 15),
            }
            .into(),
            "0a0c333731313032303130303030120c3337313130323030303030301a0c3337313130333030303030302207\
             08ea0f1006180f",
        ),
        (
            OrgUnitRetired {
                code: "371102010000".into(),
                effective_on: day(2026, 12, 31),
                successor: "371102020000".into(),
            }
            .into(),
            "0a0c333731313032303130303030120708ea0f100c181f1a0c333731313032303230303030",
        ),
        (
            HeadcountRecorded { code: "371102010000".into(), from: day(2020, 1, 1), officers: 32 }.into(),
            "0a0c333731313032303130303030120708e40f100118011820",
        ),
    ]
}

fn campaign_events() -> Vec<(CampaignEvent, &'static str)> {
    vec![
        (
            CampaignOpened {
                campaign_id: "autumn-wind".into(),
                name_zh: "秋风".into(),
                name_en: "Autumn Wind".into(),
                from: day(2020, 9, 1),
                to: day(2021, 7, 10),
            }
            .into(),
            "0a0b617574756d6e2d77696e641206e7a78be9a38e1a0b417574756d6e2057696e64220708e40f100918012a\
             0708e50f1007180a",
        ),
        (
            CampaignClosed { campaign_id: "autumn-wind".into(), closed_on: day(2021, 7, 10) }.into(),
            "0a0b617574756d6e2d77696e64120708e50f1007180a",
        ),
    ]
}

fn scheme_events() -> Vec<(SchemeEvent, &'static str)> {
    let measure =
        |measure: &str| Some(MeasureRef { measure: measure.into(), category_prefix: "0502".into() });
    let scheme = Scheme {
        board: "theft-stations".into(),
        version: 1,
        title_zh: "盗窃案件派出所榜".into(),
        title_en: "Theft, stations".into(),
        entrant_kinds: vec![OrgKind::Station.into(), OrgKind::PortStation.into()],
        indicators: vec![Indicator {
            id: "solve_rate".into(),
            title_zh: "破案率".into(),
            title_en: "Solve rate".into(),
            numerator: measure("case.solved"),
            denominator: measure("case.filed"),
            scale: 100,
            direction: Direction::HigherIsBetter.into(),
            min_denominator: 10,
            unit: "%".into(),
            weight: 100,
            ..Default::default()
        }],
        rank_by: "solve_rate".into(),
        attention_rules: vec![AttentionRule {
            indicator_id: "solve_rate".into(),
            threshold_numerator: 40,
            threshold_denominator: 100,
        }],
        effective_on: day(2026, 1, 1),
        ..Default::default()
    };
    vec![(
        SchemePublished { scheme: Some(scheme) }.into(),
        "0ac1010a0e74686566742d73746174696f6e7310011a18e79b97e7aa83e6a188e4bbb6e6b4bee587bae68980\
             e6a69c220f54686566742c2073746174696f6e732a02030532570a0a736f6c76655f726174651209e7a0b4e6\
             a188e78e871a0a536f6c7665207261746522130a0b636173652e736f6c7665641204303530322a120a0a6361\
             73652e66696c656412043035303230643801400a4a012550643a0a736f6c76655f7261746542100a0a736f6c\
             76655f72617465102818644a0708ea0f10011801",
    )]
}

/// Checks the samples of one aggregate; gives the type names it has seen.
fn check<E: EventSet>(samples: Vec<(E, &'static str)>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (event, golden) in samples {
        let name = event.type_name();
        assert_eq!(hex::encode(event.encode()), golden, "the bytes of {name} have changed");
        let bytes = hex::decode(golden).expect("golden bytes are hex");
        assert_eq!(E::decode(&name, &bytes), Ok(event), "the stored bytes of {name} read differently");
        names.insert(name);
    }
    names
}

#[test]
fn the_bytes_of_every_stored_event_are_frozen() {
    let mut seen = check(org_unit_events());
    seen.extend(check(campaign_events()));
    seen.extend(check(scheme_events()));
    let package = "xiaoan.hq.v1.";
    let events = [
        "OrgUnitRegistered",
        "OrgUnitRenamed",
        "OrgUnitMoved",
        "OrgUnitRetired",
        "HeadcountRecorded",
        "CampaignOpened",
        "CampaignClosed",
        "SchemePublished",
    ];
    assert_eq!(seen, events.iter().map(|event| format!("{package}{event}")).collect());
}
