//! A request that was brought by hand is answered, with the account's sign-in.

use std::collections::HashMap;

use axum::{Form, Router, extract::State, http::StatusCode, response::Response, routing::get};
use leptos::prelude::*;

use super::{call, codes::optional, lead, line, needed, overview};
use crate::{
    components::{
        card::Card,
        carried::{Carried, carried},
        field::{Field, Kind, field},
        format::moment,
        frame::{Frame, Shell},
        nav::Place,
        select::{Select, select},
        summary::Problem,
    },
    domain::{
        cluster::{
            api::{AssociationAsk, ClusterInfo, OfflineAsk, OfflineDone},
            calls,
        },
        fault::Refusal,
    },
    pages::{activate::uploads, frame as frame_for, render::render, status},
    web::{App, Visitor},
};

const PATH: &str = "/cluster/by-hand";

#[derive(Clone, Debug, Default)]
pub struct HandView {
    pub clusters: Vec<ClusterInfo>,
    pub typed: HashMap<String, String>,
    pub answer: Option<OfflineDone>,
    pub problems: Vec<Problem>,
    pub refusal: Option<Refusal>,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route(PATH, get(show).post(make))
}

async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    answer(&app, &visitor, StatusCode::OK, HandView::default()).await
}

async fn answer(app: &App, visitor: &Visitor, code: StatusCode, view: HandView) -> Result<Response, Response> {
    let clusters = needed::<calls::ListClusters>(app, visitor, &[], &()).await?;
    let overview = overview(app, visitor).await?;
    let view = HandView { clusters, ..view };
    Ok(render(code, || page(frame_for(visitor, &overview, Place::Cluster, PATH), &view)))
}

/// A request that came as a picture or as a file stands in its field, to be answered.
pub async fn with_request(app: &App, visitor: &Visitor, found: Result<String, Problem>) -> Result<Response, Response> {
    let (code, view) = match found {
        Ok(request) => {
            let typed = HashMap::from([("request".to_owned(), request)]);
            (StatusCode::OK, HandView { typed, ..HandView::default() })
        }
        Err(problem) => (StatusCode::UNPROCESSABLE_ENTITY, HandView { problems: vec![problem], ..HandView::default() }),
    };
    answer(app, visitor, code, view).await
}

async fn make(
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
    let name = optional(&value("name"), || wrong("name", text.activate_problem_name()));
    let cluster = optional(&value("cluster"), || wrong("cluster", text.activate_problem_place()));
    let peer = optional(&value("peer"), || wrong("peer", text.activate_problem_serial()));
    let association = cluster.map_or_else(AssociationAsk::none, |cluster| AssociationAsk::manual(cluster, peer));
    let (mut done, mut refusal) = (None, None);
    if problems.is_empty() {
        let ask = OfflineAsk { request: value("request"), name, association };
        match call::<calls::ActivateOffline>(&app, &visitor, &[], &ask).await? {
            Ok(answer) => done = Some(answer),
            Err(why) => refusal = Some(why),
        }
    }
    let code = match &refusal {
        Some(refusal) => status(refusal),
        None if problems.is_empty() => StatusCode::OK,
        None => StatusCode::UNPROCESSABLE_ENTITY,
    };
    answer(&app, &visitor, code, HandView { typed, answer: done, problems, refusal, ..HandView::default() }).await
}

pub fn page(frame: Frame, view: &HandView) -> impl IntoView + use<> {
    let text = frame.text;
    let problem = !view.problems.is_empty() || view.refusal.is_some();
    let frame = Frame { title: text.cluster_by_hand().to_owned(), problem, path: PATH.to_owned(), ..frame };
    let line = |name, label| line(name, label, &view.typed, &view.problems);
    let made = view.answer.as_ref().map(|done| {
        let until = text.cluster_hand_until(moment(done.expires));
        let told = Carried {
            name: "answer",
            told: &done.answer,
            label: text.cluster_hand_answer(),
            file: "activation-answer",
        };
        let told = carried(text, told);
        view! {
            <Card title=text.cluster_hand_answer() weighty=true>
                {told}
                <p>{until}</p>
            </Card>
        }
    });
    let mut options = vec![(String::new(), text.cluster_hand_alone().to_owned())];
    options.extend(view.clusters.iter().map(|cluster| (cluster.id.to_string(), cluster.name.to_string())));
    let chosen = view.typed.get("cluster").cloned().unwrap_or_default();
    let cluster = Select { name: "cluster", label: text.cluster_hand_place().to_owned(), options, chosen };
    let lead = lead(text, text.cluster_by_hand().to_owned(), &view.problems, view.refusal.as_ref());
    let request = field(Field { kind: Kind::Lines, ..line("request", text.cluster_hand_request()) });
    let name = field(line("name", text.cluster_hand_name()));
    let peer = field(line("peer", text.cluster_box_peer()));
    view! {
        <Shell frame=frame>
            {lead}
            <p class="muted">{text.cluster_hand_why()}</p>
            {made}
            <form class="card stack" method="post" action=PATH novalidate>
                {request}
                {name}
                {select(cluster)}
                {peer}
                <p class="actions"><button>{text.cluster_hand_go()}</button></p>
            </form>
            {uploads(text, "request")}
        </Shell>
    }
}
