//! Status as a mark, a word and a colour. Any one of the three is enough to tell.

use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mood {
    Ok,
    Info,
    Calm,
    Warn,
    Bad,
}

impl Mood {
    pub fn class(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Info => "info",
            Self::Calm => "calm",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }

    pub fn mark(self) -> &'static str {
        match self {
            Self::Ok => "✓",
            Self::Info => "●",
            Self::Calm => "–",
            Self::Warn => "!",
            Self::Bad => "▲",
        }
    }
}

pub fn tag(mood: Mood, word: &str) -> impl IntoView + use<> {
    let word = word.to_owned();
    let class = format!("tag {}", mood.class());
    view! { <span class=class><span aria-hidden="true">{mood.mark()}</span><span>{word}</span></span> }
}
