//! How long the client waits, and the random numbers that keep many boxes from asking at once.

/// Before the first repetition of DISCOVER or REQUEST; each further one waits twice as long (RFC 2131 section 4.1).
/// Shorter: servers that ping an address before they offer it are asked twice. Longer: one lost packet is felt.
pub const FIRST_WAIT: u64 = 4_000;
/// The longest wait between two of them. Shorter: a network without a server is full of our broadcasts. Longer: a
/// server that comes back is noticed late.
pub const LONGEST_WAIT: u64 = 64_000;
/// Each of these waits is up to this much longer or shorter.
pub const JITTER: u64 = 1_000;
/// Before the first message of an attempt, at random up to this. Shorter: after a power cut all boxes of a site ask at
/// the same moment. Longer: whoever plugs in a cable waits.
pub const START_SPREAD: u64 = 500;
/// Between the first messages of two attempts. Shorter: a cable with a loose contact sends a broadcast at each touch.
/// Longer: a cable that is plugged in again waits.
pub const ATTEMPT_PAUSE: u64 = 2_000;
/// Between two messages while renewing or rebinding, at least (RFC 2131 section 4.4.5).
pub const RENEW_PAUSE: u64 = 60_000;
/// After the first NAK or conflict, at least (RFC 2131 section 3.1.5); each further one waits twice as long. Shorter: a
/// server that always says no is asked all day. Longer: a person who has mended it waits.
pub const FIRST_BACK_OFF: u64 = 10_000;
/// The longest of these. A lease that was held for as long counts as success, and the next failure as the first.
pub const LONGEST_BACK_OFF: u64 = 300_000;
/// Messages of one REQUEST before the client begins anew. Fewer: two lost packets cost a whole round. More: a server
/// that died after its offer is waited for.
pub const REQUEST_TRIES: u32 = 3;
/// Messages that ask for the remembered lease before other servers are asked. Fewer: a lost packet costs the address.
/// More: in a new network, whose server need not answer (RFC 2131 section 4.3.2), all of them are waited for.
pub const REBOOT_TRIES: u32 = 2;
/// DISCOVERs without an answer before a remembered lease that still runs is used (RFC 2131 section 3.2). Fewer: a
/// switch whose spanning tree still listens, 30 s, looks like silence. More: the box stays away although it has a right
/// to its address.
pub const FALLBACK_TRIES: u32 = 3;
/// After an offer or a NAK of another server, for the one that gave the remembered lease. Shorter: the faster of two
/// servers decides. Longer: in a new network everybody waits.
pub const OWN_SERVER_GRACE: u64 = 1_000;
/// For the ARP probe's answer. It is never late by itself: after this, its task has failed, and the address is used.
/// Shorter: a busy box skips the probe. Longer: a broken one keeps the box away.
pub const PROBE_LIMIT: u64 = 10_000;
/// Without carrier the address stays for this long. Shorter: a switch that restarts cuts every connection. Longer:
/// pages show the address of a network that is gone.
pub const CARRIER_GRACE: u64 = 30_000;

/// Random numbers of one step, drawn from the one that it was given (SplitMix64): a xid tells nothing about the next
/// wait.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(random: u64) -> Self {
        Self(random)
    }

    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to `most`.
    pub fn up_to(&mut self, most: u64) -> u64 {
        self.draw() % most.saturating_add(1)
    }

    pub fn xid(&mut self) -> u32 {
        u32::try_from(self.draw() >> 32).unwrap_or_default()
    }

    /// After the message number `tries`, counted from 1: 4, 8, 16, 32, 64, 64 … seconds, a second more or less.
    pub fn repeat_after(&mut self, tries: u32) -> u64 {
        let wait = FIRST_WAIT << tries.saturating_sub(1).min(4);
        wait.min(LONGEST_WAIT) - JITTER + self.up_to(2 * JITTER)
    }

    /// After the failure number `failures`, counted from 1: 10, 20, 40 … 300 seconds, and up to a second more.
    pub fn back_off(&mut self, failures: u32) -> u64 {
        let wait = FIRST_BACK_OFF << failures.saturating_sub(1).min(8);
        wait.min(LONGEST_BACK_OFF) + self.up_to(JITTER)
    }
}
