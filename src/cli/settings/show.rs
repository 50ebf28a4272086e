//! The settings as a person reads them.

use crate::{
    cli::table::aligned,
    domain::{
        api::Overview,
        civil::Civil,
        settings::{
            SettingsStatus,
            clock::{Judgement, Keeper, ServersFrom},
        },
        time::MADE,
    },
};

pub(super) fn text(settings: &SettingsStatus, overview: &Overview) -> String {
    let clock = &settings.clock;
    let servers = clock.servers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let from = match clock.from {
        ServersFrom::Nobody => "none",
        ServersFrom::Settings => "set here",
        ServersFrom::Dhcp => "from DHCP",
    };
    let keeper = match clock.keeper {
        Some(Keeper::Timesyncd) => "systemd-timesyncd",
        Some(Keeper::Chrony) => "chrony",
        None => "nothing",
    };
    let by = clock.measured.as_ref().map(|m| format!(" by {} (stratum {})", m.server, m.stratum)).unwrap_or_default();
    let judged = match clock.judge(overview.now, MADE) {
        Judgement::Right { ahead } => format!("in sync, {ahead} ms ahead{by}"),
        Judgement::Wrong { ahead } => format!("WRONG, {} s ahead{by}", ahead / 1000),
        Judgement::BeforeBuild => "WRONG, it shows a time before this software was made".to_owned(),
        Judgement::Silent => "not checked, no time server answers".to_owned(),
        Judgement::Unchecked => "not checked, no time server is set".to_owned(),
    };
    let proxy = settings.proxy.as_ref().map_or_else(
        || "none".to_owned(),
        |proxy| {
            let user = proxy.user.as_ref().map(|user| format!(", as {user}")).unwrap_or_default();
            format!("{}{user}", proxy.url)
        },
    );
    let mut rows = vec![
        ["Name".to_owned(), format!("{}.local", overview.host_name)],
        ["Clock".to_owned(), format!("{} {}", Civil::of(overview.now, clock.offset), clock.zone)],
        [String::new(), judged],
        ["Time servers".to_owned(), if servers.is_empty() { from.to_owned() } else { format!("{servers} ({from})") }],
        ["Set by".to_owned(), keeper.to_owned()],
        ["Proxy".to_owned(), proxy],
    ];
    rows.extend(settings.problem.iter().map(|problem| ["Damaged".to_owned(), problem.clone()]));
    aligned(&rows)
}
