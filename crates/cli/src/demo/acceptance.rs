//! Which figure of `xiaoan demo check` shows which line of the acceptance figures (tests/acceptance/figures.yaml), and which lines
//! wait for services that are not there yet, by their facts rows.

/// A line by its path, and the English title of a figure that shows it; a line with several values has several.
pub const CHECKED: &[(&str, &str)] = &[
    ("city.theft.solved", "sheet A Theft solved"),
    ("city.theft.filed", "sheet A Theft filed"),
    ("city.theft.solve_rate", "sheet A Theft solve rate"),
    ("city.theft.suspects_caught", "sheet A Theft suspects caught"),
    ("city.theft.amount_involved_yuan", "sheet A Amount involved"),
    ("city.telecom_fraud.solved", "sheet J Fraud solved"),
    ("city.telecom_fraud.suspects_caught", "sheet J Fraud suspects caught"),
    ("city.telecom_fraud.stopped_yuan", "sheet J Stopped"),
    ("city.telecom_fraud.frozen_yuan", "sheet J Frozen"),
    ("city.telecom_fraud.member_units", "member units (J4)"),
    ("city.commendations", "collectives commended"),
    ("city.commendations", "individuals commended"),
    ("stations.371121010000.volunteers_applied", "sheet V Applied"),
    ("stations.371121010000.volunteers_enrolled", "sheet V Enrolled"),
    ("stations.371121010000.duty_points", "sheet V Duty points"),
    ("stations.371121010000.duty_points", "sheet V Duty points in the town"),
    ("stations.371121010000.duty_points", "sheet V Duty points in villages"),
    ("stations.371121010000.duty_points", "sheet V Duty points in enterprises"),
    ("stations.371121010000.squadrons", "sheet V Village squadrons"),
    ("stations.371121010000.squadrons", "sheet V Police-guard squadrons"),
    ("stations.371121010000.patrols", "sheet V Patrols"),
    ("stations.371121010000.fugitives_caught", "sheet V Fugitives caught with help"),
    ("stations.371121010000.suspects_caught", "sheet V Suspects caught with help"),
    ("stations.371121010000.people_rescued", "sheet V People rescued"),
    ("stations.371121010000.traffic_eased", "sheet V Traffic eased"),
    ("stations.371121010000.disputes_mediated", "sheet V Disputes mediated"),
    ("stations.371121010000.alerts", "sheet V Alerts"),
    ("stations.371121010000.preventable_cases", "sheet V Preventable cases"),
    ("stations.371172020000.small_cases", "sheet F Small cases solve rate"),
    ("stations.371172020000.volunteers_enrolled", "sheet F Volunteers enrolled"),
    ("stations.371103010000.cabbage_case", "cabbage case, Jufeng: items / report to solve"),
    ("port.incidents", "sheet P Port incidents"),
    ("port.guards_authorised", "sheet P Guards authorised"),
    ("port.freight_vehicles_directed", "sheet P Freight vehicles directed"),
    ("port.economic_cases_solved", "economic cases solved, port (P6)"),
    ("port.suspects_caught", "suspects caught, port (P6)"),
    ("port.fugitives_caught", "fugitives caught, port (P6)"),
    ("port.recovered_yuan", "recovered, yuan, port (P6)"),
    ("port.red_sun_volunteers", "volunteers enrolled, port"),
    ("port.discipline", "supervision visits (P15)"),
    ("port.discipline", "law and online checks (P15)"),
    ("port.case_1231", "dens, case 12·31 (P7)"),
    ("port.case_1231", "suspects, case 12·31 (P7)"),
    ("port.case_1231", "phones, case 12·31 (P7)"),
    ("port.case_1231", "computers, case 12·31 (P7)"),
];

/// A line that waits, and its facts row.
pub const WAITING: &[(&str, &str)] = &[
    ("city.telecom_fraud.warning_calls", "J5"),
    ("city.telecom_fraud.warning_sms", "J5"),
    ("city.telecom_fraud.high_risk_landed", "J5"),
    ("city.telecom_fraud.at_risk_taught", "J6"),
    ("city.telecom_fraud.outreach_events", "J7"),
    ("city.telecom_fraud.measures", "J4"),
    ("stations.371121010000.talks", "V10"),
    ("stations.371121010000.talk_audience", "V10"),
    ("stations.371121010000.election_duty_person_times", "V10"),
    ("stations.371121010000.frauds_dissuaded", "V11"),
    ("stations.371121010000.radios", "V5"),
    ("stations.371172020000.elements_collected", "F4"),
    ("stations.371172020000.leads", "F4"),
    ("stations.371172020000.disputes_mediated", "F6"),
    ("stations.371172020000.household_visits", "F8"),
    ("stations.371172020000.market_fairs", "F8"),
    ("stations.371172020000.leaflets", "F8"),
    ("stations.371172020000.campus_lectures", "F8"),
    ("stations.371172020000.vanguard_teams", "F9"),
    ("port.proposals", "P2"),
    ("port.markings_m2", "P4"),
    ("port.signs", "P4"),
    ("port.guidance_screens", "P4"),
    ("port.barriers_m", "P4"),
    ("port.prohibition_sign_sets", "P4"),
    ("port.joint_control", "P8"),
    ("port.disputes_mediated", "P9"),
    ("port.liaison_assistants", "P11"),
    ("port.project_task_forces", "P12"),
    ("port.hazards_rectified", "P13"),
    ("port.lectures", "P14"),
];

/// The line that a figure shows, if it is one of the acceptance figures.
#[must_use]
pub fn line_of(figure: &str) -> Option<&'static str> {
    CHECKED.iter().find(|(_, title)| *title == figure).map(|(line, _)| *line)
}

/// The rows that wait, each once, in the order of the file.
#[must_use]
pub fn waiting_rows() -> Vec<&'static str> {
    let mut rows: Vec<&str> = Vec::new();
    for (_, row) in WAITING {
        if !rows.contains(row) {
            rows.push(row);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const FIGURES: &str = include_str!("../../../../tests/acceptance/figures.yaml");

    /// Paths of the lines that hold values: `section.subsection.key`.
    fn lines() -> BTreeSet<String> {
        let mut path: Vec<String> = Vec::new();
        let mut lines = BTreeSet::new();
        for line in FIGURES.lines() {
            let line = line.split(" #").next().unwrap_or_default();
            let depth = (line.len() - line.trim_start().len()) / 2;
            let Some((key, value)) = line.trim().split_once(':').filter(|(key, _)| !key.starts_with('#'))
            else {
                continue;
            };
            path.truncate(depth);
            path.push(key.trim_matches('"').to_owned());
            if !value.trim().is_empty() {
                lines.insert(path.join("."));
            }
        }
        lines
    }

    #[test]
    fn every_line_of_the_acceptance_figures_is_checked_or_waits_for_a_named_row() {
        let mut lines = lines();
        for line in ["timezone", "campaign"] {
            assert!(lines.remove(line), "{line}");
        }
        let checked: BTreeSet<_> = CHECKED.iter().map(|(line, _)| (*line).to_owned()).collect();
        let waiting: BTreeSet<_> = WAITING.iter().map(|(line, _)| (*line).to_owned()).collect();
        assert!(checked.is_disjoint(&waiting));
        assert_eq!(checked.union(&waiting).cloned().collect::<BTreeSet<_>>(), lines);
        let titles: BTreeSet<_> = CHECKED.iter().map(|(_, title)| title).collect();
        assert_eq!(titles.len(), CHECKED.len());
    }
}
