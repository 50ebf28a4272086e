//! A message bus in a box, for tests that want one: Debian's dbus-daemon at the place of the system's, with nobody on it.
//! Whoever is to answer there (as `org.freedesktop.timedate1`, say) is the test's.

use crate::{
    appliance::Appliance,
    errands::exec_in,
    error::{Error, Result},
};
use futures_util::StreamExt;
use std::{
    path::{Path, PathBuf},
    sync::mpsc::{Sender, channel},
    thread,
};
use zbus::{Connection, Message, MessageStream, connection::Builder, message::Type};

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

type Ready = Sender<std::result::Result<(), String>>;

/// Somebody on a box's bus, by this name, who answers each method call until the bus is gone. Returns when the name is taken.
pub(crate) fn stand_in<F>(socket: PathBuf, name: &'static str, answer: F) -> Result<()>
where
    F: AsyncFnMut(&Connection, &Message) -> zbus::Result<()> + Send + 'static,
{
    let (ready, is_ready) = channel();
    thread::spawn(move || {
        let ended = serve(&socket, name, answer, &ready);
        // of use only to whoever still waits for it to be ready
        drop(ready.send(ended.map_err(|error| error.to_string())));
    });
    let ready = is_ready.recv().unwrap_or_else(|error| Err(error.to_string()));
    ready.map_err(|why| Error::Refused(format!("{name}: {why}")))
}

fn serve<F>(socket: &Path, name: &str, mut answer: F, ready: &Ready) -> zbus::Result<()>
where
    F: AsyncFnMut(&Connection, &Message) -> zbus::Result<()>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let bus = Builder::address(format!("unix:path={}", socket.display()).as_str()).build().await?;
        bus.request_name(name).await?;
        let mut messages = MessageStream::from(&bus);
        drop(ready.send(Ok(())));
        while let Some(message) = messages.next().await {
            let message = message?;
            if message.header().message_type() == Type::MethodCall {
                answer(&bus, &message).await?;
            }
        }
        Ok(())
    })
}

/// To a method that nobody has here.
pub(crate) async fn unknown(bus: &Connection, message: &Message, why: &str) -> zbus::Result<()> {
    bus.reply_error(&message.header(), "org.freedesktop.DBus.Error.UnknownMethod", &why).await
}
