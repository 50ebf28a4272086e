//! `gatehouse activate`: makes this box a member. By flags, or with questions at a terminal.

use std::{
    io::{self, IsTerminal},
    net::Ipv4Addr,
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};

use super::{CliError, Context, ask, table::aligned, text_of};
use crate::domain::{
    activation::{
        api::{Activation, Answers, LineState, Member, NewOrReplacement, OfflineAnswer, Stage, Step},
        wizard,
    },
    api::Caller,
    civil::Civil,
    cluster::{
        api::{AssociationAsk, AssociationKind},
        names::{ClusterId, Label, Serial},
    },
    name::PortName,
    pair::settings::{HeartbeatPort, PairPorts},
    secret::Secret,
    settings::host_name::HostName,
};

/// Between two looks at the ledger.
const LOOK: Duration = Duration::from_millis(300);

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// Stand-alone
    None,
    /// The registry finds cluster and peer
    Automatic,
    /// With --cluster or --new-cluster, and --peer
    Manual,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command")]
pub(super) struct Arguments {
    /// The activation code, which others on this machine can see while the command runs; better a file
    #[arg(long, value_name = "TEXT", conflicts_with = "code_file")]
    code: Option<String>,
    /// A file with the code; `-` is standard input
    #[arg(long, value_name = "FILE")]
    code_file: Option<PathBuf>,
    /// The box's host name [default: as prepared, or as it is]
    #[arg(long)]
    name: Option<HostName>,
    /// How the box is associated [default: as prepared, or none]
    #[arg(long, value_enum)]
    association: Option<Kind>,
    /// Join this cluster, by its id
    #[arg(long, value_name = "ID")]
    cluster: Option<ClusterId>,
    /// Make this cluster and join it
    #[arg(long, value_name = "NAME", conflicts_with = "cluster")]
    new_cluster: Option<Label>,
    /// The active/standby peer: a box of the cluster, or one that is still to come
    #[arg(long, value_name = "SERIAL")]
    peer: Option<Serial>,
    /// The address by which the site reaches the pair's applications
    #[arg(long, value_name = "ADDRESS")]
    virtual_ip: Option<Ipv4Addr>,
    /// The virtual IP's port [default: the one in whose network it is]
    #[arg(long, value_name = "PORT")]
    virtual_ip_port: Option<PortName>,
    /// The port to the peer, or `none` [default: the box's first heartbeat port]
    #[arg(long, value_name = "PORT")]
    heartbeat: Option<String>,
    /// In place of a box that is dead, as an administrator has said in the registry
    #[arg(long)]
    replacement: bool,
    /// Without a question; needed where nobody can answer
    #[arg(long, short)]
    yes: bool,
    /// Seconds to wait for the end; what has begun goes on by itself afterwards
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
    /// Only show where the activation stands
    #[arg(long)]
    status: bool,
    /// Back to the answers, as long as the registry has not taken the box
    #[arg(long)]
    stop: bool,
    /// Without a network: print a request to carry to an administrator
    #[arg(long)]
    offline_request: bool,
    /// Without a network: the administrator's answer, as a file; `-` is standard input
    #[arg(long, value_name = "FILE")]
    offline_answer: Option<PathBuf>,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<(), CliError> {
    let (agent, output, caller) = (&context.agent, context.output, Caller::default());
    if arguments.status {
        return output.answer(&agent.activation(&caller).await?, shown);
    }
    if arguments.stop {
        return output.answer(&agent.stop_activation(&caller).await?, shown);
    }
    if arguments.offline_request {
        let activation = agent.offline_request(&caller).await?;
        return output.answer(&activation, |activation| activation.request.clone().unwrap_or_default());
    }
    if let Some(file) = &arguments.offline_answer {
        let answer = text_of(file)?;
        agent.offline_answer(&caller, &OfflineAnswer { answer }).await?;
        return wait(context, arguments.wait).await;
    }
    let before = agent.activation(&caller).await?;
    if before.stage == Stage::Working {
        return wait(context, arguments.wait).await;
    }
    let code = match (&arguments.code, &arguments.code_file) {
        (Some(code), _) => Some(Secret::new(code.clone())),
        (None, Some(file)) => Some(Secret::new(text_of(file)?)),
        (None, None) if before.draft.code.is_none() => Some(Secret::new(ask::typed("Activation code: ", None)?)),
        (None, None) => None,
    };
    let kind = if arguments.replacement { NewOrReplacement::Replacement } else { NewOrReplacement::New };
    // whoever types at a console has seen the box
    let seen = Answers {
        kind: Some(kind),
        power_seen: Some(true),
        cable_seen: Some(true),
        check_seen: Some(true),
        code,
        ..Answers::default()
    };
    let activation = agent.answers(&caller, &seen).await?;
    let own = agent.overview(&caller).await?.host_name;
    let answers = rest(&arguments, &activation, &own)?;
    let activation = agent.answers(&caller, &answers).await?;
    output.say(&review(&activation))?;
    ask::agreed("Activate this box?", arguments.yes)?;
    agent.begin_activation(&caller).await?;
    wait(context, arguments.wait).await
}

/// Name and association: as said, as prepared, or as a person types them.
fn rest(arguments: &Arguments, activation: &Activation, own: &str) -> Result<Answers, CliError> {
    let preview = activation.offered.as_ref().map(|offered| &offered.preview);
    let suggested = wizard::suggested_name(&activation.draft, preview, own);
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None if io::stdin().is_terminal() && !arguments.yes => {
            let typed = ask::typed(&format!("Host name [{suggested}]: "), None)?;
            named(if typed.is_empty() { &suggested } else { &typed })?
        }
        None => named(&suggested)?,
    };
    let said = AssociationAsk {
        kind: match arguments.association {
            Some(Kind::Automatic) => AssociationKind::Automatic,
            Some(Kind::Manual) => AssociationKind::Manual,
            None if arguments.cluster.is_some() || arguments.new_cluster.is_some() => AssociationKind::Manual,
            Some(Kind::None) | None => AssociationKind::None,
        },
        cluster: arguments.cluster.clone(),
        new_cluster: arguments.new_cluster.clone(),
        peer: arguments.peer.clone(),
        virtual_ip: arguments.virtual_ip,
    };
    let chosen = arguments.association.is_some() || said != AssociationAsk::none();
    let association = match (chosen, preview) {
        (true, _) => said,
        (false, Some(preview)) => wizard::suggested(preview, activation.draft.kind),
        (false, None) => AssociationAsk::none(),
    };
    let heartbeat = match arguments.heartbeat.as_deref() {
        None => HeartbeatPort::Automatic,
        Some("none") => HeartbeatPort::None,
        Some(port) => HeartbeatPort::Port(port.parse().map_err(input)?),
    };
    let ports = PairPorts { virtual_ip: arguments.virtual_ip_port.clone(), heartbeat };
    Ok(Answers {
        confirmed: Some(true),
        name: Some(name),
        association: Some(association),
        ports: Some(ports),
        ..Answers::default()
    })
}

