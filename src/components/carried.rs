//! A text that somebody carries from one machine to another: as a QR code, to be copied, or as a file.

use leptos::prelude::*;

use super::{
    field::{Field, Kind, field},
    qr::qr,
};
use crate::{domain::cluster::calls::encode, text::Text};

#[derive(Clone, Copy, Debug)]
pub struct Carried<'a> {
    /// Of the field, and its `id`.
    pub name: &'static str,
    pub told: &'a str,
    pub label: &'a str,
    /// Name of the file without its ending.
    pub file: &'a str,
}

pub fn carried(text: Text, of: Carried) -> impl IntoView + use<> {
    let Carried { name, told, label, file } = of;
    let copied = Field {
        name: name.into(),
        label: label.to_owned(),
        value: told.to_owned(),
        kind: Kind::Lines,
        ..Field::default()
    };
    // in the link itself: what is told once is on no server afterwards
    let (href, file) = (format!("data:text/plain;charset=utf-8,{}", encode(told)), format!("{file}.txt"));
    view! {
        {qr(told, label)}
        {field(copied)}
        <p><a class="link" href=href download=file>{text.carried_file()}</a></p>
    }
}
