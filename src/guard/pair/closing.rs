//! The end of what is open: first the gate, then whatever does not end by itself, and all of it before the lease is another one's.

use super::{Pair, kernel};
use crate::{
    clock,
    domain::{
        pair::{Event, guard},
        time::BootMillis,
    },
    guard::pair::end,
};

/// How long keepalived may take for giving up the address: it takes some 5 ms.
const GIVES_UP: u64 = 100;
/// Before all must be closed: to kill what is left, and to take the address away.
const LAST_MOMENT: u64 = 60;

/// Everything that is open is being closed.
#[derive(Clone, Copy)]
pub struct Closing {
    pub by: BootMillis,
    /// keepalived is killed then.
    pub patience: BootMillis,
    pub address_gone: bool,
    pub stopped: bool,
}

impl Pair {
    pub(super) fn close(&mut self, by: BootMillis) {
        self.gate(false);
        let now = clock::now();
        let had_address = self.of.as_ref().is_some_and(|of| of.config.virtual_ip.is_some());
        self.closing = Some(Closing {
            by,
            patience: now.plus(GIVES_UP).min(last_moment(by)),
            address_gone: !had_address,
            stopped: self.running.is_empty(),
        });
    }

    /// All of it, at once.
    pub(super) fn shut(&mut self) {
        self.gate(false);
        self.keepalived.kill();
        self.remove_address();
        self.kill_running();
        self.closing = None;
        self.of = None;
    }

    /// The next part of closing, if it is its time.
    pub(super) fn close_on(&mut self, now: BootMillis) {
        let Some(mut closing) = self.closing else { return };
        if !closing.address_gone && closing.patience <= now {
            tracing::warn!("keepalived does not give the address up: it is killed");
            self.keepalived.kill();
            closing.address_gone = true;
        }
        if last_moment(closing.by) <= now && !closing.stopped {
            tracing::warn!("applications have not stopped in time: they are killed");
            self.kill_running();
            closing.stopped = true;
        }
        self.closing = Some(closing);
        if closing.address_gone && closing.stopped {
            // also where keepalived said so
            self.remove_address();
            self.closing = None;
            self.drive(Event::Closed);
        }
    }

    fn kill_running(&mut self) {
        self.running.iter().for_each(end::kill);
    }

    pub(super) fn gate(&mut self, open: bool) {
        if let Err(error) = self.keepalived.gate(open) {
            tracing::error!(%error, open, "the gate cannot be written: keepalived is killed");
            self.keepalived.kill();
            self.remove_address();
        }
    }

    pub(super) fn remove_address(&self) {
        if let Some(virtual_ip) = self.of.as_ref().and_then(|of| of.config.virtual_ip.as_ref()) {
            removed(virtual_ip);
        }
    }
}

pub fn last_moment(by: BootMillis) -> BootMillis {
    BootMillis(by.0.saturating_sub(LAST_MOMENT))
}

pub fn removed(virtual_ip: &guard::OnInterface) {
    if let Err(error) = kernel::remove(&virtual_ip.interface, virtual_ip.address) {
        tracing::error!(%error, address = %virtual_ip.address, "the virtual IP cannot be taken away");
    }
}
