//! Every page in every state that is worth looking at.

use std::collections::BTreeMap;

use gatehouse::{
    components::{frame::Frame, nav::Place},
    domain::{
        api::Overview,
        auth::password::PasswordRule,
        fault::{Fault, Refusal},
        network::{
            form::{PortForm, RouteRow, RouteRows},
            hops::{
                AddressFinding, Asked, DnsAnswer, DnsFinding, Findings, GatewayFinding, HostFinding, LinkFinding,
                Report, Server, evaluate,
            },
            issue::{Field, Issue, RouteField, RoutePart, Rule},
            kernel::KernelState,
            plan::{Change, Item, Plan, Verb},
            transaction::{Actor, Outcome, PhaseView, TxId, Why},
        },
        secret::Secret,
    },
    pages::{
        change::{self, ChangeView},
        entry::{LoginView, SetupView, login, setup},
        fault, handoff,
        hops::{self, TestView},
        landing::Landing,
        network,
        order::{self, OrderView},
        overview,
        port::{self, PortView},
        preview::Preview,
        render::to_html,
    },
    text::Text,
    web::cookies::ChangeSecrets,
};

use super::{
    access,
    boxes::{awaiting, changing_box, ipv6_box, name, new_box, troubled_box, working_box},
    care, cellular, certificate, fleet, pair, power, settings, trouble,
};

pub fn frame(text: Text, of: Option<&Overview>, place: Option<Place>) -> Frame {
    Frame {
        text,
        title: text.nav_overview().to_owned(),
        problem: false,
        host: "box-b6".to_owned(),
        product: of.map(|o| (o.model.clone(), o.serial.clone())),
        place,
        path: "/".to_owned(),
        islands: of.is_some(),
        refresh: None,
    }
}

pub fn refusal(fault: Fault) -> Refusal {
    Refusal::new(fault, "9f3c21aa04be")
}

pub fn overview_page(text: Text, overview: &Overview) -> String {
    to_html(|| overview::page(frame(text, Some(overview), Some(Place::Overview)), overview))
}

pub fn port_page(text: Text, overview: &Overview, port: usize, view: PortView) -> String {
    let port = &overview.network.ports[port];
    let view = PortView {
        form: if view.form == PortForm::default() { saved(overview, port.name.as_str()) } else { view.form },
        ..view
    };
    to_html(|| port::page(frame(text, Some(overview), Some(Place::Network)), overview, port, view))
}

fn order_page(text: Text, overview: &Overview, order: &[&str], preview: Option<Preview>) -> String {
    let view = OrderView { order: order.iter().map(|n| name(n)).collect(), preview, refusal: None };
    to_html(|| order::page(frame(text, Some(overview), Some(Place::Network)), overview, &view))
}

fn saved(overview: &Overview, port: &str) -> PortForm {
    PortForm::of(&overview.network.spec.port(&name(port)))
}

pub fn change_page(text: Text, overview: &Overview, view: &ChangeView) -> String {
    to_html(|| change::page(frame(text, Some(overview), Some(Place::Network)), overview, view))
}

pub fn test_page(text: Text, overview: &Overview, view: TestView) -> String {
    to_html(|| hops::page(frame(text, Some(overview), Some(Place::Network)), overview, view))
}

const HOST_ANSWERS: Asked<HostFinding> = Asked::Found(HostFinding::Answers { millis: 40 });

/// All is well up to the end.
pub fn whole() -> Findings {
    Findings { host: HOST_ANSWERS, ..findings() }
}

/// The host does not answer, and neither does the first DNS server.
fn findings() -> Findings {
    let ip = |text: &str| text.parse().expect("address");
    let server = |text: &str| text.parse().expect("server");
    let servers = vec![
        Server { address: server("10.20.0.53"), answer: DnsAnswer::Timeout },
        Server { address: server("10.20.0.1"), answer: DnsAnswer::Resolved { millis: 9 } },
    ];
    Findings {
        link: Asked::Found(LinkFinding::Up { speed: Some(2_500) }),
        address: Asked::Found(AddressFinding::Has("10.20.0.15/24".parse().expect("net"))),
        gateway: Asked::Found(GatewayFinding::Answers { gateway: ip("10.20.0.1"), millis: 1 }),
        dns: Asked::Found(DnsFinding { name: "registry.example".to_owned(), servers }),
        clock: Asked::NotConfigured,
        proxy: Asked::NotConfigured,
        host: Asked::Found(HostFinding::Unreachable),
    }
}

fn unplugged() -> Findings {
    Findings { link: Asked::Found(LinkFinding::Down), ..Findings::default() }
}

pub fn tested(findings: &Findings) -> TestView {
    let host = "registry.example:8443".to_owned();
    let report = Report {
        uplink: Some(name("lan1")),
        host: Some(host.parse().expect("host")),
        path: evaluate(findings.clone()),
    };
    TestView { host, report: Some(report), refusal: None }
}