fn named(text: &str) -> Result<HostName, CliError> {
    text.parse().map_err(input)
}

fn input(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> CliError {
    CliError::Input(io::Error::new(io::ErrorKind::InvalidInput, error))
}

/// Shows each step as it ends, up to the last one, a refusal, or the end of patience.
async fn wait(context: &Context, seconds: u64) -> Result<(), CliError> {
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut told = 0;
    loop {
        let activation = context.agent.activation(&Caller::default()).await?;
        let done = activation.ledger.iter().filter(|line| line.state == LineState::Done);
        for line in done.skip(told) {
            context.output.say(&format!("  done: {}", step(line.step)))?;
            told += 1;
        }
        if activation.stage != Stage::Working || Instant::now() > until {
            context.output.answer(&activation, shown)?;
            return match &activation.refused {
                Some(problem) => Err(CliError::NotTaken(Box::new(problem.clone()))),
                None if activation.stage == Stage::Working => Err(CliError::Pending),
                None => Ok(()),
            };
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn step(step: Step) -> &'static str {
    match step {
        Step::Key => "the box has a key",
        Step::Registry => "the registry answers, and is the one that was meant",
        Step::Activate => "the registry has taken the box",
        Step::Certificate => "the certificate is checked and saved",
        Step::HostName => "the box has its name",
        Step::Confirm => "the registry knows the box by its certificate",
    }
}

fn review(activation: &Activation) -> String {
    let draft = &activation.draft;
    let preview = activation.offered.as_ref().map(|offered| &offered.preview);
    let account = preview.map(|preview| preview.account_name.to_string());
    let account = account.or_else(|| Some(draft.code.as_ref()?.account.as_ref()?.to_string()));
    let mut rows = vec![
        ["Account".to_owned(), account.unwrap_or_default()],
        ["Host name".to_owned(), draft.name.as_ref().map(ToString::to_string).unwrap_or_default()],
    ];
    if let Some(association) = &draft.association {
        let name = |id: &ClusterId| {
            let known = preview.and_then(|p| p.clusters.iter().find(|cluster| cluster.id == *id));
            known.map_or_else(|| id.to_string(), |cluster| cluster.name.to_string())
        };
        let cluster = match association.kind {
            AssociationKind::None => "none".to_owned(),
            AssociationKind::Automatic => "automatic".to_owned(),
            AssociationKind::Manual => {
                let new = association.new_cluster.as_ref().map(|new| format!("{new} (new)"));
                association.cluster.as_ref().map(name).or(new).unwrap_or_default()
            }
        };
        rows.push(["Cluster".to_owned(), cluster]);
        rows.extend(association.peer.as_ref().map(|peer| ["Peer".to_owned(), peer.to_string()]));
        rows.extend(association.virtual_ip.map(|ip| ["Virtual IP".to_owned(), ip.to_string()]));
        rows.extend(draft.ports.virtual_ip.as_ref().map(|port| ["Its port".to_owned(), port.to_string()]));
        let heartbeat = match &draft.ports.heartbeat {
            HeartbeatPort::Automatic => None,
            HeartbeatPort::None => Some("none".to_owned()),
            HeartbeatPort::Port(port) => Some(port.to_string()),
        };
        rows.extend(heartbeat.map(|port| ["Heartbeat port".to_owned(), port]));
    }
    aligned(&rows)
}

fn shown(activation: &Activation) -> String {
    let mut text = match activation.stage {
        Stage::Unopened => "This box is not activated.\n".to_owned(),
        Stage::Answering => "This box is not activated; some questions are answered.\n".to_owned(),
        Stage::Working => "The activation is under way and goes on by itself.\n".to_owned(),
        Stage::Active => "This box is activated.\n".to_owned(),
        Stage::Left => "This box was activated, and belongs to nobody any more.\n".to_owned(),
    };
    if let Some(waiting) = &activation.waiting {
        text.extend([format!("It waits: {}.\n", waiting.why)]);
        if let Some(until) = waiting.code_until {
            text.extend([format!("The code is good until {} UTC.\n", Civil::of(until, 0))]);
        }
    }
    if let Some(problem) = &activation.refused {
        text.extend([format!("The registry refused: {problem} ({}).\n", problem.code())]);
    }
    text.extend(activation.member.as_ref().map(member));
    text
}

fn member(member: &Member) -> String {
    let info = &member.info;
    let mut rows = vec![
        ["Account".to_owned(), info.account.to_string()],
        ["Host name".to_owned(), info.name.to_string()],
        ["Cluster".to_owned(), info.cluster_name.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)],
    ];
    rows.extend(info.peer.as_ref().map(|peer| ["Peer".to_owned(), peer.to_string()]));
    rows.extend(info.awaits.as_ref().map(|peer| ["Waits for".to_owned(), peer.to_string()]));
    rows.push(["Certificate until".to_owned(), format!("{} UTC", Civil::of(member.validity.not_after, 0))]);
    rows.extend(member.away.as_ref().map(|away| ["Registry away".to_owned(), away.why.to_string()]));
    aligned(&rows)
}
