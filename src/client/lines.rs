//! Lines of JSON (NDJSON) out of an answer that goes on.

use futures_util::{Stream, stream};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;

use super::LONGEST;

/// Ends with the answer, and at the first line that is too long or not a `T`: whoever reads then asks again.
pub(super) fn of<T: DeserializeOwned + Send + 'static>(body: Incoming) -> impl Stream<Item = T> + Send + use<T> {
    stream::unfold((body, Lines::default()), |(mut body, mut lines)| async move {
        loop {
            if let Some(line) = lines.next() {
                if line.is_empty() {
                    continue;
                }
                let item = serde_json::from_slice(&line)
                    .inspect_err(|error| tracing::warn!(%error, "a line of the agent's cannot be read"));
                return Some((item.ok()?, (body, lines)));
            }
            let frame = body.frame().await?.ok()?;
            if let Ok(data) = frame.into_data() {
                lines.push(&data)?;
            }
        }
    })
}

/// Bytes that came, cut at line ends.
#[derive(Debug, Default)]
struct Lines {
    bytes: Vec<u8>,
    /// Up to here there is no line end.
    seen: usize,
}

impl Lines {
    /// `None` when a line is longer than [`LONGEST`].
    fn push(&mut self, data: &[u8]) -> Option<()> {
        self.bytes.extend_from_slice(data);
        (self.bytes.len() <= LONGEST).then_some(())
    }

    fn next(&mut self) -> Option<Vec<u8>> {
        let Some(end) = self.bytes[self.seen..].iter().position(|b| *b == b'\n') else {
            self.seen = self.bytes.len();
            return None;
        };
        let rest = self.bytes.split_off(self.seen + end + 1);
        let mut line = std::mem::replace(&mut self.bytes, rest);
        line.pop();
        self.seen = 0;
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_line_ends_however_the_bytes_come() {
        let mut lines = Lines::default();
        let mut got = Vec::new();
        for part in ["{\"a\"", ":1}\n{}", "", "\n\n[", "]\n"] {
            lines.push(part.as_bytes()).expect("short");
            while let Some(line) = lines.next() {
                got.push(String::from_utf8(line).expect("text"));
            }
        }
        assert_eq!(got, ["{\"a\":1}", "{}", "", "[]"]);
    }

    #[test]
    fn a_line_has_an_end() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(&vec![b'x'; LONGEST]), Some(()));
        assert_eq!(lines.push(b"x"), None);
    }
}
