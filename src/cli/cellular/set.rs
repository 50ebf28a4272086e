//! `gatehouse cellular set …`

use clap::{Args, ValueEnum};

use crate::{
    cli::{CliError, password},
    domain::{
        cellular::{
            request::SetRequest,
            spec::{Auth, IpType, Technology},
        },
        secret::Secret,
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Switch {
    On,
    Off,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(in crate::cli) struct SetArgs {
    /// Whether data goes over the mobile network
    #[arg(long, value_enum)]
    data: Option<Switch>,
    /// As the operator names it
    #[arg(long, value_name = "NAME")]
    apn: Option<String>,
    /// Who the box is to the APN
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Ask for the password of the user, or read it as a line of standard input; an empty one takes it back
    #[arg(long)]
    password: bool,
    /// How user and password are proven
    #[arg(long, value_parser = Auth::ALL.map(Auth::name))]
    auth: Option<String>,
    #[arg(long, value_parser = IpType::ALL.map(IpType::name), help = "Which addresses to ask for")]
    ip_type: Option<String>,
    /// Whether data may go over other operators' networks; it may cost more
    #[arg(long, value_enum)]
    roaming: Option<Switch>,
    /// The operator's number to use, such as 46000; empty: the network's choice
    #[arg(long, value_name = "NUMBER")]
    operator: Option<String>,
    #[arg(long, value_name = "GENERATION", help = technologies())]
    technology: Option<String>,
    /// Bytes of a packet; empty: what the network says
    #[arg(long, value_name = "BYTES")]
    mtu: Option<String>,
    /// Megabytes of a calendar month after which the box warns; empty: none
    #[arg(long, value_name = "MEGABYTES")]
    limit: Option<String>,
}

fn technologies() -> String {
    format!("Preferred one of {}; empty: the modem's choice", Technology::ALL.map(Technology::name).join(", "))
}

impl SetArgs {
    pub(super) fn request(self) -> Result<SetRequest, CliError> {
        let switch = |switch: Switch| switch == Switch::On;
        let password: Option<Secret> =
            if self.password { Some(password::one("The password of the APN: ")?) } else { None };
        Ok(SetRequest {
            on: self.data.map(switch),
            apn: self.apn,
            user: self.user,
            password,
            auth: self.auth,
            ip_type: self.ip_type,
            roaming: self.roaming.map(switch),
            operator: self.operator,
            technology: self.technology,
            mtu: self.mtu,
            limit: self.limit,
        })
    }
}
