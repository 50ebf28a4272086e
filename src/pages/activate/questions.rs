//! The short questions: what it is, whether the cables are in, the code, and whether it is this box.

use leptos::prelude::*;

use super::WizardView;
use crate::{
    assets,
    components::{
        card::{Card, Fact, facts},
        choice::{Choice, choice},
        faceplate::faceplate,
        field::{Field, Kind, field},
        format::moment,
        note::Note,
        tag::Mood,
    },
    domain::{activation::api::NewOrReplacement, api::Overview, box_file::Role},
    text::Text,
};

pub(super) fn kind(text: Text, overview: &Overview, view: &WizardView) -> impl IntoView + use<> {
    let chosen = view.activation.draft.kind;
    let one = |value, label: &str, why: String, is| {
        let chosen = chosen == Some(is);
        choice(Choice { kind: "radio", name: "kind", value, label: label.to_owned(), why: Some(why), chosen })
    };
    let replacement_why = text.activate_kind_replacement_why(&overview.serial);
    view! {
        <form class="card stack" method="post" action="/activate/kind">
            <fieldset>
                <legend class="quiet-text">{text.activate_kind()}</legend>
                {one("new", text.activate_kind_new(), text.activate_kind_new_why().into(), NewOrReplacement::New)}
                {one("replacement", text.activate_kind_replacement(), replacement_why, NewOrReplacement::Replacement)}
            </fieldset>
            <p class="actions"><button>{text.activate_next()}</button></p>
        </form>
    }
}

pub(super) fn power(text: Text) -> impl IntoView + use<> {
    view! {
        <form class="card stack" method="post" action="/activate/power">
            <figure class="drawing">
                <svg viewBox="0 0 320 110" role="img" aria-label=text.activate_power_picture()>
                    <rect class="jack" x="60" y="12" width="250" height="76" rx="8" />
                    <rect class="hole" x="78" y="34" width="44" height="32" rx="5" />
                    <path class="pins" d="M90 44v12m10 -12v12m10 -12v12" />
                    <circle class="lamp lit" cx="146" cy="50" r="7" />
                    <path class="wire" d="M4 98c40 0 30-48 74-48" />
                    <rect class="jack" x="178" y="36" width="116" height="28" rx="4" />
                </svg>
                <figcaption class="muted">{text.activate_power_why()}</figcaption>
            </figure>
            <p class="actions"><button>{text.activate_power_yes()}</button></p>
        </form>
    }
}

pub(super) fn cable(text: Text, overview: &Overview) -> impl IntoView + use<> {
    let linked = overview.network.ports.iter().any(|port| port.role == Role::Uplink && port.has_carrier());
    let none = (!linked).then(|| view! { <Note mood=Mood::Warn title=text.activate_cable_none()>""</Note> });
    view! {
        <form class="card stack" method="post" action="/activate/cable">
            <p>{text.activate_cable_why()}</p>
            {faceplate(text, &overview.network)}
            {none}
            <p class="actions"><button>{text.activate_cable_yes()}</button></p>
        </form>
    }
}

pub(super) fn code(text: Text, view: &WizardView) -> impl IntoView + use<> {
    let known = view.activation.draft.code.is_some();
    let typed = Field {
        name: "code".into(),
        label: text.activate_code().to_owned(),
        hint: Some(
            if view.activation.preset { text.activate_code_hint_short() } else { text.activate_code_hint() }.into(),
        ),
        problem: view.refusal.as_ref().map(|_| text.form_problems().to_owned()).filter(|_| false),
        value: view.typed.get("code").cloned().unwrap_or_default(),
        kind: Kind::Lines,
        ..Field::default()
    };
    let keep = known.then(|| {
        view! {
            <form method="post" action="/activate/code">
                <Note mood=Mood::Ok title=text.activate_code_known()>
                    <p class="actions"><button name="keep" value="yes">{text.activate_code_keep()}</button></p>
                </Note>
            </form>
        }
    });
    view! {
        <p class="muted">{text.activate_code_why()}</p>
        {keep}
        <form class="card stack" method="post" action="/activate/code" novalidate>
            {field(typed)}
            <p class="actions"><button>{text.activate_next()}</button></p>
        </form>
        {uploads(text, "code")}
        <p class="small"><a class="link" href="/activate/offline">{text.activate_offline_link()}</a></p>
    }
}

/// A picture or a file with a text: both go the same way.
pub(in crate::pages) fn uploads(text: Text, what: &'static str) -> impl IntoView + use<> {
    let action = format!("/activate/upload/{what}");
    let (for_file, photo_id, file_id) = (action.clone(), format!("photo-{what}"), format!("file-{what}"));
    let camera = format!("/assets/{}", assets::CAMERA);
    let (photo_for, file_for) = (photo_id.clone(), file_id.clone());
    view! {
        <div class="cols">
            <form class="card stack" method="post" action=action enctype="multipart/form-data" data-camera=camera>
                <div class="field">
                    <label for=photo_for>{text.activate_photo()}</label>
                    <p class="hint">{text.activate_photo_why()}</p>
                    <input type="file" id=photo_id name="file" accept="image/*" capture="environment" />
                </div>
                <video class="qr" muted="" playsinline="" hidden></video>
                <p class="hint" role="status" data-said data-on=text.activate_camera_on() data-denied=text.activate_camera_denied()></p>
                <p class="actions">
                    <button>{text.activate_photo_go()}</button>
                    <button type="button" class="plain" data-start hidden>{text.activate_camera()}</button>
                </p>
            </form>
            <form class="card stack" method="post" action=for_file enctype="multipart/form-data">
                <div class="field">
                    <label for=file_for>{text.activate_file()}</label>
                    <input type="file" id=file_id name="file" accept=".txt,text/plain,image/*" />
                </div>
                <p class="actions"><button>{text.activate_file_go()}</button></p>
            </form>
        </div>
    }
}

pub(super) fn confirm(text: Text, overview: &Overview, view: &WizardView) -> impl IntoView + use<> {
    let code = view.activation.draft.code.as_ref();
    let preview = view.activation.offered.as_ref().map(|offered| &offered.preview);
    let account = preview.map(|preview| preview.account_name.to_string());
    let account = account.or_else(|| code?.account.as_ref().map(ToString::to_string));
    let until = code.and_then(|code| code.expires).map(moment);
    let rows = vec![
        (text.activate_confirm_model().to_owned(), Fact::Text(overview.model.clone())),
        (text.activate_confirm_serial().to_owned(), Fact::Code(overview.serial.clone())),
        (text.activate_confirm_account().to_owned(), Fact::text(account)),
        (text.activate_confirm_until().to_owned(), Fact::text(until)),
    ];
    let wanted = code.and_then(|code| code.model.as_ref()).filter(|wanted| wanted.as_str() != overview.model);
    let other = wanted.map(|wanted| {
        let title = text.activate_confirm_other_model(&overview.model, wanted);
        view! { <Note mood=Mood::Bad title=title>""</Note> }
    });
    view! {
        <Card title=text.activate_confirm_why()>
            {facts(rows)}
            {other}
            <form method="post" action="/activate/confirm">
                <p class="actions"><button>{text.activate_confirm_yes()}</button></p>
            </form>
        </Card>
    }
}
