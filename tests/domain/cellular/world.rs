//! A modem as ModemManager tells of it, and the machine before it.

use domain::{
    cellular::{
        ids::Iccid,
        machine::{Ask, Effect, Event, Operation, Saved, State, Success, step},
        modem::{Bearer, IpConfig, Lock, Method, Modem, ModemState, Registration, Seen, Sim, Tries},
        pin::{KeptPin, Memory},
        spec::CellularSpec,
    },
    secret::Secret,
    time::BootMillis,
};

pub const SIM: &str = "89860012345678901234";
pub const OTHER_SIM: &str = "89860112345678901234";

pub fn iccid(text: &str) -> Iccid {
    text.parse().expect("an ICCID")
}

pub fn kept(sim: &str, pin: &str) -> KeptPin {
    KeptPin { iccid: iccid(sim), pin: Secret::new(pin).try_into().expect("a PIN") }
}

pub fn spec() -> CellularSpec {
    CellularSpec { on: true, apn: Some("cmnet".parse().expect("an APN")), ..CellularSpec::default() }
}

/// Registered at home, with nothing connected.
pub fn modem() -> Modem {
    Modem {
        object: 1,
        equipment: "867223021234563".to_owned(),
        state: ModemState::Registered,
        lock: Lock::None,
        tries: Tries { pin: Some(3), puk: Some(10) },
        sim: Some(Sim { iccid: Some(iccid(SIM)), ..Sim::default() }),
        registration: Registration::Home,
        interfaces: vec!["wwan0".to_owned()],
        ..Modem::default()
    }
}

pub fn locked(left: Option<u8>) -> Modem {
    Modem {
        state: ModemState::Locked,
        lock: Lock::Pin,
        tries: Tries { pin: left, puk: Some(10) },
        registration: Registration::Unknown,
        ..modem()
    }
}

pub fn bearer(number: u32) -> Bearer {
    let config = IpConfig {
        method: Method::Static,
        address: Some("10.64.12.34".to_owned()),
        prefix: Some(30),
        gateway: Some("10.64.12.33".to_owned()),
        dns: vec!["10.64.12.33".to_owned(), "223.5.5.5".to_owned()],
        mtu: Some(1400),
    };
    Bearer {
        number,
        connected: true,
        interface: Some("wwan0".to_owned()),
        ipv4: Some(config),
        apn: "cmnet".to_owned(),
        ..Bearer::default()
    }
}

pub fn connected(number: u32) -> Modem {
    Modem { state: ModemState::Connected, bearers: vec![bearer(number)], ..modem() }
}

pub fn seen(modem: Modem) -> Event {
    Event::Seen(Box::new(Seen { manager: Some(1), modem: Some(modem) }))
}

/// A machine, its clock, and what it has last asked for.
pub struct Box_ {
    pub state: State,
    pub now: BootMillis,
    pub number: u64,
}

impl Box_ {
    pub fn new(spec: CellularSpec, pins: Vec<KeptPin>) -> Self {
        Self::with(Saved { spec, pins, ..Saved::default() })
    }

    pub fn with(saved: Saved) -> Self {
        Self { state: State::new(saved), now: BootMillis(1_000), number: 0 }
    }

    /// A disk that takes everything: what is to be kept is kept at once.
    pub fn on(&mut self, event: Event) -> Vec<Effect> {
        let mut all = Vec::new();
        let mut queue = vec![event];
        while !queue.is_empty() {
            let (state, effects) = step(std::mem::take(&mut self.state), queue.remove(0), self.now);
            self.state = state;
            for effect in effects {
                match &effect {
                    Effect::Keep(_) => queue.push(Event::Kept(true)),
                    Effect::Perform { number, .. } => self.number = *number,
                    Effect::KeepPins(_) | Effect::Answer(_) => {}
                }
                all.push(effect);
            }
        }
        all
    }

    pub fn operation(&mut self, event: Event) -> Option<Operation> {
        performed(self.on(event)).pop()
    }

    pub fn done(&mut self, result: Result<Success, domain::cellular::cause::Failure>) -> Vec<Effect> {
        self.on(Event::Done { number: self.number, result })
    }

    pub fn ask(&mut self, ask: Ask) -> Vec<Effect> {
        self.on(Event::Ask(ask))
    }

    /// Lets time pass to the next deadline; what is asked for then.
    pub fn wait(&mut self) -> Vec<Effect> {
        let deadline = self.state.deadline().expect("something is waited for");
        assert!(deadline > self.now, "a deadline that has passed: {deadline:?} at {:?}", self.now);
        self.now = deadline;
        self.on(Event::Tick)
    }

    /// Connected by bearer 7.
    pub fn online() -> Self {
        let mut one = Self::new(spec(), Vec::new());
        assert!(matches!(one.operation(seen(modem())), Some(Operation::Connect(_))));
        one.on(seen(connected(7)));
        one.done(Ok(Success::Connected(7)));
        assert_eq!(one.state.cause(), None);
        assert!(one.state.link().expect("a link").is_ok());
        one
    }
}

pub fn performed(effects: Vec<Effect>) -> Vec<Operation> {
    let operation = |effect| match effect {
        Effect::Perform { operation, .. } => Some(operation),
        Effect::Keep(_) | Effect::KeepPins(_) | Effect::Answer(_) => None,
    };
    effects.into_iter().filter_map(operation).collect()
}

pub fn memory(tried: &[&str]) -> Memory {
    Memory { tried: tried.iter().map(|sim| iccid(sim)).collect(), ..Memory::default() }
}
