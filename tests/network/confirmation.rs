//! Who may keep a change, when, and over which connection.

use gatehouse::{
    agent::{
        network::{Confirm, Origin},
        secrets,
    },
    domain::{
        fault::Fault,
        network::{
            proof::Proof,
            transaction::{Actor, Outcome, Why},
        },
        secret::Secret,
    },
};

use crate::lab::{Engine, Lab, awaiting, has, lan1, listener, moved};

#[test]
fn s17_confirming_over_an_old_kept_alive_connection_is_rejected() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let pages = listener();
        let old = lab.connect(&pages, [10, 20, 0, 15]);
        // the new state has the old address too, so that only the connection's age tells
        let both =
            r#"ipv4 = { method = "static", addresses = ["10.30.0.15/24", "10.20.0.15/24"], gateway = "10.30.0.1" }"#;
        let open = engine.open(&lan1(&[both])).await;
        let refused = engine.confirm(&open.token, Origin::Browser(old.connection)).await;
        assert_eq!(refused, Err(Fault::ProvesNothing { proof: Proof::OldConnection }));
        let fresh = lab.connect(&pages, [10, 20, 0, 15]);
        assert!(engine.confirm(&open.token, Origin::Browser(fresh.connection)).await.is_ok());
    });
}

#[test]
fn s17_a_new_connection_to_the_old_address_is_rejected_too() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let open = engine.open(&moved()).await;
        let to_old = lab.connect(&listener(), [10, 20, 0, 15]);
        let refused = engine.confirm(&open.token, Origin::Browser(to_old.connection)).await;
        assert_eq!(refused, Err(Fault::ProvesNothing { proof: Proof::OldAddress }));
        assert_eq!(
            engine.confirm(&open.token, Origin::Unknown).await.err(),
            Some(Fault::ProvesNothing { proof: Proof::NotConnected })
        );
        assert!(awaiting(&engine.status()).is_some());
    });
}

#[test]
fn s18_confirming_on_the_new_address_commits() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let open = engine.open(&moved()).await;
        let fresh = lab.connect(&listener(), [10, 30, 0, 15]);
        let outcome = engine.confirm(&open.token, Origin::Browser(fresh.connection)).await;
        assert_eq!(outcome, Ok(Outcome::Committed { tx: open.tx }));
        assert!(has(&engine.status(), "lan1", "10.30.0.15/24") && !has(&engine.status(), "lan1", "10.20.0.15/24"));
    });
}

#[test]
fn s18_the_service_port_needs_a_gateway_or_a_person() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let pages = listener();
        let laptop = |lab: &Lab| {
            let port = pages.local_addr().expect("address").port();
            let client = lab
                .laptop
                .run(|| std::net::TcpStream::connect(("192.168.100.198", port)))
                .expect("ns")
                .expect("connect");
            let (server, _) = pages.accept().expect("accept");
            let ip = |a: std::net::SocketAddr| match a {
                std::net::SocketAddr::V4(a) => (*a.ip(), a.port()),
                std::net::SocketAddr::V6(_) => unreachable!("IPv4"),
            };
            let connection = gatehouse::domain::network::proof::Connection {
                local: ip(server.local_addr().expect("local")),
                remote: ip(server.peer_addr().expect("peer")),
            };
            (connection, client, server)
        };
        // 10.30.0.9 is nobody: the box has no proof of its own
        let silent = r#"ipv4 = { method = "static", addresses = ["10.30.0.15/24"], gateway = "10.30.0.9" }"#;
        let open = engine.open(&lan1(&[silent])).await;
        let (connection, _client, _server) = laptop(&lab);
        let origin = Origin::Browser(connection);
        let token = Some(secrets::digest(&open.token));
        let ask = |automatic, untested| {
            let token = token.clone();
            engine.network.confirm(Confirm { tx: None, token, origin, automatic, untested })
        };
        assert_eq!(ask(false, false).await, Err(Fault::NeedsAPerson));
        assert_eq!(ask(true, true).await, Err(Fault::NeedsAPerson), "a page must not decide that");
        assert_eq!(ask(false, true).await, Ok(Outcome::Committed { tx: open.tx }));

        let open = engine.open(&moved()).await;
        let (connection, _client, _server) = laptop(&lab);
        let token = Some(secrets::digest(&open.token));
        let confirm =
            Confirm { tx: None, token, origin: Origin::Browser(connection), automatic: true, untested: false };
        assert_eq!(
            engine.network.confirm(confirm).await,
            Ok(Outcome::Committed { tx: open.tx }),
            "its gateway answers"
        );
    });
}

