//! A plan in words: a sign for the eye, its word for the ear, and the line.

use leptos::prelude::*;

use crate::text::Text;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Adds,
    Removes,
    Keeps,
}

pub fn plan_list(text: Text, lines: Vec<(Sign, String)>) -> impl IntoView {
    let lines = lines.into_iter().map(|(sign, line)| {
        let (class, mark, word) = match sign {
            Sign::Adds => ("adds", "+", text.plan_adds()),
            Sign::Removes => ("removes", "−", text.plan_removes()),
            Sign::Keeps => ("keeps", "=", text.plan_keeps()),
        };
        view! {
            <li class=class>
                <b aria-hidden="true">{mark}</b>
                <span><span class="quiet-text">{word}" "</span>{line}</span>
            </li>
        }
    });
    view! { <ul class="plan">{lines.collect_view()}</ul> }
}
