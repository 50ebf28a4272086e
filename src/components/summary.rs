//! What is wrong with a form, on top of it: each problem links to its field, and the focus goes there first.

use leptos::prelude::*;

use super::field::Field;
use crate::text::Text;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field's `id`; `None` where the whole form is meant.
    pub field: Option<String>,
    pub message: String,
}

/// What is wrong with these fields, in their order.
pub fn problems<'f>(fields: impl IntoIterator<Item = &'f Field>) -> Vec<Problem> {
    let of = |field: &Field| {
        let message = field.problem.clone()?;
        Some(Problem { field: Some(field.name.to_string()), message })
    };
    fields.into_iter().filter_map(of).collect()
}

/// Nothing where there is no problem.
pub fn summary(text: Text, problems: &[Problem]) -> Option<impl IntoView + use<>> {
    let lines = problems.iter().cloned().map(|Problem { field, message }| match field {
        Some(field) => view! { <li><a href=format!("#{field}")>{message}</a></li> }.into_any(),
        None => view! { <li>{message}</li> }.into_any(),
    });
    let lines = lines.collect::<Vec<_>>();
    (!lines.is_empty()).then(|| {
        view! {
            <div class="problems" role="alert" tabindex="-1" autofocus aria-labelledby="problems-title">
                <h2 id="problems-title">{text.form_problems()}</h2>
                <ul>{lines}</ul>
            </div>
        }
    })
}
