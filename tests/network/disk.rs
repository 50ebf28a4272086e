//! What is on disk when the engine starts.

use gatehouse::domain::network::transaction::{Outcome, Why};

use crate::lab::{Lab, awaiting, has, lan1, moved, read};

#[test]
fn a_crash_in_the_window_goes_on_waiting() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let open = engine.open(&moved()).await;
        engine.crash().await;
        let engine = lab.engine().await;
        assert!(awaiting(&engine.status()).is_some());
        assert!(has(&engine.status(), "lan1", "10.30.0.15/24") && has(&engine.status(), "lan1", "10.20.0.15/24"));
        assert!(engine.confirm(&open.token, gatehouse::agent::network::Origin::Console).await.is_ok());
    });
}

#[test]
fn a_crash_past_the_deadline_is_undone() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let before = lab.kernel();
        let open = engine.open(&moved()).await;
        let journal = read(&lab.file("journal.json"));
        engine.crash().await;
        // as if the agent had been away for longer than the window
        let deadline = journal.split("\"deadline\":").nth(1).and_then(|s| s.split(',').next()).expect("deadline");
        std::fs::write(lab.file("journal.json"), journal.replace(deadline, "1")).expect("write");
        let engine = lab.engine().await;
        assert_eq!(engine.ended(open.tx).await, Outcome::RolledBack { tx: open.tx, reason: Why::AgentRestarted });
        assert_eq!(lab.kernel(), before);
    });
}

/// The kernel forgot everything and the boot id is another one: only the committed spec counts.
#[test]
fn s26_a_reboot_in_the_window_discards_the_change() {
    let lab = Lab::new();
    let (dir, journal) = {
        let first = Lab::new();
        let folder = first.dir.path().to_owned();
        let copy = lab.dir.path().to_owned();
        first.run(|lab| async move {
            let engine = lab.engine().await;
            engine.open(&moved()).await;
            std::fs::copy(folder.join("journal.json"), copy.join("journal.json")).expect("copy");
        });
        (lab.dir.path().to_owned(), lab.file("journal.json"))
    };
    let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("boot id");
    let text = read(&journal);
    assert!(text.contains(boot_id.trim()));
    std::fs::write(dir.join("journal.json"), text.replace(boot_id.trim(), "another-boot")).expect("write");
    lab.run(|lab| async move {
        let engine = lab.engine().await;
        let status = engine.status();
        assert!(matches!(status.transaction.last, Some(Outcome::RolledBack { reason: Why::Reboot, .. })), "{status:?}");
        assert!(has(&status, "lan1", "10.20.0.15/24") && !has(&status, "lan1", "10.30.0.15/24"));
        assert!(!lab.file("journal.json").exists());
    });
}

#[test]
fn s27_a_torn_journal_means_the_committed_spec() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        engine.open(&moved()).await;
        let journal = read(&lab.file("journal.json"));
        engine.crash().await;
        let mut kernel = None;
        for part in [0, 1, journal.len() / 3, journal.len() / 2, journal.len() - 1] {
            std::fs::write(lab.file("journal.json"), &journal[..part]).expect("write");
            let engine = lab.engine().await;
            let status = engine.status();
            assert!(
                matches!(status.transaction.last, Some(Outcome::RolledBack { reason: Why::JournalUnreadable, .. })),
                "{part}: {status:?}"
            );
            assert!(has(&status, "lan1", "10.20.0.15/24") && !has(&status, "lan1", "10.30.0.15/24"), "{part}");
            assert_eq!(read(&lab.file("journal.json.bad")).len(), part, "kept for support");
            let now = lab.kernel();
            assert_eq!(kernel.get_or_insert(now.clone()), &now);
            engine.crash().await;
        }
    });
}

#[test]
fn a_malformed_spec_is_told_and_the_one_before_it_is_used() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        engine.open(&moved()).await;
        engine.keep().await;
        engine.open(&lan1(&[r#"dns = ["9.9.9.9"]"#])).await;
        engine.keep().await;
        engine.crash().await;
        std::fs::write(lab.file("network.toml"), "[ports.lan1]\nipv4 = { method = \"statik\" }\n").expect("write");
        let engine = lab.engine().await;
        let status = engine.status();
        let problem = status.spec_problem.clone().expect("told");
        assert!(problem.contains("network.toml, line 2"), "{problem}");
        assert!(has(&status, "lan1", "10.30.0.15/24"), "the spec before the damaged one");
        assert!(lab.file("network.toml.bad").exists());
    });
}

#[test]
fn an_end_that_was_saved_but_not_closed_is_closed_at_the_next_start() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        let open = engine.open(&moved()).await;
        let journal = read(&lab.file("journal.json"));
        engine.keep().await;
        let kernel = lab.kernel();
        engine.crash().await;
        // the power went between saving the spec and deleting the journal
        std::fs::write(lab.file("journal.json"), journal).expect("write");
        let engine = lab.engine().await;
        assert_eq!(engine.ended(open.tx).await, Outcome::Committed { tx: open.tx });
        assert_eq!(lab.kernel(), kernel);
        assert!(!lab.file("journal.json").exists());
    });
}
