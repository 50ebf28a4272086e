//! The network test: its hops, what was found at each, why one is broken and what mends it.

use crate::{
    components::format::{duration, speed},
    domain::network::hops::{Cause, Detail, Hop, Mend, Skip},
    text::Text,
};

pub fn hop(text: Text, hop: Hop) -> &'static str {
    match hop {
        Hop::Link => text.hops_link(),
        Hop::Address => text.hops_address(),
        Hop::Gateway => text.hops_gateway(),
        Hop::Dns => text.hops_dns(),
        Hop::Clock => text.hops_clock(),
        Hop::Proxy => text.hops_proxy(),
        Hop::Host => text.hops_host(),
    }
}

/// In a few words, below the hop's name.
pub fn hop_detail(text: Text, detail: &Detail) -> String {
    match detail {
        Detail::Link { speed: Some(mbits) } => speed(*mbits),
        Detail::Link { speed: None } => text.hops_link_ok().to_owned(),
        Detail::Address { net } => net.to_string(),
        Detail::Gateway { gateway, millis } => text.hops_gateway_ok(gateway, passed(*millis)),
        Detail::Dns { server, millis, .. } => text.hops_dns_ok(passed(*millis), server),
        Detail::Clock { .. } => text.hops_clock_ok().to_owned(),
        Detail::Proxy { millis } => text.hops_proxy_ok(passed(*millis)),
        Detail::Host { millis } => text.hops_host_ok(passed(*millis)),
    }
}

/// Milliseconds. On a wire an answer takes less than one, and nothing takes none.
fn passed(millis: u32) -> String {
    if millis == 0 { "<1".to_owned() } else { millis.to_string() }
}

/// Why a hop was left out.
pub fn hop_skip(text: Text, hop: Hop, why: Skip) -> &'static str {
    match (why, hop) {
        (Skip::NotConfigured, Hop::Gateway) => text.hops_skip_no_gateway(),
        (Skip::NotConfigured, Hop::Dns) => text.hops_skip_no_dns(),
        (Skip::NotConfigured, Hop::Clock) => text.hops_skip_no_clock(),
        (Skip::NotConfigured, Hop::Proxy) => text.hops_skip_no_proxy(),
        (Skip::NotConfigured, Hop::Link | Hop::Address | Hop::Host)
        | (Skip::BrokenBefore { .. } | Skip::NotTested, _) => text.hops_skip_not_tested(),
    }
}

pub fn cause(text: Text, cause: &Cause) -> String {
    let own = str::to_owned;
    match cause {
        Cause::NoInterface => own(text.hops_cause_no_interface()),
        Cause::NoCarrier => own(text.hops_cause_no_carrier()),
        Cause::NoAddress => own(text.hops_cause_no_address()),
        Cause::AddressConflict { address, mac } => text.hops_cause_address_conflict(address, mac),
        Cause::DhcpSilent => own(text.hops_cause_dhcp_silent()),
        Cause::DhcpRefused => own(text.hops_cause_dhcp_refused()),
        Cause::GatewaySilent { gateway } => text.hops_cause_gateway_silent(gateway),
        Cause::GatewayOffLink { gateway } => text.hops_cause_gateway_off_link(gateway),
        Cause::NoDnsServers => own(text.hops_cause_no_dns_servers()),
        Cause::DnsTimeout { server } => text.hops_cause_dns_timeout(server),
        Cause::DnsRefused { server, rcode } => text.hops_cause_dns_refused(rcode, server),
        Cause::NameUnknown { name } => text.hops_cause_name_unknown(name),
        Cause::TimeServersSilent => own(text.hops_cause_time_servers_silent()),
        Cause::ClockOff { seconds } => {
            let time = duration(text, seconds.unsigned_abs());
            if *seconds > 0 { text.hops_cause_clock_off_ahead(time) } else { text.hops_cause_clock_off_behind(time) }
        }
        Cause::ProxyNameUnknown => own(text.hops_cause_proxy_name_unknown()),
        Cause::ProxyIsOwn => own(text.hops_cause_proxy_is_own()),
        Cause::NoProxy => own(text.hops_cause_no_proxy()),
        Cause::ProxyUnreachable => own(text.hops_cause_proxy_unreachable()),
        Cause::ProxyRefused => own(text.hops_cause_proxy_refused()),
        Cause::ProxyAuth => own(text.hops_cause_proxy_auth()),
        Cause::ProxyCertificate => own(text.hops_cause_proxy_certificate()),
        Cause::ProxyForbids { status } => text.hops_cause_proxy_forbids(status),
        Cause::HostUnreachable => own(text.hops_cause_host_unreachable()),
        Cause::HostRefused => own(text.hops_cause_host_refused()),
        Cause::TlsUntrusted => own(text.hops_cause_tls_untrusted()),
        Cause::TlsExpired => own(text.hops_cause_tls_expired()),
        Cause::TlsNotYetValid => own(text.hops_cause_tls_not_yet_valid()),
        Cause::TlsName => own(text.hops_cause_tls_name()),
        Cause::TlsFailed => own(text.hops_cause_tls_failed()),
        Cause::HostStatus { status } => text.hops_cause_host_status(status),
    }
}

