//! systemd-logind on a box's message bus, as far as a box speaks with it: it says whether the box may go down, and is told when it should.
//! Whoever made the box then does it: the power button is the harness's.

use crate::{appliance::Appliance, error::Result};
use std::{
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};
use zbus::{Connection, Message};

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
        crate::bus::stand_in(socket, "org.freedesktop.login1", async move |bus, message| {
            answer(bus, message, manner, &asked).await
        })?;
        Ok(Logind(receiver))
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

async fn answer(bus: &Connection, message: &Message, manner: Manner, asked: &Sender<Asked>) -> zbus::Result<()> {
    let header = message.header();
    let member = header.member().map(ToString::to_string).unwrap_or_default();
    let wanted = match member.as_str() {
        "CanReboot" | "CanPowerOff" => return bus.reply(&header, &manner.can).await,
        "Reboot" => Asked::Reboot,
        "PowerOff" => Asked::PowerOff,
        other => return crate::bus::unknown(bus, message, other).await,
    };
    // whether a person may be asked at the box's screen
    message.body().deserialize::<bool>()?;
    if let Some(why) = manner.refuses {
        return bus.reply_error(&header, "org.freedesktop.login1.OperationInProgress", &why).await;
    }
    bus.reply(&header, &()).await?;
    // nobody may be listening
    let _ = asked.send(wanted);
    Ok(())
}
