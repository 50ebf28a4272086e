//! A port's form, checked by the rules that the server checks it by.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

use super::dom::{fill, find, input, on, set};
use crate::domain::{
    name::PortName,
    network::{
        form::PortForm,
        issue::{Field, Issue, Rule},
        spec::PortSpec,
    },
};

const FIELDS: [Field; 7] =
    [Field::Address, Field::Mask, Field::Gateway, Field::Dns1, Field::Dns2, Field::Ipv6Address, Field::Ipv6Gateway];

pub fn start(root: &Element) {
    let form = root.clone();
    // a field is not blamed before the person has been in it
    let seen = Rc::new(RefCell::new(FIELDS.map(|field| shown(&form, field))));
    // what is pressed must not move away under the pointer: the check waits for the click
    let pressed = Rc::new(Cell::new(false));
    let (now_seen, now_pressed) = (Rc::clone(&seen), Rc::clone(&pressed));
    on(root, "focusout", move |event| {
        let Some(left) = event.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok()) else { return };
        for (field, seen) in FIELDS.iter().zip(now_seen.borrow_mut().iter_mut()) {
            let name = left.name();
            *seen |= field.as_str() == name.trim_start_matches("own_") && !left.value().is_empty();
        }
        if !now_pressed.get() {
            check(&form, &*now_seen.borrow());
        }
    });
    let page = document();
    let down = Rc::clone(&pressed);
    on(&page, "pointerdown", move |_| down.set(true));
    for released in ["pointerup", "pointercancel"] {
        let up = Rc::clone(&pressed);
        on(&page, released, move |_| up.set(false));
    }
    let form = root.clone();
    on(&page, "click", move |_| check(&form, &*seen.borrow()));
}

fn check(form: &Element, seen: &[bool]) {
    let issues = issues(form);
    for (field, seen) in FIELDS.into_iter().zip(seen) {
        match issues.iter().find(|issue| issue.field == field).filter(|_| *seen) {
            Some(issue) => tell(form, issue),
            None => mended(form, field),
        }
    }
}

fn issues(form: &Element) -> Vec<Issue> {
    let value = |field: Field| by_field(form, field).map(|i| i.value()).unwrap_or_default();
    let method = |name: &str| {
        let choice = input(form, &["[name=", name, "]:checked"].concat());
        choice.map(|choice| choice.value()).unwrap_or_default()
    };
    let Ok(port) = "port".parse::<PortName>() else { return Vec::new() };
    let typed = PortForm {
        method: method("method"),
        ipv6_method: method("ipv6_method"),
        ipv6_address: value(Field::Ipv6Address),
        ipv6_gateway: value(Field::Ipv6Gateway),
        address: value(Field::Address),
        mask: value(Field::Mask),
        gateway: value(Field::Gateway),
        // whichever of the two is asked for
        dns1: value(Field::Dns1),
        dns2: value(Field::Dns2),
        own_dns1: value(Field::Dns1),
        own_dns2: value(Field::Dns2),
        ..PortForm::default()
    };
    typed.read(&port, &PortSpec::default()).err().unwrap_or_default()
}

/// Where the network names DNS servers, others have fields of their own.
fn name(form: &Element, field: Field) -> String {
    let own = matches!(field, Field::Dns1 | Field::Dns2) && !chosen(form, "[name=method][value=static]");
    [if own { "own_" } else { "" }, field.as_str()].concat()
}

fn chosen(form: &Element, choice: &str) -> bool {
    input(form, choice).is_some_and(|choice| choice.checked())
}

fn by_field(form: &Element, field: Field) -> Option<HtmlInputElement> {
    input(form, &["[name=", &name(form, field), "]"].concat())
}

fn error_line(form: &Element, field: Field) -> Option<Element> {
    find(form, &["#", &name(form, field), "-error"].concat())
}

fn shown(form: &Element, field: Field) -> bool {
    error_line(form, field).is_some_and(|line| !line.has_attribute("hidden"))
}

fn tell(form: &Element, issue: &Issue) {
    let (Some(line), Some(input)) = (error_line(form, issue.field), by_field(form, issue.field)) else { return };
    let key = match issue.rule {
        Rule::Missing => ["missing-", issue.field.as_str()].concat(),
        _ => issue.rule.name().to_owned(),
    };
    let Some(template) = find(form, &["[data-rule=\"", &key, "\"]"].concat()) else { return };
    let (words, typed) = (template.text_content().unwrap_or_default(), input.value());
    let text = fill(&words, |key| figure(key, &issue.rule, &typed));
    if let Some(message) = find(&line, "[data-message]") {
        message.set_text_content(Some(&text));
    }
    set(&line, "class", "error");
    let _ = line.remove_attribute("hidden");
    set(&input, "aria-invalid", "true");
}

/// The line keeps its place, so that the button does not move under the pointer that is about to press it.
fn mended(form: &Element, field: Field) {
    if let Some(line) = error_line(form, field) {
        set(&line, "class", "error mended");
    }
    if let Some(input) = by_field(form, field) {
        let _ = input.remove_attribute("aria-invalid");
    }
}

/// The value of a placeholder, by the names of the server's messages.
fn figure(key: &str, rule: &Rule, typed: &str) -> String {
    match (key, rule) {
        ("typed", _) => typed.to_owned(),
        ("network", Rule::IsNetworkAddress { network }) => network.to_string(),
        ("network", Rule::Ipv6GatewayOutside { network }) => network.to_string(),
        ("network", Rule::IsBroadcastAddress { network } | Rule::GatewayOutside { network, .. }) => network.to_string(),
        ("first", Rule::GatewayOutside { first, .. }) => first.to_string(),
        ("last", Rule::GatewayOutside { last, .. }) => last.to_string(),
        _ => String::new(),
    }
}