pub fn wrong_host(typed: &str) -> TestView {
    let issues = vec![Issue { port: None, field: Field::Host, rule: Rule::NotAHostName }];
    TestView { host: typed.to_owned(), report: None, refusal: Some(refusal(Fault::Invalid { issues })) }
}

pub fn fingerprint() -> String {
    "9F:3C:21:AA:04:BE:77:10:5D:E2:8B:6F:00:C4:19:3A:D8:42:FE:91:0B:66:A7:2C:E5:13:88:4D:F0:5B:37:C9".to_owned()
}

pub fn moves() -> Landing {
    Landing::Moves { to: "10.30.0.15".parse().expect("address"), fingerprint: Some(fingerprint()) }
}

pub fn stays() -> Landing {
    Landing::Stays { at: "192.168.100.198".to_owned() }
}

pub fn change_view(mine: bool, service: bool, landing: Landing) -> ChangeView {
    let mine = mine.then(|| ChangeSecrets { confirm: Secret::new("c0ffee"), handoff: Secret::new("decade") });
    ChangeView { mine, service, landing, refusal: None }
}

pub fn wrong_form() -> PortView {
    let lan1 = name("lan1");
    let form = PortForm {
        method: "static".to_owned(),
        address: "10.20.0.300".to_owned(),
        mask: "255.255.255.0".to_owned(),
        gateway: "10.21.0.1".to_owned(),
        dns1: "<b>dns</b>".to_owned(),
        ..PortForm::default()
    };
    let net = "10.20.0.0/24".parse().expect("net");
    let ip = |text: &str| text.parse().expect("address");
    let outside = Rule::GatewayOutside { network: net, first: ip("10.20.0.1"), last: ip("10.20.0.254") };
    let issues = vec![
        Issue::new(&lan1, Field::Address, Rule::NotAnAddress),
        Issue::new(&lan1, Field::Gateway, outside),
        Issue::new(&lan1, Field::Dns1, Rule::NotAnAddress),
    ];
    PortView { form, issues, ..PortView::default() }
}

/// Two routes, one of them wrong, and a row that was added.
pub fn routes() -> PortView {
    let row = |destination: &str, mask: &str, gateway: &str| RouteRow {
        destination: destination.to_owned(),
        mask: mask.to_owned(),
        gateway: gateway.to_owned(),
    };
    let rows = vec![row("172.16.0.0", "255.240.0.0", "10.20.0.7"), row("10.9.0.0", "", "10.99.0.1"), row("", "", "")];
    let form = PortForm { routes: RouteRows(rows), mtu: "90".to_owned(), ..saved(&working_box(), "lan1") };
    let at = |part| Field::Route(RouteField { row: 2, part });
    let lan1 = name("lan1");
    let issues = vec![
        Issue::new(&lan1, at(RoutePart::Mask), Rule::Missing),
        Issue::new(&lan1, Field::Mtu, Rule::MtuOutOfRange { least: 576, most: 9216 }),
    ];
    PortView { form, issues, ..PortView::default() }
}

pub fn planned(landing: Landing, refused: Option<Fault>) -> PortView {
    let (lan1, ip) = (name("lan1"), |text: &str| text.parse().expect("address"));
    let address =
        |verb, net: &str| Change { verb, what: Item::Address { port: name("lan1"), net: net.parse().expect("net") } };
    let route = |verb, gateway: &str| Change {
        verb,
        what: Item::DefaultRoute { port: name("lan1"), gateway: gateway.parse().expect("gateway"), place: 1 },
    };
    let plan = Plan {
        base: KernelState::default().hash(),
        changes: vec![
            address(Verb::Adds, "10.30.0.15/24"),
            route(Verb::Adds, "10.30.0.1"),
            Change { verb: Verb::Adds, what: Item::UplinkOrder { ports: vec![lan1, name("lan2")] } },
            address(Verb::Removes, "10.20.0.15/24"),
            route(Verb::Removes, "10.20.0.1"),
        ],
        apply: Vec::new(),
        commit: Vec::new(),
        leaving: vec![ip("10.20.0.15")],
        arriving: vec![ip("10.30.0.15")],
        offers: BTreeMap::new(),
    };
    let form =
        PortForm { address: "10.30.0.15".to_owned(), gateway: "10.30.0.1".to_owned(), ..saved(&working_box(), "lan1") };
    let preview = Some(Preview { plan, base: "4711".to_owned(), landing });
    PortView { form, preview, refusal: refused.map(refusal), issues: Vec::new() }
}

pub fn ended(outcome: Option<Outcome>) -> Overview {
    let mut it = working_box();
    it.network.transaction.last = outcome;
    it
}

