//! Standings of one snapshot.

use super::plan::{self, Plan};
use super::remembered::Basis;
use super::sources::{self, Mark};
use super::{Knowledge, ReadError, Reader, Standings, period};
use crate::decisions::{self, Schemes};
use crate::ledger::sums;
use crate::measures::{Measure, OFFICERS};
use crate::source::Source;
use crate::squadrons::{self, Squadron};
use crate::standings::evaluate::{self, Entrant, EntrantId, Part, Sheet, Slot};
use crate::standings::period::{Days, Period};
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use time::Date;
use tokio::time::Instant;
use xiaoan_directory::{OrgUnits, UnitInfo};
use xiaoan_kernel::OrgCode;
use xiaoan_proto::hq::v1::{Entrants, Indicator, Scheme};
use xiaoan_proto::rankings::v1::GetStandingsResponse;

/// Most indicators of a scheme that somebody brings along.
const MOST_INDICATORS: usize = 64;

impl Reader {
    /// Standings of a board over a period, as known now, at a moment, or up to positions of the sources. Always of one
    /// snapshot: rows, total and source positions belong together. Of the past, everything is taken as it was known then:
    /// facts, schemes, squadrons, and where units stood and how many officers they had.
    ///
    /// # Errors
    /// [`ReadError::UnknownBoard`], [`ReadError::BadPeriod`], [`ReadError::Database`], [`ReadError::Corrupt`]; for positions
    /// also [`ReadError::NotYet`], and [`ReadError::BadArgument`] for a source that nothing here follows.
    pub async fn standings(
        &self,
        board: &str,
        period: &str,
        known: impl Into<Knowledge> + Send,
    ) -> Result<Arc<Standings>, ReadError> {
        let knowledge = known.into();
        if !knowledge.is_everything() {
            self.reached(&knowledge).await?;
            return self.evaluate(board, period, &knowledge, None).await;
        }
        if let Some(answer) = self.remembered(board, period).await? {
            return Ok(answer);
        }
        let asked = Instant::now();
        let turn = self.inner.remembered.turn(board, period);
        let mut last = turn.lock().await;
        if let Some((begun, answer)) = last.as_ref()
            && *begun >= asked
        {
            return Ok(Arc::clone(answer));
        }
        let begun = Instant::now();
        let answer = self.evaluate(board, period, &knowledge, None).await?;
        free_later(last.replace((begun, Arc::clone(&answer))));
        Ok(answer)
    }

    /// Standings of the scheme's board, judged by this scheme and by no other: one that was stored with a closing judges the
    /// same for ever, also when a later release or headquarters has put another in its place. Ranks of the period before are
    /// those of the scheme in force then.
    ///
    /// # Errors
    /// As [`standings`](Self::standings), and [`ReadError::BadArgument`] for a scheme of too many indicators.
    pub async fn standings_by(
        &self,
        scheme: &Scheme,
        period: &str,
        knowledge: &Knowledge,
    ) -> Result<Arc<Standings>, ReadError> {
        if scheme.indicators.len() > MOST_INDICATORS || scheme.attention_rules.len() > MOST_INDICATORS {
            let reason = format!("more than {MOST_INDICATORS} indicators or rules");
            return Err(ReadError::BadArgument { field: "scheme", reason });
        }
        self.reached(knowledge).await?;
        self.evaluate(&scheme.board, period, knowledge, Some(scheme)).await
    }

    async fn remembered(&self, board: &str, period: &str) -> Result<Option<Arc<Standings>>, ReadError> {
        let mut connection = self.inner.pool.acquire().await?;
        let basis = self.basis(sources::marks(&mut connection).await?);
        let sources = |of: &[&str]| sources::positions(&basis.marks, self.handles(), Some(of));
        Ok(self.inner.remembered.find(board, period, &basis, sources))
    }

    fn basis(&self, marks: Vec<Mark>) -> Basis {
        Basis { marks, directory: self.inner.directory.position() }
    }

