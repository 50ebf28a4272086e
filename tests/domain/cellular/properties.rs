//! Random lives of a box with a modem: whatever ModemManager says, in whatever order, some things never happen.

use std::collections::BTreeMap;

use domain::cellular::{
    cause::Failure,
    ids::Iccid,
    machine::{Ask, Effect, Event, Operation, Success},
    modem::{Bearer, FailedReason, Lock, Modem, ModemState, Registration, Seen, Sim, Tries},
    pin::KeptPin,
    spec::CellularSpec,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::world::{Box_, OTHER_SIM, SIM, bearer, iccid, kept, modem, spec};

#[derive(Clone, Debug)]
enum Happens {
    Seen(Box<Seen>),
    Done(Result<Success, &'static str>),
    Ask(Ask),
    Set(CellularSpec),
    Pass(u64),
    Tick,
}

fn a_modem() -> impl Strategy<Value = Modem> {
    let state = select((-1..=11).map(ModemState::from).collect::<Vec<_>>());
    let registration = select((0..=8_u32).map(Registration::from).collect::<Vec<_>>());
    let lock = select(vec![Lock::Unknown, Lock::None, Lock::Pin, Lock::Puk, Lock::Other]);
    let sim = select(vec![Some(SIM), Some(OTHER_SIM), None]);
    let failed = select(vec![FailedReason::SimMissing, FailedReason::Other]);
    let bearers = vec((1..6_u32, any::<bool>()), 0..3);
    (state, registration, lock, sim, (option::of(0..4_u8), 1..3_u32, failed), bearers).prop_map(
        |(state, registration, lock, sim, (left, object, failed), bearers)| Modem {
            object,
            state,
            registration,
            failed,
            lock,
            tries: Tries { pin: left, puk: left },
            sim: sim.map(|sim| Sim { iccid: Some(iccid(sim)), ..Sim::default() }),
            bearers: bearers.into_iter().map(|(number, connected)| Bearer { connected, ..bearer(number) }).collect(),
            ..modem()
        },
    )
}

fn happens() -> impl Strategy<Value = Happens> {
    let errors = select(vec![
        "MobileEquipment.IncorrectPassword",
        "MobileEquipment.SimPuk",
        "MobileEquipment.PdpAuthFailure",
        "Core.Retry",
        "MobileEquipment.GprsUnknown",
    ]);
    let specs = select(vec![
        spec(),
        CellularSpec { on: false, ..spec() },
        CellularSpec { roaming: true, ..spec() },
        CellularSpec { apn: "internet".parse().ok(), ..spec() },
    ]);
    let asks = select(vec![Ask::Connect, Ask::Disconnect, Ask::NoteSim]);
    prop_oneof![
        6 => (option::of(1..3_u64), option::of(a_modem())).prop_map(|(manager, modem)| {
            Happens::Seen(Box::new(Seen { manager, modem: modem.filter(|_| manager.is_some()) }))
        }),
        3 => prop_oneof![
            Just(Ok(Success::Done)),
            (1..6_u32).prop_map(|n| Ok(Success::Connected(n))),
            errors.prop_map(Err),
        ].prop_map(Happens::Done),
        1 => asks.prop_map(Happens::Ask),
        1 => specs.prop_map(Happens::Set),
        2 => (0..400_000_u64).prop_map(Happens::Pass),
        2 => Just(Happens::Tick),
    ]
}

/// What the rules promise of what is sent to a SIM.
struct Promises {
    /// Tries of each SIM that was not seen unlocked since.
    tried: BTreeMap<Iccid, u32>,
}

impl Promises {
    fn look(&mut self, effects: &[Effect], seen: &Seen, kept: &[KeptPin]) {
        if let Some(modem) = seen.modem.as_ref().filter(|modem| modem.lock == Lock::None) {
            modem.iccid().map(|sim| self.tried.remove(sim));
        }
        for effect in effects {
            let Effect::Perform { operation, .. } = effect else { continue };
            let modem = seen.modem.as_ref().expect("nothing is done without a modem");
            match operation {
                Operation::SendPin { pin, sim, .. } => {
                    let sim = sim.clone().expect("a known SIM");
                    assert_eq!(modem.iccid(), Some(&sim), "the PIN of another SIM");
                    assert!(kept.iter().any(|kept| kept.iccid == sim && kept.pin == *pin), "not its PIN");
                    assert!(modem.tries.pin.is_none_or(|left| left > 1), "the last try");
                    assert_eq!(modem.lock, Lock::Pin);
                    let tries = self.tried.entry(sim).or_default();
                    *tries += 1;
                    assert_eq!(*tries, 1, "tried twice");
                }
                Operation::Connect(connect) => {
                    assert!(connect.spec.on);
                    let abroad = modem.registration == Registration::Roaming;
                    assert!(connect.spec.roaming || !abroad, "abroad without leave");
                    assert!(modem.bearers.is_empty(), "beside a stray bearer");
                }
                Operation::SendPuk { .. } | Operation::Pin { .. } => panic!("only a person does that"),
                Operation::Enable
                | Operation::SetModes(_)
                | Operation::DeleteBearer(_)
                | Operation::Disconnect
                | Operation::Reset => {}
            }
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_sim_is_safe_and_nothing_hangs(life in vec(happens(), 1..60)) {
        let pins = vec![kept(SIM, "1234"), kept(OTHER_SIM, "4321")];
        let mut one = Box_::new(spec(), pins.clone());
        let mut promises = Promises { tried: BTreeMap::new() };
        for happens in life {
            let event = match happens {
                Happens::Seen(seen) => Event::Seen(seen),
                Happens::Done(result) => {
                    let result = result.map_err(|error| Failure::refused(&format!("org.freedesktop.ModemManager1.Error.{error}")));
                    Event::Done { number: one.number, result }
                }
                Happens::Ask(ask) => Event::Ask(ask),
                Happens::Set(spec) => Event::Set { spec: Box::new(spec), password: None },
                Happens::Pass(millis) => {
                    one.now = one.now.plus(millis);
                    continue;
                }
                Happens::Tick => Event::Tick,
            };
            let asks = usize::from(matches!(event, Event::Ask(_)));
            let effects = one.on(event);
            promises.look(&effects, one.state.seen(), &pins);
            let answers = effects.iter().filter(|effect| matches!(effect, Effect::Answer(_))).count();
            prop_assert_eq!(answers, asks);
            // a tick at the deadline takes it away: no loop that never sleeps
            let mut rounds = 0;
            while one.state.deadline().is_some_and(|deadline| deadline <= one.now) {
                let effects = one.on(Event::Tick);
                promises.look(&effects, one.state.seen(), &pins);
                rounds += 1;
                prop_assert!(rounds < 3, "{:?} at {:?}", one.state.deadline(), one.now);
            }
        }
    }
}
