//! Somebody on a box's message bus who writes down what is asked of them. It stands for systemd, which a box in namespaces has not: so no
//! test can set this machine's clock.

use std::{
    path::Path,
    sync::{Arc, Mutex, mpsc},
    thread,
};

use futures_util::StreamExt;
use zbus::{MessageStream, Variant, connection::Builder, message::Type};

/// `SetTime (1795608000000000, false, false)` and the like, in the order in which they came.
pub type Calls = Arc<Mutex<Vec<String>>>;

/// Answers as systemd's services do, until the test's process ends. `ntp`: whether the clock is kept by time servers.
pub fn systemd(socket: &Path, ntp: bool) -> Calls {
    let calls = Calls::default();
    let (ready, is_ready) = mpsc::channel();
    let (heard, address) = (calls.clone(), format!("unix:path={}", socket.display()));
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        runtime.block_on(serve(&address, ntp, heard, ready));
    });
    is_ready.recv().expect("the peer is on the bus");
    calls
}

async fn serve(address: &str, mut ntp: bool, calls: Calls, ready: mpsc::Sender<()>) {
    let bus = Builder::address(address).build().await.expect("bus");
    for name in ["hostname1", "timedate1", "systemd1"] {
        bus.request_name(format!("org.freedesktop.{name}")).await.expect("name");
    }
    let mut messages = MessageStream::from(&bus);
    ready.send(()).expect("the test waits");
    while let Some(Ok(message)) = messages.next().await {
        let header = message.header();
        if header.message_type() != Type::MethodCall {
            continue;
        }
        let member = header.member().map(ToString::to_string).unwrap_or_default();
        let body = message.body();
        let note = |said: String| calls.lock().expect("calls").push(said);
        let done = match member.as_str() {
            "Get" => bus.reply(&header, &Variant::from(ntp)).await,
            "GetUnitFileState" => {
                let unit: String = body.deserialize().expect("unit");
                let state = if unit == "systemd-timesyncd.service" { "enabled" } else { "disabled" };
                bus.reply(&header, &state).await
            }
            "TryRestartUnit" => {
                let asked: (String, String) = body.deserialize().expect("unit");
                note(format!("{member} {asked:?}"));
                bus.reply(&header, &zbus::ObjectPath::from_static_str_unchecked("/org/freedesktop/systemd1/job/1"))
                    .await
            }
            "SetNTP" => {
                let (on, _): (bool, bool) = body.deserialize().expect("switch");
                ntp = on;
                note(format!("{member} {on}"));
                bus.reply(&header, &()).await
            }
            "SetTime" => {
                let asked: (i64, bool, bool) = body.deserialize().expect("time");
                note(format!("{member} {asked:?}"));
                if ntp {
                    let why = "Automatic time synchronization is enabled";
                    bus.reply_error(&header, "org.freedesktop.timedate1.AutomaticTimeSyncEnabled", &why).await
                } else {
                    bus.reply(&header, &()).await
                }
            }
            "SetStaticHostname" | "SetTimezone" => {
                let asked: (String, bool) = body.deserialize().expect("name");
                note(format!("{member} {}", asked.0));
                bus.reply(&header, &()).await
            }
            other => bus.reply_error(&header, "org.freedesktop.DBus.Error.UnknownMethod", &other).await,
        };
        done.expect("answered");
    }
}
