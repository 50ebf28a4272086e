//! After the activation: what a certificate is good for, renewals, removal, sign-ins.

use domain::cluster::{
    api::{LateRenewAsk, LeaseAsk, RemoveAsk, RenewAsk, SignIn},
    calls,
    problem::Problem,
};
use domain::secret::Secret;

use super::lab::{Caller, Lab, Unit, alone, join, new_cluster, parse};

const DAY: u64 = 86_400_000;

#[tokio::test]
async fn a_removed_box_is_refused_whatever_it_shows() {
    let lab = Lab::new().await;
    let it = Unit::new("7F3K-1");
    lab.activate(&it, &lab.code().await, alone()).await.expect("activated");
    lab.ask::<calls::GetBox>(&it.caller(), &[], &()).await.expect("a member");
    let admin = lab.sign_in("admin@demo").await;
    let force = lab.ask::<calls::RemoveHost>(&admin, &["7F3K-1"], &RemoveAsk { force: true }).await;
    assert_eq!(force.expect_err("not pending"), Problem::NotPending);
    lab.ask::<calls::RemoveHost>(&admin, &["7F3K-1"], &RemoveAsk { force: false }).await.expect("draining");
    // the box hears of it and goes
    assert_eq!(lab.ask::<calls::GetBox>(&it.caller(), &[], &()).await.expect("told").state, "draining");
    lab.ask::<calls::BoxDrained>(&it.caller(), &[], &()).await.expect("leaving");
    assert_eq!(lab.ask::<calls::BoxLeft>(&it.caller(), &[], &()).await.expect("gone").state, "removed");
    let refused = lab.ask::<calls::GetBox>(&it.caller(), &[], &()).await.expect_err("removed");
    assert!(matches!(refused, Problem::HostRemoved { .. }), "{refused}");
    let refused = lab.ask::<calls::RenewCertificate>(&it.caller(), &[], &RenewAsk { csr: it.csr() }).await;
    assert!(matches!(refused.expect_err("removed"), Problem::HostRemoved { .. }));
}

#[tokio::test]
async fn a_box_acts_for_itself_alone() {
    let lab = Lab::new().await;
    let (it, other) = (Unit::new("7F3K-1"), Unit::new("7F3K-2"));
    lab.activate(&it, &lab.code().await, alone()).await.expect("activated");
    // its key, another one's name
    let mut forged = it.caller();
    forged.certificate.as_mut().expect("one").serial = other.serial.clone();
    assert_eq!(lab.ask::<calls::GetBox>(&forged, &[], &()).await.expect_err("forged"), Problem::NoCertificate);
    let nobody = Caller::default();
    assert_eq!(lab.ask::<calls::GetBox>(&nobody, &[], &()).await.expect_err("none"), Problem::NoCertificate);
    assert_eq!(
        lab.ask::<calls::ListHosts>(&it.caller(), &[], &()).await.expect_err("no sign-in"),
        Problem::NotSignedIn
    );
    let csr = RenewAsk { csr: other.csr() };
    let refused = lab.ask::<calls::RenewCertificate>(&it.caller(), &[], &csr).await.expect_err("another key");
    assert_eq!(refused, Problem::NoCertificate);
}

#[tokio::test]
async fn a_certificate_that_ran_out_is_renewed_once_somebody_agrees() {
    let lab = Lab::new().await;
    let it = Unit::new("7F3K-1");
    lab.activate(&it, &lab.code().await, alone()).await.expect("activated");
    lab.hand.forward_millis(91 * DAY);
    let ask = LateRenewAsk { serial: it.serial.clone(), csr: it.csr() };
    let late = async || lab.ask::<calls::RenewLate>(&Caller::default(), &[], &ask).await;
    assert_eq!(late().await.expect_err("nobody agreed"), Problem::RenewalNotAgreed);
    let admin = lab.sign_in("admin@demo").await;
    lab.ask::<calls::AgreeLateRenewal>(&admin, &["7F3K-1"], &()).await.expect("agreed");
    let thief = LateRenewAsk { serial: it.serial.clone(), csr: Unit::new("7F3K-1").csr() };
    let refused = lab.ask::<calls::RenewLate>(&Caller::default(), &[], &thief).await.expect_err("another key");
    assert_eq!(refused, Problem::NoCertificate);
    late().await.expect("renewed");
    lab.hand.forward_millis(91 * DAY);
    assert_eq!(late().await.expect_err("the word was for once"), Problem::RenewalNotAgreed);
}

#[tokio::test]
async fn the_lease_of_a_pair_is_one_boxs_at_a_time_and_ends_by_itself() {
    let lab = Lab::new().await;
    let (first, second) = (Unit::new("7F3K-1"), Unit::new("7F3K-2"));
    let told = lab.activate(&first, &lab.code().await, new_cluster("plant", None)).await.expect("first");
    let cluster = told.cluster.expect("cluster");
    lab.activate(&second, &lab.code().await, join(&cluster, Some("7F3K-1"))).await.expect("second");
    let acquire = async |it: &Unit| {
        lab.ask::<calls::AcquireLease>(&it.caller(), &[], &LeaseAsk { seconds: 3, released: None }).await
    };
    let epoch = acquire(&first).await.expect("free").epoch;
    let held = Problem::LeaseHeld { holder: first.serial.clone(), epoch };
    assert_eq!(acquire(&second).await.expect_err("held"), held);
    lab.hand.forward_millis(10_000);
    let mut next = acquire(&second).await;
    // the store ends leases in its own time, never early
    for _ in 0..200 {
        if next.is_ok() {
            break;
        }
        tokio::task::yield_now().await;
        next = acquire(&second).await;
    }
    assert!(next.expect("ended by itself").epoch > epoch, "epochs only grow");
}

