//! The numbers. They are a contract with manuals and with whoever collects alarms: never reused, never renumbered.

use serde::{Deserialize, Serialize};

/// How bad (ITU-T X.733). In this order, so that the worst is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Warning,
    Minor,
    Major,
    Critical,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    PortAbsent,
    NoLink,
    NoUplink,
    GatewaySilent,
    AddressConflict,
    DuplicateIpv6,
    NoLease,
    ChangeUndone,
    UndoIncomplete,
    SettingsDamaged,
    NoDns,
    OtherDhcpServer,
    ServicePortFails,
    KernelDiffers,
    ClockWrong,
    TimeServersSilent,
    StorageFull,
    LogNotWritten,
    LogBroken,
    PasswordOld,
    RegistryAway,
    CertificateOver,
    NoMember,
    NoCellular,
    SimChanged,
    DataLimitNear,
    DataLimitReached,
    PairUnprotected,
    PairTakenOver,
    PairFenced,
}

impl Kind {
    pub const ALL: [Self; 30] = [
        Self::PortAbsent,
        Self::NoLink,
        Self::NoUplink,
        Self::GatewaySilent,
        Self::AddressConflict,
        Self::DuplicateIpv6,
        Self::NoLease,
        Self::ChangeUndone,
        Self::UndoIncomplete,
        Self::SettingsDamaged,
        Self::NoDns,
        Self::OtherDhcpServer,
        Self::ServicePortFails,
        Self::KernelDiffers,
        Self::ClockWrong,
        Self::TimeServersSilent,
        Self::StorageFull,
        Self::LogNotWritten,
        Self::LogBroken,
        Self::PasswordOld,
        Self::RegistryAway,
        Self::CertificateOver,
        Self::NoMember,
        Self::NoCellular,
        Self::SimChanged,
        Self::DataLimitNear,
        Self::DataLimitReached,
        Self::PairUnprotected,
        Self::PairTakenOver,
        Self::PairFenced,
    ];

    pub fn number(self) -> &'static str {
        match self {
            Self::PortAbsent => "AL-101",
            Self::NoLink => "AL-102",
            Self::NoUplink => "AL-103",
            Self::GatewaySilent => "AL-104",
            Self::AddressConflict => "AL-105",
            Self::DuplicateIpv6 => "AL-106",
            Self::NoLease => "AL-107",
            Self::ChangeUndone => "AL-108",
            Self::UndoIncomplete => "AL-109",
            Self::SettingsDamaged => "AL-110",
            Self::NoDns => "AL-111",
            Self::OtherDhcpServer => "AL-112",
            Self::ServicePortFails => "AL-113",
            Self::KernelDiffers => "AL-114",
            Self::ClockWrong => "AL-201",
            Self::TimeServersSilent => "AL-202",
            Self::StorageFull => "AL-203",
            Self::LogNotWritten => "AL-204",
            Self::LogBroken => "AL-205",
            Self::PasswordOld => "AL-206",
            Self::RegistryAway => "AL-301",
            Self::CertificateOver => "AL-302",
            Self::NoMember => "AL-303",
            Self::NoCellular => "AL-401",
            Self::SimChanged => "AL-402",
            Self::DataLimitNear => "AL-403",
            Self::DataLimitReached => "AL-404",
            Self::PairUnprotected => "AL-501",
            Self::PairTakenOver => "AL-502",
            Self::PairFenced => "AL-503",
        }
    }

    /// Its name in the manual.
    pub fn describe(self) -> &'static str {
        match self {
            Self::PortAbsent => "Uplink port without hardware",
            Self::NoLink => "Uplink port without a link",
            Self::NoUplink => "No usable uplink",
            Self::GatewaySilent => "Gateway does not answer",
            Self::AddressConflict => "Another device uses the port's address",
            Self::DuplicateIpv6 => "IPv6 address in use by another device",
            Self::NoLease => "No address from DHCP",
            Self::ChangeUndone => "Network change undone by itself",
            Self::UndoIncomplete => "Going back did not restore everything",
            Self::SettingsDamaged => "Saved settings cannot be read",
            Self::NoDns => "No DNS server in force",
            Self::OtherDhcpServer => "Another DHCP server at the service port",
            Self::ServicePortFails => "The service port gives no addresses",
            Self::KernelDiffers => "The system differs from the saved settings",
            Self::ClockWrong => "The clock is wrong",
            Self::TimeServersSilent => "No time server answers",
            Self::StorageFull => "Storage nearly full",
            Self::LogNotWritten => "The audit log cannot be written",
            Self::LogBroken => "The audit log was changed",
            Self::PasswordOld => "The password is old",
            Self::RegistryAway => "The registry cannot be reached",
            Self::CertificateOver => "The box's certificate for the registry has run out",
            Self::NoMember => "The box was removed from its account, or replaced",
            Self::NoCellular => "No connection by cellular",
            Self::SimChanged => "Another SIM in the slot",
            Self::DataLimitNear => "Cellular data: nine tenths of the monthly limit are used",
            Self::DataLimitReached => "Cellular data: the monthly limit is reached",
            Self::PairUnprotected => "The pair is not protected",
            Self::PairTakenOver => "This box has taken over from its peer",
            Self::PairFenced => "This box does not take over",
        }
    }

    pub fn severity(self) -> Severity {
        match self {
            Self::NoUplink | Self::UndoIncomplete => Severity::Critical,
            Self::PortAbsent
            | Self::NoLink
            | Self::GatewaySilent
            | Self::AddressConflict
            | Self::NoLease
            | Self::SettingsDamaged
            | Self::OtherDhcpServer
            | Self::ClockWrong
            | Self::LogNotWritten
            | Self::LogBroken
            | Self::CertificateOver
            | Self::NoCellular
            | Self::PairUnprotected
            | Self::PairFenced => Severity::Major,
            Self::DuplicateIpv6
            | Self::NoDns
            | Self::ServicePortFails
            | Self::TimeServersSilent
            | Self::StorageFull
            | Self::RegistryAway
            | Self::DataLimitReached => Severity::Minor,
            Self::ChangeUndone
            | Self::KernelDiffers
            | Self::PasswordOld
            | Self::NoMember
            | Self::SimChanged
            | Self::DataLimitNear
            | Self::PairTakenOver => Severity::Warning,
        }
    }

    /// Milliseconds that it has to last. Shorter: each start and each replugging is an alarm. Longer: people are told late.
    pub fn raise_after(self) -> u64 {
        match self {
            // somebody else found out already, and was not mistaken
            Self::AddressConflict
            | Self::ChangeUndone
            | Self::SettingsDamaged
            | Self::LogNotWritten
            | Self::LogBroken
            | Self::OtherDhcpServer
            | Self::PasswordOld
            | Self::CertificateOver
            | Self::NoMember
            | Self::SimChanged
            | Self::DataLimitNear
            | Self::DataLimitReached
            | Self::PairTakenOver
            | Self::PairFenced => 0,
            Self::PortAbsent
            | Self::NoLink
            | Self::NoUplink
            | Self::GatewaySilent
            | Self::DuplicateIpv6
            | Self::UndoIncomplete
            | Self::NoDns
            | Self::ServicePortFails
            | Self::ClockWrong => 10_000,
            // a peer that is started anew is there again by then
            Self::NoLease | Self::KernelDiffers | Self::StorageFull | Self::PairUnprotected => 30_000,
            // a modem needs half a minute to start, and more to find its network
            Self::NoCellular => 90_000,
            // a site whose way out is being mended has silent ones, too
            Self::TimeServersSilent | Self::RegistryAway => 600_000,
        }
    }
}
