//! Whatever is commanded, the tree stays a tree on every day, and the log alone gives the same states again.

use super::*;
use proptest::prelude::*;
use std::collections::HashMap;
use time::Duration;
use xiaoan_kernel::EventSet;

const UNITS: usize = 5;
const FIRST: Date = date!(2026 - 01 - 01);

#[derive(Debug, Clone)]
enum Command {
    Register { unit: usize, parent: Option<usize>, day: i64 },
    Move { unit: usize, parent: usize, day: i64 },
    Retire { unit: usize, successor: Option<usize>, day: i64 },
}

fn command() -> impl Strategy<Value = Command> {
    let (unit, day) = (|| 0..UNITS, || 0..6_i64);
    let maybe = || prop_oneof![1 => Just(None), 4 => unit().prop_map(Some)];
    prop_oneof![
        1 => (unit(), maybe(), day()).prop_map(|(unit, parent, day)| Command::Register { unit, parent, day }),
        8 => (unit(), unit(), day()).prop_map(|(unit, parent, day)| Command::Move { unit, parent, day }),
        1 => (unit(), maybe(), 3..6_i64).prop_map(|(unit, successor, day)| Command::Retire { unit, successor, day }),
    ]
}

fn code(unit: usize) -> OrgCode {
    OrgCode::parse(&format!("3711000000{unit:02}")).expect("12 digits")
}
fn text(unit: Option<usize>) -> String {
    unit.map(|unit| code(unit).to_string()).unwrap_or_default()
}
fn day(after: i64) -> Date {
    FIRST + Duration::days(after)
}

/// hq as a whole: the states, the tree that the directory would show, and the log.
#[derive(Default)]
struct Headquarters {
    units: HashMap<OrgCode, OrgUnit>,
    tree: OrgTree,
    log: Vec<(OrgCode, String, Vec<u8>)>,
}

impl Headquarters {
    /// A city bureau with a few units under it, so that most commands have something to do.
    fn with_units() -> Self {
        let mut hq = Self::default();
        for unit in 0..UNITS - 1 {
            hq.execute(&Command::Register { unit, parent: (unit > 0).then_some(0), day: 0 });
        }
        hq
    }
    fn execute(&mut self, command: &Command) {
        let (unit, decided) = match command {
            Command::Register { unit, parent, day: after } => {
                let kind = if parent.is_none() { OrgKind::CityBureau } else { OrgKind::Station };
                let command = hq::RegisterOrgUnitRequest {
                    code: text(Some(*unit)),
                    kind: kind.into(),
                    parent: text(*parent),
                    name_zh: "示例".into(),
                    effective_on: Some(day(*after).into()),
                    ..Default::default()
                };
                (*unit, self.unit(*unit).decide_register(&command, &self.tree))
            }
            Command::Move { unit, parent, day: after } => {
                let command = hq::MoveOrgUnitRequest {
                    code: text(Some(*unit)),
                    parent: text(Some(*parent)),
                    effective_on: Some(day(*after).into()),
                    ..Default::default()
                };
                (*unit, self.unit(*unit).decide_move(&command, &self.tree))
            }
            Command::Retire { unit, successor, day: after } => {
                let command = hq::RetireOrgUnitRequest {
                    code: text(Some(*unit)),
                    successor: text(*successor),
                    effective_on: Some(day(*after).into()),
                    ..Default::default()
                };
                (*unit, self.unit(*unit).decide_retire(&command, &self.tree))
            }
        };
        for fact in decided.unwrap_or_default() {
            self.record(code(unit), &fact.event);
        }
    }
    fn unit(&self, unit: usize) -> OrgUnit {
        self.units.get(&code(unit)).cloned().unwrap_or_default()
    }
    fn record(&mut self, unit: OrgCode, event: &OrgUnitEvent) {
        self.units.entry(unit).or_default().apply(event);
        self.log.push((unit, event.type_name(), event.encode()));
        let parent = |text: &str| OrgCode::parse(text).ok();
        match event {
            OrgUnitEvent::Registered(e) => {
                self.tree.place(unit, parent(&e.parent), recorded_day(e.effective_on));
            }
            OrgUnitEvent::Moved(e) => {
                self.tree.place(unit, parent(&e.to_parent), recorded_day(e.effective_on));
            }
            OrgUnitEvent::Retired(e) => self.tree.retire(unit, recorded_day(e.effective_on)),
            OrgUnitEvent::Renamed(_) | OrgUnitEvent::HeadcountRecorded(_) => {}
        }
    }
    /// Whether every unit that exists on a day stands, within eight levels, under units that exist on it.
    fn is_a_tree_on(&self, day: Date) -> bool {
        let roots = self.tree.units().into_iter().filter(|unit| self.tree.parent_on(*unit, day).is_none());
        roots.count() <= 1
            && self.tree.units().into_iter().filter(|unit| self.tree.exists_on(*unit, day)).all(|unit| {
                let line: Vec<_> = std::iter::successors(Some(unit), |at| self.tree.parent_on(*at, day))
                    .take(MOST_LEVELS + 1)
                    .collect();
                line.len() <= MOST_LEVELS && line.iter().all(|at| self.tree.exists_on(*at, day))
            })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_tree_is_a_tree_on_every_day(commands in prop::collection::vec(command(), 0..30)) {
        let mut hq = Headquarters::with_units();
        for command in &commands {
            hq.execute(command);
            for after in -1..8 {
                prop_assert!(hq.is_a_tree_on(day(after)), "after {command:?} on {}", day(after));
            }
        }
    }

    #[test]
    fn the_log_alone_gives_the_same_states_again(commands in prop::collection::vec(command(), 0..30)) {
        let mut hq = Headquarters::with_units();
        commands.iter().for_each(|command| hq.execute(command));
        let mut again: HashMap<OrgCode, OrgUnit> = HashMap::new();
        for (unit, type_name, payload) in &hq.log {
            let event = OrgUnitEvent::decode(type_name, payload).expect("a recorded event");
            again.entry(*unit).or_default().apply(&event);
        }
        prop_assert_eq!(again, hq.units);
    }
}
