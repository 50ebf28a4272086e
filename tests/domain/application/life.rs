//! The life of one application.

use domain::{
    application::{
        Manifest,
        life::{Effect, Event, LOOK, Life, PAUSE, Reason, STARTS, STEADY, Seen, step},
    },
    time::BootMillis,
};
use proptest::prelude::*;

use super::manifest::read;

fn manifest() -> Manifest {
    read(
        "name = \"a\"\ncommand = [\"/bin/a\"]\nstart_timeout = 10\n[health]\ncheck = { tcp = 80 }\ninterval = 5\nretries = 2",
    )
}

/// One that is lived through, with the time.
struct Lived {
    life: Life,
    now: u64,
    done: Vec<Effect>,
}

impl Lived {
    fn new() -> Self {
        Self { life: Life::Stopped, now: 1_000, done: Vec::new() }
    }

    fn on(&mut self, event: Event) -> &mut Self {
        let (life, effects) = step(std::mem::take(&mut self.life), event, BootMillis(self.now), &manifest());
        self.life = life;
        self.done.extend(effects);
        self
    }

    /// Until its next moment.
    fn due(&mut self) -> &mut Self {
        self.now = self.now.max(self.life.deadline().expect("something is due").0);
        self.on(Event::Tick)
    }

    fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.done)
    }

    fn healthy(&mut self) -> &mut Self {
        self.on(Event::Wanted).on(Event::Started(Ok(()))).due().on(Event::Looked(Seen::Healthy))
    }
}

fn ill() -> Event {
    Event::Looked(Seen::Unhealthy("port 80: refused".into()))
}

#[test]
fn it_is_started_looked_at_and_runs() {
    let mut lived = Lived::new();
    lived.healthy();
    assert_eq!(lived.effects(), [Effect::Start, Effect::Look]);
    assert!(matches!(lived.life, Life::Running { .. }));
    let before = lived.now;
    lived.due();
    assert_eq!((lived.now - before, lived.effects()), (5_000, vec![Effect::Look]));
    lived.on(Event::Unwanted);
    assert_eq!((lived.life.clone(), lived.effects()), (Life::Stopped, vec![Effect::Stop]));
}

#[test]
fn nothing_is_looked_at_before_it_is_started() {
    let mut lived = Lived::new();
    lived.on(Event::Wanted);
    lived.now += 30_000;
    lived.on(Event::Tick);
    assert_eq!(lived.effects(), [Effect::Start], "what was before takes its time to end");
    lived.on(Event::Started(Ok(()))).due();
    assert_eq!(lived.effects(), [Effect::Look]);
    // the time to become healthy counts from its start
    lived.on(ill());
    assert!(matches!(lived.life, Life::Starting { .. }));
}

#[test]
fn one_that_is_not_healthy_in_its_time_is_started_anew_and_then_given_up() {
    let mut lived = Lived::new();
    lived.on(Event::Wanted);
    for start in 1..=STARTS {
        lived.on(Event::Started(Ok(())));
        while matches!(lived.life, Life::Starting { .. }) {
            let before = lived.now;
            lived.due().on(ill());
            assert!(lived.now - before <= LOOK);
        }
        let effects = lived.effects();
        assert_eq!(effects.last(), Some(&Effect::Stop), "{start}");
        if start < STARTS {
            let before = lived.now;
            lived.due();
            assert_eq!((lived.now - before, lived.effects()), (PAUSE, vec![Effect::Start]));
        }
    }
    let reason = Reason::NotHealthy { seconds: 10, last: "port 80: refused".into() };
    assert_eq!(lived.life, Life::Failed { reason });
    lived.on(Event::Wanted);
    assert_eq!(lived.effects(), [Effect::Start], "somebody may want it again");
}

#[test]
fn one_miss_is_none_and_two_are_enough() {
    let mut lived = Lived::new();
    lived.healthy().due().on(ill());
    assert!(matches!(lived.life, Life::Running { misses: 1, .. }));
    lived.due().on(Event::Looked(Seen::Healthy));
    assert!(matches!(lived.life, Life::Running { misses: 0, .. }));
    lived.due().on(ill()).due().on(ill());
    let reason = Reason::Unhealthy { last: "port 80: refused".into() };
    assert!(matches!(&lived.life, Life::Pausing { reason: why, .. } if *why == reason), "{:?}", lived.life);
}

#[test]
fn what_failed_long_ago_is_forgotten() {
    let mut lived = Lived::new();
    let gone = || Event::Looked(Seen::Gone(Reason::Exited { code: 1 }));
    lived.healthy();
    for _ in 0..10 {
        lived.due().on(gone()).due().on(Event::Started(Ok(()))).due().on(Event::Looked(Seen::Healthy));
        assert!(matches!(lived.life, Life::Running { failed: 1, .. }), "{:?}", lived.life);
        let until = lived.now + STEADY;
        while lived.now < until {
            lived.due().on(Event::Looked(Seen::Healthy));
        }
        assert!(matches!(lived.life, Life::Running { failed: 0, .. }), "{:?}", lived.life);
    }
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::Wanted),
        Just(Event::Unwanted),
        Just(Event::Started(Ok(()))),
        Just(Event::Started(Err("no".into()))),
        Just(Event::Looked(Seen::Healthy)),
        Just(ill()),
        Just(Event::Looked(Seen::Gone(Reason::Ended))),
        Just(Event::Tick),
    ]
}

proptest! {
    /// It is never started twice without an end between, and nothing is started that nobody wants.
    #[test]
    fn starts_and_ends_alternate(events in prop::collection::vec((any_event(), 0..20_000_u64), 1..60)) {
        let (mut lived, mut open, mut wanted) = (Lived::new(), false, false);
        for (event, pause) in events {
            lived.now += pause;
            match event {
                Event::Wanted => wanted = true,
                Event::Unwanted => wanted = false,
                _ => {}
            }
            lived.on(event);
            for effect in lived.effects() {
                match effect {
                    Effect::Start => {
                        prop_assert!(!open && wanted);
                        open = true;
                    }
                    Effect::Stop => open = false,
                    Effect::Look => prop_assert!(open),
                }
            }
        }
    }
}
