//! Names that a server gives, before they come near a file or a page.

/// Lower case, without the last dot; `None` for what is not a domain name of RFC 1035 section 2.3.1 (with the
/// underscore that is in use).
pub fn domain(name: &str) -> Option<String> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let labels = name.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    });
    (labels && name.len() <= 253).then(|| name.to_ascii_lowercase())
}

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
    fn accepts_domain_names_and_refuses_the_rest() {
        for good in ["lan", "Example.COM.", "a.b-c.d", "_sites.example", "1"] {
            assert!(domain(good).is_some(), "{good}");
        }
        let long = "a".repeat(64);
        for bad in
            ["", ".", "a..b", "-a", "a-", "a b", "a\nnameserver 1.2.3.4", "网口", "a\0", &long, &"ab.".repeat(90)]
        {
            assert!(domain(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn text_is_one_short_line() {
        assert_eq!(text(" no\u{1b}[31m\nlease\u{202e} \0"), "no[31mlease");
        assert_eq!(text(&"x".repeat(1000)).len(), LONGEST_TEXT);
    }
}
