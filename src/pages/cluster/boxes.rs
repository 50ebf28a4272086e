//! What is prepared for boxes that are to come.

use std::collections::HashMap;

use axum::{
    Form, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use leptos::prelude::*;

use super::{Asked, call, codes::optional, done, lead, line, needed, overview};
use crate::{
    components::{
        card::Card,
        choice::{Choice, choice},
        field::{Field, Kind, field},
        frame::{Frame, Shell},
        nav::Place,
        select::{Select, select},
        summary::Problem,
    },
    domain::{
        cluster::{
            api::{BoxRecord, ClusterInfo},
            calls::{self, encode},
            names::Serial,
        },
        fault::Refusal,
        network::spec::NetworkSpec,
    },
    pages::{frame as frame_for, render::render, status},
    text::Text,
    web::{App, Visitor},
};

const PATH: &str = "/cluster/boxes";

#[derive(Clone, Debug, Default)]
pub struct BoxesView {
    pub boxes: Vec<BoxRecord>,
    pub clusters: Vec<ClusterInfo>,
    pub typed: HashMap<String, String>,
    pub done: bool,
    pub problems: Vec<Problem>,
    pub refusal: Option<Refusal>,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route(PATH, get(show).post(save))
}

async fn show(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Response> {
    let view = BoxesView { done: asked.done.is_some(), ..BoxesView::default() };
    answer(&app, &visitor, StatusCode::OK, view).await
}

async fn answer(app: &App, visitor: &Visitor, code: StatusCode, view: BoxesView) -> Result<Response, Response> {
    let boxes = needed::<calls::ListBoxes>(app, visitor, &[], &()).await?;
    let clusters = needed::<calls::ListClusters>(app, visitor, &[], &()).await?;
    let overview = overview(app, visitor).await?;
    let view = BoxesView { boxes, clusters, ..view };
    Ok(render(code, || page(frame_for(visitor, &overview, Place::Cluster, PATH), &view)))
}

async fn save(
    State(app): State<App>,
    visitor: Visitor,
    Form(typed): Form<HashMap<String, String>>,
) -> Result<Response, Response> {
    let text = visitor.text;
    let value = |name: &str| typed.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
    let mut problems = Vec::new();
    let mut wrong = |field: &str, message: &str| {
        problems.push(Problem { field: Some(field.to_owned()), message: message.to_owned() });
    };
    let serial = value("serial").parse::<Serial>().map_err(|_| wrong("serial", text.activate_problem_serial())).ok();
    let name = optional(&value("name"), || wrong("name", text.activate_problem_name()));
    let site = optional(&value("site"), || wrong("site", text.activate_problem_cluster_name()));
    let cluster = optional(&value("cluster"), || wrong("cluster", text.activate_problem_place()));
    let peer = optional(&value("peer"), || wrong("peer", text.activate_problem_serial()));
    let virtual_ip = optional(&value("virtual_ip"), || wrong("virtual_ip", text.activate_problem_ip()));
    let uplinks = Some(value("uplinks")).filter(|text| !text.is_empty());
    if let Some(Err(error)) = uplinks.as_deref().map(toml::from_str::<NetworkSpec>) {
        wrong("uplinks", &text.cluster_box_uplinks_wrong(error.message()));
    }
    let mut refusal = None;
    if let Some(serial) = serial.filter(|_| problems.is_empty()) {
        let record = BoxRecord {
            serial: serial.clone(),
            model: None,
            name,
            label: None,
            site,
            cluster,
            peer,
            virtual_ip,
            uplinks,
            reserve: value("reserve") == "yes",
        };
        match call::<calls::PrepareBox>(&app, &visitor, &[serial.as_str()], &record).await? {
            Ok(_) => return Ok(Redirect::to("/cluster/boxes?done=1").into_response()),
            Err(why) => refusal = Some(why),
        }
    }
    let code = refusal.as_ref().map_or(StatusCode::UNPROCESSABLE_ENTITY, status);
    answer(&app, &visitor, code, BoxesView { typed, problems, refusal, ..BoxesView::default() }).await
}

pub fn page(frame: Frame, view: &BoxesView) -> impl IntoView + use<> {
    let text = frame.text;
    let problem = !view.problems.is_empty() || view.refusal.is_some();
    let frame = Frame { title: text.cluster_boxes().to_owned(), problem, path: PATH.to_owned(), ..frame };
    let line = |name, label| line(name, label, &view.typed, &view.problems);
    let mut options = vec![(String::new(), "–".to_owned())];
    options.extend(view.clusters.iter().map(|cluster| (cluster.id.to_string(), cluster.name.to_string())));
    let chosen = view.typed.get("cluster").cloned().unwrap_or_default();
    let cluster = Select { name: "cluster", label: text.cluster_box_cluster().to_owned(), options, chosen };
    let reserve = Choice {
        kind: "checkbox",
        name: "reserve",
        value: "yes",
        label: text.cluster_box_reserve().to_owned(),
        why: None,
        chosen: view.typed.contains_key("reserve"),
    };
    let rows = view.boxes.iter().map(|record| row(text, record)).collect::<Vec<_>>();
    let none = rows.is_empty().then(|| view! { <p class="muted">{text.cluster_box_none()}</p> });
    let lead = lead(text, text.cluster_boxes().to_owned(), &view.problems, view.refusal.as_ref());
    let done = done(text, view.done);
    let (serial, name) =
        (field(line("serial", text.cluster_box_serial())), field(line("name", text.cluster_box_name())));
    let (site, peer) = (field(line("site", text.cluster_box_site())), field(line("peer", text.cluster_box_peer())));
    let virtual_ip = field(line("virtual_ip", text.activate_virtual_ip()));
    let uplinks = field(Field { kind: Kind::Lines, ..line("uplinks", text.cluster_box_uplinks()) });
    view! {
        <Shell frame=frame>
            {lead}
            <p class="muted">{text.cluster_box_why()}</p>
            {done}
            <Card title=text.cluster_box_new()>
                <form class="stack" method="post" action=PATH novalidate>
                    {serial}
                    {name}
                    {site}
                    {select(cluster)}
                    {peer}
                    {virtual_ip}
                    {uplinks}
                    {choice(reserve)}
                    <p class="actions"><button>{text.cluster_box_go()}</button></p>
                </form>
            </Card>
            <Card title=text.cluster_boxes()>{none}<ul class="ports-list">{rows}</ul></Card>
        </Shell>
    }
}

fn row(text: Text, record: &BoxRecord) -> impl IntoView + use<> {
    let name = record.name.as_ref().map(ToString::to_string).unwrap_or_default();
    let site = record.site.as_ref().map(ToString::to_string).unwrap_or_default();
    let href = format!("/cluster/do/forget/{}", encode(record.serial.as_str()));
    view! {
        <li>
            <b class="mono">{record.serial.to_string()}</b>
            <span class="muted">{name}" "{site}</span>
            <a class="link" href=href>{text.cluster_act_forget_go()}</a>
        </li>
    }
}
