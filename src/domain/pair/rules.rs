//! One step.

use super::{Answer, Ask, Asked, Effect, Event, Hold, Message, Role, Stamp, State};
use crate::time::BootMillis;

/// Total: whatever comes in whatever role, there is an answer.
pub fn step(state: State, event: Event, now: BootMillis) -> (State, Vec<Effect>) {
    let mut step = Step { state, now, effects: Vec::new() };
    match event {
        Event::Tick => {}
        Event::Heard(message) => step.hear(message),
        Event::Answered { number, answer } => step.answered(number, answer),
        Event::Closed => step.closed(),
        Event::Fit(fit) => step.state.fit = fit,
        Event::Alone(alone) => step.state.alone = alone,
        Event::Release => step.release(),
    }
    step.look();
    (step.state, step.effects)
}

struct Step {
    state: State,
    now: BootMillis,
    effects: Vec<Effect>,
}

impl Step {
    /// What time brings.
    fn look(&mut self) {
        match self.state.role {
            Role::Standby => {
                if self.state.fit && self.state.not_before <= self.now {
                    self.state.role = Role::Acquiring;
                    let released = self.state.released;
                    self.ask(Ask::Acquire { released });
                }
            }
            Role::Acquiring => {
                if self.state.given_up() <= self.now {
                    self.back(self.now.plus(self.state.terms.every));
                }
            }
            Role::Active { epoch } => {
                if self.state.relies_until() <= self.now {
                    self.stop(epoch);
                } else if self.state.next_ask <= self.now {
                    self.keep(epoch);
                }
            }
            Role::Stopping { by, .. } => {
                // whoever closes has killed what was left
                if by <= self.now {
                    self.closed();
                }
            }
        }
    }

    /// Of the active: both holds are asked for again.
    fn keep(&mut self, epoch: u64) {
        self.state.next_ask = self.now.plus(self.state.terms.every);
        // one that has no lease any more wants another one
        let ask =
            if self.state.lease.until > self.now { Ask::Renew { epoch } } else { Ask::Acquire { released: None } };
        self.ask(ask);
        let of = self.stamp();
        self.state.asked_promise = Some((of, self.now));
        self.effects.push(Effect::Say(Message::Ask { of, epoch }));
    }

    fn stamp(&self) -> Stamp {
        Stamp { run: self.state.run, number: self.state.number }
    }

    fn ask(&mut self, ask: Ask) {
        self.state.number += 1;
        let number = self.state.number;
        self.state.asked = Some(Asked { number, ask, sent: self.now });
        self.effects.push(Effect::Ask { number, ask });
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Ask { of, .. } => self.hear_ask(of),
            Message::Promise { to } => {
                let sent = self.state.asked_promise.filter(|(asked, _)| *asked == to);
                if let (Role::Active { .. }, Some((_, sent))) = (self.state.role, sent) {
                    self.state.promise = self.state.hold(sent);
                }
            }
            // one that is older than the last question is over; what was promised before the start is not known
            Message::Released { of, epoch } => {
                let newer = self.state.heard.is_some_and(|heard| heard.run == of.run && heard.number < of.number);
                if self.state.role == Role::Standby && newer {
                    (self.state.promised, self.state.heard) = (self.now, None);
                    self.state.released = Some(epoch);
                    self.state.not_before = self.state.waits.max(self.now);
                }
            }
        }
    }

    /// Whoever wants to be active, or is, promises nothing.
    fn hear_ask(&mut self, of: Stamp) {
        match self.state.role {
            Role::Standby => {}
            Role::Acquiring => {
                self.state.kept_waiting = Some(of);
                return;
            }
            Role::Active { .. } | Role::Stopping { .. } => return,
        }
        self.state.heard = match self.state.heard {
            // messages overtake each other
            Some(heard) if heard.run == of.run => Some(heard.max(of)),
            Some(_) | None if self.state.promised > self.now => None,
            Some(_) | None => Some(of),
        };
        self.state.released = None;
        self.state.promised = self.now.plus(self.state.terms.ttl);
        self.state.not_before = self.state.not_before.max(self.state.promised);
        self.effects.push(Effect::Say(Message::Promise { to: of }));
    }

    fn answered(&mut self, number: u64, answer: Answer) {
        // one that was given up is not heard
        let Some(asked) = self.state.asked.filter(|asked| asked.number == number) else { return };
        self.state.asked = None;
        match (self.state.role, asked.ask, answer) {
            (Role::Acquiring, Ask::Acquire { .. }, Answer::Granted { epoch }) => {
                let hold = self.state.hold(asked.sent);
                if hold.until <= self.now {
                    self.ask(Ask::Release { epoch });
                    self.back(self.now.plus(self.state.terms.every));
                    return;
                }
                (self.state.lease, self.state.promise) = (hold, Hold::default());
                (self.state.kept_waiting, self.state.released) = (None, None);
                (self.state.role, self.state.next_ask) = (Role::Active { epoch }, self.now);
                self.effects.push(Effect::Open { epoch });
            }
            (Role::Acquiring, _, _) => self.back(self.now.plus(self.state.terms.every)),
            (Role::Active { .. }, Ask::Renew { .. }, Answer::Granted { .. }) => {
                self.state.lease = self.state.hold(asked.sent);
            }
            (Role::Active { epoch: before }, Ask::Acquire { .. }, Answer::Granted { epoch }) => {
                self.state.lease = self.state.hold(asked.sent);
                if epoch != before {
                    self.state.role = Role::Active { epoch };
                    self.effects.push(Effect::Goes { epoch });
                }
            }
            (Role::Active { .. }, _, Answer::Refused) => self.state.lease = Hold::default(),
            (Role::Active { .. } | Role::Standby | Role::Stopping { .. }, _, _) => {}
        }
    }

    fn back(&mut self, not_before: BootMillis) {
        self.state.role = Role::Standby;
        self.state.not_before = self.state.not_before.max(not_before);
        if let Some(of) = self.state.kept_waiting.take() {
            self.hear_ask(of);
        }
    }

    fn release(&mut self) {
        match self.state.role {
            Role::Active { epoch } => self.stop(epoch),
            Role::Acquiring => {
                // its answer is not heard any more
                self.state.asked = None;
                self.back(self.now.plus(2 * self.state.terms.ttl));
            }
            Role::Standby | Role::Stopping { .. } => {}
        }
    }

    fn stop(&mut self, epoch: u64) {
        let by = self.state.ends();
        self.state.role = Role::Stopping { epoch, by };
        self.effects.push(Effect::Close { by });
    }

    /// The other one need not wait for what is not used any more; and has its turn first.
    fn closed(&mut self) {
        let Role::Stopping { epoch, .. } = self.state.role else { return };
        (self.state.lease, self.state.promise) = Default::default();
        self.state.asked_promise = None;
        self.ask(Ask::Release { epoch });
        let of = self.stamp();
        self.effects.push(Effect::Say(Message::Released { of, epoch }));
        self.back(self.now.plus(2 * self.state.terms.ttl));
    }
}
