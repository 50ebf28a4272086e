//! A message bus in a box, for tests that want one: Debian's dbus-daemon at the place of the system's, with nobody on it.
//! Whoever is to answer there (as `org.freedesktop.timedate1`, say) is the test's.

use crate::{
    appliance::Appliance,
    errands::exec_in,
    error::{Error, Result},
};
use std::path::PathBuf;

/// Whoever can reach it may do anything on it: all of them are of the box.
const CONFIG: &str = r#"<busconfig>
<type>system</type>
<listen>unix:path=/run/dbus/system_bus_socket</listen>
<auth>EXTERNAL</auth>
<policy context="default">
<allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
<allow send_requested_reply="true"/><allow receive_requested_reply="true"/><allow receive_type="method_call"/><allow receive_type="signal"/>
</policy>
</busconfig>
"#;

impl Appliance {
    /// Starts it, unless it runs, until the box is switched off, and returns where this machine finds its socket.
    pub fn start_bus(&self) -> Result<PathBuf> {
        start(self.init_pid()?)
    }
}

/// In the box with this first process.
pub(crate) fn start(init: i32) -> Result<PathBuf> {
    // two that want one at the same time get the same
    let script = "mkdir -p /run/dbus && printf %s \"$1\" > /run/dbus/box.conf && \
                  exec flock --close /run/dbus sh -c 'test -S /run/dbus/system_bus_socket || \
                  exec dbus-daemon --config-file=/run/dbus/box.conf --fork --nopidfile'";
    let started = exec_in(init, &["sh", "-c", script, "bus", CONFIG])?;
    if started.code != 0 {
        return Err(Error::Refused(format!("the bus: {}", started.stderr)));
    }
    Ok(format!("/proc/{init}/root/run/dbus/system_bus_socket").into())
}
