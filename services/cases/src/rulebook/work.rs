//! What the work on cases looks up: terms, the list of preventable categories, the checklist of the three lookups. All
//! three are local rules that nobody has published: the shipped files say so in their column `basis`, and an office
//! replaces them.

use super::{BadBook, days, rows};
use std::path::Path;
use time::{Date, Duration, OffsetDateTime};
use xiaoan_kernel::legal::{Catalogue, Custody, LegalClock, Mode};
use xiaoan_kernel::{city_day, day_over, whole_micros};
use xiaoan_proto::cases::v1::{LookupItem, LookupKind, LookupTier};

/// Terms that the service asks for; each has to be in the data.
const TERMS: [&str; 13] = [
    "TF-DAILY",
    "TF-DAILY-MISSED",
    "TF-WEEKLY",
    "TF-WEEKLY-MISSED",
    "TF-MONTHLY",
    "TF-MONTHLY-MISSED",
    "CLEANUP-RECTIFY",
    "CLEANUP-RECTIFY-FIRE",
    "REVIEW-MEASURE",
    "REVIEW-APPEAL",
    "MAJOR-PROGRESS",
    "LOOKUP-CLOSE",
    "ALERT-SETTLE",
];

/// A category in the list of preventable ones (可防性案件).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preventable {
    /// Beginning of the categories, 2 to 6 digits.
    pub prefix: String,
    /// Name in Chinese.
    pub name_zh: String,
    /// First day in force.
    pub from: Date,
    /// First day no longer in force.
    pub to: Option<Date>,
    /// Where it comes from, in words.
    pub basis: String,
}

/// An item of the checklist (三查一究).
#[derive(Debug, Clone, PartialEq)]
struct Item {
    item: LookupItem,
    from: Date,
    to: Option<Date>,
}

/// The rules of the work on cases.
#[derive(Debug, Clone)]
pub struct WorkRules {
    terms: LegalClock,
    law: LegalClock,
    preventable: Vec<Preventable>,
    items: Vec<Item>,
}

/// Texts of the three files.
#[derive(Debug, Clone)]
pub struct WorkBooks {
    /// Terms, as `work_terms.csv`.
    pub terms: String,
    /// Preventable categories, as `preventable.csv`.
    pub preventable: String,
    /// Checklist, as `lookup_items.csv`.
    pub lookup_items: String,
}

impl Default for WorkBooks {
    /// The shipped files.
    fn default() -> Self {
        Self {
            terms: include_str!("work_terms.csv").to_owned(),
            preventable: include_str!("preventable.csv").to_owned(),
            lookup_items: include_str!("lookup_items.csv").to_owned(),
        }
    }
}

impl WorkBooks {
    /// The shipped files, each replaced by the file at its path if there is one: terms, preventable categories, checklist.
    ///
    /// # Errors
    /// When a file cannot be read; names it.
    pub fn load(paths: [Option<&Path>; 3]) -> anyhow::Result<Self> {
        let shipped = Self::default();
        let text = |path: Option<&Path>, shipped: String| match path {
            None => Ok(shipped),
            Some(path) => std::fs::read_to_string(path)
                .map_err(|e| anyhow::anyhow!("cannot read {}: {e}", path.display())),
        };
        let [terms, preventable, lookup_items] = paths;
        Ok(Self {
            terms: text(terms, shipped.terms)?,
            preventable: text(preventable, shipped.preventable)?,
            lookup_items: text(lookup_items, shipped.lookup_items)?,
        })
    }
}

