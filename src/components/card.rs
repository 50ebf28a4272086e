//! A card: one subject with its heading.

use leptos::prelude::*;

#[component]
pub fn Card(
    #[prop(into)] title: String,
    /// Named by the live events, which replace it whole.
    #[prop(optional, into)]
    id: Option<String>,
    /// Beside the heading: a tag or a link.
    #[prop(optional)]
    end: Option<AnyView>,
    /// The card that the page is about.
    #[prop(optional)]
    weighty: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <section class=if weighty { "card weighty" } else { "card" } id=id>
            <div class="row"><h2>{title}</h2>{end.map(|end| view! { <div class="end">{end}</div> })}</div>
            {children()}
        </section>
    }
    .into_any()
}

/// Terms and values. A value is text, or code where it is an address.
pub fn facts(rows: Vec<(String, Fact)>) -> impl IntoView {
    let rows = rows.into_iter().map(|(term, fact)| {
        let value = match fact {
            Fact::Text(text) => view! { <dd>{text}</dd> }.into_any(),
            Fact::Code(text) => view! { <dd class="mono">{text}</dd> }.into_any(),
        };
        view! { <dt>{term}</dt>{value} }
    });
    view! { <dl class="facts">{rows.collect_view()}</dl> }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    Text(String),
    Code(String),
}

impl Fact {
    /// A dash says that there is nothing, where an empty cell could mean anything.
    pub fn code(value: Option<impl ToString>) -> Self {
        value.map_or_else(|| Self::Text("–".to_owned()), |value| Self::Code(value.to_string()))
    }

    pub fn text(value: Option<String>) -> Self {
        Self::Text(value.unwrap_or_else(|| "–".to_owned()))
    }
}
