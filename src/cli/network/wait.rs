//! Following an open change to its end, with a countdown.

use std::{
    io::{self, IsTerminal, Write},
    pin::pin,
    time::{Duration, Instant},
};

use futures_util::StreamExt;

use crate::{
    cli::{CliError, Context, words},
    client::here,
    domain::{
        api::Caller,
        fault::Fault,
        network::transaction::{Outcome, PhaseView, TransactionView, TxId},
    },
};

/// For an agent that was restarted in the window. Shorter: a slow start looks like an end. Longer: a person waits for nothing.
const AWAY_LIMIT: Duration = Duration::from_secs(20);
/// Between two tries to reach it.
const AWAY_PAUSE: Duration = Duration::from_millis(500);

/// What is seen of a change from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Open(PhaseView),
    Over(Outcome),
    /// Another change came after it, so that its end is not told any more.
    Gone,
}

fn seen(view: &TransactionView, tx: TxId) -> Seen {
    match (&view.open, &view.last) {
        (Some(open), _) if open.tx == tx => Seen::Open(open.phase.clone()),
        (_, Some(last)) if last.tx() == tx => Seen::Over(last.clone()),
        _ => Seen::Gone,
    }
}

/// Waits until the change is kept or undone, also across a restart of the agent.
pub(super) async fn until_over(context: &Context, tx: TxId) -> Result<Outcome, CliError> {
    let mut display = Display::new(context.output.json, tx);
    let mut away_since = None::<Instant>;
    loop {
        match context.agent.events(&Caller::default()).await {
            Ok(events) => {
                away_since = None;
                if let Some(outcome) = follow(&mut display, pin!(events), tx).await? {
                    return Ok(outcome);
                }
            }
            Err(refusal) if refusal.fault != Fault::AgentAway => return Err(refusal.into()),
            Err(refusal) if away_since.is_some_and(|since| since.elapsed() > AWAY_LIMIT) => return Err(refusal.into()),
            Err(_) => {
                away_since.get_or_insert_with(Instant::now);
            }
        }
        tokio::time::sleep(AWAY_PAUSE).await;
    }
}

/// `None` when the stream ended first.
async fn follow<S>(
    display: &mut Display,
    mut events: std::pin::Pin<&mut S>,
    tx: TxId,
) -> Result<Option<Outcome>, CliError>
where
    S: futures_util::Stream<Item = crate::domain::api::Overview>,
{
    let mut second = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            event = events.next() => {
                let Some(overview) = event else { return Ok(None) };
                match seen(&overview.network.transaction, tx) {
                    Seen::Open(phase) => display.phase(phase),
                    Seen::Over(outcome) => {
                        display.clear();
                        return Ok(Some(outcome));
                    }
                    Seen::Gone => {
                        display.clear();
                        return Err(here(Fault::NoChangeOpen { last: overview.network.transaction.last }).into());
                    }
                }
            }
            _ = second.tick() => display.tick(),
        }
    }
}

/// The line on standard error: rewritten each second on a terminal, else one line a phase.
struct Display {
    quiet: bool,
    terminal: bool,
    tx: TxId,
    phase: Option<(PhaseView, Instant)>,
    told: bool,
}

impl Display {
    fn new(quiet: bool, tx: TxId) -> Self {
        Self { quiet, terminal: io::stderr().is_terminal(), tx, phase: None, told: false }
    }

    fn phase(&mut self, phase: PhaseView) {
        if !self.told && matches!(phase, PhaseView::AwaitingConfirm { .. }) {
            self.told = true;
            self.clear();
            self.write(&how_to_keep(&phase));
        }
        let news = self.phase.as_ref().is_none_or(|(old, _)| !same_kind(old, &phase));
        self.phase = Some((phase, Instant::now()));
        if news && !self.terminal {
            let line = self.line();
            self.write(&format!("{line}\n"));
        }
        self.tick();
    }

    fn line(&self) -> String {
        let Some((phase, since)) = &self.phase else { return String::new() };
        let phase = later(phase, since.elapsed());
        format!("Change {} {}", self.tx.0, words::phase(&phase))
    }

    fn tick(&self) {
        if self.terminal && self.phase.is_some() {
            self.write(&format!("\r\x1b[K{}", self.line()));
        }
    }

    fn clear(&self) {
        if self.terminal {
            self.write("\r\x1b[K");
        }
    }

    /// Whatever happens to the display, the waiting goes on.
    fn write(&self, text: &str) {
        if !self.quiet {
            let mut err = io::stderr().lock();
            drop(err.write_all(text.as_bytes()).and_then(|()| err.flush()));
        }
    }
}

fn same_kind(a: &PhaseView, b: &PhaseView) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

/// The phase as it is some time after it was told.
fn later(phase: &PhaseView, passed: Duration) -> PhaseView {
    let mut phase = phase.clone();
    if let PhaseView::AwaitingConfirm { left, .. } = &mut phase {
        *left = left.saturating_sub(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX));
    }
    phase
}

fn how_to_keep(phase: &PhaseView) -> String {
    let mut text = String::new();
    if let PhaseView::AwaitingConfirm { checks, .. } = phase {
        text.extend(words::checks(checks).into_iter().map(|line| line + "\n"));
    }
    text + "The change is made, and undone by itself unless somebody keeps it:\n  \
        on the pages at the new address, or here in another terminal: gatehouse network confirm\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::network::samples;

    #[test]
    fn sees_its_own_change_and_no_other() {
        let view = samples::status().transaction;
        assert!(matches!(seen(&view, TxId(7)), Seen::Open(PhaseView::AwaitingConfirm { .. })));
        assert_eq!(seen(&view, TxId(6)), Seen::Gone);
        let over = TransactionView { last: Some(Outcome::Committed { tx: TxId(7) }), ..TransactionView::default() };
        assert_eq!(seen(&over, TxId(7)), Seen::Over(Outcome::Committed { tx: TxId(7) }));
        assert_eq!(seen(&over, TxId(8)), Seen::Gone);
    }

    #[test]
    fn counts_down_between_two_events_and_stops_at_nothing() {
        let phase = samples::status().transaction.open.expect("open").phase;
        let text = |seconds| words::phase(&later(&phase, Duration::from_secs(seconds)));
        assert_eq!(text(0), "waits to be kept, 87 s left");
        assert_eq!(text(7), "waits to be kept, 80 s left");
        assert_eq!(text(700), "waits to be kept, 0 s left");
    }

    #[test]
    fn tells_the_checks_and_how_to_keep_it() {
        let phase = samples::status().transaction.open.expect("open").phase;
        insta::assert_snapshot!(how_to_keep(&phase), @"
        ! gateway 10.30.0.1 on lan1 does not answer
        The change is made, and undone by itself unless somebody keeps it:
          on the pages at the new address, or here in another terminal: gatehouse network confirm
        ");
    }
}
