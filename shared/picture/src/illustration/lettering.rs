//! Letters made of strokes.

use super::brush::Brush;

/// Each character's strokes on a grid of 4 by 6: two digits are a point, a space joins, a bar begins another stroke.
const GLYPHS: &[(char, &str)] = &[
    ('0', "10 30 41 45 36 16 05 01 10"),
    ('1', "11 20 26"),
    ('2', "01 10 30 41 42 06 46"),
    ('3', "01 10 30 41 42 33 13|33 44 45 36 16 05"),
    ('4', "36 30 04 44"),
    ('5', "40 00 03 33 44 45 36 16 05"),
    ('6', "41 30 10 01 05 16 36 45 44 33 03"),
    ('7', "00 40 16"),
    ('8', "13 02 01 10 30 41 42 33 13 04 05 16 36 45 44 33"),
    ('9', "05 16 36 45 41 30 10 01 02 13 43"),
    ('A', "06 02 20 42 46|04 44"),
    ('B', "03 33 44 45 36 06 00 30 41 42 33"),
    ('C', "41 30 10 01 05 16 36 45"),
    ('D', "00 06 26 44 42 20 00"),
    ('E', "40 00 06 46|03 33"),
    ('F', "40 00 06|03 33"),
    ('G', "41 30 10 01 05 16 36 45 43 23"),
    ('H', "00 06|40 46|03 43"),
    ('I', "20 26"),
    ('J', "40 45 36 16 05"),
    ('K', "00 06|40 03 46"),
    ('L', "00 06 46"),
    ('M', "06 00 23 40 46"),
    ('N', "06 00 46 40"),
    ('O', "10 30 41 45 36 16 05 01 10"),
    ('P', "06 00 30 41 42 33 03"),
    ('Q', "10 30 41 45 36 16 05 01 10|34 46"),
    ('R', "06 00 30 41 42 33 03|23 46"),
    ('S', "41 30 10 01 02 13 33 44 45 36 16 05"),
    ('T', "00 40|20 26"),
    ('U', "00 05 16 36 45 40"),
    ('V', "00 26 40"),
    ('W', "00 16 23 36 40"),
    ('X', "00 46|40 06"),
    ('Y', "00 23 40|23 26"),
    ('Z', "00 40 06 46"),
    ('-', "13 33"),
    (':', "21 22|24 25"),
    ('.', "25 26"),
    ('/', "06 40"),
];

/// From one character to the next, in units of the grid.
const ADVANCE: f32 = 5.8;

/// Writes a line of text within a rectangle: left, top, right and bottom. Characters without strokes are spaces.
pub(super) fn write(brush: &mut Brush, text: &str, area: [f32; 4], weight: f32, tint: u32) {
    let [left, top, right, bottom] = area;
    let wide = (text.chars().count() as f32 * ADVANCE - (ADVANCE - 4.0)).max(4.0);
    let (across, down) = ((right - left) / wide, (bottom - top) / 6.0);
    // Letters are not stretched beyond what plates have.
    let across = across.min(down * 1.05);
    let mut x = left + ((right - left) - wide * across) / 2.0;
    for character in text.chars() {
        let glyph = GLYPHS.iter().find(|(known, _)| *known == character);
        for stroke in glyph.map_or("", |(_, strokes)| strokes).split('|').filter(|stroke| !stroke.is_empty())
        {
            let points: Vec<(f32, f32)> = stroke
                .split(' ')
                .filter_map(|point| {
                    let mut digits = point.chars().filter_map(|digit| digit.to_digit(10));
                    let (column, row) = (digits.next()? as f32, digits.next()? as f32);
                    Some((x + column * across, top + row * down))
                })
                .collect();
            brush.line(&points, weight * across.min(down), tint);
        }
        x += ADVANCE * across;
    }
}

/// The line that a camera writes into the upper left corner of its frame.
pub(super) fn caption(brush: &mut Brush, text: &str) {
    let wide = text.chars().count() as f32 * 1.62;
    let area = [3.0, 3.0, 3.0 + wide, 4.7];
    write(brush, text, area, 1.9, 0x0010_1010);
    write(brush, text, area, 0.85, 0x00f4_f4f4);
}

#[cfg(test)]
mod tests {
    use super::GLYPHS;

    #[test]
    fn every_character_of_plates_and_times_has_strokes() {
        for character in ('A'..='Z').chain('0'..='9').chain("-:.".chars()) {
            let (_, strokes) = GLYPHS.iter().find(|(known, _)| *known == character).unwrap();
            for point in strokes.split([' ', '|']) {
                let digits: Vec<u32> = point.chars().map(|digit| digit.to_digit(10).unwrap()).collect();
                assert!(matches!(digits[..], [0..=4, 0..=6]), "{character}: {point}");
            }
        }
    }
}