    async fn evaluate(
        &self,
        board: &str,
        text: &str,
        knowledge: &Knowledge,
        by: Option<&Scheme>,
    ) -> Result<Arc<Standings>, ReadError> {
        let mut tx = self.snapshot().await?;
        let basis = self.basis(self.caught_up(sources::marks(&mut tx).await?).await?);
        let period = period(&mut tx, text).await?;
        let schemes = Schemes::read(&mut tx, knowledge.of(decisions::SOURCE)).await?;
        let scheme = by.or_else(|| schemes.in_force(board, period.days.from));
        let scheme = scheme.ok_or_else(|| ReadError::UnknownBoard { board: board.to_owned() })?;
        let needed = needed(scheme);
        let directory = &self.inner.directory;
        let known = self.inner.units.known(&mut tx, directory, knowledge).await?;
        let units = self.inner.units.of(&known, period.days.last());
        let previous_scheme = schemes.in_force(board, period.previous.from);
        let mut question = Question::new(&units, scheme, previous_scheme, period);
        if ranks_squadrons(scheme) || previous_scheme.is_some_and(ranks_squadrons) {
            let there = squadrons::all(&mut tx, knowledge.of(Source::Volunteers.name())).await?;
            question.enter_squadrons(&there);
        }
        let sheet = question.sums(&mut tx, &known, knowledge).await?;
        tx.commit().await?;

        let previous = match question.previous_scheme {
            Some(scheme) => {
                let entrants: Vec<_> = question.previous_entrants.iter().collect();
                evaluate::ranks(scheme, &entrants, &sheet, Slot::Previous)
            }
            None => HashMap::new(),
        };
        let read = sources::positions(&basis.marks, self.handles(), Some(&needed));
        let answer = Arc::new(Standings::new(GetStandingsResponse {
            board: board.to_owned(),
            period: text.to_owned(),
            from: Some(period.days.from.into()),
            to: Some(period.days.last().into()),
            scheme: Some(scheme.clone()),
            entries: evaluate::rows(scheme, &question.entrants, &sheet, &previous),
            total: Some(evaluate::total(scheme, &sheet)),
            sources: self.counted(read, &basis.marks, knowledge).await,
            as_of: knowledge.at().map(xiaoan_proto::timestamp),
            revision: sources::revision(&basis.marks, &needed),
        }));
        if knowledge.is_everything() && by.is_none() {
            free_later(self.inner.remembered.keep(basis, needed, &answer));
        }
        Ok(answer)
    }

    /// Another process may have carried the directory's tables further than this one's memory.
    async fn caught_up(&self, marks: Vec<Mark>) -> Result<Vec<Mark>, ReadError> {
        let directory = &self.inner.directory;
        let there = marks.iter().find(|m| m.projection == xiaoan_directory::NAME).map_or(0, |m| m.position);
        if there > directory.position() {
            directory.refresh().await.map_err(|e| ReadError::Corrupt(e.to_string()))?;
        }
        Ok(marks)
    }
}

/// Freeing the answer of before takes a millisecond that nobody should wait for.
fn free_later<T: Send + 'static>(old: Option<T>) {
    if let Some(old) = old {
        tokio::spawn(async move { drop(old) });
    }
}

/// Sources that a board is based on: headquarters, and whatever its measures come from.
fn needed(scheme: &Scheme) -> Vec<&'static str> {
    let of_parts = scheme.indicators.iter().flat_map(parts);
    let measures = of_parts.filter_map(|(name, _)| Measure::named(&name));
    let mut names: BTreeSet<&str> = measures.map(|measure| measure.source().name()).collect();
    names.insert(decisions::SOURCE);
    if ranks_squadrons(scheme) {
        names.insert(Source::Volunteers.name());
    }
    names.into_iter().collect()
}

fn ranks_squadrons(scheme: &Scheme) -> bool {
    scheme.entrants() == Entrants::Squadrons
}

/// Who is ranked by what over which days.
pub(super) struct Question<'a> {
    scheme: &'a Scheme,
    previous_scheme: Option<&'a Scheme>,
    pub(super) entrants: Vec<Entrant>,
    pub(super) previous_entrants: Vec<EntrantId>,
    pub(super) period: Period,
}

impl<'a> Question<'a> {
    fn new(
        units: &[UnitInfo],
        scheme: &'a Scheme,
        previous_scheme: Option<&'a Scheme>,
        period: Period,
    ) -> Self {
        let entrant = |unit: &UnitInfo| Entrant {
            id: unit.code.into(),
            name_zh: unit.name_zh.clone(),
            name_en: unit.name_en.clone(),
            parent: unit.parent,
        };
        let entrants = units.iter().filter(|u| enters(u, scheme, period.days)).map(entrant).collect();
        let previous_entrants = previous_scheme.map_or_else(Vec::new, |scheme| {
            units.iter().filter(|u| enters(u, scheme, period.previous)).map(|u| u.code.into()).collect()
        });
        Self { scheme, previous_scheme, entrants, previous_entrants, period }
    }

