//! Clusters and peers: who may be whose, and what happens when several want at once.

use domain::cluster::{
    api::RemoveAsk,
    calls,
    names::ClusterId,
    problem::{NoPeer, Problem},
};

use super::lab::{Caller, Lab, Unit, alone, join, new_cluster, parse};

/// A cluster with one box, `7F3K-1`.
async fn begun(lab: &Lab) -> (Unit, ClusterId) {
    let first = Unit::new("7F3K-1");
    let told = lab.activate(&first, &lab.code().await, new_cluster("plant", None)).await.expect("first");
    (first, told.cluster.expect("in a cluster"))
}

#[tokio::test]
async fn two_boxes_that_want_one_peer_at_once_one_wins_and_the_other_is_told() {
    let lab = Lab::new().await;
    let (_, cluster) = begun(&lab).await;
    let (second, third) = (Unit::new("7F3K-2"), Unit::new("7F3K-3"));
    let (a, b) = (lab.code().await, lab.code().await);
    let (left, right) = tokio::join!(
        lab.activate(&second, &a, join(&cluster, Some("7F3K-1"))),
        lab.activate(&third, &b, join(&cluster, Some("7F3K-1"))),
    );
    let (won, lost) = if left.is_ok() { (left, right) } else { (right, left) };
    let peer = won.expect("one wins").serial;
    let why = NoPeer::Paired { peer };
    assert_eq!(lost.expect_err("the other"), Problem::PeerCannotBeChosen { serial: parse("7F3K-1"), why });
}

#[tokio::test]
async fn a_and_b_name_each_other_at_once_and_are_a_pair() {
    let lab = Lab::new().await;
    let (a, b) = (Unit::new("7F3K-1"), Unit::new("7F3K-2"));
    let (one, two) = (lab.code().await, lab.code().await);
    let (left, right) = tokio::join!(
        lab.activate(&a, &one, new_cluster("plant", Some("7F3K-2"))),
        lab.activate(&b, &two, new_cluster("plant", Some("7F3K-1"))),
    );
    let (left, right) = (left.expect("a"), right.expect("b"));
    assert_eq!(left.cluster, right.cluster);
    let peer = async |it: &Unit| lab.ask::<calls::GetBox>(&it.caller(), &[], &()).await.expect("told").peer;
    assert_eq!((peer(&a).await, peer(&b).await), (Some(parse("7F3K-2")), Some(parse("7F3K-1"))));
}

#[tokio::test]
async fn self_other_model_other_account_and_other_cluster_are_refused_with_the_reason() {
    let lab = Lab::new().await;
    let (_, cluster) = begun(&lab).await;
    let code = lab.code().await;
    let itself = lab.activate(&Unit::new("7F3K-2"), &code, join(&cluster, Some("7F3K-2"))).await;
    let why = NoPeer::Itself;
    assert_eq!(itself.expect_err("itself"), Problem::PeerCannotBeChosen { serial: parse("7F3K-2"), why });
    let other = Unit { model: "B-020", ..Unit::new("7F3K-2") };
    let refused = lab.activate(&other, &code, join(&cluster, None)).await.expect_err("another model");
    assert_eq!(refused, Problem::OtherModel { model: parse("B-012") });
    let unknown = Unit { model: "B-999", ..Unit::new("7F3K-2") };
    let refused = lab.activate(&unknown, &code, alone()).await.expect_err("a model that is not taken");
    assert_eq!(refused, Problem::ModelUnknown { model: parse("B-999") });
    let ask = domain::cluster::api::NewCode { model: None, cluster: None, hours: None, label: None, short: false };
    let theirs = lab.code_of("other", ask.clone()).await.code;
    let refused = lab.activate(&Unit::new("7F3K-2"), &theirs, join(&cluster, None)).await.expect_err("their cluster");
    assert_eq!(refused, Problem::NotFound);
    let fresh = lab.code_of("fresh", ask).await.code;
    let refused = lab.activate(&Unit::new("7F3K-2"), &fresh, new_cluster("x", None)).await.expect_err("no service");
    assert_eq!(refused, Problem::ServiceNotEnabled);
    lab.activate(&Unit::new("7F3K-2"), &code, alone()).await.expect("the code was not used up by any of them");
}

#[tokio::test]
async fn a_reserved_box_comes_only_where_it_is_expected() {
    let lab = Lab::new().await;
    let first = Unit::new("7F3K-1");
    lab.activate(&first, &lab.code().await, new_cluster("plant", Some("7F3K-2"))).await.expect("first");
    let (second, code) = (Unit::new("7F3K-2"), lab.code().await);
    for elsewhere in [alone(), new_cluster("elsewhere", None)] {
        let refused = lab.activate(&second, &code, elsewhere).await.expect_err("elsewhere");
        assert!(matches!(refused, Problem::Reserved { .. }), "{refused}");
    }
    let automatic =
        domain::cluster::api::AssociationAsk { kind: domain::cluster::api::AssociationKind::Automatic, ..alone() };
    let told = lab.activate(&second, &code, automatic).await.expect("where it is expected");
    assert_eq!(told.peer, Some(parse("7F3K-1")));
}

#[tokio::test]
async fn a_cluster_is_removed_only_when_it_is_empty_and_never_together_with_an_activation() {
    let lab = Lab::new().await;
    let (first, cluster) = begun(&lab).await;
    let admin = lab.sign_in("admin@demo").await;
    let remove = async |caller: &Caller| lab.ask::<calls::RemoveCluster>(caller, &[cluster.as_str()], &()).await;
    let blockers = vec![first.serial.clone()];
    assert_eq!(remove(&admin).await.expect_err("not empty"), Problem::NotEmpty { blockers });
    for force in [false, true] {
        lab.ask::<calls::RemoveHost>(&admin, &["7F3K-1"], &RemoveAsk { force }).await.expect("removed");
    }
    let (second, code) = (Unit::new("7F3K-2"), lab.code().await);
    let (removed, joined) = tokio::join!(remove(&admin), lab.activate(&second, &code, join(&cluster, None)));
    assert!(removed.is_ok() != joined.is_ok(), "{removed:?} {joined:?}");
}

#[tokio::test]
async fn a_dead_box_is_replaced_and_stays_fenced() {
    let lab = Lab::new().await;
    let (first, cluster) = begun(&lab).await;
    let second = Unit::new("7F3K-2");
    lab.activate(&second, &lab.code().await, join(&cluster, Some("7F3K-1"))).await.expect("second");
    let admin = lab.sign_in("admin@demo").await;
    let ask = domain::cluster::api::ReplaceAsk { with: parse("7F3K-3") };
    lab.ask::<calls::ReplaceHost>(&admin, &["7F3K-1"], &ask).await.expect("replaced");
    let third = Unit::new("7F3K-3");
    let automatic =
        domain::cluster::api::AssociationAsk { kind: domain::cluster::api::AssociationKind::Automatic, ..alone() };
    let told = lab.activate(&third, &lab.code().await, automatic).await.expect("in its place");
    assert_eq!(told.peer, Some(parse("7F3K-2")));
    let fenced = lab.ask::<calls::GetBox>(&first.caller(), &[], &()).await.expect_err("fenced");
    assert_eq!(fenced, Problem::HostReplaced { by: Some(parse("7F3K-3")) });
}
