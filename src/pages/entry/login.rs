//! Sign in with the box's password.

use leptos::prelude::*;

use crate::{
    components::{
        field::{Field, Kind, field},
        frame::{Frame, Shell},
        note::Note,
        summary::{Problem, summary},
        tag::Mood,
        words::explain,
    },
    domain::fault::{Fault, Refusal},
    pages::fault,
};

/// Why the page is shown.
#[derive(Clone, Debug, Default)]
pub struct LoginView {
    /// The session ended while it was used.
    pub ended: bool,
    /// The person signed out.
    pub left: bool,
    pub refusal: Option<Refusal>,
}

pub fn login(frame: Frame, view: LoginView) -> impl IntoView {
    let text = frame.text;
    let wrong = match &view.refusal {
        Some(Refusal { fault: fault @ Fault::WrongPassword, .. }) => Some(explain(text, fault)),
        _ => None,
    };
    let said = wrong.map(|e| format!("{}{} {}", e.what, text.stop(), e.next));
    let problems = said.iter().map(|said| Problem { field: Some("password".to_owned()), message: said.clone() });
    let problems = summary(text, &problems.collect::<Vec<_>>());
    let other = view.refusal.as_ref().filter(|_| said.is_none()).map(|refusal| fault::note(text, refusal));
    let note = |title: &'static str, why: &'static str| {
        view! { <Note mood=Mood::Info title=title role="status"><p>{why}</p></Note> }
    };
    let ended = (view.ended && view.refusal.is_none()).then(|| note(text.login_ended(), text.login_ended_why()));
    let left = view.left.then(|| note(text.login_left(), text.login_left_why()));
    let password = field(Field {
        name: "password".into(),
        label: text.login_password().to_owned(),
        problem: said,
        kind: Kind::CurrentPassword,
        ..Field::default()
    });
    let frame = Frame { title: text.login_title().to_owned(), problem: view.refusal.is_some(), ..frame };
    view! {
        <Shell frame=frame>
            {problems}
            <section class="card">
                <h1>{text.login_title()}</h1>
                {left}
                {ended}
                {other}
                <form class="stack" method="post" action="/login">
                    {password}
                    {show_password(text)}
                    <div class="actions"><button>{text.login_go()}</button></div>
                </form>
                <p class="small muted">{text.login_lost()}</p>
            </section>
        </Shell>
    }
}

/// An extra: without scripts the button is not there. `boot.js` has it, because an island would cost this page 50 KB.
pub(super) fn show_password(text: crate::text::Text) -> impl IntoView {
    view! {
        <button type="button" class="plain" hidden data-for="password" data-show=text.password_show()
            data-hide=text.password_hide()>{text.password_show()}</button>
    }
}
