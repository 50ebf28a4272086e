//! The activation's ledger: steps in their order, each saved before it acts, each of which may be done again.
//!
//! ```text
//!            begin            each step: do ─► done ─► the next one
//! Answering ──────► Working ─┬─ away ─► wait, longer each time ─► do it again
//!     ▲                      └─ refused: an answer has to be changed
//!     └──────────────────────┘                        last step done ─► Active ─► Left
//! ```
//! A reply that was lost is no failure: the same key and the same request are answered the same again.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::{
    api::{
        Activation, Away, AwaySince, Draft, LeftBecause, Line, LineState, Member, Offered, Renewal, Stage, Step,
        Waiting,
    },
    code::Payload,
    url::RegistryUrl,
    validity::{Standing, Validity},
};
use crate::{
    cluster::{api::BoxInfo, names::RequestId, problem::Problem},
    fault::Fault,
    pair::settings::PairPorts,
    secret::Secret,
    time::UnixSeconds,
};

/// First pause after a failure, doubled with each one, in milliseconds. Shorter: a registry that comes back is run over.
const FIRST_PAUSE: u64 = 2_000;
/// The longest. Longer: a technician who mended the cable waits; what changes on the box ends a pause early.
const LONGEST_PAUSE: u64 = 60_000;
/// The longest that a registry may ask for.
const LONGEST_REST: u64 = 600_000;
/// A name that the system does not take is tried so often.
const NAME_TRIES: u32 = 3;

/// Where the registry is and whom to trust there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trust {
    pub urls: Vec<RegistryUrl>,
    /// SHA-256 of the authority's certificate, in hexadecimal.
    pub authority: String,
}

impl Trust {
    pub fn of(payload: &Payload) -> Self {
        let mut authority = String::with_capacity(2 * payload.authority.len());
        for byte in payload.authority {
            // writing to a String cannot fail
            let _ = write!(authority, "{byte:02x}");
        }
        Self { urls: payload.urls.clone(), authority }
    }
}

/// A request that was made to be carried by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHand {
    /// `GH1R.…`; its nonce is in it.
    pub text: String,
}

/// What is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The same however often it is asked.
    pub request: RequestId,
    pub step: Step,
    pub since: UnixSeconds,
    /// The step was begun or ended last.
    pub at: UnixSeconds,
    /// Failures since the last step that was done.
    pub failures: u32,
    pub away: Option<AwaySince>,
    /// What the registry answered; from here on it has taken the box.
    pub answer: Option<BoxInfo>,
    /// The answer came by hand: the registry may be out of reach for good.
    pub by_hand: bool,
}

/// A code that the registry could not be asked about yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asking {
    pub failures: u32,
    pub away: AwaySince,
}

/// All that is kept of an activation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    pub draft: Draft,
    /// As it was typed. Goes when the box is active.
    pub code: Option<Secret>,
    pub trust: Option<Trust>,
    pub offered: Option<Offered>,
    pub asking: Option<Asking>,
    pub work: Option<Work>,
    /// What the registry was asked, and perhaps took the box by, while nobody knows it: what begins next asks the same. It stays until
    /// the registry has said yes or no to it, or another code is typed.
    pub unsure: Option<RequestId>,
    pub refused: Option<Problem>,
    pub by_hand: Option<ByHand>,
    pub member: Option<Member>,
    /// Of the member's pair, as it was answered.
    pub ports: PairPorts,
    /// The registry has known the box by its certificate.
    pub known: bool,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    Done,
    /// Of [`Step::Activate`].
    Taken(Box<BoxInfo>),
    Away(Away),
    /// Of [`Step::Certificate`]: what the registry answered is of no use.
    Useless(Away),
    Refused(Problem),
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Do(Step),
    /// Show the code to the registry, which could not be asked when it was typed.
    Ask,
    /// A member asks how things are.
    Poll,
    /// Again after so many milliseconds, or earlier if something changes on the box.
    Wait(u64),
    Rest,
}