#[test]
fn s19_wrong_expired_and_reused_tokens() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let pages = listener();
        let open = engine.open(&moved()).await;
        let fresh = lab.connect(&pages, [10, 30, 0, 15]);
        let origin = Origin::Browser(fresh.connection);
        for wrong in ["", "0", &"0".repeat(64), open.handoff.expose()] {
            assert_eq!(engine.confirm(&Secret::new(wrong), origin).await, Err(Fault::WrongToken), "{wrong:?}");
        }
        assert!(engine.confirm(&open.token, origin).await.is_ok());
        let Err(Fault::NoChangeOpen { last: Some(Outcome::Committed { tx }) }) =
            engine.confirm(&open.token, origin).await
        else {
            panic!("a used token counted again");
        };
        assert_eq!(tx, open.tx);

        let second = engine.apply(&lan1(&[]), 30).await.expect("apply");
        let Outcome::RolledBack { reason: Why::NotConfirmed, .. } = engine.ended(second.tx).await else {
            panic!("kept")
        };
        let expired = engine.confirm(&second.token, origin).await;
        assert!(matches!(expired, Err(Fault::NoChangeOpen { last: Some(Outcome::RolledBack { .. }) })), "{expired:?}");
    });
}

#[test]
fn s19_the_handoff_mints_once() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let pages = listener();
        let open = engine.open(&moved()).await;
        let old = lab.connect(&pages, [10, 20, 0, 15]);
        let fresh = lab.connect(&pages, [10, 30, 0, 15]);
        let secret = secrets::digest(&open.handoff);
        let ask = |origin| engine.network.handoff(secret.clone(), origin);
        assert_eq!(ask(Origin::Browser(old.connection)).await, Err(Fault::ProvesNothing { proof: Proof::OldAddress }));
        let session = secrets::digest(&Secret::new("session"));
        assert_eq!(ask(Origin::Browser(fresh.connection)).await, Ok(Some(session)));
        assert_eq!(ask(Origin::Browser(fresh.connection)).await, Err(Fault::WrongToken));
    });
}

#[test]
fn s20_a_late_confirm_is_gone_and_does_not_keep_the_next_change() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let first = engine.apply(&moved(), 1).await.expect("apply");
        engine.ended(first.tx).await;
        let fault = engine.confirm(&first.token, Origin::Console).await.expect_err("late");
        assert_eq!(fault.status(), 410);
        let second = engine.open(&moved()).await;
        let fresh = lab.connect(&listener(), [10, 30, 0, 15]);
        let origin = Origin::Browser(fresh.connection);
        assert_eq!(engine.confirm(&first.token, origin).await, Err(Fault::WrongToken));
        assert!(awaiting(&engine.status()).is_some());
        assert!(engine.confirm(&second.token, origin).await.is_ok());
    });
}

/// Confirms arrive around the deadline, now a bit before, now a bit after: whatever is answered is what is true.
#[test]
fn s21_confirm_and_timeout_race_a_thousand_times() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let (mut kept, mut undone) = (0, 0);
        let specs = [lan1(&[r#"dns = ["10.20.0.53"]"#]), lan1(&[r#"dns = ["10.20.0.54"]"#])];
        let mut current = lan1(&[]);
        for round in 0..1000_u64 {
            let spec = &specs[usize::try_from(round % 2).expect("small")];
            if *spec == current {
                continue;
            }
            let open = engine.apply(spec, round % 4).await.expect("apply");
            for _ in 0..(round % 7) * 40 {
                tokio::task::yield_now().await;
            }
            let answer = engine.confirm(&open.token, Origin::Console).await;
            let truth = engine.ended(open.tx).await;
            match answer {
                Ok(outcome) => {
                    assert_eq!((&outcome, &truth), (&Outcome::Committed { tx: open.tx }, &outcome));
                    current = spec.clone();
                    kept += 1;
                }
                Err(Fault::NotNow) if matches!(truth, Outcome::RolledBack { .. }) => undone += 1,
                Err(Fault::NoChangeOpen { last }) => {
                    assert_eq!(last.as_ref(), Some(&truth));
                    assert!(matches!(truth, Outcome::RolledBack { reason: Why::NotConfirmed, .. }));
                    undone += 1;
                }
                Err(fault) => panic!("{fault}"),
            }
            assert_eq!(engine.status().spec, current, "round {round}");
        }
        println!("confirm/timeout race: {kept} kept, {undone} undone");
        assert!(kept > 0 && undone > 0, "both must happen: {kept} kept, {undone} undone");
    });
}

