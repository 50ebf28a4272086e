//! The SIM is never locked by the box.

use domain::{
    cellular::{
        cause::{Cause, Failure},
        machine::{Ask, Effect, Event, Operation, Saved, State, Success, step},
        modem::{Lock, Modem, ModemState, Sim, Tries},
        pin::{AskWhy, by_itself, is_risky},
        request::PinChange,
    },
    fault::Fault,
    secret::Secret,
    time::BootMillis,
};

use super::world::{Box_, OTHER_SIM, SIM, iccid, kept, locked, memory, modem, performed, seen, spec};

fn pin(digits: &str) -> domain::cellular::ids::Pin {
    Secret::new(digits).try_into().expect("a PIN")
}

fn refused(error: &str) -> Result<Success, Failure> {
    Err(Failure::refused(&format!("org.freedesktop.ModemManager1.Error.{error}")))
}

#[test]
fn the_box_sends_the_pin_of_this_sim_and_of_no_other() {
    let modem = locked(Some(3));
    let none = memory(&[]);
    assert_eq!(by_itself(&modem, &[kept(OTHER_SIM, "9999")], &none), Err(AskWhy::NotKept));
    assert_eq!(by_itself(&modem, &[kept(OTHER_SIM, "9999"), kept(SIM, "1234")], &none), Ok(&pin("1234")));
    let unnamed = Modem { sim: Some(Sim::default()), ..locked(Some(3)) };
    assert_eq!(by_itself(&unnamed, &[kept(SIM, "1234")], &none), Err(AskWhy::SimUnknown));
}

#[test]
fn the_last_try_is_not_the_boxs_and_unknown_tries_are_told() {
    let pins = [kept(SIM, "1234")];
    for (left, expected) in [
        (Some(3), Ok(&pins[0].pin)),
        (Some(2), Ok(&pins[0].pin)),
        (Some(1), Err(AskWhy::LastTry)),
        (Some(0), Err(AskWhy::LastTry)),
        (None, Ok(&pins[0].pin)),
    ] {
        assert_eq!(by_itself(&locked(left), &pins, &memory(&[])), expected, "{left:?}");
    }
    // ModemManager says 999 for what it does not know
    assert_eq!(Tries::of([(2, 999), (4, 10), (77, 1)]), Tries { pin: None, puk: Some(10) });
    let refused = Box_::new(spec(), vec![]).ask(Ask::Unlock { pin: pin("1234"), keep: true, last: false });
    assert!(matches!(refused[..], [Effect::Answer(Err(Fault::Cellular { cause: Cause::NoManager }))]));
}

#[test]
fn what_was_tried_is_on_the_disk_before_it_is_tried() {
    let state = State::new(Saved { spec: spec(), pins: vec![kept(SIM, "1234")], ..Saved::default() });
    let (state, effects) = step(state, seen(locked(Some(3))), BootMillis(5));
    let [Effect::Keep(written)] = &effects[..] else { panic!("{effects:?}") };
    assert!(written.tried.contains(&iccid(SIM)));
    // a disk that is full: nothing is sent, not even later
    let (state, effects) = step(state, Event::Kept(false), BootMillis(6));
    assert_eq!(effects, []);
    let (state, effects) = step(state, seen(locked(Some(3))), BootMillis(7));
    assert_eq!(effects, []);
    assert_eq!(state.cause(), Some(Cause::PinNeeded { why: AskWhy::TriedAlready }));
}

#[test]
fn one_try_in_a_boot_also_after_the_agent_was_started_anew() {
    let mut one = Box_::new(spec(), vec![kept(SIM, "1234")]);
    let Some(Operation::SendPin { pin: sent, sim, .. }) = one.operation(seen(locked(Some(3)))) else { panic!() };
    assert_eq!((sent.expose(), sim), ("1234", Some(iccid(SIM))));
    // no answer came: nobody knows whether it has cost a try
    assert_eq!(performed(one.done(Err(Failure::Late))), []);
    assert_eq!(one.operation(seen(locked(Some(2)))), None);

    let saved = Saved { spec: spec(), pins: vec![kept(SIM, "1234")], memory: memory(&[SIM]), ..Saved::default() };
    assert_eq!(Box_::with(saved.clone()).operation(seen(locked(Some(3)))), None);
    let next_boot = Saved { memory: memory(&[SIM]).in_boot("another"), ..saved };
    assert!(Box_::with(next_boot).operation(seen(locked(Some(3)))).is_some());
}

#[test]
fn a_pin_that_the_sim_refuses_is_forgotten() {
    let mut one = Box_::new(spec(), vec![kept(SIM, "9999"), kept(OTHER_SIM, "1111")]);
    assert!(one.operation(seen(locked(Some(3)))).is_some());
    one.on(seen(locked(Some(2))));
    let effects = one.done(refused("MobileEquipment.IncorrectPassword"));
    assert!(effects.contains(&Effect::KeepPins(vec![kept(OTHER_SIM, "1111")])), "{effects:?}");
    assert_eq!(one.state.cause(), Some(Cause::PinWrong { left: Some(2) }));
    assert_eq!(one.operation(seen(locked(Some(2)))), None);
}

