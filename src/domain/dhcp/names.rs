//! What a server says, before it comes near a page.

/// Longest text of a server that is shown.
const LONGEST_TEXT: usize = 120;

/// Words for people, on one line: control characters go, and so do the marks that turn the direction of writing around.
pub fn text(said: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    said.chars().filter(|c| !c.is_control() && !turns(*c)).take(LONGEST_TEXT).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_one_short_line() {
        assert_eq!(text(" no\u{1b}[31m\nlease\u{202e} \0"), "no[31mlease");
        assert_eq!(text(&"x".repeat(1000)).len(), LONGEST_TEXT);
    }
}
