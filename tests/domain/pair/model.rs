//! All that can happen to two boxes and a registry within a horizon: every letter lost, late or overtaken, crashes, starts, switchovers, and a registry that
//! goes and comes. Never are two active.
//!

use std::collections::HashSet;

use domain::pair::{Event, Role, Terms};

use super::world::{Letter, World};

/// In moments. Small, so that all of it can be looked at; the proportions are those of [`Terms::of`].
const TERMS: Terms = Terms { ttl: 4, relies: 2, ends: 3, every: 2 };
/// A letter is lost when it is older.
const LATEST: u64 = 1;

/// What may still go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Luck {
    crashes: u8,
    outages: u8,
    releases: u8,
}

fn all_that_can_come(world: &World, luck: &Luck) -> Vec<(World, Luck)> {
    let mut all = Vec::new();
    let mut one = |change: &dyn Fn(&mut World), luck: Luck| {
        let mut world = world.clone();
        change(&mut world);
        all.push((world, luck));
    };
    for letter in &world.letters {
        one(&|world| world.arrives(*letter), luck.clone());
    }
    one(
        &|world| {
            world.passes();
            let now = world.now;
            world.letters.retain(|(sent, _)| now - sent <= LATEST);
        },
        luck.clone(),
    );
    for at in [0, 1] {
        match (world.role(at), luck.crashes) {
            (None, _) => one(&|world| world.starts(at), luck.clone()),
            (Some(_), 0) => {}
            (Some(_), left) => one(&|world| world.crashes(at), Luck { crashes: left - 1, ..luck.clone() }),
        }
        if let (Some(Role::Active { .. }), 1..) = (world.role(at), luck.releases) {
            let luck = Luck { releases: luck.releases - 1, ..luck.clone() };
            one(&|world| world.on(at, Event::Release), luck);
        }
        if let Some(Role::Stopping { .. }) = world.role(at) {
            one(&|world| world.on(at, Event::Closed), luck.clone());
        }
    }
    if world.registry_away {
        one(&|world| world.registry_away = false, luck.clone());
    } else if luck.outages > 0 {
        one(&|world| world.registry_away = true, Luck { outages: luck.outages - 1, ..luck.clone() });
    }
    all
}

/// How many states there are, and the first with two actives.
fn search(horizon: u64, luck: Luck) -> (usize, Option<World>) {
    let mut seen = HashSet::new();
    // one of them is active, and the time of the start is over
    let mut first = World::new(TERMS);
    while first.active().is_empty() {
        first.passes();
        if let Some(letter) =
            first.letters.iter().find(|(_, letter)| !matches!(letter, Letter::Heartbeat { .. })).copied()
        {
            first.arrives(letter);
            while let Some(answer) = first.letters.iter().find(|(_, l)| matches!(l, Letter::Answered { .. })).copied() {
                first.arrives(answer);
            }
        }
    }
    let ends = first.now + horizon;
    let mut open = vec![(first, luck)];
    while let Some((world, luck)) = open.pop() {
        if world.active().len() > 1 {
            return (seen.len(), Some(world));
        }
        if world.now < ends && seen.insert((world.clone(), luck.clone())) {
            open.extend(all_that_can_come(&world, &luck));
        }
    }
    (seen.len(), None)
}

/// With one thing that goes wrong besides what letters do; two of them are for `random.rs`.
#[test]
fn nothing_that_can_happen_makes_two_active() {
    let none = Luck { crashes: 0, outages: 0, releases: 0 };
    for (horizon, luck) in [
        (5, Luck { crashes: 1, ..none.clone() }),
        (5, Luck { outages: 1, ..none.clone() }),
        (3, Luck { releases: 1, ..none.clone() }),
    ] {
        let (states, two) = search(horizon, luck.clone());
        eprintln!("{luck:?}: {states} states");
        assert_eq!(two, None, "after {states} states");
        assert!(states > 10_000, "it looks at too little: {states}");
    }
}
