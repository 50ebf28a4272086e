//! The pages of care: seed, support bundle, about.

use gatehouse::{
    components::nav::Place,
    domain::{
        api::Overview,
        fault::Fault,
        network::issue::{Field, Issue, Rule},
        seed::{Applied, Came, Part, Problem, Refused, Report, SeedStatus, What, WhyNot},
        time::UnixSeconds,
    },
    pages::{
        render::to_html,
        system::{self, about, seed, support},
    },
    text::Text,
};

use super::{
    all::{frame, refusal},
    boxes::working_box,
};

const AT: UnixSeconds = UnixSeconds(1_795_600_000);

fn stick(name: &str) -> String {
    format!("/media/{name}/gatehouse-seed.toml")
}

fn applied(came: impl Fn(Part) -> Came) -> SeedStatus {
    let reports = Part::ALL.map(|part| Report { part, came: came(part) }).into();
    let digest = "9f3c21aa04be77105de28b6f00c4193ad842fe910b66a72ce513884df05b37c9".to_owned();
    SeedStatus { applied: Some(Applied { from: stick("GATEHOUSE"), digest, at: AT, reports }), refused: None }
}

fn refused(from: String, why: WhyNot) -> SeedStatus {
    SeedStatus { applied: None, refused: Some(Refused { from, at: AT, why }) }
}

/// With everything that a stranger can write into it.
pub fn refused_seed(nasty: &str) -> SeedStatus {
    let overlap = Rule::OverlapsService { network: "192.168.100.0/24".parse().expect("net") };
    let issue = Issue { port: Some("lan1".parse().expect("name")), field: Field::Address, rule: overlap };
    let problems = vec![
        Problem { line: Some(3), what: What::Malformed { reason: nasty.to_owned() } },
        Problem { line: Some(14), what: What::Value { issue } },
    ];
    refused(stick(nasty), WhyNot::Unusable { problems })
}

pub fn seed_page(text: Text, overview: &Overview) -> String {
    to_html(|| seed::page(frame(text, Some(overview), Some(Place::System)), overview))
}

pub fn pages(text: Text) -> Vec<(&'static str, String)> {
    let with = |status| Overview { seed: status, ..working_box() };
    let kept = |part| if part == Part::Password { Came::Kept } else { Came::Applied };
    let fails = |part| match part {
        Part::Proxy => Came::Failed { error: "No space left on device".to_owned() },
        _ => Came::Applied,
    };
    vec![
        ("about", to_html(|| about::page(frame(text, Some(&working_box()), Some(Place::System)), &working_box()))),
        (
            "support",
            to_html(|| support::page(frame(text, Some(&working_box()), Some(Place::System)), system::Came::default())),
        ),
        ("support-busy", {
            let came = system::Came { saved: false, refusal: Some(refusal(Fault::SlowDown { seconds: 2 })) };
            to_html(|| support::page(frame(text, Some(&working_box()), Some(Place::System)), came))
        }),
        ("seed-none", seed_page(text, &working_box())),
        ("seed", seed_page(text, &with(applied(|_| Came::Applied)))),
        ("seed-kept", seed_page(text, &with(applied(kept)))),
        ("seed-pending", seed_page(text, &with(applied(fails)))),
        ("seed-unusable", seed_page(text, &with(refused_seed("unknown field `host_nam`")))),
        (
            "seed-other-box",
            seed_page(text, &with(refused(stick("GATEHOUSE"), WhyNot::OtherBox { serial: "7F3K-2220".to_owned() }))),
        ),
        ("seed-needs-serial", seed_page(text, &with(refused(stick("GATEHOUSE"), WhyNot::NeedsSerial)))),
    ]
}
