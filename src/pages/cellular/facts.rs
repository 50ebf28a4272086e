//! Data used, and the numbers that an operator asks for.

use leptos::prelude::*;

use crate::{
    components::{
        card::{Card, Fact, facts},
        format::bytes,
        note::Note,
        tag::Mood,
    },
    domain::cellular::{api::CellularStatus, usage::Limit},
    text::Text,
};

/// Earlier months that are shown.
const MONTHS: usize = 6;

pub(super) fn usage(text: Text, status: &CellularStatus) -> impl IntoView + use<> {
    let usage = &status.usage;
    let mut rows = vec![
        (text.cellular_usage_month().to_owned(), Fact::Text(bytes(usage.this_month.total()))),
        (text.cellular_usage_received().to_owned(), Fact::Text(bytes(usage.this_month.rx))),
        (text.cellular_usage_sent().to_owned(), Fact::Text(bytes(usage.this_month.tx))),
    ];
    if let Some(limit) = status.spec.limit {
        rows.push((text.cellular_usage_limit().to_owned(), Fact::Text(format!("{limit} MB"))));
    }
    let warning = match usage.limit {
        Some(Limit::Near) => Some((Mood::Warn, text.cellular_usage_near())),
        Some(Limit::Reached) => Some((Mood::Bad, text.cellular_usage_over())),
        Some(Limit::Far) | None => None,
    };
    let warning = warning.map(|(mood, said)| view! { <Note mood=mood title=said>""</Note> });
    // a month without data has no entry
    let current = usize::from(usage.months.first().is_some_and(|month| month.used == usage.this_month));
    let before = usage.months.iter().skip(current).take(MONTHS).map(|month| {
        let said = format!("{}-{:02}: {}", month.year, month.month, bytes(month.used.total()));
        view! { <li>{said}</li> }
    });
    let before = before.collect::<Vec<_>>();
    let before = (!before.is_empty()).then(|| {
        view! {
            <details class="part">
                <summary>{text.cellular_usage_before()}</summary>
                <ul class="lines">{before}</ul>
            </details>
        }
    });
    view! {
        <Card title=text.cellular_usage()>
            {facts(rows)}
            {warning}
            <p class="small muted">{text.cellular_usage_why()}</p>
            {before}
        </Card>
    }
}

pub(super) fn ids(text: Text, status: &CellularStatus) -> Option<impl IntoView + use<>> {
    let (modem, sim) = (status.modem.as_ref(), status.sim.as_ref());
    let numbers = [
        ("ICCID", sim.and_then(|sim| sim.iccid.as_ref()).map(ToString::to_string)),
        ("IMSI", sim.and_then(|sim| sim.imsi.clone())),
        ("IMEI", modem.map(|modem| modem.imei.clone())),
    ];
    let numbers = numbers.into_iter().filter_map(|(name, number)| Some((name, number.filter(|n| !n.is_empty())?)));
    let numbers = numbers.map(|(name, number)| copied(text, name, number)).collect::<Vec<_>>();
    let names = [
        (text.cellular_sim_operator(), sim.map(|sim| sim.operator_name.clone())),
        (text.cellular_modem(), modem.map(|modem| format!("{} {}", modem.manufacturer, modem.model))),
    ];
    let names = names.into_iter().filter_map(|(term, name)| {
        let name = name.filter(|name| !name.trim().is_empty())?;
        Some((term.to_owned(), Fact::Text(name)))
    });
    let names = names.collect::<Vec<_>>();
    (!numbers.is_empty()).then(|| {
        view! {
            <Card title=text.cellular_ids()>
                <p class="small muted">{text.cellular_ids_why()}</p>
                {facts(names)}
                <ul class="copied">{numbers}</ul>
            </Card>
        }
    })
}

/// One tap marks the whole number; the button is there only where scripts are.
fn copied(text: Text, name: &'static str, number: String) -> impl IntoView {
    let copy = number.clone();
    view! {
        <li>
            <span class="muted">{name}</span>
            <b class="mono">{number}</b>
            <button type="button" class="plain" data-copy=copy data-copied=text.cellular_copied() hidden
                aria-label=format!("{} {name}", text.cellular_copy())>{text.cellular_copy()}</button>
        </li>
    }
}
