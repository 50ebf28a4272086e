//! `POST /language`: the language that a person chooses.

use axum::{
    Form,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::cookies;
use crate::text::Lang;

#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    lang: String,
    /// Where the person was.
    #[serde(default, rename = "return")]
    back: String,
}

pub(super) async fn choose(Form(choice): Form<Choice>) -> Response {
    let Some(lang) = Lang::from_tag(&choice.lang) else { return StatusCode::UNPROCESSABLE_ENTITY.into_response() };
    let back = if is_local(&choice.back) { choice.back } else { "/".to_owned() };
    let headers = [(header::SET_COOKIE, cookies::set_language(lang.tag()))];
    (StatusCode::SEE_OTHER, headers, [(header::LOCATION, back)]).into_response()
}

/// A path of ours: a browser takes `//host`, `/\host` and what begins otherwise for another place, and strips control characters
/// before it looks.
pub fn is_local(path: &str) -> bool {
    let plain = path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    plain && path.len() <= 512 && path.starts_with('/') && !path.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_gone_back_to() {
        for good in ["/", "/network", "/network/lan1?x=%2F%2Fa#b"] {
            assert!(is_local(good), "{good}");
        }
        for bad in
            ["", "network", "//evil.example", "/\\evil.example", "/\t/evil", "https://a/", "/a\r\nb", "javascript:1"]
        {
            assert!(!is_local(bad), "{bad:?}");
        }
        assert!(!is_local(&format!("/{}", "a".repeat(512))));
    }
}
