//! Lives of one client, a situation each.

use domain::{
    dhcp::{
        anomaly::Anomaly,
        client::{Action, Event, Lost, News, Problem, Standing, State, StateName, To},
        lease::Part,
        message::{Kind, Options, code},
        timing::{CARRIER_GRACE, FIRST_BACK_OFF, JITTER, LONGEST_BACK_OFF},
    },
    time::BootMillis,
};

use super::support::{
    ADDRESS, Lab, MAC, MINUTE, OWN, ROGUE, SECOND, STRANGER, from, ip, nak, options, remembered, reply, words,
};

#[test]
fn asks_as_table_5_of_rfc_2131_says() {
    let mut lab = Lab::requesting();
    let [discover, request] = [lab.sent[0].1.clone(), lab.sent[1].1.clone()];
    for message in [&discover, &request] {
        assert_eq!((message.chaddr, message.broadcast, message.ciaddr), (MAC, false, ip("0.0.0.0")));
        assert_eq!(message.options.client_id.as_deref(), Some(&[1, 2, 0, 0, 0, 1, 1][..]));
        assert_eq!(message.options.host_name.as_deref(), Some("box-7"));
        assert_eq!(message.options.vendor_class.as_deref(), Some("gatehouse"));
        assert!(message.options.max_message_size.is_some());
        let mut wanted = message.options.parameter_request_list.clone();
        wanted.sort_unstable();
        assert_eq!(wanted, [1, 3, 6, 12, 15, 26, 42, 51, 54, 58, 59, 119, 121]);
    }
    assert_eq!((discover.options.requested_address, discover.options.server_id), (None, None));
    assert_eq!((request.options.requested_address, request.options.server_id), (Some(ADDRESS), Some(OWN)));
    assert_eq!((request.xid, request.secs), (discover.xid, discover.secs));

    lab.answer(Kind::Ack, options());
    lab.probed(None);
    lab.tick();
    let renew = lab.last().clone();
    assert_eq!(lab.sent.last().unwrap().2, To::Unicast { from: ADDRESS, to: OWN });
    assert_eq!((renew.kind, renew.ciaddr), (Kind::Request, ADDRESS));
    assert_eq!((renew.options.requested_address, renew.options.server_id), (None, None));

    lab.on(Event::Stop { release: true });
    let release = lab.last();
    assert_eq!((release.kind, release.ciaddr), (Kind::Release, ADDRESS));
    assert_eq!((release.options.requested_address, release.options.server_id), (None, Some(OWN)));
    assert!(release.options.parameter_request_list.is_empty() && release.options.host_name.is_none());
}

#[test]
fn init_reboot_names_the_address_and_no_server() {
    let lab = Lab::rebooting(Standing::EarlierBoot);
    let message = lab.last();
    assert_eq!((message.kind, message.ciaddr), (Kind::Request, ip("0.0.0.0")));
    assert_eq!((message.options.requested_address, message.options.server_id), (Some(ADDRESS), None));
}

#[test]
fn a_silent_server_is_asked_for_ever_but_ever_more_rarely() {
    let mut lab = Lab::selecting();
    lab.pass(60 * MINUTE);
    let waits = lab.sent.windows(2).map(|two| two[1].0.left(two[0].0)).collect::<Vec<_>>();
    for (wait, about) in waits.iter().zip([4, 8, 16, 32, 64, 64, 64]) {
        assert!(wait.abs_diff(about * SECOND) <= JITTER, "{waits:?}");
    }
    assert!((55..=62).contains(&waits.len()), "{waits:?}");
    let xids = lab.sent.iter().map(|sent| sent.1.xid).collect::<Vec<_>>();
    assert!(xids[..5].iter().all(|xid| *xid == xids[0]), "a slow server's answer still counts: {xids:?}");
    assert!(xids[4..].windows(2).all(|two| two[0] != two[1]), "{xids:?}");
    let (at, last, _) = lab.sent.last().unwrap();
    assert_eq!(u64::from(last.secs), at.left(lab.sent[0].0) / SECOND);
    assert!(matches!(lab.client.view().problem, Some(Problem::NoAnswer { tries: 50.. })));
}

#[test]
fn another_client_asks_at_other_times_and_under_another_xid() {
    let (one, mut other) = (Lab::selecting(), Lab::new());
    other.random = 8;
    other.on(Event::Start { remembered: None, carrier: true });
    other.tick();
    assert_ne!(one.xid, other.xid);
    assert_ne!(one.client.deadline(), other.client.deadline());
}

