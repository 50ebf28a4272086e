//! A field: label, hint, problem and what was typed, tied together for the eye and for the ear.

use leptos::prelude::*;

#[derive(Clone, Debug, Default)]
pub struct Field {
    /// Also its `id`, to which the summary of problems links.
    pub name: &'static str,
    pub label: String,
    pub hint: Option<String>,
    pub problem: Option<String>,
    pub value: String,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Addresses: no autocorrection, no capitals. Not a numeric keypad, which may lack "/" and ".".
    #[default]
    Address,
    NewPassword,
    CurrentPassword,
}

pub fn field(field: Field) -> impl IntoView {
    let Field { name, label, hint, problem, value, kind } = field;
    let invalid = problem.is_some().then_some("true");
    let (hint_id, error_id) = (format!("{name}-hint"), format!("{name}-error"));
    let described = match &hint {
        Some(_) => format!("{error_id} {hint_id}"),
        None => error_id.clone(),
    };
    let input = match kind {
        Kind::Address => view! {
            <input class="mono" id=name name=name value=value autocomplete="off" autocapitalize="off" spellcheck="false"
                aria-describedby=described aria-invalid=invalid />
        }
        .into_any(),
        Kind::NewPassword | Kind::CurrentPassword => view! {
            <input type="password" id=name name=name required maxlength="512" spellcheck="false" autocapitalize="off"
                autocomplete=if kind == Kind::NewPassword { "new-password" } else { "current-password" }
                aria-describedby=described aria-invalid=invalid />
        }
        .into_any(),
    };
    view! {
        <div class="field" data-field=name>
            <label for=name>{label}</label>
            {hint.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
            {problem_line(error_id, problem)}
            {input}
        </div>
    }
}

/// Always there, so that the browser's own checks have a place to write into.
fn problem_line(id: String, problem: Option<String>) -> impl IntoView {
    let hidden = problem.is_none();
    let text = problem.unwrap_or_default();
    view! { <p class="error" id=id hidden=hidden><span aria-hidden="true">"▲ "</span><span data-message>{text}</span></p> }
}
