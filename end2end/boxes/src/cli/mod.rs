//! One file a command.

mod events;
mod in_use;
pub mod lab;
pub mod reach;
pub mod run;
pub mod up;

use boxes::{Appliance, Builder, MODELS, Site};
use std::path::{Path, PathBuf};

/// Two boxes of one model and one of another.
fn fleet(site: &Site, gatehouse: &Path, folder: &dyn Fn(u8) -> PathBuf) -> Vec<Builder> {
    let [first, second] = MODELS;
    let made = [(1, first), (2, first), (3, second)];
    made.map(|(number, model)| Appliance::builder(site, gatehouse, folder(number)).number(number).model(model)).into()
}