#[test]
fn begins_anew_when_the_offer_is_not_kept() {
    let mut lab = Lab::requesting();
    let first = lab.xid;
    lab.pass(MINUTE);
    let kinds = lab.sent.iter().map(|sent| sent.1.kind).take(5).collect::<Vec<_>>();
    assert_eq!(kinds, [Kind::Discover, Kind::Request, Kind::Request, Kind::Request, Kind::Discover]);
    assert_ne!(lab.xid, first);
}

#[test]
fn time_runs_from_the_question_not_from_the_answer() {
    let mut lab = Lab::selecting();
    lab.now = lab.now.plus(2 * SECOND);
    lab.answer(Kind::Offer, options());
    let asked = lab.now;
    lab.now = lab.now.plus(3 * SECOND);
    lab.answer(Kind::Ack, options());
    lab.probed(None);
    assert_eq!(lab.client.lease().unwrap().obtained, asked);
}

#[test]
fn renews_at_t1_rebinds_at_t2_and_ends_with_the_lease() {
    let mut lab = Lab::bound();
    let lease = lab.client.lease().unwrap().clone();
    lab.sent.clear();
    let actions = lab.pass(3_600 * SECOND);
    let (t1, t2, end) = (lease.renew_at().unwrap(), lease.rebind_at().unwrap(), lease.expires().unwrap());
    assert!(lab.sent[0].0 <= t1 && t1.left(lab.sent[0].0) <= 1_800 * SECOND / 64, "T1 less the spread");
    let requests = lab.sent.iter().filter(|sent| sent.1.kind == Kind::Request).collect::<Vec<_>>();
    for (at, message, to) in &requests {
        assert_eq!(*to == To::Broadcast, *at >= t2, "{at:?}");
        assert_eq!(message.ciaddr, ADDRESS);
    }
    for two in requests.windows(2) {
        assert!(two[1].0 == t2 || two[1].0.left(two[0].0) >= MINUTE, "{two:?}");
        assert_ne!(two[0].1.xid, two[1].1.xid);
    }
    assert!(requests.iter().all(|sent| sent.0 < end) && requests.len() >= 6, "{requests:?}");
    let lost = Action::Lost { lease: Box::new(lease), why: Lost::Expired };
    assert_eq!(actions.iter().filter(|action| **action == lost).count(), 1);
}

#[test]
fn a_lease_is_lost_at_its_end_exactly_whatever_comes_then() {
    for event in [
        Event::Tick,
        Event::CarrierFound,
        Event::CarrierLost,
        Event::Received(Box::new(reply(Kind::Ack, 1, options()))),
    ] {
        let mut lab = Lab::bound();
        let end = lab.client.lease().unwrap().expires().unwrap();
        lab.now = BootMillis(end.0 - 1);
        lab.on(event.clone());
        assert!(lab.client.lease().is_some(), "{event:?}");
        lab.now = end;
        let actions = lab.on(event.clone());
        assert!(matches!(actions[0], Action::Lost { why: Lost::Expired, .. }), "{event:?}: {actions:?}");
        assert!(lab.client.lease().is_none());
    }
}

#[test]
fn a_lease_for_ever_is_never_asked_for_again() {
    let mut lab = Lab::requesting();
    lab.answer(Kind::Ack, Options { lease_time: Some(u32::MAX), ..options() });
    lab.probed(None);
    assert_eq!((lab.name(), lab.client.deadline()), (StateName::Bound, None));
}

#[test]
fn says_what_a_renewal_changes() {
    let mut lab = Lab::renewing();
    let new = Options { dns: vec![ip("10.20.0.3")], lease_time: Some(7_200), ..options() };
    let actions = lab.answer(Kind::Ack, new);
    assert!(
        matches!(&actions[0], Action::Bound { news: News::Renewed(parts), .. } if *parts == [Part::Dns, Part::Lifetimes])
    );
}

#[test]
fn another_address_on_renewal_is_probed_while_the_old_one_stays() {
    let mut lab = Lab::renewing();
    let mut elsewhere = reply(Kind::Ack, lab.xid, options());
    elsewhere.yiaddr = ip("10.20.0.16");
    lab.hear(elsewhere);
    assert_eq!(lab.client.lease().unwrap().address.addr(), ADDRESS);
    let mut taken = lab.clone();
    let actions = lab.probed(None);
    assert!(matches!(&actions[0], Action::Bound { news: News::Renewed(parts), .. } if parts.contains(&Part::Address)));

    taken.probed(Some(STRANGER));
    assert_eq!((taken.last().kind, taken.last().options.requested_address), (Kind::Decline, Some(ip("10.20.0.16"))));
    assert_eq!(taken.client.lease().unwrap().address.addr(), ADDRESS);
}

