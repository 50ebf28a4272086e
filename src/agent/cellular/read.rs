//! From ModemManager's objects to the domain's [`Modem`]. Pure: what was read comes in.

use std::collections::HashMap;

use super::properties::{
    Properties, decimal, dictionary, inner, list, number, number_of, numbers, object_number, pair, path, path_of,
    signed, switch, text, text_of,
};
use domain::cellular::{
    modem::{Bearer, IpConfig, Modem, Operator, Sim, Tries, told},
    signal::Signal,
    spec::{Modes, Technology},
};

pub(super) const MODEM: &str = "org.freedesktop.ModemManager1.Modem";
pub(super) const SIM: &str = "org.freedesktop.ModemManager1.Sim";
pub(super) const BEARER: &str = "org.freedesktop.ModemManager1.Bearer";
pub(super) const SIMPLE: &str = "org.freedesktop.ModemManager1.Modem.Simple";
pub(super) const SIGNAL: &str = "org.freedesktop.ModemManager1.Modem.Signal";
const NETWORK: &str = "org.freedesktop.ModemManager1.Modem.Modem3gpp";

/// `MMModemPortType`
const NET_PORT: u32 = 2;
/// `MMModem3gppFacility`: the SIM asks for its PIN.
const SIM_FACILITY: u32 = 1;
/// What a modem may have of each; more is nobody's modem.
const MOST: usize = 16;

/// An object's properties by interface.
pub(super) type Interfaces = HashMap<String, Properties>;

/// The IMEI of an object, if it is a modem.
pub(super) fn equipment(object: &Interfaces) -> Option<String> {
    text(object.get(MODEM)?, "EquipmentIdentifier")
}

/// Where the SIM in use is.
pub(super) fn sim_path(modem: &Interfaces) -> Option<String> {
    path(modem.get(MODEM)?, "Sim")
}

/// Where its connections are.
pub(super) fn bearer_paths(modem: &Interfaces) -> Vec<String> {
    let Some(modem) = modem.get(MODEM) else { return Vec::new() };
    list(modem, "Bearers").iter().filter_map(path_of).take(MOST).collect()
}

/// `path`: the object's own. SIM and bearers are objects of their own; one that went away meanwhile is none.
pub(super) fn modem(
    at: &str,
    object: &Interfaces,
    sim: Option<&Properties>,
    bearers: &[(String, Properties)],
) -> Modem {
    let nothing = Properties::new();
    let main = object.get(MODEM).unwrap_or(&nothing);
    let network = object.get(NETWORK);
    let of_network = |name: &str| network.and_then(|network| text(network, name)).unwrap_or_default();
    let technology = Technology::best_of(number(main, "AccessTechnologies").unwrap_or_default());
    let ports = list(main, "Ports").iter().filter_map(pair);
    let interfaces = ports.filter(|(_, kind)| number_of(kind) == Some(NET_PORT)).filter_map(|(name, _)| text_of(name));
    Modem {
        object: object_number(at).unwrap_or_default(),
        equipment: told(&text(main, "EquipmentIdentifier").unwrap_or_default()),
        manufacturer: told(&text(main, "Manufacturer").unwrap_or_default()),
        model: told(&text(main, "Model").unwrap_or_default()),
        state: signed(main, "State").map(Into::into).unwrap_or_default(),
        failed: number(main, "StateFailedReason").map(Into::into).unwrap_or_default(),
        lock: number(main, "UnlockRequired").map(Into::into).unwrap_or_default(),
        tries: Tries::of(numbers(main, "UnlockRetries")),
        sim: sim.map(of_sim),
        pin_enabled: network
            .and_then(|network| number(network, "EnabledFacilityLocks"))
            .map(|locks| locks & SIM_FACILITY != 0),
        registration: network
            .and_then(|network| number(network, "RegistrationState"))
            .map(Into::into)
            .unwrap_or_default(),
        operator: Operator { code: of_network("OperatorCode").parse().ok(), name: told(&of_network("OperatorName")) },
        technology,
        quality: quality(main),
        signal: object.get(SIGNAL).and_then(|signal| measured(signal, technology)),
        supported_modes: list(main, "SupportedModes").iter().filter_map(modes).take(MOST).collect(),
        current_modes: main.get("CurrentModes").and_then(|value| modes(value)).unwrap_or_default(),
        interfaces: interfaces.take(MOST).collect(),
        bearers: bearers.iter().filter_map(|(at, properties)| bearer(at, properties)).collect(),
    }
}

fn of_sim(sim: &Properties) -> Sim {
    let said = |name: &str| text(sim, name).filter(|said| !said.is_empty());
    Sim {
        iccid: said("SimIdentifier").and_then(|said| said.parse().ok()),
        imsi: said("Imsi").map(|imsi| told(&imsi)),
        operator: said("OperatorIdentifier").and_then(|said| said.parse().ok()),
        operator_name: told(&said("OperatorName").unwrap_or_default()),
    }
}

fn bearer(at: &str, properties: &Properties) -> Option<Bearer> {
    let wanted = dictionary(properties, "Properties");
    let error = properties.get("ConnectionError").and_then(|value| text_of(pair(value)?.0));
    Some(Bearer {
        number: object_number(at)?,
        connected: switch(properties, "Connected").unwrap_or(false),
        interface: text(properties, "Interface").filter(|name| !name.is_empty()),
        ipv4: ip_config(properties, "Ip4Config"),
        ipv6: ip_config(properties, "Ip6Config"),
        apn: text(&wanted, "apn").unwrap_or_default(),
        error: error.filter(|error| !error.is_empty()),
    })
}

fn ip_config(properties: &Properties, name: &str) -> Option<IpConfig> {
    let config = dictionary(properties, name);
    let method = number(&config, "method")?;
    (method != 0).then(|| IpConfig {
        method: method.into(),
        address: text(&config, "address"),
        prefix: number(&config, "prefix"),
        gateway: text(&config, "gateway"),
        dns: ["dns1", "dns2", "dns3"].into_iter().filter_map(|name| text(&config, name)).collect(),
        mtu: number(&config, "mtu"),
    })
}

fn quality(modem: &Properties) -> Option<u8> {
    let (percent, _recent) = pair(modem.get("SignalQuality")?)?;
    u8::try_from(number_of(percent)?).ok().filter(|percent| (1..=100).contains(percent))
}

fn modes(value: &zbus::Variant<'static>) -> Option<Modes> {
    let (allowed, preferred) = pair(inner(value))?;
    Some(Modes { allowed: number_of(allowed)?, preferred: number_of(preferred)? })
}

/// Of the technology in use; of another one where the modem fills in only that.
fn measured(signal: &Properties, technology: Option<Technology>) -> Option<Signal> {
    let of = |name: &str| {
        let measured = dictionary(signal, name);
        let value = |name: &str| decimal(&measured, name);
        Signal { rssi: value("rssi"), rsrp: value("rsrp"), rsrq: value("rsrq"), snr: value("snr") }.sensible()
    };
    let all = ["Nr5g", "Lte", "Umts", "Gsm"];
    let first = match technology {
        Some(Technology::Fifth) => "Nr5g",
        Some(Technology::Fourth) | None => "Lte",
        Some(Technology::Third) => "Umts",
        Some(Technology::Second) => "Gsm",
    };
    std::iter::once(first).chain(all).map(of).find(Signal::is_known)
}
