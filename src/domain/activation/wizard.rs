//! Which question comes next, and what an answer makes worthless that was answered before.

use super::api::{Activation, Answers, CodeSeen, Draft, NewOrReplacement, Offered, Stage};
use crate::{
    cluster::{
        api::{AssociationAsk, AssociationKind, Preview, Reserved},
        association::{Association, Choice},
        names::{ClusterId, Serial},
        problem::{NoPeer, Problem},
    },
    settings::host_name::HostName,
};

/// The wizard's pages, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Page {
    /// A new box, or in place of one?
    Kind,
    Power,
    Cable,
    Check,
    Code,
    /// Model and serial number, beside the chassis.
    Confirm,
    /// Host name, and more settings: cluster and peer.
    Cluster,
    Review,
    Progress,
    Done,
}

impl Page {
    pub const QUESTIONS: [Self; 8] =
        [Self::Kind, Self::Power, Self::Cable, Self::Check, Self::Code, Self::Confirm, Self::Cluster, Self::Review];

    /// In its address: `/activate/kind`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Power => "power",
            Self::Cable => "cable",
            Self::Check => "check",
            Self::Code => "code",
            Self::Confirm => "confirm",
            Self::Cluster => "cluster",
            Self::Review => "review",
            Self::Progress => "progress",
            Self::Done => "done",
        }
    }

    /// The one before, to go back to.
    pub fn before(self) -> Option<Self> {
        let at = Self::QUESTIONS.iter().position(|page| *page == self)?;
        Self::QUESTIONS.get(at.checked_sub(1)?).copied()
    }
}

/// Where to go on: the first question that is not answered, or what comes after the last.
pub fn next(activation: &Activation) -> Page {
    match activation.stage {
        Stage::Working => Page::Progress,
        Stage::Active => Page::Done,
        Stage::Unopened | Stage::Answering | Stage::Left => first_open(&activation.draft),
    }
}

/// The first question that is not answered; the review when all are.
pub fn first_open(draft: &Draft) -> Page {
    let open = [
        (Page::Kind, draft.kind.is_none()),
        (Page::Power, !draft.power_seen),
        (Page::Cable, !draft.cable_seen),
        (Page::Check, !draft.check_seen),
        (Page::Code, draft.code.is_none()),
        (Page::Confirm, !draft.confirmed),
        (Page::Cluster, draft.name.is_none() || draft.association.is_none()),
    ];
    open.into_iter().find_map(|(page, open)| open.then_some(page)).unwrap_or(Page::Review)
}

/// Whether a page may be shown: those up to the first open question, while nothing works.
pub fn reachable(activation: &Activation, page: Page) -> bool {
    let next = next(activation);
    match page {
        Page::Progress | Page::Done => next == page,
        _ => next <= Page::Review && page <= next,
    }
}

/// Takes answers over; a code was judged before, with what the registry told of it, if it could be asked.
///
/// Another code may be another account's: what was chosen among the old one's clusters is asked again, and whether this is the box
/// that is meant. `code` has whether it is another one.
pub fn answer(draft: &mut Draft, answers: &Answers, code: Option<(CodeSeen, bool, Option<&Offered>)>) {
    if let Some(kind) = answers.kind {
        if draft.kind.is_some_and(|before| before != kind) {
            draft.association = None;
        }
        draft.kind = Some(kind);
    }
    draft.power_seen = answers.power_seen.unwrap_or(draft.power_seen);
    draft.cable_seen = answers.cable_seen.unwrap_or(draft.cable_seen);
    draft.check_seen = answers.check_seen.unwrap_or(draft.check_seen);
    if let Some((seen, another, offered)) = code {
        if another {
            (draft.association, draft.confirmed) = (None, false);
        }
        draft.code = Some(seen);
        if let Some(offered) = offered {
            prefill(draft, &offered.preview);
        }
    }
    draft.confirmed = answers.confirmed.unwrap_or(draft.confirmed);
    if let Some(name) = &answers.name {
        draft.name = Some(name.clone());
    }
    if let Some(association) = &answers.association {
        draft.association = Some(association.clone());
    }
    if let Some(ports) = &answers.ports {
        draft.ports = ports.clone();
    }
}

/// What the registry knows of this box is answered already. Where somebody has prepared its name, the wizard goes straight to its
/// review; that the box before one's eyes is the one that is meant is still asked.
pub fn prefill(draft: &mut Draft, preview: &Preview) {
    if let Some(code) = &mut draft.code {
        code.account = Some(preview.account.clone());
        code.expires = preview.expires.or(code.expires);
    }
    if let Some(reserved) = &preview.reserved {
        draft.kind.get_or_insert(match reserved.replaces {
            Some(_) => NewOrReplacement::Replacement,
            None => NewOrReplacement::New,
        });
    }
    let Some(prepared) = &preview.prepared else { return };
    if draft.association.is_none() && (preview.reserved.is_some() || prepared.cluster.is_some()) {
        draft.association = Some(suggested(preview, draft.kind));
    }
    let Some(name) = &prepared.name else { return };
    draft.name.get_or_insert_with(|| name.clone());
    draft.association.get_or_insert_with(|| suggested(preview, draft.kind));
    draft.kind.get_or_insert(NewOrReplacement::New);
    (draft.power_seen, draft.cable_seen, draft.check_seen) = (true, true, true);
}