impl Work {
    fn failed(&mut self, why: Away, now: UnixSeconds, jitter: u8) -> Next {
        self.failures = self.failures.saturating_add(1);
        let pause = pause(self.failures, jitter).max(asked_for(&why));
        let since = self.away.as_ref().map_or(now, |away| away.since);
        self.away = Some(AwaySince { since, why });
        Next::Wait(pause)
    }
}

impl Ledger {
    pub fn stage(&self) -> Stage {
        if self.work.is_some() {
            return Stage::Working;
        }
        match &self.member {
            Some(member) if member.left.is_none() => Stage::Active,
            Some(_) if self.draft == Draft::default() => Stage::Left,
            None if self.draft == Draft::default() && self.code.is_none() => Stage::Unopened,
            Some(_) | None => Stage::Answering,
        }
    }

    /// The draft may be changed.
    ///
    /// # Errors
    /// While something is under way, and once the box is active.
    pub fn answering(&self) -> Result<(), Fault> {
        match self.stage() {
            Stage::Unopened | Stage::Answering | Stage::Left => Ok(()),
            stage @ (Stage::Working | Stage::Active) => Err(Fault::NotAtThisStage { stage }),
        }
    }

    /// All is answered: the steps begin.
    ///
    /// # Errors
    /// When a question is open, or something is under way.
    ///
    /// `request` is a new one; it is used unless the registry may know this box by another one already.
    pub fn begin(&mut self, request: RequestId, now: UnixSeconds) -> Result<Next, Fault> {
        self.answering()?;
        let answered = self.code.is_some() && self.trust.is_some() && self.draft.confirmed;
        if !answered || self.draft.name.is_none() || self.draft.association.is_none() {
            return Err(Fault::Unanswered);
        }
        (self.refused, self.asking) = (None, None);
        self.work = Some(Work {
            // kept until the registry has answered: whoever stops this one too has not made it sure
            request: self.unsure.clone().unwrap_or(request),
            step: Step::Key,
            since: now,
            at: now,
            failures: 0,
            away: None,
            answer: None,
            by_hand: false,
        });
        Ok(Next::Do(Step::Key))
    }

    /// An answer that came by hand was checked: the rest is done with it.
    pub fn brought(&mut self, request: RequestId, answer: BoxInfo, trust: Trust, now: UnixSeconds) -> Next {
        (self.refused, self.asking, self.by_hand) = (None, None, None);
        self.draft.name = Some(answer.name.clone());
        self.trust = Some(trust);
        self.work = Some(Work {
            request,
            step: Step::Certificate,
            since: now,
            at: now,
            failures: 0,
            away: None,
            answer: Some(answer),
            by_hand: true,
        });
        Next::Do(Step::Certificate)
    }

    /// Back to the answers. Where the registry may have taken the box and its answer was lost, the request is kept.
    ///
    /// # Errors
    /// Once the registry has taken the box, there is no way back but a removal.
    pub fn stop(&mut self) -> Result<(), Fault> {
        let Some(work) = self.work.take_if(|work| work.answer.is_none()) else {
            return Err(Fault::NotAtThisStage { stage: self.stage() });
        };
        if work.step >= Step::Activate {
            self.unsure = Some(work.request);
        }
        Ok(())
    }

    /// What to do after a start of the agent, and after each pause.
    pub fn resume(&self) -> Next {
        if let Some(work) = &self.work {
            return Next::Do(work.step);
        }
        match self.stage() {
            Stage::Active => Next::Poll,
            Stage::Answering if self.is_unasked() => Next::Ask,
            Stage::Unopened | Stage::Answering | Stage::Working | Stage::Left => Next::Rest,
        }
    }

    // --- the code, and what the registry says of it ---

    /// A code was typed. With another one than before, what was told of that and what was asked by it is worth nothing.
    pub fn typed(&mut self, code: Secret, trust: Trust) {
        if self.code.as_ref() != Some(&code) {
            (self.offered, self.unsure) = (None, None);
        }
        (self.code, self.trust, self.asking) = (Some(code), Some(trust), None);
    }

