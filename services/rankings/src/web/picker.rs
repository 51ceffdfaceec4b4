//! Moving through time on a board: the period before and after, the months around, any two days, a campaign,
//! and the board as it was known at another moment. Links and plain forms; nothing here needs a script.

use time::Date;
use xiaoan_proto::hq::v1::Campaign;

use super::board::Place;
use super::format::{day_iso, month_en};
use super::lang::Lang;
use super::links;
use super::period::Span;

/// A link to a period.
#[derive(Debug, PartialEq, Eq)]
pub struct Item {
    /// Address; empty for a period that has not begun.
    pub href: String,
    /// Text.
    pub label: String,
    /// It is the period shown.
    pub current: bool,
}

/// Everything a reader can move to.
#[derive(Debug)]
pub struct Picker {
    /// This very page, with its period stated.
    pub here: String,
    /// The period before: address and name.
    pub before: Option<(String, String)>,
    /// The period after, when it has begun.
    pub after: Option<(String, String)>,
    /// Name of the year whose months and quarters are offered.
    pub year: String,
    /// Its months and quarters, and the years around it.
    pub groups: Vec<Vec<Item>>,
    /// Where forms are sent.
    pub action: String,
    /// What the form of two days carries along.
    pub keep_as_of: Vec<(&'static str, String)>,
    /// What the form of a moment carries along.
    pub keep_period: Vec<(&'static str, String)>,
    /// First day shown.
    pub from: String,
    /// Last day shown.
    pub to: String,
    /// Moment of knowledge shown; empty = now.
    pub as_of: String,
    /// The same period as known now.
    pub now: String,
    /// Campaigns.
    pub campaigns: Vec<Item>,
}

impl Picker {
    /// What can be moved to from a place; periods after `today` are not offered.
    pub fn of(place: &Place, shown: (Date, Date), campaigns: &[Campaign], today: Date) -> Self {
        let lang = place.lang;
        let span = Span::read(&place.period);
        let link = |to: &Span| (place.over(to), to.label(lang));
        let begun = |to: &Span| to.days().is_none_or(|(from, _)| from <= today);
        let language =
            if lang == Lang::En { vec![(super::lang::NAME, lang.code().to_owned())] } else { Vec::new() };
        let with = |name: &'static str, value: &str| {
            let mut pairs = language.clone();
            if !value.is_empty() {
                pairs.push((name, value.to_owned()));
            }
            pairs
        };
        let year = span.year().unwrap_or(shown.1.year());
        Self {
            here: place.over(&span),
            year: Span::Year(year).label(lang),
            before: span.before().as_ref().map(link),
            after: span.after().filter(begun).as_ref().map(link),
            groups: groups(place, &span, year, today),
            action: links::to(&format!("/boards/{}", links::encoded(&place.board)), &[], Lang::Zh),
            keep_as_of: with("as_of", &place.as_of),
            keep_period: with("period", &place.period),
            from: day_iso(shown.0),
            to: day_iso(shown.1),
            as_of: place.as_of.split('.').next().unwrap_or_default().to_owned(),
            now: links::board(&place.board, &place.period, "", lang),
            campaigns: campaigns.iter().map(|campaign| campaign_item(place, campaign)).collect(),
        }
    }
}

fn groups(place: &Place, shown: &Span, year: i32, today: Date) -> Vec<Vec<Item>> {
    let lang = place.lang;
    let item = |span: Span, label: String| {
        let begun = span.days().is_some_and(|(from, _)| from <= today);
        Item { href: if begun { place.over(&span) } else { String::new() }, label, current: span == *shown }
    };
    let years = (year - 1..=year + 1).map(|y| item(Span::Year(y), Span::Year(y).label(lang)));
    let months = (1..=12).map(|month| {
        let label = match lang {
            Lang::Zh => format!("{month}月"),
            Lang::En => month_en(month).to_owned(),
        };
        item(Span::Month(year, month), label)
    });
    let quarters = (1..=4).map(|quarter| item(Span::Quarter(year, quarter), format!("Q{quarter}")));
    vec![months.collect(), quarters.collect(), years.collect()]
}

fn campaign_item(place: &Place, campaign: &Campaign) -> Item {
    let span = Span::Named(campaign.campaign_id.clone());
    Item {
        href: place.over(&span),
        label: place.lang.name(&campaign.name_zh, &campaign.name_en).to_owned(),
        current: place.period == campaign.campaign_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    fn place(period: &str, as_of: &str, lang: Lang) -> Place {
        Place { board: "theft-stations".into(), period: period.into(), as_of: as_of.into(), lang }
    }

    #[test]
    fn what_has_not_begun_is_not_offered() {
        let shown = (date!(2026 - 06 - 01), date!(2026 - 06 - 30));
        let picker = Picker::of(&place("2026-06", "", Lang::Zh), shown, &[], date!(2026 - 06 - 24));
        assert_eq!(picker.after, None);
        assert_eq!(picker.before.unwrap().1, "2026年5月");
        let months = &picker.groups[0];
        assert!(months[5].current && !months[5].href.is_empty());
        assert!(months[6].href.is_empty());
    }

    #[test]
    fn a_moment_of_knowledge_travels_with_every_link_and_form() {
        let shown = (date!(2026 - 06 - 01), date!(2026 - 06 - 30));
        let at = "2026-07-01T08:00:00";
        let picker = Picker::of(&place("2026-06", at, Lang::En), shown, &[], date!(2026 - 11 - 24));
        assert!(picker.after.unwrap().0.ends_with("?period=2026-07&as_of=2026-07-01T08%3A00%3A00&lang=en"));
        assert_eq!(picker.keep_as_of, [("lang", "en".to_owned()), ("as_of", at.to_owned())]);
        assert_eq!(picker.now, "/boards/theft-stations?period=2026-06&lang=en");
    }
}
