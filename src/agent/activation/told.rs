//! What the task publishes.

use domain::{activation::api::Activation, time::BootMillis};
use os::clock;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    activation: Activation,
    /// When what failed is tried again.
    again: Option<BootMillis>,
    /// The ledger from before could not be read, and was set aside.
    pub damaged: bool,
}

impl Told {
    pub fn new(activation: Activation, again: Option<BootMillis>, damaged: bool) -> Self {
        Self { activation, again, damaged }
    }

    /// As it is at this moment.
    pub fn now(&self) -> Activation {
        let mut activation = self.activation.clone();
        if let Some(waiting) = &mut activation.waiting {
            waiting.again_in = self.again.map_or(0, |again| again.left(clock::now()));
        }
        activation
    }

    pub fn activation(&self) -> &Activation {
        &self.activation
    }
}
