//! An operation of the machine as ModemManager's calls.

use std::{collections::HashMap, time::Duration};

use tokio::time::{sleep, timeout};
use zbus::{ObjectPath, OwnedObjectPath, Variant};

use super::{
    manager::{Manager, Paths, ROOT, SERVICE},
    properties::object_number,
    read::{MODEM, SIM, SIMPLE},
};
use domain::{
    cellular::{
        cause::Failure,
        ids::{Apn, Plmn},
        machine::{Connect, Operation, Success},
        request::PinChange,
        spec::{Auth, Modes},
    },
    secret::Secret,
};

/// Until a modem that is busy is asked again: ModemManager still reads the SIM, mostly.
const AGAIN: Duration = Duration::from_secs(1);
/// How often. It is busy for some seconds after it was unlocked.
const TIMES: u32 = 8;

/// Ends when the operation has, or its time is over.
pub(super) async fn perform(
    manager: &Manager,
    paths: Option<&Paths>,
    operation: &Operation,
) -> Result<Success, Failure> {
    let paths = paths.ok_or(Failure::Gone)?;
    let whole = async {
        for _ in 1..TIMES {
            match once(manager, paths, operation).await {
                // nothing reached the SIM, so that it is no second try of a PIN
                Err(failure) if failure.is_busy() => sleep(AGAIN).await,
                other => return other,
            }
        }
        once(manager, paths, operation).await
    };
    timeout(Duration::from_millis(operation.limit()), whole).await.unwrap_or(Err(Failure::Late))
}

async fn once(manager: &Manager, paths: &Paths, operation: &Operation) -> Result<Success, Failure> {
    let modem = paths.modem.as_str();
    let sim = || paths.sim.as_deref().ok_or(Failure::Gone);
    match operation {
        Operation::Enable => manager.ask::<_, ()>(SERVICE, modem, MODEM, "Enable", &true).await?,
        Operation::SetModes(Modes { allowed, preferred }) => {
            // one argument, which is a structure
            let both = ((allowed, preferred),);
            manager.ask::<_, ()>(SERVICE, modem, MODEM, "SetCurrentModes", &both).await?;
        }
        Operation::SendPin { pin, .. } => manager.ask::<_, ()>(SERVICE, sim()?, SIM, "SendPin", &pin.expose()).await?,
        Operation::SendPuk { puk, pin, .. } => {
            manager.ask::<_, ()>(SERVICE, sim()?, SIM, "SendPuk", &(puk.expose(), pin.expose())).await?;
        }
        Operation::Pin { change, .. } => change_pin(manager, sim()?, change).await?,
        Operation::DeleteBearer(number) => {
            let bearer = ObjectPath::try_from(format!("{ROOT}/Bearer/{number}")).map_err(|_| Failure::Gone)?;
            manager.ask::<_, ()>(SERVICE, modem, MODEM, "DeleteBearer", &bearer).await?;
        }
        Operation::Connect(connect) => {
            let asked = properties(connect);
            let bearer: OwnedObjectPath = manager.ask(SERVICE, modem, SIMPLE, "Connect", &asked).await?;
            return Ok(object_number(bearer.as_str()).map_or(Success::Done, Success::Connected));
        }
        Operation::Disconnect => {
            // stands for all of them
            let all = ObjectPath::from_static_str("/").map_err(|_| Failure::Gone)?;
            manager.ask::<_, ()>(SERVICE, modem, SIMPLE, "Disconnect", &all).await?;
        }
        Operation::Reset => manager.ask::<_, ()>(SERVICE, modem, MODEM, "Reset", &()).await?,
    }
    Ok(Success::Done)
}

async fn change_pin(manager: &Manager, sim: &str, change: &PinChange) -> Result<(), Failure> {
    match change {
        PinChange::Change { pin, new_pin } => {
            manager.ask(SERVICE, sim, SIM, "ChangePin", &(pin.expose(), new_pin.expose())).await
        }
        PinChange::Enable { pin } => manager.ask(SERVICE, sim, SIM, "EnablePin", &(pin.expose(), true)).await,
        PinChange::Disable { pin } => manager.ask(SERVICE, sim, SIM, "EnablePin", &(pin.expose(), false)).await,
        // the box's own affair
        PinChange::Forget => Ok(()),
    }
}

/// No SIM's lock is in it: ModemManager would send a PIN on its own.
fn properties(connect: &Connect) -> HashMap<&'static str, Variant<'_>> {
    let Connect { spec, password } = connect;
    let mut asked = HashMap::from([
        ("ip-type", Variant::from(spec.ip_type.bits())),
        ("allow-roaming", Variant::from(spec.roaming)),
    ]);
    let texts = [
        ("apn", spec.apn.as_ref().map(Apn::as_str)),
        ("user", spec.user.as_deref()),
        ("password", password.as_ref().map(Secret::expose)),
        ("operator-id", spec.operator.as_ref().map(Plmn::as_str)),
    ];
    asked.extend(texts.into_iter().filter_map(|(name, text)| Some((name, Variant::from(text?)))));
    if spec.auth != Auth::None {
        asked.insert("allowed-auth", Variant::from(spec.auth.bits()));
    }
    asked
}
