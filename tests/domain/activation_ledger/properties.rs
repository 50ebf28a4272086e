//! Random lives of a box: whatever is begun, stopped, lost, refused and read back from the disk, no request is forgotten that the registry
//! may know.

use domain::{
    activation::{
        api::{Offered, Stage, Step},
        ledger::{Ended, Ledger, Next},
    },
    cluster::{names::RequestId, problem::Problem},
};
use proptest::{collection::vec, prelude::*};

use super::{refused, support::*};

#[derive(Clone, Copy, Debug)]
enum Event {
    Begin,
    Stop,
    /// The step that is under way did what it is for.
    Well,
    Away,
    Useless,
    /// By one of the problems.
    Refused(usize),
    Type(u8),
    /// Every open question is answered.
    Answer,
    Offered,
    Unasked,
    CodeRefused(usize),
    Brought,
    Told,
    Removed,
    /// The agent starts anew.
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    let problem = 0..refused::problems().len();
    prop_oneof![
        6 => Just(Event::Begin),
        4 => Just(Event::Stop),
        9 => Just(Event::Well),
        4 => Just(Event::Away),
        1 => Just(Event::Useless),
        1 => problem.clone().prop_map(Event::Refused),
        1 => (0..3_u8).prop_map(Event::Type),
        4 => Just(Event::Answer),
        1 => Just(Event::Offered),
        1 => Just(Event::Unasked),
        1 => problem.prop_map(Event::CodeRefused),
        1 => prop::bool::weighted(0.3).prop_map(|yes| if yes { Event::Brought } else { Event::Told }),
        1 => Just(Event::Removed),
        3 => Just(Event::Restart),
    ]
}

/// The ledger, and what a registry may know without the box having heard it.
struct Life {
    ledger: Ledger,
    asked: Option<RequestId>,
    requests: u32,
}

impl Life {
    /// The step that is done now.
    fn step(&self) -> Option<Step> {
        self.ledger.work.as_ref().map(|work| work.step)
    }

    fn by_hand(&self) -> bool {
        self.ledger.work.as_ref().is_some_and(|work| work.by_hand)
    }

    fn end(&mut self, ended: impl FnOnce(Step) -> Ended) {
        let Some(step) = self.step() else { return };
        let ended = ended(step);
        let refused = matches!(ended, Ended::Refused(_));
        self.ledger.ended(step, ended, NOW, 0);
        // it has said no, or the box is a member
        if (refused && step == Step::Activate) || self.ledger.stage() == Stage::Active {
            self.asked = None;
        }
        if self.step() == Some(Step::Activate) {
            self.asked = asked(&self.ledger);
        }
    }

    fn happens(&mut self, event: Event) {
        let answering = self.ledger.answering().is_ok();
        match event {
            Event::Begin => {
                self.requests += 1;
                let new = request(self.requests);
                if self.ledger.begin(new.clone(), NOW).is_ok() {
                    let expected = self.asked.clone().unwrap_or(new);
                    assert_eq!(asked(&self.ledger), Some(expected), "what the registry may know is asked again");
                }
            }
            Event::Stop => drop(self.ledger.stop()),
            Event::Well => self.end(well),
            Event::Away => self.end(|_| Ended::Away(silent())),
            Event::Useless if self.ledger.work.as_ref().is_some_and(|work| work.answer.is_some()) => {
                self.end(|_| Ended::Useless(silent()));
            }
            Event::Refused(n) => self.end(|_| Ended::Refused(refused::problems().swap_remove(n).0)),
            Event::Type(n) if answering => {
                if self.ledger.code != Some(code(n)) {
                    self.asked = None;
                }
                self.ledger.typed(code(n), trust());
            }
            Event::Answer if answering => {
                let seen = self.ledger.code.is_some().then(|| draft().code).flatten();
                self.ledger.draft = domain::activation::api::Draft { code: seen, ..draft() };
            }
            Event::Offered if answering && self.ledger.code.is_some() => {
                self.ledger.offered(Offered { at: NOW, preview: preview() });
            }
            Event::Unasked if answering && self.ledger.code.is_some() => drop(self.ledger.unasked(silent(), NOW, 0)),
            Event::CodeRefused(n) if answering && self.ledger.code.is_some() => {
                self.ledger.code_refused(refused::problems().swap_remove(n).0);
            }
            Event::Brought if answering => drop(self.ledger.brought(parse("by-hand"), info(), trust(), NOW)),
            Event::Told if self.ledger.stage() == Stage::Active => self.ledger.told(info(), NOW),
            Event::Removed if self.ledger.stage() == Stage::Active => {
                self.ledger.refused_as_member(&Problem::HostRemoved { at: NOW }, NOW);
            }
            Event::Restart => {
                let next = self.ledger.resume();
                self.ledger = read_back(&self.ledger);
                assert_eq!(self.ledger.resume(), next, "it goes on where it was");
            }
            Event::Useless
            | Event::Type(_)
            | Event::Answer
            | Event::Offered
            | Event::Unasked
            | Event::CodeRefused(_)
            | Event::Brought
            | Event::Told
            | Event::Removed => {}
        }
    }

    fn holds(&self) {
        let ledger = &self.ledger;
        assert_eq!(&read_back(ledger), ledger, "what is saved is what is read");
        let by_wire = self.step().filter(|step| *step >= Step::Activate && !self.by_hand());
        if by_wire.is_some() {
            assert_eq!(asked(ledger), self.asked);
        }
        if self.asked.is_some() && ledger.work.is_none() {
            assert_eq!(ledger.unsure, self.asked);
        }
        match ledger.resume() {
            Next::Do(step) => assert_eq!((self.step(), ledger.stage()), (Some(step), Stage::Working)),
            Next::Ask => assert!(ledger.code.is_some() && ledger.stage() == Stage::Answering),
            Next::Poll => assert_eq!(ledger.stage(), Stage::Active),
            Next::Rest => assert_ne!(ledger.stage(), Stage::Active),
            Next::Wait(_) => panic!("who starts does not wait"),
        }
        let after = ledger.work.as_ref().is_some_and(|work| work.step > Step::Activate);
        assert_eq!(
            ledger.work.as_ref().is_some_and(|work| work.answer.is_some()),
            after,
            "an answer, and what needs it"
        );
        if ledger.stage() == Stage::Active {
            assert_eq!((ledger.code.as_ref(), ledger.unsure.as_ref(), ledger.by_hand.as_ref()), (None, None, None));
        }
    }
}

proptest! {
    #[test]
    fn no_request_is_forgotten_that_the_registry_may_know(events in vec(event(), 0..120)) {
        let mut life = Life { ledger: answered(), asked: None, requests: 0 };
        for event in events {
            life.happens(event);
            life.holds();
        }
    }

    /// A registry that answers ends it, however often it did not, and wherever the agent was killed meanwhile.
    #[test]
    fn whatever_was_lost_it_ends(lost in vec(any::<(bool, u8)>(), 0..40)) {
        let mut ledger = answered();
        let mut next = ledger.begin(request(1), NOW).expect("answered");
        let mut lost = lost.into_iter();
        for _ in 0..60 {
            let Next::Do(step) = next else { break };
            let (is_lost, jitter) = lost.next().unwrap_or_default();
            let ended = if is_lost { Ended::Away(silent()) } else { well(step) };
            ledger.ended(step, ended, NOW, jitter);
            ledger = read_back(&ledger);
            if let Some(work) = &ledger.work {
                prop_assert_eq!(&work.request, &request(1));
            }
            next = ledger.resume();
        }
        prop_assert_eq!((next, ledger.stage()), (Next::Poll, Stage::Active));
    }
}
