//! The service port's DHCP server: one task that asks, starts and ends it, by the rules of [`domain::service_port`].
//!
//! It owns the child and nothing else; it learns of the port's link from what the network task publishes.

mod leftover;
mod server;

use std::{path::PathBuf, pin::Pin, sync::Arc};

use tokio::sync::watch;

use super::{dhcp, done, network::Published, secrets};
use domain::{
    box_file::{Mac, Role, SERVICE_ADDRESS},
    network::status::PortStatus,
    service_port::{Answer, CHECK_WINDOW, Effect, Event, Failure, ServicePortStatus, State, step},
};
use os::clock;
use server::Server;

/// Starts the task; its newest status is in the channel. It ends with the network task.
pub fn start(network: watch::Receiver<Arc<Published>>, folder: PathBuf) -> watch::Receiver<ServicePortStatus> {
    let (publish, published) = watch::channel(ServicePortStatus::default());
    let task = Task { folder, state: State::default(), link: None, checking: None, server: None, publish };
    tokio::spawn(task.run(network));
    published
}

/// The port with a cable in it, and its address on it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Link {
    index: u32,
    interface: String,
    mac: Mac,
}

impl Link {
    fn of(port: &PortStatus) -> Option<Self> {
        let link = port.link.as_ref().filter(|l| l.up && l.carrier)?;
        let has_address = port.addresses.iter().any(|a| a.net.addr() == SERVICE_ADDRESS);
        has_address.then_some(())?;
        Some(Self { index: link.index, interface: link.interface.clone(), mac: link.mac? })
    }
}

struct Task {
    folder: PathBuf,
    state: State,
    link: Option<Link>,
    checking: Option<Pin<Box<dyn Future<Output = Answer> + Send>>>,
    server: Option<Server>,
    publish: watch::Sender<ServicePortStatus>,
}

impl Task {
    async fn run(mut self, mut network: watch::Receiver<Arc<Published>>) {
        loop {
            let link =
                network.borrow_and_update().status.ports.iter().find(|p| p.role == Role::Service).and_then(Link::of);
            self.look(link).await;
            let event = tokio::select! {
                changed = network.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => return,
                },
                answer = done(&mut self.checking) => Event::Checked(answer),
                why = ended(&mut self.server) => Event::ServerEnded(why),
                () = clock::until(self.state.deadline()) => Event::Tick,
            };
            self.drive(event).await;
        }
    }

    async fn look(&mut self, link: Option<Link>) {
        if link == self.link {
            return;
        }
        if self.link.is_some() {
            self.drive(Event::LinkDown).await;
        }
        self.link = link;
        if self.link.is_some() {
            self.drive(Event::LinkUp).await;
        }
    }

    /// One event, and what follows from it at once.
    async fn drive(&mut self, event: Event) {
        let mut next = Some(event);
        while let Some(event) = next.take() {
            let random = secrets::random();
            let (state, effects) = step(std::mem::take(&mut self.state), event, clock::now(), random);
            self.state = state;
            for effect in effects {
                next = next.or(self.perform(effect).await);
            }
        }
        self.tell();
    }

    async fn perform(&mut self, effect: Effect) -> Option<Event> {
        match effect {
            Effect::Check => {
                let link = self.link.clone()?;
                self.checking = Some(Box::pin(check(link)));
                None
            }
            Effect::DropCheck => {
                self.checking = None;
                None
            }
            Effect::StartServer => {
                let interface = self.link.as_ref()?.interface.clone();
                match Server::start(interface, self.folder.clone()).await {
                    Ok(server) => {
                        self.server = Some(server);
                        None
                    }
                    Err(failure) => Some(Event::ServerEnded(failure)),
                }
            }
            Effect::StopServer => {
                if let Some(server) = self.server.take() {
                    server.stop().await;
                }
                None
            }
        }
    }

    fn tell(&self) {
        let status = self.state.status();
        self.publish.send_if_modified(|before| {
            let changed = *before != status;
            if changed {
                match &status {
                    ServicePortStatus::Silent { .. } | ServicePortStatus::Failed { .. } => {
                        tracing::warn!(?status, "the service port gives no addresses");
                    }
                    _ => tracing::info!(?status, "service port"),
                }
                *before = status;
            }
            changed
        });
    }
}

/// Whether another server answers. What we send does not come back to us, so our own never does.
async fn check(link: Link) -> Answer {
    match dhcp::offers(link.index, &link.interface, &dhcp::settings(link.mac), CHECK_WINDOW).await {
        Ok(offers) => offers.first().map_or(Answer::Nobody, |offer| Answer::Server(offer.server)),
        Err(error) => Answer::Failed { reason: error.to_string() },
    }
}

/// Why the server ended, once; never, if none runs.
async fn ended(server: &mut Option<Server>) -> Failure {
    match server {
        Some(running) => {
            let why = running.ended().await;
            *server = None;
            why
        }
        None => std::future::pending().await,
    }
}
