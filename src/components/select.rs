//! One of several, in a line: where a list of buttons would be longer than what it chooses from.

use leptos::prelude::*;

#[derive(Clone, Debug)]
pub struct Select {
    pub name: &'static str,
    pub label: String,
    /// Value and text.
    pub options: Vec<(String, String)>,
    pub chosen: String,
}

pub fn select(select: Select) -> impl IntoView {
    let Select { name, label, options, chosen } = select;
    let options = options.into_iter().map(|(value, text)| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{text}</option> }
    });
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <select id=name name=name>{options.collect_view()}</select>
        </div>
    }
}
