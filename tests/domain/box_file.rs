//! Box files that are refused, and why.

use domain::box_file::{BoxFile, BoxFileProblem, Device, MAX_PORTS, Mac, Role};

use crate::support::{board, fixed, name, spec_of};

#[test]
fn each_problem_is_named() {
    let broken = |change: fn(&mut BoxFile)| {
        let mut file = board();
        change(&mut file);
        file.problems()
    };
    let text = |field| vec![BoxFileProblem::Text { field }];
    assert_eq!(board().problems(), []);
    assert_eq!(broken(|f| f.model.clear()), text("model"));
    assert_eq!(broken(|f| f.serial = "x".repeat(65)), text("serial"));
    assert_eq!(broken(|f| f.ports[1].label = "a\nb".into()), text("port.label"));
    assert_eq!(broken(|f| f.ports.clear()), [BoxFileProblem::NoPort]);
    assert_eq!(broken(|f| f.ports[0].role = Role::Uplink), [BoxFileProblem::ServicePorts(0)]);
    assert_eq!(broken(|f| f.ports[1].role = Role::Service), [BoxFileProblem::ServicePorts(2)]);
    assert_eq!(broken(|f| f.ports[1].name = name("lan2")), [BoxFileProblem::NameTwice(name("lan2"))]);
    assert_eq!(broken(|f| f.ports[1].device = f.ports[2].device.clone()), [BoxFileProblem::DeviceTwice(name("lan2"))]);
    assert_eq!(
        broken(|f| f.factory.uplink_order = vec![name("service")]),
        [BoxFileProblem::FactoryPort(name("service"))]
    );
    assert_eq!(
        broken(|f| f.factory = spec_of([("lan7", fixed(&["10.20.0.5/24"], None, &[]))])),
        [BoxFileProblem::FactoryPort(name("lan7"))]
    );
}

#[test]
fn ports_beyond_the_tables_are_refused() {
    let mut file = board();
    for n in 0..MAX_PORTS {
        let mut port = file.ports[1].clone();
        port.name = name(&format!("extra{n}"));
        port.device = Device::Name(format!("extra{n}"));
        file.ports.push(port);
    }
    assert_eq!(file.problems(), [BoxFileProblem::TooManyPorts(MAX_PORTS + 4)]);
}

#[test]
fn a_file_reads_as_documented() {
    let file: BoxFile = toml::from_str(
        r#"
        model = "M1"
        serial = "S1"

        [[port]]
        name = "service"
        label = "MGMT"
        role = "service"
        device = { mac = "02:00:00:00:01:01" }

        [[port]]
        name = "lan1"
        label = "LAN 1"
        role = "uplink"
        device = { path = "0000:00:1f.6" }

        [factory]
        uplink_order = ["lan1"]

        [factory.ports.lan1]
        ipv4 = { method = "static", addresses = ["10.20.0.15/24"], gateway = "10.20.0.1" }
        "#,
    )
    .expect("box file");
    assert_eq!(file.problems(), []);
    assert_eq!(file.ports[0].device, Device::Mac(Mac([2, 0, 0, 0, 1, 1])));
    assert_eq!(file.index(&name("lan1")), Some(1));
    let back = toml::to_string(&file).expect("toml");
    assert_eq!(toml::from_str::<BoxFile>(&back), Ok(file));
    assert!(toml::from_str::<BoxFile>("model = 'M1'\nserial = 'S1'\nport = []\ncolour = 'red'").is_err());
}

#[test]
fn hardware_addresses_are_six_pairs_of_hexadecimal_digits() {
    assert_eq!("02:aB:00:ff:01:7F".parse(), Ok(Mac([2, 0xab, 0, 0xff, 1, 0x7f])));
    for bad in [
        "",
        "02:00:00:00:01",
        "02:00:00:00:01:01:01",
        "2:0:0:0:1:1",
        "02-00-00-00-01-01",
        "+2:00:00:00:01:01",
        "0g:00:00:00:01:01",
    ] {
        assert!(bad.parse::<Mac>().is_err(), "{bad}");
    }
}
