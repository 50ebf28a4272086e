//! The system message bus (D-Bus), where systemd's services answer: a connection that is made when it is first needed.
//!
//! That there is no bus, or nobody of that name on it, is a normal state: a box in namespaces has neither. Callers are told which, and
//! have another way, or say that there is none.

use std::{sync::Arc, time::Duration};

use serde::{Serialize, de::DeserializeOwned};
use tokio::{sync::Mutex, time::timeout};
use zbus::{Connection, DynamicType, OwnedVariant, Type, connection::Builder, fdo};

/// For an answer. Shorter: a service that the bus has to start first does not make it. Longer: a person waits for nothing.
const LIMIT: Duration = Duration::from_secs(8);
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// An object of a service, seen by one of its interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer<'a> {
    pub service: &'static str,
    pub path: &'a str,
    pub interface: &'static str,
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum BusError {
    #[error("there is no message bus")]
    NoBus(#[source] zbus::Error),
    #[error("{service} is not on the message bus")]
    NoService { service: &'static str },
    /// Its own words, and its error's name.
    #[error("{service} refuses: {reason}")]
    Refused { service: &'static str, name: String, reason: String },
    #[error("{service} does not answer within {} s", LIMIT.as_secs())]
    Late { service: &'static str },
    #[error("{service} cannot be asked")]
    Failed { service: &'static str, source: zbus::Error },
}

impl BusError {
    /// Refused with an error of this name.
    pub fn is(&self, error: &str) -> bool {
        matches!(self, Self::Refused { name, .. } if name == error)
    }

    /// Nobody is there to do it, which is no fault of theirs.
    pub fn is_absence(&self) -> bool {
        match self {
            Self::NoBus(_) | Self::NoService { .. } => true,
            Self::Refused { .. } | Self::Late { .. } | Self::Failed { .. } => false,
        }
    }
}

/// The way to the bus. Clones share one connection.
#[derive(Clone, Debug, Default)]
pub struct Bus(Arc<Mutex<Option<Connection>>>);

impl Bus {
    /// Calls a method: `bus.call(PEER, "SetTimezone", &("Asia/Shanghai", false))`.
    ///
    /// # Errors
    /// Says whether there is nobody to ask, or what they said.
    pub async fn call<B, T>(&self, peer: Peer<'_>, method: &str, body: &B) -> Result<T, BusError>
    where
        B: Serialize + DynamicType + Sync,
        T: DeserializeOwned + Type,
    {
        self.ask(peer, peer.interface, method, body).await
    }

    /// Reads a property.
    ///
    /// # Errors
    /// As [`Bus::call`]; also where the property is of another type.
    pub async fn property<T>(&self, peer: Peer<'_>, name: &str) -> Result<T, BusError>
    where
        T: TryFrom<OwnedVariant>,
        T::Error: Into<zbus::Error>,
    {
        let value: OwnedVariant = self.ask(peer, PROPERTIES, "Get", &(peer.interface, name)).await?;
        let other_type = |error: T::Error| failed(peer, error.into());
        T::try_from(value).map_err(other_type)
    }

    async fn ask<B, T>(&self, peer: Peer<'_>, interface: &str, method: &str, body: &B) -> Result<T, BusError>
    where
        B: Serialize + DynamicType + Sync,
        T: DeserializeOwned + Type,
    {
        let answered = async {
            let bus = self.connection().await.map_err(BusError::NoBus)?;
            let answer = bus.call_method(Some(peer.service), peer.path, Some(interface), method, body).await;
            let answer = answer.map_err(|error| told(peer, error))?;
            answer.body().deserialize::<T>().map_err(|error| failed(peer, error))
        };
        timeout(LIMIT, answered).await.unwrap_or(Err(BusError::Late { service: peer.service }))
    }

    /// A bus that was restarted is connected to anew.
    async fn connection(&self) -> zbus::Result<Connection> {
        let mut held = self.0.lock().await;
        if let Some(connection) = held.as_ref().filter(|c| !c.is_closed()) {
            return Ok(connection.clone());
        }
        let connection = Builder::system().build().await?;
        Ok(held.insert(connection).clone())
    }
}

fn failed(peer: Peer<'_>, source: zbus::Error) -> BusError {
    BusError::Failed { service: peer.service, source }
}

fn told(peer: Peer<'_>, error: zbus::Error) -> BusError {
    let service = peer.service;
    match error {
        zbus::Error::FDO(error) => match *error {
            // a service that the bus cannot start is not there, either
            fdo::Error::ServiceUnknown(_)
            | fdo::Error::NameHasNoOwner(_)
            | fdo::Error::SpawnExecFailed(_)
            | fdo::Error::SpawnForkFailed(_)
            | fdo::Error::SpawnChildExited(_)
            | fdo::Error::SpawnChildSignaled(_)
            | fdo::Error::SpawnFailed(_)
            | fdo::Error::SpawnFailedToSetup(_)
            | fdo::Error::SpawnConfigInvalid(_)
            | fdo::Error::SpawnServiceNotFound(_)
            | fdo::Error::SpawnServiceNotValid(_)
            | fdo::Error::SpawnFileInvalid(_)
            | fdo::Error::SpawnPermissionsInvalid(_) => BusError::NoService { service },
            other => BusError::Refused { service, name: String::new(), reason: other.to_string() },
        },
        zbus::Error::MethodError(name, reason, _) => {
            let reason = reason.unwrap_or_else(|| name.to_string());
            BusError::Refused { service, name: name.to_string(), reason }
        }
        other => BusError::Failed { service, source: other },
    }
}
