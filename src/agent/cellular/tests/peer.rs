//! A ModemManager of the tests' own, on a message bus of their own: it tells what a trace has, and answers operations as it was told to.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::StreamExt;
use tokio::sync::watch;
use zbus::{Connection, MessageStream, ObjectPath, connection::Builder, message};

use super::trace::Trace;
use crate::cellular::{
    manager::{ROOT, SERVICE},
    properties::Properties,
    read::{BEARER, Interfaces, SIM},
};

/// What a call brings.
#[derive(Clone, Debug, Default)]
pub(super) struct Reply {
    /// The error's name behind `org.freedesktop.ModemManager1.Error.`.
    pub error: Option<&'static str>,
    /// What is to be seen from then on.
    pub then: Option<Trace>,
    /// It is never answered.
    pub hangs: bool,
}

impl Reply {
    pub(super) fn then(trace: Trace) -> Self {
        Self { then: Some(trace), ..Self::default() }
    }

    pub(super) fn error(error: &'static str) -> Self {
        Self { error: Some(error), ..Self::default() }
    }
}

#[derive(Debug, Default)]
struct Script {
    trace: Trace,
    /// By method; the last one stays.
    replies: HashMap<String, Vec<Reply>>,
    /// `SendPin "1234"`, in the order in which they came.
    calls: watch::Sender<Vec<String>>,
}

/// A bus, until it is dropped.
pub(super) struct Bus {
    daemon: Child,
    pub address: String,
}

impl Bus {
    pub(super) fn start(folder: &Path) -> Self {
        let socket = folder.join("bus.sock");
        let address = format!("unix:path={}", socket.display());
        let config = folder.join("bus.conf");
        let text = format!(
            "<busconfig><type>session</type><listen>{address}</listen><auth>EXTERNAL</auth><policy context=\"default\">\
             <allow user=\"*\"/><allow own=\"*\"/><allow send_type=\"method_call\"/><allow send_type=\"signal\"/>\
             <allow send_requested_reply=\"true\"/><allow receive_requested_reply=\"true\"/>\
             <allow receive_type=\"method_call\"/><allow receive_type=\"signal\"/></policy></busconfig>"
        );
        std::fs::write(&config, text).expect("written");
        let mut command = Command::new("dbus-daemon");
        command.arg(format!("--config-file={}", config.display())).args(["--nofork", "--nopidfile"]);
        // which it prints when it listens
        let mut daemon = command.arg("--print-address=1").stdout(Stdio::piped()).spawn().expect("dbus-daemon");
        let mut printed = String::new();
        BufReader::new(daemon.stdout.take().expect("piped")).read_line(&mut printed).expect("its address");
        Self { daemon, address }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        drop(self.daemon.kill());
        drop(self.daemon.wait());
    }
}

pub(super) struct Peer {
    bus: Connection,
    script: Arc<Mutex<Script>>,
}

impl Peer {
    /// On the bus, with a modem as in the trace.
    pub(super) async fn start(address: &str, trace: Trace) -> Self {
        let bus = Builder::address(address).build().await.expect("the bus");
        let script = Arc::new(Mutex::new(Script { trace, ..Script::default() }));
        let messages = MessageStream::from(&bus);
        tokio::spawn(serve(bus.clone(), messages, script.clone()));
        bus.request_name(SERVICE).await.expect("the name");
        Self { bus, script }
    }

    /// As if it was killed.
    pub(super) async fn end(self) {
        self.bus.close().await.expect("closed");
    }

    pub(super) async fn show(&self, trace: Trace) {
        lock(&self.script).trace = trace;
        tell(&self.bus).await;
    }

    /// What the next call of a method brings; a further one for the call after it.
    pub(super) fn on(&self, method: &str, reply: Reply) {
        lock(&self.script).replies.entry(method.to_owned()).or_default().push(reply);
    }

    pub(super) fn calls(&self) -> watch::Receiver<Vec<String>> {
        lock(&self.script).calls.subscribe()
    }
}

