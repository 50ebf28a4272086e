//! Properties as ModemManager tells them, read with suspicion: what is missing or of another type is none.

use std::collections::HashMap;

use zbus::{OwnedVariant, Variant};

/// Of one interface of an object.
pub(super) type Properties = HashMap<String, OwnedVariant>;

/// Of anything that has variants by name: an interface's properties, or a dictionary among them.
pub(super) fn text(properties: &Properties, name: &str) -> Option<String> {
    text_of(properties.get(name)?)
}

pub(super) fn number(properties: &Properties, name: &str) -> Option<u32> {
    number_of(properties.get(name)?)
}

pub(super) fn signed(properties: &Properties, name: &str) -> Option<i32> {
    match inner(properties.get(name)?) {
        Variant::I32(number) => Some(*number),
        _ => None,
    }
}

pub(super) fn switch(properties: &Properties, name: &str) -> Option<bool> {
    match inner(properties.get(name)?) {
        Variant::Bool(on) => Some(*on),
        _ => None,
    }
}

/// The number behind the last slash of an object's path; none for `/`, which stands for no object.
pub(super) fn object_number(path: &str) -> Option<u32> {
    path.rsplit('/').next()?.parse().ok()
}

pub(super) fn path(properties: &Properties, name: &str) -> Option<String> {
    path_of(properties.get(name)?)
}

pub(super) fn path_of(value: &Variant) -> Option<String> {
    match inner(value) {
        Variant::ObjectPath(path) if path.as_str() != "/" => Some(path.as_str().to_owned()),
        _ => None,
    }
}

/// The elements of an array.
pub(super) fn list<'p>(properties: &'p Properties, name: &str) -> &'p [Variant<'static>] {
    match properties.get(name).map(|value| inner(value)) {
        Some(Variant::Array(array)) => array.inner(),
        _ => &[],
    }
}

/// Both fields of a structure.
pub(super) fn pair<'v>(value: &'v Variant<'static>) -> Option<(&'v Variant<'static>, &'v Variant<'static>)> {
    match inner(value) {
        Variant::Structure(fields) => match fields.fields() {
            [first, second] => Some((first, second)),
            _ => None,
        },
        _ => None,
    }
}

/// A dictionary of variants by name; empty where it is none.
pub(super) fn dictionary(properties: &Properties, name: &str) -> Properties {
    let Some(Variant::Dict(entries)) = properties.get(name).map(|value| inner(value)) else { return HashMap::new() };
    entries.iter().filter_map(|(key, value)| Some((text_of(key)?, inner(value).try_to_owned().ok()?))).collect()
}

/// A dictionary of numbers.
pub(super) fn numbers(properties: &Properties, name: &str) -> Vec<(u32, u32)> {
    let Some(Variant::Dict(entries)) = properties.get(name).map(|value| inner(value)) else { return Vec::new() };
    entries.iter().filter_map(|(key, value)| Some((number_of(key)?, number_of(value)?))).collect()
}

pub(super) fn decimal(properties: &Properties, name: &str) -> Option<f64> {
    match inner(properties.get(name)?) {
        Variant::F64(value) => Some(*value),
        _ => None,
    }
}

pub(super) fn number_of(value: &Variant) -> Option<u32> {
    match inner(value) {
        Variant::U32(number) => Some(*number),
        _ => None,
    }
}

pub(super) fn text_of(value: &Variant) -> Option<String> {
    match inner(value) {
        Variant::Str(text) => Some(text.as_str().to_owned()),
        _ => None,
    }
}

/// A variant in a variant is what it holds.
pub(super) fn inner<'v, 'a>(value: &'v Variant<'a>) -> &'v Variant<'a> {
    match value {
        Variant::Variant(held) => inner(held),
        value => value,
    }
}