    /// Squadrons take part where the scheme says so.
    fn enter_squadrons(&mut self, all: &[Squadron]) {
        let there = |s: &&Squadron, days: Days| {
            s.formed_on < days.until && s.disbanded_on.is_none_or(|end| end > days.from)
        };
        let entrant = |s: &Squadron| Entrant {
            id: EntrantId::Squadron(s.squadron_id.clone()),
            name_zh: s.name_zh.clone(),
            name_en: s.name_en.clone(),
            parent: OrgCode::parse(&s.org_unit).ok(),
        };
        if ranks_squadrons(self.scheme) {
            let (entrants, days) = (&mut self.entrants, self.period.days);
            entrants.extend(all.iter().filter(|s| there(s, days)).map(entrant));
        }
        if self.previous_scheme.is_some_and(ranks_squadrons) {
            let (entrants, days) = (&mut self.previous_entrants, self.period.previous);
            entrants.extend(all.iter().filter(|s| there(s, days)).map(|s| entrant(s).id));
        }
    }

    /// Units whose sums are needed: those that are ranked and those that an indicator is counted for; now, and in the
    /// period before.
    pub(super) fn units(&self) -> (HashSet<OrgCode>, HashSet<OrgCode>) {
        let code = |id: &EntrantId| match id {
            EntrantId::Unit(code) => Some(*code),
            EntrantId::Squadron(_) => None,
        };
        let scopes =
            |scheme: &'a Scheme| scheme.indicators.iter().filter_map(evaluate::scope).collect::<Vec<_>>();
        let now = self.entrants.iter().filter_map(|e| code(&e.id)).chain(scopes(self.scheme));
        let previous = self.previous_scheme.map(scopes).unwrap_or_default();
        (now.collect(), self.previous_entrants.iter().filter_map(code).chain(previous).collect())
    }

    /// Days and parts of each slot: now, base, previous.
    pub(super) fn slots(&self) -> [(Slot, Days, BTreeSet<Part>); 3] {
        let all = |scheme: &Scheme| scheme.indicators.iter().flat_map(parts).collect();
        let ranking = |scheme: &Scheme| {
            scheme.indicators.iter().filter(|i| i.id == scheme.rank_by).flat_map(parts).collect()
        };
        [
            (Slot::Now, self.period.days, all(self.scheme)),
            (Slot::Base, self.period.base, all(self.scheme)),
            (Slot::Previous, self.period.previous, self.previous_scheme.map(ranking).unwrap_or_default()),
        ]
    }

    /// Every sum the board needs, in one round trip per source.
    async fn sums(
        &self,
        connection: &mut PgConnection,
        units: &OrgUnits,
        knowledge: &Knowledge,
    ) -> Result<Sheet, ReadError> {
        if ranks_squadrons(self.scheme) {
            return self.squadron_sums(connection, knowledge).await;
        }
        let tree = units.tree();
        let plan = Plan::new(self, tree);
        let mut sheet = Sheet::default();
        let read = async {
            let mut sums = Vec::with_capacity(plan.asks.len());
            for ask in &plan.asks {
                let known = knowledge.of(ask.source.name());
                sums.push(sums::read(connection, ask.source, &ask.measures, &ask.wanted, known).await?);
            }
            Ok::<_, sqlx::Error>(sums)
        };
        // Who counts for whom is worked out while the database adds up.
        let (sums, settled) = tokio::join!(biased; read, async { plan.settled(tree, &mut sheet) });
        for (ask, sums) in plan.asks.iter().zip(sums?) {
            ask.fill(&mut sheet, &settled, &sums);
        }
        for (slot, days, parts) in self.slots() {
            for part in parts.iter().filter(|part| part.0 == OFFICERS) {
                add_officers(&mut sheet, units, slot, part, plan.entrants(slot), days.last());
            }
        }
        Ok(sheet)
    }

