//! Processes by what nobody else can have: their number together with their start.

use std::fs;

/// When it was started, in clock ticks since boot (field 22 of `/proc/<pid>/stat`, proc(5)); none of one that has ended, also where nobody has
/// waited for it.
pub fn started_at(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // the name in brackets may have blanks in it
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?;
    (state != "Z" && state != "X").then_some(())?;
    fields.nth(18)?.parse().ok()
}
