//! Clusters: made by an administrator or by the first box, removed when nothing is in them.

use super::{
    account::Call,
    key::{Key, Prefix},
    names::{AccountId, ClusterId, Label, ModelName},
    problem::Problem,
    record::{Account, Cluster, Member, Model, Named},
    view::{Decision, Draft, Stop, View},
};

/// Writes a new cluster. No two of an account have the same name.
pub(super) fn make(draft: &mut Draft<'_>, id: &ClusterId, cluster: Cluster) -> Result<(), Stop> {
    let name = Key::ClusterName(cluster.account.clone(), cluster.name.clone());
    if draft.get::<Named>(name.clone())?.is_some() {
        return Err(Problem::NameTaken.into());
    }
    if draft.get::<Cluster>(Key::Cluster(id.clone()))?.is_some() {
        return Err(Problem::Contended.into());
    }
    draft.put(name, Named { cluster: id.clone() });
    draft.put(Key::Cluster(id.clone()), cluster);
    Ok(())
}

pub fn create(
    view: &View,
    account: &AccountId,
    id: &ClusterId,
    name: Label,
    model: Option<ModelName>,
    call: &Call,
) -> Result<Decision<()>, Stop> {
    let mut draft = Draft::new(view);
    let owner = draft.get::<Account>(Key::Account(account.clone()))?.ok_or(Problem::NotFound)?;
    if owner.service.is_none() {
        return Err(Problem::ServiceNotEnabled.into());
    }
    if let Some(model) = &model {
        let known = draft.get::<Model>(Key::Model(model.clone()))?;
        known.ok_or_else(|| Problem::ModelUnknown { model: model.clone() })?;
    }
    make(&mut draft, id, Cluster { account: account.clone(), name, model, created: call.now })?;
    Ok(draft.done(call.audit(account, "cluster.create", id), ()))
}

/// Refused while a box is in it or reserved for it. Whoever joins at the same moment has read the cluster, and whoever removes it
/// relies on there being nobody: only one of both can be committed.
pub fn remove(view: &View, account: &AccountId, id: &ClusterId, call: &Call) -> Result<Decision<()>, Stop> {
    let mut draft = Draft::new(view);
    let cluster = draft.get::<Cluster>(Key::Cluster(id.clone()))?.filter(|c| c.account == *account);
    let cluster = cluster.ok_or(Problem::NotFound)?;
    let mut blockers = Vec::new();
    for prefix in [Prefix::Members(id.clone()), Prefix::ReservedIn(id.clone())] {
        let found = draft.list::<Member>(prefix.clone())?;
        blockers.extend(found.iter().filter_map(|(key, _)| key.leaf().parse().ok()));
        draft.require_empty(prefix);
    }
    if !blockers.is_empty() {
        return Err(Problem::NotEmpty { blockers }.into());
    }
    draft.delete(Key::Cluster(id.clone()));
    draft.delete(Key::ClusterName(account.clone(), cluster.name));
    if let Some(model) = cluster.model {
        let key = Key::Automatic(account.clone(), model);
        if draft.get::<Named>(key.clone())?.is_some_and(|named| named.cluster == *id) {
            draft.delete(key);
        }
    }
    Ok(draft.done(call.audit(account, "cluster.remove", id), ()))
}
