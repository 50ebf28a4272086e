//! Waits for the kernel's verdict on new IPv6 addresses (duplicate address detection, RFC 4862, section 5.4).

use std::{net::IpAddr, time::Duration};

use futures_util::TryStreamExt;

use super::{Kernel, observe};
use domain::network::status::Detection;

/// How often the verdict is looked up: it takes the kernel from 0.5 to 1.5 s.
const LOOK: Duration = Duration::from_millis(20);
/// Longer than the kernel takes with its default of one probe. Longer still: the time for verifying a change is over first.
const PATIENCE: Duration = Duration::from_secs(5);

impl Kernel {
    /// Those of the addresses, each with its interface, that another device has. An address that is gone or never gets its verdict
    /// is nobody's: what is missing is seen elsewhere.
    pub async fn duplicates(&self, asked: Vec<(u32, IpAddr)>) -> Vec<(u32, IpAddr)> {
        if asked.is_empty() {
            return Vec::new();
        }
        let verdict = async {
            loop {
                let (mut duplicates, mut waiting) = (Vec::new(), false);
                for (at, detection) in self.detections().await {
                    if asked.contains(&at) {
                        match detection {
                            Detection::Tentative => waiting = true,
                            Detection::Duplicate => duplicates.push(at),
                            Detection::Unique => {}
                        }
                    }
                }
                if !waiting || !duplicates.is_empty() {
                    return duplicates;
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(PATIENCE, verdict).await.unwrap_or_else(|_| {
            tracing::warn!("the kernel did not finish asking for duplicates of new addresses");
            Vec::new()
        })
    }

    async fn detections(&self) -> Vec<((u32, IpAddr), Detection)> {
        let all = self.handle.address().get().execute().try_collect::<Vec<_>>().await.unwrap_or_default();
        let all = all.iter().filter_map(observe::address);
        all.map(|found| ((found.index, found.net.addr()), found.detection)).collect()
    }
}
