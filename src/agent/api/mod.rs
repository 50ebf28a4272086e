//! The agent's socket: HTTP/1.1 and JSON, for the web process and the command line only.

mod activation;
mod alarms;
mod applications;
mod audit;
mod caller;
mod cellular;
mod certificate;
mod lease;
mod logs;
mod network;
mod pair;
mod power;
mod sessions;
mod settings;
mod sign_in;
mod status;
mod support;

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRequest, Request, rejection::JsonRejection},
    http::StatusCode,
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::{net::UnixListener, sync::watch};

use super::{
    activation::Activations,
    alarms::AlarmTask,
    applications::{self as apps, Applications},
    audit::Audit,
    auth::Auth,
    cellular::Cellular,
    certificate::Certificates,
    logs::Logs,
    network::Network,
    pair::Pairs,
    power::Power,
    settings::Settings,
};
use domain::{
    api::{BODY_LIMIT, Hello},
    box_file::BoxFile,
    fault::{Fault, Refusal},
    load::Load,
    seed::SeedStatus,
    service_port::ServicePortStatus,
};
use os::{notify, operation};

pub use caller::Peer;
pub(crate) use settings::own_addresses;

/// What every call may use.
#[derive(Clone, Debug)]
pub struct Shared {
    own: Arc<Own>,
    tasks: Tasks,
    watched: Watched,
    hello: watch::Sender<Hello>,
    /// Held while DHCP servers are looked for.
    searching: Arc<tokio::sync::Mutex<()>>,
    /// Held while the network is tested.
    testing: Arc<tokio::sync::Mutex<()>>,
    /// Held while a support bundle is made.
    packing: Arc<tokio::sync::Mutex<()>>,
}

/// What does not change while the agent runs.
#[derive(Clone, Debug)]
pub struct Own {
    pub board: BoxFile,
    /// The user of the web process.
    pub web_uid: Option<u32>,
    /// [`Hello::generation`].
    pub generation: String,
    /// Whose files are listed in a support bundle.
    pub state_dir: PathBuf,
}

/// The tasks that calls are passed on to; each owns a resource.
#[derive(Clone, Debug)]
pub struct Tasks {
    pub audit: Audit,
    pub alarms: AlarmTask,
    pub logs: Logs,
    pub network: Network,
    pub auth: Auth,
    pub settings: Settings,
    pub power: Power,
    pub certificates: Certificates,
    pub activation: Activations,
    pub cellular: Cellular,
    pub pairs: Pairs,
    pub apps: Applications,
}

/// What tasks publish that nobody asks anything.
#[derive(Clone, Debug)]
pub struct Watched {
    pub load: watch::Receiver<Load>,
    pub service_port: watch::Receiver<ServicePortStatus>,
    pub seed: watch::Receiver<SeedStatus>,
}

impl Shared {
    pub fn new(own: Own, tasks: Tasks, watched: Watched) -> Self {
        let (hello, _) = watch::channel(Hello::default());
        let (searching, testing, packing) = (Arc::default(), Arc::default(), Arc::default());
        let shared = Self { own: Arc::new(own), tasks, watched, hello, searching, testing, packing };
        tokio::spawn(status::keep_hello(shared.clone()));
        shared
    }
}

/// A refusal on its way out; names the operation in the log.
#[derive(Debug)]
pub struct Refused(Fault);

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let refusal = Refusal::new(self.0, operation::id());
        tracing::info!(operation = refusal.operation, code = refusal.code, fault = %refusal.fault, "refused");
        let status = StatusCode::from_u16(refusal.fault.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let told = audit::Told { code: refusal.code.clone(), operation: refusal.operation.clone() };
        let mut response = (status, axum::Json(refusal)).into_response();
        response.extensions_mut().insert(told);
        response
    }
}

/// A JSON body; what is wrong with it is told as a refusal.
struct Json<T>(T);

impl<T: serde::de::DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let json = axum::Json::from_request(request, state).await;
        json.map(|axum::Json(value)| Self(value))
            .map_err(|error: JsonRejection| Refused(Fault::Malformed { detail: error.body_text() }))
    }
}

type Reply<T> = Result<axum::Json<T>, Refused>;

