//! A box whose wizard is answered, and what a registry says to it.

use domain::{
    activation::{
        api::{Away, CodeSeen, Draft, NewOrReplacement, Offered, Step},
        ledger::{Ended, Ledger, Next, Trust},
    },
    cluster::{
        api::{AssociationAsk, BoxInfo, Preview},
        names::RequestId,
    },
    pair::settings::PairPorts,
    secret::Secret,
    time::UnixSeconds,
};

pub const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
/// Of the certificates here: long enough for whole numbers.
pub const LIFE: u64 = 90_000;

pub fn parse<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect(text)
}

pub fn request(n: u32) -> RequestId {
    parse(&format!("r-{n}"))
}

pub fn code(n: u8) -> Secret {
    Secret::new(format!("GH1.{n}.secret"))
}

pub fn trust() -> Trust {
    Trust { urls: vec![parse("https://registry.example")], authority: "07".repeat(32) }
}

pub fn silent() -> Away {
    Away::NoAnswer { host: "registry.example".into(), port: 9443 }
}

pub fn info() -> BoxInfo {
    BoxInfo {
        serial: parse("7F3K-2219"),
        name: parse("box-one"),
        account: parse("demo"),
        state: "active".into(),
        cluster: None,
        cluster_name: None,
        peer: None,
        peer_key: None,
        pair: None,
        pair_secret: None,
        awaits: None,
        virtual_ip: None,
        certificate: "AAAA".into(),
        authority: "BBBB".into(),
        not_before: NOW,
        not_after: UnixSeconds(NOW.0 + LIFE),
        urls: vec![parse("https://other.example")],
        now: NOW,
    }
}

pub fn preview() -> Preview {
    Preview {
        account: parse("demo"),
        account_name: parse("Demo"),
        service: true,
        used: false,
        expires: Some(UnixSeconds(NOW.0 + 3600)),
        cluster: None,
        clusters: Vec::new(),
        reserved: None,
        prepared: None,
        now: NOW,
    }
}

pub fn draft() -> Draft {
    let seen = CodeSeen {
        short: false,
        urls: trust().urls,
        token: Some(parse("t-1")),
        account: Some(parse("demo")),
        cluster: None,
        model: None,
        expires: Some(UnixSeconds(NOW.0 + 3600)),
    };
    Draft {
        kind: Some(NewOrReplacement::New),
        power_seen: true,
        cable_seen: true,
        check_seen: true,
        code: Some(seen),
        confirmed: true,
        name: Some(parse("box-one")),
        association: Some(AssociationAsk::none()),
        ports: PairPorts::default(),
    }
}

/// All is answered, and the registry has told what it offers.
pub fn answered() -> Ledger {
    let mut ledger = Ledger::default();
    ledger.typed(code(1), trust());
    ledger.draft = draft();
    ledger.offered(Offered { at: NOW, preview: preview() });
    ledger
}

/// How a step ends that does what it is for.
pub fn well(step: Step) -> Ended {
    if step == Step::Activate { Ended::Taken(Box::new(info())) } else { Ended::Done }
}

/// Begun, with all steps before this one done.
pub fn at(step: Step) -> Ledger {
    let mut ledger = answered();
    let mut next = ledger.begin(request(1), NOW);
    while let Ok(Next::Do(now)) = next
        && now != step
    {
        next = Ok(ledger.ended(now, well(now), NOW, 0));
    }
    assert_eq!(next, Ok(Next::Do(step)));
    ledger
}

pub fn active() -> Ledger {
    let mut ledger = at(Step::Confirm);
    assert_eq!(ledger.ended(Step::Confirm, Ended::Done, NOW, 0), Next::Poll);
    ledger
}

/// The request that is under way.
pub fn asked(ledger: &Ledger) -> Option<RequestId> {
    ledger.work.as_ref().map(|work| work.request.clone())
}

/// As the next start of the agent reads it.
pub fn read_back(ledger: &Ledger) -> Ledger {
    let text = serde_json::to_string(ledger).expect("JSON");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
