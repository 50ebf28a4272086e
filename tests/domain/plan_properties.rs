//! What must hold for every change on every box: see [`crate::model_kernel`] for what the kernel refuses.

use std::collections::BTreeSet;

use domain::network::{
    diff::{Step, diff},
    effective::Conditions,
    kernel::{Address, KernelState, Object, SourceRule},
    plan::plan,
    wanted::{overlap, wanted},
};
use proptest::prelude::*;

use crate::{
    model_kernel::ModelKernel,
    support::{any_board, any_change, any_spec},
};

/// Every source rule finds a route for its replies in its table, and every address has a rule.
fn unanswered(kernel: &KernelState) -> Vec<String> {
    let tables = kernel.routes().map(|r| r.table).collect::<BTreeSet<_>>();
    let answers = |source| kernel.rules().any(|r: &SourceRule| r.source == source && tables.contains(&r.table));
    kernel.addresses().filter(|a| !answers(a.net.addr())).map(|a| a.net.to_string()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn applying_and_keeping_never_fails_and_ends_as_wanted((board, old, new) in any_change()) {
        let now = wanted(&old, &board);
        let plan = plan(&now, &old, &new, &Conditions::default(), &board);
        let mut kernel = ModelKernel::of(&now);
        prop_assert_eq!(kernel.perform_all(&plan.apply), Ok(()));
        prop_assert_eq!(&kernel.state, &overlap(&now, &wanted(&new, &board)));
        prop_assert_eq!(kernel.perform_all(&plan.commit), Ok(()));
        prop_assert_eq!(kernel.state, wanted(&new, &board));
    }

    #[test]
    fn going_back_restores_the_kernel_from_every_step((board, old, new) in any_change()) {
        let before = wanted(&old, &board);
        let steps = plan(&before, &old, &new, &Conditions::default(), &board).apply;
        for done in 0..=steps.len() {
            let mut kernel = ModelKernel::of(&before);
            prop_assert_eq!(kernel.perform_all(&steps[..done]), Ok(()));
            let back = diff(&kernel.state, &before);
            prop_assert_eq!(kernel.perform_all(&back), Ok(()), "after {} steps", done);
            prop_assert_eq!(&kernel.state, &before, "after {} steps", done);
        }
    }

    #[test]
    fn every_old_address_answers_until_the_change_is_kept((board, old, new) in any_change()) {
        let (before, after) = (wanted(&old, &board), wanted(&new, &board));
        let mut kernel = ModelKernel::of(&before);
        // an IPv6 address that gets another prefix is swapped
        let swapped = |a: &Address| after.addresses().any(|b| a != b && a.key() == b.key());
        for step in plan(&before, &old, &new, &Conditions::default(), &board).apply {
            prop_assert_eq!(kernel.perform(&step), Ok(()));
            for address in before.addresses().filter(|a| !swapped(a)) {
                prop_assert!(kernel.state.objects.contains(&Object::Address(address.clone())));
            }
            let silent = unanswered(&kernel.state);
            // an address that has just come gets its rule a few steps later
            let old_silent = silent.iter().filter(|a| before.addresses().any(|b| b.net.to_string() == **a));
            prop_assert_eq!(old_silent.count(), 0, "after {:?}", step);
        }
        prop_assert_eq!(unanswered(&kernel.state), Vec::<String>::new());
    }

    #[test]
    fn old_replies_keep_their_old_gateway_where_only_addresses_move((board, old, new) in any_change()) {
        let (before, after) = (wanted(&old, &board), wanted(&new, &board));
        let between = overlap(&before, &after);
        // a table has routes of both versions, and a rule is of one
        let gateways = |state: &KernelState, table, ipv6| {
            let routes = state.routes().filter(|r| r.table == table && r.is_default() && r.is_ipv6() == ipv6);
            routes.map(|r| (r.port.clone(), r.gateway)).collect::<Vec<_>>()
        };
        for rule in before.rules().filter(|r| !after.has_address(r.source)) {
            let kept = between.rules().find(|r| r.source == rule.source);
            let ipv6 = rule.source.is_ipv6();
            prop_assert_eq!(kept.map(|r| gateways(&between, r.table, ipv6)), Some(gateways(&before, rule.table, ipv6)));
        }
    }

    #[test]
    fn the_new_default_routes_are_preferred_during_the_change((board, old, new) in any_change()) {
        let (before, after) = (wanted(&old, &board), wanted(&new, &board));
        let between = overlap(&before, &after);
        let (wanted_first, mixed) = (after.default_routes(), between.default_routes());
        prop_assert_eq!(&mixed[..wanted_first.len()], &wanted_first[..]);
    }

    #[test]
    fn a_change_interrupted_by_another_kernel_state_still_ends_as_wanted(
        (board, old, new) in any_change(),
        missing in any::<u64>(),
    ) {
        let mut now = wanted(&old, &board);
        let mut place = 0;
        now.objects.retain(|o| { place += 1; matches!(o, Object::Up(_) | Object::Address(_)) || missing >> (place % 64) & 1 == 0 });
        let plan = plan(&now, &old, &new, &Conditions::default(), &board);
        let mut kernel = ModelKernel::of(&now);
        prop_assert_eq!(kernel.perform_all(&plan.apply), Ok(()));
        prop_assert_eq!(kernel.perform_all(&plan.commit), Ok(()));
        prop_assert_eq!(kernel.state, wanted(&new, &board));
    }

    #[test]
    fn names_nothing_that_neither_state_has((board, old, new) in any_change()) {
        let (before, after) = (wanted(&old, &board), wanted(&new, &board));
        let between = overlap(&before, &after);
        for step in diff(&before, &between).into_iter().chain(diff(&between, &after)) {
            match step {
                Step::Add(o) => prop_assert!(between.objects.contains(&o) || after.objects.contains(&o)),
                Step::Delete(o) => prop_assert!(before.objects.contains(&o) || between.objects.contains(&o)),
                Step::Dns(resolver) => prop_assert_eq!(resolver, after.dns.clone()),
            }
        }
    }

    #[test]
    fn nothing_is_written_where_nothing_changes(
        (board, spec) in any_board().prop_flat_map(|b| { let s = any_spec(&b); (Just(b), s) }),
    ) {
        let now = wanted(&spec, &board);
        prop_assert!(plan(&now, &spec, &spec, &Conditions::default(), &board).is_empty());
        prop_assert_eq!(diff(&now, &now), Vec::new());
    }

    #[test]
    fn no_link_is_ever_taken_down((board, spec, _) in any_change()) {
        let steps = diff(&wanted(&spec, &board), &KernelState::default());
        let ports_down = steps.iter().filter(|s| matches!(s, Step::Delete(Object::Up(_))));
        prop_assert_eq!(ports_down.count(), 0);
    }

    #[test]
    fn whoever_sees_steps_sees_what_they_are_for((board, old, new) in any_change()) {
        let plan = plan(&wanted(&old, &board), &old, &new, &Conditions::default(), &board);
        prop_assert!(!plan.changes.is_empty() || (plan.apply.is_empty() && plan.commit.is_empty()), "{plan:?}");
    }
}
