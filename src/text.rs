//! The languages of the pages, and one function for each of their texts.
//!
//! The functions come from `locales/*.json` (`build/text.rs`). The agent answers with codes, only pages have words, and
//! islands find theirs in the page: so texts are the server's only.

/// A language that the pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    /// Also for those whose languages are none of ours.
    #[default]
    En,
    ZhCn,
}

impl Lang {
    pub const ALL: [Self; 2] = [Self::En, Self::ZhCn];

    /// The language's tag (RFC 5646), for `lang` and for the cookie.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::ZhCn => "zh-CN",
        }
    }

    /// The language that serves those who ask for `tag`: any English, any Chinese, for which Simplified is nearer than English.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().trim();
        if primary.eq_ignore_ascii_case("en") {
            Some(Self::En)
        } else if primary.eq_ignore_ascii_case("zh") {
            Some(Self::ZhCn)
        } else {
            None
        }
    }

    /// The language of a request: what the person chose (the value of the cookie), else what the browser prefers (the
    /// header `Accept-Language`, RFC 9110, section 12.5.4), else English.
    pub fn negotiate(cookie: Option<&str>, accept_language: Option<&str>) -> Self {
        cookie.and_then(Self::from_tag).or_else(|| accept_language.and_then(Self::preferred)).unwrap_or_default()
    }

    fn preferred(header: &str) -> Option<Self> {
        let mut best: Option<(u16, Self)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let Some(lang) = parts.next().and_then(Self::from_tag) else { continue };
            let weight = parts.next().map_or(Some(1000), weight).unwrap_or(0);
            // The first of equals wins: browsers list the one that is liked most first.
            if weight > 0 && best.is_none_or(|(found, _)| weight > found) {
                best = Some((weight, lang));
            }
        }
        best.map(|(_, lang)| lang)
    }
}

/// Thousandths of a `q=0.8`; `None` where it is malformed.
fn weight(parameter: &str) -> Option<u16> {
    let value = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="))?;
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{fraction:0<3}").parse::<u16>().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

/// The texts of a language: `Text(lang).nav_network()`. Where a text has values, its function takes them in the order of
/// the alphabet, after the count of a plural.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text(pub Lang);

#[allow(clippy::uninlined_format_args, clippy::too_many_arguments, clippy::match_same_arms, clippy::doc_markdown)]
mod generated {
    use super::{Lang, Text};

    include!(concat!(env!("OUT_DIR"), "/text.rs"));
}

#[cfg(test)]
mod tests {
    use super::{Lang, Text};

    #[test]
    fn negotiates_by_cookie_then_by_weight() {
        let cases = [
            (None, None, Lang::En),
            (None, Some(""), Lang::En),
            (None, Some("zh-CN,zh;q=0.9,en;q=0.8"), Lang::ZhCn),
            (None, Some("en;q=0.8, zh;q=0.9"), Lang::ZhCn),
            (None, Some("en-GB;q=1.0,zh;q=0.999"), Lang::En),
            (None, Some("zh,en"), Lang::ZhCn),
            (None, Some("de-DE,de;q=0.9,*;q=0.1"), Lang::En),
            (None, Some("de, zh-Hant-TW;q=0.3"), Lang::ZhCn),
            (None, Some("zh;q=0,en;q=0.1"), Lang::En),
            (None, Some("zh;q=0"), Lang::En),
            (None, Some("en;q=0.5,zh;q=nonsense"), Lang::En),
            (None, Some("en;q=0.5,zh;q=2"), Lang::En),
            (None, Some(";;,;q=1,,zh"), Lang::ZhCn),
            (Some("en"), Some("zh-CN"), Lang::En),
            (Some("zh-CN"), Some("en"), Lang::ZhCn),
            (Some("tlh"), Some("zh-CN"), Lang::ZhCn),
            (Some("'><script>"), None, Lang::En),
        ];
        for (cookie, header, expected) in cases {
            assert_eq!(Lang::negotiate(cookie, header), expected, "cookie {cookie:?}, header {header:?}");
        }
    }

    #[test]
    fn every_tag_leads_back_to_its_language() {
        for lang in Lang::ALL {
            assert_eq!(Lang::from_tag(lang.tag()), Some(lang));
        }
        assert_eq!(Lang::from_tag("ZH_hans"), Some(Lang::ZhCn));
        assert_eq!(Lang::from_tag("english"), None);
    }

    #[test]
    fn texts_carry_their_values_and_count() {
        let (en, zh) = (Text(Lang::En), Text(Lang::ZhCn));
        assert_eq!(en.nav_network(), "Network");
        assert_eq!(zh.nav_network(), "网络");
        assert_eq!(zh.product_title("gh-1", zh.nav_network()), "网络 – gh-1 – Gatehouse");
        assert_eq!([0, 1, 2].map(|n| en.time_minutes(n)), ["0 minutes", "1 minute", "2 minutes"]);
        assert_eq!(zh.time_minutes(1), "1 分钟");
    }
}
