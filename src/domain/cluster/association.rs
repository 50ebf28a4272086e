//! Which cluster a joining box comes into, and which peer it gets. The list that people choose from and the judgement of what
//! they chose are the same function, [`why_not`].

use std::net::Ipv4Addr;

use super::{
    key::{Key, Prefix},
    names::{AccountId, ClusterId, Label, ModelName, Serial},
    problem::{NoPeer, Problem},
    record::{Cluster, Host, HostState, Member, Named, Peer, Reservation},
    view::{Draft, Stop},
};

/// What the wizard asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Association {
    /// Stand-alone.
    None,
    /// The registry finds cluster and peer.
    Automatic,
    Manual {
        cluster: Choice,
        peer: Option<Serial>,
        virtual_ip: Option<Ipv4Addr>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    Existing(ClusterId),
    New(Label),
}

/// A box that somebody may want to choose as peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub serial: Serial,
    pub host: Host,
    pub why_not: Option<NoPeer>,
}

/// The box that joins.
#[derive(Clone, Copy, Debug)]
pub struct Joiner<'a> {
    pub serial: &'a Serial,
    pub model: &'a ModelName,
    pub account: &'a AccountId,
}

/// Why `host` cannot be the peer of the joining box; `None` if it can.
pub fn why_not(
    joiner: Joiner<'_>,
    cluster: &ClusterId,
    serial: &Serial,
    host: &Host,
    peer: Option<&Peer>,
) -> Option<NoPeer> {
    if serial == joiner.serial {
        return Some(NoPeer::Itself);
    }
    if host.account != *joiner.account || host.cluster.as_ref() != Some(cluster) {
        return Some(NoPeer::OtherCluster);
    }
    if host.model != *joiner.model {
        return Some(NoPeer::OtherModel { model: host.model.clone() });
    }
    if let Some(peer) = peer {
        return Some(NoPeer::Paired { peer: peer.peer.clone() });
    }
    if let Some(awaits) = host.awaits.as_ref().filter(|awaits| *awaits != joiner.serial) {
        return Some(NoPeer::Waits { serial: awaits.clone() });
    }
    match host.state {
        HostState::Active => None,
        HostState::Draining { .. }
        | HostState::Leaving { .. }
        | HostState::Removed { .. }
        | HostState::Replaced { .. } => Some(NoPeer::NotActive { state: host.state.word().to_owned() }),
    }
}

/// Every box of a cluster, with the reason why it cannot be chosen.
pub fn candidates(draft: &Draft<'_>, joiner: Joiner<'_>, cluster: &ClusterId) -> Result<Vec<Candidate>, Stop> {
    let members = draft.list::<Member>(Prefix::Members(cluster.clone()))?;
    let serials = members.iter().filter_map(|(key, _)| key.leaf().parse::<Serial>().ok()).collect::<Vec<_>>();
    let hosts = draft.look_all::<Host>(serials.iter().cloned().map(Key::Host))?;
    let peers = draft.look_all::<Peer>(serials.iter().cloned().map(Key::Peer))?;
    let all = serials.into_iter().zip(hosts).zip(peers);
    Ok(all
        .filter_map(|((serial, host), peer)| {
            let host = host?;
            let why_not = why_not(joiner, cluster, &serial, &host, peer.as_ref());
            Some(Candidate { serial, host, why_not })
        })
        .collect())
}

/// The account's clusters.
pub fn clusters_of(draft: &Draft<'_>, account: &AccountId) -> Result<Vec<(ClusterId, Cluster)>, Stop> {
    let named = draft.list::<Named>(Prefix::ClustersOf(account.clone()))?;
    let ids = named.into_iter().map(|(_, named)| named.cluster).collect::<Vec<_>>();
    let found = draft.look_all::<Cluster>(ids.iter().cloned().map(Key::Cluster))?;
    Ok(ids.into_iter().zip(found).filter_map(|(id, cluster)| Some((id, cluster?))).collect())
}

/// Where a box goes, before it is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub cluster: Choice,
    /// A cluster that the registry makes by itself.
    pub automatic: bool,
    pub peer: Option<Serial>,
    pub virtual_ip: Option<Ipv4Addr>,
}

