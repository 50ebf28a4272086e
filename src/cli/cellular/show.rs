//! `gatehouse cellular show`

use crate::{
    cli::{table::aligned, words},
    domain::cellular::{
        api::CellularStatus,
        checklist::{Item, ItemState, Step},
        machine::SimChange,
        modem::{Lock, Registration},
        signal::{Advice, Signal},
        usage::Limit,
    },
};

pub(super) fn text(status: &CellularStatus) -> String {
    if status.slot.is_none() {
        return "This box has no SIM slot.".to_owned();
    }
    let steps = status.checklist.iter().map(|item| step(item, status)).collect::<Vec<_>>();
    let mut text = format!("{}\n{}", aligned(&steps), aligned(&rows(status)));
    if let Some(problem) = &status.problem {
        text.extend([
            "\n".to_owned(),
            format!("{} ({})\n", problem.cause, problem.code),
            format!("{}\n", problem.action),
        ]);
    }
    text
}

fn step(item: &Item, status: &CellularStatus) -> [String; 3] {
    let name = match item.step {
        Step::Sim => "SIM",
        Step::Pin => "PIN",
        Step::Registered => "Network",
        Step::Apn => "APN",
        Step::Address => "Address",
        Step::Dns => "DNS",
    };
    let state = match item.state {
        ItemState::Done => "done",
        ItemState::UnderWay => "under way",
        ItemState::Failed { .. } => "failed",
        ItemState::Untested => "not tested: the network has named no DNS server",
        ItemState::Waiting => "waits",
        ItemState::Off => "off",
    };
    [name.to_owned(), state.to_owned(), detail(item.step, status)]
}

fn detail(step: Step, status: &CellularStatus) -> String {
    let sim = status.sim.as_ref();
    match step {
        Step::Sim => sim.map(|sim| sim.operator_name.clone()).unwrap_or_default(),
        Step::Pin => match sim.map(|sim| (sim.lock, sim.tries)) {
            Some((Lock::Puk, tries)) => left("PUK", tries.puk),
            Some((Lock::Pin, tries)) => left("PIN", tries.pin),
            Some(_) if status.pin => "kept by the box".to_owned(),
            Some(_) | None => String::new(),
        },
        Step::Registered => status.network.as_ref().map_or_else(String::new, |network| {
            let roaming = if network.registration == Registration::Roaming { ", roaming" } else { "" };
            let technology =
                network.technology.map(|technology| format!(", {}", technology.name())).unwrap_or_default();
            format!("{}{roaming}{technology}", network.operator.name)
        }),
        Step::Apn => status.spec.apn.as_ref().map(ToString::to_string).unwrap_or_default(),
        Step::Address | Step::Dns => String::new(),
    }
}

fn left(lock: &str, tries: Option<u8>) -> String {
    match tries {
        Some(left) => format!("{lock}: {left} tries left"),
        None => format!("{lock}: nobody knows how many tries are left"),
    }
}

fn rows(status: &CellularStatus) -> Vec<[String; 2]> {
    let mut rows = Vec::new();
    let mut row = |name: &str, text: String| rows.push([name.to_owned(), text]);
    let spec = &status.spec;
    row(
        "Data",
        if status.paused {
            "on, ended by a person"
        } else if spec.on {
            "on"
        } else {
            "off"
        }
        .to_owned(),
    );
    row("Roaming", if spec.roaming { "allowed" } else { "not allowed" }.to_owned());
    if let Some(user) = &spec.user {
        let password = if status.password { ", with a password" } else { "" };
        row("User", format!("{user}{password} ({})", spec.auth.name()));
    }
    if let Some(modem) = &status.modem {
        row("Modem", format!("{} {}, IMEI {}", modem.manufacturer, modem.model, modem.imei).trim().to_owned());
    }
    if let Some(sim) = &status.sim {
        let ids = [("ICCID", sim.iccid.as_ref().map(ToString::to_string)), ("IMSI", sim.imsi.clone())];
        let ids = ids.into_iter().filter_map(|(name, id)| Some(format!("{name} {}", id?))).collect::<Vec<_>>();
        row("SIM", ids.join(", "));
    }
    match &status.sim_change {
        Some(SimChange::Other { known }) => row("", format!("it is another one than before ({known})")),
        Some(SimChange::Missing { known }) => row("", format!("the one from before is missing ({known})")),
        None => {}
    }
    if let Some(network) = &status.network {
        let bars = network.bars.map_or_else(|| "unknown".to_owned(), |bars| format!("{bars} of 5"));
        let values = signal(&network.signal);
        row("Signal", if values.is_empty() { bars } else { format!("{bars} ({values})") });
        match network.advice {
            Some(Advice::Interference) => {
                row("", "strong and disturbed: another place helps, a bigger antenna does not".to_owned());
            }
            Some(Advice::Antenna) => row("", "weak: look at the antenna and at where the box stands".to_owned()),
            None => {}
        }
    }
    if let Some(next) = status.next_try {
        let failures = status.failures;
        row(
            "Next try",
            format!("in {}, after {failures} failures in a row", words::duration(next.left(status.at).div_ceil(1000))),
        );
    }
    let used = words::bytes(status.usage.this_month.total());
    row(
        "This month",
        match (spec.limit, status.usage.limit) {
            (Some(limit), Some(Limit::Reached)) => format!("{used}, over the limit of {limit} MB"),
            (Some(limit), _) => format!("{used} of {limit} MB"),
            (None, _) => used,
        },
    );
    let apns = status.suggestions.iter().map(|suggestion| suggestion.apn.to_string()).collect::<Vec<_>>();
    if spec.apn.is_none() && !apns.is_empty() {
        row("Usual APNs", apns.join(", "));
    }
    if let Some(problem) = &status.settings_problem {
        row("Damaged", problem.clone());
    }
    rows
}

fn signal(signal: &Signal) -> String {
    let values = [
        ("RSRP", signal.rsrp, "dBm"),
        ("RSRQ", signal.rsrq, "dB"),
        ("SNR", signal.snr, "dB"),
        ("RSSI", signal.rssi, "dBm"),
    ];
    let told = values.into_iter().filter_map(|(name, value, unit)| Some(format!("{name} {} {unit}", value?)));
    told.collect::<Vec<_>>().join(", ")
}
