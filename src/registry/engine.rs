//! Carries out the rules: reads what they need, commits what they decide.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use domain::{
    cluster::{
        account::Call,
        key::{Key, Record, Stored},
        names::AccountId,
        problem::Problem,
        record::{self, Audit},
        view::{self, Decision, Draft, Revision, Stop, View, Want},
    },
    time::UnixSeconds,
};

use crate::store::{Guard, Item, Op, Outcome, Select, Store, Txn};

/// A rule asks for more at most so often; more is a rule that never decides.
const MOST_READS: usize = 16;
/// Others were faster so often. More: a caller waits for nothing. Less: a busy cluster refuses.
const MOST_CONFLICTS: usize = 12;
/// How often a transaction whose end is unknown is sent again.
const MOST_UNKNOWN: usize = 3;

/// What happened, for the metrics.
#[derive(Debug, Default)]
pub struct Counts {
    pub committed: AtomicU64,
    pub conflicts: AtomicU64,
    pub unknown: AtomicU64,
}

#[derive(Clone, Debug)]
pub struct Engine {
    store: Arc<dyn Store>,
    pub counts: Arc<Counts>,
}

impl Engine {
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, counts: Arc::default() }
    }

    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// What a rule decides is done when this answers, and written to the account's log with it.
    ///
    /// # Errors
    /// What the rule refuses; and that the store could not do it, or that it is not known.
    pub async fn decide<T>(&self, rule: impl Fn(&View) -> Result<Decision<T>, Stop>) -> Result<T, Problem> {
        for _ in 0..MOST_CONFLICTS {
            let decision = self.read_until_decided(&rule).await?;
            match self.commit(&decision).await? {
                Outcome::Committed(_) => return Ok(decision.answer),
                Outcome::Conflict => {}
                Outcome::Unknown => return Err(Problem::Unknown),
            }
        }
        Err(Problem::Contended)
    }

    /// What a rule sees, where nothing is to be changed.
    ///
    /// # Errors
    /// As [`Self::decide`].
    pub async fn look<T>(&self, rule: impl Fn(&mut Draft<'_>) -> Result<T, Stop>) -> Result<T, Problem> {
        let seen = |view: &View| {
            let answer = rule(&mut Draft::new(view))?;
            Ok(Draft::new(view).done(None, answer))
        };
        self.read_until_decided(&seen).await.map(|decision| decision.answer)
    }

    async fn read_until_decided<T>(
        &self,
        rule: &impl Fn(&View) -> Result<Decision<T>, Stop>,
    ) -> Result<Decision<T>, Problem> {
        let mut view = View::default();
        for _ in 0..MOST_READS {
            match rule(&view) {
                Ok(decision) => return Ok(decision),
                Err(Stop::Refused(problem)) => return Err(*problem),
                Err(Stop::Need(wants)) => self.load(&mut view, &wants).await?,
            }
        }
        tracing::error!("a rule does not come to an end");
        Err(Problem::Internal)
    }

    async fn load(&self, view: &mut View, wants: &[Want]) -> Result<(), Problem> {
        let selects = wants.iter().map(|want| match want {
            Want::Key(key) => Select::Key(key.to_string()),
            Want::List(prefix) => Select::Prefix(prefix.to_string()),
        });
        let reading = self.store.read(selects.collect()).await.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "reading");
            Problem::Unknown
        })?;
        for (want, items) in wants.iter().zip(reading.found) {
            let mut found = items.into_iter().map(decode);
            match want {
                Want::Key(key) => {
                    let record = found.next().transpose()?;
                    view.set(key.clone(), record.map(|(_, revision, record)| (revision, record)));
                }
                Want::List(prefix) => {
                    let all = found.map(|item| item.map(|(key, _, record)| (key, record)));
                    view.set_list(prefix.clone(), all.collect::<Result<_, _>>()?);
                }
            }
        }
        Ok(())
    }

    async fn commit<T>(&self, decision: &Decision<T>) -> Result<Outcome, Problem> {
        if decision.ops.is_empty() && decision.audit.is_none() {
            return Ok(Outcome::Committed(0));
        }
        let guards = decision.guards.iter().map(|guard| match guard {
            view::Guard::Absent(key) => Guard::Absent(key.to_string()),
            view::Guard::Unchanged(key, revision) => Guard::ModRevision(key.to_string(), revision.0),
            view::Guard::Empty(prefix) => Guard::PrefixEmpty(prefix.to_string()),
        });
        let mut ops = Vec::with_capacity(decision.ops.len() + 1);
        for (key, op) in &decision.ops {
            let op = match op {
                view::Op::Put { record, lease } => Op::Put { value: encode(record)?, lease: *lease },
                view::Op::Delete => Op::Delete,
            };
            ops.push((key.to_string(), op));
        }
        if let Some((account, line)) = &decision.audit {
            let value = encode(&Record::Audit(line.clone()))?;
            ops.push((audit_key(account, line)?.to_string(), Op::Put { value, lease: None }));
        }
        let txn = Txn { request: random()?, guards: guards.collect(), ops };
        let mut outcome = Outcome::Unknown;
        for _ in 0..MOST_UNKNOWN {
            outcome = self.store.txn(txn.clone()).await.map_err(|error| {
                tracing::error!(%error, "a decision that no store takes");
                Problem::Internal
            })?;
            if outcome != Outcome::Unknown {
                break;
            }
        }
        let counter = match outcome {
            Outcome::Committed(_) => &self.counts.committed,
            Outcome::Conflict => &self.counts.conflicts,
            Outcome::Unknown => &self.counts.unknown,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(outcome)
    }
}

