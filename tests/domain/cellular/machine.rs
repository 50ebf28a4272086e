//! From the slot to the network, and back after each thing that can happen.

use domain::{
    cellular::{
        cause::{Action, Cause, Failure},
        checklist::{Item, ItemState, Step, Uplink, checklist},
        machine::{Ask, Effect, Event, LONGEST_PAUSE, Operation, RESET_AFTER, Saved, SimChange, Success, step},
        modem::{FailedReason, Modem, ModemState, Registration, Seen, Sim},
        pin::Memory,
        spec::{CellularSpec, Modes, Technology},
    },
    time::BootMillis,
};

use super::world::{Box_, OTHER_SIM, SIM, bearer, connected, iccid, locked, modem, performed, seen, spec};

fn refused(error: &str) -> Result<Success, Failure> {
    Err(Failure::refused(&format!("org.freedesktop.ModemManager1.Error.{error}")))
}

#[test]
fn the_way_up_one_operation_at_a_time() {
    let mut one = Box_::new(spec(), vec![]);
    assert_eq!(one.operation(Event::Seen(Box::default())), None);
    assert_eq!(one.state.cause(), Some(Cause::NoManager));
    let alone = Seen { manager: Some(1), modem: None };
    assert_eq!(one.operation(Event::Seen(Box::new(alone))), None);
    assert_eq!(one.state.cause(), Some(Cause::NoModem));
    let at = |state| Modem { state, registration: Registration::Searching, ..modem() };
    assert_eq!(one.operation(seen(at(ModemState::Disabled))), Some(Operation::Enable));
    // nothing more while it is under way
    assert_eq!(one.operation(seen(at(ModemState::Enabling))), None);
    one.on(seen(at(ModemState::Enabled)));
    one.done(Ok(Success::Done));
    assert_eq!(one.operation(seen(at(ModemState::Searching))), None);
    assert_eq!(one.state.cause(), Some(Cause::Searching));
    let Some(Operation::Connect(connect)) = one.operation(seen(modem())) else { panic!("no connection is made") };
    assert_eq!(connect.spec, spec());
    one.on(seen(connected(4)));
    one.done(Ok(Success::Connected(4)));
    let link = one.state.link().expect("a link").expect("fit");
    assert_eq!(link.interface, "wwan0");
    assert_eq!(one.state.alarm(), None);
}

#[test]
fn switched_off_nothing_is_done_but_to_end_what_is_connected() {
    let off = CellularSpec { on: false, ..spec() };
    let mut one = Box_::new(off, vec![super::world::kept(SIM, "1234")]);
    for modem in [locked(Some(3)), Modem { state: ModemState::Disabled, ..modem() }, modem()] {
        assert_eq!(one.operation(seen(modem)), None);
    }
    assert_eq!(one.operation(seen(connected(2))), Some(Operation::Disconnect));
    assert_eq!(one.state.link(), None);
    assert_eq!(one.state.alarm(), None);
}

#[test]
fn stray_bearers_go_before_a_connection_is_made() {
    let mut one = Box_::new(spec(), vec![]);
    let (mut old, mut other) = (bearer(3), bearer(5));
    old.connected = false;
    "other.example".clone_into(&mut other.apn);
    let with = |bearers: Vec<_>| seen(Modem { bearers, ..modem() });
    assert_eq!(one.operation(with(vec![old, other.clone()])), Some(Operation::DeleteBearer(3)));
    one.on(with(vec![other]));
    assert_eq!(performed(one.done(Ok(Success::Done))), [Operation::DeleteBearer(5)]);
    one.on(with(vec![]));
    assert!(matches!(performed(one.done(Ok(Success::Done)))[..], [Operation::Connect(_)]));

    let mut two = Box_::online();
    let both = Modem { bearers: vec![bearer(7), bearer(8)], ..connected(7) };
    assert_eq!(two.operation(seen(both)), Some(Operation::DeleteBearer(8)));
}

