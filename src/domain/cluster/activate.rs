//! A box becomes somebody's, and perhaps a cluster's and a peer's: one decision, so that nothing is half-done.

use std::net::Ipv4Addr;

use super::{
    account::Call,
    association::{self, Association, Choice, Joiner, Place},
    codes::{self, Admitted, Proof},
    key::Key,
    names::{AccountId, ClusterId, Label, ModelName, PairId, RequestId, Serial},
    pairs::{self, Pairing},
    problem::{NoPeer, Problem},
    record::{
        Account, Cluster, Host, HostState, Issued, Member, Model, Named, Nonce, PairLease, Peer, Prepared, Reservation,
        Token, TokenState,
    },
    view::{Decision, Draft, Stop, View},
};
use crate::{secret::Secret, settings::host_name::HostName};

/// A box that asks to be activated. Its signing request was checked: `key` is the key that signed it.
#[derive(Clone, Debug)]
pub struct Joining {
    pub serial: Serial,
    pub model: ModelName,
    pub name: HostName,
    pub key: String,
    pub request: RequestId,
    pub proof: Proof,
    pub association: Association,
    /// What it gets, if it gets it.
    pub certificate: Issued,
    pub fresh: Fresh,
}

/// Names that are used if a cluster or a pair is made: random, so that nobody has them.
#[derive(Clone, Debug)]
pub struct Fresh {
    pub cluster: ClusterId,
    pub pair: PairId,
    /// What the two boxes of the pair know each other's heartbeats by.
    pub secret: Secret,
}

/// What the box is told.
#[derive(Clone, Debug)]
pub struct Activated {
    pub host: Host,
    pub cluster: Option<(ClusterId, Label)>,
    /// The peer with its key's fingerprint.
    pub peer: Option<(Serial, String)>,
    pub pair: Option<PairId>,
    pub pair_secret: Option<Secret>,
    pub virtual_ip: Option<Ipv4Addr>,
}

pub fn activate(view: &View, joining: &Joining, call: &Call) -> Result<Decision<Activated>, Stop> {
    let mut draft = Draft::new(view);
    let admitted = codes::admit(&mut draft, &joining.proof, &joining.serial, &joining.model, call.now)?;
    let before = draft.get::<Host>(Key::Host(joining.serial.clone()))?;
    if let Some(host) = before.as_ref().filter(|host| host.state.belongs()) {
        return again(draft, joining, &admitted, host);
    }
    if let (true, Some((_, token))) = (admitted.again, &admitted.token)
        && let TokenState::Used { serial, .. } = &token.state
    {
        return Err(Problem::CodeUsed { serial: serial.clone() }.into());
    }
    if let Proof::Hand { nonce, .. } = &joining.proof {
        if draft.get::<Nonce>(Key::Nonce(nonce.clone()))?.is_some() {
            return Err(Problem::Replayed.into());
        }
        let used = Nonce { serial: joining.serial.clone(), key: joining.key.clone() };
        draft.put(Key::Nonce(nonce.clone()), used);
    }
    let known = draft.get::<Model>(Key::Model(joining.model.clone()))?;
    known.ok_or_else(|| Problem::ModelUnknown { model: joining.model.clone() })?;
    if draft.get::<Prepared>(Key::Prepared(joining.serial.clone()))?.is_some_and(|p| p.account != admitted.account) {
        return Err(Problem::OtherAccount.into());
    }
    let host = Host {
        account: admitted.account.clone(),
        model: joining.model.clone(),
        name: joining.name.clone(),
        state: HostState::Active,
        cluster: None,
        awaits: None,
        key: joining.key.clone(),
        certificate: joining.certificate.clone(),
        request: joining.request.clone(),
        token: admitted.token.as_ref().map(|(id, _)| id.clone()),
        activated: call.now,
        epoch: before.map_or(0, |host| host.epoch),
        late_until: None,
    };
    associate(&mut draft, joining, &admitted, host, call)?;
    draft.put(Key::Owned(admitted.account.clone(), joining.serial.clone()), Member { since: call.now });
    if let Some((id, token)) = &admitted.token {
        let state = TokenState::Used { serial: joining.serial.clone(), at: call.now };
        draft.put(Key::Token(id.clone()), Token { state, ..token.clone() });
    }
    let told = tell(&mut draft, &joining.serial)?;
    Ok(draft.done(call.audit(&admitted.account, "host.activate", &joining.serial), told))
}

