//! The first visit: the password is set, over the service port.

use leptos::prelude::*;

use super::login::show_password;
use crate::{
    components::{
        field::{Field, Kind, field},
        frame::{Frame, Shell},
        summary::{Problem, summary},
        words::explain,
    },
    domain::fault::{Fault, Refusal},
    pages::fault,
};

#[derive(Clone, Debug, Default)]
pub struct SetupView {
    /// Whether the request came over the service port; elsewhere the page only says where to go.
    pub here: bool,
    pub refusal: Option<Refusal>,
}

pub fn setup(frame: Frame, view: SetupView) -> AnyView {
    let text = frame.text;
    let bad = match &view.refusal {
        Some(Refusal { fault: fault @ Fault::BadPassword { .. }, .. }) => {
            let e = explain(text, fault);
            Some(format!("{} {}", e.why, e.next))
        }
        _ => None,
    };
    let problems = bad.iter().map(|bad| Problem { field: Some("password".to_owned()), message: bad.clone() });
    let problems = summary(text, &problems.collect::<Vec<_>>());
    let other = view.refusal.as_ref().filter(|_| bad.is_none()).map(|refusal| fault::note(text, refusal));
    let frame = Frame { title: text.setup_title().to_owned(), problem: view.refusal.is_some(), ..frame };
    if !view.here {
        return view! {
            <Shell frame=frame>
                <section class="card">
                    <h1>{text.setup_elsewhere()}</h1>
                    <p>{text.setup_elsewhere_why()}</p>
                    <ol class="steps-in">
                        <li>{text.setup_step_cable()}</li>
                        <li>{text.setup_step_open()}" "<a class="mono" href="https://192.168.100.198/setup">"https://192.168.100.198"</a></li>
                    </ol>
                </section>
            </Shell>
        }
        .into_any();
    }
    let password = field(Field {
        name: "password".into(),
        label: text.setup_password().to_owned(),
        hint: Some(text.setup_password_hint().to_owned()),
        problem: bad,
        kind: Kind::NewPassword,
        ..Field::default()
    });
    view! {
        <Shell frame=frame>
            {problems}
            <section class="card">
                <h1>{text.setup_title()}</h1>
                <p>{text.setup_why()}</p>
                {other}
                <form class="stack" method="post" action="/setup">
                    {password}
                    {show_password(text)}
                    <div class="actions"><button>{text.setup_go()}</button></div>
                </form>
                <p class="small muted">{text.setup_after()}</p>
            </section>
        </Shell>
    }
    .into_any()
}
