//! `/network/<port>`: one port, how it is and how it should be.
//!
//! The form checks first (422 with the problems, or 200 with the plan beside it), and only the plan can be applied.

mod form;
mod handlers;
mod lease;
mod routes;
mod status;

use std::borrow::Cow;

use leptos::prelude::*;

pub use form::{form, messages};
pub use handlers::routes;
use status::release_anyway;
pub use status::{status, status_id};

use super::{
    fault,
    preview::{Applies, Preview, preview},
};
use crate::{
    components::{
        card::Card,
        frame::{Frame, Shell},
        note::Note,
        summary::{Problem, summary},
        tag::Mood,
        words::{Ports, issue, port_title},
    },
    domain::{
        api::Overview,
        box_file::Role,
        fault::{Fault, Refusal},
        network::{
            form::{PortForm, row_name},
            issue::{Field, Issue},
            status::{NetworkStatus, PortStatus},
        },
    },
    text::Text,
};

/// What the page shows besides the port itself.
#[derive(Clone, Debug, Default)]
pub struct PortView {
    pub form: PortForm,
    pub issues: Vec<Issue>,
    pub refusal: Option<Refusal>,
    pub preview: Option<Preview>,
}

pub fn page(frame: Frame, overview: &Overview, port: &PortStatus, view: PortView) -> impl IntoView + use<> {
    let text = frame.text;
    let network = &overview.network;
    let title = port_title(text, port);
    let problem = !view.issues.is_empty() || matches!(&view.refusal, Some(r) if r.fault != Fault::NothingToDo);
    let problems = summary(text, &problems(text, &view, network));
    let refusal = view.refusal.as_ref().filter(|r| !matches!(r.fault, Fault::Invalid { .. }));
    let refusal = refusal.map(|refusal| fault::note(text, refusal));
    let cuts_off = matches!(&view.refusal, Some(Refusal { fault: Fault::CutsOff { .. }, .. }));
    let anyway = cuts_off.then(|| release_anyway(text, &port.name));
    let busy = (network.transaction.open.is_some() && view.refusal.is_none()).then(|| open_note(text));
    let preview = view.preview.as_ref().map(|p| preview(text, network, applies(port, &view.form), p));
    let body = match port.role {
        Role::Uplink => form(text, port, network, &view).into_any(),
        Role::Service => fixed(text.port_service_fixed(), text.port_service_why()).into_any(),
        Role::Heartbeat => fixed(text.port_heartbeat_fixed(), text.port_heartbeat_why()).into_any(),
        // its page is the cellular one
        Role::Sim => ().into_any(),
    };
    let status = status(text, port, overview);
    let shape = if preview.is_some() { "cols planned" } else { "cols" };
    let frame = Frame { title: title.clone(), problem, path: format!("/network/{}", port.name), ..frame };
    view! {
        <Shell frame=frame>
            <div class="lead">
                <p class="small"><a class="link" href="/network">{text.nav_network()}</a></p>
                <h1>{title}</h1>
            </div>
            {problems}
            {refusal}
            {anyway}
            {busy}
            <div class=shape>{preview}{body}{status}</div>
        </Shell>
    }
}

/// The form as it was typed comes back with the apply.
fn applies(port: &PortStatus, form: &PortForm) -> Applies {
    let texts = [
        ("method", &form.method),
        ("address", &form.address),
        ("mask", &form.mask),
        ("gateway", &form.gateway),
        ("dns1", &form.dns1),
        ("dns2", &form.dns2),
        ("own_dns1", &form.own_dns1),
        ("own_dns2", &form.own_dns2),
        ("mtu", &form.mtu),
        ("ipv6_method", &form.ipv6_method),
        ("ipv6_address", &form.ipv6_address),
        ("ipv6_gateway", &form.ipv6_gateway),
    ];
    let ticks = [("default_route", &form.default_route), ("manage", &form.manage)];
    let texts = texts.into_iter().map(|(name, value)| (name.into(), value.clone()));
    let ticks = ticks.into_iter().filter(|(_, tick)| tick.is_some()).map(|(name, _)| (name.into(), "on".to_owned()));
    let routes = form.routes.fields().map(|(name, value)| (name.into(), value.to_owned()));
    let back = format!("/network/{}", port.name);
    Applies { action: format!("{back}/apply"), back, fields: texts.chain(ticks).chain(routes).collect() }
}

/// Each problem, at the field that it belongs to; those without a field of this form are told as they are.
fn problems(text: Text, view: &PortView, network: &NetworkStatus) -> Vec<Problem> {
    let ports = Ports(network);
    let problem = |found: &Issue| {
        let message = issue(text, found, typed(&view.form, found.field), ports);
        Problem { field: field_id(&view.form, found.field).map(Cow::into_owned), message }
    };
    view.issues.iter().map(problem).collect()
}

/// The element where the field is typed under the chosen method: where the network names DNS servers, others have fields of their
/// own.
fn field_id(form: &PortForm, field: Field) -> Option<Cow<'static, str>> {
    let own = form.method != "static";
    match field {
        Field::Method => Some("method-static".into()),
        Field::Ipv6Method => Some("ipv6_method-static".into()),
        Field::Dns1 if own => Some("own_dns1".into()),
        Field::Dns2 if own => Some("own_dns2".into()),
        Field::Address
        | Field::Mask
        | Field::Gateway
        | Field::Dns1
        | Field::Dns2
        | Field::Ipv6Address
        | Field::Ipv6Gateway
        | Field::Mtu => Some(field.as_str().into()),
        Field::Routes => Some("routes".into()),
        Field::Route(at) => Some(row_name(at).into()),
        _ => None,
    }
}

fn typed(form: &PortForm, field: Field) -> &str {
    match field {
        Field::Method => &form.method,
        Field::Ipv6Method => &form.ipv6_method,
        Field::Route(at) => form.routes.value(at),
        other => field_id(form, other).map_or("", |name| value(form, &name)),
    }
}

/// What stands in the input of this name.
fn value<'a>(form: &'a PortForm, name: &str) -> &'a str {
    match name {
        "method" => &form.method,
        "ipv6_method" => &form.ipv6_method,
        "ipv6_address" => &form.ipv6_address,
        "ipv6_gateway" => &form.ipv6_gateway,
        "address" => &form.address,
        "mask" => &form.mask,
        "gateway" => &form.gateway,
        "dns1" => &form.dns1,
        "dns2" => &form.dns2,
        "own_dns1" => &form.own_dns1,
        "own_dns2" => &form.own_dns2,
        "mtu" => &form.mtu,
        _ => "",
    }
}

fn fixed(title: &'static str, why: &'static str) -> impl IntoView {
    view! { <Card title=title><p>{why}</p></Card> }
}

fn open_note(text: Text) -> impl IntoView {
    view! {
        <Note mood=Mood::Warn title=text.fault_busy()>
            <p>{text.port_busy()}</p>
            <p><a href="/network/change">{text.fault_to_change()}</a></p>
        </Note>
    }
}
