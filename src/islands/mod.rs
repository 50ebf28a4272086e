//! All that the browser downloads. The server renders each island's content, which works without it; the browser only adds
//! behaviour, with the texts and figures that it finds in `data-*` of that content.

use leptos::prelude::*;

#[cfg(feature = "hydrate")]
mod browser;

/// What an island adds to its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behaviour {
    Live,
    Change,
    FormCheck,
    Handoff,
    DeviceClock,
}

/// Replaces the live parts of the page as the box tells of changes, and says when it does not.
#[island]
pub fn Live(children: Children) -> impl IntoView {
    around(Behaviour::Live, children)
}

/// Counts down, follows the change, keeps it when all is well, and goes to the new address when the page's own moves.
#[island]
pub fn Change(children: Children) -> impl IntoView {
    around(Behaviour::Change, children)
}

/// Checks a port's fields when they are left, by the rules and with the words of the server.
#[island]
pub fn FormCheck(children: Children) -> impl IntoView {
    around(Behaviour::FormCheck, children)
}

/// Signs in at a new address with the secret of the URL's fragment.
#[island]
pub fn Handoff(children: Children) -> impl IntoView {
    around(Behaviour::Handoff, children)
}

/// Offers the time of the device that the page is looked at from.
#[island]
pub fn DeviceClock(children: Children) -> impl IntoView {
    around(Behaviour::DeviceClock, children)
}

fn around(behaviour: Behaviour, children: Children) -> impl IntoView {
    let node = NodeRef::<leptos::html::Div>::new();
    #[cfg(feature = "hydrate")]
    // Once, when the element is there. An effect would do it as well, with 8 KB of its own.
    queue_microtask(move || {
        if let Some(root) = node.get_untracked() {
            browser::start(behaviour, &root);
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = behaviour;
    view! { <div node_ref=node>{children()}</div> }
}
