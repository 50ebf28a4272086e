//! What a manifest may say.

use domain::application::{
    ApplicationName, Manifest,
    manifest::{File, Why},
};
use proptest::prelude::*;

pub fn read(text: &str) -> Manifest {
    toml::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What is wrong, by field.
fn issues(more: &str) -> Vec<(String, Why)> {
    let manifest = read(&format!("name = \"hello\"\n{more}\n"));
    manifest.issues().into_iter().map(|issue| (issue.field, issue.why)).collect()
}

#[test]
fn what_is_usual_is_taken() {
    let hash = "a".repeat(64);
    for more in [
        "command = [\"/usr/bin/node\", \"server.js\", \"--port=80\"]".to_owned(),
        format!("command = [\"./bin/serve\"]\n[[file]]\npath = \"bin/serve\"\nsha256 = \"{hash}\"\nexecutable = true"),
        "image = \"registry.example/site/app:1.2\"".to_owned(),
        "command = [\"/bin/a\"]\ndata_dirs = [\"db\"]".to_owned(),
        "command = [\"/bin/a\"]\nstate = { external = \"the site's database\" }".to_owned(),
        "command = [\"/bin/a\"]\n[health]\ncheck = { tcp = 80 }\ninterval = 10".to_owned(),
        "command = [\"/bin/a\"]\nenvironment = { LOG_LEVEL = \"info\", A1 = \"\" }".to_owned(),
    ] {
        assert_eq!(issues(&more), [], "{more}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once_by_field() {
    let wrong = issues(
        "command = [\"sh\", \"-c\"]\nimage = \"-v\"\nstart_timeout = 0\nstop_timeout = 21\ndata_dirs = [\"../x\"]\n[health]\ncheck = { http = { port = 0, path = \"x y\" } }\nretries = 99",
    );
    let fields: Vec<&str> = wrong.iter().map(|(field, _)| field.as_str()).collect();
    let expected = [
        "command",
        "command",
        "image",
        "data_dirs[0]",
        "start_timeout",
        "stop_timeout",
        "health.retries",
        "health.check",
    ];
    assert_eq!(fields, expected, "{wrong:?}");
}

#[test]
fn data_is_copied_at_intervals_that_make_sense_and_not_of_containers() {
    for (every, right) in [(4, false), (5, true), (3600, true), (3601, false)] {
        let found = issues(&format!("command = [\"/bin/a\"]\nstate = {{ rsync = {every} }}"));
        let why = Why::Range { least: 5, most: 3600 };
        assert_eq!(found, if right { vec![] } else { vec![("state.rsync".to_owned(), why)] });
    }
    let found = issues("image = \"site/app:1\"\nstate = { rsync = 30 }");
    assert_eq!(found, [("state.rsync".to_owned(), Why::OfImage)]);
}

#[test]
fn paths_lead_nowhere_else() {
    for path in
        ["/etc/passwd", "../x", "a/../b", "a//b", "./a", "a/.", "", "a\\b", "a b", "-rf", "a/-x", "a%2e", "ä", "a\nb"]
    {
        let file = File { path: path.into(), sha256: "a".repeat(64), executable: false };
        let manifest = Manifest { files: vec![file], ..read("name = \"x\"\ncommand = [\"/bin/a\"]") };
        assert!(manifest.issues().iter().any(|issue| issue.why == Why::Path), "{path:?}");
    }
}

#[test]
fn names_are_units_and_folders() {
    for name in ["a", "hello-1", "a23456789012345678901234567890ab"] {
        assert!(name.parse::<ApplicationName>().is_ok(), "{name}");
    }
    for name in
        ["", "A", "1a", "-a", "a-", "a.b", "a/b", "a b", "../a", "a@b", "a\n", "a234567890123456789012345678901bc"]
    {
        assert!(name.parse::<ApplicationName>().is_err(), "{name:?}");
    }
}

#[test]
fn variables_that_others_set_are_not_taken() {
    for name in ["LD_PRELOAD", "GATEHOUSE_EPOCH", "PATH", "STATE_DIRECTORY", "a", "1A", "A-B", ""] {
        let found = issues(&format!("command = [\"/bin/a\"]\nenvironment = {{ \"{name}\" = \"x\" }}"));
        assert_eq!(found, [("environment".to_owned(), Why::Variable)], "{name}");
    }
}

#[test]
fn files_are_those_that_are_named() {
    let hash = |c: char| c.to_string().repeat(64);
    let manifest = read(&format!(
        "name = \"x\"\ncommand = [\"/bin/a\"]\n[[file]]\npath = \"a\"\nsha256 = \"{}\"\n[[file]]\npath = \"b\"\nsha256 = \"{}\"",
        hash('a'),
        hash('b')
    ));
    let came = |path: &str, length: u64, hash: String| (path.to_owned(), length, hash);
    let told =
        |came: &[(String, u64, String)]| manifest.files_issues(came).into_iter().map(|i| i.why).collect::<Vec<_>>();
    assert_eq!(told(&[came("a", 1, hash('a')), came("b", 1, hash('b'))]), []);
    assert_eq!(told(&[came("a", 1, hash('a'))]), [Why::Missing]);
    assert_eq!(told(&[came("a", 1, hash('a')), came("b", 1, hash('c'))]), [Why::OtherFile { is: hash('c') }]);
    assert_eq!(told(&[came("a", 1, hash('a')), came("b", 1, hash('b')), came("c", 1, hash('c'))]), [Why::Unnamed]);
    let most = domain::application::MOST_BYTES;
    assert_eq!(told(&[came("a", most, hash('a')), came("b", 1, hash('b'))]), [Why::TooLarge { most }]);
}

proptest! {
    /// Whatever is taken has only paths below, no control characters, and no word that begins a program elsewhere.
    #[test]
    fn what_is_taken_is_plain(program in "[ -~\n]{0,20}", path in "[ -~\n]{0,20}", value in ".{0,20}") {
        let file = File { path: path.clone(), sha256: "a".repeat(64), executable: true };
        let manifest = Manifest {
            command: vec![program.clone()],
            files: vec![file],
            environment: [("A".to_owned(), value.clone())].into(),
            ..read("name = \"x\"\ncommand = [\"/bin/a\"]")
        };
        if manifest.issues().is_empty() {
            let own = program.strip_prefix("./") == Some(path.as_str());
            prop_assert!(program.starts_with('/') || own);
            for text in [&program, &path] {
                prop_assert!(!text.split('/').any(|part| part == ".."), "{text}");
            }
            prop_assert!(![&program, &path, &value].iter().any(|text| text.chars().any(char::is_control)));
            prop_assert!(!path.starts_with('/') && !path.starts_with('-'));
        }
    }
}
