//! The stories that the rules are for.

use domain::pair::{Answer, Ask, Event, Message, Role, Terms};

use super::world::{Letter, World};

const TTL: u64 = 100;

fn terms() -> Terms {
    Terms::of(TTL)
}

/// Letters arrive at once, except those that `lost` names.
fn goes(world: &mut World, moments: u64, lost: impl Fn(&Letter) -> bool) {
    for _ in 0..moments {
        world.passes();
        while let Some(letter) = world.letters.iter().next().copied() {
            if lost(&letter.1) {
                world.letters.remove(&letter);
            } else {
                world.arrives(letter);
            }
        }
        assert!(world.active().len() < 2, "two actives at {}: {world:?}", world.now);
    }
}

fn none(_: &Letter) -> bool {
    false
}

fn heartbeat(letter: &Letter) -> bool {
    matches!(letter, Letter::Heartbeat { .. })
}

fn registry(letter: &Letter) -> bool {
    !heartbeat(letter)
}

/// Both boot at once; one of them becomes active.
fn pair() -> (World, usize) {
    let mut world = World::new(terms());
    goes(&mut world, TTL - 1, none);
    assert_eq!(world.active(), [0; 0], "whoever has just started may have promised");
    goes(&mut world, TTL, none);
    let [active] = world.active()[..] else { panic!("{world:?}") };
    (world, active)
}

#[test]
fn of_two_that_start_at_once_one_becomes_active_and_stays_it() {
    let (mut world, active) = pair();
    goes(&mut world, 20 * TTL, none);
    assert_eq!(world.active(), [active]);
    assert_eq!(world.epoch, 1);
}

#[test]
fn without_the_registry_a_healthy_pair_goes_on() {
    let (mut world, active) = pair();
    goes(&mut world, 20 * TTL, registry);
    assert_eq!(world.active(), [active]);
    // and when it is back, the active has its lease again
    goes(&mut world, TTL, none);
    assert_eq!(world.lease.map(|(holder, ..)| holder), Some(active));
    goes(&mut world, 20 * TTL, heartbeat);
    assert_eq!(world.active(), [active], "the lease is enough");
}

#[test]
fn without_registry_and_peer_it_stops_before_its_time_is_over() {
    let (mut world, active) = pair();
    let since = world.now;
    while !world.active().is_empty() {
        goes(&mut world, 1, |_| true);
    }
    let took = world.now - since;
    assert!((terms().relies - terms().every..TTL).contains(&took), "{took}");
    goes(&mut world, 5 * TTL, |_| true);
    assert_eq!(world.active(), [0; 0], "nobody");
    goes(&mut world, 4 * TTL, none);
    assert_eq!(world.active().len(), 1, "the one or the other, {active} or not");
}

#[test]
fn when_the_active_dies_the_standby_takes_over_within_a_ttl_and_a_moment() {
    let (mut world, active) = pair();
    let died = world.now;
    world.crashes(active);
    while world.active().is_empty() {
        goes(&mut world, 1, none);
    }
    let took = world.now - died;
    assert_eq!(world.active(), [1 - active]);
    assert!(took <= TTL + terms().every + 5, "{took}");
    // the dead one comes back, and asks for nothing
    world.starts(active);
    goes(&mut world, 20 * TTL, none);
    assert_eq!((world.active(), world.epoch), (vec![1 - active], 2));
}

#[test]
fn a_switchover_does_not_wait_for_any_time_to_run_out() {
    let (mut world, active) = pair();
    goes(&mut world, TTL, none);
    let asked = world.now;
    world.on(active, Event::Release);
    assert!(matches!(world.role(active), Some(Role::Stopping { .. })));
    world.on(active, Event::Closed);
    while world.active().is_empty() {
        goes(&mut world, 1, none);
    }
    assert_eq!(world.active(), [1 - active]);
    assert!(world.now - asked <= 3, "{}", world.now - asked);
    goes(&mut world, 20 * TTL, none);
    assert_eq!(world.active(), [1 - active], "it stays there");
}

