//! What a connection may cost, in one place.

use std::time::Duration;

use os::places::Room;

/// Times and numbers that tests shorten.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For TLS. Shorter: a phone on a bad radio cannot sign in. Longer: places are held for nothing.
    pub handshake: Duration,
    /// For a request's head, and between two requests of HTTP/1.
    pub header: Duration,
    /// Without a request, in any protocol.
    pub idle: Duration,
    /// For a request's whole body.
    pub body: Duration,
    /// For answers that are being sent when a connection has to go.
    pub drain: Duration,
    /// A peer that acknowledges nothing.
    pub peer_gone: Duration,
    /// At a time.
    pub connections: usize,
    pub per_peer: usize,
    /// Of all, kept for the service port: a flood from a site's network must not lock the technician out.
    pub reserved: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(10),
            idle: Duration::from_mins(1),
            body: Duration::from_secs(10),
            drain: Duration::from_secs(2),
            peer_gone: Duration::from_secs(30),
            connections: 256,
            per_peer: 32,
            reserved: 64,
        }
    }
}

impl Limits {
    /// Bytes of an HTTP/1 request's head.
    pub const HEADER_BYTES: usize = 32 * 1024;
    pub const HEADERS: usize = 64;
    /// Bytes of an HTTP/2 request's head, uncompressed.
    pub const HEADER_LIST: u32 = 16 * 1024;
    /// Requests at a time on one HTTP/2 connection.
    pub const STREAMS: u32 = 32;
    /// Bytes that a peer may send ahead, per stream; a form fits.
    pub const WINDOW: u32 = 64 * 1024;
    /// Bytes of answers that wait for a slow reader, per stream.
    pub const SEND_BUFFER: usize = 64 * 1024;

    pub fn room(&self, service: bool) -> Room {
        let all = if service { self.connections } else { self.connections - self.reserved.min(self.connections) };
        Room { all, each: self.per_peer }
    }
}
