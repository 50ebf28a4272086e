//! Random lives of a box beside a registry that takes it by one request: with another it would be another box.

use domain::{
    activation::{
        api::{Stage, Step},
        ledger::{Ended, Ledger, Next, pause},
    },
    cluster::{api::AssociationAsk, names::RequestId, problem::Problem},
};
use proptest::prelude::*;

use super::support::*;

#[derive(Clone, Copy, Debug)]
enum Happens {
    Begin,
    Stop,
    /// The step that is due ends well.
    Works,
    /// The registry is not reached.
    Lost,
    /// The registry does it, and its answer is lost.
    ReplyLost,
    Refuses,
    /// Power cut: the ledger is read back.
    Restart,
}

fn happens() -> impl Strategy<Value = Vec<Happens>> {
    use Happens::{Begin, Lost, Refuses, ReplyLost, Restart, Stop, Works};
    let one = prop_oneof![
        3 => Just(Begin), 2 => Just(Stop), 6 => Just(Works), 2 => Just(Lost), 3 => Just(ReplyLost), 1 => Just(Refuses),
        2 => Just(Restart),
    ];
    proptest::collection::vec(one, 0..40)
}

proptest! {
    /// The registry that has taken a box is never asked for it by another request: that would be another box.
    #[test]
    fn whatever_happens_the_registry_is_asked_for_a_box_by_one_request(all in happens()) {
        let (mut ledger, mut fresh, mut taken) = (answered(), 0, None::<RequestId>);
        for happens in all {
            match happens {
                Happens::Begin => {
                    fresh += 1;
                    if ledger.draft.association.is_none() {
                        ledger.draft.association = Some(AssociationAsk::none());
                    }
                    let _ = ledger.begin(request(fresh), NOW);
                }
                Happens::Stop => drop(ledger.stop()),
                Happens::Restart => {
                    let saved = serde_json::to_vec(&ledger).expect("saved");
                    let read = serde_json::from_slice::<Ledger>(&saved).expect("read");
                    prop_assert_eq!(&read, &ledger);
                    prop_assert_eq!(read.resume(), ledger.resume());
                    ledger = read;
                }
                Happens::Works | Happens::Lost | Happens::ReplyLost | Happens::Refuses => {
                    let Next::Do(step) = ledger.resume() else { continue };
                    let by = asked(&ledger).expect("something is under way");
                    let reaches = !matches!(happens, Happens::Lost) && step == Step::Activate;
                    if let Some(taken) = taken.as_ref().filter(|_| reaches) {
                        prop_assert_eq!(taken, &by, "a second box");
                    }
                    let ended = match (happens, step) {
                        (Happens::Refuses, Step::Activate) if taken.is_none() => Ended::Refused(Problem::ServiceNotEnabled),
                        (Happens::Works, Step::Activate) => {
                            taken = Some(by);
                            Ended::Taken(Box::new(info()))
                        }
                        (Happens::ReplyLost, Step::Activate) => {
                            taken = Some(by);
                            Ended::Away(silent())
                        }
                        (Happens::Works, _) => Ended::Done,
                        _ => Ended::Away(silent()),
                    };
                    let pause = ledger.ended(step, ended, NOW, 7);
                    if let Next::Wait(millis) = pause {
                        prop_assert!((1_500..=60_000).contains(&millis), "{}", millis);
                    }
                }
            }
            prop_assert_eq!(ledger.stage() == Stage::Active, ledger.member.is_some());
            if ledger.stage() == Stage::Active {
                prop_assert!(taken.is_some(), "a member that the registry does not know");
            }
        }
    }

    #[test]
    fn pauses_grow_to_a_minute_and_boxes_of_a_site_do_not_come_at_once(failures in 0_u32.., jitter: u8) {
        let pause = pause(failures, jitter);
        prop_assert!((1_500..=60_000).contains(&pause), "{}", pause);
        prop_assert!(failures < 6 || pause >= 45_000);
    }
}