/// The box is activated: the same key gets the same answer, however often it asks; another key is another box.
fn again(
    mut draft: Draft<'_>,
    joining: &Joining,
    admitted: &Admitted,
    host: &Host,
) -> Result<Decision<Activated>, Stop> {
    let serial = &joining.serial;
    if host.key != joining.key {
        return Err(Problem::OtherKey { serial: serial.clone() }.into());
    }
    let same_code = admitted.token.as_ref().is_some_and(|(id, _)| host.token.as_ref() == Some(id));
    let by_hand = matches!(joining.proof, Proof::Hand { .. }) && host.request == joining.request;
    if host.account != admitted.account || !(same_code || by_hand) {
        return Err(Problem::AlreadyActive { serial: serial.clone() }.into());
    }
    let told = tell(&mut draft, serial)?;
    Ok(draft.done(None, told))
}

/// Writes the host with its place: cluster, membership, peer.
fn associate(
    draft: &mut Draft<'_>,
    joining: &Joining,
    admitted: &Admitted,
    mut host: Host,
    call: &Call,
) -> Result<(), Stop> {
    let (serial, account) = (&joining.serial, &admitted.account);
    let joiner = Joiner { serial, model: &joining.model, account };
    let reservation = draft.get::<Reservation>(Key::Reservation(serial.clone()))?;
    if joining.association != Association::None {
        let owner = draft.get::<Account>(Key::Account(account.clone()))?;
        if owner.is_none_or(|owner| owner.service.is_none()) {
            return Err(Problem::ServiceNotEnabled.into());
        }
    }
    let place = association::place(draft, joiner, &joining.association, admitted.cluster(), reservation.as_ref())?;
    let Some(place) = place else {
        draft.put(Key::Host(serial.clone()), host);
        return Ok(());
    };
    let cluster = enter(draft, joining, account, &place, call)?;
    host.cluster = Some(cluster.clone());
    draft.put(Key::Member(cluster.clone(), serial.clone()), Member { since: call.now });
    let pair = reservation.as_ref().and_then(|r| r.pair.clone()).unwrap_or_else(|| joining.fresh.pair.clone());
    if reservation.is_some() {
        draft.delete(Key::Reservation(serial.clone()));
        draft.delete(Key::ReservedIn(cluster.clone(), serial.clone()));
    }
    let Some(peer) = place.peer else {
        draft.put(Key::Host(serial.clone()), host);
        return Ok(());
    };
    if peer == *serial {
        return Err(Problem::PeerCannotBeChosen { serial: peer, why: NoPeer::Itself }.into());
    }
    let other = draft.get::<Host>(Key::Host(peer.clone()))?.filter(|other| other.state.belongs());
    let Some(other) = other else {
        let pairing = Pairing { pair, secret: joining.fresh.secret.clone(), virtual_ip: place.virtual_ip };
        expect(draft, joiner, &cluster, &peer, pairing, call)?;
        draft.put(Key::Host(serial.clone()), Host { awaits: Some(peer), ..host });
        return Ok(());
    };
    let theirs = draft.get::<Peer>(Key::Peer(peer.clone()))?;
    if let Some(why) = association::why_not(joiner, &cluster, &peer, &other, theirs.as_ref()) {
        return Err(Problem::PeerCannotBeChosen { serial: peer, why }.into());
    }
    draft.put(Key::Host(peer.clone()), Host { awaits: None, ..other });
    draft.put(Key::Host(serial.clone()), host);
    draft.get::<Peer>(Key::Peer(serial.clone()))?;
    pairs::join(
        draft,
        &cluster,
        [serial, &peer],
        Pairing { pair, secret: joining.fresh.secret.clone(), virtual_ip: place.virtual_ip },
    )
}