#[test]
fn an_accepted_pin_may_be_sent_again_when_the_modem_was_reset() {
    let mut one = Box_::new(spec(), vec![kept(SIM, "1234")]);
    assert!(one.operation(seen(locked(Some(3)))).is_some());
    one.on(seen(Modem { state: ModemState::Disabled, ..modem() }));
    assert_eq!(performed(one.done(Ok(Success::Done))), [Operation::Enable]);
    one.on(seen(Modem { object: 2, ..locked(Some(3)) }));
    assert!(matches!(performed(one.done(Err(Failure::Gone)))[..], [Operation::SendPin { .. }]));
}

#[test]
fn a_sim_that_changes_at_the_last_moment_gets_nothing() {
    let state = State::new(Saved { spec: spec(), pins: vec![kept(SIM, "1234")], ..Saved::default() });
    let (state, _) = step(state, seen(locked(Some(3))), BootMillis(5));
    let other = Sim { iccid: Some(iccid(OTHER_SIM)), ..Sim::default() };
    let swapped = Modem { object: 2, sim: Some(other), ..locked(Some(3)) };
    let (state, _) = step(state, seen(swapped), BootMillis(6));
    let (_, effects) = step(state, Event::Kept(true), BootMillis(7));
    assert_eq!(performed(effects), []);
}

#[test]
fn a_person_may_use_the_last_try_and_must_say_so() {
    let unlock = |last| Ask::Unlock { pin: pin("1234"), keep: true, last };
    let mut one = Box_::new(spec(), vec![]);
    one.on(seen(locked(Some(1))));
    assert!(is_risky(&locked(Some(1))) && !is_risky(&locked(None)));
    let needed = Fault::Cellular { cause: Cause::PinNeeded { why: AskWhy::LastTry } };
    assert_eq!(one.ask(unlock(false)), [Effect::Answer(Err(needed))]);
    assert!(matches!(performed(one.ask(unlock(true)))[..], [Operation::SendPin { .. }]));
    one.on(seen(Modem { lock: Lock::Puk, ..locked(Some(0)) }));
    let told = Fault::Cellular { cause: Cause::PukNeeded { left: Some(10) } };
    assert!(one.done(refused("MobileEquipment.SimPuk")).contains(&Effect::Answer(Err(told))));
    assert_eq!(one.state.cause(), Some(Cause::PukNeeded { left: Some(10) }));
}

#[test]
fn a_pin_is_not_sent_to_a_sim_that_asks_for_something_else() {
    let unlock = Ask::Unlock { pin: pin("1234"), keep: true, last: true };
    for (lock, cause) in [(Lock::Puk, Cause::PukNeeded { left: Some(10) }), (Lock::Other, Cause::ModemLocked)] {
        let mut one = Box_::new(spec(), vec![]);
        one.on(seen(Modem { lock, ..locked(Some(3)) }));
        assert_eq!(one.ask(unlock.clone()), [Effect::Answer(Err(Fault::Cellular { cause }))]);
    }
    let mut open = Box_::online();
    assert_eq!(open.ask(unlock), [Effect::Answer(Err(Fault::NotNow))]);
    let mut dead = Box_::new(spec(), vec![]);
    let tries = Tries { pin: Some(0), puk: Some(0) };
    dead.on(seen(Modem { lock: Lock::Puk, tries, ..locked(Some(0)) }));
    let puk =
        Ask::Puk { puk: Secret::new("12345678").try_into().expect("a PUK"), pin: pin("1234"), keep: true, last: true };
    assert_eq!(dead.ask(puk), [Effect::Answer(Err(Fault::Cellular { cause: Cause::SimDead }))]);
}

#[test]
fn what_a_person_typed_is_kept_when_the_sim_has_taken_it() {
    let mut one = Box_::new(spec(), vec![]);
    one.on(seen(locked(Some(3))));
    assert_eq!(one.state.cause(), Some(Cause::PinNeeded { why: AskWhy::NotKept }));
    one.ask(Ask::Unlock { pin: pin("1234"), keep: true, last: false });
    let effects = one.done(Ok(Success::Done));
    assert!(effects.contains(&Effect::KeepPins(vec![kept(SIM, "1234")])), "{effects:?}");
    assert!(effects.contains(&Effect::Answer(Ok(()))));
    // ModemManager may still call it locked for a moment
    assert_eq!(performed(effects), []);
    assert_eq!(one.operation(seen(locked(Some(3)))), None);

    // another PIN on the SIM is another PIN in the box; none, none
    one.on(seen(modem()));
    let connecting = one.number;
    one.on(seen(super::world::connected(3)));
    one.on(Event::Done { number: connecting, result: Ok(Success::Connected(3)) });
    one.ask(Ask::Pin(PinChange::Change { pin: pin("1234"), new_pin: pin("4321") }));
    assert!(one.done(Ok(Success::Done)).contains(&Effect::KeepPins(vec![kept(SIM, "4321")])));
    one.ask(Ask::Pin(PinChange::Disable { pin: pin("4321") }));
    assert!(one.done(Ok(Success::Done)).contains(&Effect::KeepPins(vec![])));
}

#[test]
fn nothing_prints_a_pin() {
    let mut one = Box_::new(spec(), vec![kept(SIM, "73519264")]);
    let effects = one.on(seen(locked(Some(3))));
    let printed = format!("{effects:?} {:?}", one.state);
    assert!(printed.contains("[secret]") && !printed.contains("73519264"), "{printed}");
}
