//! A store of records in memory that commits as the registry's does, and shorthands.

use std::collections::BTreeMap;

use domain::{
    activation::validity::Validity,
    cluster::{
        account::Call,
        activate::{self, Activated, Fresh, Joining},
        association::{Association, Choice},
        codes::Proof,
        key::{Key, Record},
        names::{ClusterId, Serial},
        problem::Problem,
        record::{Account, Host, Issued, Model, Reservation, Token, TokenState},
        view::{Decision, Guard, Op, Revision, Stop, View, Want},
    },
    time::UnixSeconds,
};

use super::invariants::{self, Records};

pub const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

pub fn parse<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect(text)
}

pub fn call() -> Call {
    Call { now: NOW, who: "user test".into(), from: None }
}

/// Records with the revisions of their last change.
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    records: BTreeMap<Key, (Revision, Record)>,
    revision: u64,
    /// Highest epoch that each pair of boxes was ever given.
    pub epochs: BTreeMap<Vec<Serial>, u64>,
}

impl Fleet {
    /// Two accounts with the service enabled, a third without, two models.
    pub fn new() -> Self {
        let mut fleet = Self::default();
        for (id, service) in [("acme", Some(NOW)), ("other", Some(NOW)), ("fresh", None)] {
            fleet.set(Key::Account(parse(id)), Record::Account(Account { name: parse(id), service }));
        }
        for model in ["EB-1", "EB-2"] {
            fleet.set(Key::Model(parse(model)), Record::Model(Model { about: None }));
        }
        fleet
    }

    pub fn set(&mut self, key: Key, record: Record) {
        self.revision += 1;
        self.records.insert(key, (Revision(self.revision), record));
    }

    pub fn records(&self) -> Records {
        self.records.iter().map(|(key, (_, record))| (key.clone(), record.clone())).collect()
    }

    pub fn get(&self, key: &Key) -> Option<&Record> {
        self.records.get(key).map(|(_, record)| record)
    }

    pub fn host(&self, serial: &str) -> &Host {
        match self.get(&Key::Host(parse(serial))) {
            Some(Record::Host(host)) => host,
            other => panic!("{serial}: {other:?}"),
        }
    }

    pub fn peer(&self, serial: &str) -> Option<String> {
        match self.get(&Key::Peer(parse(serial))) {
            Some(Record::Peer(peer)) => Some(peer.peer.to_string()),
            _ => None,
        }
    }

    pub fn reservation(&self, serial: &str) -> Option<&Reservation> {
        match self.get(&Key::Reservation(parse(serial))) {
            Some(Record::Reservation(r)) => Some(r),
            _ => None,
        }
    }

    /// A code for an account.
    pub fn code(&mut self, account: &str, id: &str) -> Proof {
        let token = Token {
            account: parse(account),
            hash: format!("hash of {id}"),
            short: false,
            cluster: None,
            model: None,
            label: None,
            made: NOW,
            by: "test".into(),
            expires: UnixSeconds(NOW.0 + 3600),
            state: TokenState::Open,
        };
        self.set(Key::Token(parse(id)), Record::Token(token));
        Proof::Code { token: parse(id), hash: format!("hash of {id}") }
    }

    pub fn load(&self, view: &mut View, want: &Want) {
        match want {
            Want::Key(key) => view.set(key.clone(), self.records.get(key).cloned()),
            Want::List(prefix) => {
                let all = self.records.iter().filter(|(key, _)| key.to_string().starts_with(&prefix.to_string()));
                view.set_list(prefix.clone(), all.map(|(key, (_, record))| (key.clone(), record.clone())).collect());
            }
        }
    }

    /// Whether it was committed. Every commit leaves all invariants in force.
    pub fn commit<T>(&mut self, decision: &Decision<T>) -> bool {
        let holds = |guard: &Guard| match guard {
            Guard::Absent(key) => !self.records.contains_key(key),
            Guard::Unchanged(key, revision) => self.records.get(key).is_some_and(|(r, _)| r == revision),
            Guard::Empty(prefix) => !self.records.keys().any(|key| key.to_string().starts_with(&prefix.to_string())),
        };
        if !decision.guards.iter().all(holds) {
            return false;
        }
        assert!(decision.ops.len() < 128 && decision.guards.len() <= 128, "more than a store takes at once");
        self.revision += 1;
        for (key, op) in &decision.ops {
            match op {
                Op::Put { record, .. } => {
                    self.records.insert(key.clone(), (Revision(self.revision), (**record).clone()));
                }
                Op::Delete => drop(self.records.remove(key)),
            }
        }
        if let Some(broken) = invariants::broken(&self.records()) {
            panic!("{broken}\nafter {:#?}", decision.ops);
        }
        self.epochs_only_grow();
        true
    }

    fn epochs_only_grow(&mut self) {
        let records = self.records();
        for (key, record) in &records {
            let (Key::Peer(own), Record::Peer(peer)) = (key, record) else { continue };
            let Some(Record::PairLease(lease)) = records.get(&Key::PairLease(peer.pair.clone())) else { continue };
            let mut both = vec![own.clone(), peer.peer.clone()];
            both.sort();
            let highest = self.epochs.entry(both.clone()).or_default();
            assert!(lease.epoch >= *highest, "the epoch of {both:?} went from {highest} to {}", lease.epoch);
            *highest = lease.epoch;
        }
    }

    /// Runs a rule to its end with nobody else there.
    pub fn run<T>(&mut self, rule: impl Fn(&View) -> Result<Decision<T>, Stop>) -> Result<T, Problem> {
        let decision = self.decide(rule)?;
        assert!(self.commit(&decision), "nobody else was there");
        Ok(decision.answer)
    }

    /// What a rule decides on the records as they are now.
    pub fn decide<T>(&self, rule: impl Fn(&View) -> Result<Decision<T>, Stop>) -> Result<Decision<T>, Problem> {
        let mut view = View::default();
        loop {
            match rule(&view) {
                Ok(decision) => return Ok(decision),
                Err(Stop::Refused(problem)) => return Err(*problem),
                Err(Stop::Need(wants)) => wants.iter().for_each(|want| self.load(&mut view, want)),
            }
        }
    }

    pub fn activate(&mut self, joining: &Joining) -> Result<Activated, Problem> {
        self.run(|view| activate::activate(view, joining, &call()))
    }
}

/// A box of EB-1 that joins with a code and a key of its own.
pub fn joining(serial: &str, proof: Proof, association: Association) -> Joining {
    Joining {
        serial: parse(serial),
        model: parse("EB-1"),
        name: parse(&format!("box-{}", serial.to_lowercase())),
        key: format!("key of {serial}"),
        request: parse(&format!("req-{}", serial.to_lowercase())),
        proof,
        association,
        certificate: certificate(),
        fresh: Fresh {
            cluster: parse(&format!("c-{}", serial.to_lowercase())),
            pair: parse(&format!("p-{}", serial.to_lowercase())),
            secret: domain::secret::Secret::new(format!("of {serial}")),
        },
    }
}

pub fn certificate() -> Issued {
    Issued { der: "AA".into(), number: "01".into(), validity: Validity::of_box(NOW) }
}

pub fn new_cluster(name: &str, peer: Option<&str>) -> Association {
    Association::Manual { cluster: Choice::New(parse(name)), peer: peer.map(parse), virtual_ip: None }
}

pub fn into_cluster(id: &ClusterId, peer: Option<&str>) -> Association {
    Association::Manual { cluster: Choice::Existing(id.clone()), peer: peer.map(parse), virtual_ip: None }
}
