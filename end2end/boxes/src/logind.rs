//! systemd-logind on a box's message bus, as far as a box speaks with it: it says whether the box may go down, and is told when it should.
//! Whoever made the box then does it: the power button is the harness's.

use crate::{
    appliance::Appliance,
    error::{Error, Result},
};
use futures_util::StreamExt;
use std::{
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};
use zbus::{MessageStream, connection::Builder, message::Type};

/// What the box asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Reboot,
    PowerOff,
}

/// Answers for as long as the box is on.
#[derive(Debug)]
pub struct Logind(Receiver<Asked>);

impl Logind {
    /// The next thing that the box asks for; `None` when it asks for nothing so long, or is off.
    pub fn next(&self, within: Duration) -> Option<Asked> {
        self.0.recv_timeout(within).ok()
    }
}

/// How it answers.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// To `CanReboot` and `CanPowerOff`.
    pub can: &'static str,
    /// To `Reboot` and `PowerOff`; `None`: it does them.
    pub refuses: Option<&'static str>,
}

impl Manner {
    pub const WILLING: Self = Self { can: "yes", refuses: None };
}

impl Appliance {
    /// Starts a bus with somebody on it.
    pub fn start_logind(&self, manner: Manner) -> Result<Logind> {
        let socket = self.start_bus()?;
        let (asked, receiver) = channel();
        let (ready, is_ready) = channel();
        thread::spawn(move || {
            let ended = run(socket, manner, &asked, &ready);
            // of use only to whoever still waits for it to be ready
            drop(ready.send(ended));
        });
        let refused = |why: String| Error::Refused(format!("logind: {why}"));
        match is_ready.recv() {
            Ok(Ok(())) => Ok(Logind(receiver)),
            Ok(Err(error)) => Err(refused(error.to_string())),
            Err(error) => Err(refused(error.to_string())),
        }
    }
}

/// A box with a logind that does what it is asked, over all its restarts, until it is switched off.
pub fn obey(appliance: &Arc<Appliance>) -> Result<()> {
    let mut logind = appliance.start_logind(Manner::WILLING)?;
    let appliance = Arc::downgrade(appliance);
    thread::spawn(move || {
        loop {
            let asked = logind.0.recv().ok()?;
            let appliance = appliance.upgrade()?;
            match asked {
                Asked::Reboot => {
                    appliance.reboot().ok()?;
                    logind = appliance.start_logind(Manner::WILLING).ok()?;
                }
                Asked::PowerOff => {
                    appliance.power_off();
                    return None::<()>;
                }
            }
        }
    });
    Ok(())
}

type Ready = Sender<zbus::Result<()>>;

fn run(socket: PathBuf, manner: Manner, asked: &Sender<Asked>, ready: &Ready) -> zbus::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(format!("unix:path={}", socket.display()), manner, asked, ready))
}

async fn serve(address: String, manner: Manner, asked: &Sender<Asked>, ready: &Ready) -> zbus::Result<()> {
    let bus = Builder::address(address.as_str()).build().await?;
    bus.request_name("org.freedesktop.login1").await?;
    let mut messages = MessageStream::from(&bus);
    drop(ready.send(Ok(())));
    while let Some(message) = messages.next().await {
        let message = message?;
        let header = message.header();
        if header.message_type() != Type::MethodCall {
            continue;
        }
        let member = header.member().map(ToString::to_string).unwrap_or_default();
        let wanted = match member.as_str() {
            "CanReboot" | "CanPowerOff" => {
                bus.reply(&header, &manner.can).await?;
                continue;
            }
            "Reboot" => Asked::Reboot,
            "PowerOff" => Asked::PowerOff,
            other => {
                bus.reply_error(&header, "org.freedesktop.DBus.Error.UnknownMethod", &other).await?;
                continue;
            }
        };
        // whether a person may be asked at the box's screen
        message.body().deserialize::<bool>()?;
        if let Some(why) = manner.refuses {
            bus.reply_error(&header, "org.freedesktop.login1.OperationInProgress", &why).await?;
            continue;
        }
        bus.reply(&header, &()).await?;
        // nobody may be listening
        let _ = asked.send(wanted);
    }
    Ok(())
}
