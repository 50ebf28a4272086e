//! Sessions: made at sign-in, gone at sign-out, after 15 idle minutes, after 12 hours, and when the password changes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{network::transaction::Digest, time::BootMillis};

/// Shorter: a technician on a ladder signs in again and again. Longer: a laptop left open stays signed in.
pub const IDLE: u64 = 15 * 60_000;
/// A working day.
pub const ABSOLUTE: u64 = 12 * 3_600_000;
/// The oldest makes room for a new one.
pub const MOST: usize = 32;

/// All sessions, by the digest of their token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sessions {
    /// Of the session that was opened last.
    #[serde(default)]
    last: u64,
    by_digest: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Names it to people; no secret.
    #[serde(default)]
    pub number: u64,
    /// The browser's address at sign-in.
    pub from: String,
    pub since: BootMillis,
    pub used: BootMillis,
}

/// A session as people see it. Times are milliseconds ago, so that a clock that jumps changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    pub number: u64,
    /// The browser's address at sign-in.
    pub from: String,
    pub since: u64,
    pub used: u64,
    /// Milliseconds until it ends unless it is used.
    pub left: u64,
    /// Whether it is the one that asks.
    pub this: bool,
}

/// Milliseconds left: (unless used, in any case).
pub type Left = (u64, u64);

impl Sessions {
    /// A new session, whose longest life counts from `since`; its number.
    pub fn open(&mut self, digest: &Digest, from: String, since: BootMillis, now: BootMillis) -> u64 {
        self.drop_ended(now);
        while self.by_digest.len() >= MOST {
            let oldest = self.by_digest.iter().min_by_key(|(_, e)| e.used).map(|(d, _)| d.clone());
            let Some(oldest) = oldest else { break };
            self.by_digest.remove(&oldest);
        }
        self.last += 1;
        self.by_digest.insert(digest.0.clone(), Entry { number: self.last, from, since, used: now });
        self.last
    }

    /// Whether the session is alive; notes its use.
    pub fn touch(&mut self, digest: &Digest, now: BootMillis) -> Option<&Entry> {
        self.drop_ended(now);
        let entry = self.by_digest.get_mut(&digest.0)?;
        entry.used = now;
        Some(entry)
    }

    /// How long the session lives; does not count as use.
    pub fn left(&self, digest: &Digest, now: BootMillis) -> Option<Left> {
        let entry = self.by_digest.get(&digest.0).filter(|e| alive(e, now))?;
        let absolute = entry.since.plus(ABSOLUTE).left(now);
        Some((entry.used.plus(IDLE).left(now).min(absolute), absolute))
    }

    /// A living session, without using it.
    pub fn get(&self, digest: &Digest, now: BootMillis) -> Option<&Entry> {
        self.by_digest.get(&digest.0).filter(|entry| alive(entry, now))
    }

    /// When a living session began.
    pub fn since(&self, digest: &Digest, now: BootMillis) -> Option<BootMillis> {
        self.by_digest.get(&digest.0).filter(|e| alive(e, now)).map(|e| e.since)
    }

    pub fn close(&mut self, digest: &Digest) {
        self.by_digest.remove(&digest.0);
    }

    /// The same session under another token, and no other session. Its number; `None` if it does not live.
    pub fn renew(&mut self, old: &Digest, new: &Digest, now: BootMillis) -> Option<u64> {
        let entry = self.get(old, now)?.clone();
        let number = entry.number;
        self.by_digest = BTreeMap::from([(new.0.clone(), Entry { used: now, ..entry })]);
        Some(number)
    }

    /// How many it ended: one or none.
    pub fn close_numbered(&mut self, number: u64, now: BootMillis) -> usize {
        self.closing(now, |_, entry| entry.number == number)
    }

    /// How many it ended.
    pub fn close_all_but(&mut self, but: Option<&Digest>, now: BootMillis) -> usize {
        self.closing(now, |digest, _| but.is_none_or(|but| but.0 != *digest))
    }

    fn closing(&mut self, now: BootMillis, ends: impl Fn(&String, &Entry) -> bool) -> usize {
        self.drop_ended(now);
        let before = self.by_digest.len();
        self.by_digest.retain(|digest, entry| !ends(digest, entry));
        before - self.by_digest.len()
    }

    /// Those that live, the newest first.
    pub fn list(&self, this: Option<&Digest>, now: BootMillis) -> Vec<SessionView> {
        let alive = self.by_digest.iter().filter(|(_, entry)| alive(entry, now));
        let mut list = alive
            .map(|(digest, entry)| SessionView {
                number: entry.number,
                from: entry.from.clone(),
                since: now.left(entry.since),
                used: now.left(entry.used),
                left: entry.used.plus(IDLE).left(now).min(entry.since.plus(ABSOLUTE).left(now)),
                this: this.is_some_and(|this| this.0 == *digest),
            })
            .collect::<Vec<_>>();
        list.sort_by_key(|session| std::cmp::Reverse(session.number));
        list
    }

