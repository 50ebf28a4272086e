//! Goldens: `tests/goldens/<case>/{current,desired}.toml` and the plan between them, for people to read in a review.
//!
//! `INSTA_UPDATE=always` writes the plans anew.

use std::{fs, path::Path};

use domain::network::{
    diff::Step,
    effective::Conditions,
    kernel::{Autoconf, MAIN_TABLE, Object, Route},
    nameserver::Resolver,
    plan::{Plan, plan},
    spec::NetworkSpec,
    wanted::wanted,
};

use crate::{model_kernel::ModelKernel, support::board};

fn step(step: &Step) -> String {
    let (sign, object) = match step {
        Step::Add(object) => ('+', object),
        Step::Delete(object) => ('-', object),
        Step::Dns(Resolver { servers, search }) => {
            let servers = servers.iter().map(ToString::to_string);
            let search = search.iter().map(ToString::to_string);
            let search = search.reduce(|list, domain| format!("{list} {domain}")).map(|list| format!("search {list}"));
            return format!("  = dns {}\n", servers.chain(search).collect::<Vec<_>>().join(" "));
        }
    };
    let text = match object {
        Object::Up(port) => format!("link {port} up"),
        Object::Mtu(port, mtu) => format!("link {port} mtu {mtu}"),
        Object::Autoconf(Autoconf { port, metric }) => format!("autoconf {port} default metric {metric:?}"),
        Object::Address(address) => format!("address {} dev {}", address.net, address.port),
        Object::Rule(rule) => format!("rule {} from {} lookup {:#x}", rule.priority, rule.source, rule.table),
        Object::Route(Route { table, destination, metric, port, gateway }) => {
            let table = if *table == MAIN_TABLE { "main".to_owned() } else { format!("{table:#x}") };
            let via = gateway.map(|g| format!(" via {g}")).unwrap_or_default();
            format!("route {table} {destination}{via} dev {port} metric {metric}")
        }
    };
    format!("  {sign} {text}\n")
}

fn text(plan: &Plan) -> String {
    let lines = |steps: &[Step]| steps.iter().map(step).collect::<String>();
    let changes = plan.changes.iter().map(|c| format!("  {:?} {:?}\n", c.verb, c.what)).collect::<Vec<_>>().concat();
    format!(
        "changes\n{changes}apply\n{}commit\n{}leaving {:?}\narriving {:?}\n",
        lines(&plan.apply),
        lines(&plan.commit),
        plan.leaving,
        plan.arriving
    )
}

fn read(path: &Path) -> NetworkSpec {
    let text = fs::read_to_string(path).expect("golden's spec");
    toml::from_str(&text).expect("a spec")
}

#[test]
fn the_named_changes_are_planned_as_reviewed() {
    let goldens = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/goldens");
    let mut cases = fs::read_dir(&goldens).expect("goldens").map(|e| e.expect("entry").path()).collect::<Vec<_>>();
    cases.sort();
    for case in &cases {
        let (current, desired) = (read(&case.join("current.toml")), read(&case.join("desired.toml")));
        let now = wanted(&current, &board());
        let plan = plan(&now, &current, &desired, &Conditions::default(), &board());
        let mut kernel = ModelKernel::of(&now);
        assert_eq!(kernel.perform_all(&plan.apply), Ok(()), "{}", case.display());
        assert_eq!(kernel.perform_all(&plan.commit), Ok(()), "{}", case.display());
        insta::with_settings!({
            snapshot_path => case, prepend_module_to_snapshot => false, omit_expression => true, description => "",
        }, { insta::assert_snapshot!("plan", text(&plan)) });
    }
    assert_eq!(cases.len(), 19, "a case was added or lost");
}
