//! A note: something to know or to do, with a title that says it and a body that explains it.

use leptos::prelude::*;

use super::tag::Mood;

#[component]
pub fn Note(
    mood: Mood,
    #[prop(into)] title: String,
    /// `status` or `alert` where it came as an answer to what the person did.
    #[prop(optional)]
    role: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    view! {
        <div class=format!("note {}", mood.class()) role=role>
            <p class="note-title"><span aria-hidden="true">{mood.mark()}</span>" "<span>{title}</span></p>
            {children()}
        </div>
    }
    .into_any()
}
