//! A SIM in its slot: what it knows, what it wants to be told before, and how many tries are left.

use super::{
    at::{Refusal, cme},
    spec::SimSpec,
};

/// What it wants to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    Open,
    Pin,
    Puk,
    /// Its last PUK has been used up: it never opens again.
    Blocked,
}

#[derive(Debug)]
pub(super) struct Card {
    pub spec: SimSpec,
    /// The PIN has been told since the power came.
    opened: bool,
}

impl Card {
    pub fn new(spec: SimSpec) -> Self {
        Self { spec, opened: false }
    }

    pub fn lock(&self) -> Lock {
        match self.spec {
            SimSpec { puk_left: 0, .. } => Lock::Blocked,
            SimSpec { pin_left: 0, .. } => Lock::Puk,
            SimSpec { asks_pin: true, .. } if !self.opened => Lock::Pin,
            _ => Lock::Open,
        }
    }

    /// What a file of it or the network needs.
    pub fn open(&self) -> Result<(), Refusal> {
        match self.lock() {
            Lock::Open => Ok(()),
            Lock::Pin => Err(cme(cme::PIN_REQUIRED)),
            Lock::Puk => Err(cme(cme::PUK_REQUIRED)),
            Lock::Blocked => Err(cme(cme::SIM_FAILURE)),
        }
    }

    pub fn power_came(&mut self) {
        self.opened = false;
    }

    pub fn enter_pin(&mut self, pin: &str) -> Result<(), Refusal> {
        match self.lock() {
            Lock::Pin => self.check_pin(pin),
            Lock::Open => Err(cme(cme::NOT_ALLOWED)),
            Lock::Puk | Lock::Blocked => self.open(),
        }
    }

    pub fn enter_puk(&mut self, puk: &str, new_pin: &str) -> Result<(), Refusal> {
        match self.lock() {
            Lock::Puk => {}
            Lock::Blocked => return self.open(),
            Lock::Open | Lock::Pin => return Err(cme(cme::NOT_ALLOWED)),
        }
        if puk != self.spec.puk {
            self.spec.puk_left -= 1;
            return Err(cme(if self.spec.puk_left > 0 { cme::WRONG_PASSWORD } else { cme::SIM_FAILURE }));
        }
        self.spec.pin = new_pin.into();
        (self.spec.pin_left, self.spec.puk_left, self.opened) = (3, 10, true);
        Ok(())
    }

    /// Whether it is to ask for the PIN from now on.
    pub fn ask_pin(&mut self, asks: bool, pin: &str) -> Result<(), Refusal> {
        self.check_usable_pin(pin)?;
        self.spec.asks_pin = asks;
        Ok(())
    }

    pub fn change_pin(&mut self, old: &str, new: &str) -> Result<(), Refusal> {
        self.check_usable_pin(old)?;
        self.spec.pin = new.into();
        Ok(())
    }

    fn check_usable_pin(&mut self, pin: &str) -> Result<(), Refusal> {
        match self.lock() {
            Lock::Open | Lock::Pin => self.check_pin(pin),
            Lock::Puk | Lock::Blocked => self.open(),
        }
    }

    fn check_pin(&mut self, pin: &str) -> Result<(), Refusal> {
        if pin == self.spec.pin {
            (self.spec.pin_left, self.opened) = (3, true);
            return Ok(());
        }
        self.spec.pin_left -= 1;
        Err(cme(if self.spec.pin_left > 0 { cme::WRONG_PASSWORD } else { cme::PUK_REQUIRED }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_wrong_pin_asks_for_the_puk_and_the_last_wrong_puk_blocks() {
        let mut card = Card::new(SimSpec { puk_left: 2, ..SimSpec::default() });
        for (left, refusal) in [(2, cme::WRONG_PASSWORD), (1, cme::WRONG_PASSWORD), (0, cme::PUK_REQUIRED)] {
            assert_eq!(card.enter_pin("9999"), Err(cme(refusal)));
            assert_eq!(card.spec.pin_left, left);
        }
        assert_eq!(card.lock(), Lock::Puk);
        assert_eq!(card.enter_pin("1234"), Err(cme(cme::PUK_REQUIRED)), "too late for the right one");
        assert_eq!(card.enter_puk("00000000", "1111"), Err(cme(cme::WRONG_PASSWORD)));
        assert_eq!(card.enter_puk("00000000", "1111"), Err(cme(cme::SIM_FAILURE)));
        assert_eq!((card.lock(), card.enter_puk("12345678", "1111")), (Lock::Blocked, Err(cme(cme::SIM_FAILURE))));
    }

    #[test]
    fn the_right_one_gives_the_tries_back_until_the_power_comes_again() {
        let mut card = Card::new(SimSpec::default());
        assert!(card.enter_pin("0000").is_err());
        assert_eq!(card.spec.pin_left, 2);
        assert_eq!(card.enter_pin("1234"), Ok(()));
        assert_eq!((card.lock(), card.spec.pin_left), (Lock::Open, 3));
        card.power_came();
        assert_eq!(card.lock(), Lock::Pin);
        let mut locked = Card::new(SimSpec { pin_left: 0, ..SimSpec::default() });
        assert_eq!(locked.enter_puk("12345678", "4321"), Ok(()));
        assert_eq!((locked.lock(), locked.spec.pin.as_str(), locked.spec.pin_left), (Lock::Open, "4321", 3));
    }

    #[test]
    fn a_sim_that_is_told_not_to_ask_is_open_when_the_power_comes() {
        let mut card = Card::new(SimSpec::default());
        assert_eq!(card.ask_pin(false, "1234"), Ok(()));
        card.power_came();
        assert_eq!(card.lock(), Lock::Open);
        assert_eq!(card.change_pin("1234", "7777"), Ok(()));
        assert_eq!(card.ask_pin(true, "1234"), Err(cme(cme::WRONG_PASSWORD)));
    }
}