pub fn mend(text: Text, mend: Mend) -> &'static str {
    match mend {
        Mend::CheckHardware => text.hops_mend_check_hardware(),
        Mend::PlugCable => text.hops_mend_plug_cable(),
        Mend::SetAddress => text.hops_mend_set_address(),
        Mend::ChooseOtherAddress => text.hops_mend_choose_other_address(),
        Mend::CheckDhcpServer => text.hops_mend_check_dhcp_server(),
        Mend::CheckGateway => text.hops_mend_check_gateway(),
        Mend::CorrectGateway => text.hops_mend_correct_gateway(),
        Mend::AddDnsServer => text.hops_mend_add_dns_server(),
        Mend::CheckDnsServer => text.hops_mend_check_dns_server(),
        Mend::ChooseOtherDnsServer => text.hops_mend_choose_other_dns_server(),
        Mend::CorrectName => text.hops_mend_correct_name(),
        Mend::CheckTimeServers => text.hops_mend_check_time_servers(),
        Mend::SetClock => text.hops_mend_set_clock(),
        Mend::CheckProxy => text.hops_mend_check_proxy(),
        Mend::CorrectProxyPassword => text.hops_mend_correct_proxy_password(),
        Mend::AddProxyAuthority => text.hops_mend_add_proxy_authority(),
        Mend::AllowHostInProxy => text.hops_mend_allow_host_in_proxy(),
        Mend::OpenFirewall => text.hops_mend_open_firewall(),
        Mend::CheckHost => text.hops_mend_check_host(),
        Mend::AddAuthority => text.hops_mend_add_authority(),
        Mend::RenewCertificate => text.hops_mend_renew_certificate(),
    }
}

/// Whether the port's own page is the place to mend it.
pub fn mended_at_port(mend: Mend) -> bool {
    match mend {
        Mend::PlugCable
        | Mend::SetAddress
        | Mend::ChooseOtherAddress
        | Mend::CheckDhcpServer
        | Mend::CheckGateway
        | Mend::CorrectGateway
        | Mend::AddDnsServer
        | Mend::CheckDnsServer
        | Mend::ChooseOtherDnsServer => true,
        Mend::CheckHardware
        | Mend::CorrectName
        | Mend::CheckTimeServers
        | Mend::SetClock
        | Mend::CheckProxy
        | Mend::CorrectProxyPassword
        | Mend::AddProxyAuthority
        | Mend::AllowHostInProxy
        | Mend::OpenFirewall
        | Mend::CheckHost
        | Mend::AddAuthority
        | Mend::RenewCertificate => false,
    }
}
