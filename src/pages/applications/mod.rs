//! `/applications`: what runs on the active box, how it is, and what becomes of its data.

mod handlers;

use leptos::prelude::*;

pub use handlers::routes;

use crate::{
    components::{
        card::{Card, Fact, facts},
        field::{Field, Kind, field},
        format::moment,
        frame::{Frame, Shell},
        note::Note,
        summary::{Problem, problems, summary},
        tag::{Mood, tag},
        words::application,
    },
    domain::{
        application::api::{ApplicationStatus, Applications},
        fault::Refusal,
    },
    pages::fault,
    text::Text,
};

pub(super) const PATH: &str = "/applications";
/// Where applications are added; bodies there may be as long as files are.
pub const UPLOAD: &str = "/applications/add";
const LOOK_AGAIN: u8 = 10;

#[derive(Clone, Debug, Default)]
pub struct ListView {
    /// The manifest as it was sent, where it was refused.
    pub manifest: String,
    pub unreadable: Option<String>,
    pub refusal: Option<Refusal>,
    pub added: bool,
}

pub fn page(frame: Frame, status: &Applications, view: &ListView) -> impl IntoView + use<> {
    let text = frame.text;
    let manifest = Field {
        name: "manifest".into(),
        label: text.app_add_manifest().to_owned(),
        hint: Some(text.app_add_why().to_owned()),
        problem: view.unreadable.as_ref().map(|detail| text.app_manifest_unreadable(detail)),
        value: view.manifest.clone(),
        kind: Kind::Lines,
        ..Field::default()
    };
    let wrong: Vec<Problem> = problems([&manifest]);
    let refusal = view.refusal.as_ref().map(|refusal| fault::note(text, refusal));
    let idle = view.manifest.is_empty();
    let frame = Frame {
        title: text.app_title().to_owned(),
        problem: !wrong.is_empty() || refusal.is_some(),
        path: PATH.to_owned(),
        refresh: idle.then_some(LOOK_AGAIN),
        ..frame
    };
    let rows = status.all.iter().map(|app| one(text, app)).collect::<Vec<_>>();
    let list = if rows.is_empty() {
        view! { <p class="muted">{text.app_none()}</p> }.into_any()
    } else {
        view! { <ul class="notes">{rows}</ul> }.into_any()
    };
    // of a pair they are changed where they run
    let elsewhere_only = !status.here && !status.all.is_empty();
    let add = (!elsewhere_only).then(|| {
        view! {
            <Card title=text.app_add()>
                <form class="stack" method="post" action=UPLOAD enctype="multipart/form-data">
                    {field(manifest)}
                    <div class="field">
                        <label for="files">{text.app_add_files()}</label>
                        <input type="file" id="files" name="files" multiple />
                    </div>
                    <p class="actions"><button>{text.app_add_go()}</button></p>
                </form>
            </Card>
        }
    });
    let elsewhere = elsewhere_only.then(|| view! { <p>{text.app_elsewhere()}</p> });
    let added = view.added.then(|| view! { <Note mood=Mood::Ok title=text.app_added() role="status">""</Note> });
    view! {
        <Shell frame=frame>
            <div class="lead"><h1>{text.app_title()}</h1><p class="muted">{text.app_why()}</p></div>
            {summary(text, &wrong)}
            {refusal}
            {added}
            <Card title=text.app_title()>{elsewhere}{list}</Card>
            {add}
        </Shell>
    }
}

fn one(text: Text, app: &ApplicationStatus) -> impl IntoView + use<> {
    let (mood, word) = application::state(text, app);
    let href = format!("{PATH}/{}", app.name);
    let reason = app.reason.as_ref().filter(|_| mood != Mood::Ok).map(|reason| application::reason(text, reason));
    let about = app.about.clone();
    view! {
        <li>
            <div class="row"><a class="link" href=href>{app.name.to_string()}</a><div class="end">{tag(mood, word)}</div></div>
            {about.map(|about| view! { <p>{about}</p> })}
            {reason.map(|reason| view! { <p>{reason}</p> })}
            <p class="small muted">{application::data(text, app)}</p>
        </li>
    }
}

/// One of them.
#[derive(Clone, Debug)]
pub struct AppView {
    pub app: ApplicationStatus,
    /// On this box, and not on its peer.
    pub here: bool,
    pub lines: Vec<String>,
    pub refusal: Option<Refusal>,
}

pub fn app_page(frame: Frame, view: &AppView) -> impl IntoView + use<> {
    let (text, app) = (frame.text, &view.app);
    let (mood, word) = application::state(text, app);
    let path = format!("{PATH}/{}", app.name);
    let refusal = view.refusal.as_ref().map(|refusal| fault::note(text, refusal));
    let since = app.since.map(|at| text.app_since(moment(at))).unwrap_or_default();
    let reason = app.reason.as_ref().map(|reason| application::reason(text, reason));
    let mut rows = vec![(text.app_state().to_owned(), Fact::Text(format!("{word} {since}")))];
    match &app.image {
        Some(image) => rows.push((text.app_image().to_owned(), Fact::Code(image.clone()))),
        None => rows.push((text.app_command().to_owned(), Fact::Code(app.command.join(" ")))),
    }
    rows.push((text.app_data().to_owned(), Fact::Text(application::data(text, app))));
    let (act, go) = if app.enabled { ("stop", text.app_stop()) } else { ("start", text.app_start()) };
    let toggle = format!("{path}/{act}");
    let remove = format!("{path}/remove");
    let actions = if view.here {
        view! {
            <div class="actions">
                <form method="post" action=toggle><button>{go}</button></form>
                <a class="link" href=remove>{text.app_remove()}</a>
            </div>
        }
        .into_any()
    } else {
        view! { <p class="muted">{text.app_elsewhere()}</p> }.into_any()
    };
    let log = if view.lines.is_empty() {
        view! { <p class="muted">{text.app_logs_none()}</p> }.into_any()
    } else {
        view! { <pre class="scroll" tabindex="0">{view.lines.join("\n")}</pre> }.into_any()
    };
    let frame =
        Frame { title: app.name.to_string(), problem: refusal.is_some(), path, refresh: Some(LOOK_AGAIN), ..frame };
    let (name, about) = (app.name.to_string(), app.about.clone());
    view! {
        <Shell frame=frame>
            <div class="lead">
                <p class="small"><a class="link" href=PATH>{text.app_title()}</a></p>
                <h1>{name}</h1>
                {about.map(|about| view! { <p class="muted">{about}</p> })}
            </div>
            {refusal}
            <Card title=text.app_state() end=tag(mood, word).into_any()>
                {facts(rows)}
                {reason.map(|reason| view! { <p>{reason}</p> })}
                {actions}
            </Card>
            <Card title=text.app_logs()>{log}</Card>
        </Shell>
    }
}

pub fn remove_page(frame: Frame, name: &str, refusal: Option<&Refusal>) -> impl IntoView + use<> {
    let text = frame.text;
    let (back, path) = (format!("{PATH}/{name}"), format!("{PATH}/{name}/remove"));
    let refusal = refusal.map(|refusal| fault::note(text, refusal));
    let title = format!("{}: {name}", text.app_remove());
    let frame = Frame { title: title.clone(), path: path.clone(), ..frame };
    let name = name.to_owned();
    view! {
        <Shell frame=frame>
            <div class="lead"><p class="small"><a class="link" href=back>{name}</a></p><h1>{title}</h1></div>
            {refusal}
            <p>{text.app_remove_why()}</p>
            <form method="post" action=path><p class="actions"><button>{text.app_remove()}</button></p></form>
        </Shell>
    }
}
