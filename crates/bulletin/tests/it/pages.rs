//! The PDF.

use super::city::City;
use super::{poppler, set, text, typefaces};
use time::macros::date;
use xiaoan_bulletin::{Error, Figures, Stage};

const ISSUED: Stage = Stage::Issued(date!(2026 - 07 - 09));
/// Ext A, A, B, B beyond Noto, F, G; and what fonts like to take for something else.
const RARE: [&str; 6] = ["𠮷田派出所", "㛃湖派出所", "䶮山派出所", "𪚥村派出所", "𭘾桥派出所", "𰻞街派出所"];

#[test]
fn the_same_closing_gives_the_same_bytes() {
    let city = City::of_forty();
    let (first, second) = (set(&city, ISSUED), set(&city, ISSUED));
    assert!(first.pdf == second.pdf && first.spreadsheet == second.spreadsheet);
    assert_eq!(first.typefaces, second.typefaces);
    assert!(
        first.pdf != set(&city, Stage::Issued(date!(2026 - 07 - 10))).pdf,
        "the day of issue is part of it"
    );
}

#[test]
fn rare_characters_are_glyphs_of_embedded_fonts_and_come_out_as_they_went_in() {
    let rendered = set(&City::with(&RARE), ISSUED);
    let found = text(&rendered.pdf);
    for name in RARE {
        assert!(found.contains(name), "{name} is not in the text");
    }
    assert!(!found.contains('\u{fffd}'));
    let fonts = poppler("pdffonts", &[], &rendered.pdf);
    let lines: Vec<_> = fonts.lines().skip(2).collect();
    assert!(lines.len() >= 6, "{fonts}");
    for line in &lines {
        // Columns from the right: object (two), unicode, subset, embedded.
        let columns: Vec<_> = line.split_whitespace().rev().skip(2).take(3).collect();
        assert_eq!(columns, ["yes", "yes", "yes"], "{line}");
    }
    let names: Vec<_> = rendered.typefaces.iter().map(|(name, _)| name.as_str()).collect();
    for used in ["FandolFang-Regular.otf", "NotoSerifCJK-Regular.ttc", "HanaMinA.ttf", "HanaMinB.ttf"] {
        assert!(names.contains(&used), "{names:?}");
    }
}

#[test]
fn a_character_that_no_font_has_is_an_error_that_names_it_and_its_field() {
    let city = City::with(&["示例一所", "\u{e123}所"]);
    let figures = Figures::read(&city.closing, &city.contents, 1, ISSUED).expect("figures");
    let refused = xiaoan_bulletin::render(&figures, &typefaces()).expect_err("no such glyph");
    match refused {
        Error::NoGlyph { character, field } => {
            assert_eq!((character, field.as_str()), ('\u{e123}', "name of unit 371102001000"));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_draft_says_so_on_every_page_and_what_was_issued_does_not() {
    let city = City::of_forty();
    let draft = set(&city, Stage::Draft);
    assert!(draft.pages >= 3, "a table over several pages");
    for page in 1..=draft.pages {
        let page = page.to_string();
        let on_page = poppler("pdftotext", &["-raw", "-f", &page, "-l", &page], &draft.pdf);
        let on_page: String = on_page.split_whitespace().collect();
        assert!(on_page.contains("DRAFT") && on_page.contains("草稿"), "page {page}");
    }
    let issued = text(&set(&city, ISSUED).pdf);
    assert!(!issued.contains("DRAFT") && !issued.contains("草稿"));
    assert!(issued.contains("2026年7月9日印发"));
}

#[test]
fn every_unit_and_the_head_of_the_table_stand_on_the_pages_and_nothing_is_invented() {
    let city = City::of_forty();
    let rendered = set(&city, ISSUED);
    let found = text(&rendered.pdf);
    for at in 1..=40 {
        assert!(found.contains(&format!("示例第{at}派出所")), "{at}");
    }
    assert!(found.matches("名次单位").count() >= 2, "the head of a table is repeated");
    for empty in [
        "（发文字号：未编）",
        "（份号、密级、紧急程度：未填）",
        "（发文机关署名、印章：未填）",
        "（主送机关：未填）",
    ] {
        assert!(found.contains(empty), "{empty}");
    }
    for said in [
        "95%区间",
        "跨月补录",
        "降格改类",
        "撤销立案",
        "撤销破案",
        "xiaoanclosingsverifytheft-stations-2026-06",
        "公通字〔2015〕32号",
        "示例反扒中队",
    ] {
        assert!(found.contains(said), "{said}");
    }
    assert!(found.contains(&"cd".repeat(32)) && found.contains(&"ab".repeat(32)), "digest and chain heads");
}

#[test]
fn a_correction_is_named_as_one() {
    let names = ["示例一所", "示例二所"];
    let found = text(&set(&City::corrected(&names), ISSUED).pdf);
    assert!(found.contains("（更正）") && found.contains("本通报为第2版，替代第1版"), "{found}");
    assert!(found.contains("更正理由：补录两起已破案件。"));
    assert!(!text(&set(&City::with(&names), ISSUED).pdf).contains("（更正）"));
}

#[test]
fn the_page_is_a4_and_the_body_stays_in_the_type_area() {
    let rendered = set(&City::of_forty(), ISSUED);
    let info = poppler("pdfinfo", &[], &rendered.pdf);
    assert!(info.contains("(A4)") && info.contains("Tagged:          yes"), "{info}");
    // Words with their boxes, in points from the upper left corner.
    let boxes = poppler("pdftotext", &["-bbox"], &rendered.pdf);
    let number = |line: &str, name: &str| -> f32 {
        let (_, rest) = line.split_once(&format!("{name}=\"")).expect("a box");
        rest.split_once('"').and_then(|(number, _)| number.parse().ok()).expect("a number")
    };
    let mm = |points: f32| points * 25.4 / 72.0;
    let mut words = 0;
    for line in boxes.lines().filter(|line| line.contains("<word ")) {
        let is_number = line.contains(">—<") || number(line, "yMin") > 262.0 * 72.0 / 25.4;
        if is_number {
            continue;
        }
        words += 1;
        let (left, right) = (mm(number(line, "xMin")), mm(number(line, "xMax")));
        let (top, foot) = (mm(number(line, "yMin")), mm(number(line, "yMax")));
        // A box is as high as the font says its lines are: a little more than the character.
        assert!(left > 27.5 && right < 184.6, "{line}");
        assert!(top > 35.0 && foot < 263.5, "{line}");
    }
    assert!(words > 200);
}
