//! Long lives of pairs, with clocks that do not agree.

use domain::pair::{Event, Role, Terms};
use proptest::{collection::vec, prelude::*};

use super::world::{Letter, World};

const TTL: u64 = 1_000;

/// One thing that happens, after some milliseconds.
#[derive(Clone, Copy, Debug)]
enum Deed {
    /// The letter of this place arrives.
    Arrives(prop::sample::Index),
    Lost(prop::sample::Index),
    Crashes(usize),
    Starts(usize),
    Release(usize),
    Closed(usize),
    Registry(bool),
    /// Of box 0 to the registry, of box 1, and between them each way: what is on it is lost while it is cut.
    Cut(usize, bool),
    /// Nothing but time.
    Passes,
}

fn deed() -> impl Strategy<Value = Deed> {
    let at = || 0..2_usize;
    prop_oneof![
        40 => any::<prop::sample::Index>().prop_map(Deed::Arrives),
        4 => any::<prop::sample::Index>().prop_map(Deed::Lost),
        1 => at().prop_map(Deed::Crashes),
        3 => at().prop_map(Deed::Starts),
        1 => at().prop_map(Deed::Release),
        3 => at().prop_map(Deed::Closed),
        1 => any::<bool>().prop_map(Deed::Registry),
        4 => (0..4_usize, any::<bool>()).prop_map(|(wire, cut)| Deed::Cut(wire, cut)),
        10 => Just(Deed::Passes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Each clock goes faster or slower by up to one in a hundred; real ones differ by less than one in a thousand.
    #[test]
    fn no_life_has_two_actives(
        deeds in vec((deed(), 0..100_u64), 100..400),
        rates in [990..1_010_u64, 990..1_010_u64],
    ) {
        let mut world = World::new(Terms::of(TTL));
        let mut cut = [false; 4];
        let clocks = |now: u64| rates.map(|rate| now * rate / 1_000);
        for (deed, wait) in deeds {
            // each millisecond is looked at, because a box sleeps until its deadline and not longer
            for _ in 0..wait {
                world.now += 1;
                world.expires();
                let clocks = clocks(world.now);
                for (at, clock) in clocks.into_iter().enumerate() {
                    let due = world.nodes[at].state.as_ref().is_some_and(|state| state.deadline().0 <= clock);
                    if due {
                        world.on_clock(at, Event::Tick, clock);
                    }
                }
                prop_assert!(world.active().len() < 2, "{world:?}");
            }
            let clocks = clocks(world.now);
            world.letters.retain(|(_, letter)| !cut[match letter {
                Letter::Asked { by: at, .. } | Letter::Answered { to: at, .. } => *at,
                Letter::Heartbeat { to, .. } => 2 + to,
            }]);
            let letter = |index: prop::sample::Index| {
                let letters = world.letters.iter().copied().collect::<Vec<_>>();
                (!letters.is_empty()).then(|| letters[index.index(letters.len())])
            };
            match deed {
                Deed::Arrives(index) => if let Some(letter) = letter(index) {
                    // also one that is older than any network keeps it
                    world.arrives_by(letter, clocks);
                },
                Deed::Lost(index) => if let Some(letter) = letter(index) {
                    world.letters.remove(&letter);
                },
                Deed::Crashes(at) => world.crashes(at),
                Deed::Starts(at) => if world.nodes[at].state.is_none() {
                    let now = world.now;
                    world.now = clocks[at];
                    world.starts(at);
                    world.now = now;
                },
                Deed::Release(at) => world.on_clock(at, Event::Release, clocks[at]),
                Deed::Closed(at) => if matches!(world.role(at), Some(Role::Stopping { .. })) {
                    world.on_clock(at, Event::Closed, clocks[at]);
                },
                Deed::Registry(away) => world.registry_away = away,
                Deed::Cut(wire, is_cut) => cut[wire] = is_cut,
                Deed::Passes => {}
            }
            prop_assert!(world.active().len() < 2, "{world:?}");
        }
    }
}
