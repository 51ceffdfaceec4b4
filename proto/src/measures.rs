//! Names of the measures: what schemes may count. hq refuses other names, rankings books these and no others.

/// Every measure, with the service whose events book it. The order is that of rankings' numbers: append only.
pub const MEASURES: [(&str, &str); 43] = [
    ("case.filed", "cases"),
    ("case.solved", "cases"),
    ("case.cohort_solved", "cases"),
    ("case.small.filed", "cases"),
    ("case.small.solved", "cases"),
    ("case.small.cohort_solved", "cases"),
    ("case.preventable.filed", "cases"),
    ("case.arrests", "cases"),
    ("case.solved_loss", "cases"),
    ("case.recovered", "cases"),
    ("case.returned", "cases"),
    ("alert.received", "cases"),
    ("case.exceptional.solved", "cases"),
    ("antifraud.stopped", "antifraud"),
    ("antifraud.frozen", "antifraud"),
    ("antifraud.returned", "antifraud"),
    ("antifraud.stops_confirmed", "antifraud"),
    ("port.incidents", "port"),
    ("port.incidents_closed", "port"),
    ("port.guards_authorised", "port"),
    ("port.freight_vehicles", "port"),
    ("port.settlements", "port"),
    ("volunteer.applied", "volunteers"),
    ("volunteer.enrolled", "volunteers"),
    ("volunteer.squadrons", "volunteers"),
    ("volunteer.duty_points", "volunteers"),
    ("volunteer.patrols", "volunteers"),
    ("volunteer.patrol_minutes", "volunteers"),
    ("volunteer.fugitives_caught", "volunteers"),
    ("volunteer.suspects_caught", "volunteers"),
    ("volunteer.people_rescued", "volunteers"),
    ("volunteer.traffic_eased", "volunteers"),
    ("volunteer.disputes_mediated", "volunteers"),
    ("case.withdrawn_no_crime", "cases"),
    ("case.reclassified_down", "cases"),
    ("case.solve_revoked", "cases"),
    ("case.recorded_late", "cases"),
    ("alert.not_filed", "cases"),
    ("report.registered", "cases"),
    ("report.filed_late", "cases"),
    ("audit.sampled", "cases"),
    ("audit.recorded", "cases"),
    ("case.near_threshold", "cases"),
];

/// Measures that say how far a rate can be trusted: they stand beside it and rank nobody (domain reference §E).
pub const INTEGRITY_MEASURES: [&str; 10] = [
    "case.withdrawn_no_crime",
    "case.reclassified_down",
    "case.solve_revoked",
    "case.recorded_late",
    "alert.not_filed",
    "report.registered",
    "report.filed_late",
    "audit.sampled",
    "audit.recorded",
    "case.near_threshold",
];

/// Measures whose lines have a squadron as their category: what a board of squadrons may count.
pub const SQUADRON_MEASURES: [&str; 7] = [
    "volunteer.patrols",
    "volunteer.patrol_minutes",
    "volunteer.fugitives_caught",
    "volunteer.suspects_caught",
    "volunteer.people_rescued",
    "volunteer.traffic_eased",
    "volunteer.disputes_mediated",
];

/// Denominator that is no measure of the ledger: officers by the dated headcounts of hq (facts row A12).
pub const OFFICERS: &str = "officers";

/// Measures that are an amount of money, in fen: shown in yuan, and a share of one has no interval, as yuan are not independent of
/// one another.
pub const MONEY_MEASURES: [&str; 6] = [
    "case.solved_loss",
    "case.recovered",
    "case.returned",
    "antifraud.stopped",
    "antifraud.frozen",
    "antifraud.returned",
];