#[test]
fn a_connection_that_was_there_before_is_taken_over_if_it_is_the_wanted_one() {
    let mut one = Box_::new(spec(), vec![]);
    assert_eq!(one.operation(seen(connected(9))), None);
    assert!(one.state.link().is_some());
    let mut two = Box_::new(CellularSpec { apn: "iot.example".parse().ok(), ..spec() }, vec![]);
    assert_eq!(two.operation(seen(connected(9))), Some(Operation::DeleteBearer(9)));
    assert_eq!(two.state.link(), None);
}

#[test]
fn each_failure_makes_the_pause_longer_and_then_the_modem_is_reset_and_people_are_told() {
    let mut one = Box_::new(spec(), vec![]);
    assert!(matches!(one.operation(seen(modem())), Some(Operation::Connect(_))));
    let mut pauses = Vec::new();
    for failure in 1..RESET_AFTER {
        assert_eq!(performed(one.done(refused("MobileEquipment.GprsUnknown"))), []);
        assert_eq!(one.state.alarm().is_some(), failure >= 3, "{failure}");
        let before = one.now;
        assert!(matches!(performed(one.wait())[..], [Operation::Connect(_)]));
        pauses.push(before.left(BootMillis(0)).abs_diff(one.now.0));
    }
    assert_eq!(pauses, [2_000, 4_000, 8_000]);
    one.done(refused("MobileEquipment.GprsUnknown"));
    assert_eq!(performed(one.wait()), [Operation::Reset]);
    // it goes away and comes back, and is not reset again at once
    one.done(Ok(Success::Done));
    one.on(Event::Seen(Box::new(Seen { manager: Some(1), modem: None })));
    assert_eq!(one.operation(seen(Modem { object: 2, ..modem() })), None);
    assert!(matches!(performed(one.wait())[..], [Operation::Connect(_)]));
    one.done(refused("MobileEquipment.GprsUnknown"));
    assert!(matches!(performed(one.wait())[..], [Operation::Connect(_)]));
}

#[test]
fn what_only_a_person_can_mend_is_tried_seldom_and_blames_no_modem() {
    for (error, cause, action) in [
        ("MobileEquipment.ServiceOptionNotSubscribed", Cause::ApnRefused, Action::SetApn),
        ("MobileEquipment.PdpAuthFailure", Cause::CredentialsRefused, Action::SetCredentials),
    ] {
        let mut one = Box_::new(spec(), vec![]);
        one.on(seen(modem()));
        for _ in 0..6 {
            one.done(refused(error));
            assert_eq!(one.state.cause(), Some(cause.clone()));
            assert_eq!(one.state.alarm().map(|cause| cause.action()), Some(action));
            let before = one.now;
            assert!(matches!(performed(one.wait())[..], [Operation::Connect(_)]));
            assert_eq!(one.now, before.plus(LONGEST_PAUSE));
        }
        // other settings are tried at once
        one.done(refused(error));
        let other = CellularSpec { apn: "internet".parse().ok(), ..spec() };
        let set = Event::Set { spec: Box::new(other), password: None };
        assert!(matches!(one.operation(set), Some(Operation::Connect(_))));
    }
}

#[test]
fn a_drop_by_the_network_is_connected_again() {
    let mut one = Box_::online();
    one.now = one.now.plus(3_600_000);
    let mut gone = bearer(7);
    gone.connected = false;
    assert_eq!(one.operation(seen(Modem { bearers: vec![gone.clone()], ..modem() })), None);
    assert_eq!(one.state.cause(), Some(Cause::Dropped));
    assert_eq!(one.state.link(), None);
    assert_eq!(performed(one.wait()), [Operation::DeleteBearer(7)]);
    one.on(seen(modem()));
    assert!(matches!(performed(one.done(Ok(Success::Done)))[..], [Operation::Connect(_)]));
}

