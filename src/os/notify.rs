//! What a role tells systemd (`sd_notify(3)`): that it serves, and that it is alive. Where nobody asked for it, nobody is told.

use std::{
    convert::Infallible,
    env,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    },
    time::Duration,
};

/// The role does its work from now on.
pub fn ready() {
    tell("READY=1");
}

/// Postpones the moment when systemd takes this process for hung.
pub fn alive() {
    tell("WATCHDOG=1");
}

/// How often [`alive`] is to be said: four times in the unit's `WatchdogSec`, so that one late proof ends nobody. `None` without one.
pub fn every() -> Option<Duration> {
    let number = |name| env::var(name).ok()?.parse::<u64>().ok();
    // meant for another process where a number says so, such as the one that started this one
    let ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
    number("WATCHDOG_USEC").filter(|_| ours).map(|micros| Duration::from_micros(micros / 4)).filter(|d| !d.is_zero())
}

/// Says [`alive`] after each proof that worked, for ever. A proof that hangs or fails says nothing, and systemd starts the role anew.
pub async fn while_proven<F: Future<Output = bool>>(proof: impl Fn() -> F) -> Infallible {
    let Some(every) = every() else { return std::future::pending().await };
    loop {
        if proof().await {
            alive();
        }
        tokio::time::sleep(every).await;
    }
}

fn tell(state: &str) {
    let Some(name) = env::var_os("NOTIFY_SOCKET") else { return };
    let address = match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
        path => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(path)),
    };
    // what systemd does not hear it acts upon by itself: there is nobody else to tell
    let _ = address.and_then(|address| UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address));
}
