//! The workbook.

use super::city::City;
use super::set;
use std::io::Read;
use time::macros::date;
use xiaoan_bulletin::Stage;

fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a workbook");
    let mut text = String::new();
    archive.by_name(name).expect("a part").read_to_string(&mut text).expect("UTF-8");
    text
}

#[test]
fn the_workbook_has_the_same_figures_as_numbers_and_no_moment_of_its_own() {
    let city = City::with(&["𠮷田派出所", "示例二所"]);
    let issued = set(&city, Stage::Issued(date!(2026 - 07 - 09))).spreadsheet;
    let words = part(&issued, "xl/sharedStrings.xml");
    for said in ["𠮷田派出所", "破案率 分子", "破案率 95%区间下限（%）", "跨月补录", "2026-07-09印发，第1版"]
    {
        assert!(words.contains(said), "{said}");
    }
    let sheet = part(&issued, "xl/worksheets/sheet1.xml");
    for entry in &city.closing.frozen.as_ref().expect("figures").entries {
        for value in [&entry.values[2]] {
            let numbers = [value.numerator, value.denominator.unwrap_or_default()];
            for number in numbers {
                assert!(sheet.contains(&format!("<v>{number}</v>")), "{number}");
            }
        }
    }
    assert!(part(&issued, "docProps/core.xml").contains("2026-07-09T00:00:00Z"));
    let draft = set(&city, Stage::Draft).spreadsheet;
    assert!(part(&draft, "xl/sharedStrings.xml").contains("草稿 DRAFT"));
}