/// Why an association cannot be had, by what the registry told; the first reason. It judges again when the box is activated: what
/// it told may be old.
///
/// # Errors
/// With the registry's own words for it.
pub fn judge(preview: &Preview, serial: &Serial, ask: &AssociationAsk) -> Result<(), Problem> {
    let association = ask.clone().read()?;
    if association != Association::None && !preview.service {
        return Err(Problem::ServiceNotEnabled);
    }
    if let Some(reserved) = &preview.reserved {
        return reserved_elsewhere(preview, reserved, &association)
            .map_or(Ok(()), |(cluster, peer)| Err(Problem::Reserved { serial: serial.clone(), cluster, peer }));
    }
    let Association::Manual { cluster, peer, .. } = association else {
        return match &preview.cluster {
            Some(cluster) if association == Association::None => {
                Err(Problem::CodeOtherCluster { cluster: cluster.clone() })
            }
            Some(_) | None => Ok(()),
        };
    };
    if peer.as_ref() == Some(serial) {
        return Err(Problem::PeerCannotBeChosen { serial: serial.clone(), why: NoPeer::Itself });
    }
    if let Some(bound) = preview.cluster.as_ref().filter(|bound| cluster != Choice::Existing((*bound).clone())) {
        return Err(Problem::CodeOtherCluster { cluster: bound.clone() });
    }
    let Choice::Existing(id) = cluster else { return Ok(()) };
    let joinable = preview.clusters.iter().find(|joinable| joinable.id == id).ok_or(Problem::NotFound)?;
    if joinable.why_not.is_some() {
        // the reason is the model: a code that is bound to another cluster was looked at above
        return Err(match joinable.model.clone() {
            Some(model) => Problem::OtherModel { model },
            None => Problem::CodeOtherCluster { cluster: id },
        });
    }
    let candidate = peer.and_then(|peer| joinable.candidates.iter().find(|candidate| candidate.serial == peer));
    // a box that is not there is still to come
    match candidate.and_then(|candidate| Some((candidate, candidate.why_not.as_ref()?))) {
        Some((candidate, why)) => {
            Err(Problem::PeerCannotBeChosen { serial: candidate.serial.clone(), why: why.peer() })
        }
        None => Ok(()),
    }
}

/// Where a reserved box has to come, if that is not where it is to go.
fn reserved_elsewhere(
    preview: &Preview,
    reserved: &Reserved,
    association: &Association,
) -> Option<(ClusterId, Option<Serial>)> {
    let fits = match association {
        Association::None => false,
        Association::Automatic => true,
        Association::Manual { cluster, peer, .. } => {
            let there = match cluster {
                Choice::Existing(id) => *id == reserved.cluster,
                Choice::New(name) => preview.clusters.iter().any(|c| c.id == reserved.cluster && c.name == *name),
            };
            there && (reserved.peer.is_none() || peer.is_none() || *peer == reserved.peer)
        }
    };
    (!fits).then(|| (reserved.cluster.clone(), reserved.peer.clone()))
}

/// What the cluster's question begins with.
pub fn suggested(preview: &Preview, kind: Option<NewOrReplacement>) -> AssociationAsk {
    if let Some(reserved) = &preview.reserved {
        let manual = AssociationAsk::manual(reserved.cluster.clone(), reserved.peer.clone());
        return AssociationAsk { virtual_ip: reserved.virtual_ip, ..manual };
    }
    let prepared = preview.prepared.as_ref();
    if let Some(cluster) = prepared.and_then(|p| p.cluster.clone()).or_else(|| preview.cluster.clone()) {
        let virtual_ip = prepared.and_then(|p| p.virtual_ip);
        let peer = prepared.and_then(|p| p.peer.clone());
        return AssociationAsk { virtual_ip, ..AssociationAsk::manual(cluster, peer) };
    }
    match kind {
        // where it is to come is in the registry, or will be before the activation ends
        Some(NewOrReplacement::Replacement) => {
            AssociationAsk { kind: AssociationKind::Automatic, ..AssociationAsk::none() }
        }
        Some(NewOrReplacement::New) | None => AssociationAsk::none(),
    }
}

/// The name that the question begins with: what was typed, prepared, or is the box's now.
pub fn suggested_name(draft: &Draft, preview: Option<&Preview>, own: &str) -> String {
    let prepared = preview.and_then(|p| p.prepared.as_ref()).and_then(|p| p.name.as_ref());
    let known = draft.name.as_ref().or(prepared).map(HostName::to_string);
    known.unwrap_or_else(|| if own.parse::<HostName>().is_ok() { own.to_owned() } else { String::new() })
}
