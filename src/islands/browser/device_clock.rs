//! The button that sends the time of this device: it is there only where a script can read it, and reads it when it is pressed.

use web_sys::Element;

use super::dom::{find, on, set, show, whole};

pub fn start(root: &Element) {
    let Some(button) = find(root, "button[name=device]") else { return };
    show(find(root, "[data-device]").as_ref(), true);
    let pressed = button.clone();
    // before the form is sent: the click is what sends it
    on(&button, "click", move |_| set(&pressed, "value", &whole(js_sys::Date::now() / 1000.0).to_string()));
}
