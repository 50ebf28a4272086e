//! What the box asks of ModemManager, and what it makes of the answers.

use std::collections::HashMap;

use zbus::{OwnedVariant, Variant};

use super::{Peer, Trace, World, peer::Reply};
use crate::network::Dialled;
use domain::{
    cellular::{
        cause::Cause,
        machine::{Ask, Phase},
        pin::AskWhy,
        request::SetRequest,
    },
    fault::Fault,
    network::spec::{Ipv4Spec, Ipv6Spec},
    secret::Secret,
};

const BEARER: &str = "org.freedesktop.ModemManager1.Bearer";

fn unlock(pin: &str) -> Ask {
    Ask::Unlock { pin: Secret::new(pin).try_into().expect("a PIN"), keep: true, last: false }
}

fn of(world: &World, method: &str) -> Vec<String> {
    let name = format!("{method} ");
    world.peer().calls().borrow().iter().filter(|call| call.starts_with(&name)).cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_of_that_name_and_no_modem_are_told_and_end_by_themselves() {
    let mut world = World::new(None).await;
    let alone = world.code("CE-101").await;
    assert_eq!(alone.phase, Phase::NoManager);
    world.peer = Some(Peer::start(&world.bus.address, Trace::default()).await);
    assert_eq!(world.code("CE-102").await.phase, Phase::NoModem);
    let refused = world.cellular.ask(unlock("1234")).await;
    assert_eq!(refused, Err(Fault::Cellular { cause: Cause::NoModem }));
    world.peer().show(Trace::read("no-sim")).await;
    world.code("CE-201").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_is_sent_once_and_what_the_sim_says_is_told() {
    let world = World::new(Trace::read("locked")).await;
    world.code("CE-203").await;
    let wrong = Reply { then: Some(Trace::read("wrong-pin")), ..Reply::error("MobileEquipment.IncorrectPassword") };
    world.peer().on("SendPin", wrong);
    world.peer().on("SendPin", Reply::then(Trace::read("disabled")));
    let told = world.cellular.ask(unlock("4321")).await;
    assert_eq!(told, Err(Fault::Cellular { cause: Cause::PinWrong { left: Some(2) } }));
    assert_eq!(world.cellular.ask(unlock("1234")).await, Ok(()));
    assert_eq!(of(&world, "SendPin"), ["SendPin 4321", "SendPin 1234"]);
    world.until("it is kept", |status| status.pin).await;
    let kept = std::fs::read_to_string(world.folder.path().join("cellular-pins.json")).expect("kept");
    assert!(kept.contains("1234") && !kept.contains("4321"));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_last_try_the_puk_is_asked_for_and_taken() {
    let world = World::new(Trace::read("puk")).await;
    world.code("CE-205").await;
    let puk = || Ask::Puk {
        puk: Secret::new("12345678").try_into().expect("a PUK"),
        pin: Secret::new("2222").try_into().expect("a PIN"),
        keep: false,
        last: false,
    };
    let wrong = Reply { then: Some(Trace::read("wrong-puk")), ..Reply::error("MobileEquipment.IncorrectPassword") };
    world.peer().on("SendPuk", wrong);
    world.peer().on("SendPuk", Reply::then(Trace::read("disabled")));
    let told = world.cellular.ask(puk()).await;
    assert_eq!(told, Err(Fault::Cellular { cause: Cause::PukWrong { left: Some(9) } }));
    assert_eq!(world.cellular.ask(puk()).await, Ok(()));
    assert_eq!(of(&world, "SendPuk"), ["SendPuk 12345678 2222"; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_modem_is_asked_again_and_the_answer_is_the_last_one() {
    let world = World::new(Trace::read("locked")).await;
    world.code("CE-203").await;
    world.peer().on("SendPin", Reply::error("Core.Retry"));
    world.peer().on("SendPin", Reply::then(Trace::read("disabled")));
    assert_eq!(world.cellular.ask(unlock("1234")).await, Ok(()));
    assert_eq!(of(&world, "SendPin").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connection_is_asked_for_with_the_settings_and_goes_to_the_network_engine() {
    let world = World::new(Trace::read("home")).await;
    world.peer().on("Connect", Reply::then(Trace::read("connected")));
    let set = SetRequest {
        on: Some(true),
        apn: Some("cmnet".into()),
        user: Some("meter".into()),
        password: Some(Secret::new("s3cret")),
        auth: Some("both".into()),
        ..SetRequest::default()
    };
    world.cellular.set(set).await.expect("saved");
    world.connected().await;
    let asked = of(&world, "Connect");
    let texts = ["allow-roaming=false", "allowed-auth=uint32 6", "apn=\"cmnet\"", "ip-type=uint32 1", "user=\"meter\""];
    assert!(asked.len() == 1 && texts.iter().all(|text| asked[0].contains(text)), "{asked:?}");
    assert!(asked[0].contains("password=\"s3cret\"") && !asked[0].contains("operator-id"), "{asked:?}");
    let told = world.told("the engine is told", |told| told.port.is_some()).await;
    assert_eq!(told.interface.as_deref(), Some("wwan0"));
    let ipv4 = told.port.expect("a port").ipv4;
    assert!(
        matches!(&ipv4, Ipv4Spec::Static { addresses, .. } if addresses[0].addr().to_string() == "10.64.0.34"),
        "{ipv4:?}"
    );
}

/// As a modem of the kind that speaks QMI does it: no gateway, and IPv6 beside.
#[tokio::test(flavor = "multi_thread")]
async fn raw_ip_and_ipv6_go_to_the_network_engine() {
    let mut trace = Trace::read("connected");
    let config = |all: Vec<(&str, Variant<'static>)>| -> Variant<'static> {
        let all = all.into_iter().map(|(name, value)| (name.to_owned(), value.try_to_owned().expect("no file")));
        Variant::from(all.collect::<HashMap<String, OwnedVariant>>())
    };
    let ipv4 = vec![
        ("method", Variant::from(2_u32)),
        ("address", Variant::from("10.64.12.34")),
        ("prefix", Variant::from(30_u32)),
        ("mtu", Variant::from(1430_u32)),
    ];
    let ipv6 = vec![
        ("method", Variant::from(2_u32)),
        ("address", Variant::from("2409:8000::34")),
        ("prefix", Variant::from(64_u32)),
        ("gateway", Variant::from("fe80::1")),
        ("dns1", Variant::from("2409:8000::53")),
    ];
    trace.set("/Bearer/", BEARER, "Ip4Config", config(ipv4));
    trace.set("/Bearer/", BEARER, "Ip6Config", config(ipv6));
    let world = World::new(Trace::read("home")).await;
    world.peer().on("Connect", Reply::then(trace));
    world.on("cmnet").await;
    world.connected().await;
    let port = world.told("the engine is told", |told| told.port.is_some()).await.port.expect("a port");
    assert_eq!(port.mtu, Some(1430));
    assert!(matches!(&port.ipv4, Ipv4Spec::Static { gateway: Some(_), .. }), "{port:?}");
    assert!(matches!(port.ipv6(), Ipv6Spec::Static { .. }), "{port:?}");
    assert_eq!(port.dns.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2409:8000::53"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_of_a_connection_has_its_cause() {
    for (error, code) in [
        ("MobileEquipment.ServiceOptionNotSubscribed", "CE-402"),
        ("MobileEquipment.PdpAuthFailure", "CE-403"),
        ("Core.Unsupported", "CE-404"),
        ("MobileEquipment.NetworkTimeout", "CE-407"),
    ] {
        let world = World::new(Trace::read("home")).await;
        world.peer().on("Connect", Reply::error(error));
        world.on("cmnet").await;
        let status = world.code(code).await;
        assert!(status.next_try.is_some() && status.failures >= 1, "{error}: {status:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn roaming_is_not_connected_unless_it_is_allowed() {
    let world = World::new(Trace::read("roaming")).await;
    world.on("cmnet").await;
    world.code("CE-305").await;
    assert!(of(&world, "Connect").is_empty());
    world.peer().on("Connect", Reply::then(Trace::read("connected")));
    world.cellular.set(SetRequest { roaming: Some(true), ..SetRequest::default() }).await.expect("saved");
    world.connected().await;
    assert!(of(&world, "Connect")[0].contains("allow-roaming=true"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modem_that_does_not_answer_holds_nobody_up() {
    let world = World::new(Trace::read("home")).await;
    world.peer().on("Connect", Reply { hangs: true, ..Reply::default() });
    world.on("cmnet").await;
    world.until("it connects", |status| status.phase == Phase::Connecting).await;
    world.cellular.set(SetRequest { limit: Some("500".into()), ..SetRequest::default() }).await.expect("saved");
    assert_eq!(world.cellular.ask(Ask::Disconnect).await, Ok(()));
    world.until("it is given up", |status| status.paused && status.phase == Phase::Registered).await;
    assert_eq!(world.called("Disconnect").await, ["Disconnect /"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_modem_manager_is_killed_the_interface_is_flushed_and_the_connection_made_anew() {
    let mut world = World::new(Trace::read("home")).await;
    world.peer().on("Connect", Reply::then(Trace::read("connected")));
    world.on("cmnet").await;
    world.connected().await;
    world.told("the engine is told", |told| told.port.is_some()).await;
    world.peer.take().expect("a ModemManager").end().await;
    world.code("CE-101").await;
    let flushed = Dialled { interface: Some("wwan0".into()), port: None };
    world.told("it is flushed", |told| *told == flushed).await;
    let peer = Peer::start(&world.bus.address, Trace::read("home")).await;
    peer.on("Connect", Reply::then(Trace::read("connected")));
    world.peer = Some(peer);
    world.connected().await;
    assert_eq!(of(&world, "Connect").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_lost_is_made_again_and_a_modem_that_went_is_told() {
    let world = World::new(Trace::read("home")).await;
    world.peer().on("Connect", Reply::then(Trace::read("connected")));
    world.on("cmnet").await;
    world.connected().await;
    world.peer().show(Trace::read("dropped")).await;
    let lost = world.until("it is lost", |status| status.connected_since.is_none()).await;
    assert!(lost.failures == 1 && lost.next_try.is_some(), "{lost:?}");
    world.peer().on("DeleteBearer", Reply::then(Trace::read("home")));
    world.connected().await;
    world.peer().show(Trace::default()).await;
    world.code("CE-102").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_box_asks_a_person_where_it_has_no_pin_of_this_sim() {
    let world = World::new(Trace::read("locked")).await;
    world.on("cmnet").await;
    let status = world.code("CE-203").await;
    assert_eq!(status.problem.expect("a problem").cause, Cause::PinNeeded { why: AskWhy::NotKept });
    assert!(of(&world, "SendPin").is_empty());
}