impl WorkRules {
    /// Reads the three books; working days and limits of law are those of `law`.
    ///
    /// # Errors
    /// [`BadBook`]: a bad row, or a term that is missing or not in force for good.
    pub fn read(books: &WorkBooks, law: &LegalClock) -> Result<Self, BadBook> {
        let bad = |reason: String| BadBook { book: "work terms", line: 1, reason };
        let catalogue = Catalogue::read(&books.terms).map_err(|e| bad(e.to_string()))?;
        let lasts = |id: &str| catalogue.iter().any(|d| d.id == id && d.until.is_none());
        if let Some(id) = TERMS.into_iter().find(|id| !lasts(id)) {
            return Err(bad(format!("no term {id} that still holds")));
        }
        Ok(Self {
            terms: LegalClock::new(law.calendar().clone(), catalogue),
            law: law.clone(),
            preventable: preventable(&books.preventable)?,
            items: items(&books.lookup_items)?,
        })
    }

    /// When a term, or a limit of law, ends that starts at an instant; in whole microseconds. `None` when none holds then.
    #[must_use]
    pub fn due(&self, id: &str, start: OffsetDateTime) -> Option<OffsetDateTime> {
        let start = whole_micros(start);
        self.terms.due(id, start).or_else(|_| self.law.due(id, start)).ok().map(|due| due.ends_at)
    }

    /// When a term ends that starts with the end of a day: hours from its midnight, days without it.
    #[must_use]
    pub fn due_after(&self, id: &str, day: Date) -> Option<OffsetDateTime> {
        let limit = self.terms.catalogue().find(id, day)?.limit;
        let end = day_over(day)?;
        let start = if limit.mode == Mode::Hours { end } else { end - Duration::SECOND };
        self.terms.count(limit, start, Custody::None).ok().map(|due| due.ends_at)
    }

    /// The entry under which a category is preventable on a day.
    #[must_use]
    pub fn preventable(&self, category: &str, day: Date) -> Option<&Preventable> {
        let holds = |p: &&Preventable| p.from <= day && p.to.is_none_or(|to| day < to);
        self.preventable
            .iter()
            .filter(holds)
            .filter(|p| category.starts_with(&p.prefix))
            .max_by_key(|p| p.prefix.len())
    }

    /// The checklist as it stands at an instant, nothing checked yet.
    #[must_use]
    pub fn lookup_items(&self, now: OffsetDateTime) -> Vec<LookupItem> {
        let day = city_day(now);
        let holds = |i: &&Item| i.from <= day && i.to.is_none_or(|to| day < to);
        self.items.iter().filter(holds).map(|i| i.item.clone()).collect()
    }
}

fn preventable(text: &str) -> Result<Vec<Preventable>, BadBook> {
    let columns = ["prefix", "name_zh", "name_en", "effective_from", "effective_to", "basis"];
    let mut all = Vec::new();
    for (line, row) in rows("preventable", text, &columns)? {
        let bad = |reason: String| BadBook { book: "preventable", line, reason };
        let prefix = row[0].to_owned();
        if !(2..=6).contains(&prefix.len()) || !prefix.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad(format!("{prefix:?} is no beginning of a category")));
        }
        let (from, to) = days(&row[3], &row[4]).map_err(bad)?;
        all.push(Preventable { prefix, name_zh: row[1].to_owned(), from, to, basis: row[5].to_owned() });
    }
    Ok(all)
}