#[test]
fn s22_a_second_apply_in_the_window_is_busy_and_the_baseline_is_kept() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let before = lab.kernel();
        let first = engine.open(&moved()).await;
        let other = lan1(&[r#"dns = ["9.9.9.9"]"#]);
        let Err(fault) = engine.apply(&other, 90_000).await.map(|o| o.tx) else { panic!("accepted") };
        assert_eq!(fault.status(), 409);
        let Fault::Busy { by, left } = fault else { panic!("{fault}") };
        assert_eq!(by, Actor::Session { from: "10.20.0.200".into() });
        assert!(left > 60_000 && left <= 90_000, "{left}");
        engine.network.go_back(Actor::Console).await.expect("rolled back");
        assert_eq!(engine.ended(first.tx).await.tx(), first.tx);
        assert_eq!(lab.kernel(), before, "the baseline is the state before the first change");
    });
}

#[test]
fn s22_a_plan_of_another_state_is_outdated() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let stale = engine.plan(&moved()).await.base;
        engine.open(&lan1(&[r#"dns = ["9.9.9.9"]"#])).await;
        engine.keep().await;
        assert_eq!(engine.apply_on(&moved(), stale, 90_000).await.err(), Some(Fault::PlanOutdated));
        assert!(!lab.file("journal.json").exists());
    });
}

#[test]
fn s22_a_plan_is_outdated_too_when_only_the_saved_spec_changed() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let stale = engine.plan(&moved()).await.base;
        let before = lab.kernel();
        // where the pages answer leaves no trace in the kernel
        engine.open(&lan1(&["manage = false"])).await;
        engine.keep().await;
        assert_eq!(lab.kernel(), before);
        assert_eq!(engine.apply_on(&moved(), stale, 90_000).await.err(), Some(Fault::PlanOutdated));
    });
}

#[test]
fn s23_a_client_that_goes_away_in_the_middle_changes_nothing() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let before = lab.kernel();
        let spec = moved();
        let ask = engine.apply(&spec, 50);
        // polled until the request is in the mailbox, then dropped
        tokio::select! { biased; _ = ask => {}, () = give_up() => {} }
        engine.until("asked", |s| s.transaction.open.is_some() || s.transaction.last.is_some()).await;
        engine.until("undone", |s| s.transaction.open.is_none() && s.transaction.last.is_some()).await;
        assert!(matches!(
            engine.status().transaction.last,
            Some(Outcome::RolledBack { reason: Why::NotConfirmed, .. })
        ));
        assert_eq!(lab.kernel(), before);
    });
}

/// Returns after the engine had a few turns: enough for a plan to be answered and an apply to be sent.
async fn give_up() {
    for _ in 0..40 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn more_time_prolongs_and_has_an_end() {
    Lab::new().run(|lab| async move {
        let engine: Engine = lab.engine().await;
        engine.open(&moved()).await;
        let left = |e: &Engine| match awaiting(&e.status()) {
            Some(gatehouse::domain::network::transaction::PhaseView::AwaitingConfirm { left, .. }) => *left,
            _ => 0,
        };
        let before = left(&engine);
        engine.network.more_time().await.expect("more");
        assert!(left(&engine) > before + 80_000);
        for _ in 0..20 {
            engine.network.more_time().await.expect("more");
        }
        assert!(left(&engine) <= 600_000, "{}", left(&engine));
    });
}
