//! A choice: a radio button or a box to tick, as large as a finger, with a line that says what it means.

use leptos::prelude::*;

#[derive(Clone, Debug)]
pub struct Choice {
    /// `radio` or `checkbox`.
    pub kind: &'static str,
    pub name: &'static str,
    pub value: &'static str,
    pub label: String,
    pub why: Option<String>,
    pub chosen: bool,
}

pub fn choice(choice: Choice) -> impl IntoView {
    let Choice { kind, name, value, label, why, chosen } = choice;
    let id = format!("{name}-{value}");
    let why_id = why.as_ref().map(|_| format!("{id}-why"));
    let target = id.clone();
    view! {
        <label class="choice" for=target>
            <input type=kind id=id name=name value=value checked=chosen aria-describedby=why_id.clone() />
            <span>{label}</span>
            {why.map(|why| view! { <span class="why" id=why_id>{why}</span> })}
        </label>
    }
}