/// The chosen peer is still to come: its place is kept.
fn expect(
    draft: &mut Draft<'_>,
    joiner: Joiner<'_>,
    cluster: &ClusterId,
    peer: &Serial,
    pairing: Pairing,
    call: &Call,
) -> Result<(), Stop> {
    if let Some(prepared) = draft.get::<Prepared>(Key::Prepared(peer.clone()))? {
        if prepared.account != *joiner.account {
            return Err(Problem::OtherAccount.into());
        }
        if let Some(model) = prepared.model.filter(|model| model != joiner.model) {
            let why = NoPeer::OtherModel { model };
            return Err(Problem::PeerCannotBeChosen { serial: peer.clone(), why }.into());
        }
    }
    let reservation = Reservation {
        account: joiner.account.clone(),
        cluster: cluster.clone(),
        peer: Some(joiner.serial.clone()),
        pair: Some(pairing.pair.clone()),
        virtual_ip: pairing.virtual_ip,
        replaces: None,
        since: call.now,
    };
    pairs::reserve(draft, peer, reservation)?;
    pairs::begin(draft, cluster, joiner.serial, pairing)
}

/// The cluster that the box comes into, made if it has to be; its model is that of its first box.
fn enter(
    draft: &mut Draft<'_>,
    joining: &Joining,
    account: &AccountId,
    place: &Place,
    call: &Call,
) -> Result<ClusterId, Stop> {
    match &place.cluster {
        Choice::Existing(id) => {
            let cluster = draft.get::<Cluster>(Key::Cluster(id.clone()))?.filter(|c| c.account == *account);
            let cluster = cluster.ok_or(Problem::NotFound)?;
            match &cluster.model {
                Some(model) if *model != joining.model => {
                    return Err(Problem::OtherModel { model: model.clone() }.into());
                }
                Some(_) => {}
                None => {
                    let model = Some(joining.model.clone());
                    draft.put(Key::Cluster(id.clone()), Cluster { model, ..cluster });
                }
            }
            Ok(id.clone())
        }
        Choice::New(name) => {
            let id = joining.fresh.cluster.clone();
            let cluster = Cluster {
                account: account.clone(),
                name: name.clone(),
                model: Some(joining.model.clone()),
                created: call.now,
            };
            super::clusters::make(draft, &id, cluster)?;
            if place.automatic {
                let key = Key::Automatic(account.clone(), joining.model.clone());
                draft.put(key, Named { cluster: id.clone() });
            }
            Ok(id)
        }
    }
}

/// What an activated box is told of itself.
pub fn tell(draft: &mut Draft<'_>, serial: &Serial) -> Result<Activated, Stop> {
    let host = draft.get::<Host>(Key::Host(serial.clone()))?.ok_or(Problem::NotFound)?;
    let cluster = match &host.cluster {
        Some(id) => draft.get::<Cluster>(Key::Cluster(id.clone()))?.map(|c| (id.clone(), c.name)),
        None => None,
    };
    let mut told = Activated { host, cluster, peer: None, pair: None, pair_secret: None, virtual_ip: None };
    if let Some(Peer { peer, pair }) = draft.get::<Peer>(Key::Peer(serial.clone()))? {
        let key = draft.get::<Host>(Key::Host(peer.clone()))?.map(|host| host.key).unwrap_or_default();
        let lease = draft.get::<PairLease>(Key::PairLease(pair.clone()))?;
        (told.virtual_ip, told.pair_secret) = lease.map(|lease| (lease.virtual_ip, lease.secret)).unwrap_or_default();
        (told.peer, told.pair) = (Some((peer, key)), Some(pair));
    } else if let Some(awaited) = &told.host.awaits
        && let Some(pair) = draft.get::<Reservation>(Key::Reservation(awaited.clone()))?.and_then(|it| it.pair)
        && let Some(lease) = draft.get::<PairLease>(Key::PairLease(pair.clone()))?
    {
        (told.pair, told.virtual_ip, told.pair_secret) = (Some(pair), lease.virtual_ip, lease.secret);
    }
    Ok(told)
}
