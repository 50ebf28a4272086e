//! Certificates, as a browser meets them: the box's own authority, and one of the owner's own.

use std::{fs, path::PathBuf};

use boxes::{Ended, Role};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256,
};
use serde_json::{Value, json};

use crate::lab::{Lab, SERVICE, UPLINK, eventually};

const CHECK: &str = "/system/certificate/check";
const INSTALL: &str = "/system/certificate/install";
const REMOVE: &str = "/system/certificate/remove";
const NAME: &str = "box.site.example";

/// An authority of the site's.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A chain and its key as PEM.
struct Pair {
    chain: String,
    key: String,
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("key")
}

fn params(names: &[&str]) -> CertificateParams {
    let names = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut params = CertificateParams::new(names).expect("names");
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "box \"<script>alert(1)</script>");
    (params.not_before, params.not_after) = (rcgen::date_time_ymd(2026, 1, 1), rcgen::date_time_ymd(2036, 1, 1));
    params
}

impl Authority {
    fn new() -> Self {
        let (mut root, key) = (params(&[]), key());
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.distinguished_name.push(DnType::OrganizationName, "Site");
        let pem = root.self_signed(&key).expect("root").pem();
        Self { pem, issuer: Issuer::new(root, key) }
    }

    fn signs(&self, params: CertificateParams) -> Pair {
        let key = key();
        let chain = params.signed_by(&key, &self.issuer).expect("signed").pem();
        Pair { chain, key: key.serialize_pem() }
    }
}

/// A file at the laptop, which sees this machine's files.
fn file(lab: &Lab, name: &str, text: &str) -> PathBuf {
    let path = lab.device.folders().log.join(name);
    fs::write(&path, text).expect("write");
    path
}

/// What a browser that trusts this authority gets of `https://host/healthz`, reached at the service port.
fn visit(lab: &Lab, authority: &str, host: &str) -> Ended {
    let trusted = file(lab, "trusted.pem", authority);
    let resolve = format!("{host}:443:192.168.100.198");
    let url = format!("https://{host}/healthz");
    let trusted = trusted.to_str().expect("path");
    let mut argv = vec!["curl", "-sS", "-i", "--max-time", "20", "--cacert", trusted];
    if host.parse::<std::net::IpAddr>().is_err() {
        argv.extend(["--resolve", &resolve]);
    }
    argv.push(&url);
    lab.device.client_exec(&argv).expect("curl")
}

fn trusts(lab: &Lab, authority: &str, host: &str) -> bool {
    let ended = visit(lab, authority, host);
    // 60: curl cannot verify who answers
    assert!(matches!(ended.code, 0 | 60), "{ended:?}");
    ended.code == 0
}

