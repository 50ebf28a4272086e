//! What few ports need: static routes and the packet size. Rows come and go by buttons of the same form, so that nothing that was
//! typed is lost and no script is needed.

use std::str::FromStr;

use leptos::prelude::*;
use serde::Deserialize;

use super::PortView;
use crate::{
    components::{
        field,
        words::{Ports, issue},
    },
    domain::network::{
        form::{RouteRow, RouteRows, row_name},
        issue::{Field, RouteField, RoutePart},
        status::PortStatus,
        validate::MAX_ROUTES,
    },
    text::Text,
};

/// One of the buttons that change the number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum RowButton {
    Add,
    /// The row, from 1.
    Remove(usize),
}

impl FromStr for RowButton {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("remove-") {
            Some(row) => row.parse().map(Self::Remove).map_err(|error| error.to_string()),
            None if text == "add" => Ok(Self::Add),
            None => Err("neither add nor remove".to_owned()),
        }
    }
}

impl TryFrom<String> for RowButton {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl RowButton {
    pub fn press(self, rows: &mut RouteRows) {
        match self {
            Self::Add if rows.0.len() < MAX_ROUTES => rows.0.push(RouteRow::default()),
            Self::Remove(row) if (1..=rows.0.len()).contains(&row) => drop(rows.0.remove(row - 1)),
            Self::Add | Self::Remove(_) => {}
        }
    }
}

/// Open where there is something in it.
pub fn more(text: Text, port: &PortStatus, view: &PortView, ports: Ports, mtu: AnyView) -> impl IntoView + use<> {
    let form = &view.form;
    let action = format!("/network/{}", port.name);
    let count = form.routes.0.len().max(1);
    let rows = (1..=count).map(|row| one(text, view, ports, row, &action)).collect::<Vec<_>>();
    let whole = view.issues.iter().find(|i| i.field == Field::Routes).map(|i| issue(text, i, "", ports));
    let whole = whole.map(|said| view! { <p class="error">{said}</p> });
    let to_new = format!("{action}#{}", row_name(RouteField { row: count + 1, part: RoutePart::Destination }));
    let add = (count < MAX_ROUTES).then(|| {
        view! { <p><button class="plain" name="rows" value="add" formaction=to_new>{text.form_route_add()}</button></p> }
    });
    let open = !form.routes.0.is_empty() || !form.mtu.is_empty() || view.issues.iter().any(is_here);
    view! {
        <details class="used-only part" open=open>
            <summary>{text.form_more()}</summary>
            <div class="stack">
                <fieldset class="routes" id="routes" tabindex="-1">
                    <legend>{text.form_routes()}</legend>
                    <p class="hint">{text.form_routes_why()}</p>
                    {whole}
                    {rows}
                    {add}
                </fieldset>
                {mtu}
            </div>
        </details>
    }
}

fn is_here(issue: &crate::domain::network::issue::Issue) -> bool {
    matches!(issue.field, Field::Routes | Field::Route(_) | Field::Mtu)
}

fn one(text: Text, view: &PortView, ports: Ports, row: usize, action: &str) -> impl IntoView + use<> {
    let form = &view.form;
    let field = |part, label: &str, hint: Option<&str>| {
        let at = RouteField { row, part };
        let found = view.issues.iter().find(|i| i.field == Field::Route(at));
        field::field(field::Field {
            name: row_name(at).into(),
            label: label.to_owned(),
            hint: hint.map(str::to_owned),
            problem: found.map(|found| issue(text, found, form.routes.value(at), ports)),
            value: form.routes.value(at).to_owned(),
            ..field::Field::default()
        })
    };
    let there = row <= form.routes.0.len();
    let remove = there.then(|| {
        let (to, value) = (format!("{action}#routes"), format!("remove-{row}"));
        view! { <p><button class="plain" name="rows" value=value formaction=to>{text.form_route_remove(row)}</button></p> }
    });
    view! {
        <div class="route stack" role="group" aria-label=text.form_route_number(row)>
            <div class="pair">
                {field(RoutePart::Destination, text.form_route_destination(), Some(text.form_route_destination_hint()))}
                {field(RoutePart::Mask, text.form_route_mask(), Some(text.form_mask_hint()))}
            </div>
            {field(RoutePart::Gateway, text.form_route_gateway(), Some(text.field_optional()))}
            {remove}
        </div>
    }
}