#[test]
fn who_is_not_fit_does_not_take_over() {
    let (mut world, active) = pair();
    world.on(1 - active, Event::Fit(false));
    world.crashes(active);
    goes(&mut world, 20 * TTL, none);
    assert_eq!(world.active(), [0; 0]);
    world.on(1 - active, Event::Fit(true));
    goes(&mut world, 3 * TTL, none);
    assert_eq!(world.active(), [1 - active]);
}

#[test]
fn an_outage_of_both_that_is_shorter_than_the_time_left_changes_nothing() {
    let (mut world, active) = pair();
    for _ in 0..10 {
        goes(&mut world, terms().relies - 2 * terms().every, |_| true);
        goes(&mut world, 2 * terms().every, none);
        assert_eq!(world.active(), [active]);
    }
}

/// The registry's epochs grow with each acquire, also of whoever holds the lease: otherwise this release would end a lease that is relied on.
#[test]
fn a_release_that_arrives_late_takes_nothing_away() {
    let (mut world, active) = pair();
    let is_release = |letter: &Letter| matches!(letter, Letter::Asked { ask: Ask::Release { .. }, .. });
    world.registry_away = true;
    world.on(active, Event::Release);
    world.on(active, Event::Closed);
    let late = world.letters.iter().copied().find(|(_, letter)| is_release(letter)).expect("a release");
    world.letters.clear();
    // the other one is not fit for as long, and the registry forgets nothing while it is away
    world.on(1 - active, Event::Fit(false));
    goes(&mut world, 2 * TTL - 1, |_| true);
    world.registry_away = false;
    world.lease = world.lease.map(|(holder, epoch, _)| (holder, epoch, world.now + TTL));
    goes(&mut world, 5, heartbeat);
    assert_eq!(world.active(), [active], "again");
    world.on(1 - active, Event::Fit(true));
    world.arrives(late);
    goes(&mut world, 10 * TTL, heartbeat);
    assert_eq!(world.active(), [active]);
}

/// Of this box to the registry, and back.
fn registry_of(at: usize) -> impl Fn(&Letter) -> bool {
    move |letter| match letter {
        Letter::Asked { by: other, .. } | Letter::Answered { to: other, .. } => *other == at,
        Letter::Heartbeat { .. } => false,
    }
}

/// The active has lost the registry, and its lease has ended there: it goes on by the standby's promise.
fn by_promise() -> (World, usize) {
    let (mut world, active) = pair();
    goes(&mut world, 3 * TTL, registry_of(active));
    assert_eq!((world.active(), world.lease), (vec![active], None));
    (world, active)
}

#[test]
fn a_promise_is_kept_also_where_the_registry_would_grant() {
    let (mut world, active) = by_promise();
    goes(&mut world, 20 * TTL, registry_of(active));
    assert_eq!((world.active(), world.epoch), (vec![active], 1));
}

#[test]
fn a_standby_that_is_started_anew_keeps_what_it_may_have_promised() {
    let (mut world, active) = by_promise();
    world.crashes(1 - active);
    world.starts(1 - active);
    // from here on the active hears of nobody
    while world.active() == [active] {
        goes(&mut world, 1, |letter| registry_of(active)(letter) || heartbeat(letter));
    }
    goes(&mut world, 5 * TTL, |letter| registry_of(active)(letter) || heartbeat(letter));
    assert_eq!(world.active(), [1 - active]);
}

#[test]
fn time_counts_from_the_question_and_not_from_the_answer() {
    let (mut world, active) = pair();
    // started anew, and for a while not fit
    world.crashes(active);
    world.starts(active);
    world.on(active, Event::Fit(false));
    let is_grant = |letter: &Letter| matches!(letter, Letter::Answered { answer: Answer::Granted { .. }, .. });
    let late = loop {
        world.passes();
        while let Some(letter) = world.letters.iter().copied().find(|(_, letter)| !is_grant(letter)) {
            world.arrives(letter);
        }
        if let Some(letter) = world.letters.iter().copied().find(|(_, letter)| is_grant(letter)) {
            break letter;
        }
    };
    world.letters.clear();
    // as late as it is heard at all
    goes(&mut world, 2 * terms().every - 1, |_| true);
    world.arrives(late);
    assert_eq!(world.active(), [1 - active]);
    world.on(active, Event::Fit(true));
    goes(&mut world, 5 * TTL, |letter| registry_of(1 - active)(letter) || heartbeat(letter));
    assert_eq!(world.active(), [active], "and not before the other one has ended");
}

