//! The task with real hashes, in a folder of the test's own.

use std::path::Path;

use super::*;
use crate::secrets;
use domain::auth::{password::PasswordRule, policy::PasswordPolicy};

const OLD: &str = "purple crane";
const NEW: &str = "another purple crane";

fn from(address: &str) -> Source {
    Source { address: address.into(), service: true }
}

fn begin(dir: &Path, policy: PasswordPolicy) -> Auth {
    start(dir, dir, policy).expect("auth")
}

async fn set_up(dir: &Path) -> (Auth, Opened) {
    let auth = begin(dir, PasswordPolicy::default());
    let opened = auth.setup(Secret::new(OLD), from("a")).await.expect("setup");
    (auth, opened)
}

async fn change(auth: &Auth, token: &Secret, old: &str, new: &str) -> Result<Opened, Fault> {
    auth.change(secrets::digest(token), Secret::new(old), Secret::new(new), from("a")).await
}

async fn lives(auth: &Auth, token: &Secret) -> bool {
    auth.touch(secrets::digest(token)).await.is_ok()
}

#[tokio::test]
async fn a_changed_password_leaves_one_session_under_a_new_token() {
    let dir = tempfile::tempdir().expect("tempdir");
    let (auth, mine) = set_up(dir.path()).await;
    let theirs = auth.login(Secret::new(OLD), from("b")).await.expect("login");
    let renewed = change(&auth, &mine.token, OLD, NEW).await.expect("changed");
    assert_eq!(renewed.number, mine.number, "it is the same session");
    assert!(lives(&auth, &renewed.token).await);
    for dead in [&mine.token, &theirs.token] {
        assert!(!lives(&auth, dead).await, "a token from before is of no use");
    }
    assert_eq!(auth.login(Secret::new(OLD), from("b")).await.map(drop), Err(Fault::WrongPassword));
    assert!(auth.login(Secret::new(NEW), from("b")).await.is_ok());
    // over a restart, too
    let again = begin(dir.path(), PasswordPolicy::default());
    assert!(lives(&again, &renewed.token).await && !lives(&again, &mine.token).await);
}

#[tokio::test]
async fn a_change_that_is_refused_changes_nothing() {
    let dir = tempfile::tempdir().expect("tempdir");
    let (auth, mine) = set_up(dir.path()).await;
    let stranger = secrets::token().expect("token");
    let short = Fault::BadPassword { rule: PasswordRule::TooShort };
    let same = Fault::BadPassword { rule: PasswordRule::Unchanged };
    for (token, old, new, refusal) in [
        (&mine.token, "a wrong one", NEW, Fault::WrongPassword),
        (&mine.token, OLD, "short", short),
        (&mine.token, OLD, OLD, same),
        (&stranger, OLD, NEW, Fault::NotSignedIn),
    ] {
        assert_eq!(change(&auth, token, old, new).await.map(drop), Err(refusal));
    }
    assert!(lives(&auth, &mine.token).await);
    assert!(auth.login(Secret::new(OLD), from("b")).await.is_ok());
}

/// A stolen session must not become a place to guess the password at.
#[tokio::test]
async fn guessing_the_old_password_is_slowed_like_a_sign_in() {
    let dir = tempfile::tempdir().expect("tempdir");
    let (auth, mine) = set_up(dir.path()).await;
    let mut refusals = Vec::new();
    for _ in 0..5 {
        refusals.push(change(&auth, &mine.token, "a wrong one", NEW).await.map(drop));
    }
    assert!(matches!(refusals[..], [.., Err(Fault::SlowDown { .. })]), "{refusals:?}");
    let sign_in = auth.login(Secret::new(OLD), from("a")).await.map(drop);
    assert!(matches!(sign_in, Err(Fault::SlowDown { .. })), "one purse for both: {sign_in:?}");
}

#[tokio::test]
async fn of_two_changes_at_once_one_counts() {
    let dir = tempfile::tempdir().expect("tempdir");
    let (auth, mine) = set_up(dir.path()).await;
    let (one, two) = tokio::join!(
        change(&auth, &mine.token, OLD, "the first of both"),
        change(&auth, &mine.token, OLD, "the second of both")
    );
    assert_eq!([&one, &two].into_iter().filter(|result| result.is_ok()).count(), 1, "{one:?} {two:?}");
}

/// It must neither let anybody in nor offer itself as new.
#[tokio::test]
async fn a_damaged_password_file_lets_nobody_in() {
    let dir = tempfile::tempdir().expect("tempdir");
    for damaged in ["", "\n", "$argon2id$v=19$m=1,t=1,p=1$AAAA$AAAA\n", "purple crane\n"] {
        std::fs::write(dir.path().join("password"), damaged).expect("write");
        let auth = begin(dir.path(), PasswordPolicy::default());
        assert!(auth.ready());
        for (n, password) in ["", OLD].into_iter().enumerate() {
            let result = auth.login(Secret::new(password), from(&n.to_string())).await.map(drop);
            assert_eq!(result, Err(Fault::WrongPassword), "{damaged:?}");
        }
        assert_eq!(auth.setup(Secret::new(OLD), from("a")).await.map(drop), Err(Fault::SetupDone));
    }
}

#[tokio::test]
async fn the_sites_policy_counts_for_every_new_password() {
    let dir = tempfile::tempdir().expect("tempdir");
    let auth = begin(dir.path(), PasswordPolicy { complexity: true, rotation_days: Some(90) });
    let simple = Fault::BadPassword { rule: PasswordRule::Simple };
    assert_eq!(auth.setup(Secret::new(OLD), from("a")).await.map(drop), Err(simple.clone()));
    let mine = auth.setup(Secret::new("Purple crane 7"), from("a")).await.expect("setup");
    assert_eq!(change(&auth, &mine.token, "Purple crane 7", NEW).await.map(drop), Err(simple.clone()));
    assert_eq!(auth.set_password(Secret::new(NEW)).await, Err(simple));
    assert_eq!(auth.state().password.old(os::clock::wall()), None);
    let state = auth.state().password;
    let later = domain::time::UnixSeconds(os::clock::wall().0 + 90 * 86_400);
    assert_eq!(state.old(later), Some(90));
    // when it was set is known after a restart
    assert_eq!(begin(dir.path(), state.policy).state().password, state);
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let dir = tempfile::tempdir().expect("tempdir");
    let (auth, mine) = set_up(dir.path()).await;
    let theirs = auth.login(Secret::new(OLD), from("b")).await.expect("login");
    let third = auth.login(Secret::new(OLD), from("c")).await.expect("login");
    let digest = || secrets::digest(&mine.token);
    let list = auth.list(Some(digest())).await.expect("list");
    let seen = list.iter().map(|s| (s.number, s.from.as_str(), s.this)).collect::<Vec<_>>();
    assert_eq!(seen, [(3, "c", false), (2, "b", false), (1, "a", true)]);
    assert_eq!(auth.end(Ending::Numbered(theirs.number)).await, Ok(1));
    assert!(!lives(&auth, &theirs.token).await && lives(&auth, &third.token).await);
    assert_eq!(auth.end(Ending::All { but: Some(digest()) }).await, Ok(1));
    assert!(!lives(&auth, &third.token).await && lives(&auth, &mine.token).await);
    assert_eq!(auth.state().sessions, 1);
    assert!(!lives(&begin(dir.path(), PasswordPolicy::default()), &third.token).await, "nor after a restart");
}