#[test]
fn the_nak_of_a_rogue_server_changes_nothing_and_is_noted_once() {
    for lab in [Lab::requesting(), Lab::renewing(), Lab::rebinding(), Lab::checking()] {
        let mut heard = lab.clone();
        let notes = (0..50).flat_map(|_| heard.answer(Kind::Nak, nak(ROGUE))).collect::<Vec<_>>();
        assert_eq!(notes, [Action::Note { server: ROGUE, anomaly: Anomaly::ForeignNak }]);
        assert_eq!((heard.client.state(), heard.client.lease()), (lab.client.state(), lab.client.lease()));
        assert_eq!(heard.client.deadline(), lab.client.deadline());
    }
}

#[test]
fn in_a_new_network_another_servers_nak_shortens_the_wait_and_its_offer_is_taken() {
    let mut lab = Lab::rebooting(Standing::InUse);
    let began = lab.now;
    lab.answer(Kind::Nak, nak(ROGUE));
    assert!(lab.client.lease().is_some(), "a NAK of another server takes nothing away");
    lab.tick();
    assert_eq!((lab.name(), lab.now.left(began)), (StateName::Selecting, SECOND));
    lab.answer(Kind::Offer, from(ROGUE));
    lab.tick();
    assert_eq!((lab.name(), lab.last().options.server_id), (StateName::Requesting, Some(ROGUE)));
    assert!(lab.client.lease().is_some());
}

#[test]
fn the_remembered_leases_own_server_is_preferred() {
    let mut lab = Lab::rebooting(Standing::InUse);
    lab.tick();
    lab.tick();
    lab.answer(Kind::Offer, from(ROGUE));
    let actions = lab.answer(Kind::Offer, options());
    assert!(actions.contains(&Action::Note { server: ROGUE, anomaly: Anomaly::OtherServer }));
    assert_eq!(lab.last().options.server_id, Some(OWN));
}

#[test]
fn backs_off_ten_seconds_and_then_ever_longer() {
    let mut lab = Lab::selecting();
    let mut waits = Vec::new();
    for _ in 0..8 {
        lab.answer(Kind::Offer, options());
        lab.answer(Kind::Nak, nak(OWN));
        assert_eq!(lab.name(), StateName::BackOff);
        waits.push(lab.client.deadline().unwrap().left(lab.now));
        lab.tick();
    }
    let about = [10, 20, 40, 80, 160, 300, 300, 300].map(|s| s * SECOND);
    assert!(waits.iter().zip(about).all(|(wait, least)| (least..=least + JITTER).contains(wait)), "{waits:?}");
    assert_eq!(lab.client.view().problem, Some(Problem::Nak { server: OWN, text: "no lease".to_owned() }));
}

#[test]
fn a_servers_words_are_shown_on_one_line() {
    let mut lab = Lab::requesting();
    lab.answer(Kind::Nak, Options { message: Some("no\n\u{1b}[2Jlease\u{202e}".to_owned()), ..nak(OWN) });
    assert_eq!(lab.client.view().problem, Some(Problem::Nak { server: OWN, text: "no[2Jlease".to_owned() }));
}

#[test]
fn a_lease_held_for_long_makes_good_for_earlier_failures() {
    for (held, wait) in [(LONGEST_BACK_OFF - 1, 2 * FIRST_BACK_OFF), (LONGEST_BACK_OFF, FIRST_BACK_OFF)] {
        let mut lab = Lab::backing_off();
        lab.tick();
        let short = Options { lease_time: Some(2 * 300), ..options() };
        lab.answer(Kind::Offer, short.clone());
        lab.answer(Kind::Ack, short);
        lab.probed(None);
        lab.tick();
        let bound = lab.client.lease().unwrap().obtained;
        lab.now = bound.plus(held);
        lab.answer(Kind::Nak, nak(OWN));
        let left = lab.client.deadline().unwrap().left(lab.now);
        assert!((wait..=wait + JITTER).contains(&left), "{held}: {left}");
    }
}

