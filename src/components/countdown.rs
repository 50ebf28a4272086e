//! Time left to answer, as text and as a bar. The server writes what is left; the browser counts on.

use leptos::prelude::*;

use crate::text::Text;

/// `left` and `window` in milliseconds.
pub fn countdown(text: Text, left: u64, window: u64) -> impl IntoView {
    let seconds = left.div_ceil(1000);
    view! {
        <div class="countdown" data-left=left.to_string() data-window=window.to_string()>
            <p>{text.change_returns_in()}</p>
            <output data-template=text.change_clock("{seconds}")>{text.change_clock(seconds)}</output>
            <progress max=window.to_string() value=left.to_string() aria-hidden="true"></progress>
        </div>
    }
}

/// Something is going on; nothing to do but wait.
pub fn busy(line: &str) -> impl IntoView + use<> {
    let line = line.to_owned();
    view! {
        <p class="busy" role="status">
            <svg viewBox="0 0 32 32" aria-hidden="true">
                <circle class="track" cx="16" cy="16" r="12" />
                <path class="turning" d="M16 4a12 12 0 0 1 12 12" />
            </svg>
            <span>{line}</span>
        </p>
    }
}