/// What the association means for this box: `None` for stand-alone.
pub(super) fn place(
    draft: &mut Draft<'_>,
    joiner: Joiner<'_>,
    association: &Association,
    bound: Option<&ClusterId>,
    reservation: Option<&Reservation>,
) -> Result<Option<Place>, Stop> {
    if let Some(r) = reservation {
        return reserved(draft, joiner, association, r).map(Some);
    }
    match association {
        Association::None => match bound {
            Some(cluster) => Err(Problem::CodeOtherCluster { cluster: cluster.clone() }.into()),
            None => Ok(None),
        },
        Association::Manual { cluster, peer, virtual_ip } => {
            if let Some(bound) = bound.filter(|bound| *cluster != Choice::Existing((*bound).clone())) {
                return Err(Problem::CodeOtherCluster { cluster: bound.clone() }.into());
            }
            Ok(Some(Place { cluster: cluster.clone(), automatic: false, peer: peer.clone(), virtual_ip: *virtual_ip }))
        }
        Association::Automatic => automatic(draft, joiner, bound).map(Some),
    }
}

/// A reserved box comes where it is reserved, or not at all.
fn reserved(
    draft: &mut Draft<'_>,
    joiner: Joiner<'_>,
    association: &Association,
    r: &Reservation,
) -> Result<Place, Stop> {
    if r.account != *joiner.account {
        return Err(Problem::OtherAccount.into());
    }
    let elsewhere =
        || Problem::Reserved { serial: joiner.serial.clone(), cluster: r.cluster.clone(), peer: r.peer.clone() };
    let (peer, virtual_ip) = match association {
        Association::None => return Err(elsewhere().into()),
        Association::Automatic => (None, None),
        Association::Manual { cluster, peer, virtual_ip } => {
            let fits = match cluster {
                Choice::Existing(id) => *id == r.cluster,
                // two boxes that name each other and a cluster to be made: who comes second finds it made
                Choice::New(name) => {
                    let cluster = draft.get::<Cluster>(Key::Cluster(r.cluster.clone()))?;
                    cluster.is_some_and(|c| c.name == *name)
                }
            };
            if !fits || (r.peer.is_some() && peer.is_some() && *peer != r.peer) {
                return Err(elsewhere().into());
            }
            (peer.clone(), *virtual_ip)
        }
    };
    Ok(Place {
        cluster: Choice::Existing(r.cluster.clone()),
        automatic: false,
        peer: r.peer.clone().or(peer),
        virtual_ip: r.virtual_ip.or(virtual_ip),
    })
}

/// The account's one cluster of this model that has a box without peer; a new one if there is none.
fn automatic(draft: &mut Draft<'_>, joiner: Joiner<'_>, bound: Option<&ClusterId>) -> Result<Place, Stop> {
    let into = |cluster: ClusterId, peer: Option<Serial>| Place {
        cluster: Choice::Existing(cluster),
        automatic: false,
        peer,
        virtual_ip: None,
    };
    let choosable = |found: Vec<Candidate>| found.into_iter().find(|c| c.why_not.is_none()).map(|c| c.serial);
    if let Some(bound) = bound {
        let peer = choosable(candidates(draft, joiner, bound)?);
        return Ok(into(bound.clone(), peer));
    }
    // whoever makes one by itself at the same moment changes this record
    draft.get::<Named>(Key::Automatic(joiner.account.clone(), joiner.model.clone()))?;
    let clusters = clusters_of(draft, joiner.account)?;
    let mut open = Vec::new();
    for (id, cluster) in &clusters {
        if cluster.model.as_ref() == Some(joiner.model)
            && let Some(peer) = choosable(candidates(draft, joiner, id)?)
        {
            open.push((id.clone(), peer));
        }
    }
    match open.as_slice() {
        [] => {
            let taken = |name: &str| clusters.iter().any(|(_, c)| c.name.as_str() == name);
            let name =
                (1..=clusters.len() + 1).map(|n| format!("cluster-{n}")).find(|name| !taken(name)).unwrap_or_default();
            let name = name.parse().map_err(|_| Problem::Internal)?;
            Ok(Place { cluster: Choice::New(name), automatic: true, peer: None, virtual_ip: None })
        }
        [(cluster, peer)] => Ok(into(cluster.clone(), Some(peer.clone()))),
        _ => Err(Problem::ChooseCluster { clusters: open.into_iter().map(|(id, _)| id).collect() }.into()),
    }
}
