//! The web role with a small agent behind it and small pages inside it.

use std::time::{Duration, Instant};

use axum::{
    Extension, Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header, request},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http_body_util::BodyExt;
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinSet, time::timeout};
use tower::ServiceExt;

use super::*;

mod agent;
mod attacks;
mod doors;
mod live;
mod real;
mod sockets;

use agent::{Agent, Said, said};

/// What no visitor without a session may ever see.
const INSIDE: &str = "inside";
/// Every write of the pages here.
const WRITES: [&str; 6] = ["/login", "/setup", "/language", "/network", "/network/lan1", HANDOFF];
/// Past this a test has failed: nothing here takes long.
const SOON: Duration = Duration::from_secs(10);

fn pages() -> Pages {
    Pages { routes, refused: plainly_refused, pieces }
}

fn plainly_refused(_: &Visitor, refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.fault.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{refusal}\n")).into_response()
}

fn routes() -> Router<App> {
    let inside = || async { INSIDE };
    Router::new()
        .route("/", get(inside))
        .route("/network", get(inside).post(inside))
        .route("/network/{port}", get(inside).post(inside))
        .route("/login", get(|| async { "sign in" }).post(|| async { "signed in" }))
        .route("/setup", get(|| async { "set a password" }).post(|| async { "password set" }))
        .route("/moving", get(|| async { (Extension(FormTargets(vec!["https://10.0.0.6".into()])), "moving") }))
        .route(HANDOFF, post(|| async { "handed over" }))
}

fn pieces(_: Text, overview: &Overview) -> Vec<(String, String)> {
    vec![("host".into(), overview.host_name.clone()), ("model".into(), format!("<b>\r\n{}</b>", overview.model))]
}

struct Rig {
    folder: TempDir,
    agent: Agent,
    app: App,
    cuts: watch::Receiver<u64>,
    router: Router,
    _tasks: JoinSet<()>,
}

/// By which door a request comes in.
#[derive(Clone, Copy)]
enum By {
    Service,
    Uplink,
}

impl Rig {
    async fn new() -> Self {
        Self::with(said(), pages()).await
    }

    async fn with(said: Said, pages: Pages) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let agent = Agent::start(folder.path().join("agent.sock"), said);
        let (known, mut known_here) = watch::channel(Known::default());
        let (cut, cuts) = watch::channel(0);
        let app = App(Arc::new(Parts {
            agent: AgentClient::new(agent.socket.clone()),
            certificates: Arc::new(Certificates::new(folder.path().join("certificates"))),
            known: known_here.clone(),
            streams: Places::default(),
            pages,
        }));
        let mut tasks = JoinSet::new();
        tasks.spawn(follow::follow(app.agent.clone(), known, cut));
        soon(known_here.wait_for(|k| k.here)).await.expect("the agent is there");
        let router = router(app.clone(), Limits::default());
        Self { folder, agent, app, cuts, router, _tasks: tasks }
    }

    async fn ask(&self, by: By, request: Request<Body>) -> Answer {
        Answer::of(soon(self.router.clone().oneshot(by.mark(request))).await.expect("infallible")).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(By::Uplink, from_here(Method::GET, path).body(Body::empty()).expect("request")).await
    }
}

impl By {
    fn mark(self, mut request: Request<Body>) -> Request<Body> {
        let (port, service) = if let Self::Service = self { ("service", true) } else { ("lan1", false) };
        request.extensions_mut().insert(Conn {
            local: "10.0.0.5:443".parse().expect("address"),
            peer: "10.0.0.9:5000".parse().expect("address"),
            port: port.parse().expect("name"),
            service,
            accepted: Instant::now(),
        });
        request
    }
}

/// A request as a page of ours makes it, without a session.
fn from_here(method: Method, path: &str) -> request::Builder {
    Request::builder().method(method).uri(path).header("host", "10.0.0.5").header("origin", "https://10.0.0.5")
}

fn signed_in(method: Method, path: &str) -> request::Builder {
    from_here(method, path).header("cookie", "lang=zh-CN; __Host-session=alive")
}

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    async fn of<B>(response: Response<B>) -> Self
    where
        B: hyper::body::Body<Error: std::fmt::Debug>,
    {
        let (parts, body) = response.into_parts();
        let body = soon(body.collect()).await.expect("body").to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        Self { status: parts.status, headers: parts.headers, body }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().expect("text"))
    }

    fn leads_to(&self, place: &str) -> bool {
        self.status == StatusCode::SEE_OTHER && self.header("location") == place
    }
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(SOON, what).await.expect("in time")
}