#[test]
fn an_answer_of_an_operation_that_was_given_up_changes_nothing() {
    let mut one = Box_::new(spec(), vec![]);
    one.on(seen(modem()));
    let old = one.number;
    let other = CellularSpec { apn: "internet".parse().ok(), ..spec() };
    let set = Event::Set { spec: Box::new(other), password: None };
    assert_eq!(one.operation(set), Some(Operation::Disconnect));
    assert_eq!(one.on(Event::Done { number: old, result: Ok(Success::Connected(7)) }), []);
    assert!(matches!(performed(one.done(Ok(Success::Done)))[..], [Operation::Connect(_)]));
}

#[test]
fn a_modem_manager_that_was_started_anew_is_begun_with_at_once() {
    let mut one = Box_::online();
    let effects = one.on(Event::Seen(Box::default()));
    assert_eq!((effects, one.state.link()), (vec![], None));
    let back = Seen { manager: Some(2), modem: Some(modem()) };
    assert!(matches!(one.operation(Event::Seen(Box::new(back))), Some(Operation::Connect(_))));
    // in the middle of an operation, whoever asked is told
    let mut two = Box_::new(spec(), vec![]);
    two.on(seen(locked(Some(3))));
    let pin = domain::secret::Secret::new("1234").try_into().expect("a PIN");
    two.ask(Ask::Unlock { pin, keep: true, last: false });
    assert!(matches!(two.on(Event::Seen(Box::default()))[..], [Effect::Answer(Err(_))]));
}

#[test]
fn abroad_nothing_is_connected_unless_it_is_allowed() {
    let abroad = |modem| Modem { registration: Registration::Roaming, ..modem };
    let mut one = Box_::new(spec(), vec![]);
    assert_eq!(one.operation(seen(abroad(modem()))), None);
    assert_eq!(one.state.cause(), Some(Cause::RoamingForbidden));
    let mut two = Box_::online();
    assert_eq!(two.operation(seen(abroad(connected(7)))), Some(Operation::Disconnect));
    let mut three = Box_::new(CellularSpec { roaming: true, ..spec() }, vec![]);
    assert!(matches!(three.operation(seen(abroad(modem()))), Some(Operation::Connect(_))));
}

#[test]
fn a_person_ends_the_connection_until_a_person_wants_it_again() {
    let mut one = Box_::online();
    assert_eq!(performed(one.ask(Ask::Disconnect)), [Operation::Disconnect]);
    one.on(seen(modem()));
    assert_eq!(performed(one.done(Ok(Success::Done))), []);
    assert_eq!(one.operation(seen(modem())), None);
    assert_eq!((one.state.cause(), one.state.alarm()), (None, None));
    assert!(matches!(performed(one.ask(Ask::Connect))[..], [Operation::Connect(_)]));
}

#[test]
fn a_search_without_end_is_a_failure_and_a_network_that_says_no_is_told() {
    let mut one = Box_::new(spec(), vec![]);
    one.on(seen(Modem { state: ModemState::Searching, registration: Registration::Searching, ..modem() }));
    assert_eq!(one.state.cause(), Some(Cause::Searching));
    one.wait();
    assert_eq!(one.state.cause(), Some(Cause::NoNetwork));
    one.on(seen(Modem { state: ModemState::Enabled, registration: Registration::Denied, ..modem() }));
    assert_eq!(one.state.cause(), Some(Cause::Denied));
}

#[test]
fn an_operation_without_an_answer_is_given_up() {
    let mut one = Box_::new(spec(), vec![]);
    one.on(seen(modem()));
    one.wait();
    assert_eq!(one.state.cause(), Some(Cause::ModemSilent));
}

