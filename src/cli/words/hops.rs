//! The network test in English.

use crate::domain::network::hops::{Cause, Hop, Mend};

pub(in crate::cli) fn hop(hop: Hop) -> &'static str {
    match hop {
        Hop::Link => "link",
        Hop::Address => "address",
        Hop::Gateway => "gateway",
        Hop::Dns => "DNS",
        Hop::Clock => "clock",
        Hop::Proxy => "proxy",
        Hop::Host => "host",
    }
}

pub(in crate::cli) fn cause(cause: &Cause) -> String {
    let own = str::to_owned;
    match cause {
        Cause::NoInterface => own("its hardware is not there"),
        Cause::NoCarrier => own("there is no link"),
        Cause::NoAddress => own("the port has no address"),
        Cause::AddressConflict { address, mac } => format!("{address} is also used by {mac}"),
        Cause::DhcpSilent => own("no DHCP server has given an address"),
        Cause::DhcpRefused => own("the DHCP server refuses, or what it gives cannot be used"),
        Cause::GatewaySilent { gateway } => format!("{gateway} does not answer"),
        Cause::GatewayOffLink { gateway } => format!("{gateway} is not in the port's network"),
        Cause::NoDnsServers => own("no DNS server is set"),
        Cause::DnsTimeout { server } => format!("{server} does not answer"),
        Cause::DnsRefused { server, rcode } => format!("{server} answers, but refuses (code {rcode})"),
        Cause::NameUnknown { name } => format!("there is no host called {name}"),
        Cause::TimeServersSilent => own("no time server answers"),
        Cause::ClockOff { seconds } if *seconds > 0 => format!("it is {seconds} s fast"),
        Cause::ClockOff { seconds } => format!("it is {} s slow", seconds.unsigned_abs()),
        Cause::ProxyNameUnknown => own("no DNS server knows its name"),
        Cause::ProxyIsOwn => own("it leads to the box itself"),
        Cause::NoProxy => own("what answers there is no proxy"),
        Cause::ProxyRefused => own("nothing serves on its port"),
        Cause::ProxyAuth => own("it wants another user name or password"),
        Cause::ProxyForbids { status } => format!("it does not let the box through to the host (status {status})"),
        Cause::ProxyUnreachable | Cause::HostUnreachable => own("it does not answer"),
        Cause::HostRefused => own("it answers, but nothing serves on this port"),
        Cause::ProxyCertificate | Cause::TlsUntrusted => own("its certificate is not trusted"),
        Cause::TlsExpired => own("its certificate has run out"),
        Cause::TlsNotYetValid => own("its certificate is not valid yet"),
        Cause::TlsName => own("its certificate is for another name"),
        Cause::TlsFailed => own("what answers there does not speak TLS"),
        Cause::HostStatus { status } => format!("it answers with status {status}"),
    }
}

pub(in crate::cli) fn mend(mend: Mend) -> &'static str {
    match mend {
        Mend::CheckHardware => "Check that the network card is seated, or use another port.",
        Mend::PlugCable => "Plug in the cable, and check that the device at its other end has power.",
        Mend::SetAddress => "Give the port an address: method = \"dhcp\" or \"static\" in the spec file.",
        Mend::ChooseOtherAddress => "Choose a free address, or take it away from the other device.",
        Mend::CheckDhcpServer => {
            "Check that this network has a DHCP server with free addresses, or use method = \"static\"."
        }
        Mend::CheckGateway => "Check that the router has power, that the cable leads to its network, and its address.",
        Mend::CorrectGateway => "Set a gateway that is in the network of the port's address.",
        Mend::AddDnsServer => "Set the site's DNS server: the port's `dns` in the spec file.",
        Mend::CheckDnsServer => "Check its address and that UDP port 53 is let through, or use another one.",
        Mend::ChooseOtherDnsServer => "It may not serve this box, or has a fault. Use another one.",
        Mend::CorrectName => "Check the spelling. A name of this site is known to the site's own DNS server only.",
        Mend::CheckTimeServers => "Check their addresses and that UDP port 123 is let through.",
        Mend::SetClock => "Set the clock of the box.",
        Mend::CheckProxy => "Check its address and port, and that it runs.",
        Mend::CorrectProxyPassword => "Correct user name and password.",
        Mend::AllowHostInProxy => "Ask the site's network administrator to allow the host in the proxy.",
        Mend::OpenFirewall => "Ask the site's network administrator to let the box through to this host and port.",
        Mend::CheckHost => "Check name and port, and ask the person who runs the host.",
        Mend::AddProxyAuthority | Mend::AddAuthority => "Add the authority that signed its certificate.",
        Mend::RenewCertificate => "Ask the person who runs the host to renew its certificate.",
    }
}
