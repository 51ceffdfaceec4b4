//! Characters to lines: where a line may end, and how it fills its width.

use crate::typefaces::Glyph;

/// May not begin a line.
const NOT_FIRST: &str = "，。、；：？！）》〉」』】〕”’％%…—·～,.;:?!)]}";
/// May not end a line.
const NOT_LAST: &str = "（《〈「『【〔“‘([{";

/// A line: glyphs and how far each advances, in points.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    pub glyphs: Vec<(Glyph, f32)>,
    /// Whether it ends its paragraph.
    pub last: bool,
}

impl Line {
    /// Width in points.
    pub fn width(&self) -> f32 {
        self.glyphs.iter().map(|(_, advance)| advance).sum()
    }

    /// Widens the gaps so that the line is that wide. A line that is far from full stays as it is.
    pub fn justify(&mut self, width: f32, size: f32) {
        let rest = width - self.width();
        if self.last || rest <= 0.0 || rest > 3.0 * size {
            return;
        }
        let pairs = || self.glyphs.windows(2).map(|pair| may_widen(pair[0].0, pair[1].0));
        let gaps = pairs().filter(|widen| *widen).count();
        if gaps == 0 {
            return;
        }
        #[allow(clippy::cast_precision_loss)] // a line has some dozens of gaps
        let share = rest / gaps as f32;
        let wide: Vec<bool> = pairs().collect();
        for ((_, advance), widen) in self.glyphs.iter_mut().zip(wide) {
            if widen {
                *advance += share;
            }
        }
    }
}

/// Breaks glyphs of a size into lines; the first one is narrower by `indent`. `pitch` is the width of a full character over its
/// size: on the grid a little less than 1.
pub(crate) fn fill(glyphs: &[Glyph], size: f32, pitch: f32, width: f32, indent: f32) -> Vec<Line> {
    let advance = |glyph: &Glyph| glyph.advance * size * pitch;
    let mut lines = Vec::new();
    let mut start = 0;
    while start < glyphs.len() {
        let room = if lines.is_empty() { width - indent } else { width };
        // A hundredth of a point: sums of advances are not exact.
        let (mut used, mut end, mut fit) = (0.0, start, start);
        while end < glyphs.len() && used + advance(&glyphs[end]) <= room + 0.01 {
            used += advance(&glyphs[end]);
            end += 1;
            if end == glyphs.len() || may_break(glyphs[end - 1], glyphs[end]) {
                fit = end;
            }
        }
        // A word longer than the line is cut.
        let cut = if fit > start { fit } else { end.max(start + 1) };
        let mut line: Vec<_> = glyphs[start..cut].iter().map(|glyph| (*glyph, advance(glyph))).collect();
        while line.last().is_some_and(|(glyph, _)| glyph.character == ' ') {
            line.pop();
        }
        lines.push(Line { glyphs: line, last: cut == glyphs.len() });
        start = cut;
        while start < glyphs.len() && glyphs[start].character == ' ' {
            start += 1;
        }
    }
    lines
}

fn is_word(glyph: Glyph) -> bool {
    glyph.character.is_ascii_graphic() || glyph.character == '–'
}

/// Whether a line may end between two characters.
fn may_break(before: Glyph, after: Glyph) -> bool {
    let (a, b) = (before.character, after.character);
    if a == ' ' {
        return true;
    }
    let inside = is_word(before) && is_word(after);
    let pair = a == b && (a == '—' || a == '…');
    !(inside || pair || b == ' ' || NOT_FIRST.contains(b) || NOT_LAST.contains(a))
}

fn may_widen(before: Glyph, after: Glyph) -> bool {
    let pair = before.character == '—' && after.character == '—';
    !(pair || is_word(before) && is_word(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Glyphs as a Chinese font has them: half as wide for Latin letters.
    fn glyphs(text: &str) -> Vec<Glyph> {
        let advance = |c: char| if c.is_ascii() { 0.5 } else { 1.0 };
        text.chars()
            .map(|character| Glyph { character, font: 0, id: 1, advance: advance(character) })
            .collect()
    }
    fn lines(text: &str, width: f32, indent: f32) -> Vec<String> {
        let filled = fill(&glyphs(text), 10.0, 1.0, width, indent);
        filled.iter().map(|line| line.glyphs.iter().map(|(glyph, _)| glyph.character).collect()).collect()
    }

    #[test]
    fn a_line_neither_begins_with_a_closing_mark_nor_ends_with_an_opening_one() {
        assert_eq!(lines("一二三四，五六", 40.0, 0.0), ["一二三", "四，五六"]);
        assert_eq!(lines("一二三（四）五", 40.0, 0.0), ["一二三", "（四）五"]);
        assert_eq!(lines("一二——三四", 30.0, 0.0), ["一", "二——", "三四"]);
    }

    #[test]
    fn numbers_stay_whole_unless_they_are_longer_than_the_line() {
        assert_eq!(lines("共计12345件", 40.0, 0.0), ["共计", "12345件"]);
        assert_eq!(lines("0123456789", 30.0, 0.0), ["012345", "6789"]);
        assert_eq!(lines("用 xiaoan demo 看", 50.0, 0.0), ["用 xiaoan", "demo 看"]);
    }

    #[test]
    fn the_first_line_is_indented_and_full_lines_are_as_wide_as_the_type_area() {
        assert_eq!(lines("一二三四五六", 40.0, 20.0), ["一二", "三四五六"]);
        let mut filled = fill(&glyphs("一二三12四五六七"), 10.0, 1.0, 45.0, 0.0);
        filled[0].justify(45.0, 10.0);
        assert!((filled[0].width() - 45.0).abs() < 0.001, "{}", filled[0].width());
        let mut last = filled.pop().expect("a line");
        let before = last.width();
        last.justify(45.0, 10.0);
        assert!((last.width() - before).abs() < 0.001);
    }
}
