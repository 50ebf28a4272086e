//! `make bench`: what the shipped program costs, beside others measured in the same run on the same machine. It prints a table
//! and judges nothing: a loaded machine is slow, and only the ratios mean something elsewhere.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

mod bare;
mod change;
mod client;
mod device;
mod floor;
mod load;
mod memory;
mod pages;
mod rivals;
mod start;
mod table;

use table::Table;

fn main() {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    // this program is its own rival: see `bare`
    if let [bare, folder] = arguments.as_slice()
        && bare == bare::ARGUMENT
    {
        return bare::serve(folder.as_ref());
    }
    let mut table = Table::default();
    size(&mut table);
    let device = device::Device::new();
    change::measure(&device, &mut table);
    pages::measure(&device, &mut table);
    memory::measure(&mut table);
    let rival = bare::Bare::start(&device);
    load::measure(&device, &rival, &mut table);
    start::measure(&device, &rival, &mut table);
    println!("{table}");
}

fn size(table: &mut Table) {
    let file = env!("CARGO_BIN_EXE_gatehouse");
    let bytes = std::fs::metadata(file).map_or(0, |file| file.len());
    table.row("installed size", "≤ 12 MB", format!("{:.1} MB", mega(bytes)), "Cockpit + NetworkManager: 54 MiB");
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
pub fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The one in the middle.
pub fn median<T: PartialOrd + Copy>(mut all: Vec<T>) -> T {
    all.sort_by(|a, b| a.partial_cmp(b).expect("no NaN"));
    all[all.len() / 2]
}
