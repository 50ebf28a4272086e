//! A QR code as a drawing, dark on light in any theme: a reader may not take a negative.

use std::fmt::Write as _;

use leptos::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};

/// Light modules around it, as the standard wants.
const QUIET: i32 = 4;

/// Nothing where the text is longer than any code holds.
pub fn qr(text: &str, label: &str) -> Option<impl IntoView + use<>> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    let size = code.size() + 2 * QUIET;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            // writing to a String cannot fail
            let _ = write!(path, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    let label = label.to_owned();
    Some(view! {
        <svg class="qr" viewBox=format!("0 0 {size} {size}") role="img" aria-label=label shape-rendering="crispEdges">
            <rect class="paper" width=size height=size />
            <path class="ink" d=path />
        </svg>
    })
}
