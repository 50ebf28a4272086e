//! Text of others, so that it is one line and nothing in it commands a terminal, a page or a file.

/// Characters of a cut text; what comes after is not told.
pub const LONGEST: usize = 200;

/// Control characters, line ends of every kind, and what turns the direction of a line or cannot be seen, as `\u{…}`; cut at [`LONGEST`].
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(LONGEST));
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST {
            out.push('…');
            break;
        }
        if is_hidden(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_a_terminal_or_turns_a_line_is_spelled_out() {
        for (hostile, told) in [
            ("10.20.0.15\r\n{\"n\":1}", "10.20.0.15\\u{d}\\u{a}{\"n\":1}"),
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("a\u{202e}b\u{2028}c\u{feff}", "a\\u{202e}b\\u{2028}c\\u{feff}"),
            ("网口 一", "网口 一"),
        ] {
            assert_eq!(plain(hostile), told);
        }
        assert_eq!(plain(&"x".repeat(LONGEST + 1)).chars().count(), LONGEST + 1);
        assert_eq!(plain(&"x".repeat(LONGEST)), "x".repeat(LONGEST));
    }
}
