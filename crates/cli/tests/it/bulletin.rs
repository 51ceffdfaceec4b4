//! June of the acceptance city as a bulletin, over real services: drafted, issued once, compared, corrected, issued again.

use super::closings::JUNE;
use super::desk::{Desk, PATIENCE};
use std::path::Path;
use xiaoan_testkit::wait_until;

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

impl Desk {
    /// Runs `xiaoan bulletin` for June, in JSON.
    #[track_caller]
    fn bulletin(&self, code: i32, args: &[&str]) -> serde_json::Value {
        self.json(code, &[&["bulletin", "--closing", JUNE, "--fonts", &fonts()], args].concat())
    }
}

fn fonts() -> String {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.dev/tools/fonts");
    std::env::var("XIAOAN_FONTS").unwrap_or_else(|_| ours.display().to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closing_is_drafted_issued_once_compared_and_issued_again_only_as_a_correction() {
    let desk = Desk::with_boards().await;
    desk.import_june().await;
    desk.json(0, &["closings", "freeze", "--board", "theft-stations", "--period", "2026-06"]);
    desk.json(0, &["notices", "issue", JUNE]);

    let folder = desk.folder.path();
    let draft = desk.bulletin(0, &["--out", "out"]);
    assert_eq!((&draft["issued"], &draft["edition"]), (&false.into(), &1.into()));
    assert!(draft["pages"].as_u64().is_some_and(|pages| pages >= 2));
    let draft_pdf = read(&folder.join("out").join(format!("{JUNE}-1-draft.pdf")));
    assert!(draft_pdf.starts_with(b"%PDF-1.7"));
    let nobody = desk.bulletin(1, &["--verify", &format!("out/{JUNE}-1-draft.pdf")]);
    assert_eq!((&nobody["same"], &nobody["edition"]), (&false.into(), &serde_json::Value::Null));

    let issued = desk.bulletin(0, &["--out", "out", "--issue"]);
    assert_eq!((&issued["issued"], &issued["edition"]), (&true.into(), &1.into()));
    let (pdf, sheet) = (format!("out/{JUNE}-1.pdf"), format!("out/{JUNE}-1.xlsx"));
    assert_eq!(issued["pdf"]["bytes"].as_u64(), u64::try_from(read(&folder.join(&pdf)).len()).ok());
    for (file, kind) in [(&pdf, "pdf"), (&sheet, "spreadsheet")] {
        let checked = desk.bulletin(0, &["--verify", file]);
        assert_eq!(
            (&checked["same"], &checked["setAgain"], &checked["kind"]),
            (&true.into(), &true.into(), &kind.into())
        );
    }
    let mut tampered = read(&folder.join(&pdf));
    tampered.push(b'\n');
    std::fs::write(folder.join("tampered.pdf"), tampered).expect("written");
    assert_eq!(desk.bulletin(1, &["--verify", "tampered.pdf"])["same"], false);

    // What happens afterwards changes nothing of it: a notice that is acknowledged, and the file made anew.
    let listed = desk.json(0, &["notices", "list", "--open"]);
    let first = listed["notices"][0]["noticeId"].as_str().expect("a notice").to_owned();
    desk.json(0, &["notices", "acknowledge", &first]);
    let anew = desk.bulletin(0, &["--out", "anew"]);
    assert_eq!(anew["pdf"]["sha256"], issued["pdf"]["sha256"]);
    assert_eq!(read(&folder.join("anew").join(format!("{JUNE}-1.pdf"))), read(&folder.join(&pdf)));

    let again = desk.run(&["bulletin", "--closing", JUNE, "--fonts", &fonts(), "--issue", "--out", "again"]);
    assert!(super::text(&again.stderr).contains("CP-011"), "{}", super::text(&again.stderr));
    assert!(!folder.join("again").exists(), "nothing is written that was not issued");

    // One more theft of June, solved: the closing is corrected, and its bulletin has another edition.
    let row = "A3711020100002026069901,371102010000,050201,2026-06-07 01:58,2026-06-06 11:58,2026-06-07,2600,是,2026-06-24,直接,1,,,";
    let late = format!("{}\n{row}\n", super::HEADER);
    std::fs::write(folder.join("late.csv"), late).expect("written");
    let before = desk.filed(&[]);
    let imported = desk.run(&["cases", "import", "late.csv"]);
    assert_eq!(super::code(&imported), 0, "{}", super::text(&imported.stderr));
    wait_until(PATIENCE, || async { desk.filed(&[]) != before }).await;
    desk.json(0, &["closings", "correct", JUNE, "--reason", "补录一起已破案件"]);
    let draft = desk.bulletin(0, &["--out", "out"]);
    assert_eq!((&draft["issued"], &draft["edition"]), (&false.into(), &2.into()));
    let second = desk.bulletin(0, &["--out", "out", "--issue"]);
    assert_eq!(second["edition"], 2);
    assert_eq!(desk.bulletin(0, &["--verify", &format!("out/{JUNE}-2.pdf")])["edition"], 2);
    assert_eq!(desk.bulletin(0, &["--verify", &pdf])["edition"], 1, "the first edition stays what it was");
}
