//! The modem as a test holds it.

use super::{
    manager::{Manager, events},
    operator::Operator,
    polkit,
    simulated::{Happened, Simulated},
    spec::{Air, Order, Said, SimSpec, Start},
};
use crate::{
    appliance::Appliance,
    bus,
    errands::{Ended, exec_in, in_ns},
    error::{Error, Result},
    ns::Ns,
};
use std::{
    net::Ipv4Addr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        mpsc::{Receiver, channel},
    },
    thread,
    time::{Duration, Instant},
};

/// ModemManager is on the bus after some 100 ms; a busy machine takes a few seconds.
const MANAGER_WITHIN: Duration = Duration::from_secs(15);

/// A modem that is plugged into a box, with ModemManager in the box; until it is dropped. It gets its power with the box.
#[derive(Debug)]
pub struct Modem(Arc<Plugged>);

#[derive(Debug)]
pub(crate) struct Plugged {
    hardware: Simulated,
    operator: Operator,
    inside: Mutex<Inside>,
}

/// What of it is in the box.
#[derive(Debug, Default)]
struct Inside {
    /// The box's first process, while the box is on.
    init: Option<i32>,
    manager: Option<Manager>,
    /// In its socket.
    plugged: bool,
}

impl Modem {
    /// Into a box that is on, with a SIM or (`None`) without. ModemManager has it a dozen seconds later.
    pub fn plug(into: &Appliance, sim: impl Into<Option<SimSpec>>) -> Result<Self> {
        let operator = Operator::new(into.number())?;
        let (happened, happens) = channel();
        let hardware = Simulated::start(&Start { sim: sim.into(), lease: operator.lease() }, happened)?;
        let inside = Mutex::new(Inside { plugged: true, ..Inside::default() });
        let plugged = Arc::new(Plugged { hardware, operator, inside });
        let weak = Arc::downgrade(&plugged);
        thread::spawn(move || follow(&weak, &happens));
        into.take_modem(&plugged)?;
        Ok(Self(plugged))
    }

    /// What the networks do from now on: `modem.set(|air| air.registration = Registration::Denied)`.
    pub fn set(&self, change: impl FnOnce(&mut Air)) -> Result<()> {
        let Said::Air(mut air) = self.0.hardware.order(&Order::Air)? else { return Err(unexpected()) };
        change(&mut air);
        self.0.hardware.order(&Order::SetAir(air)).map(drop)
    }

    /// The network ends the session.
    pub fn net_drop(&self) -> Result<()> {
        self.0.hardware.order(&Order::NetDrop).map(drop)
    }

    /// Its power goes and comes: the kernel loses it and finds it again, and it looks into the slot.
    pub fn power_cycle(&self) -> Result<()> {
        self.0.power_cycle()
    }

    /// Another SIM in the slot, or none; the modem sees it after a power cycle.
    pub fn swap_sim(&self, sim: impl Into<Option<SimSpec>>) -> Result<()> {
        self.0.hardware.order(&Order::Sim(sim.into())).map(drop)
    }

    /// Out of its socket. Nothing happens if it is out.
    pub fn unplug(&self) -> Result<()> {
        self.0.pull(&mut self.0.lock())
    }

    /// Into its socket again.
    pub fn replug(&self) -> Result<()> {
        self.0.put_in(&mut self.0.lock())
    }

    /// The AT commands that it has received so far: `AT+CPIN="1234"` is a try.
    pub fn sent(&self) -> Result<Vec<String>> {
        let Said::Sent(sent) = self.0.hardware.order(&Order::Sent)? else { return Err(unexpected()) };
        Ok(sent)
    }

    /// Kills ModemManager; nobody starts it again by himself.
    pub fn kill_manager(&self) {
        self.0.lock().manager = None;
    }

    /// Starts it again. Nothing happens if it runs.
    pub fn start_manager(&self) -> Result<()> {
        self.0.start_manager(&mut self.0.lock())
    }

    /// The operator's gateway, which also answers as [`crate::INTERNET`] and knows the names of the site's DNS.
    pub fn gateway(&self) -> Ipv4Addr {
        self.0.operator.gateway()
    }

    /// Runs a command at the operator.
    pub fn operator_exec(&self, argv: &[&str]) -> Result<Ended> {
        in_ns(self.0.operator.ns(), argv)
    }
}

impl Drop for Modem {
    fn drop(&mut self) {
        self.0.box_off();
    }
}

impl Plugged {
    /// The box has its power and its first process. ModemManager is being started when this returns.
    pub fn box_on(&self, init: i32) -> Result<()> {
        let mut inside = self.lock();
        polkit::start(bus::start(init)?)?;
        inside.init = Some(init);
        if inside.plugged {
            self.hardware.order(&Order::Power(true))?;
            self.operator.attach(&Ns::of(init)?)?;
        }
        self.start_manager(&mut inside)
    }

    pub fn box_off(&self) {
        let mut inside = self.lock();
        (inside.manager, inside.init) = (None, None);
        // one that can't be told has ended, and has no power either
        drop(self.hardware.order(&Order::Power(false)));
        self.operator.detach();
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn power_cycle(&self) -> Result<()> {
        let mut inside = self.lock();
        self.pull(&mut inside)?;
        self.put_in(&mut inside)
    }

    fn pull(&self, inside: &mut Inside) -> Result<()> {
        if !std::mem::take(&mut inside.plugged) {
            return Ok(());
        }
        self.hardware.order(&Order::Power(false))?;
        self.operator.detach();
        report(inside, "remove")
    }

    fn put_in(&self, inside: &mut Inside) -> Result<()> {
        if std::mem::replace(&mut inside.plugged, true) {
            return Ok(());
        }
        let Some(init) = inside.init else { return Ok(()) };
        self.hardware.order(&Order::Power(true))?;
        self.operator.attach(&Ns::of(init)?)?;
        report(inside, "add")
    }

    fn start_manager(&self, inside: &mut Inside) -> Result<()> {
        let init = inside.init.ok_or(Error::Off)?;
        if inside.manager.as_mut().is_none_or(Manager::ended) {
            inside.manager = Some(Manager::start(init, &self.hardware.terminals, inside.plugged)?);
        }
        Ok(())
    }
}

/// Tells ModemManager what the kernel would have told udev.
fn report(inside: &mut Inside, action: &str) -> Result<()> {
    let Some(init) = inside.init else { return Ok(()) };
    let since = Instant::now();
    for event in events(action).lines() {
        loop {
            if inside.manager.as_mut().is_none_or(Manager::ended) {
                return Ok(()); // the next one is told at its start
            }
            let told = exec_in(init, &["mmcli", &format!("--report-kernel-event={event}")])?;
            if told.code == 0 {
                break;
            }
            if since.elapsed() > MANAGER_WITHIN {
                let command = format!("mmcli --report-kernel-event={event}");
                return Err(Error::Command { command, printed: told.stderr.trim().into() });
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(())
}

/// What the modem does by itself has to be done around it.
fn follow(plugged: &Weak<Plugged>, happens: &Receiver<Happened>) {
    for happened in happens {
        let Some(plugged) = plugged.upgrade() else { return };
        let done = match happened {
            Happened::Session(on) => {
                // without power it has no wire
                let inside = plugged.lock();
                if inside.plugged && inside.init.is_some() { plugged.operator.session(on) } else { Ok(()) }
            }
            Happened::Reset => plugged.power_cycle(),
        };
        if let Err(error) = done {
            eprintln!("boxes: the modem: {}", crate::error::chain(&error));
        }
    }
}

fn unexpected() -> Error {
    Error::Refused("the modem answered another question".into())
}
