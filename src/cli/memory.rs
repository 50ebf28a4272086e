//! How the allocator of a role behaves: what was freed goes back to the system.

/// Larger blocks are asked of the kernel one by one, and go back to it when they are freed.
const LARGE: i32 = 1 << 20;
/// Heaps of the allocator. Each holds memory for itself; more are for more threads at once than a role has.
const HEAPS: i32 = 2;

/// glibc raises its limit for large blocks to the largest that was ever freed, and keeps what is smaller in the heap of the
/// thread: the 19 MiB of each password's hash stayed, five sign-ins made 96 MB. A limit that is set does not rise.
#[cfg(target_env = "gnu")]
#[expect(unsafe_code, reason = "mallopt")]
pub(super) fn give_back() {
    // SAFETY: called before the first thread is started; both are documented parameters (mallopt(3)). One that the allocator
    // refuses leaves things as they were.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
        libc::mallopt(libc::M_ARENA_MAX, HEAPS);
    }
}

#[cfg(not(target_env = "gnu"))]
pub(super) fn give_back() {}
