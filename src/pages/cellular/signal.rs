//! The network that serves the modem, and how its signal was in the last hours.

use leptos::prelude::*;

use crate::{
    components::{
        card::{Card, Fact, facts},
        format::duration,
        note::Note,
        tag::Mood,
    },
    domain::cellular::{
        api::{CellularStatus, Sample, ServingView},
        modem::Registration,
        signal::{Advice, Signal},
    },
    text::Text,
};

/// Of the drawing, in its own units.
const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 100.0;
const BARS: u8 = 5;
/// What the drawing shows at the least: milliseconds.
const SHORTEST: u64 = 900_000;

pub(super) fn card(text: Text, status: &CellularStatus) -> impl IntoView + use<> {
    let now = status.network.as_ref().map_or_else(
        || view! { <p class="muted">{text.cellular_not_registered()}</p> }.into_any(),
        |network| serving(text, network).into_any(),
    );
    let history = history(text, status);
    view! {
        <Card title=text.cellular_signal()>
            {now}
            <div class="part"><h3>{text.cellular_history()}</h3>{history}</div>
        </Card>
    }
}

fn serving(text: Text, network: &ServingView) -> impl IntoView + use<> {
    let roaming = network.registration == Registration::Roaming;
    let registration = if roaming { text.cellular_roaming_now() } else { text.cellular_home() };
    let operator = match (&network.operator.code, network.operator.name.as_str()) {
        (Some(code), "") => code.to_string(),
        (Some(code), name) => format!("{name} ({code})"),
        (None, name) => name.to_owned(),
    };
    let bars = network.bars.map_or_else(|| text.cellular_no_signal().to_owned(), |bars| text.cellular_bars(bars));
    let mut rows = vec![
        (text.cellular_serving().to_owned(), Fact::Text(operator)),
        (text.cellular_registration().to_owned(), Fact::Text(registration.to_owned())),
        (
            text.cellular_tech().to_owned(),
            Fact::text(network.technology.map(|technology| technology.name().to_uppercase())),
        ),
        (text.cellular_signal().to_owned(), Fact::Text(bars)),
    ];
    rows.extend(measured(&network.signal));
    let advice = network.advice.map(|advice| {
        let said = match advice {
            Advice::Interference => text.cellular_interference(),
            Advice::Antenna => text.cellular_antenna(),
        };
        view! { <Note mood=Mood::Warn title=said>""</Note> }
    });
    view! { {facts(rows)}{advice} }
}

/// Their names are the same in each language.
fn measured(signal: &Signal) -> Vec<(String, Fact)> {
    let values = [
        ("RSRP", signal.rsrp, "dBm"),
        ("RSRQ", signal.rsrq, "dB"),
        ("SNR", signal.snr, "dB"),
        ("RSSI", signal.rssi, "dBm"),
    ];
    let told = values.into_iter().filter_map(|(name, value, unit)| Some((name, value?, unit)));
    told.map(|(name, value, unit)| (name.to_owned(), Fact::Code(format!("{value} {unit}")))).collect()
}

fn history(text: Text, status: &CellularStatus) -> impl IntoView + use<> {
    let known = || status.history.iter().filter_map(|sample| Some((sample.at, sample.bars?)));
    let (Some(least), Some(most), Some((first, _))) =
        (known().map(|(_, bars)| bars).min(), known().map(|(_, bars)| bars).max(), known().next())
    else {
        return view! { <p class="muted">{text.cellular_history_none()}</p> }.into_any();
    };
    let span = status.at.left(first).max(SHORTEST);
    let said = text.cellular_history_said(least, most, duration(text, span.div_ceil(60_000) * 60));
    let line = line(&status.history, status.at.0, span);
    let grid = (1..=BARS).map(|bars| {
        let y = height(bars).to_string();
        view! { <line x1="0" x2=WIDTH.to_string() y1=y.clone() y2=y /> }
    });
    let grid = grid.collect_view();
    let label = said.clone();
    view! {
        <svg class="plot" viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=label preserveAspectRatio="none">
            <g>{grid}</g>
            <path d=line />
        </svg>
        <p class="small muted">{said}</p>
    }
    .into_any()
}

fn height(bars: u8) -> f64 {
    HEIGHT - f64::from(bars) * (HEIGHT - 5.0) / f64::from(BARS)
}

/// A step for each sample; a gap where there was no signal.
fn line(history: &[Sample], now: u64, span: u64) -> String {
    // minutes of hours: far below what a float holds
    #[expect(clippy::cast_precision_loss, reason = "a span of hours in milliseconds")]
    let x = |at: u64| WIDTH * (1.0 - now.saturating_sub(at) as f64 / span as f64);
    let mut path = String::new();
    let mut drawn = false;
    for (sample, next) in history.iter().zip(history.iter().skip(1).map(|next| next.at.0).chain([now])) {
        let Some(bars) = sample.bars.filter(|_| now.saturating_sub(sample.at.0) <= span) else {
            drawn = false;
            continue;
        };
        let (command, y) = (if drawn { 'L' } else { 'M' }, height(bars));
        path.extend([format!("{command}{:.1} {y:.1}H{:.1}", x(sample.at.0), x(next))]);
        drawn = true;
    }
    path
}