    pub fn alive(&self, now: BootMillis) -> usize {
        self.by_digest.values().filter(|entry| alive(entry, now)).count()
    }

    pub fn close_all(&mut self) {
        self.by_digest.clear();
    }

    pub fn len(&self) -> usize {
        self.by_digest.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_digest.is_empty()
    }

    fn drop_ended(&mut self, now: BootMillis) {
        self.by_digest.retain(|_, entry| alive(entry, now));
    }
}

fn alive(entry: &Entry, now: BootMillis) -> bool {
    entry.used.plus(IDLE) > now && entry.since.plus(ABSOLUTE) > now
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(n: usize) -> Digest {
        Digest(format!("{n:064}"))
    }

    #[test]
    fn ends_after_idling_and_after_a_working_day() {
        let mut sessions = Sessions::default();
        sessions.open(&digest(1), "10.0.0.9".into(), BootMillis(0), BootMillis(0));
        assert!(sessions.touch(&digest(1), BootMillis(IDLE - 1)).is_some());
        assert!(sessions.touch(&digest(1), BootMillis(2 * IDLE - 1)).is_none(), "idle");

        sessions.open(&digest(2), "10.0.0.9".into(), BootMillis(0), BootMillis(0));
        let mut now = 0;
        while now + IDLE / 2 < ABSOLUTE {
            now += IDLE / 2;
            assert!(sessions.touch(&digest(2), BootMillis(now)).is_some());
        }
        assert!(sessions.touch(&digest(2), BootMillis(ABSOLUTE)).is_none(), "absolute");
    }

    #[test]
    fn looking_at_what_is_left_does_not_prolong() {
        let mut sessions = Sessions::default();
        sessions.open(&digest(1), String::new(), BootMillis(0), BootMillis(0));
        assert_eq!(sessions.left(&digest(1), BootMillis(1000)), Some((IDLE - 1000, ABSOLUTE - 1000)));
        assert_eq!(sessions.left(&digest(1), BootMillis(IDLE)), None);
    }

    #[test]
    fn a_session_that_is_renewed_lives_on_alone_and_by_its_new_token_only() {
        let mut sessions = Sessions::default();
        for n in 1..=3 {
            sessions.open(&digest(n), "10.0.0.9".into(), BootMillis(n as u64), BootMillis(n as u64));
        }
        let now = BootMillis(1000);
        assert_eq!(sessions.renew(&digest(2), &digest(9), now), Some(2));
        assert!([1, 2, 3].into_iter().all(|n| sessions.touch(&digest(n), now).is_none()));
        assert_eq!(sessions.left(&digest(9), now), Some((IDLE, ABSOLUTE - 998)), "its longest life goes on");
        assert_eq!(sessions.renew(&digest(2), &digest(8), now), None);
        assert_eq!(sessions.len(), 1, "nothing is ended by a session that is not there");
    }

    #[test]
    fn sessions_are_ended_by_number_or_all_but_one() {
        let mut sessions = Sessions::default();
        for n in 1..=4 {
            sessions.open(&digest(n), format!("10.0.0.{n}"), BootMillis(0), BootMillis(0));
        }
        let now = BootMillis(5000);
        sessions.touch(&digest(3), BootMillis(4000));
        let seen = sessions.list(Some(&digest(3)), now);
        assert_eq!(
            seen.iter().map(|s| (s.number, s.this, s.used)).collect::<Vec<_>>(),
            [(4, false, 5000), (3, true, 1000), (2, false, 5000), (1, false, 5000)]
        );
        assert_eq!(sessions.close_numbered(4, now), 1);
        assert_eq!(sessions.close_numbered(4, now), 0, "once");
        assert_eq!(sessions.close_all_but(Some(&digest(3)), now), 2);
        assert_eq!(sessions.alive(now), 1);
        assert_eq!(sessions.open(&digest(7), String::new(), now, now), 5, "numbers are not used again");
        assert_eq!(sessions.close_all_but(None, now), 2);
    }

    #[test]
    fn the_least_used_makes_room() {
        let mut sessions = Sessions::default();
        for n in 0..=MOST {
            sessions.open(&digest(n), String::new(), BootMillis(n as u64), BootMillis(n as u64));
        }
        assert_eq!(sessions.len(), MOST);
        assert!(sessions.left(&digest(0), BootMillis(50)).is_none());
    }
}
