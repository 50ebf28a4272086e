//! The take-overs by this box, with what was measured.

use leptos::prelude::*;

use crate::{
    components::{
        card::Card,
        format::{moment, number},
        words::pair,
    },
    domain::pair::api::{AppOutcome, PairStatus, Takeover},
    text::Text,
};

pub(super) fn card(text: Text, status: &PairStatus) -> impl IntoView + use<> {
    let rows = status.history.iter().map(|takeover| row(text, takeover)).collect::<Vec<_>>();
    let body = if rows.is_empty() {
        view! { <p class="muted">{text.pair_history_none()}</p> }.into_any()
    } else {
        view! {
            <div class="scroll" tabindex="0" role="region" aria-label=text.pair_history()>
                <table>
                    <thead><tr>
                        <th scope="col">{text.pair_history_when()}</th>
                        <th scope="col">{text.pair_history_why()}</th>
                        <th scope="col">{text.pair_history_lease()}</th>
                        <th scope="col">{text.pair_history_address()}</th>
                        <th scope="col">{text.pair_history_applications()}</th>
                        <th scope="col">{text.pair_history_gap()}</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <p class="small muted">{text.pair_history_measured()}</p>
        }
        .into_any()
    };
    view! { <Card title=text.pair_history()>{body}</Card> }
}

fn row(text: Text, takeover: &Takeover) -> impl IntoView + use<> {
    let outcomes = takeover.outcomes.iter().map(|it| outcome(text, it)).collect::<Vec<_>>().join(" · ");
    let outcomes = (!outcomes.is_empty()).then(|| view! { <br /><span class="small muted">{outcomes}</span> });
    view! {
        <tr>
            <td>{moment(takeover.at)}</td>
            <td>{pair::kind(text, takeover.kind)}</td>
            <td class="mono">{millis(Some(takeover.lease))}</td>
            <td class="mono">{millis(takeover.address)}</td>
            <td><span class="mono">{millis(takeover.applications)}</span>{outcomes}</td>
            <td class="mono">{millis(takeover.client_gap)}</td>
        </tr>
    }
}

fn outcome(text: Text, outcome: &AppOutcome) -> String {
    match (&outcome.failed, outcome.took) {
        (Some(reason), _) => text.pair_outcome_failed(&outcome.name, reason),
        (None, took) => text.pair_outcome_ok(millis(took), &outcome.name),
    }
}

fn millis(time: Option<u64>) -> String {
    time.map_or_else(|| "–".to_owned(), |time| format!("{} ms", number(time)))
}