#[test]
fn a_conflict_is_declined_and_the_next_try_waits() {
    let mut lab = Lab::checking();
    lab.probed(Some(STRANGER));
    let decline = lab.last();
    assert_eq!((decline.kind, decline.ciaddr), (Kind::Decline, ip("0.0.0.0")));
    assert_eq!((decline.options.requested_address, decline.options.server_id), (Some(ADDRESS), Some(OWN)));
    assert!(lab.client.deadline().unwrap().left(lab.now) >= FIRST_BACK_OFF);
    assert_eq!(lab.client.view().problem, Some(Problem::Conflict { address: ADDRESS, with: STRANGER }));
}

#[test]
fn a_short_loss_of_carrier_keeps_the_address_and_confirms_it() {
    let mut lab = Lab::bound();
    lab.on(Event::CarrierLost);
    lab.pass(CARRIER_GRACE - 1);
    let actions = lab.on(Event::CarrierFound);
    assert!(actions.is_empty() && lab.client.lease().is_some());
    lab.tick();
    assert_eq!(lab.name(), StateName::Rebooting);
    assert_eq!(words(&lab.answer(Kind::Ack, options()))[0], "bound 10.20.0.15/24 Renewed([])");
}

#[test]
fn after_a_long_loss_of_carrier_the_address_is_asked_for_and_probed_again() {
    let mut lab = Lab::bound();
    lab.on(Event::CarrierLost);
    let actions = lab.pass(CARRIER_GRACE);
    assert_eq!(words(&actions), ["lost 10.20.0.15/24 NoCarrier"]);
    lab.pass(10 * MINUTE);
    lab.on(Event::CarrierFound);
    lab.tick();
    assert_eq!(words(&lab.answer(Kind::Ack, options())), ["probe 10.20.0.15"]);
}

#[test]
fn a_silent_network_gives_back_the_remembered_lease_and_is_still_searched() {
    let mut lab = Lab::rebooting(Standing::Valid);
    let began = lab.now;
    while !matches!(lab.client.state(), State::Checking { .. }) {
        lab.tick();
    }
    assert!((30 * SECOND..MINUTE).contains(&lab.now.left(began)), "longer than a spanning tree listens");
    lab.probed(None);
    assert!(lab.client.lease().is_some());
    let end = lab.client.lease().unwrap().expires().unwrap();
    assert_eq!(end, BootMillis((90 + 3_600) * SECOND), "no second is added");
    let sent = lab.sent.len();
    lab.pass(5 * MINUTE);
    assert!(lab.sent.len() > sent && lab.sent.last().unwrap().1.kind == Kind::Discover);
    assert!(lab.client.lease().is_some());
    lab.pass(60 * MINUTE);
    assert!(lab.client.lease().is_none());
}

#[test]
fn a_lease_in_use_stays_so_while_it_is_confirmed_in_silence() {
    let mut lab = Lab::started(Some(remembered(Standing::InUse, BootMillis(90 * SECOND))));
    let actions = lab.pass(30 * MINUTE);
    assert!(!actions.iter().any(|action| matches!(action, Action::Lost { .. })));
    assert!(lab.client.lease().is_some());
}

#[test]
fn a_lease_from_an_earlier_boot_is_only_a_wish() {
    let mut lab = Lab::rebooting(Standing::EarlierBoot);
    let actions = lab.pass(30 * MINUTE);
    assert!(!actions.iter().any(|action| matches!(action, Action::Bound { .. } | Action::Probe(_))), "{actions:?}");
    assert_eq!(lab.last().options.requested_address, Some(ADDRESS));
}

#[test]
fn a_lease_that_ran_out_before_the_start_is_not_asked_for() {
    for standing in [Standing::InUse, Standing::Valid] {
        let mut lab = Lab::new();
        lab.now = BootMillis(2 * 3_600 * SECOND);
        let old = remembered(standing, BootMillis(0));
        let actions = lab.on(Event::Start { remembered: Some(old), carrier: true });
        assert_eq!((actions, lab.name()), (vec![Action::Remember(None)], StateName::Init));
        lab.tick();
        assert_eq!((lab.last().kind, lab.last().options.requested_address), (Kind::Discover, Some(ADDRESS)));
    }
}

#[test]
fn a_loose_contact_does_not_make_a_storm() {
    let mut lab = Lab::bound();
    lab.sent.clear();
    for _ in 0..600 {
        lab.on(Event::CarrierLost);
        lab.pass(50);
        lab.on(Event::CarrierFound);
        lab.pass(50);
    }
    assert!(lab.sent.len() <= 30, "{} in a minute", lab.sent.len());
}

