//! How many files a process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets this process have as many open files, connections among them, as whoever started it allows; answers how many that is. The
/// soft limit is low for the sake of programs that use `select`.
pub fn raise() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    // refused only above the hard limit: then everything stays as it is
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    getrlimit(Resource::Nofile).current
}