    /// There is a code that the registry has said nothing of.
    fn is_unasked(&self) -> bool {
        self.code.is_some() && self.offered.is_none() && (self.refused.is_none() || self.asking.is_some())
    }

    /// It was asked, and tells.
    pub fn offered(&mut self, offered: Offered) {
        self.asking = None;
        super::wizard::prefill(&mut self.draft, &offered.preview);
        self.offered = Some(offered);
    }

    /// It could not be asked about the code.
    pub fn unasked(&mut self, why: Away, now: UnixSeconds, jitter: u8) -> Next {
        let (failures, since) = self.asking.as_ref().map_or((0, now), |asking| (asking.failures, asking.away.since));
        let failures = failures.saturating_add(1);
        let pause = pause(failures, jitter).max(asked_for(&why));
        self.asking = Some(Asking { failures, away: AwaySince { since, why } });
        Next::Wait(pause)
    }

    /// It refuses the code, or the box.
    pub fn code_refused(&mut self, problem: Problem) {
        self.asking = None;
        self.reopen(&problem);
        self.refused = Some(problem);
    }

    /// A step ended. `jitter` is 0 to 255.
    pub fn ended(&mut self, step: Step, ended: Ended, now: UnixSeconds, jitter: u8) -> Next {
        let Some(work) = self.work.as_mut().filter(|work| work.step == step) else { return Next::Rest };
        work.at = now;
        match ended {
            // the box has its name in its settings all the same, and nobody would miss a member for it
            Ended::Away(_) if step == Step::HostName && work.failures + 1 >= NAME_TRIES => self.go_on(now),
            Ended::Away(why) => work.failed(why, now, jitter),
            Ended::Useless(why) => {
                // what came by hand was looked at before; what came over the wire is asked for again
                if !work.by_hand {
                    (work.step, work.answer) = (Step::Activate, None);
                }
                work.failed(why, now, jitter)
            }
            Ended::Refused(problem) => {
                match step {
                    Step::Key | Step::Registry => {}
                    // it says no to this very request
                    Step::Activate => self.unsure = None,
                    // it has taken the box by this one
                    Step::Certificate | Step::HostName | Step::Confirm => {
                        self.unsure = Some(work.request.clone()).filter(|_| !work.by_hand).or(self.unsure.take());
                    }
                }
                self.work = None;
                self.reopen(&problem);
                self.refused = Some(problem);
                // what can be chosen is not what was told before
                if self.code.is_some() && self.offered.is_none() { Next::Ask } else { Next::Rest }
            }
            Ended::Taken(answer) => {
                work.answer = Some(*answer);
                self.go_on(now)
            }
            Ended::Done => self.go_on(now),
        }
    }

    fn go_on(&mut self, now: UnixSeconds) -> Next {
        let Some(work) = &mut self.work else { return Next::Rest };
        (work.failures, work.away) = (0, None);
        let last = if work.by_hand { Step::HostName } else { Step::Confirm };
        let at = Step::ALL.iter().position(|step| *step == work.step).unwrap_or_default();
        match Step::ALL.get(at + 1) {
            Some(next) if work.step != last => {
                work.step = *next;
                Next::Do(*next)
            }
            Some(_) | None => {
                self.finish(now);
                self.resume()
            }
        }
    }

    /// The box is a member; the code is worth nothing any more and goes.
    fn finish(&mut self, now: UnixSeconds) {
        let Some(Work { answer: Some(info), by_hand, .. }) = self.work.take() else { return };
        self.known = !by_hand;
        let validity = Validity { not_before: info.not_before, not_after: info.not_after };
        if let Some(trust) = self.trust.as_mut().filter(|_| !info.urls.is_empty()) {
            trust.urls.clone_from(&info.urls);
        }
        self.member = Some(Member { info, told: now, activated: now, validity, renewal: None, away: None, left: None });
        (self.code, self.offered, self.by_hand, self.refused) = (None, None, None, None);
        (self.asking, self.unsure) = (None, None);
        self.ports = std::mem::take(&mut self.draft).ports;
    }