fn items(text: &str) -> Result<Vec<Item>, BadBook> {
    let columns = ["id", "lookup", "tier", "text_zh", "text_en", "effective_from", "effective_to", "basis"];
    let mut all: Vec<Item> = Vec::new();
    for (line, row) in rows("lookup items", text, &columns)? {
        let bad = |reason: String| BadBook { book: "lookup items", line, reason };
        let tier = match &row[2] {
            "city" => LookupTier::City,
            "bureau" => LookupTier::Bureau,
            "station" => LookupTier::Station,
            other => return Err(bad(format!("{other:?} is none of city, bureau, station"))),
        };
        let kind = match &row[1] {
            "source" => LookupKind::Source,
            "money_flow" => LookupKind::MoneyFlow,
            "grey_chain" => LookupKind::GreyChain,
            "subject" => LookupKind::Subject,
            other => {
                return Err(bad(format!("{other:?} is none of source, money_flow, grey_chain, subject")));
            }
        };
        let (from, to) = days(&row[5], &row[6]).map_err(bad)?;
        let meets = |i: &Item| {
            i.item.item_id == row[0]
                && i.to.is_none_or(|until| from < until)
                && to.is_none_or(|until| i.from < until)
        };
        if row[0].is_empty() || all.iter().any(meets) {
            return Err(bad(format!("item {:?} is empty or twice in force", &row[0])));
        }
        let item = LookupItem {
            item_id: row[0].to_owned(),
            kind: kind.into(),
            tier: tier.into(),
            text_zh: row[3].to_owned(),
            text_en: row[4].to_owned(),
            ..Default::default()
        };
        all.push(Item { item, from, to });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    fn read(books: &WorkBooks) -> Result<WorkRules, BadBook> {
        WorkRules::read(books, &LegalClock::built_in())
    }

    fn shipped() -> WorkRules {
        read(&WorkBooks::default()).unwrap()
    }

    #[test]
    fn a_term_of_hours_runs_from_midnight_and_one_of_days_does_not_count_the_day() {
        let rules = shipped();
        assert_eq!(rules.due_after("TF-DAILY", date!(2026 - 06 - 07)), Some(datetime!(2026-06-08 12:00 +8)));
        // Sunday 06-07; two working days are Monday and Tuesday
        assert_eq!(rules.due_after("TF-WEEKLY", date!(2026 - 06 - 07)), Some(datetime!(2026-06-10 0:00 +8)));
        assert_eq!(rules.due_after("NOT-THERE", date!(2026 - 06 - 07)), None);
        let seized = datetime!(2026-06-07 10:00:00.000000999 +8);
        assert_eq!(rules.due("EVID-IN", seized), Some(datetime!(2026-06-08 10:00 +8)), "a limit of law");
    }

    #[test]
    fn a_category_is_preventable_from_the_day_it_is_listed() {
        let text = "prefix,name_zh,name_en,effective_from,effective_to,basis\n0502,盗窃,Theft,2026-06-01,2026-07-01,x\n";
        let rules = read(&WorkBooks { preventable: text.into(), ..WorkBooks::default() }).unwrap();
        let listed = |day| rules.preventable("050201", day).is_some();
        assert_eq!(
            [date!(2026 - 05 - 31), date!(2026 - 06 - 01), date!(2026 - 06 - 30), date!(2026 - 07 - 01)]
                .map(listed),
            [false, true, true, false]
        );
        assert!(rules.preventable("050101", date!(2026 - 06 - 01)).is_none());
    }

    #[test]
    fn the_shipped_checklist_has_items_of_all_three_lookups_and_the_subject() {
        let items = shipped().lookup_items(datetime!(2026-06-07 10:00 +8));
        for kind in [LookupKind::Source, LookupKind::MoneyFlow, LookupKind::GreyChain, LookupKind::Subject] {
            assert!(items.iter().any(|i| i.kind() == kind), "{kind:?}");
        }
        for tier in [LookupTier::City, LookupTier::Bureau, LookupTier::Station] {
            assert!(items.iter().any(|i| i.tier() == tier), "{tier:?}");
        }
    }

    #[test]
    fn a_book_that_lacks_a_term_or_lists_an_item_twice_is_refused() {
        let head = "id,starts,ends,amount,mode,basis,from,until,checked\n";
        let lacks = WorkBooks { terms: head.into(), ..WorkBooks::default() };
        assert!(read(&lacks).unwrap_err().reason.contains("TF-DAILY"));
        let twice = "id,lookup,tier,text_zh,text_en,effective_from,effective_to,basis\nA,source,city,x,x,2026-01-01,,x\nA,source,city,x,x,2026-02-01,,x\n";
        let twice = WorkBooks { lookup_items: twice.into(), ..WorkBooks::default() };
        assert_eq!(read(&twice).unwrap_err().line, 3);
    }
}
