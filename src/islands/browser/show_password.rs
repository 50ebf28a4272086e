//! Shows what is typed. The field is a password again before the form is sent, or browsers would not offer to save it.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

use super::dom::{by_id, find, on, show};

pub fn start(root: &Element) {
    let Some(button) = find(root, "button") else { return };
    let field = button.get_attribute("data-for").and_then(|id| by_id(&id)?.dyn_into::<HtmlInputElement>().ok());
    let Some(field) = field else { return };
    show(Some(&button), true);
    if let Some(form) = field.form() {
        let field = field.clone();
        on(&form, "submit", move |_| field.set_type("password"));
    }
    let label = button.clone();
    on(&button, "click", move |_| {
        let hidden = field.type_() == "password";
        field.set_type(if hidden { "text" } else { "password" });
        let text = label.get_attribute(if hidden { "data-hide" } else { "data-show" });
        label.set_text_content(text.as_deref());
    });
}