pub fn router(shared: Shared) -> Router {
    Router::new()
        .route("/v1/hello", get(status::hello))
        .route("/v1/hello/events", get(status::hello_events))
        .route("/v1/overview", get(status::overview))
        .route("/v1/events", get(status::events))
        .route("/v1/setup", post(sign_in::setup))
        .route("/v1/login", post(sign_in::login))
        .route("/v1/logout", post(sign_in::logout))
        .route("/v1/session", get(sign_in::session))
        .route("/v1/password", post(sign_in::password))
        .route("/v1/password/change", post(sign_in::change))
        .route("/v1/sessions", get(sessions::list))
        .route("/v1/sessions/end", post(sessions::end))
        .route("/v1/network/plan", post(network::plan))
        .route("/v1/network/apply", post(network::apply))
        .route("/v1/network/confirm", post(network::confirm))
        .route("/v1/network/handoff", post(network::handoff))
        .route("/v1/network/rollback", post(network::rollback))
        .route("/v1/network/more-time", post(network::more_time))
        .route("/v1/network/lease", post(lease::lease))
        .route("/v1/network/test", post(network::test))
        .route("/v1/alarms", get(alarms::list))
        .route("/v1/alarms/ack", post(alarms::acknowledge))
        .route("/v1/logs", get(logs::read).post(logs::hand_over))
        .route("/v1/audit", get(audit::show))
        .route("/v1/settings", get(settings::show))
        .route("/v1/settings/host-name", post(settings::host_name))
        .route("/v1/settings/time", post(settings::time))
        .route("/v1/settings/clock", post(settings::clock))
        .route("/v1/settings/proxy", post(settings::proxy))
        .route("/v1/power", post(power::power))
        .route("/v1/factory-reset", post(power::factory_reset))
        .route("/v1/certificate", get(certificate::show))
        .route("/v1/certificate/check", post(certificate::check))
        .route("/v1/certificate/install", post(certificate::install))
        .route("/v1/certificate/remove", post(certificate::remove))
        .route("/v1/certificate/serving", get(certificate::serving))
        .route("/v1/activation", get(activation::show))
        .route("/v1/activation/events", get(status::activation_events))
        .route("/v1/activation/answers", post(activation::answers))
        .route("/v1/activation/preview", post(activation::preview))
        .route("/v1/activation/check", post(activation::check))
        .route("/v1/activation/begin", post(activation::begin))
        .route("/v1/activation/stop", post(activation::stop))
        .route("/v1/activation/request", post(activation::request))
        .route("/v1/activation/offline", post(activation::offline))
        .route("/v1/cluster", get(activation::cluster))
        .route("/v1/fleet", get(activation::fleet))
        .route("/v1/fleet/sign-in", post(activation::sign_in))
        .route("/v1/fleet/sign-out", post(activation::sign_out))
        .route("/v1/fleet/call", post(activation::call))
        .route("/v1/cellular", get(cellular::show))
        .route("/v1/cellular/set", post(cellular::set))
        .route("/v1/cellular/unlock", post(cellular::unlock))
        .route("/v1/cellular/puk", post(cellular::puk))
        .route("/v1/cellular/pin", post(cellular::pin))
        .route("/v1/cellular/sim", post(cellular::note_sim))
        .route("/v1/cellular/connect", post(cellular::connect))
        .route("/v1/cellular/disconnect", post(cellular::disconnect))
        .route("/v1/pair", get(pair::show))
        .route("/v1/pair/settings", post(pair::settings))
        .route("/v1/pair/switchover", post(pair::switchover))
        .route("/v1/pair/drill", post(pair::drill))
        .route("/v1/pair/maintenance", post(pair::maintenance))
        .route("/v1/pair/clear", post(pair::clear))
        .route("/v1/applications", get(applications::show))
        .route("/v1/applications/add", post(applications::add).layer(DefaultBodyLimit::max(apps::BODY)))
        .route("/v1/applications/remove", post(applications::remove))
        .route("/v1/applications/start", post(applications::start))
        .route("/v1/applications/stop", post(applications::stop))
        .route("/v1/applications/logs", get(applications::logs))
        .route("/v1/support", post(support::bundle))
        .fallback(|| async { Refused(Fault::NotFound) })
        .layer(from_fn_with_state(shared.clone(), audit::keep))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(shared)
}

/// Serves until a signal comes. The socket's folder may be entered by all: who may ask is decided by peer credentials.
///
/// # Errors
/// When the socket cannot be made.
pub async fn serve(path: &Path, shared: Shared) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o666))?;
    tracing::info!(socket = %path.display(), "ready");
    notify::ready();
    let service = router(shared).into_make_service_with_connect_info::<Peer>();
    tokio::select! {
        result = axum::serve(listener, service) => result,
        () = ended() => Ok(()),
    }
}

/// SIGTERM or SIGINT: ends at once. An open change goes on in the journal.
async fn ended() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
}