#[tokio::test]
async fn a_renewal_during_a_failover_neither_keeps_nor_takes_the_lease() {
    let lab = Lab::new().await;
    let (first, second) = (Unit::new("7F3K-1"), Unit::new("7F3K-2"));
    let told = lab.activate(&first, &lab.code().await, new_cluster("plant", None)).await.expect("first");
    let cluster = told.cluster.expect("cluster");
    lab.activate(&second, &lab.code().await, join(&cluster, Some("7F3K-1"))).await.expect("second");
    lab.hand.forward_millis(61 * DAY);
    let acquire = async |it: &Unit| {
        lab.ask::<calls::AcquireLease>(&it.caller(), &[], &LeaseAsk { seconds: 3, released: None }).await
    };
    let renew = async |it: &Unit| {
        let ask = RenewAsk { csr: it.csr() };
        lab.ask::<calls::RenewCertificate>(&it.caller(), &[], &ask).await.expect("renewed")
    };
    let epoch = acquire(&first).await.expect("free").epoch;
    lab.hand.forward_millis(10_000);
    // the active one renews while its lease has run out, and the other while it takes over
    let (mine, taken, theirs) = tokio::join!(renew(&first), acquire(&second), renew(&second));
    assert_ne!(mine.certificate, theirs.certificate);
    let mut taken = taken;
    for _ in 0..200 {
        if taken.is_ok() {
            break;
        }
        tokio::task::yield_now().await;
        renew(&first).await;
        taken = acquire(&second).await;
    }
    let now = taken.expect("taken over").epoch;
    assert!(now > epoch);
    renew(&first).await;
    let held = Problem::LeaseHeld { holder: second.serial.clone(), epoch: now };
    assert_eq!(acquire(&first).await.expect_err("a new certificate is no lease"), held);
    let peer = lab.ask::<calls::GetBox>(&first.caller(), &[], &()).await.expect("told").peer;
    assert_eq!(peer.as_ref(), Some(&second.serial), "a pair still");
}

#[tokio::test]
async fn sign_ins_end_and_guessing_is_slowed_down() {
    let lab = Lab::new().await;
    let admin = lab.sign_in("admin@demo").await;
    lab.ask::<calls::ListHosts>(&admin, &[], &()).await.expect("signed in");
    lab.hand.forward_millis(16 * 60 * 1_000);
    assert_eq!(lab.ask::<calls::ListHosts>(&admin, &[], &()).await.expect_err("over"), Problem::NotSignedIn);
    let admin = lab.sign_in("admin@demo").await;
    lab.ask::<calls::SignOut>(&admin, &[], &()).await.expect("out");
    assert_eq!(lab.ask::<calls::ListHosts>(&admin, &[], &()).await.expect_err("out"), Problem::NotSignedIn);
    let stranger = Caller { host: 66, ..Caller::default() };
    let mut slowed = false;
    for user in ["admin@demo", "nobody"].into_iter().cycle().take(14) {
        let ask = SignIn { user: parse(user), password: Secret::new("wrong") };
        match lab.ask::<calls::SignInAccount>(&stranger, &[], &ask).await.expect_err("wrong") {
            Problem::WrongPassword => {}
            Problem::SlowDown { .. } => slowed = true,
            other => panic!("{other}"),
        }
    }
    assert!(slowed);
    lab.sign_in("admin@demo").await;
}

#[tokio::test]
async fn one_account_sees_nothing_of_another() {
    let lab = Lab::new().await;
    let told = lab.activate(&Unit::new("7F3K-1"), &lab.code().await, new_cluster("plant", None)).await.expect("box");
    let cluster = told.cluster.expect("cluster");
    let other = lab.sign_in("admin@other").await;
    assert_eq!(lab.ask::<calls::ListClusters>(&other, &[], &()).await.expect("list"), []);
    for refused in [
        lab.ask::<calls::GetCluster>(&other, &[cluster.as_str()], &()).await.map(drop),
        lab.ask::<calls::RemoveCluster>(&other, &[cluster.as_str()], &()).await.map(drop),
        lab.ask::<calls::RemoveHost>(&other, &["7F3K-1"], &RemoveAsk { force: false }).await.map(drop),
    ] {
        assert_eq!(refused.expect_err("another account's"), Problem::NotFound);
    }
    let root = lab.sign_in("root").await;
    let (status, answer) = lab.raw(&root, "GET", "/v1/clusters?account=demo", Vec::new()).await;
    assert_eq!((status.as_u16(), answer.as_array().map(Vec::len)), (200, Some(1)), "an operator names the account");
    let refused = lab.ask::<calls::ListAccounts>(&other, &[], &()).await.expect_err("operators only");
    assert_eq!(refused, Problem::Forbidden);
}