#[test]
fn what_is_for_others_is_not_heard() {
    let lab = Lab::requesting();
    let right = reply(Kind::Ack, lab.xid, options());
    let mut wrong = vec![right.clone(); 4];
    wrong[0].xid ^= 1;
    wrong[1].chaddr = STRANGER;
    wrong[2].op = domain::dhcp::message::Op::Request;
    wrong[3].options.client_id = Some(vec![0, 1, 2]);
    for message in wrong {
        let mut lab = lab.clone();
        assert!(lab.hear(message.clone()).is_empty() && lab.name() == StateName::Requesting, "{message:?}");
    }
    let mut echoed = right;
    echoed.options.client_id = Some(lab.settings.client_id());
    assert_eq!(words(&lab.clone().hear(echoed)), ["probe 10.20.0.15"]);
}

#[test]
fn a_repeated_oddity_is_told_once() {
    let mut lab = Lab::renewing();
    let odd = Options { mtu: Some(42), malformed: vec![code::DNS], ..options() };
    let note = |action: &Action| matches!(action, Action::Note { .. });
    assert_eq!(
        lab.on(Event::Received(Box::new(reply(Kind::Ack, lab.xid, odd.clone())))).iter().filter(|a| note(a)).count(),
        2
    );
    lab.tick();
    assert_eq!(lab.on(Event::Received(Box::new(reply(Kind::Ack, lab.xid, odd)))).iter().filter(|a| note(a)).count(), 0);
}

#[test]
fn a_probe_that_is_never_answered_does_not_keep_the_box_away() {
    let mut lab = Lab::checking();
    lab.pass(MINUTE);
    assert_eq!(lab.name(), StateName::Bound);
}

#[test]
fn the_view_says_since_when_and_what_is_next() {
    let mut lab = Lab::selecting();
    let since = lab.now;
    lab.tick();
    let view = lab.client.view();
    assert_eq!((view.state, view.since, view.next), (StateName::Selecting, since, lab.client.deadline()));
    let text = serde_json::to_string(&Lab::bound().client.view()).unwrap();
    assert!(text.contains(r#""state":"bound""#) && text.contains(r#""address":"10.20.0.15/24""#), "{text}");
}

#[test]
fn a_person_renews_before_it_is_due_and_hears_soon_that_nobody_answers() {
    let mut lab = Lab::bound();
    lab.pass(MINUTE);
    assert_eq!(words(&lab.on(Event::Renew)), ["send Request to 10.20.0.1"]);
    assert_eq!((lab.name(), lab.last().ciaddr), (StateName::Renewing, ADDRESS));
    assert!(lab.on(Event::Renew).is_empty(), "who presses twice asks once");
    let soon = lab.client.deadline().unwrap().left(lab.now);
    assert!((3_000..=5_000).contains(&soon), "{soon}");
    lab.tick();
    assert_eq!(lab.client.view().problem, Some(Problem::NoAnswer { tries: 1 }));
    assert!(lab.client.deadline().unwrap().left(lab.now) >= MINUTE, "from then on as the RFC says");
    assert_eq!(words(&lab.answer(Kind::Ack, options()))[0], "bound 10.20.0.15/24 Renewed([])");
    assert_eq!((lab.name(), lab.client.view().problem), (StateName::Bound, None));
}

#[test]
fn a_lease_that_a_person_gives_back_stays_away_until_they_ask_for_one() {
    let mut lab = Lab::bound();
    let actions = lab.on(Event::Release);
    assert_eq!(words(&actions), ["send Release to 10.20.0.1", "lost 10.20.0.15/24 Released", "forget"]);
    lab.on(Event::CarrierLost);
    lab.on(Event::CarrierFound);
    assert!(lab.pass(60 * MINUTE).is_empty() && lab.client.lease().is_none());
    assert_eq!((lab.name(), lab.client.deadline()), (StateName::Released, None));
    lab.on(Event::Renew);
    lab.tick();
    assert_eq!((lab.name(), lab.last().options.requested_address), (StateName::Selecting, None));
}

#[test]
fn without_a_cable_a_lease_is_given_back_in_silence_and_asked_for_when_there_is_one() {
    let mut lab = Lab::bound();
    lab.on(Event::CarrierLost);
    assert_eq!(words(&lab.on(Event::Release)), ["lost 10.20.0.15/24 Released", "forget"]);
    lab.on(Event::Renew);
    assert_eq!(lab.name(), StateName::Down);
    lab.on(Event::CarrierFound);
    assert_eq!(lab.name(), StateName::Init);
}