/// By time, so that they sort, and with something random, so that two of one second are two.
fn audit_key(account: &AccountId, line: &Audit) -> Result<Key, Problem> {
    let UnixSeconds(at) = line.at;
    Ok(Key::Audit(account.clone(), format!("{at:012}-{}", random()?)))
}

/// 128 bits in hexadecimal.
///
/// # Errors
/// When the kernel gives no random bytes.
pub fn random() -> Result<String, Problem> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| Problem::Internal)?;
    Ok(hex::encode(bytes))
}

/// An id that nobody has.
///
/// # Errors
/// As [`random`].
pub fn fresh<T: std::str::FromStr>() -> Result<T, Problem> {
    random()?.parse().map_err(|_| Problem::Internal)
}

/// Who asks, for the rules.
pub fn call(now: UnixSeconds, who: String, from: Option<String>) -> Call {
    Call { now, who, from }
}

fn encode(record: &Record) -> Result<Vec<u8>, Problem> {
    let value = match record {
        Record::Account(r) => serde_json::to_vec(r),
        Record::User(r) => serde_json::to_vec(r),
        Record::Session(r) => serde_json::to_vec(r),
        Record::Token(r) => serde_json::to_vec(r),
        Record::Short(r) => serde_json::to_vec(r),
        Record::Model(r) => serde_json::to_vec(r),
        Record::Cluster(r) => serde_json::to_vec(r),
        Record::Named(r) => serde_json::to_vec(r),
        Record::Host(r) => serde_json::to_vec(r),
        Record::Peer(r) => serde_json::to_vec(r),
        Record::Member(r) => serde_json::to_vec(r),
        Record::Reservation(r) => serde_json::to_vec(r),
        Record::Prepared(r) => serde_json::to_vec(r),
        Record::PairLease(r) => serde_json::to_vec(r),
        Record::PairHold(r) => serde_json::to_vec(r),
        Record::Nonce(r) => serde_json::to_vec(r),
        Record::Audit(r) => serde_json::to_vec(r),
    };
    value.map_err(|error| {
        tracing::error!(%error, "a record that cannot be written");
        Problem::Internal
    })
}

/// Whether this version can work with a record.
pub fn is_readable(key: &str, value: &serde_json::Value) -> bool {
    decode(Item { key: key.to_owned(), value: value.to_string().into_bytes(), revision: 0 }).is_ok()
}

/// The key says what kind of record it is.
fn decode(item: Item) -> Result<(Key, Revision, Record), Problem> {
    fn read<T: Stored + serde::de::DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<Record> {
        serde_json::from_slice::<T>(bytes).map(Stored::into_record)
    }
    let broken = |detail: &dyn std::fmt::Display| {
        tracing::error!(key = item.key, error = %detail, "a record that cannot be read");
        Problem::Internal
    };
    let key = Key::parse(&item.key).ok_or_else(|| broken(&"no key of this version"))?;
    let bytes = item.value.as_slice();
    let record = match &key {
        Key::Account(_) => read::<record::Account>(bytes),
        Key::User(_) => read::<record::User>(bytes),
        Key::Session(_) => read::<record::Session>(bytes),
        Key::Token(_) => read::<record::Token>(bytes),
        Key::Short(_) => read::<record::Short>(bytes),
        Key::Model(_) => read::<record::Model>(bytes),
        Key::Cluster(_) => read::<record::Cluster>(bytes),
        Key::ClusterName(..) | Key::Automatic(..) => read::<record::Named>(bytes),
        Key::Host(_) => read::<record::Host>(bytes),
        Key::Peer(_) => read::<record::Peer>(bytes),
        Key::Owned(..) | Key::Member(..) | Key::ReservedIn(..) => read::<record::Member>(bytes),
        Key::Reservation(_) => read::<record::Reservation>(bytes),
        Key::Prepared(_) => read::<record::Prepared>(bytes),
        Key::PairLease(_) => read::<record::PairLease>(bytes),
        Key::PairHold(_) => read::<record::PairHold>(bytes),
        Key::Nonce(_) => read::<record::Nonce>(bytes),
        Key::Audit(..) => read::<record::Audit>(bytes),
    };
    let record = record.map_err(|error| broken(&error))?;
    Ok((key, Revision(item.revision), record))
}