    /// The question that the refusal is about is asked again. Nothing else is; the box's key stays what it is.
    fn reopen(&mut self, problem: &Problem) {
        match problem {
            Problem::CodeMalformed { .. }
            | Problem::CodeUnknown
            | Problem::CodeExpired { .. }
            | Problem::CodeUsed { .. }
            | Problem::CodeRevoked
            | Problem::CodeOtherModel { .. }
            | Problem::OtherAccount
            // the code was used for this box, which is gone since
            | Problem::HostRemoved { .. }
            | Problem::HostReplaced { .. } => {
                (self.code, self.offered) = (None, None);
                self.draft.code = None;
            }
            Problem::ServiceNotEnabled
            | Problem::OtherModel { .. }
            | Problem::PeerCannotBeChosen { .. }
            | Problem::Reserved { .. }
            | Problem::ChooseCluster { .. }
            | Problem::NameTaken
            | Problem::CodeOtherCluster { .. }
            | Problem::NotFound
            | Problem::Invalid { .. } => {
                self.draft.association = None;
                self.offered = None;
            }
            // no answer of the wizard is wrong: an administrator has to mend it, and then it is begun again
            Problem::OtherKey { .. }
            | Problem::AlreadyActive { .. }
            | Problem::ModelUnknown { .. }
            | Problem::BadSigningRequest { .. }
            | Problem::Replayed
            | Problem::NoCertificate
            | Problem::RenewalNotAgreed
            | Problem::NotSignedIn
            | Problem::WrongPassword
            | Problem::SlowDown { .. }
            | Problem::Forbidden
            | Problem::BadRequest { .. }
            | Problem::Contended
            | Problem::Unknown
            | Problem::Internal
            | Problem::NotEmpty { .. }
            | Problem::NotPending
            | Problem::WrongState { .. }
            | Problem::NoPeer { .. }
            | Problem::LeaseHeld { .. }
            | Problem::LeaseLost { .. } => {}
        }
    }

    // --- a member ---

    /// The registry told how things are.
    pub fn told(&mut self, info: BoxInfo, now: UnixSeconds) {
        if let Some(trust) = self.trust.as_mut().filter(|_| !info.urls.is_empty()) {
            trust.urls.clone_from(&info.urls);
        }
        if let Some(member) = &mut self.member {
            member.validity = Validity { not_before: info.not_before, not_after: info.not_after };
            (member.info, member.told, member.away) = (info, now, None);
            self.known = true;
            member.renewal = due(&member.validity, now, member.renewal);
        }
    }

    pub fn renewed(&mut self, certificate: String, validity: Validity, now: UnixSeconds) {
        if let Some(member) = &mut self.member {
            (member.info.certificate, member.validity) = (certificate, validity);
            (member.info.not_before, member.info.not_after) = (validity.not_before, validity.not_after);
            (member.renewal, member.away, member.told) = (None, None, now);
        }
    }

    pub fn away(&mut self, why: Away, now: UnixSeconds) {
        if let Some(member) = &mut self.member {
            let since = member.away.as_ref().map_or(now, |away| away.since);
            member.away = Some(AwaySince { since, why });
            member.renewal = due(&member.validity, now, member.renewal);
        }
    }

    /// The registry knows this box no more, or wants a person's word. Answers whether that changes what the box is.
    pub fn refused_as_member(&mut self, problem: &Problem, now: UnixSeconds) -> bool {
        let Some(member) = &mut self.member else { return false };
        match problem {
            Problem::HostRemoved { at } => member.left = Some(LeftBecause::Removed { at: *at }),
            Problem::HostReplaced { .. } => member.left = Some(LeftBecause::Replaced { at: now }),
            Problem::RenewalNotAgreed => {
                (member.renewal, member.away) = (Some(Renewal::NeedsAgreement), None);
                return true;
            }
            _ => return false,
        }
        // whoever takes it next may have another registry
        (self.trust, self.code, self.offered, self.by_hand) = (None, None, None, None);
        self.known = false;
        true
    }