    async fn squadron_sums(
        &self,
        connection: &mut PgConnection,
        knowledge: &Knowledge,
    ) -> Result<Sheet, ReadError> {
        let mut sheet = Sheet::default();
        let known = knowledge.of(Source::Volunteers.name());
        for (slot, days, measures) in plan::squadron_measures(self) {
            let sums = sums::by_category(connection, Source::Volunteers, &measures, days, known).await?;
            plan::fill_squadrons(&mut sheet, slot, &measures, sums);
        }
        Ok(sheet)
    }
}

fn parts(indicator: &Indicator) -> impl Iterator<Item = Part> {
    [&indicator.numerator, &indicator.denominator].into_iter().flatten().map(evaluate::part)
}

/// Of a kind that the scheme ranks, and in existence on at least one of the days.
fn enters(unit: &UnitInfo, scheme: &Scheme, days: Days) -> bool {
    !ranks_squadrons(scheme)
        && scheme.entrant_kinds.contains(&i32::from(unit.kind))
        && unit.effective_on < days.until
        && unit.retired_on.is_none_or(|end| end > days.from)
}

/// Officers by the headcount that counts on the last day of the period (facts row A12).
fn add_officers(
    sheet: &mut Sheet,
    known: &OrgUnits,
    slot: Slot,
    part: &Part,
    entrants: &HashSet<OrgCode>,
    day: Date,
) {
    let officers = |code| known.headcount_on(code, day).map(i64::from);
    for code in entrants {
        sheet.add(slot, part, *code, officers(*code).unwrap_or_default());
    }
    sheet.column(slot, part).add_total(city_officers(&known.units_on(day), day));
}

/// Officers of the city: along each branch of the tree the topmost headcount, which includes those below it.
fn city_officers(units: &[UnitInfo], day: Date) -> i64 {
    let exists = |unit: &&UnitInfo| unit.effective_on <= day && unit.retired_on.is_none_or(|end| end > day);
    let mut counted: HashSet<OrgCode> = HashSet::new();
    let mut sum = 0;
    // Parents come before their children.
    for unit in units.iter().filter(exists) {
        let covered = unit.parent.is_some_and(|parent| counted.contains(&parent));
        if !covered {
            sum += i64::from(unit.officers.unwrap_or_default());
        }
        if covered || unit.officers.is_some() {
            counted.insert(unit.code);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;
    use xiaoan_proto::core::v1::OrgKind;

    fn code(text: &str) -> OrgCode {
        OrgCode::parse(text).expect("12 digits")
    }
    fn unit(own: &str, parent: Option<&str>, officers: Option<i32>) -> UnitInfo {
        UnitInfo {
            code: code(own),
            kind: OrgKind::Station,
            parent: parent.map(code),
            name_zh: String::new(),
            name_en: String::new(),
            effective_on: date!(2020 - 01 - 01),
            retired_on: None,
            successor: None,
            officers,
            version: 1,
        }
    }

    #[test]
    fn a_bureaus_headcount_includes_its_stations() {
        let units = [
            unit("371100000000", None, None),
            unit("371102000000", Some("371100000000"), Some(420)),
            unit("371103000000", Some("371100000000"), None),
            unit("371102010000", Some("371102000000"), Some(32)),
            unit("371103010000", Some("371103000000"), Some(20)),
        ];
        assert_eq!(city_officers(&units, date!(2026 - 06 - 30)), 440);
    }

    #[test]
    fn a_unit_enters_when_it_exists_on_one_of_the_days() {
        let scheme = Scheme { entrant_kinds: vec![OrgKind::Station.into()], ..Default::default() };
        let june = Days::inclusive(date!(2026 - 06 - 01), date!(2026 - 06 - 30)).expect("days");
        let station = unit("371102010000", None, None);
        assert!(enters(&station, &scheme, june));
        assert!(enters(
            &UnitInfo { retired_on: Some(date!(2026 - 06 - 02)), ..station.clone() },
            &scheme,
            june
        ));
        assert!(!enters(
            &UnitInfo { retired_on: Some(date!(2026 - 06 - 01)), ..station.clone() },
            &scheme,
            june
        ));
        assert!(enters(&UnitInfo { effective_on: date!(2026 - 06 - 30), ..station.clone() }, &scheme, june));
        assert!(!enters(&UnitInfo { effective_on: date!(2026 - 07 - 01), ..station.clone() }, &scheme, june));
        assert!(!enters(&UnitInfo { kind: OrgKind::PortStation, ..station }, &scheme, june));
    }
}
