//! The frame around each page: head, places, content, and what the document says of itself.

use leptos::prelude::*;

use super::{
    nav::{Place, places},
    note::Note,
    tag::Mood,
};
use crate::{
    assets,
    islands::Live,
    text::{Lang, Text},
};

/// What the frame says.
#[derive(Clone, Debug)]
pub struct Frame {
    pub text: Text,
    pub title: String,
    /// The page comes back with problems; its title says so first.
    pub problem: bool,
    /// The box's name.
    pub host: String,
    /// Model and serial number, for those who are signed in.
    pub product: Option<(String, String)>,
    pub place: Option<Place>,
    /// Where the language form comes back to. Always a page that can be asked for with GET.
    pub path: String,
    /// It has islands. A page without any, such as the one to sign in, is not kept waiting by their 50 KB.
    pub islands: bool,
    /// Seconds after which a browser without scripts asks again.
    pub refresh: Option<u8>,
}

impl Frame {
    fn document_title(&self) -> String {
        let title = self.text.product_title(&self.host, &self.title);
        if self.problem { self.text.form_error_title(title) } else { title }
    }
}

#[component]
pub fn Shell(frame: Frame, children: Children) -> impl IntoView {
    let text = frame.text;
    let signed_in = frame.product.is_some();
    let title = frame.document_title();
    let refresh = frame.refresh.map(|seconds| {
        view! { <noscript><meta http-equiv="refresh" content=format!("{seconds};url={}", frame.path) /></noscript> }
    });
    let app = frame.islands.then(|| {
        view! { <link rel="modulepreload" href=asset(assets::APP_JS) data-app=asset(assets::APP_WASM) /> }
    });
    view! {
        <!DOCTYPE html>
        <html lang=text.0.tag()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
                <meta name="color-scheme" content="light dark" />
                <title>{title}</title>
                <link rel="icon" type="image/svg+xml" href=asset(assets::ICON) />
                <link rel="stylesheet" href=asset(assets::CSS) />
                {app}
                <script type="module" src=asset(assets::BOOT)></script>
                {refresh}
            </head>
            <body>
                <a class="skip" href="#content">{text.page_skip()}</a>
                <div class=if signed_in { "frame with-nav" } else { "frame" }>
                    {head(&frame).into_any()}
                    {signed_in.then(|| places(text, frame.place, &frame.path).into_any())}
                    <main id="content" tabindex="-1" class=(!signed_in).then_some("entry")>
                        {signed_in.then(|| live(text).into_any())}
                        {children()}
                    </main>
                </div>
            </body>
        </html>
    }
    // erased here and at cards and notes: otherwise the type of a page would hold each of its elements
    .into_any()
}

fn asset(name: &str) -> String {
    format!("/assets/{name}")
}

fn head(frame: &Frame) -> impl IntoView + use<> {
    let text = frame.text;
    let product = frame.product.clone().map(|(model, serial)| {
        view! { <span class="small muted">{text.head_product(model, serial)}</span> }
    });
    let sign_out = frame.product.is_some().then(|| {
        view! { <form method="post" action="/logout"><button>{text.nav_sign_out()}</button></form> }
    });
    let other = if text.0 == Lang::En { Lang::ZhCn } else { Lang::En };
    view! {
        <header class="head">
            <div class="head-box"><b>{frame.host.clone()}</b>{product}</div>
            <div class="head-end">
                <form method="post" action="/language">
                    <input type="hidden" name="return" value=frame.path.clone() />
                    <button name="lang" value=other.tag() lang=other.tag()>{Text(other).language_name()}</button>
                </form>
                {sign_out}
            </div>
        </header>
    }
}

/// Hidden until the box has not been heard of for a while.
fn live(text: Text) -> impl IntoView {
    view! {
        <Live>
            <div class="offline" data-offline role="status" hidden>
                <Note mood=Mood::Warn title=text.live_away()><p>{text.live_away_why()}</p></Note>
            </div>
            <div class="offline" data-signed-out role="alert" hidden>
                <Note mood=Mood::Warn title=text.fault_not_signed_in()>
                    <p>{text.live_signed_out_why()}</p>
                    <p><a href="/login" target="_blank" rel="noreferrer">{text.login_title()}</a></p>
                </Note>
            </div>
        </Live>
    }
}
