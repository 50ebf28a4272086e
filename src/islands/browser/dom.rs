//! Few words for the browser's many. Requests are `XMLHttpRequest`s: callbacks cost less to download than promises.

use std::time::Duration;

use leptos::prelude::{document, set_interval_with_handle, window};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, Event, EventTarget, HtmlInputElement, XmlHttpRequest};

pub fn find(root: &Element, selector: &str) -> Option<Element> {
    root.query_selector(selector).ok().flatten()
}

pub fn all(root: &Element, selector: &str) -> Vec<Element> {
    let Ok(list) = root.query_selector_all(selector) else { return Vec::new() };
    (0..list.length()).filter_map(|i| list.item(i)?.dyn_into().ok()).collect()
}

pub fn by_id(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}

pub fn input(root: &Element, selector: &str) -> Option<HtmlInputElement> {
    find(root, selector)?.dyn_into().ok()
}

pub fn number(element: &Element, attribute: &str) -> f64 {
    element.get_attribute(attribute).and_then(|text| text.parse::<u32>().ok()).unwrap_or(0).into()
}

pub fn set(element: &Element, attribute: &str, value: &str) {
    // fails for names that are no names only
    let _ = element.set_attribute(attribute, value);
}

pub fn show(element: Option<&Element>, visible: bool) {
    if let Some(element) = element {
        if visible {
            let _ = element.remove_attribute("hidden");
        } else {
            set(element, "hidden", "");
        }
    }
}

pub fn on(target: &EventTarget, event: &str, react: impl FnMut(Event) + 'static) {
    let react = Closure::<dyn FnMut(Event)>::new(react);
    let _ = target.add_event_listener_with_callback(event, react.as_ref().unchecked_ref());
    // lives as long as the page
    react.forget();
}

pub fn every(millis: u64, act: impl Fn() + 'static) {
    let _ = set_interval_with_handle(act, Duration::from_millis(millis));
}

/// The whole part. Printing and reading `f64`s would bring 20 KB of code and tables along.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates; times are small")]
pub fn whole(number: f64) -> u32 {
    number as u32
}

/// The template with `{key}` replaced by its value. By characters: searching for text is larger than this.
pub fn fill(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut parts = template.split('{');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (key, rest) = part.split_once('}').unwrap_or((part, ""));
        out.push_str(&value(key));
        out.push_str(rest);
    }
    out
}

/// Milliseconds of a clock that nobody can set.
pub fn now() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}

/// Without leaving the page behind in the history.
pub fn go(path: &str) {
    let _ = window().location().replace(path);
}

pub struct Answer {
    /// 0 where there was none.
    pub status: u16,
    pub text: String,
    /// Where redirects led.
    pub url: String,
}

impl Answer {
    pub fn good(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Sends a request and tells of its answer. A body is a form's.
pub fn send(method: &str, url: &str, body: Option<&str>, done: impl FnOnce(Answer) + 'static) {
    let Ok(request) = XmlHttpRequest::new() else { return };
    if request.open(method, url).is_err() {
        return;
    }
    request.set_timeout(8000);
    if body.is_some() {
        let _ = request.set_request_header("content-type", "application/x-www-form-urlencoded");
    }
    let answer = request.clone();
    let done = Closure::once_into_js(move || {
        let status = answer.status().unwrap_or(0);
        let text = answer.response_text().ok().flatten().unwrap_or_default();
        done(Answer { status, text, url: answer.response_url() });
    });
    request.set_onloadend(Some(done.unchecked_ref()));
    let _ = request.send_with_opt_str(body);
}