#[test]
fn who_has_asked_for_the_lease_promises_nothing() {
    let (start, active) = pair();
    let standby = 1 - active;
    let mut taken = 0;
    // their pace is the same, and so it matters when each began
    for (began, alone) in (0..terms().every).flat_map(|began| (40..80).map(move |alone| (began, alone))) {
        let mut world = start.clone();
        goes(&mut world, began, heartbeat);
        world.crashes(standby);
        world.starts(standby);
        // the standby hears nothing, and tries; then the active loses the registry, too
        goes(&mut world, 2 * TTL, heartbeat);
        goes(&mut world, alone, |letter| heartbeat(letter) || registry_of(active)(letter));
        // now it is heard again, while a question of the standby takes so long that the lease ends meanwhile
        let asks =
            |letter: &Letter| matches!(letter, Letter::Asked { by, ask: Ask::Acquire { .. }, .. } if *by == standby);
        let mut held = None;
        for _ in 0..TTL {
            world.passes();
            while let Some(letter) = world.letters.iter().copied().next() {
                if asks(&letter.1) {
                    held.get_or_insert(letter);
                }
                let heard = held.is_some() || !heartbeat(&letter.1);
                if asks(&letter.1) || registry_of(active)(&letter.1) || !heard {
                    world.letters.remove(&letter);
                } else {
                    world.arrives(letter);
                }
            }
            if let Some(letter) = held.filter(|_| world.lease.is_none()) {
                world.arrives(letter);
                let answer =
                    world.letters.iter().copied().find(|(_, letter)| matches!(letter, Letter::Answered { .. }));
                world.arrives(answer.expect("granted"));
                break;
            }
        }
        assert!(world.active().len() < 2, "two actives: {world:?}");
        taken += usize::from(world.active() == [standby]);
    }
    assert!(taken > 0, "the standby is granted it in some of them");
}

#[test]
fn a_release_of_before_that_arrives_late_ends_no_promise() {
    let (mut world, active) = pair();
    world.on(1 - active, Event::Fit(false));
    world.on(active, Event::Release);
    world.on(active, Event::Closed);
    let is_release = |letter: &Letter| matches!(letter, Letter::Heartbeat { message: Message::Released { .. }, .. });
    let late = world.letters.iter().copied().find(|(_, letter)| is_release(letter)).expect("a release");
    world.letters.remove(&late);
    goes(&mut world, 3 * TTL, none);
    assert_eq!(world.active(), [active], "again, since the other one is not fit");
    world.on(1 - active, Event::Fit(true));
    goes(&mut world, 3 * TTL, registry_of(active));
    assert_eq!((world.active(), world.lease), (vec![active], None), "by the promise");
    world.letters.insert(late);
    world.arrives(late);
    goes(&mut world, 5 * TTL, registry_of(active));
    assert_eq!(world.active(), [active]);
}

#[test]
fn one_whose_peer_is_still_to_come_goes_on_alone_until_the_peer_is_there() {
    let mut world = World::new(terms());
    world.on(1, Event::Fit(false));
    world.on(0, Event::Alone(true));
    goes(&mut world, 3 * TTL, heartbeat);
    assert_eq!(world.active(), [0], "by the registry's lease");
    goes(&mut world, 20 * TTL, |_| true);
    assert_eq!(world.active(), [0], "nobody could take over");
    world.on(0, Event::Alone(false));
    goes(&mut world, 1, |_| true);
    assert_eq!(world.active(), [0; 0], "from now on lease or promise is needed");
}
