//! A field: label, hint, problem and what was typed, tied together for the eye and for the ear.

use std::borrow::Cow;

use leptos::prelude::*;

#[derive(Clone, Debug, Default)]
pub struct Field {
    /// Also its `id`, to which the summary of problems links.
    pub name: Cow<'static, str>,
    pub label: String,
    pub hint: Option<String>,
    pub problem: Option<String>,
    pub value: String,
    pub kind: Kind,
    /// What a browser offers while something is typed.
    pub offers: Vec<Cow<'static, str>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Addresses: no autocorrection, no capitals. Not a numeric keypad, which may lack "/" and ".".
    #[default]
    Address,
    NewPassword,
    CurrentPassword,
    /// A password for somebody else, which may be left empty.
    Secret,
    /// Some lines of text.
    Lines,
    /// A date and a time, `2026-11-25T14:30`.
    Moment,
}

pub fn field(field: Field) -> impl IntoView {
    let Field { name, label, hint, problem, value, kind, offers } = field;
    let (id, target, data) = (name.clone(), name.clone(), name.clone());
    let invalid = problem.is_some().then_some("true");
    let (hint_id, error_id) = (format!("{name}-hint"), format!("{name}-error"));
    let described = match &hint {
        Some(_) => format!("{error_id} {hint_id}"),
        None => error_id.clone(),
    };
    let list = (!offers.is_empty()).then(|| format!("{name}-offers"));
    let offered = list.clone().map(|id| {
        let options = offers.into_iter().map(|offer| view! { <option value=offer></option> }).collect_view();
        view! { <datalist id=id>{options}</datalist> }
    });
    let input = match kind {
        Kind::Address => view! {
            <input class="mono" id=id name=name.clone() value=value autocomplete="off" autocapitalize="off" spellcheck="false"
                list=list aria-describedby=described aria-invalid=invalid />
        }
        .into_any(),
        Kind::Secret => view! {
            <input type="password" id=id name=name.clone() maxlength="512" spellcheck="false" autocapitalize="off"
                autocomplete="off" aria-describedby=described aria-invalid=invalid />
        }
        .into_any(),
        Kind::Lines => view! {
            <textarea class="mono" id=id name=name.clone() rows="5" autocomplete="off" autocapitalize="off" spellcheck="false"
                aria-describedby=described aria-invalid=invalid>{escaped(&value)}</textarea>
        }
        .into_any(),
        Kind::Moment => view! {
            <input type="datetime-local" step="1" id=id name=name.clone() value=value autocomplete="off"
                aria-describedby=described aria-invalid=invalid />
        }
        .into_any(),
        Kind::NewPassword | Kind::CurrentPassword => view! {
            <input type="password" id=id name=name.clone() required maxlength="512" spellcheck="false" autocapitalize="off"
                autocomplete=if kind == Kind::NewPassword { "new-password" } else { "current-password" }
                aria-describedby=described aria-invalid=invalid />
        }
        .into_any(),
    };
    view! {
        <div class="field" data-field=data>
            <label for=target>{label}</label>
            {hint.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
            {problem_line(error_id, problem)}
            {input}
            {offered}
        </div>
    }
}

/// leptos writes the text of a `textarea` as it is, so that what was typed could end it and go on as markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Always there, so that the browser's own checks have a place to write into.
fn problem_line(id: String, problem: Option<String>) -> impl IntoView {
    let hidden = problem.is_none();
    let text = problem.unwrap_or_default();
    view! { <p class="error" id=id hidden=hidden><span aria-hidden="true">"▲ "</span><span data-message>{text}</span></p> }
}