fn status(lab: &Lab) -> Value {
    let shown = lab.cli(&["certificate", "show", "--json"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    serde_json::from_str(&shown.stdout).expect("JSON")
}

/// Up to the page that shows what it would be; its secret.
fn checked(lab: &Lab, cookie: &str, pair: &Pair) -> String {
    let page = lab.post(SERVICE, CHECK, cookie, &[("chain", &pair.chain), ("key", &pair.key)]);
    assert_eq!(page.status, 200, "{page:?}");
    assert!(!page.body.contains("PRIVATE KEY-----\n"), "the key comes back");
    let (_, rest) = page.body.split_once("name=\"candidate\" value=\"").unwrap_or_else(|| panic!("{page:?}"));
    rest.split('"').next().expect("value").to_owned()
}

fn install(lab: &Lab, cookie: &str, pair: &Pair) {
    let candidate = checked(lab, cookie, pair);
    let done = lab.post(SERVICE, INSTALL, cookie, &[("candidate", &candidate)]);
    assert!(done.leads_to("/system/certificate?saved"), "{done:?}");
}

#[test]
fn a_laptop_that_trusts_the_boxs_own_authority_is_warned_no_more_at_any_of_its_addresses() {
    let (lab, cookie) = Lab::set_up();
    let download = |ending: &str| lab.get(SERVICE, &format!("/system/certificate/authority.{ending}"), &cookie);
    let pem = download("pem");
    let head = pem.head.to_ascii_lowercase();
    assert!(head.contains("content-type: application/x-pem-file"), "{pem:?}");
    let name = "content-disposition: attachment; filename=\"gatehouse-7f3k-2219-authority.pem\"";
    assert!(head.contains(name), "{pem:?}");
    let head = download("crt").head.to_ascii_lowercase();
    assert!(head.contains("content-type: application/x-x509-ca-cert") && head.contains("authority.crt\""), "{head}");

    for host in ["192.168.100.198", "10.20.0.15", "gatehouse-1.local", "gatehouse.local"] {
        assert!(trusts(&lab, &pem.body, host), "{host}");
    }
    assert!(!trusts(&lab, &Authority::new().pem, "192.168.100.198"), "who trusts another one is warned");
    assert_eq!(lab.cli(&["certificate", "ca"]).stdout, pem.body);
    let page = lab.get(SERVICE, "/system/certificate", &cookie);
    assert!(page.status == 200 && page.body.contains("Gatehouse box "), "{page:?}");
    let key = lab.sh("stat -c %a:%u /var/lib/gatehouse-web/certificates/_authority.key");
    assert_eq!(key.stdout, "600:64198\n");
    for ending in ["pem", "crt"] {
        assert!(lab.get(SERVICE, &format!("/system/certificate/authority.{ending}"), "").leads_to("/login"));
    }

    lab.device.reboot().expect("reboot");
    lab.ready();
    assert!(trusts(&lab, &pem.body, "192.168.100.198"), "it is the same one after a restart");
}

#[test]
fn path_traversal_in_the_names_of_downloads_leads_nowhere() {
    let (lab, cookie) = Lab::set_up();
    for path in [
        "/system/certificate/_authority.key",
        "/system/certificate/authority.key",
        "/system/certificate/../certificate/_authority.key",
        "/system/certificate/%2e%2e/certificates/_authority.key",
        "/system/certificate/authority.pem%00.key",
        "/system/certificate/..%2f..%2f..%2fetc%2fpasswd",
    ] {
        let answer = lab.get(SERVICE, path, &cookie);
        assert!(answer.status == 404 && !answer.body.contains("PRIVATE KEY"), "{path} {answer:?}");
    }
}

#[test]
fn an_installed_certificate_is_in_use_without_a_restart_and_goes_again() {
    let (lab, cookie) = Lab::set_up();
    let site = Authority::new();
    let pair = site.signs(params(&[NAME, "10.20.0.15"]));
    let page = lab.post(SERVICE, CHECK, &cookie, &[("chain", &pair.chain), ("key", &pair.key)]);
    assert!(page.body.contains(NAME) && page.body.contains("gatehouse-1.local"), "what it does not cover: {page:?}");
    assert!(!page.body.contains("<script>alert"), "stored XSS: {page:?}");
    assert_eq!(status(&lab)["installed"], Value::Null, "a check installs nothing");
    assert_eq!(visit(&lab, &site.pem, NAME).code, 60);

    install(&lab, &cookie, &pair);
    eventually("the new certificate", || trusts(&lab, &site.pem, NAME).then_some(()));
    let seen = visit(&lab, &site.pem, NAME);
    assert!(seen.stdout.starts_with("HTTP/2 200"), "the pages answer under its name: {seen:?}");
    assert!(seen.stdout.contains("strict-transport-security: max-age=86400"), "{seen:?}");
    let by_address = visit(&lab, &site.pem, "10.20.0.15");
    assert!(by_address.code == 0 && !by_address.stdout.contains("strict-transport"), "{by_address:?}");
    assert!(!trusts(&lab, &site.pem, "192.168.100.198"), "what it does not cover the box vouches for itself");
    let own = lab.cli(&["certificate", "ca"]).stdout;
    assert!(trusts(&lab, &own, "192.168.100.198"));
    assert_eq!(lab.starts(Role::Web), 1);
    assert_eq!(lab.sh("stat -c %a:%u /var/lib/gatehouse/certificate.json").stdout, "600:0\n");
    assert_eq!(status(&lab)["installed"]["names"], json!([{ "dns": NAME }, { "address": "10.20.0.15" }]));
    let page = lab.get(SERVICE, "/system/certificate", &cookie);
    assert!(!page.body.contains("<script>alert"), "stored XSS: {page:?}");

    lab.device.reboot().expect("reboot");
    lab.ready();
    eventually("the same after a restart", || trusts(&lab, &site.pem, NAME).then_some(()));
    let again = lab.post(SERVICE, "/login", "", &[("password", crate::lab::PASSWORD)]).cookie().expect("session");
    let removed = lab.post(SERVICE, REMOVE, &again, &[("go", "yes")]);
    assert!(removed.leads_to("/system/certificate?saved"), "{removed:?}");
    eventually("the box's own", || (!trusts(&lab, &site.pem, "10.20.0.15")).then_some(()));
    assert!(trusts(&lab, &own, "10.20.0.15"));
    assert_eq!(lab.sh("ls /var/lib/gatehouse/certificate.json").code, 2);
}

#[test]
fn hostile_certificate_uploads_are_each_told_and_change_nothing() {
    let (lab, cookie) = Lab::set_up();
    let site = Authority::new();
    install(&lab, &cookie, &site.signs(params(&[NAME])));
    let (good, other) = (site.signs(params(&[NAME])), site.signs(params(&[NAME])));
    let dated = |from, to| {
        let mut params = params(&[NAME]);
        (params.not_before, params.not_after) = (rcgen::date_time_ymd(from, 1, 1), rcgen::date_time_ymd(to, 1, 1));
        site.signs(params)
    };
    let (expired, early) = (dated(2020, 2021), dated(2040, 2041));
    let before = status(&lab);
    let fixture = |name: &str| fs::read_to_string(format!("tests/certificates/{name}.pem")).expect("fixture");
    let torn = good.chain.replace("MII", "MIJ");
    let cut = good.chain.lines().take(4).collect::<Vec<_>>().join("\n");
    let nine = good.chain.repeat(9);
    let reversed = format!("{}{}", site.pem, good.chain);
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIE\n-----END ENCRYPTED PRIVATE KEY-----";
    let old = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMIIE\n-----END EC PRIVATE KEY-----";
    let garbage = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
    let (weak, sha1, csr) = (fixture("weak"), fixture("sha1"), fixture("request"));
    for (what, chain, key, told) in [
        ("nothing", "", "", "There is no certificate in the first field"),
        ("garbage", "\u{1}<b>x</b>", "x", "There is no certificate in the first field"),
        ("a key alone", good.key.as_str(), good.key.as_str(), "There is no certificate in the first field"),
        ("a request", &csr, &good.key, "This is a request for a certificate"),
        ("a torn one", &torn, &good.key, "The certificate is damaged"),
        ("one that was cut", &cut, &good.key, "The certificate is damaged"),
        ("too many", &nine, &good.key, "more than 8 certificates"),
        ("the wrong order", &reversed, &good.key, "does not vouch for the one before it"),
        ("no key", &good.chain, "", "There is no private key in the second field"),
        ("an encrypted key", &good.chain, encrypted, "encrypted with a password"),
        ("a key encrypted as of old", &good.chain, old, "encrypted with a password"),
        ("a key that is none", &good.chain, garbage, "damaged or of a kind"),
        ("another's key", &good.chain, &other.key, "of another certificate"),
        ("an expired one", &expired.chain, &expired.key, "It ended on 2021-01-01"),
        ("one to come", &early.chain, &early.key, "It begins only on 2040-01-01"),
        ("a weak one", &weak, &good.key, "A key of 1024 bits is too weak"),
        ("one of SHA-1", &sha1, &good.key, "signed with SHA-1 or MD5"),
    ] {
        let refused = lab.post(SERVICE, CHECK, &cookie, &[("chain", chain), ("key", key)]);
        assert_eq!(refused.status, 422, "{what} {refused:?}");
        assert!(refused.body.contains("GH-704") && refused.body.contains(told), "{what} {refused:?}");
        let secret = key.lines().nth(1).filter(|line| line.len() > 20);
        assert!(secret.is_none_or(|line| !refused.body.contains(line)), "{what}: the key comes back");
        assert!(!refused.body.contains("<b>x</b>"), "{what}");
    }
    let large = "A".repeat(70_000);
    assert_eq!(lab.post(SERVICE, CHECK, &cookie, &[("chain", &large), ("key", "")]).status, 413);
    assert_eq!(status(&lab), before);
    assert!(trusts(&lab, &site.pem, NAME), "and the one that is installed goes on");
}

#[test]
fn what_was_checked_is_installed_once_and_only_by_its_secret() {
    let (lab, cookie) = Lab::set_up();
    let site = Authority::new();
    let candidate = checked(&lab, &cookie, &site.signs(params(&[NAME])));
    for forged in ["", "forged", &"0".repeat(64)] {
        let refused = lab.post(SERVICE, INSTALL, &cookie, &[("candidate", forged)]);
        assert!(refused.status == 409 && refused.body.contains("GH-705"), "{refused:?}");
    }
    assert_eq!(status(&lab)["installed"], Value::Null);
    assert!(lab.post(SERVICE, INSTALL, &cookie, &[("candidate", &candidate)]).leads_to("/system/certificate"));
    let twice = lab.post(SERVICE, INSTALL, &cookie, &[("candidate", &candidate)]);
    assert!(twice.status == 409 && twice.body.contains("GH-705"), "{twice:?}");
}

#[test]
fn csrf_and_strangers_change_no_certificate_and_read_no_key() {
    let (lab, cookie) = Lab::set_up();
    let pair = Authority::new().signs(params(&[NAME]));
    install(&lab, &cookie, &pair);
    let before = status(&lab);
    let header = format!("cookie: {cookie}");
    for path in [CHECK, INSTALL, REMOVE] {
        let url = format!("{SERVICE}{path}");
        for origin in ["https://evil.example", "null", UPLINK] {
            let origin = format!("origin: {origin}");
            let argv = ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "-H", &header, "-H", &origin];
            let sent = lab.device.client_exec(&[&argv[..], &["--data", "chain=x&key=y", &url]].concat()).expect("curl");
            assert_eq!(sent.stdout, "403", "{path} {origin}");
        }
        assert_eq!(lab.post(SERVICE, path, "", &[("go", "yes")]).status, 401);
    }
    let token = cookie.split_once('=').expect("cookie").1;
    let serving = "/v1/certificate/serving";
    let signed_in = lab.as_web("GET", serving, &json!({ "session": token }), &Value::Null);
    assert_eq!((signed_in.status, signed_in.code().as_str()), (403, "GH-403"), "{signed_in:?}");
    for uid in ["1234", "65534"] {
        assert_eq!(lab.socket(uid, "GET", serving, None, &Value::Null).status, 403);
    }
    let shown = lab.cli(&["status", "--json"]).stdout + &lab.cli(&["certificate", "show", "--json"]).stdout;
    assert!(!shown.contains("PRIVATE KEY"));
    assert_eq!(status(&lab), before);
}

#[test]
fn the_command_line_installs_and_removes() {
    let lab = Lab::new();
    let site = Authority::new();
    let pair = site.signs(params(&[NAME]));
    let (chain, key) = (lab.file("chain.pem", &pair.chain), lab.file("key.pem", &pair.key));
    let files = ["certificate", "install", "--chain", &chain, "--key", &key];
    assert_eq!(lab.cli(&files).code, 2, "nobody can be asked");
    let missing = lab.cli(&["certificate", "install", "--chain", "/nowhere", "--key", &key, "--yes"]);
    assert_eq!(missing.code, 1, "{missing:?}");
    let wrong = lab.cli(&["certificate", "install", "--chain", &chain, "--key", &chain, "--yes"]);
    assert!(wrong.code == 3 && wrong.stderr.contains("GH-704"), "{wrong:?}");
    let done = lab.cli(&[&files[..], &["--yes"]].concat());
    assert!(done.code == 0 && done.stdout.contains(NAME), "{done:?}");
    eventually("the new certificate", || trusts(&lab, &site.pem, NAME).then_some(()));
    assert_eq!(lab.cli(&["certificate", "remove"]).code, 0);
    assert_eq!(status(&lab)["installed"], Value::Null);
}

/// Whoever stands before the box compares what the browser shows.
#[test]
fn the_console_tells_the_fingerprint_of_the_certificate_that_is_served_there() {
    let (lab, cookie) = Lab::set_up();
    let told = || lab.cli(&["console", "--no-code"]).stdout;
    let own = told();
    install(&lab, &cookie, &Authority::new().signs(params(&[NAME])));
    assert_eq!(told(), own, "it is not for the service port's address");
    install(&lab, &cookie, &Authority::new().signs(params(&["192.168.100.198"])));
    let fingerprint = status(&lab)["installed"]["fingerprint"].as_str().expect("fingerprint").to_owned();
    assert!(told().contains(&fingerprint) && told() != own, "{}", told());
}

/// A damaged file must not keep the box from being served.
#[test]
fn a_saved_certificate_that_is_damaged_is_told_and_the_boxs_own_is_used() {
    let (lab, cookie) = Lab::set_up();
    install(&lab, &cookie, &Authority::new().signs(params(&[NAME])));
    lab.device.power_off();
    fs::write(lab.device.folders().agent.join("certificate.json"), "{").expect("write");
    lab.device.power_on().expect("power");
    lab.ready();
    eventually("an agent that says so", || status(&lab)["trouble"].is_string().then_some(()));
    assert!(trusts(&lab, &lab.cli(&["certificate", "ca"]).stdout, "192.168.100.198"));
    assert_eq!(lab.cli(&["certificate", "remove"]).code, 0);
    assert_eq!(status(&lab)["trouble"], Value::Null);
}