    /// Without what only says when and how often something was tried.
    pub fn lasting(&self) -> Self {
        let mut ledger = self.clone();
        if let Some(asking) = &mut ledger.asking {
            asking.failures = 0;
        }
        if let Some(work) = &mut ledger.work {
            (work.failures, work.at) = (0, UnixSeconds(0));
        }
        if let Some(member) = &mut ledger.member {
            (member.told, member.info.now) = (UnixSeconds(0), UnixSeconds(0));
        }
        ledger
    }

    /// It was a member, and has begun nothing new: its key is of no more use.
    pub fn is_done_with_its_key(&self) -> bool {
        self.stage() == Stage::Left && self.code.is_none() && self.by_hand.is_none() && self.unsure.is_none()
    }

    /// How it is told. `again_in` is milliseconds until what failed is tried again.
    pub fn view(&self, preset: bool, again_in: u64) -> Activation {
        let away = match &self.work {
            Some(work) => work.away.clone(),
            None => self.asking.as_ref().map(|asking| asking.away.clone()),
        };
        let code_until = self.draft.code.as_ref().and_then(|code| code.expires);
        let waiting = away.map(|AwaySince { since, why }| Waiting { since, why, again_in, code_until });
        Activation {
            stage: self.stage(),
            draft: self.draft.clone(),
            preset,
            offered: self.offered.clone(),
            ledger: self.lines(),
            waiting,
            refused: self.refused.clone(),
            request: self.by_hand.as_ref().map(|request| request.text.clone()),
            member: self.member.clone().map(without_secret),
        }
    }

    fn lines(&self) -> Vec<Line> {
        let line = |step, state, at| Line { step, state, at };
        match (&self.work, &self.member) {
            (Some(work), _) => Step::ALL
                .map(|step| match step.cmp(&work.step) {
                    std::cmp::Ordering::Less => line(step, LineState::Done, None),
                    std::cmp::Ordering::Equal if work.away.is_some() => line(step, LineState::Retrying, Some(work.at)),
                    std::cmp::Ordering::Equal => line(step, LineState::Running, Some(work.at)),
                    std::cmp::Ordering::Greater => line(step, LineState::Waiting, None),
                })
                .into(),
            (None, Some(member)) if self.stage() == Stage::Active => Step::ALL
                .map(|step| match step {
                    // after an activation by hand it comes when there is a way
                    Step::Confirm if !self.known && member.away.is_some() => line(step, LineState::Retrying, None),
                    Step::Confirm if !self.known => line(step, LineState::Waiting, None),
                    _ => line(step, LineState::Done, Some(member.activated)),
                })
                .into(),
            (None, _) => Vec::new(),
        }
    }
}

/// What the certificate waits for.
fn due(validity: &Validity, now: UnixSeconds, before: Option<Renewal>) -> Option<Renewal> {
    match validity.standing(now) {
        Standing::Good | Standing::NotYet => None,
        Standing::Renew => Some(Renewal::Due),
        Standing::Expired => before.or(Some(Renewal::Due)),
    }
}

/// Milliseconds that the registry wants to be left alone for.
fn asked_for(why: &Away) -> u64 {
    match why {
        Away::Unwell { problem: Problem::SlowDown { seconds } } => seconds.saturating_mul(1_000).min(LONGEST_REST),
        _ => 0,
    }
}

/// Milliseconds after so many failures, a quarter of it by chance, so that boxes of a site don't come all at once.
pub fn pause(failures: u32, jitter: u8) -> u64 {
    let doubled = FIRST_PAUSE.saturating_mul(1_u64.checked_shl(failures.saturating_sub(1).min(16)).unwrap_or(u64::MAX));
    let base = doubled.min(LONGEST_PAUSE);
    base - base / 4 + base / 4 * u64::from(jitter) / 255
}

/// Pages need not know what the boxes of a pair know each other by.
fn without_secret(mut member: Member) -> Member {
    member.info.pair_secret = None;
    member
}
