//! The grid, without any font: what is set is counted, not drawn.

use super::*;

#[test]
fn the_type_area_holds_22_lines_of_28_characters() {
    let glyph = |character| Glyph { character, font: 0, id: 1, advance: 1.0 };
    let lines = fill(&vec![glyph('案'); 22 * 28], THIRD, CELL / THIRD, WIDTH, 0.0);
    assert_eq!(lines.len(), 22);
    assert!(lines.iter().all(|line| line.glyphs.len() == 28));
    assert!((LINE * 22.0 - HEIGHT).abs() < 0.01);
    assert!((mm(210.0) - LEFT - WIDTH - mm(26.0)).abs() < 0.01, "the right margin");
    assert!((mm(297.0) - TOP - HEIGHT - mm(35.0)).abs() < 0.01, "the margin at the foot");
}