fn lock(script: &Mutex<Script>) -> std::sync::MutexGuard<'_, Script> {
    script.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn tell(bus: &Connection) {
    let changed: (&str, Properties, Vec<String>) = (SERVICE, Properties::new(), Vec::new());
    let told = bus.emit_signal(
        None::<&str>,
        format!("{ROOT}/Modem/0"),
        "org.freedesktop.DBus.Properties",
        "PropertiesChanged",
        &changed,
    );
    told.await.expect("told");
}

async fn serve(bus: Connection, mut messages: MessageStream, script: Arc<Mutex<Script>>) {
    while let Some(Ok(message)) = messages.next().await {
        let header = message.header();
        if header.message_type() != message::Type::MethodCall {
            continue;
        }
        let member = header.member().map(ToString::to_string).unwrap_or_default();
        let path = header.path().map(ToString::to_string).unwrap_or_default();
        let body = message.body();
        let answered = match member.as_str() {
            "GetManagedObjects" => {
                let objects = objects(&lock(&script).trace);
                bus.reply(&header, &(objects,)).await
            }
            "GetAll" => {
                let interface: String = body.deserialize().expect("an interface");
                let found = lock(&script).trace.objects.get(&path).and_then(|all| all.get(&interface)).cloned();
                match found {
                    Some(properties) => bus.reply(&header, &(properties,)).await,
                    None => bus.reply_error(&header, "org.freedesktop.DBus.Error.UnknownObject", &path).await,
                }
            }
            _ => {
                let (reply, bearer) = {
                    let mut script = lock(&script);
                    let call = format!("{member} {}", told(&body));
                    script.calls.send_modify(|calls| calls.push(call));
                    let replies = script.replies.entry(member.clone()).or_default();
                    let reply = if replies.len() > 1 {
                        replies.remove(0)
                    } else {
                        replies.first().cloned().unwrap_or_default()
                    };
                    if let Some(trace) = &reply.then {
                        script.trace = trace.clone();
                    }
                    let bearer = script.trace.objects.keys().find(|path| path.contains("/Bearer/")).cloned();
                    (reply, bearer)
                };
                if reply.then.is_some() {
                    tell(&bus).await;
                }
                match (reply.error, bearer) {
                    _ if reply.hangs => Ok(()),
                    (Some(error), _) => {
                        let name = format!("org.freedesktop.ModemManager1.Error.{error}");
                        bus.reply_error(&header, name, &"as recorded").await
                    }
                    (None, Some(bearer)) if member == "Connect" => {
                        bus.reply(&header, &ObjectPath::try_from(bearer).expect("a path")).await
                    }
                    (None, _) => bus.reply(&header, &()).await,
                }
            }
        };
        answered.expect("answered");
    }
}

/// Only modems are listed.
fn objects(trace: &Trace) -> HashMap<ObjectPath<'static>, Interfaces> {
    let modems = trace.objects.iter().filter(|(_, all)| !all.contains_key(SIM) && !all.contains_key(BEARER));
    modems.map(|(path, all)| (ObjectPath::try_from(path.clone()).expect("a path"), all.clone())).collect()
}

/// The arguments as text; a dictionary's in the order of the alphabet.
fn told(body: &message::Body) -> String {
    let signature = body.signature().to_string();
    match signature.as_str() {
        "s" => body.deserialize::<String>().expect("text"),
        "(ss)" => body.deserialize::<(String, String)>().map(|(a, b)| format!("{a} {b}")).expect("texts"),
        "(sb)" => body.deserialize::<(String, bool)>().map(|(a, b)| format!("{a} {b}")).expect("text and switch"),
        "b" => body.deserialize::<bool>().expect("switch").to_string(),
        "u" => body.deserialize::<u32>().expect("number").to_string(),
        "o" => body.deserialize::<ObjectPath>().expect("path").to_string(),
        "((uu))" => format!("{:?}", body.deserialize::<((u32, u32),)>().expect("numbers")),
        "a{sv}" => {
            let all: Properties = body.deserialize().expect("properties");
            let mut all = all.iter().map(|(name, value)| format!("{name}={}", **value)).collect::<Vec<_>>();
            all.sort();
            all.join(" ")
        }
        other => other.to_owned(),
    }
}
