//! What happens to a case, before it is put into commands.

use time::{Date, OffsetDateTime};

/// How a solve came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// By itself, with this many suspects caught on the same day (none when they were caught for another case).
    Direct(i32),
    /// Brought by the solve of a series' lead case.
    Brought,
}

/// A solve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solve {
    /// When.
    pub at: OffsetDateTime,
    /// How.
    pub way: Way,
}

/// What goes another way before the case ends as the draft says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Twist {
    /// Nothing.
    Straight,
    /// The investigation is opened by command.
    Investigated,
    /// The proposal is sent back once before it is approved.
    ReturnedOnce,
    /// Solved on that day, and revoked; ends unsolved or is solved again.
    Revoked(OffsetDateTime),
    /// Filed in this category first.
    FiledAs(&'static str),
    /// Filed at this unit first, and handed over.
    FiledAt(&'static str),
    /// Withdrawn as no crime, then filed again on new facts; both on the days after filing.
    Refiled,
    /// Withdrawn as trivial: it stays in the count of filed cases.
    Trivial,
    /// Withdrawn as no crime: it leaves the count.
    NoCrime,
    /// Put into this category, which is no theft: it leaves the count of thefts.
    Becomes(&'static str),
    /// Solved by exception because the suspect is dead; never counted among the solved.
    Exceptional(OffsetDateTime),
}

/// A case.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Station that ends up with it (index into the city's table).
    pub station: usize,
    /// Category it ends up in.
    pub category: &'static str,
    /// Day of filing.
    pub filed_on: Date,
    /// When it was reported.
    pub reported_at: OffsetDateTime,
    /// When it happened.
    pub occurred_from: OffsetDateTime,
    /// Loss in fen.
    pub loss_fen: i64,
    /// Number of items.
    pub items: i32,
    /// What was lost.
    pub what: &'static str,
    /// Where.
    pub place: String,
    /// Preventable.
    pub preventable: bool,
    /// Found by the police themselves.
    pub proactive: bool,
    /// The solve, if it is solved in the end.
    pub solve: Option<Solve>,
    /// What goes another way.
    pub twist: Twist,
    /// Recovered and returned of the loss, in per cent.
    pub recovered: (i64, i64),
    /// Alert it came from.
    pub alert_id: String,
    /// Number in order of filing, given at the end; the case number follows from it.
    pub case_no: String,
    /// Takes part in a series (index).
    pub series: Option<usize>,
    /// Must not be changed by what is dealt out later.
    pub fixed: bool,
}

impl Draft {
    /// Whether it is solved on a day of a span.
    #[must_use]
    pub fn solved_in(&self, span: super::city::Span) -> bool {
        self.solve.as_ref().is_some_and(|s| span.has(xiaoan_kernel::city_day(s.at)))
    }
    /// Whether it ends as a theft.
    #[must_use]
    pub fn is_theft(&self) -> bool {
        self.category.starts_with("0502") && !matches!(self.twist, Twist::NoCrime | Twist::Becomes(_))
    }
    /// Whether nothing has been decided about it yet that a twist would disturb.
    #[must_use]
    pub fn is_free(&self) -> bool {
        !self.fixed && self.series.is_none() && self.twist == Twist::Straight
    }
}

/// A series: its lead case brings others.
#[derive(Debug, Clone)]
pub struct SeriesDraft {
    /// Station that leads it.
    pub station: usize,
    /// Title.
    pub title: String,
    /// Lead case (index into the drafts).
    pub lead: usize,
    /// Cases brought (indices).
    pub brought: Vec<usize>,
    /// When they are solved.
    pub solved_at: OffsetDateTime,
}