/// Pages by the names of their states.
pub type Named = Vec<(&'static str, String)>;

/// Those of other files: a page below System has one of its own.
const OTHERS: [fn(Text) -> Named; 9] = [
    cellular::pages,
    fleet::pages,
    pair::pages,
    settings::pages,
    power::pages,
    access::pages,
    care::pages,
    certificate::pages,
    trouble::pages,
];

pub fn pages(text: Text) -> Named {
    let bare = || frame(text, None, None);
    let (new, working, troubled) = (new_box(), working_box(), troubled_box());
    let login_page = |view| to_html(|| login(bare(), view));
    let setup_page =
        |here, refused: Option<Fault>| to_html(|| setup(bare(), SetupView { here, refusal: refused.map(refusal) }));
    let refused = |fault| Some(refusal(fault));
    let busy = Fault::Busy { by: Actor::Session { from: "10.20.0.77".to_owned() }, left: 64_000 };
    let undone = Outcome::RolledBack { tx: TxId(41), reason: Why::NotConfirmed };
    let mut all = vec![
        ("setup", setup_page(true, None)),
        ("setup-bad", setup_page(true, Some(Fault::BadPassword { rule: PasswordRule::Common }))),
        ("setup-elsewhere", setup_page(false, None)),
        ("login", login_page(LoginView::default())),
        ("login-wrong", login_page(LoginView { refusal: refused(Fault::WrongPassword), ..LoginView::default() })),
        (
            "login-slow",
            login_page(LoginView { refusal: refused(Fault::SlowDown { seconds: 16 }), ..LoginView::default() }),
        ),
        ("login-ended", login_page(LoginView { ended: true, ..LoginView::default() })),
        ("overview-new", overview_page(text, &new)),
        ("overview", overview_page(text, &working)),
        ("overview-troubled", overview_page(text, &troubled)),
        ("network", to_html(|| network::page(frame(text, Some(&working), Some(Place::Network)), &working))),
        ("network-open", {
            let open = changing_box(awaiting(true));
            to_html(|| network::page(frame(text, Some(&open), Some(Place::Network)), &open))
        }),
        ("order", order_page(text, &working, &["lan2", "lan1"], planned(stays(), None).preview)),
        ("order-saved", order_page(text, &working, &["lan1", "lan2"], None)),
        ("port", port_page(text, &working, 0, PortView::default())),
        ("port-new", port_page(text, &new, 1, PortView::default())),
        ("port-wrong", port_page(text, &working, 0, wrong_form())),
        ("port-routes", port_page(text, &working, 0, routes())),
        (
            "port-cut-off",
            port_page(
                text,
                &working,
                0,
                PortView {
                    refusal: refused(Fault::CutsOff { address: "10.20.0.77".parse().expect("address") }),
                    ..PortView::default()
                },
            ),
        ),
        ("port-plan", port_page(text, &working, 0, planned(stays(), None))),
        ("port-plan-moves", port_page(text, &working, 0, planned(moves(), None))),
        ("port-outdated", port_page(text, &working, 0, planned(stays(), Some(Fault::PlanOutdated)))),
        (
            "port-busy",
            port_page(
                text,
                &changing_box(awaiting(true)),
                0,
                PortView { refusal: refused(busy), ..PortView::default() },
            ),
        ),
        (
            "port-nothing",
            port_page(text, &working, 0, PortView { refusal: refused(Fault::NothingToDo), ..PortView::default() }),
        ),
        ("port-ipv6", port_page(text, &ipv6_box(), 0, PortView::default())),
        ("port-service", port_page(text, &working, 2, PortView::default())),
        (
            "change-applying",
            change_page(
                text,
                &changing_box(PhaseView::Applying { step: 2, of: 7 }),
                &change_view(true, false, moves()),
            ),
        ),
        ("change-moves", change_page(text, &changing_box(awaiting(true)), &change_view(true, false, moves()))),
        ("change-keep", change_page(text, &changing_box(awaiting(true)), &change_view(true, true, stays()))),
        ("change-unwell", change_page(text, &changing_box(awaiting(false)), &change_view(true, true, stays()))),
        ("change-theirs", change_page(text, &changing_box(awaiting(true)), &change_view(false, false, stays()))),
        (
            "change-kept",
            change_page(text, &ended(Some(Outcome::Committed { tx: TxId(42) })), &change_view(false, false, stays())),
        ),
        ("change-undone", change_page(text, &ended(Some(undone)), &change_view(false, false, stays()))),
        ("test", test_page(text, &working, TestView::default())),
        ("test-works", test_page(text, &working, tested(&Findings { host: HOST_ANSWERS, ..findings() }))),
        ("test-broken", test_page(text, &working, tested(&findings()))),
        ("test-unplugged", test_page(text, &troubled, tested(&unplugged()))),
        ("test-wrong", test_page(text, &working, wrong_host("https://registry.example/"))),
        (
            "test-slow",
            test_page(
                text,
                &working,
                TestView { refusal: refused(Fault::SlowDown { seconds: 8 }), ..TestView::default() },
            ),
        ),
        ("change-none", change_page(text, &ended(None), &change_view(false, false, stays()))),
        ("handoff", to_html(|| handoff::page(bare()))),
        ("not-found", to_html(|| fault::page(bare(), &refusal(Fault::NotFound)))),
        ("agent-away", to_html(|| fault::page(bare(), &refusal(Fault::AgentAway)))),
    ];
    all.extend(OTHERS.into_iter().flat_map(|pages| pages(text)));
    all
}
