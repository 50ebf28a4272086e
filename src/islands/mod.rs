//! All that the browser downloads. The server renders each island's content; the browser only adds behaviour.

use leptos::prelude::*;

/// Marks its content as reached by WebAssembly, which shows that the whole chain from build to browser works.
#[island]
pub fn Reached(children: Children) -> impl IntoView {
    let node = NodeRef::<leptos::html::Div>::new();
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        if let Some(element) = node.get() {
            // A failure leaves the mark away, which is what the mark is there to show.
            let _ = element.set_attribute("data-reached", "");
        }
    });
    view! { <div node_ref=node>{children()}</div> }
}
