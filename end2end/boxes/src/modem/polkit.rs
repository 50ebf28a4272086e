//! polkit on a box's message bus, as far as ModemManager asks it: everybody may do everything. On a real box it answers the same to root.

use crate::error::{Error, Result};
use futures_util::StreamExt;
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::mpsc::{Sender, channel},
    thread,
};
use zbus::{MessageStream, connection::Builder, message::Type};

/// Answers for as long as the bus is there.
pub(super) fn start(bus: PathBuf) -> Result<()> {
    let (ready, is_ready) = channel();
    thread::spawn(move || {
        let ended = run(&bus, &ready);
        // of use only to whoever still waits for it to be ready
        drop(ready.send(ended.map_err(|error| error.to_string())));
    });
    let ready = is_ready.recv().unwrap_or_else(|error| Err(error.to_string()));
    ready.map_err(|why| Error::Refused(format!("polkit: {why}")))
}

fn run(bus: &std::path::Path, ready: &Sender<Result<(), String>>) -> zbus::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let bus = Builder::address(format!("unix:path={}", bus.display()).as_str()).build().await?;
        bus.request_name("org.freedesktop.PolicyKit1").await?;
        let mut messages = MessageStream::from(&bus);
        drop(ready.send(Ok(())));
        while let Some(message) = messages.next().await {
            let message = message?;
            let header = message.header();
            if header.message_type() != Type::MethodCall {
                continue;
            }
            if header.member().is_some_and(|member| member == "CheckAuthorization") {
                // authorized, no challenge, no details
                bus.reply(&header, &((true, false, HashMap::<&str, &str>::new()),)).await?;
            } else {
                bus.reply_error(&header, "org.freedesktop.DBus.Error.UnknownMethod", &"not here").await?;
            }
        }
        Ok(())
    })
}
