//! The wall clock jumps: by NTP after a dead battery, or because somebody set it. Nothing that the engine decides may hang on it.

use gatehouse::{
    clock,
    domain::network::transaction::{Outcome, Why},
};

use crate::{
    dhcp::by_dhcp,
    dhcp_server::{Script, Server},
    lab::{Lab, awaiting, has, moved},
};

const DAY: i64 = 24 * 60 * 60;

#[test]
fn s44_a_jump_of_a_day_moves_no_deadline_and_no_lease() {
    let lab = Lab::new();
    let server = Server::start(&lab, Script::giving("10.20.0.77"));
    lab.run(|lab| async move {
        let engine = lab.engine().await;
        engine.open(&by_dhcp()).await;
        engine.keep().await;
        let (kernel, asked) = (lab.kernel(), server.seen("request"));
        for jump in [DAY, -DAY] {
            let before = clock::wall();
            let open = engine.apply(&moved(), 2_000).await.expect("apply");
            engine.until("awaiting", |s| awaiting(s).is_some()).await;
            let began = clock::now();
            clock::shift_wall(jump);
            assert!(clock::wall().0.abs_diff(before.0) >= 86_000, "the wall clock has jumped");
            assert!(awaiting(&engine.status()).is_some(), "the change is still open");
            let undone = Outcome::RolledBack { tx: open.tx, reason: Why::NotConfirmed };
            assert_eq!(engine.ended(open.tx).await, undone);
            let waited = clock::now().left(began);
            assert!((1_000..60_000).contains(&waited), "when it was due, not a day later: {waited}");
            assert!(has(&engine.status(), "lan1", "10.20.0.77/24"), "the lease is as good as before");
            assert_eq!(lab.kernel(), kernel);
            clock::shift_wall(-jump);
        }
        assert_eq!((server.seen("request"), server.seen("discover")), (asked, 1), "and no server was asked");
    });
}