#[test]
fn the_sim_is_compared_with_the_one_that_is_known() {
    let known = Memory { known: Some(iccid(SIM)), ..Memory::default() };
    let fresh = || Box_::with(Saved { spec: spec(), memory: known.clone(), ..Saved::default() });
    let mut one = fresh();
    let other = Sim { iccid: Some(iccid(OTHER_SIM)), ..Sim::default() };
    one.on(seen(Modem { sim: Some(other.clone()), ..locked(Some(3)) }));
    assert_eq!(one.state.sim_change(), Some(SimChange::Other { known: iccid(SIM) }));
    let taken_note = one.ask(Ask::NoteSim);
    assert!(matches!(&taken_note[0], Effect::Keep(memory) if memory.known == Some(iccid(OTHER_SIM))));
    assert_eq!(one.state.sim_change(), None);

    let mut two = fresh();
    let failed = FailedReason::SimMissing;
    two.on(seen(Modem { state: ModemState::Failed, failed, sim: None, ..modem() }));
    assert_eq!(two.state.sim_change(), Some(SimChange::Missing { known: iccid(SIM) }));
    assert_eq!(two.state.cause().map(|cause| cause.action()), Some(Action::InsertSim));
}

#[test]
fn a_preferred_technology_is_set_once() {
    let mode = |allowed, preferred| Modes { allowed, preferred };
    let supported = vec![mode(0b1110, 0), mode(0b1110, 0b1000), mode(0b1000, 0)];
    let wanted = CellularSpec { technology: Some(Technology::Fourth), ..spec() };
    let mut one = Box_::new(wanted, vec![]);
    let modem = Modem { supported_modes: supported, current_modes: mode(0b1110, 0), ..modem() };
    assert_eq!(one.operation(seen(modem.clone())), Some(Operation::SetModes(mode(0b1110, 0b1000))));
    // a modem that does not do it is not asked for ever
    assert!(matches!(performed(one.done(Err(Failure::Late)))[..], [Operation::Connect(_)]));
}

#[test]
fn the_checklist_has_one_thing_in_the_way() {
    let states = |one: &Box_, uplink| -> Vec<(Step, ItemState)> {
        checklist(&one.state, uplink).into_iter().map(|Item { step, state }| (step, state)).collect()
    };
    let mut one = Box_::new(spec(), vec![]);
    one.on(seen(locked(None)));
    let items = states(&one, Uplink::default());
    assert_eq!(items[0].1, ItemState::Done);
    assert!(matches!(items[1].1, ItemState::Failed { cause: Cause::PinNeeded { .. } }));
    assert!(items[2..].iter().all(|(_, state)| *state == ItemState::Waiting));

    let one = Box_::online();
    let of = |uplink| states(&one, uplink).into_iter().map(|(_, state)| state).collect::<Vec<_>>();
    let up = |address, answers| of(Uplink { address, answers, nameless: false });
    assert_eq!(up(false, None)[4..], [ItemState::UnderWay, ItemState::Waiting]);
    assert_eq!(up(true, None)[4..], [ItemState::Done, ItemState::UnderWay]);
    assert_eq!(up(true, Some(true))[4..], [ItemState::Done, ItemState::Done]);
    assert_eq!(up(true, Some(false))[5], ItemState::Failed { cause: Cause::DnsSilent });
    let nameless = |address| of(Uplink { address, answers: None, nameless: true });
    assert_eq!(nameless(true)[4..], [ItemState::Done, ItemState::Untested]);
    assert_eq!(nameless(false)[4..], [ItemState::UnderWay, ItemState::Waiting]);

    let mut off = Box_::new(CellularSpec { on: false, ..spec() }, vec![]);
    off.on(seen(modem()));
    let items = states(&off, Uplink::default());
    assert_eq!((&items[1].1, &items[3].1), (&ItemState::Done, &ItemState::Off));
}

#[test]
fn a_step_is_total() {
    // without anything seen, every event is taken
    for event in
        [Event::Tick, Event::Kept(true), Event::Done { number: 9, result: Err(Failure::Gone) }, Event::Fits(None)]
    {
        let (_, effects) = step(domain::cellular::machine::State::default(), event, BootMillis(0));
        assert_eq!(effects, []);
    }
}
